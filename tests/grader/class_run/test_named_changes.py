"""What a course changes between two runs is named before it takes effect, and after it everything says the same."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import graded_class as made
import pytest
import tiny_course as tiny
from nbgrader import api
from typer.testing import CliRunner

from grader.build.build import build_lab, find_labs
from grader.cli import app

RULES = 'c = get_config()\nc.AssignLatePenalties.plugin_class = "grader.records.late_penalty.LatePenalty"\n'
BASE = 'roster = "roster.csv"\n'
LABS = f'[lab.{tiny.FIRST}]\ndue = "{made.DUE}"\n'


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """Four students; lateness costs a tenth of the points a day."""
    root = made.make(tmp_path, monkeypatch)
    late(root, 0.1)
    (root / "course.toml").write_text(BASE + LABS)
    made.hand_in(root, "ada", 4, 3, made.LATE)
    made.hand_in(root, "adam", 1.5, 3)
    made.hand_in(root, "josé", 4, 4)
    made.hand_in(root, "josé", 0, 2, lab=tiny.SECOND)
    return root


def late(root: Path, per_day: float) -> None:
    (root / "nbgrader_config.py").write_text(f"{RULES}c.LatePenalty.per_day = {per_day}\n")


def build(root: Path) -> None:
    assert [problem for lab in find_labs(root) for problem in build_lab(lab, execute=False).problems] == []


def grade(root: Path, *more: str) -> str:
    options = [*more, "--out", str(root / "out"), "--root", str(root), "--sandbox", "off", "--workers", "1"]
    said = CliRunner().invoke(app, ["grade", str(root / "submitted"), *options])
    assert said.exit_code == 0, said.output
    return said.output


def export(root: Path, to: str) -> tuple[str, str]:
    out = root / f"{to}.csv"
    said = CliRunner().invoke(app, ["export", "--for", to, "--out", str(out), "--root", str(root)])
    assert said.exit_code in (0, 1), said.output
    return said.output, out.read_text(encoding="utf-8-sig")


def disagreements(root: Path) -> list[str]:
    """Where results.json, grades.csv, exports, pages and nbgrader's tables say different points."""
    entries = json.loads((root / "out" / "results.json").read_text(encoding="utf-8"))
    with (root / "out" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {(row["student"], row["lab"]): row for row in csv.DictReader(file)}
    exported = {row["id"]: row for row in csv.DictReader(io.StringIO(export(root, "csv")[1]))}
    wrong = []
    with api.Gradebook(made.database(root)) as book:
        for entry in (one for one in entries if one["exercises"]):
            student, lab = entry["student"], entry["lab"]
            held = book.find_submission(lab, student)
            page = (root / "out" / "feedback" / student / f"{lab}.txt").read_text(encoding="utf-8")
            said = {
                "grades.csv": (float(rows[student, lab]["score"]), float(rows[student, lab]["max_score"])),
                "export": (float(exported[student][lab]), float(exported[student][f"{lab} of"])),
                "gradebook": (round(max(0.0, held.score - held.late_submission_penalty), 2), held.max_score),
            }
            points = (entry["score"], entry["max_score"])
            wrong += [f"{student} {lab}: {where} {one}, not {points}" for where, one in said.items() if one != points]
            if f"{entry['score']:g} of {entry['max_score']:g} points" not in page:
                wrong.append(f"{student} {lab}: the page does not say {points}")
    return wrong


def test_what_is_decided_anew_is_named_and_everything_follows(root):
    assert "before" not in grade(root)
    assert "before" not in grade(root)  # nothing has changed
    made.enter(root, "ada", 3, "Nearly.")
    new = "[lab.02_sign]\nweight = 3\nextra_credit = true\n"
    (root / "course.toml").write_text(
        f'{BASE}pass_mark = 0.5\nattempts = "latest"\n{LABS.replace(made.DUE, "2026-04-01 12:00")}'
        f"points = {{ double = 8 }}\n{new}"
    )
    late(root, 0.25)
    build(root)
    named = (
        "the pass mark: now 50 %, before 80 %",
        "the attempt that counts: now latest, before best",
        "per_day=0.25), before LatePenalty(at_most=1, grace_minutes=0, penalty_method=none, per_day=0.1)",
        "02_sign, weight: now 3 as extra credit, before 1",
        "01_double, due: now 2026-04-01 12:00:00 UTC, before 2026-03-31 12:00:00 UTC",
        "01_double: double is worth 8 points, and was worth 4; what was earned or entered by hand keeps its share",
    )
    noted = export(root, "csv")[0]
    assert [sentence for sentence in named if sentence not in noted] == []
    said = grade(root)
    assert [sentence for sentence in named if sentence not in said] == []
    assert disagreements(root) == []
    ada = json.loads((root / "out" / "results.json").read_text())[0]
    assert (ada["student"], ada["lab"]) == ("ada", tiny.FIRST)
    assert (ada["score"], ada["max_score"]) == (6.75, 12.0)  # 6 by hand and 3, less a day
    assert "before" not in grade(root)
    assert "note:" not in export(root, "csv")[0]


def test_what_lateness_costs_follows_points_by_hand_before_and_after_the_next_grade(root):
    late(root, 0.1)
    grade(root)
    for points, score in ((0.3, 2.64), (3.71, 5.37)):  # 0.3 + 3 and 3.71 + 3, less 0.2 of that for two days
        made.enter(root, "ada", points, "")
        exported = export(root, "csv")[1]
        (row,) = (row for row in csv.DictReader(io.StringIO(exported)) if row["id"] == "ada")
        assert float(row[tiny.FIRST]) == score
        for _ in range(2):
            grade(root)
            assert export(root, "csv")[1] == exported
            assert disagreements(root) == []


def test_a_due_date_that_is_taken_out_of_the_course_file_is_named_and_costs_nothing_more(root):
    grade(root)
    assert CliRunner().invoke(app, ["extend", "ada", "01", "2026-04-01 12:00", "--root", str(root)]).exit_code == 0
    (root / "course.toml").write_text(BASE)
    sentence = "01_double, due: now no date, before 2026-03-31 12:00:00 UTC"
    grade(root, "--lab", "02")
    assert sentence in export(root, "csv")[0]
    assert sentence in grade(root)
    assert disagreements(root) == []
    ada = json.loads((root / "out" / "results.json").read_text())[0]
    assert (ada["student"], ada["score"], ada["penalty"]) == ("ada", 7, 0)
    assert ", due: now" not in export(root, "csv")[0] + grade(root)


def test_a_due_date_that_was_set_by_hand_stays_and_none_clears_it(root):
    grade(root, "--due", "01=2026-04-01 12:00")
    (root / "course.toml").write_text(BASE)
    assert ", due: now" not in grade(root)
    said = grade(root, "--due", "01=none")
    assert "no due date: 01_double\n" in said
    assert "01_double, due: now no date, before 2026-04-01 12:00:00 UTC" in said
    assert ", due: now" not in grade(root)


def test_which_attempt_counts_is_what_grade_was_told_until_it_is_told_otherwise(root):
    grade(root)
    made.hand_in(root, "ada", 1, 1, "2026-04-03 09:00:00 UTC")
    grade(root, "--attempts", "latest")
    assert disagreements(root) == []
    said = CliRunner().invoke(app, ["extend", "ada", "01", "2026-04-30", "--root", str(root)])
    assert "Now 2 of 8 points, 1.4 before" in said.output
    assert "the attempt that counts: now best, before latest" in export(root, "csv")[0]
    assert "the attempt that counts: now best, before latest" in grade(root)
    assert disagreements(root) == []


def test_more_points_by_hand_than_there_are_is_told(root):
    grade(root)
    made.enter(root, "ada", 4.5, "Splendid.")
    said = " ".join(grade(root).split())
    above = "staff entered more than the exercise is worth: Exercise: twice as much, 4.5 of 4 points"
    assert f"{above}: ada 01_double." in said


def test_points_that_are_not_built_are_told_by_grade_and_export(root):
    grade(root)
    with (root / "course.toml").open("a") as file:
        file.write("points = { double = 8 }\n")
    sentence = (
        "01_double: its notebooks are not built with today's points (double 8 instead of 4); "
        "run `grader build 01_double` and grade again."
    )
    assert sentence in grade(root)
    assert f"note: {sentence}" in export(root, "csv")[0]
    build(root)
    assert "not built" not in grade(root)
    (root / "course.toml").write_text(BASE + LABS)  # and back
    assert "(double 4 instead of 8)" in grade(root)


def test_a_run_that_was_killed_names_it_again(root, monkeypatch):
    from grader.class_run import grading_run

    grade(root)
    (root / "course.toml").write_text(f"{BASE}pass_mark = 0.5\n{LABS}")
    monkeypatch.setattr(grading_run, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    options = ["--out", str(root / "out"), "--root", str(root), "--sandbox", "off", "--workers", "1"]
    assert CliRunner().invoke(app, ["grade", str(root / "submitted"), *options]).exit_code == 130
    monkeypatch.undo()
    monkeypatch.setattr(grading_run, "grade", made.given)
    assert "the pass mark: now 50 %, before 80 %" in grade(root)


def test_what_a_run_does_not_renew_goes(root):
    """A lab that is out of use, a person who is forgotten, a report without names; and nothing of somebody else's."""
    out = root / "out"
    grade(root, "--anonymous")
    gone = [out / "report-anonymous.html", out / "feedback" / "josé" / f"{tiny.SECOND}.html"]
    gone += [gone[1].with_suffix(".txt")]
    gone += [out / "feedback" / "grace" / "index.html"]  # who was on a roster that is no longer named
    gone += [out / "feedback" / "adam" / name for name in ("index.html", f"{tiny.FIRST}.html", f"{tiny.FIRST}.txt")]
    assert [path for path in gone if not path.exists()] == []
    theirs = [out / "feedback" / "adam" / "essay.html", out / "feedback" / "notes.html", out / "report-2025.html"]
    for path in theirs:
        path.write_text("<p>mine</p>")
    (root / "course.toml").write_text(f'labs = "01"\n{LABS}')
    options = ["--submitted", str(root / "submitted"), "--results", str(root / "none"), "--root", str(root), "--yes"]
    assert CliRunner().invoke(app, ["forget", "adam", *options]).exit_code == 0
    kept = out / "feedback" / "josé" / f"{tiny.FIRST}.html"
    answers = gone[1].with_suffix(".answers.json")  # for when the lab is in use again
    assert answers.exists()
    said = grade(root)  # hand-ins of a lab that is out of use are nobody's fault, and passed over
    assert "removed 5 pages of an earlier run" in said
    assert [path for path in gone if path.exists()] == []
    assert [path for path in (*theirs, kept, answers) if not path.exists()] == []


@pytest.mark.parametrize("command", [["export", "--for", "csv"], ["regrade", "ada", "01", "."], ["forget", "ada"]])
def test_no_command_that_reads_grades_makes_a_gradebook(root, command):
    said = CliRunner().invoke(app, [*command, "--db", str(root / "nope.db"), "--root", str(root)])
    assert said.exit_code == 2
    assert f"there is no gradebook {root / 'nope.db'}; `grader grade` makes it, or give another --db." in said.output
    assert not (root / "nope.db").exists()


def test_new_hand_ins_and_those_that_are_graded_again_are_told_apart(root):
    made.hand_in(root, "ada", 4, 3, made.LATE)
    earlier = root / "submitted" / "ada" / tiny.FIRST / "earlier" / "1"
    earlier.mkdir(parents=True)
    (earlier / f"{tiny.FIRST}.ipynb").write_text(json.dumps(tiny.notebook(root, double="double = 1", half="half = 1")))
    assert "5 hand-ins: 5 new, 0 graded again, 0 could not be graded." in grade(root)
    assert "5 hand-ins: 0 new, 0 graded again, 0 could not be graded." in grade(root)
    with (root / "course.toml").open("a") as file:
        file.write("points = { double = 8 }\n")
    build(root)
    assert "5 hand-ins: 0 new, 4 graded again, 0 could not be graded." in grade(root)
