"""The one training loop of the course.

Letters: b batch.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_utils.data.batches import Examples
from lora_utils.data.progress_bar import progress
from lora_utils.devices import seeded
from lora_utils.integers import at_least
from lora_utils.reals import above_zero, real
from lora_utils.training.evaluate import accuracy


@dataclass
class History:
    """What happened during training.

    Args:
        loss: of each step's batch, before that step
        accuracy: on the validation examples after each epoch; empty when there were none
        seconds: wall time of the steps, without the evaluation
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Diverged(ValueError):
    """The loss is no longer a finite number; the message is one sentence."""


@torch.inference_mode(False)  # training needs gradients, also where the caller's own work goes without
def train(
    model: nn.Module,
    data: Examples,
    *,
    epochs: int,
    lr: float,
    batch_size: int = 64,
    seed: int = 0,
    valid: Examples | None = None,
    loss_fn: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    optimizer: type[torch.optim.Optimizer] = torch.optim.AdamW,
    weight_decay: float = 0.0,
    step: Callable[[nn.Module, torch.optim.Optimizer, Tensor, Tensor], float] | None = None,
    label: str = "training",
) -> History:
    """Trains the parameters of `model` that have `requires_grad`, in place.

        for each batch:  theta <- step(theta, gradient of loss_fn(model(inputs), labels)),  step = AdamW at rate lr

    The same seed, model and data repeat the run exactly on the CPU with the same number of threads. The generators
    outside are left as they were. The model ends in training mode.

    Args:
        model: any module, on the device where the training is to happen
        data: inputs and labels; a new order in each epoch
        epochs: passes over the data, at least 0
        lr: learning rate, above 0
        batch_size: at least 1 (default 64)
        seed: of the order of the examples and of any dropout (default 0)
        valid: examples whose accuracy is taken after each epoch (default none)
        loss_fn: scores and labels -> one number (default cross entropy)
        optimizer: its class (default AdamW)
        weight_decay: default 0, so that methods with few and with many parameters differ in nothing else
        step: trains on one batch, (model, optimizer, inputs, labels) -> the loss before it (default: by loss_fn)
        label: what the progress bar says; it appears after two seconds

    Raises:
        ValueError: no parameter has `requires_grad`, there is no example, a number is out of range, or (Diverged) the
            loss is no longer a finite number
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise ValueError("No parameter of the model has requires_grad. Unfreeze at least one before training.")
    if len(data) == 0:
        raise ValueError("train needs at least one example, got none.")
    epochs, batch_size = at_least(0, "epochs", epochs), at_least(1, "batch_size", batch_size)
    lr, weight_decay = above_zero("lr", lr), real("weight_decay", weight_decay)
    device = parameters[0].device
    history, step = History(), step or partial(_step, loss_fn)
    stepper = optimizer(parameters, lr=lr, weight_decay=weight_decay)
    steps = epochs * -(-len(data) // batch_size)
    with seeded(seed, device), progress((), label, steps) as bar:
        for _ in range(epochs):
            model.train()
            start = time.perf_counter()
            for inputs, labels in data.batches(batch_size, shuffle=True):
                history.loss.append(step(model, stepper, inputs.to(device), labels.to(device)))
                bar.update()
            history.seconds += time.perf_counter() - start
            if not math.isfinite(history.loss[-1]):
                raise Diverged(f"The loss became {history.loss[-1]}. Try a learning rate below {lr:g}.")
            if valid is not None:
                history.accuracy.append(accuracy(model, valid))
    model.train()
    return history


def _step(
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    labels: Tensor,
) -> float:
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()
