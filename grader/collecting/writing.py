"""Write a collection as the folder that grading reads, STUDENT/LAB/LAB.ipynb, and the report of every file."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from datetime import UTC, tzinfo
from pathlib import Path

from grader.collecting.collection import REPORT, Collection, HandIn, Line
from grader.collecting.download import CannotCollect
from grader.notebooks.submission import EARLIER, TIMESTAMP
from grader.text.moments import shown
from grader.text.safe_names import spreadsheet

COLUMNS = ("file", "became", "student", "lab", "handed_in", "time_from", "reason")


def require_own(out: Path) -> list[Path]:
    """Return the folder as a download to begin with, where an earlier collection lies; nothing where it is new.

    Raises:
        CannotCollect: something else lies there.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return []
    if not (out / REPORT).is_file():
        raise CannotCollect(f"{out} holds other things; give a new folder with --out, or one from `grader collect`.")
    return [out]


def write_collection(collection: Collection, out: Path, before: Collection, zone: tzinfo = UTC) -> None:
    """Write every hand-in and the report; what lies there already stays, as earlier attempts where it is older.

    Args:
        collection: what `gather` found.
        out: the folder.
        before: what lies in it.
        zone: whose clocks the report shows; default UTC.

    Raises:
        CannotCollect: a file changed while it was read, or the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for (student, lab), group in collection.hand_ins.items():
            known = before.hand_ins.get((student, lab), [])
            _write_lab(out / student / lab, lab, _merged(known, group))
        (out / REPORT).write_text(report_of(collection.lines, zone), encoding="utf-8", newline="")
    except OSError as error:
        raise CannotCollect(f"{out} cannot be written ({error.strerror or error}); give another with --out.") from None


def report_of(lines: list[Line], zone: tzinfo = UTC) -> str:
    """Return the report as CSV: one row a file, times by the clocks of a zone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        time = shown(line.time, zone) if line.time is not None else ""
        row = (line.path, line.status, line.student, line.lab, time, line.time_from, line.reason)
        writer.writerow([spreadsheet(value) for value in row])
    return text.getvalue()


def rows_of(report: Path, student: str) -> list[dict[str, str]]:
    """Return a student's rows of a report; none where there is no report."""
    if not report.is_file():
        return []
    with report.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["student"] == spreadsheet(student)]


def drop_rows(report: Path, student: str) -> None:
    """Take a student's rows out of a report."""
    own = rows_of(report, student)
    with report.open(encoding="utf-8", newline="") as file:
        kept = [row for row in csv.DictReader(file) if row not in own]
    with report.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(kept)


def _merged(known: list[HandIn], group: list[HandIn]) -> list[HandIn]:
    """Return both by time, each once; the undated as they came."""
    came = [(one.submission.sha256, one.submission.timestamp) for one in known]
    fresh = [one for one in group if (one.submission.sha256, one.submission.timestamp) not in came]
    return sorted([*known, *fresh], key=lambda one: one.time)


def _write_lab(folder: Path, lab: str, group: list[HandIn]) -> None:
    """Write the last hand-in, and those before it under earlier/1, earlier/2, ...; whole, or as it was before."""
    fresh, old = (folder.with_name(f".{lab}.{state}") for state in ("fresh", "old"))
    for left in (fresh, old):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    for number, one in enumerate(group, start=1):
        place = fresh if number == len(group) else fresh / EARLIER / str(number)
        place.mkdir(parents=True, exist_ok=True)
        content = one.entry.read()
        if hashlib.sha256(content).hexdigest() != one.submission.sha256:
            raise CannotCollect(f"{one.entry.path} changed while it was collected; run the same command again.")
        (place / f"{lab}.ipynb").write_bytes(content)
        if one.submission.timestamp is not None:
            (place / TIMESTAMP).write_text(one.submission.timestamp.isoformat(sep=" ") + " UTC\n", encoding="utf-8")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
