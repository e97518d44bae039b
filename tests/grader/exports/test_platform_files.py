"""The files that platforms import, read as their own sources read them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import graded_class as made
import pytest
import tiny_course as tiny
from platform_imports import canvas_reads, gradescope_accepts, moodle_reads
from typer.testing import CliRunner

from grader.cli import app
from grader.records import Gradebook

COLUMN = "LoRA, first (4711)"


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    return made.graded_class(tmp_path, monkeypatch)


def exported(root: Path, to: str, *options: str, name: str = "out.csv"):
    out = root / name
    said = CliRunner().invoke(app, ["export", "--for", to, "--out", str(out), "--root", str(root), *options])
    return said, out.read_bytes() if out.exists() else b""


def test_canvas_finds_every_student_by_an_id_and_every_assignment(root):
    with (root / "course.toml").open("a") as file:
        file.write(f'column = "{COLUMN}"\n')
    said, content = exported(root, "canvas")
    assert said.exit_code == 0, said.output
    possible, students = canvas_reads(content)
    assert possible == {COLUMN: "8", tiny.SECOND: "4"}
    assert students == {
        ("ID", "4711"): {COLUMN: "4", tiny.SECOND: ""},  # 3 by hand and 3, less 2 for lateness
        ("ID", "4712"): {COLUMN: "4.5", tiny.SECOND: ""},
        ("SIS User ID", "G-77"): {COLUMN: "", tiny.SECOND: ""},
        ("ID", "4714"): {COLUMN: "8", tiny.SECOND: "2"},
    }


def test_excel_reads_the_letters_and_obeys_no_name(root):
    _, content = exported(root, "canvas")
    assert content.startswith(b"\xef\xbb\xbf")
    assert "Núñez, José" in content.decode()
    assert "\r\n'=HYPERLINK(1)," in content.decode()


def test_moodle_takes_all_or_nothing_so_it_gets_whom_it_knows(root):
    said, content = exported(root, "moodle", "--lab", "01")
    assert said.exit_code == 0, said.output
    users = {"100200": "ada", "100201": "adam", "100202": "grace", "100203": "josé"}
    grades = moodle_reads(content, users, "ID number")
    assert grades == {
        "ada": {tiny.FIRST: 4.0},
        "adam": {tiny.FIRST: 4.5},
        "grace": {tiny.FIRST: None},
        "josé": {tiny.FIRST: 8.0},
    }
    assert "Well, argued. Mostly." in [row[-1] for row in csv.reader(io.StringIO(content.decode()))]


def test_moodle_gets_no_row_that_it_would_take_for_another_students(tmp_path, monkeypatch):
    roster = made.ROSTER.replace("100201", "").replace("grace,", "lin,")
    root = made.make(tmp_path, monkeypatch, roster)
    for student, points in (("ada", 4), ("adam", 0), ("nobody", 1)):
        made.hand_in(root, student, points, points)
    made.graded(root)
    said, content = exported(root, "moodle")
    assert said.exit_code == 1
    assert "left out, 2: adam, nobody. Moodle finds the others by 'ID number': fill it in." in said.output
    users = {"100200": "ada", "100202": "lin", "100203": "josé"}
    assert moodle_reads(content, users, "ID number")["ada"] == {tiny.FIRST: 8.0}


def test_gradescopes_table_has_four_columns_an_assignment(root):
    said, content = exported(root, "gradescope", "--lab", "01")
    assert said.exit_code == 0
    ada, _, grace, _ = csv.DictReader(io.StringIO(content.decode().removeprefix("\ufeff")))
    assert ada == {
        "Name": "Lovelace, Ada",
        "SID": "ada",
        "Email": "ada@uni.edu",
        "Sections": "Tue",
        tiny.FIRST: "4",
        f"{tiny.FIRST} - Max Points": "8",
        f"{tiny.FIRST} - Submission Time": "2026-04-02 09:00:00 +0000",
        f"{tiny.FIRST} - Lateness (H:M:S)": "47:00:00",  # noon in Berlin is 10:00 UTC
    }
    assert (grace[tiny.FIRST], grace[f"{tiny.FIRST} - Max Points"]) == ("", "8")


def test_plain_csv_has_the_whole_class_and_the_total(root):
    said, content = exported(root, "csv")
    assert said.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(content.decode().removeprefix("\ufeff"))))
    assert [(row["id"], row[tiny.FIRST], row[tiny.SECOND], row["total"]) for row in rows] == [
        ("ada", "4", "", "0.2500"),
        ("adam", "4.5", "", "0.2812"),
        ("grace", "", "", "0.0000"),
        ("josé", "8", "2", "0.7500"),
    ]


def test_one_submission_is_a_results_json(root):
    said, content = exported(root, "gradescope", "--student", "ada", "--lab", "01", name="results.json")
    assert said.exit_code == 0, said.output
    results = json.loads(content)
    gradescope_accepts(results)
    assert results["score"] == 4
    assert "3 of 4 points, as staff entered. Well, argued." in results["output"]
    assert "Handed in late: 2 points less." in results["output"]
    assert [(one["number"], one["score"], one["max_score"], one["visibility"]) for one in results["tests"]] == [
        ("1.1", 3.0, 3.0, "visible"),
        ("1.2", 1.0, 1.0, "after_published"),
        ("2.1", 3.0, 3.0, "visible"),
        ("2.2", 0.0, 1.0, "after_published"),
    ]
    assert results["output_format"] == results["test_output_format"] == "text"


def test_what_a_check_that_waits_is_about_stays_unsaid(root):
    _, content = exported(root, "gradescope", "--student", "adam", "--lab", "01", name="results.json")
    waits = json.loads(content)["tests"][1]
    assert waits["name"].endswith("1 check not run")
    assert (waits["score"], waits["max_score"], waits["visibility"]) == (0.0, 1.0, "visible")


@pytest.mark.parametrize(
    ("to", "needed"),
    [
        ("canvas", "Canvas knows students by 'canvas' (its own number), 'sis user id' or 'sis login id': add such a"),
        ("moodle", "Moodle knows students by 'id number', 'username' or 'e-mail': add such a column to the roster."),
        ("gradescope", "Gradescope knows students by their address: add a column 'e-mail' to the roster."),
    ],
)
def test_a_format_says_which_column_it_needs(to, needed, tmp_path, monkeypatch):
    root = made.make(tmp_path, monkeypatch, "id,name\nada,Ada\n")
    made.hand_in(root, "ada", 4, 4)
    made.graded(root)
    said, content = exported(root, to)
    assert (said.exit_code, content) == (2, b"")
    assert needed in said.output
    assert exported(root, "csv")[0].exit_code == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--student", "nobody"), "there is no student 'nobody', neither in the roster nor among the grades."),
        (("--lab", "07"), "there is no lab '07'; the labs are: 01_double, 02_sign."),
        (("--student", "grace", "--lab", "01"), "grace has no grade in 01_double."),
    ],
)
def test_who_or_what_is_unknown_is_named(options, sentence, root):
    said, content = exported(root, "gradescope", *options)
    assert (said.exit_code, content) == (2, b"")
    assert sentence in said.output


def test_an_empty_gradebook_says_so(tmp_path, monkeypatch):
    root = made.make(tmp_path, monkeypatch)
    Gradebook(made.database(root)).__exit__()
    said, _ = exported(root, "csv")
    assert said.exit_code == 2
    assert "holds no grades yet; run `grader grade` first" in said.output
