"""What lab 06's checks wrap, how they look at it, and which errors they put into words of their own.

Letters: i in_features, o out_features, r rank. W (o, i), bias (o,), A (i, r), B (r, o).
"""

from __future__ import annotations

from torch import nn

from lora_utils.checks import Draw, Failure, StudentRaised, Subject
from lora_utils.checks.framework.compare import expect_explained
from lora_utils.checks.framework.wrapping_probes import build, run

BASE = ("weight", "bias")


def case(draw: Draw, *, bias: bool = True, leading: tuple[int, ...] = (), alpha: float | None = None) -> dict:
    """Draw a rectangular layer, a rank and an alpha whose confusion cannot go unseen, and an input."""
    i, o, r = draw.sizes(3, low=3, high=9)
    return {
        "weight": draw.normal(o, i),
        "bias": draw.normal(o) if bias else None,
        "rank": r,
        "alpha": draw.number(1.5, 2.9) if alpha is None else alpha,
        "x": draw.normal(*leading, i),
    }


def wrapped(cls, *, rank: int, alpha: float, sizes: list, by_name: bool = False, own: bool = False) -> dict:
    """Probe: wrap a layer, by the arguments' names or not, of a subclass or not; whether a module comes of it."""
    i, o = sizes
    base = OwnLinear(i, o) if own else nn.Linear(i, o)
    made = cls(base, rank=rank, alpha=alpha) if by_name else cls(base, rank, alpha)
    return {"module": isinstance(made, nn.Module)}


class OwnLinear(nn.Linear):
    """A linear layer of somebody's own, as bitsandbytes' Linear4bit is one."""


def probed(subject: Subject, function, c: dict, **inputs) -> dict:
    """Run a probe; causes that torch's or Python's error tells in other words than the student's have theirs."""
    try:
        return subject.probe(function, **c, **inputs)
    except StudentRaised as error:
        if c.get("bias", 0) is None and "NoneType" in error.text:
            raise Failure("bias-assumed", f"for a layer without bias your code raised {error}", "linear.bias is None "
                          "there; requires_grad_ of a whole module asks for no bias.") from None  # fmt: skip
        if "single memory location" in error.text:
            raise Failure("expanded-factor", f"a factor cannot be written to: {error.text[:110]} ...", "What "
                          "expand makes has one number in many places, so no step can train it; use torch.zeros or "
                          "torch.randn with the whole shape.") from None  # fmt: skip
        raise


def built(subject: Subject, draw: Draw, c: dict) -> tuple[dict, list]:
    """Wrap a layer; what the probe saw, and the numbers that the given layer had at last."""
    other = [draw.normal(*c[name].shape) for name in BASE]
    return probed(subject, build, c, other=other), other


def expect_parts(subject: Subject, c: dict, output, weight, bias, parameters: list[dict], moment: str) -> None:
    """Expect an output to be that of a wrapped layer with this weight, this bias and the factors that came back."""
    (o, i), r, found = c["weight"].shape, c["rank"], {}
    for name, shape in (("A", (i, r)), ("B", (r, o))):
        for p in parameters:
            if p["value"].shape in (shape, shape[::-1]):  # PEFT turns them round
                found.setdefault(name, p[moment] if p["value"].shape == shape else p[moment].T)
    if len(found) == 2:
        again = subject.tried(run, **{**c, "weight": weight, "bias": bias}, **found).get("output")
        expect_explained(output, again, "the output, once its parts hold other numbers,")
