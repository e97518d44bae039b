"""What staff read in the terminal once a class is graded: the table, what to look at, and where everything is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.class_run.grading_run import Run
from grader.notebooks.late_mark import disagreements
from grader.records.class_grades import ClassGrades
from grader.records.gradebook import shown_url
from grader.reports.terminal_table import class_table
from grader.text.plurals import counted
from grader.text.safe_names import one_line

GRADED, SOME_NOT = 0, 1  # exit codes
MOST_NAMED = 20  # students in one sentence


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
    if run.undated:
        who = ", ".join(f"{student} {lab}" for student, lab in run.undated[:MOST_NAMED])
        more = f" and {len(run.undated) - MOST_NAMED} more" if len(run.undated) > MOST_NAMED else ""
        sentence = f"no time of hand-in is known of {who}{more}, so the due date costs them nothing."
        console.print(Text("  " + one_line(sentence)))
    due, more_time = run.counting.due, run.counting.extensions
    later = {place: due[place[1]] + more for place, more in more_time.items() if due.get(place[1]) is not None}
    for sentence in disagreements(run.submissions.values(), lambda *place: later.get(place, due.get(place[1]))):
        console.print(Text("  " + sentence), soft_wrap=True)
    for (student, lab), grade in grades.grades.items():
        for name in grade.above:
            points, most = grade.entered[name].points, grades.labs[lab].worth[name]
            who = f"{student}: in {lab} staff entered {counted(points, 'point')} for {name.removeprefix('test-')}"
            console.print(Text("  " + one_line(f"{who}, which is worth {most:g}; look at it in formgrader.")))
    for what, where in (
        ("gradebook", shown_url(db)),
        ("grades", out / "grades.csv"),
        ("results", out / "results.json"),
        ("report", out / "report.html"),
    ):
        console.print(Text(f"{what:<10} {where}"), soft_wrap=True)
    console.print(Text(f"{'feedback':<10} {out / 'feedback'}"), soft_wrap=True)
    return SOME_NOT if run.problems else GRADED
