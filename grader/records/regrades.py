"""Regrades: what staff had graded once more, in a table of its own, so that none can ever count as an attempt."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import JSON, Engine, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from grader.records.attempt import Base
from grader.results import Result, plain


class Regrade(Base):
    """One regrade."""

    __tablename__ = "lora_regrade"

    id: Mapped[int] = mapped_column(primary_key=True)
    student: Mapped[str] = mapped_column(String(255), index=True)
    lab: Mapped[str] = mapped_column(String(128))
    attempt: Mapped[int]  # the number of the recorded grading that it repeats
    graded_at: Mapped[str] = mapped_column(String(32))  # ISO 8601, UTC
    result: Mapped[dict] = mapped_column(JSON)  # as `plain` writes it


class Regrades:
    """The table of regrades in one database, made when missing.

    Args:
        engine: of the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        Base.metadata.create_all(engine, tables=[Regrade.__table__])

    def add(self, attempt: int, result: Result) -> None:
        """Record one; `attempt` is the number of the recorded grading that it repeats."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = Regrade(student=result.student, lab=result.lab, attempt=attempt, graded_at=now, result=plain(result))
        with Session(self._engine) as session, session.begin():
            session.add(row)

    def all(self, student: str, lab: str) -> list[Regrade]:
        """Return those of a student and lab, oldest first."""
        with Session(self._engine) as session:
            found = list(session.scalars(select(Regrade).filter_by(student=student, lab=lab).order_by(Regrade.id)))
            session.expunge_all()
            return found
