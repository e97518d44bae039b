"""What came of grading a class: what was graded and what was not, and what the database then holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from grader.class_run.answer_comparison import SharedAnswer
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.submission import Refusal, Submission, iso
from grader.records.attempt import Attempt
from grader.records.attempt_policy import AttemptPolicy, Standing
from grader.records.class_grades import LabGrade
from grader.records.held_grades import Held
from grader.results import Result


@dataclass(frozen=True)
class Graded:
    """One submission that was graded, now or before.

    Args:
        result: what grading said.
        standing: where the student stands after it.
    """

    result: Result
    standing: Standing

    @property
    def student(self) -> str:
        """Whose it is."""
        return self.result.student

    @property
    def lab(self) -> str:
        """Which lab."""
        return self.result.lab


@dataclass
class Run:
    """What came of one call of `grade_all`.

    Args:
        keys: the labs, by name.
        rows: for each student and lab the last hand-in that could be graded, and those after it that could not;
            ordered by student and lab.
        problems: one sentence for each submission that could not be graded or recorded.
        counting: which attempts count.
        shared: answers that several students handed in with the same text.
        attempts: all that the database holds, oldest first.
        held: what the gradebook holds in the end, by (student, lab).
        hand_ins: all that this run read, whoever was asked for, in order.
        changes: of the course since grades were settled last, one sentence each.
        students: whose hand-ins were to be graded; empty for everybody's.
        standings: after each hand-in that was graded, several of one student and lab among them.
    """

    keys: dict[str, AnswerKey]
    rows: list[Graded | Refusal] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    counting: AttemptPolicy = field(default_factory=AttemptPolicy)
    shared: list[SharedAnswer] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    hand_ins: list[Submission] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    students: frozenset[str] = frozenset()
    standings: list[Standing] = field(default_factory=list)

    def asked(self, student: str) -> bool:
        """Whether a student's hand-ins were to be graded."""
        return not self.students or student in self.students

    @property
    def graded(self) -> list[Graded]:
        """The submissions that were graded."""
        return [row for row in self.rows if isinstance(row, Graded)]

    @property
    def refused(self) -> list[Refusal]:
        """What could not be graded, whoever was asked for."""
        return [row for row in self.rows if isinstance(row, Refusal)]

    @property
    def submissions(self) -> dict[tuple[str, str], Submission]:
        """The last hand-in of this run, by (student, lab)."""
        return {(one.student, one.lab): one for one in self.hand_ins}

    def counted(self, grades: dict[tuple[str, str], LabGrade]) -> list[Submission]:
        """Return the hand-ins of this run that count: of those that it did not read, nothing more is known."""
        count = {(*place, one.result.submission_sha256, one.result.timestamp) for place, one in grades.items()}
        return [one for one in self.hand_ins if (one.student, one.lab, one.sha256, iso(one.timestamp)) in count]

    def due_of(self, student: str, lab: str) -> datetime | None:
        """Return when a lab is due for a student, extension included (UTC, without zone); None where it is not."""
        due = self.counting.due.get(lab)
        return due + self.counting.extensions.get((student, lab), timedelta()) if due is not None else None
