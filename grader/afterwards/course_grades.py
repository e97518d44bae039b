"""The class of a course as its database holds it: what every command after `grader grade` begins with."""

from __future__ import annotations

from grader.build.drift import unbuilt
from grader.class_run.decisions import Decisions, decisions_of, due_changes
from grader.collecting.roster import Roster
from grader.course import Course
from grader.notebooks.answer_key import AnswerKey
from grader.records.attempt_policy import AttemptPolicy
from grader.records.attempts import Attempts
from grader.records.class_grades import ClassGrades
from grader.records.gradebook import Gradebook
from grader.records.late_rules import LateRules


def counting_of(course: Course, keys: dict[str, AnswerKey], book: Gradebook) -> AttemptPolicy:
    """Return which attempts count: as when grades were settled last, by the gradebook's dates and the late rules.

    Without grades that were settled it is course.toml that says which.

    Raises:
        LateRulesError: the course's late rules cannot be used.
    """
    worth = {lab: key.worth for lab, key in keys.items()}
    rules = LateRules.of_course(course.root)
    dates, grace = (book.due(), book.extensions()), course.late.grace_seconds
    policy = Decisions(book.engine).policy() or course.attempts
    return AttemptPolicy(policy, rules, *dates, worth, course.pass_mark, grace, book.held())


def grades_of(course: Course, keys: dict[str, AnswerKey], url: str, roster: Roster | None = None) -> ClassGrades:
    """Return what everybody has in every lab.

    Args:
        course: see there.
        keys: of its labs in use.
        url: of the database.
        roster: the class; default: whoever handed in.

    Raises:
        GradebookError, LateRulesError: it cannot be opened, or the late rules cannot be used.
    """
    with Gradebook(url) as book:
        counting = counting_of(course, keys, book)
        attempts = Attempts(book.engine, counting).all()
        return ClassGrades.of(keys, attempts, book.held(), counting, roster=roster, terms=course.terms)


def unsettled(course: Course, keys: dict[str, AnswerKey], url: str) -> list[str]:
    """Say what of a course is not yet in the grades that its database holds, one sentence each.

    Args:
        course: see there.
        keys: of its labs in use.
        url: of the database.

    Raises:
        GradebookError, LateRulesError: see `grades_of`.
    """
    worth, rules = {lab: key.worth for lab, key in keys.items()}, LateRules.of_course(course.root)
    dates = {lab: due for lab, due in course.due().items() if lab in keys}
    with Gradebook(url) as book:
        found = [sentence for lab in keys for sentence in book.changes(lab, worth[lab])]
        decisions, held = Decisions(book.engine), book.due()
        found += due_changes(held, decisions.taken_out(keys, dates, held) | dates, course.time_zone)
        found += decisions.changes(decisions_of(course, rules))
    settled = [f"{sentence}; run `grader grade`, which settles that" for sentence in found]
    return [*unbuilt(course, worth), *settled]
