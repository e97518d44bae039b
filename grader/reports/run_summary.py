"""What staff read in the terminal once a class is graded: the table, what to look at, and where everything is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.class_run.run import Run
from grader.records.class_grades import ClassGrades
from grader.records.gradebook import shown_url
from grader.reports.terminal_table import class_table
from grader.reports.to_look_at import sentences, to_look_at
from grader.text.plurals import counted

GRADED, SOME_NOT = 0, 1  # exit codes


def summary(console: Console, run: Run, grades: ClassGrades, out: Path, db: str) -> int:
    """Print the table, a sentence for each problem, and where everything is; return the exit code."""
    console.print(class_table(console, grades, run.counting.policy))
    again = sum(one.again for one in run.standings)
    new = sum(one.new for one in run.standings) - again
    refused = sum(run.asked(one.student) for one in run.refused)
    said = f"{counted(len(run.standings), 'hand-in')}: {new} new, {again} graded again"
    console.print(f"{said}, {refused} could not be graded.", highlight=False)
    for sentence in run.problems:
        console.print(Text("  " + sentence))
    for sentence in sentences(to_look_at(grades, run)):
        console.print(Text("  " + sentence), soft_wrap=True)
    for what, where in (
        ("gradebook", shown_url(db)),
        ("grades", out / "grades.csv"),
        ("results", out / "results.json"),
        ("report", out / "report.html"),
    ):
        console.print(Text(f"{what:<10} {where}"), soft_wrap=True)
    console.print(Text(f"{'feedback':<10} {out / 'feedback'}"), soft_wrap=True)
    return SOME_NOT if run.problems else GRADED
