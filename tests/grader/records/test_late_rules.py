"""Late rules are nbgrader's own: its plugin, its configuration, its gradebook, whichever command grades."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import tiny_course as tiny
from class_pages import COURSE, grades_in
from nbgrader import api
from traitlets.config import Config

from grader.class_run import grading_run
from grader.notebooks.submission import iso
from grader.records.attempt_policy import AttemptPolicy
from grader.records.class_grades import ClassGrades
from grader.records.gradebook import programs_on_path
from grader.records.late_rules import LateRules, LateRulesError
from grader.reports.feedback import write_feedback
from grader.reports.result_files import results_of
from grader.results import Exercise, Result

DUE = datetime(2026, 3, 1, 12)
PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin

class TwoAnHour(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 2 * total_seconds_late / 3600
"""
ZERO = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'
OWN = 'c.AssignLatePenalties.plugin_class = "late.TwoAnHour"\n'


def write_config(root: Path, text: str) -> Path:
    """A course folder's nbgrader_config.py, and a plugin beside it."""
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{text}")
    (root / "late.py").write_text(PLUGIN)
    return root


class Scored:
    score = 5.0


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("", None),
        ('c.LateSubmissionPlugin.penalty_method = "none"\n', None),
        (ZERO, 5.0),
        (OWN, 4.0),
        (PLUGIN + "c.AssignLatePenalties.plugin_class = TwoAnHour\n", 4.0),
    ],
    ids=["default", "none", "zero", "a module beside it", "a class in it"],
)
def test_the_course_chooses_as_nbgrader_documents_it(text, points, tmp_path):
    rules = LateRules.of_course(write_config(tmp_path, text))
    assert rules("ada", Scored, 7200) == points
    assert rules("ada", Scored, 0) is None
    assert rules.fault == ""


@pytest.mark.parametrize(
    ("text", "hours", "points"),
    [
        ("", 30, None),
        ("[late]\nper_day = 0.2", 1, 1.0),
        ("[late]\nper_day = 0.2", 24, 1.0),
        ("[late]\nper_day = 0.2", 25, 2.0),
        ("[late]\nper_day = 0.2\nat_most = 0.5", 240, 2.5),
        ("[late]\nper_day = 0.2\ngrace_minutes = 60", 1, None),
        ("[late]\nper_day = 0.2\ngrace_minutes = 60", 25, 1.0),
    ],
)
def test_the_courses_own_rules_stand_in_course_toml(text, hours, points, tmp_path):
    for name in ("nbgrader_config.py", "pyproject.toml"):
        (tmp_path / name).write_bytes((Path(__file__).parents[3] / name).read_bytes())
    (tmp_path / "course.toml").write_text(text)
    rules = LateRules.of_course(tmp_path)
    assert rules("ada", Scored, 3600 * hours) == points
    assert rules.fault == ""


def test_without_a_configuration_lateness_costs_nothing(tmp_path):
    assert LateRules.of_course(tmp_path)("ada", Scored, 7200) is None


def test_a_penalty_stays_between_nothing_and_the_score(tmp_path):
    rules = LateRules.of_course(write_config(tmp_path, OWN))
    assert rules("ada", Scored, 7 * 3600) == 5.0
    backwards = PLUGIN.replace("return 2 *", "return -2 *") + "c.AssignLatePenalties.plugin_class = TwoAnHour\n"
    assert LateRules.of_course(write_config(tmp_path, backwards))("ada", Scored, 3600) == 0.0


@pytest.mark.parametrize("wrong", ["return 1 / 0", "return float('nan')", "return 'two'"])
def test_a_plugin_that_fails_takes_nothing_and_is_told(wrong, tmp_path):
    text = PLUGIN.replace("return 2 * total_seconds_late / 3600", wrong)
    rules = LateRules.of_course(write_config(tmp_path, text + "c.AssignLatePenalties.plugin_class = TwoAnHour\n"))
    assert rules("ada", Scored, 3600) is None
    assert rules.fault.startswith("TwoAnHour raised ")


@pytest.mark.parametrize(
    "text",
    ["1 / 0", "c.AssignLatePenalties.plugin_class = 'late.Nobody'", "c.AssignLatePenalties.plugin_class = 'x.y'"],
)
def test_what_cannot_be_read_is_one_sentence(text, tmp_path):
    with pytest.raises(LateRulesError, match=r"^[^\n]*nbgrader_config.py cannot be (read|used) \([^\n]*mend"):
        LateRules.of_course(write_config(tmp_path, text + "\n"))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def run(course, tmp_path, monkeypatch):
    """Hand in with so many points for each of the two exercises, so many hours after the due date, and grade."""
    keys, url = tiny.keys_of(course), f"sqlite:///{tmp_path / 'g.db'}"

    def grade(points: float, hours: float, config: str, policy="best"):
        def given(one, key, limits, sandbox, seed):
            exercises = [Exercise(cell.grade_id, points, cell.points, "partial") for cell in key.graded]
            terms = vars(grading_run.terms(key, limits, sandbox, seed))
            return Result(one.student, one.lab, one.sha256, exercises=exercises, **terms, seconds=0.1,
                          timestamp=iso(one.timestamp))  # fmt: skip

        monkeypatch.setattr(grading_run, "grade", given)
        when = (DUE + timedelta(hours=hours)).isoformat() + " UTC"
        tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(course, double=f"double = {points}"), when=when)
        counting = AttemptPolicy(policy, LateRules.of_course(write_config(tmp_path, config)))
        return grading_run.grade_all(tmp_path / "in", keys, url, due={tiny.FIRST: DUE}, counting=counting)

    grade.url = url
    return grade


def in_gradebook(url: str) -> tuple:
    with api.Gradebook(url) as book:
        submission = book.find_submission(tiny.FIRST, "ada")
        return submission.score, submission.notebooks[0].late_submission_penalty, submission.total_seconds_late


@pytest.mark.parametrize(("config", "penalty"), [(ZERO, 6.0), (OWN, 3.0), ("", None)], ids=["zero", "own", "none"])
def test_the_penalty_is_in_nbgraders_gradebook_as_autograde_would_put_it(config, penalty, run, course):
    graded = run(3, 1.5, config)
    assert graded.problems == []
    assert in_gradebook(run.url) == (6.0, penalty, 5400.0)
    (entry,) = results_of(ClassGrades.of(graded.keys, graded.attempts, graded.held, graded.counting))[:1]
    assert (entry["late"], entry["penalty"], entry["passed"]) == (5400.0, penalty or 0.0, False)
    assert entry["score"] == 6.0 - (penalty or 0.0)
    theirs = stock(run.url, Path(run.url.removeprefix("sqlite:///")).parent)
    assert in_gradebook(run.url)[1] == (theirs or None)


def stock(url: str, folder: Path) -> float:
    """What nbgrader's own preprocessor puts there, with its own reading of the same configuration."""
    code = """
import sys
from nbgrader.apps.baseapp import NbGrader
from nbgrader.preprocessors import AssignLatePenalties
app = NbGrader()
app.initialize([])
names = {"notebook": "01_double", "assignment": "01_double", "student": "ada", "db_url": sys.argv[1]}
from nbformat.v4 import new_notebook
AssignLatePenalties(parent=app).preprocess(new_notebook(), {"nbgrader": names})
"""
    with programs_on_path():
        done = subprocess.run([sys.executable, "-c", code, url], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return in_gradebook(url)[1] or 0.0


def test_a_persons_points_count_before_the_penalty_and_a_new_date_takes_it_back(run):
    run(3, 1.5, ZERO)
    with api.Gradebook(run.url) as book:
        book.find_grade("test-double", tiny.FIRST, tiny.FIRST, "ada").manual_score = 1.0
        book.db.commit()
    run(3, 1.5, ZERO)
    assert in_gradebook(run.url) == (4.0, 4.0, 5400.0)
    with api.Gradebook(run.url) as book:
        book.grant_extension(tiny.FIRST, "ada", hours=2)
    graded = run(3, 1.5, ZERO)
    assert in_gradebook(run.url) == (4.0, None, 0)
    assert [row.standing.late for row in graded.graded] == [0.0]


def test_the_best_after_penalties_is_what_the_gradebook_holds_and_the_page_says_what_lateness_cost(run, tmp_path):
    run(3, -1, OWN)
    graded = run(4, 1.5, OWN)  # 8 less 3
    assert in_gradebook(run.url) == (6.0, None, 0)
    (page,) = write_feedback(grades_in(run.url, graded), graded, tmp_path / "out", COURSE, {})
    for text in (page.read_text(), page.with_suffix(".txt").read_text()):
        assert "1 hour 30 minutes late, penalty 3 points" in text
        assert "6 of 8" in text
    graded = run(4, 1.5, OWN, "latest")
    assert in_gradebook(run.url) == (8.0, 3.0, 5400.0)
    (page,) = write_feedback(grades_in(run.url, graded), graded, tmp_path / "out", COURSE, {})
    assert "8 less 3 for lateness" in page.read_text()
    assert "Every attempt is kept and the latest one counts." in page.with_suffix(".txt").read_text()


def test_changing_the_policy_over_known_attempts_sets_the_gradebook_right(run):
    for points, hours in ((2, -4), (4, -3), (3, -2)):
        run(points, hours, "")
    for policy, score in (("best", 8.0), ("latest", 6.0), ("first", 4.0), ("best", 8.0)):
        again = run(3, -2, "", policy)
        assert [row.standing.new for row in again.graded] == [False]
        assert in_gradebook(run.url)[0] == score
        (entry,) = results_of(ClassGrades.of(again.keys, again.attempts, again.held, again.counting))
        assert (entry["score"], entry["attempt"]) == (score, {"best": 2, "latest": 3, "first": 1}[policy])


def test_a_file_handed_in_again_after_another_is_the_latest_without_being_graded_again(run):
    run(2, -4, "")
    run(4, -3, "")
    (row,) = run(2, -2, "", "latest").graded
    assert (row.standing.number, row.standing.new, row.standing.counts_number) == (3, True, 3)
    assert (row.result.timestamp, row.result.seconds) == ("2026-03-01T10:00:00+00:00", 0.1)
    assert in_gradebook(run.url)[0] == 4.0
    assert [one.standing.new for one in run(2, -2, "", "latest").graded] == [False]


def test_export_shows_the_penalty(run, tmp_path):
    run(3, 1.5, OWN)
    with programs_on_path():
        command = [sys.executable, "-m", "nbgrader", "export", f"--CourseDirectory.db_url={run.url}", "--to", "out.csv"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (row,) = [r for r in csv.DictReader((tmp_path / "out.csv").read_text().splitlines()) if r["student_id"] == "ada"
              and r["assignment"] == tiny.FIRST]  # fmt: skip
    assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("6.0", "3.0", "3.0")


def test_nbgraders_defaults_cost_nothing():
    assert LateRules(Config())("ada", Scored, 10_000) is None
