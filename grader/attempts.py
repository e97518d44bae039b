"""Every graded attempt, append-only, in a table beside nbgrader's own in the same database.

A row says what was graded (hashes of submission and checks), what came out and on what terms. Rows are never changed:
`best` says whether the attempt was the best so far when it was made, so the last row with it is the one that counts.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import JSON, Engine, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from grader.results import Exercise, Result

MOST_RETRIES = 20  # two writers rarely meet twice


class Base(DeclarativeBase):
    """Tables of the grader; nbgrader's are its own."""


class Attempt(Base):
    """One graded submission; the columns are those of `Result`, and what the record adds."""

    __tablename__ = "lora_attempt"
    __table_args__ = (UniqueConstraint("student", "lab", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student: Mapped[str] = mapped_column(String(255), index=True)
    lab: Mapped[str] = mapped_column(String(128), index=True)
    number: Mapped[int]  # 1, 2, ... for this student and lab
    submission_sha256: Mapped[str] = mapped_column(String(64), index=True)
    checks_sha256: Mapped[str] = mapped_column(String(64))
    score: Mapped[float]
    max_score: Mapped[float]
    passed: Mapped[bool]
    best: Mapped[bool]
    late: Mapped[float | None]  # seconds after the due date; 0 in time; None where either date is unknown
    timestamp: Mapped[str | None] = mapped_column(String(32))  # handed in, ISO 8601
    sandbox: Mapped[str] = mapped_column(String(32))
    seed_id: Mapped[str] = mapped_column(String(32))
    versions: Mapped[dict] = mapped_column(JSON)
    seconds: Mapped[float]
    graded_at: Mapped[str] = mapped_column(String(32))  # ISO 8601, UTC
    exercises: Mapped[list] = mapped_column(JSON)
    flags: Mapped[list] = mapped_column(JSON)
    notes: Mapped[list] = mapped_column(JSON)

    def result(self) -> Result:
        """Return what grading had said."""
        same = ("student", "lab", "submission_sha256", "checks_sha256", "sandbox", "seed_id", "seconds", "timestamp")
        return Result(
            **{name: getattr(self, name) for name in same},
            versions=dict(self.versions),
            exercises=[Exercise.from_dict(data) for data in self.exercises],
            flags=list(self.flags),
            notes=list(self.notes),
        )


@dataclass(frozen=True)
class Standing:
    """Where a student stands in a lab after an attempt.

    Args:
        number: of the attempt just looked at.
        new: whether this run added it.
        attempts: how many there are.
        best: the attempt that counts.
        best_number: its number.
        late: of the attempt just looked at, in seconds; None when unknown.
    """

    number: int
    new: bool
    attempts: int
    best: Result
    best_number: int
    late: float | None


class Attempts:
    """The table of attempts in one database; used by one writer at a time.

    Args:
        engine: of the database; the table is made when missing. nbgrader's own tables must have been made before.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        Base.metadata.create_all(engine)

    def known(
        self, student: str, lab: str, submission_sha256: str, checks_sha256: str, cell_seconds: float
    ) -> Attempt | None:
        """Return the attempt that graded these bytes with these checks, if its outcome would be the same today.

        An attempt that the grader broke, or that ran out of a shorter time limit, is graded again.
        """
        query = select(Attempt).filter_by(
            student=student, lab=lab, submission_sha256=submission_sha256, checks_sha256=checks_sha256
        )
        with Session(self._engine) as session:
            for attempt in session.scalars(query.order_by(Attempt.number.desc())):
                if _settled(attempt, cell_seconds):
                    session.expunge(attempt)
                    return attempt
        return None

    def add(self, result: Result, late: float | None = None) -> Standing:
        """Append one attempt, unless another run has recorded the same one since `known` was asked."""
        for _ in range(MOST_RETRIES):
            try:
                return self._add(result, late)
            except IntegrityError:  # another run took the number between our look and our row: look again
                continue
        return self._add(result, late)

    def _add(self, result: Result, late: float | None) -> Standing:
        with Session(self._engine) as session, session.begin():
            before = list(session.scalars(_of(result.student, result.lab)))
            seconds = float(result.versions.get("cell_seconds", 0))
            for other in reversed(before):
                same = (other.submission_sha256, other.checks_sha256)
                if same == (result.submission_sha256, result.checks_sha256) and _settled(other, seconds):
                    return _standing(before, other, new=False)
            attempt = Attempt(
                **{name: getattr(result, name) for name in ("student", "lab", "score", "max_score", "passed")},
                **{name: getattr(result, name) for name in ("submission_sha256", "checks_sha256", "seconds")},
                **{name: getattr(result, name) for name in ("sandbox", "seed_id", "versions", "timestamp")},
                number=len(before) + 1,
                best=all(_share(result) > _share(other) for other in before),
                late=late,
                graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
                exercises=[asdict(exercise) for exercise in result.exercises],
                flags=list(result.flags),
                notes=list(result.notes),
            )
            session.add(attempt)
            session.flush()
            return _standing([*before, attempt], attempt, new=True)

    def standing(self, attempt: Attempt) -> Standing:
        """Return where the student stands, seen from an attempt made earlier."""
        with Session(self._engine) as session:
            return _standing(list(session.scalars(_of(attempt.student, attempt.lab))), attempt, new=False)

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


def _settled(attempt: Attempt, cell_seconds: float) -> bool:
    """Whether grading the same bytes with the same checks again would say the same."""
    result = attempt.result()
    enough = float(attempt.versions.get("cell_seconds", 0)) >= cell_seconds
    return result.repeatable or (enough and not result.broken)


def _share(attempt: Attempt | Result) -> float:
    return attempt.score / attempt.max_score if attempt.max_score else 0.0


def _standing(attempts: list[Attempt], attempt: Attempt, *, new: bool) -> Standing:
    best = [other for other in attempts if other.best][-1]
    return Standing(attempt.number, new, len(attempts), best.result(), best.number, attempt.late)
