"""Checks of lab 01 on prompting: the log-probability of a label.

Letters: b rows of a batch, s tokens, v vocabulary. The judge goes through rows and places one by one, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, expect_all, first_wrong
from lora_utils.checks.framework.probes import calls
from lora_utils.checks.framework.subject import Subject

label_score = Exercise("label-score")
Tensor = torch.Tensor
FLOOR = -15.0  # log-probabilities below are where numbers added against log(0) show: 1e-9 has -20.7, 1e-6 has -13.8


def score_case(draw: Draw, labels: Sequence[tuple[int, int]], scale: float = 1.5, fill: int = 1) -> tuple:
    """Logits, ids and a mask of label tokens, with padding after the shorter rows.

    Args:
        draw: where the numbers come from
        labels: of each row, how many prompt tokens and how many label tokens
        scale: of the logits; a large one makes probabilities underflow
        fill: how many places of padding the longest row has
    """
    s, v = max(prompt + label for prompt, label in labels) + fill, draw.integer(9, 13)
    is_label = torch.zeros(len(labels), s, dtype=torch.bool)
    for row, (prompt, label) in enumerate(labels):
        is_label[row, prompt : prompt + label] = True
    logits = draw.normal(len(labels), s, v, scale=scale) + draw.normal(len(labels), s, 1, scale=3.0)
    return logits, draw.integers(0, v - 1, len(labels), s), is_label


# -------------------------------------------------------------------------------------------- right, and known mistakes
def places(is_label: Tensor) -> list[list[int]]:
    """Of each row, the places of the label's tokens."""
    return [[t for t, chosen in enumerate(row) if chosen] for row in is_label.tolist()]


def logp(logits: Tensor, axis: int = 2) -> Tensor:
    """Log-probabilities over an axis; over the vocabulary if nothing is said."""
    return logits.double() - logits.double().logsumexp(axis, keepdim=True)


def terms(table: Tensor, ids: Tensor, chosen: list[list[int]], shift: int = 1) -> list[Tensor]:
    """Of each row, table[row, t - shift, ids[row, t]] at the chosen places t."""
    last = ids.shape[1] - 1
    return [
        torch.stack([table[i, min(max(t - shift, 0), last), ids[i, t]] for t in row]) for i, row in enumerate(chosen)
    ]


def added(parts: list[Tensor]) -> Tensor:
    """The sum of each row's terms, (b,)."""
    return torch.stack([part.double().sum() for part in parts])


def label_terms(logits: Tensor, ids: Tensor, is_label: Tensor) -> list[Tensor]:
    """Of each row, the log-probabilities of the label's tokens."""
    return terms(logp(logits), ids, places(is_label))


def right(*case) -> Tensor:
    """Their sums."""
    return added(label_terms(*case))


def of_rows(take: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """A rule that makes something else than the sum of each row's terms."""
    return lambda *case: torch.stack([take(part) for part in label_terms(*case)])


def at(other: Callable[[list[int], int], list[int]], shift: int = 1) -> Callable[..., Tensor]:
    """A rule that adds the terms at other places; `other` makes them of the label's and of s."""
    return lambda x, ids, m: added(terms(logp(x), ids, [other(row, ids.shape[1]) for row in places(m)], shift))


def over(axis: int, cut_first: bool = False) -> Callable[..., Tensor]:
    """A rule whose softmax runs over another axis; cut before it or after, which leaves other terms in the sum."""

    def rule(x: Tensor, ids: Tensor, m: Tensor) -> Tensor:
        table = torch.cat((logp(x[:, :-1], axis), x[:, -1:].double()), 1) if cut_first else logp(x, axis)
        return added(terms(table, ids, places(m)))

    return rule


def each_place(x: Tensor, ids: Tensor, m: Tensor) -> Tensor:
    """The terms at all places but the first, 0 where there is no label: (b, s - 1)."""
    everywhere = torch.stack(terms(logp(x), ids, [list(range(1, ids.shape[1]))] * len(ids)))
    return everywhere * m[:, 1:]


def over_picked(x: Tensor, ids: Tensor, m: Tensor) -> Tensor:
    """The terms of a softmax over the places, of the raw logits picked there."""
    picked = torch.stack(terms(x.double(), ids, [list(range(1, ids.shape[1]))] * len(ids)))  # (b, s - 1)
    return (picked.log_softmax(1) * m[:, 1:]).sum(1)


def one_place(x: Tensor, ids: Tensor, m: Tensor) -> Tensor:
    """The label's tokens, all looked up at the prompt's last place."""
    return torch.stack([logp(x)[i, row[0] - 1, ids[i, row]].sum() for i, row in enumerate(places(m))])


def best(x: Tensor, ids: Tensor, m: Tensor) -> Tensor:
    """The log-probabilities of the most probable tokens."""
    return torch.stack([sum(logp(x)[i, t - 1].max() for t in row) for i, row in enumerate(places(m))])


SHIFT = "The logits at place t - 1 speak about the token at place t: which cut lines them up?"
ONLY = "Only the label's tokens count: the mask must be cut like the ids, and take the other terms out of the sum."
LOGS = "Probabilities of successive tokens multiply, so their logarithms add: take the logarithm before the sum."
AXIS = "Probabilities sum to 1 over the vocabulary, the axis of length v."
ADD = "Add; dividing is a choice for labels of unequal length, and here it is not made."
RULES = (
    Rule("not-shifted", at(lambda row, s: row, 0), "it looks a label's token up in the logits at that token's own "
         "place, which predict the token after it", SHIFT),
    Rule("shifted-backwards", at(lambda row, s: row, -1), "the logits are shifted the wrong way", SHIFT),
    Rule("shifted-twice", at(lambda row, s: row, 2), "the logits are shifted by two places", SHIFT),
    Rule("mask-not-shifted", at(lambda row, s: [t + 1 for t in row if t + 1 < s]), "logits and ids are lined up, the "
         "mask is not: it adds the tokens one place after the label's", ONLY),
    Rule("ids-not-shifted", at(lambda row, s: [t - 1 for t in row], 0),
         "logits and mask are lined up, the ids are not: "
         "it looks up the token before each of the label's", "Which end of the ids is cut?"),
    Rule("mask-shifted-wrong-way", at(lambda row, s: [t - 1 for t in row]), "it adds the tokens one place before the "
         "label's", ONLY),
    Rule("prompt-included", at(lambda row, s: list(range(1, row[-1] + 1))), "the prompt's own tokens are added too: "
         "long texts lose", ONLY),
    Rule("padding-included", at(lambda row, s: list(range(row[0], s))), "the padding after the label is added too",
         ONLY),
    Rule("everything-included", at(lambda row, s: list(range(1, s))), "prompt and padding are added too", ONLY),
    Rule("prompt-instead", at(lambda row, s: [t for t in range(1, s) if t not in row]),
         "it adds the tokens that are no "
         "label", "is_label is True at the label's tokens."),
    Rule("all-zero", lambda x, ids, m: torch.zeros(len(ids)), "every score is 0", "A product with a 0 is 0: where the "
         "mask takes other places out, add."),
    Rule("best-token", best, "it adds the log-probability of the most probable token, not of the label's",
         "Pick the one of the token that ids has there."),
    Rule("averaged", of_rows(torch.mean), "the sum is divided by the number of the label's tokens", ADD),
    Rule("averaged", lambda x, ids, m: right(x, ids, m) / ids.shape[1], "the sum is divided by the number of places",
         ADD),
    Rule("averaged", lambda x, ids, m: right(x, ids, m) / (ids.shape[1] - 1), "the sum is divided by the number of "
         "places", ADD),
    Rule("raw-logits", lambda x, ids, m: added(terms(x.double(), ids, places(m))), "it adds raw logits, which are no "
         "log-probabilities: a constant added to all logits of a place changes them", AXIS),
    Rule("softmax-over-tokens", over(1), "the softmax runs over the s places", AXIS),
    Rule("softmax-over-tokens", over(1, cut_first=True), "the softmax runs over the places", AXIS),
    Rule("softmax-over-tokens", over_picked, "the softmax runs over the logits that were picked, one a place", AXIS),
    Rule("sigmoid-taken", lambda x, ids, m: added(terms(torch.nn.functional.logsigmoid(x.double()), ids, places(m))),
         "it takes a sigmoid of each logit", "The tokens of the vocabulary exclude one another. " + AXIS),
    Rule("prompt-logits-only", one_place, "all the label's tokens are looked up in the logits of one place, the "
         "prompt's last", "Each token of the label has the logits one place before it, label tokens included."),
    Rule("everything-averaged", lambda x, ids, m: at(lambda row, s: list(range(1, s)))(x, ids, m) / (ids.shape[1] - 1),
         "it averages over all tokens, prompt and padding too", ONLY),
    Rule("averaged", lambda x, ids, m: right(x, ids, m) / max(map(len, places(m))), "the sum is divided by the length "
         "of the longest label", ADD),
    Rule("wrong-axis", lambda x, ids, m: each_place(x, ids, m).sum(0), "it adds over the rows of the batch", "One "
         "number a row, (b,): add over the places."),
    Rule("softmax-over-batch", over(0), "the softmax runs over the batch", AXIS),
    Rule("no-logarithm", lambda *c: right(*c).exp(), "it returns the probability, not its logarithm", LOGS),
    Rule("no-logarithm", lambda x, ids, m: added(terms(logp(x).exp(), ids, places(m))), "it adds probabilities instead "
         "of their logarithms", LOGS),
    Rule("logarithm-of-sum", lambda x, ids, m: added(terms(logp(x).exp(), ids, places(m))).log(), "it adds "
         "probabilities and takes the logarithm of the sum", LOGS),
    Rule("sign-turned", lambda *c: -right(*c), "the sign is turned: that is a loss", "A log-probability is at most 0."),
    Rule("sign-turned", lambda *c: -of_rows(torch.mean)(*c), "that is a loss: the mean, with the sign turned",
         "Return the sum of the log-probabilities, at most 0."),
    Rule("first-token-only", of_rows(lambda part: part[0]), "only the label's first token counts", "Add all of them."),
    Rule("last-token-only", of_rows(lambda part: part[-1]), "only the label's last token counts", "Add all of them."),
    Rule("places-assumed", at(lambda row, s: list(range(s - len(row), s))), "it adds as many tokens at the end of the "
         "row as the label has, which are padding where a row is short", ONLY),
    Rule("length-of-first", lambda x, ids, m: added(terms(logp(x), ids, [list(range(row[0], row[0] + len(places(m)[0])))
         for row in places(m)])), "every label is taken to be as long as the first row's", "Each row has a mask of its "
         "own, and labels differ in length."),
    Rule("one-token-left-out", of_rows(lambda part: part[1:].sum()), "the label's first token is left out",
         "Add all of them."),
    Rule("one-token-left-out", of_rows(lambda part: part[:-1].sum()), "the label's last token is left out",
         "Add all of them."),
    Rule("smallest-only", of_rows(torch.min), "only the label's least probable token counts", "Add all of them."),
    Rule("largest-only", of_rows(torch.max), "only the label's most probable token counts", "Add all of them."),
    Rule("multiplied", of_rows(torch.prod), "the logarithms are multiplied", "The product is of probabilities; their "
         "logarithms add."),
    Rule("base-two", lambda *c: right(*c) / math.log(2), "it is in bits", "Use the natural logarithm."),
    Rule("base-ten", lambda *c: right(*c) / math.log(10), "it is in logarithms of base 10",
         "Use the natural logarithm."),
    Rule("zero-left-out", lambda x, ids, m: added([part[ids[k, row] != 0] for k, (part, row) in
                                                   enumerate(zip(label_terms(x, ids, m), places(m), strict=True))]),
         "tokens with the number 0 are left out", "0 is a token like any other: is_label says what counts."),
    Rule("largest-taken-off", lambda x, ids, m: added(terms(x.double() - x.double().amax(2, keepdim=True), ids,
                                                            places(m))),
         "from the logits their largest is taken off, which makes them no probabilities",
         "log_softmax takes off the logarithm of the sum of all exponentials."),
    Rule("first-mask-for-all", lambda x, ids, m: added(terms(logp(x), ids, places(m[:1].expand_as(m)))),
         "all rows have the label's places of the first", "Each row has a mask of its own."),
    Rule("batch-added", lambda *c: right(*c).sum(), "it adds up the whole batch", "One number a row, (b,)."),
    Rule("batch-averaged", lambda *c: right(*c).mean(), "it averages the whole batch", "One number a row, (b,)."),
    Rule("softmaxed", lambda *c: right(*c).log_softmax(0), "the scores are normalised over the rows",
         "Rows have nothing "
         "to do with each other: return the sums as they are."),
    Rule("axis-kept", lambda *c: right(*c)[:, None], "there is an axis too many, (b, 1)", "One number a row, (b,)."),
    Rule("not-added", lambda *c: torch.cat(label_terms(*c)),
         "it returns a number for each token of a label, all rows in "
         "one list", "Picking with a mask loses the rows: multiply by the mask, then add over the places."),
    Rule("not-added", each_place, "it returns a number for each place", "Add over the places."),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- checks
@label_score.check
def scores_one_token(subject: Subject, draw: Draw) -> None:
    """For a label of one token it is the log-probability of that token after the prompt."""
    cases = [score_case(draw, one) for one in (((4, 1), (2, 1), (5, 1)), ((3, 1), (6, 1)))]
    judge_score(subject, cases, telling=[score_case(draw, ((4, 2), (2, 3), (3, 4)), fill=2)])


@label_score.check
def scores_several_tokens(subject: Subject, draw: Draw) -> None:
    """For a longer label the log-probabilities of its tokens are added; prompt and padding do not count."""
    lengths = (((4, 1), (2, 3), (3, 2)), ((2, 4), (5, 2)), ((3, 3), (1, 2), (2, 1), (4, 2)))
    judge_score(subject, [score_case(draw, one, fill=2) for one in lengths])


@label_score.check(after=("scores-one-token", "scores-several-tokens"))
def survives_small_probabilities(subject: Subject, draw: Draw) -> None:
    """A label that is all but impossible gets a very negative number, not minus infinity."""
    judge_score(subject, [score_case(draw, one, scale=150.0) for one in (((4, 1), (2, 3), (3, 2)), ((2, 2), (3, 1)))])


def judge_score(subject: Subject, cases: Sequence[tuple], telling: Sequence[tuple] = ()) -> None:
    """Compare with a walk over rows and places; hidden checks use it with other cases.

    Args:
        subject: the student's function.
        cases: what it is judged by.
        telling: more cases, to tell mistakes apart that agree on the others.
    """

    def told(logits: Tensor, ids: Tensor, is_label: Tensor) -> str:
        lengths = ", ".join(str(len(row)) for row in places(is_label))
        return f"logits of shape {tuple(logits.shape)} and labels of {lengths} tokens"

    try:
        values = ask(subject, cases, told)["values"]
    except CaseRaised as error:
        raise known_error(error, told(*error.case)) from None
    place = first_wrong(values, cases, right)
    if place is None:
        return
    expect_tensor(values[place], "the result")
    came, wanted = values[place].double(), right(*cases[place])
    whole = came.shape == wanted.shape and torch.isfinite(came).all()
    if whole and (wanted < FLOOR).any() and close(came[wanted > FLOOR], wanted[wanted > FLOOR]):
        raise Failure("cut-off", f"for {told(*cases[place])} a label that is all but impossible gets "
                      f"{came[wanted <= FLOOR][0]:.4g} and must get {wanted[wanted <= FLOOR][0]:.4g}; the others are "
                      "right", "A floor under the probability, by a clamp or a small number that is added, shows here: "
                      "log_softmax needs none."
                      )  # fmt: skip
    if not torch.isfinite(values[place]).all() and not cases[place][0].abs().max() < 50:  # large logits
        raise Failure("underflow", "a score is infinite or NaN: a probability was rounded to 0 before its logarithm "
                      "was taken",
                      "log_softmax never leaves the logarithm; log(softmax) does.")  # fmt: skip
    values += subject.tried(calls, cases=[list(case) for case in telling]).get("values", [])
    hint = "Take one row by hand: which logits speak about each of the label's tokens, and what do they give it?"
    expect_all(values, [*cases, *telling][: len(values)], right, told=told, id="wrong-score", hint=hint, rules=RULES,
               what=lambda *case: f"the scores for {told(*case)}")  # fmt: skip


def known_error(error: CaseRaised, told: str) -> Exception:
    """What torch's words say about the shapes, else the error as it is."""
    text = f"for {told} your code raised {error.error}"
    cuts = "Logits, ids and mask must hold the same s - 1 places: is each of them cut, and at which end?"
    s, sizes = error.case[1].shape[1], "must match the size" in error.text
    if error.kind == "IndexError" and "shape of the mask" in error.text:
        return Failure("mask-not-cut", text, cuts)
    if error.kind == "RuntimeError" and sizes and f"({s})" in error.text and f"({s - 1})" in error.text:
        return Failure("mask-not-cut", text, cuts)
    if (
        error.kind == "RuntimeError"
        and sizes
        and f"({len(error.case[1])})" in error.text
        and f"({s - 1})" in error.text
    ):
        return Failure("axes-mixed", text, "Print the shapes of both sides: does one still have the axis of length 1 "
                       "that gather leaves?")  # fmt: skip
    if error.kind == "RuntimeError" and "Size does not match at dimension 1" in error.text:
        return Failure("ids-not-cut", text, cuts)
    if error.kind == "RuntimeError" and "same number of dimensions" in error.text:
        return Failure("gather-axis-missing", text, "gather wants the places with as many axes as the table: how does "
                       "(b, s - 1) become (b, s - 1, 1)?")  # fmt: skip
    return error
