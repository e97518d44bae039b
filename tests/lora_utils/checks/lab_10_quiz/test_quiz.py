"""Reading answers, marking them choice by choice, and the overview; nothing here knows the course's own key."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from lora_utils.checks import Failure, StudentRaised
from lora_utils.checks.framework.subject import NOT_WRITTEN
from lora_utils.checks.lab_10_quiz import quiz
from lora_utils.checks.lab_10_quiz.overview import overview
from lora_utils.quiz.questions import Question

MIME = "application/vnd.lora-utils.grade+json"
FRUIT = Question(
    "q01-fruit",
    "Ada",
    "Which are fruit?",
    {"apple": "apple", "brick": "brick", "cloud": "cloud", "damson": "damson", "egg": "egg"},
    several=True,
)
SKY = Question("q02-sky", "Ada", "What colour is the sky?", {"blue": "blue", "green": "green", "red": "red"})
SUM = Question("q03-sum", "Ada", "0.1 + 0.2?")
FRUIT_KEY = {
    "apple": quiz.right("It grows on trees."),
    "brick": quiz.wrong("It is baked clay."),
    "cloud": quiz.wrong("It is water."),
    "damson": quiz.right("It is a plum."),
    "egg": quiz.wrong("It is laid."),
}
SKY_KEY = {"blue": quiz.right("Rayleigh."), "green": quiz.wrong("Grass."), "red": quiz.wrong("Evening.")}


def fruit(answer, question=FRUIT):
    grade = quiz.choose_several("q01-fruit")(question, answer, points=0, of=2)
    return quiz.mark(grade, FRUIT_KEY, points=2, read="lab 3")


def sky(answer, question=SKY):
    return quiz.mark(quiz.choose_one("q02-sky")(question, answer, points=0, of=1), SKY_KEY, points=1, read="lab 4")


def total(answer, **options):
    grade = quiz.number("q03-sum")(SUM, answer, points=0, of=1)
    known = quiz.Mistake("product", 0.02, "This is the product.")
    return quiz.mark_number(
        grade, 0.3, within=0.001, why="1/10 + 2/10 = 3/10.", read="lab 5", points=1, mistakes=(known,)
    )


def said(grade):
    """message id and text of each check that failed"""
    return {r.message_id: r.text for r in grade.results if r.verdict == "fail"}


# ------------------------------------------------------------------------------------------------------- reading
@pytest.mark.parametrize(
    "answer", ["bd", "db", "BD", " b, d ", "b d", "b;d", "b)d)", "b and D", "bbd", ["b", "d"], ["B d"], ["d", "", "b"]]
)
def test_letters_are_read_in_every_usual_form(answer):
    assert quiz.read_letters(answer, "abcd", several=True) == "bd"


@pytest.mark.parametrize(
    ("answer", "message", "text"),
    [
        (2, "number-not-letter", "got the number 2"),
        (True, "number-not-letter", "got True"),
        (["b", 2.5], "number-not-letter", "got the number"),
        (torch.tensor(1), "number-not-letter", "got the number"),
        ("clear blue", "not-letters", "'clear blue' cannot be read as letters of this question, a to d"),
        ("-", "not-letters", "'-' cannot be read"),
        ({"type": "function"}, "not-letters", "got function"),
        ([["b"], "d"], "not-letters", "a list in a list"),
        ("be", "unknown-letter", "'be' holds 'e'; the letters are a to d"),
        ("1", "unknown-letter", "'1' holds '1'"),
        ("abcd", "everything-chosen", "every choice is chosen, which earns nothing"),
    ],
)
def test_what_cannot_be_read_says_why(answer, message, text):
    with pytest.raises(Failure) as caught:
        quiz.read_letters(answer, "abcd", several=True)
    assert caught.value.id == message
    assert text in caught.value.rationale
    assert caught.value.hint


@pytest.mark.parametrize("answer", ["ab", "abc", ["a", "b"]])
def test_one_right_choice_takes_one_letter(answer):
    with pytest.raises(Failure, match="exactly one choice is right") as caught:
        quiz.read_letters(answer, "abc", several=False)
    assert caught.value.id == "one-letter-only"
    assert quiz.read_letters(" C)", "abc", several=False) == "c"


@pytest.mark.parametrize("answer", [None, "", "  ", [], ["", " "]])
def test_an_empty_answer_counts_as_not_attempted(answer):
    for read in (lambda a: quiz.read_letters(a, "abc", several=False), quiz.read_number):
        with pytest.raises(StudentRaised) as caught:
            read(answer)
        assert caught.value.kind == NOT_WRITTEN


@pytest.mark.parametrize(
    "answer",
    [
        0.3, "0.3", " 0.3 ", np.float64(0.3), np.float32(0.3), torch.tensor(0.3), [[0.3]], {0.3}, Fraction(3, 10),
        Decimal("0.3"), np.array(0.3), np.array([0.3]),
    ],
)  # fmt: skip
def test_numbers_are_read_in_every_usual_form(answer):
    assert total(answer) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("b", "not-a-number"),
        ("12,800", "not-a-number"),
        (True, "not-a-number"),
        (print, "not-a-number"),
        ({"x": 1}, "not-a-number"),
        (torch.zeros(2), "not-a-number"),
        ((12, 800), "two-numbers"),
        ([None], "not-a-number"),
        (10**400, "not-a-number"),
        (float("inf"), "not-finite"),
        ("nan", "not-finite"),
        (0.02, "product"),
        (0.32, "wrong-number"),
    ],
)
def test_a_number_that_is_not_the_one_says_why(answer, message):
    grade = total(answer)
    assert grade == 0
    assert next(iter(said(grade))) == message
    assert all(r.hint for r in grade.results if r.verdict == "fail")


def test_the_tolerance_ends_where_it_is_stated():
    assert [float(total(answer)) for answer in (0.2985, 0.2995, 0.3005, 0.3015)] == [0, 1, 1, 0]


# ------------------------------------------------------------------------------------------------------- marking
@pytest.mark.parametrize(
    ("chosen", "points"),
    [
        ("apple damson", 2),
        ("apple", 1.6),
        ("apple damson egg", 1.6),
        ("apple egg", 1.2),
        ("egg", 0.8),
        ("brick cloud egg", 0),
        ("apple brick cloud damson egg", 0),
        ("", 0),
    ],
)
def test_each_choice_judged_correctly_earns_its_part(chosen, points):
    grade = fruit(FRUIT.letters(*chosen.split()))
    assert grade == points
    assert grade.of == 2


def test_one_right_choice_earns_all_or_nothing():
    assert [float(sky(SKY.letters(name))) for name in SKY_KEY] == [1, 0, 0]


def test_each_choice_is_answered_with_its_reason_those_chosen_first():
    grade = fruit(FRUIT.letters("apple", "egg"))
    assert said(grade) == {
        "chose-egg": "Chosen, but wrong: It is laid.",
        "missed-damson": "Left out, but right: It is a plum.",
    }
    passed = {r.id: r.text for r in grade.results if r.verdict == "pass"}
    assert passed["choice-apple"] == "Chosen, and right: It grows on trees."
    assert passed["choice-brick"] == "Left out, as it should be: It is baked clay."
    assert {r.id for r in grade.results[1:3]} == {"choice-apple", "choice-egg"}
    letter = FRUIT.letters("egg")
    assert f"Choice {letter}: egg" in [r.sentence for r in grade.results]
    assert "Hint: Read again: lab 3." in str(grade)


@pytest.mark.parametrize("answer", ["", None, "z", 3, "abcde"])
def test_what_is_not_answered_tells_nothing_of_the_key(answer):
    grade = fruit(answer)
    shown = str(grade) + grade._repr_mimebundle_()["text/html"]
    assert grade == 0
    assert not any(verdict.why in shown for verdict in FRUIT_KEY.values())
    assert [r.verdict for r in grade.results[1:]] == ["skipped"] * 5
    assert [r.sentence[7] for r in grade.results[1:]] == list("abcde")


def test_the_visible_check_is_worth_nothing_and_says_how_the_answer_was_read():
    grade = quiz.choose_several("q01-fruit")(FRUIT, "D, a", points=0, of=2)
    assert (float(grade), grade.still_hidden) == (0, 2)
    assert grade.results[0].text == "Read as a, d."
    assert grade.heading() == "q01-fruit: all 2 points are decided by hidden checks when graded"
    assert quiz.number("q03-sum")(SUM, 1 / 4, points=0, of=1).results[0].text == "Read as 0.25."


def test_no_answer_is_not_attempted():
    for grade in (fruit(""), sky(...), total(None)):
        assert grade.verdict == "not-attempted"
        assert grade.results[0].text == "no answer yet"


def test_letters_belong_to_the_name_they_were_typed_under():
    ada = fruit(FRUIT.letters("apple", "damson"))
    others = [replace(FRUIT, student=f"reader {i}") for i in range(20)]
    assert ada == 2
    assert all(fruit(q.letters("apple", "damson"), q) == 2 for q in others)
    assert sum(float(fruit(FRUIT.letters("apple", "damson"), q)) for q in others) < 30  # copied from Ada


def test_a_question_changed_by_the_student_changes_nothing():
    lenient = Question("q01-fruit", "Ada", "?", {str(i): str(i) for i in range(9)}, several=True)
    assert fruit("abcde", lenient) == 0
    assert next(iter(said(fruit("abcde", lenient)))) == "everything-chosen"
    assert sky("abc", replace(SKY, several=True)) == 0
    assert sky(SKY.letters("green"), replace(SKY, choices={"blue": "!", "green": "!", "red": "!"})) == 0
    renamed = Question("q02-sky", "Ada", "?", {"green": "blue", "azure": "x", "red": "y"})
    assert sky(SKY.letters("blue"), renamed) == 1


def test_an_object_that_is_no_question_costs_this_question_and_no_other():
    grade = fruit("ab", question=5)
    assert grade == 0
    assert grade.verdict == "fail"


def test_a_key_has_something_right_and_something_wrong():
    grade = quiz.choose_one("q02-sky")(SKY, "a", points=0, of=1)
    for verdict, count in ((quiz.right("x"), 3), (quiz.wrong("x"), 0)):
        with pytest.raises(ValueError, match=f"at least one choice must be right and one wrong, got {count}/3"):
            quiz.mark(grade, dict.fromkeys(SKY_KEY, verdict), points=1, read="")


def test_the_grade_is_plain_data():
    data = fruit({"a", "b"})._repr_mimebundle_()[MIME]
    assert json.loads(json.dumps(data))["max_points"] == 2
    assert sum(check["max_points"] for check in data["checks"]) == pytest.approx(2)


def test_a_code_choice_is_named_by_its_first_line():
    code = "```python\nclass Layer:\n    pass\n```"
    question = Question("q02-sky", "Ada", "?", dict.fromkeys(SKY_KEY, code))
    assert sky("a", question).results[1].sentence == "Choice a: class Layer: ..."
    long = Question("q02-sky", "Ada", "?", dict.fromkeys(SKY_KEY, "very " * 40))
    assert len(sky("a", long).results[1].sentence) < 140


# ------------------------------------------------------------------------------------------------------ overview
def test_the_overview_knows_answered_unanswered_and_unreadable():
    names = {"q01": FRUIT, "q02": SKY, "q03": SUM, "x": 3}
    seen = overview(names | {"answer_01": "b", "answer_02": "<q>"})
    assert [(line.question, line.state) for line in seen.lines] == [
        (1, "answered"),
        (2, "CANNOT BE READ"),
        (3, "NO ANSWER YET"),
    ]
    assert repr(seen).splitlines()[0] == "1 of 3 questions answered; for 'Ada'"
    assert "Read as b." in repr(seen)
    html = seen._repr_html_()
    assert '<th scope="row">2</th>' in html
    assert "&lt;q&gt;" in html
    assert "color" not in html


def test_the_overview_asks_for_a_name_that_is_missing():
    assert "STUDENT is empty: type your name at the top first" in overview({"q02": replace(SKY, student=" ")}).heading()
    assert overview({}).heading().startswith("0 of 0")


def test_the_overview_says_the_same_of_right_and_wrong_answers():
    states = {overview({"q02": SKY, "answer_02": letter}).lines[0].state for letter in "abc"}
    assert states == {"answered"}


class Any(list):
    """Holds nothing, and shows another letter at each look."""

    looks = 0

    def __iter__(self):
        Any.looks += 1
        return iter("abc"[Any.looks % 3])


class Restless:
    """A question whose student's name is another one at each look, so that every letter comes under every choice."""

    def __init__(self) -> None:
        self.looks = 0

    @property
    def student(self) -> str:
        self.looks += 1
        return f"name {self.looks}"

    def lettered(self):
        return SKY.lettered()


def test_an_answer_that_looks_different_at_each_look_is_read_once_and_as_plain_data():
    grade = sky(Any())
    assert (grade, Any.looks) == (0, 0)
    question = Restless()
    grade = sky("a", question)
    assert question.looks == 1
    names = quiz.shown_order("name 1", "q02-sky", SKY_KEY)
    assert grade == float(names[0] == "blue")
