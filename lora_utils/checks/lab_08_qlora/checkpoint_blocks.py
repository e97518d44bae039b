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
        self.number, self.calls, self.dropout, self.masks, self.recording = number, calls, dropout, [], []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x + dropout(tanh(x W) a), (b, d) -> (b, d)."""
        self.calls.append(self.number)
        self.recording.append(torch.is_grad_enabled())
        mask = F.dropout(torch.ones_like(x), self.dropout)
        self.masks.append(mask.detach())
        return x + mask * torch.tanh(x @ self.W) * self.a


def run_blocks(function, *, weights, vectors, x, upstream, needs_grad: bool = False, dropout: float = 0.0,
               training: bool = True) -> dict:  # fmt: skip
    """Probe: the output, the trained vectors' gradients, and which block ran when."""
    calls: list[int] = []
    blocks = nn.ModuleList(
        Counted(W, a, k, calls, dropout) for k, (W, a) in enumerate(zip(weights, vectors, strict=True))
    )
    blocks.train(training)
    x.requires_grad_(needs_grad)
    y = function(blocks, x)
    seen = {"output": y, "forward": list(calls), "recorded": isinstance(y, torch.Tensor) and y.requires_grad}
    calls.clear()
    seen["asks"] = x.requires_grad
    seen["plainly"] = all(block.recording and block.recording[0] for block in blocks)  # no block ran without gradients
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


def _case(draw: Draw, n: int = 4, b: int | None = None) -> dict:
    d, width = draw.sizes(2, low=4, high=7)
    b = width if b is None else b
    return {
        "weights": [draw.normal(d, d, scale=0.5) for _ in range(n)],
        "vectors": [draw.normal(d) for _ in range(n)],
        "x": draw.normal(b, d),
        "upstream": draw.normal(b, d),
    }


@checkpoint_blocks.check
def output(subject: Subject, draw: Draw) -> None:
    """The output is that of the blocks one after another, however many there are."""
    for n, b in ((4, None), (1, 3), (2, 1), (5, 2)):
        _judge_output(subject, _case(draw, n, b))


def _judge_output(subject: Subject, c: dict) -> None:
    n = len(c["weights"])
    seen = subject.probe(run_blocks, **c)
    expect_tensor(seen["output"], "what run_blocks returns")

    def result(*numbers: int) -> torch.Tensor:
        """What these blocks give, in this order."""
        if not numbers:
            return c["x"]
        chosen = {name: [c[name][k] for k in numbers] for name in ("weights", "vectors")}
        return expected_run({**c, **chosen}, [torch.ones_like(c["x"])] * len(numbers))["output"]

    every = range(n)
    chain = "Each block gets what the one before it returned, and the last result is returned."
    case = f"for {n} block{'s' if n > 1 else ''} and x of shape {tuple(c['x'].shape)}"
    residual = c["x"]
    for k in every:
        chosen = {name: [c[name][k]] for name in ("weights", "vectors")}
        residual = residual + expected_run({**c, **chosen, "x": residual}, [torch.ones_like(c["x"])])["output"]
    mistakes = (
        Mistake("input-added", residual, f"{case} each block's input is added to what it returns", "A block with a "
                "residual path adds it itself."),
        Mistake("wrong-order", result(*reversed(every)), f"{case} the blocks run from the last to the first",
                "The first block is the first to run; only the backward pass turns the order round."),
        Mistake("no-block-runs", c["x"], f"{case} what comes back is x itself", chain),
        Mistake("not-chained", result(n - 1), f"{case} only the last block acts on x", chain),
        Mistake("stops-early", result(0), f"{case} only the first block acts on x", "Is the return inside the loop?"),
        Mistake("block-left-out", result(*every[:-1]), f"{case} the last block does not act on x", chain),
        Mistake("block-left-out", result(*every[1:]), f"{case} the first block does not act on x", chain),
    )  # fmt: skip
    expect_close(
        seen["output"], result(*every), what=f"the output {case}", id="wrong-output", hint=chain, mistakes=mistakes
    )


@checkpoint_blocks.check(weight=2, after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Every block gets its gradient, although x, the output of a frozen embedding, needs none."""
    judge_run(subject, _case(draw))
    judge_run(subject, _case(draw, n=1, b=1))


def _no_gradient(subject: Subject, c: dict, plainly: bool) -> None:
    """Say why no block has got a gradient: by how the blocks ran, and by what an x that learns changes."""
    text = "no block gets a gradient"
    if plainly:
        raise Failure("result-detached", f"{text}: the blocks ran with gradients, but the result is cut off from them",
                      "Return the tensor as it is, without detach, .data or a copy of its numbers.")  # fmt: skip
    again = subject.probe(run_blocks, **c, needs_grad=True)
    if again["recorded"] and any(g is not None for g in again["gradients"]):
        raise Failure("no-gradient", f"{text}, unless x needs one too: so works the reentrant kind of checkpoint, "
                      "which records nothing when its input needs no gradient", "Ask for the other kind: the text "
                      "of the exercise names the argument.")  # fmt: skip
    raise Failure("no-gradient", f"{text}: blocks ran with gradients switched off, and nothing was recorded",
                  "Take away no_grad, inference_mode or detach: checkpoint itself decides what is kept.")  # fmt: skip


def judge_run(subject: Subject, c: dict, **more) -> dict:
    """Compare all gradients with the plain blocks'; hidden checks use it with dropout and with an x that learns."""
    seen = subject.probe(run_blocks, **c, **more)
    n = len(c["weights"])
    if seen["asks"] and not more.get("needs_grad"):
        raise Failure("input-changed", "x asks for a gradient after the call, which it did not before", "Leave x as it "
                      "is: with use_reentrant=False the blocks learn without it.")  # fmt: skip
    if not seen["recorded"] or all(g is None for g in seen["gradients"]):
        _no_gradient(subject, c, seen["plainly"])
    if seen["backward"].count(n - 1) > 1 and len(set(seen["backward"])) == 1:
        raise Failure("late-binding", "in the backward pass the last block runs again in place of every block: a "
                      "function that mentions the loop's variable looks it up when it is called, and by then the loop "
                      "is over", "Give checkpoint the block itself.")  # fmt: skip
    if missing := [k for k, g in enumerate(seen["gradients"]) if g is None or not g.any()]:
        raise Failure("gradient-cut", f"block {missing[0]} of {n} gets no gradient",
                      "Do not detach between the blocks.")  # fmt: skip
    if more.get("needs_grad") and seen["dx"] is None:
        raise Failure("input-cut", "an x that needs a gradient gets none", "Give the blocks x itself, without detach.")
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
        id = "runs-too-often" if len(seen["forward"]) > n else "wrong-calls"
        raise Failure(id, text, "One call of checkpoint a block, and no call besides.")
    if not seen["backward"]:
        raise Failure("nothing-recomputed", "no block runs again in the backward pass, so every intermediate result "
                      "has been kept", "Call the blocks through torch.utils.checkpoint.checkpoint.")  # fmt: skip
    if seen["backward"] == once:
        raise Failure("one-segment", "all blocks run again together at the start of the backward pass, and at that "
                      "moment all their intermediate results are there: nothing is saved",
                      "Checkpoint each block by itself.")  # fmt: skip
    if seen["backward"] == turned[1:]:
        raise Failure("last-kept", f"in the backward pass the blocks run in the order {turned[1:]}, expected {turned}: "
                      "the last block does not run again, so its intermediate results have been kept",
                      "Checkpoint the last block as well (torch's checkpoint_sequential leaves it out).")  # fmt: skip
    if missing := [k for k in once if k not in seen["backward"]]:
        raise Failure("some-kept", f"in the backward pass the blocks run in the order {seen['backward']}, expected "
                      f"{turned}: the intermediate results of block {missing[0]} have been kept",
                      "Checkpoint every block.")  # fmt: skip
    if seen["backward"] != turned:
        text = f"in the backward pass the blocks run in the order {seen['backward']}, expected {turned}"
        raise Failure(
            "other-segments",
            text,
            "Checkpoint each block by itself: when the backward pass comes to it, it alone runs again.",
        )
    if subject.probe(run_blocks, **_case(draw, n=1))["backward"] != [0]:
        raise Failure("one-block-kept", "where there is one block it does not run again in the backward pass",
                      "One block is checkpointed like several.")  # fmt: skip
    if subject.probe(run_blocks, **c, training=False)["backward"] != turned:
        raise Failure("mode-asked", "after eval() the blocks do not run again in the backward pass: their intermediate "
                      "results have been kept", "Checkpoint each block in every mode: gradients are what "
                      "matters, not block.training.")  # fmt: skip
