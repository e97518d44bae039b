"""Points need positive evidence; a missing result gets a verdict and a sentence; a fault of ours costs nobody."""

from __future__ import annotations

import dataclasses
import math

import pytest
import tiny_course as tiny

from grader.judge.reader import read
from grader.notebooks.restoration import restore
from grader.results import Exercise, Result, passes, plain
from grader.scoring import grading as grade_module
from grader.scoring.exercise_grades import broken_answers, broken_checks, grade_exercises, grade_flags
from grader.scoring.grading import grade, input_seed, newer_syntax
from grader.scoring.run_submission import CellRun
from grader.text.fingerprint import NATURAL, fingerprints
from lora_utils.checks.framework.grade import CheckResult, Grade


def data_of(*checks: CheckResult, of: float = 4.0, flags=()) -> dict:
    return Grade("double", list(checks), of=of, flags=flags).data()


PASS = CheckResult("right", "It computes the right number.", "pass", max_points=3.0)
FAIL = CheckResult("zero", "It works for zero.", "fail", "not-zero", "expected 0, got 1", "Try 0.", True, 1.0)


def outcome(key, course, run: CellRun, answer: CellRun | None = None, **answers: str) -> Exercise:
    """What is collected for the first exercise when its cells ended like this."""
    cells = restore(tiny.submission(tiny.notebook(course, **(answers or tiny.GOOD))).cells, key).cells
    runs = {cell.id: CellRun("ok") for cell in cells if cell.runs}
    runs |= {"test-double": run, "double": answer or CellRun("ok")}
    return grade_exercises(key, cells, runs, read)[0]


def test_points_messages_and_checks_come_from_the_grades_data(key, course):
    found = outcome(key, course, CellRun("ok", grade=data_of(PASS, FAIL)))
    assert (found.grade_id, found.points, found.max_points, found.verdict) == ("test-double", 3.0, 4.0, "partial")
    assert [(m.id, m.text, m.hint) for m in found.messages] == [("not-zero", "expected 0, got 1", "Try 0.")]
    assert [(c.verdict, c.hidden) for c in found.checks] == [("pass", False), ("fail", True)]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"text/plain": "4.0"},  # a bare number is no evidence
        "4.0",
        {"points": "4.0"},
        {"points": True},
        {"points": math.nan},
        {"points": math.inf, "verdict": "pass"},
        {"verdict": "pass"},
    ],
)
def test_no_evidence_no_points(data, key, course):
    found = outcome(key, course, CellRun("ok", grade=data))
    assert (found.points, found.verdict) == (0.0, "fail")
    assert found.messages[0].text == "the check gave no result, so there is nothing to give points for"


@pytest.mark.parametrize(
    ("points", "claimed", "expected", "verdict"),
    [
        (400, "pass", 4.0, "pass"),
        (-3, "fail", 0.0, "fail"),
        (0, "pass", 0.0, "fail"),
        (2, "pass", 2.0, "partial"),
        (4, "not-attempted", 4.0, "pass"),
        (1.5, "no such verdict", 1.5, "partial"),
        (0, "not-attempted", 0.0, "not-attempted"),
    ],
)
def test_points_are_clamped_and_the_verdict_agrees_with_them(points, claimed, expected, verdict, key, course):
    found = outcome(key, course, CellRun("ok", grade={"points": points, "verdict": claimed, "checks": []}))
    assert (found.points, found.verdict) == (expected, verdict)


def test_odd_checks_in_the_data_are_left_out_or_cut(key, course):
    checks = [7, {"sentence": 3, "verdict": "superb", "text": "x" * 9_000, "hint": [], "max_points": "all"}]
    found = outcome(key, course, CellRun("ok", grade={"points": 1, "checks": checks}))
    (check,) = found.checks
    assert (check.sentence, check.verdict, check.hint, check.max_points) == ("", "fail", None, 0.0)
    assert len(check.text) == 1_000


def test_many_checks_are_cut(key, course):
    checks = [{"sentence": "s", "verdict": "pass"}] * 10_000
    found = outcome(key, course, CellRun("ok", grade={"points": 1, "checks": checks}))
    assert len(found.checks) == 200


@pytest.mark.parametrize(
    ("run", "answer", "verdict", "message", "words"),
    [
        (CellRun("error", "NameError", "x"), CellRun("error", "SyntaxError", "invalid syntax"),
         "fail", "raised-SyntaxError", "your answer cell 'double' raised SyntaxError: invalid syntax"),
        (CellRun("error", "NameError", "x"), None, "fail", "raised-NameError", "while it was being checked, raised"),
        (CellRun("error", "NameError", "x"), CellRun("error", "NotImplementedError"), "not-attempted", "not-attempted",
         "the stub is still there"),
        (CellRun("not-run"), CellRun("crash"), "crash", "process-ended", "ended the Python process"),
        (CellRun("crash"), None, "crash", "process-ended", "while it was being checked, ended"),
        (CellRun("timeout", evalue="20 s"), None, "timeout", "ran-too-long", "was stopped after 20 s"),
        (CellRun("error", "NameError", "x"), CellRun("timeout", evalue="20 s"), "timeout", "ran-too-long",
         "your answer cell 'double' was stopped after 20 s"),
        (CellRun("error", "NameError", "x"), CellRun("flood", evalue="5 MB"), "crash", "printed-too-much",
         "printed more than 5 MB"),
        (CellRun("not-run"), None, "timeout", "no-time-left", "was not run"),
    ],
)  # fmt: skip
def test_every_way_to_end_badly_has_its_verdict_and_sentence(run, answer, verdict, message, words, key, course):
    found = outcome(key, course, run, answer)
    assert (found.points, found.verdict, found.messages[0].id) == (0.0, verdict, message)
    assert words in found.messages[0].text


def test_an_answer_cell_that_was_deleted_is_named(key, course):
    data = tiny.notebook(course, **tiny.GOOD)
    data["cells"].remove(tiny.cell_of(data, "double"))
    cells = restore(tiny.submission(data).cells, key).cells
    runs = {cell.id: CellRun("error", "NameError", "name 'double' is not defined") for cell in cells}
    found = grade_exercises(key, cells, runs, read)[0]
    assert (found.verdict, found.messages[0].id) == ("not-attempted", "answer-missing")
    assert "'double' is not in the notebook" in found.messages[0].text


def test_an_untouched_stub_is_not_attempted_even_when_its_check_raises(key, course):
    stub = key.by_grade_id["double"].student
    found = outcome(key, course, CellRun("error", "TypeError", "x"), double=stub)
    assert found.verdict == "not-attempted"


def test_a_broken_check_is_no_fault_of_the_student_and_its_text_stays_inside(key, course):
    broken = CheckResult(
        "zero", "It works for zero.", "grader-error", "grader-error", "KeyError: secret_of", None, True, 1
    )
    found = outcome(key, course, CellRun("ok", grade=data_of(PASS, broken)))
    assert found.verdict == "grader-error"
    assert "secret_of" not in str(found)
    assert "it costs you nothing" in found.messages[0].text


def test_staff_are_told_what_a_broken_check_said(key):
    broken = CheckResult("zero", "It works for zero.", "grader-error", "grader-error", "KeyError: 'x'", None, True, 1)
    runs = {"test-half": CellRun("ok", grade=data_of(PASS, broken))}
    assert broken_checks(key, runs) == ["the grader broke: test-half, zero: KeyError: 'x'"]
    assert broken_checks(key, {"test-half": CellRun("ok", grade=data_of(PASS, FAIL))}) == []


def test_flags_of_the_checks_name_their_exercise(key, course):
    cells = restore(tiny.submission(tiny.notebook(course, **tiny.GOOD)).cells, key).cells
    runs = {"test-half": CellRun("ok", grade=data_of(PASS, flags=["answer-uses-reference"]))}
    assert grade_flags(key, cells, runs, read) == ["answer-uses-reference:test-half"]


SOLUTION = """def double(x):
    ### BEGIN SOLUTION
    parts = [x * share for share in (0.25, 0.25, 0.5)]
    total = 0.0
    for part in parts:
        total += part
    for part in reversed(parts):
        total -= -part if x else 0.0
    while total > 2 * abs(x) + 1:
        total -= 1
    if total != total:
        total = float("nan") + x
    if total is None:
        total = 0.0 * x
    return total
    ### END SOLUTION"""


def test_the_reference_is_recognised_under_other_names_and_a_short_one_is_let_be(key, course):
    changed = SOLUTION.replace("parts", "p").replace("share", "s").replace("total", "so_far").replace("x", "z")
    known = dataclasses.replace(key, reference=frozenset({fingerprints(SOLUTION)[0].digest}))
    assert fingerprints(SOLUTION)[0].length >= NATURAL
    for answer, flags in (
        (SOLUTION, ["answer-identical-to-reference:double"]),
        (changed, ["answer-identical-to-reference:double"]),
        (SOLUTION.replace("0.25, 0.25", "0.5, 0"), []),
        (key.by_grade_id["double"].source, []),
    ):
        cells = restore(tiny.submission(tiny.notebook(course, double=answer)).cells, known).cells
        assert grade_flags(known, cells, {}, read) == flags


def test_who_imports_what_the_lab_asks_for_is_shown(key, course):
    cells = restore(tiny.submission(tiny.notebook(course, **tiny.GOOD)).cells, key).cells
    runs = {"double": CellRun("error", "Withheld", "this lab asks you to write it")}
    assert grade_flags(key, cells, runs, read) == ["answer-uses-reference:double"]


def test_when_the_grader_breaks_the_result_says_so_and_nothing_is_raised(key, course, monkeypatch):
    monkeypatch.setattr(grade_module, "execute", lambda *a: 1 / 0)
    result = grade(tiny.submission(tiny.notebook(course, **tiny.GOOD)), key)
    assert [e.verdict for e in result.exercises] == ["grader-error", "grader-error"]
    assert result.broken
    assert not result.repeatable
    assert "the grader broke: ZeroDivisionError: division by zero" in result.notes


@pytest.mark.parametrize(
    ("python", "ename", "said"),
    [((3, 99), "SyntaxError", 1), ((3, 99), "NameError", 0), ((3, 1), "SyntaxError", 0), (None, "SyntaxError", 0)],
)
def test_syntax_that_a_newer_python_may_have_is_named_as_that(python, ename, said, course):
    submission = dataclasses.replace(tiny.submission(tiny.notebook(course)), python=python)
    notes = newer_syntax(submission, {"a": CellRun("ok"), "b": CellRun("error", ename, "invalid syntax")})
    assert len(notes) == said
    assert all("was run by Python 3.99 and is graded by Python 3." in note for note in notes)


def test_input_seeds_differ_by_submission_and_course_and_repeat(monkeypatch):
    first = input_seed("a" * 64)
    assert first == input_seed("a" * 64)
    assert first != input_seed("b" * 64)
    monkeypatch.setenv("LORA_UTILS_CHECK_SEED", "a secret")
    assert first != input_seed("a" * 64)


def result_of(*points: tuple[float, float]) -> Result:
    exercises = [Exercise(f"e{i}", got, most, "partial") for i, (got, most) in enumerate(points)]
    return Result("ada", "lab", "s", "c", exercises, "unsandboxed", "seed", {}, 1.0)


def test_score_and_pass_mark():
    assert result_of((0.1, 1), (0.2, 1)).score == 0.3
    assert passes(4, 5)
    assert not passes(3.99, 5)
    assert passes(3, 5, 0.6)
    assert passes(0.8 * 3 * 0.1 * 10, 3)  # a last binary digit below the mark
    data = plain(result_of((4, 5)))
    assert (data["score"], data["max_score"]) == (4.0, 5.0)


def test_the_checks_hash_follows_hidden_tests_and_the_package(key, course, monkeypatch):
    import dataclasses

    from grader.notebooks import decisive_files

    changed = tuple(dataclasses.replace(cell, source=cell.source.replace("for 0", "for zero")) for cell in key.cells)
    assert dataclasses.replace(key, cells=changed).sha256 != key.sha256
    assert dataclasses.replace(key).sha256 == key.sha256
    read, before = decisive_files._text, key.sha256

    def touched(name: str) -> str:
        monkeypatch.setattr(decisive_files, "_text", lambda path: read(path) + "\n#" * path.as_posix().endswith(name))
        return dataclasses.replace(key).sha256

    assert touched("checks/framework/exercise.py") != before
    assert touched("checks/framework/laws.py") != before  # which that imports
    assert touched("experiments/pretraining.py") == before
    assert touched("lora_utils/plots.py") == before


def test_a_text_a_figure_and_what_they_need_regrade_nobody(key):
    import dataclasses

    def with_cell(source: str, **changes):
        cell = dataclasses.replace(key.cells[0], id="more", source=source, **changes)
        return dataclasses.replace(key, cells=(*key.cells, cell)).sha256

    assert with_cell("a word more", kind="markdown") == key.sha256
    plain = with_cell("", kind="code", skip=True)
    assert with_cell("draw(accuracies)", kind="code", skip=True) == plain
    assert with_cell("", kind="code", skip=True, prepares="rate = 3") != plain
    assert with_cell("rate = 3", kind="code") != plain


def test_an_answer_cell_that_breaks_after_its_definition_is_told(key, course):
    """Its check runs and gives points, so nothing else says it; of a stub that is still there, the check does."""
    runs = {cell.id: CellRun("ok") for cell in key.cells}
    runs["double"] = CellRun("error", ename="NameError", evalue="name 'y' is not defined")
    runs["half"] = CellRun("error", ename="NotImplementedError")
    checked = [outcome(key, course, CellRun("ok", grade=data_of(PASS, FAIL)))]
    checked.append(dataclasses.replace(checked[0], grade_id="test-half"))
    assert broken_answers(key, checked, runs) == [
        "your answer cell 'double' raised NameError: name 'y' is not defined; "
        "what it had defined before was checked, so mend what comes after"
    ]
    untold = [dataclasses.replace(one, checks=[]) for one in checked]  # then the exercise says it
    assert broken_answers(key, untold, runs) == []
    bad = tiny.notebook(course, **tiny.GOOD | {"double": tiny.GOOD["double"] + "\ny"})
    found = grade(tiny.submission(bad), key, sandbox=False)
    assert (found.score, found.notes[0][:44]) == (8.0, "your answer cell 'double' raised NameError: ")
