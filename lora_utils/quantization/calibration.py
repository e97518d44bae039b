"""What a layer is given: inputs recorded while a model reads real text, and the error of a layer's output on them.

A weight is never used alone, it is multiplied. What its rounding costs is the change of the product,

    error = ||x W.T - x W'.T|| / ||x W.T||,

and methods that look at inputs (GPTQ, AWQ) lower that error while ||W - W'|| grows.
Letters: n inputs (rows of x), i in_features, o out_features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from lora_utils.integers import at_least
from lora_utils.quantization.blocks import FLOATS


def layer_inputs(model: nn.Module, names: str | Iterable[str], run: Callable[[], Any]) -> dict[str, Tensor]:
    """Record what the named layers are given while `run` runs, one row an input.

    Args:
        model: any module. Nothing in it is changed; it runs in the mode it is in, without gradients.
        names: dotted names of layers inside it; one name or several.
        run: calls the model, once or several times: `lambda: model(tokens)`.

    Returns:
        by name, (n, i), copies: all rows of all calls, in their order.

    Raises:
        ValueError: if a name is no layer's, or a layer was not called.

    Explained in lab 07_quantization.
    """
    layers = dict(model.named_modules())
    recorded = {name: [] for name in ([names] if isinstance(names, str) else names)}
    if strangers := [name for name in recorded if name not in layers]:
        raise ValueError(f"the model has no layer called {strangers[0]!r}; named_modules() lists those it has")

    def keep(name: str) -> Callable[[nn.Module, tuple, dict[str, Any]], None]:
        def hook(_: nn.Module, inputs: tuple, named: dict[str, Any]) -> None:
            x = next(iter((*inputs, *named.values()))).detach().clone()  # the model may write into it later
            recorded[name].append(x.reshape(-1, x.shape[-1]))  # (..., i) -> (n, i)

        return hook

    hooks = [layers[name].register_forward_pre_hook(keep(name), with_kwargs=True) for name in recorded]
    try:
        with torch.no_grad():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    if silent := [name for name, rows in recorded.items() if not rows]:
        raise ValueError(f"{silent[0]!r} was not called while the inputs were recorded; have `run` call the model")
    return {name: torch.cat(rows) for name, rows in recorded.items()}


def output_error(w: Tensor, back: Tensor, x: Tensor) -> float:
    """Return ||x w.T - x w'.T|| / ||x w.T|| with Frobenius norms: how far the layer's output has moved.

    Measure on other inputs than those a method was calibrated on: it may have fitted these by heart.

    Args:
        w: the weight before, (o, i); its product with x is not all zeros.
        back: the weight after, (o, i).
        x: inputs, (n, i).

    Raises:
        ValueError: if the shapes do not belong together.

    Explained in lab 07_quantization.
    """
    if w.shape != back.shape or w.dim() != 2 or x.shape[1:] != w.shape[1:]:
        shapes = ", ".join(str(tuple(t.shape)) for t in (w, back, x))
        raise ValueError(f"expected weights (o, i) before and after and inputs (n, i), got shapes {shapes}")
    w, back, x = (t.detach().cpu().double() for t in (w, back, x))  # Apple's GPUs have no float64
    return ((x @ (w - back).T).norm() / (x @ w.T).norm()).item()


def calibrated(w: Tensor, x: Tensor, block: int) -> tuple[Tensor, Tensor, int]:
    """Return a weight and its calibration inputs in float32, and the block as Python's integer.

    Args:
        w: finite floats (o, i).
        x: finite floats (n, i), at least one row that is not all zeros.
        block: numbers that share a step; a row of w is whole blocks, so that each column lies in one.

    Raises:
        TypeError: if w or x holds no floats.
        ValueError: if shapes or block do not belong together, or inputs are not finite or all zeros.
    """
    for name, t in (("weight", w), ("calibration inputs", x)):
        if t.dtype not in FLOATS:
            raise TypeError(f"the {name} must be floating-point numbers, got {t.dtype}; convert with .float()")
    if w.dim() != 2 or x.dim() != 2 or w.shape[1] != x.shape[1]:
        raise ValueError(f"expected a weight (o, i) and inputs (n, i), got {tuple(w.shape)} and {tuple(x.shape)}")
    k = at_least(1, "block", block)
    if w.shape[1] % k:
        raise ValueError(f"a row of {w.shape[1]} weights is no whole number of blocks of {k}; choose a divisor")
    largest = x.abs().amax() if len(x) else x.new_zeros(())
    if not (torch.isfinite(largest) and largest > 0):
        raise ValueError(
            f"calibration needs finite inputs that are not all zeros, the largest magnitude of {len(x)} rows is "
            f"{largest.item()}; record some with layer_inputs"
        )
    return w.detach().float(), x.detach().float(), k
