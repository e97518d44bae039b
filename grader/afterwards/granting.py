"""Grant one student a later due date for one lab, and settle at once what an attempt that is there now costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grader.afterwards.course_grades import counting_of
from grader.collecting.roster import Roster
from grader.course import Course
from grader.notebooks.answer_key import AnswerKey
from grader.records.attempts import Attempts
from grader.records.class_grades import ClassGrades, LabGrade
from grader.records.gradebook import Gradebook
from grader.records.writer_lock import WriterLock
from grader.text.moments import shown


class CannotExtend(ValueError):
    """Nothing was changed; the message is one sentence with the cure."""


@dataclass(frozen=True)
class Granted:
    """An extension, and what it changes.

    Args:
        due: the date for everybody (UTC, without zone).
        before, after: the student's grade; None where nothing has been graded yet.
    """

    due: datetime
    before: LabGrade | None
    after: LabGrade | None


def extend(
    course: Course,
    key: AnswerKey,
    url: str,
    student: str,
    until: datetime | None,
    roster: Roster | None = None,
) -> Granted:
    """Let a student hand in a lab until a later date.

    Args:
        course: see there.
        key: of the lab.
        url: of the database.
        student: by id.
        until: UTC without zone, after the due date; None takes the extension back.
        roster: the class; default: any name will do.

    Raises:
        CannotExtend: the student is in no roster, the lab has no due date, or the new one is not later.
        GradebookError, LateRulesError: see `grades_of`.
    """
    if roster is not None and student not in roster.students:
        raise CannotExtend(f"there is no student {student!r} in the roster; the roster's column 'id' has the names.")
    lock = WriterLock(url)
    with lock, Gradebook(url) as book:
        due = course.due().get(key.lab) or book.due().get(key.lab)
        if due is None:
            raise CannotExtend(f"{key.lab} has no due date, so nobody is late; give it one in course.toml first.")
        if until is not None and until <= due:
            raise CannotExtend(f"that is not later than {key.lab} is due anyway ({shown(due, course.time_zone)}).")
        before = _grade(course, key, book, student)
        book.extend(student, key.lab, until)
        after = _grade(course, key, book, student)
        if after is not None:
            counting, counts = counting_of(course, {key.lab: key}, book), after.standing.counts
            book.write(counts, counts.handed_in, counting.penalty)
        return Granted(due, before, _grade(course, key, book, student))


def _grade(course: Course, key: AnswerKey, book: Gradebook, student: str) -> LabGrade | None:
    counting = counting_of(course, {key.lab: key}, book)
    attempts = Attempts(book.engine, counting).all(student, key.lab)
    grades = ClassGrades.of({key.lab: key}, attempts, book.held(key.lab), counting, terms=course.terms)
    return grades.grades.get((student, key.lab))
