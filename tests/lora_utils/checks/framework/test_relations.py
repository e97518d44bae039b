"""How wrong results come of the right ones: each sentence is said where it holds for all that came, nowhere else."""

import pytest
import torch

from lora_utils.checks.framework.compare import expect_close, relation, where_wrong
from lora_utils.checks.framework.failure import Failure

RIGHT = [torch.tensor([1.4, -2.6, 3.2]), torch.tensor([[0.75, -7.0], [4.25, 1.0]])]
CODES = [torch.tensor([3, 200, -5]), torch.tensor([17, 300])]


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (lambda w: -w, "the sign is turned round"),
        (torch.zeros_like, "it is 0 everywhere"),
        (torch.abs, "but for the signs"),
        (lambda w: w.clamp(min=0), "what should be below zero is 0"),
        (torch.round, "rounded to whole numbers"),
        (torch.trunc, "cut down to whole numbers"),
        (torch.floor, "rounded down"),
        (lambda w: 0.25 * w, "it is 0.25 times what it should be, everywhere"),
        (lambda w: w + 2, "it is 2 more than it should be, everywhere"),
        (lambda w: w - 0.5, "it is 0.5 less than it should be, everywhere"),
        (lambda w: w.flatten().flip(0).reshape(w.shape), "in another order"),
    ],
)
def test_what_is_done_to_every_result_is_said(done, said):
    assert said in relation([done(w) for w in RIGHT], RIGHT)
    assert relation([done(RIGHT[0]), RIGHT[1] ** 2], RIGHT) == ""  # not to one of two


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (lambda w: w % 16, "four bits"),
        (lambda w: w % 256, "uint8"),
        (lambda w: (w + 128) % 256 - 128, "int8"),
    ],
)
def test_whole_numbers_that_did_not_fit_are_told_by_where_they_begin_again(done, said):
    assert said in relation([done(w) for w in CODES], CODES)


def test_the_transpose_of_a_square_result_is_said():
    assert "transpose" in relation([RIGHT[1].T], RIGHT[1:])


@pytest.mark.parametrize("came", [[torch.ones(2, 2), RIGHT[1]], [RIGHT[0] * float("nan"), RIGHT[1]], [None, 1]])
def test_nothing_is_said_of_other_shapes_and_of_what_is_no_number(came):
    assert relation(came, RIGHT) == ""


def test_nothing_is_said_of_two_numbers_of_which_one_is_always_a_multiple():
    assert relation([2.0, 4.0], [1.0, 2.0]) == ""


def test_a_wrong_result_is_told_with_it_and_keeps_its_message():
    with pytest.raises(Failure) as caught:
        expect_close(RIGHT[1] * 0.25, RIGHT[1], what="the output", id="wrong-output")
    assert caught.value.id == "wrong-output"
    assert caught.value.rationale.endswith("; it is 0.25 times what it should be, everywhere")
    with pytest.raises(Failure) as caught:
        expect_close(RIGHT[1] * torch.tensor([1.001, 0.999]), RIGHT[1], what="the output")
    assert "the first digits are right" in caught.value.rationale


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (lambda w: w + torch.tensor([[0.0, 9.0], [0.0, 0.0]]), "at [0, 1]: it must be -7 and is 2; 1 of 4 numbers is"),
        (lambda w: w.square() + 100, "all 4 numbers are wrong"),
        (lambda w: w.T[:1], "must have shape (2, 2), got (1, 2)"),
        (lambda w: w[None], "there is an axis of size 1 too many"),
        (lambda w: w / torch.tensor([[1.0, 0.0], [1.0, 1.0]]), "got -inf at [0, 1], where -7 is expected"),
    ],
)
def test_a_wrong_result_is_told_with_a_place_where_it_is_wrong(done, said):
    with pytest.raises(Failure) as caught:
        expect_close(done(RIGHT[1]), RIGHT[1], what="the output")
    assert said in caught.value.rationale


def test_what_wrong_numbers_share_is_said_where_it_holds():
    right = torch.arange(-6.0, 6.0).reshape(3, 4)
    column = right.clone()
    column[:, 2] += torch.tensor([1.0, 2.0, 4.0])
    assert where_wrong(column, right).endswith(
        "3 of 12 numbers are wrong, all of them at index 2 of axis 1, which has 4"
    )
    bent = right.where(right >= 0, right**2 + right)
    assert where_wrong(bent, right).endswith(
        "6 of 12 numbers are wrong: those that should be below zero, and no others"
    )
    line = right.flatten() + (right.flatten() > 2)
    assert where_wrong(line, right.flatten()).endswith("at [9]: it must be 3 and is 4; 3 of 12 numbers are wrong")
    bent[2, 3] = 100.0
    assert where_wrong(bent, right).endswith("at [2, 3]: it must be 5 and is 100; 7 of 12 numbers are wrong")


@pytest.mark.parametrize(
    ("came", "said"),
    [((4, 3), ": its transpose is right"), ((3,), ": axis 1, of size 4, is gone"), ((12,), "got (12,)")],
)
def test_a_wrong_shape_is_told_by_what_has_become_of_the_right_one(came, said):
    right = torch.arange(12.0).reshape(3, 4)
    with pytest.raises(Failure) as caught:
        expect_close(right.T if came == (4, 3) else torch.zeros(came), right, what="the output")
    assert caught.value.rationale.endswith(said)


def test_nearly_once_the_right_result_is_no_factor():
    assert relation([1.00001 * RIGHT[0]], RIGHT[:1], 1e-6) == ""


@pytest.mark.parametrize(
    ("came", "wanted", "lost"),
    [
        ([0.333, 1.42, -2.71], [1 / 3, 2**0.5, -2.71828], True),
        ([100.0, 200.0, 301.0], [100.0, 200.0, 300.0], False),  # whole numbers keep their digits
        ([1.4, -2.6, 3.2, 0.75, 7.31], [1.4, -2.6, 3.2, 0.75, 7.3], False),  # one of five
    ],
)
def test_digits_are_lost_where_many_numbers_are_a_little_off(came, wanted, lost):
    with pytest.raises(Failure) as caught:
        expect_close(torch.tensor(came), torch.tensor(wanted), what="the value")
    assert ("the first digits are right" in caught.value.rationale) is lost


def test_two_numbers_are_told_with_as_many_digits_as_tell_them_apart():
    told = where_wrong(torch.tensor([123456.0, 1.0]), torch.tensor([123460.0, 1.0]))
    assert "it must be 123460 and is 123456; 1 of 2 numbers is wrong" in told
    assert "both numbers are wrong" in where_wrong(torch.tensor([3.0, 4.0]), torch.tensor([1.0, 2.0]))
