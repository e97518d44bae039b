"""A page for each student and lab, as HTML and as plain text: what counts, what each check found, what to do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from grader.class_run.run import Run
from grader.collecting.roster import Student
from grader.course import COUNTS, Course
from grader.notebooks.submission import Refusal, Submission
from grader.records.class_grades import ClassGrades, LabGrade
from grader.records.held_grades import Entered
from grader.reports.exercise_sections import most_to_gain, sections
from grader.reports.kept import keep_answers, kept_answers, kept_outputs, page_of
from grader.reports.page import lateness, sentence, templates
from grader.reports.student_index import due_date, write_student_index
from grader.results import passes
from grader.scoring.exercise_grades import OURS
from grader.text.plurals import counted
from grader.text.safe_names import one_line

MOST_NOTES = 6  # of what was set right; more of the same tells nobody anything


def write_feedback(
    grades: ClassGrades, run: Run, out: Path, course: Course, submissions: dict[tuple[str, str], Submission]
) -> list[Path]:
    """Write feedback/<student>/<lab>.html and .txt for all that the class has, and an index.html for each student.

    Args:
        grades: what holds.
        run: what has just been graded.
        out: the folder in which feedback/ lies.
        course: its title and pass mark.
        submissions: the last hand-ins of this run, by (student, lab), for the answers in them.

    Returns:
        The paths of the labs' HTML pages, by student and lab.
    """
    for (_, lab), submission in submissions.items():
        if lab in grades.labs:
            keep_answers(submission, grades.labs[lab], out)
    students = {student.id: student for student in grades.students}
    written = []
    for name, lab in sorted({*grades.grades, *grades.refused}):
        if lab not in grades.labs:
            continue
        said = context(grades, run, out, course, students[name], lab)
        page = page_of(out, name, lab)
        page.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("html", "txt"):
            text = templates().get_template(f"feedback.{suffix}").render(said)
            page.with_suffix(f".{suffix}").write_text(text, encoding="utf-8")
        written.append(page)
    for student in grades.students:
        write_student_index(grades, run, out, course, student)
    return written


def context(grades: ClassGrades, run: Run, out: Path, course: Course, student: Student, lab: str) -> dict:
    """Return everything the templates mention."""
    grade, refusal = grades.grades.get((student.id, lab)), grades.refused.get((student.id, lab))
    page = {
        "course": course.title,
        "zone": course.time_zone,
        "student": student,
        "lab": lab,
        "title": grades.labs[lab].title,
        "pass_mark": course.pass_mark,
        "problem": None,
        "grade": grade,
    }
    page |= _refused(refusal) if refusal is not None else {}
    return page | _graded(grades, grade, run, out, course) if grade is not None else page


def _refused(refusal: Refusal) -> dict:
    return {"problem": f"{one_line(refusal.file)} {one_line(refusal.fault)}.", "cure": sentence(refusal.cure)}


def _graded(grades: ClassGrades, grade: LabGrade, run: Run, out: Path, course: Course) -> dict:
    """Say what the last attempt came to, and what counts."""
    key, standing = grades.labs[grade.lab], grade.standing
    last = run.counting.today(grade.attempts[-1])
    holds = {one.grade_id: grade.points(one.grade_id) for one in grade.result.exercises}
    made = sections(
        key,
        last.exercises,
        standing.policy,
        answers=kept_answers(last, out),
        entered=grade.entered,
        elsewhere=grade.elsewhere,
        holds=holds if standing.is_the_one else None,
    )
    notes = [sentence(note) for note in last.notes if not note.startswith(OURS)]
    shown, due = kept_outputs(last, out), due_date(run, grade.student, grade.lab)
    return {
        "result": last,
        "standing": standing,
        # What staff entered on this attempt is part of it where attempts are compared.
        "with_entered": run.counting.graded(grade.attempts[-1]).score if standing.number in grade.elsewhere else None,
        "which": "Highest so far" if standing.policy == "best" and standing.attempts > 1 else "What counts",
        "policy": sentence(COUNTS[standing.policy]),
        "missing": max(0.0, round(grade.pass_mark * grade.max_score - grade.score, 2)),
        "share": last.score / last.max_score if last.max_score else 0.0,
        "late": lateness(standing.late, standing.penalty, standing.grace),
        "due": due,
        "once_more": once_more(grade, run, due, course.time_zone),
        "less": f"{grade.raw:g} less {round(grade.penalty, 2):g} for lateness" if grade.penalty else "",
        "sections": made,
        "holds": holds,
        "entered": grade.entered,
        "by_staff": by_staff,
        "said_by_staff": {name: by_staff(one) for name, one in grade.entered.items()},
        "most": most_to_gain(made) if grade.score < grade.max_score else None,  # staff may give extra credit
        "notes": notes[:MOST_NOTES],
        "more_notes": max(0, len(notes) - MOST_NOTES),
        "shown": shown,
    }


def once_more(grade: LabGrade, run: Run, due: str | None, zone: tzinfo) -> str:
    """Say whether another hand-in counts, and what it would lose for lateness today; nothing where it does not count.

    Args:
        grade: what holds.
        run: its late rules.
        due: ISO 8601; None for no date.
        zone: whose calendar says what day it is.
    """
    if grade.standing.policy == "first":
        return ""
    often = "You may hand in as often as you like."
    now = datetime.now(UTC)
    late = (now - datetime.fromisoformat(due)).total_seconds() if due is not None else 0.0
    full = replace(grade.result, exercises=[replace(one, points=one.max_points) for one in grade.result.exercises])
    cost = run.counting.penalty(grade.student, full, late) if late > 0 else None
    if not cost:
        return often
    day = f"{now.astimezone(zone):%Y-%m-%d}"
    left = passes(full.score - cost, full.max_score, grade.pass_mark)
    lost = f"{round(cost, 2):g} of {counted(full.max_score, 'point')} for lateness"
    return f"{often} On {day}, full marks lose {lost}{'' if left else ', which leaves less than the pass mark'}."


def by_staff(entered: Entered) -> str:
    """Say what points a person entered; nothing for a comment alone."""
    said = [f"{counted(entered.points, 'point')} in place of the automatic ones"] if entered.points is not None else []
    said += [f"{counted(entered.extra, 'point')} of extra credit"] if entered.extra else []
    return ", and ".join(said)
