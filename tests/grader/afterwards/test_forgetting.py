"""grader forget: one person goes, with every trace, and nobody whose name only begins alike."""

from __future__ import annotations

import csv
from datetime import UTC
from pathlib import Path

import graded_class as made
import pytest
import tiny_course as tiny
from nbgrader import api
from sqlalchemy import create_engine
from typer.testing import CliRunner

from grader.afterwards import grades_of
from grader.afterwards.forgetting import RESULTS
from grader.cli import app
from grader.collecting.collection import NOTHING, TAKEN, Line
from grader.collecting.ledger import REPORT, row_of, write_rows
from grader.course import Course
from grader.records import Attempts, Extensions, Regrades

LAB = tiny.FIRST
WHO = ("ada", "adam")  # the one's name begins the other's


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A graded class in which ada and adam have left every trace that there is."""
    root = made.graded_class(tmp_path, monkeypatch)
    made.enter(root, "adam", 2, "Good.")
    engine = create_engine(made.database(root))
    for student in WHO:
        (attempt,) = Attempts(engine).all(student, LAB)
        Regrades(engine).add(1, attempt.result())
        Extensions(engine).grant(student, LAB, Course.of(root).due()[LAB])
        for place in (f".nbgrader/submitted/{student}", f".nbgrader/feedback/{student}", f"out/feedback/{student}"):
            (root / place).mkdir(parents=True)
            (root / place / "page.html").write_text(student)
    engine.dispose()
    lines = [Line(f"{who}.ipynb", TAKEN, "", who, LAB) for who in (*WHO, "josé")]
    write_rows(root / "submitted" / REPORT, [row_of(line, None, UTC) for line in lines])
    return root


def forget(root: Path, student: str, *options: str):
    places = ["--submitted", str(root / "submitted"), "--results", str(root / "out"), "--root", str(root)]
    return CliRunner().invoke(app, ["forget", student, *places, *options])


def everything(root: Path, student: str) -> dict[str, object]:
    """Whatever bears a student's name: rows by table, files by path."""
    engine = create_engine(made.database(root))
    found: dict[str, object] = {}
    with api.Gradebook(made.database(root)) as book, engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        for table in tables:
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            found[table] = sum(student in row for row in rows)
        for name, table in (("grades", api.Grade), ("comments", api.Comment)):
            own = book.db.query(table).join(api.SubmittedNotebook, table.notebook_id == api.SubmittedNotebook.id)
            own = own.join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            found[name] = own.filter(api.SubmittedAssignment.student_id == student).count()
    engine.dispose()
    found["files"] = sorted(str(p.relative_to(root)) for p in root.rglob("*") if student in p.relative_to(root).parts)
    with (root / "submitted" / REPORT).open(encoding="utf-8", newline="") as file:
        found["collected"] = [row for row in csv.DictReader(file) if row["student"] == student]
    return found


def test_a_person_goes_and_the_one_whose_name_begins_alike_stays(root):
    before = {student: everything(root, student) for student in WHO}
    tables = ("lora_attempt", "lora_regrade", "lora_extension", "student", "submitted_assignment", "grades", "comments")
    assert all(before["ada"][name] for name in (*tables, "files", "collected"))  # the test sees each of them
    said = forget(root, "ada", "--yes")
    assert said.exit_code == 0, said.output
    after = everything(root, "ada")
    assert not any(after.values()), after
    assert everything(root, "adam") == before["adam"]
    grades = grades_of(Course.of(root), tiny.keys_of(root), made.database(root)).grades
    assert set(grades) == {("adam", LAB), ("josé", LAB), ("josé", tiny.SECOND)}
    assert grades["adam", LAB].score == 5.0
    for what in ("recorded grading", "regrade", "extension", "nbgrader submission"):
        assert f"  1 {what}\n" in said.output
    assert "/out/feedback/ada/\n" in said.output
    assert "rows of " in said.output


def test_no_row_of_the_list_names_a_person_who_is_forgotten(root):
    """Whoever's row it is; only what is said of somebody else stays, and is told."""
    report = root / "submitted" / REPORT
    lines = [Line("ada.ipynb", TAKEN, "", "ada", LAB), Line("ada/.DS_Store", NOTHING), Line(".DS_Store", NOTHING)]
    lines += [Line("adam.ipynb", TAKEN, "follows ada", "adam", LAB), Line("adam/.DS_Store", NOTHING)]
    write_rows(report, [row_of(line, None, UTC) for line in lines])
    assert f"{report} names ada still, in rows of others." in forget(root, "ada", "--yes").output
    with report.open(encoding="utf-8", newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == [".DS_Store", "adam.ipynb", "adam/.DS_Store"]


def test_two_of_a_kind_are_counted_as_two(root):
    said = forget(root, "josé", "--yes").output
    assert "  2 nbgrader submissions\n  1 nbgrader student\n" in said


def test_nothing_of_what_was_written_is_left_in_the_file(root):
    place = root / ".nbgrader" / "gradebook.db"
    assert b"Well, argued" in place.read_bytes()  # only in ada's comment
    forget(root, "ada", "--yes")
    assert b"Well, argued" not in place.read_bytes()


def test_no_file_of_results_names_a_person_who_is_forgotten(root):
    """By id, by name or by address; what is left is said, and a second time there is nothing."""
    out, shared = root / "results", ["--root", str(root)]
    grade = ["grade", str(root / "submitted"), "--out", str(out), "--sandbox", "off", "--anonymous", *shared]
    assert CliRunner().invoke(app, grade).exit_code == 0
    for form in ("canvas", "moodle", "gradescope", "csv"):
        export = ["export", "--for", form, "--out", str(out / f"{form}.csv"), *shared]
        assert CliRunner().invoke(app, export).exit_code in (0, 1)
    (out / "mine.txt").write_text("Ask ada why.")
    (out / "other.txt").write_text("ada-mae, ada2, ada.b and adam@ada are others.")
    options = ["forget", "ada", "--results", str(out), "--yes", *shared]
    said = CliRunner().invoke(app, options)
    assert said.exit_code == 0, said.output
    removed = {name: f"  {out / name}, which `grader " in said.output for name in RESULTS if name[:7] != "report-"}
    assert [name for name, told in removed.items() if not told] == ["gradescope.json"]  # of one student, not made here
    named = [str(p) for p in (out, root / ".nbgrader") for p in p.rglob("*") if "ada" in p.relative_to(root).parts]
    named = [p for p in named if "/submitted/" not in p]
    holding = [p for p in out.rglob("*") if p.is_file() and any(n in p.read_text() for n in ("Lovelace", "ada@"))]
    assert (named, holding) == ([], [])
    assert f"{out / 'mine.txt'} names ada still, and is not the grader's to change." in said.output
    assert "other.txt" not in said.output
    assert "roster.csv has a row of ada still" in said.output
    assert "Hand-ins were not looked for: where a folder has some of ada, the next `grader grade`" in said.output
    (out / "mine.txt").unlink()
    again = CliRunner().invoke(app, options)
    assert again.exit_code == 2
    assert f"there is nothing of 'ada' in the gradebook, in formgrader's copies or in {out};" in again.output


def test_the_class_can_be_graded_afterwards(root):
    forget(root, "ada", "--yes")
    assert {row.student for row in made.graded(root).rows} == {"adam", "josé"}


def test_without_a_terminal_it_asks_for_a_yes_and_removes_nothing(root):
    before = everything(root, "ada")
    said = forget(root, "ada")
    assert said.exit_code == 2
    assert "say so with --yes." in said.output
    assert everything(root, "ada") == before


@pytest.mark.parametrize(
    ("student", "sentence"),
    [
        ("ad", "there is nothing of 'ad' in the gradebook, in formgrader's copies or in "),
        ("..", "'..' cannot be the name of a folder"),
        ("../adam", "'../adam' cannot be the name of a folder"),
        ("", "'' cannot be the name of a folder"),
        ("%", "there is nothing of '%'"),
    ],
)
def test_who_is_unknown_gets_one_sentence_and_nothing_is_changed(student, sentence, root):
    before = {who: everything(root, who) for who in WHO}
    said = forget(root, student, "--yes")
    assert said.exit_code == 2
    assert sentence in said.output
    assert {who: everything(root, who) for who in WHO} == before


def test_what_lies_behind_a_link_stays(root, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    (root / "out" / "feedback" / "lin").symlink_to(elsewhere)
    assert forget(root, "lin", "--yes").exit_code == 2
    assert (elsewhere / "mine.txt").exists()


def test_a_gradebook_from_before_extensions_and_regrades(root):
    engine = create_engine(made.database(root))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE lora_extension")
        connection.exec_driver_sql("DROP TABLE lora_regrade")
    engine.dispose()
    assert forget(root, "ada", "--yes").exit_code == 0
    assert [row.student for row in made.graded(root).graded] == ["adam", "josé", "josé"]
