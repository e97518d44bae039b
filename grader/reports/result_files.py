"""What a run leaves for staff: results.json and grades.csv, the whole class as the gradebook holds it."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

from grader.collecting.roster import Student
from grader.notebooks.submission import Refusal, iso
from grader.records.class_grades import ClassGrades, LabGrade
from grader.results import plain
from grader.text.safe_names import spreadsheet

COLUMNS = (
    "student", "name", "section", "lab", "score", "max_score", "passed", "penalty", "late", "attempt", "attempts",
    "timestamp", "by_hand", "sandbox", "flags", "problem",
)  # fmt: skip


def write_report(grades: ClassGrades, refused: Iterable[Refusal], out: Path) -> list[Path]:
    """Write results.json and grades.csv into a folder and return their paths.

    Args:
        grades: the class.
        refused: everything that could not be graded, each with its sentence.
        out: the folder; made when missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    results, table = out / "results.json", out / "grades.csv"
    entries = results_of(grades, refused)
    results.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    # The mark at the beginning tells Excel that it is UTF-8.
    table.write_text(csv_of(grades, entries), encoding="utf-8-sig", newline="")
    return [results, table]


def results_of(grades: ClassGrades, refused: Iterable[Refusal] = ()) -> list[dict]:
    """Return one entry for each student and lab: what holds, or why there is nothing.

    A graded one has the fields of the `Result` that counts, with the points that hold, and `score` (they, less
    `penalty`), `attempt` (the number of the one that counts), `attempts`, `late` (seconds, null when unknown). An
    exercise has `automatic` points, and `entered`: what a person entered in formgrader, or null. `problem` says why the
    last file that came could not be graded. Of who handed in nothing for a lab that others did, `handed_in` is false.
    """
    by_id = {one.id: one for one in grades.students}
    entries = {place: _graded(by_id[place[0]], grade) for place, grade in grades.grades.items()}
    more = []
    for one in refused:
        if (one.student, one.lab) in entries:
            entries[one.student, one.lab]["problem"] = str(one)
        else:
            more.append(_nothing(by_id.get(one.student, Student(one.student)), one.lab, one))
    there = {*entries, *((one["student"], one["lab"]) for one in more)}
    for lab in grades.begun:
        more += [_nothing(one, lab) for one in grades.students if (one.id, lab) not in there]
    return sorted([*entries.values(), *more], key=lambda one: (one["student"], one["lab"]))


def _graded(student: Student, grade: LabGrade) -> dict:
    entry = plain(grade.result) | {"name": student.name, "section": student.section, "handed_in": True}
    for exercise in entry["exercises"]:
        entered = grade.entered.get(exercise["grade_id"])
        exercise["automatic"], exercise["points"] = exercise["points"], grade.points(exercise["grade_id"])
        said = {"points": entered.points, "extra": entered.extra, "comment": entered.comment} if entered else None
        exercise["entered"] = said
    standing = grade.standing
    return entry | {
        "score": grade.score,
        "max_score": grade.max_score,
        "passed": grade.passed,
        "penalty": round(grade.penalty, 2),
        "late": grade.late,
        "attempt": standing.counts_number,
        "attempts": standing.attempts,
        "flags": grade.flags,
        "problem": None,
    }


def _nothing(student: Student, lab: str, refused: Refusal | None = None) -> dict:
    unknown = ("attempt", "submission_sha256", "checks_sha256", "score", "max_score", "sandbox", "seed_id", "seconds")
    return dict.fromkeys(unknown) | {
        "student": student.id,
        "name": student.name,
        "section": student.section,
        "lab": lab,
        "handed_in": refused is not None,
        "timestamp": iso(refused.timestamp) if refused is not None else None,
        "late": None,
        "penalty": 0.0,
        "passed": False,
        "attempts": 0,
        "versions": {},
        "exercises": [],
        "flags": ["not-graded"] if refused is not None else [],
        "notes": [],
        "problem": str(refused) if refused is not None else None,
    }


def csv_of(grades: ClassGrades, entries: list[dict]) -> str:
    """Return the grades as CSV: one row a student and lab, then one column for each exercise with the points that hold.

    Texts that a spreadsheet would take for a formula get an apostrophe in front.
    """
    exercises = list(dict.fromkeys(cell.grade_id for key in grades.labs.values() for cell in key.graded))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *exercises])
    for entry in entries:
        by_hand = any(one["entered"] for one in entry["exercises"])
        values = entry | {one["grade_id"]: one["points"] for one in entry["exercises"]}
        values |= {"passed": "yes" if entry["passed"] else "no", "flags": " ".join(entry["flags"])}
        values |= {"by_hand": "yes" if by_hand else ""}
        row = [values.get(name) for name in (*COLUMNS, *exercises)]
        writer.writerow([spreadsheet("" if value is None else value) for value in row])
    return text.getvalue()
