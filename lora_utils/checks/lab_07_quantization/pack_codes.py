"""Checks of lab 07: two codes in a byte, counted out one by one."""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import expect_integers

pack_codes = Exercise("pack-codes")

ORDER = "The earlier code of a pair goes into the high half: 16 * first + second."


def pack_or_unpack(pack, unpack, *, which: str, cases: list) -> dict:
    """Probe: call one of the two functions for each list of arguments."""
    return {"values": [{"pack": pack, "unpack": unpack}[which](*args) for args in cases]}


@pack_codes.check
def two_in_a_byte(subject: Subject, draw: Draw) -> None:
    """pack_codes puts each two neighbours into one byte, the earlier one into the high half."""
    judge_packed(subject, draw, [(12,), (2,), (8,), (30,)])


@pack_codes.check
def two_out_of_a_byte(subject: Subject, draw: Draw) -> None:
    """unpack_codes gives them back in their order."""
    judge_unpacked(subject, draw, [(12, 12), (2, 2), (8, 8), (30, 30)])


@pack_codes.check(after=("two-in-a-byte", "two-out-of-a-byte"))
def odd_count(subject: Subject, draw: Draw) -> None:
    """An odd number of codes leaves the last low half 0, and unpack_codes returns only as many as are asked for."""
    judge_packed(subject, draw, [(7,), (3,), (15,)])
    judge_unpacked(subject, draw, [(7, 7), (3, 3), (12, 6), (12, 5), (9, 2), (10, 1)])


def _codes(draw: Draw, n: int) -> torch.Tensor:
    codes = draw.integers(0, 15, n)
    codes[: min(5, n)] = torch.tensor([1, 14, 9, 3, 12])[:n]
    if n > 6:
        codes[6] = 15
    return codes


def judge_packed(subject: Subject, draw: Draw, shapes: list[tuple[int, ...]]) -> None:
    """Compare the bytes; hidden checks use it with other shapes."""
    flat = [_codes(draw, torch.Size(shape).numel()) for shape in shapes]
    cases = [[c.reshape(shape).to(torch.uint8)] for c, shape in zip(flat, shapes, strict=True)]
    got = subject.probe(pack_or_unpack, which="pack", cases=cases)["values"]
    for packed in got:
        expect_tensor(packed, "what pack_codes returns")

    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of earlier and later codes, completed by a 0, and of all codes."""

        def gives(c: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
            even = torch.nn.functional.pad(c, (0, len(c) % 2))
            return make(even[0::2], even[1::2], c)

        return Rule(id, gives, text, hint)

    def halves(c: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.nn.functional.pad(c, (0, len(c) % 2)).chunk(2)

    neighbors = "Neighbours share a byte: the first code with the second, the third with the fourth."
    zero = "Complete an odd number by a 0."
    shift = "Shift the first by four bits: then both fit."
    rules = [
        rule("low-half-first", lambda a, b, c: a + 16 * b, "the earlier code is in the low half", ORDER),
        rule("halves-paired", lambda a, b, c: 16 * halves(c)[0] + halves(c)[1], "the first half of the codes is paired "
             "with the second half", neighbors),
        rule("halves-paired", lambda a, b, c: halves(c)[0] + 16 * halves(c)[1], "the first half of the codes is paired "
             "with the second half", neighbors),
        rule("not-shifted", lambda a, b, c: a | b, "both codes lie in the low half", shift),
        rule("not-shifted", lambda a, b, c: a + b, "both codes lie in the low half", shift),
        rule("shifted-too-far", lambda a, b, c: (a * 256 + b) % 256, "the first code was shifted out of the byte",
             "A code has four bits, and so has each half."),
        rule("shifted-too-little", lambda a, b, c: (8 * a + b) % 256, "the first code was shifted by three bits only",
             "A code has four bits, and so has each half."),
        rule("shifted-too-little", lambda a, b, c: 8 * a | b, "the first code was shifted by three bits only",
             "A code has four bits, and so has each half."),
        rule("decimal", lambda a, b, c: 10 * a + b, "the first code is multiplied by 10", ORDER),
        rule("fifteen", lambda a, b, c: 15 * a + b, "the first code is multiplied by 15", ORDER),
        rule("second-lost", lambda a, b, c: 16 * a, "the later codes are lost", ORDER),
        rule("halves-masked", lambda a, b, c: 16 * a & b, "the halves are joined by &, which leaves nothing of them",
             "| joins bits that do not overlap."),
        rule("not-packed", lambda a, b, c: c, "every code still has a byte", ORDER),
        rule("as-pairs", lambda a, b, c: torch.stack([a, b], 1), "every code still has a byte, in pairs", ORDER),
        rule("last-code-lost", lambda a, b, c: (16 * a + b)[: len(c) // 2], "the last of an odd number of codes is "
             "lost", zero),
        rule("filled-by-repeating", lambda a, b, c: torch.cat([(16 * a + b)[: len(c) // 2], 17 * c[len(c) // 2 * 2 :]]),
             "the spare half holds the last code again", zero),
        rule("filled-by-ones", lambda a, b, c: torch.cat([(16 * a + b)[: len(c) // 2],
             16 * c[len(c) // 2 * 2 :] + 15]), "the spare half holds 15", zero),
        rule("odd-code-low", lambda a, b, c: torch.cat([(16 * a + b)[: len(c) // 2], c[len(c) // 2 * 2 :]]), "an odd "
             "code at the end is in the low half", zero + " The 0 follows the last code."),
        rule("filled-in-front", lambda a, b, c: _joined(torch.nn.functional.pad(c, (len(c) % 2, 0))), "the 0 that "
             "completes an odd number stands in front", "The 0 follows the last code."),
        rule("filled-always", lambda a, b, c: _joined(torch.nn.functional.pad(c, (0, 2 - len(c) % 2))), "an even "
             "number of codes is completed as well", "Only an odd number lacks a code."),
    ]  # fmt: skip
    if len(shapes) == 1 and len(shapes[0]) > 1:

        def by_rows(c: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
            return _joined(torch.nn.functional.pad(c.reshape(shape), (0, shape[-1] % 2)).flatten())

        rules += [
            Rule("rows-packed", by_rows, "each row is packed by itself", "Flatten first: pairs run on over the ends of "
                 "rows."),
            Rule("rows-packed", lambda c, shape: by_rows(c, shape).reshape(*shape[:-1], -1), "each row is packed by "
                 "itself", "Flatten first: bytes are a list."),
        ]  # fmt: skip

    def right(c: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        return _joined(torch.nn.functional.pad(c, (0, len(c) % 2)))

    def told(c: torch.Tensor, shape: tuple[int, ...]) -> str:
        return f"{len(c)} codes of shape {shape}, {c.tolist()[:8]}"

    expect_all(got, list(zip(flat, shapes, strict=True)), right, told=told, id="wrong-bytes", hint=ORDER, rules=rules,
               what=lambda c, shape: f"the bytes for {told(c, shape)}")  # fmt: skip
    for packed in got:
        expect_integers(packed, torch.uint8, "Keep uint8 throughout: shifting uint8 by four gives uint8.")


def _joined(even: torch.Tensor) -> torch.Tensor:
    return 16 * even[0::2] + even[1::2]


def judge_unpacked(subject: Subject, draw: Draw, counts: list[tuple[int, int]]) -> None:
    """Compare the codes of bytes that the judge packed, as (codes in the bytes, codes asked for)."""
    flat = [_codes(draw, n) for n, _ in counts]
    even = [torch.nn.functional.pad(c, (0, len(c) % 2)) for c in flat]
    cases = [[_joined(c).to(torch.uint8), count] for c, (_, count) in zip(even, counts, strict=True)]
    got = subject.probe(pack_or_unpack, which="unpack", cases=cases)["values"]
    for codes in got:
        expect_tensor(codes, "what unpack_codes returns")

    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of high halves, low halves, both in order, and the count."""
        return Rule(id, lambda c, n: make(c[0::2], c[1::2], c, n), text, hint)

    def woven(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return torch.stack([first, second], 1).flatten()

    order = "Each high half comes right before its own low half."
    cut = "As many codes come back as are asked for: the first ones."
    rules = [
        rule("low-half-first", lambda a, b, c, n: woven(b, a)[:n], "the low half comes before the high half", order),
        rule("low-half-first", lambda a, b, c, n: woven(b, a), "the low half comes before the high half", order),
        rule("not-interleaved", lambda a, b, c, n: torch.cat([a, b])[:n], "all high halves come first, then all low "
             "ones", order),
        rule("not-interleaved", lambda a, b, c, n: torch.cat([b, a])[:n], "all low halves come first, then all high "
             "ones", order),
        rule("not-shifted", lambda a, b, c, n: woven(16 * a, b)[:n], "the high half keeps its place: 16 times too "
             "large", "Shift it down by four bits."),
        rule("low-half-not-masked", lambda a, b, c, n: woven(a, 16 * a + b)[:n], "the low half still carries the high "
             "one", "Mask it: its four bits alone."),
        rule("mask-too-small", lambda a, b, c, n: woven(a, b % 8)[:n], "the mask keeps three bits only",
             "Four bits set are 15."),
        rule("mask-too-small", lambda a, b, c, n: woven(a, b % 15)[:n], "the remainder of 15 is taken: the code 15 "
             "becomes 0", "The low half is the remainder of 16, or & 15."),
        rule("sign-carried", lambda a, b, c, n: woven(a - 16 * (a > 7), b)[:n], "codes above 7 from the high half have "
             "become negative: shifting a number with a sign carries the sign along", "Shift uint8, which "
             "has no sign."),
        rule("spare-returned", lambda a, b, c, n: c, "more codes come back than are asked for", cut),
        rule("spare-returned", lambda a, b, c, n: c[: len(c) - n % 2], "only a spare half is cut off", cut),
        rule("shape-lost", lambda a, b, c, n: torch.stack([a, b], 1), "the codes come back in pairs",
             "Flat, and as many as are asked for."),
        rule("not-unpacked", lambda a, b, c, n: (16 * a + b)[:n], "the bytes come back as they are", order),
        rule("high-half-only", lambda a, b, c, n: a[:n], "only the high halves come back", order),
    ]  # fmt: skip

    def told(c: torch.Tensor, n: int) -> str:
        return f"{len(c) // 2} bytes and count={n}"

    asked = [(c, count) for c, (_, count) in zip(even, counts, strict=True)]
    expect_all(got, asked, lambda c, n: c[:n], told=told, what=lambda c, n: f"the codes for {told(c, n)}",
               id="wrong-codes", hint=order, rules=rules)  # fmt: skip
    for codes in got:
        expect_integers(codes, torch.uint8, "Keep uint8 throughout.")
