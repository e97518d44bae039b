"""results.json, grades.csv and the table say the same, whatever names students choose."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import tiny_course as tiny
from sqlalchemy import create_engine

from grader.class_run.grading_run import Graded, Run
from grader.notebooks.submission import Refusal
from grader.records.attempts import Attempts
from grader.reports import result_files as report
from grader.reports.result_files import write_report
from grader.results import Exercise, Message, Result
from grader.text.safe_names import file_name, one_line, spreadsheet

FORMULA = '=HYPERLINK("http://x")'
REFUSED = Refusal("cy", tiny.FIRST, f"cy/{tiny.FIRST}/{tiny.FIRST}.ipynb", "is empty", "save it")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return tiny.keys_of(tiny.make_course(tmp_path_factory.mktemp("course")))


def result(student: str, sha: str, double: float, half: float = 4.0) -> Result:
    message = Message("wrong-number", "expected 2, got 1", "Multiply it.")
    exercises = [
        Exercise("test-double", double, 4.0, "pass" if double == 4 else "partial", [] if double == 4 else [message]),
        Exercise("test-half", half, 4.0, "pass"),
    ]
    return Result(
        student, tiny.FIRST, sha, "c" * 64, exercises, "unsandboxed", "id", {"python": "3.11"}, 1.5, None, ["flag-a"]
    )


@pytest.fixture
def attempts(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    yield Attempts(engine)
    engine.dispose()


@pytest.fixture
def run(keys, attempts):
    run = Run(keys)
    for one, late in (
        (result(FORMULA, "s1", 4.0), None),
        (result("ada", "s2", 3.0), 0.0),
        (result("ada", "s3", 1.0), 90.0),
    ):
        standing = attempts.add(one, late)
        run.rows = [row for row in run.rows if row.student != one.student]
        run.rows.append(Graded(one, standing))
    run.rows.append(REFUSED)
    run.rows.sort(key=lambda row: (row.student, row.lab))
    return run


def test_results_have_the_documented_fields(run, tmp_path):
    write_report(run, tmp_path / "out")
    by_student = {entry["student"]: entry for entry in json.loads((tmp_path / "out" / "results.json").read_text())}
    ada = by_student["ada"]
    fields = {
        "student", "lab", "attempt", "submission_sha256", "checks_sha256", "score", "max_score", "passed", "best",
        "sandbox", "seed_id", "versions", "seconds", "exercises", "flags", "problem", "late", "penalty", "timestamp",
        "notes",
    }  # fmt: skip
    assert all(set(entry) == fields for entry in by_student.values())
    assert (ada["attempt"], ada["score"], ada["best"], ada["late"]) == (2, 5.0, False, 90.0)
    exercise = ada["exercises"][0]
    assert {"grade_id", "points", "max_points", "verdict", "messages"} <= set(exercise)
    assert exercise["messages"] == [{"id": "wrong-number", "text": "expected 2, got 1", "hint": "Multiply it."}]
    assert by_student["cy"]["problem"] == str(REFUSED)
    assert by_student["cy"]["score"] is None
    assert by_student["cy"]["flags"] == ["not-graded"]


def test_the_csv_is_quoted_and_harmless_and_has_a_column_an_exercise(run, tmp_path):
    write_report(run, tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "grades.csv").read_text(), newline="")))
    by_student = {row["student"]: row for row in rows}
    assert set(by_student) == {"ada", "cy", "'" + FORMULA}
    ada = by_student["ada"]
    assert (ada["attempt"], ada["score"], ada["counting_score"], ada["passed"], ada["attempts"]) == (
        "2",
        "5.0",
        "7.0",
        "yes",
        "2",
    )
    assert (ada["test-double"], ada["test-half"], ada["late_seconds"]) == ("1.0", "4.0", "90.0")
    assert by_student["cy"]["problem"] == str(REFUSED)


def test_what_lateness_costs_decides_whether_an_attempt_passes(keys, attempts, tmp_path):
    late = replace(result("ada", "s", 3.0), timestamp="2026-03-01T12:00:00+00:00")  # 7 of 8 points
    standing = replace(attempts.add(late, 90.0), penalty=1.0, counts_penalty=1.0)
    write_report(Run(keys, [Graded(late, standing)]), tmp_path)
    (entry,) = json.loads((tmp_path / "results.json").read_text())
    assert (entry["score"], entry["penalty"], entry["late"], entry["passed"]) == (7.0, 1.0, 90.0, False)
    assert entry["timestamp"] == "2026-03-01T12:00:00+00:00"
    (row,) = csv.DictReader(io.StringIO((tmp_path / "grades.csv").read_text(), newline=""))
    assert (row["score"], row["penalty"], row["counting_score"], row["passed"]) == ("7.0", "1.0", "6.0", "no")
    assert (row["timestamp"], row["flags"]) == ("2026-03-01T12:00:00+00:00", "flag-a")


def test_a_refused_file_keeps_its_time_and_never_passes(keys, tmp_path):
    refused = replace(REFUSED, timestamp=datetime(2026, 3, 1, 12))
    write_report(Run(keys, [refused]), tmp_path)
    (entry,) = json.loads((tmp_path / "results.json").read_text())
    (row,) = csv.DictReader(io.StringIO((tmp_path / "grades.csv").read_text(), newline=""))
    for seen in (entry, row):
        assert seen["timestamp"] == "2026-03-01T12:00:00+00:00"
    assert (entry["passed"], row["passed"]) == (False, "no")


def test_files_end_as_their_readers_expect_and_have_each_column_once(keys, run, tmp_path):
    write_report(Run({"a": keys[tiny.FIRST], "b": keys[tiny.FIRST]}, run.rows), tmp_path)
    lines = (tmp_path / "grades.csv").read_bytes().split(b"\r\n")
    header = lines[0].decode().split(",")
    assert (len(lines), lines[-1]) == (len(run.rows) + 2, b"")
    assert len(header) == len(set(header))
    assert (tmp_path / "results.json").read_text().endswith("]\n")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..",
        ".",
        "",
        "a/b",
        "a\\b",
        "con",
        "NUL.txt",
        "a\x00b",
        "x\n",
        ".hidden",
        "é" * 300,
        "\U00020000" * 300,
        '<b>,"',
        "a:b",
        " ",
    ],
)
def test_file_names_stay_inside_their_folder(name, tmp_path):
    made = file_name(name)
    assert (tmp_path / made).parent == tmp_path
    assert made not in ("", ".", "..")
    assert not made.startswith(".")
    assert not set(made) & set('/\\:*?"<>|\x00\n')
    (tmp_path / f"{made}.html").write_text("it can be written")


def test_file_names_keep_what_is_harmless_and_tell_names_apart():
    assert file_name("Zoë O_Neil-2") == "Zoë O_Neil-2"
    names = ["a/b", "a\\b", "a:b", "a_b", "A B", "../a_b", "con", "x" * 400, "x" * 401]
    names += [file_name(name) for name in names]  # somebody is called what another's name was turned into
    names += [file_name(name) for name in names]
    assert len({file_name(name) for name in names}) == len(set(names))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "|x", "%x", "\t=1", "  =1", "\n=1", "\r=1"])
def test_formulas_are_neutralised(text):
    assert spreadsheet(text).startswith("'")


def test_other_table_cells_are_left_alone():
    assert [spreadsheet(value) for value in ("ada", 3.5, None, -2)] == ["ada", 3.5, None, -2]


def test_one_line_has_no_control_characters():
    assert one_line("a\n b\x1b[31m\x00") == "a b\ufffd[31m\ufffd"


def test_results_follow_the_schema_that_ships_with_them(run):
    import jsonschema

    schema = json.loads((Path(report.__file__).parents[1] / "results.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(json.dumps(report.results_of(run)))
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(data)) == []
    assert {entry["problem"] is None for entry in data} == {True, False}  # both kinds of entry were looked at
    for fault in ({"score": "4"}, {"extra": 1}, {"sandbox": "perhaps"}, {"exercises": [{"grade_id": "x"}]}):
        assert list(validator.iter_errors([data[0] | fault])), fault
