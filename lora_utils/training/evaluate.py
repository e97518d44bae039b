"""How good a model is, and how sure one may be of it."""

import math
from statistics import mean, stdev

import torch
from torch import nn

from lora_utils.data.batches import Examples


def accuracy(model: nn.Module, data: Examples, batch_size: int = 512) -> float:
    """Share of examples whose highest score is that of their label.

    The model is put into evaluation mode for this and back into the mode it was in.

    Args:
        model: inputs -> scores (b, c)
        data: at least one example
        batch_size: changes the speed, not the result

    Returns:
        a number from 0 to 1
    """
    if len(data) == 0:
        raise ValueError("accuracy needs at least one example, got none.")
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    was_training = model.training
    model.eval()
    right = 0
    try:
        with torch.no_grad():
            for inputs, labels in data.batches(batch_size):
                guesses = model(inputs.to(device)).argmax(dim=-1)  # (b,)
                right += int((guesses == labels.to(device)).sum())
    finally:
        model.train(was_training)
    return right / len(data)


def mean_and_spread(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n - 1) over seeds; the spread of a single value is NaN, not 0."""
    if not values:
        raise ValueError("mean_and_spread needs at least one value, got none.")
    return mean(values), stdev(values) if len(values) > 1 else float("nan")


def sign_test(better: int, worse: int) -> float:
    """The probability that a fair coin gives a split at least as uneven as this, either way.

        p = min(1, 2 * sum over k <= min(better, worse) of C(n, k) / 2^n),    n = better + worse

    The exact form of McNemar's test, for two models that answered the same questions. It says how sure the sign of
    their difference is for this kind of question, and nothing about other seeds.

    Args:
        better: questions that only the first model got right
        worse: questions that only the second got right; those on which they agree do not count

    Explained in lab 08_qlora.
    """
    n = better + worse
    tail = sum(math.comb(n, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**n)
