"""Checks of lab 00: counting by hand the numbers of a linear layer, an embedding and a small classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lora_utils.checks.framework import many_cases
from lora_utils.checks.framework.compare import expect_number
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.subject import Subject

count_by_hand = Exercise("count-by-hand")


def by_hand(linear, embedding, classifier, *, which: str, cases: list) -> dict:
    """Probe: call one of the three counting functions for each case."""
    function = {"linear": linear, "embedding": embedding, "classifier": classifier}[which]
    return {"values": [function(*case) for case in cases]}


# ----------------------------------------------------------------------------------------- what is right, and what not
def linear_right(i: int, o: int, bias: bool = True) -> int:
    """The matrix and, unless switched off, a number for each output."""
    return i * o + (o if bias else 0)


def classifier_right(words: int, w: int, h: int, c: int) -> int:
    """The table and two linear layers."""
    return words * w + linear_right(w, h) + linear_right(h, c)


OUTPUTS = "The bias is added to the output, so it has as many numbers as there are outputs."
SIDES = "A matrix holds rows times columns numbers."
LOOKS_UP = "nn.Embedding looks rows up; it adds nothing to them."
TWO_LAYERS = "fc1 maps width to hidden, fc2 maps hidden to classes, each with a bias."
LINEAR = (
    Rule("bias-always", lambda i, o, bias=True: i * o + o, "it counts a bias that is switched off",
         "Whether the bias counts depends on the third argument."),
    Rule("bias-forgotten", lambda i, o, bias=True: i * o, "it counts the matrix and no bias",
         "nn.Linear has a bias unless told otherwise: one number for each output."),
    Rule("default-without-bias", lambda *a: a[0] * a[1] + (a[1] if a[2:] == (True,) else 0), "without the third "
         "argument it counts no bias", "The default is bias=True, as in nn.Linear."),
    Rule("bias-turned-round", lambda i, o, bias=True: i * o + (0 if bias else o), "it counts a bias where there is "
         "none, and none where there is one", "bias=True says that the layer has a bias."),
    Rule("bias-per-input", lambda i, o, bias=True: i * o + (i if bias else 0), "it counts a bias number for each input",
         OUTPUTS),
    Rule("bias-per-input", lambda i, o, bias=True: i * o + i, "it counts a bias number for each input, switched off "
         "or not", OUTPUTS),
    Rule("bias-per-number", lambda i, o, bias=True: 2 * i * o if bias else i * o, "it counts a bias number for each "
         "number of the matrix", OUTPUTS),
    Rule("bias-on-both-sides", lambda i, o, bias=True: i * o + (i + o if bias else 0), "it counts a bias number for "
         "each input and for each output", OUTPUTS),
    Rule("bias-is-one-number", lambda i, o, bias=True: i * o + int(bias), "it counts one single bias number",
         "Every output has a bias of its own."),
    Rule("bias-is-one-number", lambda i, o, bias=True: i * o + 1, "it counts one single bias number",
         "Every output has a bias of its own."),
    Rule("sides-added", lambda i, o, bias=True: i + o, "it adds the two sides", SIDES),
    Rule("sides-added", lambda i, o, bias=True: i + o + (o if bias else 0), "it adds the two sides", SIDES),
    Rule("sides-added", lambda i, o, bias=True: i + o + int(bias), "it adds the two sides", SIDES),
    Rule("square-counted", lambda i, o, bias=True: i * i + (o if bias else 0), "it multiplies the inputs by themselves",
         SIDES),
    Rule("square-counted", lambda i, o, bias=True: o * o + (o if bias else 0), "it multiplies the outputs by "
         "themselves", SIDES),
    Rule("matrix-missing", lambda i, o, bias=True: o if bias else 0, "it counts the bias alone", SIDES),
)  # fmt: skip
EMBEDDING = (
    Rule("width-added", lambda n, w: n * w + w, "it counts `width` numbers too many, a bias or one more row",
         "There is a row for each of the words, and nothing is added to it."),
    Rule("embedding-bias", lambda n, w: n * w + n, "it counts a bias number for each word", LOOKS_UP),
    Rule("sides-added", lambda n, w: n + w, "it adds words and width", "Each word has a row of `width` numbers."),
    Rule("padding-left-out", lambda n, w: (n - 1) * w, "it leaves one row out",
         "The row of the padding token is stored like any other."),
    Rule("square-counted", lambda n, w: n * n, "it multiplies the words by themselves", "A row has `width` numbers."),
    Rule("one-row", lambda n, w: w, "it counts one row", "Every word has a row of its own."),
    Rule("one-column", lambda n, w: n, "it counts the rows, not the numbers in them", "A row has `width` numbers."),
)  # fmt: skip
CLASSIFIER = (
    Rule("embedding-left-out", lambda n, w, h, c: w * h + h + h * c + c, "the embedding is missing",
         "The word vectors are parameters too."),
    Rule("last-layer-left-out", lambda n, w, h, c: n * w + w * h + h, "fc2 is missing", TWO_LAYERS),
    Rule("first-layer-left-out", lambda n, w, h, c: n * w + h * c + c, "fc1 is missing", TWO_LAYERS),
    Rule("biases-left-out", lambda n, w, h, c: n * w + w * h + h * c, "the biases of fc1 and fc2 are missing",
         "Both linear layers have a bias."),
    Rule("last-bias-left-out", lambda n, w, h, c: n * w + w * h + h + h * c, "the bias of fc2 is missing",
         "Both linear layers have a bias."),
    Rule("first-bias-left-out", lambda n, w, h, c: n * w + w * h + h * c + c, "the bias of fc1 is missing",
         "Both linear layers have a bias."),
    Rule("hidden-skipped", lambda n, w, h, c: n * w + w * h + h + w * c + c, "fc2 is counted from width to classes",
         "fc2 gets what fc1 puts out: `hidden` numbers."),
    Rule("hidden-skipped", lambda n, w, h, c: n * w + w * c + c, "one layer from width to classes is counted",
         TWO_LAYERS),
    Rule("words-into-fc1", lambda n, w, h, c: n * w + n * h + h + h * c + c, "fc1 is counted from words to hidden",
         "fc1 gets a mean of word vectors: `width` numbers."),
    Rule("sentence-counted", lambda n, w, h, c: n * (w + w * h + h) + h * c + c, "fc1 is counted once for each word",
         "The same fc1 serves every input; its numbers count once."),
    Rule("embedding-bias", lambda n, w, h, c: n * w + w + w * h + h + h * c + c, "the embedding is counted with "
         "`width` numbers too many", LOOKS_UP),
    Rule("embedding-bias", lambda n, w, h, c: n * w + n + w * h + h + h * c + c, "the embedding is counted with a bias",
         LOOKS_UP),
    Rule("relu-counted", lambda n, w, h, c: n * w + w * h + h + h * c + c + h, "`hidden` numbers are counted too many, "
         "as if ReLU had some", "ReLU has no parameters."),
    Rule("layer-added", lambda n, w, h, c: n * w + w * h + h + h * h + h + h * c + c, "a layer from hidden to hidden "
         "is counted that is not there", TWO_LAYERS),
    Rule("multiplied", lambda n, w, h, c: n * w * h * c, "it multiplies all sizes",
         "The parts stand side by side: count each, and add."),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- checks
@count_by_hand.check
def linear(subject: Subject, draw: Draw) -> None:
    """linear_numbers(inputs, outputs, bias): the matrix, and with bias=True one number more for each output."""
    cases = [(*draw.sizes(2, 3, 90), *more) for more in [(), (False,), (True,)] * 4]
    cases += [(1, draw.integer(2, 9)), (draw.integer(2, 9), 1), (6, 6), (6, 6, False), (1, 1), (1, 1, False)]
    judge_counts(subject, "linear", cases, linear_right, LINEAR, "the matrix holds inputs times outputs numbers, and "
                 "with a bias there is one more for each output")  # fmt: skip


@count_by_hand.check
def embedding(subject: Subject, draw: Draw) -> None:
    """embedding_numbers(words, width): a vector of `width` numbers for each word, and no bias."""
    cases = [(draw.integer(30, 900), draw.integer(3, 29)) for _ in range(8)]
    cases += [(draw.integer(3, 9), draw.integer(20, 90)), (5, 5), (1, draw.integer(2, 9)), (7, 1), (1, 1), (2, 2)]
    judge_counts(subject, "embedding", cases, lambda n, w: n * w, EMBEDDING, "each word has a row of its own")


@count_by_hand.check(after=("linear", "embedding"))
def classifier(subject: Subject, draw: Draw) -> None:
    """classifier_numbers(words, width, hidden, classes): the embedding and both linear layers, with their biases."""
    cases = [(draw.integer(300, 900), *draw.sizes(3, 4, 40)) for _ in range(12)]
    cases += [(9, 20, 3, 50), (5, 5, 5, 5), (8, 1, 3, 2), (8, 3, 1, 2), (8, 3, 2, 1), (1, 4, 3, 2)]
    judge_counts(subject, "classifier", cases, classifier_right, CLASSIFIER, "it is an embedding and two linear "
                 "layers, each of which gets what the one before it puts out")  # fmt: skip


def judge_counts(
    subject: Subject, which: str, cases: Sequence[tuple], right: Callable, rules: Sequence[Rule], hint: str
) -> None:
    """Compare one of the three functions with its formula, for all cases; a number must be a whole one."""
    values = ask(subject, by_hand, cases, which=which)
    calls = [call(which, case) for case in cases]
    for value, told in zip(values, calls, strict=True):
        expect_number(value, told, int)
    if len(cases) > 1 and len(set(values)) == 1 and values[0] != right(*cases[0]):
        raise Failure("same-for-all", f"{calls[0]} and {calls[1]} give the same number, {values[0]}", "Compute with "
                      "the arguments: a number that is typed in is right for one size at most.")  # fmt: skip
    said = [f"{told} must be {right(*case)}, got {v}" for told, case, v in zip(calls, cases, values, strict=True)]
    expect_all(values, cases, right, told=calls, said=said, id="wrong-count", hint=f"Count on paper: {hint}.",
               rules=rules, known="{said}: {text}", tolerance=0)  # fmt: skip


def ask(subject: Subject, probe: Callable, cases: Sequence[Sequence], *, which: str) -> list:
    """Return what one of the three functions gives for each case; hidden checks use it with other numbers."""
    return many_cases.ask(subject, cases, lambda *case: call(which, case), probe, which=which)["values"]


def call(which: str, case: Sequence) -> str:
    """A case in words."""
    return f"{which}_numbers({', '.join(map(str, case))})"
