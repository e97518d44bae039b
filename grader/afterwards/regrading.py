"""Grade one submission once more, on the same inputs, for staff: what each check showed and saw, then and now.

It is recorded as a regrade, which never counts: grades change by `grader grade` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.afterwards.course_grades import counting_of
from grader.class_run.seed_file import read_seed
from grader.collecting.claims import has_own_form
from grader.collecting.gathering import gather
from grader.collecting.roster import Roster
from grader.course import Course
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.submission import Submission, collect
from grader.records.attempt import Attempt
from grader.records.attempt_policy import hand_ins
from grader.records.attempts import Attempts
from grader.records.gradebook import Gradebook
from grader.records.regrades import Regrade, Regrades
from grader.records.writer_lock import WriterLock
from grader.results import Result
from grader.scoring.grading import grade, input_seed, terms
from grader.scoring.run_submission import Limits
from grader.text.plurals import counted


class CannotRegrade(ValueError):
    """Nothing was graded; the message is one sentence with the cure."""


@dataclass(frozen=True)
class Regraded:
    """One submission, as it was graded and as it is now.

    Args:
        submission: what was handed in.
        attempt: the recorded grading of it that counts.
        then: what that grading said, on today's scale.
        number: of the attempt, among the hand-ins.
        attempts: how many the student has in this lab.
        counts: whether this attempt is the one that counts.
        now: what grading says now.
        seed: of this submission's test inputs.
        before: earlier regrades of this attempt, oldest first.
    """

    submission: Submission
    attempt: Attempt
    then: Result
    number: int
    attempts: int
    counts: bool
    now: Result
    seed: str
    before: list[Regrade]


def regrade(
    course: Course,
    key: AnswerKey,
    url: str,
    student: str,
    submitted: Path,
    *,
    number: int | None = None,
    roster: Roster | None = None,
    seed_file: Path | None = None,
    sandbox: bool = True,
) -> Regraded:
    """Grade an attempt's bytes again and record that.

    Args:
        course: see there.
        key: of the lab.
        url: of the database.
        student: by id.
        submitted: where the hand-ins lie, as for `grader grade`.
        number: of the attempt; default: the one that counts.
        roster: the class, where `submitted` is a platform's download; default: none.
        seed_file: holds the course's own seed; default: course.toml's, and where that is another, the known one.
        sandbox: whether the submission is shut off; default True.

    Raises:
        CannotRegrade: there is no such attempt, its file does not lie there, or its seed is not at hand.
        GradebookError, LateRulesError, CannotCollect, SeedFileError, OSError: see there.
    """
    with WriterLock(url) as lock, Gradebook(url) as book:
        counting = counting_of(course, {key.lab: key}, book)
        own = Attempts(book.engine, counting).all(student, key.lab)
        if not own:
            raise CannotRegrade(f"{student!r} has no attempt at {key.lab}; attempts are made by `grader grade`.")
    numbers = hand_ins(own)  # an attempt may have been graded several times
    counts, most = numbers[counting.choose(own).number], max(numbers.values())
    number = counts if number is None else number
    gradings = [one for one in own if numbers[one.number] == number]
    if not gradings:
        raise CannotRegrade(f"{student} has {counted(most, 'attempt')} at {key.lab}, so no number {number}.")
    attempt = counting.choose(gradings)
    what = f"{student}'s attempt {number} at {key.lab}"
    submission = _handed_in(what, key, attempt, submitted, roster)
    limits = Limits(cell_seconds=float(attempt.versions.get("cell_seconds", Limits.cell_seconds)))
    seed = _seed(what, attempt, key, limits, [seed_file] if seed_file else [course.seed_file, None])
    now = grade(submission, key, limits, sandbox, seed, tell=True)
    with lock, Gradebook(url) as book:
        regrades = Regrades(book.engine)
        numbered = {one.number for one in gradings}
        before = [one for one in regrades.all(student, key.lab) if one.attempt in numbered]
        regrades.add(attempt.number, now)
    then = counting.today(attempt)
    return Regraded(submission, attempt, then, number, most, number == counts, now, seed, before)


def _handed_in(what: str, key: AnswerKey, attempt: Attempt, submitted: Path, roster: Roster | None) -> Submission:
    """Find the file that was graded: by its bytes, since a student may have handed in several."""
    if not submitted.exists():
        raise CannotRegrade(f"there is no {submitted}; give the folder that holds the hand-ins.")
    keys = {key.lab: key}
    if submitted.is_dir() and has_own_form(submitted, keys):
        found = collect(submitted, keys, only=True)
    else:
        found = gather([submitted], keys, roster=roster, only=True).found
    for one in found:
        same = (one.student, one.lab) == (attempt.student, attempt.lab)
        if isinstance(one, Submission) and same and one.sha256 == attempt.submission_sha256:
            return one
    file = f"the file of {what} (sha256 {attempt.submission_sha256[:12]}...)"
    raise CannotRegrade(f"{file} does not lie in {submitted}; give the folder that was graded then.")


def _seed(what: str, attempt: Attempt, key: AnswerKey, limits: Limits, files: Iterable[Path | None]) -> str:
    """Return the seed of the inputs that the attempt was graded on: the one whose id the record has."""
    for file in files:
        seed = input_seed(attempt.submission_sha256, read_seed(file) if file is not None else None)
        if terms(key, limits, True, seed).seed_id == attempt.seed_id:
            return seed
    raise CannotRegrade(
        f"{what} was graded with another seed (id {attempt.seed_id}), so its inputs would differ; "
        "give the seed file of then with --seed-file."
    )
