"""What a course had decided when its grades were settled last, so that a change of it is named before it takes effect.

Points and due dates stand in nbgrader's own tables, see `Gradebook.changes`; what nbgrader has no place for is kept
here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from sqlalchemy import Engine, String, Text, delete, insert, inspect, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from grader.course import Course, Policy
from grader.records.attempt import Base
from grader.records.late_rules import LateRules
from grader.text.moments import shown


POLICY = "the attempt that counts"


class Decision(Base):
    """One decision, in words."""

    __tablename__ = "lora_decision"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


def decisions_of(course: Course, rules: LateRules, policy: Policy | None = None) -> dict[str, str]:
    """Return what a course decides of grades beside points and due dates, by name.

    Args:
        course: see there.
        rules: what lateness costs.
        policy: which attempt counts; default: as the course says.
    """
    said = {
        "the pass mark": f"{100 * course.pass_mark:g} %",
        POLICY: policy or course.attempts,
        "what lateness costs": rules.said,
        "labs in use": ", ".join(lab.partition("_")[0] for lab in course.labs),
    }
    for lab, terms in course.terms.items():
        said[f"{lab}, weight"] = f"{terms.weight:g}{' as extra credit' if terms.extra_credit else ''}"
    return said


class Decisions:
    """The table of decisions in one database, made when they are first kept.

    Args:
        engine: of the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[str, str]:
        """Return those that were kept, by name."""
        if not inspect(self._engine).has_table(Decision.__tablename__):
            return {}
        with Session(self._engine) as session:
            return {one.name: one.value for one in session.scalars(select(Decision))}

    def policy(self) -> Policy | None:
        """Return which attempt counted, by course.toml or `--attempts`; None where nothing was kept."""
        return self.all().get(POLICY)

    def changes(self, now: dict[str, str]) -> list[str]:
        """Say which decisions differ from those that were kept, one sentence each; a new name is no change."""
        before = self.all()
        other = [name for name, then in before.items() if now.get(name, then) != then]
        return [f"{name}: now {now[name]}, before {before[name]}" for name in other]

    def keep(self, now: dict[str, str]) -> None:
        """Keep these, in place of what was kept before."""
        Base.metadata.create_all(self._engine, tables=[Decision.__table__])
        with Session(self._engine) as session, session.begin():
            session.execute(delete(Decision))
            if now:
                session.execute(insert(Decision), [{"name": name, "value": value} for name, value in now.items()])


def due_changes(before: dict[str, datetime | None], now: dict[str, datetime], zone: tzinfo) -> Iterator[str]:
    """Yield a sentence for each lab that is in the gradebook with another due date, or with none.

    Args:
        before: as the gradebook has them (UTC, without zone).
        now: those that are set.
        zone: whose clocks the sentences show.
    """
    for lab, moment in now.items():
        if lab in before and before[lab] != moment:
            then = shown(before[lab], zone) if before[lab] else "no date"
            yield f"{lab}, due: now {shown(moment, zone)}, before {then}"
