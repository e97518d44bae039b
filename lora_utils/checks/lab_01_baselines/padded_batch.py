"""Checks of lab 01: one padded batch and its mask.

Letters: b rows of a batch, s tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, expect_all
from lora_utils.checks.framework.subject import Subject

padded_batch = Exercise("padded-batch")
Rows = list[list[int]]


def rows_case(draw: Draw, lengths: Sequence[int], pad_id: int) -> tuple[Rows, int]:
    """Rows of drawn ids and the number of the padding, which the first and the last real token have too."""
    rows = [draw.integers(10, 49_000, length).tolist() for length in lengths]
    full = [row for row in rows if row]
    full[0][0] = full[-1][-1] = pad_id
    return rows, pad_id


def filled(rows: Rows, pad: int, width: int | None = None, left: bool = False) -> torch.Tensor:
    """The rows in one tensor (b, width), by lists; s wide if nothing is said."""
    width = max(map(len, rows)) if width is None else width
    fill = [[pad] * (width - len(row)) for row in rows]
    return torch.tensor([(f + r if left else r + f)[:width] for f, r in zip(fill, rows, strict=True)])


def real(rows: Rows, pad_id: int = 0, more: int = 0) -> torch.Tensor:
    """1 for real tokens and 0 for padding, (b, s); with `more`, so many more places count as real."""
    return torch.tensor([[int(t < len(row) + more) for t in range(max(map(len, rows)))] for row in rows])


def shortest(rows: Rows) -> int:
    """The length of the shortest row."""
    return min(map(len, rows))


BEGIN = "Each row stands at the beginning of its row of the batch, and pad_id in all places after it."
LONGEST = "s is the length of the longest row, no less and no more."
IDS = (
    Rule("padded-left", lambda rows, pad: filled(rows, pad, left=True), "the padding stands on the left", BEGIN),
    Rule("pad-id-ignored", lambda rows, pad: filled(rows, 0), "the padding is 0, not pad_id", BEGIN),
    Rule("pad-id-ignored", lambda rows, pad: filled(rows, -100), "the padding is -100, not pad_id", BEGIN),
    Rule("pad-id-ignored", lambda rows, pad: filled(rows, 1), "the padding is 1, not pad_id", BEGIN),
    Rule("last-repeated", lambda rows, pad: torch.tensor([row + [row[-1]] * (max(map(len, rows)) - len(row))
         for row in rows]), "the last token of a row is repeated where pad_id should stand", BEGIN),
    Rule("cut-to-shortest", lambda rows, pad: filled(rows, pad, shortest(rows)), "rows are cut to the shortest",
         LONGEST),
    Rule("cut-to-first", lambda rows, pad: filled(rows, pad, len(rows[0])), "rows are cut or filled to the length of "
         "the first", LONGEST),
    Rule("cut-to-first", lambda rows, pad: filled(rows, pad, len(rows[-1])), "rows are cut or filled to the length of "
         "the last", LONGEST),
    Rule("column-too-many", lambda rows, pad: filled(rows, pad, max(map(len, rows)) + 1),
         "there is a column of padding "
         "too many", LONGEST),
    Rule("swapped", real, "the mask comes first", "ids first: return ids, mask."),
    Rule("transposed", lambda rows, pad: filled(rows, pad).T, "rows and columns are exchanged, (s, b)", "A row of the "
         "batch is a text: (b, s). pad_sequence has batch_first=True for it."),
    Rule("one-row", lambda rows, pad: torch.tensor([token for row in rows for token in row]), "all rows stand in one, "
         "without padding", BEGIN),
    Rule("sorted-by-length", lambda rows, pad: filled(sorted(rows, key=len, reverse=True), pad), "the rows stand in "
         "another order, long ones first", "Row i of the batch is row i of the input."),
    Rule("empty-row-lost", lambda rows, pad: filled([row for row in rows if row], pad), "rows without tokens are left "
         "out", "An empty row is a row of the batch, all padding."),
    Rule("nothing-written", lambda rows, pad: filled([[] for _ in rows], pad, max(map(len, rows))), "no token has been "
         "written: all of it is padding", BEGIN),
)  # fmt: skip
LENGTHS = "A place is real if it is smaller than its row's length, whatever number stands there."
TRUE = "True means: a real token."
MASK = (
    Rule("mask-all-true", lambda rows, pad: torch.ones_like(real(rows)), "the mask is True everywhere", LENGTHS),
    Rule("mask-inverted", lambda rows, pad: 1 - real(rows), "the mask is True for padding", TRUE),
    Rule("mask-from-ids", lambda rows, pad: (filled(rows, pad) != pad).long(), "real tokens that have the number of "
         "the padding are masked away", LENGTHS),
    Rule("mask-from-ids", lambda rows, pad: (filled(rows, pad) != 0).long(), "every place whose number is not 0 counts "
         "as real", LENGTHS),
    Rule("mask-inverted", lambda rows, pad: (filled(rows, pad) == pad).long(),
         "the mask is True where ids equal pad_id",
         TRUE + " " + LENGTHS),
    Rule("mask-all-false", lambda rows, pad: torch.zeros_like(real(rows)), "the mask is False everywhere", LENGTHS),
    Rule("mask-from-ids", lambda rows, pad: (filled(rows, pad) != pad).long().flip(1).cumsum(1).flip(1).clamp(max=1),
         "a real token at the end of its row that has the number of the padding is masked away", LENGTHS),
    Rule("empty-row-real", lambda rows, pad: torch.tensor([[int(t < max(1, len(row))) for t in
         range(max(map(len, rows)))] for row in rows]), "a row without tokens has a real place", LENGTHS),
    Rule("empty-row-lost", lambda rows, pad: real([row for row in rows if row]), "rows without tokens are left out",
         "An empty row is a row of the batch, all padding."),
    Rule("mask-off-by-one", lambda rows, pad: real(rows, more=-1), "the last real token of each row is masked away",
         LENGTHS),
    Rule("mask-off-by-one", lambda rows, pad: real(rows, more=1), "the first padding of each row counts as real",
         "Places are counted from 0. " + LENGTHS),
    Rule("mask-left", lambda rows, pad: real(rows).flip(1), "the mask has its padding on the left", LENGTHS),
    Rule("mask-is-lengths", lambda rows, pad: torch.tensor([len(row) for row in rows]), "it holds the lengths of the "
         "rows, (b,)", "The mask has a truth value for every place, (b, s)."),
    Rule("mask-for-scores", lambda rows, pad: (real(rows) - 1) * float("1e9"), "it holds 0 and a huge negative number",
         "That is the form that is added to attention scores. Here: True and False."),
    Rule("mask-is-ids", filled, "it is ids again", TRUE),
    Rule("mask-one-row", lambda rows, pad: real(rows)[0], "it has one row for all, (s,)",
         "Each row has its own length."),
    Rule("mask-one-row", lambda rows, pad: torch.ones_like(real(rows)[0]), "it has one row for all, (s,)",
         "Each row has its own length."),
    Rule("mask-first-row", lambda rows, pad: real(rows)[:1].expand(len(rows), -1), "every row has the mask of the "
         "first", "Each row has its own length."),
    Rule("mask-transposed", lambda rows, pad: real(rows).T, "rows and columns are exchanged, (s, b)",
         "The mask has the shape of ids, (b, s)."),
)  # fmt: skip


def seen(subject: Subject, cases: Sequence[tuple]) -> list[list[torch.Tensor]]:
    """Call the student's function and expect two tensors for each case."""
    try:
        values = ask(subject, cases, told_of)["values"]
    except CaseRaised as error:
        if error.kind == "ValueError" and "expected sequence of length" in error.text:
            text = f"for {told_of(*error.case)} your code raised {error.error}"
            raise Failure("rows-unequal", text, "torch.tensor takes rows of equal length only: what must be done to "
                          "short ones first?") from None  # fmt: skip
        raise
    for value, case in zip(values, cases, strict=True):
        if type(value) is not list or len(value) != 2 or not all(isinstance(v, torch.Tensor) for v in value):
            came = "one tensor" if isinstance(value, torch.Tensor) else "None" if value is None else "something else"
            raise Failure("not-a-pair", f"for {told_of(*case)} expected two tensors, (ids, mask), got {came}",
                          "Write return ids, mask. Both are tensors.")  # fmt: skip
    return values


def told_of(rows: Rows, pad_id: int) -> str:
    """A case in words."""
    return f"rows of {', '.join(str(len(row)) for row in rows)} tokens and pad_id={pad_id}"


@padded_batch.check
def pads(subject: Subject, draw: Draw) -> None:
    """ids (b, s) holds each row from the left and pad_id after it, s being the longest row."""
    judge_ids(subject, visible(draw))


@padded_batch.check
def masks(subject: Subject, draw: Draw) -> None:
    """mask (b, s), of truth values, is True for real tokens and False for padding, whatever number a token has."""
    judge_mask(subject, visible(draw))


def visible(draw: Draw) -> list[tuple]:
    """Rows of unequal length: the longest stands first, last and in between."""
    lengths = ((3, 5, 2, 4), (2, 6, 4), (6, 1, 3), (1, 2, 3, 7, 4), (2, 4))
    return [rows_case(draw, one, draw.integer(3, 9)) for one in lengths] + [rows_case(draw, (3, 4, 2), 0)]


def judge_ids(subject: Subject, cases: Sequence[tuple]) -> None:
    """Compare ids, which are whole numbers; hidden checks use it with other rows."""
    ids = [value[0] for value in seen(subject, cases)]
    compare(ids, cases, filled, IDS, "ids", BEGIN + " " + LONGEST)
    if any(one.is_floating_point() for one in ids):
        raise Failure("ids-float", "ids holds floating-point numbers, which an embedding refuses",
                      "Make it of whole numbers: dtype=torch.long.")  # fmt: skip


def judge_mask(subject: Subject, cases: Sequence[tuple]) -> None:
    """Compare the mask, which is bool; hidden checks use it with other rows."""
    mask = [value[1] for value in seen(subject, cases)]
    compare(mask, cases, real, MASK, "mask", LENGTHS)
    for one in mask:
        if one.dtype != torch.bool:
            raise Failure("mask-not-bool", f"the mask must hold truth values, torch.bool; it holds {one.dtype}",
                          "The numbers are right; dtype=torch.bool or .bool() makes truth values of them.")  # fmt: skip


def compare(values: list, cases: Sequence[tuple], right: Callable, rules: Sequence[Rule], name: str, hint: str) -> None:
    """Raise a Failure unless each tensor is the right one."""
    expect_all(values, cases, right, told=told_of, what=lambda *case: f"{name}, for {told_of(*case)},",
               id=f"wrong-{name}", hint=hint, rules=rules, known=name + ", for {told}: {text}")  # fmt: skip
