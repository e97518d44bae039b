"""Checks of lab 07: codes with a zero point.

Letters: x the numbers, q their codes, s the step, z the code of zero, L = 2**bits - 1 the largest code.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.probes import calls
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import (
    TINY,
    expect_integers,
    expect_step_number,
    parts,
    small_taken_for_zero,
)

quantize_zero_point = Exercise("quantise-zero-point")

NAMES = "codes, scale, zero_point"
SHAPES = ((4, 7), (28,), (2, 7, 2))
WIDEN = "Widen the range first, on the side where it does not reach 0, so that it contains 0."


def between(draw: Draw, low: float, high: float, bits: int, shape: tuple[int, ...] = SHAPES[0]) -> torch.Tensor:
    """Draw 28 numbers from low to high, both ends among them, none near the middle between two codes."""
    L = 2**bits - 1
    s, q = (max(high, 0) - min(low, 0)) / L, draw.integers(0, L, 26)
    d = (0.1 + 0.3 * draw.integers(0, 99, 26) / 99) * (2 * draw.integers(0, 1, 26) - 1)
    d[:4] = torch.tensor([0.35, -0.35, 0.35, -0.35], dtype=torch.float64)
    z = round(-min(low, 0) / s)
    x = (s * (q - z + d)).clamp(low, high)
    if low < 0 < high:
        x[4:6] = 0.0  # zero itself, which must get the code z
    return torch.cat([torch.tensor([low, high]), x]).float().reshape(shape)


def around_zero(draw: Draw, bits: list[int], fractions: tuple[float, ...] = (0.3, 0.7)) -> list[tuple]:
    """Draw (x, bits) for each number of bits: the lower end lies `fraction` of a step beyond a whole number of them."""
    cases = []
    for i, b in enumerate(bits):
        s, L = draw.number(0.2, 0.4) * (1.0, 0.01, 20.0)[i % 3], 2**b - 1
        below = draw.integer(L // 5, max(L // 5, L // 3)) + fractions[i % len(fractions)]
        below = L - below if i % 4 > 1 else below  # the longer side in turn above zero and below it
        cases.append((between(draw, -s * below, s * (L - below), b, SHAPES[i % 3]), b))
    return cases


def one_sided(draw: Draw, bits: list[int]) -> list[tuple]:
    """Draw (x, bits) for each number of bits, in turn all above zero and all below it."""
    cases = []
    for i, b in enumerate(bits):
        L, far = 2**b - 1, draw.number(4.1, 4.9)
        near = far / L * (L // 3 + 0.2)
        x = between(draw, near, far, b, SHAPES[i % 3])
        cases.append((-x if i % 2 else x, b))
    return cases


@quantize_zero_point.check
def whole_range(subject: Subject, draw: Draw) -> None:
    """The step is the range from min to max, divided by 2**bits - 1."""
    tiny = [(TINY * x, bits) for x, bits in around_zero(draw, [4, 8])]  # no size counts as zero
    judge_range(subject, [*around_zero(draw, [4, 8, 3, 2, 6, 8, 5, 7]), *tiny], ("step",))
    x = between(draw, -0.6, draw.number(2.1, 2.9), 8)
    scale = parts(subject.probe(calls, cases=[[x]])["values"][0], NAMES)[1]
    expect_step_number(scale, tuple(x.shape))
    s = float(x.max() - x.min()) / 255
    if not 0.999 < float(scale) / s < 1.001:
        text = f"without bits the step of numbers from {x.min():.3g} to {x.max():.3g} must be {s:.4g}, got {scale:.4g}"
        raise Failure("wrong-default", text, "Leave the first line as it was given: bits is 8 unless said otherwise.")


@quantize_zero_point.check(after=("whole-range",))
def zero_has_a_code(subject: Subject, draw: Draw) -> None:
    """The zero point is the whole number round(-min / scale): zero has a code of its own."""
    judge_range(subject, around_zero(draw, [4, 8, 3, 2, 6, 8, 5, 7]), ("zero point",))


@quantize_zero_point.check(after=("zero-has-a-code",))
def codes_from_zero(subject: Subject, draw: Draw) -> None:
    """The codes are round(x / scale) + zero_point, as uint8 from 0 to 2**bits - 1."""
    judge_range(subject, around_zero(draw, [8, 4, 3, 2, 6, 8, 5, 7], (0.4, 0.6)), ("codes",))


@quantize_zero_point.check(after=("codes-from-zero",))
def range_is_widened(subject: Subject, draw: Draw) -> None:
    """A range without zero is first widened to contain it."""
    judge_range(subject, one_sided(draw, [8, 8, 4, 5]), ("step", "zero point", "codes"))


@quantize_zero_point.check(after=("codes-from-zero",))
def ends_fit(subject: Subject, draw: Draw) -> None:
    """No code leaves the range from 0 to 2**bits - 1, even where two roundings add up."""
    for bits in (8, 4, 3):
        L = 2**bits - 1
        x = torch.tensor([-1.5, L - 1.5, 2.2])  # step 1; round(1.5) is 2, and so L - 1.5 goes to L - 1 + 2
        codes = parts(subject.probe(calls, cases=[[x, bits]])["values"][0], NAMES)[0]
        expect_tensor(codes, "the first result")
        last = float(codes.flatten()[1])
        if last > L or last < L - 2:
            passed = f"{last:g}" if last > L else f"{last:g}: it passed {L} and started again at 0"
            text = f"for bits={bits} the largest number gets the code {passed}, where codes end at {L}"
            raise Failure("codes-not-clamped", text, f"Codes beyond {L} become {L}, before they are converted.")


@quantize_zero_point.check(after=("codes-from-zero",))
def all_zeros(subject: Subject, draw: Draw) -> None:
    """A tensor of zeros gets a step above 0: nothing is divided by zero, and zeros come back."""
    cases = [[torch.zeros(2, 3), 8], [torch.zeros(4), 3]]
    for (x, bits), value in zip(cases, subject.probe(calls, cases=cases)["values"], strict=True):
        codes, scale, z = parts(value, NAMES)
        expect_step_number(scale, tuple(x.shape))
        expect_step_number(z, tuple(x.shape), "zero point")
        if not 0 < float(scale) < float("inf"):
            text = f"for zeros the step is {float(scale):g}, where a positive number is expected: 0 / 0 is NaN"
            raise Failure("zero-step", text, "Where the range is 0, let the step be any positive number.")
        expect_tensor(codes, "the first result")
        if not 0 <= float(z) <= 2**bits - 1 or codes.shape != x.shape or (codes.double() != float(z)).any():
            text = f"for zeros of shape {tuple(x.shape)} the codes are {codes.tolist()} and the zero point {float(z):g}"
            raise Failure("zeros-lost", text, "Zero comes back as zero only if its code is the zero point.")
        expect_integers(codes, torch.uint8, "Zeros have codes like others: uint8.")


def judge_range(subject: Subject, cases: list[tuple], which: tuple[str, ...]) -> None:
    """Compare step, zero point and codes of cases (x, bits); hidden checks use it with other numbers."""
    values = subject.probe(calls, cases=[list(case) for case in cases])["values"]
    found = [parts(value, NAMES) for value in values]
    for (x, _), (_, scale, z) in zip(cases, found, strict=True):
        expect_step_number(scale, tuple(x.shape))
        expect_step_number(z, tuple(x.shape), "zero point")
    codes, scales, zs = ([one[k] for one in found] for k in range(3))
    if "step" in which:
        _judge_steps(cases, [float(scale) for scale in scales])
    if "zero point" in which:
        _judge_zero_points(cases, [float(z) for z in zs])
    if "codes" in which:
        for one in codes:
            expect_tensor(one, "the first result")
        _judge_codes(cases, codes)


def _ends(x: torch.Tensor, bits: int) -> tuple[float, float, float, int]:
    """Both ends of the widened range, the step, and the code of zero."""
    low, high = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
    s = (high - low) / (2**bits - 1)
    return low, high, s, round(-low / s)


def _where(x: torch.Tensor, bits: int) -> str:
    return f"bits={bits} and numbers from {x.min():.3g} to {x.max():.3g}"


def _judge_steps(cases: list[tuple], got: list[float]) -> None:
    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of the numbers' ends, those of the widened range, and L; relative to the right step."""

        def gives(x: torch.Tensor, bits: int) -> float:
            low, high, s, z = _ends(x, bits)
            return make(float(x.min()), float(x.max()), low, high, 2**bits - 1, z) / s

        return Rule(id, gives, text, hint)

    one_range = "The zero point saves the codes of the side without numbers: the range is no longer than the numbers."
    levels = "Between 2**bits codes lie 2**bits - 1 steps."
    rules = [
        rule("levels-not-steps", lambda a, b, low, high, L, z: (high - low) / (L + 1), "the range was divided by the "
             "number of codes", levels),
        rule("levels-not-steps", lambda a, b, low, high, L, z: (high - low) / (L - 1), "the range was divided by "
             "2**bits - 2", levels),
        rule("range-halved", lambda a, b, low, high, L, z: (high - low) / (L // 2), "the range was divided by "
             "2**(bits - 1) - 1", "Codes run from 0 to 2**bits - 1 here: all of them serve the one range."),
        rule("range-halved", lambda a, b, low, high, L, z: (high - low) / (L // 2 + 1), "the range was divided by "
             "2**(bits - 1)", "Codes run from 0 to 2**bits - 1 here: all of them serve the one range."),
        rule("symmetric-range", lambda a, b, low, high, L, z: 2 * max(-low, high) / L, "it is that of a range "
             "symmetric about zero", one_range),
        rule("symmetric-range", lambda a, b, low, high, L, z: max(-low, high) / (L // 2), "it is that of absmax",
             one_range),
        rule("symmetric-range", lambda a, b, low, high, L, z: max(-low, high) / L, "it is the largest magnitude "
             "divided by 2**bits - 1", "The range reaches from the lowest number to the highest."),
        rule("range-without-zero", lambda a, b, low, high, L, z: (b - a) / L, "the range does not contain zero, so "
             "zero gets no code and padding does not come back as 0", WIDEN),
        rule("one-end-widened", lambda a, b, low, high, L, z: (b - low) / L, "the range is widened at its lower end "
             "only", WIDEN),
        rule("one-end-widened", lambda a, b, low, high, L, z: (high - a) / L, "the range is widened at its upper end "
             "only", WIDEN),
        rule("results-swapped", lambda a, b, low, high, L, z: z, "the second result is the zero point",
             f"Write return {NAMES}."),
        rule("minimum-forgotten", lambda a, b, low, high, L, z: high / L, "the part below zero is missing",
             "The range reaches from the lowest number to the highest: their difference."),
        rule("minimum-added", lambda a, b, low, high, L, z: abs(high + low) / L, "the lower end was added, not "
             "subtracted", "The range reaches from the lowest number to the highest: their difference."),
        rule("minimum-added", lambda a, b, low, high, L, z: (high + low) / L, "the lower end was added, not "
             "subtracted", "The range reaches from the lowest number to the highest: their difference."),
        rule("range-returned", lambda a, b, low, high, L, z: high - low, "it is the whole range", levels),
        rule("bits-ignored", lambda a, b, low, high, L, z: (high - low) / 255, "255 is right for 8 bits only",
             "The largest code depends on bits."),
        rule("step-inverted", lambda a, b, low, high, L, z: L / (high - low), "it is upside down",
             "A step is a length: x' = step * (code - zero point)."),
    ]  # fmt: skip
    rules += [Rule(id, lambda x, bits, of=of: of(_ends(x, bits)[2]) / _ends(x, bits)[2], *told)
              for id, of, *told in small_taken_for_zero()]  # fmt: skip
    right = [_ends(x, bits)[2] for x, bits in cases]
    said = [f"for {_where(x, bits)} the step is {scale:.4g}, expected {s:.4g}"
            for (x, bits), scale, s in zip(cases, got, right, strict=True)]  # fmt: skip
    expect_all([scale / s for scale, s in zip(got, right, strict=True)], cases, [1.0] * len(cases), told=_where,
               said=said, id="wrong-step", rules=rules, known="{said}: {text}", tolerance=1e-4,
               hint="The range from the lowest number, at most 0, to the highest, at least 0, in as many steps as lie "
               "between the codes.")  # fmt: skip


def _judge_zero_points(cases: list[tuple], got: list[float]) -> None:
    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of the range's ends in steps, the right zero point, bits, and the lower end itself."""

        def gives(x: torch.Tensor, bits: int) -> float:
            low, high, s, z = _ends(x, bits)
            return float(make(low / s, high / s, z, bits, low))

        return Rule(id, gives, text, hint)

    whole = "Round it: it is itself a code, and only then does zero come back as exactly 0."
    sign = "The lowest number has the code 0, so zero lies above it."
    rules = [
        rule("zero-point-not-whole", lambda low, high, z, b, m: -low, "it lies between two codes, and zero would not "
             "come back as 0", whole),
        rule("zero-point-cut", lambda low, high, z, b, m: int(-low), "it was cut, not rounded", "Use round(), not "
             "int()."),
        rule("zero-point-cut", lambda low, high, z, b, m: int(-low) + 1, "it was rounded up", "Round to the nearest."),
        rule("zero-point-negative", lambda low, high, z, b, m: -z, "the sign is wrong", sign),
        rule("zero-point-negative", lambda low, high, z, b, m: low, "the sign is wrong, and it is not rounded", sign),
        rule("signed-codes", lambda low, high, z, b, m: z - 2 ** (b - 1), "that belongs to codes with a sign",
             "Codes run from 0 to 2**bits - 1 here."),
        rule("minimum-returned", lambda low, high, z, b, m: m, "it is the minimum itself",
             "Return the code of zero, a whole number."),
        rule("minimum-returned", lambda low, high, z, b, m: -m, "it is the minimum itself, with its sign turned",
             "Return the code of zero, a whole number: divide by the step, and round."),
        rule("minimum-returned", lambda low, high, z, b, m: round(m), "it is the minimum itself, rounded",
             "Return the code of zero: divide by the step, then round."),
        rule("minimum-returned", lambda low, high, z, b, m: round(-m), "it is the minimum itself, rounded",
             "Return the code of zero: divide by the step, then round."),
        rule("zero-point-from-top", lambda low, high, z, b, m: round(high), "it was counted from the top", sign),
        rule("middle-of-codes", lambda low, high, z, b, m: 2 ** (b - 1), "it is the middle of all codes",
             "It depends on the numbers: the range is not symmetric."),
        rule("middle-of-codes", lambda low, high, z, b, m: 2 ** (b - 1) - 1, "it is the middle of all codes",
             "It depends on the numbers: the range is not symmetric."),
        rule("zero-point-zero", lambda low, high, z, b, m: 0, "it is 0: then nothing can be below zero", sign),
    ]  # fmt: skip
    right = [float(_ends(x, bits)[3]) for x, bits in cases]
    said = [f"for {_where(x, bits)} the zero point is {z:.4g}, expected {want:g}"
            for (x, bits), z, want in zip(cases, got, right, strict=True)]  # fmt: skip
    expect_all(got, cases, right, told=_where, said=said, id="wrong-zero-point", rules=rules, tolerance=1e-6,
               known="{said}: {text}",
               hint="It is the code of zero: how many whole steps zero lies above the lower end.")  # fmt: skip


def _judge_codes(cases: list[tuple], got: list[torch.Tensor]) -> None:
    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of x / s, the zero point, the largest code and the lower end in steps."""

        def gives(x: torch.Tensor, bits: int) -> torch.Tensor:
            low, _, s, z = _ends(x, bits)
            return make(x.double() / s, z, 2**bits - 1, low / s)

        return Rule(id, gives, text, hint)

    nearest = "Round to the nearest whole number of steps, then add the zero point."
    rules = [
        rule("zero-point-not-added", lambda r, z, L, low: r.round(), "the zero point is not added", nearest),
        rule("zero-point-not-added", lambda r, z, L, low: r.round().clamp(0, L), "the zero point is not added",
             nearest),
        rule("zero-point-not-added", lambda r, z, L, low: r.round() % 256, "the zero point is not added", nearest),
        rule("zero-point-subtracted", lambda r, z, L, low: (r.round() - z).clamp(0, L), "the zero point is subtracted",
             "x' = s (q - z), so the code is larger than x / s by z."),
        rule("counted-from-minimum", lambda r, z, L, low: (r - low).round(), "the codes count steps from the minimum, "
             "which is no multiple of the step: they do not fit the zero point", nearest),
        rule("truncated", lambda r, z, L, low: (r.trunc() + z).clamp(0, L), "the codes are cut, not rounded", nearest),
        rule("truncated", lambda r, z, L, low: (r + z).trunc().clamp(0, L), "the codes are cut, not rounded", nearest),
        rule("truncated", lambda r, z, L, low: (r - low).trunc().clamp(0, L), "the codes are cut, not rounded",
             nearest),
        rule("rounded-up", lambda r, z, L, low: (r.ceil() + z).clamp(0, L), "the codes are rounded up", nearest),
        rule("half-added", lambda r, z, L, low: ((r + 0.5).trunc() + z).clamp(0, L), "half is added and the rest cut "
             "towards zero, which rounds up what is below zero", nearest),
        rule("codes-not-rounded", lambda r, z, L, low: r + z, "the codes are not rounded", nearest),
        rule("codes-not-rounded", lambda r, z, L, low: (r + z).clamp(0, L), "the codes are not rounded", nearest),
        rule("cut-before-shift", lambda r, z, L, low: r.round().clamp(0, L) + z, "the steps are cut to the codes' "
             "range before the zero point is added, so that every number below zero is lost", nearest),
        rule("cut-before-shift", lambda r, z, L, low: (r.round().clamp(0, L) + z) % 256, "the steps are cut to the "
             "codes' range before the zero point is added, so that every number below zero is lost", nearest),
        rule("signed-codes", lambda r, z, L, low: (r.round() + z).clamp(-(L + 1) // 2, L // 2) % 256, "the codes are "
             "cut to the range of codes with a sign", "Codes run from 0 to 2**bits - 1 here."),
        rule("shape-lost", lambda r, z, L, low: (r.round() + z).clamp(0, L).flatten(), "the codes are flat",
             "Give them the shape of x."),
    ]  # fmt: skip
    for codes in got:
        if codes.dtype == torch.int8:  # its numbers beyond 127 are no longer what they were
            expect_integers(codes, torch.uint8, "int8 ends at 127; codes run to 255: .to(torch.uint8).")

    def right(x: torch.Tensor, bits: int) -> torch.Tensor:
        _, _, s, z = _ends(x, bits)
        return ((x.double() / s).round() + z).clamp(0, 2**bits - 1)

    expect_all(got, cases, right, told=_where, what=lambda *case: f"the codes for {_where(*case)}", id="wrong-codes",
               hint=nearest, rules=rules)  # fmt: skip
    for codes in got:
        expect_integers(codes, torch.uint8, "uint8 holds the codes from 0 to 255: add .to(torch.uint8).")
