"""Checks of lab 08: the labels of a prompt with its answer, and the loss on the answers.

Letters: p tokens of the prompt, a tokens of the answer, s length of the row, b batch, v vocabulary.
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, expect_close
from lora_utils.checks.framework.compare import expect_tensor

answer_labels = Exercise("answer-labels")
IGNORE = -100


# ---------------------------------------------------------------------------------------------------------- probes
def label(label_answer, answer_loss, *, prompt: list, answer: list, length: int, pad: int) -> dict:
    """Probe: the row and its labels."""
    result = label_answer(list(prompt), list(answer), length, pad)
    if not isinstance(result, tuple | list) or len(result) != 2:
        return {"pair": False}
    return {"pair": True, "ids": result[0], "labels": result[1]}


def lose(label_answer, answer_loss, *, logits, labels) -> dict:
    """Probe: the loss, and its gradient with respect to the logits."""
    logits.requires_grad_(True)
    loss = answer_loss(logits, labels)
    seen = {"loss": loss, "gradient": None}
    if isinstance(loss, torch.Tensor) and loss.requires_grad and loss.dim() == 0:
        (seen["gradient"],) = torch.autograd.grad(loss, logits, allow_unused=True)
    return seen


# ---------------------------------------------------------------------------------------------------------- judges
@answer_labels.check
def row(subject: Subject, draw: Draw) -> None:
    """ids is the prompt, then the answer, then padding."""
    c = _row_case(draw)
    ids = _labeled(subject, c)["ids"]
    if ids == c["ids"]:
        return
    if sorted(ids) == sorted(c["ids"]) and ids[-1] == c["answer"][-1] and ids[0] == c["pad"]:
        raise Failure("padded-left", f"padding stands in front: {ids}", "Put it behind: torch.full(...) and fill from "
                      "the left. (Left padding is for generating from a batch.)")  # fmt: skip
    raise Failure("wrong-ids", f"expected {c['ids']}, got {ids}", "prompt + answer + padding up to length.")


@answer_labels.check(weight=2, after=("row",))
def labels(subject: Subject, draw: Draw) -> None:
    """Only the answer's tokens have labels, the one that ends the turn included; everything else has -100."""
    judge_labels(subject, _row_case(draw))


def judge_labels(subject: Subject, c: dict) -> None:
    """Compare the labels; hidden checks use it where the padding token also ends the answer."""
    got = _labeled(subject, c)["labels"]
    p, a, s, right = len(c["prompt"]), len(c["answer"]), c["length"], c["labels"]
    if got == right:
        return
    full = c["ids"]
    rest = [IGNORE] * (s - p - a)
    on_the_answer = "Loss on the answer teaches the answer: labels of the prompt are -100."
    known = (
        ("prompt-labelled", full[: p + a] + rest, "the prompt's tokens have labels too: the model would mostly learn "
         "to write reviews", on_the_answer),
        ("nothing-masked", full, "prompt and padding have labels too", on_the_answer),
        ("prompt-labelled", [t if t != c["pad"] else IGNORE for t in full], "the prompt's tokens have labels too",
         on_the_answer),
        ("padding-labelled", [IGNORE] * p + full[p:], "the padding has labels: the model would learn to write padding",
         "Labels end where the answer ends."),
        ("end-masked", [t if t != c["pad"] and k >= p else IGNORE for k, t in enumerate(full)], "the token that ends "
         "the answer has no label, because it is also the padding token: the model would never learn to stop",
         "Mask by place, not by token (huggingface/trl #976, #1623)."),
        ("end-masked", [IGNORE] * p + full[p : p + a - 1] + [IGNORE] * (s - p - a + 1), "the last token of the answer "
         "has no label: the model would never learn to stop", "The answer ends at place p + a, exclusive."),
        ("shifted-labels", [*right[1:], IGNORE], "the labels are shifted by one place already", "Leave them in place: "
         "answer_loss shifts, and shifting twice would train the token after the next."),
        ("shifted-labels", [IGNORE, *right[:-1]], "the labels are shifted by one place", "Leave them in place: the "
         "label of place t is the token of place t."),
        ("off-by-one", [IGNORE] * (p - 1) + full[p - 1 : p + a] + rest, "the prompt's last token has a label",
         "The answer begins at place p = len(prompt)."),
        ("off-by-one", [IGNORE] * (p + 1) + full[p + 1 : p + a] + rest, "the answer's first token has no label",
         "The answer begins at place p = len(prompt)."),
        ("wrong-ignore", [0 if t == IGNORE else t for t in right], "places without a label have 0, which is a token",
         "cross_entropy leaves out -100."),
        ("wrong-ignore", [-1 if t == IGNORE else t for t in right], "places without a label have -1",
         "cross_entropy leaves out -100."),
    )  # fmt: skip
    for id, value, text, hint in known:
        if got == value:
            raise Failure(id, f"{text}: expected {right}, got {got}", hint)
    raise Failure(
        "wrong-labels", f"expected {right}, got {got}", "-100 everywhere, the answer's tokens in their places."
    )


def _row_case(draw: Draw, *, pad_ends: bool = True) -> dict:
    """Draw tokens; the last of the answer ends the turn and, if `pad_ends`, is also the padding token."""
    p, a, s = draw.integer(3, 5), draw.integer(2, 3), draw.integer(10, 12)
    prompt, answer = ([int(t) for t in draw.integers(10, 99, n)] for n in (p, a))
    prompt[-1], answer[0] = 5, 6
    answer[-1] = end = draw.integer(1, 3)
    pad = end if pad_ends else 0
    return {
        "prompt": prompt, "answer": answer, "length": s, "pad": pad,
        "ids": prompt + answer + [pad] * (s - p - a), "labels": [IGNORE] * p + answer + [IGNORE] * (s - p - a),
    }  # fmt: skip


def _labeled(subject: Subject, c: dict) -> dict:
    seen = subject.probe(label, **{name: c[name] for name in ("prompt", "answer", "length", "pad")})
    if not seen["pair"]:
        raise Failure("no-pair", "label_answer must return ids and labels", "return ids, labels")
    for name in ("ids", "labels"):
        if isinstance(seen[name], list):
            raise Failure("no-tensor", f"{name} must be a tensor, got a list", "torch.tensor(...)")
        expect_tensor(seen[name], name)
        if seen[name].shape != (c["length"],) or seen[name].is_floating_point():
            came = f"{tuple(seen[name].shape)} of {seen[name].dtype}"
            text = f"{name} must be whole numbers of shape {(c['length'],)}, got {came}"
            raise Failure("wrong-shape", text, "One row of `length` places: torch.full((length,), ...).")
        seen[name] = seen[name].tolist()
    return seen


@answer_labels.check(weight=2)
def loss(subject: Subject, draw: Draw) -> None:
    """The loss is the mean cross entropy of the labelled tokens, each predicted from the place before it."""
    judge_loss(subject, draw)


def judge_loss(subject: Subject, draw: Draw, b: int = 2) -> None:
    """Compare the loss with log-probabilities taken one by one; hidden checks use it with other batches."""
    s, v = draw.integer(7, 9), draw.integer(4, 5)  # v is not s - 1, so that axes in the wrong place do not fit
    logits = draw.normal(b, s, v)
    labels = torch.full((b, s), IGNORE)
    for k in range(b):
        start, count = draw.integer(2, 3), 1 + k % 3 + draw.integer(0, 1)
        labels[k, start : start + count] = draw.integers(0, v - 1, count)
    try:
        seen = subject.probe(lose, logits=logits, labels=labels)
    except StudentRaised as error:
        if error.kind in ("ValueError", "RuntimeError") and ("batch_size" in error.text or "Expected" in error.text):
            raise Failure("shapes-do-not-meet", f"torch says: {error.text}", "cross_entropy takes (n, v) and (n,): "
                          "logits[:, :-1].flatten(0, 1) and labels[:, 1:].flatten().") from None  # fmt: skip
        raise
    logp = logits.double().log_softmax(-1)

    def mean(rows: list[list[torch.Tensor]], each: bool = False) -> torch.Tensor:
        if each:
            return torch.stack([-torch.stack(row).mean() for row in rows if row]).mean()
        return -torch.stack([t for row in rows for t in row]).mean()

    def picked(offset: int, scores: torch.Tensor = logp) -> list[list[torch.Tensor]]:
        """For each row, log p of every label, read `offset` places before it (0: at the label itself)."""
        return [
            [scores[k, t - offset, labels[k, t]] for t in range(s) if labels[k, t] != IGNORE and 0 <= t - offset < s]
            for k in range(b)
        ]

    right, count = mean(picked(1)), int((labels != IGNORE).sum())
    mistakes = [
        Mistake("not-shifted", mean(picked(0)), "each label is compared with the logits of its own place, where the "
                "model has already read it", "The token at t is predicted at t - 1: logits[:, :-1] and labels[:, 1:]."),
        Mistake("shifted-backwards", mean(picked(-1)), "the shift goes the wrong way: each label is compared with the "
                "logits of the place after it", "logits[:, :-1] and labels[:, 1:]."),
        Mistake("shifted-twice", mean(picked(2)), "each label is compared with the logits two places before it",
                "Shift once."),
        Mistake("softmax-twice", mean(picked(1, logp.exp().log_softmax(-1))), "softmax is taken before cross_entropy, "
                "which takes it itself", "Give cross_entropy the logits."),
        Mistake("no-softmax", mean(picked(1, logits.double())), "logits are averaged as if they were log-probabilities",
                "F.cross_entropy takes log_softmax by itself, F.nll_loss does not."),
        Mistake("sum-not-mean", right * count, "the loss is a sum: it grows with the length of the answers",
                "Take the mean over the labelled tokens."),
        *(Mistake("masked-in-mean", right * count / n, "places without a label count in the mean, so the loss shrinks "
                  "with the padding", "Divide by the number of labelled tokens; cross_entropy does it by itself.")
          for n in (b * (s - 1), b * s)),
    ]  # fmt: skip
    if b > 1:
        text = "each example is averaged first, so a token in a short answer counts more"
        one = "One mean over all labelled tokens."
        mistakes.append(Mistake("mean-of-means", mean(picked(1), each=True), text, one))
    hint = "F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())"
    expect_close(seen["loss"], right, what="the loss", id="wrong-loss", hint=hint, mistakes=tuple(mistakes))
    if seen["gradient"] is None or not seen["gradient"].any():
        raise Failure("loss-detached", "the loss sends no gradient to the logits", "Return the tensor, not .item().")
