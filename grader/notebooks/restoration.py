"""Make the notebook that is graded: the student's answers and own cells, the instructor's everything else.

Locked cells (set-up, tests) come from the answer key with their hidden tests, whether the student edited, deleted,
copied, retyped or moved them. Nothing of the student's metadata survives, because metadata decides what runs.
"""

from dataclasses import dataclass, field
from itertools import accumulate

from grader.build.first_cells import is_first_cell
from grader.notebooks.answer_key import AnswerKey, KeyCell
from grader.notebooks.notebook_file import SubmittedCell


@dataclass(frozen=True)
class Cell:
    """One cell of the notebook that is graded.

    Args:
        id: the key's id; "student-N" for a cell the student added.
        kind: "code", "markdown" or "raw".
        source: its text.
        key: the cell of the answer key it stands for; None for one the student added.
        number: of a code cell, as Restart and Run All would count in the student's file, from 1; 0 for one put back.
    """

    id: str
    kind: str
    source: str
    key: KeyCell | None = None
    number: int = 0

    @property
    def runs(self) -> bool:
        """Whether grading executes it: code, unless the source says that no check needs it."""
        return self.kind == "code" and not (self.key is not None and self.key.skip)

    @property
    def graded(self) -> bool:
        """Whether it decides points."""
        return self.key is not None and self.key.graded

    @property
    def own(self) -> bool:
        """Whether the student wrote it: an answer, a cell of their own, or one of the lab's that they changed."""
        return self.key is None or self.key.answer or not (self.key.locked or _same(self.source, self.key.student))


@dataclass
class Restored:
    """The notebook that is graded, and what had to be set right to get it.

    Args:
        cells: in the order in which they run.
        notes: one sentence for each cell that was set right.
        flags: the same as short names, for the instructor.
    """

    cells: list[Cell]
    notes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def say(self, flag: str, note: str) -> None:
        """Record one correction."""
        self.notes.append(note)
        if flag not in self.flags:
            self.flags.append(flag)


def restore(submitted: tuple[SubmittedCell, ...], key: AnswerKey, exercises: frozenset[str] | None = None) -> Restored:
    """Put the instructor's cells back into a submission.

    Args:
        submitted: the student's cells, in order.
        key: the lab.
        exercises: names of the graded cells that the lab had when this copy was handed out; default: those of today.

    Returns:
        The cells to run. Answers and the student's own cells keep their order; a locked cell keeps its place as long
        as it stands after the answers above it in the lab and before those below.
    """
    restored = Restored([])
    chosen = _match(submitted, key)
    numbers = accumulate(cell.kind == "code" for cell in submitted)
    for place, (cell, number) in enumerate(zip(submitted, numbers, strict=True)):
        meant = chosen.get(place)
        if meant is None:
            _add_own(restored, cell, place, number, key)
        elif meant.answer:
            if cell.kind != meant.kind:
                restored.say("answer-retyped", f"answer cell {meant.grade_id!r} was turned back into {meant.kind}")
            restored.cells.append(Cell(meant.id, meant.kind, cell.source, meant, number))
        elif meant.locked:
            _note_changes(restored, cell, meant)
            restored.cells.append(Cell(meant.id, meant.kind, meant.source, meant, number))
        else:
            restored.cells.append(Cell(meant.id, cell.kind, cell.source, meant, number))
    _put_back(restored, key, exercises)
    return restored


def _match(submitted: tuple[SubmittedCell, ...], key: AnswerKey) -> dict[int, KeyCell]:
    """Say which submitted cell stands for which cell of the key; each cell of the key is taken once.

    In turn: by name and id; by name, the last copy (as nbgrader does); by id; and where a file has no ids, plain cells
    by their text, so that the source's decision what not to run still holds.
    """
    chosen: dict[int, KeyCell] = {}
    free = {cell.id: cell for cell in key.cells}

    def take(index: int, meant: KeyCell | None) -> None:
        if meant is not None and meant.id in free and index not in chosen:
            chosen[index] = free.pop(meant.id)

    for index, cell in enumerate(submitted):
        meant = key.by_grade_id.get(cell.grade_id)
        if meant is not None and meant.id == cell.id:
            take(index, meant)
    for index, cell in reversed(list(enumerate(submitted))):
        take(index, key.by_grade_id.get(cell.grade_id))
    for index, cell in enumerate(submitted):
        if cell.grade_id not in key.by_grade_id:
            take(index, key.by_id.get(cell.id))
    plain = {cell.source: cell for cell in key.cells if not cell.grade_id}
    for index, cell in enumerate(submitted):
        if cell.id not in key.by_id:
            take(index, plain.get(cell.source))
    return chosen


def _add_own(restored: Restored, cell: SubmittedCell, place: int, number: int, key: AnswerKey) -> None:
    """Keep a cell that the student added; drop an unchanged copy of a locked one, and what installs the package."""
    if is_first_cell(cell.kind, cell.source):
        return
    original = key.by_grade_id.get(cell.grade_id)
    if original is not None and original.locked:
        restored.say("graded-cell-copied", f"a copy of the locked cell {original.grade_id!r} was found")
        if _same(cell.source, original.student):
            return
    elif original is not None:
        note = f"a copy of answer cell {original.grade_id!r} was run as an ordinary cell"
        restored.say("answer-cell-copied", note)
    restored.cells.append(Cell(f"student-{place + 1}", cell.kind, cell.source, None, number))


def _note_changes(restored: Restored, cell: SubmittedCell, meant: KeyCell) -> None:
    name = meant.grade_id or meant.id
    if cell.kind != meant.kind:
        restored.say("graded-cell-retyped", f"locked cell {name!r} was turned back into {meant.kind}")
    if _same(cell.source, meant.student):
        return
    if cell.as_given:
        restored.notes.append(f"locked cell {name!r} is from an earlier copy of the lab; today's was used")
    else:
        restored.say("graded-cell-edited", f"locked cell {name!r} was edited; the original was used")


def _put_back(restored: Restored, key: AnswerKey, exercises: frozenset[str] | None) -> None:
    """Insert locked cells that are missing, and move those that stand on the wrong side of an answer."""
    new = set() if exercises is None else {cell.grade_id for cell in key.graded} - exercises
    order = {cell.id: number for number, cell in enumerate(key.cells)}
    present = {cell.id for cell in restored.cells}
    for meant in key.cells:
        if not meant.locked:
            continue
        name = meant.grade_id or meant.id
        if meant.id in present:
            index = next(i for i, cell in enumerate(restored.cells) if cell.id == meant.id)
            if _stands_well(restored.cells, index, order):
                continue
            cell = restored.cells.pop(index)
            if meant.kind == "code":
                restored.say("graded-cell-moved", f"locked cell {name!r} was moved back to its place")
        else:
            cell = Cell(meant.id, meant.kind, meant.source, meant)
            if meant.grade_id in new:
                restored.notes.append(f"the lab has got {name!r} since this copy of it")
            elif meant.kind == "code":
                restored.say("graded-cell-missing", f"locked cell {name!r} was missing and was put back")
        restored.cells.insert(_place(restored.cells, order, order[meant.id]), cell)


def _stands_well(cells: list[Cell], index: int, order: dict[str, int]) -> bool:
    """Whether every answer that the lab has above this cell stands above it here too, and likewise below."""
    own = order[cells[index].id]
    return all(
        (order[cell.id] < own) == (i < index)
        for i, cell in enumerate(cells)
        if i != index and cell.key is not None and cell.key.answer
    )


def _place(cells: list[Cell], order: dict[str, int], own: int) -> int:
    """Return where a cell with this number in the lab belongs.

    After all answers and locked cells with smaller numbers, and as late as possible: the student's own cells below an
    answer may be helpers that it needs.
    """
    firm = [i for i, c in enumerate(cells) if c.key and (c.key.answer or c.key.locked) and order[c.id] < own]
    start = max(firm, default=-1) + 1
    for index in range(start, len(cells)):
        if cells[index].key is not None and order[cells[index].id] > own:
            return index
    return len(cells)


def _same(text: str, other: str) -> bool:
    """Whether two texts agree, trailing white space aside (editors remove it)."""
    return [line.rstrip() for line in text.strip().splitlines()] == [
        line.rstrip() for line in other.strip().splitlines()
    ]
