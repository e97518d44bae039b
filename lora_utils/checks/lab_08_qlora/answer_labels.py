"""Checks of lab 08: the labels of a prompt with its answer, and the loss on the answers.

Letters: p tokens of the prompt, a tokens of the answer, s length of the row, b batch, v vocabulary.
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, StudentRaised, Subject, close
from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.many_cases import Rule, expect_all, explained, first_wrong

answer_labels = Exercise("answer-labels")
IGNORE = -100


# ---------------------------------------------------------------------------------------------------------- probes
def label(label_answer, answer_loss, *, cases: list) -> dict:
    """Probe: the rows and their labels; None for what is no pair."""
    results = [label_answer(list(prompt), list(answer), length, pad) for prompt, answer, length, pad in cases]
    return {"rows": [list(r) if isinstance(r, tuple | list) and len(r) == 2 else None for r in results]}


def lose(label_answer, answer_loss, *, cases: list) -> dict:
    """Probe: the losses, and their gradients with respect to the logits."""
    losses, gradients = [], []
    for logits, labels in cases:
        logits.requires_grad_(True)
        loss, gradient = answer_loss(logits, labels), None
        if isinstance(loss, torch.Tensor) and loss.requires_grad and loss.dim() == 0:
            (gradient,) = torch.autograd.grad(loss, logits, allow_unused=True)
        losses.append(loss)
        gradients.append(gradient)
    return {"losses": losses, "gradients": gradients}


# ---------------------------------------------------------------------------------------------------------- the row
def _row_cases(draw: Draw) -> list[dict]:
    """Draw tokens; the last of an answer ends the turn and is mostly the padding too, which stands elsewhere too."""
    cases = []
    for k in range(24):
        p, a = draw.integer(2, 5), 1 if k % 6 == 5 else draw.integer(2, 4)
        rest = 0 if k % 6 == 3 else draw.integer(1, 4)
        prompt, answer = ([int(t) for t in draw.integers(10, 49_151, n)] for n in (p, a))
        answer[-1] = end = draw.integer(1, 3)
        pad = 0 if k % 4 == 2 else end
        if k % 4 == 1:
            prompt[draw.integer(0, p - 1)] = pad  # a chat's prompt holds the ends of its turns
        if k % 4 == 3 and a > 1:
            answer[0] = pad
        ids, s = prompt + answer + [pad] * rest, p + a + rest
        labels = [IGNORE] * p + answer + [IGNORE] * rest
        cases.append({"prompt": prompt, "answer": answer, "length": s, "pad": pad, "ids": ids, "labels": labels})
    return cases


def _rows(subject: Subject, cases: list[dict]) -> list[tuple[list, list]]:
    """What label_answer makes of the cases, as lists; of the form that is asked for."""
    names = ("prompt", "answer", "length", "pad")
    rows = subject.probe(label, cases=[[c[name] for name in names] for c in cases])["rows"]
    for pair, c in zip(rows, cases, strict=True):
        if pair is None:
            hint = "Return both, separated by a comma."
            raise Failure("no-pair", "label_answer must return two things, ids and labels", hint)
        for name, row in zip(("ids", "labels"), pair, strict=True):
            if isinstance(row, list):
                raise Failure("no-tensor", f"{name} must be a tensor, got a list", "torch.tensor(...) makes one.")
            expect_tensor(row, name)
            if row.shape != (c["length"],):
                text = f"{name} must have shape {(c['length'],)} for length={c['length']}, got {tuple(row.shape)}"
                raise Failure("wrong-shape", text, "One row of `length` places, padding included.")
            if row.is_floating_point() or row.dtype == torch.bool:
                text = f"{name} must be whole numbers, got {row.dtype}"
                raise Failure("not-whole", text, "Token ids are whole numbers: torch.long.")
    return [(ids.tolist(), labels.tolist()) for ids, labels in rows]


def _asked(c: dict) -> str:
    return f"for prompt={c['prompt']}, answer={c['answer']}, length={c['length']}, pad={c['pad']}"


def _expect_row(got: list, cases: list[dict], name: str, rules: tuple, id: str, hint: str) -> None:
    """Fail with the first mistake that makes every row, or with the first row that is wrong."""
    right = [c[name] for c in cases]
    place = first_wrong(got, cases, right)
    if place is None:
        return
    asked, came, wanted = _asked(cases[place]), got[place], right[place]
    rule = explained(got, cases, right, rules)
    if rule:
        raise Failure(rule.id, f"{rule.text}: {asked} got {came}, expected {wanted}", rule.hint)
    raise Failure(id, f"{asked} {name} must be {wanted}, got {came}", hint)


def _rest(c: dict) -> int:
    return c["length"] - len(c["prompt"]) - len(c["answer"])


ROWS = (
    Rule("padded-left", lambda c: [c["pad"]] * _rest(c) + c["prompt"] + c["answer"], "padding stands in front",
         "Put it behind. (Left padding is for generating from a batch.)"),
    Rule("ids-masked", lambda c: c["labels"], "places without a label are -100 in ids too, which is no token",
         "-100 belongs into labels; are ids and labels one tensor? .clone() makes two."),
    Rule("ids-masked", lambda c: [IGNORE] * len(c["prompt"]) + c["ids"][len(c["prompt"]) :], "the prompt's ids are "
         "-100, which is no token", "-100 belongs into labels; are ids and labels one tensor? .clone() makes two."),
    Rule("padded-with-ignore", lambda c: c["prompt"] + c["answer"] + [IGNORE] * _rest(c), "ids are padded with -100, "
         "which is no token", "ids are padded with pad, labels with -100."),
    Rule("pad-ignored", lambda c: c["prompt"] + c["answer"] + [0] * _rest(c), "padding is always 0", "Use `pad`."),
    Rule("answer-first", lambda c: c["answer"] + c["prompt"] + [c["pad"]] * _rest(c), "the answer stands before the "
         "prompt", "First the prompt."),
    Rule("prompt-missing", lambda c: c["answer"] + [c["pad"]] * (_rest(c) + len(c["prompt"])), "the prompt is missing",
         "ids hold all of the row; only labels leave the prompt out."),
    Rule("too-small-a-type", lambda c: [(t + 128) % 256 - 128 for t in c["ids"]], "ids above 127 have become other "
         "numbers: one byte ends there", "Token ids are torch.long."),
    Rule("answer-missing", lambda c: c["prompt"] + [c["pad"]] * (_rest(c) + len(c["answer"])), "the answer is missing",
         "The model reads the answer too, while it learns it."),
)  # fmt: skip


@answer_labels.check
def row(subject: Subject, draw: Draw) -> None:
    """ids is the prompt, then the answer, then padding."""
    cases = _row_cases(draw)
    rows = _rows(subject, cases)
    if all((labels, ids) == (c["ids"], c["labels"]) for (ids, labels), c in zip(rows, cases, strict=True)):
        raise Failure("exchanged", "labels are returned first and ids second", "ids come first.")
    got = [ids for ids, _ in rows]
    _expect_row(got, cases, "ids", ROWS, "wrong-ids", "First the prompt, then the answer, then pad up to length.")


def _only_answer(keep) -> object:
    """The rule that labels the token at place t with value x where keep(t, x, case) says so."""
    return lambda c: [x if keep(t, x, c) else IGNORE for t, x in enumerate(c["ids"])]


def _span(first: int, last: int):
    """The rule that labels from `first` places after the answer's start to `last` places after its end."""

    def inside(t: int, x: int, c: dict) -> bool:
        start = len(c["prompt"])
        return start + first <= t < start + len(c["answer"]) + last

    return _only_answer(inside)


ON_THE_ANSWER = "Loss on the answer teaches the answer: labels of the prompt are -100."
BY_PLACE = "Mask by place, not by token: which places does the answer take?"
IN_PLACE = "Leave them in place: the label of place t is the token of place t, and answer_loss shifts."
LABELS = (
    Rule("prompt-labelled", _only_answer(lambda t, x, c: t < c["length"] - _rest(c)), "the prompt's tokens have labels "
         "too: the model would mostly learn to write reviews", ON_THE_ANSWER),
    Rule("prompt-labelled", _only_answer(lambda t, x, c: x != c["pad"]), "the prompt's tokens have labels too, and "
         "padding is told by its token", ON_THE_ANSWER),
    Rule("prompt-labelled", _only_answer(lambda t, x, c: t < len(c["prompt"])), "the prompt has labels and the answer "
         "has none", ON_THE_ANSWER),
    Rule("nothing-masked", lambda c: c["ids"], "prompt and padding have labels too", ON_THE_ANSWER),
    Rule("nothing-labelled", lambda c: [IGNORE] * c["length"], "no token has a label", "The answer is to be learned."),
    Rule("padding-labelled", _only_answer(lambda t, x, c: t >= len(c["prompt"])), "the padding has labels: the model "
         "would learn to write padding", "Labels end where the answer ends."),
    Rule("end-masked", _only_answer(lambda t, x, c: x != c["pad"] and t >= len(c["prompt"])), "whatever equals the "
         "padding token has no label; where the token that ends the answer is the padding too, the model would never "
         "learn to stop", f"{BY_PLACE} (huggingface/trl #976, #1623)"),
    Rule("end-masked", _span(0, -1), "the last token of the answer has no label: the model would never learn to stop",
         "The answer's last token is at place p + a - 1, with p tokens before it and a of its own."),
    Rule("pads-in-the-answer-masked", _only_answer(
         lambda t, x, c: len(c["prompt"]) <= t < c["length"] - _rest(c)
         and (x != c["pad"] or t == c["length"] - _rest(c) - 1)), "a token inside the answer that equals pad has no "
         "label", BY_PLACE),
    Rule("one-padding-labelled", _span(0, 1), "the first padding after the answer has a label too",
         "Labels end where the answer ends."),
    Rule("off-by-one", _span(-1, 0), "the prompt's last token has a label too", "The answer begins at place p, which "
         "is how many tokens the prompt has."),
    Rule("off-by-one", _span(1, 0), "the answer's first token has no label", "The answer begins at place p, which is "
         "how many tokens the prompt has."),
    Rule("shifted-labels", lambda c: [*c["labels"][1:], IGNORE], "the labels are shifted by one place already",
         IN_PLACE),
    Rule("shifted-labels", lambda c: [IGNORE, *c["labels"][:-1]], "the labels are shifted by one place", IN_PLACE),
    Rule("wrong-ignore", lambda c: [0 if t == IGNORE else t for t in c["labels"]], "places without a label have 0, "
         "which is a token", "cross_entropy leaves out -100."),
    Rule("wrong-ignore", lambda c: [-1 if t == IGNORE else t for t in c["labels"]], "places without a label have -1",
         "cross_entropy leaves out -100."),
    Rule("wrong-ignore", lambda c: [c["pad"] if t == IGNORE else t for t in c["labels"]], "places without a label have "
         "pad, which is a token", "cross_entropy leaves out -100."),
    Rule("wrong-ignore", lambda c: [IGNORE] * len(c["prompt"]) + c["answer"] + [0] * _rest(c), "the padding's labels "
         "are 0, which is a token", "cross_entropy leaves out -100."),
    Rule("labels-at-the-end", lambda c: [IGNORE] * (c["length"] - len(c["answer"])) + c["answer"], "the labels stand "
         "at the end of the row", IN_PLACE),
)  # fmt: skip


@answer_labels.check(weight=2, after=("row",))
def labels(subject: Subject, draw: Draw) -> None:
    """Only the answer's tokens have labels, the one that ends the turn included; everything else has -100."""
    cases = _row_cases(draw)
    got = [row_labels for _, row_labels in _rows(subject, cases)]
    hint = "-100 in every place but those of the answer, which have its tokens."
    _expect_row(got, cases, "labels", LABELS, "wrong-labels", hint)


# --------------------------------------------------------------------------------------------------------- the loss
@answer_labels.check(weight=2)
def loss(subject: Subject, draw: Draw) -> None:
    """The loss is the mean cross entropy of the labelled tokens, each predicted from the place before it."""
    judge_loss(subject, draw)


def _loss_case(draw: Draw, b: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a batch; v is not s - 1, so that axes in the wrong place do not fit; answers may begin at place 1."""
    s, v = draw.integer(7, 9), draw.integer(3, 5)
    labels = torch.full((b, s), IGNORE)
    for row in range(b):
        start, count = 1 + (row + k) % 3, (1 if row else 3) + row % 3 + k % 3
        labels[row, start : start + count] = draw.integers(0, v - 1, min(count, s - start))
    labels[0, 1 + k % 3] = 0
    if k == 2:
        labels[-1, 3:] = draw.integers(0, v - 1, s - 3)  # up to the last place
    if k == 3 and b > 1:
        labels[-1] = IGNORE  # a row without any label
    return draw.normal(b, s, v, scale=1 + k % 3), labels


def _picked(logits, labels, offset: int, scores=None) -> list[list[torch.Tensor]]:
    """For each row, the score of every label, read `offset` places before it (0: at the label itself)."""
    scores, s = logits.double().log_softmax(-1) if scores is None else scores, labels.shape[1]
    places = [[t for t in range(s) if row[t] != IGNORE and 0 <= t - offset < s] for row in labels]
    return [[scores[k, t - offset, labels[k, t]] for t in row] for k, row in enumerate(places)]


def _mean(rows: list[list[torch.Tensor]]) -> torch.Tensor:
    flat = [-t for row in rows for t in row]
    return torch.stack(flat).mean() if flat else torch.tensor(0.0)


def _each(rows: list[list[torch.Tensor]], n: int) -> torch.Tensor:
    return sum(-torch.stack(row).mean() for row in rows if row) / n


def _right(logits, labels):
    return _mean(_picked(logits, labels, 1))


def _count(labels) -> int:
    return int((labels != IGNORE).sum())


def _smoothed(logits, labels, e: float) -> torch.Tensor:
    scores = logits.double().log_softmax(-1)
    even = [[scores[k, t - 1].mean() for t in range(1, len(row)) if row[t] != IGNORE] for k, row in enumerate(labels)]
    return (1 - e) * _right(logits, labels) + e * _mean(even)


ONE_MEAN = "One mean over all labelled tokens of the batch."
SHIFT = "The token at place t is predicted at place t - 1: which logits and which labels have no partner?"
LOSSES = (
    Rule("not-shifted", lambda x, y: _mean(_picked(x, y, 0)), "each label is compared with the logits of its own "
         "place, where the model has already read it", SHIFT),
    Rule("shifted-backwards", lambda x, y: _mean(_picked(x, y, -1)), "the shift goes the wrong way: each label is "
         "compared with the logits of the place after it", SHIFT),
    Rule("shifted-twice", lambda x, y: _mean(_picked(x, y, 2)), "each label is compared with the logits two places "
         "before it", "Shift once."),
    Rule("softmax-twice", lambda x, y: _mean(_picked(x, y, 1, x.double().softmax(-1).log_softmax(-1))), "softmax is "
         "taken before cross_entropy, which takes it itself", "Give cross_entropy the logits."),
    Rule("no-softmax", lambda x, y: _mean(_picked(x, y, 1, x.double())), "logits are averaged as if they were "
         "log-probabilities", "F.cross_entropy takes log_softmax by itself, F.nll_loss does not."),
    Rule("probabilities", lambda x, y: _mean(_picked(x, y, 1, x.double().softmax(-1))), "probabilities are averaged, "
         "without a logarithm", "Cross entropy is the mean of -log p."),
    *(Rule("smoothed", lambda x, y, e=e: _smoothed(x, y, e), f"labels are smoothed by {e:g}", "Leave label_smoothing "
         "at "
           "0.") for e in (0.05, 0.1, 0.2)),
    Rule("sign-missing", lambda x, y: -_right(x, y), "the sign is wrong: the loss falls as the model gets worse",
         "Cross entropy is the mean of -log p."),
    Rule("sum-not-mean", lambda x, y: _right(x, y) * _count(y), "the loss is a sum: it grows with the length of the "
         "answers", "Take the mean over the labelled tokens."),
    *(Rule("masked-in-mean", lambda x, y, n=n: _right(x, y) * _count(y) / (len(y) * (y.shape[1] - n)), "places without "
           "a label count in the mean, so the loss shrinks with the padding", "Divide by how many have a label.")
      for n in (1, 0)),
    Rule("sum-over-rows", lambda x, y: _right(x, y) * _count(y) / len(y), "the sum is divided by the number of rows",
         ONE_MEAN),
    Rule("zero-not-learned", lambda x, y: _mean(_picked(x, torch.where(y > 0, y, IGNORE), 1)), "the token 0 is left "
         "out of the loss", "What has no label is -100; 0 is a token like any other."),
    Rule("mean-of-means", lambda x, y: _each(_picked(x, y, 1), len(y)), "each example is averaged first, so a token in "
         "a short answer counts more", ONE_MEAN),
    Rule("mean-of-means", lambda x, y: _each(_picked(x, y, 1), sum(map(bool, _picked(x, y, 1)))), "each example is "
         "averaged first, so a token in a short answer counts more", ONE_MEAN),
    Rule("last-token-only", lambda x, y: _mean([row[-1:] for row in _picked(x, y, 1)]), "only the last labelled token "
         "of a row counts", ONE_MEAN),
)  # fmt: skip


def judge_loss(subject: Subject, draw: Draw, b: int = 2) -> None:
    """Compare losses with log-probabilities taken one by one; hidden checks use it with other batches."""
    cases = [_loss_case(draw, b, k) for k in range(5)]
    try:
        seen = subject.probe(lose, cases=[list(case) for case in cases])
    except StudentRaised as error:
        if error.kind in ("ValueError", "RuntimeError") and ("batch_size" in error.text or "Expected" in error.text):
            raise Failure("shapes-do-not-meet", f"torch says: {error.text}", "cross_entropy takes scores (n, v) and "
                          "labels (n,), or (n, v, ...) and (n, ...).") from None  # fmt: skip
        if "-100 is out of bounds" in error.text:
            raise Failure("ignores-another-token", f"torch says: {error.text} So -100 is taken for a token",
                          "cross_entropy leaves out -100 by itself: give it no other ignore_index.") from None  # fmt: skip  # noqa: E501
        raise
    said = [f"for logits of shape {tuple(x.shape)} and {_count(y)} labels the loss" for x, y in cases]
    hint = "Cross entropy of the labelled tokens alone, each predicted one place earlier, and one mean over the batch."
    values = [v.reshape(()) if isinstance(v, torch.Tensor) and v.numel() == 1 else v for v in seen["losses"]]
    _expect_no_mean_of_means(values, cases)
    expect_all(values, cases, _right, told=said, what=said, id="wrong-loss", hint=hint, rules=LOSSES,
               known="{text}: {said}")  # fmt: skip
    for (x, y), value, gradient in zip(cases, seen["losses"], seen["gradients"], strict=True):
        if isinstance(value, torch.Tensor) and value.dim():
            raise Failure("not-a-scalar", f"the loss must have no axes, got shape {tuple(value.shape)}", ".mean() of "
                          "everything gives one number.")  # fmt: skip
        if gradient is None or not gradient.any():
            raise Failure("loss-detached", "the loss sends no gradient to the logits", "Return the tensor, not .item() "
                          "and not under no_grad.")  # fmt: skip
        wide = x.double().requires_grad_()
        (right,) = torch.autograd.grad(_right(wide, y), wide)
        if not close(gradient, right):
            raise Failure("wrong-gradient", "the loss is right, but its gradient with respect to the logits is not",
                          "Nothing between logits and loss may be detached or rounded.")  # fmt: skip


def _expect_no_mean_of_means(values: list, cases: list) -> None:
    """Name the mean of means where a row without labels turns it into NaN, which equals nothing."""
    kept = [k for k, v in enumerate(values) if isinstance(v, torch.Tensor) and v.numel() == 1 and not v.isnan()]
    each = [_each(_picked(*cases[k], 1), len(cases[k][1])) for k in kept]
    if len(kept) == len(values) - 1 and all(close(values[k], e) for k, e in zip(kept, each, strict=True)):
        raise Failure("mean-of-means", "each example is averaged first, so a token in a short answer counts more, and "
                      "a row without a label makes NaN", ONE_MEAN)  # fmt: skip
