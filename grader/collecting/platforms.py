"""How each learning platform writes into a download whose file it is, and when it came.

Each form is one regular expression over one part of a path, a folder's name or a file's. What the platform writes
stands first and what the student chose comes after it, in the group `rest`: where several forms fit, the one whose part
ends first is the platform's, so no student can write another's name into their own file's.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from grader.notebooks.late_mark import LateMark
from grader.text.moments import read_moment

COPY_OF = ("Copy of", "Kopie von", "Copie de", "Copia de", "Copia di", "Cópia de")  # what Drive calls a copy


@dataclass(frozen=True)
class Platform:
    """How one platform names what it hands over.

    Args:
        name: of the platform.
        shows: the form as a reader is told it.
        pattern: of a whole folder name (ending in "/") or file name. Groups: `name` (of a person) or `id` (a login or
            number that only one person has), `number` (that differs between two people of one name), `upload` (grows
            with time), `time`, `late`, `rest`.
        stamp: how `time` is written, for `datetime.strptime`; default: as `read_moment` reads it.
    """

    name: str
    shows: str
    pattern: re.Pattern
    stamp: str = ""


@dataclass(frozen=True)
class Claim:
    """Whose a file is by its path.

    Args:
        platform: whose form it has.
        shows: that form.
        ids: logins, numbers and addresses that only this person has, surest first.
        names: of the person.
        number: differs between two people of one name; "" where the platform gives none.
        upload: grows with time; 0 where the platform gives none.
        time: when it was handed in (UTC, without zone), if the platform says.
        mark: whether the platform calls it late, where it says so of everybody.
    """

    platform: str
    shows: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    number: str = ""
    upload: int = 0
    time: datetime | None = None
    mark: LateMark | None = None

    @property
    def known_as(self) -> str:
        """What the student is called where there is no roster."""
        return (*self.names, *self.ids)[0] if self.number else (*self.ids, *self.names)[0]


PLATFORMS = (
    # canvas-lms, lib/content_zipper.rb: sortable name without what is no word character, LATE, user id, file id, name.
    # A name there never holds _digits_, because Canvas itself finds the ids by that. Anonymous: anon_id in their place.
    Platform(
        "Canvas",
        "{student}_{number}_{number}_{file}",
        re.compile(r"(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<number>\d+)_(?P<upload>\d+)_(?P<rest>[^/]+)"),
    ),
    Platform(
        "Canvas",
        "anon_{student}_{number}_{file}",
        re.compile(r"(?P<late>LATE_)?anon_(?P<id>[A-Za-z0-9]+)_(?P<upload>\d+)_(?P<rest>[^/]+)"),
    ),
    # moodle, mod/assign/classes/downloader.php: full name (its underscores are spaces), a number of this assignment,
    # the plugin; then a folder (with an underscore at its end in older versions), or the file where folders are off.
    # A folder without the plugin counts only where the name has a space: student_12 may be anybody's name.
    Platform(
        "Moodle",
        "{student}_{number}_assignsubmission_file/{file}",
        re.compile(r"(?P<name>[^/_]+)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<rest>/)"),
    ),
    Platform(
        "Moodle",
        "{student}_{number}/{file}",
        re.compile(r"(?P<name>[^/_]+ [^/_]+)_(?P<number>\d+)(?P<rest>/)"),
    ),
    Platform(
        "Moodle",
        "{student}_{number}_assignsubmission_file_{file}",
        re.compile(r"(?P<name>[^/_]+)_(?P<number>\d+)_assignsubmission_[a-z]+_(?P<rest>[^/]+)"),
    ),
    # Blackboard's "Assignment File Download", as nbgrader's zip_collect documents it:
    # ps1_bitdiddle_attempt_2016-01-30-15-00-00_problem1.ipynb; the word is translated; the clock is the server's.
    Platform(
        "Blackboard",
        "{assignment}_{student}_attempt_{time}_{file}",
        re.compile(r"[^/]+?_(?P<id>[^/_]+)_[^\W\d_]+_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<rest>[^/]+)|(?P<note>\.txt))"),
        "%Y-%m-%d-%H-%M-%S",
    ),
    # nbgrader/exchange/default/submit.py: the inbound folder; the last part is random and may be missing.
    Platform(
        "nbgrader exchange",
        "{student}+{assignment}+{time}+{random}/{file}",
        re.compile(
            r"(?P<id>[^/]+)\+[^/+]+\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^/+]*(?:\+\d{4})?)"
            r"(?:\+[\w=-]{8,})?(?P<rest>/)"
        ),
    ),
    # Google Classroom, "Make a copy for each student": Drive puts the student's name before the title, and "Copy of",
    # in the language of whoever copies, before a copy of that.
    Platform(
        "Google Classroom",
        "{student} - {file}",
        re.compile(rf"(?:(?:{'|'.join(COPY_OF)}) )*(?P<name>[^/]+?) - (?P<rest>[^/]+)", re.IGNORECASE),
    ),
)


def claim_of(part: str, zone: tzinfo = UTC) -> Claim | None:
    """Say whose a folder or file is by its name; None where no platform wrote it.

    Args:
        part: of a path; a folder's name ends in a slash.
        zone: of a platform's time that names none; default UTC.
    """
    fits = []
    for platform in PLATFORMS:
        if (found := platform.pattern.fullmatch(part)) is not None:
            fits.append((found.start("rest") if found["rest"] else len(part), platform, found))
    if not fits:
        return None
    _, platform, found = min(fits, key=lambda fit: fit[0])
    return _claim(platform, found, zone)


def _claim(platform: Platform, found: re.Match, zone: tzinfo) -> Claim:
    groups = found.groupdict()
    number, name, own = (groups.get(group) or "" for group in ("number", "name", "id"))
    time = None
    if groups.get("time"):
        with suppress(ValueError):  # a time that is none: the file has none, and the report says so
            text = groups["time"]
            if platform.stamp:
                text = datetime.strptime(text, platform.stamp).isoformat(sep=" ")
            time = read_moment(text, zone)
    ids = tuple(one for one in (own, number) if one)
    upload = int((groups.get("upload") or "0")[-18:])
    mark = LateMark(platform.name, groups["late"] is not None) if "late" in groups else None
    return Claim(platform.name, platform.shows, ids, (name,) if name else (), number, upload, time, mark)
