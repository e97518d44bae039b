"""The class as the course knows it, and which of its students a platform's name or number means."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.collecting.download import CannotCollect
from grader.text.safe_names import one_line, require_plain_name

LARGEST_ROSTER = 5_000_000  # bytes; a class of a thousand has a hundred thousand
EMAIL = ("e-mail", "email", "mail")
PLATFORMS = ("canvas", "moodle", "gradescope", "blackboard", "google", "github", "nbgrader")  # as columns name them
NOT_AN_ID = ("name", "section")  # all other columns name one student: e-mail, and any login or number of a platform


@dataclass(frozen=True)
class Student:
    """One row of the roster.

    Args:
        id: by which grades are kept; a folder's name.
        name: as people say it, or "Family, Given".
        email: address.
        section: group.
        logins: what the other columns hold, by the column's name in small letters, such as a platform's number.
        row: where it stands in the file; 0 where it comes from none.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    logins: dict[str, str] = field(default_factory=dict)
    row: int = field(default=0, compare=False, repr=False)

    def login(self, *columns: str) -> str:
        """Return what the first of these columns of the roster that is filled in says, e-mail included; or nothing."""
        own = dict.fromkeys(EMAIL, self.email) | self.logins
        return next((own[name] for name in columns if own.get(name)), "")


class Ambiguous(ValueError):
    """A name that several students of the roster bear; `args[0]` lists them."""


class Contradiction(ValueError):
    """What a platform says of one person fits different rows of the roster; `args[0]` names them."""


class Roster:
    """The students of a course, found by whatever a platform calls them.

    Args:
        students: each with an id of its own.
    """

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = {student.id: student for student in students}
        self._owners: dict[str, list[tuple[str, str]]] = {}  # what only one has -> (student, column)
        self._locals: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        for student in self.students.values():
            for column, own in (("id", student.id), ("e-mail", student.email), *student.logins.items()):
                if own:
                    self._owners.setdefault(_plain(own), []).append((student.id, column))
            if local := student.email.partition("@")[0]:
                self._locals.setdefault(_plain(local), set()).add(student.id)
            for name in _orders(student.name):
                self._names.setdefault(name, set()).add(student.id)

    def find(self, ids: Iterable[str], names: Iterable[str], platform: str = "") -> str | None:
        """Return the id of the student who is meant, or None; everything that is said must be of one row.

        Args:
            ids: logins, numbers and addresses, each of one person only.
            names: of the person, in any order of its words.
            platform: where they are called so; what a column for another platform holds is not compared. Default: any.

        Raises:
            Contradiction: an id is in several rows, or ids and names are of different ones.
            Ambiguous: nothing is said but a name that several students bear.
        """
        ids = list(ids)
        said = {own: rows for own in ids if (rows := self._having(own, platform))}
        if not said:  # the part before the @ is a guess, and only where nobody says more
            said = {own: rows for own in ids if len(rows := self._locals.get(_plain(own), set())) == 1}
        named = {name: rows for name in names if name not in said and (rows := self._names.get(_letters(name)))}
        everything = said | named
        meant = set.intersection(*everything.values()) if everything else set()
        if len(meant) == 1 and all(len(rows) == 1 for rows in said.values()):
            return next(iter(meant))
        if not everything:
            return None
        if meant and not said:
            raise Ambiguous(self._rows(meant))
        raise Contradiction("; ".join(f"{own!r} is of {self._rows(rows)}" for own, rows in everything.items()))

    def _having(self, own: str, platform: str) -> set[str]:
        found = self._owners.get(_plain(own), [])
        return {student for student, column in found if not _elsewhere(column, platform.casefold())}

    def _rows(self, ids: set[str]) -> str:
        return " and ".join(map(self._row, sorted(ids)))

    def _row(self, id: str) -> str:
        row = self.students[id].row
        return f"{id} (row {row})" if row else id

    @classmethod
    def read(cls, path: Path) -> Roster:
        """Read roster.csv: a column `id`, and any of `name`, `e-mail`, `section` and a platform's logins or numbers.

        Raises:
            CannotCollect: it is not that; the message says where.
        """
        try:
            if path.stat().st_size > LARGEST_ROSTER:
                raise CannotCollect(f"{path} is far too big to be a roster; give a CSV file with a row a student.")
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise CannotCollect(f"{path} is not UTF-8; save it as 'CSV UTF-8'.") from None
        except OSError as error:
            raise CannotCollect(f"{path} cannot be read ({error.strerror or error}); give the roster's CSV.") from None
        first = text.lstrip("\r\n").partition("\n")[0]
        separator = max(",;\t", key=first.count)  # Excel writes what the language of the machine has
        try:
            lines = list(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1))
        except csv.Error as error:
            raise CannotCollect(f"{path} is no CSV that can be read ({error}); save it again as CSV.") from None
        (_, head), *body = [(row, cells) for row, cells in lines if any(map(str.strip, cells))] or [(1, [])]
        columns = [cell.strip().casefold() for cell in head]
        if "id" not in columns:
            seen = one_line(", ".join(columns))[:60]
            raise CannotCollect(f"{path} has no column 'id' in its first row (it has: {seen}); add it.")
        if twice := [name for name in filter(None, columns) if columns.count(name) > 1]:
            raise CannotCollect(f"{path} has two columns {twice[0]!r}; keep one.")
        students: dict[str, Student] = {}
        for row, cells in body:
            if any(map(str.strip, cells[len(columns) :])):
                cure = "a cell that holds the separator stands between quotes"
                raise CannotCollect(f"{path}, row {row}: it has more cells than the first row; {cure}.")
            student = _student(dict(zip(columns, map(str.strip, cells), strict=False)), row)
            try:
                require_plain_name(student.id)
            except ValueError:
                raise CannotCollect(f"{path}, row {row}: the id {student.id!r} is no folder's name.") from None
            if (before := students.get(student.id)) is not None:
                if replace(student, section=before.section) != before:
                    cure = "keep one row"
                    raise CannotCollect(f"{path}, row {row}: the id {student.id!r} stands there twice; {cure}.")
                sections = dict.fromkeys(filter(None, (before.section, student.section)))
                student = replace(before, section=", ".join(sections))  # somebody in two sections
            students[student.id] = student
        return cls(students.values())


def _student(cells: dict[str, str], row: int) -> Student:
    email = next((cells[name] for name in EMAIL if cells.get(name)), "")
    known = {"id", *NOT_AN_ID, *EMAIL}
    logins = {name: value for name, value in cells.items() if name and name not in known and value}
    return Student(cells.get("id", ""), cells.get("name", ""), email, cells.get("section", ""), logins, row)


def _elsewhere(column: str, platform: str) -> bool:
    """Whether a column is for another platform: two of them may give two people the same number."""
    named = [word for word in PLATFORMS if word in column]
    return bool(named) and platform.startswith(PLATFORMS) and not any(word in platform for word in named)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _letters(text: str) -> str:
    """Return what is left of a name in every platform: its letters and digits."""
    return "".join(letter for letter in unicodedata.normalize("NFC", text).casefold() if letter.isalnum())


def _orders(name: str) -> set[str]:
    """Return a name's letters with its words in each cyclic order: Canvas puts the family's first, others the given."""
    words = name.replace(",", " ").split()
    return {_letters("".join(words[start:] + words[:start])) for start in range(len(words))} - {""}
