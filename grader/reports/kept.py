"""What pages show and no record holds: what a student's cells printed and drew, and what the student answered.

It lies beside the page, so a run that only looks a result up, or is about another lab, finds it there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.restoration import restore
from grader.notebooks.submission import Submission
from grader.results import CellOutput, Result
from grader.student.shown_outputs import middle_out, readable
from grader.text.safe_names import file_name

KEPT = ("outputs", "answers")  # LAB.outputs.json and LAB.answers.json lie beside LAB.html
MOST_ANSWER = 20_000  # bytes of one answer, half of them its beginning and half its end


def page_of(out: Path, student: str, lab: str) -> Path:
    """Return where the feedback page of a student and lab lies."""
    return out / "feedback" / file_name(student) / f"{file_name(lab)}.html"


def index_of(out: Path, student: str) -> Path:
    """Return where the page with all labs of a student lies."""
    return out / "feedback" / file_name(student) / "index.html"


def keep_outputs(result: Result, out: Path) -> None:
    """Write down what the cells of a new result showed, for its page; also that they showed nothing."""
    shown = [asdict(one) for one in result.shown]
    _keep(_file(out, result.student, result.lab, "outputs"), _graded(result), shown)


def kept_outputs(result: Result, out: Path) -> list[CellOutput] | None:
    """Return what `keep_outputs` wrote down for the same submission and checks; None where it did not."""
    path = _file(out, result.student, result.lab, "outputs")
    return _kept(path, _graded(result), lambda shown: [CellOutput(**one) for one in shown])


def keep_answers(submission: Submission, key: AnswerKey, out: Path) -> None:
    """Write down what a student answered, by answer cell; a cell that is as it was given, or gone, is nothing."""
    made = {}
    for cell in restore(submission.cells, key).cells:
        if cell.key is not None and cell.key.answer and _lines(cell.source) != _lines(cell.key.student):
            made[cell.key.grade_id] = readable(middle_out(cell.source, MOST_ANSWER))
    _keep(_file(out, submission.student, submission.lab, "answers"), submission.sha256, made)


def kept_answers(result: Result, out: Path) -> dict[str, str] | None:
    """Return what `keep_answers` wrote down for the same submission; None where it did not."""
    path = _file(out, result.student, result.lab, "answers")
    return _kept(path, result.submission_sha256, lambda made: {str(a): str(b) for a, b in made.items()})


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]  # editors remove white space at the end


def _graded(result: Result) -> list[str]:
    return [result.submission_sha256, result.checks_sha256]


def _file(out: Path, student: str, lab: str, what: str) -> Path:
    return page_of(out, student, lab).with_suffix(f".{what}.json")


def _keep(path: Path, of: object, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"of": of, "kept": data}), encoding="utf-8")


def _kept(path: Path, of: object, read: Callable) -> object:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return read(data["kept"]) if data["of"] == of else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
