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

from grader.collecting.roster import Roster, Student
from grader.notebooks.submission import Refusal
from grader.records.attempt_policy import AttemptPolicy
from grader.records.attempts import Attempts
from grader.records.class_grades import ClassGrades
from grader.records.held_grades import Entered, Held
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
def grades(keys, attempts):
    made = ((result(FORMULA, "s1", 4.0), None), (result("ada", "s2", 3.0), 0.0), (result("ada", "s3", 1.0), 90.0))
    for one, late in made:
        attempts.add(one, late)
    return of(keys, attempts)


def of(keys, attempts, held=None, refused=(REFUSED,), roster=None, counting=None) -> ClassGrades:
    counting = counting or AttemptPolicy()
    return ClassGrades.of(keys, attempts.all(), held or {}, counting, refused=refused, roster=roster)


def written(grades: ClassGrades, refused, out: Path) -> tuple[dict, dict]:
    """Entries of results.json and rows of grades.csv, by student."""
    write_report(grades, refused, out)
    rows = csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8-sig"), newline=""))
    entries = json.loads((out / "results.json").read_text())
    return {entry["student"]: entry for entry in entries}, {row["student"]: row for row in rows}


def test_an_entry_is_the_attempt_that_counts(grades, tmp_path):
    by_student, _ = written(grades, [REFUSED], tmp_path / "out")
    ada = by_student["ada"]
    assert (ada["attempt"], ada["attempts"], ada["score"], ada["late"], ada["passed"]) == (1, 2, 7.0, 0.0, True)
    exercise = ada["exercises"][0]
    assert (exercise["points"], exercise["automatic"], exercise["entered"]) == (3.0, 3.0, None)
    assert exercise["messages"] == [{"id": "wrong-number", "text": "expected 2, got 1", "hint": "Multiply it."}]
    assert (by_student["cy"]["problem"], by_student["cy"]["score"]) == (str(REFUSED), None)
    assert by_student["cy"]["flags"] == ["not-graded"]


def test_the_csv_is_quoted_and_harmless_and_has_a_column_an_exercise(grades, tmp_path):
    _, rows = written(grades, [REFUSED], tmp_path)
    assert set(rows) == {"ada", "cy", "'" + FORMULA}
    seen = [
        rows["ada"][name] for name in ("attempt", "score", "passed", "attempts", "test-double", "test-half", "late")
    ]
    assert seen == ["1", "7.0", "yes", "2", "3.0", "4.0", "0.0"]
    assert rows["cy"]["problem"] == str(REFUSED)


def test_what_a_person_entered_and_what_lateness_costs_hold_everywhere(keys, attempts, tmp_path):
    late = replace(result("ada", "s", 3.0), timestamp="2026-03-01T12:00:00+00:00")  # 7 of 8 points
    attempts.add(late, 90.0)
    entered = {"test-double": Entered(1.0, 0.5, "half of it\nis yours"), "gone": Entered(9.0)}
    held = {("ada", tiny.FIRST): Held({"test-double": 3.0, "test-half": 4.0}, entered, 1.5)}
    rules = AttemptPolicy(penalty=lambda student, graded, seconds: 1.5)
    by_student, rows = written(of(keys, attempts, held, (), counting=rules), (), tmp_path)
    ada, row = by_student["ada"], rows["ada"]
    assert (ada["score"], ada["penalty"], ada["late"], ada["passed"]) == (4.0, 1.5, 90.0, False)  # 1.5 + 4 - 1.5
    assert ada["exercises"][0]["points"] == 1.5
    assert ada["exercises"][0]["entered"] == {"points": 1.0, "extra": 0.5, "comment": "half of it\nis yours"}
    assert [row[n] for n in ("score", "penalty", "passed", "by_hand", "test-double")] == [
        "4.0",
        "1.5",
        "no",
        "yes",
        "1.5",
    ]
    assert (row["timestamp"], row["flags"]) == ("2026-03-01T12:00:00+00:00", "flag-a")


def test_a_penalty_has_two_places_as_the_score_has(keys, attempts, tmp_path):
    attempts.add(result("ada", "s", 4.0), 90.0)
    held = {("ada", tiny.FIRST): Held({"test-double": 4.0, "test-half": 4.0}, {}, 3 * 0.1)}
    by_student, rows = written(of(keys, attempts, held, ()), (), tmp_path)
    assert (by_student["ada"]["penalty"], rows["ada"]["penalty"], rows["ada"]["score"]) == (0.3, "0.3", "7.7")


def test_a_damaged_second_file_leaves_the_first_ones_points(keys, attempts, tmp_path):
    attempts.add(result("cy", "s", 4.0), None)
    by_student, rows = written(of(keys, attempts), [REFUSED], tmp_path)
    assert (by_student["cy"]["score"], by_student["cy"]["passed"]) == (8.0, True)
    assert (by_student["cy"]["problem"], rows["cy"]["score"]) == (str(REFUSED), "8.0")


def test_everybody_on_the_roster_is_there(keys, attempts, tmp_path):
    attempts.add(result("ada", "s", 4.0), None)
    roster = Roster([Student("zoe", "Müller, Zoë", section="B"), Student("ada", "Lovelace, Ada")])
    grades = of(keys, attempts, roster=roster)
    by_student, rows = written(grades, [REFUSED], tmp_path)
    assert [one.id for one in grades.students] == ["zoe", "ada", "cy"]
    assert [one.id for one in grades.missing(tiny.FIRST)] == ["zoe"]
    assert (by_student["zoe"]["handed_in"], by_student["zoe"]["score"], by_student["zoe"]["section"]) == (
        False,
        None,
        "B",
    )
    assert (rows["zoe"]["name"], rows["ada"]["name"]) == ("Müller, Zoë", "Lovelace, Ada")
    assert (tmp_path / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # for Excel


def test_points_are_on_todays_scale(keys, attempts, tmp_path):
    attempts.add(result("ada", "old", 4.0), None)  # 8 of 8 when exercises were worth 4 and 4
    worth = {tiny.FIRST: {"test-double": 6.0, "test-new": 2.0}}
    by_student, _ = written(of(keys, attempts, refused=(), counting=AttemptPolicy(worth=worth)), (), tmp_path)
    ada = by_student["ada"]
    assert (ada["score"], ada["max_score"]) == (6.0, 8.0)
    assert [(one["grade_id"], one["points"], one["max_points"]) for one in ada["exercises"]] == [
        ("test-double", 6.0, 6.0),
        ("test-new", 0.0, 2.0),
    ]
    assert ada["exercises"][1]["messages"][0]["id"] == "not-in-copy"


def test_a_refused_file_keeps_its_time_and_never_passes(keys, attempts, tmp_path):
    refused = replace(REFUSED, timestamp=datetime(2026, 3, 1, 12))
    entries, rows = written(of(keys, attempts, refused=[refused]), [refused], tmp_path)
    for seen in (entries["cy"], rows["cy"]):
        assert seen["timestamp"] == "2026-03-01T12:00:00+00:00"
    assert (entries["cy"]["passed"], rows["cy"]["passed"]) == (False, "no")


def test_files_end_as_their_readers_expect_and_have_each_column_once(keys, grades, tmp_path):
    grades.labs = {tiny.FIRST: keys[tiny.FIRST], "b": keys[tiny.FIRST]}
    write_report(grades, [REFUSED], tmp_path)
    lines = (tmp_path / "grades.csv").read_bytes().split(b"\r\n")
    header = lines[0].decode("utf-8-sig").split(",")
    assert (len(lines), lines[-1]) == (3 + 2, b"")
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


def test_results_follow_the_schema_that_ships_with_them(keys, attempts, grades):
    import jsonschema

    schema = json.loads((Path(report.__file__).parents[1] / "results.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    attempts.add(result("by-hand", "s", 3.0))
    held = {("by-hand", tiny.FIRST): Held(entered={"test-double": Entered(None, 1.0, "well done")})}
    roster = Roster([Student("zoe")])
    data = json.loads(json.dumps(report.results_of(of(keys, attempts, held, roster=roster), [REFUSED])))
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(data)) == []
    kinds = {(entry["problem"] is None, entry["handed_in"]) for entry in data}
    assert kinds == {(True, True), (False, True), (True, False)}  # each was looked at
    for fault in ({"score": "4"}, {"extra": 1}, {"sandbox": "perhaps"}, {"exercises": [{"grade_id": "x"}]}):
        assert list(validator.iter_errors([data[0] | fault])), fault
