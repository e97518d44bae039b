"""The class as the course knows it, and which of its students a platform's name or number means."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.collecting.download import CannotCollect
from grader.text.safe_names import one_line, require_plain_name

LARGEST_ROSTER = 5_000_000  # bytes; a class of a thousand has a hundred thousand
EMAIL = ("e-mail", "email", "mail")
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
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    logins: dict[str, str] = field(default_factory=dict)

    def login(self, *columns: str) -> str:
        """Return what the first of these columns of the roster that is filled in says, e-mail included; or nothing."""
        own = dict.fromkeys(EMAIL, self.email) | self.logins
        return next((own[name] for name in columns if own.get(name)), "")


class Ambiguous(ValueError):
    """A name that several students of the roster bear; `args[0]` lists their ids."""


class Roster:
    """The students of a course, found by whatever a platform calls them.

    Args:
        students: each with an id of its own.
    """

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = {student.id: student for student in students}
        self._by_id: dict[str, set[str]] = {}
        self._by_name: dict[str, set[str]] = {}
        for student in self.students.values():
            local = student.email.partition("@")[0]
            for own in filter(None, (student.id, student.email, local, *student.logins.values())):
                self._by_id.setdefault(_plain(own), set()).add(student.id)
            for name in _orders(student.name):
                self._by_name.setdefault(name, set()).add(student.id)
        for id in self.students:  # nobody else's login takes an id away
            self._by_id[_plain(id)] = {id}

    def find(self, ids: Iterable[str], names: Iterable[str]) -> str | None:
        """Return the id of the student who is meant, or None.

        Args:
            ids: logins, numbers and addresses, surest first; one that two students have says nothing.
            names: of the person, in any order of its words.

        Raises:
            Ambiguous: several students bear the name.
        """
        for own in ids:
            if len(meant := self._by_id.get(_plain(own), set())) == 1:
                return next(iter(meant))
        for name in names:
            meant = self._by_name.get(_letters(name), set())
            if len(meant) > 1:
                raise Ambiguous(" and ".join(sorted(meant)))
            if meant:
                return next(iter(meant))
        return None

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
        first = text.partition("\n")[0]
        separator = max(",;\t", key=first.count)  # Excel writes what the language of the machine has
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            head, *body = [row for row in rows if any(cell.strip() for cell in row)] or [[]]
        except csv.Error as error:
            raise CannotCollect(f"{path} is no CSV that can be read ({error}); save it again as CSV.") from None
        columns = [cell.strip().casefold() for cell in head]
        if "id" not in columns:
            seen = one_line(", ".join(columns))[:60]
            raise CannotCollect(f"{path} has no column 'id' in its first row (it has: {seen}); add it.")
        students: dict[str, Student] = {}
        for number, row in enumerate(body, start=2):
            student = _student(dict(zip(columns, (cell.strip() for cell in row), strict=False)))
            try:
                require_plain_name(student.id)
            except ValueError:
                raise CannotCollect(f"{path}, row {number}: the id {student.id!r} is no folder's name.") from None
            if student.id in students:
                raise CannotCollect(f"{path}, row {number}: the id {student.id!r} stands there twice; keep one row.")
            students[student.id] = student
        return cls(students.values())


def _student(row: dict[str, str]) -> Student:
    email = next((row[name] for name in EMAIL if row.get(name)), "")
    known = {"id", *NOT_AN_ID, *EMAIL}
    logins = {name: value for name, value in row.items() if name not in known and value}
    return Student(row.get("id", ""), row.get("name", ""), email, row.get("section", ""), logins)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _letters(text: str) -> str:
    """Return what is left of a name in every platform: its letters and digits."""
    return "".join(letter for letter in unicodedata.normalize("NFC", text).casefold() if letter.isalnum())


def _orders(name: str) -> set[str]:
    """Return a name's letters with its words in each cyclic order: Canvas puts the family's first, others the given."""
    words = name.replace(",", " ").split()
    return {_letters("".join(words[start:] + words[:start])) for start in range(len(words))} - {""}
