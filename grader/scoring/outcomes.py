"""How a cell ended, in words; and where a name that an answer misses was lost.

A cell that is stopped or breaks takes its definitions with it. What fails further down for want of one of them is told
which cell that was, since a bare NameError names only the place where the loss was felt.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from grader.notebooks.restoration import Cell
from grader.results import LOST
from grader.scoring.run_submission import NEEDS_WITHHELD, WITHHELD, CellRun

LONGEST_QUOTE = 50  # characters of a cell's first line
MISSING = {  # what an import may raise that worked in the student's own notebook, and what to do
    WITHHELD: "Write it yourself, and take the import out.",
    NEEDS_WITHHELD: "Do without this import.",
}
UNDEFINED = re.compile(r"\bname '(\w{1,80})' is not defined")


@dataclass(frozen=True)
class Ending:
    """A cell that did not end well.

    Args:
        verdict: of an exercise that needs the cell.
        id: short name of the mistake.
        said: what became of the cell; a sentence that lacks its subject.
        hint: what to do, or nothing.
    """

    verdict: str
    id: str
    said: str
    hint: str | None


def ending(run: CellRun) -> Ending | None:
    """Say how a cell ended; None where it ended well."""
    if run.status == "error":
        if run.ename == "NotImplementedError" and not run.evalue:  # torch says what it has not implemented
            text = "not written yet: the stub is still there"
            return Ending("not-attempted", "not-attempted", text, "Fill in the cell.")
        if run.ename in MISSING:
            return Ending("fail", run.ename, f"imports what is not there when graded: {run.evalue}", MISSING[run.ename])
        said = f"raised {run.ename}: {run.evalue}" if run.evalue else f"raised {run.ename}"
        hint = "Restart the kernel and run all cells from the top; the first error is the one to mend."
        return Ending("fail", f"raised-{run.ename}", said, hint)
    if run.status == "timeout":
        hint = "Look for a loop that never ends, far too much work, or threads of another cell that this one waits for."
        return Ending("timeout", "ran-too-long", f"was stopped after {run.evalue}", hint)
    if run.status == "flood":
        said = f"was stopped because the notebook printed more than {run.evalue}"
        return Ending("crash", "printed-too-much", said, "Remove the print inside the loop.")
    if run.status in ("crash", "gone"):
        said = f"ended the Python process ({run.evalue})" if run.evalue else "ended the Python process"
        hint = "Look for exit() or os._exit(), or for memory that runs out."
        return Ending("crash", "process-ended", said, hint)
    if run.status == "not-run":
        said = "was not run, because cells before it had used up the time or ended the process too often"
        return Ending("timeout", "no-time-left", said, "Mend the first cell that is reported as stopped.")
    return None


class Losses:
    """Finds the cell in which a name was lost.

    Args:
        cells: of the notebook that is graded, in order.
        runs: what became of those that grading runs, by id.
        read: of the engine that ran them, see `Engine.read`.
    """

    def __init__(
        self, cells: list[Cell], runs: dict[str, CellRun], read: Callable[[str, list[str]], list | None]
    ) -> None:
        self._cells, self._runs, self._read = cells, runs, read
        self._place = {cell.id: place for place, cell in enumerate(cells)}

    def of(self, error: str, id: str) -> Ending | None:
        """Say where the name was lost that an error message is about.

        Args:
            error: a message, such as "name 'helper' is not defined".
            id: of the cell in which the name was missed.

        Returns:
            What became of the cell that was to define it, as a whole sentence; None where no cell is at fault.
        """
        name = UNDEFINED.search(error)
        return self._of(name[1], self._place.get(id, len(self._cells))) if name else None

    def _of(self, name: str, place: int) -> Ending | None:
        above = [cell for cell in reversed(self._cells[:place]) if self._defines(cell, name)]
        if above:
            return self._cause(above[0], name)
        below = [cell for cell in self._cells[place + 1 :] if self._defines(cell, name)]
        if below:
            said = f"`{name}` is not defined, because {_called(below[0])}, which defines it, comes only further down"
            return Ending("fail", LOST, said, "Move that cell up; cells are run once, from the top.")
        return None

    def _cause(self, cell: Cell, name: str) -> Ending | None:
        start = f"`{name}` is not defined, because {_called(cell)}"
        run = self._runs.get(cell.id, CellRun("not-run"))
        if not cell.runs and run.ename in MISSING:  # of its imports, which run all the same
            return Ending("fail", LOST, f"`{name}` is not there when graded: {run.evalue}", MISSING[run.ename])
        if not cell.runs:
            said = f"{start} is left out when grading (training that no check needs)"
            return Ending("fail", LOST, said, "Define it in a cell of your own, or in the answer cell itself.")
        end = ending(run)
        if end is None:
            return None
        missing = UNDEFINED.search(run.evalue) if run.ename == "NameError" else None
        if missing:  # the cell itself missed something: name the first cell at fault
            first = self._of(missing[1], self._place[cell.id])
            if first is not None:
                return Ending(first.verdict, LOST, f"{start} raised NameError: {first.said}", first.hint)
        said = "was never filled in" if end.id == "not-attempted" else end.said
        return Ending("fail" if end.verdict == "not-attempted" else end.verdict, LOST, f"{start} {said}", end.hint)

    @cached_property
    def _defined(self) -> dict[str, list[str] | None]:
        """The names that each of the student's cells defines, by id; None for a text that cannot be read."""
        own = [cell for cell in self._cells if cell.kind == "code" and not _of_lab(cell)]
        read = self._read("definitions", [cell.source for cell in own]) or [None] * len(own)
        return {cell.id: names for cell, names in zip(own, read, strict=True)}

    def _defines(self, cell: Cell, name: str) -> bool:
        if cell.kind != "code" or cell.graded or name not in cell.source:
            return False
        names = cell.key.defines if _of_lab(cell) else self._defined[cell.id]
        if names is not None:
            return name in names
        # A cell with a typing error is no Python as a whole: look for the lines that would define the name.
        lines = (
            rf"(?m)^[ \t]*(?:(?:async +)?def|class|import)[ \t]+{name}\b|\bas {name}\b|^{name}[ \t]*(?::[^=\n]*)?=(?!=)"
        )
        return re.search(lines, cell.source) is not None


def _of_lab(cell: Cell) -> bool:
    return cell.key is not None and cell.source == cell.key.source


def _called(cell: Cell) -> str:
    """Name a cell as its author would find it."""
    if cell.key is not None and cell.key.answer:
        return f"your answer cell {cell.key.grade_id!r}"
    if cell.key is not None and cell.key.locked:
        return f"the lab's cell {cell.key.grade_id or cell.key.id!r}"
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "").replace("`", "'")
    quote = first if len(first) <= LONGEST_QUOTE else first[: LONGEST_QUOTE - 1] + "…"
    return f"your cell {cell.number} (`{quote}`)" if cell.number else f"the cell `{quote}`"
