"""Checks of lab 08: the labels of a prompt with its answer, and the loss on the answers.

Letters: p tokens of the prompt, a tokens of the answer, s length of the row, b batch, v vocabulary.
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, StudentRaised, Subject, close
from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.many_cases import Rule, expect_all, explained, first_wrong
from lora_utils.checks.lab_08_qlora.known_losses import (
    IGNORE,
    LOSSES,
    ONE_MEAN,
    count_of,
    mean_of_rows,
    picked,
    right_loss,
)

answer_labels = Exercise("answer-labels")


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


def _from(c: dict, start: int) -> list[int]:
    """Labels from a place on to the end of the answer."""
    end = len(c["prompt"]) + len(c["answer"])
    return [t if start <= place < end else IGNORE for place, t in enumerate(c["ids"])]


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
    Rule("found-by-token", lambda c: _from(c, c["ids"].index(c["answer"][0])), "the answer is looked for by its first "
         "token, which the prompt holds too", "The answer begins at place p, which is how many tokens the prompt has."),
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
    said = [f"for logits of shape {tuple(x.shape)} and {count_of(y)} labels the loss" for x, y in cases]
    hint = "Cross entropy of the labelled tokens alone, each predicted one place earlier, and one mean over the batch."
    values = [v.reshape(()) if isinstance(v, torch.Tensor) and v.numel() == 1 else v for v in seen["losses"]]
    _expect_no_mean_of_means(values, cases)
    expect_all(values, cases, right_loss, told=said, what=said, id="wrong-loss", hint=hint, rules=LOSSES,
               known="{text}: {said}")  # fmt: skip
    for (x, y), value, gradient in zip(cases, seen["losses"], seen["gradients"], strict=True):
        if isinstance(value, torch.Tensor) and value.dim():
            raise Failure("not-a-scalar", f"the loss must have no axes, got shape {tuple(value.shape)}", ".mean() of "
                          "everything gives one number.")  # fmt: skip
        if gradient is None or not gradient.any():
            raise Failure("loss-detached", "the loss sends no gradient to the logits", "Return the tensor, not .item() "
                          "and not under no_grad.")  # fmt: skip
        wide = x.double().requires_grad_()
        (right,) = torch.autograd.grad(right_loss(wide, y), wide)
        if not close(gradient, right):
            raise Failure("wrong-gradient", "the loss is right, but its gradient with respect to the logits is not",
                          "Nothing between logits and loss may be detached or rounded.")  # fmt: skip


def _expect_no_mean_of_means(values: list, cases: list) -> None:
    """Name the mean of means where a row without labels turns it into NaN, which equals nothing."""
    kept = [k for k, v in enumerate(values) if isinstance(v, torch.Tensor) and v.numel() == 1 and not v.isnan()]
    each = [mean_of_rows(picked(*cases[k], 1), len(cases[k][1])) for k in kept]
    if len(kept) == len(values) - 1 and all(close(values[k], e) for k, e in zip(kept, each, strict=True)):
        raise Failure("mean-of-means", "each example is averaged first, so a token in a short answer counts more, and "
                      "a row without a label makes NaN", ONE_MEAN)  # fmt: skip
