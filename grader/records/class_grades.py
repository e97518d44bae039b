"""The class as it stands: for every student and lab what the gradebook holds, whoever handed in and when.

Everything that shows grades shows these: results.json, grades.csv, report, feedback, terminal, exports.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from grader.collecting.roster import Roster, Student
from grader.course import LabTerms
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.submission import Refusal
from grader.records.attempt import Attempt
from grader.records.attempt_policy import AttemptPolicy, Standing, by_place, hand_ins
from grader.records.held_grades import Entered, Held
from grader.results import Result, passes


@dataclass(frozen=True)
class LabGrade:
    """What a student has in one lab.

    Args:
        student, lab: whose and which.
        standing: seen from the last attempt.
        attempts: all of them, in order.
        result: of the attempt that counts, on today's scale, with automatic points.
        entered: what people entered on it in formgrader, by graded cell, on today's scale.
        penalty: points that lateness costs.
        pass_mark: share of the points that passes.
        elsewhere: what people entered on attempts that do not count, by number and graded cell, on today's scale.
    """

    student: str
    lab: str
    standing: Standing
    attempts: tuple[Attempt, ...]
    result: Result
    entered: dict[str, Entered]
    penalty: float
    pass_mark: float
    elsewhere: dict[int, dict[str, Entered]] = field(default_factory=dict)

    def points(self, grade_id: str) -> float:
        """Return the points that hold for one exercise."""
        (exercise,) = (one for one in self.result.exercises if one.grade_id == grade_id)
        return self.entered.get(grade_id, Entered()).on(exercise)

    @property
    def raw(self) -> float:
        """The points before lateness."""
        return round(math.fsum(self.points(one.grade_id) for one in self.result.exercises), 2)

    @property
    def score(self) -> float:
        """The points that hold: of the attempt that counts, with what people entered, less what lateness costs."""
        return round(max(0.0, self.raw - self.penalty), 2)

    @property
    def max_score(self) -> float:
        """What the lab is worth."""
        return self.result.max_score

    @property
    def share(self) -> float:
        """The points that hold over those that there are."""
        return self.score / self.max_score if self.max_score else 0.0

    @property
    def passed(self) -> bool:
        """Whether they reach the pass mark."""
        return passes(self.score, self.max_score, self.pass_mark)

    @property
    def above(self) -> list[str]:
        """Return the graded cells for which a person entered more than the exercise is worth, extra credit aside."""
        most = {one.grade_id: one.max_points for one in self.result.exercises}
        points = {name: one.points for name, one in self.entered.items() if one.points is not None}
        return [name for name, given in points.items() if given > most[name] + 1e-9]

    @property
    def left_behind(self) -> list[int]:
        """Return the numbers of attempts on which staff entered points, where they have entered none on what counts."""
        if any(one.gives for one in self.entered.values()):
            return []
        return [number for number, cells in self.elsewhere.items() if any(one.gives for one in cells.values())]

    @property
    def flags(self) -> list[str]:
        """What staff should look at: of the attempt that counts, and of what people entered."""
        moved = [f"entered-on-another-attempt:{number}" for number in self.left_behind]
        return [*self.result.flags, *(f"entered-above-worth:{name}" for name in self.above), *moved]

    @property
    def late(self) -> float | None:
        """By how many seconds the attempt that counts was late; None when unknown."""
        return self.standing.counts_late

    @property
    def marked_late(self) -> bool:
        """Whether that was more than the grace, or cost something."""
        return bool(self.late) and (self.late > self.standing.grace or self.penalty > 0)


@dataclass
class ClassGrades:
    """All students and all labs.

    Args:
        labs: answer keys of the labs in use, by name, in order.
        students: of the roster, in its order, and after them whoever handed in besides, by name.
        grades: by (student, lab), of those who handed in something that could be graded.
        refused: the last hand-ins that could not be graded, by (student, lab).
        enrolled: the roster's ids; empty where there is none.
        terms: weights and due dates, by lab.
    """

    labs: dict[str, AnswerKey]
    students: list[Student]
    grades: dict[tuple[str, str], LabGrade] = field(default_factory=dict)
    refused: dict[tuple[str, str], Refusal] = field(default_factory=dict)
    enrolled: frozenset[str] = frozenset()
    terms: dict[str, LabTerms] = field(default_factory=dict)

    @property
    def begun(self) -> list[str]:
        """The labs that anybody has handed in."""
        here = {lab for _, lab in (*self.grades, *self.refused)}
        return [lab for lab in self.labs if lab in here]

    def missing(self, lab: str) -> list[Student]:
        """Return who has handed in nothing for a lab; nobody for one that is extra credit or of weight 0."""
        if not self.terms.get(lab, LabTerms()).owed:
            return []
        here = {*self.grades, *self.refused}
        # What is of no lab that anybody could tell may be of this one.
        return [one for one in self.students if not here & {(one.id, lab), (one.id, "")}]

    def total(self, student: str) -> float | None:
        """Return a student's share of the course so far, by weights; labs that nobody has handed in yet stay aside.

        total = sum of weight * share over all begun labs / sum of weight over those that are no extra credit
        """
        begun = [(self.terms.get(lab, LabTerms()), self.grades.get((student, lab))) for lab in self.begun]
        of = math.fsum(terms.weight for terms, _ in begun if not terms.extra_credit)
        earned = math.fsum(terms.weight * grade.share for terms, grade in begun if grade is not None)
        return earned / of if of else None

    @classmethod
    def of(
        cls,
        keys: dict[str, AnswerKey],
        attempts: Iterable[Attempt],
        held: dict[tuple[str, str], Held],
        counting: AttemptPolicy,
        *,
        refused: Iterable[Refusal] = (),
        roster: Roster | None = None,
        terms: dict[str, LabTerms] | None = None,
    ) -> ClassGrades:
        """Put together what attempts, gradebook and roster say.

        Args:
            keys: of the labs in use.
            attempts: all of them, oldest first.
            held: what the gradebook holds, see `held_grades`.
            counting: which attempts count.
            refused: hand-ins that could not be graded, and after which none could.
            roster: the class; default: whoever handed in.
            terms: what the course decides of each lab; default: every lab weighs the same.
        """
        made, counting = cls(keys, [], terms=terms or {}), replace(counting, held=held)
        for (student, lab), own in by_place(one for one in attempts if one.lab in keys).items():
            standing = counting.standing(own, own[-1], new=False)
            there = held.get((student, lab), Held(penalty=standing.counts_penalty))
            counts, numbers = standing.counts, hand_ins(own)
            entered = there.entered_on(counts.submission_sha256, keys[lab].worth)
            others = [one for one in own if one.submission_sha256 != counts.submission_sha256 and there.hand_in]
            on = {numbers[one.number]: there.entered_on(one.submission_sha256, keys[lab].worth) for one in others}
            # A row's penalty is of the points of then: not of today's, and not of those that a person entered since.
            current = there.automatic in ({}, counts.automatic) and there.hand_in in ("", counts.submission_sha256)
            penalty = there.penalty if current and not entered else standing.counts_penalty
            on = {number: cells for number, cells in on.items() if cells}
            made.grades[student, lab] = LabGrade(
                student, lab, standing, tuple(own), counts, entered, penalty, counting.pass_mark, on
            )
        made.refused = {(one.student, one.lab): one for one in refused}
        known = roster.students if roster is not None else {}
        others = sorted({student for student, _ in (*made.grades, *made.refused)} - set(known))
        made.students = [*known.values(), *map(Student, others)]
        made.enrolled = frozenset(known)
        return made
