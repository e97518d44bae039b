"""nbgrader's own gradebook: the attempt that counts goes in, so that `nbgrader export` and formgrader show what counts.

Scores that a person entered in formgrader stay with the hand-in that they were entered on, and win over automatic ones.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from alembic.script import ScriptDirectory
from nbformat import NotebookNode
from nbgrader import api
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import ClearSolutions, SaveCells
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError

from grader.build.twins import CODE_STUB, RELEASE_PREPROCESSORS, clean
from grader.records.attempt import Base
from grader.records.attempt_policy import no_penalty
from grader.records.extensions import Extensions
from grader.records.held_grades import TABLES, Held, held_grades, kept, note, standing, stands
from grader.records.lab_cells import SaveChangedCells, entered
from grader.records.submitted_rows import LabRows
from grader.results import Result
from grader.text.plurals import counted
from grader.text.safe_names import require_plain_name

INSTALL = "run `pip install -e '.[postgresql]'` in the course's folder"


class GradebookError(RuntimeError):
    """The gradebook cannot be used, or a lab cannot be written into it; the message is one sentence."""


def newest_schema() -> str:
    """Return the version of nbgrader's tables, as alembic names it.

    nbgrader itself starts a program `alembic` to ask; that takes seconds and has to be on PATH.
    """
    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


api.get_alembic_version = newest_schema


@contextmanager
def programs_on_path() -> Iterator[None]:
    """Put this interpreter's folder on PATH: nbgrader's own commands call a bare `alembic`."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def database_url(text: str) -> str:
    """Return a database URL: as given, or of the SQLite file at a path; an SQLite file's folder is made.

    A PostgreSQL URL without a driver gets psycopg, version 3; SQLAlchemy alone would take version 2.

    Raises:
        GradebookError: neither a URL nor a usable path, or PostgreSQL without its driver.
    """
    if "://" not in text and "?" in text:
        raise GradebookError(f"{text!r} has a '?', after which a database's address holds settings; give another file.")
    url = text if "://" in text else f"sqlite:///{Path(text).resolve().as_posix()}"
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
            url = parsed.render_as_string(hide_password=False)
        if parsed.drivername == "postgresql+psycopg" and find_spec("psycopg") is None:
            raise GradebookError(f"PostgreSQL needs its driver; {INSTALL}.")
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(parsed.database).resolve().parent.mkdir(parents=True, exist_ok=True)
    except (ArgumentError, OSError) as error:
        raise GradebookError(f"the database {text!r} cannot be used ({error}); give a file or a URL.") from error
    return url


def existing_database(text: str) -> str:
    """Return the URL of a database that holds grades already; an SQLite file that is not there is not made.

    Raises:
        GradebookError: there is none, or see `database_url`.
    """
    place = make_url(text).database if text.startswith("sqlite:") else text if "://" not in text else None
    if place not in (None, "", ":memory:") and not Path(place).exists():
        raise GradebookError(f"there is no gradebook {shown_url(text)}; `grader grade` makes it, or give another --db.")
    return database_url(text)


def _open(url: str) -> api.Gradebook:
    """Open nbgrader's gradebook; where that fails, close the connection that it has already made."""
    book = api.Gradebook.__new__(api.Gradebook)
    try:
        book.__init__(url)
    except BaseException:
        if hasattr(book, "db"):
            book.close()
        raise
    return book


def _make_whole(url: str) -> None:
    """Make a missing SQLite file under another name first: nbgrader never completes one that it was killed over."""
    place = make_url(url)
    if (
        place.get_backend_name() != "sqlite"
        or place.database in (None, "", ":memory:")
        or Path(place.database).exists()
    ):
        return
    new = Path(f"{place.database}.new")
    new.unlink(missing_ok=True)
    _open(f"sqlite:///{new}").close()
    try:
        os.link(new, place.database)
    except FileExistsError:  # another run was faster
        pass
    except OSError:  # a file system without links
        os.replace(new, place.database)
    new.unlink(missing_ok=True)


def shown_url(text: str) -> str:
    """Return a database URL or file as it may be printed: without its password."""
    try:
        return make_url(text).render_as_string(hide_password=True)
    except ArgumentError:
        return text


class Gradebook:
    """A nbgrader gradebook, as a context manager.

    Args:
        url: of the database; tables are made when missing.

    Raises:
        GradebookError: it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            _make_whole(url)
            self._book = _open(url)
            Base.metadata.create_all(self._book.engine, tables=TABLES)
            self._labs: dict[str, LabRows] = {}
        except Exception as error:
            reason = str(getattr(error, "orig", error)).strip().split("\n")[0]
            raise GradebookError(f"the gradebook {shown_url(url)} cannot be opened ({reason}).") from error

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    @property
    def engine(self) -> Engine:
        """The connection, for tables of our own in the same database."""
        return self._book.engine

    def add_lab(self, lab: str, notebook: NotebookNode, due: datetime | None = None) -> datetime | None:
        """Make or refresh a lab's assignment from its solution twin.

        Args:
            lab: name of assignment and notebook.
            notebook: the solution twin.
            due: sets the due date (UTC, without zone); default: as it is.

        Returns:
            The due date that holds now.

        Raises:
            GradebookError: the lab has lost cells for which people have entered something.
        """
        changes = {"duedate": due} if due is not None else {}
        assignment = self._book.update_or_create_assignment(lab, **changes)
        due = assignment.duedate
        nb = clean(notebook)
        resources = {"nbgrader": {"notebook": lab, "assignment": lab, "db_url": self.url}}
        try:
            for preprocessor in (*RELEASE_PREPROCESSORS[: RELEASE_PREPROCESSORS.index(SaveCells)], SaveChangedCells):
                options = {"code_stub": CODE_STUB} if issubclass(preprocessor, ClearSolutions) else {}
                nb, resources = preprocessor(**options).preprocess(nb, resources)
        except RuntimeError as error:
            cells = self._book.find_notebook(lab, lab)
            of, count = cells.max_score, entered(self._book.db, [one.id for one in cells._base_cells])
            raise GradebookError(
                f"{lab}: people have entered points or comments for cells that the lab no longer has, so nbgrader's "
                f"gradebook keeps its older form, worth {counted(of, 'point')}, while pages and exports show today's; "
                f"attempts are recorded, and `nbgrader db assignment remove {lab} --force` makes room for its new form "
                f"but also deletes what people entered in {counted(count, 'place')}."
            ) from error
        finally:
            self._labs.pop(lab, None)
            self._book.db.expire_all()  # SaveCells has a connection of its own
        return due

    def held(self, lab: str | None = None) -> dict[tuple[str, str], Held]:
        """Return what is held of each submission, by (student, lab); see `held_grades`."""
        self._book.db.expire_all()
        return held_grades(self._book.db, lab)

    def note_entered(self) -> None:
        """Keep what people have entered with the hand-ins that they entered it on, before anything changes."""
        self._book.db.expire_all()
        note(self._book.db)
        self._book.db.commit()

    def changes(self, lab: str, worth: dict[str, float]) -> list[str]:
        """Say in what a lab's exercises differ from those that the gradebook holds, one sentence each.

        Args:
            lab: its name.
            worth: what each graded cell is worth now.
        """
        try:
            cells = self._book.find_notebook(lab, lab).grade_cells
        except api.MissingEntry:
            return []
        before = {cell.name: cell.max_score for cell in cells}
        said = []
        for name in dict.fromkeys((*worth, *before)):
            now, then, shown = worth.get(name), before.get(name), f"{lab}: {name.removeprefix('test-')}"
            if then is None:
                said.append(f"{shown} is new, worth {counted(now, 'point')}; older copies of the lab do not have it")
            elif now is None:
                said.append(f"{shown} is gone, with its {counted(then, 'point')}")
            elif now != then:
                kept = "what was earned or entered by hand keeps its share"
                said.append(f"{shown} is worth {counted(now, 'point')}, and was worth {then:g}; {kept}")
        return said

    def due(self) -> dict[str, datetime | None]:
        """Return the due date of each lab that it holds (UTC, without zone)."""
        return {one.name: one.duedate for one in self._book.assignments}

    def clear_due(self, lab: str) -> None:
        """Leave a lab without a due date, and without what nbgrader would add to it for single students."""
        for one in self._book.update_or_create_assignment(lab, duedate=None).submissions:
            one.extension = None  # nbgrader fails on an extension of no date
        self._book.db.commit()

    def extensions(self) -> dict[tuple[str, str], timedelta]:
        """Return what has been granted beyond the due dates, by student and lab."""
        granted = self._book.db.query(api.SubmittedAssignment).filter(api.SubmittedAssignment.extension.isnot(None))
        found = {(one.student_id, one.name): one.extension for one in granted}
        due = self.due()
        ours = {place: until - due[place[1]] for place, until in self._until.items() if due.get(place[1])}
        return found | {place: max(longer, timedelta()) for place, longer in ours.items()}

    def extend(self, student: str, lab: str, until: datetime | None) -> None:
        """Let a student hand in a lab until a date (UTC, without zone); None takes the extension back."""
        Extensions(self.engine).grant(student, lab, until)
        self.__dict__.pop("_until", None)
        with suppress(api.MissingEntry):  # else nothing has been handed in, see `extensions`
            submission = self._book.find_submission(lab, student)
            submission.extension = self.extensions().get((student, lab)) if until is not None else None
            self._book.db.commit()

    def remove_student(self, student: str) -> None:
        """Remove a student with all submissions, grades and comments; nothing where there is none of this name."""
        with suppress(api.MissingEntry):
            self._book.remove_student(student)

    @cached_property
    def _until(self) -> dict[tuple[str, str], datetime]:
        return Extensions(self.engine).all()

    def write(
        self,
        counts: Result,
        timestamp: datetime | None = None,
        penalty: Callable[[str, object, float], float | None] = no_penalty,
    ) -> None:
        """Write the attempt that counts of a student and lab.

        Args:
            counts: the attempt.
            timestamp: when it was handed in.
            penalty: what lateness costs, see `AttemptPolicy`; default: nothing.

        Raises:
            ValueError: formgrader would take the student's name for markup.
        """
        require_plain_name(counts.student)
        try:
            self._write(counts, timestamp, penalty)
        except Exception:
            self._book.db.rollback()  # else every later student would fail as well
            raise

    def _write(self, counts: Result, timestamp: datetime | None, penalty: Callable) -> None:
        db, lab = self._book.db, counts.lab
        until = self._until.get((counts.student, lab))
        if lab not in self._labs:
            self._labs[lab] = LabRows.of(self._book, lab)
        submission, notebook = self._labs[lab].submission(db, counts.student, timestamp)
        self._stand(counts, notebook)
        self._labs[lab].score(db, notebook, counts.exercises)
        submitted = db.get(api.SubmittedNotebook, notebook, populate_existing=True)
        handed_in = db.get(api.SubmittedAssignment, submission, populate_existing=True)
        if until is not None and handed_in.assignment.duedate is not None:
            handed_in.extension = max(until - handed_in.assignment.duedate, timedelta())
        submitted.late_submission_penalty = penalty(counts.student, submitted, handed_in.total_seconds_late)
        db.commit()

    def _stand(self, counts: Result, notebook: str) -> None:
        """Where another hand-in stood, what people entered goes with it, and what they entered on this one comes."""
        db, rows, place = self._book.db, self._labs[counts.lab], (counts.student, counts.lab)
        before, hand_in = standing(db, place).get(place), counts.submission_sha256
        if before == hand_in:
            return
        if before is not None:
            note(db, place)
            entered = kept(db, place).get(place, {}).get(hand_in, {})
            rows.enter(db, notebook, {name: one.to(rows.worth.get(name, 0)) for name, one in entered.items()})
        stands(db, place, hand_in)
