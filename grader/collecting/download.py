"""A download as it came, a zip or a folder: its files, each with a reader, and what is no file to read.

A zip is a stranger's. Nothing is unpacked: files are read one by one into memory, each up to the size of the largest
notebook, and no path of the zip ever names a place on this machine.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath

from grader.notebooks.notebook_file import LARGEST, Unreadable, read_bytes

MOST_FILES = 20_000  # sixty students with a handful of files each make some hundreds
MOST_INSIDE, MOST_BYTES_INSIDE = 200, 200_000_000  # of a zip that one student handed in
MOST_BYTES = 4_000_000_000  # of all files together, unpacked
JUNK = ("__MACOSX", ".ipynb_checkpoints", ".git")  # folders that programs make; nobody hands them in
JUNK_FILES = (".DS_Store", "Thumbs.db", "desktop.ini")
EXTENDED_TIME = 0x5455  # the extra field that holds a file's time in UTC seconds (Info-ZIP, APPNOTE 4.6)
ASTRAY = ("has a path that leads out of the zip", "hand in the notebook under an ordinary name")
FIRST_YEAR = 1980  # of a zip's own clock; 1980-01-01 stands for no time


UNPACK = "unpack it and give the folder"
CURES = dict.fromkeys((".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz"), UNPACK)  # of what is no zip
CURES |= {".ipynb": "put it into a folder with the student's name, and give the folder around that"}


class CannotCollect(ValueError):
    """Nothing was collected; the message is one sentence with the cure."""


@dataclass(frozen=True)
class Entry:
    """One file of a download.

    Args:
        path: inside the download, with slashes.
        read: returns its bytes; raises Unreadable.
        fault: why it is not read, and the cure; empty for an ordinary file.
        time: as the zip has it (UTC, without zone), if it has one.
        junk: made by a program beside what was handed in.
    """

    path: str
    read: Callable[[], bytes]
    fault: tuple[str, str] | None = None
    time: datetime | None = None
    junk: bool = False

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rpartition("/")[2]


def entries(download: Path, zone: tzinfo = UTC) -> list[Entry]:
    """List the files of a zip or a folder, in the order of their paths.

    Args:
        download: the zip or the folder.
        zone: of times in a zip that says none; default UTC.

    Raises:
        CannotCollect: it is neither, it cannot be read, or it holds far too much.
    """
    try:
        found = list(_of_folder(download) if download.is_dir() else _of_zip(download, zone))
    except FileNotFoundError:
        raise CannotCollect(f"there is no {download}; give the zip or the folder that was downloaded.") from None
    except zipfile.BadZipFile as error:
        cure = CURES.get(download.suffix.lower(), "download it again")
        raise CannotCollect(f"{download} is no zip that can be read ({error}); {cure}.") from None
    except OSError as error:
        raise CannotCollect(f"{download} cannot be read ({error.strerror or error}); make it readable.") from None
    return sorted(found, key=lambda entry: entry.path)


def _of_folder(root: Path) -> Iterator[Entry]:
    count, closed = 0, []
    for folder, inner, files in os.walk(root, onerror=closed.append):  # follows no link
        here = Path(folder)
        links = [name for name in inner if (here / name).is_symlink()]
        junk = [name for name in inner if name in JUNK and name not in links]
        inner[:] = [name for name in inner if name not in {*links, *junk}]
        count += len(files) + len(inner)
        _require_few(root, count, 0)
        for name in sorted([*files, *links, *junk]):
            path = here / name
            shown = path.relative_to(root).as_posix()
            clean = shown.encode(errors="replace").decode()
            fault = None
            if clean != shown:
                fault = ("has a name that is not UTF-8", "rename it")
            elif name in links:
                fault = ("is a link and not a folder", "hand in the folder itself")
            made = name in junk or name in JUNK_FILES or name.startswith("._")
            yield Entry(clean, partial(read_bytes, path), fault, junk=made)
    for error in closed:
        if Path(error.filename) == root:
            raise error
        shown = Path(error.filename).relative_to(root).as_posix().encode(errors="replace").decode()
        fault = (f"cannot be listed ({error.strerror or error})", "make it readable for the grader's account")
        yield Entry(f"{shown}/", partial(read_bytes, Path(error.filename)), fault)


def inside(entry: Entry) -> list[Entry]:
    """List the files of a zip that a student handed in, each as if it had come when the zip did.

    A zip's own times are of that student's clock, and nothing follows from them.

    Raises:
        Unreadable: it is no zip, or holds far more than a lab's work.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(entry.read()))
        infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Unreadable("is no zip that can be read", "hand in the notebook itself") from None
    if len(infos) > MOST_INSIDE or sum(info.file_size for info in infos) > MOST_BYTES_INSIDE:
        limit = f"{MOST_INSIDE} files and {MOST_BYTES_INSIDE / 1e6:.0f} MB"
        raise Unreadable(f"is a zip of more than {limit}", "hand in the notebook itself")
    found = [replace(one, path=f"{entry.path}/{one.path}", time=entry.time) for one in _members(archive, infos, UTC)]
    return sorted(found, key=lambda one: one.path)


def _of_zip(path: Path, zone: tzinfo) -> Iterator[Entry]:
    archive = zipfile.ZipFile(path)  # stays open for the entries, and closes itself when the last of them is gone
    infos = [info for info in archive.infolist() if not info.is_dir()]
    _require_few(path, len(infos), sum(info.file_size for info in infos))
    yield from _members(archive, infos, zone)


def _members(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], zone: tzinfo) -> Iterator[Entry]:
    for info in infos:
        name = _name(info)
        parts = PurePosixPath(name).parts
        junk = bool(set(parts) & set(JUNK)) or parts[-1:] == () or parts[-1] in JUNK_FILES or parts[-1].startswith("._")
        yield Entry(name, partial(_read, archive, info), _fault(info, name), _time(info, zone), junk)


def _require_few(where: Path, count: int, size: int) -> None:
    """Refuse monsters before anything of them is read."""
    if count > MOST_FILES:
        raise CannotCollect(f"{where} holds more than {MOST_FILES:,} files; give the download of one class.")
    if size > MOST_BYTES:
        limit = f"{MOST_BYTES / 1e9:.0f} GB"
        raise CannotCollect(f"{where} unpacks to {size / 1e9:.1f} GB, and the limit is {limit}; leave out what is big.")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a path in a zip as it was meant: many programs write UTF-8 without the flag that says so."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:  # so Python has read it as cp437, which loses no byte
        with suppress(UnicodeError):  # on old Windows it was cp437
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _fault(info: zipfile.ZipInfo, name: str) -> tuple[str, str] | None:
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\0" in name or re.match("[A-Za-z]:/", name):
        return ASTRAY
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is a link and not a file", "hand in the notebook itself"
    if info.flag_bits & 0x1:
        return "is encrypted", "hand it in without a password"
    return None


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > LARGEST:
        size = f"{info.file_size / 1e6:.0f} MB, the limit is {LARGEST / 1e6:.0f} MB"
        cure = "clear its outputs (Edit > Clear Outputs of All Cells), save it and hand it in again"
        raise Unreadable(f"is far too big ({size})", cure)
    try:
        with archive.open(info) as file:
            return file.read(LARGEST)  # never more than the zip's list says, which was looked at
    except Exception as error:  # zlib, lzma and zipfile each have their own
        raise Unreadable(f"cannot be unpacked ({type(error).__name__})", "download the zip again") from None


def _time(info: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    """Return a file's time: in UTC where the zip says so, else by the clock of whoever made it."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == EXTENDED_TIME and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            seconds = struct.unpack_from("<i", extra, 5)[0]  # with a sign: a clock may stand before 1970
            return (datetime(1970, 1, 1) + timedelta(seconds=seconds)) if seconds > 0 else None
        extra = extra[4 + size :]
    if info.date_time[:3] == (FIRST_YEAR, 1, 1):
        return None
    try:
        return datetime(*info.date_time, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
