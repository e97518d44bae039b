"""What staff read of a download: how its names were understood, what was taken, who is missing, what was refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.collecting.claims import Pattern, has_own_form
from grader.collecting.collection import NOTHING, REFUSED, SUPERSEDED, TAKEN, Collection
from grader.collecting.download import CannotCollect
from grader.collecting.gathering import gather
from grader.collecting.ledger import REPORT, Groups, read_rows
from grader.collecting.roster import Roster
from grader.course import Course
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.late_mark import disagreements
from grader.notebooks.submission import Refusal, Submission, collect, left_alone
from grader.text.moments import NoMoment, read_zone
from grader.text.plurals import counted
from grader.text.safe_names import one_line, spreadsheet


@dataclass(frozen=True)
class Asked:
    """How staff want a download to be read.

    Args:
        roster: the class; default: students are called what the platform calls them.
        pattern: where the student stands in a path; default: guessed.
        zone: of times that name none; default: the course's, and UTC in timestamp.txt.
    """

    roster: Roster | None = None
    pattern: Pattern | None = None
    zone: tzinfo | None = None

    @classmethod
    def of(cls, roster: Path | None, pattern: str | None, zone: str | None) -> Asked:
        """Read what was written on a command line.

        Raises:
            CannotCollect: no roster, pattern or zone with one meaning.
        """
        try:
            place = read_zone(zone) if zone else None
        except NoMoment as error:
            raise CannotCollect(f"{error}.") from None
        return cls(Roster.read(roster) if roster else None, Pattern(pattern) if pattern else None, place)


def collected(
    submitted: Path, keys: dict[str, AnswerKey], asked: Asked, console: Console, *, zone: tzinfo, only: bool
) -> tuple[list[Submission | Refusal], list[str]]:
    """Return what was handed in, and sentences about files whose student is not known.

    A folder that has the course's form is read as it is; how a platform's download was read is printed.

    Args:
        submitted: the folder or the download.
        keys: the labs, by name.
        asked: how it is to be read.
        console: where that is printed.
        zone: the course's.
        only: pass over other labs' notebooks.

    Raises:
        CannotCollect: the download cannot be read.
        OSError: the folder cannot be listed.
    """
    for lab, number in left_alone(submitted, keys).items() if submitted.is_dir() and not only else ():
        console.print(Text(f"{counted(number, 'hand-in')} of {lab}, not in use, left alone"), soft_wrap=True)
    own = submitted.is_dir() and has_own_form(submitted, keys) and not (submitted / REPORT).is_file()
    if asked == Asked() and own:
        return collect(submitted, keys, only), []
    how = {"roster": asked.roster, "pattern": asked.pattern, "zone": asked.zone, "course_zone": zone}
    collection = gather([submitted], keys, **how, only=only)
    if not collection.lines:
        return collect(submitted, keys, only) if submitted.is_dir() else [], []
    print_readings(console, collection)
    return collection.found, collection.problems


def print_readings(console: Console, collection: Collection) -> None:
    """Print how names were understood, and who is missing."""
    for one in collection.readings:
        path, student = (one_line(text) for text in one.example)
        console.print(Text(f"{one.files} as {one.form}, so {path} is {student}'s"), soft_wrap=True)
    if collection.missing:
        names = ", ".join(one_line(f"{one.id} ({one.name})" if one.name else one.id) for one in collection.missing)
        console.print(Text(f"nothing from {names}"), soft_wrap=True)


def collection_summary(console: Console, collection: Collection, lying: Groups, report: Path, course: Course) -> bool:
    """Print what became of the files, a sentence for each that was refused; return whether all is well.

    Args:
        console: where it goes.
        collection: what has just come.
        lying: all that lies in the folder now.
        report: the list of it.
        course: its due dates.
    """
    print_readings(console, collection)
    rows = read_rows(report)
    became = {(row["file"], row["sha256"]): row["became"] for row in rows}  # beside what lay there before
    counts = Counter(became.get((spreadsheet(one.path), one.sha256), one.status) for one in collection.lines)
    said = ", ".join(f"{counts[status]} {status}" for status in (TAKEN, SUPERSEDED, REFUSED, NOTHING))
    students = {student for student, _ in collection.hand_ins}
    console.print(f"{said}; {counted(len(students), 'student')}", highlight=False)
    problems = [*map(str, collection.refusals), *collection.problems]
    for sentence in problems:
        console.print(Text("  " + sentence), soft_wrap=True)
    dates = course.due()
    for sentence in disagreements(collection.last, lambda student, lab: dates.get(lab)):
        console.print(Text(sentence), soft_wrap=True)
    if undated := len(collection.undated):
        said = f"{counted(undated, 'hand-in')} without a time, so no due date will cost anything there"
        console.print(said, highlight=False)
    hand_ins = counted(sum(map(len, lying.values())), "hand-in")
    of = counted(len({student for student, _ in lying}), "student")
    console.print(Text(f"every file: {report}; {hand_ins} of {of} in that folder"), soft_wrap=True)
    return not problems
