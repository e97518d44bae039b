"""Downloads of a class as learning platforms write them, each by the rules of the platform's own source or manual."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from pathlib import Path

PACKED = datetime(2026, 3, 20, 9, 30)  # Canvas and Moodle stamp every file with the moment of the download


def make_zip(path: Path, files: dict[str, bytes], times: dict[str, datetime] | None = None) -> Path:
    """A zip with these files; times where given, else the moment of packing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            when = (times or {}).get(name, PACKED)
            archive.writestr(zipfile.ZipInfo(name, when.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return path


def make_folder(path: Path, files: dict[str, bytes]) -> Path:
    """The same, unpacked."""
    for name, content in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return path


def canvas(name: str, user: int, upload: int, file: str, late: bool = False) -> str:
    """lib/content_zipper.rb of canvas-lms: [sortable name, LATE, user id], word characters only, then file id, name."""
    sortable = re.sub(r"_(\d+)_", r"\1", name).lower()
    stem = "_".join([sortable, *(["LATE"] if late else []), str(user)])
    return re.sub(r"[^\w]", "", stem) + f"_{upload}_" + re.sub(r'[\x00/\\:*?"<>|]+', "_", file)


def moodle(name: str, number: int, file: str, *, folders: bool = True, old: bool = False) -> str:
    """mod/assign/classes/downloader.php of moodle: full name, number in this assignment, plugin, file."""
    prefix = f"{name.replace('_', ' ')}_{number}_assignsubmission_file"
    return prefix + (("_/" if old else "/") if folders else "_") + file


def blackboard(title: str, login: str, when: datetime, file: str = "") -> str:
    """ "Assignment File Download", as nbgrader's zip_collect documents it; without a file the platform's own note."""
    stem = f"{title}_{login}_attempt_{when:%Y-%m-%d-%H-%M-%S}"
    return f"{stem}_{file}" if file else f"{stem}.txt"


def exchange(login: str, lab: str, when: datetime, file: str, random: str = "Zm9vYmFyYmF6") -> str:
    """nbgrader/exchange/default/submit.py: the inbound folder."""
    return "+".join([login, lab, f"{when:%Y-%m-%d %H:%M:%S.%f} UTC", random]) + f"/{file}"


def gradescope(submissions: dict[int, tuple[list[tuple[str, str, str]], str]]) -> bytes:
    """submission_metadata.yml: for each submission its people (name, sid, e-mail) and when it was made."""
    lines = ["---"]
    for number, (people, created) in submissions.items():
        lines += [f"submission_{number}:", "  :submitters:"]
        for name, sid, email in people:
            lines += [f"  - :name: {name}", f"    :sid: '{sid}'", f"    :email: {email}"]
        lines += [f"  :created_at: {created}", "  :score: 0.0", "  :status: processed", "  :history: []"]
    return "\n".join(lines).encode()
