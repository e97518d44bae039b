"""Two labs as a reader meets them: run all, a failing check, a hint, a mended answer, Validate."""

from __future__ import annotations

import jupytext
import pytest
from in_process import ROOT, answers, cells, grade_id, run

pytestmark = pytest.mark.browser


def catalogued(kind: str, lab: str, exercise: str) -> str:
    """The first catalogued answer of this kind."""
    return jupytext.read(ROOT / "tests" / "catalogue" / lab / kind / f"{exercise}.py").cells[0].source


def solutions(lab: str) -> dict[str, str]:
    """The course's own answers."""
    return {grade_id(cell): cell.source for cell in cells(lab) if grade_id(cell) in answers(lab)}


def read_hint(lab, exercise: str) -> None:
    """A hint is closed until it is clicked, and then reads as text: no mark-up is left in it."""
    hint = lab.hints(exercise).first
    title = hint.locator("summary").inner_text()
    assert hint.inner_text().strip() == title
    hint.locator("summary").click()
    text = hint.inner_text()
    assert len(text) > len(title) + 20
    assert [mark for mark in ("<code>", "`", "$") if mark in text] == []


def fail_read_and_mend(lab, name: str, exercise: str) -> None:
    """The round of every exercise; the browser must show what the check says in Python."""
    wrong, right = (catalogued(kind, name, exercise) for kind in ("wrong", "right"))
    lab.expect_check(exercise, shows=["not attempted"])

    said = next(
        r
        for r in run(name, {exercise: wrong}, only=frozenset({f"test-{exercise}"})).grades[f"test-{exercise}"].results
        if r.text
    )
    assert said.verdict == "fail"
    assert said.hint
    lab.answer(exercise, wrong)
    lab.expect_check(exercise, shows=["FAILED", said.sentence, said.text, f"Hint: {said.hint}"])

    read_hint(lab, exercise)

    lab.answer(exercise, right)
    lab.expect_check(exercise, shows=["passed"], hides=["FAILED", "not attempted", "waiting", "check broke"])


def test_lab_05_with_one_exercise_done_validate_names_the_others(open_lab):
    lab = open_lab("05_lora_layer")
    lab.run_all()
    fail_read_and_mend(lab, "05_lora_layer", "count-parameters")
    lab.expect_formulas()
    assert lab.page.abroad == []  # the formulas came without the network too
    said = lab.validate()
    assert said.count("The following cell failed") == len(answers("05_lora_layer")) - 1
    assert "check.count_parameters(" not in said


def test_lab_00_with_every_exercise_done_validate_says_success(open_lab):
    lab = open_lab("00_welcome")
    lab.run_all()
    picture = lab.page.get_by_role("img", name="Your code answers a probe")  # as a screen reader finds it
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 820
    fail_read_and_mend(lab, "00_welcome", "centre-sentences")
    lab.expect_formulas()
    assert lab.page.abroad == []  # the formulas came without the network too
    for exercise, source in solutions("00_welcome").items():
        lab.answer(exercise, source)
    assert "Success! Your notebook passes all the tests." in lab.validate()
