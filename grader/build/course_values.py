"""What course.toml decides, carried into labs and README: what exercises are worth, and the numbers that texts state.

A text says `{{ points }}` (of the lab), `{{ points of lora-layer }}`, `{{ pass_mark }}`, `{{ pass_points }}` (of the
lab), `{{ attempts }}` or `{{ exercises }}` (how many the lab has, in words); a graded cell has `points=` and `of=`,
which keep their proportions.
"""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from grader.build.source_format import grader_metadata
from grader.course import COUNTS, FILE, Course
from grader.text.cell_text import parsed
from grader.text.plurals import counted, in_words

PLACE = re.compile(r"\{\{ ([a-z_]+)(?: of ([\w-]+))? \}\}")
PLACES = "{{ points }}, {{ points of EXERCISE }}, {{ pass_mark }}, {{ pass_points }}, {{ attempts }}, {{ exercises }}"
ROW = re.compile(r"^(\| \[(\d\d_\w+)\]\(.*\| )[\d.]+( \|)$", re.MULTILINE)
PASSES = re.compile(r"^[\d.]+ % passes a lab or the quiz\. .*$", re.MULTILINE)


def shares(source: str) -> list[ast.keyword]:
    """Return the numbers that a graded cell gives as `points=` and `of=`, in order."""
    tree = parsed(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    found = [
        keyword
        for call in calls
        for keyword in call.keywords
        if keyword.arg in ("points", "of") and isinstance(keyword.value, ast.Constant)
    ]
    return sorted(found, key=lambda keyword: (keyword.lineno, keyword.col_offset))


def set_points(notebook: NotebookNode, points: dict[str, float]) -> None:
    """Give exercises, by the name of their answer cell, what they are worth now."""
    for cell in notebook.cells:
        metadata = grader_metadata(cell)
        name = metadata.get("grade_id", "").removeprefix("test-")
        if not metadata.get("grade") or name not in points or metadata["points"] == points[name]:
            continue
        factor = points[name] / metadata["points"] if metadata["points"] else 0.0
        metadata["points"] = _number(points[name])
        lines, given = cell.source.split("\n"), shares(cell.source)
        for keyword, share in reversed(list(zip(given, _scaled(given, factor), strict=True))):
            value, line = keyword.value, keyword.value.lineno - 1
            raw = lines[line].encode()  # ast counts bytes
            new = str(share).encode()
            lines[line] = (raw[: value.col_offset] + new + raw[value.end_col_offset :]).decode()
        cell.source = "\n".join(lines)


def fill(notebook: NotebookNode, course: Course) -> Iterator[tuple[int, str]]:
    """Put the numbers into the texts; yields (cell number, sentence) for a place that means nothing."""
    graded = [grader_metadata(cell) for cell in notebook.cells if grader_metadata(cell).get("grade")]
    worth = {one["grade_id"].removeprefix("test-"): one["points"] for one in graded}
    total = sum(worth.values())
    values = {
        "points": f"{total:g}",
        "pass_mark": f"{100 * course.pass_mark:g} %",
        "pass_points": f"{round(total * course.pass_mark, 2):g}",
        "attempts": COUNTS[course.attempts],
        "exercises": in_words(len(graded)),
    }
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "markdown":
            continue
        for place in dict.fromkeys(PLACE.finditer(cell.source)):
            what, of = place.groups()
            if what not in values or (of and (what != "points" or of not in worth)):
                yield number, f"{place[0]!r} means nothing; write one of {PLACES}"
                continue
            value = values[what] if not of else counted(worth[of], "point")
            cell.source = cell.source.replace(place[0], value)


def unknown_exercises(notebook: NotebookNode, points: dict[str, float]) -> Iterator[str]:
    """Yield a sentence for each name in course.toml that is no exercise of the lab."""
    graded = [grader_metadata(cell) for cell in notebook.cells if grader_metadata(cell).get("grade")]
    names = [one["grade_id"].removeprefix("test-") for one in graded]
    for name in points:
        if name not in names:
            yield f"{FILE} gives points to {name!r}, and its exercises are {', '.join(names)}; mend that name"


def _scaled(given: list[ast.keyword], factor: float) -> Iterator[float | int]:
    """Yield what each number is now: `points` are steps between rounded sums, so that they add up to `of`."""
    total = 0
    for keyword in given:
        start = total if keyword.arg == "points" else 0
        end = start + keyword.value.value
        yield _number(_number(end * factor) - _number(start * factor))
        total = end if keyword.arg == "points" else total


def _number(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def with_numbers(text: str, points: dict[str, float], course: Course) -> str:
    """Return the README with the course's numbers: in the last column of its table of labs, and in the line under it.

    Args:
        text: of the README.
        points: of the labs, by name; rows of others stay as they are.
        course: what the course decides.
    """

    def row(found: re.Match) -> str:
        return f"{found[1]}{points[found[2]]:g}{found[3]}" if found[2] in points else found[0]

    said = COUNTS[course.attempts]
    passes = f"{100 * course.pass_mark:g} % passes a lab or the quiz. {said[:1].upper()}{said[1:]}."
    return PASSES.sub(passes, ROW.sub(row, text))
