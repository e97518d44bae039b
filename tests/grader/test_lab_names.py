"""A lab is meant the same way wherever staff name one, and what means none is refused with the labs that there are."""

from __future__ import annotations

import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app
from grader.course import Course
from grader.lab_names import NoLab, choose_lab, choose_labs

LABS = ("00_welcome", "01_first", "02_second", "10_quiz", "extra")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", LABS),
        ([], LABS),
        ("10, 00 - 01", ("00_welcome", "01_first", "10_quiz")),
        ("02_second", ("02_second",)),
        ("2", ("02_second",)),
        (["0-2", "extra"], ("00_welcome", "01_first", "02_second", "extra")),
        (["solutions/01_first/01_first.py", "10_quiz.ipynb"], ("01_first", "10_quiz")),
    ],
)
def test_labs_by_number_range_name_and_file(said, meant):
    assert choose_labs(said, LABS) == meant


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("77", "there is no lab '77'; the labs are: 00_welcome, 01_first, 02_second, 10_quiz, extra."),
        ("00-99", "there is no lab '99' (in '00-99'); the labs are: 00_welcome"),
        ("3-10", "there is no lab '3' (in '3-10')"),
        ("10-0", "the range '10-0' ends before it begins; write the smaller number first."),
        ("first", "there is no lab 'first'"),
        ("²", "there is no lab '²'"),
    ],
)
def test_what_means_no_lab(said, fault):
    with pytest.raises(NoLab) as refused:
        choose_labs(["00", said], LABS)
    assert str(refused.value).startswith(fault)


@pytest.mark.parametrize(("said", "fault"), [("0-2", "means several labs; give one of 00_"), (" ", "means no lab;")])
def test_where_one_is_asked_for(said, fault):
    with pytest.raises(NoLab, match=fault):
        choose_lab(said, LABS)
    assert choose_lab("1", LABS) == "01_first"


@pytest.fixture
def course(tmp_path):
    return tiny.make_course(tmp_path)


def test_every_place_that_names_a_lab_reads_it_so(course, tmp_path):
    (course / "course.toml").write_text('labs = "1-2"\n[lab.2]\nweight = 3\n')
    assert Course.of(course).labs == (tiny.FIRST, tiny.SECOND)
    assert Course.of(course).terms[tiny.SECOND].weight == 3
    for command in (
        ["grade", str(course / "notebooks"), "--out", str(tmp_path / "o"), "--lab", "1-9"],
        ["grade", str(course / "notebooks"), "--out", str(tmp_path / "o"), "--due", "1-9=2026-03-31"],
        ["build", "9", "--check"],
        ["extend", "ada", "9", "2026-03-31"],
        ["regrade", "ada", "9"],
        ["gradescope", "9"],
    ):
        done = CliRunner().invoke(app, [*command, "--root", str(course)])
        assert done.exit_code == 2, done.output
        assert "there is no lab '9'" in done.output, command
        assert done.output.endswith("the labs are: 01_double, 02_sign.\n"), done.output


def test_one_lab_is_asked_for_where_only_one_can_be(course):
    done = CliRunner().invoke(app, ["extend", "ada", "1-2", "2026-03-31", "--root", str(course)])
    assert done.output == "grader extend: '1-2' means several labs; give one of 01_double, 02_sign.\n"
