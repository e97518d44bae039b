"""collected.csv: the one list of a collected folder, of all that lies there and all that was refused, since when.

A further collection adds to it. What a hand-in is, the folder itself says; where it came from and when it was
collected, its row keeps.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path

from grader.build.build import write
from grader.collecting.collection import REFUSED, SUPERSEDED, TAKEN, HandIn, Line, earlier_than
from grader.collecting.download import CannotCollect
from grader.notebooks.submission import Refusal
from grader.text.moments import NoMoment, read_moment, shown
from grader.text.safe_names import from_spreadsheet, spreadsheet

REPORT = "collected.csv"
COLUMNS = (
    "file", "became", "student", "lab", "handed_in", "time_from", "platform_says", "collected", "sha256", "reason",
)  # fmt: skip

Row = dict[str, str]
Groups = dict[tuple[str, str], list[HandIn]]


def read_rows(report: Path) -> list[Row]:
    """Return the rows of a report; none where there is none.

    Raises:
        CannotCollect: another program has written over it.
    """
    try:
        with report.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restval="")
            rows = [{column: row.get(column) or "" for column in COLUMNS} for row in reader]
    except FileNotFoundError:
        return []
    except (UnicodeDecodeError, csv.Error) as error:
        raise CannotCollect(f"{report} cannot be read ({error}); put back what `grader collect` wrote.") from None
    if not {"file", "student"} <= set(reader.fieldnames or ()):
        raise CannotCollect(f"{report} has no columns 'file' and 'student'; put back what `grader collect` wrote.")
    return rows


def write_rows(report: Path, rows: Iterable[Row]) -> None:
    """Write a report, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    write(report, text.getvalue().encode())


def refusals_in(report: Path) -> list[Refusal]:
    """Return what a report says was refused of known students, where no hand-in that was taken came after it.

    Without a report there is nothing.

    Raises:
        CannotCollect: see `read_rows`.
    """
    rows = read_rows(report)
    taken = {(row["student"], row["lab"]): _when(row) or datetime.min for row in rows if row["became"] == TAKEN}
    found = []
    for row in rows:
        when, since = _when(row), taken.get((row["student"], row["lab"]))
        if row["became"] == REFUSED and row["student"] and (since is None or since < (when or datetime.min)):
            said = {name: from_spreadsheet(row[name]) for name in ("student", "lab", "file", "reason")}
            fault, _, cure = said["reason"].partition("; ")
            found.append(Refusal(said["student"], said["lab"], said["file"], fault, cure, when))
    return found


def _when(row: Row) -> datetime | None:
    with suppress(NoMoment):
        return read_moment(row["handed_in"])
    return None


def rows_of(report: Path, student: str, named: re.Pattern) -> list[Row]:
    """Return a student's rows of a report; none where there is no report.

    Args:
        report: the list.
        student: by id.
        named: what names the student in a text; a row of nobody that it finds is theirs too.

    Raises:
        CannotCollect: see `read_rows`.
    """
    own = spreadsheet(student)
    return [
        row
        for row in read_rows(report)
        if row["student"] == own or (not row["student"] and named.search("\n".join(row.values())))
    ]


def drop_rows(report: Path, rows: list[Row]) -> None:
    """Take rows out of a report."""
    write_rows(report, [row for row in read_rows(report) if row not in rows])


def row_of(line: Line, collected: datetime | None, zone: tzinfo) -> Row:
    """Return what the report says of a file.

    Args:
        line: what became of it.
        collected: when, UTC without zone; None where nobody knows.
        zone: whose clocks the report shows.
    """
    handed_in, when = (shown(time, zone) if time is not None else "" for time in (line.time, collected))
    says = line.mark.says if line.mark is not None else ""
    values = (line.path, line.status, line.student, line.lab, handed_in, line.time_from, says, when, line.sha256)
    return {column: spreadsheet(value) for column, value in zip(COLUMNS, (*values, line.reason), strict=True)}


def merged_rows(out: Path, old: list[Row], lines: list[Line], lying: Groups, now: datetime, zone: tzinfo) -> list[Row]:
    """Return the rows of a folder after a collection: those of students first, each student's together.

    Args:
        out: the folder.
        old: its rows before.
        lines: of what has just been collected.
        lying: every hand-in that lies there now, by student and lab, oldest first.
        now: UTC without zone.
        zone: whose clocks the rows show.
    """
    before, after = _Pool(old), _Pool([row_of(line, now, zone) for line in lines])
    made: dict[tuple[object, ...], Row] = {}
    for group in lying.values():
        rows = [_origin(one, before, after, zone) for one in group]
        for one, row in zip(group[:-1], rows, strict=False):
            reason = earlier_than(rows[-1]["file"], None not in (one.time, group[-1].time))
            row |= {"became": SUPERSEDED, "reason": spreadsheet(reason)}
        made |= {_identity(row): row for row in rows}
    rest: list[Row] = []
    for row in after.of_hand_ins():  # what came twice
        twin = made.get(_identity(row))
        if twin is not None and twin["file"] != row["file"]:
            known = before.take(row, row["file"])
            same = {"became": SUPERSEDED, "reason": spreadsheet(f"is the same file as {twin['file']}")}
            rest.append(row | same | {"collected": (known or row)["collected"]})
    for row in before.others:
        again = after.again(row)
        if again is None:
            rest.append(row)
        elif _same(row, again):
            again["collected"] = row["collected"]
    rest += after.others + [row for row in before.of_hand_ins() if _lies(out, row)]
    return sorted([*made.values(), *rest], key=lambda row: (not row["student"], row["student"], row["lab"]))


class _Pool:
    """Rows; those of hand-ins each to be taken out once."""

    def __init__(self, rows: list[Row]) -> None:
        self.others = [row for row in rows if row["became"] not in (TAKEN, SUPERSEDED)]
        self._hand_ins: dict[tuple[object, ...], list[Row]] = {}
        self._by_file: dict[str, list[Row]] = {}
        for row in rows:
            self._by_file.setdefault(row["file"], []).append(row)
            if row["became"] in (TAKEN, SUPERSEDED):
                self._hand_ins.setdefault(_identity(row), []).append(row)

    def take(self, like: Row, file: str = "") -> Row | None:
        """Take out a row of the same hand-in; with `file`, of that file."""
        alike = self._hand_ins.get(_identity(like), [])
        found = next((row for row in alike if file in ("", row["file"])), None)
        if found is not None:
            alike.remove(found)
        return found

    def again(self, row: Row) -> Row | None:
        """Return the row of the same file, whatever is said of it here."""
        for one in self._by_file.get(row["file"], []):
            if row["student"] in ("", one["student"]) and row["sha256"] in ("", one["sha256"]):
                return one
        return None

    def of_hand_ins(self) -> list[Row]:
        """Return those that nobody took."""
        return [row for rows in self._hand_ins.values() for row in rows]


def _origin(one: HandIn, before: _Pool, after: _Pool, zone: tzinfo) -> Row:
    """Return the row of a hand-in that lies there: as it was, else as it came; what staff put there has none."""
    own = row_of(one.line(TAKEN), None, zone)
    found = next((row for pool in (before, after) if (row := pool.take(own)) is not None), own)
    return found | {name: own[name] for name in ("became", "handed_in", "platform_says", "reason")}


def _identity(row: Row) -> tuple[object, ...]:
    """Return what makes a hand-in the same, in whatever zone its time was shown."""
    return row["student"], row["lab"], row["sha256"], _when(row) or row["handed_in"]


def _same(one: Row, other: Row) -> bool:
    """Whether two rows say the same of one file, whenever it was collected."""
    return all(one[column] == other[column] for column in COLUMNS if column not in ("collected", "handed_in"))


def _lies(out: Path, row: Row) -> bool:
    """Whether a hand-in that was not read now (of a lab out of use, say) still lies in the folder."""
    there = (out / row["student"] / row["lab"]).rglob("*.ipynb")
    return any(hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"] for path in there if path.is_file())
