"""Checks of lab 01 on prompting: contextual calibration.

Letters: n prompts, m content-free prompts, c labels. The judge computes one probability after the other, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from lora_utils.checks.framework.compare import close, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, explained, first_wrong
from lora_utils.checks.framework.subject import Subject

calibration = Exercise("calibration")
Tensor = torch.Tensor


def calibration_case(draw: Draw, n: int, m: int, c: int) -> tuple[Tensor, Tensor]:
    """Scores (n, c) and content-free scores (m, c): of each row another part of all probability is on the labels."""
    levels = [-draw.normal(rows, 1).abs() * 2 - 1 for rows in (n, m)]
    return draw.normal(n, c) + levels[0], draw.normal(m, c, scale=1.5) + levels[1]


# -------------------------------------------------------------------------------------------- right, and known mistakes
def shares(rows: Tensor) -> Tensor:
    """Each row's probabilities, one after the other."""
    exact = [[math.exp(x) for x in row] for row in rows.tolist()]
    return torch.tensor([[x / sum(row) for x in row] for row in exact], dtype=torch.float64)


def preference(free: Tensor) -> Tensor:
    """p_cf, (c,)."""
    p = shares(free)
    return torch.tensor([sum(p[:, k].tolist()) / len(p) for k in range(p.shape[1])], dtype=torch.float64)


def normal(q: Tensor) -> Tensor:
    """Rows divided by their sums."""
    return q / q.sum(-1, keepdim=True)


def ratio(scores: Tensor, free: Tensor) -> Tensor:
    """p / p_cf, (n, c)."""
    return shares(scores) / preference(free)


def right(scores: Tensor, free: Tensor) -> Tensor:
    """The ratio, made to sum to 1."""
    return normal(ratio(scores, free))


AVERAGE = "Each content-free row is to become probabilities of its own; then the rows are averaged."
AGAIN = "Each row is to sum to 1 at the end: what must it be divided by?"
DIVIDE = "The calibrated probabilities are in the ratio of p over p_cf, label by label."
LABELS = "A probability belongs to a label: softmax and final sum run over the axis of the c labels."
LOGS = "log(p / p_cf) = log p - log p_cf: divide probabilities or subtract logarithms."
SCORES = "Scores become probabilities by a softmax over the labels."
CONTENT_FREE = "All content-free rows count alike: p_cf is their average."
RULES = (
    Rule("nothing-done", lambda s, f: shares(s), "it returns p: what it divides by is the same for every label, or not "
         "used at all", "p_cf has a number of its own for each label. Print it: over which axis does its softmax run, "
         "and over which its mean?"),
    Rule("not-normalised", ratio, "the rows do not sum to 1", AGAIN),
    Rule("not-normalised", lambda s, f: s.double().exp() / preference(f), "the rows do not sum to 1", AGAIN),
    Rule("softmax-twice", lambda s, f: ratio(s, f).softmax(-1), "it takes the softmax of p / p_cf", "p / p_cf are no "
         "logarithms. " + AGAIN),
    Rule("softmax-twice", lambda s, f: right(s, f).softmax(-1), "it takes the softmax of the right result", "These are "
         "probabilities already."),
    Rule("scores-divided", lambda s, f: normal(s.double() / preference(f)), "it divides log-probabilities by p_cf",
         "Turn scores into probabilities first."),
    Rule("scores-divided", lambda s, f: (s.double() / preference(f)).softmax(-1), "it divides logarithms by p_cf",
         "Turn scores into probabilities first."),
    Rule("multiplied", lambda s, f: normal(shares(s) * preference(f)), "it multiplies by p_cf, which doubles the "
         "model's preference", DIVIDE),
    Rule("divided-twice", lambda s, f: normal(ratio(s, f) / preference(f)), "it divides by p_cf twice", DIVIDE),
    Rule("root-taken", lambda s, f: normal(shares(s) / preference(f).sqrt()), "it divides by the root of p_cf", DIVIDE),
    Rule("upside-down", lambda s, f: normal(1 / ratio(s, f)), "it divides p_cf by p", DIVIDE),
    Rule("preference-returned", lambda s, f: preference(f).expand(s.shape), "it returns p_cf", DIVIDE),
    Rule("preference-returned", lambda s, f: preference(f), "it returns p_cf, (c,)", DIVIDE),
    Rule("logs-averaged", lambda s, f: normal(shares(s) / shares(f).log().mean(0).exp()), "the content-free rows are "
         "averaged as logarithms", AVERAGE),
    Rule("median-taken", lambda s, f: normal(shares(s) / shares(f).median(0).values), "p_cf is a median, not a mean",
         AVERAGE),
    Rule("free-not-normalised", lambda s, f: normal(shares(s) / f.double().exp().mean(0)), "the content-free rows are "
         "averaged before each is made to sum to 1: a row with much probability on other tokens hardly counts",
         AVERAGE),
    Rule("first-row-only", lambda s, f: normal(shares(s) / shares(f)[0]), "only the first content-free row counts",
         CONTENT_FREE),
    Rule("last-row-only", lambda s, f: normal(shares(s) / shares(f)[-1]), "only the last content-free row counts",
         CONTENT_FREE),
    Rule("largest-taken", lambda s, f: normal(shares(s) / shares(f).amax(0)), "p_cf is the largest of the content-free "
         "probabilities, not their mean", CONTENT_FREE),
    Rule("own-mean", lambda s, f: normal(shares(s) / shares(s).mean(0)), "it divides by the mean of p over the prompts "
         "themselves", "The preference is measured on `free`, the prompts without content."),
    Rule("exchanged", lambda s, f: normal(shares(f) / shares(s).mean(0)), "scores and free are exchanged",
         "The preference is measured on `free`; the result has a row for each row of `scores`."),
    Rule("subtracted", lambda s, f: shares(s) - preference(f), "it subtracts probabilities", DIVIDE),
    Rule("subtracted", lambda s, f: normal(shares(s) - preference(f)), "it subtracts probabilities", DIVIDE),
    Rule("subtracted", lambda s, f: (shares(s) - preference(f)).softmax(-1), "it subtracts probabilities", DIVIDE),
    Rule("subtracted", lambda s, f: (s.double() - preference(f)).softmax(-1), "it subtracts a probability from a "
         "logarithm", LOGS),
    Rule("logs-divided", lambda s, f: (s.double() / f.double().mean(0)).softmax(-1), "it divides logarithms", LOGS),
    Rule("logs-divided", lambda s, f: normal(s.double() / f.double().mean(0)), "it divides logarithms", LOGS),
    Rule("logs-divided", lambda s, f: normal(shares(s).log() / preference(f).log()), "it divides logarithms", LOGS),
    Rule("logs-returned", lambda s, f: right(s, f).log(), "it returns log-probabilities", "Return probabilities: what "
         "undoes a logarithm?"),
    Rule("logs-returned", lambda s, f: s.double() - preference(f).log(), "it returns scores, not probabilities",
         SCORES),
    Rule("logs-returned", lambda s, f: ratio(s, f).log(), "it returns scores, not probabilities", SCORES),
    Rule("logs-divided", lambda s, f: (shares(s).log() / shares(f).log().mean(0)).softmax(-1), "it divides logarithms",
         LOGS),
    Rule("logs-divided", lambda s, f: (shares(s).log() / preference(f).log()).softmax(-1), "it divides logarithms",
         LOGS),
    Rule("free-logs-used", lambda s, f: normal(shares(s) / f.double().mean(0)), "it divides probabilities by "
         "log-probabilities, the mean of free as it came", AVERAGE),
    Rule("softmax-twice", lambda s, f: (s.double().exp() / f.double().exp().mean(0)).softmax(-1), "the quotients of "
         "probabilities go through a softmax", "Quotients are no logarithms. " + AGAIN),
    Rule("softmax-over-prompts", lambda s, f: normal(s.double().softmax(0) / preference(f)), "the softmax of scores "
         "runs over the prompts", LABELS),
    Rule("softmax-over-prompts", lambda s, f: normal(s.double().softmax(0)), "the softmax of scores runs over the "
         "prompts, and what it divides by is the same for every label", LABELS),
    Rule("softmax-over-prompts", lambda s, f: (s.double() - preference(f).log()).softmax(0), "the last softmax runs "
         "over the prompts", LABELS),
    Rule("normalised-over-prompts", lambda s, f: ratio(s, f) / ratio(s, f).sum(0), "columns sum to 1", LABELS),
    Rule("normalised-over-prompts", lambda s, f: ratio(s, f) / ratio(s, f).sum(), "it divides by the sum of all",
         LABELS),
    Rule("largest-is-one", lambda s, f: ratio(s, f) / ratio(s, f).amax(-1, keepdim=True), "each row is divided by its "
         "largest number", AGAIN),
    Rule("largest-is-one", lambda s, f: torch.nn.functional.normalize(ratio(s, f), dim=-1),
         "each row is divided by its "
         "length, so that the squares sum to 1", AGAIN),
    Rule("transposed", lambda s, f: right(s, f).T, "rows and columns are exchanged, (c, n)", "Prompts are rows."),
    Rule("decided", lambda s, f: right(s, f).argmax(-1).double(), "it returns the best label", "Return the "
         "probabilities, (n, c)."),
    Rule("last-label-only", lambda s, f: right(s, f)[:, -1], "it returns the last label's probability alone", "Return "
         "the probabilities of all labels, (n, c)."),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- checks
@calibration.check
def calibrates(subject: Subject, draw: Draw) -> None:
    """It is p / p_cf made to sum to 1 over the labels, p_cf averaged over the content-free prompts."""
    judge_calibrated(subject, [calibration_case(draw, *draw.sizes(3, 3, 7)) for _ in range(6)])


@calibration.check(after=("calibrates",))
def is_fair(subject: Subject, draw: Draw) -> None:
    """A prompt without content ends with the same probability for every label."""
    rows = [draw.normal(1, labels) - 3 for labels in (2, 3, 5)]
    judge_calibrated(subject, [(row, row) for row in rows])


def judge_calibrated(subject: Subject, cases: Sequence[tuple]) -> None:
    """Compare with the formula; hidden checks use it with other sizes."""

    def told(scores: Tensor, free: Tensor) -> str:
        return f"scores of shape {tuple(scores.shape)} and free of shape {tuple(free.shape)}"

    try:
        values = ask(subject, cases, told)["values"]
    except CaseRaised as error:
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            text = f"for {told(*error.case)} your code raised {error.error}"
            raise Failure("axes-mixed", text, "Print the two shapes of that line: p_cf is (c,), a number for each "
                          "label, and a sum over the labels lines up with (n, c) as (n, 1).") from None  # fmt: skip
        raise
    place = first_wrong(values, cases, right)
    if place is None:
        return
    value, case = values[place], cases[place]
    expect_tensor(value, "the result")
    rule = explained(values, cases, right, RULES)
    if rule:
        raise Failure(rule.id, f"for {told(*case)}: {rule.text}", rule.hint)
    if value.shape == case[0].shape and torch.isfinite(value).all() and close(normal(value.double()), right(*case)):
        sums = [round(float(row.sum()), 4) for row in value]
        raise Failure("not-normalised", f"for {told(*case)}: the labels are in the right ratio, but the rows sum to "
                      f"{sums}, not to 1", AGAIN)  # fmt: skip
    expect_close(value, right(*case), what=f"the result for {told(*case)}", id="wrong-calibration", hint="Work out one "
                 "row by hand: p, p_cf, their ratio label by label, and what makes it sum to 1.")  # fmt: skip
