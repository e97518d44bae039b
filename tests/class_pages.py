"""The pages of a class, from attempts in a database: what a test of reports writes them with."""

from __future__ import annotations

from pathlib import Path

from grader.class_run.grading_run import Run
from grader.collecting.roster import Roster
from grader.course import Course, LabTerms
from grader.notebooks.submission import Submission
from grader.records.attempts import Attempts
from grader.records.class_grades import ClassGrades
from grader.records.gradebook import Gradebook
from grader.records.held_grades import Held
from grader.reports.class_report import write_class_report
from grader.reports.feedback import write_feedback

COURSE = Course(Path("."), title="PEFT by hand")


def grades_of(
    run: Run,
    attempts: Attempts | None = None,
    held: dict[tuple[str, str], Held] | None = None,
    roster: Roster | None = None,
    terms: dict[str, LabTerms] | None = None,
) -> ClassGrades:
    """The class as attempts and gradebook hold it."""
    made = attempts.all() if attempts is not None else []
    return ClassGrades.of(run.keys, made, held or {}, run.counting, refused=run.refused, roster=roster, terms=terms)


def grades_in(url: str, run: Run) -> ClassGrades:
    """The class as a database holds it."""
    with Gradebook(url) as book:
        return grades_of(run, Attempts(book.engine), book.held())


def report(run: Run, attempts: Attempts | None, out: Path, **more) -> str:
    """Write the class report and return it."""
    return write_class_report(grades_of(run, attempts, **more), run, out, COURSE).read_text(encoding="utf-8")


def feedback(
    run: Run,
    attempts: Attempts | None,
    out: Path,
    submissions: dict[tuple[str, str], Submission] | None = None,
    **more,
) -> list[Path]:
    """Write the feedback and return the pages' paths."""
    return write_feedback(grades_of(run, attempts, **more), run, out, COURSE, submissions or {})
