"""One graded attempt as a row of the database: what was graded, what came out, and on what terms."""

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from grader.results import Exercise, Result


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
    best: Mapped[bool]  # whether it was the best so far when it was made; what counts today is not decided here
    late: Mapped[float | None]  # seconds after the due date of then; 0 in time; None where either date is unknown
    timestamp: Mapped[str | None] = mapped_column(String(32))  # handed in, ISO 8601
    sandbox: Mapped[str] = mapped_column(String(32))
    seed_id: Mapped[str] = mapped_column(String(32))
    versions: Mapped[dict] = mapped_column(JSON)
    seconds: Mapped[float]
    graded_at: Mapped[str] = mapped_column(String(32))  # ISO 8601, UTC
    exercises: Mapped[list] = mapped_column(JSON)
    flags: Mapped[list] = mapped_column(JSON)
    notes: Mapped[list] = mapped_column(JSON)

    @property
    def broken(self) -> bool:
        """Whether the grader itself failed somewhere."""
        return any(exercise["verdict"] == "grader-error" for exercise in self.exercises)

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
