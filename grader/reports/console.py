"""What staff see in the terminal while a class is graded."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryFile

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from grader.build.build import find_labs
from grader.build.drift import unbuilt
from grader.class_run.dask_pool import examine_cluster
from grader.class_run.decisions import decisions_of
from grader.class_run.grading_run import Watcher, grade_all
from grader.class_run.run import Run
from grader.class_run.seed_file import SeedFileError, read_seed
from grader.collecting.download import CannotCollect
from grader.collecting.roster import Roster
from grader.course import Course, CourseError, Policy
from grader.engine.canary import REMEDY, sandbox_faults
from grader.engine.service import NO_FORK, can_fork
from grader.lab_names import NoLab, choose_labs
from grader.notebooks.answer_key import AnswerKey, read_keys
from grader.records.attempt_policy import AttemptPolicy
from grader.records.class_grades import ClassGrades
from grader.records.gradebook import GradebookError, database_url
from grader.records.late_rules import LateRules, LateRulesError
from grader.reports.class_report import write_class_report
from grader.reports.collection_table import Asked, collected
from grader.reports.feedback import write_feedback
from grader.reports.kept import keep_outputs
from grader.reports.result_files import write_report
from grader.reports.stale_pages import remove_stale
from grader.scoring.run_submission import Limits
from grader.text.moments import NoMoment, read_moment, shown
from grader.text.plurals import counted
from grader.text.safe_names import one_line

NOT_STARTED, INTERRUPTED = 2, 130  # exit codes, beside those of `summary`
GRADEBOOK = Path(".nbgrader") / "gradebook.db"  # where nbgrader_config.py has it
ROOM = 20_000_000  # bytes that the results of a class of a hundred and a lab take
AUTOGRADED = Path(".nbgrader") / "autograded"  # likewise; formgrader shows what lies there


class CannotStart(Exception):
    """Nothing was graded; the message is one sentence."""


def default_workers() -> int:
    """Return one worker a core: each is a judge and a submission that wait for each other."""
    return max(1, os.cpu_count() or 1)


def parse_due(texts: list[str], labs: list[str], zone: tzinfo) -> dict[str, datetime | None]:
    """Read due dates, "WHEN" for all labs or "LAB=WHEN", as UTC without zone; None for the WHEN "none".

    Args:
        texts: for LAB see `choose_labs`, for WHEN `read_moment`.
        labs: names of those that may be due.
        zone: where a date names none.

    Raises:
        CannotStart: an unknown lab, or no date with one meaning.
    """
    due: dict[str, datetime | None] = {}
    for text in texts:
        lab, _, when = text.rpartition("=")
        try:
            due |= dict.fromkeys(choose_labs(lab, labs), None if when == "none" else read_moment(when, zone))
        except NoMoment as error:
            raise CannotStart(f"{error}.") from None
        except NoLab as error:
            raise CannotStart(str(error)) from None
    return due


def say_due(console: Console, due: dict[str, datetime | None], zone: tzinfo) -> None:
    """Print how the due dates were understood, by the clocks of the course's zone, labs of one date together."""
    for moment in sorted(set(due.values()), key=lambda one: (one is None, one)):
        labs = ", ".join(lab for lab, one in due.items() if one == moment)
        console.print(Text(f"{f'due {shown(moment, zone)}' if moment else 'no due date'}: {labs}"), soft_wrap=True)


@contextmanager
def progress(console: Console, title: str) -> Iterator[Watcher]:
    """Show a bar with time left; yields what `grade_all` calls after each submission."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=18),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None, last="")

        def watch(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, last=escape(one_line(what)[:18]))

        yield watch


def start(root: Path, submitted: Path, labs: list[str]) -> dict[str, AnswerKey]:
    """Read the labs' answer keys.

    Raises:
        CannotStart: no submissions there, an unknown lab or one without its solution twin.
    """
    if not submitted.exists():
        where = "the folder with SUBMITTED/<student>/<lab>/<lab>.ipynb, or a platform's download"
        raise CannotStart(f"there is no {submitted}; give {where}.")
    try:
        return read_keys(root, labs)
    except ValueError as error:
        raise CannotStart(str(error)) from error


def course_of(root: Path) -> Course:
    """Read what course.toml decides.

    Raises:
        CannotStart: it says something that cannot be followed.
    """
    try:
        return Course.of(root)
    except CourseError as error:
        raise CannotStart(str(error)) from None


def examine_output(out: Path) -> None:
    """Look whether a class's results find room in their folder, or where it will be made: before anything is graded.

    Raises:
        CannotStart: they do not.
    """
    try:
        there = next(place for place in (out, *out.absolute().parents) if place.exists())
        with TemporaryFile(dir=there) as trial:
            trial.write(bytes(ROOM))
            trial.flush()
    except OSError as error:
        raise CannotStart(
            f"{out} cannot be written ({error.strerror or error}); give another folder with --out."
        ) from None


def examine_machine(sandbox: bool) -> None:
    """Look whether submissions can be shut off here, where that is asked for.

    Raises:
        CannotStart: they cannot.
    """
    if sandbox and (faults := sandbox_faults()):
        raise CannotStart(f"the sandbox does not hold here: {faults[0]} {REMEDY}")


def grade_folder(
    root: Path,
    submitted: Path,
    out: Path,
    *,
    labs: list[str],
    keys: dict[str, AnswerKey] | None = None,
    db: str | None = None,
    due: list[str] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    timeout: float = 20.0,
    sandbox: bool = True,
    policy: Policy | None = None,
    seed_file: Path | None = None,
    asked: Asked | None = None,
    course: Course | None = None,
    anonymous: bool = False,
    students: Iterable[str] = (),
    console: Console | None = None,
    title: str = "grading",
) -> tuple[Run, ClassGrades]:
    """Grade a folder, with progress, and write reports and feedback.

    Args:
        root: the course.
        submitted: the folder of all submissions, or a learning platform's download.
        out: where results.json, grades.csv, report.html and feedback/ go.
        labs: by name or number; none means all.
        keys: the labs' answer keys, where they have been read before; default: they are read now.
        db: URL or file of the gradebook; default: the course's own.
        due: due dates, see `parse_due`, over those of course.toml.
        workers: how many at a time; default: one a core.
        scheduler: address of a running Dask cluster that does the grading; default: this machine does.
        timeout: seconds of wall clock for one cell.
        sandbox: whether submissions are shut off; nothing starts where that does not hold. Default True.
        policy: which attempt counts, see `AttemptPolicy`; default: as course.toml says.
        seed_file: holds the course's own seed, see `read_seed`; default: course.toml's, else the environment's seed.
        asked: how names and times in a download are to be read; default: as it says itself, with course.toml's roster.
        course: what the course decides; default: as its course.toml says.
        anonymous: whether a report without names is written too; default False.
        students: to grade now; default: everybody.
        console: where progress goes; default: standard output.
        title: what the progress bar says.

    Returns:
        The run, and the class as it stands after it: all labs in use and all students, whoever was graded now.

    Raises:
        CannotStart: nothing was graded, and why.
    """
    console = console or Console()
    course = course or course_of(root)
    keys = keys or start(root, submitted, labs)
    if out.resolve().is_relative_to(submitted.resolve()):
        raise CannotStart(f"{out} lies inside the folder of submissions; give another folder with --out.")
    if scheduler is None and not can_fork():
        raise CannotStart(NO_FORK)
    zone = course.time_zone
    planned = {lab: moment for lab, moment in course.due().items() if lab in keys}
    given = parse_due(due or [], list(keys), zone)
    say_due(console, planned | given, zone)
    seed_file, asked = seed_file or course.seed_file, asked or Asked()
    try:
        if scheduler is not None:
            places = examine_cluster(scheduler, sandbox)
            console.print(Text(f"The cluster at {scheduler} grades {places} at a time."))
        seed = read_seed(seed_file) if seed_file is not None else None
        rules = LateRules.of_course(root)
        url = database_url(db or str(root / GRADEBOOK))
        if asked.roster is None and course.roster is not None:
            asked = replace(asked, roster=Roster.read(course.roster))
        found, problems = collected(submitted, keys, asked, console, zone=zone, only=bool(labs))
        if not found and not problems:
            raise CannotStart(f"{submitted} holds no submissions; expected {submitted}/<student>/<lab>/<lab>.ipynb.")
        if students and not {one.student for one in found} & set(students):
            raise CannotStart(f"{submitted} holds nothing of {', '.join(students)}; look at the names of its folders.")
        all_keys = keys if labs == list(keys) else read_keys(root, []) | keys
        worth = {lab: key.worth for lab, key in all_keys.items()}
        for sentence in unbuilt(course, worth):
            console.print(Text(f"{sentence}."), soft_wrap=True)
        examine_output(out)
        with progress(console, title) as watch, ThreadPoolExecutor(1) as aside:
            # The engine starts and the sandbox is tried while the gradebook is opened.
            examined = aside.submit(examine_machine, sandbox) if scheduler is None else None
            run = grade_all(
                found,
                keys,
                url,
                limits=Limits(cell_seconds=timeout),
                workers=workers or default_workers(),
                scheduler=scheduler,
                sandbox=sandbox,
                seed=seed,
                counting=AttemptPolicy(
                    policy or course.attempts,
                    rules,
                    worth=worth,
                    pass_mark=course.pass_mark,
                    grace=course.late.grace_seconds,
                ),
                decided=decisions_of(course, rules, policy),
                only=bool(labs),
                due=given,
                planned=planned,
                zone=zone,
                students=frozenset(students),
                copies=root / AUTOGRADED if db is None else None,
                watch=watch,
                keep=lambda result: keep_outputs(result, out),
                say=lambda sentence: console.print(Text(f"{sentence}."), soft_wrap=True),
                ready=lambda: examined and examined.result(),
            )
        run.problems += problems
        if rules.fault:
            run.problems.append(f"Lateness has cost nothing where the plugin for it failed: {rules.fault}; mend it.")
        grades = ClassGrades.of(
            all_keys,
            run.attempts,
            run.held,
            run.counting,
            refused=run.refused,
            roster=asked.roster,
            terms=course.terms,
        )
        write_report(grades, run.refused, out)
        write_feedback(grades, run, out, course, run.submissions)
        reports = [write_class_report(grades, run, out, course)]
        reports += [write_class_report(grades, run, out, course, named=False)] if anonymous else []
        places = [place for place in (*grades.grades, *grades.refused) if place[1] in grades.labs]
        resting = {lab.name for lab in find_labs(root)} - set(all_keys)
        if gone := remove_stale(out, [one.id for one in grades.students], places, reports, resting):
            removed = f"removed {counted(gone, 'page')} of an earlier run"
            console.print(Text(f"{removed} that this one has no student, lab or report for"))
    except (CannotCollect, GradebookError, LateRulesError, SeedFileError, OSError) as error:
        raise CannotStart(str(error)) from error
    return run, grades
