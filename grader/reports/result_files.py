"""What a run leaves for staff: results.json and grades.csv."""

import csv
import io
import json
from pathlib import Path

from grader.class_run.grading_run import Graded, Run
from grader.notebooks.submission import Refusal, iso
from grader.results import passes, plain
from grader.text.safe_names import spreadsheet

COLUMNS = (
    "student", "lab", "attempt", "score", "max_score", "counting_score", "passed", "attempts", "late_seconds",
    "penalty", "timestamp", "sandbox", "flags", "problem",
)  # fmt: skip


def write_report(run: Run, out: Path) -> list[Path]:
    """Write results.json and grades.csv into a folder and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    results, grades = out / "results.json", out / "grades.csv"
    results.write_text(json.dumps(results_of(run), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    grades.write_text(csv_of(run), encoding="utf-8", newline="")
    return [results, grades]


def results_of(run: Run) -> list[dict]:
    """Return one entry for everything that was handed in.

    A graded one has all fields of `Result`, and `attempt` (its number), `best` (whether it is the one that counts),
    `late` (seconds, null when unknown), `penalty` (points that this costs) and `problem` (null). One that could not be
    graded has `problem` (a sentence) and null where nothing is known.
    """
    return [_graded(row) if isinstance(row, Graded) else _refused(row) for row in run.rows]


def _graded(row: Graded) -> dict:
    standing = row.standing
    own = {"attempt": standing.number, "best": standing.is_the_one, "late": standing.late, "penalty": standing.penalty}
    passed = passes(row.result.score - standing.penalty, row.result.max_score)
    return plain(row.result) | own | {"passed": passed, "problem": None}


def _refused(row: Refusal) -> dict:
    nothing = ("attempt", "submission_sha256", "checks_sha256", "score", "max_score", "sandbox", "seed_id", "seconds")
    return dict.fromkeys(nothing) | {
        "student": row.student,
        "lab": row.lab,
        "timestamp": iso(row.timestamp),
        "late": None,
        "penalty": 0.0,
        "passed": False,
        "best": False,
        "versions": {},
        "exercises": [],
        "flags": ["not-graded"],
        "notes": [],
        "problem": str(row),
    }


def csv_of(run: Run) -> str:
    """Return the grades as CSV: one row a submission, its totals, then one column for each exercise of the labs.

    Texts that a spreadsheet would take for a formula get an apostrophe in front.
    """
    exercises = list(dict.fromkeys(cell.grade_id for key in run.keys.values() for cell in key.graded))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *exercises])
    for row in run.rows:
        if isinstance(row, Refusal):
            values = {"student": row.student, "lab": row.lab, "timestamp": iso(row.timestamp), "problem": str(row)}
            values["passed"] = "no"
        else:
            result, standing = row.result, row.standing
            values = {
                "student": row.student,
                "lab": row.lab,
                "attempt": standing.number,
                "score": result.score,
                "max_score": result.max_score,
                "counting_score": standing.score,
                "passed": "yes" if standing.passed else "no",
                "attempts": standing.attempts,
                "late_seconds": standing.late,
                "penalty": standing.penalty,
                "timestamp": result.timestamp,
                "sandbox": result.sandbox,
                "flags": " ".join(result.flags),
            } | {exercise.grade_id: exercise.points for exercise in result.exercises}
        writer.writerow([spreadsheet(values.get(name, "")) for name in (*COLUMNS, *exercises)])
    return text.getvalue()
