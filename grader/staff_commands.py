"""Commands for staff once there are grades; thin over plain functions, like those of `grader.cli`."""

from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from grader.command_options import Database, Root, RosterFile, course
from grader.text.plurals import counted, plural

Format = Literal["canvas", "moodle", "gradescope", "csv"]
MOST_NAMED = 20  # files, one a line


def stop(command: str, error: object) -> NoReturn:
    """End with one sentence and exit code 2."""
    typer.echo(f"grader {command}: {error}", err=True)
    raise typer.Exit(2) from None


def export(
    to: Annotated[Format, typer.Option("--for", help="Where the grades go.")],
    out: Annotated[Path | None, typer.Option(help="The file; default: build/grades/FORMAT.csv, or .json.")] = None,
    lab: Annotated[list[str] | None, typer.Option(help="A lab by name or number, repeatable; default: begun.")] = None,
    student: Annotated[list[str] | None, typer.Option(help="A student's id, repeatable; default: all.")] = None,
    db: Database = None,
    roster: RosterFile = None,
    root: Root = None,
) -> None:
    """Write the grades as a learning platform takes them.

    For example: grader export --for canvas --out canvas.csv. They are those that the gradebook holds. For Gradescope
    one --student and one --lab give the results.json of its autograders, else the class as CSV.

    Exit codes: 0 written, 1 students whom the platform could not know were left out (each is named), 2 nothing was
    written.
    """
    import json

    from grader.afterwards import grades_of, unsettled
    from grader.collecting import CannotCollect, Roster
    from grader.course import Course
    from grader.exports import FORMATS, CannotExport, Chosen, held_results
    from grader.notebooks.answer_key import read_keys
    from grader.records import GradebookError, LateRulesError, existing_database
    from grader.reports.console import GRADEBOOK

    folder = course(root)
    try:
        plan = Course.of(folder)
        people, keys = roster or plan.roster, read_keys(folder, list(plan.labs))
        url = existing_database(db or str(folder / GRADEBOOK))
        grades = grades_of(plan, keys, url, Roster.read(people) if people else None)
        changes = unsettled(plan, keys, url)
        chosen = Chosen.of(grades, lab or (), student or ())
        if single := to == "gradescope" and len(student or ()) == len(chosen.labs) == len(lab or ()) == 1:
            results = held_results(grades.labs[chosen.labs[0]], chosen.only())
            # Not results.json, which is the class's and `grader grade`'s.
            text, left_out = json.dumps(results, indent=1, ensure_ascii=False) + "\n", []
        else:
            sheet = FORMATS[to](chosen)
            text, left_out = sheet.text(), sheet.left_out
        place = out or Path("build/grades") / ("gradescope.json" if single else f"{to}.csv")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")
    except (CannotCollect, CannotExport, GradebookError, LateRulesError, OSError, ValueError) as error:
        stop("export", error)
    for sentence in changes:
        typer.echo(f"note: {sentence}.", err=True)
    of = ", ".join(
        f"{one} ({chosen.most(one)} {plural('point', chosen.grades.labs[one].max_score)})" for one in chosen.labs
    )
    written = len(chosen.students) - len(left_out)
    typer.echo(f"{place}: {counted(written, 'student')}; {of}")
    if left_out:
        typer.echo(f"left out, {len(left_out)}: {', '.join(left_out)}. {sheet.why}.", err=True)
        raise typer.Exit(1)


def gradescope(
    lab: Annotated[str, typer.Argument(help="The lab, by name or number; an assignment on Gradescope is for one.")],
    out: Annotated[Path, typer.Option(help="The zip.")] = Path("autograder.zip"),
    seed_file: Annotated[
        Path | None, typer.Option(help="The secret that test inputs derive from; default: course.toml's.")
    ] = None,
    root: Root = None,
) -> None:
    """Build the autograder of one lab for Gradescope.

    For example: grader gradescope 05 --out autograder.zip. The zip holds the lab's solution and hidden checks.

    Exit codes: 0 written, 2 not.
    """
    from grader.class_run.seed_file import SeedFileError, read_seed
    from grader.course import Course
    from grader.exports import write_autograder
    from grader.notebooks.answer_key import read_key

    folder = course(root)
    try:
        secret = seed_file or Course.of(folder).seed_file
        key = read_key(folder, lab)
        write_autograder(folder, key, out, read_seed(secret) if secret else None)
    except (OSError, SeedFileError, ValueError) as error:
        stop("gradescope", error)
    typer.echo(
        f"{out}: {key.lab}, {counted(key.max_score, 'point')}; for a Programming Assignment, under Configure Autograder"
    )
    seeded = ", its hidden checks and the course's seed" if secret else " and its hidden checks"
    typer.echo(f"It holds the lab's solution{seeded}: nobody who is a student may have it.")


def extend(
    student: Annotated[str, typer.Argument(help="The student's id.")],
    lab: Annotated[str, typer.Argument(help="The lab, by name or number.")],
    until: Annotated[str, typer.Argument(metavar="DATE", help="2026-04-03 [18:00]; `none` takes an extension back.")],
    db: Database = None,
    roster: RosterFile = None,
    root: Root = None,
) -> None:
    """Give one student more time for one lab.

    For example: grader extend ada 05 "2026-04-03 18:00". A grade that is there is settled at once. A date without a
    zone is read in the course's time zone, one without a time is the end of that day.

    Exit codes: 0 granted, 2 nothing was changed.
    """
    from grader.afterwards import CannotExtend
    from grader.afterwards import extend as grant
    from grader.collecting import CannotCollect, Roster
    from grader.course import Course
    from grader.notebooks.answer_key import read_key
    from grader.records import GradebookError, LateRulesError, database_url
    from grader.reports.console import GRADEBOOK
    from grader.text.moments import NoMoment, read_moment, shown

    folder = course(root)
    try:
        plan = Course.of(folder)
        people = roster or plan.roster
        moment = None if until == "none" else read_moment(until, plan.time_zone)
        key = read_key(folder, lab)
        url = database_url(db or str(folder / GRADEBOOK))
        granted = grant(plan, key, url, student, moment, Roster.read(people) if people else None)
    except NoMoment as error:
        stop("extend", f"{error}.")
    except (CannotCollect, CannotExtend, GradebookError, LateRulesError, ValueError) as error:
        stop("extend", error)
    everybody = shown(granted.due, plan.time_zone)
    date = f"{everybody}, like everybody" if moment is None else f"{shown(moment, plan.time_zone)}, not {everybody}"
    typer.echo(f"{student}, {key.lab}: due {date}.")
    if granted.after is None:
        typer.echo("Nothing of it has been graded yet.")
    else:
        points = f"{granted.after.score:g} of {counted(granted.after.max_score, 'point')}"
        typer.echo(f"Now {points}, {granted.before.score:g} before; pages follow with the next `grader grade`.")


def forget(
    student: Annotated[str, typer.Argument(help="The student's id.")],
    submitted: Annotated[
        list[Path] | None, typer.Option(help="A folder of hand-ins, repeatable; its STUDENT/ is removed.")
    ] = None,
    results: Annotated[
        list[Path] | None, typer.Option(help="What `grader grade --out` wrote, repeatable; default: build/grades.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    db: Database = None,
    root: Root = None,
) -> None:
    """Remove a person everywhere.

    For example: grader forget ada --submitted submitted. Attempts, rows in nbgrader's gradebook, formgrader's copies,
    feedback pages, files of results that name the person, and hand-ins are listed, and removed after a yes.

    Exit codes: 0 removed, 1 not after all, 2 nothing was removed, and why.
    """
    import sys

    from grader.afterwards import forget as remove
    from grader.afterwards import still_named, traces
    from grader.collecting import REPORT, CannotCollect, Roster
    from grader.collecting.roster import Student
    from grader.course import Course
    from grader.records import GradebookError, existing_database
    from grader.reports.console import GRADEBOOK

    folder = course(root)
    results, submitted = results or [Path("build/grades")], submitted or []
    try:
        roster = Course.of(folder).roster
        enrolled = (Roster.read(roster).students if roster else {}).get(student)
        known = enrolled or Student(student)
        url = existing_database(db or str(folder / GRADEBOOK))
        found = traces(url, student, (folder / GRADEBOOK).parent, results, submitted, known)
        looked = ", ".join(map(str, (*results, *submitted)))
        if not found.lines():
            what = f"there is nothing of {student!r} in the gradebook, in formgrader's copies or in {looked}"
            stop("forget", f"{what}; look at the id, or give other folders with --results and --submitted.")
        for line in found.lines():
            typer.echo(f"  {line}")
        if not yes and not sys.stdin.isatty():
            stop("forget", "nobody is here to ask whether that may go for good; say so with --yes.")
        if not yes and not typer.confirm(f"Remove all that of {student}, for good?"):
            raise typer.Exit(1)
        remove(url, student, found)
    except (CannotCollect, GradebookError, OSError, ValueError) as error:
        stop("forget", error)
    typer.echo("Removed all of that.")
    left = still_named(known, [*results, *submitted])
    for file in left[:MOST_NAMED]:
        why = "in rows of others" if file.name == REPORT else "and is not the grader's to change"
        typer.echo(f"{file} names {student} still, {why}.")
    if left[MOST_NAMED:]:
        typer.echo(f"So do others there: {counted(len(left) - MOST_NAMED, 'file')}.")
    if enrolled is not None:
        typer.echo(f"{roster} has a row of {student} still; while it has, reports show the name.")
    if not submitted:
        typer.echo(f"Hand-ins were not looked for: where a folder has some of {student}, the next `grader grade` of it")
        typer.echo("records them again; --submitted FOLDER removes them.")


def regrade(
    student: Annotated[str, typer.Argument(help="The student's id.")],
    lab: Annotated[str, typer.Argument(help="The lab, by name or number.")],
    submitted: Annotated[Path, typer.Argument(help="Where the hand-ins lie.")] = Path("submitted"),
    attempt: Annotated[
        int | None, typer.Option(help="Its number, as pages count; default: the attempt that counts.")
    ] = None,
    script: Annotated[Path | None, typer.Option(help="Write a script that repeats one check to this file.")] = None,
    check: Annotated[
        str | None, typer.Option(help="Which: EXERCISE:CHECK, as printed; default: the first that was not passed.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what the checks that were passed showed and saw.")
    ] = False,
    seed_file: Annotated[Path | None, typer.Option(help="The course's seed of then; default: course.toml's.")] = None,
    sandbox: Annotated[
        Literal["require", "off"], typer.Option(help="require: start only where it holds; off: no isolation.")
    ] = "require",
    db: Database = None,
    roster: RosterFile = None,
    root: Root = None,
) -> None:
    """Grade one submission again, and show what each check saw.

    For example: grader regrade ada 05 submitted --script repeat.py. The inputs are those of then. The grade stays what
    it is; that somebody looked is recorded, for staff only.

    Exit codes: 0 the same points as then, 1 others, 2 nothing was graded.
    """
    from grader.afterwards import CannotRegrade, regrade_lines, write_script
    from grader.afterwards import regrade as again
    from grader.class_run import SeedFileError
    from grader.collecting import CannotCollect, Roster
    from grader.course import Course
    from grader.notebooks.answer_key import read_key
    from grader.records import GradebookError, LateRulesError, existing_database
    from grader.reports.console import GRADEBOOK, CannotStart, examine_machine

    folder = course(root)
    try:
        plan = Course.of(folder)
        people = roster or plan.roster
        key = read_key(folder, lab)
        url = existing_database(db or str(folder / GRADEBOOK))
        options = {"number": attempt, "seed_file": seed_file, "sandbox": sandbox == "require"}
        options["roster"] = Roster.read(people) if people else None
        examine_machine(sandbox == "require")
        done = again(plan, key, url, student, submitted, **options)
        for line in regrade_lines(done, zone=plan.time_zone, everything=everything):
            typer.echo(line)
        if script is not None:
            typer.echo(f"\n{script}: repeats the check {write_script(done, key, check, script)}")
    except (CannotCollect, CannotRegrade, CannotStart, GradebookError, LateRulesError, SeedFileError) as error:
        stop("regrade", error)
    except (OSError, ValueError) as error:
        stop("regrade", error)
    raise typer.Exit(0 if done.now.score == done.then.score else 1)


COMMANDS = (export, gradescope, extend, forget, regrade)
