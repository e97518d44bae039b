"""The demonstration: an imaginary class hands in twice, is graded twice, and everything comes out as it must."""

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.build.build import find_labs
from grader.class_run.grading_run import Graded, Run
from grader.course import Course
from grader.demo.sample_class import ALL, CLASS, DUE, SOME, HandIn, hand_in, labs_of
from grader.engine.canary import sandbox_faults
from grader.notebooks.submission import Refusal
from grader.records.class_grades import ClassGrades
from grader.reports.console import CannotStart, grade_folder, start, summary
from grader.reports.kept import page_of
from grader.results import Exercise

CELL_SECONDS = 6.0  # a cell of these labs takes well under one; two students wait for the limit
OWN = ("submitted", "feedback", "gradebook.db", "grades.csv", "report.html", "results.json")


@dataclass
class Demo:
    """What came of it.

    Args:
        runs: of the two collections.
        grades: of the class after the last of them.
        surprises: one sentence for everything that did not come out as it must.
        seconds: wall clock.
    """

    runs: list[Run] = field(default_factory=list)
    grades: ClassGrades | None = None
    surprises: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run_demo(root: Path, out: Path, console: Console, workers: int | None = None) -> Demo:
    """Make the class, grade it twice and compare with what must come of it.

    Args:
        root: the course.
        out: a folder for everything; what an earlier demonstration left there is replaced.
        console: where progress goes.
        workers: submissions at a time; default: one a core.

    Raises:
        CannotStart: the labs are not built.
    """
    begin, demo = time.perf_counter(), Demo()
    faults = sandbox_faults()
    sandbox = not faults  # the imaginary class means no harm, so the demonstration also runs where nothing shuts it off
    if faults:
        console.print(Text(f"Without a sandbox, since it does not hold here: {faults[0]}"))
    for name in OWN:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    labs = {lab.name: lab for lab in find_labs(root)}
    names, submitted = labs_of(list(labs.values())), out / "submitted"
    submitted.mkdir(parents=True)
    keys = start(root, submitted, names)
    missing = [name for name in names if not labs[name].student.is_file()]
    if missing or not names:
        raise CannotStart(f"the notebooks of {', '.join(missing) or 'the course'} are not built; run `grader build`.")
    for collection, title in ((1, "collection 1"), (2, "collection 2")):
        chosen = [one for one in CLASS if one.collection == collection and one.lab in keys]
        for one in chosen:
            hand_in(one, keys, {name: labs[name].student for name in names}, submitted)
        run, demo.grades = grade_folder(
            root,
            submitted,
            out,
            labs=names,
            keys=keys,
            db=str(out / "gradebook.db"),
            due=[DUE],
            workers=workers,
            timeout=CELL_SECONDS,
            sandbox=sandbox,
            course=Course(root, labs=tuple(names)),  # not its roster, dates and seed
            console=console,
            title=title,
        )
        demo.runs.append(run)
        demo.surprises += [text for one in chosen if (text := surprise(one, run))]
        demo.surprises += [text for text in run.problems if not _expected(text, collection)]
    demo.seconds = time.perf_counter() - begin
    return demo


def _expected(problem: str, collection: int) -> bool:
    latest = {(one.student, one.lab): one for one in CLASS if one.collection <= collection}
    return any(one.refused and one.refused in problem and problem.startswith(one.student) for one in latest.values())


def surprise(one: HandIn, run: Run) -> str:
    """Say what of one submission did not come out as it must; nothing when all did."""
    who = f"{one.student}, {one.lab}:"
    row = next((row for row in run.rows if (row.student, row.lab) == (one.student, one.lab)), None)
    if row is None:
        return f"{who} is missing from the results."
    if one.refused is not None:
        fits = isinstance(row, Refusal) and one.refused in str(row)
        return "" if fits else f"{who} should have been refused ({one.refused}), but was not."
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
    """Print the table, the sentences and the paths; return 0 when everything came out as it must."""
    summary(console, demo.runs[-1], demo.grades, out, str(out / "gradebook.db"))
    graded = sum(row.standing.new for run in demo.runs for row in run.graded)
    console.print(f"{graded} attempts graded in {demo.seconds:.0f} s, two collections.", highlight=False)
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
