"""Checks of lab 07: the nearest entry of a table, found by looking at every distance."""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.probes import calls
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import expect_integers

nearest_entry = Exercise("nearest-entry")

# 0 stands in it twice, as in FP4
FP4_LIKE = torch.tensor([0.0, 0.005, 0.67, 1.0, 0.33, 0.5, 0.17, 0.25, 0.0, -0.005, -0.67, -1.0, -0.33, -0.5, -0.25])


def table_like(draw: Draw, count: int, *, shuffled: bool, size: float = 1.0, shift: float = 0.0) -> torch.Tensor:
    """Draw a table of distinct entries in [-1, 1], times size, plus shift: unevenly spaced, ascending or not."""
    gaps = torch.tensor([draw.number(0.4, 1.6) for _ in range(max(count - 1, 1))])
    values = (torch.cat([torch.zeros(1), gaps.cumsum(0)]) / gaps.sum() * 2 - 1)[:count] * size + shift
    return values[draw.order(count)] if shuffled else values


def numbers_for(draw: Draw, table: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw numbers for a table: between two neighbours, some beyond both ends, some that are entries themselves."""
    entries, n = table.double().sort().values, torch.Size(shape).numel()
    span = float(entries[-1] - entries[0]) or 1.0
    low = draw.integers(0, max(len(entries) - 2, 0), n)
    high = (low + 1).clamp(max=len(entries) - 1)
    part = torch.where(torch.arange(n) % 2 == 0, 0.7, 0.3)  # never in doubt
    x = entries[low] + part * (entries[high] - entries[low])
    if n > 5:
        x[2], x[3] = entries[0] - 0.35 * span, entries[-1] + 0.45 * span
        x[4] = entries[low[4]]
    return x.float().reshape(shape)


@nearest_entry.check
def ascending_table(subject: Subject, draw: Draw) -> None:
    """In an ascending table it finds the place of the entry with the smallest distance."""
    tables = [
        (table_like(draw, 16, shuffled=False), (5, 31)),
        (table_like(draw, 7, shuffled=False, size=4.0, shift=3.0), (20,)),
        (table_like(draw, 2, shuffled=False), (9,)),
        (table_like(draw, 16, shuffled=False, size=0.1, shift=-0.5), (4, 8)),
    ]
    judge_nearest(subject, [(numbers_for(draw, *one), one[0]) for one in tables])


@nearest_entry.check(after=("ascending-table",))
def any_order(subject: Subject, draw: Draw) -> None:
    """The table may be in any order, as FP4's is; the code is the entry's place in it."""
    tables = [
        (table_like(draw, 16, shuffled=True), (40,)),
        (table_like(draw, 9, shuffled=True, size=4.0, shift=-2.0), (3, 7)),
        (table_like(draw, 16, shuffled=False).flip(0), (20,)),
    ]
    judge_nearest(subject, [(numbers_for(draw, *one), one[0]) for one in tables])
    x = torch.tensor([0.0, 0.001, -0.001, 0.3, -0.9, 1.4, 0.0025, -0.0025])  # the last two lie halfway
    fine = torch.tensor([0.0, 0.5, 1.0, -0.5, -1.0])  # to either side of a middle, nearer than 16 bits tell apart
    close_by = torch.tensor([0.25, 0.75, -0.25, -0.75]).repeat(2) + 5e-5 * torch.tensor([1.0] * 4 + [-1.0] * 4)
    judge_nearest(subject, [(x, FP4_LIKE), (close_by, fine)])


def judge_nearest(subject: Subject, cases: list[tuple]) -> None:
    """Compare the distances of what was found with the smallest; hidden checks use it with other tables and shapes."""
    got = subject.probe(calls, cases=[list(case) for case in cases])["values"]
    for codes in got:
        expect_tensor(codes, "what nearest_entry returns")
    made = []  # numbers, table, distances and right codes
    for x, t in cases:
        distance = (x.double().unsqueeze(-1) - t.double()).abs()
        made.append((x.double(), t.double(), distance, distance.argmin(dim=-1)))
    found = [_as_near(codes, d, q) for codes, (_, _, d, q) in zip(got, made, strict=True)]
    nearest = "Compare the distances to all entries, and return the place of the smallest."

    def below(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """Place of the largest entry that is not above x, or of the smallest entry."""
        rank = (t <= x.unsqueeze(-1)).sum(-1) - 1
        return t.argsort()[rank.clamp(min=0)]

    def above(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """Place of the smallest entry that is not below x, or of the largest entry."""
        rank = (t < x.unsqueeze(-1)).sum(-1)
        return t.argsort()[rank.clamp(max=len(t) - 1)]

    def evenly(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        span = max(float(t.max() - t.min()), 1e-9)
        return ((x - t.min()) / span * (len(t) - 1)).round()

    lost = "the numbers lose digits before they are compared"
    full = "Compare them as they are: no round, and no half precision."
    rules = [
        Rule("rounded-down", lambda x, t, d, q: below(x, t), "each number gets the entry below it, not the nearest",
             nearest),
        Rule("rounded-up", lambda x, t, d, q: above(x, t), "each number gets the entry above it, not the nearest",
             nearest),
        Rule("values-not-codes", lambda x, t, d, q: t[q], "the entries themselves are returned",
             "Return their places in the table, not what stands there."),
        Rule("distance-returned", lambda x, t, d, q: d.amin(-1), "the distances are returned",
             "Return the places of the smallest, not the smallest."),
        Rule("sign-of-distance", lambda x, t, d, q: (x.unsqueeze(-1) - t).argmin(-1), "each number gets the place of "
             "the largest entry: the smallest difference is the most negative", "A distance has no sign: abs()."),
        Rule("sign-of-distance", lambda x, t, d, q: (t - x.unsqueeze(-1)).argmin(-1), "each number gets the place of "
             "the smallest entry: the smallest difference is the most negative", "A distance has no sign: abs()."),
        Rule("farthest", lambda x, t, d, q: d.argmax(-1), "each number gets the farthest entry", nearest),
        Rule("table-evenly-spaced", lambda x, t, d, q: ((x + 1) / 2 * (len(t) - 1)).round(), "the entries are taken to "
             "be evenly spaced from -1 to 1", nearest),
        Rule("table-evenly-spaced", lambda x, t, d, q: ((x + 1) / 2 * (len(t) - 1)).round().clamp(0, len(t) - 1), "the "
             "entries are taken to be evenly spaced from -1 to 1", nearest),
        Rule("table-evenly-spaced", lambda x, t, d, q: evenly(x, t), "the entries are taken to be evenly spaced",
             nearest),
        Rule("table-evenly-spaced", lambda x, t, d, q: evenly(x, t).clamp(0, len(t) - 1), "the entries are taken to "
             "be evenly spaced", nearest),
        Rule("table-evenly-spaced", lambda x, t, d, q: ((x + 1) / 2 * (len(t) - 1)).round() % 256, "the entries are "
             "taken to be evenly spaced from -1 to 1", nearest),
        Rule("magnitudes-compared", lambda x, t, d, q: (x.abs().unsqueeze(-1) - t.abs()).abs().argmin(-1), "magnitudes "
             "are compared, so that signs do not count", "First the difference, then its magnitude."),
        Rule("sorted-places", lambda x, t, d, q: t.argsort().argsort()[q], "the code is the place in the sorted table",
             "Look it up in the table as it is: torch.sort also returns where each entry stood."),
        Rule("counted-from-one", lambda x, t, d, q: q + 1, "places are counted from 1", "The first entry has place 0."),
        Rule("shape-lost", lambda x, t, d, q: q.flatten(), "the codes are flat", "Give them the shape of scaled."),
        Rule("clamped-first", lambda x, t, d, q: (x.clamp(-1, 1).unsqueeze(-1) - t).abs().argmin(-1), "the numbers are "
             "cut to -1 .. 1 first, and the table reaches further", "The distances tell: nothing has to be cut."),
        Rule("table-scaled", lambda x, t, d, q: (x.unsqueeze(-1) - t / t.abs().max()).abs().argmin(-1), "the table is "
             "divided by its largest magnitude first", "Compare with the entries as they are."),
        Rule("digits-lost", lambda x, t, d, q: (x.half().unsqueeze(-1) - t.half()).abs().argmin(-1), lost, full),
        *(Rule("digits-lost", lambda x, t, d, q, n=n: (x.mul(n).round().div(n).unsqueeze(-1) - t).abs().argmin(-1),
               lost, full) for n in (10, 100, 1000)),
        Rule("nearest-in-proportion",
             lambda x, t, d, q: (x.unsqueeze(-1) / t - 1).abs().nan_to_num(torch.inf).argmin(-1),
             "the quotient of number and entry is compared, not their distance", "Subtract, then take the magnitude."),
        *(Rule("clamped-first", lambda x, t, d, q, c=c: (x.clamp(-c, c).unsqueeze(-1) - t).abs().argmin(-1), f"the "
               f"numbers are cut to -{c} .. {c} first, and the table reaches further", "The distances tell: nothing "
               "has to be cut.") for c in (0.5, 0.9, 3)),
        Rule("one-for-all", lambda x, t, d, q: d.reshape(-1, len(t)).sum(0).argmin().expand(x.shape), "all numbers "
             "get one place", "Look for the smallest along the last axis only."),
    ]  # fmt: skip
    if all(codes.dtype == torch.int8 for codes in got):
        rules.append(Rule("codes-wrong-type", lambda x, t, d, q: (q + 128) % 256 - 128, "places above 127 have become "
                          "negative: int8 ends there", "uint8 holds the places from 0 to 255."))  # fmt: skip

    def told(x: torch.Tensor, t: torch.Tensor, *_) -> str:
        return f"a table of {len(t)} from {t.min():.3g} to {t.max():.3g} and numbers of shape {tuple(x.shape)}"

    expect_all(found, made, lambda x, t, d, q: q, told=told, what=lambda *case: f"the codes for {told(*case)}",
               id="wrong-codes", rules=rules,
               hint=nearest + " Tools such as bucketize need an ascending table.")  # fmt: skip
    for codes in got:
        expect_integers(codes, torch.uint8, "argmin returns int64, eight bytes a code: add .to(torch.uint8).")


def _as_near(codes: torch.Tensor, distance: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """The codes, those of entries as near as the nearest put like the judge's: either will do."""
    if codes.shape != right.shape or not torch.isfinite(codes.double()).all() or (codes.double() % 1 != 0).any():
        return codes
    place = codes.to(torch.int64)
    inside = (place >= 0) & (place < distance.shape[-1])
    got = distance.gather(-1, place.clamp(0, distance.shape[-1] - 1).unsqueeze(-1)).squeeze(-1)
    as_near = inside & (got <= distance.amin(-1) + 1e-6)
    return torch.where(as_near, right, place)
