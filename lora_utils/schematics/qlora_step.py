"""QLoRA's forward and backward pass, with the type of every tensor."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.methods.qlora import QuantizedLinearWithLoRA
from lora_utils.quantization.quantized_linear import QuantizedLinear
from lora_utils.schematics.drawing import Drawing

SPLIT, JOIN = 140, 700  # columns where the two paths part and meet
FORWARD, BACKWARD = 76, 312  # rows where the two passes begin


def qlora_step() -> Drawing:
    """Above the forward pass from left to right, below the backward pass from right to left."""
    kinds = types()
    d = Drawing(
        "Only A and B are trained; the 4-bit weight is read twice and never changes",
        f"Forward: x in {kinds['x']} is multiplied by W', which is dequantized from codes in {kinds['packed']} and "
        f"forgotten at once; beside it x, cast to {kinds['A']}, goes through A, B and alpha, is cast back and added; "
        f"y is {kinds['y']}. Backward: the gradient of y goes to x through W', dequantized again, and through B and A, "
        f"whose own gradients are {kinds['A.grad']}. Codes and scales get no gradient.",
        height=576,
    )
    d.text(24, FORWARD + 12, "forward", kind="name", anchor="start")
    _passes(d, FORWARD, kinds, "x", "y", "flow")
    d.text(24, BACKWARD + 12, "backward", kind="name", anchor="start")
    _passes(d, BACKWARD, kinds, "dx", "dy", "gradient")
    d.legend("frozen", "trained", "gradient")
    return d


def types() -> dict[str, str]:
    """The type of every tensor in a real step on a small layer, with an input of 16 bits."""
    layer = QuantizedLinearWithLoRA(QuantizedLinear(nn.Linear(64, 32)), rank=2, alpha=0.5)
    x = torch.randn(3, 64, dtype=torch.bfloat16, requires_grad=True)
    y = layer(x)
    y.retain_grad()
    y.sum().backward()
    A = layer.lora.A
    found = {"x": x, "dx": x.grad, "y": y, "dy": y.grad, "A": A, "A.grad": A.grad, "B.grad": layer.lora.B.grad,
             "packed": layer.base.packed, "scales": layer.base.scale_codes,
             "weight": layer.base.dequantize(x.dtype)}  # fmt: skip
    return {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in found.items()}


def _passes(d: Drawing, top: float, kinds: dict[str, str], left: str, right: str, kind: str) -> None:
    """One pass: what is stored above, the frozen path through W' in the middle, the trained path below."""
    forward = kind == "flow"
    base, path = top + 110, top + 176
    stored = [d.box(150, top + 30 * row, 120, 26, f"`{name} {kinds[name]}`", kind="frozen")
              for row, name in enumerate(("packed", "scales"))]  # fmt: skip
    dequantize = d.box(310, top + 10, 104, 36, "dequantize")
    for box in stored:
        d.arrow(box.right, (dequantize.x, box.right[1]))
    weight = d.group(454, top + 10, 128, 36)
    d.text(weight.x + 64, weight.left[1], f"`W' {kinds['weight']}`")
    d.text(weight.right[0] + 12, weight.left[1], "forgotten" if forward else "made again", kind="small",
           anchor="start", on="soft")  # fmt: skip
    d.arrow(dequantize.right, weight.left)
    times = d.node(weight.bottom[0], base, "×")
    d.arrow(weight.bottom, times.top)

    start = d.box(24, base - 26, 92, 52, left, f"`{kinds[left]}`", kind="state")
    end = d.box(726, base - 26, 78, 52, right, f"`{kinds[right]}`", kind="state")
    plus = d.node(JOIN if forward else SPLIT, base, "+")
    fork = SPLIT if forward else JOIN
    cast_in = d.box(166, path - 15, 76, 30, f"`{kinds['A'] if forward else kinds['x']}`")
    grads = ("", "") if forward else (f"`grad {kinds['A.grad']}`", f"`grad {kinds['B.grad']}`")
    factors = [d.box(272 + 142 * n, path - 22, 112, 44, name, grad or f"`{kinds['A']}`", kind="trained")
               for n, (name, grad) in enumerate(zip("AB", grads, strict=True))]  # fmt: skip
    alpha = d.box(554, path - 15, 50, 30, "alpha")
    cast_out = d.box(618, path - 15, 72, 30, f"`{kinds['y'] if forward else kinds['A']}`")
    row = [cast_in, *factors, alpha, cast_out]
    if forward:
        d.arrow(start.right, times.left, kind=kind)
        d.arrow((fork, base), (fork, path), cast_in.left, kind=kind)
        d.chain(row, kind=kind)
        d.arrow(cast_out.right, (JOIN, path), plus.bottom, kind=kind)
        d.arrow(times.right, plus.left, kind=kind)
        d.arrow(plus.right, end.left, kind=kind)
    else:
        d.arrow(end.left, times.right, kind=kind)
        d.arrow((fork, base), (fork, path), cast_out.right, kind=kind)
        d.chain(row[::-1], kind=kind)
        d.arrow(cast_in.left, (SPLIT, path), plus.bottom, kind=kind)
        d.arrow(times.left, plus.right, kind=kind)
        d.arrow(plus.left, start.right, kind=kind)
