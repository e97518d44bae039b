"""Checks of lab 07: integers by absmax, and the error of what comes back.

Letters: x the numbers, q their codes, s the step. The judge makes x from codes that it chose, x = s (q + d) with d at
least a tenth away from the next boundary, so it knows every answer without rounding anything.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import (
    except_ends,
    expect_integers,
    expect_step_number,
    on_grid,
    parts,
)

quantize_absmax = Exercise("quantise-absmax", lifted=("changes-a-tensor",))
relative_error = Exercise("relative-error")


# ------------------------------------------------------------------------------------------------- quantise-absmax
def quantized(quantize, dequantize, *, x, bits: int) -> dict:
    """Probe: codes and step of x, and what has become of x."""
    return {"value": quantize(x, bits), "given": x}


def restored(quantize, dequantize, *, codes, scale) -> dict:
    """Probe: what the student's second function makes of codes and a step."""
    return {"value": dequantize(codes, scale)}


@quantize_absmax.check
def the_step(subject: Subject, draw: Draw) -> None:
    """The step is the largest magnitude divided by 2**(bits - 1) - 1, whichever sign it has."""
    for bits in (8, draw.integer(3, 6)):
        judge_step(subject, draw, bits, (4, 7))


def judge_step(subject: Subject, draw: Draw, bits: int, shape: tuple[int, ...]) -> None:
    """Compare the step for numbers whose largest magnitude is negative; hidden checks use it with other cases."""
    x, _, s = on_grid(draw, bits, shape)
    scale = _codes_and_step(subject, x, bits)[1]
    expect_step_number(scale, shape)
    L, c, top = 2 ** (bits - 1) - 1, float(x.abs().max()), float(x.max())
    came = f"for bits={bits} and a largest magnitude of {c:.3f} the step is {float(scale):.4g}"
    both = "Codes run from -L to L with L = 2**(bits - 1) - 1, as many steps below zero as above: divide by L."
    mistakes = (
        Mistake("range-128", c / (L + 1), f"{came}, the magnitude divided by {L + 1}: the largest number would need "
                f"the code {L + 1}, which {bits} bits with a sign do not have", both),
        Mistake("range-unsigned", c / (2 * L + 1), f"{came}, the magnitude divided by {2 * L + 1}", both),
        Mistake("range-unsigned", c / (2 * L + 2), f"{came}, the magnitude divided by {2 * L + 2}", both),
        Mistake("range-unsigned", c / (2 * L), f"{came}, the magnitude divided by {2 * L}", both),
        Mistake("no-exact-zero", 2 * c / (2 * L + 1), f"{came}: the range from -c to c is cut into {2 * L + 1} steps, "
                "so zero falls between two codes", both),
        Mistake("sign-forgotten", top / L, f"{came}: it follows the largest number, {top:.3f}, and the most negative "
                "one does not fit", "Take the largest magnitude: x.abs().max()."),
        Mistake("step-negative", -c / L, f"{came}, which is negative", "Take the largest magnitude: x.abs().max()."),
        Mistake("range-used", (top - float(x.min())) / (2 * L), f"{came}: the range from min to max was divided, so "
                "the larger side does not fit", "Absmax is symmetric: the largest magnitude divided by L."),
        Mistake("step-inverted", L / c, f"{came}, which is L / c", "A step is a length: x' = step * code."),
        Mistake("absmax-returned", c, f"{came}, the largest magnitude itself", "Divide it by L = 2**(bits - 1) - 1."),
        Mistake("bits-ignored", c / 127, f"{came}: 127 is right for 8 bits only", "L = 2**(bits - 1) - 1."),
    )  # fmt: skip
    hint = "scale = x.abs().max() / (2 ** (bits - 1) - 1)"
    expect_close(float(scale), s, what=f"the step for bits={bits}", id="wrong-step", hint=hint, mistakes=mistakes,
                 tolerance=1e-6)  # fmt: skip


@quantize_absmax.check(after=("the-step",))
def the_codes(subject: Subject, draw: Draw) -> None:
    """The codes are x / scale, rounded to the nearest whole number, as int8 in the shape of x."""
    for bits in (8, draw.integer(3, 6)):
        judge_codes(subject, draw, bits, (4, 7))


def judge_codes(subject: Subject, draw: Draw, bits: int, shape: tuple[int, ...]) -> None:
    """Compare the codes with those that x was made from; hidden checks use it with other cases."""
    x, q, s = on_grid(draw, bits, shape)
    codes = _codes_and_step(subject, x, bits)[0]
    expect_tensor(codes, "the first result")
    ratio, ends, nearest = x.double() / s, q.abs() == 2 ** (bits - 1) - 1, "Round to the nearest: (x / scale).round()."
    mistakes = (
        Mistake("truncated", except_ends(ratio.trunc(), codes, ends), "the codes are cut towards zero, not rounded: "
                "the error grows to a whole step", nearest + " .to(torch.int8) alone cuts."),
        Mistake("rounded-down", except_ends(ratio.floor(), codes, ends), "the codes are rounded down, not to the "
                "nearest", nearest),
        Mistake("rounded-up", except_ends(ratio.ceil(), codes, ends), "the codes are rounded up, not to the nearest",
                nearest),
        Mistake("values-not-codes", s * q, "the first result holds numbers on the grid, step times code",
                "Return the codes themselves, whole numbers; dequantise multiplies."),
        Mistake("codes-offset", q + 2 ** (bits - 1), f"the codes are shifted by {2 ** (bits - 1)}",
                "Absmax codes carry a sign: zero has the code 0."),
        Mistake("codes-not-rounded", ratio, "the codes are x / scale, not rounded", nearest),
    )  # fmt: skip
    hint = "(x / scale).round().to(torch.int8)"
    expect_close(codes, q, what=f"the codes for bits={bits}", id="wrong-codes", hint=hint, mistakes=mistakes)
    expect_integers(codes, torch.int8, "int8 holds every code from -127 to 127: add .to(torch.int8).")


@quantize_absmax.check
def comes_back(subject: Subject, draw: Draw) -> None:
    """dequantize_absmax returns scale * codes, as floats in the shape of the codes."""
    s = draw.number(0.2, 0.8)
    codes = draw.integers(-127, 127, 5, 3).to(torch.int8)
    back = subject.probe(restored, codes=codes, scale=torch.tensor(s))["value"]
    expect_tensor(back, "what dequantize_absmax returns")
    q = codes.double()
    mistakes = (
        Mistake("divided-by-scale", q / s, "the codes are divided by the step", "x / step gave the code: multiply."),
        Mistake("scale-forgotten", q, "the codes come back as they are", "Multiply them by the step."),
        Mistake("rescaled-by-range", q * s / 127, "the codes are divided by 127 as well",
                "The step holds that division already: return scale * codes."),
        Mistake("back-not-float", (q * s).trunc(), "what comes back are whole numbers",
                "Return floats: scale * codes, without converting to an integer type."),
        Mistake("back-not-float", (q * s).round(), "what comes back are whole numbers",
                "Return floats: scale * codes, without rounding."),
    )  # fmt: skip
    expect_close(back, s * q, what="what comes back", id="wrong-back", hint="return scale * codes", mistakes=mistakes)


@quantize_absmax.check
def zeros(subject: Subject, draw: Draw) -> None:
    """A tensor of zeros gets codes 0 and a step above 0: nothing is divided by zero."""
    codes, scale = _codes_and_step(subject, torch.zeros(3, 5), 8)
    expect_step_number(scale, (3, 5))
    hint = "Where the largest magnitude is 0, let the step be any positive number, 1 for example."
    if not float(scale) > 0:
        text = f"for zeros the step is {float(scale):g}, so the codes are 0 / 0: NaN, made an integer by accident"
        raise Failure("zero-step", text, hint)
    expect_tensor(codes, "the first result")
    expect_close(codes, torch.zeros(3, 5), what="the codes of zeros", id="wrong-codes", hint=hint)
    scale = _codes_and_step(subject, torch.tensor([0.0, -1.5, 0.7, 0.0]), 3)[1]  # some zeros have a step like others
    expect_step_number(scale, (4,))
    expect_close(float(scale), 0.5, what="the step of numbers with zeros among them", id="wrong-step",
                 hint="Only where the largest magnitude is 0 is there no step.", tolerance=1e-6)  # fmt: skip


def _codes_and_step(subject: Subject, x: torch.Tensor, bits: int) -> list:
    seen = subject.probe(quantized, x=x, bits=bits)
    if not torch.equal(seen["given"], x):
        raise Failure("input-changed", "quantising changed x itself", "Leave x as it is: no in-place operations.")
    codes, scale = parts(seen["value"], "codes, scale")
    first_is_one = not isinstance(codes, torch.Tensor) or codes.numel() == 1
    if first_is_one and isinstance(scale, torch.Tensor) and scale.shape == x.shape and x.numel() > 1:
        raise Failure("results-swapped", "the step comes first and the codes second", "Write return codes, scale.")
    return [codes, scale]


# -------------------------------------------------------------------------------------------------- relative-error
@relative_error.check
def is_relative(subject: Subject, draw: Draw) -> None:
    """The error is the norm of w - back, divided by the norm of w."""
    rows, columns = draw.sizes(2, 4, 9)
    w = draw.normal(rows, columns, scale=0.5) + 0.4
    judge_error(subject, w, w + draw.normal(rows, columns, scale=0.1) - 0.03)


@relative_error.check
def whole_tensor(subject: Subject, draw: Draw) -> None:
    """It is one number for the whole tensor, 0 where nothing was lost and 1 where everything was."""
    w = draw.normal(2, 3, 4)
    for back, right in ((w.clone(), 0.0), (torch.zeros_like(w), 1.0)):
        value = _one_number(subject.probe(call, args=[w, back])["value"])
        expect_close(value, right, what="the error", id="wrong-error", hint="return (w - back).norm() / w.norm()")


def judge_error(subject: Subject, w: torch.Tensor, back: torch.Tensor) -> None:
    """Compare with a quotient of sums over all entries in float64."""
    value = _one_number(subject.probe(call, args=[w, back])["value"])
    a, d = w.double().flatten(), (w.double() - back.double()).flatten()
    n, lost, whole = len(d), float((d * d).sum()), float((a * a).sum())
    quotient = "Divide by the norm of w, so that layers of any size can be compared."
    root = "Norms, not their squares: (w - back).norm() / w.norm()."
    mistakes = (
        Mistake("not-relative", lost**0.5, "it is the norm of w - back alone", quotient),
        Mistake("not-relative", (lost / n) ** 0.5, "it is the root mean square error alone", quotient),
        Mistake("not-relative", lost / n, "it is the mean square error alone", quotient),
        Mistake("not-relative", float(d.abs().mean()), "it is the mean absolute error alone", quotient),
        Mistake("not-relative", float(d.abs().max()), "it is the largest error alone", quotient),
        Mistake("error-squared", lost / whole, "it is the quotient of the squared norms", root),
        Mistake("signs-cancel", float(d.mean()), "errors of both signs cancel in it", root),
        Mistake("signs-cancel", abs(float(d.sum() / a.sum())), "errors of both signs cancel in it", root),
        Mistake("signs-cancel", float(d.sum() / a.sum()), "errors of both signs cancel in it", root),
        Mistake("divided-by-back", lost**0.5 / float(back.double().norm()), "it divides by the norm of back",
                "What was there before is the measure: divide by w.norm()."),
        Mistake("divided-by-spread", (lost / n) ** 0.5 / float(a.std()), "it divides by the standard deviation, which "
                "is the norm only for numbers whose mean is 0", quotient),
        Mistake("entrywise", float((d / a).abs().mean()), "it is the mean of each entry's own relative error, which "
                "entries near 0 blow up", root),
        Mistake("error-of-norms", abs(whole**0.5 - float(back.double().norm())) / whole**0.5,
                "it compares two lengths; the error is the length of the difference", root),
    )  # fmt: skip
    hint = "return (w - back).norm() / w.norm()"
    expect_close(value, (lost / whole) ** 0.5, what="the error", id="wrong-error", hint=hint, mistakes=mistakes)


def _one_number(value) -> float:
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        return float(value)
    if type(value) in (int, float):
        return float(value)
    came = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else f"{value!r}"
    raise Failure("not-one-number", f"expected one number, got {came}", "Take the norm of the whole tensor.")
