"""Compare the twins on disk with what their sources would build; nothing is written."""

import json
import re
from contextlib import suppress
from pathlib import Path

from nbformat import NotebookNode

from grader.build.build import NOTEBOOKS, SOLUTIONS, Lab, Result, find_labs, lab_points, read_notebook
from grader.build.source import read_source
from grader.build.source_format import SourceError, label
from grader.course import Course, CourseError, LabTerms

GRADED_LINE = re.compile(r"^# %%.*\bnbgrader=(\{.*\})")
CURE = "run `grader build {lab}`"


def difference(found: NotebookNode | None, expected: NotebookNode) -> str:
    """Say where a twin first differs from what its source gives."""
    if found is None:
        return "it is not a notebook"
    for number, (cell, other) in enumerate(zip(found.cells, expected.cells, strict=False), start=1):
        for part in ("cell_type", "source", "metadata", "id", "outputs", "execution_count"):
            if cell.get(part) != other.get(part):
                return f"its cell {number} ({label(other)}) differs in {part}"
    if len(found.cells) != len(expected.cells):
        return f"it has {len(found.cells)} cells instead of {len(expected.cells)}"
    return "its notebook metadata or layout differs"


def check_lab(lab: Lab) -> Result:
    """Compare both twins of one lab with its source: one sentence for each twin that drifted."""
    from grader.build.twins import has_outputs_of, solution_twin, student_twin, to_bytes

    result, cure = Result(lab.name), CURE.format(lab=lab.name)
    try:
        course = Course.of(lab.root)
        source = read_source(lab.source, lab.relative(lab.source), course)
    except SourceError as error:
        result.problems += [str(problem) for problem in error.problems]
        return result
    except CourseError as error:
        result.problems.append(str(error))
        return result
    result.points = lab_points(source)
    found = read_notebook(lab.solution)
    fresh = has_outputs_of(found, source)
    for path, expected in (
        (lab.solution, solution_twin(source, found if fresh else None)),
        (lab.student, student_twin(source, lab.name, course)),
    ):
        name = lab.relative(path)
        if not path.is_file():
            result.problems.append(f"{name}: is missing; {cure}.")
        elif path == lab.solution and not fresh:
            result.problems.append(f"{name}: its outputs are not those of the code in {lab.name}.py; {cure}.")
        elif path.read_bytes() != to_bytes(expected):
            where = difference(read_notebook(path), expected)
            result.problems.append(f"{name}: differs from {lab.name}.py, {where}; {cure}.")
    return result


def unbuilt(course: Course, worth: dict[str, dict[str, float]]) -> list[str]:
    """Say which labs' notebooks have other points than their source and course.toml, one sentence each.

    The source is not parsed, which takes seconds for a course: points stand in its cells' first lines.

    Args:
        course: see there.
        worth: what each graded cell is worth in the notebooks, by lab and name.
    """
    said = []
    for lab, built in worth.items():
        asked = {f"test-{name}": points for name, points in course.terms.get(lab, LabTerms()).points.items()}
        place = Lab(course.root, lab).source
        wanted = points_of(place.read_text(encoding="utf-8")) if place.is_file() else dict(built)
        wanted |= {name: points for name, points in asked.items() if name in wanted}
        other = [
            f"{name.removeprefix('test-')} {_points(wanted.get(name))} instead of {_points(built.get(name))}"
            for name in dict.fromkeys((*wanted, *built))
            if wanted.get(name) != built.get(name)
        ]
        if other:
            cure = f"{CURE.format(lab=lab)} and grade again"
            said.append(f"{lab}: its notebooks are not built with today's points ({', '.join(other)}); {cure}")
    return said


def points_of(text: str) -> dict[str, float]:
    """Return the points of a source's graded cells, by name, as their first lines say."""
    found = {}
    for line in filter(GRADED_LINE.search, text.splitlines()):
        with suppress(ValueError, KeyError, TypeError):
            metadata = json.loads(GRADED_LINE.search(line)[1])
            if metadata["grade"] and not metadata.get("solution"):
                found[metadata["grade_id"]] = float(metadata["points"])
    return found


def _points(points: float | None) -> str:
    return "absent" if points is None else f"{points:g}"


def orphans(root: Path) -> list[str]:
    """Say which notebooks of `solutions/` and `notebooks/` no source would build."""
    expected = {path for lab in find_labs(root) for path in (lab.solution, lab.student)}
    found = {path for folder in (SOLUTIONS, NOTEBOOKS) for path in (root / folder).glob("**/*.ipynb")}
    strays = sorted(path for path in found - expected if ".ipynb_checkpoints" not in path.parts)
    return [
        f"{path.relative_to(root).as_posix()}: no source builds it; "
        f"add solutions/{path.stem}/{path.stem}.py or delete it."
        for path in strays
    ]
