"""Linear layers with an adapter of one kind or another, for folding: some are linear altogether, some bend.

Letters: i in_features, o out_features, r rank. W (o, i), b (o,), A (i, r), B (r, o), m and l (o,), k (i,).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from lora_utils.checks import Draw

Numbers = dict[str, torch.Tensor]


def _plain(n: Numbers, x: torch.Tensor) -> torch.Tensor:
    return x @ n["W"].T + n["b"]


def _path(n: Numbers, x: torch.Tensor) -> torch.Tensor:
    return x @ n["A"] @ n["B"]


def _turned(n: Numbers) -> torch.Tensor:
    V = n["W"] + (n["A"] @ n["B"]).T  # (o, i)
    return n["m"].unsqueeze(1) * V / V.norm(dim=1, keepdim=True)


STRAIGHT: dict[str, Callable[[Numbers, torch.Tensor], torch.Tensor]] = {
    "LoRA": lambda n, x: _plain(n, x) + 0.7 * _path(n, x),
    "rsLoRA": lambda n, x: _plain(n, x) + 1.5 / n["A"].shape[1] ** 0.5 * _path(n, x),
    "DoRA": lambda n, x: x @ _turned(n).T + n["b"],
    "IA3 on the output": lambda n, x: n["l"] * _plain(n, x),
    "IA3 on the input": lambda n, x: _plain(n, n["k"] * x),
    "a path behind the layer": lambda n, x: _plain(n, x) + _plain(n, x) @ n["B"].T @ n["B"],
    "BitFit": lambda n, x: _plain(n, x) + n["l"],
    "LoRA in a subclass of nn.Linear": lambda n, x: _plain(n, x) + 0.7 * _path(n, x),
}
BENT: dict[str, Callable[[Numbers, torch.Tensor], torch.Tensor]] = {
    "a bottleneck with ReLU": lambda n, x: _plain(n, x) + torch.relu(x @ n["A"]) @ n["B"],
    "a bottleneck with tanh": lambda n, x: _plain(n, x) + torch.tanh(_plain(n, x) @ n["B"].T) @ n["B"],
    "a path with a gate": lambda n, x: _plain(n, x) + torch.sigmoid(x @ n["A"]).mean(-1, keepdim=True) * _path(n, x),
    "a normed path": lambda n, x: _plain(n, x) + nn.functional.normalize(x @ n["A"], dim=-1) @ n["B"],
    "a path of magnitudes": lambda n, x: _plain(n, x) + _path(n, x.abs()),
}


class Adapted(nn.Module):
    """A base with an adapter of a kind; `dropout` acts on what goes into the whole layer while it is trained."""

    def __init__(self, kind: str, numbers: Numbers, dropout: float) -> None:
        super().__init__()
        self.kind, self.dropout = kind, nn.Dropout(dropout)
        self.numbers = nn.ParameterDict({name: nn.Parameter(value.clone()) for name, value in numbers.items()})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what base and adapter compute, (..., i) -> (..., o)."""
        return (STRAIGHT | BENT)[self.kind](dict(self.numbers), self.dropout(x))


class AdaptedLinear(nn.Linear):
    """LoRA as in loralib: a linear layer with the path inside, so that its weight is not all that it computes."""

    def __init__(self, numbers: Numbers) -> None:
        out_features, in_features = numbers["W"].shape
        super().__init__(in_features, out_features, dtype=numbers["W"].dtype)
        self.weight, self.bias, self.A, self.B = (nn.Parameter(numbers[name].clone()) for name in ("W", "b", "A", "B"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what base and path compute, (..., i) -> (..., o)."""
        return super().forward(x) + 0.7 * (x @ self.A @ self.B)


def layer_of(c: dict) -> nn.Module:
    """Make the layer of a case, in its mode."""
    inside = c["kind"] == "LoRA in a subclass of nn.Linear"
    layer = AdaptedLinear(c["numbers"]) if inside else Adapted(c["kind"], c["numbers"], c["dropout"])
    return layer.train(c["training"])


def adapted_case(draw: Draw, kind: str, *, dtype: torch.dtype = torch.float32, dropout: float = 0.0,
                 training: bool = False, bias: bool = True) -> dict:  # fmt: skip
    """Draw a layer of a kind and inputs for it."""
    i, o, r = draw.sizes(3, 3, 9)
    shapes = {"W": (o, i), "b": (o,), "A": (i, r), "B": (r, o), "m": (o,), "l": (o,), "k": (i,)}
    numbers = {name: draw.normal(*shape, dtype=dtype) for name, shape in shapes.items()}
    numbers |= {"B": 0.5 * numbers["B"], "b": numbers["b"] * bias}
    return {
        "kind": kind,
        "numbers": numbers,
        "dropout": dropout,
        "training": training,
        "x": draw.normal(6, i, dtype=dtype),
    }


def true_weight(c: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight (o, i) and bias (o,) of a straight case, in float64."""
    n = {name: value.double() for name, value in c["numbers"].items()}
    layer, eye = STRAIGHT[c["kind"]], torch.eye(n["W"].shape[1], dtype=torch.float64)
    bias = layer(n, 0 * eye[:1])[0]
    return (layer(n, eye) - bias).T, bias
