"""Write a kit as a folder and, beside it, as a zip whose bytes depend on the kit's alone."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from grader.release.kit import CannotRelease, Kit

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
MOST_NAMED = 10  # files in one sentence
KEPT = ".git"  # of a repository that the kit is written into


def zip_of(out: Path) -> Path:
    """Return where the zip of a folder goes."""
    return out.with_name(f"{out.name}.zip")


def left_over(out: Path, kit: Kit) -> list[str]:
    """Return the files of a folder that an earlier release wrote and this one lacks.

    An earlier release wrote what lies in its zip beside the folder, byte for byte and with the date of a release.

    Raises:
        CannotRelease: the folder holds anything else, or is no folder.
    """
    if out.exists() and not out.is_dir():
        raise CannotRelease(f"{out} is a file; give a folder.")
    there = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file() or path.is_symlink())
    found = [name for name in there if name not in kit.files and not name.startswith(f"{KEPT}/")]
    written = _written(out) if found else {}
    strangers = [name for name in found if (out / name).is_symlink() or (out / name).read_bytes() != written.get(name)]
    if strangers:
        more = f" and {len(strangers) - MOST_NAMED} more" if strangers[MOST_NAMED:] else ""
        which = f"{', '.join(strangers[:MOST_NAMED])}{more}, which no earlier release is known to have written"
        raise CannotRelease(f"{out} holds {which}; move that elsewhere or delete it, or give an empty folder.")
    return found


def _written(out: Path) -> dict[str, bytes]:
    """Return what the release in the zip beside a folder wrote into it; nothing without such a zip."""
    try:
        with zipfile.ZipFile(zip_of(out)) as archive:
            entries = [one for one in archive.infolist() if one.date_time == EARLIEST]
            return {one.filename.removeprefix(f"{out.name}/"): archive.read(one) for one in entries}
    except (OSError, zipfile.BadZipFile):
        return {}


def write_kit(kit: Kit, out: Path, gone: Iterable[str] = ()) -> None:
    """Write a kit into a folder, and a zip of that folder beside it.

    Args:
        kit: searched already.
        out: the folder.
        gone: files in it to remove, with folders that are empty then; see `left_over`. Default: none.
    """
    for name in gone:
        (out / name).unlink()
        for folder in Path(name).parents[:-1]:
            with suppress(OSError):  # it holds something else
                (out / folder).rmdir()
    for name, content in kit.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with zipfile.ZipFile(zip_of(out), "w") as archive:
        for name in sorted(kit.files):
            entry = zipfile.ZipInfo(f"{out.name}/{name}", EARLIEST)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, kit.files[name])
