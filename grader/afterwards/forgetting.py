"""Remove a person: from the attempts and nbgrader's gradebook, and the files that bear their name as a folder.

Only whole names count, so nobody else's rows or folders are touched. What is there is listed first, see `traces`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader import api
from sqlalchemy import Engine, delete, func, inspect, select
from sqlalchemy.orm import Session

from grader.collecting.ledger import REPORT, drop_rows, rows_of
from grader.records.attempt import Attempt
from grader.records.extensions import Extension
from grader.records.gradebook import Gradebook
from grader.records.regrades import Regrade
from grader.records.writer_lock import WriterLock
from grader.text.plurals import counted
from grader.text.safe_names import file_name, require_plain_name

TABLES = {"attempt": Attempt, "regrade": Regrade, "extension": Extension}
OF_NBGRADER = ("submitted", "autograded", "feedback")  # as nbgrader_config.py calls them


@dataclass(frozen=True)
class Traces:
    """What there is of a person.

    Args:
        rows: how many there are, by what they are.
        folders: that bear the name.
        reports: collected.csv files with rows of theirs.
    """

    rows: dict[str, int] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    reports: list[Path] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Say it, a line each."""
        rows = [counted(count, what) for what, count in self.rows.items() if count]
        return [*rows, *(f"{folder}/" for folder in self.folders), *(f"rows of {one}" for one in self.reports)]


def traces(url: str, student: str, work: Path, results: Iterable[Path], collected: Iterable[Path]) -> Traces:
    """Look for a person everywhere.

    Args:
        url: of the database.
        student: by id.
        work: the course's .nbgrader, where nbgrader_config.py has nbgrader's folders.
        results: folders that `grader grade --out` wrote.
        collected: folders that `grader collect --out` wrote, or that have that form.

    Raises:
        ValueError: the name is no folder's, so nobody can have it.
        GradebookError: the database cannot be opened.
    """
    require_plain_name(student)
    collected = list(collected)
    places = [work / name / student for name in OF_NBGRADER]
    places += [folder / "feedback" / file_name(student) for folder in results]
    places += [folder / student for folder in collected]
    with Gradebook(url) as book:
        rows = {what: _count(book.engine, table, student) for what, table in TABLES.items()}
        rows["submission in nbgrader's gradebook"] = _count(book.engine, api.SubmittedAssignment, student)
        rows["student in nbgrader's gradebook"] = _count(book.engine, api.Student, student)
    reports = [report for folder in collected if rows_of(report := folder / REPORT, student)]
    return Traces(rows, [place for place in places if place.is_dir() and not place.is_symlink()], reports)


def forget(url: str, student: str, found: Traces) -> None:
    """Remove what was found; what a kill leaves, the same call removes.

    SQLite keeps deleted rows in its file until their place is needed, so the file is written anew.

    Raises:
        GradebookError, OSError: the database cannot be opened, or a folder cannot be removed.
    """
    with WriterLock(url), Gradebook(url) as book:
        for table in TABLES.values():
            if inspect(book.engine).has_table(table.__tablename__):
                with Session(book.engine) as session, session.begin():
                    session.execute(delete(table).where(table.student == student))
        book.remove_student(student)
        if book.engine.dialect.name == "sqlite":
            with book.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM")
    for folder in found.folders:
        shutil.rmtree(folder)
    for report in found.reports:
        drop_rows(report, student)


def _count(engine: Engine, table: type, student: str) -> int:
    own = {Attempt: "student", Regrade: "student", Extension: "student", api.Student: "id"}.get(table, "student_id")
    if not inspect(engine).has_table(table.__tablename__):
        return 0
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table).where(getattr(table, own) == student))
