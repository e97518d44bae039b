"""Checks of lab 04: what a decoder with a prompt in front is asked to predict at each place.

Letters: b batch, s sequence, l length of the prompt. ids and mask (b, s), labels (b, l + s).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.subject import Subject

next_token_labels = Exercise("next-token-labels", lifted=("changes-a-tensor",))
IGNORED = -100


def labeled(function, *, cases: list) -> dict:
    """Probe: the labels for each case, and what has become of ids and mask."""
    return {"values": [function(*case) for case in cases], "given": [case[:2] for case in cases]}


def label_case(draw: Draw, *, length: int, lengths: tuple[int, ...] = (6, 4, 2), left: bool = False) -> dict:
    """Draw ids and the mask of real tokens, padded on one side.

    Token 0 is a word of each text, and under the padding stand tokens of the text: only the mask tells them apart.
    """
    s, b = max(lengths), len(lengths)
    mask = torch.arange(s) < torch.tensor(lengths)[:, None]  # (b, s)
    mask = mask.flip(1) if left else mask
    ids = torch.stack([torch.argsort(draw.normal(s)) for _ in lengths])  # no id twice in a text
    ids = torch.where(ids > 0, ids + draw.integer(10, 90) + 10 * torch.arange(b)[:, None], 0)
    for row, real in zip(ids, mask, strict=True):
        if not real.all() and not (row[real] == 0).any():
            place = int(row[real].argmax()) + int(left) * int((~real).sum())
            row[row == 0] = row[place]
            row[place] = 0
    return {"ids": ids, "mask": mask, "length": length}


@next_token_labels.check
def one_text(subject: Subject, draw: Draw) -> None:
    """Without padding: the prompt's last place predicts the first token, each token the next one, the last nothing."""
    sizes = ((3, (5,)), (1, (4,)), (2, (1,)), (4, (7, 7)), (1, (1, 1, 1)), (6, (2, 2)))
    judge_labels(subject, [label_case(draw, length=length, lengths=lengths) for length, lengths in sizes])


@next_token_labels.check(weight=2, after=("one-text",))
def padded_texts(subject: Subject, draw: Draw) -> None:
    """With padding on the right: no place predicts padding, and padding predicts nothing."""
    sizes = ((4, (6, 4, 2)), (1, (3, 7)), (2, (1, 5, 5)), (3, (4, 2, 1, 3)), (1, (2, 2, 6)))
    judge_labels(subject, [label_case(draw, length=length, lengths=lengths) for length, lengths in sizes])


def stands(c: dict) -> list[list]:
    """What stands at each place, (b, l + s): a token, None for the prompt, "pad" for padding."""
    texts = zip(c["ids"].tolist(), c["mask"].tolist(), strict=True)
    return [[None] * c["length"] + [i if real else "pad" for i, real in zip(*row, strict=True)] for row in texts]


def rule(label: Callable) -> Callable[[dict], torch.Tensor]:
    """Labels (b, l + s) from a function of (row, place) that says what a place of a text predicts."""
    return lambda c: torch.tensor([[label(row, t) for t in range(len(row))] for row in stands(c)])


def at(row: list, t: int) -> int:
    """The token at a place; -100 where there is none."""
    return row[t] if 0 <= t < len(row) and isinstance(row[t], int) else IGNORED


def right(row: list, t: int) -> int:
    """What a place shall predict."""
    return IGNORED if row[t] == "pad" else at(row, t + 1)


def _lost(row: list, t: int) -> int:
    """All but the first token."""
    return IGNORED if row[t] is None else right(row, t)


def _across(row: list, t: int) -> int:
    """The next real token, wherever it stands; at the prompt, only for its last place."""
    later = [item for item in row[t + 1 :] if item != "pad"]
    return IGNORED if row[t] == "pad" or not later or later[0] is None else later[0]


def _row(c: dict) -> torch.Tensor:
    """The prompt's places at -100, then the ids, those under the padding too."""
    return torch.cat((torch.full((len(c["ids"]), c["length"]), IGNORED), c["ids"]), 1)


def _ahead(c: dict, last: torch.Tensor | None = None) -> torch.Tensor:
    """That row one place to the left."""
    end = torch.full((len(c["ids"]), 1), IGNORED) if last is None else last
    return torch.cat((_row(c)[:, 1:], end), 1)


def _instead(other: int, where: Callable) -> Callable[[dict], torch.Tensor]:
    """The right labels with another number where there is nothing to predict, at some of these places."""
    chosen = rule(lambda row, t: int(where(row, t)))
    return lambda c: torch.where((rule(right)(c) == IGNORED) & chosen(c).bool(), other, rule(right)(c))


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes give, each with its message."""
    shift = "The logits at place t are compared with the token at place t + 1."
    pads = "A label counts only where this place and the next one are both real."
    skips = "cross_entropy skips -100, its ignore_index, and nothing else."
    seen_pads = rule(lambda row, t: int(row[t] == "pad"))
    cut = "The prompt's places have logits too: labels are (b, l + s)."
    own = rule(at)
    return (
        Rule("not-shifted", own, "every token is asked to predict itself, which it can see", shift),
        Rule("not-shifted", _row, "every token is asked to predict itself, and padding is predicted", shift),
        Rule("shifted-backwards", rule(lambda row, t: at(row, t - 1)), "every place predicts the token before it",
             shift),
        Rule("two-ahead", rule(lambda row, t: at(row, t + 2)), "every place predicts the token after the next", shift),
        Rule("first-token-lost", rule(_lost), "nothing predicts the first token of the text",
             "The prompt's last place stands just before the first token; only the others have nothing to predict."),
        Rule("padding-predicted", _ahead, "padding is predicted as if it were text", pads),
        Rule("padding-predicted", lambda c: torch.where(seen_pads(c).bool(), IGNORED, _ahead(c)),
             "the last real token is asked to predict padding", pads),
        Rule("padding-predicts", rule(lambda row, t: at(row, t + 1)), "a place of padding is asked to predict the "
             "first token", pads),
        Rule("wrapped-around", lambda c: _ahead(c, c["ids"][:, :1]), "the last place predicts the first token, as "
             "torch.roll brings it round", "The last place has no next token: -100."),
        Rule("wrapped-around", rule(lambda row, t: at(row, t + 1 if t + 1 < len(row) else row.count(None))
                                    if row[t] != "pad" else IGNORED),
             "the last place predicts the first token", "The last place has no next token: -100."),
        *(Rule("prompt-places-missing", lambda c, labels=labels: labels(c)[:, c["length"] :],
               "the labels have the text's places alone, and the logits have l more", cut)
          for labels in (rule(right), own, _ahead, _row)),
        *(Rule("last-place-missing", lambda c, labels=labels: labels(c)[:, :-1], "there is no label for the last of "
               "the l + s places", "The last place has logits too, and nothing to predict: -100.")
          for labels in (rule(right), _ahead, own)),
        Rule("labels-behind", lambda c: rule(right)(c).roll(-c["length"], 1), "the labels of the prompt's places stand "
             "behind those of the text", "The prompt comes first."),
        Rule("zero-ignored", lambda c: rule(right)(c | {"mask": c["mask"] & (c["ids"] != 0)}), "token 0 is taken for "
             "padding: it is not predicted, and predicts nothing", "0 is a token like any other here: only the mask "
             "says what is padding."),
        Rule("padding-on-the-right", lambda c: torch.tensor([
            [IGNORED] * (c["length"] - 1) + ids[:n] + [IGNORED] * (len(ids) - n + 1)
            for ids, n in zip(c["ids"].tolist(), c["mask"].sum(1).tolist(), strict=True)]), "the text is taken to "
             "stand on the left, before its padding", "Padding may stand on either side: ask the mask of each place."),
        Rule("padding-skipped", rule(_across), "a place predicts the next real token, beyond the padding between them",
             "The label at place t is the token at place t + 1, if both places are real; else it is -100."),
        Rule("zero-ignored", lambda c: torch.where(rule(right)(c) == 0, IGNORED, rule(right)(c)),
             "token 0 is never predicted", "0 is a token like any other here: only the mask says what is padding."),
        *(Rule("not-ignored", _instead(other, lambda row, t: True),
               f"places with nothing to predict have the label {other}", skips) for other in (0, -1, 1, 100)),
        *(Rule("not-ignored", _instead(other, lambda row, t: row[t] is None),
               f"the prompt's places are asked to predict token {other}", skips) for other in (0, -1)),
        *(Rule("not-ignored", _instead(other, lambda row, t: row[t] is not None),
               f"padding and the last place are asked to predict token {other}", skips) for other in (0, -1)),
        *(Rule("not-ignored", _instead(other, lambda row, t: t == len(row) - 1),
               f"the last place is asked to predict token {other}", skips) for other in (0, -1)),
        Rule("prompt-predicts", lambda c: torch.where(rule(lambda row, t: int(row[t] is None))(c).bool(),
                                                      c["ids"][:, :1], rule(right)(c)),
             "every place of the prompt is asked to predict the first token", "Only its last place stands just before "
             "it; the others have a prompt vector next."),
        Rule("only-first-text", lambda c: rule(right)(c)[:1].expand(len(c["ids"]), -1), "all texts have the labels of "
             "the first", "Each text has ids and a mask of its own."),
    )  # fmt: skip


def judge_labels(subject: Subject, cases: list[dict]) -> None:
    """Compare with a loop over places; hidden checks use it with other cases."""

    def told(c: dict) -> str:
        padded = "" if c["mask"].all() else ", some of them padding,"
        return f"{len(c['ids'])} texts of {c['ids'].shape[1]} places{padded} and a prompt of {c['length']}"

    seen = ask(subject, cases, told, labeled, arguments=lambda c: [c["ids"], c["mask"], c["length"]])
    for value in seen["values"]:
        expect_tensor(value, "the result")
    expect_all(seen["values"], cases, rule(right), told=told, what="the result", id="wrong-labels", rules=_rules(),
               hint="Write the l + s places of one text in a row, and under each what the text above lets it predict.",
               tolerance=1e-6)  # fmt: skip
    for value in seen["values"]:
        if value.dtype != torch.int64:
            raise Failure(
                "labels-dtype", f"the labels are {value.dtype}", "cross_entropy wants class numbers in int64."
            )
    for c, given in zip(cases, seen["given"], strict=True):
        if not (torch.equal(given[0], c["ids"]) and torch.equal(given[1], c["mask"])):
            raise Failure("input-changed", f"for {told(c)} the function has written into ids or mask, which the model "
                          "still needs", "ids.masked_fill(...) and torch.where make new tensors.")  # fmt: skip
