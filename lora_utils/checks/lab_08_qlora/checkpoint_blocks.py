"""Checks of lab 08: a stack of blocks that forgets its intermediate results and computes them again.

Letters: n blocks, b batch, d width. Each block adds mask * tanh(x W) a to x, with W (d, d) frozen, a (d,) trained and
mask a dropout of its own.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_tensor

checkpoint_blocks = Exercise("checkpoint-blocks")


# ---------------------------------------------------------------------------------------------------------- probes
class Counted(nn.Module):
    """A block with a frozen matrix and a trained vector, which writes down when it runs."""

    def __init__(self, W: torch.Tensor, a: torch.Tensor, number: int, calls: list, dropout: float) -> None:
        super().__init__()
        self.register_buffer("W", W)
        self.a = nn.Parameter(a.clone())
        self.number, self.calls, self.dropout, self.masks = number, calls, dropout, []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x + dropout(tanh(x W) a), (b, d) -> (b, d)."""
        self.calls.append(self.number)
        mask = F.dropout(torch.ones_like(x), self.dropout)
        self.masks.append(mask.detach())
        return x + mask * torch.tanh(x @ self.W) * self.a


def run_blocks(function, *, weights, vectors, x, upstream, needs_grad: bool = False, dropout: float = 0.0) -> dict:
    """Probe: the output, the trained vectors' gradients, and which block ran when."""
    calls: list[int] = []
    blocks = nn.ModuleList(
        Counted(W, a, k, calls, dropout) for k, (W, a) in enumerate(zip(weights, vectors, strict=True))
    )
    x.requires_grad_(needs_grad)
    y = function(blocks, x)
    seen = {"output": y, "forward": list(calls), "recorded": isinstance(y, torch.Tensor) and y.requires_grad}
    calls.clear()
    seen["masks"] = [block.masks[0] if block.masks else None for block in blocks]
    if seen["recorded"]:
        torch.autograd.backward(y, upstream)
    seen["backward"] = list(calls)
    seen["gradients"] = [block.a.grad for block in blocks]
    seen["dx"] = x.grad
    return seen


# ---------------------------------------------------------------------------------------------------------- judges
def expected_run(c: dict, masks: list) -> dict:
    """Output and gradients in float64, of the same blocks without any checkpoint."""
    x = c["x"].double().requires_grad_()
    vectors = [a.double().requires_grad_() for a in c["vectors"]]
    y = x
    for W, a, mask in zip(c["weights"], vectors, masks, strict=True):
        y = y + mask.double() * torch.tanh(y @ W.double()) * a
    *gradients, dx = torch.autograd.grad(y, [*vectors, x], c["upstream"].double())
    return {"output": y.detach(), "gradients": gradients, "dx": dx}


def _case(draw: Draw, n: int = 4) -> dict:
    d, b = draw.sizes(2, low=4, high=7)
    return {
        "weights": [draw.normal(d, d, scale=0.5) for _ in range(n)],
        "vectors": [draw.normal(d) for _ in range(n)],
        "x": draw.normal(b, d),
        "upstream": draw.normal(b, d),
    }


@checkpoint_blocks.check
def output(subject: Subject, draw: Draw) -> None:
    """The output is that of the blocks one after another."""
    c = _case(draw)
    seen = subject.probe(run_blocks, **c)
    expect_tensor(seen["output"], "what run_blocks returns")
    ones = [torch.ones_like(c["x"])] * 4
    backwards = {**c, "weights": c["weights"][::-1], "vectors": c["vectors"][::-1]}
    mistakes = (
        Mistake("wrong-order", expected_run(backwards, ones)["output"], "the blocks run from the last to the first",
                "The first block is the first to run; only the backward pass turns the order round."),
        Mistake("not-chained", expected_run({**c, **_last(c)}, ones[:1])["output"], "only the last block acts on x",
                "Each block gets what the one before it returned."),
    )  # fmt: skip
    hint = "for block in blocks: x = checkpoint(block, x, use_reentrant=False)"
    right = expected_run(c, ones)["output"]
    expect_close(seen["output"], right, what="the output", id="wrong-output", hint=hint, mistakes=mistakes)


def _last(c: dict) -> dict:
    return {"weights": c["weights"][-1:], "vectors": c["vectors"][-1:]}


@checkpoint_blocks.check(weight=2, after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Every block gets its gradient, although x, the output of a frozen embedding, needs none."""
    judge_run(subject, _case(draw))


def judge_run(subject: Subject, c: dict, **more) -> dict:
    """Compare all gradients with the plain blocks'; hidden checks use it with dropout and with an x that learns."""
    seen = subject.probe(run_blocks, **c, **more)
    n = len(c["weights"])
    if not seen["recorded"] or all(g is None for g in seen["gradients"]):
        raise Failure("no-gradient", "no block gets a gradient: the reentrant kind of checkpoint records nothing when "
                      "its input needs no gradient, and no_grad records nothing at all",
                      "checkpoint(block, x, use_reentrant=False)")  # fmt: skip
    if seen["backward"].count(n - 1) > 1 and len(set(seen["backward"])) == 1:
        raise Failure("late-binding", "in the backward pass the last block runs again in place of every block: a "
                      "lambda looks up its variable when it is called, and by then the loop is over",
                      "Give checkpoint the block itself: checkpoint(block, x, ...).")  # fmt: skip
    if missing := [k for k, g in enumerate(seen["gradients"]) if g is None or not g.any()]:
        raise Failure("gradient-cut", f"block {missing[0]} of {n} gets no gradient",
                      "Do not detach between the blocks.")  # fmt: skip
    right = expected_run(c, seen["masks"])
    for k in range(n):
        if not close(seen["gradients"][k], right["gradients"][k]):
            if more.get("dropout"):
                raise Failure("other-dropout", "the second run drops other numbers than the first, so the gradients "
                              "belong to another network", "Leave preserve_rng_state at True.")  # fmt: skip
            expect_close(seen["gradients"][k], right["gradients"][k], what=f"the gradient of block {k}",
                         id="wrong-gradient", hint="Each block runs again on the input it had.")  # fmt: skip
    return seen


@checkpoint_blocks.check(weight=2, after=("gradients",))
def recomputes(subject: Subject, draw: Draw) -> None:
    """Each block runs once forward, and once more, by itself, when the backward pass comes to it."""
    c = _case(draw)
    seen = subject.probe(run_blocks, **c)
    n = len(c["weights"])
    once, turned = list(range(n)), list(range(n))[::-1]
    if seen["forward"] != once:
        text = f"in the forward pass the blocks run in the order {seen['forward']}, expected {once}"
        raise Failure("runs-too-often", text, "One call of checkpoint a block, and no call besides.")
    if not seen["backward"]:
        raise Failure("nothing-recomputed", "no block runs again in the backward pass, so every intermediate result "
                      "has been kept", "Call the blocks through torch.utils.checkpoint.checkpoint.")  # fmt: skip
    if seen["backward"] == once:
        raise Failure("one-segment", "all blocks run again together at the start of the backward pass, and at that "
                      "moment all their intermediate results are there: nothing is saved",
                      "Checkpoint each block by itself.")  # fmt: skip
    if seen["backward"] != turned:
        text = f"in the backward pass the blocks run in the order {seen['backward']}, expected {turned}"
        raise Failure("other-segments", text, "Checkpoint each block by itself, the last one too.")
