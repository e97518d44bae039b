"""How good a model is."""

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
