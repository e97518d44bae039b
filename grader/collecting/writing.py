"""Write a collection as the folder that grading reads, STUDENT/LAB/LAB.ipynb, and the list of all that lies there."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from grader.collecting.collection import Collection, HandIn
from grader.collecting.download import CannotCollect
from grader.collecting.ledger import REPORT, Groups, merged_rows, read_rows, write_rows
from grader.notebooks.late_mark import MARK
from grader.notebooks.submission import EARLIER, TIMESTAMP
from grader.text.moments import in_time


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


def write_collection(collection: Collection, out: Path, before: Collection, zone: tzinfo = UTC) -> Groups:
    """Write every hand-in and the list of all; what lies there already stays, as earlier attempts where it is older.

    Args:
        collection: what `gather` found.
        out: the folder.
        before: what lies in it.
        zone: whose clocks the list shows; default UTC.

    Returns:
        What lies there now, by student and lab, oldest first.

    Raises:
        CannotCollect: nothing came, a file changed while it was read, or the folder or its list is not to be used.
    """
    if not collection.lines:
        raise CannotCollect("the download holds no file, so nothing was collected; download it again.")
    old, lying = read_rows(out / REPORT), dict(before.hand_ins)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for (student, lab), group in collection.hand_ins.items():
            known = before.hand_ins.get((student, lab), [])
            lying[student, lab] = _merged(known, group)
            if len(lying[student, lab]) > len(known):
                _write_lab(out / student / lab, lab, lying[student, lab])
        now = datetime.now(UTC).replace(tzinfo=None)
        write_rows(out / REPORT, merged_rows(out, old, collection.lines, lying, now, zone))
    except OSError as error:
        raise CannotCollect(f"{out} cannot be written ({error.strerror or error}); give another with --out.") from None
    return lying


def _merged(known: list[HandIn], group: list[HandIn]) -> list[HandIn]:
    """Return both by time, each once; those without a time as they came."""
    came = {one.identity for one in known}
    fresh = [one for one in group if one.identity not in came]
    return [one for _, one in in_time([*known, *fresh], lambda one: one.time)]


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
        if one.submission.mark is not None:
            (place / MARK).write_text(one.submission.mark.text, encoding="utf-8")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
