"""Checks of lab 01: counted words, and the accuracy of the majority class.

Letters: n texts, s places, v words. The judge counts word by word.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lora_utils.checks.framework.compare import expect_close, expect_number, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, expect_all, explained, first_wrong
from lora_utils.checks.framework.subject import Subject

honest_baselines = Exercise("honest-baselines")
Tensor = torch.Tensor
LONGEST = 40  # tokens of a text that a message shows


def baseline_call(counts, majority, *, which: str, cases: list) -> dict:
    """Probe: call one of the two functions for each case."""
    function = {"counts": counts, "majority": majority}[which]
    return {"values": [function(*case) for case in cases]}


# -------------------------------------------------------------------------------------------------------- counted words
def counts_case(draw: Draw, n: int = 4) -> tuple[Tensor, int]:
    """Padded ids (n, s) with repeated words, and v; the last words never occur."""
    s, v = draw.integer(6, 8), draw.integer(12, 15)
    ids = draw.integers(1, 7, n, s)
    for row in range(n):
        ids[row, s - row % 4 :] = 0
    ids[0, :3] = ids[0, 0]  # one word three times
    return ids, v


def with_padding(ids: Tensor, v: int) -> Tensor:
    """How often each number stands in each text, that of the padding too, (n, v)."""
    return torch.tensor([[row.count(word) for word in range(v)] for row in ids.tolist()]).double()


def counted(ids: Tensor, v: int) -> Tensor:
    """The same without the padding."""
    return with_padding(ids, v) * (torch.arange(v) > 0)


def by_place(ids: Tensor, v: int) -> Tensor:
    """How often each number stands at each place, over all texts, (s, v)."""
    return with_padding(ids.T, v)


def used(ids: Tensor, v: int) -> int:
    """How many columns there are up to the largest number that occurs."""
    return int(ids.max()) + 1


ZERO = "Number 0 is padding, not a word: its column, and no other, holds zeros."
COLUMNS = "There are `words` columns in every batch, whether a word occurs or not."
ROWS = "Each text has a row of its own, (n, words)."
EVERY = ("Add one for every occurrence. In counts[i, row] += 1 a repeated index adds only once: bincount, one_hot with "
         "a sum, scatter_add or a loop count every time.")  # fmt: skip
COUNTS = (
    Rule("padding-counted", with_padding, "the padding is counted as a word", ZERO),
    Rule("presence-only", lambda i, v: counted(i, v).clamp(max=1), "a word that stands in a text several times counts "
         "once", EVERY),
    Rule("presence-only", lambda i, v: with_padding(i, v).clamp(max=1), "a word that stands in a text several times "
         "counts once, and so does the padding", EVERY + " " + ZERO),
    Rule("shares", lambda i, v: counted(i, v) / counted(i, v).sum(1, keepdim=True).clamp(min=1), "it returns shares of "
         "the text's length", "Return the counts themselves."),
    Rule("shares", lambda i, v: with_padding(i, v) / i.shape[1], "it returns shares of the s places, padding included",
         "Return the counts themselves. " + ZERO),
    Rule("shares", lambda i, v: counted(i, v) / i.shape[1], "it returns shares of the s places",
         "Return the counts themselves."),
    Rule("corpus-counted", lambda i, v: counted(i, v).sum(0), "it adds up all texts", ROWS),
    Rule("corpus-counted", lambda i, v: with_padding(i, v).sum(0), "it adds up all texts, padding included", ROWS),
    Rule("corpus-counted", lambda i, v: counted(i, v).sum(0).expand(len(i), -1),
         "every row has the counts of all texts",
         ROWS),
    Rule("wrong-axis", by_place, "it adds over the texts, (s, words)", ROWS),
    Rule("wrong-axis", lambda i, v: by_place(i, v) * (torch.arange(v) > 0), "it adds over the texts, (s, words)", ROWS),
    Rule("transposed", lambda i, v: counted(i, v).T, "rows and columns are exchanged",
         "Texts are rows, words are columns."),
    Rule("columns-missing", lambda i, v: counted(i, v)[:, : used(i, v)], "columns of words that do not occur are "
         "missing", COLUMNS),
    Rule("columns-missing", lambda i, v: with_padding(i, v)[:, : used(i, v)], "columns of words that do not occur are "
         "missing, and the padding is counted", COLUMNS + " " + ZERO),
    Rule("columns-missing", lambda i, v: counted(i, v)[:, : v - 1], "the last column is missing", COLUMNS),
    Rule("column-too-many", lambda i, v: torch.nn.functional.pad(counted(i, v), (0, 1)), "there is a column too many",
         "Words are numbered from 0 to words - 1: `words` columns."),
    Rule("row-zeroed", lambda i, v: with_padding(i, v) * (torch.arange(len(i)) > 0)[:, None], "the first text is set "
         "to zero instead of the padding's column", "Which axis has the texts, and which the words?"),
    Rule("padding-column-gone", lambda i, v: counted(i, v)[:, 1:], "the column of the padding is missing",
         "Column k belongs to word k: column 0 stays, with zeros."),
    Rule("shifted", lambda i, v: counted(i, v).roll(-1, 1), "word k is counted in column k - 1", "Column k belongs to "
         "word k."),
    Rule("last-text-only", lambda i, v: counted(i, v) * (torch.arange(len(i)) == len(i) - 1)[:, None], "only the last "
         "text is counted", ROWS),
    Rule("eight-bits", lambda i, v: counted(i, v) % 256, "counts of 256 and more begin again at 0: eight bits hold no "
         "more", "torch.uint8 ends at 255: count in int64, as torch does by itself."),
    Rule("eight-bits", lambda i, v: (counted(i, v) + 128) % 256 - 128, "counts of 128 and more become negative: eight "
         "bits with a sign hold no more", "torch.int8 ends at 127: count in int64, as torch does by itself."),
    Rule("stops-at-padding", lambda i, v: counted(i * (i != 0).cumprod(1), v), "it stops counting at the first padding "
         "of a text", "Padding may stand on the left too: skip it and go on."),
    Rule("ids-returned", lambda i, v: i, "it returns the ids", ROWS),
)  # fmt: skip


@honest_baselines.check
def counts(subject: Subject, draw: Draw) -> None:
    """count_words(ids, words) is (n, words): how often each word stands in each text, padding not counted."""
    cases = [counts_case(draw, n) for n in (4, 3, 5, 2)]
    cases += [(ids.flip(1), v) for ids, v in cases]  # padded on the left
    judge_counts(subject, [*cases, (torch.ones(1, 301, dtype=torch.long), 3)])  # more than 8 bits hold


def judge_counts(subject: Subject, cases: Sequence[tuple]) -> None:
    """Compare with counting word by word; hidden checks use it with other batches."""

    def told(ids: Tensor, v: int) -> str:
        return f"count_words(ids, {v}), with ids of shape {tuple(ids.shape)},"

    try:
        values = ask(subject, cases, told, baseline_call, which="counts")["values"]
    except CaseRaised as error:
        text = f"{told(*error.case)} raised {error.error}"
        if error.kind == "RuntimeError" and "stack expects each tensor to be equal size" in error.text:
            raise Failure("columns-missing", f"{text}: rows have unequal numbers of columns", COLUMNS) from None
        raise
    place = first_wrong(values, cases, counted)
    if place is None:
        return
    value, case = values[place], cases[place]
    expect_tensor(value, told(*case)[:-1])
    rule = explained(values, cases, counted, COUNTS)
    if rule:
        raise Failure(rule.id, f"{told(*case)} is wrong: {rule.text}", rule.hint)
    wanted = counted(*case)
    if value.shape == wanted.shape:
        text, word = (int(i) for i in (value.double() - wanted).abs().gt(1e-4).nonzero()[0])
        row = case[0][text].tolist()
        it = row if len(row) <= LONGEST else f"{str(row[:LONGEST])[:-1]}, ...], {len(row)} numbers"
        raise Failure("wrong-counts", f"{told(*case)} must have {wanted[text, word]:g} in row {text}, column {word}, "
                      f"got {value[text, word].item():g}; that text is {it}", "Take the first text "
                      "and count by hand: how often does each number stand in it? 0 is padding.")  # fmt: skip
    expect_close(value, wanted, what=told(*case)[:-1], id="wrong-counts", hint=ROWS)


# --------------------------------------------------------------------------------------------------------- the majority
def labels_case(draw: Draw, classes: int, size: int = 20) -> tuple[Tensor, Tensor]:
    """Training labels with one most frequent class, and test labels with another; in any order."""
    most, other = draw.order(classes)[:2]
    train = [draw.integer(0, classes - 1) for _ in range(size)]
    train += [most] * (max(train.count(label) for label in range(classes)) - train.count(most) + 1)
    test = [draw.integer(0, classes - 1) for _ in range(size)]
    test += [other] * (max(test.count(label) for label in range(classes)) - test.count(other) + 1)
    return tuple(torch.tensor([labels[i] for i in draw.order(len(labels))]) for labels in (train, test))


def often(labels: Tensor) -> list[int]:
    """How often each label occurs."""
    return [labels.tolist().count(label) for label in range(int(labels.max()) + 1)]


def most(labels: Tensor) -> int:
    """The most frequent label."""
    return often(labels).index(max(often(labels)))


def share(labels: Tensor, label: int) -> float:
    """How large a part of the labels is that label."""
    return labels.tolist().count(label) / len(labels)


def right(train: Tensor, test: Tensor) -> float:
    """The share of the most frequent training label in the test labels."""
    return share(test, most(train))


def elementwise(train: Tensor, test: Tensor) -> float | None:
    """The share of places where training and test label agree."""
    return float((train == test).double().mean()) if train.shape == test.shape else None


TRAINS = "Find the most frequent label in the training labels, then its share of the test labels."
MAJORITY = (
    Rule("test-peeked", lambda train, test: share(test, most(test)), "it takes the most frequent label of the test "
         "labels", "A baseline may not look at the test labels either. " + TRAINS),
    Rule("training-share", lambda train, test: share(train, most(train)), "it is the share in training", TRAINS),
    Rule("training-share", lambda train, test: share(train, most(test)), "it is the share in training of the most "
         "frequent test label", TRAINS),
    Rule("test-peeked", lambda train, test: share(torch.cat((train, test)), most(torch.cat((train, test)))), "it takes "
         "training and test labels together", TRAINS),
    Rule("test-peeked", lambda train, test: share(test, most(torch.cat((train, test)))),
         "it counts the test labels too "
         "when it chooses the label", TRAINS),
    Rule("count-as-label", lambda train, test: share(test, max(often(train))), "it looks for the count of the most "
         "frequent label among the labels", "max() is how often it occurs; which one it is says argmax()."),
    Rule("label-returned", lambda train, test: float(most(train)), "it returns the label",
         "Return its share of the test labels."),
    Rule("count-returned", lambda train, test: float(test.tolist().count(most(train))), "it returns a number of labels",
         "Divide by the number of test labels."),
    Rule("divided-by-training", lambda train, test: test.tolist().count(most(train)) / len(train),
         "it divides by the number of "
         "training labels", "The accuracy is a share of the test labels."),
    *(Rule("fixed-label", lambda train, test, label=label: share(test, label), f"that is the share of label {label}",
      TRAINS)
      for label in range(3)),
    Rule("largest-label", lambda train, test: share(test, int(train.max())), "that is the share of the largest label",
         TRAINS),
    Rule("mean-label", lambda train, test: share(test, round(float(train.double().mean()))), "it says the mean label, "
         "rounded", "Labels are names, not quantities. " + TRAINS),
    Rule("median-label", lambda train, test: share(test, int(train.median())), "it says the median label", "Labels are "
         "names, not quantities. " + TRAINS),
    Rule("place-as-label", lambda train, test: share(test, sorted(set(train.tolist())).index(most(train))), "it takes "
         "the label's place in the list of different labels for the label", "unique gives labels and counts: where the "
         "count is largest stands which label?"),
    Rule("first-label", lambda train, test: share(test, int(train[0])), "it says the first training label", TRAINS),
    Rule("rarest-label", lambda train, test: share(test, often(train).index(min(often(train)))), "it says the rarest "
         "training label", TRAINS),
    Rule("errors-returned", lambda train, test: 1 - right(train, test), "it is the share of the wrong answers",
         "The accuracy is the share of right ones."),
    Rule("chance", lambda train, test: 1 / len(often(train)), "it is one over the number of classes", TRAINS),
    Rule("percent", lambda train, test: 100 * right(train, test), "it is in per cent", "Return a number from 0 to 1."),
    Rule("all-or-nothing", lambda train, test: float(right(train, test) == 1), "it is 1 or 0",
         "The accuracy is a share "
         "of all test labels."),
    Rule("rounded", lambda train, test: round(right(train, test), 2), "it is rounded", "Return the share as it is."),
    Rule("element-by-element", elementwise, "training and test labels are compared place by place", TRAINS),
)  # fmt: skip


@honest_baselines.check
def majority(subject: Subject, draw: Draw) -> None:
    """majority_accuracy: the share of test labels that equal the most frequent training label."""
    cases = [labels_case(draw, classes) for classes in (5, 4, 6, 3, 5, 2, 4)]
    train, test = labels_case(draw, 2)
    cases += [(train, test), (1 - train, 1 - test)]  # the majority is 0, and 1
    cases += [(torch.tensor([0, 0, 1]), torch.tensor([2, 2, 0, 1])), (torch.tensor([1, 0, 1]), torch.tensor([1, 1]))]
    cases += [(torch.tensor([3, 1, 3]), torch.tensor([3, 1, 1, 0]))]
    judge_majority(subject, cases)


def judge_majority(subject: Subject, cases: Sequence[tuple]) -> None:
    """Compare with counting; hidden checks use it with other labels."""

    def labels_told(train: Tensor, test: Tensor) -> str:
        return f"training labels {often(train)} and test labels {often(test)} (how often 0, 1, ... occur)"

    def told(train: Tensor, test: Tensor) -> str:
        return f"the accuracy for {labels_told(train, test)}"

    try:
        values = ask(subject, cases, labels_told, baseline_call, which="majority")["values"]
    except CaseRaised as error:
        if error.kind == "RuntimeError" and "mean(): could not infer output dtype" in error.text:
            text = f"your code raised {error.error}: torch takes no mean of truth values or whole numbers"
            raise Failure("mean-of-truth", text, "Turn them into numbers of floating point first.") from None
        raise
    for value, case in zip(values, cases, strict=True):
        expect_number(value, told(*case))
    values = [float(value) for value in values]
    said = [f"{told(*case)} must be {right(*case):.4g}, got {value:.4g}"
            for case, value in zip(cases, values, strict=True)]  # fmt: skip
    expect_all(values, cases, right, told=told, said=said, id="wrong-accuracy", hint=TRAINS, rules=MAJORITY,
               known="{said}: {text}")  # fmt: skip
