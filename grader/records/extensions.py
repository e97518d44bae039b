"""Extensions: a later due date of one student for one lab, in a table of our own beside nbgrader's.

nbgrader keeps an extension with a submission. For somebody who has not handed in yet one would have to be made, and it
would count: among the submissions of a lab, and as 0 points in its mean. Where there is a submission, nbgrader's row
says the same, so that its own commands know as well, see `Gradebook.write`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, String, delete, inspect, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from grader.records.attempt import Base


class Extension(Base):
    """One extension."""

    __tablename__ = "lora_extension"

    student: Mapped[str] = mapped_column(String(255), primary_key=True)
    lab: Mapped[str] = mapped_column(String(128), primary_key=True)
    until: Mapped[datetime]  # UTC, without zone


class Extensions:
    """The table of extensions in one database, made when the first is granted.

    Args:
        engine: of the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[tuple[str, str], datetime]:
        """Return until when each student may hand in each lab (UTC, without zone)."""
        if not inspect(self._engine).has_table(Extension.__tablename__):
            return {}
        with Session(self._engine) as session:
            return {(one.student, one.lab): one.until for one in session.scalars(select(Extension))}

    def grant(self, student: str, lab: str, until: datetime | None) -> None:
        """Set one, in place of an earlier one; None takes it back."""
        Base.metadata.create_all(self._engine, tables=[Extension.__table__])
        with Session(self._engine) as session, session.begin():
            session.execute(delete(Extension).filter_by(student=student, lab=lab))
            if until is not None:
                session.add(Extension(student=student, lab=lab, until=until))
