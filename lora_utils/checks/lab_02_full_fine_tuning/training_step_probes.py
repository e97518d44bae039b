"""Probes of lab 02's training_step: a model and an optimizer that write down how they are used.

Letters: b batch, i inputs, h width of the frozen body, c classes.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.probes import linear, parameters_of
from lora_utils.checks.lab_02_full_fine_tuning.evaluate import features


class Watched(nn.Module):
    """A frozen body under a trained head that writes down in which order it was used, and what it saw when training."""

    def __init__(self, body: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__()
        self.body, self.head = linear(body, None).requires_grad_(False), linear(weight, bias)
        self.events: list[str] = []
        self.rows: list[torch.Tensor] = []  # seen in training mode, whose mean batch normalization would keep
        self.head.weight.register_hook(lambda gradient: self.events.append("backward"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (b, c)."""
        x = features(x)
        training = self.training and self.body.training and self.head.training
        self.events.append("forward" if training else "forward in evaluation mode")
        if training:
            self.rows.append(x.detach().clone())
        return self.head(self.body(x))


def run_steps(function, *, body, weight, bias, batches: list, lr: float, momentum: float, stale: bool) -> dict:
    """Probe: call the function once a batch; returns what it returned, the weights after each step and the events.

    The optimizer has a group of its own for each parameter.
    """
    model = Watched(body, weight, bias).eval()
    events = model.events

    class Recording(torch.optim.SGD):
        def zero_grad(self, *args, **kwargs) -> None:
            events.append("zero")
            super().zero_grad(*args, **kwargs)

        def step(self, *args, **kwargs):
            events.append("step")
            return super().step(*args, **kwargs)

    groups = [{"params": [p]} for p in model.head.parameters()]
    optimizer = Recording(groups, lr=lr, momentum=momentum)
    if stale:
        for parameter in model.head.parameters():
            parameter.grad = torch.ones_like(parameter)
    looks = []
    for x, labels in batches:
        events.clear()
        model.rows.clear()
        value = function(model, optimizer, x, labels)
        graph, rows = isinstance(value, torch.Tensor) and value.requires_grad, mean_of(model.rows)
        done = list(events)
        model.rows.clear()
        with torch.no_grad():
            model(x)
        looks.append({
            "weight": model.head.weight.detach().clone(), "bias": model.head.bias.detach().clone(),
            "mean": rows, "mean later": mean_of(model.rows), "events": done,
            "returned": value if isinstance(value, int | float | torch.Tensor) else None,
            "type": type(value).__name__, "graph": graph,
        })  # fmt: skip
    return {"looks": looks, "parameters": parameters_of(model)}


def mean_of(rows: list[torch.Tensor]) -> torch.Tensor | None:
    """Not a probe by itself: the mean of all rows that were seen in training mode; None without any."""
    return torch.cat(rows).mean(0) if rows else None
