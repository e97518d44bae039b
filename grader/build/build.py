"""Build both twins of every lab from its one source, or say which twins have drifted from it.

solutions/NN_topic/NN_topic.py -> solutions/NN_topic/NN_topic.ipynb (complete, with outputs)
                               -> notebooks/NN_topic/NN_topic.ipynb (what students get)
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.build.course_values import with_numbers
from grader.build.source import read_source
from grader.build.source_format import SourceError, grader_metadata
from grader.course import Course, CourseError
from grader.lab_names import choose_labs

SOLUTIONS, NOTEBOOKS = "solutions", "notebooks"


@dataclass(frozen=True)
class Lab:
    """One lab and the places of its source and twins."""

    root: Path
    name: str

    @property
    def source(self) -> Path:
        """The percent script that people edit."""
        return self.root / SOLUTIONS / self.name / f"{self.name}.py"

    @property
    def solution(self) -> Path:
        """The complete twin."""
        return self.root / SOLUTIONS / self.name / f"{self.name}.ipynb"

    @property
    def student(self) -> Path:
        """The twin without answers."""
        return self.root / NOTEBOOKS / self.name / f"{self.name}.ipynb"

    def relative(self, path: Path) -> str:
        """How messages call a file: relative to the course, with forward slashes."""
        return path.relative_to(self.root).as_posix()


@dataclass
class Result:
    """What became of one lab: files written, sentences about what is wrong, whether it was executed, its points."""

    lab: str
    written: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    executed: bool = False
    seconds: float = 0.0
    points: float | None = None


def find_root(start: Path | None = None) -> Path | None:
    """Return the course: the nearest folder from here upwards that holds `solutions/` and `pyproject.toml`."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / SOLUTIONS).is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    return None


def find_labs(root: Path) -> list[Lab]:
    """List the labs of a course: every folder of `solutions/` that holds a script of its own name."""
    folders = sorted(path for path in (root / SOLUTIONS).iterdir() if path.is_dir())
    return [Lab(root, folder.name) for folder in folders if (folder / f"{folder.name}.py").is_file()]


def select_labs(labs: list[Lab], wanted: Iterable[str]) -> list[Lab]:
    """Pick labs as `choose_labs` reads them; nothing wanted means all.

    Raises:
        NoLab: a text that means none.
    """
    chosen = choose_labs(wanted, (lab.name for lab in labs))
    return [lab for lab in labs if lab.name in chosen]


def read_notebook(path: Path) -> NotebookNode | None:
    """Read a twin; None where there is none or it is no notebook."""
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None
    return notebook


def write(path: Path, content: bytes) -> bool:
    """Write a file through a temporary neighbour; False where it already held these bytes."""
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(content)
    os.replace(temporary, path)
    return True


def lab_points(source: NotebookNode) -> float:
    """Return what a lab is worth: the points of its graded cells."""
    graded = (one for one in map(grader_metadata, source.cells) if one.get("grade"))
    return sum(one["points"] for one in graded)


def build_lab(
    lab: Lab,
    *,
    execute: bool = True,
    say: Callable[[str], None] = lambda line: None,
    prove: Callable[[NotebookNode], list[str]] = lambda source: [],
) -> Result:
    """Build both twins of one lab.

    Args:
        lab: which one.
        execute: run the solution when its code has changed; False drops stale outputs instead.
        say: called with a line before anything slow.
        prove: asked of a changed source why it cannot be graded, one sentence a reason; default: anything can.

    Returns:
        The result; a malformed source or failing cell writes nothing and fills `problems`.
    """
    from grader.build.run_solution import ExecutionError
    from grader.build.run_solution import execute as run
    from grader.build.twins import clean, has_outputs_of, same_cells, solution_twin, student_twin, to_bytes

    result, start = Result(lab.name), time.perf_counter()
    try:
        course = Course.of(lab.root)
        source = read_source(lab.source, lab.relative(lab.source), course)
        result.points = lab_points(source)
        executed = read_notebook(lab.solution)
        if not same_cells(executed, clean(source)):
            result.problems += prove(source)
        if not has_outputs_of(executed, source):
            executed = None
            if execute and not result.problems:
                say(f"{lab.name}: executing the solution ...")
                executed = run(clean(source), lab.relative(lab.source), lab.root)
                result.executed = True
    except SourceError as error:
        result.problems += [str(problem) for problem in error.problems]
    except (CourseError, ExecutionError) as error:
        result.problems.append(str(error))
    if not result.problems:
        student = student_twin(source, lab.name, course)
        for path, twin in ((lab.solution, solution_twin(source, executed)), (lab.student, student)):
            if write(path, to_bytes(twin)):
                result.written.append(lab.relative(path))
    result.seconds = time.perf_counter() - start
    return result


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
