"""Pages of mistakes: titles of the catalogue, what checks say, and never a line of an answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from in_process import run

from book.check_messages import UNKNOWN, Message, messages
from book.mistakes import mistakes_page, plain, recognised

ROOT = Path(__file__).parents[2]
CHECK = """
double = Exercise("double")
HINT = "Add x " + "to itself."

@double.check
def right(subject, draw):
    again = "the square of *x*"
    if squared:
        raise Failure("squared", f"that is {again}, {value:.2f}", HINT)
    if other:
        text = "one"
        text = "two"
    rules = (Rule("halved", lambda x: x / 2, text="it is halved"),
             ("negated", lambda x: -x, "it is negated", "No sign."))
    raise Failure("elsewhere", text)
"""
WRONG = """# %% squared message="squared"
def double(x): return secret(x) ** 2

# %% x times x message="squared"
def double(x): return x * x

# %% the other sign message="negated"
def double(x): return -2 * x

# %% nothing message="only-a-hidden-check-says-that"
def double(x): pass
"""


def test_sentences_are_read_with_their_hints_and_an_ellipsis_for_values():
    assert messages(CHECK) == [
        Message("squared", "that is the square of *x*, …", "Add x to itself."),
        Message("halved", "it is halved", ""),
        Message("negated", "it is negated", "No sign."),
    ]


def test_a_page_shows_titles_sentences_and_hints_and_no_answer(tmp_path):
    room, wrong = tmp_path / "checks" / "lab_01_a", tmp_path / "wrong"
    for folder in (room, wrong, room.parent / "framework"):
        folder.mkdir(parents=True)
    (room / "double.py").write_text(CHECK)
    (room / "another.py").write_text('half = Exercise("half")\nraise Failure("only-a-hidden-check-says-that", "no")')
    (room / "shared.py").write_text('("negated", -1, "of a file that several exercises use")')
    (wrong / "double.py").write_text(WRONG)
    page = mistakes_page("01 Doubling", "01_a", {"half": "Exercise 1", "double": "Exercise 2: double"}, wrong, room)
    head, _, entries = page.partition("## Exercise 2: double\n\n")
    assert head.startswith("# Mistakes in lab 01\n\n")
    assert "[01 Doubling](../labs/01_a/01_a.ipynb)" in head
    assert entries.split("\n\n") == [
        "squared; x times x\n: that is the square of \\*x\\*, … *Add x to itself.*",
        "the other sign\n: it is negated. *No sign.*\n",
    ]


def test_a_lab_of_which_nothing_is_recognised_has_no_page(tmp_path):
    assert mistakes_page("01 Doubling", "01_a", {"double": "Exercise"}, tmp_path, tmp_path) == ""


def test_markup_in_a_sentence_is_shown_but_code_is_code():
    assert plain("A[0] * B_t\n  is `x_0`") == "A\\[0\\] \\* B\\_t is `x_0`"


@pytest.mark.parametrize("exercise", ["best-approximation", "alpha-conventions"])
def test_what_a_page_says_is_what_the_check_says(exercise):
    """The foreign oracle: wrong answers of the catalogue, judged; only the page reads the checks' source."""
    lab = "05_lora_layer"
    catalogue = ROOT / "tests" / "catalogue" / lab / "wrong" / f"{exercise}.py"
    answers = dict(re.findall(r'^# %% (.+?) message="[^"]+"\n(.*?)(?=^# %%|\Z)', catalogue.read_text(), re.M | re.S))
    tried = 0
    for titles, said in recognised(catalogue, ROOT / "lora_utils" / "checks" / f"lab_{lab}")[:5]:
        grade = run(lab, {exercise: answers[titles[0]]}, only=frozenset({f"test-{exercise}"})).grades[
            f"test-{exercise}"
        ]
        first = next(result for result in grade.results if result.verdict == "fail")
        pattern = [".*".join(map(re.escape, one.text.split(UNKNOWN))) for one in said]
        assert any(re.search(text, first.text, re.DOTALL) for text in pattern), (titles, first.text, pattern)
        assert first.hint in {one.hint for one in said}
        tried += 1
    assert tried == 5
