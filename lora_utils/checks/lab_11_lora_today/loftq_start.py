"""Checks of lab 11: LoftQ's start, four bits and a path found in turn.

Letters as in starting_weights; the base is called Q here. A number that lies on a boundary between two levels may be
rounded to either, so two honest answers can differ in a few entries of Q: the judge asks which alternation an answer
agrees with in the most entries, and judges its path by its own Q.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from lora_utils.checks.framework.compare import close
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, explained
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_11_lora_today.starting_weights import Parts, best, parts_of, told
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit

loftq_start = Exercise("loftq-start", lifted=("depends-on-the-layout",))  # the signs of directions are free

AGREE = 0.97  # of the entries of Q
NEAR = 1e-3  # of the largest entry: float32 decompositions of nearly equal matrices


def stored(W: torch.Tensor) -> torch.Tensor:
    """What four bits give back of a weight, in float64."""
    return dequantize_4bit(quantize_4bit(W.float())).double()


def quantized_weights(draw: Draw, sizes: tuple[tuple[int, int, int, int], ...]) -> list[list]:
    """Draw [W0, rank, steps] for each (o, i, r, steps): normal numbers, some with strong columns."""
    cases = []
    for k, (o, i, r, steps) in enumerate(sizes):
        W = draw.normal(o, i)
        W[:, : 1 + i // 8] *= (1, 4, 2)[k % 3]
        cases.append([(0.05, 1.0, 3.0)[k % 3] * W, r, steps])
    return cases


SIZES = ((24, 40, 8, 3), (40, 24, 6, 4), (32, 32, 9, 2), (20, 48, 7, 5), (30, 26, 8, 1), (36, 20, 5, 3))


def alternated(W: torch.Tensor, r: int, steps: int, path: torch.Tensor | None = None) -> list[torch.Tensor]:
    """The Q of every step, from a path that is zero unless it is given."""
    path, found = torch.zeros_like(W, dtype=torch.float64) if path is None else path, []
    for _ in range(steps):
        found.append(stored(W.double() - path))
        path = best(W.double() - found[-1], r)
    return found


@loftq_start.check
def can_be_stored(subject: Subject, draw: Draw) -> None:
    """Q is a weight that 4 bits store exactly: quantised and back, it stays as it is."""
    judge_stored(subject, quantized_weights(draw, SIZES))


def judge_stored(subject: Subject, cases: list[list]) -> None:
    """Quantise Q again and compare; hidden checks use it with other weights."""
    for case, part in zip(cases, parts_of(subject, cases, "Q"), strict=True):
        moved = float((stored(part.base) - part.base).norm() / part.base.norm().clamp(min=1e-30))
        if moved > 1e-4:
            is_w = ": it is W0 itself" if close(part.base, case[0], 1e-6) else ""
            text = f"for {told(*case)} Q changes by {moved:.1%} when it is quantised{is_w}"
            raise Failure("not-quantised", text, "Q is what dequantize_4bit(quantize_4bit(...)) gives, and nothing is "
                          "added to it afterwards.")  # fmt: skip


@loftq_start.check(after=("can-be-stored",))
def path_fits_q(subject: Subject, draw: Draw) -> None:
    """(A B).T is the best correction of rank r of the Q that is returned."""
    judge_correction(subject, quantized_weights(draw, SIZES))


def judge_correction(subject: Subject, cases: list[list]) -> None:
    """Compare the path with the best approximation of W0 - Q; hidden checks use it with other weights."""
    parts = parts_of(subject, cases, "Q")
    pairs = list(zip(cases, parts, strict=True))

    def fits(case: list, part: Parts, wanted: torch.Tensor) -> bool:
        scale = float(torch.stack([(case[0].double() - part.base).abs().max(), wanted.abs().max()]).max())
        return float((part.path - wanted).abs().max()) <= NEAR * max(scale, 1e-30)

    wrong = next((one for one in pairs if not fits(*one, best(one[0][0].double() - one[1].base, one[0][1]))), None)
    if wrong is None:
        return
    known: tuple[tuple[str, Callable[[list, Parts], torch.Tensor], str, str], ...] = (
        ("path-is-zero", lambda c, p: 0 * p.base, "it adds nothing", "Fit it to what Q lacks."),
        ("path-of-w", lambda c, p: best(c[0], c[1]), "it is the best approximation of W0 itself",
         "What is decomposed is W0 - Q."),
        ("path-of-q", lambda c, p: best(p.base, c[1]), "it is the best approximation of Q", "Decompose W0 - Q."),
        ("path-subtracts", lambda c, p: -best(c[0].double() - p.base, c[1]), "it has the opposite sign",
         "Q plus the path is to be W0: decompose W0 - Q."),
        ("values-missing", lambda c, p: best(c[0].double() - p.base, c[1], torch.ones_like), "the singular values are "
         "missing", "Once in all: their roots into both factors, or themselves into one."),
        ("values-squared", lambda c, p: best(c[0].double() - p.base, c[1], torch.square), "the singular values are in "
         "both factors", "Once in all: their roots into both factors."),
        ("rooted-once", lambda c, p: best(c[0].double() - p.base, c[1], torch.sqrt), "the roots of the singular values "
         "are in one factor only", "Their roots into both factors, or themselves into one."),
        ("smallest-terms", lambda c, p: best(c[0].double() - p.base, c[1], last=True), "it holds the weakest "
         "directions of W0 - Q", "The first r are the strongest."),
        ("rank-off", lambda c, p: best(c[0].double() - p.base, c[1] - 1), "one of its r directions is not used",
         "Keep the first r."),
        ("path-is-older", lambda c, p: best(c[0].double() - _before(c, p), c[1]), "it is the best correction of the "
         "Q of the step before", "After the last Q fit the path once more."),
        ("path-is-newer", lambda c, p: _newest(c, p), "it belongs to a later Q than the one that is returned",
         "Return the Q that the path was fitted to."),
    )  # fmt: skip
    for id, gives, text, hint in known:
        if all(fits(c, p, gives(c, p)) for c, p in [wrong, *pairs] if c[2] > 1 or c is wrong[0]):
            raise Failure(id, f"for {told(*wrong[0])} the path is not the best correction of Q: {text}", hint)
    raise Failure("path-misses-q", f"for {told(*wrong[0])} another path of that rank comes nearer to W0 - Q",
                  "Look at the order within a step: first Q, then the decomposition of W0 - Q.")  # fmt: skip


def _before(case: list, part: Parts) -> torch.Tensor:
    found = alternated(case[0], case[1], case[2])
    return found[-2] if len(found) > 1 else part.base


def _newest(case: list, part: Parts) -> torch.Tensor:
    W, r, _ = case
    path = best(W.double() - part.base, r)
    return best(W.double() - stored(W.double() - path), r)


@loftq_start.check(weight=2, after=("path-fits-q",))
def alternates(subject: Subject, draw: Draw) -> None:
    """Q is what `steps` rounds lead to: in each, quantise W0 without the path, then fit the path to what is left."""
    judge_steps(subject, quantized_weights(draw, SIZES))


def judge_steps(subject: Subject, cases: list[list]) -> None:
    """Compare Q with the alternation of so many steps; hidden checks use it with other weights."""
    bases = [part.base for part in parts_of(subject, cases, "Q")]

    def agreement(Q: torch.Tensor, wanted: torch.Tensor) -> float:
        return float(((Q - wanted).abs() <= 1e-3 * wanted.abs().max()).double().mean())

    counts = []
    for (W, r, steps), Q in zip(cases, bases, strict=True):
        shares = [agreement(Q, one) for one in alternated(W, r, steps + 2)]
        counts.append((max(range(len(shares)), key=shares.__getitem__) + 1, shares[steps - 1]))
    wrong = [k for k, ((nearest, share), case) in enumerate(zip(counts, cases, strict=True))
             if share < AGREE or nearest != case[2]]  # fmt: skip
    if not wrong:
        return
    case, (_, share) = cases[wrong[0]], counts[wrong[0]]
    text = f"for {told(*case)} {share:.0%} of the entries of Q are those of so many rounds"
    if rule := explained(bases, cases, lambda W, r, s: torch.full_like(W, 99.0), _rules()):
        raise Failure(rule.id, f"{text}: {rule.text}", rule.hint)
    offsets = {near - case[2] for (near, _), case in zip(counts, cases, strict=True) if case[2] > 1}
    if len(offsets) == 1 and all(agreement(Q, alternated(W, r, s + 2)[near - 1]) >= AGREE
                                 for (W, r, s), Q, (near, _) in zip(cases, bases, counts, strict=True)):  # fmt: skip
        off = offsets.pop()
        many = f"{abs(off)} round{'s' * (abs(off) > 1)} {'more' if off > 0 else 'fewer'}"
        raise Failure("rounds-off", f"{text}; they are those of {many}", "A round is one Q and one path; with steps=1 "
                      "Q is W0 quantised as it is.")  # fmt: skip
    raise Failure("another-alternation", text, "Each round quantises W0 - (A B).T, of the path of the round before.")


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes make of Q."""

    def shrinking(W: torch.Tensor, r: int, steps: int) -> torch.Tensor:
        rest = W.double()
        for _ in range(steps):
            Q = stored(rest)
            rest = rest - best(rest - Q, r)
        return Q

    def of_residual(W: torch.Tensor, r: int, steps: int) -> torch.Tensor:
        path = torch.zeros_like(W, dtype=torch.float64)
        for _ in range(steps):
            Q = stored(W.double() + path)
            path = best(W.double() - Q, r)
        return Q

    return (
        Rule("never-renewed", lambda W, r, s: stored(W), "Q is W0 quantised, whatever `steps` is", "From the second "
             "round on, quantise what the path leaves: W0 - (A B).T."),
        Rule("path-first", lambda W, r, s: alternated(W, r, s, best(W, r))[-1], "the first round takes the strongest "
             "directions of W0 away before it quantises", "The first round starts with a path of zero."),
        Rule("path-added", of_residual, "the path is added before quantising, not taken away",
             "Q plus the path is to be W0, so Q stands for W0 - (A B).T."),
        Rule("rest-of-the-rest", shrinking, "each round takes its path from what the round before has left",
             "Every round starts from W0: W0 - Q is decomposed, and W0 - (A B).T quantised."),
    )  # fmt: skip
