"""What is to be the same after a call: the state of tensors, containers and modules, by the law that says so."""

from __future__ import annotations

import torch
from torch import nn

LARGEST = 1_000_000  # numbers in a tensor whose values are compared; of a larger one, its version


def state(value: object) -> dict[str, object]:
    """Return what is to be the same after a call, by the law that says so; nothing for what has no state."""
    if isinstance(value, torch.Tensor):
        return {"changes-a-tensor": _values(value)}
    if isinstance(value, nn.Module):
        modules = list(value.modules())
        held = [*value.named_parameters(), *value.named_buffers()]
        return {
            "changes-weights": [(name, id(one), _values(one)) for name, one in held],
            "changes-what-trains": _OfEach((name, one.requires_grad) for name, one in value.named_parameters()),
            "changes-the-mode": _OfEach((one, one.training) for one in modules),
            "changes-the-model": [(id(one), id(vars(one).get("forward")), *map(tuple, (
                one._forward_hooks, one._forward_pre_hooks, one._backward_hooks))) for one in modules],
        }  # fmt: skip
    if isinstance(value, list | tuple | dict):
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        found: dict[str, object] = {"changes-a-container": [(key, _identity(one)) for key, one in items]}
        for _, one in items:
            for law, was in state(one).items():
                found[law] = [found.get(law), was]
        return found
    return {}


def _identity(value: object) -> object:
    return value if type(value) in (int, float, str, bool) else id(value)


def _values(tensor: torch.Tensor) -> object:
    if tensor.is_meta or tensor.layout != torch.strided or tensor.numel() > LARGEST:
        return tensor._version
    return _Values(tensor.detach().clone())


class _Values:
    """The values of a tensor; NaN equals NaN."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Values) or self.tensor.shape != other.tensor.shape:
            return False
        same = torch.equal(self.tensor, other.tensor)
        return same or (self.tensor.is_floating_point() and torch.equal(self.tensor.nan_to_num(7.0),
                                                                        other.tensor.nan_to_num(7.0)))  # fmt: skip

    __hash__ = None


class _OfEach(dict):
    """What holds for each part of a model; that parts came or went makes no difference here."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _OfEach) and all(self[part] == other[part] for part in self.keys() & other.keys())

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None
