"""`--student` grades some of a class, and says of the others what was said before."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import graded_class as made
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app

ODD = {"bob": (tiny.FIRST, "is not valid JSON"), "cy": ("", "belongs to no lab of the course")}


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """ada and adam hand in what can be graded, bob a damaged file and cy a folder of no lab."""
    made.make(tmp_path, monkeypatch, "id\nada\nadam\nbob\ncy\n")
    for student in ("ada", "adam"):
        made.hand_in(tmp_path, student, 4, 3)
    tiny.hand_in(tmp_path / "submitted", "bob", b"{")
    (tmp_path / "submitted" / "cy" / "odd").mkdir(parents=True)
    (tmp_path / "submitted" / "cy" / "odd" / "x.ipynb").write_bytes(b"{")
    (tmp_path / "course.toml").write_text("")  # the folder is read as it is
    return tmp_path


def grade(root: Path, *more: str) -> tuple[int, str]:
    options = [*more, "--out", str(root / "out"), "--root", str(root), "--sandbox", "off", "--workers", "1"]
    said = CliRunner().invoke(app, ["grade", str(root / "submitted"), *options], env={"COLUMNS": "200"})
    return said.exit_code, said.output


def of(root: Path, student: str) -> tuple:
    """What results.json, grades.csv, report and the student's page say of what could not be graded."""
    out, (lab, fault) = root / "out", ODD[student]
    entries = json.loads((out / "results.json").read_text())
    entry = next(one for one in entries if (one["student"], one["lab"]) == (student, lab))
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(row for row in csv.DictReader(file) if (row["student"], row["lab"]) == (student, lab))
    pages = [(out / "report.html").read_text(), (out / "feedback" / student / "index.html").read_text()]
    return entry["handed_in"], entry["problem"], row["problem"], [fault in page for page in pages]


def test_what_could_not_be_graded_of_others_stays(root):
    code, said = grade(root)
    assert (code, "2 could not be graded" in said) == (1, True)
    before = {student: of(root, student) for student in ODD}
    assert [(one[0], one[3]) for one in before.values()] == [(True, [True, True])] * 2
    code, said = grade(root, "--student", "adam")
    assert {student: of(root, student) for student in ODD} == before
    assert (code, "0 could not be graded" in said, "bob: " in said) == (0, True, False)  # of those asked for
    code, said = grade(root, "--student", "bob")
    assert (code, "1 could not be graded" in said, "cy: " in said) == (1, True, False)


def test_an_earlier_damaged_file_of_somebody_else_stays_overtaken(root):
    """It is no news of a student who has handed in a good one since."""
    earlier = root / "submitted" / "ada" / tiny.FIRST / "earlier" / "1"
    earlier.mkdir(parents=True)
    (earlier / f"{tiny.FIRST}.ipynb").write_bytes(b"{")
    grade(root, "--student", "adam")
    entry = json.loads((root / "out" / "results.json").read_text())
    assert [one["student"] for one in entry if one["problem"]] == ["bob", "cy"]


def test_nobody_of_that_name_is_one_sentence(root):
    code, said = grade(root, "--student", "bobo")
    sentence = f"grader grade: {root / 'submitted'} holds nothing of bobo; look at the names of its folders.\n"
    assert (code, said) == (2, sentence)
