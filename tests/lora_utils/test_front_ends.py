"""What labs show in front ends that show less than JupyterLab does: no HTML, no widgets, or nothing but text."""

from __future__ import annotations

import importlib.util

import pytest
from IPython.core.formatters import DisplayFormatter

from lora_utils.checks.framework.grade import CheckResult, Grade
from lora_utils.checks.lab_10_quiz import overview
from lora_utils.data.progress_bar import progress
from lora_utils.quiz import Question

WIDGET = "application/vnd.jupyter.widget-view+json"
# From the richest kind on that each shows; VS Code shows no HTML in a folder that is not trusted, nbconvert no widget.
JUPYTERLAB = (WIDGET, "text/html", "text/markdown", "text/plain")
WITHOUT_WIDGETS, WITHOUT_HTML, TERMINAL = JUPYTERLAB[1:], JUPYTERLAB[2:], JUPYTERLAB[3:]


def shown(value: object, front_end: tuple[str, ...]) -> str:
    """What a front end makes of a cell's value: the first kind that it knows."""
    bundle, _ = DisplayFormatter().format(value)
    return next(str(bundle[kind]) for kind in front_end if kind in bundle)


def question(**options) -> Question:
    return Question("q07-sky", "Ada", "What `colour` is the sky?", {"blue": "It is blue.", "red": "Red."}, **options)


def grade(text: str = "expected 4, got 5") -> Grade:
    failed = CheckResult("double", "It doubles.", "fail", "wrong-number", text, "Multiply it.", max_points=2.0)
    return Grade("double", [failed], of=2.0)


@pytest.mark.parametrize("front_end", [WITHOUT_HTML, TERMINAL])
def test_without_html_a_question_and_the_overview_of_answers_are_the_same_words(front_end):
    text = shown(question(), front_end)
    for part in ("What colour is the sky?", "a) ", "b) ", "It is blue.", 'answer_07 = "x"'):
        assert part in text
    state = shown(overview({"q07": question(), "answer_07": ""}), front_end)
    assert "0 of 1 questions answered" in state
    assert "NO ANSWER YET" in state
    assert "<" not in text + state


def test_without_html_a_check_still_says_what_it_found():
    text = shown(grade(), WITHOUT_HTML)
    for part in ("double: 0 of 2", "FAILED", "It doubles.", "expected 4, got 5", "Hint: Multiply it."):
        assert part in text
    assert "<table" in shown(grade(), WITHOUT_WIDGETS)


def test_what_an_answer_says_stays_words_in_markdown():
    text = shown(grade("got\n```\n\n<script>alert(1)</script>\n# loud"), WITHOUT_HTML)
    assert all(line.startswith("    ") for line in text.splitlines() if line.strip()), "left the block of code"


def test_as_text_a_check_is_its_number_which_nbgrader_reads():
    assert shown(grade(), TERMINAL) == "0.0"


@pytest.mark.parametrize("several", [True, False])
def test_boxes_that_cannot_be_shown_are_a_sentence_that_says_what_to_type(several):
    widget = question(several=several).widget()
    assert WIDGET in DisplayFormatter().format(widget)[0]
    for front_end in (WITHOUT_WIDGETS, WITHOUT_HTML, TERMINAL):
        assert shown(widget, front_end) == 'No boxes are shown here; type the answer: answer_07 = "..."'


def test_without_ipywidgets_the_boxes_are_the_question_itself(monkeypatch):
    found = importlib.util.find_spec
    hide = lambda name, *more: None if name == "ipywidgets" else found(name, *more)  # noqa: E731
    monkeypatch.setattr("lora_utils.quiz.questions.find_spec", hide)
    asked = question()
    assert asked.widget() is asked


def test_a_progress_bar_is_text_that_any_front_end_overwrites(monkeypatch, capfd):
    monkeypatch.setattr("tqdm.std.time", iter(range(0, 1_000, 3)).__next__)
    assert list(progress(range(4), "loading")) == [0, 1, 2, 3]
    written = capfd.readouterr().out
    assert "loading" in written
    assert "\x1b" not in written
    assert "\n" not in written
