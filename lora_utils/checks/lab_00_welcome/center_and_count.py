"""Checks of lab 00: centring sentences, and counting by hand.

Letters: b batch, s tokens in a sentence, d width.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import StudentRaised, Subject

center_sentences = Exercise("centre-sentences", lifted=("changes-a-tensor",))
count_by_hand = Exercise("count-by-hand")


# ------------------------------------------------------------------------------------------------ centre-sentences
def centered(function, *, vectors) -> dict:
    """Probe: what the function returns, and what has become of the tensor it was given."""
    return {"value": function(vectors), "given": vectors}


@center_sentences.check
def centres(subject: Subject, draw: Draw) -> None:
    """From each token's vector the mean of its own sentence is subtracted."""
    judge_centered(subject, draw.normal(*draw.sizes(3, 3, 8)) + draw.number(1.0, 2.0))


def judge_centered(subject: Subject, x: torch.Tensor) -> None:
    """Compare with a loop over the sentences; hidden checks use it with other shapes."""
    shape = "x".join(map(str, x.shape))
    lost = "the mean over the tokens has shape (b, d), which does not line up with (b, s, d)"
    keep = "Say keepdim=True: the mean then has shape (b, 1, d), and the 1 is stretched over the tokens."
    try:
        value = subject.probe(centered, vectors=x)["value"]
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            raise Failure("axis-lost", f"for vectors of shape {shape} your code raised {error}: {lost}", keep) from None
        raise
    if value is None:
        raise Failure("nothing-returned", "the function returns None", "The last line says return ...")
    x = x.double()
    means = torch.stack([sum(sentence.unbind(0)) / len(sentence) for sentence in x])  # (b, d)
    right = torch.stack([sentence - mean for sentence, mean in zip(x, means, strict=True)])  # (b, s, d)
    axes = "The axes of (b, s, d) are 0, 1, 2: average along the one where a sentence's tokens lie, and keep that axis."
    mistakes = (
        Mistake("mean-over-batch", x - x.mean(0), "it subtracts the mean over the sentences of the batch (axis 0): "
                "what a sentence becomes then depends on its neighbours", axes),
        Mistake("mean-over-width", x - x.mean(2, keepdim=True), "it subtracts the mean over the d numbers of each "
                "vector (axis 2)", axes),
        Mistake("mean-over-all", x - x.mean(), "it subtracts one single number, the mean of everything", axes),
        Mistake("mean-over-all", x - x.mean((0, 1)), "it subtracts the mean over all tokens of the whole batch", axes),
        Mistake("mean-returned", means, "it returns the means themselves, of shape (b, d)",
                "Subtract them from the vectors."),
        Mistake("mean-returned", means.unsqueeze(1), "it returns the means themselves, of shape (b, 1, d)",
                "Subtract them from the vectors."),
        Mistake("sign-turned", -right, "it returns the mean minus the vectors", "Subtract the mean from the vectors."),
        Mistake("mean-added", x + means.unsqueeze(1), "it adds the mean", "Subtract it."),
        Mistake("sum-subtracted", x - x.sum(1, keepdim=True), "it subtracts the sum over the tokens, not their mean",
                "Use mean instead of sum, or divide by the number of tokens."),
        *(Mistake("spread-divided", right / (right.square().sum(1, keepdim=True) / n).sqrt(),
                  "it also divides by the standard deviation", "Subtract the mean and do no more.")
          for n in (x.shape[1], max(x.shape[1] - 1, 1))),
        Mistake("nothing-subtracted", x, "it returns the vectors as they came",
                "An expression such as vectors - mean makes a new tensor: return that one."),
    )  # fmt: skip
    what, hint = f"the result for vectors of shape {shape}", "vectors - vectors.mean(dim=1, keepdim=True)"
    expect_close(value, right, what=what, id="wrong-result", hint=hint, mistakes=mistakes)


@center_sentences.check(after=("centres",))
def leaves_the_input(subject: Subject, draw: Draw) -> None:
    """The tensor it was given is the same afterwards."""
    x = draw.normal(*draw.sizes(3, 3, 8)) + 1.5
    seen = subject.probe(centered, vectors=x)["given"]
    if not torch.equal(seen, x):
        raise Failure("changed-in-place", "the function changed the tensor that it was given, by up to "
                      f"{float((seen - x).abs().max()):.2g}",
                      "x -= y writes into x, which the caller still uses; x - y makes a new tensor.")  # fmt: skip


# ---------------------------------------------------------------------------------------------------- count-by-hand
def by_hand(linear, embedding, classifier, *, which: str, args: list) -> dict:
    """Probe: call one of the three counting functions."""
    return {"value": {"linear": linear, "embedding": embedding, "classifier": classifier}[which](*args)}


@count_by_hand.check
def linear(subject: Subject, draw: Draw) -> None:
    """linear_numbers(inputs, outputs, bias): the matrix, and with bias=True one number more for each output."""
    for bias in (True, False):
        i, o = draw.sizes(2, 20, 90)
        args = [i, o] if bias else [i, o, False]
        value = subject.probe(by_hand, which="linear", args=args)["value"]
        came = f"linear_numbers({', '.join(map(str, args))})"
        mistakes = (
            Mistake("bias-forgotten", i * o if bias else -1, f"{came} counts the matrix and no bias",
                    "nn.Linear has a bias unless told otherwise: one number for each output."),
            Mistake("bias-per-input", i * o + i if bias else -1, f"{came} counts a bias number for each input",
                    "The bias is added to the output, so it has as many numbers as there are outputs."),
            Mistake("bias-is-one-number", i * o + 1, f"{came} counts one single bias number",
                    "Every output has a bias of its own."),
            Mistake("bias-always", i * o + o, f"{came} counts a bias that is switched off",
                    "Add the outputs only if bias is True."),
            Mistake("sides-added", i + o, f"{came} adds the two sides", "A matrix holds rows times columns numbers."),
            Mistake("sides-added", i + o + o, f"{came} adds the two sides", "A matrix holds rows x columns numbers."),
        )  # fmt: skip
        hint = "inputs * outputs for the matrix; with a bias, outputs more."
        expect_close(value, i * o + o * bias, what=came, id="wrong-count", hint=hint, mistakes=mistakes)


@count_by_hand.check
def embedding(subject: Subject, draw: Draw) -> None:
    """embedding_numbers(words, width): a vector of `width` numbers for each word, and no bias."""
    words, width = draw.integer(300, 900), draw.integer(20, 90)
    value = subject.probe(by_hand, which="embedding", args=[words, width])["value"]
    mistakes = (
        Mistake("embedding-bias", words * width + width, "it counts a bias of `width` numbers",
                "nn.Embedding looks rows up; it adds nothing to them."),
        Mistake("embedding-bias", words * width + words, "it counts a bias number for each word",
                "nn.Embedding looks rows up; it adds nothing to them."),
        Mistake("sides-added", words + width, "it adds words and width", "Each word has a row of `width` numbers."),
        Mistake("padding-left-out", (words - 1) * width, "it leaves one row out",
                "The row of the padding token is stored like any other."),
    )  # fmt: skip
    what = f"embedding_numbers({words}, {width})"
    expect_close(value, words * width, what=what, id="wrong-count", hint="words * width", mistakes=mistakes)


@count_by_hand.check(after=("linear", "embedding"))
def classifier(subject: Subject, draw: Draw) -> None:
    """classifier_numbers(words, width, hidden, classes): the embedding and both linear layers, with their biases."""
    words, (w, h, c) = draw.integer(300, 900), draw.sizes(3, 4, 40)
    value = subject.probe(by_hand, which="classifier", args=[words, w, h, c])["value"]
    table, fc1, fc2 = words * w, w * h + h, h * c + c
    mistakes = (
        Mistake("embedding-left-out", fc1 + fc2, "the embedding is missing", "The word vectors are parameters too."),
        Mistake("last-layer-left-out", table + fc1, "fc2 is missing", "fc2 maps hidden to classes, with a bias."),
        Mistake("first-layer-left-out", table + fc2, "fc1 is missing", "fc1 maps width to hidden, with a bias."),
        Mistake("biases-left-out", table + w * h + h * c, "the biases of fc1 and fc2 are missing",
                "Both linear layers have a bias."),
        Mistake("hidden-skipped", table + fc1 + w * c + c, "fc2 is counted from width to classes",
                "fc2 gets what fc1 puts out: `hidden` numbers."),
        Mistake("sentence-counted", words * fc1 + table + fc2, "fc1 is counted once for each word",
                "The same fc1 serves every input; its numbers count once."),
    )  # fmt: skip
    what, hint = (
        f"classifier_numbers({words}, {w}, {h}, {c})",
        "Add embedding, fc1 (width -> hidden), fc2 (-> classes).",
    )
    expect_close(value, table + fc1 + fc2, what=what, id="wrong-count", hint=hint, mistakes=mistakes)
