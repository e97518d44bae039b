"""Checks of lab 07: integers by absmax.

Letters: x the numbers, q their codes, s the step. The judge makes x from codes that it chose, x = s (q + d) with d at
least a tenth away from the next boundary, so it knows every answer without rounding anything.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import (
    SIDES,
    TINY,
    except_ends,
    expect_integers,
    expect_step_number,
    on_grid,
    parts,
    small_taken_for_zero,
    spread,
)

quantize_absmax = Exercise("quantise-absmax", lifted=("changes-a-tensor",))

STEP = 1e-4  # of the right step: a guard such as 1e-12 beside it does no harm, the mildest mistake is beyond 1e-3


def quantized(quantize, dequantize, *, cases: list) -> dict:
    """Probe: codes and step of each case's numbers, and what has become of the numbers."""
    return {"values": [quantize(*case) for case in cases], "given": [case[0] for case in cases]}


def restored(quantize, dequantize, *, cases: list) -> dict:
    """Probe: what the student's second function makes of codes and a step, case by case."""
    return {"values": [dequantize(*case) for case in cases]}


def grid_cases(draw: Draw, bits: list[int], shapes: list[tuple[int, ...]]) -> list[tuple]:
    """Draw (x, q, s, bits) for each number of bits: shapes, sides of zero and sizes of x take turns."""
    sizes = (1.0, 0.01, 50.0)
    return [(*on_grid(draw, b, shapes[i % len(shapes)], SIDES[i % 4], sizes[i % 3]), b) for i, b in enumerate(bits)]


@quantize_absmax.check
def the_step(subject: Subject, draw: Draw) -> None:
    """The step is the largest magnitude divided by 2**(bits - 1) - 1, whichever sign it has."""
    sizes = ((4, 1e-3), (3, 1e-3), (5, TINY), (8, TINY))  # no size counts as zero
    small = [(*on_grid(draw, bits, (12,), SIDES[0], size), bits) for bits, size in sizes]
    judge_step(subject, [*grid_cases(draw, [5, 8, 3, 6, 4, 8, 7, 3], [(4, 7)]), *small])
    x, _, s = on_grid(draw, 8, (6,))
    scale = _codes_and_steps(subject, [[x]])[0][1]
    expect_step_number(scale, (6,))
    if not close(float(scale) / s, 1.0, STEP):
        text = f"without bits the step of numbers up to {x.abs().max():.3g} must be {s:.4g}, got {float(scale):.4g}"
        raise Failure("wrong-default", text, "Leave the first line as it was given: bits is 8 unless said otherwise.")
    some_zeros = torch.tensor([0.0, -1.5, 0.7, 0.0])
    scale = _codes_and_steps(subject, [[some_zeros, 3]])[0][1]
    expect_step_number(scale, (4,))
    if not close(float(scale), 0.5, STEP):
        text = f"for bits=3 and the numbers [0, -1.5, 0.7, 0] the step must be 0.5, got {float(scale):.4g}"
        raise Failure("some-zeros", text, "Only where the largest magnitude is 0 is there no step.")


def judge_step(subject: Subject, cases: list[tuple]) -> None:
    """Compare the steps of cases from grid_cases; hidden checks use it with others."""
    scales = []
    for (x, _, _, _), (_, scale) in zip(cases, _codes_and_steps(subject, [[c[0], c[3]] for c in cases]), strict=True):
        expect_step_number(scale, tuple(x.shape))
        scales.append(float(scale))
    both = "Codes run from -L to L with L = 2**(bits - 1) - 1, as many steps below zero as above: divide by L."
    magnitude = "The largest magnitude is that of the number farthest from zero, on either side."

    def rule(id: str, step, text: str, hint: str) -> Rule:
        """What a mistake makes of the largest magnitude, the ends and L; relative to the right step."""

        def gives(x: torch.Tensor, q: torch.Tensor, s: float, b: int) -> float:
            return step(float(x.abs().max()), float(x.max()), float(x.min()), 2 ** (b - 1) - 1) / s

        return Rule(id, gives, text, hint)

    rules = [
        rule("range-128", lambda c, top, low, L: c / (L + 1), "that is the magnitude divided by 2**(bits - 1): the "
             "largest number would need a code that so many bits with a sign do not have", both),
        rule("range-unsigned", lambda c, top, low, L: c / (2 * L + 1), "that is the magnitude divided by 2**bits - 1",
             both),
        rule("range-unsigned", lambda c, top, low, L: c / (2 * L + 2), "that is the magnitude divided by 2**bits",
             both),
        rule("range-unsigned", lambda c, top, low, L: c / (2 * L), "that is the magnitude divided by 2**bits - 2",
             both),
        rule("no-exact-zero", lambda c, top, low, L: 2 * c / (2 * L + 1), "the range from -c to c is cut into "
             "2**bits - 1 steps, so zero falls between two codes", both),
        rule("sign-forgotten", lambda c, top, low, L: top / L, "it follows the largest number, and the most negative "
             "one does not fit", magnitude),
        rule("sign-forgotten", lambda c, top, low, L: abs(top) / L, "it follows the largest number, and the most "
             "negative one does not fit", magnitude),
        rule("sign-forgotten", lambda c, top, low, L: -low / L, "it follows the smallest number, and the largest "
             "one does not fit", magnitude),
        rule("sign-forgotten", lambda c, top, low, L: abs(low) / L, "it follows the smallest number, and the largest "
             "one does not fit", magnitude),
        rule("step-negative", lambda c, top, low, L: (c if top == c else -c) / L, "it has the sign of the largest "
             "number", "A step is a length, never negative."),
        rule("step-negative", lambda c, top, low, L: -c / L, "it is negative", "A step is a length, never negative."),
        rule("range-used", lambda c, top, low, L: (top - low) / (2 * L), "the range from min to max was divided, so "
             "the larger side does not fit", "Absmax is symmetric: the largest magnitude divided by L."),
        rule("range-used", lambda c, top, low, L: (top - low) / (2 * L + 1), "the range from min to max was divided, "
             "so the larger side does not fit", "Absmax is symmetric: the largest magnitude divided by L."),
        rule("step-inverted", lambda c, top, low, L: L / c, "it is L / c", "A step is a length: x' = step * code."),
        rule("absmax-returned", lambda c, top, low, L: c, "it is the largest magnitude itself",
             "Divide it by L = 2**(bits - 1) - 1."),
        rule("bits-ignored", lambda c, top, low, L: c / 127, "127 is right for 8 bits only", "L = 2**(bits - 1) - 1."),
        rule("bits-ignored", lambda c, top, low, L: c / 7, "7 is right for 4 bits only", "L = 2**(bits - 1) - 1."),
        rule("bits-for-levels", lambda c, top, low, L: c / (L + 1).bit_length(), "the magnitude was divided by bits "
             "itself", "bits is an exponent: L = 2**(bits - 1) - 1."),
    ]  # fmt: skip
    rules += [Rule(id, lambda x, q, s, b, of=of: of(s) / s, *told) for id, of, *told in small_taken_for_zero()]
    for name, typical in (
        ("mean", lambda v: v.abs().mean()),
        ("norm", lambda v: v.norm()),
        ("spread", spread),
    ):
        text = f"it follows the {name} of the numbers, not the largest magnitude"
        rules.append(Rule("not-the-largest", lambda x, q, s, b, of=typical: float(of(x.double())) / (2 ** (b - 1) - 1)
                          / s, text, magnitude))  # fmt: skip
    said = [f"for {_told(*case)} the step is {scale:.6g}, expected {case[2]:.6g}"
            for case, scale in zip(cases, scales, strict=True)]  # fmt: skip
    hint = "Divide the largest magnitude of all numbers by the largest code that so many bits with a sign have."
    relative = [scale / s for scale, (_, _, s, _) in zip(scales, cases, strict=True)]
    expect_all(relative, cases, [1.0] * len(cases), told=_told, said=said, id="wrong-step", hint=hint, rules=rules,
               known="{said}: {text}", tolerance=STEP)  # fmt: skip


def _told(x: torch.Tensor, q: torch.Tensor, s: float, b: int, *_) -> str:
    return f"bits={b} and numbers from {x.min():.3g} to {x.max():.3g}"


@quantize_absmax.check(after=("the-step",))
def the_codes(subject: Subject, draw: Draw) -> None:
    """The codes are x / scale, rounded to the nearest whole number, as int8 in the shape of x."""
    judge_codes(subject, grid_cases(draw, [5, 8, 3, 6, 4, 8, 7, 3], [(4, 7)]))


def judge_codes(subject: Subject, cases: list[tuple]) -> None:
    """Compare the codes of cases from grid_cases; hidden checks use it with others."""
    got = [codes for codes, _ in _codes_and_steps(subject, [[c[0], c[3]] for c in cases])]
    for codes in got:
        expect_tensor(codes, "the first result")
    nearest = "Round to the nearest whole number before you convert: .to(torch.int8) alone cuts."

    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of ratio x / s, right codes, bits, step and, for the ends, of the codes that came."""
        return Rule(id, lambda x, q, s, b, codes: make(x.double() / s, q, b, s, codes), text, hint)

    def at_ends(way):
        return lambda r, q, b, s, codes: except_ends(way(r), codes, q.abs() == 2 ** (b - 1) - 1)

    rules = [
        rule("truncated", at_ends(torch.trunc), "the codes are cut towards zero, not rounded: the error grows to a "
             "whole step", nearest),
        rule("rounded-down", at_ends(torch.floor), "the codes are rounded down, not to the nearest", nearest),
        rule("rounded-up", at_ends(torch.ceil), "the codes are rounded up, not to the nearest", nearest),
        rule("values-not-codes", lambda r, q, b, s, codes: s * q, "the first result holds numbers on the grid, step "
             "times code", "Return the codes themselves, whole numbers; dequantise multiplies."),
        rule("codes-offset", lambda r, q, b, s, codes: q + 2 ** (b - 1), "the codes are shifted by 2**(bits - 1)",
             "Absmax codes carry a sign: zero has the code 0."),
        rule("codes-offset", lambda r, q, b, s, codes: q + 2 ** (b - 1) - 1, "the codes are shifted by "
             "2**(bits - 1) - 1", "Absmax codes carry a sign: zero has the code 0."),
        rule("codes-not-rounded", lambda r, q, b, s, codes: r, "the codes are x / scale, not rounded", nearest),
        rule("sign-lost", lambda r, q, b, s, codes: q.abs(), "the codes have lost their signs",
             "Only the step needs magnitudes: a negative number has a negative code."),
        rule("negative-lost", lambda r, q, b, s, codes: q.clamp(min=0), "every negative number has the code 0",
             "Codes run from -L to L with L = 2**(bits - 1) - 1."),
        rule("codes-unsigned", lambda r, q, b, s, codes: q % 256, "negative codes have become large positive ones",
             "A type without a sign cannot hold them; int8 has one."),
        Rule("mean-subtracted", lambda x, q, s, b, codes: ((x - x.mean()).double() / s).round(), "the mean of x is "
             "subtracted first", "Zero is to have the code 0: divide x as it is."),
        rule("codes-multiplied", lambda r, q, b, s, codes: (r * s * s).round(), "x was multiplied by the step",
             "A code counts the steps: divide by the step."),
        rule("bits-ignored", lambda r, q, b, s, codes: (r / (2 ** (b - 1) - 1) * 127).round(), "they are codes of 8 "
             "bits, and do not fit the step", "Divide x by the step that you return."),
    ]  # fmt: skip
    hint = "A code is the whole number nearest to x divided by the step that is returned with it."
    seen = [(*case, codes) for case, codes in zip(cases, got, strict=True)]
    expect_all(got, seen, [q for _, q, _, _ in cases], told=_told, what=lambda *case: f"the codes for {_told(*case)}",
               id="wrong-codes", hint=hint, rules=rules)  # fmt: skip
    for codes in got:
        expect_integers(codes, torch.int8, "int8 holds every code from -127 to 127: add .to(torch.int8).")


@quantize_absmax.check
def comes_back(subject: Subject, draw: Draw) -> None:
    """dequantize_absmax returns scale * codes, as floats in the shape of the codes."""
    shapes, sizes = [(5, 3), (6,), (), (2, 3, 2), (1, 4)], (0.35, 0.02, 0.8, 7.3, 0.5)
    cases = [
        [draw.integers(-127, 127, *shape).to(torch.int8), torch.tensor(size + draw.number(0.001, 0.01))]
        for shape, size in zip(shapes, sizes, strict=True)
    ]
    cases[0][0][0] = torch.tensor([-127, 127, 1])
    got = subject.probe(restored, cases=cases)["values"]
    for back in got:
        expect_tensor(back, "what dequantize_absmax returns")
    pairs = [(q.double(), float(s)) for q, s in cases]
    whole = "Return floats: a number comes back as a multiple of the step, seldom whole."
    rules = [
        Rule("divided-by-scale", lambda q, s: q / s, "the codes are divided by the step",
             "x / step gave the code: the way back multiplies."),
        Rule("scale-forgotten", lambda q, s: q, "the codes come back as they are", "Multiply them by the step."),
        Rule("rescaled-by-range", lambda q, s: q * s / 127, "the codes are divided by 127 as well",
             "The step holds that division already."),
        Rule("back-not-float", lambda q, s: (s * q).trunc(), "what comes back are whole numbers", whole),
        Rule("back-not-float", lambda q, s: (s * q).round(), "what comes back are whole numbers", whole),
        Rule("shape-lost", lambda q, s: (s * q).flatten(), "what comes back is flat", "Keep the shape of the codes."),
        Rule("sign-lost", lambda q, s: (s * q).abs(), "the signs are lost", "A negative code is a negative number."),
        Rule("scale-added", lambda q, s: q + s, "the step is added", "A code counts steps: multiply."),
    ]  # fmt: skip

    def told(q: torch.Tensor, s: float) -> str:
        return f"codes of shape {tuple(q.shape)} and a step of {s:.4g}"

    plain = {"id": "wrong-back", "hint": "A code says how many steps a number is away from zero."}
    if not any(back.is_floating_point() for back in got):  # whatever else may be wrong
        said = [f"for {told(*pair)}: what comes back is {got[0].dtype}, whole numbers" for pair in pairs]
        plain = {"id": "back-not-float", "hint": whole, "said": said}
    expect_all(got, pairs, lambda q, s: s * q, told=told, what=lambda q, s: f"what comes back for {told(q, s)}",
               rules=rules, **plain)  # fmt: skip


@quantize_absmax.check(after=("the-step", "the-codes"))
def zeros(subject: Subject, draw: Draw) -> None:
    """A tensor of zeros gets codes 0 and a step above 0: nothing is divided by zero."""
    cases = [[torch.zeros(3, 5), 8], [torch.zeros(4), 2], [torch.zeros(1, 2), 4]]
    for (x, _), (codes, scale) in zip(cases, _codes_and_steps(subject, cases), strict=True):
        expect_step_number(scale, tuple(x.shape))
        hint = "Where the largest magnitude is 0, let the step be any positive number, 1 for example."
        if not 0 < float(scale) < float("inf"):
            text = f"for zeros the step is {float(scale):g}, where a positive number is expected"
            raise Failure("zero-step", text + (": 0 / 0 is NaN" if float(scale) == 0 else ""), hint)
        expect_tensor(codes, "the first result")
        if codes.shape != x.shape or codes.any():
            text = f"for zeros of shape {tuple(x.shape)} the codes are {codes.tolist()}"
            raise Failure("codes-of-zeros", text, "0 divided by any positive step is 0; keep the shape.")
        expect_integers(codes, torch.int8, "Zeros are codes like others: int8.")


def _codes_and_steps(subject: Subject, cases: list[list]) -> list[list]:
    seen = subject.probe(quantized, cases=cases)
    found = []
    for (x, *_), given, value in zip(cases, seen["given"], seen["values"], strict=True):
        if not torch.equal(given, x):
            raise Failure("input-changed", "quantising changed x itself", "Leave x as it is: no in-place operations.")
        codes, scale = parts(value, "codes, scale")
        first_is_one = not isinstance(codes, torch.Tensor) or codes.numel() == 1
        if first_is_one and isinstance(scale, torch.Tensor) and scale.shape == x.shape and x.numel() > 1:
            raise Failure("results-swapped", "the step comes first and the codes second", "Write return codes, scale.")
        found.append([codes, scale])
    return found
