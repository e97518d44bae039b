"""LoRA: two thin matrices beside a frozen weight, and what merging does with them."""

from __future__ import annotations

from torch import nn

from lora_utils.methods.linear_with_lora import LinearWithLoRA
from lora_utils.schematics.drawing import Drawing
from lora_utils.training.parameters import count_parameters

IN_DIM, OUT_DIM, RANK, ALPHA = 50, 128, 2, 0.1  # fc1 of the text classifier, as lab 06 adapts it
SCALE = 1.5  # pixels a row or a column


def low_rank_update() -> Drawing:
    """Left the two paths of LinearWithLoRA, right the weight that merging leaves; matrices to scale."""
    layer = LinearWithLoRA(nn.Linear(IN_DIM, OUT_DIM), rank=RANK, alpha=ALPHA)
    trained, total = count_parameters(layer)
    weight, A, B = (tuple(p.shape) for p in (layer.linear.weight, layer.lora.A, layer.lora.B))
    d = Drawing(
        f"Beside {total - trained:,} frozen numbers, LoRA trains {trained}; merged, it costs nothing",
        f"Left: x of shape (b, {IN_DIM}) goes through the frozen linear layer with weight {weight}, and beside it "
        f"through A {A} and B {B}, which are trained, and is multiplied by alpha; the sum is y (b, {OUT_DIM}). Right: "
        f"the product (A B).T has the shape {weight} of the weight, so alpha times it is added to the weight once, and "
        "the merged layer is an ordinary linear layer again.",
        height=416,
    )
    _paths(d, weight, A, B)
    _merging(d, weight, A, B)
    d.legend("frozen", "trained")
    return d


def _paths(d: Drawing, weight: tuple[int, int], A: tuple[int, int], B: tuple[int, int]) -> None:
    """x above, y below, the frozen layer on the left and the trained path on the right."""
    d.text(24, 74, "in training: y = linear(x) + alpha * (x A B)", kind="small", anchor="start", on="soft")
    x = d.box(150, 94, 100, 26, f"`x (b, {IN_DIM})`", kind="state")
    base = d.box(50, 158, 128, 122, "linear", f"`{weight}`", kind="frozen")
    first = d.box(260, 158, 22, 52, kind="trained")
    second = d.box(235, 226, 72, 16, kind="trained")
    d.text(318, 180, f"`A {A}`", anchor="start")
    d.text(318, 208, f"`(b, {A[1]})`", anchor="start", on="soft")
    d.text(318, 234, f"`B {B}`", anchor="start")
    scale = d.node(271, 270, "×")
    d.text(318, 270, f"`alpha = {ALPHA}`", anchor="start")
    plus = d.node(200, 312, "+")
    y = d.box(146, 340, 108, 26, f"`y (b, {OUT_DIM})`", kind="state")
    d.line(x.bottom, (200, 138))
    d.arrow((200, 138), (base.top[0], 138), base.top)
    d.arrow((200, 138), (271, 138), first.top)
    d.arrow(first.bottom, second.top)
    d.arrow(second.bottom, scale.top)
    d.arrow(base.bottom, (base.bottom[0], 312), plus.left)
    d.arrow(scale.bottom, (271, 312), plus.right)
    d.arrow(plus.bottom, y.top)


def _merging(d: Drawing, weight: tuple[int, int], A: tuple[int, int], B: tuple[int, int]) -> None:
    """The weight plus the product, to scale."""
    d.text(430, 74, "merged: W + alpha * (A B).T", kind="small", anchor="start", on="soft")
    top = 112.0
    base = d.matrix(430, top, weight, SCALE, "W", kind="frozen")
    down = d.matrix(base.right[0] + 92, top, (B[1], B[0]), SCALE, kind="trained")
    across = d.matrix(down.right[0] + 8, top, (A[1], A[0]), SCALE, kind="trained")
    merged = d.matrix(across.right[0] + 30, top, weight, SCALE, "W'", kind="frozen")
    middle = base.right[1]
    d.text(base.right[0] + 12, middle, "`+ alpha *`", anchor="start")
    d.text(across.right[0] + 15, middle, "=", kind="name")
    d.text(across.bottom[0], top + 24, f"`A.T {A[::-1]}`", on="soft")
    d.text(down.left[0] + 4, down.bottom[1] + 16, f"`B.T {B[::-1]}`", on="soft")
    for one in (base, merged):
        d.text(one.bottom[0], one.bottom[1] + 16, f"`{weight}`", on="soft")
