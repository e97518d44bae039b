"""The numbers of course.toml in the README: what each lab is worth, and what passes."""

import re
from pathlib import Path

from grader.build.build import write
from grader.build.course_values import ATTEMPTS
from grader.course import Course

ROW = re.compile(r"^(\| \[(\d\d_\w+)\]\(.*\| )[\d.]+( \|)$", re.MULTILINE)
PASSES = re.compile(r"^[\d.]+ % passes a lab or the quiz\. .*$", re.MULTILINE)


def with_numbers(text: str, points: dict[str, float], course: Course) -> str:
    """Return the README with the course's numbers: in the last column of its table of labs, and in the line under it.

    Args:
        text: of the README.
        points: of the labs, by name; rows of others stay as they are.
        course: what the course decides.
    """

    def row(found: re.Match) -> str:
        return f"{found[1]}{points[found[2]]:g}{found[3]}" if found[2] in points else found[0]

    said = ATTEMPTS[course.attempts]
    passes = f"{100 * course.pass_mark:g} % passes a lab or the quiz. {said[:1].upper()}{said[1:]}."
    return PASSES.sub(passes, ROW.sub(row, text))


def update_readme(root: Path, points: dict[str, float], course: Course, *, check: bool = False) -> str:
    """Bring README.md up to date; return a sentence where it was written, or with `check` where it should be."""
    path = root / "README.md"
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    new = with_numbers(text, points, course)
    if new == text:
        return ""
    if check:
        return "README.md: its points or pass mark are not those of the labs; run `grader build`."
    write(path, new.encode())
    return "wrote README.md"
