"""Checks of lab 04: what a decoder with a prompt in front is asked to predict at each place.

Letters: b batch, s sequence, l length of the prompt. ids and mask (b, s), labels (b, l + s).
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import Subject

next_token_labels = Exercise("next-token-labels", lifted=("changes-a-tensor",))
IGNORED = -100


def labeled(function, *, ids, mask, length: int) -> dict:
    """Probe: the labels, and what has become of ids and mask."""
    value = function(ids, mask, length)
    return {"value": value, "given": [ids, mask]}


def label_case(draw: Draw, *, length: int, lengths: tuple[int, ...] = (6, 4, 2), left: bool = False) -> dict:
    """Draw ids, all above 0 also under the padding, and the mask of real tokens, padded on one side."""
    s = max(lengths)
    mask = torch.arange(s) < torch.tensor(lengths)[:, None]  # (b, s)
    base = draw.integer(10, 90)
    order = torch.stack([torch.argsort(draw.normal(s)) for _ in lengths])  # no id twice in a text
    ids = base + order + 10 * torch.arange(len(lengths))[:, None]  # (b, s)
    return {"ids": ids, "mask": mask.flip(1) if left else mask, "length": length}


@next_token_labels.check
def one_text(subject: Subject, draw: Draw) -> None:
    """Without padding: the prompt's last place predicts the first token, each token the next one, the last nothing."""
    judge_labels(subject, label_case(draw, length=3, lengths=(5,)))


@next_token_labels.check(weight=2)
def padded_texts(subject: Subject, draw: Draw) -> None:
    """With padding on the right: no place predicts padding, and padding predicts nothing."""
    judge_labels(subject, label_case(draw, length=4))
    judge_labels(subject, label_case(draw, length=1, lengths=(3, 7)))


def judge_labels(subject: Subject, c: dict) -> None:
    """Compare with a loop over places; hidden checks use it with other cases."""
    ids, mask, l = c["ids"], c["mask"], c["length"]
    b, s = ids.shape
    seen = subject.probe(labeled, **c)
    value = seen["value"]
    expect_tensor(value, "the result")
    texts = [[int(i) if real else "pad" for i, real in zip(*row, strict=True)] for row in zip(ids, mask, strict=True)]
    longer = [[None] * l + text for text in texts]  # None: a place of the prompt

    def rule(label) -> torch.Tensor:
        """Labels (b, l + s) from a function of (row, place): what stands there, -100 for nothing."""
        return torch.tensor([[label(row, t) for t in range(l + s)] for row in longer])

    def at(row, t):
        return row[t] if 0 <= t < l + s and isinstance(row[t], int) else IGNORED

    right = rule(lambda row, t: IGNORED if row[t] == "pad" else at(row, t + 1))
    ignored = torch.full((b, l), IGNORED)
    unmasked = torch.cat((ignored, ids), dim=1)  # (b, l + s)
    ahead = torch.cat((unmasked[:, 1:], ignored[:, :1]), dim=1)
    own = rule(lambda row, t: at(row, t))
    lost = right.clone()
    lost[:, l - 1] = IGNORED
    seen_pads = torch.where(rule(lambda row, t: int(row[t] == "pad")).bool(), IGNORED, ahead)
    shift = "The logits at place t are compared with the token at place t + 1."
    pads = "Keep a label only where this place and the next one are both real; put -100 elsewhere."
    mistakes = (
        Mistake("not-shifted", own, "every token is asked to predict itself, which it can see", shift),
        Mistake("not-shifted", unmasked, "every token is asked to predict itself, and padding is predicted", shift),
        Mistake("shifted-backwards", rule(lambda row, t: at(row, t - 1)), "every place predicts the token before it",
                shift),
        Mistake("two-ahead", rule(lambda row, t: at(row, t + 2)), "every place predicts the token after the next",
                shift),
        Mistake("first-token-lost", lost, "nothing predicts the first token of the text: the prompt's last place does",
                "The prompt's last place stands just before the first token; only the others have nothing to predict."),
        Mistake("padding-predicted", ahead, "padding is predicted as if it were text", pads),
        Mistake("padding-predicted", seen_pads, "the last real token is asked to predict padding", pads),
        Mistake("padding-predicts", rule(lambda row, t: at(row, t + 1)), "a place of padding is asked to predict the "
                "first token", pads),
        Mistake("wrapped-around", torch.cat((unmasked[:, 1:], ids[:, :1]), dim=1), "torch.roll brings the first token "
                "round to the last place", "The last place has no next token: -100."),
        Mistake("prompt-places-missing", right[:, l:], f"the labels have {s} places, the logits have {l} more",
                "The prompt has logits too: labels are (b, l + s)."),
        Mistake("prompt-places-missing", own[:, l:], f"the labels have {s} places, the logits have {l} more",
                "The prompt has logits too: labels are (b, l + s)."),
        *(Mistake("last-place-missing", labels[:, :-1], f"there is no label for the last of the {l + s} places",
                  "The last place has logits too, and nothing to predict: -100.") for labels in (right, ahead)),
        Mistake("labels-behind", torch.cat((right[:, l:], ignored), dim=1), "the labels of the prompt's places stand "
                "behind those of the text", "The prompt comes first."),
        *(Mistake("not-ignored", torch.where(right == IGNORED, other, right),
          f"places with nothing to predict have the "
                  f"label {other}", "cross_entropy skips -100, its ignore_index, and nothing else.") for other in (0,
                  -1, 1)),
        Mistake("not-ignored", torch.where(torch.cat((ignored, mask.long()), 1) == IGNORED, 0, right), "the prompt's "
                "places are asked to predict token 0", "cross_entropy skips -100, its ignore_index."),
    )  # fmt: skip
    what = f"for {b} texts of {s} places and a prompt of {l} the result"
    expect_close(value, right, what=what, id="wrong-labels", hint=pads, mistakes=mistakes, tolerance=1e-6)
    if value.dtype != torch.int64:
        raise Failure("labels-dtype", f"the labels are {value.dtype}", "cross_entropy wants class numbers in int64.")
    if not (torch.equal(seen["given"][0], ids) and torch.equal(seen["given"][1], mask)):
        raise Failure("input-changed", "the function has written into ids or mask, which the model still needs",
                      "ids.masked_fill(...) and torch.where make new tensors.")  # fmt: skip
