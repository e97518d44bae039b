"""grader extend: one student's later due date, in our table and in nbgrader's, and the grade that follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import graded_class as made
import pytest
import tiny_course as tiny
from nbgrader import api
from sqlalchemy import create_engine
from typer.testing import CliRunner

from grader.afterwards import grades_of
from grader.cli import app
from grader.course import Course

LAB = tiny.FIRST


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    return made.graded_class(tmp_path, monkeypatch)


def extend(root: Path, student: str, until: str, *options: str, lab: str = "01"):
    return CliRunner().invoke(app, ["extend", student, lab, until, "--root", str(root), *options])


def score(root: Path, student: str) -> float:
    return grades_of(Course.of(root), tiny.keys_of(root), made.database(root)).grades[student, LAB].score


def of_nbgrader(root: Path, student: str) -> tuple[float, timedelta | None]:
    with api.Gradebook(made.database(root)) as book:
        submission = book.find_submission(LAB, student)
        return submission.score - submission.late_submission_penalty, submission.extension


def test_a_grade_is_settled_at_once_with_what_a_person_entered(root):
    assert (score(root, "ada"), of_nbgrader(root, "ada")) == (4, (4, None))  # two days: two points
    said = extend(root, "ada", "2026-04-01 12:00")
    assert said.exit_code == 0, said.output
    assert "due 2026-04-01 12:00:00 Europe/Berlin, not 2026-03-31 12:00:00 Europe/Berlin." in said.output
    assert "Now 5 of 8 points, 4 before" in said.output
    assert (score(root, "ada"), of_nbgrader(root, "ada")) == (5, (5, timedelta(days=1)))
    assert extend(root, "ada", "2026-04-02").exit_code == 0  # the end of that day
    assert (score(root, "ada"), score(root, "adam")) == (6, 4.5)


def test_an_extension_is_taken_back(root):
    extend(root, "ada", "2026-04-30")
    said = extend(root, "ada", "none")
    assert "due 2026-03-31 12:00:00 Europe/Berlin, like everybody." in said.output
    assert "Now 4 of 8 points, 6 before" in said.output
    assert of_nbgrader(root, "ada") == (4, None)


def test_before_a_hand_in_it_makes_no_submission_and_holds_for_the_one_that_comes(root):
    with api.Gradebook(made.database(root)) as book:
        before = book.average_assignment_score(LAB)
    said = extend(root, "grace", "2026-04-05 12:00")
    assert "Nothing of it has been graded yet." in said.output
    with api.Gradebook(made.database(root)) as book:
        assert book.average_assignment_score(LAB) == before
        assert len(book.assignment_submissions(LAB)) == 3
    made.hand_in(root, "grace", 4, 4, "2026-04-06 09:00:00 UTC")
    made.graded(root)
    assert (score(root, "grace"), of_nbgrader(root, "grace")) == (7, (7, timedelta(days=5)))


def test_it_is_a_date_so_it_stays_where_everybodys_moves(root):
    extend(root, "ada", "2026-04-02 12:00")
    course = (root / "course.toml").read_text()
    (root / "course.toml").write_text(course.replace(made.DUE, "2026-04-01 12:00"))
    made.graded(root)
    assert score(root, "ada") == 6
    (root / "course.toml").write_text(course.replace(made.DUE, "2026-04-07 12:00"))
    made.graded(root)
    assert of_nbgrader(root, "ada") == (6, timedelta())


def test_an_extension_that_nbgrader_granted_holds_as_before(root):
    with api.Gradebook(made.database(root)) as book:
        book.grant_extension(LAB, "ada", days=1)
    made.graded(root)
    assert (score(root, "ada"), of_nbgrader(root, "ada")) == (5, (5, timedelta(days=1)))


@pytest.mark.parametrize(
    ("student", "lab", "until", "sentence"),
    [
        ("nobody", "01", "2026-05-01", "there is no student 'nobody' in the roster"),
        (
            "ada",
            "01",
            "2026-03-31 11:00",
            "than 01_double is due anyway (2026-03-31 12:00:00 Europe/Berlin).",
        ),
        ("ada", "02", "2026-05-01", "02_sign has no due date, so nobody is late; give it one in course.toml first."),
        ("ada", "07", "2026-05-01", "07"),
        ("ada", "01", "07.05.2026", "can be read as 2026-05-07 and as 2026-07-05"),
        ("ada", "01", "2026-03-29 02:30", "is a time that clocks there show never"),
    ],
)
def test_what_cannot_be_granted_changes_nothing(student, lab, until, sentence, root):
    said = extend(root, student, until, lab=lab)
    assert said.exit_code == 2
    assert sentence in said.output
    assert score(root, "ada") == 4
    with api.Gradebook(made.database(root)) as book:
        assert book.find_submission(LAB, "ada").extension is None


def test_without_a_roster_any_name_will_do(root):
    (root / "course.toml").write_text((root / "course.toml").read_text().replace('roster = "roster.csv"', ""))
    assert extend(root, "newcomer", "2026-05-01").exit_code == 0
    assert grades_of(Course.of(root), tiny.keys_of(root), made.database(root)).grades.keys() == {
        ("ada", LAB), ("adam", LAB), ("josé", LAB), ("josé", tiny.SECOND),
    }  # fmt: skip


def test_a_moment_is_shown_as_it_is_read():
    from grader.text.moments import read_moment, read_zone, shown

    moment = datetime(2026, 3, 31, 21, 59, 59)
    for zone in ("UTC", "+02:00", "-05:30", "Europe/Berlin"):
        assert read_moment(shown(moment, read_zone(zone))) == moment
    assert shown(moment, read_zone("+02:00")) == "2026-03-31 23:59:59 +02:00"


def test_a_gradebook_from_before_there_were_extensions_gets_the_table_with_the_first(root):
    engine = create_engine(made.database(root))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE lora_extension")
    engine.dispose()
    assert score(root, "ada") == 4
    made.graded(root)
    assert extend(root, "ada", "2026-04-30").exit_code == 0
    assert score(root, "ada") == 6
