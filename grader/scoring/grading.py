"""Grade one submission: the seam between what was handed in and what is recorded.

Nothing before this call (finding and reading) and nothing after it (attempts, gradebook, reports, feedback) knows how
a submission is run.
"""

import hashlib
import os
import platform
import sys
import time
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from grader.engine.service import engine
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.restoration import Cell, restore
from grader.notebooks.submission import Submission, iso
from grader.results import OPEN, SHUT_OFF, TELL, Exercise, Message, Result, Terms
from grader.scoring.exercise_grades import OURS, broken_answers, broken_checks, grade_exercises, grade_flags, looks
from grader.scoring.run_submission import CellRun, Limits, execute
from grader.student.shown_outputs import cell_outputs

SEED_VARIABLE = "LORA_UTILS_CHECK_SEED"  # as in lora_utils.checks.framework.draw; to import that would import torch too
PACKAGES = ("peft-by-hand", "torch", "numpy", "ipython", "nbgrader")
UNREADABLE = "unreadable-text"  # flag: the code could not be looked through in the time there is for it
Job = tuple[Submission, AnswerKey, Limits, bool, str]  # what `grade` is called with
OUR_FAULT = "the grader broke while it worked on this submission; it costs you nothing, and staff will grade it again"


def grade(
    submission: Submission,
    key: AnswerKey,
    limits: Limits | None = None,
    sandbox: bool = True,
    seed: str | None = None,
    tell: bool = False,
) -> Result:
    """Grade one submission of one lab.

    Args:
        submission: the student's cells.
        key: the lab's own notebook, hidden tests included.
        limits: on time and output; default `Limits()`.
        sandbox: whether to shut the submission off from the machine; default True.
        seed: of the test inputs; default: `input_seed` of this submission.
        tell: whether the result holds how the checks looked at the answers; default False.

    Returns:
        The result. It never raises: when the grader itself breaks, every exercise has the verdict "grader-error".
    """
    limits = limits or Limits()
    start = time.perf_counter()
    seed = seed or input_seed(submission.sha256)
    notes, flags, shown, probed, walls = list(submission.notes), [], [], [], []
    try:
        restored = restore(submission.cells, key, submission.exercises)
        notes, flags = notes + restored.notes, list(restored.flags)
        runs = execute(restored.cells, {SEED_VARIABLE: seed} | ({TELL: "1"} if tell else {}), limits, sandbox, key)
        walls, read = engine(sandbox).walls, engine(sandbox).read
        exercises = grade_exercises(key, restored.cells, runs, read, submission.exercises)
        shown, probed = cell_outputs(restored.cells, runs), looks(key, runs)
        notes = broken_answers(key, exercises, runs) + notes + newer_syntax(submission, runs) + broken_checks(key, runs)
        flags += grade_flags(key, restored.cells, runs, read)
        tried = read("tampering", own_texts(restored.cells))
        flags += [f"tampering:{kind}" for kind in tried] if tried is not None else [UNREADABLE]
    except Exception as error:
        exercises = _broken(key)
        notes.append(f"{OURS}: {type(error).__name__}: {error}")
    seconds = round(time.perf_counter() - start, 3)
    result = _result(submission, key, limits, sandbox, seed, exercises, flags, notes, seconds)
    return replace(result, sandbox="+".join([result.sandbox, *walls]), shown=shown, probed=probed)


def ungraded(submission: Submission, key: AnswerKey, limits: Limits, sandbox: bool, seed: str, why: str) -> Result:
    """Return the result of a submission on which the grader broke before it could say anything; `why` is for staff."""
    notes = [*submission.notes, f"{OURS}: {why}"]
    return _result(submission, key, limits, sandbox, seed, _broken(key), [], notes, 0.0)


def _broken(key: AnswerKey) -> list[Exercise]:
    message = Message("grader-error", OUR_FAULT)
    return [Exercise(cell.grade_id, 0.0, cell.points, "grader-error", [message]) for cell in key.graded]


def newer_syntax(submission: Submission, runs: dict[str, CellRun]) -> list[str]:
    """Name the cause that a syntax error may have in a notebook of a newer Python than the grader's."""
    newer = submission.python is not None and submission.python > sys.version_info[:2]
    if not newer or not any(run.ename == "SyntaxError" for run in runs.values()):
        return []
    theirs, ours = (".".join(map(str, one)) for one in (submission.python, sys.version_info[:2]))
    return [
        f"the notebook was run by Python {theirs} and is graded by Python {ours}, so a SyntaxError may be syntax that "
        f"Python {ours} does not have yet; write it as Python {ours} has it"
    ]


def _result(
    submission: Submission,
    key: AnswerKey,
    limits: Limits,
    sandbox: bool,
    seed: str,
    exercises: list[Exercise],
    flags: list[str],
    notes: list[str],
    seconds: float,
) -> Result:
    return Result(
        student=submission.student,
        lab=submission.lab,
        submission_sha256=submission.sha256,
        exercises=exercises,
        **vars(terms(key, limits, sandbox, seed)),
        seconds=seconds,
        timestamp=iso(submission.timestamp),
        flags=flags,
        notes=notes,
    )


def terms(key: AnswerKey, limits: Limits, sandbox: bool, seed: str) -> Terms:
    """Return what decides the score of a submission beside its bytes; `seed` is of its test inputs."""
    seed_id = hashlib.sha256(seed.encode()).hexdigest()[:12]
    limit = {"cell_seconds": f"{limits.cell_seconds:g}"}
    return Terms(key.sha256, SHUT_OFF if sandbox else OPEN, seed_id, versions() | limit)


def own_texts(cells: list[Cell]) -> list[str]:
    """Return the code that the student wrote or changed."""
    return [cell.source for cell in cells if cell.runs and not (cell.key is not None and cell.key.locked)]


def input_seed(submission_sha256: str, course: str | None = None) -> str:
    """Return the seed of the test inputs: from the course's own seed and the file, so unguessable and repeatable.

    Args:
        submission_sha256: of the file.
        course: the course's own seed; default: the environment's LORA_UTILS_CHECK_SEED, else "0".
    """
    own = os.environ.get(SEED_VARIABLE, "0") if course is None else course
    return hashlib.sha256(f"{own}\0{submission_sha256}".encode()).hexdigest()[:32]


@lru_cache
def versions() -> dict[str, str]:
    """Return the versions of what decides a score."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
