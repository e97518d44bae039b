"""Every graded attempt, append-only, in a table beside nbgrader's own in the same database.

A row says what was graded (hashes of submission and checks), what came out and on what terms. Rows are never changed;
which of them counts is a view, see `AttemptPolicy`.
"""

from dataclasses import asdict, replace
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.records.attempt import Attempt, Base
from grader.records.attempt_policy import AttemptPolicy, Standing, in_order
from grader.results import OPEN, Result, Terms, passes

MOST_RETRIES = 20  # two writers rarely meet twice


class Attempts:
    """The table of attempts in one database; used by one writer at a time.

    Args:
        engine: of the database; the table is made when missing. nbgrader's own tables must have been made before.
        counting: which attempt counts; default: the best, and lateness costs nothing.
    """

    def __init__(self, engine: Engine, counting: AttemptPolicy | None = None) -> None:
        self._engine = engine
        self.counting = counting or AttemptPolicy()
        Base.metadata.create_all(engine)

    def known(self, student: str, lab: str, submission_sha256: str, terms: Terms) -> Attempt | None:
        """Return the last attempt that graded these bytes, if its outcome would be the same on these terms.

        An attempt that the grader broke, or that ran out of a shorter time limit, is graded again; and so is one after
        which the same bytes were graded on other terms, so that the last grading of a file is always that of today.
        """
        query = select(Attempt).filter_by(student=student, lab=lab, submission_sha256=submission_sha256)
        with Session(self._engine) as session:
            attempt = session.scalars(query.order_by(Attempt.number.desc())).first()
            session.expunge_all()
        return attempt if attempt is not None and _holds(attempt, terms) else None

    def add(self, result: Result, late: float | None = None) -> Standing:
        """Append one attempt, unless another run has recorded the same one since `known` was asked.

        Args:
            result: what grading said.
            late: seconds after the due date; default: by the dates of `attempt_policy`.
        """
        return self._appended(result, late, again=False)

    def again(self, attempt: Attempt, timestamp: str | None = None) -> Standing:
        """Return where the student stands, seen from an attempt made earlier whose bytes lie here once more.

        They are a new attempt where they were handed in again after something else, or where only now a date is known.

        Args:
            attempt: as `known` returned it.
            timestamp: when the bytes that lie here were handed in, ISO 8601.
        """
        with Session(self._engine) as session:
            before = list(session.scalars(_of(attempt.student, attempt.lab)))
        if timestamp is not None and timestamp > (attempt.timestamp or ""):
            last = in_order(before)[-1]
            if attempt.timestamp is None or last.submission_sha256 != attempt.submission_sha256:
                return self._appended(replace(attempt.result(), timestamp=timestamp), None, again=True)
        return self.counting.standing(before, attempt, new=False)

    def _appended(self, result: Result, late: float | None, *, again: bool) -> Standing:
        for _ in range(MOST_RETRIES):
            try:
                return self._add(result, late, again)
            except IntegrityError:  # another run took the number between our look and our row: look again
                continue
        return self._add(result, late, again)

    def _add(self, result: Result, late: float | None, again: bool) -> Standing:
        with Session(self._engine) as session, session.begin():
            before = list(session.scalars(_of(result.student, result.lab)))
            last = next((one for one in reversed(before) if one.submission_sha256 == result.submission_sha256), None)
            if last is not None and _holds(last, result.terms) and (not again or last.timestamp == result.timestamp):
                return self.counting.standing(before, last, new=False)
            attempt = Attempt(
                **{name: getattr(result, name) for name in ("student", "lab", "score", "max_score")},
                **{name: getattr(result, name) for name in ("submission_sha256", "checks_sha256", "seconds")},
                **{name: getattr(result, name) for name in ("sandbox", "seed_id", "versions", "timestamp")},
                number=len(before) + 1,
                passed=passes(result.score, result.max_score, self.counting.pass_mark),
                best=all(_share(result) > _share(other) for other in before),
                late=late,
                graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
                exercises=[asdict(exercise) for exercise in result.exercises],
                flags=list(result.flags),
                notes=list(result.notes),
            )
            attempt.late = self.counting.late(attempt)
            session.add(attempt)
            session.flush()
            return self.counting.standing([*before, attempt], attempt, new=True)

    def all(self, student: str | None = None, lab: str | None = None) -> list[Attempt]:
        """Return the attempts, oldest first: everybody's, or one student's, or those of one lab."""
        query = select(Attempt).order_by(Attempt.id)
        for name, value in (("student", student), ("lab", lab)):
            query = query.filter_by(**{name: value}) if value is not None else query
        with Session(self._engine) as session:
            found = list(session.scalars(query))
            session.expunge_all()
            return found


def _of(student: str, lab: str):
    return select(Attempt).filter_by(student=student, lab=lab).order_by(Attempt.number)


def _holds(attempt: Attempt, terms: Terms) -> bool:
    """Whether grading the attempt's bytes on these terms would say the same as it did."""
    limit, then = (float(versions.get("cell_seconds", 0)) for versions in (terms.versions, attempt.versions))
    result = attempt.result()
    return (
        attempt.checks_sha256 == terms.checks_sha256
        and attempt.seed_id == terms.seed_id
        and (attempt.sandbox != OPEN or terms.sandbox == OPEN)  # what was graded shut off needs no grade without
        and _packages(attempt.versions) == _packages(terms.versions)
        and (result.repeatable or (then >= limit and not result.broken))
    )


def _packages(versions: dict[str, str]) -> dict[str, str]:
    return {name: version for name, version in versions.items() if name != "cell_seconds"}


def _share(attempt: Attempt | Result) -> float:
    return attempt.score / attempt.max_score if attempt.max_score else 0.0
