"""The loss on labelled tokens, one log-probability after the other, and what well-known mistakes make of it.

Letters: b batch, s places, v vocabulary. Logits (b, s, v), labels (b, s).
"""

from __future__ import annotations

import math

import torch

from lora_utils.checks.framework.many_cases import Rule

IGNORE = -100


def picked(logits, labels, offset: int, scores=None) -> list[list[torch.Tensor]]:
    """For each row, the score of every label, read `offset` places before it (0: at the label itself)."""
    scores, s = logits.double().log_softmax(-1) if scores is None else scores, labels.shape[1]
    places = [[t for t in range(s) if row[t] != IGNORE and 0 <= t - offset < s] for row in labels]
    return [[scores[k, t - offset, labels[k, t]] for t in row] for k, row in enumerate(places)]


def mean_over(rows: list[list[torch.Tensor]]) -> torch.Tensor:
    """The mean of -log p over the tokens of all rows; 0 for none."""
    flat = [-t for row in rows for t in row]
    return torch.stack(flat).mean() if flat else torch.tensor(0.0)


def mean_of_rows(rows: list[list[torch.Tensor]], n: int) -> torch.Tensor:
    """The sum of each row's own mean, over n."""
    return sum(-torch.stack(row).mean() for row in rows if row) / n


def right_loss(logits, labels):
    """The mean cross entropy of all labelled tokens."""
    return mean_over(picked(logits, labels, 1))


def count_of(labels) -> int:
    """How many tokens have a label."""
    return int((labels != IGNORE).sum())


def smoothed(logits, labels, e: float) -> torch.Tensor:
    """The loss with labels that share a part e among all tokens."""
    scores = logits.double().log_softmax(-1)
    even = [[scores[k, t - 1].mean() for t in range(1, len(row)) if row[t] != IGNORE] for k, row in enumerate(labels)]
    return (1 - e) * right_loss(logits, labels) + e * mean_over(even)


ONE_MEAN = "One mean over all labelled tokens of the batch."
SHIFT = "The token at place t is predicted at place t - 1: which logits and which labels have no partner?"
LOSSES = (
    Rule("not-shifted", lambda x, y: mean_over(picked(x, y, 0)), "each label is compared with the logits of its own "
         "place, where the model has already read it", SHIFT),
    Rule("shifted-backwards", lambda x, y: mean_over(picked(x, y, -1)), "the shift goes the wrong way: each label is "
         "compared with the logits of the place after it", SHIFT),
    Rule("shifted-twice", lambda x, y: mean_over(picked(x, y, 2)), "each label is compared with the logits two places "
         "before it", "Shift once."),
    Rule("softmax-twice", lambda x, y: mean_over(picked(x, y, 1, x.double().softmax(-1).log_softmax(-1))), "softmax is "
         "taken before cross_entropy, which takes it itself", "Give cross_entropy the logits."),
    Rule("no-softmax", lambda x, y: mean_over(picked(x, y, 1, x.double())), "logits are averaged as if they were "
         "log-probabilities", "F.cross_entropy takes log_softmax by itself, F.nll_loss does not."),
    Rule("probabilities", lambda x, y: mean_over(picked(x, y, 1, x.double().softmax(-1))), "probabilities are "
         "averaged, without a logarithm", "Cross entropy is the mean of -log p."),
    *(Rule("smoothed", lambda x, y, e=e: smoothed(x, y, e), f"labels are smoothed by {e:g}", "Leave label_smoothing "
         "at "
           "0.") for e in (0.05, 0.1, 0.2)),
    Rule("sign-missing", lambda x, y: -right_loss(x, y), "the sign is wrong: the loss falls as the model gets worse",
         "Cross entropy is the mean of -log p."),
    Rule("sum-not-mean", lambda x, y: right_loss(x, y) * count_of(y), "the loss is a sum: it grows with the length of "
         "the answers", "Take the mean over the labelled tokens."),
    *(Rule("masked-in-mean", lambda x, y, n=n: right_loss(x, y) * count_of(y) / (len(y) * (y.shape[1] - n)), "places "
           "without a label count in the mean, so the loss shrinks with the padding", "Divide by how many have one.")
      for n in (1, 0)),
    Rule("sum-over-rows", lambda x, y: right_loss(x, y) * count_of(y) / len(y), "the sum is divided by the number of "
         "rows", ONE_MEAN),
    Rule("zero-not-learned", lambda x, y: mean_over(picked(x, torch.where(y > 0, y, IGNORE), 1)), "the token 0 is left "
         "out of the loss", "What has no label is -100; 0 is a token like any other."),
    Rule("mean-of-means", lambda x, y: mean_of_rows(picked(x, y, 1), len(y)), "each example is averaged first, so a "
         "token in a short answer counts more", ONE_MEAN),
    Rule("mean-of-means", lambda x, y: mean_of_rows(picked(x, y, 1), sum(map(bool, picked(x, y, 1)))), "each example "
         "is averaged first, so a token in a short answer counts more", ONE_MEAN),
    Rule("other-logarithm", lambda x, y: right_loss(x, y) / math.log(2), "the logarithm is that of base 2", "Cross "
         "entropy takes the natural logarithm, as F.cross_entropy does."),
    Rule("perplexity", lambda x, y: right_loss(x, y).exp(), "that is the perplexity, e to the loss", "The loss is its "
         "logarithm."),
    Rule("first-row-only", lambda x, y: mean_over(picked(x[:1], y[:1], 1)), "only the first row of the batch counts",
         ONE_MEAN),
    Rule("last-token-only", lambda x, y: mean_over([row[-1:] for row in picked(x, y, 1)]), "only the last labelled "
         "token of a row counts", ONE_MEAN),
)  # fmt: skip
