"""Our few statements leave the very rows in nbgrader's tables that nbgrader's own functions leave."""

from __future__ import annotations

from datetime import datetime

import pytest
import tiny_course as tiny
from nbgrader import api
from sqlalchemy import text

from grader.records.gradebook import Gradebook
from grader.records.submitted_rows import LabRows
from grader.results import Exercise

WHEN, LATER = datetime(2026, 3, 1, 10), datetime(2026, 3, 2, 10)
TABLES = {  # what is compared; names in the place of ids, which are random
    "student": "SELECT * FROM student ORDER BY id",
    "submitted_assignment": "SELECT a.name, s.student_id, s.timestamp, s.extension FROM submitted_assignment s "
    "JOIN assignment a ON a.id = s.assignment_id ORDER BY 1, 2",
    "submitted_notebook": "SELECT n.name, s.student_id, t.flagged, t.late_submission_penalty FROM submitted_notebook t "
    "JOIN notebook n ON n.id = t.notebook_id JOIN submitted_assignment s ON s.id = t.assignment_id ORDER BY 1, 2",
    "grade": "SELECT c.name, s.student_id, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade "
    "FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook t ON t.id = g.notebook_id "
    "JOIN submitted_assignment s ON s.id = t.assignment_id ORDER BY 1, 2",
    "comment": "SELECT c.name, s.student_id, m.auto_comment, m.manual_comment FROM comment m "
    "JOIN base_cell c ON c.id = m.cell_id JOIN submitted_notebook t ON t.id = m.notebook_id "
    "JOIN submitted_assignment s ON s.id = t.assignment_id ORDER BY 1, 2",
}


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return tiny.keys_of(tiny.make_course(tmp_path_factory.mktemp("course")))[tiny.FIRST]


def rows(book: api.Gradebook) -> dict[str, list[tuple]]:
    return {name: [tuple(row) for row in book.db.execute(text(query))] for name, query in TABLES.items()}


def exercises(first, second) -> list[Exercise]:
    return [Exercise("test-double", first, 4.0, "partial"), Exercise("test-half", second, 4.0, "partial")]


def theirs(book: api.Gradebook, student: str, when, found: list[Exercise]) -> None:
    book.update_or_create_student(student)
    with book.db.no_autoflush:
        book.update_or_create_submission(tiny.FIRST, student, timestamp=when)
    for exercise in found:
        grade = book.find_grade(exercise.grade_id, tiny.FIRST, tiny.FIRST, student)
        grade.auto_score = exercise.points
        grade.needs_manual_grade = grade.manual_score is not None  # as SaveAutoGrades has it
    book.db.commit()


def ours(book: api.Gradebook, student: str, when, found: list[Exercise]) -> None:
    lab = LabRows.of(book, tiny.FIRST)
    _, notebook = lab.submission(book.db, student, when)
    lab.score(book.db, notebook, found)
    book.db.commit()


def test_the_rows_are_nbgraders(key, tmp_path):
    left = {}
    for write in (theirs, ours):
        url = f"sqlite:///{tmp_path / write.__name__}.db"
        with Gradebook(url) as book:
            book.add_lab(tiny.FIRST, key.notebook)
        with api.Gradebook(url) as book:
            left[write] = [rows(book)]
            for student, when, points in (("ada", WHEN, (3, 1)), ("bob", None, (0, 4)), ("ada", LATER, (4, 1))):
                write(book, student, when, exercises(*points))
                left[write].append(rows(book))
            book.find_grade("test-half", tiny.FIRST, tiny.FIRST, "ada").manual_score = 0.5
            book.db.commit()
            write(book, "ada", LATER, exercises(4, 2))
            left[write].append(rows(book))
    for step, (expected, got) in enumerate(zip(left[theirs], left[ours], strict=True)):
        assert got == expected, f"after step {step}"
    assert len(left[ours][-1]["grade"]) == 4
    assert len(left[ours][-1]["comment"]) == 4
    assert left[ours][-1] != left[ours][0]


def test_a_cell_that_the_lab_lacks_is_named(key, tmp_path):
    url = f"sqlite:///{tmp_path / 'g.db'}"
    with Gradebook(url) as book:
        book.add_lab(tiny.FIRST, key.notebook)
    with api.Gradebook(url) as book, pytest.raises(api.MissingEntry, match="test-nothing"):
        ours(book, "ada", None, [Exercise("test-nothing", 1.0, 1.0, "pass")])
