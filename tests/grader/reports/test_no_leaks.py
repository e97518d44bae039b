"""No line of a hidden check's code reaches a page or a record, even of a class that fails every hidden check."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from unittest import mock

import jupytext
import nbformat
import pytest
from class_pages import feedback, grades_of, report
from in_process import LABS, ROOT, answers, run
from leaks import hidden_lines, leaks, texts
from sqlalchemy import create_engine
from staff_pages import page

from grader.build.build import find_labs
from grader.class_run.grading_run import Graded, Run
from grader.judge.reader import read
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.notebook_file import SubmittedCell
from grader.notebooks.submission import Submission
from grader.notebooks.without_keys import WithoutKeys
from grader.records.attempts import Attempts
from grader.records.formgrader_copy import write_copy
from grader.reports.result_files import write_report
from grader.results import CheckLine, Message, Result
from grader.scoring.exercise_grades import broken_checks, grade_exercises
from grader.scoring.run_submission import CellRun
from lora_utils.checks.framework.exercise import _Run


@lru_cache
def key_of(lab: str) -> AnswerKey:
    return AnswerKey.read(next(one for one in find_labs(ROOT) if one.name == lab))


@lru_cache
def wrong_class(lab: str) -> tuple[list[Result], set[tuple[str, str]]]:
    """Results of students with the catalogue's wrong answers, until every hidden check has failed; and which did not.

    The k-th student gives the k-th wrong answer to every exercise that has a hidden check left which nobody failed. No
    check waits for another, or hidden ones would hardly be reached: visible ones catch nearly every wrong answer.
    """
    one = _Run._one
    with mock.patch.object(_Run, "_one", lambda self, check, *rest: one(self, replace(check, after=()), *rest)):
        return _wrong_class(lab)


def _wrong_class(lab: str) -> tuple[list[Result], set[tuple[str, str]]]:
    key, wrong, made = key_of(lab), {}, []
    for name in answers(lab):
        path = ROOT / "tests" / "catalogue" / lab / "wrong" / f"{name}.py"
        wrong[name] = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    grades: dict = {}
    left: dict[str, set[str]] = {}
    for k in range(max(map(len, wrong.values()))):
        chosen = {name: given[k % len(given)] for name, given in wrong.items()}
        if k == 0:
            grades = run(lab, chosen, seed="3").grades
            left = {f"test-{name}": {c.id for c in grades[f"test-{name}"].results if c.hidden} for name in wrong}
        for test in [test for test in left if left[test]]:
            if k:
                grades |= run(lab, chosen, seed="3", only=frozenset({test})).grades
            checks = grades[test].results if grades[test] is not None else []
            left[test] -= {check.id for check in checks if check.hidden and check.verdict == "fail"}
        runs = {
            cell.id: CellRun("ok", grade=grades[cell.grade_id].data())
            for cell in key.graded
            if grades[cell.grade_id] is not None
        }
        rest = (
            grade_exercises(key, [], runs, read),
            "unsandboxed",
            "id",
            {},
            1.0,
            None,
            [],
            broken_checks(key, runs),
        )
        made.append(Result(f"student-{k}", lab, f"sha-{k}", key.sha256, *rest))
        if not any(left.values()):
            break
    return made, {(test, id) for test, ids in left.items() for id in ids}


def write_all(results: list[Result], lab: str, folder: Path) -> Path:
    """Write everything that a run leaves, and return its folder."""
    engine = create_engine(f"sqlite:///{folder / 'a.db'}")
    attempts, run, out = Attempts(engine), Run({lab: key_of(lab)}), folder / "out"
    run.rows += [Graded(one, attempts.add(one, None)) for one in results]
    write_report(grades_of(run, attempts), (), out)
    feedback(run, attempts, out)
    report(run, attempts, out)
    engine.dispose()
    return out


def nbgrader_pages(results: list[Result], lab: str, folder: Path) -> tuple[Path, Path]:
    """Write the copies for formgrader, and what staff and students see of them; return the folders of the two."""
    key, staff, students = key_of(lab), folder / "staff", folder / "students"
    cells = tuple(SubmittedCell(c.kind, c.student, c.id, c.grade_id) for c in key.cells)
    for place in (staff, students):
        place.mkdir()
    for result in results:
        copy = write_copy(folder / "copies", Submission(result.student, lab, cells, "sha"), key, result)
        (staff / f"{result.student}.html").write_text(str(page(nbformat.read(copy, as_version=4))))
        shown, _ = WithoutKeys().preprocess(nbformat.read(copy, as_version=4), {})
        (students / f"{result.student}.html").write_text(str(page(shown)))
    return staff, students


@pytest.mark.parametrize("lab", LABS)
def test_a_class_that_fails_every_hidden_check_learns_no_line_of_their_code(lab, tmp_path):
    results, never = wrong_class(lab)
    assert never == set(), "a wrong answer of the catalogue must fail each hidden check"
    hidden = [c for one in results for e in one.exercises for c in e.checks if c.hidden and c.verdict == "fail"]
    out = write_all(results, lab, tmp_path)
    names = {path.name for path in out.rglob("*.*")}
    assert names == {"results.json", "grades.csv", "report.html", "index.html", f"{lab}.html", f"{lab}.txt"}
    pages = texts(out)
    # The findings themselves are there, so the pages were not simply empty.
    assert all(" ".join(check.sentence.split())[:30] in pages["results.json"] for check in hidden)
    lines = hidden_lines(key_of(lab))
    assert len(lines) >= 4
    assert leaks(out, lines) == []
    staff, students = nbgrader_pages(results, lab, tmp_path)
    assert {line for _, line in leaks(staff, lines)} == set(lines)
    given = " ".join(" ".join(cell.student for cell in key_of(lab).cells).split())  # a hint of lab 09 has such a line
    assert leaks(students, [line for line in lines if line not in given]) == []


PLANTS = {
    "finding": lambda e, line: replace(e, checks=[CheckLine("It works.", "fail", f"at `{line}`", None, True)]),
    "hint": lambda e, line: replace(e, checks=[CheckLine("It works.", "fail", "no", line, True)]),
    "sentence": lambda e, line: replace(e, checks=[CheckLine(line, "pass", "", None, True)]),
    "message": lambda e, line: replace(e, messages=[Message("id", line)], checks=[]),
    "name of a message": lambda e, line: replace(e, messages=[Message(line, "text")], checks=[]),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_leak_is_seen(plant, tmp_path):
    lab = "05_lora_layer"
    lines = hidden_lines(key_of(lab))
    line = max((one for one in lines if {"<", '"'} & set(one)), key=len)
    results, _ = wrong_class(lab)
    planted = replace(results[0], exercises=[PLANTS[plant](e, line) for e in results[0].exercises])
    seen = {name for name, found in leaks(write_all([planted], lab, tmp_path), lines) if found == line}
    page = f"feedback/student-0/{lab}"
    expected = {"results.json", "report.html"} if "message" in plant else {"results.json"}
    if plant != "name of a message":
        expected |= {f"{page}.html"}
    assert expected <= seen


def test_what_breaks_inside_a_hidden_check_is_for_staff_alone(tmp_path):
    lab = "05_lora_layer"
    key, line = key_of(lab), hidden_lines(key_of(lab))[0]
    broken = {"id": "x", "sentence": "It works.", "verdict": "grader-error", "text": line, "hidden": True}
    data = {"points": 0.0, "verdict": "fail", "checks": [broken | {"message_id": "grader-error"}]}
    runs = {cell.id: CellRun("ok", grade=data) for cell in key.graded}
    rest = (grade_exercises(key, [], runs, read), "unsandboxed", "id", {}, 1.0, None, [], broken_checks(key, runs))
    out = write_all([Result("ada", lab, "sha", key.sha256, *rest)], lab, tmp_path)
    assert {name for name, _ in leaks(out, [line])} == {"results.json"}  # the note that staff mend it by
