"""From downloads to a collection: file by file, whose it is, which lab's, and when it came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path

from grader.collecting.claims import NOWHERE, OWN, Pattern, claims, readings, student_of
from grader.collecting.collection import (
    NOTHING,
    REFUSED,
    Collection,
    HandIn,
    Line,
)
from grader.collecting.download import ASTRAY, Entry, entries, inside
from grader.collecting.gradescope import METADATA
from grader.collecting.hand_in_order import put_in_order
from grader.collecting.ledger import REPORT, refusals_in
from grader.collecting.platforms import Claim
from grader.collecting.roster import Roster
from grader.notebooks.answer_key import AnswerKey, names_of_labs
from grader.notebooks.late_mark import MARK, LateMark
from grader.notebooks.notebook_file import HAND_IN_SAVED, SubmittedCell, Unreadable, parse, python_of
from grader.notebooks.recognition import BY_TEXT, is_untouched, lab_of, with_names
from grader.notebooks.submission import TIMESTAMP, Refusal, Submission, out_of_use
from grader.text.moments import read_moment
from grader.text.safe_names import one_line

ABOUT = dict.fromkeys((METADATA, TIMESTAMP, MARK, REPORT), "says when and by whom, and is nothing to grade")
NOT_ASKED = "is of a lab that is not asked for"
ZIP = ".zip"
ARCHIVES = (ZIP, ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
# Canvas and Moodle stamp a zip's files with the moment of packing (canvas-lms, lib/content_zipper.rb; moodle,
# archive_writer/zip_writer.php), which would make everybody late. Packing takes minutes, so times that lie further
# apart than this are of the hand-ins.
PACKING = timedelta(hours=1)


def gather(
    downloads: Iterable[Path],
    keys: dict[str, AnswerKey],
    *,
    roster: Roster | None = None,
    pattern: Pattern | None = None,
    zone: tzinfo | None = None,
    course_zone: tzinfo = UTC,
    only: bool = False,
    before: Collection | None = None,
) -> Collection:
    """Read downloads, each a zip or a folder in any platform's form.

    Args:
        downloads: in order; a file that came twice is taken once.
        keys: the labs, by name.
        roster: the class; default: students are called what the platform calls them.
        pattern: where the student stands in a path; default: guessed by the platform's form.
        zone: of times that name none, as staff say it; default: `course_zone`, and UTC for timestamp.txt.
        course_zone: default UTC.
        only: pass over notebooks of other labs instead of refusing them; default False.
        before: what was collected earlier, whose students are not missing; default: nothing.

    Raises:
        CannotCollect: a download cannot be read at all.
    """
    made = _Gathering(keys, roster, only, zone or UTC)
    for download in downloads:
        found = entries(download, zone or course_zone)
        made.take(found, claims(download, found, list(keys), pattern, zone or course_zone))
        if download.is_dir():  # of `grader collect`, at its top: one further down is a student's
            made.refused_before += refusals_in(download / REPORT)
    return made.finished(before or Collection())


class _Gathering:
    """Collects file by file."""

    def __init__(self, keys: dict[str, AnswerKey], roster: Roster | None, only: bool, zone: tzinfo) -> None:
        self.keys, self.roster, self.only, self.zone = keys, roster, only, zone  # zone: of a timestamp.txt without one
        self.collection = Collection()
        self.refused_before: list[Refusal] = []  # when a folder was collected, so that its files do not lie here
        self._hand_ins: list[HandIn] = []
        self._others: list[tuple[Line, dict[str, set[str]]]] = []  # no notebooks; whose and which came with each
        self._passed: set[tuple[str, str]] = set()  # notebooks of labs that are not asked for: whose, of which
        self._taken: list[tuple[str, Claim, str]] = []

    def take(self, found: list[Entry], claimed: dict[str, list[Claim]]) -> None:
        """Read the files of one download."""
        times = [entry.time for entry in found if entry.time is not None and entry.path.lower().endswith(".ipynb")]
        self._zip_times = bool(times) and max(times) - min(times) > PACKING
        self._beside = {entry.path: entry for entry in found if entry.name in (TIMESTAMP, MARK)}
        self._with: dict[str, set[str]] = {}
        read, told = len(self._hand_ins), len(self.collection.refusals)
        for entry in found:
            if entry.junk:
                self.collection.say(Line(entry.path, NOTHING, "is made by a program and handed in by nobody"))
            elif entry.name in ABOUT and not claimed.get(entry.path):
                self.collection.say(Line(entry.path, NOTHING, ABOUT[entry.name]))
            elif entry.fault == ASTRAY:
                self._nobodys(entry, Unreadable(*ASTRAY))
            elif not claimed.get(entry.path):
                cure = "put it into a folder with the student's name, or say with --pattern where the name stands"
                if entry.name.lower().endswith(ARCHIVES):
                    cure = "give it to `grader collect` by itself, or say with --pattern where a student's name stands"
                self._nobodys(entry, Unreadable(NOWHERE, cure))
            else:
                for claim in claimed[entry.path]:
                    self._file(entry, claim)
        for one in (*(each.submission for each in self._hand_ins[read:]), *self.collection.refusals[told:]):
            self._with.setdefault(one.student, set()).add(one.lab)

    def _file(self, entry: Entry, claim: Claim) -> None:
        try:
            student = student_of(claim, self.roster)
        except Unreadable as error:
            self._nobodys(entry, error)
            return
        place = entry.path.split("/")[1:2]
        if claim.platform == OWN and place and not self.only and out_of_use(place[0], self.keys):
            self.collection.say(Line(entry.path, NOTHING, "is of a lab that is not in use", student, place[0]))
            return
        if entry.name in ABOUT:
            self.collection.say(Line(entry.path, NOTHING, ABOUT[entry.name], student, self._likely(entry)))
            return
        time, time_from = self._time(entry, claim)
        mark = claim.mark or (self._own_mark(entry) if claim.platform == OWN else None)
        line = Line(entry.path, REFUSED, "", student, self._likely(entry), time, time_from, mark)
        if not entry.name.lower().endswith(ZIP):
            self._notebook(entry, claim, line)
            return
        try:
            if entry.fault:
                raise Unreadable(*entry.fault)
            inner = inside(entry)
            if not any(one.name.lower().endswith((".ipynb", *ARCHIVES)) for one in inner if not one.junk):
                raise Unreadable("is a zip without a notebook", HAND_IN_SAVED)
        except Unreadable as error:
            self._refuse(line, error)
            return
        self.collection.say(
            replace(line, status=NOTHING, reason="is a zip, whose files are in this list by themselves")
        )
        for one in inner:
            if one.junk:
                self.collection.say(
                    Line(one.path, NOTHING, "is made by a program and handed in by nobody", student, line.lab)
                )
            else:
                self._notebook(one, claim, replace(line, path=one.path, lab=self._likely(one)))

    def _notebook(self, entry: Entry, claim: Claim, line: Line) -> None:
        try:
            if entry.fault:
                raise Unreadable(*entry.fault)
            if entry.name.lower().endswith(ARCHIVES):
                raise Unreadable("is an archive that is not opened here", "hand in the notebook itself")
            if not entry.name.lower().endswith(".ipynb"):
                self._others.append((line, self._with))
                return
            content = entry.read()
            line = replace(line, sha256=hashlib.sha256(content).hexdigest())
            notebook = parse(content)
            cells = notebook.cells
            lab = lab_of(cells, self.keys)
            if lab is None and (other := self._other_lab(cells)):
                if self.only:
                    self._passed.add((line.student, other))
                    self._with.setdefault(line.student, set()).add(other)
                    self.collection.say(replace(line, status=NOTHING, lab=other, reason=NOT_ASKED))
                    return
                raise Unreadable(
                    f"is of {other}, a lab that this course does not use",
                    "hand in a lab in use, or add it to `labs` in course.toml",
                )
            if lab is None:
                raise Unreadable("holds no cells of any lab", "start again from the lab's notebook and hand that in")
        except Unreadable as error:
            self._refuse(line, error)
            return
        except Exception as error:  # a fault of ours must not stop the others
            fault = f"made the grader stumble while reading ({type(error).__name__}: {error})"
            self._refuse(line, Unreadable(fault, "report this to the course's maintainers"))
            return
        key = self.keys[lab]
        named = with_names(cells, key)
        notes = [BY_TEXT] if named != cells else []
        notes += line.mark.notes(line.time) if line.mark is not None else []
        known = (python_of(content), notebook.exercises, line.mark)
        submission = Submission(line.student, lab, named, line.sha256, line.time, notes, *known)
        self._hand_ins.append(HandIn(submission, entry, claim, line.time_from, is_untouched(named, key)))
        self._taken.append((entry.path, claim, line.student))

    def _time(self, entry: Entry, claim: Claim) -> tuple[datetime | None, str]:
        """Return when a file was handed in: by the platform, the zip, or timestamp.txt, in this order.

        In the course's own form that file is the platform's. Where neither it nor staff name a zone it is UTC, as
        nbgrader reads it.
        """
        written = None
        with suppress(Unreadable, ValueError):  # the report says that there is no time
            written = read_moment(self._read_beside(entry, TIMESTAMP), self.zone)
        zipped = entry.time if self._zip_times else None
        known = [(claim.time, "platform"), (zipped, "zip"), (written, TIMESTAMP)]
        if claim.platform == OWN:
            known = [known[2], known[1]]
        return next(((time, where) for time, where in known if time is not None), (None, ""))

    def _own_mark(self, entry: Entry) -> LateMark | None:
        """Return what a platform said of a hand-in that was collected before."""
        with suppress(Unreadable, ValueError):
            return LateMark.read(self._read_beside(entry, MARK))
        return None

    def _read_beside(self, entry: Entry, name: str) -> str:
        beside = self._beside.get(entry.path.removesuffix(entry.name) + name)
        return beside.read().decode() if beside is not None else ""

    def _likely(self, entry: Entry) -> str:
        """Return the lab that a path names, for a file that cannot say it itself."""
        path = entry.path.casefold()
        return next((lab for lab in self.keys if lab.casefold() in path), "")

    @cached_property
    def _other_labs(self) -> dict[str, frozenset[str]]:
        """The course's labs that are not among those asked for, with the names of their cells."""
        root = next((key.root for key in self.keys.values() if key.root is not None), None)
        labs = names_of_labs(root) if root is not None else {}
        return {lab: names for lab, names in labs.items() if lab not in self.keys}

    def _other_lab(self, cells: tuple[SubmittedCell, ...]) -> str:
        """Return a lab that is not among those asked for, of which the cells are."""
        came = {cell.grade_id for cell in cells} | {cell.id for cell in cells}
        return next((lab for lab, names in self._other_labs.items() if came & names), "")

    def _refuse(self, line: Line, error: Unreadable) -> None:
        """Refuse a known student's file, but not one whose path names a lab that is not asked for."""
        path = line.path.casefold()
        others = self._other_labs if self.only and not line.lab else ()
        if other := next((lab for lab in others if lab.casefold() in path), ""):
            self.collection.say(replace(line, status=NOTHING, lab=other, reason=NOT_ASKED))
        else:
            self.collection.refuse(line, error)

    def _nobodys(self, entry: Entry, error: Unreadable) -> None:
        """Say it of a file whose student is not known; one that nobody would grade is no problem."""
        reason = f"{error.fault}; {error.cure}"
        refused = entry.name.lower().endswith((".ipynb", *ARCHIVES)) or bool(entry.fault)
        self.collection.say(Line(entry.path, REFUSED if refused else NOTHING, reason))
        if refused:
            self.collection.problems.append(one_line(f"{entry.path} {reason}."))

    def finished(self, before: Collection) -> Collection:
        """Order the hand-ins, say what came beside them, and name who is missing."""
        put_in_order(self.collection, self._hand_ins, before.students)
        made = self.collection
        came = self._passed | set(made.hand_ins) | {(one.student, one.lab) for one in made.refusals}
        for line, beside in self._others:  # with a notebook of that lab; of any, where its path names none
            labs = {lab for lab in beside.get(line.student, ()) if (line.student, lab) in came}
            if line.lab in labs or (labs and not line.lab):
                self.collection.say(
                    replace(line, status=NOTHING, reason="is no notebook, and came with one of this student")
                )
            else:
                self._refuse(line, Unreadable("is no notebook", HAND_IN_SAVED))
        for one in self.refused_before:
            with suppress(Unreadable):  # on no row of the roster: then it is no student's word any more
                student = student_of(Claim(OWN, "", (one.student,), (one.student,)), self.roster)
                if self._holds(told := replace(one, student=student)):
                    made.refusals.append(told)
        made.readings = readings(self._taken)
        there = made.students | before.students
        made.missing = [one for one in (self.roster.students.values() if self.roster else ()) if one.id not in there]
        return made

    def _holds(self, refusal: Refusal) -> bool:
        """Whether a file that was refused before is of a lab in use, and the student's last word on it."""
        there = self.collection.hand_ins.get((refusal.student, refusal.lab), [])
        asked = not refusal.lab or refusal.lab in self.keys
        return asked and not any((one.time or datetime.min) >= (refusal.timestamp or datetime.min) for one in there)
