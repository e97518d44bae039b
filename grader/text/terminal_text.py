"""What a terminal shows of a text that moves its cursor."""


def overwritten(text: str) -> str:
    """Return what a terminal shows of a text: after a carriage return, a line is written over from its start.

    Progress bars rewrite their line twice a second, so without this each build would keep other traces of them.
    """
    lines = []
    for line in text.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip() if "\r" in line else line)
    return "\n".join(lines)
