"""One probe asks many cases, and a known mistake is named only where its rule explains what came."""

import pytest
import torch

from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import (
    IN_A_LATER_CALL,
    CaseRaised,
    Rule,
    ask,
    each,
    expect_all,
    explained,
    first_wrong,
    of_case,
    same,
)
from lora_utils.checks.framework.probes import calls
from lora_utils.checks.framework.subject import NOT_WRITTEN, Seen, StudentRaised, Subject

PAIRS = [(2, 3), (4, 1), (5, 5), (2, 2)]
ADDS = Rule("adds", lambda a, b: a + b, "it adds", "Multiply.")
SQUARES = Rule("squares", lambda a, b: a * a, "it multiplies a by itself", "Use b too.")


def product(a, b):
    return a * b


def told(a, b):
    return f"a={a} and b={b}"


def judged(values, **more):
    """The failure for these values, or None."""
    more = {"right": product, "told": told, "what": "the product", "id": "wrong", "rules": (ADDS, SQUARES), **more}
    try:
        expect_all(values, PAIRS, **more)
    except Failure as failure:
        return failure.id, failure.rationale, failure.hint
    return None


# ------------------------------------------------------------------------------------------------------- of a case
def test_a_list_or_a_tuple_is_so_many_arguments_and_anything_else_is_one():
    assert of_case(product, (2, 3)) == of_case(product, [2, 3]) == 6
    assert of_case(lambda case: case["a"], {"a": 7}) == 7
    size = torch.Size((2, 3))  # a kind of tuple, and no list of arguments
    assert of_case(lambda case: case, size) is size


def test_what_there_is_for_each_case_is_a_list_or_a_function():
    assert each(product, PAIRS) == each([6, 4, 25, 4], PAIRS) == [6, 4, 25, 4]


# ------------------------------------------------------------------------------------------------------------- ask
class Spy:
    """A subject that notes what it is asked, and leaves out the values of so many cases."""

    def __init__(self, less=0):
        self.less, self.asked = less, []

    def probe(self, probe, *, cases, **more):
        self.asked.append((probe, cases, more))
        return Seen(values=[1] * (len(cases) - self.less), more=more)


def test_all_cases_are_asked_in_one_probe():
    spy = Spy()
    seen = ask(spy, PAIRS, told, calls, which="so")
    assert seen == {"values": [1] * 4, "more": {"which": "so"}}
    assert spy.asked == [(calls, [list(pair) for pair in PAIRS], {"which": "so"})]
    assert ask(Subject(product), PAIRS, told)["values"] == [6, 4, 25, 4]


def test_a_probe_gets_of_a_case_what_is_said():
    seen = ask(Subject(lambda b: b), PAIRS, told, arguments=lambda a, b: [b])
    assert seen["values"] == [3, 1, 5, 2]


def test_what_is_raised_is_told_with_the_first_case_it_is_raised_for():
    def raises(a, b):
        return 1 / (a - b)

    with pytest.raises(CaseRaised) as caught:
        ask(Subject(raises), PAIRS, told)
    error = caught.value
    assert (error.kind, error.text, error.case) == ("ZeroDivisionError", "division by zero (for a=5 and b=5)", (5, 5))
    assert error.error.text == "division by zero"
    assert "1 / (a - b)" in error.line


def test_what_is_raised_for_all_cases_together_only_is_told_so():
    times = []

    def only_for_many(a, b):
        times.append(a)
        if times == [2, 4]:
            raise ValueError("once only")

    with pytest.raises(StudentRaised, match="once only") as caught:
        ask(Subject(only_for_many), PAIRS, told)
    assert IN_A_LATER_CALL in caught.value.text
    assert not isinstance(caught.value, CaseRaised)


def test_a_stub_is_asked_once_and_stays_a_stub():
    times = []

    def stub(a, b):
        times.append(a)
        raise NotImplementedError

    with pytest.raises(StudentRaised) as caught:
        ask(Subject(stub), PAIRS, told)
    assert caught.value.kind == NOT_WRITTEN
    assert not isinstance(caught.value, CaseRaised)
    assert times == [2]


def test_values_that_are_left_out_are_the_answer_s_fault():
    with pytest.raises(StudentRaised, match="some cases could not be seen"):
        ask(Spy(less=1), PAIRS, told)


# ------------------------------------------------------------------------------------------------- same, first_wrong
def test_numbers_and_tensors_agree_within_rounding_and_all_else_exactly():
    assert same(1.0 + 1e-7, 1.0)
    assert same(torch.ones(2) + 1e-6, torch.ones(2))
    assert not same(torch.ones(2), torch.ones(3))
    assert same(1_000_001, 1_000_000)
    assert not same(1_000_001, 1_000_000, tolerance=0)
    assert same(["a", 1], ["a", 1])
    assert not same(("a", 1), ["a", 1])
    assert not same(None, 1.0)


def test_the_first_wrong_case_is_found_by_its_place():
    assert first_wrong([6, 4, 25, 4], PAIRS, product) is None
    assert first_wrong([6, 5, 26, 4], PAIRS, product) == 1
    assert first_wrong([6, 4, 25, 5], PAIRS, [6, 4, 25, 4]) == 3


# -------------------------------------------------------------------------------------------------------- explained
def test_a_rule_that_gives_every_value_explains_them():
    assert explained([5, 5, 10, 4], PAIRS, product, (SQUARES, ADDS)) is ADDS
    assert explained([5, 5, 10, 9], PAIRS, product, (SQUARES, ADDS)) is None
    assert explained([6, 4, 25, 4], PAIRS, product, (Rule("right", product, "it is right"),)) is None


def test_a_rule_for_all_cases_goes_before_one_for_those_that_went_wrong():
    values = [5, 5, 25, 4]
    everywhere = Rule("everywhere", lambda a, b: a * b if a == b else a + b, "")
    assert explained(values, PAIRS, product, (ADDS,)) is ADDS
    assert explained(values, PAIRS, product, (ADDS, everywhere)) is everywhere


def test_a_rule_explains_what_went_wrong_where_it_mostly_differs_from_what_is_right():
    assert explained([5, 5, 25, 4], PAIRS, product, (ADDS,)) is ADDS  # wrong twice, of three times that it differs
    assert explained([6, 5, 25, 4], PAIRS, product, (ADDS,)) is None  # wrong once: by chance


def test_a_rule_that_cannot_be_computed_or_gives_nothing_explains_nothing():
    fails = Rule("fails", lambda a, b: 1 // 0, "")
    nothing = Rule("nothing", lambda a, b: None, "")
    endless = Rule("endless", lambda a, b: float("inf"), "")  # everything is close to infinity
    assert explained([5, 5, 10, 4], PAIRS, product, (fails, nothing, endless)) is None
    assert explained([None] * 4, PAIRS, product, (nothing,)) is None


def test_a_fault_in_a_rule_is_not_hidden():
    with pytest.raises(TypeError):
        explained([5], [(2, 3)], product, (Rule("typo", lambda a: a, ""),))


# ------------------------------------------------------------------------------------------------------- expect_all
def test_right_values_pass():
    assert judged([6, 4, 25, 4]) is None


def test_a_known_mistake_is_told_for_the_first_case_that_is_wrong():
    assert judged([5, 5, 10, 4]) == ("adds", "for a=2 and b=3: it adds", "Multiply.")


def test_another_mistake_gets_the_general_message():
    assert judged([6, 7, 25, 4], hint="Count.") == ("wrong", "the product (a=4 and b=1) must be 4, got 7", "Count.")


def test_what_is_wrong_may_be_made_for_the_case():
    rule = Rule("adds", lambda a, b: a + b, lambda a, b: f"that is {a} + {b}")
    assert judged([5, 5, 10, 4], rules=(rule,)) == ("adds", "for a=2 and b=3: that is 2 + 3", None)


def test_the_result_may_be_named_with_its_case():
    assert judged([6, 7, 25, 4], what=lambda a, b: f"{a} times {b}")[1] == "4 times 1 must be 4, got 7"
    assert judged([6, 7, 25, 4], what=["w", "x", "y", "z"], told=["a", "b", "c", "d"])[1] == "x must be 4, got 7"


def test_a_check_may_say_it_in_its_own_words():
    said = [f"no: {a}, {b}" for a, b in PAIRS]
    assert judged([6, 7, 25, 4], said=said) == ("wrong", "no: 4, 1", None)
    assert judged([5, 5, 10, 4], said=said, known="{said}: {text}")[1] == "no: 2, 3: it adds"
    assert judged([5, 5, 10, 4], known="{text}: {said}")[1] == "it adds: the product (a=2 and b=3) must be 6, got 5"


def test_few_whole_numbers_are_shown_and_many_measured():
    with pytest.raises(Failure, match=r"must be \[1, 2\], got \[1, 3\]"):
        expect_all([torch.tensor([1, 3])], [0], [torch.tensor([1, 2])], told=["t"], what="ids", id="wrong")
    with pytest.raises(Failure, match="the largest difference is 1"):
        expect_all([torch.arange(30) + 1], [0], [torch.arange(30)], told=["t"], what="ids", id="wrong")


def test_lists_are_compared_and_shown():
    with pytest.raises(Failure, match=r"the words \(t\) must be \['a'\], got \['b'\]"):
        expect_all([["b"]], [0], [["a"]], told=["t"], what="the words", id="wrong")


# ------------------------------------------------------------------------------------------------------- relations
def test_how_all_wrong_results_come_of_the_right_ones_is_said_where_no_rule_explains_them():
    id, text, _ = judged([3 * value for value in (6, 4, 25, 4)])
    assert (id, text.split("; ")[1]) == ("wrong", "it is 3 times what it should be, everywhere")
    assert "; " not in judged([18, 12, 75, 13])[1]  # three of four
    nearly = [1.001 * value for value in (6.0, 4.0, 25.0, 4.0)]
    assert judged(nearly, right=[6.0, 4.0, 25.0, 4.0])[0] == "wrong"  # more is known of it than that digits are lost
