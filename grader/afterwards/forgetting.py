"""Remove a person: from the attempts and nbgrader's gradebook, and the files that bear or hold their name.

Only whole names count, so nobody else's rows or folders are touched. What is there is listed first, see `traces`. A
file of results that names somebody is removed whole: all that it says of others stands in the gradebook, from which it
is written anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from nbgrader import api
from sqlalchemy import Engine, delete, func, inspect, select
from sqlalchemy.orm import Session

from grader.collecting.ledger import REPORT, Row, drop_rows, rows_of
from grader.collecting.roster import Student
from grader.records.attempt import Attempt
from grader.records.extensions import Extension
from grader.records.gradebook import Gradebook
from grader.records.held_grades import EnteredRow, Written
from grader.records.regrades import Regrade
from grader.records.writer_lock import WriterLock
from grader.text.plurals import counted
from grader.text.safe_names import file_name, require_plain_name

# Each ends in its noun, which an s makes several.
TABLES = {"recorded grading": Attempt, "regrade": Regrade, "extension": Extension, "hand-entered grade": EnteredRow}
TABLES |= {"gradebook note": Written}
OF_NBGRADER = ("submitted", "autograded", "feedback")  # as nbgrader_config.py calls them
# What `grader grade` and `grader export` call the files of a class, and what they are made again with.
RESULTS = dict.fromkeys(("results.json", "grades.csv", "report.html", "report-anonymous.html"), "grade")
RESULTS |= {f"{name}.csv": "export" for name in ("canvas", "moodle", "gradescope", "csv")}
RESULTS |= {"gradescope.json": "export"}
LARGEST = 100_000_000  # bytes of a file that is looked into


@dataclass(frozen=True)
class Traces:
    """What there is of a person.

    Args:
        rows: how many there are, by what they are.
        folders: that bear the name.
        reports: collected.csv files, each with its rows of theirs.
        results: files of results that name them.
    """

    rows: dict[str, int] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    reports: dict[Path, list[Row]] = field(default_factory=dict)
    results: list[Path] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Say it, a line each."""
        rows = [counted(count, what) for what, count in self.rows.items() if count]
        again = [f"{one}, which `grader {RESULTS[one.name]}` writes anew" for one in self.results]
        return [*rows, *(f"{one}/" for one in self.folders), *(f"rows of {one}" for one in self.reports), *again]


def traces(
    url: str,
    student: str,
    work: Path,
    results: Iterable[Path],
    collected: Iterable[Path],
    known: Student | None = None,
) -> Traces:
    """Look for a person everywhere.

    Args:
        url: of the database.
        student: by id.
        work: the course's .nbgrader, where nbgrader_config.py has nbgrader's folders.
        results: folders that `grader grade --out` wrote.
        collected: folders that `grader collect --out` wrote, or that have that form.
        known: as the roster has them, name and address; default: by the id alone.

    Raises:
        ValueError: the name is no folder's, so nobody can have it.
        GradebookError: the database cannot be opened.
    """
    require_plain_name(student)
    collected, results, named = list(collected), list(results), naming(known or Student(student))
    places = [work / name / student for name in OF_NBGRADER]
    places += [folder / "feedback" / file_name(student) for folder in results]
    places += [folder / student for folder in collected]
    with Gradebook(url) as book:
        rows = {what: _count(book.engine, table, student) for what, table in TABLES.items()}
        rows["nbgrader submission"] = _count(book.engine, api.SubmittedAssignment, student)
        rows["nbgrader student"] = _count(book.engine, api.Student, student)
    reports = {report: own for folder in collected if (own := rows_of(report := folder / REPORT, student, named))}
    files = [file for folder in results for name in RESULTS if _holds(file := folder / name, named)]
    return Traces(rows, [place for place in places if place.is_dir() and not place.is_symlink()], reports, files)


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
    for report, rows in found.reports.items():
        drop_rows(report, rows)
    for file in found.results:
        file.unlink()


def naming(student: Student) -> re.Pattern:
    """Return what finds a person in a text: id, name and address as whole words, also as a page has them."""
    own = dict.fromkeys(filter(None, (student.id, file_name(student.id), student.name, student.email)))
    texts = dict.fromkeys(text for one in own for text in (one, escape(one), escape(one).replace("&#x27;", "&#39;")))
    return re.compile(rf"(?<![\w@+.-])(?:{'|'.join(map(re.escape, texts))})(?![\w@+-]|\.\w)")


def still_named(student: Student, folders: Iterable[Path]) -> list[Path]:
    """Return the files in some folders that name a person still, such as a roster or what somebody wrote of them."""
    named = naming(student)
    return sorted(file for folder in folders for file in folder.rglob("*") if _holds(file, named))


def _holds(file: Path, named: re.Pattern) -> bool:
    if not file.is_file() or file.is_symlink() or file.stat().st_size > LARGEST:
        return False
    return named.search(file.read_bytes().decode("utf-8", errors="replace")) is not None


def _count(engine: Engine, table: type, student: str) -> int:
    own = {**dict.fromkeys(TABLES.values(), "student"), api.Student: "id"}.get(table, "student_id")
    if not inspect(engine).has_table(table.__tablename__):
        return 0
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table).where(getattr(table, own) == student))
