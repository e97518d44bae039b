"""What a course had decided when its grades were settled last, so that a change of it is named before it takes effect.

Points and due dates stand in nbgrader's own tables, see `Gradebook.changes`; what nbgrader has no place for is kept
here, such as which of the dates came from course.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class CourseDate(Base):
    """A due date that came from course.toml."""

    __tablename__ = "lora_course_date"

    lab: Mapped[str] = mapped_column(String(128), primary_key=True)
    due: Mapped[datetime]  # UTC, without zone


TABLES = [Decision.__table__, CourseDate.__table__]


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
    """The tables of decisions in one database, made when they are first kept.

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

    def taken_out(
        self, labs: Iterable[str], now: dict[str, datetime], held: dict[str, datetime | None]
    ) -> dict[str, None]:
        """Return, each with None, which of some labs have a due date that course.toml gave and gives no longer.

        Args:
            labs: to look at.
            now: the dates of course.toml.
            held: those of the gradebook; one that somebody has set since is theirs.
        """
        kept = self._dates()
        return {lab: None for lab in labs if lab in kept and lab not in now and held.get(lab) == kept[lab]}

    def _dates(self) -> dict[str, datetime]:
        if not inspect(self._engine).has_table(CourseDate.__tablename__):
            return {}
        with Session(self._engine) as session:
            return {one.lab: one.due for one in session.scalars(select(CourseDate))}

    def keep(self, now: dict[str, str], labs: Iterable[str] = (), dates: dict[str, datetime] | None = None) -> None:
        """Keep these, in place of what was kept before.

        Args:
            now: the decisions.
            labs: that were settled; the dates of others stay as they are kept.
            dates: of these labs, as far as they came from course.toml; default: none did.
        """
        Base.metadata.create_all(self._engine, tables=TABLES)
        with Session(self._engine) as session, session.begin():
            session.execute(delete(Decision))
            if now:
                session.execute(insert(Decision), [{"name": name, "value": value} for name, value in now.items()])
            session.execute(delete(CourseDate).where(CourseDate.lab.in_(list(labs))))
            if dates:
                session.execute(insert(CourseDate), [{"lab": lab, "due": due} for lab, due in dates.items()])


def due_changes(before: dict[str, datetime | None], now: dict[str, datetime | None], zone: tzinfo) -> Iterator[str]:
    """Yield a sentence for each lab that is in the gradebook with another due date, or with none.

    Args:
        before: as the gradebook has them (UTC, without zone).
        now: those that are set, None for no date.
        zone: whose clocks the sentences show.
    """
    for lab, moment in now.items():
        if lab in before and before[lab] != moment:
            today, then = (shown(one, zone) if one else "no date" for one in (moment, before[lab]))
            yield f"{lab}, due: now {today}, before {then}"
