"""Run a restored notebook in the engine and say what became of each cell.

A cell that takes its process with it (a crash, an endless loop, a flood of output) is left out when a new process
runs the others again. What it defined is missing; everything else still counts.
"""

from dataclasses import dataclass

from grader.engine.service import engine
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.restoration import Cell

# What a cell raises that imports what the lab asks students to write, or what needs that; see `student.withheld`.
WITHHELD, NEEDS_WITHHELD = "Withheld", "NeedsWithheld"


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Args:
        cell_seconds: processor time of one cell, which may take four times as long on the clock; default 20.
        submission_cells: how many times `cell_seconds` all its cells may take together; default 6.
        output_bytes: printed and shown by all cells together; default 5 MB.
        processes: how many processes it may use up; default 4.
    """

    cell_seconds: float = 20.0
    submission_cells: float = 6.0
    output_bytes: int = 5_000_000
    processes: int = 4


@dataclass
class CellRun:
    """What happened when one cell ran.

    Args:
        status: "ok", "error" (it raised), "timeout", "crash" (its process died), "flood" (too much output), "not-run".
        ename, evalue: class and message of what it raised, or more about what happened.
        grade: data of a graded cell's value, see `lora_utils.checks.Grade.data`; None where it has none.
        shown: what one of the student's own cells printed and showed, see `cell_outputs`; None for nothing.
    """

    status: str
    ename: str = ""
    evalue: str = ""
    grade: dict | None = None
    shown: dict | None = None


def execute(
    cells: list[Cell],
    environment: dict[str, str],
    limits: Limits,
    sandbox: bool = True,
    key: AnswerKey | None = None,
) -> dict[str, CellRun]:
    """Run the cells of a submission in order, in processes of its own.

    Args:
        cells: as `restore` made them.
        environment: variables for the judge, such as the seed of the test inputs.
        limits: see there.
        sandbox: whether to shut the submission off; default True.
        key: of the lab: what it withholds, and answers that tell an odd answer from a check that is at fault. Default:
            nothing is withheld, and every check that breaks is at fault.

    Returns:
        For every cell that grading runs, by id, what happened. Of a cell that it leaves out, imports and constants run
        all the same: what students write below may use them, as it does in their own notebook.

    Raises:
        EngineFailed: the engine broke.
    """
    answers = [cell.key for cell in cells if cell.key is not None and cell.key.answer]
    names = sorted(set().union(*(answer.defines for answer in answers)))
    prepared = _preparations(cells, names, sandbox)
    orders = [
        {
            "id": cell.id,
            "source": prepared.get(cell.id, cell.source),
            "kind": _kind(cell),
            "names": names,
            "reads": cell.key.reads if cell.graded else (),
            "show": cell.runs and cell.own,
        }
        for cell in cells
        if cell.runs or prepared.get(cell.id)
    ]
    known = key.cells if key is not None else ()
    solution = [
        {"id": cell.id, "source": cell.prepares if cell.skip else cell.source, "graded": cell.graded}
        for cell in known
        if cell.kind == "code"
    ]
    withheld = key.withheld if key is not None else ()
    runs = engine(sandbox).grade(orders, environment, vars(limits), solution, withheld)
    return {id: CellRun(**run) for id, run in runs.items()}


def _preparations(cells: list[Cell], names: list[str], sandbox: bool) -> dict[str, str]:
    """Return what runs of the cells that grading leaves out, by id; those that the student changed are read anew.

    The names that answers define are left alone: what a student wrote stays what it is.
    """
    left_out = [cell for cell in cells if cell.kind == "code" and not cell.runs]
    changed = [cell for cell in left_out if cell.source != cell.key.source]
    found = {cell.id: cell.key.prepares for cell in left_out}
    if changed:
        read = engine(sandbox).read("preparation", [cell.source for cell in changed], names)
        found |= {cell.id: text for cell, text in zip(changed, read or [], strict=False)}
    return found


def _kind(cell: Cell) -> str:
    if cell.graded:
        return "graded"
    return "locked" if cell.key is not None and cell.key.locked else "own"
