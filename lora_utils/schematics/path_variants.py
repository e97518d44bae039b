"""LoRA's path beside four of its successors: what stands in the base, what in the path, and what of it trains."""

from __future__ import annotations

from typing import NamedTuple

from lora_utils.schematics.drawing import MARGIN, Drawing

IN_DIM, OUT_DIM, RANK = 384, 1536, 8  # a layer of MiniLM
WIDE, BETWEEN = 142, 157.5  # of a panel, and from one to the next


class Variant(NamedTuple):
    """What a panel says: the base, where A and B come from, and whether two vectors train in their place."""

    name: str
    base: str
    start: tuple[str, str]
    vectors: bool = False

    @property
    def trained(self) -> int:
        """How many numbers train beside one layer."""
        return RANK + OUT_DIM if self.vectors else RANK * (IN_DIM + OUT_DIM)


VARIANTS = (
    Variant("LoRA", "W", ("A random", "B zero")),
    Variant("PiSSA", "rest", ("A B: the strongest", "directions of W")),
    Variant("LoftQ", "4 bits", ("A B: nearest to", "what rounding lost")),
    Variant("EVA", "W", ("A: the strongest of", "the inputs, B zero")),
    Variant("VeRA", "W", ("A, B random, shared", "d = 0.1, b zero"), vectors=True),
)


def path_variants() -> Drawing:
    """Five panels side by side, each a base and a path beside it."""
    counts = ", ".join(f"{one.name} {one.trained:,}" for one in VARIANTS)
    d = Drawing(
        "One path, five answers to what trains and where it starts",
        "Five panels, in each a frozen base and a path of two matrices beside it, whose outputs are added. LoRA: A is "
        "random, B zero. PiSSA: A B holds the strongest directions of W, and the base keeps the rest. LoftQ: the base "
        "is W in 4 bits, and A B is nearest to what the rounding lost. EVA: A holds the strongest directions of the "
        "inputs, B is zero. VeRA: A and B are random, frozen and shared by all layers; two vectors d and b train. "
        f"Numbers trained beside a layer of {IN_DIM} to {OUT_DIM} at rank {RANK}: {counts}.",
        height=412,
    )
    for number, variant in enumerate(VARIANTS):
        _panel(d, MARGIN + number * BETWEEN, variant)
    d.legend("frozen", "trained")
    return d


def _panel(d: Drawing, left: float, variant: Variant) -> None:
    """x above, y below, the base on the left and the path on the right."""
    middle, kind = left + WIDE / 2, "frozen" if variant.vectors else "trained"
    d.text(left, 74, variant.name, kind="name", anchor="start")
    x, y = (d.box(middle - 16, place, 32, 22, name, kind="state") for place, name in ((90, "x"), (282, "y")))
    base = d.box(left, 138, 62, 92, variant.base, kind="frozen")
    A = d.box(left + 76, 138, 66, 30, "A", kind=kind)
    B = d.box(left + 76, 186, 66, 30, "B", kind=kind)
    plus = d.node(middle, 256, "+")
    d.line(x.bottom, (middle, 124))
    for one in (base, A):
        d.arrow((middle, 124), (one.top[0], 124), one.top)
    d.arrow(A.bottom, B.top)
    d.arrow(base.bottom, (base.bottom[0], 256), plus.left)
    d.arrow(B.bottom, (B.bottom[0], 256), plus.right)
    d.arrow(plus.bottom, y.top)
    if variant.vectors:
        for foot, name in ((A.bottom, "d"), (B.bottom, "b")):
            d.box(foot[0] - 33, foot[1] - 1, 66, 10, kind="trained")
            d.text(foot[0] + 37, foot[1] + 3, name, anchor="start")
    for number, words in enumerate(variant.start):
        d.text(left, 318 + 17 * number, words, kind="small", anchor="start", on="soft")
    d.text(left, 356, f"{variant.trained:,} numbers", kind="small", anchor="start")
