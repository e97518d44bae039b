"""Checks of lab 07: the error of what comes back, relative to what was there.

The judge takes quotients of norms in float64.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.probes import calls
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import spread

relative_error = Exercise("relative-error")


def tensor_pairs(draw: Draw, shapes: list[tuple[int, ...]]) -> list[list]:
    """Draw pairs (w, back): of several sizes, with and without a mean, with signs that turn, and grown or shrunk."""
    pairs = []
    for i, shape in enumerate(shapes):
        size = (0.5, 30.0, 0.02, 1e-4)[i % 4]
        n = torch.Size(shape).numel()
        w = draw.normal(n, scale=size).reshape(shape) + (0.8, 0.0, -0.5)[i % 3] * size
        lost = draw.normal(n, scale=(0.2, 1.5, 0.05, 0.4)[i % 4] * size).reshape(shape) + (0.1, -0.1)[i % 2] * size
        pairs.append([w, (1.0, 1.2, 0.7)[i % 3] * w + lost])
    return pairs


@relative_error.check
def is_relative(subject: Subject, draw: Draw) -> None:
    """The error is the norm of w - back, divided by the norm of w."""
    rows, columns = draw.sizes(2, 4, 9)
    judge_error(subject, tensor_pairs(draw, [(rows, columns)] * 12))


@relative_error.check(after=("is-relative",))
def whole_tensor(subject: Subject, draw: Draw) -> None:
    """It is one number for the whole tensor, 0 where nothing was lost and 1 where everything was."""
    w = draw.normal(2, 3, 4) + 0.2
    judge_error(subject, [[w, w.clone()], [w, torch.zeros_like(w)], [w, -w], [w, 2 * w], [w, w + 0.1], [w, w - 0.1]])


def judge_error(subject: Subject, pairs: list[list]) -> None:
    """Compare with quotients of sums over all entries in float64; hidden checks use it with other tensors."""
    got = [_one_number(value) for value in subject.probe(calls, cases=pairs)["values"]]
    quotient = "Divide by the norm of w, so that layers of any size can be compared."
    norm = "A norm is the root of the sum of all squares: square, sum, root, in this order."
    first = "Subtract the tensors first, number by number; the norm of what is left comes afterwards."
    made = [(w.double(), back.double(), w.double() - back.double()) for w, back in pairs]

    def rows(v: torch.Tensor) -> torch.Tensor:
        return v.reshape(-1, v.shape[-1] if v.dim() else 1).norm(dim=1)

    whole = "Nothing is added to it and nothing cut: w is not all zeros, and an error may be larger than 1."
    rules = [
        *(Rule("small-is-not-zero", lambda w, b, d, t=t: d.norm() / w.norm().clamp(min=t), f"a norm of w below {t:g} "
               f"is taken for {t:g}", whole) for t in (1e-1, 1e-2, 1e-3)),
        *(Rule("small-is-not-zero", lambda w, b, d, t=t: d.norm() / (w.norm() + t), f"{t:g} is added to the norm of w",
               whole) for t in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)),
        Rule("capped", lambda w, b, d: (d.norm() / w.norm()).clamp(max=1), "it is cut at 1", whole),
        Rule("not-relative", lambda w, b, d: d.norm(), "it is the norm of w - back alone", quotient),
        Rule("not-relative", lambda w, b, d: d.square().mean().sqrt(), "it is the root mean square error alone",
             quotient),
        Rule("not-relative", lambda w, b, d: d.square().mean(), "it is the mean square error alone", quotient),
        Rule("not-relative", lambda w, b, d: d.square().sum(), "it is the sum of the squared errors alone", quotient),
        Rule("not-relative", lambda w, b, d: d.abs().mean(), "it is the mean absolute error alone", quotient),
        Rule("not-relative", lambda w, b, d: d.abs().sum(), "it is the sum of the magnitudes of the errors", quotient),
        Rule("not-relative", lambda w, b, d: d.abs().max(), "it is the largest error alone", quotient),
        Rule("error-squared", lambda w, b, d: d.square().sum() / w.square().sum(), "it is the quotient of the squared "
             "norms", "The roots are missing: " + norm),
        Rule("root-half-missing", lambda w, b, d: d.square().sum() / w.norm(), "the norm of the difference has lost "
             "its root", norm),
        Rule("root-half-missing", lambda w, b, d: d.norm() / w.square().sum(), "the norm of w has lost its root", norm),
        Rule("signs-cancel", lambda w, b, d: d.mean(), "errors of both signs cancel in it", norm),
        Rule("signs-cancel", lambda w, b, d: d.sum() / w.sum(), "errors of both signs cancel in it", norm),
        Rule("signs-cancel", lambda w, b, d: (d.sum() / w.sum()).abs(), "errors of both signs cancel in it", norm),
        Rule("signs-cancel", lambda w, b, d: d.sum().abs() / w.norm(), "errors of both signs cancel in it", norm),
        Rule("signs-cancel", lambda w, b, d: d.sum() / w.norm(), "errors of both signs cancel in it", norm),
        Rule("divided-by-back", lambda w, b, d: d.norm() / b.norm(), "it divides by the norm of back",
             "What was there before is the measure, not what came back."),
        Rule("divided-by-spread", lambda w, b, d: d.square().mean().sqrt() / spread(w), "it divides by the standard "
             "deviation, which is the norm only for numbers whose mean is 0", quotient),
        Rule("divided-by-spread", lambda w, b, d: d.square().mean().sqrt() / w.std(correction=0), "it divides by the "
             "standard deviation, which is the norm only for numbers whose mean is 0", quotient),
        Rule("divided-by-spread", lambda w, b, d: spread(d) / spread(w), "it is a quotient of standard deviations: a "
             "shift of all numbers would count as no error", norm),
        Rule("divided-by-largest", lambda w, b, d: d.norm() / w.abs().max(), "it divides by the largest magnitude",
             quotient),
        Rule("entrywise", lambda w, b, d: (d / w).abs().mean(), "it is the mean of each entry's own relative error, "
             "which entries near 0 blow up", "One norm of all errors, one norm of all numbers, then one division."),
        Rule("entrywise", lambda w, b, d: (d / w).norm(), "it is the norm of each entry's own relative error, which "
             "entries near 0 blow up", "One norm of all errors, one norm of all numbers, then one division."),
        Rule("error-of-norms", lambda w, b, d: (w.norm() - b.norm()).abs() / w.norm(), "it compares two lengths; the "
             "error is the length of the difference", first),
        Rule("error-of-norms", lambda w, b, d: (w.norm() - b.norm()) / w.norm(), "it compares two lengths; the "
             "error is the length of the difference", first),
        Rule("error-of-norms", lambda w, b, d: (b.norm() - w.norm()) / w.norm(), "it compares two lengths; the "
             "error is the length of the difference", first),
        Rule("error-of-magnitudes", lambda w, b, d: (w.abs() - b.abs()).norm() / w.norm(), "magnitudes were "
             "subtracted, so a number that comes back with the other sign counts as no error", first),
        Rule("magnitudes-summed", lambda w, b, d: d.abs().sum() / w.abs().sum(), "magnitudes were added up where a "
             "norm adds squares", norm),
        Rule("largest-only", lambda w, b, d: d.abs().max() / w.abs().max(), "only the largest error and the largest "
             "number count", norm),
        Rule("mean-over-rows", lambda w, b, d: (rows(d) / rows(w)).mean(), "it is the mean of the errors of the rows",
             "One norm over all numbers: leave dim out."),
        Rule("spectral", lambda w, b, d: torch.linalg.matrix_norm(d, 2) / torch.linalg.matrix_norm(w, 2), "it compares "
             "the largest singular values: spectral norms, not Frobenius norms", norm),
        Rule("inverted", lambda w, b, d: w.norm() / d.norm(), "it is upside down", "What was lost, divided by what "
             "was there."),
        Rule("in-per-cent", lambda w, b, d: 100 * d.norm() / w.norm(), "it is 100 times as large", "A share, not per "
             "cent."),
        Rule("root-of-all", lambda w, b, d: (d.norm() / w.norm()).sqrt(), "it has one root too many: a norm holds the "
             "root already", norm),
        Rule("one-minus", lambda w, b, d: 1 - d.norm() / w.norm(), "it is 1 minus the error: what was kept", quotient),
    ]  # fmt: skip

    def told(w: torch.Tensor, b: torch.Tensor, d: torch.Tensor) -> str:
        return f"w of shape {tuple(w.shape)} and norm {w.norm():.3g}, w - back of norm {d.norm():.3g}"

    expect_all(got, made, lambda w, b, d: float(d.norm() / w.norm()), told=told, id="wrong-error", rules=rules,
               what=lambda *case: f"the error for {told(*case)}",
               hint="By hand: w = [3, 4] and back = [3, 5] give 1 / 5.")  # fmt: skip


def _one_number(value) -> float:
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        return float(value)
    if type(value) in (int, float):
        return float(value)
    if value is None:
        raise Failure("no-number", "expected one number, got None", "Is a return missing?")
    came = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else f"{value!r}"
    hint = "Return the quotient alone." if isinstance(value, list) else "Take the norm of the whole tensor."
    raise Failure("not-one-number", f"expected one number, got {came}", hint)
