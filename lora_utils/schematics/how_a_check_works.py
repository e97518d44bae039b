"""How a check works: a probe beside the student's code, a judge outside."""

from __future__ import annotations

from lora_utils.schematics.drawing import Drawing


def how_a_check_works() -> Drawing:
    """Two processes with a channel of plain data between them, and what the student reads."""
    d = Drawing(
        "Your code answers a probe; what is right is decided outside its process",
        "Left, the process of the student's notebook, without network and files: a probe calls the student's function. "
        "Right, the judge, in a process outside: it draws inputs and sends them to the probe as plain data, computes "
        "what is right another way, and compares that with the plain numbers that come back. The student reads passed, "
        "or failed with what was expected, what came, and a hint.",
        height=404,
    )
    d.group(24, 84, 300, 220)
    d.text(40, 106, "your notebook's process", kind="name", anchor="start")
    d.text(40, 125, "no network, no other files", kind="small", anchor="start", on="soft")
    answer = d.box(40, 169, 104, 92, "your answer", "`def f(x):`", "`    ...`", kind="state")
    probe = d.box(224, 142, 80, 146, "probe")
    d.arrow((probe.x, 198), (answer.right[0], 198))
    d.text(184, 186, "calls", kind="small", on="soft")
    d.arrow((answer.right[0], 232), (probe.x, 232))
    d.text(184, 246, "returns", kind="small", on="soft")

    d.group(496, 84, 300, 220)
    d.text(512, 106, "the judge, outside", kind="name", anchor="start")
    inputs = d.box(546, 142, 200, 36, "draws inputs")
    right = d.box(546, 197, 200, 36, "finds what is right")
    compares = d.box(546, 252, 200, 36, "compares")
    d.arrow(inputs.bottom, right.top)
    d.arrow(right.bottom, compares.top)
    d.arrow(inputs.left, (probe.right[0], inputs.left[1]))
    d.text(410, inputs.left[1] - 12, "inputs", kind="small", on="soft")
    d.arrow((probe.right[0], compares.left[1]), compares.left)
    d.text(410, compares.left[1] - 12, "plain numbers", kind="small", on="soft")

    says = d.box(436, 334, 360, 46, "passed, or FAILED", "what was expected, what came, a hint", kind="state")
    d.arrow(compares.bottom, (compares.bottom[0], says.y))
    d.text(24, 348, "While you work, both run in your notebook;", kind="small", anchor="start", on="soft")
    d.text(24, 366, "when it is graded, in two processes.", kind="small", anchor="start", on="soft")
    return d
