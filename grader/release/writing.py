"""Write a kit as a folder and, beside it, as a zip whose bytes depend on the kit's alone."""

from __future__ import annotations

import zipfile
from pathlib import Path

from grader.release.kit import CannotRelease, Kit

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
KEPT = ".git"  # of a repository that the kit is written into


def zip_of(out: Path) -> Path:
    """Return where the zip of a folder goes."""
    return out.with_name(f"{out.name}.zip")


def require_room(out: Path, kit: Kit) -> None:
    """Refuse a folder that holds anything but an earlier release.

    Raises:
        CannotRelease: it does, or is no folder.
    """
    if out.exists() and not out.is_dir():
        raise CannotRelease(f"{out} is a file; give a folder.")
    there = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file() or path.is_symlink())
    strangers = [name for name in there if name not in kit.files and not name.startswith(f"{KEPT}/")]
    if strangers:
        raise CannotRelease(f"{out} holds {strangers[0]}, which is no part of this release; give an empty folder.")


def write_kit(kit: Kit, out: Path) -> None:
    """Write a kit into a folder, and a zip of that folder beside it.

    Args:
        kit: searched already.
        out: the folder; see `require_room`.
    """
    for name, content in kit.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with zipfile.ZipFile(zip_of(out), "w") as archive:
        for name in sorted(kit.files):
            entry = zipfile.ZipInfo(f"{out.name}/{name}", EARLIEST)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, kit.files[name])
