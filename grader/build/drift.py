"""Compare the twins on disk with what their sources would build; nothing is written."""

from pathlib import Path

from nbformat import NotebookNode

from grader.build.build import NOTEBOOKS, SOLUTIONS, Lab, Result, find_labs, lab_points, read_notebook
from grader.build.source import read_source
from grader.build.source_format import SourceError, label
from grader.course import Course, CourseError

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
