"""Checks of lab 07: scales that are themselves stored in 8 bits.

Letters: c the scales, m of them; g in a group, t = ceil(m / g) groups, one step each; `mean` one number for all.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.functional import pad

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import (
    expect_integers,
    expect_step_number,
    parts,
    small_taken_for_zero,
)
from lora_utils.checks.lab_07_quantization.stored_bits import all_of, double_quantization

NAMES = "codes, steps, mean"
SUBTRACT = "Subtract the mean first: differences of both signs use all 255 codes, and are much smaller."


# ----------------------------------------------------------------------------------------------------- store_scales
def scales_with(draw: Draw, m: int, group: int, size: float = 1.0) -> torch.Tensor:
    """Draw positive scales whose codes are never in doubt: no distance is near the middle between two codes.

    The scales of one group lie farther from the mean than those of another, in turn farthest above it and below it.
    """
    far = torch.tensor([0.2 + 0.3 * ((3 * j) % 5) for j in range(-(-m // group))], dtype=torch.float64)
    while True:
        apart = draw.integers(-800, 800, m).double() / 1000
        apart[::group] = 1.0 - 2.0 * (torch.arange(-(-m // group)) % 2)
        scales = (size * (draw.number(3, 4) + apart * far.repeat_interleave(group)[:m])).float()
        mean, steps = facts(scales, group)
        ratio = (scales.double() - mean) / steps.repeat_interleave(group)[:m]
        inside = ratio[ratio.abs() < 126.9]
        if ((inside - inside.floor() - 0.5).abs() > 0.02).all():
            return scales


def facts(scales: torch.Tensor, group: int) -> tuple[float, torch.Tensor]:
    """The mean of all scales and the steps of their groups, in float64; a step of 0 is 1."""
    mean = float(scales.double().mean())
    steps = torch.stack([(part - mean).abs().max() for part in scales.double().split(group)]) / 127
    return mean, torch.where(steps == 0, 1.0, steps)


@double_quantization.check
def stores_scales(subject: Subject, draw: Draw) -> None:
    """store_scales subtracts the mean of all scales, then quantises each group to 8 bits by absmax."""
    judge_stored(subject, draw, [(28, 8), (12, 4), (9, 16), (20, 6), (7, 2)])


def judge_stored(subject: Subject, draw: Draw, sizes: list[tuple[int, int]]) -> None:
    """Compare mean, steps and codes for (m, group), each drawn anew; hidden checks use other sizes."""
    cases = [[scales_with(draw, m, group, (1.0, 0.01, 1e-4)[i % 3]), group] for i, (m, group) in enumerate(sizes)]
    found = [parts(value, NAMES) for value in subject.probe(all_of, which="store", cases=cases)["values"]]
    where = [f"{m} scales in groups of {group}" for m, group in sizes]
    for (m, _), text, (codes, steps, mean) in zip(sizes, where, found, strict=True):
        expect_tensor(codes, "the codes")
        expect_tensor(steps, "the steps")
        if isinstance(mean, torch.Tensor) and mean.numel() > 1 and steps.numel() == 1:
            raise Failure("results-swapped", f"{text} the mean comes second and the steps last",
                          "Write return codes, steps, mean.")  # fmt: skip
        if isinstance(mean, torch.Tensor) and mean.numel() > 1:
            raise Failure("mean-per-group", f"for {text}: there are {mean.numel()} means: one mean a group costs as "
                          "much as one step more", "One mean for all scales.")  # fmt: skip
        expect_step_number(mean, (m,), "mean")
    _judge_means(cases, [float(mean) for *_, mean in found], where)
    _judge_steps(cases, [steps for _, steps, _ in found], where)
    _judge_codes(cases, [codes for codes, *_ in found], where)


def _judge_means(cases: list, got: list[float], where: list[str]) -> None:
    of = [(scales.double(), group) for scales, group in cases]
    rules = [
        Rule("mean-not-subtracted", lambda c, g: 0.0, "the mean is 0: nothing was subtracted", SUBTRACT),
        Rule("filled-before-centring", lambda c, g: float(pad(c, (0, -len(c) % g)).mean()), "the zeros that fill "
             "the last group up count in the mean", "Take the mean of the scales alone, fill up afterwards."),
        Rule("median-for-mean", lambda c, g: float(c.median()), "it is the median", "The mean: sum over count."),
        Rule("least-for-mean", lambda c, g: float(c.min()), "it is the smallest scale", SUBTRACT),
        Rule("middle-for-mean", lambda c, g: float(c.min() + c.max()) / 2, "it is the middle of the range",
             "The mean: sum over count."),
        Rule("mean-of-first-group", lambda c, g: float(c[:g].mean()), "it is the mean of the first group",
             "One mean for all scales."),
        Rule("mean-negative", lambda c, g: -float(c.mean()), "its sign is turned", "Return the mean as it is."),
    ]  # fmt: skip
    right = [float(c.mean()) for c, _ in of]
    said = [f"for {text}: the mean must be {want:.6g}, got {value:.6g}"
            for text, want, value in zip(where, right, got, strict=True)]  # fmt: skip
    expect_all(got, of, right, told=where, said=said, id="wrong-mean", rules=rules, known="{said}: {text}",
               hint="The mean of all scales, one number.", tolerance=2e-6)  # fmt: skip


def _judge_steps(cases: list, got: list[torch.Tensor], where: list[str]) -> None:
    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of scales, distances to the mean, the group and the largest distances; over 127."""

        def gives(scales: torch.Tensor, group: int) -> torch.Tensor:
            mean, steps = facts(scales, group)
            return make(scales.double(), scales.double() - mean, group, steps * 127) / 127 / float(steps.max())

        return Rule(id, gives, text, hint)

    def tops(v: torch.Tensor, group: int, way=torch.amax) -> torch.Tensor:
        return torch.stack([way(part, 0) for part in v.split(group)])

    def filled(v: torch.Tensor, group: int) -> torch.Tensor:
        return pad(v, (0, -len(v) % group))

    both = "The largest distance may lie below the mean: take magnitudes of the differences."
    each = "One step for each group: ceil(m / group) of them."
    rules = [
        rule("mean-not-subtracted", lambda c, d, g, top: tops(c, g), "the steps are those of the scales themselves",
             SUBTRACT),
        rule("sign-forgotten", lambda c, d, g, top: tops(d, g), "the steps follow the largest scale above the mean",
             both),
        rule("sign-forgotten", lambda c, d, g, top: tops(filled(d, g), g), "the steps follow the largest scale above "
             "the mean", both),
        rule("sign-forgotten", lambda c, d, g, top: tops(filled(d, g), g).clamp(min=0), "the steps follow the largest "
             "scale above the mean", both),
        rule("sign-forgotten", lambda c, d, g, top: tops(d, g).clamp(min=0), "the steps follow the largest "
             "scale above the mean", both),
        rule("sign-forgotten", lambda c, d, g, top: tops(d, g).abs(), "the steps follow the largest scale above the "
             "mean", both),
        rule("sign-forgotten", lambda c, d, g, top: -tops(d, g, torch.amin), "the steps follow the smallest scale",
             both),
        rule("range-128", lambda c, d, g, top: top * 127 / 128, "the largest distance was divided by 128",
             "Codes run from -127 to 127."),
        rule("range-unsigned", lambda c, d, g, top: top * 127 / 255, "the largest distance was divided by 255",
             "The differences have both signs: codes from -127 to 127."),
        rule("range-unsigned", lambda c, d, g, top: (tops(filled(d, g), g) - tops(filled(d, g), g, torch.amin)) * 127
             / 255, "the range of each group was divided by 255", "Absmax, as in exercise 1: the largest magnitude "
             "divided by 127."),
        rule("range-unsigned", lambda c, d, g, top: (tops(c, g) - tops(c, g, torch.amin)) * 127 / 255, "the range of "
             "each group was divided by 255", "Absmax, as in exercise 1: the largest magnitude divided by 127."),
        rule("range-unsigned", lambda c, d, g, top: (tops(c, g) - tops(c, g, torch.amin)) / 2, "half the range of "
             "each group was divided by 127", "Absmax, as in exercise 1: the largest magnitude divided by 127."),
        rule("absmax-returned", lambda c, d, g, top: top * 127, "the largest distances themselves are returned",
             "Divide by 127."),
        rule("mean-of-group", lambda c, d, g, top: tops(torch.cat([p - p.mean() for p in c.split(g)]).abs(), g), "the "
             "distances are those to the mean of the group", "One mean for all scales."),
        rule("one-step", lambda c, d, g, top: top.max().expand(len(top)), "every group has the step of the "
             "largest", each),
        rule("one-step", lambda c, d, g, top: top.max().reshape(1), "there is one step for all", each),
        rule("one-step", lambda c, d, g, top: top.max(), "there is one step for all", each),
        rule("last-group-dropped", lambda c, d, g, top: top[: len(c) // g], "a last, shorter group has no step",
             "Fill the last group up with zeros, after the mean is subtracted."),
        rule("extra-group", lambda c, d, g, top: torch.cat([top, torch.zeros(int(len(c) % g == 0))]), "where m is a "
             "multiple of group there is one step too many", each),
        rule("extra-group", lambda c, d, g, top: torch.cat([top, torch.full((int(len(c) % g == 0),), 127.0)]), "where "
             "m is a multiple of group there is one step too many", each),
        rule("filled-before-centring", lambda c, d, g, top: tops((filled(c, g) - c.mean()).abs(), g), "the zeros that "
             "fill the last group up count as scales", "Subtract the mean first, fill up afterwards."),
        *(Rule(id, lambda c, g, of=of: torch.tensor([of(s) for s in facts(c, g)[1].tolist()]) / facts(c, g)[1].max(),
               *told) for id, of, *told in small_taken_for_zero()),
        rule("step-shape", lambda c, d, g, top: top[:, None], "the steps have a second axis", "Shape (t,)."),
    ]  # fmt: skip
    unit = [float(facts(scales, group)[1].max()) for scales, group in cases]
    expect_all([steps / size for steps, size in zip(got, unit, strict=True)], cases,
               [facts(*case)[1] / size for case, size in zip(cases, unit, strict=True)], told=where,
               what=[f"the steps, in units of the largest, for {text}" for text in where], id="wrong-steps",
               rules=rules, tolerance=1e-4,
               hint="The largest distance of a group's scales to the mean of all, divided by 127.")  # fmt: skip


def _judge_codes(cases: list, got: list[torch.Tensor], where: list[str]) -> None:
    made = []  # exact codes with the mean and without it, rounded codes, the group, and what came
    for (scales, group), codes in zip(cases, got, strict=True):
        mean, steps = facts(scales, group)
        each = steps.repeat_interleave(group)[: len(scales)]
        ratio = (scales.double() - mean) / each
        made.append((ratio, scales.double() / each, ratio.round(), group, codes))
    nearest = "Round to the nearest, before you convert."

    def cut(way) -> Callable:
        """Codes that are cut; at the ends, where rounding errors decide, those that came."""

        def gives(ratio, whole, q, group, codes) -> torch.Tensor:
            fits = codes.shape == ratio.shape
            return torch.where(q.abs() == 127, codes.double(), way(ratio)) if fits else way(ratio)

        return gives

    rules = [
        Rule("truncated", cut(torch.trunc), "the codes are cut, not rounded", nearest),
        Rule("truncated", cut(torch.floor), "the codes are rounded down", nearest),
        Rule("codes-not-rounded", lambda r, w, q, g, _: r, "the codes are not rounded", nearest),
        Rule("mean-not-subtracted", lambda r, w, q, g, _: w.round(), "the codes are those of the scales "
             "themselves", SUBTRACT),
        Rule("mean-not-subtracted", lambda r, w, q, g, _: w.round().clamp(-127, 127), "the codes are those of the "
             "scales themselves", SUBTRACT),
        Rule("codes-offset", lambda r, w, q, g, _: q + 127, "the codes are shifted by 127",
             "Absmax codes carry a sign."),
        Rule("codes-offset", lambda r, w, q, g, _: q + 128, "the codes are shifted by 128",
             "Absmax codes carry a sign."),
        Rule("codes-unsigned", lambda r, w, q, g, _: q % 256, "negative codes have become large positive ones",
             "A type without a sign cannot hold them; int8 has one."),
        Rule("sign-lost", lambda r, w, q, g, _: q.abs(), "the codes have lost their signs", "Only the step needs "
             "magnitudes."),
        Rule("not-cut-at-m", lambda r, w, q, g, _: pad(q, (0, -len(q) % g)), "what filled "
             "up the last group is still there", "As many codes as scales."),
    ]  # fmt: skip
    expect_all(got, made, lambda r, w, q, g, _: q, told=where, what=[f"the codes for {text}" for text in where],
               id="wrong-codes", rules=rules,
               hint="A code is the distance to the mean in steps of the scale's own group, rounded.")  # fmt: skip
    for codes in got:
        expect_integers(codes, torch.int8, "Add .to(torch.int8): 8 bits a scale is the point of it.")


@double_quantization.check(after=("stores-scales",))
def equal_scales(subject: Subject, draw: Draw) -> None:
    """A group without any difference to the mean gets codes 0 and a step above 0, and changes no other."""
    judge_equal(subject, [[torch.full((6,), 0.5), 4], [torch.tensor([2.0, 2, 2, 2, 1, 3, 1.5, 2.5]), 4]])


def judge_equal(subject: Subject, cases: list) -> None:
    """Look at groups that are the mean; hidden checks use it with other scales."""
    for (scales, group), value in zip(cases, subject.probe(all_of, which="store", cases=cases)["values"], strict=True):
        codes, steps, mean = parts(value, NAMES)
        expect_tensor(steps, "the steps")
        expect_tensor(codes, "the codes")
        expect_step_number(mean, tuple(scales.shape), "mean")
        where = f"for the scales {[round(v, 3) for v in scales.tolist()]} in groups of {group}"
        came = [round(v, 5) for v in steps.flatten().tolist()]
        if not all(0 < step < float("inf") for step in steps.flatten().tolist()):
            raise Failure("zero-step", f"{where} the steps are {came}: codes are 0 / 0 where one is 0",
                          "Where a step is 0, use any positive number.")  # fmt: skip
        if steps.numel() != -(-len(scales) // group) or codes.shape != scales.shape:
            text = f"{where} there are {steps.numel()} steps and {codes.numel()} codes"
            raise Failure("wrong-count", text, "One step for each group and one code for each scale, these too.")
        back = float(mean) + steps.double().flatten().repeat_interleave(group)[: len(scales)] * codes.double()
        if (back - scales.double()).abs().max() > 0.005:
            text = f"{where} the steps are {came}, the codes {codes.tolist()} and the mean {float(mean):.4g}"
            raise Failure("wrong-codes", text, "Only a step that is 0 is replaced; the other groups stay.")


# --------------------------------------------------------------------------------------------------- restore_scales
@double_quantization.check
def restores_scales(subject: Subject, draw: Draw) -> None:
    """restore_scales returns mean + step * code, with the step of the scale's own group."""
    judge_restored(subject, draw, [(13, 4), (8, 4), (3, 16), (5, 1), (12, 5), (6, 6)])


def judge_restored(subject: Subject, draw: Draw, sizes: list[tuple[int, int]]) -> None:
    """Compare with mean + step * code, one by one; hidden checks use it with other sizes."""
    cases = []
    for m, group in sizes:
        steps = torch.tensor([0.01 * (1 + (3 * j) % 5) for j in range(-(-m // group))])
        cases.append([draw.integers(-127, 127, m).to(torch.int8), steps, torch.tensor(draw.number(3, 4)), group])
    got = subject.probe(all_of, which="restore", cases=cases)["values"]
    for back in got:
        expect_tensor(back, "what restore_scales returns")

    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of the codes, the steps, the group of each scale, its place and the mean."""

        def gives(codes, steps, mean, group: int) -> torch.Tensor:
            places = torch.arange(len(codes))
            return make(codes.double(), steps.double(), places // group, places, float(mean))

        return Rule(id, gives, text, hint)

    whole = "Each step serves a whole group of scales, the last one those that are left."
    rules = [
        rule("mean-forgotten", lambda q, s, own, i, mean: s[own] * q, "the mean is not added back", "What was "
             "subtracted before must come back."),
        rule("mean-subtracted", lambda q, s, own, i, mean: s[own] * q - mean, "the mean is subtracted again",
             "What was subtracted before is added now."),
        rule("steps-tiled", lambda q, s, own, i, mean: mean + s[i % len(s)] * q, "the steps follow one another scale "
             "by scale", whole),
        rule("first-step-only", lambda q, s, own, i, mean: mean + s[0] * q, "every scale gets the first step", whole),
        rule("scaled-mean", lambda q, s, own, i, mean: s[own] * (q + mean), "the mean is multiplied by the step",
             "The mean was subtracted before dividing: add it last."),
        rule("rescaled-by-range", lambda q, s, own, i, mean: mean + s[own] * q / 127, "the codes are divided by 127 as "
             "well", "The step holds that division already."),
        rule("divided-by-step", lambda q, s, own, i, mean: mean + q / s[own], "the codes are divided by their steps",
             "A code counts steps: multiply."),
        rule("step-forgotten", lambda q, s, own, i, mean: mean + q, "the codes are not multiplied by their steps",
             "A code counts steps: multiply."),
        rule("codes-forgotten", lambda q, s, own, i, mean: mean + s[own], "the codes take no part",
             "A code says how many steps a scale is away from the mean."),
    ]  # fmt: skip

    def right(codes, steps, mean, group: int) -> torch.Tensor:
        return float(mean) + steps.double()[torch.arange(len(codes)) // group] * codes.double()

    where = [f"{m} codes in groups of {group}" for m, group in sizes]
    expect_all(got, cases, right, told=where, what=[f"the scales that come back for {text}" for text in where],
               id="wrong-scales", rules=rules, tolerance=2e-6,
               hint="The mean, and a code's number of steps of its own group on top.")  # fmt: skip
