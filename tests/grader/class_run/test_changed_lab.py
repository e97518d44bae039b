"""A lab that changes in the middle of a term: nobody is accused, nobody loses points, and what changed is named."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import tiny_course as tiny

from grader.build.build import build_lab, find_labs
from grader.class_run import grading_run
from grader.engine.canary import sandbox_faults
from grader.notebooks.notebook_file import parse
from grader.records.attempt_policy import AttemptPolicy
from grader.records.class_grades import ClassGrades

LAB = tiny.FIRST


def change(root, *replaced: tuple[str, str]) -> dict:
    """Change the lab's source, build it, and return the keys."""
    path = root / "solutions" / LAB / f"{LAB}.py"
    text = path.read_text()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    (lab,) = (lab for lab in find_labs(root) if lab.name == LAB)
    assert build_lab(lab, execute=False).problems == []
    return tiny.keys_of(root)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "course").mkdir()
    root = tiny.make_course(tmp_path / "course")
    for lab in find_labs(root):
        build_lab(lab, execute=False)
    return root


@pytest.fixture
def grade(tmp_path):
    def run(keys: dict) -> tuple[grading_run.Run, ClassGrades]:
        url = f"sqlite:///{tmp_path / 'g.db'}"
        run = grading_run.grade_all(tmp_path / "in", keys, url, only=True, sandbox=not sandbox_faults())
        return run, ClassGrades.of(keys, run.attempts, run.held, run.counting)

    return run


def test_a_changed_visible_test_is_not_the_students_edit(root, grade, tmp_path):
    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(root, **tiny.GOOD))
    edited = tiny.notebook(root, **tiny.GOOD)
    tiny.cell_of(edited, "test-double")["source"] += "\ngrade = 4"
    tiny.hand_in(tmp_path / "in", "eve", edited)
    hidden = "grade = grade.hidden(of_zero, points={})\n### END HIDDEN TESTS\ngrade\n\n# %% tags"
    twice = [("check_double(double, points=3, of=4)", "check_double(double, points=2, of=4)")]
    keys = change(root, *twice, (hidden.format(1), hidden.format(2)))
    run, grades = grade(keys)
    results = {row.student: row.result for row in run.graded}
    assert results["ada"].flags == []
    assert results["ada"].notes == ["locked cell 'test-double' is from an earlier copy of the lab; today's was used"]
    assert results["eve"].flags == ["graded-cell-edited"]
    assert {student: grade.score for (student, _), grade in grades.grades.items()} == {"ada": 8.0, "eve": 8.0}


def test_a_new_exercise_is_not_in_an_older_copy_and_missing_in_a_newer(root, grade, tmp_path):
    old = tiny.notebook(root, **tiny.GOOD)
    more = tiny._task("third", "a third", "return x / 3", "0.0").replace("check_third", "check_half")
    keys = change(root, ("\n# %% tags", more + "\n# %% tags"))
    assert parse(tiny.json.dumps(old).encode()).exercises == {"test-double", "test-half"}
    tiny.hand_in(tmp_path / "in", "ada", old)
    deleted = tiny.notebook(root, **tiny.GOOD)
    deleted["cells"] = [cell for cell in deleted["cells"] if "third" not in cell["id"]]
    tiny.hand_in(tmp_path / "in", "eve", deleted)
    run, _ = grade(keys)
    results = {row.student: row.result for row in run.graded}
    said = {name: next(e for e in one.exercises if e.grade_id == "test-third") for name, one in results.items()}
    assert [message.id for message in said["ada"].messages] == ["not-in-copy"]
    assert [message.id for message in said["eve"].messages] == ["answer-missing"]
    assert (results["ada"].flags, results["eve"].flags) == ([], ["graded-cell-missing"])


def test_more_points_for_an_exercise_raise_what_was_earned(root, grade, tmp_path):
    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(root, **tiny.GOOD))
    tiny.hand_in(tmp_path / "in", "bo", tiny.notebook(root, double=tiny.GOOD["double"]))
    _, grades = grade(tiny.keys_of(root))
    assert sorted((one.score, one.max_score) for one in grades.grades.values()) == [(4.0, 8.0), (8.0, 8.0)]
    (root / "course.toml").write_text(f'[lab."{LAB}"]\npoints = {{ double = 8 }}\n')
    (lab,) = (lab for lab in find_labs(root) if lab.name == LAB)
    assert build_lab(lab, execute=False).problems == []
    (tmp_path / "in" / "bo" / LAB / f"{LAB}.ipynb").unlink()  # bo is not in this collection
    (tmp_path / "in" / "bo" / LAB).rmdir()
    run, grades = grade(tiny.keys_of(root))
    assert {who: (one.score, one.max_score) for (who, _), one in grades.grades.items()} == {
        "ada": (12.0, 12.0),
        "bo": (8.0, 12.0),
    }
    assert {who: held.automatic["test-double"] for (who, _), held in run.held.items()} == {
        "ada": 8.0,
        "bo": 8.0,
    }
    assert any("double is worth 8 points, and was worth 4" in one for one in run.changes)


@pytest.mark.parametrize("policy", ["best", "latest", "first"])
def test_a_lab_that_is_as_it_was_before_gives_the_points_of_before(policy, root, tmp_path):
    """An exercise goes and comes back: the grading between the two, which lacks it, is not the one of today."""
    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(root, **tiny.GOOD))
    source = root / "solutions" / LAB / f"{LAB}.py"
    whole = source.read_text()
    less = whole[: whole.index("\n# %% [markdown]\n# ### Exercise: half as much")]
    for text, points in ((whole, 8.0), (less, 4.0), (whole, 8.0)):
        source.write_text(text)
        keys, url = change(root), f"sqlite:///{tmp_path / 'g.db'}"
        counting, options = AttemptPolicy(policy), {"only": True, "sandbox": not sandbox_faults()}
        run = grading_run.grade_all(tmp_path / "in", keys, url, counting=counting, **options)
        grade = ClassGrades.of(keys, run.attempts, run.held, run.counting).grades["ada", LAB]
        assert (grade.score, grade.max_score, grade.standing.attempts) == (points, points, 1)


def test_a_terminal_that_lacks_letters_ends_no_run(root, tmp_path):
    tiny.hand_in(tmp_path / "in", "Łukasz Żółć", tiny.notebook(root, **tiny.GOOD))
    command = [sys.executable, "-c", "from grader.cli import app; app()", "grade", str(tmp_path / "in"), "--root", root]
    command += ["--out", tmp_path / "out", "--db", tmp_path / "g.db"]
    command += ["--sandbox", "off"] if sandbox_faults() else []
    surroundings = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([str(part) for part in command], env=surroundings, capture_output=True, encoding="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "?ukasz ?ó??" in done.stdout
