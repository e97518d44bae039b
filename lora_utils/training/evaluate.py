"""How good a model is."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from lora_utils.data.batches import Examples


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Within the with block the model evaluates, without gradients; afterwards each module is in its own mode again.

    Each in its own, since part of a model may evaluate while the rest trains, as a frozen encoder with dropout does.
    """
    before = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            yield
    finally:
        for module, training in before:  # a module before its parts; by `train`, on which some modules merge weights
            module.train(training)


def accuracy(model: nn.Module, data: Examples, batch_size: int = 512) -> float:
    """Share of examples whose highest score is that of their label.

    The model is put into evaluation mode for this and back into the mode that each part was in.

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
    right = 0
    with evaluating(model):
        for inputs, labels in data.batches(batch_size):
            guesses = model(inputs.to(device)).argmax(dim=-1)  # (b,)
            right += int((guesses == labels.to(device)).sum())
    return right / len(data)
