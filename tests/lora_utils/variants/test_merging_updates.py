"""Merging against PEFT's own functions, and DARE's mean and share against what probability says."""

import importlib.util

import pytest
import torch

from lora_utils.variants import drop_and_rescale, merge_ties, task_arithmetic

needs_peft = pytest.mark.skipif(
    importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6: current environment only"
)
quiet = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning"
)  # raised inside peft's imports


def updates(count=3, shape=(4, 7)):
    torch.manual_seed(0)
    return [torch.randn(shape) for _ in range(count)]


@needs_peft
@quiet
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("density", [0.1, 0.5, 0.83])
@pytest.mark.parametrize("shape", [(4, 7), (5,)])
def test_ties_equals_pefts(count, density, shape):
    from peft.utils.merge_utils import ties

    given = updates(count, shape)
    torch.testing.assert_close(merge_ties(given, density), ties(given, torch.ones(count), density))


def test_ties_by_hand():
    first, second = torch.tensor([4.0, -3, 1, 0.5]), torch.tensor([-6.0, -1, 2, 0.1])
    # kept are 4, -3 and -6, 2; the first place is decided by 4 - 6 < 0, and there the second alone agrees
    torch.testing.assert_close(merge_ties([first, second], 0.5), torch.tensor([-6.0, -3, 2, 0]))
    assert torch.equal(merge_ties([first, -first], 1.0), torch.zeros(4))


@needs_peft
@quiet
def test_task_arithmetic_equals_pefts():
    from peft.utils.merge_utils import task_arithmetic as theirs

    given = updates()
    torch.testing.assert_close(task_arithmetic(given, -0.4), theirs(given, torch.full((3,), -0.4)))


@needs_peft
@quiet
def test_dare_drops_and_rescales_as_pefts_does():
    from peft.utils.merge_utils import prune

    ones = torch.ones(200, 300)
    for ours in (drop_and_rescale(ones, 0.9), prune(ones, 0.1, "random", rescale=True)):
        assert ours.unique().tolist() == pytest.approx([0, 10])
        assert abs((ours == 0).float().mean().item() - 0.9) < 0.01  # its deviation is 0.0012
        assert abs(ours.mean().item() - 1) < 0.1


def test_dare_of_a_generator_repeats_and_zero_changes_nothing():
    (given,) = updates(1)
    first, again = (drop_and_rescale(given, 0.4, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, drop_and_rescale(given, 0.4, torch.Generator().manual_seed(4)))
    assert torch.equal(drop_and_rescale(given, 0), given)


def test_what_cannot_be_merged_is_refused():
    with pytest.raises(ValueError, match="all of one shape, got none"):
        task_arithmetic([])
    with pytest.raises(ValueError, match=r"all of one shape, got \[\(2,\), \(3,\)\]"):
        merge_ties([torch.ones(2), torch.ones(3)], 0.5)
    with pytest.raises(ValueError, match="density must lie above 0 and at most at 1, got 0"):
        merge_ties([torch.ones(2)], 0)
    with pytest.raises(ValueError, match="drop must lie from 0 to below 1, got 1"):
        drop_and_rescale(torch.ones(2), 1)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_16_bits_as_many_stay_as_in_32(dtype):
    thin = drop_and_rescale(torch.ones(200_000, dtype=dtype), 0.999, torch.Generator().manual_seed(1))
    assert thin.dtype == dtype
    assert (thin != 0).sum().item() == pytest.approx(200, abs=60)


def test_updates_may_come_from_a_generator():
    updates = [torch.ones(3), torch.arange(3.0)]
    assert task_arithmetic(update for update in updates).tolist() == [1.0, 2.0, 3.0]
    assert torch.equal(merge_ties((update for update in updates), 0.5), merge_ties(updates, 0.5))
