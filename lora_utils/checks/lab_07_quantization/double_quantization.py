"""Checks of lab 07: the bits that a weight costs, and scales that are themselves stored in 8 bits.

Letters: c the scales, m of them; g in a group, t = ceil(m / g) groups, one step each; `mean` one number for all.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import Mistake, close, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import expect_integers, expect_step_number, parts

double_quantization = Exercise("double-quantisation")


def one_of(bits, store, restore, *, which: str, args: list) -> dict:
    """Probe: call one of the three functions."""
    return {"value": {"bits": bits, "store": store, "restore": restore}[which](*args)}


@double_quantization.check
def bits_without(subject: Subject, draw: Draw) -> None:
    """stored_bits(64) is 4.5: the code, and the block's share of a scale of 32 bits."""
    for block in (64, draw.choice((32, 128, 256))):
        value = subject.probe(one_of, which="bits", args=[block])["value"]
        mistakes = (
            Mistake("scale-forgotten", 4.0, "it counts the codes alone", "Each block also has a scale: 32 / block."),
            Mistake("scale-of-16-bits", 4 + 16 / block, "it counts 16 bits a scale", "A float32 scale has 32."),
            Mistake("bytes-for-bits", 4 + 4 / block, "it counts a scale as 4", "4 bytes are 32 bits."),
            Mistake("bytes-for-bits", 0.5 + 4 / block, "it counts bytes", "Bits: 4 for the code, 32 / block."),
            Mistake("whole-scale", 36.0, "every weight pays a whole scale", "block weights share it: 32 / block."),
        )
        expect_close(value, 4 + 32 / block, what=f"stored_bits({block})", id="wrong-bits", mistakes=mistakes,
                     hint="4 + 32 / block", tolerance=1e-6)  # fmt: skip


@double_quantization.check
def bits_with(subject: Subject, draw: Draw) -> None:
    """stored_bits(64, 256) is 4.127: scales of 8 bits, and the group's share of a step of 32 bits."""
    for block, group in ((64, 256), (draw.choice((32, 128)), draw.choice((64, 512)))):
        value = subject.probe(one_of, which="bits", args=[block, group])["value"]
        shared = "A step of 32 bits is shared by the block * group weights of its group."
        mistakes = (
            Mistake("step-forgotten", 4 + 8 / block, "it leaves out the steps of the groups", shared),
            Mistake("step-shared-by-group-only", 4 + 8 / block + 32 / group, "it shares a step among the "
                    f"{group} scales of a group, not among their weights", shared),
            Mistake("nothing-saved", 4 + 32 / block, "it is what a weight costs without double quantisation",
                    "With a group the scales have 8 bits: 8 / block."),
            Mistake("nothing-saved", 4 + 32 / block + 32 / (block * group), "it still counts 32 bits a scale",
                    "With a group the scales have 8 bits: 8 / block."),
            Mistake("both-kept", 4 + 32 / block + 8 / block + 32 / (block * group), "it counts the scales twice",
                    "The 8-bit scales replace those of 32 bits."),
            Mistake("step-of-8-bits", 4 + 8 / block + 8 / (block * group), "it counts 8 bits a step",
                    "The steps of the groups are float32: 32 bits."),
        )  # fmt: skip
        expect_close(value, 4 + 8 / block + 32 / (block * group), what=f"stored_bits({block}, {group})",
                     id="wrong-bits", mistakes=mistakes, hint="4 + 8 / block + 32 / (block * group)",
                     tolerance=1e-6)  # fmt: skip


def scales_with(draw: Draw, m: int, group: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, float]:
    """Draw positive scales with their codes, steps and mean: centred scales are made as pairs that add up to nothing.

    m and group are even. Codes of the largest distance are 127; the others lie 0.2 from a whole number of steps.
    """
    t = -(-m // group)
    steps = torch.tensor([round(0.001 + 0.002 * ((3 * j) % 5) + draw.integer(0, 9) * 1e-4, 5) for j in range(t)])
    codes, d = [], []
    for j in range(t):
        half = (min(group, m - j * group)) // 2
        q = draw.integers(-120, 120, half).double()
        q[0] = 127 if j % 2 else -127
        e = torch.full((half,), 0.2, dtype=torch.float64) * (1 - 2 * (torch.arange(half) % 2))
        e[0] = 0.0
        codes += [q, -q]
        d += [e, -e]
    codes, d = torch.cat(codes), torch.cat(d)
    mean = round(3 + draw.number(0, 1), 2)
    each = steps.double().repeat_interleave(group)[:m]
    return (mean + each * (codes + d)).float(), codes, steps.double(), mean


@double_quantization.check
def stores_scales(subject: Subject, draw: Draw) -> None:
    """store_scales subtracts the mean of all scales, then quantises each group to 8 bits by absmax."""
    judge_stored(subject, draw, 28, 8)


@double_quantization.check
def restores_scales(subject: Subject, draw: Draw) -> None:
    """restore_scales returns mean + step * code, with the step of the scale's own group."""
    judge_restored(subject, draw, 13, 4)


def judge_stored(subject: Subject, draw: Draw, m: int, group: int) -> None:
    """Compare codes, steps and mean with those that the scales were made from; hidden checks use other sizes."""
    scales, q, steps, mean = scales_with(draw, m, group)
    value = subject.probe(one_of, which="store", args=[scales, group])["value"]
    codes, got, got_mean = parts(value, "codes, steps, mean")
    for thing, name in ((codes, "codes"), (got, "steps")):
        expect_tensor(thing, f"the {name}")
    where = f"for {m} scales in groups of {group}"
    split = scales.double().split(group)
    plain = torch.stack([p.abs().max() for p in split])
    spread = torch.stack([p.max() - p.min() for p in split])
    subtract = "Subtract the mean first: differences of both signs use all 255 codes, and are much smaller."
    if isinstance(got_mean, torch.Tensor) and got_mean.numel() > 1:
        raise Failure("mean-per-group", f"{where} there are {got_mean.numel()} means: one mean a group costs as much "
                      "as one step more", "One mean for all: scales.mean().")  # fmt: skip
    expect_step_number(got_mean, (m,), "mean")
    expect_close(float(got_mean), mean, what=f"{where} the mean", id="wrong-mean",
                 hint="mean = scales.mean()",
                 mistakes=(Mistake("mean-not-subtracted", 0.0, "the mean is 0: nothing was subtracted",
                                   subtract),))  # fmt: skip
    mistakes = [
        Mistake("mean-not-subtracted", plain / 127, f"{where} the steps are those of the scales themselves", subtract),
        Mistake("range-128", steps * 127 / 128, "the largest distance was divided by 128", "Codes run to 127."),
        Mistake("range-unsigned", steps * 127 / 255, "the largest distance was divided by 255",
                "The differences have both signs: codes from -127 to 127."),
        Mistake("range-unsigned", spread / 255, "the range of each group was divided by 255",
                "Absmax, as in exercise 1: the largest magnitude divided by 127."),
        Mistake("absmax-returned", steps * 127, "the largest distances themselves are returned", "Divide by 127."),
        Mistake("one-step", (steps.max()).reshape(1), f"{where} there is one step for all", "One step for each group."),
        Mistake("last-group-dropped", steps[: m // group], f"{where} the last, shorter group has no step",
                "Fill the last group up with zeros, after the mean is subtracted."),
        Mistake("filled-before-centring", torch.cat([steps[:-1], torch.tensor([mean / 127], dtype=torch.float64)]),
                f"{where} the zeros that fill the last group up count as scales", "Subtract the mean first, fill up "
                "afterwards."),
    ]  # fmt: skip
    tolerance = 2e-6
    if not close(got, steps, tolerance):
        for mistake in mistakes:
            if not close(mistake.value, steps, tolerance) and close(got, mistake.value, tolerance):
                raise Failure(mistake.id, mistake.text, mistake.hint)
    expect_close(got, steps, what=f"{where} the steps", id="wrong-steps", tolerance=tolerance,
                 hint="The largest |scale - mean| of each group, divided by 127.")  # fmt: skip
    code_mistakes = (
        Mistake("truncated", (torch.where(q.abs() == 127, q, _apart(scales, mean, steps, group))).trunc(),
                "the codes are cut, not rounded", "Round to the nearest."),
        Mistake("mean-not-subtracted", (scales.double() / _each(steps, group, m)).round(), "the codes are those of "
                "the scales themselves", subtract),
    )  # fmt: skip
    expect_close(codes, q, what=f"{where} the codes", id="wrong-codes", mistakes=code_mistakes,
                 hint="((scales - mean) / step of the group).round()")  # fmt: skip
    expect_integers(codes, torch.int8, "Add .to(torch.int8): 8 bits a scale is the point of it.")


def judge_restored(subject: Subject, draw: Draw, m: int, group: int) -> None:
    """Compare with mean + step * code, one by one; hidden checks use it with other sizes."""
    codes = draw.integers(-127, 127, m).to(torch.int8)
    steps = torch.tensor([0.01 * (1 + (3 * j) % 5) for j in range(-(-m // group))])
    mean = torch.tensor(draw.number(3, 4))
    back = subject.probe(one_of, which="restore", args=[codes, steps, mean, group])["value"]
    expect_tensor(back, "what restore_scales returns")
    q, s, average, t = codes.double(), steps.double(), float(mean), len(steps)
    right = torch.stack([average + s[i // group] * q[i] for i in range(m)])
    mistakes = (
        Mistake("mean-forgotten", right - average, "the mean is not added back", "return mean + step * code"),
        Mistake("mean-subtracted", right - 2 * average, "the mean is subtracted again", "Add it: mean + step * code."),
        Mistake("steps-tiled", average + s[torch.arange(m) % t] * q, "the steps follow one another scale by scale",
                "Each step serves a whole group: repeat_interleave(group), cut at m."),
        Mistake("first-step-only", average + s[0] * q, "every scale gets the first step",
                "Scale i is in group i // group."),
        Mistake("scaled-mean", _each(s, group, m) * (q + average), "the mean is multiplied by the step",
                "The mean was subtracted before dividing: add it last."),
        Mistake("rescaled-by-range", average + _each(s, group, m) * q / 127, "the codes are divided by 127 as well",
                "The step holds that division already."),
    )  # fmt: skip
    hint = "mean + steps.repeat_interleave(group)[:m] * codes"
    expect_close(back, right, what="the scales that come back", id="wrong-scales", hint=hint, mistakes=mistakes)


def _each(steps: torch.Tensor, group: int, m: int) -> torch.Tensor:
    return steps[torch.arange(m) // group]


def _apart(scales: torch.Tensor, mean: float, steps: torch.Tensor, group: int) -> torch.Tensor:
    return (scales.double() - mean) / _each(steps, group, len(scales))
