"""Checks of lab 07: codes with a zero point, and steps for blocks of numbers.

Letters: x the numbers, q their codes, s a step, z the code of zero; n numbers, k in a block, m = ceil(n / k) blocks.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import except_ends, expect_integers, expect_step_number, parts

quantize_zero_point = Exercise("quantise-zero-point")
quantize_blocks = Exercise("quantise-blocks")


# --------------------------------------------------------------------------------------------- quantise-zero-point
def between(draw: Draw, low: float, high: float, bits: int) -> torch.Tensor:
    """Draw 28 numbers from low to high, both ends among them, none near the middle between two codes."""
    L = 2**bits - 1
    s, q = (max(high, 0) - min(low, 0)) / L, draw.integers(0, L, 26)
    d = (0.1 + 0.3 * draw.integers(0, 99, 26) / 99) * (2 * draw.integers(0, 1, 26) - 1)
    d[:4] = torch.tensor([0.35, -0.35, 0.35, -0.35], dtype=torch.float64)
    z = round(-min(low, 0) / s)
    x = (s * (q - z + d)).clamp(low, high)
    return torch.cat([torch.tensor([low, high]), x]).float().reshape(4, 7)


@quantize_zero_point.check
def whole_range(subject: Subject, draw: Draw) -> None:
    """The step is the range from min to max, divided by 2**bits - 1."""
    for bits in (8, 4):
        judge_range(subject, between(draw, -draw.number(0.6, 0.9), draw.number(2.1, 2.9), bits), bits, "step")


@quantize_zero_point.check(after=("whole-range",))
def zero_has_a_code(subject: Subject, draw: Draw) -> None:
    """The zero point is the whole number round(-min / scale): zero has a code of its own."""
    # -min / scale is 0.3 beyond a whole number for one range and 0.3 below it for the other
    for bits, fraction in ((8, 0.3), (4, 0.7)):
        below = (draw.integer(3, 5) if bits == 4 else draw.integer(50, 70)) + fraction
        s = draw.number(0.2, 0.4)
        judge_range(subject, between(draw, -s * below, s * (2**bits - 1 - below), bits), bits, "zero point")


@quantize_zero_point.check(after=("zero-has-a-code",))
def codes_from_zero(subject: Subject, draw: Draw) -> None:
    """The codes are round(x / scale) + zero_point, as uint8 from 0 to 2**bits - 1."""
    for bits, fraction in ((8, 0.4), (4, 0.6)):
        below, s = (3 if bits == 4 else 60) + fraction, draw.number(0.2, 0.4)
        judge_range(subject, between(draw, -s * below, s * (2**bits - 1 - below), bits), bits, "codes")


@quantize_zero_point.check
def one_sided(subject: Subject, draw: Draw) -> None:
    """A range without zero is first widened to contain it."""
    high = draw.number(4.1, 4.9)
    x = between(draw, high / 255 * (draw.integer(70, 110) + 0.2), high, 8)
    for which in ("step", "zero point", "codes"):
        judge_range(subject, x, 8, which)


@quantize_zero_point.check(after=("codes-from-zero",))
def ends_fit(subject: Subject, draw: Draw) -> None:
    """No code leaves the range from 0 to 2**bits - 1, even where two roundings add up."""
    for bits in (8, 4):
        L = 2**bits - 1
        x = torch.tensor([-1.5, L - 1.5, 2.2])  # step 1; round(1.5) is 2, and so L - 1.5 goes to L - 1 + 2
        codes = parts(subject.probe(call, args=[x, bits])["value"], "codes, scale, zero_point")[0]
        expect_tensor(codes, "the first result")
        last = float(codes.flatten()[1])
        if last > L or last < L - 2:
            passed = f"{last:g}" if last > L else f"{last:g}: it passed {L} and started again at 0"
            text = f"for bits={bits} the largest number gets the code {passed}, where codes end at {L}"
            raise Failure("codes-not-clamped", text, f"Add .clamp(0, {L}) before converting to uint8.")


@quantize_zero_point.check
def all_zeros(subject: Subject, draw: Draw) -> None:
    """A tensor of zeros gets a step above 0: nothing is divided by zero."""
    _, scale, z = parts(subject.probe(call, args=[torch.zeros(2, 3), 8])["value"], "codes, scale, zero_point")
    expect_step_number(scale, (2, 3))
    expect_step_number(z, (2, 3), "zero point")
    if not float(scale) > 0:
        raise Failure("zero-step", f"for zeros the step is {float(scale):g}, so every code is 0 / 0, NaN",
                      "Where the range is 0, let the step be any positive number.")  # fmt: skip


def judge_range(subject: Subject, x: torch.Tensor, bits: int, which: str) -> None:
    """Compare step, zero point or codes of x; hidden checks use it with other numbers."""
    codes, scale, z = parts(subject.probe(call, args=[x, bits])["value"], "codes, scale, zero_point")
    expect_step_number(scale, tuple(x.shape))
    expect_step_number(z, tuple(x.shape), "zero point")
    numbers, L = x.double(), 2**bits - 1
    lowest, highest = float(numbers.min()), float(numbers.max())
    low, high = min(lowest, 0.0), max(highest, 0.0)
    s, c = (high - low) / L, max(-low, high)
    right_z = round(-low / s)
    where = f"for numbers from {lowest:.3f} to {highest:.3f} and bits={bits}"
    if which == "step":
        came = f"{where} the step is {float(scale):.4g}"
        widen = "Widen the range first: low = min(x.min(), 0), high = max(x.max(), 0)."
        mistakes = (
            Mistake("levels-not-steps", (high - low) / (L + 1), f"{came}: the range was divided by {L + 1}, the number "
                    "of codes", f"Between {L + 1} codes lie {L} steps: divide by 2**bits - 1."),
            Mistake("range-halved", (high - low) / (L // 2), f"{came}: the range was divided by {L // 2}",
                    "Codes run from 0 to 2**bits - 1 here: all of them serve the one range."),
            Mistake("symmetric-range", 2 * c / L, f"{came}, that of a range symmetric about zero",
                    "The zero point saves the codes of the side without numbers: high - low, not 2 max|x|."),
            Mistake("symmetric-range", c / (L // 2), f"{came}, that of absmax",
                    "The zero point saves the codes of the side without numbers: high - low, not max|x|."),
            Mistake("range-without-zero", (highest - lowest) / L, f"{came}: the range does not contain zero, so zero "
                    "gets no code and padding does not come back as 0", widen),
            Mistake("results-swapped", right_z, f"{where} the second result is {right_z}, the zero point",
                    "Write return codes, scale, zero_point."),
            Mistake("minimum-forgotten", high / L, f"{came}: the part below zero is missing", "high - low."),
            Mistake("bits-ignored", (high - low) / 255, f"{came}: 255 is right for 8 bits only", "2**bits - 1."),
        )  # fmt: skip
        hint = "scale = (high - low) / (2**bits - 1), with low at most 0 and high at least 0"
        what = f"{where} the step"
        expect_close(float(scale), s, what=what, id="wrong-step", hint=hint, mistakes=mistakes, tolerance=1e-6)
    elif which == "zero point":
        came = f"{where} the zero point is {float(z):.4g}"
        whole = "Round it: it is itself a code, and only then does zero come back as exactly 0."
        half = 2 ** (bits - 1)
        mistakes = (
            Mistake("zero-point-not-whole", -low / s, f"{came}, between two codes: zero would come back as "
                    f"{s * (right_z + low / s):.3g}", whole),
            Mistake("zero-point-cut", int(-low / s), f"{came}: it was cut, not rounded", "Use round(), not int()."),
            Mistake("zero-point-cut", int(-low / s) + 1, f"{came}: it was rounded up", "Round to the nearest."),
            Mistake("zero-point-negative", -right_z, f"{came}: the sign is wrong", "The code of zero is -low / scale."),
            Mistake("zero-point-negative", round(low / s) , f"{came}: the sign is wrong",
                    "The code of zero is -low / scale, which is not negative."),
            Mistake("signed-codes", right_z - half, f"{came}: that belongs to codes from {-half} to {half - 1}",
                    f"Codes run from 0 to {L} here."),
            Mistake("minimum-returned", low, f"{came}, the minimum itself",
                    "Return the code of zero, a whole number: round(-low / scale)."),
            Mistake("zero-point-from-top", round(high / s), f"{came}: it was counted from the top",
                    "The lowest number has the code 0, so zero has the code -low / scale."),
        )  # fmt: skip
        hint = "zero_point = (-low / scale).round()"
        expect_close(float(z), right_z, what=f"{where} the zero point", id="wrong-zero-point", hint=hint,
                     mistakes=mistakes)  # fmt: skip
    else:
        expect_tensor(codes, "the first result")
        ratio = numbers / s
        right = (ratio.round() + right_z).clamp(0, L)
        nearest = "Round to the nearest whole number of steps, then add the zero point."
        mistakes = (
            Mistake("zero-point-not-added", ratio.round(), "the zero point is not added", nearest),
            Mistake("zero-point-subtracted", (ratio.round() - right_z).clamp(0, L), "the zero point is subtracted",
                    "x' = s (q - z), so q = x / s + z."),
            Mistake("counted-from-minimum", ((numbers - low) / s).round(), "the codes count steps from the minimum, "
                    "which is no multiple of the step: they do not fit the zero point", nearest),
            Mistake("truncated", (ratio.trunc() + right_z).clamp(0, L), "the codes are cut, not rounded", nearest),
            Mistake("truncated", (ratio + right_z).trunc().clamp(0, L), "the codes are cut, not rounded", nearest),
        )  # fmt: skip
        if codes.dtype == torch.int8:  # its numbers beyond 127 are no longer what they were
            expect_integers(codes, torch.uint8, "int8 ends at 127; codes run to 255: .to(torch.uint8).")
        hint = "((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8)"
        expect_close(codes, right, what=f"{where} the codes", id="wrong-codes", hint=hint, mistakes=mistakes)
        expect_integers(codes, torch.uint8, "uint8 holds the codes from 0 to 255: add .to(torch.uint8).")


# ------------------------------------------------------------------------------------------------- quantise-blocks
def blocked(quantize, dequantize, *, x, bits: int, block: int) -> dict:
    """Probe: codes and steps of x."""
    return {"value": quantize(x, bits, block)}


def unblocked(quantize, dequantize, *, codes, scales, block: int) -> dict:
    """Probe: what the student's second function makes of codes and steps."""
    return {"value": dequantize(codes, scales, block)}


def in_blocks(draw: Draw, shape: tuple[int, ...], bits: int, block: int) -> tuple[torch.Tensor, torch.Tensor, list]:
    """Draw numbers whose blocks have known steps, all different; the largest of each stands at its start or end."""
    n, L, q, steps = torch.Size(shape).numel(), 2 ** (bits - 1) - 1, [], []
    for place, start in enumerate(range(0, n, block)):
        count = min(block, n - start)
        part = draw.integers(-(L - 1), L - 1, count).double()
        edge = 0 if place % 2 else -1
        part[edge] = L if place % 2 else -L
        q.append(part)
        steps.append(round(0.1 + 0.15 * ((5 * place) % 7) + draw.number(0, 0.05), 3))
    d = torch.where(torch.cat(q).abs() == L, 0.0, 0.2) * (1 - 2 * (torch.arange(n) // 2 % 2))
    each = torch.tensor(steps, dtype=torch.float64).repeat_interleave(block)[:n]
    return ((torch.cat(q) + d) * each).float().reshape(shape), torch.cat(q).reshape(shape), steps


@quantize_blocks.check
def step_per_block(subject: Subject, draw: Draw) -> None:
    """Every block of consecutive numbers has its own step, the last block too when it is shorter."""
    judge_blocks(subject, draw, (5, 7), 8, 8, "steps")
    judge_blocks(subject, draw, (3, 11), 5, 6, "steps")


@quantize_blocks.check(after=("step-per-block",))
def codes_per_block(subject: Subject, draw: Draw) -> None:
    """Every number is divided by the step of its own block; the codes are int8 in the shape of x."""
    judge_blocks(subject, draw, (5, 7), 8, 8, "codes")


@quantize_blocks.check
def blocks_come_back(subject: Subject, draw: Draw) -> None:
    """dequantize_blocks multiplies every code by the step of its own block and keeps the shape."""
    codes = draw.integers(-127, 127, 5, 7).to(torch.int8)
    scales = torch.tensor([0.2, 0.5, 0.3, 0.9, 0.7]) + draw.number(0, 0.05)
    back = subject.probe(unblocked, codes=codes, scales=scales, block=8)["value"]
    expect_tensor(back, "what dequantize_blocks returns")
    flat, steps = codes.double().flatten(), scales.double()
    own = torch.tensor([i // 8 for i in range(35)])
    mistakes = (
        Mistake("scales-tiled", (flat * steps[torch.arange(35) % 5]).reshape(5, 7), "the steps follow one another "
                "number by number, 0, 1, 2, ...; each must be used for a whole block first",
                "Tensor.repeat repeats the whole list; repeat_interleave repeats each entry."),
        Mistake("scale-per-row", codes.double() * steps[:, None], "each row gets a step",
                "Blocks run on over the ends of rows: number i of the flat tensor is in block i // block."),
        Mistake("first-scale-only", codes.double() * steps[0], "every number gets the first step",
                "Number i of the flat tensor is in block i // block."),
        Mistake("shape-lost", flat * steps[own], "what comes back is flat", "Reshape it like the codes."),
    )  # fmt: skip
    hint = "Repeat each step block times, cut the list at n, multiply, and reshape."
    expect_close(back, (flat * steps[own]).reshape(5, 7), what="what comes back", id="wrong-back", hint=hint,
                 mistakes=mistakes)  # fmt: skip


@quantize_blocks.check
def block_of_zeros(subject: Subject, draw: Draw) -> None:
    """A block of zeros gets codes 0 and a step above 0, and changes nothing for its neighbours."""
    x = torch.cat([draw.normal(4), torch.zeros(4), draw.normal(3)])
    codes, scales = parts(subject.probe(blocked, x=x, bits=8, block=4)["value"], "codes, scales")
    expect_tensor(scales, "the second result")
    if scales.numel() != 3 or not float(scales.flatten()[1]) > 0:
        came = [round(v, 4) for v in scales.flatten().tolist()]
        raise Failure("zero-step", f"for three blocks, the middle one all zeros, the steps are {came}",
                      "Where a block's largest magnitude is 0, let its step be any positive number.")  # fmt: skip
    expect_tensor(codes, "the first result")
    expect_close(codes.flatten()[4:8], torch.zeros(4), what="the codes of zeros", id="wrong-codes",
                 hint="0 divided by any positive step is 0.")  # fmt: skip


def judge_blocks(subject: Subject, draw: Draw, shape: tuple[int, ...], bits: int, block: int, which: str) -> None:
    """Compare steps or codes with those that x was made from; hidden checks use it with other sizes."""
    x, q, steps = in_blocks(draw, shape, bits, block)
    codes, scales = parts(subject.probe(blocked, x=x, bits=bits, block=block)["value"], "codes, scales")
    expect_tensor(scales, "the second result")
    n, L, m, flat = x.numel(), 2 ** (bits - 1) - 1, len(steps), x.double().flatten()
    right = torch.tensor(steps, dtype=torch.float64)
    where = f"for {tuple(shape)}, {n} numbers in blocks of {block},"
    if which == "codes":
        expect_tensor(codes, "the first result")
        ratio = x.double() / right.repeat_interleave(block)[:n].reshape(shape)
        mistakes = (
            Mistake("shape-lost", q.flatten(), "the codes are flat", "Give them the shape of x."),
            Mistake("truncated", except_ends(ratio.trunc(), codes, q.abs() == L), "the codes are cut, not rounded",
                    "Round to the nearest."),
            Mistake("first-scale-only", (x.double() / right[0]).round(), "every number is divided by the first step",
                    "Divide each row of the reshaped tensor by its own step: scales[:, None]."),
        )  # fmt: skip
        hint = "Divide each block by its own step, round, and cut off what filled up the last block."
        expect_close(codes, q, what=f"{where} the codes", id="wrong-codes", hint=hint, mistakes=mistakes)
        expect_integers(codes, torch.int8, "Add .to(torch.int8).")
        return

    def cut(pieces) -> torch.Tensor:
        return torch.stack([p.abs().max() for p in pieces]) / L

    whole, last = n // block, m - 1
    rows = [part for row in x.double().reshape(-1, shape[-1]) for part in row.split(block)]
    columns = x.double().transpose(0, -1).flatten()
    fill = "Fill the last block up with zeros, or treat it by itself; zeros do not change its largest magnitude."
    run_on = "Flatten first: number i is in block i // block, whatever the row."
    edge = "Block j holds the numbers j * block up to, not including, (j + 1) * block."
    mistakes = [
        Mistake("last-block-dropped", right[:whole], f"{where} there are {whole} steps: the {n % block} numbers at the "
                "end have none", fill),
        Mistake("one-scale", flat.abs().max() / L, f"{where} there is one step for all", "One step for each block."),
        Mistake("one-scale", flat.abs().max().reshape(1) / L, f"{where} there is one step for all",
                "One step for each block."),
        Mistake("blocks-end-with-rows", cut(rows), f"{where} there are {len(rows)} steps: each row was cut by itself",
                run_on),
        Mistake("row-is-a-block", cut(x.double().reshape(-1, shape[-1])), f"{where} each row has one step", run_on),
        Mistake("columns-first", cut(columns.split(block)), f"{where} the blocks run down the columns", run_on),
        Mistake("numbers-dealt-out", cut([flat[j::m] for j in range(m)]), f"{where} the blocks take turns number by "
                "number", "Reshape to (m, block), one block a row; (block, m) deals the numbers out."),
        Mistake("edge-off-by-one", cut([flat[j * block : (j + 1) * block + 1] for j in range(m)]), f"{where} each "
                "block also looks at the first number of the next", edge),
        Mistake("edge-off-by-one", cut([p for p in (flat[:1], *flat[1:].split(block)) if len(p)]), f"{where} the "
                "blocks start one number late", edge),
        Mistake("range-128", right * L / (L + 1), f"{where} the magnitudes are divided by {L + 1}",
                "Divide by 2**(bits - 1) - 1, as without blocks."),
        Mistake("absmax-returned", right * L, f"{where} the magnitudes themselves are returned",
                "Divide them by 2**(bits - 1) - 1."),
        Mistake("sign-forgotten", torch.stack([p.max() for p in flat.split(block)]) / L, f"{where} they follow the "
                "largest number of a block, not the largest magnitude", "abs() before amax()."),
    ]  # fmt: skip
    if block > 1 and n % block != 1:
        short = cut([flat[j * block : (j + 1) * block - 1] for j in range(m)])
        mistakes.append(Mistake("edge-off-by-one", short, f"{where} each full block misses its last number", edge))
    if whole and whole < m:
        merged = torch.cat([right[: last - 1], right[last - 1 :].max().reshape(1)])
        mistakes.append(Mistake("last-block-merged", merged, f"{where} the last, shorter block was merged into the one "
                                "before it", fill))  # fmt: skip
    hint = "Flatten, fill up to a multiple of block with zeros, reshape to (m, block), amax over dimension 1."
    expect_close(scales, right, what=f"{where} the steps", id="wrong-steps", hint=hint, mistakes=tuple(mistakes),
                 tolerance=1e-5)  # fmt: skip
