"""Merging: what a wrapper adds stands in its linear layer's own parameters for a while, and leaves them bit for bit.

The merged numbers are new parameters; the layer's own wait beside them, untouched. So nothing that shares a weight with
the layer notices, such as an embedding that is the output layer, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Mergeable(nn.Module):
    """A wrapper that keeps a linear layer as `linear` and can be merged into it.

    Its class says in `merged_parameters` what weight, and bias, compute alone what both compute together.

    Merged is a state like any other: a state dict always holds the layer's own numbers and what is trained beside them,
    never their sum, and may be loaded in either state; the sum is then made anew.
    """

    wraps = "linear"
    linear: nn.Linear

    def __init__(self) -> None:
        super().__init__()
        # The layer's own parameters while merged; in a dict, since a module would register a parameter as its own.
        self._unmerged: dict[str, nn.Parameter] | None = None
        self.register_load_state_dict_post_hook(_merge_again)

    @property
    def merged(self) -> bool:
        """Whether the update stands in the linear layer's parameters."""
        return self._unmerged is not None

    def merged_parameters(self) -> dict[str, Tensor]:
        """By name, the parameters of a linear layer that computes what this wrapper computes, each rounded once."""
        raise NotImplementedError

    @torch.inference_mode(False)  # or the merged weight could never again be part of a gradient
    @torch.no_grad()
    def merge(self) -> None:
        """Give the linear layer the merged parameters, so that inference costs nothing more; twice changes nothing.

        The layer's own are kept, since undoing the arithmetic would leave rounding behind. Until `unmerge`, training
        what was added has no effect on the output.

        Raises:
            ValueError: if the layer computes its weight anew at each call, as a pruned or weight-normed one does, or
                has a forward of its own.
        """
        if self.merged:
            return
        if type(self.linear).forward is not nn.Linear.forward:
            raise ValueError(
                f"merging needs a layer that computes x W.T + b, and {type(self.linear).__name__} has a forward of its "
                "own, which may compute something else; leave it unmerged, or put an nn.Linear in its place first"
            )
        merged = self.merged_parameters()
        for name in merged:
            if name not in self.linear._parameters:
                raise ValueError(
                    f"merging needs a {name} that is a parameter, and this layer computes its {name} at each call; "
                    f"make it one first: torch.nn.utils.parametrize.remove_parametrizations(layer, {name!r}), or for a "
                    f"pruned layer torch.nn.utils.prune.remove(layer, {name!r})"
                )
        self._unmerged = {name: self.linear._parameters[name] for name in merged}
        for name, value in merged.items():
            setattr(self.linear, name, nn.Parameter(value, requires_grad=False))

    def unmerge(self) -> None:
        """Put the layer's own parameters back, bit for bit; unmerging twice changes nothing."""
        if self.merged:
            for name, own in self._unmerged.items():
                setattr(self.linear, name, own)
            self._unmerged = None

    @contextmanager
    def _as_unmerged(self) -> Iterator[None]:
        merged = {name: self.linear._parameters[name] for name in self._unmerged or ()}
        own = self._unmerged or {}
        try:
            for name, parameter in own.items():
                setattr(self.linear, name, parameter)
            yield
        finally:
            for name, parameter in merged.items():
                setattr(self.linear, name, parameter)

    def state_dict(self, *args, **kwargs):
        """The layer's own numbers and what is trained beside them, merged or not."""
        with self._as_unmerged():
            return super().state_dict(*args, **kwargs)

    def _load_from_state_dict(self, *args, **kwargs) -> None:
        """Unmerge before the children are loaded; `_merge_again` comes after them."""
        self._merge_after_loading = self.merged
        self.unmerge()
        super()._load_from_state_dict(*args, **kwargs)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Mergeable:
        """Move and cast the waiting parameters, too; `.to()` and `.half()` come through here."""
        super()._apply(fn, recurse)
        if self._unmerged:
            self._unmerged = dict(nn.ParameterDict(self._unmerged)._apply(fn))
        return self


def _merge_again(layer: Mergeable, missing_and_unexpected: object) -> None:
    if vars(layer).pop("_merge_after_loading", False):
        layer.merge()


def merge_all(model: nn.Module, kind: type[Mergeable]) -> int:
    """Merge every wrapper of a kind inside the model, or, if one cannot be, none; returns how many there are."""
    layers = [module for module in model.modules() if isinstance(module, kind)]
    done = [layer for layer in layers if not layer.merged]
    try:
        for layer in done:
            layer.merge()
    except BaseException:
        for layer in done:
            layer.unmerge()
        raise
    return len(layers)


def unmerge_all(model: nn.Module, kind: type[Mergeable]) -> int:
    """Unmerge every wrapper of a kind inside the model and return how many there are."""
    layers = [module for module in model.modules() if isinstance(module, kind)]
    for layer in layers:
        layer.unmerge()
    return len(layers)
