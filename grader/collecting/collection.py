"""What a class handed in, out of downloads: what became of every file, and every hand-in with its student and lab."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from grader.collecting.claims import NOWHERE, OWN, Pattern, Reading, claims, readings, student_of
from grader.collecting.download import ASTRAY, Entry, entries
from grader.collecting.gradescope import METADATA
from grader.collecting.platforms import Claim
from grader.collecting.roster import Roster, Student
from grader.notebooks.answer_key import AnswerKey, names_of_labs
from grader.notebooks.notebook_file import HAND_IN_SAVED, SubmittedCell, Unreadable, parse, python_of
from grader.notebooks.recognition import BY_TEXT, lab_of, with_names
from grader.notebooks.submission import EARLIER, TIMESTAMP, Refusal, Submission
from grader.text.moments import read_moment
from grader.text.safe_names import one_line

TAKEN, SUPERSEDED, REFUSED, NOTHING = "taken", "superseded", "refused", "nothing"  # what becomes of a file
REPORT = "collected.csv"
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
# Canvas and Moodle stamp a zip's files with the moment of packing (canvas-lms, lib/content_zipper.rb; moodle,
# archive_writer/zip_writer.php), which would make everybody late. Packing takes minutes, so times that lie further
# apart than this are of the hand-ins.
PACKING = timedelta(hours=1)


@dataclass(frozen=True)
class Line:
    """What became of one file.

    Args:
        path: inside its download.
        status: TAKEN, SUPERSEDED (by a later hand-in; graded as an earlier attempt), REFUSED or NOTHING.
        reason: why, where it was not taken.
        student, lab: whose and which, as far as known.
        time: when it was handed in (UTC, without zone), if known.
        time_from: "platform", "zip", TIMESTAMP or "".
    """

    path: str
    status: str
    reason: str = ""
    student: str = ""
    lab: str = ""
    time: datetime | None = None
    time_from: str = ""


@dataclass(frozen=True)
class HandIn:
    """One notebook of one student.

    Args:
        submission: as grading needs it.
        entry: the file.
        claim: whose it was said to be.
        time_from: where the time comes from, see `Line`.
    """

    submission: Submission
    entry: Entry
    claim: Claim
    time_from: str

    @property
    def order(self) -> tuple:
        """Sorts the hand-ins of one student for one lab: undated first, then by time, then as the names count up."""
        stem, copy = COPY.fullmatch(self.entry.name.rpartition(".")[0]).groups()
        earlier = EARLIER_PLACE.search(self.entry.path)
        place = int(earlier[1]) if earlier else math.inf
        return self.time, place, self.claim.upload, stem, int(copy or 0), self.entry.path

    @property
    def time(self) -> datetime:
        """When it was handed in; before everything else where that is not known."""
        return self.submission.timestamp or datetime.min


COPY = re.compile(r"(.*?)(?:(?:-| ?\()(\d{1,4})\)?)?", re.DOTALL)  # Canvas counts file-2, browsers file (2)
EARLIER_PLACE = re.compile(rf"/{EARLIER}/(\d{{1,6}})/[^/]+")


@dataclass
class Collection:
    """Everything that was found.

    Args:
        lines: one for every file, in the order of downloads and paths.
        hand_ins: by student and lab, oldest first.
        refusals: notebooks of known students that cannot be graded.
        problems: sentences about files whose student is not known.
        readings: how names were understood.
        missing: students of the roster of whom nothing came.
    """

    lines: list[Line] = field(default_factory=list)
    hand_ins: dict[tuple[str, str], list[HandIn]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    missing: list[Student] = field(default_factory=list)

    @property
    def found(self) -> list[Submission | Refusal]:
        """What grading takes: by student and lab, several hand-ins oldest first."""
        flat = [one.submission for group in self.hand_ins.values() for one in group]
        return sorted([*self.refusals, *flat], key=lambda one: (one.student, one.lab, one.timestamp or datetime.min))

    @property
    def undated(self) -> list[Submission]:
        """Hand-ins without a time."""
        return [one for one in self.found if isinstance(one, Submission) and one.timestamp is None]


def gather(
    downloads: Iterable[Path],
    keys: dict[str, AnswerKey],
    *,
    roster: Roster | None = None,
    pattern: Pattern | None = None,
    zone: tzinfo = UTC,
    only: bool = False,
) -> Collection:
    """Read downloads, each a zip or a folder in any platform's form.

    Args:
        downloads: in order; a file that came twice is taken once.
        keys: the labs, by name.
        roster: the class; default: students are called what the platform calls them.
        pattern: where the student stands in a path; default: guessed by the platform's form.
        zone: of times that name none; default UTC.
        only: pass over notebooks of other labs instead of refusing them; default False.

    Raises:
        CannotCollect: a download cannot be read at all.
    """
    made = _Gathering(keys, roster, only)
    for download in downloads:
        found = entries(download, zone)
        made.take(found, claims(download, found, list(keys), pattern, zone))
    return made.finished()


class _Gathering:
    """Collects file by file."""

    def __init__(self, keys: dict[str, AnswerKey], roster: Roster | None, only: bool) -> None:
        self.keys, self.roster, self.only = keys, roster, only
        self.collection = Collection()
        self._hand_ins: list[HandIn] = []
        self._others: list[tuple[str, Line]] = []  # files of a student that are no notebooks
        self._taken: list[tuple[str, Claim, str]] = []

    def take(self, found: list[Entry], claimed: dict[str, list[Claim]]) -> None:
        """Read the files of one download."""
        times = [entry.time for entry in found if entry.time is not None and entry.path.lower().endswith(".ipynb")]
        self._zip_times = bool(times) and max(times) - min(times) > PACKING
        self._stamps = {entry.path.removesuffix(TIMESTAMP): entry for entry in found if entry.name == TIMESTAMP}
        for entry in found:
            if entry.junk:
                self._say(Line(entry.path, NOTHING, "is made by a program and handed in by nobody"))
            elif entry.name in (METADATA, TIMESTAMP, REPORT):
                self._say(Line(entry.path, NOTHING, "says when and by whom, and is nothing to grade"))
            elif entry.fault == ASTRAY:
                self._nobodys(entry, Unreadable(*ASTRAY))
            elif not claimed.get(entry.path):
                cure = "put it into a folder with the student's name, or say with --pattern where the name stands"
                self._nobodys(entry, Unreadable(NOWHERE, cure))
            else:
                for claim in claimed[entry.path]:
                    self._file(entry, claim)

    def _file(self, entry: Entry, claim: Claim) -> None:
        try:
            student = student_of(claim, self.roster)
        except Unreadable as error:
            self._nobodys(entry, error)
            return
        time, time_from = self._time(entry, claim)
        line = Line(entry.path, REFUSED, "", student, self._likely(entry), time, time_from)
        try:
            if entry.fault:
                raise Unreadable(*entry.fault)
            if entry.name.lower().endswith(ARCHIVES):
                raise Unreadable("is an archive inside the download", "hand in the notebook itself")
            if not entry.name.lower().endswith(".ipynb"):
                self._others.append((student, replace(line, reason=f"is no notebook; {HAND_IN_SAVED}")))
                return
            content = entry.read()
            notebook = parse(content)
            cells = notebook.cells
            lab = lab_of(cells, self.keys)
            if lab is None and (other := self._other_lab(cells)):
                if self.only:
                    self._say(replace(line, status=NOTHING, lab=other, reason="is of a lab that is not asked for"))
                    return
                raise Unreadable(f"is the notebook of another lab ({other})", "collect that lab as well")
            if lab is None:
                raise Unreadable("holds no cells of any lab", "start again from the lab's notebook and hand that in")
        except Unreadable as error:
            self._refuse(line, error)
            return
        except Exception as error:  # a fault of ours must not stop the others
            fault = f"made the grader stumble while reading ({type(error).__name__}: {error})"
            self._refuse(line, Unreadable(fault, "report this to the course's maintainers"))
            return
        named, notes = with_names(cells, self.keys[lab]), []
        if named != cells:
            notes.append(BY_TEXT)
        if claim.late:
            notes.append(f"{claim.platform} calls it late" + ("" if time else "; by how much is not in the download"))
        digest = hashlib.sha256(content).hexdigest()
        submission = Submission(student, lab, named, digest, time, notes, python_of(content), notebook.exercises)
        self._hand_ins.append(HandIn(submission, entry, claim, time_from))
        self._taken.append((entry.path, claim, student))

    def _time(self, entry: Entry, claim: Claim) -> tuple[datetime | None, str]:
        """Return when a file was handed in: by the platform, the zip, or timestamp.txt, in this order.

        In the course's own form that file is the platform's.
        """
        stamp = self._stamps.get(entry.path.removesuffix(entry.name))
        written = None
        if stamp is not None:
            with suppress(Unreadable, ValueError):  # the report says that there is no time
                written = read_moment(stamp.read().decode())
        zipped = entry.time if self._zip_times else None
        known = [(claim.time, "platform"), (zipped, "zip"), (written, TIMESTAMP)]
        if claim.platform == OWN:
            known = [known[2], known[1]]
        return next(((time, where) for time, where in known if time is not None), (None, ""))

    def _likely(self, entry: Entry) -> str:
        """Return the lab that a path names, for a file that cannot say it itself."""
        path = entry.path.casefold()
        return next((lab for lab in self.keys if lab.casefold() in path), "")

    def _other_lab(self, cells: tuple[SubmittedCell, ...]) -> str:
        """Return a lab of the course that is not asked for, of which the cells are."""
        root = next((key.root for key in self.keys.values() if key.root is not None), None)
        came = {cell.grade_id for cell in cells} | {cell.id for cell in cells}
        labs = names_of_labs(root) if root is not None else {}
        return next((lab for lab, names in labs.items() if lab not in self.keys and came & names), "")

    def _refuse(self, line: Line, error: Unreadable) -> None:
        self._say(replace(line, reason=f"{error.fault}; {error.cure}"))
        self.collection.refusals.append(Refusal(line.student, line.lab, line.path, error.fault, error.cure, line.time))

    def _nobodys(self, entry: Entry, error: Unreadable) -> None:
        reason = f"{error.fault}; {error.cure}"
        self._say(Line(entry.path, REFUSED, reason))
        if entry.name.lower().endswith((".ipynb", *ARCHIVES)) or entry.fault:
            self.collection.problems.append(one_line(f"{entry.path} {reason}."))

    def _say(self, line: Line) -> None:
        self.collection.lines.append(line)

    def finished(self) -> Collection:
        """Order the hand-ins of each student and lab, and name who is missing."""
        groups: dict[tuple[str, str], list[HandIn]] = {}
        for one in self._hand_ins:
            groups.setdefault((one.submission.student, one.submission.lab), []).append(one)
        for place, group in sorted(groups.items()):
            self._group(place, sorted(group, key=lambda one: one.order))
        made = self.collection
        came = {student for student, _ in made.hand_ins} | {one.student for one in made.refusals}
        for student, line in self._others:
            self._say(line)
            if student not in came:  # otherwise it lay beside a notebook
                made.refusals.append(Refusal(student, line.lab, line.path, "is no notebook", HAND_IN_SAVED, line.time))
        came |= {student for student, _ in self._others}
        made.readings = readings(self._taken)
        made.missing = [one for one in (self.roster.students.values() if self.roster else ()) if one.id not in came]
        return made

    def _group(self, place: tuple[str, str], group: list[HandIn]) -> None:
        numbered = {(one.claim.platform, one.claim.number) for one in group if one.claim.number}
        if len(numbered) > len({platform for platform, _ in numbered}):  # two numbers on one platform: two people
            numbers = " and ".join(sorted(number for _, number in numbered))
            fault = f"is of one of several people called {place[0]!r} ({numbers})"
            for one in group:
                error = Unreadable(fault, "give a roster with a column that holds these numbers")
                self._refuse(_line(one, REFUSED), error)
            return
        kept: list[HandIn] = []
        for one in group:
            same = [(k.submission.sha256, k.submission.timestamp) for k in kept]
            if (one.submission.sha256, one.submission.timestamp) in same:
                self._say(_line(one, SUPERSEDED, "is the same file, handed in at the same time, as another"))
            else:
                kept.append(one)
        for one in kept[:-1]:
            reason = f"was handed in before {kept[-1].entry.path}, and counts as an earlier attempt"
            self._say(_line(one, SUPERSEDED, reason))
        self._say(_line(kept[-1], TAKEN))
        self.collection.hand_ins[place] = kept


def _line(one: HandIn, status: str, reason: str = "") -> Line:
    made = one.submission
    return Line(one.entry.path, status, reason, made.student, made.lab, made.timestamp, one.time_from)
