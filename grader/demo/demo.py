"""The demonstration: a whole term with an imaginary class, in which everything comes out as it must.

Release, collect from two platforms and a folder, grade, collect and grade what came later, one grade and one comment by
hand, export.
"""

import csv
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader import api
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.build.build import find_labs
from grader.class_run.run import Graded, Run
from grader.collecting.gathering import gather
from grader.collecting.ledger import REPORT
from grader.collecting.roster import Roster
from grader.collecting.writing import require_own, write_collection
from grader.course import Course, LabTerms
from grader.demo.download import NEVER_CAME, write_downloads, write_roster
from grader.demo.sample_class import ALL, CLASS, DUE, LORA, SOME, HandIn, labs_of
from grader.engine.canary import sandbox_faults
from grader.exports import Chosen, to_canvas
from grader.notebooks.submission import Refusal
from grader.records.class_grades import ClassGrades
from grader.release.kit import CannotRelease
from grader.release.releasing import release_course
from grader.reports.collection_table import Asked, collection_summary
from grader.reports.console import CannotStart, grade_folder, start
from grader.reports.kept import page_of
from grader.reports.run_summary import summary
from grader.results import Exercise
from grader.text.plurals import counted

CELL_SECONDS = 6.0  # a cell of these labs takes well under one; two students wait for the limit
OWN = (
    "kit", "kit.zip", "roster.csv", "download-1", "download-2", "submitted", "feedback", "gradebook.db", "grades.csv",
    "report.html", "results.json", "canvas.csv",
)  # fmt: skip
BY_HAND = ("a-not-trainable", "test-lora-layer", 2.0, "The idea is right: make A and B parameters, and it trains.")


@dataclass
class Demo:
    """What came of it.

    Args:
        runs: of the two collections, and of the class after a person's grade.
        grades: of the class after the last of them.
        refused: what could not be taken from the downloads.
        steps: (what, how it came out, seconds, the command for one's own class) of the term.
        surprises: one sentence for everything that did not come out as it must.
    """

    runs: list[Run] = field(default_factory=list)
    grades: ClassGrades | None = None
    refused: list[Refusal] = field(default_factory=list)
    steps: list[tuple[str, str, float, str]] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, what: str, command: str) -> Iterator[list[str]]:
        """Take the time of a step; what is put into the list is how it came out."""
        begin, said = time.perf_counter(), []
        yield said
        self.steps.append((what, "".join(said), time.perf_counter() - begin, command))


def run_demo(root: Path, out: Path, console: Console, workers: int | None = None) -> Demo:
    """Go through a term and compare with what must come of it.

    Args:
        root: the course.
        out: a folder for everything; what an earlier demonstration left there is replaced.
        console: where progress goes.
        workers: submissions at a time; default: one a core.

    Raises:
        CannotStart: the labs are not built.
    """
    demo, faults = Demo(), sandbox_faults()
    sandbox = not faults  # the imaginary class means no harm, so the demonstration also runs where nothing shuts it off
    if faults:
        console.print(Text(f"Without a sandbox, since it does not hold here: {faults[0]}"))
    for name in OWN:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    labs = {lab.name: lab for lab in find_labs(root)}
    names, submitted = labs_of(list(labs.values())), out / "submitted"
    out.mkdir(parents=True, exist_ok=True)
    keys = start(root, out, names)
    missing = [name for name in names if not labs[name].student.is_file()]
    if missing or not names:
        raise CannotStart(f"the notebooks of {', '.join(missing) or 'the course'} are not built; run `grader build`.")
    roster = Roster.read(write_roster(out / "roster.csv"))
    options = {"labs": names, "keys": keys, "db": str(out / "gradebook.db"), "due": [DUE], "workers": workers}
    options |= {"timeout": CELL_SECONDS, "sandbox": sandbox, "asked": Asked(roster), "console": console}
    points = {lab: LabTerms(points=one.points) for lab, one in Course.of(root).terms.items()}
    options |= {"course": Course(root, labs=tuple(names), terms=points)}  # not its roster, dates and seed
    with demo.step("release", "grader release --out kit") as said:
        said.append(_release(demo, root, out / "kit"))
    for collection in (1, 2):
        chosen = [one for one in CLASS if one.collection == collection and one.lab in keys]
        with demo.step("collect", "grader collect DOWNLOAD --out submitted --roster roster.csv") as said:
            twins = {name: labs[name].student for name in names}
            downloads = write_downloads(chosen, keys, twins, out / f"download-{collection}")
            said.append(_collect(demo, downloads, options, roster, submitted))
        with demo.step("grade", "grader grade submitted --out results") as said:
            run, demo.grades = grade_folder(root, submitted, out, title=f"collection {collection}", **options)
            said.append(f"{sum(row.standing.new for row in run.graded)} new")
        demo.runs.append(run)
        demo.surprises += [text for one in chosen if (text := surprise(one, run, demo.refused))]
        told = set(map(str, demo.refused))  # when it was collected, and when what was collected is graded
        demo.surprises += [problem for problem in run.problems if problem not in told]
    with demo.step("a grade by hand", "nbgrader formgrader") as said:
        said.append(_by_hand(out / "gradebook.db"))
    with demo.step("grade", "grader grade submitted --out results") as said:
        run, demo.grades = grade_folder(root, submitted, out, title="once more", **options)
        said.append(f"{sum(row.standing.new for row in run.graded)} new; the grade by hand stays")
    demo.runs.append(run)
    with demo.step("export", "grader export --for canvas --out canvas.csv") as said:
        sheet = to_canvas(Chosen.of(demo.grades))
        (out / "canvas.csv").write_text(sheet.text(), encoding="utf-8-sig", newline="")
        said.append(counted(len(sheet.rows) - 1, "student"))
    demo.surprises += disagreements(out)
    return demo


def _release(demo: Demo, root: Path, out: Path) -> str:
    try:
        kit, _, leaks, _ = release_course(root, out)
    except CannotRelease as error:
        demo.surprises.append(f"The release was not written: {error}")
        return "not written"
    demo.surprises += [f"The release would have held a secret: {leak}" for leak in leaks]
    return f"{counted(len(kit.files), 'file')}, no secret among them"


def _collect(demo: Demo, downloads: list[Path], options: dict, roster: Roster, out: Path) -> str:
    before = gather(require_own(out), options["keys"])
    found = gather(downloads, options["keys"], roster=roster, before=before)
    lying = write_collection(found, out, before)
    collection_summary(options["console"], found, lying, out / REPORT, options["course"])
    demo.refused += found.refusals
    return f"{counted(sum(map(len, found.hand_ins.values())), 'notebook')} from {counted(len(downloads), 'download')}"


def _by_hand(book: Path) -> str:
    """Enter a grade and a comment as formgrader does."""
    student, cell, points, comment = BY_HAND
    with api.Gradebook(f"sqlite:///{book}") as gradebook:
        gradebook.find_grade(cell, LORA, LORA, student).manual_score = points
        gradebook.find_comment(cell.removeprefix("test-"), LORA, LORA, student).manual_comment = comment
        gradebook.db.commit()
    return f"{counted(points, 'point')} and a comment for {student}"


def disagreements(out: Path) -> list[str]:
    """Say where results.json, grades.csv, a feedback page and the export do not say the same of a grade by hand."""
    student, cell, points, comment = BY_HAND
    entries = {(e["student"], e["lab"]): e for e in json.loads((out / "results.json").read_text(encoding="utf-8"))}
    entry = entries[student, LORA]
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(row for row in csv.DictReader(file) if (row["student"], row["lab"]) == (student, LORA))
    with (out / "canvas.csv").open(encoding="utf-8-sig", newline="") as file:
        columns, *rows = csv.reader(file)
    place = next(number for number, name in enumerate(columns) if name.startswith(LORA))
    exported = next(row[place] for row in rows if row[0] == "A Not Trainable")
    said = {
        "results.json": next(e["points"] for e in entry["exercises"] if e["grade_id"] == cell) == points,
        "grades.csv": float(row["score"]) == entry["score"] and float(row[cell]) == points,
        "the feedback page": comment in page_of(out, student, LORA).with_suffix(".txt").read_text(encoding="utf-8"),
        "canvas.csv": float(exported) == entry["score"],
        "the roster": not entries[NEVER_CAME, LORA]["handed_in"],
    }
    return [f"A grade by hand is not in {where}." for where, agrees in said.items() if not agrees]


def surprise(one: HandIn, run: Run, refused: list[Refusal]) -> str:
    """Say what of one submission did not come out as it must; nothing when all did."""
    who = f"{one.student}, {one.lab}:"
    if one.refused is not None:
        fits = any((row.student, row.lab) == (one.student, one.lab) and one.refused in str(row) for row in refused)
        return "" if fits else f"{who} should have been refused ({one.refused}), but was not."
    row = next((row for row in run.rows if (row.student, row.lab) == (one.student, one.lab)), None)
    if row is None:
        return f"{who} is missing from the results."
    if not isinstance(row, Graded):
        return f"{who} should have been graded, but: {row}"
    full = sum(exercise.verdict == "pass" for exercise in row.result.exercises)
    if one.loses == SOME and not 0 < full < len(row.result.exercises):
        return f"{who} should have got some exercises right and others not, but got {full} right."
    wrong = [exercise.grade_id for exercise in row.result.exercises if not _fits(one, exercise)]
    if wrong:
        return f"{who} came out differently in {', '.join(wrong)}."
    if one.flag and not any(flag.startswith(one.flag) for flag in row.result.flags):
        return f"{who} should have been flagged as {one.flag}."
    return ""


def _fits(one: HandIn, exercise: Exercise) -> bool:
    if one.loses == SOME:
        return True
    lost = one.loses == ALL or exercise.grade_id in one.loses
    if not lost:
        return exercise.verdict == "pass"
    return exercise.verdict != "pass" and one.verdict in (None, exercise.verdict)


def report(demo: Demo, console: Console, out: Path) -> int:
    """Print the class, the term, the sentences and the paths; return 0 when everything came out as it must."""
    summary(console, demo.runs[-1], demo.grades, out, str(out / "gradebook.db"))
    heads = ("the term", "came out as", "seconds", "with your own class")
    table = Table(*heads, box=box.SIMPLE_HEAD, show_edge=False)
    for what, said, seconds, command in demo.steps:
        table.add_row(what, Text(said), f"{seconds:7.1f}", Text(command))
    console.print(table)
    for sentence in demo.surprises:
        console.print(Text(f"UNEXPECTED  {sentence}"))
    if not demo.surprises:
        console.print("Every submission came out as it must.", highlight=False)
    console.print("\nWhat to look at next:")
    for what, where in next_steps(demo.runs[-1], out):
        console.print(Text(f"  {what:<24} {where}"), soft_wrap=True)
    return 1 if demo.surprises else 0


def next_steps(run: Run, out: Path) -> list[tuple[str, str]]:
    """Return what a newcomer should look at, and where: as addresses, which a terminal makes clickable."""
    worth_reading = max(run.graded, key=lambda row: 0 < row.result.score < row.result.max_score, default=None)
    pages = [("the class report", out / "report.html")]
    if worth_reading is not None:
        pages.append(("one student's feedback", page_of(out, worth_reading.student, worth_reading.lab)))
    return [*((what, path.resolve().as_uri()) for what, path in pages), ("the labs themselves", "make lab")]
