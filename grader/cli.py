"""The command line of the course's staff: thin over plain functions, one function a command."""

import gc
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
import typer.core

from grader import staff_commands
from grader.command_options import Database, Root, RosterFile, course
from grader.text.plurals import counted

# jsonschema, which nbformat imports, compiles 38 grammars of international addresses where it finds this package:
# more than a second, and no notebook holds anything for them to check. Absent, it goes without.
sys.modules.setdefault("rfc3987_syntax", None)

# Who needs which command, and in the order of a term; `--help` shows them so.
TERM = {
    "For authors": ["build"],
    "For instructors": [
        "doctor", "release", "gradescope", "collect", "extend", "grade", "regrade", "export", "forget", "demo",
    ],
}  # fmt: skip


class TermGroup(typer.core.TyperGroup):
    """The commands in the order of a term, under a heading for each kind of reader."""

    def list_commands(self, ctx: typer.Context) -> list[str]:
        """Return all names, in that order."""
        return [name for names in TERM.values() for name in names]

    def format_commands(self, ctx: typer.Context, formatter) -> None:
        """Write a section for each kind of reader."""
        width = formatter.width - 6 - max(map(len, self.commands))
        for heading, names in TERM.items():
            with formatter.section(heading):
                formatter.write_dl([(name, self.get_command(ctx, name).get_short_help_str(width)) for name in names])


app = typer.Typer(
    name="grader",
    cls=TermGroup,
    help="Build the labs of the course, and grade what students hand in.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

MOST_LEAKS = 20  # a line each
Target = Literal["kit", "github-classroom", "nbgitpuller"]
Sandbox = Literal["require", "off"]
Attempt = Literal["best", "latest", "first"]
StudentAt = Annotated[
    str | None, typer.Option(help="Where the student stands in a download's paths, e.g. '{student}_*.ipynb'.")
]
Zone = Annotated[
    str | None,
    typer.Option(help="Of a download's times that name none; default: the course's, and UTC in timestamp.txt."),
]


@app.callback()
def main() -> None:
    """Build the labs of the course, and grade what students hand in."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal that lacks a letter of somebody's name must not end a run


@app.command()
def build(
    labs: Annotated[list[str] | None, typer.Argument(help="Labs by name or number; default: all.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail when a twin has drifted.")] = False,
    execute: Annotated[bool, typer.Option(help="Run solutions whose code changed.")] = True,
    root: Root = None,
) -> None:
    """Build the solution and student notebooks from solutions/**/*.py, with what course.toml decides.

    For example: grader build 05 06

    Exit codes: 0 all is well, 1 a source is malformed, a cell failed or a twin drifted, 2 wrong usage.
    """
    from grader.build.build import build_lab, find_labs, select_labs, update_readme
    from grader.build.drift import check_lab, orphans
    from grader.course import Course
    from grader.scoring.solution_proof import prove

    folder = course(root)
    try:
        chosen, decided = select_labs(find_labs(folder), labs or []), Course.of(folder)
    except ValueError as error:
        typer.echo(f"grader build: {error}", err=True)
        raise typer.Exit(2) from None
    problems, points = orphans(folder) if check and not labs else [], {}
    for lab in chosen:
        result = check_lab(lab) if check else build_lab(lab, execute=execute, say=typer.echo, prove=partial(prove, lab))
        problems += result.problems
        points |= {lab.name: result.points} if result.points is not None else {}
        if not check and not result.problems:
            state = "wrote " + ", ".join(result.written) if result.written else "up to date"
            typer.echo(f"{lab.name}: {state} ({result.seconds:.1f} s)")
    if not problems and (said := update_readme(folder, points, decided, check=check)):
        problems += [said] if check else []
        typer.echo("" if check else said, nl=not check)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    if check:
        typer.echo(f"{counted(len(chosen), 'lab')}: both twins match their source")


@app.command()
def release(
    out: Annotated[Path, typer.Option(help="The folder to write; OUT.zip is written beside it.")],
    target: Annotated[Target, typer.Option(help="How students get it.")] = "kit",
    seed_file: Annotated[
        Path | None, typer.Option(help="The seed that must not be in it; default: course.toml's, if it names one.")
    ] = None,
    root: Root = None,
) -> None:
    """Write what students get: notebooks, the package in one wheel, environments, a README.

    For example: grader release --out peft-by-hand. The labs in use are course.toml's. Before it is written it is
    searched for solutions, hidden tests, quiz keys, catalogue answers and seeds.

    Exit codes: 0 written, 1 something secret was found and nothing written, 2 nothing could be made.
    """
    from grader.course import FILE
    from grader.release import CannotRelease, release_course

    folder = course(root)
    try:
        kit, packed, found, gone = release_course(folder, out, target, seed_file)
    except CannotRelease as error:
        typer.echo(f"grader release: {error}", err=True)
        raise typer.Exit(2) from None
    if found:
        more = f" (and {len(found) - MOST_LEAKS} more)" if found[MOST_LEAKS:] else ""
        for leak in found[:MOST_LEAKS]:
            typer.echo(f"  {leak}", err=True)
        typer.echo(f"grader release: students would get what stands there{more}; nothing was written.", err=True)
        raise typer.Exit(1)
    for key, place in kit.unnamed.items():
        typer.echo(f"README.md holds {place}, since {FILE} has no {key}; put it there and release again.")
    for name in gone:
        typer.echo(f"{name} was of an earlier release and is no part of this one: removed.")
    size = packed.stat().st_size / 1e6
    typer.echo(f"{out}: {counted(len(kit.files), 'file')}, {counted(len(kit.labs), 'lab')}; {packed} ({size:.1f} MB)")


@app.command()
def collect(
    downloads: Annotated[list[Path], typer.Argument(help="Zips or folders, as a learning platform gives them.")],
    out: Annotated[Path, typer.Option(help="Where OUT/<student>/<lab>/<lab>.ipynb and collected.csv go.")],
    roster: RosterFile = None,
    pattern: StudentAt = None,
    zone: Zone = None,
    root: Root = None,
) -> None:
    """Sort what students handed in by student and lab, from Canvas, Moodle, Gradescope, Blackboard and others.

    For example: grader collect submissions.zip --out submitted --roster roster.csv. The same folder takes the next
    download as well.

    Exit codes: 0 every notebook was taken, 1 some were refused (each is named with its reason), 2 nothing was written.
    """
    from rich.console import Console

    from grader.collecting import REPORT, gather, require_own, write_collection
    from grader.course import Course
    from grader.notebooks.answer_key import read_keys
    from grader.reports.collection_table import Asked, collection_summary

    folder = course(root)
    try:
        plan = Course.of(folder)
        asked = Asked.of(roster or plan.roster, pattern, zone)
        before = gather(require_own(out), keys := read_keys(folder, []))
        how = {"roster": asked.roster, "pattern": asked.pattern, "zone": asked.zone}
        found = gather(downloads, keys, **how, course_zone=plan.time_zone, before=before)
        lying = write_collection(found, out, before, plan.time_zone)
    except ValueError as error:  # CannotCollect, or a lab without its solution
        typer.echo(f"grader collect: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if collection_summary(Console(), found, lying, out / REPORT, plan) else 1)


@app.command()
def grade(
    submitted: Annotated[
        Path, typer.Argument(help="The folder with SUBMITTED/<student>/<lab>/<lab>.ipynb, or a platform's download.")
    ],
    lab: Annotated[list[str] | None, typer.Option(help="A lab by name or number, repeatable; default: all.")] = None,
    out: Annotated[Path, typer.Option(help="Where the results, report.html and feedback/ go.")] = Path("build/grades"),
    db: Database = None,
    due: Annotated[
        list[str] | None, typer.Option(help="Due: [LAB=]2026-03-31 [23:59 [+02:00]] or none, repeatable.")
    ] = None,
    attempts: Annotated[Attempt | None, typer.Option(help="Which attempt counts; default: course.toml's.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Submissions at a time; default: one a core.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A running Dask cluster, tcp://HOST:PORT; default: this machine grades.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds of processor time that one cell may take.")] = 20.0,
    sandbox: Annotated[
        Sandbox, typer.Option(help="require: start only where it holds; off: no isolation.")
    ] = "require",
    seed_file: Annotated[
        Path | None,
        typer.Option(help="The secret that test inputs derive from; made when missing. Default: a known seed."),
    ] = None,
    student: Annotated[list[str] | None, typer.Option(help="Grade only these students, repeatable.")] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Write report-anonymous.html as well.")] = False,
    roster: RosterFile = None,
    pattern: StudentAt = None,
    zone: Zone = None,
    root: Root = None,
) -> None:
    """Grade what students handed in; every attempt is recorded, and one of them counts.

    For example: grader grade submitted --out results --due 2026-03-31

    Exit codes: 0 all graded, 1 some could not be graded (each is named with its reason), 2 nothing could start,
    130 interrupted.
    """
    from grader.engine.launching import launch_early

    if submitted.exists() and scheduler is None:
        launch_early()
    gc.disable()  # hardly any garbage comes of imports, and looking for it takes a tenth of their time
    from rich.console import Console

    from grader.collecting.download import CannotCollect
    from grader.reports.collection_table import Asked
    from grader.reports.console import GRADEBOOK, INTERRUPTED, NOT_STARTED, CannotStart, grade_folder
    from grader.reports.run_summary import summary

    gc.freeze()
    gc.enable()
    folder, console = course(root), Console()
    options = {"labs": lab or [], "db": db, "due": due, "workers": workers, "timeout": timeout, "console": console}
    options |= {"students": student or [], "anonymous": anonymous}
    options |= {"sandbox": sandbox == "require", "policy": attempts, "scheduler": scheduler, "seed_file": seed_file}
    try:
        options["asked"] = Asked.of(roster, pattern, zone)
        run, grades = grade_folder(folder, submitted, out, **options)
    except (CannotCollect, CannotStart) as error:
        typer.echo(f"grader grade: {error}", err=True)
        raise typer.Exit(NOT_STARTED) from None
    except KeyboardInterrupt:
        sentence = "stopped; every attempt shown as done is recorded, and the same command again does the rest."
        typer.echo(f"grader grade: {sentence}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(summary(console, run, grades, out, db or str(folder / GRADEBOOK)))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="A folder for everything the demonstration makes.")] = Path("build/demo"),
    workers: Annotated[int | None, typer.Option(min=1, help="Submissions at a time; default: one a core.")] = None,
    root: Root = None,
) -> None:
    """Go through a term with an imaginary class, and check that everything comes out as it must.

    For example: grader demo --out build/demo

    Exit codes: 0 it did, 1 something came out differently (each is named), 2 nothing could start.
    """
    from rich.console import Console

    from grader.demo.demo import report, run_demo
    from grader.reports.console import NOT_STARTED, CannotStart

    console = Console()
    try:
        result = run_demo(course(root), out, console, workers)
    except CannotStart as error:
        typer.echo(f"grader demo: {error}", err=True)
        raise typer.Exit(NOT_STARTED) from None
    raise typer.Exit(report(result, console, out))


@app.command()
def doctor(
    db: Database = None,
    root: Root = None,
) -> None:
    """Look whether this machine is ready to grade, and print the fix for each fault.

    For example: grader doctor --db postgresql://grader@db.example.org/course

    Exit codes: 0 ready, 1 not.
    """
    from grader.doctor import examine
    from grader.reports.console import GRADEBOOK

    folder = course(root)
    findings = examine(folder, db or str(folder / GRADEBOOK))
    for one in findings:
        typer.echo(f"{'ok' if one.fine else 'NO':<3} {one.what:<10} {one.seen}")
        if one.fix:
            typer.echo(f"{'':<14} {one.fix}")
    raise typer.Exit(0 if all(one.fine for one in findings) else 1)


for command in staff_commands.COMMANDS:
    app.command()(command)
