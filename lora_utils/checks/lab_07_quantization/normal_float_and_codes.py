"""Checks of lab 07: the levels of NormalFloat, the nearest entry of a table, two codes in a byte.

The judge takes quantiles from the standard library's normal distribution, in float64, and finds nearest entries by
looking at every distance.
"""

from __future__ import annotations

from statistics import NormalDist

import torch

from lora_utils.checks.framework.compare import Mistake, close, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import expect_integers

normal_float = Exercise("normal-float")
nearest_entry = Exercise("nearest-entry")
pack_codes = Exercise("pack-codes")

LAST = 0.9677083  # bitsandbytes' largest probability
quantile = NormalDist().inv_cdf


# ---------------------------------------------------------------------------------------------------- normal-float
def levels(negative: int, positive: int, last: float) -> list[float]:
    """The table, ascending, by the formula of the text."""
    above = [quantile(0.5 + (last - 0.5) * j / positive) for j in range(1, positive + 1)]
    below = [-quantile(0.5 + (last - 0.5) * j / negative) for j in range(negative, 0, -1)]
    return [q / above[-1] for q in [*below, 0.0, *above]]


def evenly(first: float, last: float, count: int) -> list[float]:
    """`count` evenly spaced numbers, both ends included."""
    return [first + (last - first) * j / (count - 1) for j in range(count)]


@normal_float.check(weight=2)
def is_nf4(subject: Subject, draw: Draw) -> None:
    """normal_float(7, 8, 0.9677083) is NF4: 7 quantiles below zero, 0 itself, 8 above, from -1 to 1."""
    judge_levels(subject, 7, 8, LAST)


@normal_float.check(weight=2)
def any_size(subject: Subject, draw: Draw) -> None:
    """Other numbers of levels and another last probability give their own table."""
    judge_levels(subject, 3, 4, draw.number(0.93, 0.96))
    judge_levels(subject, 5, 2, draw.number(0.97, 0.99))


def judge_levels(subject: Subject, negative: int, positive: int, last: float) -> None:
    """Compare a table with its quantiles; hidden checks use it with other sizes."""
    got = subject.probe(call, args=[negative, positive, last])["value"]
    expect_tensor(got, "what normal_float returns")
    right, n = levels(negative, positive, last), negative + 1 + positive
    where = f"normal_float({negative}, {positive}, {last})"
    if close(got, torch.tensor(right, dtype=torch.float64), 2e-6):
        _exact(got, where, negative)
        return
    flat = got.double().flatten()
    for mistake in _level_mistakes(negative, positive, last, n):
        if close(flat, mistake.value, 2e-6):
            raise Failure(mistake.id, f"{where} {mistake.text}", mistake.hint)
    if not torch.isfinite(flat).all():
        raise Failure("level-infinite", f"{where} holds infinity or NaN: the quantile of 0 or 1 is infinite",
                      "The outermost probability is `last` on both sides, never 1.")  # fmt: skip
    if (flat == 0).sum() > 1:
        raise Failure("zero-twice", f"{where} holds 0 {int((flat == 0).sum())} times",
                      "The probability 1/2 belongs to neither side: leave it out of both and put 0 in "
                      "once.")  # fmt: skip
    if len(flat) == n - 1 and not (flat == 0).any():
        raise Failure("zero-missing", f"{where} has {n - 1} levels and no 0", "Put 0 between the two sides.")
    if len(flat) != n:
        raise Failure("wrong-count", f"{where} must have {negative} + 1 + {positive} = {n} levels, got {len(flat)}",
                      "Each side has its own number of probabilities, 1/2 left out, and 0 stands once between "
                      "them.")  # fmt: skip
    if not (flat == 0).any():
        raise Failure("no-exact-zero", f"{where} does not hold 0: its smallest magnitude is {flat.abs().min():.3g}",
                      "Cut the two sides separately and put 0 between them.")  # fmt: skip
    if (flat < 0).sum() != negative:
        raise Failure("sides-swapped", f"{where} has {int((flat < 0).sum())} levels below zero instead of {negative}",
                      "The first argument counts the negative ones.")  # fmt: skip
    expect_close(flat, torch.tensor(right, dtype=torch.float64), what=where, id="wrong-levels", tolerance=2e-6,
                 hint="Above: Q at 1/2 + (last - 1/2) j / positive for j = 1 to positive; below: minus Q at "
                 "1/2 + (last - 1/2) j / negative; divide all by Q(last).")  # fmt: skip


def _exact(got: torch.Tensor, where: str, negative: int) -> None:
    middle = float(got[negative])  # the ends may be a rounding away from -1 and 1, as those from 1 - last are
    if middle != 0:
        raise Failure("zero-not-exact", f"{where} must hold 0 exactly, got {middle!r}",
                      "Put a plain 0 in the middle: torch.zeros(1).")  # fmt: skip


def _level_mistakes(negative: int, positive: int, last: float, n: int) -> list[Mistake]:
    """The tables that the usual misreadings give, scaled to [-1, 1] where their authors do so."""

    def table(values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64)

    def scaled(values: list[float]) -> torch.Tensor:
        return table([v / max(map(abs, values)) for v in values])

    right = levels(negative, positive, last)
    nf4 = levels(7, 8, LAST)
    no_zero = "Cut the two sides separately and put 0 between them: an exact zero keeps padding and pruned weights."
    both = [quantile(p) for p in evenly(1 - last, last, n)]
    middles = [quantile((i + 0.5) / n) for i in range(n)]
    paper = [(quantile(i / (n + 1)) + quantile((i + 1) / (n + 1))) / 2 for i in range(1, n)]
    found = [
        Mistake("naive-quantiles", scaled(middles), f"holds the quantiles at (i + 1/2) / {n}, of {n} equal shares: "
                "symmetric about zero, so 0 is not among them", no_zero),
        Mistake("naive-quantiles", table(middles), f"holds the quantiles at (i + 1/2) / {n}, of {n} equal "
                "shares", no_zero),
        Mistake("one-cut", scaled(both), f"cuts once from {1 - last:.4f} to {last}: symmetric about zero, so 0 is not "
                "among its levels", no_zero),
        Mistake("paper-equation-4", scaled(paper), "follows equation 4 of the paper, which the paper itself replaces "
                "in the next sentence because its table has no zero", no_zero),
        Mistake("evenly-spaced", table(evenly(-1, 1, n)), "is evenly spaced: that is an integer grid",
                "The probabilities are evenly spaced, the levels are their quantiles."),
        Mistake("not-scaled", table([v * quantile(last) for v in right]), f"ends at {quantile(last):.4f} instead of 1",
                "Divide all levels by the largest."),
        Mistake("probabilities-returned", table([0.5 + v for v in evenly(-last + 0.5, last - 0.5, n)]),
                "holds probabilities", "Take their quantiles: torch.special.ndtri."),
        Mistake("sides-swapped", table(levels(positive, negative, last)), f"has {positive} levels below zero and "
                f"{negative} above", "The first argument counts the negative ones."),
        Mistake("descending", table(right[::-1]), "runs from 1 down to -1", "Ascending: the code 0 is -1."),
        Mistake("sides-not-mirrored", table(sorted(right, key=lambda v: (v >= 0, abs(v)))), "has its negative levels "
                "in the wrong order", "Levels ascend, so the most negative comes first."),
        Mistake("table-copied", table(nf4), "is the table of NF4 whatever the arguments", "Compute it from them."),
        Mistake("last-ignored", table(levels(negative, positive, LAST)), f"was made with {LAST}",
                "Use the argument `last`."),
    ]  # fmt: skip
    for tail in (1 / 32, 1 / 30, 0.5 / n, 0.5 / (n - 1)):
        found.append(Mistake("last-ignored", table(levels(negative, positive, 1 - tail)), f"was made with the last "
                             f"probability {1 - tail:.7f} instead of {last}", "Use the argument `last`."))  # fmt: skip
    if negative == 7:
        short = evenly(0.5, last, 8)
        found.append(Mistake("zero-twice", scaled([-quantile(p) for p in short[::-1]] + [quantile(p) for p in short]),
                             "holds 0 twice and only 7 levels above it: the probability 1/2 was kept on both sides",
                             "Leave 1/2 out of both sides and put 0 in once."))  # fmt: skip
    return [m for m in found if not close(m.value, torch.tensor(right, dtype=torch.float64), 2e-6)]


# --------------------------------------------------------------------------------------------------- nearest-entry
def table_like(draw: Draw, count: int, *, shuffled: bool) -> torch.Tensor:
    """Draw a table of distinct entries in [-1, 1], unevenly spaced, ascending or not."""
    gaps = torch.tensor([draw.number(0.4, 1.6) for _ in range(count - 1)])
    values = torch.cat([torch.zeros(1), gaps.cumsum(0)]) / gaps.sum() * 2 - 1
    return values[draw.order(count)] if shuffled else values


@nearest_entry.check
def ascending_table(subject: Subject, draw: Draw) -> None:
    """In an ascending table it finds the place of the entry with the smallest distance."""
    judge_nearest(subject, draw, table_like(draw, 16, shuffled=False), (5, 31))


@nearest_entry.check
def any_order(subject: Subject, draw: Draw) -> None:
    """The table may be in any order, as FP4's is; the code is the entry's place in it."""
    judge_nearest(subject, draw, table_like(draw, 16, shuffled=True), (40,))


def judge_nearest(subject: Subject, draw: Draw, table: torch.Tensor, shape: tuple[int, ...]) -> None:
    """Compare codes with the smallest of all distances; hidden checks use it with other tables and shapes."""
    entries, n = sorted(table.double().tolist()), torch.Size(shape).numel()
    picks, numbers = draw.integers(0, len(entries) - 2, n).tolist(), []
    for i, j in enumerate(picks):  # in turn 0.3 and 0.7 of the way between two neighbours, so nearest is never in doubt
        numbers.append(entries[j] + (0.3 if i % 2 else 0.7) * (entries[j + 1] - entries[j]))
    x = torch.tensor(numbers).reshape(shape)
    distance = (x.double().unsqueeze(-1) - table.double()).abs()  # (..., levels)
    right = distance.argmin(dim=-1)
    codes = subject.probe(call, args=[x, table])["value"]
    expect_tensor(codes, "what nearest_entry returns")
    place = {value: code for code, value in enumerate(table.double().tolist())}

    def neighbor(step: int) -> torch.Tensor:
        return torch.tensor([place[entries[j + step]] for j in picks]).reshape(shape)

    ranks = torch.tensor([entries.index(v) for v in table.double()[right].flatten().tolist()]).reshape(shape)
    nearest = "Compare distances: (scaled.unsqueeze(-1) - table).abs().argmin(dim=-1)."
    mistakes = (
        Mistake("rounded-down", neighbor(0), "each number gets the entry below it, not the nearest", nearest),
        Mistake("rounded-up", neighbor(1), "each number gets the entry above it, not the nearest", nearest),
        Mistake("values-not-codes", table.double()[right], "the entries themselves are returned",
                "Return their places in the table: argmin, not the table at argmin."),
        Mistake("distance-returned", distance.amin(-1), "the distances are returned",
                "Return places: argmin, not min."),
        Mistake("sign-of-distance", (x.double().unsqueeze(-1) - table.double()).argmin(-1), "each number gets the "
                "place of the largest entry: without abs() the smallest difference is the most negative", nearest),
        Mistake("farthest", distance.argmax(-1), "each number gets the farthest entry", nearest),
        Mistake("table-evenly-spaced", ((x.double() + 1) / 2 * (len(table) - 1)).round(), "the entries are taken to be "
                "evenly spaced", nearest),
        Mistake("sorted-places", ranks, "the code is the place in the sorted table", "Look it up in the table as it "
                "is: torch.sort also returns where each entry stood."),
        Mistake("shape-lost", right.flatten(), "the codes are flat", "Give them the shape of scaled."),
    )  # fmt: skip
    hint = "bucketize with midpoints needs an ascending table; " + nearest
    expect_close(codes, right, what="the codes", id="wrong-codes", hint=hint, mistakes=mistakes)
    expect_integers(codes, torch.uint8, "argmin returns int64, eight bytes a code: add .to(torch.uint8).")


# ------------------------------------------------------------------------------------------------------ pack-codes
def pack_or_unpack(pack, unpack, *, which: str, args: list) -> dict:
    """Probe: call one of the two functions."""
    return {"value": {"pack": pack, "unpack": unpack}[which](*args)}


@pack_codes.check
def two_in_a_byte(subject: Subject, draw: Draw) -> None:
    """pack_codes puts each two neighbours into one byte, the earlier one into the high half."""
    judge_packed(subject, draw, (12,))


@pack_codes.check
def two_out_of_a_byte(subject: Subject, draw: Draw) -> None:
    """unpack_codes gives them back in their order."""
    judge_unpacked(subject, draw, 12)


@pack_codes.check
def odd_count(subject: Subject, draw: Draw) -> None:
    """An odd number of codes leaves the last low half 0, and unpack_codes returns only as many as there were."""
    judge_packed(subject, draw, (7,))
    judge_unpacked(subject, draw, 7)


def _codes(draw: Draw, shape: tuple[int, ...]) -> torch.Tensor:
    codes = draw.integers(0, 15, *shape).flatten()
    codes[: min(5, len(codes))] = torch.tensor([1, 14, 9, 3, 12])[: len(codes)]
    return codes.reshape(shape).to(torch.uint8)


def judge_packed(subject: Subject, draw: Draw, shape: tuple[int, ...]) -> None:
    """Compare the bytes, counted out one by one; hidden checks use it with other shapes."""
    codes = _codes(draw, shape)
    got = subject.probe(pack_or_unpack, which="pack", args=[codes])["value"]
    expect_tensor(got, "what pack_codes returns")
    c = codes.flatten().tolist()
    n, even = len(c), [*c, 0] if len(c) % 2 else c
    pairs = list(zip(even[0::2], even[1::2], strict=True))
    half = len(even) // 2
    right = torch.tensor([16 * a + b for a, b in pairs])
    neighbors = "Pair neighbours: codes[0::2] with codes[1::2]."
    order = "The earlier code of a pair goes into the high half: 16 * first + second."
    mistakes = (
        Mistake("low-half-first", torch.tensor([a + 16 * b for a, b in pairs]), "the earlier code is in the low half",
                order),
        Mistake("halves-paired", torch.tensor([16 * a + b for a, b in zip(even[:half], even[half:], strict=True)]),
                "the first half of the codes is paired with the second half", neighbors),
        Mistake("halves-paired", torch.tensor([a + 16 * b for a, b in zip(even[:half], even[half:], strict=True)]),
                "the first half of the codes is paired with the second half", neighbors),
        Mistake("not-shifted", torch.tensor([a | b for a, b in pairs]), "both codes lie in the low half",
                "Shift the first by four bits: first << 4."),
        Mistake("not-shifted", torch.tensor([a + b for a, b in pairs]), "both codes lie in the low half",
                "Shift the first by four bits: first << 4."),
        Mistake("shifted-too-far", torch.tensor([(a << 8 | b) % 256 for a, b in pairs]), "the first code was shifted "
                "out of the byte", "A code has four bits: first << 4."),
        Mistake("decimal", torch.tensor([10 * a + b for a, b in pairs]), "the first code is multiplied by 10", order),
        Mistake("not-packed", torch.tensor(c), "every code still has a byte", order),
        Mistake("last-code-lost", right[: n // 2], f"of {n} codes the last is lost", "Complete an odd number by a 0."),
        Mistake("filled-by-repeating", torch.tensor([*right[:-1].tolist(), 17 * c[-1]]), "the spare half holds the "
                "last code again", "Complete an odd number by a 0."),
    )  # fmt: skip
    expect_close(got, right, what=f"the bytes of {n} codes", id="wrong-bytes", hint=order, mistakes=mistakes)
    expect_integers(got, torch.uint8, "Keep uint8 throughout: shifting uint8 by four gives uint8.")


def judge_unpacked(subject: Subject, draw: Draw, count: int) -> None:
    """Compare the codes of bytes that the judge packed; hidden checks use it with other counts."""
    c = _codes(draw, (count,)).tolist()
    even = [*c, 0] if count % 2 else c
    packed = torch.tensor([16 * a + b for a, b in zip(even[0::2], even[1::2], strict=True)], dtype=torch.uint8)
    got = subject.probe(pack_or_unpack, which="unpack", args=[packed, count])["value"]
    expect_tensor(got, "what unpack_codes returns")
    high, low = even[0::2], even[1::2]
    order = "torch.stack([high, low], dim=1).reshape(-1) puts each high half before its low one."
    swapped = torch.tensor([v for pair in zip(low, high, strict=True) for v in pair])
    mistakes = (
        Mistake("low-half-first", swapped[:count], "the low half comes before the high half", order),
        Mistake("low-half-first", swapped, "the low half comes before the high half", order),
        Mistake("not-interleaved", torch.tensor([*high, *low])[:count], "all high halves come first, then all low ones",
                order),
        Mistake("not-interleaved", torch.tensor([*low, *high])[:count], "all low halves come first, then all high ones",
                order),
        Mistake("not-shifted", torch.tensor([v for a, b in zip(high, low, strict=True) for v in (16 * a, b)])[:count],
                "the high half keeps its place: 16 times too large", "Shift it down: packed >> 4."),
        Mistake("low-half-not-masked", torch.tensor([v for a, b in zip(high, low, strict=True)
                for v in (a, 16 * a + b)])[:count], "the low half still carries the high one",
                "Mask it: packed & 15."),
        Mistake("spare-returned", torch.tensor(even), f"{len(even)} codes come back of {count}",
                "Cut the result at count: the spare half is no code."),
        Mistake("shape-lost", torch.tensor(even).reshape(-1, 2), "the codes come back in pairs",
                "Flatten: reshape(-1)[:count]."),
    )  # fmt: skip
    expect_close(got, torch.tensor(c), what=f"the {count} codes", id="wrong-codes", hint=order, mistakes=mistakes)
    expect_integers(got, torch.uint8, "Keep uint8 throughout.")
