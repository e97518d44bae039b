"""Checks of lab 07: the bits that a weight costs, with double quantization and without.

Letters: k numbers in a block, g blocks in a group.
"""

from __future__ import annotations

from collections.abc import Callable

from lora_utils.checks.framework.compare import expect_number
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.subject import Subject

double_quantization = Exercise("double-quantisation")


def all_of(bits, store, restore, *, which: str, cases: list) -> dict:
    """Probe: call one of the three functions for each list of arguments."""
    return {"values": [{"bits": bits, "store": store, "restore": restore}[which](*args) for args in cases]}


@double_quantization.check
def bits_without(subject: Subject, draw: Draw) -> None:
    """stored_bits(64) is 4.5: the code, and the block's share of a scale of 32 bits."""
    cases = [[64], [draw.choice((32, 128, 256))], [16], [100], [1], [64, None]]

    share = "The numbers of a block share one scale."
    rules = [
        Rule("scale-forgotten", lambda k, *_: 4.0, "it counts the codes alone", "Each block has a scale as well."),
        Rule("scale-of-16-bits", lambda k, *_: 4 + 16 / k, "it counts 16 bits a scale", "A float32 scale has 32."),
        Rule("scale-of-8-bits", lambda k, *_: 4 + 8 / k, "it counts 8 bits a scale", "It is a float32 here."),
        Rule("bytes-for-bits", lambda k, *_: 4 + 4 / k, "it counts a scale as 4", "4 bytes are 32 bits."),
        Rule("bytes-for-bits", lambda k, *_: 0.5 + 4 / k, "it counts bytes",
             "Count bits, of the code and of the scale."),
        Rule("whole-scale", lambda k, *_: 36.0, "every weight pays a whole scale", share),
        Rule("whole-division", lambda k, *_: 4 + 32 // k, "// throws the fraction away", "Divide with /."),
        Rule("group-assumed", lambda k, *_: 4 + 8 / k + 32 / (256 * k), "a group of 256 is assumed where none is given",
             "Without a group the default is None, and the scales have 32 bits."),
        Rule("scale-alone", lambda k, *_: 32 / k, "it counts the scale alone", "The code itself has 4 bits."),
        Rule("whole-block", lambda k, *_: 4 * k + 32, "it counts the bits of a whole block", "Divide by the weights "
             "of a block: the bits of one weight are asked for."),
    ]  # fmt: skip
    _judge_bits(subject, cases, lambda k, *_: 4 + 32 / k, rules,
                "4 bits of a code, and an equal share of the 32 bits of a scale.")  # fmt: skip


@double_quantization.check
def bits_with(subject: Subject, draw: Draw) -> None:
    """stored_bits(64, 256) is 4.127: scales of 8 bits, and the group's share of a step of 32 bits."""
    cases = [[64, 256], [draw.choice((32, 128)), draw.choice((64, 512))], [16, 3], [100, 1], [1, 7], [1, 1]]

    shared = "A step of 32 bits is shared by all weights of its group: so many blocks, of so many weights each."
    eight = "With a group the scales have 8 bits instead of 32."
    rules = [
        Rule("step-forgotten", lambda k, g: 4 + 8 / k, "it leaves out the steps of the groups", shared),
        Rule("scale-forgotten", lambda k, g: 4 + 32 / (k * g), "it leaves out the scales", eight),
        Rule("step-shared-by-group-only", lambda k, g: 4 + 8 / k + 32 / g, "it shares a step among the scales of a "
             "group, not among their weights", shared),
        Rule("step-not-shared", lambda k, g: 4 + 8 / k + 32 / k, "it counts a step for each block", shared),
        Rule("nothing-saved", lambda k, g: 4 + 32 / k, "it is what a weight costs without double quantisation", eight),
        Rule("nothing-saved", lambda k, g: 4 + 32 / k + 32 / (k * g), "it still counts 32 bits a scale", eight),
        Rule("nothing-saved", lambda k, g: 4 + 32 / k + 8 / (k * g), "scales and steps have changed their bits",
             eight),
        Rule("both-kept", lambda k, g: 4 + 32 / k + 8 / k + 32 / (k * g), "it counts the scales twice",
             "The 8-bit scales replace those of 32 bits."),
        Rule("step-of-8-bits", lambda k, g: 4 + 8 / k + 8 / (k * g), "it counts 8 bits a step",
             "The steps of the groups are float32: 32 bits."),
        Rule("step-of-16-bits", lambda k, g: 4 + 8 / k + 16 / (k * g), "it counts 16 bits a step",
             "The steps of the groups are float32: 32 bits."),
        Rule("bytes-for-bits", lambda k, g: 4 + 1 / k + 4 / (k * g), "it counts bytes", "A byte has 8 bits."),
        Rule("mean-counted", lambda k, g: 4 + 8 / k + 64 / (k * g), "it counts the mean for each group",
             "There is one mean for the whole tensor, which is not counted."),
        Rule("codes-forgotten", lambda k, g: 8 / k + 32 / (k * g), "the code itself, 4 bits, is missing", "Scales and "
             "steps come on top of it."),
        Rule("rounded", lambda k, g: round(4 + 8 / k + 32 / (k * g), 3), "the result is rounded", "Return it as it is."),  # noqa: E501
        Rule("rounded", lambda k, g: round(4 + 8 / k + 32 / (k * g), 2), "the result is rounded", "Return it as it is."),  # noqa: E501
        Rule("whole-division", lambda k, g: 4 + 8 // k + 32 // (k * g), "// throws the fractions away", "Divide with /."),  # noqa: E501
        Rule("arguments-ignored", lambda k, g: 4.127, "it is 4.127, whatever the arguments", "Calculate it from them."),
    ]  # fmt: skip
    _judge_bits(subject, cases, lambda k, g: 4 + 8 / k + 32 / (k * g), rules,
                "4 bits of a code, a share of a scale's 8 bits and of a step's 32.")  # fmt: skip


def _judge_bits(subject: Subject, cases: list, right: Callable, rules: list[Rule], hint: str) -> None:
    def told(*args) -> str:
        return f"stored_bits({', '.join(map(str, args))})"

    got = subject.probe(all_of, which="bits", cases=cases)["values"]
    for value, args in zip(got, cases, strict=True):
        expect_number(value, told(*args))
    said = [f"{told(*args)} must be {right(*args):.6g}, got {value:.6g}"
            for args, value in zip(cases, got, strict=True)]  # fmt: skip
    expect_all(got, cases, right, told=told, said=said, id="wrong-bits", rules=rules, hint=hint, tolerance=1e-6,
               known="{said}: {text}")  # fmt: skip
