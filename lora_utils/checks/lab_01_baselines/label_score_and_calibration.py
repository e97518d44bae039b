"""Checks of lab 01 on prompting: the log-probability of a label, and contextual calibration.

Letters: b rows of a batch, s tokens, v vocabulary, n prompts, m content-free prompts, c labels. The judge goes through
rows and places one by one, in float64.
"""

from __future__ import annotations

import math

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import StudentRaised, Subject

label_score = Exercise("label-score")
calibration = Exercise("calibration")


# ----------------------------------------------------------------------------------------------------- label-score
def score_case(draw: Draw, labels: tuple[tuple[int, int], ...] = ((4, 1), (2, 3), (3, 2)), scale: float = 1.5) -> dict:
    """Logits, ids and a mask of label tokens, with padding after the shorter rows.

    Args:
        draw: where the numbers come from
        labels: of each row, how many prompt tokens and how many label tokens; the first row's is short
        scale: of the logits; a large one makes probabilities underflow
    """
    s, v = max(prompt + label for prompt, label in labels) + 1, draw.integer(8, 11)
    is_label = torch.zeros(len(labels), s, dtype=torch.bool)
    for row, (prompt, label) in enumerate(labels):
        is_label[row, prompt : prompt + label] = True
    logits = draw.normal(len(labels), s, v, scale=scale)
    return {"logits": logits, "ids": draw.integers(0, v - 1, len(labels), s), "is_label": is_label}


@label_score.check
def scores_one_token(subject: Subject, draw: Draw) -> None:
    """For a label of one token it is the log-probability of that token after the prompt."""
    judge_score(subject, score_case(draw, ((4, 1), (2, 1), (5, 1))))


@label_score.check
def scores_several_tokens(subject: Subject, draw: Draw) -> None:
    """For a longer label the log-probabilities of its tokens are added; prompt and padding do not count."""
    judge_score(subject, score_case(draw))


@label_score.check(after=("scores-one-token", "scores-several-tokens"))
def survives_small_probabilities(subject: Subject, draw: Draw) -> None:
    """A label that is all but impossible gets a very negative number, not minus infinity."""
    judge_score(subject, score_case(draw, scale=150.0))


def places(case: dict) -> list[list[int]]:
    """Of each row, the places of the label's tokens."""
    return [[t for t, chosen in enumerate(row) if chosen] for row in case["is_label"].tolist()]


def judge_score(subject: Subject, case: dict) -> None:
    """Compare with a walk over rows and places; hidden checks use it with other cases."""
    try:
        value = subject.probe(call, args=[case["logits"], case["ids"], case["is_label"]])["value"]
    except StudentRaised as error:
        cuts = "Cut all three, so that they hold s - 1 places: logits[:, :-1], ids[:, 1:] and is_label[:, 1:]."
        if error.kind == "IndexError" and "shape of the mask" in error.text:
            raise Failure("mask-not-cut", f"your code raised {error}", cuts) from None
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            raise Failure("mask-not-cut", f"your code raised {error}", cuts) from None
        if error.kind == "RuntimeError" and "Size does not match at dimension 1" in error.text:
            raise Failure("ids-not-cut", f"your code raised {error}", cuts) from None
        if error.kind == "RuntimeError" and "same number of dimensions" in error.text:
            raise Failure("gather-axis-missing", f"your code raised {error}", "gather wants the places with as many "
                          "axes as logp: ids[:, 1:, None] is (b, s - 1, 1).") from None  # fmt: skip
        raise
    expect_tensor(value, "the result")
    logits, ids, label = case["logits"].double(), case["ids"], places(case)
    b, s, _ = logits.shape
    logp = logits - logits.logsumexp(-1, keepdim=True)  # (b, s, v)

    def each(table: torch.Tensor, shift: int, chosen: list[list[int]]) -> list[torch.Tensor]:
        """Of each row, table[row, t - shift, ids[row, t]] at the chosen places t."""
        return [
            torch.stack([table[i, min(max(t - shift, 0), s - 1), ids[i, t]] for t in row])
            for i, row in enumerate(chosen)
        ]

    def summed(*args) -> torch.Tensor:
        return torch.stack([terms.sum() for terms in each(*args)])

    parts = each(logp, 1, label)
    right = torch.stack([terms.sum() for terms in parts])  # (b,)
    if torch.isinf(value).any():
        raise Failure("underflow", "a score is minus infinity: the probability was rounded to 0 and its logarithm "
                      "taken then", "Use log_softmax, which never leaves the logarithm; not log(softmax).")  # fmt: skip
    after = [[t + 1 for t in row if t + 1 < s] or row[-1:] for row in label]
    before = [[t - 1 for t in row] for row in label]
    until = [list(range(1, row[-1] + 1)) for row in label]
    everything = [list(range(1, s))] * b
    stacked = [torch.stack([terms[0] for terms in parts]), torch.stack([terms[-1] for terms in parts])]
    raw = summed(logits, 1, label)
    summed_best = torch.stack([sum(logp[i, t - 1].max() for t in row) for i, row in enumerate(label)])
    p = logp.exp()
    per_axis = {axis: logits - logits.logsumexp(axis, keepdim=True) for axis in (0, 1)}
    # Cutting before the softmax over the wrong axis leaves other terms in the sum than cutting after it.
    per_axis[2] = torch.cat((logits[:, :-1] - logits[:, :-1].logsumexp(1, keepdim=True), logits[:, -1:]), 1)
    shift = "The logits at place t - 1 speak about the token at place t: compare logits[:, :-1] with ids[:, 1:]."
    only = "Only places where is_label is True count: cut is_label[:, 1:] like ids, then multiply or torch.where."
    logs = "Use log_softmax: probabilities of successive tokens multiply, their logarithms add."
    axis = "Probabilities sum to 1 over the vocabulary, the last axis: log_softmax(dim=-1)."
    lengths = torch.tensor([float(len(row)) for row in label], dtype=torch.float64)
    mistakes = (
        Mistake("not-shifted", summed(logp, 0, label), "it looks a label's token up in the logits at that token's own "
                "place, which predict the token after it", shift),
        Mistake("shifted-backwards", summed(logp, -1, label), "the logits are shifted the wrong way", shift),
        Mistake("mask-not-shifted", summed(logp, 1, after),
                "logits and ids are shifted, the mask is not: it adds the tokens one place after the label's", only),
        Mistake("ids-not-shifted", summed(logp, 0, before), "logits and mask are lined up, the ids are not: it looks "
                "up the token before each of the label's", "Cut the first of the ids, not the last: ids[:, 1:]."),
        Mistake("mask-shifted-wrong-way", summed(logp, 1, before),
                "it adds the tokens one place before the label's", only),
        Mistake("prompt-included", summed(logp, 1, until), "the prompt's own tokens are added too: long texts lose",
                only),
        Mistake("everything-included", summed(logp, 1, everything), "prompt and padding are added too", only),
        Mistake("all-zero", torch.zeros(b), "every score is 0",
                "The mask makes the other places 0, and a product with a 0 is 0: add logarithms, sum(dim=1)."),
        Mistake("best-token", summed_best, "it adds the log-probability of the most probable token, not of the "
                "label's", "Pick each label token's own: gather along the last axis with the ids."),
        Mistake("averaged", right / lengths, "the sum is divided by the number of the label's tokens",
                "Add; dividing is a choice for labels of unequal length, and here it is not made."),
        Mistake("averaged", right / s, "the sum is divided by the number of places", "Add, do not average."),
        Mistake("averaged", right / (s - 1), "the sum is divided by the number of places", "Add, do not average."),
        Mistake("raw-logits", raw, "it adds raw logits, which are no log-probabilities: a constant added to all "
                "logits of a place changes them", axis),
        Mistake("softmax-over-tokens", summed(per_axis[1], 1, label), "the softmax runs over the s places", axis),
        Mistake("softmax-over-tokens", summed(per_axis[2], 1, label), "the softmax runs over the s places", axis),
        Mistake("softmax-over-batch", summed(per_axis[0], 1, label), "the softmax runs over the batch", axis),
        Mistake("no-logarithm", right.exp(), "it returns the probability, not its logarithm", logs),
        Mistake("no-logarithm", summed(p, 1, label), "it adds probabilities instead of their logarithms", logs),
        Mistake("sign-turned", -right, "the sign is turned: that is a loss", "Return the log-probability, at most 0."),
        Mistake("sign-turned", -right / lengths, "that is a loss: the mean, with the sign turned",
                "Return the sum of the log-probabilities, at most 0."),
        Mistake("first-token-only", stacked[0], "only the label's first token counts", "Add all of them."),
        Mistake("last-token-only", stacked[1], "only the label's last token counts", "Add all of them."),
        Mistake("base-two", right / math.log(2), "it is in bits", "Use the natural logarithm."),
        Mistake("batch-added", right.sum(), "it adds up the whole batch", "One number a row: sum(dim=1)."),
        Mistake("not-added", torch.cat(parts), "it returns a number for each token of a label, all rows in one list",
                "Picking with a mask loses the rows: multiply by the mask, then sum(dim=1)."),
        Mistake("not-added", torch.stack([torch.stack([logp[i, t - 1, ids[i, t]] * (t in row) for t in range(1, s)])
                for i, row in enumerate(label)]), "it returns a number for each place", "Add over the places, dim=1."),
    )  # fmt: skip
    hint = "log_softmax over the vocabulary, gather the tokens one place later, keep the label's, add."
    expect_close(value, right, what="the scores of the rows", id="wrong-score", hint=hint, mistakes=mistakes)


# ----------------------------------------------------------------------------------------------------- calibration
@calibration.check
def calibrates(subject: Subject, draw: Draw) -> None:
    """It is p / p_cf made to sum to 1 over the labels, p_cf averaged over the content-free prompts."""
    n, m, c = draw.sizes(3, 3, 6)
    judge_calibrated(subject, draw.normal(n, c) - 2, draw.normal(m, c, scale=1.5) - 2)


@calibration.check(after=("calibrates",))
def is_fair(subject: Subject, draw: Draw) -> None:
    """A prompt without content ends with the same probability for every label."""
    free = draw.normal(1, draw.integer(2, 5)) - 3
    judge_calibrated(subject, free, free)


def judge_calibrated(subject: Subject, scores: torch.Tensor, free: torch.Tensor) -> None:
    """Compare with the formula, one probability at a time; hidden checks use it with other sizes."""
    try:
        value = subject.probe(call, args=[scores, free])["value"]
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            raise Failure("axes-mixed", f"your code raised {error}", "p_cf is (c,): the mean over the prompts, "
                          "mean(dim=0). The sum over the labels is (n, 1) with keepdim=True.") from None  # fmt: skip
        raise
    expect_tensor(value, "the result")
    (n, c), m = scores.shape, len(free)
    rows = [[math.exp(x) for x in row] for row in scores.tolist()]
    frees = [[math.exp(x) for x in row] for row in free.tolist()]
    p = torch.tensor([[x / sum(row) for x in row] for row in rows], dtype=torch.float64)  # (n, c)
    p_free = torch.tensor([[x / sum(row) for x in row] for row in frees], dtype=torch.float64)  # (m, c)
    p_cf = torch.tensor([sum(p_free[j, k] for j in range(m)) / m for k in range(c)], dtype=torch.float64)  # (c,)

    def normal(q: torch.Tensor) -> torch.Tensor:
        return q / q.sum(-1, keepdim=True)

    right = normal(p / p_cf)
    unscaled, exact = torch.tensor(frees, dtype=torch.float64), torch.tensor(rows, dtype=torch.float64)
    geometric = normal(p_free.log().mean(0).exp())
    average = "Turn each content-free row into probabilities first (softmax), then average the rows."
    again = "Divide by the sum over the labels at the end, so that each row sums to 1."
    divide = "Divide p by p_cf, label by label."
    labels = "Labels are the last axis: softmax(dim=-1), sum(dim=-1, keepdim=True)."
    mistakes = (
        Mistake("nothing-done", p, "it returns p: the content-free scores have no effect",
                divide + " p_cf has a number for each label: softmax over the labels (dim=-1), then mean over the "
                "prompts (dim=0)."),
        Mistake("not-normalised", p / p_cf, "the rows do not sum to 1", again),
        Mistake("not-normalised", exact / p_cf, "the rows do not sum to 1", again),
        Mistake("softmax-twice", (p / p_cf).softmax(-1), "it takes the softmax of p / p_cf", "p / p_cf are no "
                "logarithms: divide each row by its sum."),
        Mistake("scores-divided", normal(scores.double() / p_cf), "it divides log-probabilities by p_cf",
                "Turn scores into probabilities first: scores.softmax(dim=-1)."),
        Mistake("multiplied", normal(p * p_cf), "it multiplies by p_cf, which doubles the model's preference", divide),
        Mistake("upside-down", normal(p_cf / p), "it divides p_cf by p", divide),
        Mistake("preference-returned", p_cf.expand(n, c), "it returns p_cf", divide),
        Mistake("logs-averaged", normal(p / geometric), "it averages the content-free log-probabilities", average),
        Mistake("logs-averaged", normal(p / normal(unscaled.log().mean(0).exp())),
                "it averages the content-free scores, which are logarithms", average),
        Mistake("free-not-normalised", normal(p / unscaled.mean(0)), "the content-free rows are averaged before each "
                "is made to sum to 1: a row with much probability on other tokens hardly counts", average),
        Mistake("first-row-only", normal(p / p_free[0]), "only the first content-free row counts", average),
        Mistake("last-row-only", normal(p / p_free[-1]), "only the last content-free row counts", average),
        Mistake("subtracted", p - p_cf, "it subtracts probabilities", divide),
        Mistake("subtracted", (p - p_cf).softmax(-1), "it subtracts probabilities", divide),
        Mistake("logs-divided", (scores / free.mean(0)).double().softmax(-1), "it divides logarithms",
                "log(p / p_cf) = log p - log p_cf: divide probabilities or subtract logarithms."),
        Mistake("logs-divided", normal((scores / free.mean(0)).double()), "it divides logarithms",
                "log(p / p_cf) = log p - log p_cf: divide probabilities or subtract logarithms."),
        Mistake("logs-returned", right.log(), "it returns log-probabilities", "Return probabilities: exp() of that."),
        Mistake("logs-returned", scores.double() - p_cf.log(), "it returns scores, not probabilities",
                "softmax over the labels turns them into probabilities."),
        Mistake("softmax-over-prompts", normal(scores.double().softmax(0) / p_cf), "the softmax of scores runs "
                "over the prompts", labels),
        Mistake("softmax-over-prompts", normal(p / free.double().softmax(0).mean(0)), "the softmax of the content-free "
                "scores runs over the prompts", labels),
        Mistake("softmax-over-prompts", (scores.double() - p_cf.log()).softmax(0), "the softmax runs over the prompts",
                labels),
        Mistake("normalised-over-prompts", (p / p_cf) / (p / p_cf).sum(0), "columns sum to 1, not rows", labels),
        Mistake("normalised-over-prompts", (p / p_cf) / (p / p_cf).sum(), "it divides by the sum of all", labels),
        Mistake("decided", right.argmax(-1).double(), "it returns the best label", "Return the probabilities, (n, c)."),
    )  # fmt: skip
    if value.shape != right.shape:
        mistakes = tuple(mistake for mistake in mistakes if mistake.value.shape == value.shape)
    hint = "scores.softmax(-1) / free.softmax(-1).mean(0), divided by its sum over the labels."
    what = f"for {n} prompts, {m} content-free prompts and {c} labels the result"
    expect_close(value, right, what=what, id="wrong-calibration", hint=hint, mistakes=mistakes)
