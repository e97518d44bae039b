"""nbgrader's own gradebook shows the best attempt, through its API and `nbgrader export`; manual scores survive."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from datetime import datetime

import pytest
import tiny_course as tiny
from nbgrader import api

from grader.records.gradebook import Gradebook, GradebookError, database_url
from grader.results import Exercise, Result

TESTS = ("test-double", "test-half")


@pytest.fixture(scope="module")
def prepared(key, tmp_path_factory):
    """A gradebook that holds the lab: making one takes a second, copying it nothing."""
    path = tmp_path_factory.mktemp("prepared") / "deep" / "down" / "gradebook.db"
    with Gradebook(database_url(str(path))) as book:
        assert book.add_lab(tiny.FIRST, key.notebook) is None
    return path


@pytest.fixture
def url(prepared, tmp_path):
    shutil.copy(prepared, tmp_path / "gradebook.db")
    return database_url(str(tmp_path / "gradebook.db"))


def result(first: float, second: float, student="ada", verdict="partial", names=TESTS) -> Result:
    exercises = [Exercise(names[0], first, 4.0, verdict), Exercise(names[1], second, 4.0, "partial")]
    return Result(student, tiny.FIRST, "s", "c", exercises, "unsandboxed", "id", {}, 1.0)


def scores(url: str, student: str = "ada") -> dict[str, tuple]:
    with api.Gradebook(url) as book:
        grades = [book.find_grade(name, tiny.FIRST, tiny.FIRST, student) for name in TESTS]
        return {g.name: (g.auto_score, g.manual_score, g.score, g.needs_manual_grade) for g in grades}


def test_the_assignment_holds_every_cell_of_the_lab_with_hidden_tests(url, key):
    with Gradebook(url) as book:
        book.add_lab(tiny.FIRST, key.notebook)  # again: nothing is doubled
    with api.Gradebook(url) as book:
        notebook = book.find_notebook(tiny.FIRST, tiny.FIRST)
        assert {cell.name: cell.max_score for cell in notebook.grade_cells} == dict.fromkeys(TESTS, 4.0)
        assert {cell.name for cell in notebook.solution_cells} == {"double", "half"}
        sources = {cell.name: cell.source for cell in notebook.source_cells}
        assert "secret_of_the_grader" in sources["test-double"]
        assert "BEGIN SOLUTION" not in sources["double"]


def test_scores_are_written_and_rewritten(url, key):
    with Gradebook(url) as book:
        book.write(result(3, 1), datetime(2026, 3, 1, 10))
        book.write(result(0, 4, student="=d'&b,x"))
        assert scores(url) == {"test-double": (3.0, None, 3.0, False), "test-half": (1.0, None, 1.0, False)}
        book.write(result(4, 1))
        assert scores(url)["test-double"] == (4.0, None, 4.0, False)
    with api.Gradebook(url) as book:
        assert book.find_submission(tiny.FIRST, "ada").score == 5.0
        assert book.find_submission(tiny.FIRST, "=d'&b,x").score == 4.0


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", '";alert(1)//', "</script>", "..", "a/b"])
def test_a_name_that_formgrader_would_take_for_markup_is_not_written(name, url, key):
    with Gradebook(url) as book:
        with pytest.raises(ValueError, match="rename the student's folder"):
            book.write(result(3, 1, student=name))
        book.write(result(3, 1))
    with api.Gradebook(url) as book:
        assert [student.id for student in book.students] == ["ada"]


def test_a_manual_score_survives_and_asks_for_a_look_when_the_automatic_one_changes(url, key):
    with Gradebook(url) as book:
        book.write(result(1, 1))
        with api.Gradebook(url) as theirs:
            grade = theirs.find_grade("test-double", tiny.FIRST, tiny.FIRST, "ada")
            grade.manual_score, grade.needs_manual_grade = 3.5, False
            theirs.db.commit()
        book.write(result(1, 1))
        assert scores(url)["test-double"] == (1.0, 3.5, 3.5, False)
        book.write(result(2, 1))
        assert scores(url)["test-double"] == (2.0, 3.5, 3.5, True)


def test_a_fault_of_the_grader_waits_for_a_person_instead_of_counting_zero(url, key):
    with Gradebook(url) as book:
        book.write(result(0, 4, verdict="grader-error"))
    assert scores(url)["test-double"] == (None, None, 0.0, True)


def test_one_student_that_cannot_be_written_leaves_the_others_writable(url, key):
    with Gradebook(url) as book:
        with pytest.raises(api.MissingEntry):
            book.write(result(1, 1, student="odd", names=("test-nothing", "test-half")))
        book.write(result(2, 2))
    assert scores(url)["test-double"][0] == 2.0


def test_due_dates_are_kept_in_the_gradebook(url, key):
    due = datetime(2026, 3, 1, 12)
    with Gradebook(url) as book:
        assert book.add_lab(tiny.FIRST, key.notebook, due) == due
    with Gradebook(url) as book:
        assert book.add_lab(tiny.FIRST, key.notebook) == due


def test_cells_that_are_gone_are_refused_where_a_person_entered_something(url, key, course):
    other = tiny.keys_of(course)[tiny.SECOND]
    with Gradebook(url) as book:
        book.write(result(1, 1))
        with api.Gradebook(url) as theirs:
            theirs.find_grade("test-double", tiny.FIRST, tiny.FIRST, "ada").manual_score = 3.5
            theirs.db.commit()
        with pytest.raises(GradebookError, match="nbgrader db assignment remove 01_double --force"):
            book.add_lab(tiny.FIRST, other.notebook)


def test_alembic_is_found_beside_the_interpreter(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join(["/usr/bin", "/bin"]))
    with Gradebook(database_url(str(tmp_path / "g.db"))):
        pass
    assert os.environ["PATH"] == os.pathsep.join(["/usr/bin", "/bin"])


@pytest.mark.parametrize("text", ["nonsense://x/y", "postgresql://nobody@127.0.0.1:1/none", "what?.db"])
def test_a_database_that_cannot_be_opened_is_one_sentence(text):
    with pytest.raises(GradebookError, match="cannot be|another file") as caught:
        Gradebook(database_url(text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    (tmp_path / "g.db").write_text("these are my notes, not a database, and they are long enough to be looked at")
    with pytest.raises(GradebookError, match="file is not a database"):
        Gradebook(database_url(str(tmp_path / "g.db")))


def test_stock_export_reads_the_scores(url, key, tmp_path):
    with Gradebook(url) as book:
        book.write(result(3, 1), datetime(2026, 3, 1, 10))
        book.write(result(4, 4, student="bob"))
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\nc.CourseDirectory.db_url = {url!r}\n")
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]}
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "out.csv"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = {row["student_id"]: row for row in csv.DictReader((tmp_path / "out.csv").read_text().splitlines())}
    assert (rows["ada"]["score"], rows["ada"]["max_score"], rows["ada"]["timestamp"]) == (
        "4.0",
        "8.0",
        "2026-03-01 10:00:00",
    )
    assert rows["bob"]["score"] == "8.0"
