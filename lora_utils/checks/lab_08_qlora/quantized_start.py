"""Checks of lab 08: a 4-bit base and a path that start together near the original weight.

Letters: o rows, i columns, r rank. W (o, i), Q (o, i) as 4 bits store it, A (i, r), B (r, o). Whatever leaves as little
as the best correction of the quantized weight is right; the judge takes that from singular values.
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject, close
from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.many_cases import Rule, ask, explained
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit

quantized_start = Exercise("quantized-start", lifted=("depends-on-the-layout",))  # of equal starts any will do
ALLOWED = 1.03  # times what the best correction leaves


def stored(W: torch.Tensor) -> torch.Tensor:
    """What comes back of a weight from 4 bits."""
    return dequantize_4bit(quantize_4bit(W.float()))


def weights(draw: Draw, sizes: list[tuple[int, int, int]]) -> list[tuple[torch.Tensor, int]]:
    """Draw (W, rank) for each (o, i, r): normal numbers of several scales, some with a few large columns."""
    cases = []
    for k, (o, i, r) in enumerate(sizes):
        W = draw.normal(o, i)
        if k % 3 == 1:
            W[:, : 1 + i // 8] *= 6
        if k % 3 == 2:
            W = W + 3 * draw.normal(o, 1) @ draw.normal(1, i)
        cases.append(((1.0, 0.02, 5.0)[k % 3] * W, r))
    return cases


SIZES = [(24, 40, 4), (40, 16, 3), (32, 32, 5), (16, 48, 3), (30, 25, 6), (64, 20, 4), (12, 18, 2), (20, 33, 5)]


def told(W: torch.Tensor, rank: int) -> str:
    """A case, for a message."""
    return f"a weight of {W.shape[0]} x {W.shape[1]} and rank={rank}"


def made(subject: Subject, cases: list[tuple]) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Call the student's function for each case and expect Q, A and B of their shapes."""
    values = ask(subject, cases, told)["values"]
    for (W, r), value in zip(cases, values, strict=True):
        if type(value) is not list or len(value) != 3:
            came = f"{len(value)} results" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-three", f"expected Q, A and B, got {came}", "Return the three.")
        o, i = W.shape
        came, wanted = [tuple(one.shape) for one in value if isinstance(one, torch.Tensor)], [(o, i), (i, r), (r, o)]
        if came != wanted and sorted(came) == sorted(wanted):
            order = ", ".join("QAB"[wanted.index(shape)] for shape in came)
            raise Failure("results-swapped", f"for {told(W, r)} the shapes are those of {order}, in this order",
                          "Return Q, A, B.")  # fmt: skip
        for name, one, shape in zip("QAB", value, wanted, strict=True):
            expect_tensor(one, f"the result {name}")
            if tuple(one.shape) != shape:
                text = f"for {told(W, r)} {name} must have shape {shape}, got {tuple(one.shape)}"
                raise Failure("wrong-shape", text, "Q is stored as (out, in); A is (in, rank), B (rank, out), as ever.")
            if not one.isfinite().all():
                raise Failure("not-finite", f"for {told(W, r)} {name} holds NaN or infinity",
                              "Look at roots and at quotients.")  # fmt: skip
    return [tuple(value) for value in values]


@quantized_start.check
def can_be_stored(subject: Subject, draw: Draw) -> None:
    """Q is a weight that 4 bits store exactly: quantised and back, it stays as it is."""
    judge_stored(subject, weights(draw, SIZES))


def judge_stored(subject: Subject, cases: list[tuple]) -> None:
    """Quantise Q again and compare; hidden checks use it with other weights."""
    for (W, r), (Q, _, _) in zip(cases, made(subject, cases), strict=True):
        again = stored(Q)
        if float((again - Q).norm()) > 1e-4 * float(Q.norm()):
            text = f"for {told(W, r)} Q changes by {float((again - Q).norm() / Q.norm()):.1%} when it is quantised"
            is_w = close(Q, W, 1e-6)
            raise Failure("not-quantised", text + (": it is W itself" if is_w else ""), "What is frozen is what 4 bits "
                          "give back: dequantize_4bit(quantize_4bit(...)), and nothing is added to it.")  # fmt: skip


@quantized_start.check(weight=2, after=("can-be-stored",))
def starts_near(subject: Subject, draw: Draw) -> None:
    """Q and the path together leave as little of W as the best correction of the quantised weight, or less."""
    judge_near(subject, weights(draw, SIZES))


def judge_near(subject: Subject, cases: list[tuple]) -> None:
    """Compare what is left of W with the floor of Eckart and Young; hidden checks use it with other weights."""
    values = made(subject, cases)
    wrong, facts = [], []
    for (W, r), (Q, A, B) in zip(cases, values, strict=True):
        rest, error = W.double() - Q.double() - (A.double() @ B.double()).T, W.double() - stored(W).double()
        left, floor, whole = float(rest.norm()), float(torch.linalg.svdvals(error)[r:].norm()), float(error.norm())
        facts.append((left / whole, floor / whole))
        wrong.append(left > ALLOWED * floor + 0.01 * whole)
    if not any(wrong):
        return
    place = wrong.index(True)
    share, best = facts[place]
    text = f"for {told(*cases[place])} the start leaves {share:.2f} of what the quantised weight alone leaves of W"
    text = f"{text}, and a path of that rank can leave {best:.2f}"
    products = [(Q.double() + (A.double() @ B.double()).T) for Q, A, B in values]
    scaled = [one / W.double().norm() for one, (W, _) in zip(products, cases, strict=True)]
    if rule := explained(scaled, cases, lambda W, r: torch.full_like(W, 9.0), _rules(), 1e-4):
        raise Failure(rule.id, f"{text}: {rule.text}", rule.hint)
    raise Failure("far-from-w", text, "What has quantising taken from W, and which matrix of that rank is nearest to "
                  "it?")  # fmt: skip


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes make of Q + (A B).T, over the norm of W."""

    def best(M: torch.Tensor, r: int, values=lambda s: s, last: bool = False) -> torch.Tensor:
        U, s, Vh = torch.linalg.svd(M.double(), full_matrices=False)
        keep = slice(-r, None) if last else slice(None, r)
        return U[:, keep] * values(s[keep]) @ Vh[keep]

    def rule(id: str, make, text: str, hint: str) -> Rule:
        def gives(W: torch.Tensor, r: int) -> torch.Tensor:
            return make(W.double(), stored(W).double(), r) / W.double().norm()

        return Rule(id, gives, text, hint)

    lost = "The path has to bring back what quantising took: the difference of W and Q."
    return (
        rule("path-is-zero", lambda W, Q, r: Q, "the path adds nothing", lost),
        rule("path-of-w", lambda W, Q, r: Q + best(W, r), "the path is the best approximation of W itself, which Q "
        "holds "
             "already", lost),
        rule("path-subtracts", lambda W, Q, r: Q - best(W - Q, r), "the path has the opposite sign", "Q plus the "
        "path is "
             "to be W."),
        rule("path-of-q", lambda W, Q, r: Q + best(Q, r), "the path is the best approximation of Q", lost),
        rule("values-forgotten", lambda W, Q, r: Q + best(W - Q, r, torch.ones_like), "the singular values are missing "
             "in the path", "Each term u v^T is multiplied by its s, once in all."),
        rule("values-squared", lambda W, Q, r: Q + best(W - Q, r, torch.square), "the singular values enter twice, "
        "with A "
             "and with B", "Put them into one factor, or their roots into both."),
        rule("values-rooted", lambda W, Q, r: Q + best(W - Q, r, torch.sqrt), "the roots of the singular values enter "
             "once", "Put their roots into both factors, or themselves into one."),
        rule("smallest-terms", lambda W, Q, r: Q + best(W - Q, r, last=True), "the smallest singular values are "
        "kept, not "
             "the largest", "They come in descending order."),
    )  # fmt: skip
