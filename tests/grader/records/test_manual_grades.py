"""What a person entered in formgrader stays with its hand-in, whatever is graded: points, extra credit, comments."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_course as tiny
from nbgrader import api

from grader.build.build import find_labs
from grader.build.source import read_source
from grader.build.twins import solution_twin, to_bytes
from grader.class_run import grading_run
from grader.course import Course
from grader.notebooks.answer_key import AnswerKey
from grader.records.attempt_policy import AttemptPolicy
from grader.records.class_grades import ClassGrades, LabGrade
from grader.records.gradebook import Gradebook
from grader.records.held_grades import Entered
from grader.reports.class_report import context
from grader.reports.result_files import results_of
from grader.results import Exercise, Result

LAB = tiny.FIRST
ENTERED = (0.5, 1.5, "Well argued.", "Too short.")
EXTRA = tiny._task("third", "a third", "return x / 3", "0.0")


@pytest.fixture
def course(tmp_path):
    return tiny.make_course(tmp_path)


def keys_with(course: Path, *changes: tuple[str, str], more: str = "") -> dict[str, AnswerKey]:
    """The keys after the instructor has changed the first lab."""
    path = course / "solutions" / LAB / f"{LAB}.py"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text + more)
    (lab,) = (lab for lab in find_labs(course) if lab.name == LAB)
    lab.solution.write_bytes(to_bytes(solution_twin(read_source(lab.source, course=Course.of(course)))))
    return tiny.keys_of(course)


@pytest.fixture
def run(course, tmp_path, monkeypatch):
    """Hand in one answer and grade it with so many points for each exercise."""

    def grade(points: float, answer: str, keys: dict[str, AnswerKey], policy: str = "best"):
        def given(one, key, limits, sandbox, seed):
            exercises = [Exercise(cell.grade_id, points, cell.points, "partial") for cell in key.graded]
            terms = vars(grading_run.terms(key, limits, sandbox, seed))
            return Result(one.student, one.lab, one.sha256, exercises=exercises, **terms, seconds=0.1)

        monkeypatch.setattr(grading_run, "grade", given)
        tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(course, double=answer))
        url = f"sqlite:///{tmp_path / 'g.db'}"
        return grading_run.grade_all(tmp_path / "in", keys, url, counting=AttemptPolicy(policy))

    return grade


@pytest.fixture
def book(tmp_path):
    """Open nbgrader's gradebook, as formgrader does."""
    return lambda: api.Gradebook(f"sqlite:///{tmp_path / 'g.db'}")


@pytest.fixture
def entered(run, book, course):
    """A first grade, and what a person added to it in formgrader."""
    assert run(1, "double = 1", tiny.keys_of(course)).problems == []
    with book() as gradebook:
        grade = gradebook.find_grade("test-double", LAB, LAB, "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 0.5, 1.5, False
        gradebook.find_comment("double", LAB, LAB, "ada").manual_comment = "Well argued."
        gradebook.find_comment("half", LAB, LAB, "ada").manual_comment = "Too short."
        gradebook.db.commit()


def gradebook_file(book) -> str:
    with book() as gradebook:
        return gradebook.engine.url.database


def of_a_person(book) -> tuple:
    with book() as gradebook:
        grade = gradebook.find_grade("test-double", LAB, LAB, "ada")
        comments = [gradebook.find_comment(name, LAB, LAB, "ada").manual_comment for name in ("double", "half")]
        return grade.manual_score, grade.extra_credit, *comments


def automatic(book) -> tuple:
    with book() as gradebook:
        grade = gradebook.find_grade("test-double", LAB, LAB, "ada")
        return grade.auto_score, grade.score, grade.needs_manual_grade


def grade_of(done) -> LabGrade:
    """The one grade of a run."""
    (grade,) = ClassGrades.of(done.keys, done.attempts, done.held, done.counting).grades.values()
    return grade


def test_another_answer_counts_as_it_is_graded_and_the_points_stay_with_theirs(entered, run, book, course):
    keys = tiny.keys_of(course)
    done = run(3, "double = 2", keys)
    assert done.problems == []
    assert of_a_person(book) == (None,) * 4
    assert automatic(book) == (3.0, 3.0, False)
    grade = grade_of(done)
    assert (grade.standing.counts_number, grade.standing.score, grade.score, grade.entered) == (2, 6, 6, {})
    assert grade.elsewhere[1]["test-double"] == Entered(0.5, 1.5, "Well argued.", 4.0)
    assert (grade.left_behind, grade.flags) == ([1], ["entered-on-another-attempt:1"])

    done = run(3, "double = 2", keys, "first")
    assert of_a_person(book) == ENTERED
    assert automatic(book)[:2] == (1.0, 2.0)
    grade = grade_of(done)
    assert (grade.standing.counts_number, grade.standing.score, grade.score, grade.flags) == (1, 3, 3, [])

    done = run(3, "double = 2", keys, "latest")
    assert of_a_person(book) == (None,) * 4
    assert automatic(book) == (3.0, 3.0, False)


@pytest.mark.parametrize(("by_hand", "counts"), [(0.0, 2), (1.25, 1)])
def test_attempts_are_compared_with_what_staff_entered_on_each(by_hand, counts, run, book, course):
    keys = tiny.keys_of(course)
    run(2, "double = 1", keys)  # 4 of 8
    with book() as gradebook:
        gradebook.find_grade("test-double", LAB, LAB, "ada").manual_score = by_hand
        gradebook.db.commit()
    done = run(1.5, "double = 2", keys)  # 3 of 8
    assert grade_of(done).standing.counts_number == counts
    assert grade_of(done).score == (3 if counts == 2 else 3.25)
    assert automatic(book)[1] == (1.5 if counts == 2 else 1.25)
    done = run(1.5, "double = 2", keys)  # the gradebook has settled
    assert grade_of(done).standing.counts_number == counts


def test_points_entered_on_either_attempt_are_kept_apart(entered, run, book, course):
    keys = tiny.keys_of(course)
    run(3, "double = 2", keys)
    with book() as gradebook:
        gradebook.find_grade("test-double", LAB, LAB, "ada").manual_score = 0.0
        gradebook.find_grade("test-half", LAB, LAB, "ada").manual_score = 0.0
        gradebook.db.commit()
    grade = grade_of(run(3, "double = 2", keys))
    assert (grade.standing.counts_number, grade.score, grade.elsewhere[2]["test-half"].points) == (1, 3, 0)
    assert of_a_person(book) == ENTERED
    assert grade.left_behind == []


def test_after_the_same_answer(entered, run, book, course):
    run(1, "double = 1", tiny.keys_of(course))
    assert of_a_person(book) == ENTERED
    assert automatic(book) == (1.0, 2.0, False)


HIDDEN = "grade.hidden(of_zero, points={})\n### END HIDDEN TESTS\ngrade\n\n# %% tags"


@pytest.mark.parametrize(
    "changes",
    [
        (("It also works for zero.", "Zero stays zero."),),
        (("check_double(double, points=3, of=4)", "check_double(double, points=2, of=4)"),
         (HIDDEN.format(1), HIDDEN.format(2))),
    ],
    ids=["hidden test", "visible part"],
)  # fmt: skip
def test_after_other_checks(changes, entered, run, book, course):
    graded = run(2, "double = 1", keys_with(course, *changes))
    assert graded.problems == []
    assert [row.standing.new for row in graded.graded] == [True]  # it was graded again
    assert of_a_person(book) == ENTERED
    assert automatic(book) == (2.0, 2.0, True)


def test_after_another_text(entered, run, book, course):
    graded = run(2, "double = 1", keys_with(course, ("# Doubling", "# Twice")))
    assert [row.standing.new for row in graded.graded] == [False]
    assert of_a_person(book) == ENTERED
    assert automatic(book) == (1.0, 2.0, False)


def test_after_other_points_of_a_cell(entered, run, book, course):
    """What a person entered keeps its share of what the exercise is worth, up and down, and nobody need look again."""
    for worth in (8, 2, 3, 7, 4):
        (course / "course.toml").write_text(f"[lab.01]\npoints = {{ double = {worth} }}\n")
        keys = keys_with(course)
        with Gradebook(f"sqlite:///{gradebook_file(book)}") as ours:
            there = ours.held(LAB)["ada", LAB]
            before = there.entered_on(there.hand_in, keys[LAB].worth)["test-double"]
        done = run(worth / 4, "double = 1", keys)
        assert done.problems == []
        share = worth / 4
        points = (0.5 * share, 1.5 * share)
        assert of_a_person(book) == (*map(pytest.approx, points), *ENTERED[2:])
        assert (before.points, before.extra) == pytest.approx(points)  # also what `grader export` reads before
        assert automatic(book) == (share, pytest.approx(2 * share), False)
        with book() as gradebook:
            assert gradebook.find_grade("test-double", LAB, LAB, "ada").max_score == worth
        (grade,) = ClassGrades.of(keys, done.attempts, done.held, done.counting).grades.values()
        assert (grade.points("test-double"), grade.above) == (pytest.approx(2 * share), [])


def test_more_than_an_exercise_is_worth_is_told(entered, run, book, course):
    with book() as gradebook:
        gradebook.find_grade("test-double", LAB, LAB, "ada").manual_score = 4.5
        gradebook.db.commit()
    done = run(1, "double = 1", tiny.keys_of(course))
    grades = ClassGrades.of(done.keys, done.attempts, done.held, done.counting)
    assert grades.grades["ada", LAB].above == ["test-double"]
    (entry,) = results_of(grades)
    assert entry["flags"] == ["entered-above-worth:test-double"]
    said = context(grades, done, Course(course))["alerts"]
    assert [(one.what, one.students) for one in said] == [
        ("staff entered more than the exercise is worth: Exercise: twice as much, 4.5 of 4 points", ["ada"])
    ]


def test_after_more_exercises(entered, run, book, course):
    graded = run(3, "double = 2", keys_with(course, more=EXTRA.replace("check_third", "check_half")))
    assert graded.problems == []
    with book() as gradebook:
        submission = gradebook.find_submission(LAB, "ada")
        assert {grade.name: grade.auto_score for grade in submission.notebooks[0].grades} == {
            "test-double": 3.0, "test-half": 3.0, "test-third": 3.0,
        }  # fmt: skip
        assert (submission.max_score, {c.name for c in submission.notebooks[0].comments}) == (
            12.0, {"double", "half", "third"},
        )  # fmt: skip


def test_an_exercise_that_is_gone_leaves_the_gradebook_too_and_can_come_back(entered, run, book, course):
    with book() as gradebook:
        gradebook.find_comment("half", LAB, LAB, "ada").manual_comment = None
        gradebook.db.commit()
    whole = (course / "solutions" / LAB / f"{LAB}.py").read_text()
    half = whole[whole.index("\n# %% [markdown]\n# ### Exercise: half as much") :]
    for keys, cells in ((keys_with(course, (half, "")), 1), (keys_with(course, more=half), 2)):
        done = run(1, "double = 1", keys)
        assert done.problems == []
        (grade,) = ClassGrades.of(keys, done.attempts, done.held, done.counting).grades.values()
        with book() as gradebook:
            held = gradebook.find_submission(LAB, "ada")
            assert (held.score, held.max_score) == (grade.score, grade.max_score)
            assert len(held.notebooks[0].grades) == len(held.notebooks[0].comments) == cells
        assert of_a_person(book)[:3] == ENTERED[:3] if cells == 2 else True


def test_fewer_exercises_are_refused_and_touch_nothing(entered, run, book, course):
    text = (course / "solutions" / LAB / f"{LAB}.py").read_text()
    half = text[text.index("\n# %% [markdown]\n# ### Exercise: half as much") :]
    (problem,) = run(3, "double = 2", keys_with(course, (half, ""))).problems
    assert "keeps its older form, worth 8 points, while pages and exports show today's" in problem
    assert "nbgrader db assignment remove 01_double --force" in problem
    assert problem.endswith("but also deletes what people entered in 4 places.")
    assert of_a_person(book) == ENTERED
    assert automatic(book) == (1.0, 2.0, False)


def test_after_another_attempt_counts(entered, run, book, course):
    run(0, "double = 3", tiny.keys_of(course))  # worse: the first goes on to count
    assert of_a_person(book) == ENTERED
    assert automatic(book) == (1.0, 2.0, False)
