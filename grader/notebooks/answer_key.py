"""The instructor's side of a lab, as grading needs it: the solution twin's cells and what they are worth."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.build.build import Lab, find_labs, select_labs
from grader.build.source_format import SKIP_TAG, WITHHELD_KEY, grader_metadata
from grader.build.twins import student_text
from grader.course import Course
from grader.course_package import course_package
from grader.lab_names import choose_lab
from grader.notebooks.decisive_files import decisive_sha256
from grader.text.cell_text import defined_names, preparation, used_names
from grader.text.fingerprint import NATURAL, Fingerprint, fingerprints


class UnusableKey(ValueError):
    """A lab that cannot be graded because its own solution twin is missing or unusable; the message is one sentence."""


@dataclass(frozen=True)
class KeyCell:
    """One cell of the solution twin.

    Args:
        id: the cell's id; the same in both twins.
        kind: "code", "markdown" or "raw".
        source: with answers and hidden tests.
        student: the text that students got.
        metadata: nbgrader's, or empty.
        skip: the source says that grading needs nothing of this cell.
        reads: names that a graded cell reads and does not itself define.
        defines: names that a cell of code defines at its top level.
        prepares: of a cell that grading leaves out, its imports and constants, which run all the same.
        prints: of an answer, the fingerprints of the solution.
        given: of an answer, the fingerprints of the text that students got.
    """

    id: str
    kind: str
    source: str
    student: str
    metadata: dict
    skip: bool
    reads: tuple[str, ...] = ()
    defines: frozenset[str] = frozenset()
    prepares: str = ""
    prints: tuple[Fingerprint, ...] = ()
    given: tuple[Fingerprint, ...] = ()

    @property
    def grade_id(self) -> str:
        """nbgrader's name of the cell, or nothing."""
        return self.metadata.get("grade_id", "")

    @property
    def answer(self) -> bool:
        """Whether the student is to write here."""
        return bool(self.metadata.get("solution"))

    @property
    def graded(self) -> bool:
        """Whether this cell decides points by itself (not one that a person reads and grades)."""
        return bool(self.metadata.get("grade")) and not self.answer and self.kind == "code"

    @property
    def locked(self) -> bool:
        """Whether the instructor's text counts, whatever was handed in."""
        return not self.answer and bool(self.metadata.get("locked") or self.metadata.get("grade"))

    @property
    def points(self) -> float:
        """What the cell is worth."""
        return float(self.metadata.get("points", 0)) if self.graded else 0.0


@dataclass(frozen=True)
class AnswerKey:
    """A lab's cells, in order, answers and hidden tests included.

    Args:
        lab: its name.
        cells: as they stand in the solution twin.
        notebook: that twin.
        withheld: what the lab teaches of lora_utils, with the modules that define it: submissions do not have them.
        reference: digests of what the lab's solution and the withheld modules define, save what is short.
        root: the course, where it was read from one.
    """

    lab: str
    cells: tuple[KeyCell, ...]
    notebook: NotebookNode = field(repr=False, compare=False)
    withheld: tuple[str, ...] = ()
    reference: frozenset[str] = frozenset()
    root: Path | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, lab: str, notebook: NotebookNode, root: Path | None = None) -> "AnswerKey":
        """Take the cells of a solution twin."""
        cells = []
        for cell in notebook.cells:
            metadata = dict(grader_metadata(cell))
            student = student_text(cell) if metadata else cell.source
            skip = SKIP_TAG in cell.metadata.get("tags", [])
            one = KeyCell(cell.id, cell.cell_type, cell.source, student, metadata, skip)
            cells.append(_with_names(one) if one.kind == "code" else one)
        answers = set().union(*(cell.defines for cell in cells if cell.answer))
        cells = [
            replace(c, prepares=preparation(c.source, answers)) if c.skip and c.kind == "code" else c for c in cells
        ]
        withheld = tuple(name for cell in notebook.cells for name in cell.metadata.get(WITHHELD_KEY, ()))
        modules = {name.rpartition(".")[0] for name in withheld}
        paths = [course_package().parent.joinpath(*one.split(".")).with_suffix(".py") for one in sorted(modules)]
        taught = [one for path in paths for one in fingerprints(path.read_text(encoding="utf-8"))]
        taught += [one for cell in cells for one in cell.prints]
        reference = frozenset(one.digest for one in taught if one.length >= NATURAL)
        key = cls(lab, tuple(cells), notebook, withheld, reference, root)
        if not key.graded:
            raise UnusableKey(f"{lab}: its solution notebook has no graded cell; run `grader build {lab}`.")
        return key

    @classmethod
    def read(cls, lab: Lab) -> "AnswerKey":
        """Read a lab's solution twin.

        Raises:
            UnusableKey: when it is missing, unreadable or has nothing to grade.
        """
        try:
            notebook = nbformat.reads(lab.solution.read_text(encoding="utf-8"), as_version=4)
        except FileNotFoundError:
            raise UnusableKey(f"{lab.name}: there is no solution notebook; run `grader build {lab.name}`.") from None
        except Exception as error:
            raise UnusableKey(
                f"{lab.name}: its solution notebook cannot be read ({error}); run `grader build {lab.name}`."
            ) from error
        return cls.of(lab.name, notebook, lab.root)

    @cached_property
    def graded(self) -> tuple[KeyCell, ...]:
        """The cells that decide points."""
        return tuple(cell for cell in self.cells if cell.graded)

    @cached_property
    def by_id(self) -> dict[str, KeyCell]:
        """Cells by cell id."""
        return {cell.id: cell for cell in self.cells}

    @cached_property
    def by_grade_id(self) -> dict[str, KeyCell]:
        """Cells by nbgrader's name."""
        return {cell.grade_id: cell for cell in self.cells if cell.grade_id}

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of answers and graded cells, which tell labs apart: "setup" occurs in every lab."""
        return frozenset(cell.grade_id for cell in self.cells if cell.answer or cell.graded)

    @property
    def max_score(self) -> float:
        """Points of the lab."""
        return sum(cell.points for cell in self.graded)

    @property
    def worth(self) -> dict[str, float]:
        """What each graded cell is worth, by name, in the lab's order."""
        return {cell.grade_id: cell.points for cell in self.graded}

    def answers_to(self, graded: KeyCell) -> list[KeyCell]:
        """Return the answer cells that a graded cell looks at: those since the graded cell before it.

        Where there are none (two graded cells in a row), the answer cell of the same name or the nearest one above.
        """
        above = self.cells[: self.cells.index(graded)]
        since: list[KeyCell] = []
        for cell in reversed(above):
            if cell.graded:
                break
            if cell.answer:
                since.insert(0, cell)
        named = self.by_grade_id.get(graded.grade_id.removeprefix("test-"))
        if named is not None and named.answer and named not in since:
            since.append(named)
        return since or [cell for cell in above if cell.answer][-1:]

    def title_of(self, graded: KeyCell) -> str:
        """Return the heading over an exercise, for example "Exercise 3: LoRALayer"; else the graded cell's name."""
        for cell in reversed(self.cells[: self.cells.index(graded)]):
            if cell.kind == "markdown":
                for line in reversed(cell.source.splitlines()):
                    if line.lstrip().startswith("#"):
                        return line.strip().lstrip("#").strip()
        return graded.grade_id

    @cached_property
    def title(self) -> str:
        """Return the lab's first heading, else its name."""
        for cell in self.cells:
            for line in cell.source.splitlines() if cell.kind == "markdown" else []:
                if line.startswith("# "):
                    return line[2:].strip()
        return self.lab

    @cached_property
    def sha256(self) -> str:
        """Hash everything that decides a score: the code that grading runs, and what that needs of the package.

        A changed text or figure leaves it as it is, and nothing is graded anew.
        """
        code = [(cell, cell.prepares if cell.skip else cell.source) for cell in self.cells if cell.kind == "code"]
        digest = hashlib.sha256(f"{decisive_sha256(text for _, text in code)}{' '.join(self.withheld)}".encode())
        for cell, text in code:
            digest.update(json.dumps([cell.id, text, cell.metadata], sort_keys=True).encode())
        return digest.hexdigest()


def _with_names(cell: KeyCell) -> KeyCell:
    """Read the text once, here: submissions are graded on several threads, and Python parses on one at a time."""
    reads = tuple(used_names(cell.source)) if cell.graded else ()
    prints = tuple(fingerprints(cell.source)) if cell.answer else ()
    given = tuple(fingerprints(cell.student)) if cell.answer else ()
    return replace(cell, reads=reads, defines=defined_names(cell.source), prints=prints, given=given)


@lru_cache
def package_sha256(folder: Path | None = None) -> str:
    """Hash the Python files of lora_utils or another package, once a process: a run is graded by what it began with."""
    folder = folder or course_package()
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@lru_cache
def names_of_labs(root: Path) -> dict[str, frozenset[str]]:
    """Return `AnswerKey.names` of every lab of a course; they are read once, in a fifth of a second."""
    found = {}
    for lab in find_labs(root):
        with suppress(UnusableKey):
            found[lab.name] = AnswerKey.read(lab).names
    return found


def read_keys(root: Path, wanted: list[str]) -> dict[str, AnswerKey]:
    """Read the answer keys of a course's labs; nothing wanted means all that course.toml has in use.

    Raises:
        ValueError: an unknown lab, (UnusableKey) one whose solution twin cannot be used, or a CourseError.
    """
    labs = select_labs(find_labs(root), wanted or Course.of(root).labs)
    if not labs:
        raise ValueError("the course has no labs yet: solutions/ holds none.")
    return {lab.name: AnswerKey.read(lab) for lab in labs}


def read_key(root: Path, wanted: str) -> AnswerKey:
    """Read the answer key of one lab, by name or number.

    Raises:
        ValueError: (NoLab) no lab, or several; (UnusableKey) its solution twin cannot be used.
    """
    labs = find_labs(root)
    name = choose_lab(wanted, (lab.name for lab in labs))
    return AnswerKey.read(next(lab for lab in labs if lab.name == name))
