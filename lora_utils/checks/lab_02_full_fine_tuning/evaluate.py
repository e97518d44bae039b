"""Checks of lab 02: measuring accuracy without leaving a trace.

Letters: n examples, b batch size, i inputs, c classes.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Subject, close
from lora_utils.checks.framework.compare import expect_explained, expect_number
from lora_utils.checks.framework.probes import linear
from lora_utils.checks.framework.subject import StudentRaised

evaluate = Exercise("evaluate", lifted=("changes-the-mode", "changes-what-trains"))
VOCABULARY = 7  # of the inputs that are ids


class Calls(list):
    """A list that copies of its model share, so that measuring a deep copy is seen too."""

    def __deepcopy__(self, memo) -> Calls:
        return self


class Moody(nn.Module):
    """A linear model that answers otherwise in training mode and writes down how it was called.

    The mode that counts is that of the layer inside, as with a dropout layer: setting the attribute `training` of the
    model alone does not reach it. The model's own mode adds 1 to all scores of an example, which changes no answer.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.layer = linear(weight, None)
        self.calls: Calls = Calls()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (b, c), in training mode those of the neighbouring class."""
        mode = {"training": self.layer.training}
        self.calls.append({"recording": torch.is_grad_enabled(), "rows": len(x), **mode})
        return in_mode(self.layer(features(x)), self.training, self.layer.training)


def features(x: torch.Tensor) -> torch.Tensor:
    """Not a probe by itself: the numbers (b, i) that a model sees of inputs (b, ...); ids are counted."""
    if x.is_floating_point():
        return x.flatten(1)
    return nn.functional.one_hot(x, VOCABULARY).sum(dim=1).float()


def in_mode(scores: torch.Tensor, outside: bool, inside: bool) -> torch.Tensor:
    """Not a probe by itself: the scores (b, c) of a model and a layer inside it that are in training mode, or not."""
    return (scores.roll(1, dims=1) if inside else scores) + outside


def evaluated(function, *, cases: list) -> dict:
    """Probe: what the function says about a model, how it called it, and how the model answers and learns after it."""
    looks = []
    for c in cases:
        model = Moody(c["weight"]).train(c["training"])
        model.layer.weight.grad = torch.full_like(c["weight"], 0.5)  # left by the training that goes on afterwards
        with torch.enable_grad():  # restores what was before, whatever the function leaves switched off
            value = function(model, c["inputs"], c["labels"], c["batch_size"])
            calls, recording = list(model.calls), torch.is_grad_enabled()
            left, model.layer.weight.grad = model.layer.weight.grad, None
            scores = model(c["inputs"])
            if scores.requires_grad:
                scores.backward(c["upstream"])
        looks.append({
            "returned": value, "calls": calls, "recording": recording, "scores": scores,
            "gradient": model.layer.weight.grad, "left": left,
        })  # fmt: skip
    return {"looks": looks}


def evaluation_case(
    draw: Draw, *, batch_size: int = 5, n: int = 23, training: bool = True, shape: tuple[int, ...] = (6,)
) -> dict:
    """Draw a model and examples: the full batches are mostly right, the rest is mostly wrong.

    The shape is that of one example; without numbers in it, an example is a row of ids.
    """
    c = 4
    inputs = draw.normal(n, *shape) if shape else draw.integers(0, VOCABULARY - 1, n, 5)
    weight = draw.normal(c, features(inputs).shape[1])
    guesses = (features(inputs).double() @ weight.double().T).argmax(dim=1)  # (n,)
    wrong = torch.arange(n) % 4 == 1
    wrong[n - n % batch_size :] = True
    wrong[-1] = False
    if n % batch_size > 2:  # else a lost last batch would look like a lost first example
        wrong[-2] = False
    shift = torch.where(wrong, 1 + (torch.arange(n) + draw.integer(0, 2)) % 3, 0)
    labels, upstream = (guesses + shift) % c, draw.normal(n, c)
    return {
        "weight": weight, "inputs": inputs, "labels": labels, "batch_size": batch_size, "upstream": upstream,
        "training": training,
    }  # fmt: skip


def _scores(c: dict) -> torch.Tensor:
    return features(c["inputs"]).double() @ c["weight"].double().T  # (n, c)


def right_share(c: dict) -> float:
    """The share of examples whose highest score is that of their label."""
    return float((_scores(c).argmax(dim=1) == c["labels"]).double().mean())


def wrong_accuracies(c: dict) -> tuple:
    """What the usual mistakes return: id, value, what happened, what to do."""
    scores, labels, b = _scores(c), c["labels"], c["batch_size"]
    right = (scores.argmax(dim=1) == labels).double()  # (n,)
    n, share = len(right), float(right.mean())
    parts = right.split(b)
    means = [float(part.mean()) for part in parts]
    full = right[: n - n % b]
    moody = (scores.roll(1, dims=1).argmax(dim=1) == labels).double()
    first_labels = sum(float((part.argmax(dim=1) == labels[: len(part)]).sum()) for part in scores.split(b)) / n
    whole = [(s.argmax() == y).sum() for s, y in zip(scores.split(b), labels.split(b), strict=True)]
    every_start = sum(float(right[start : start + b].sum()) for start in range(n)) / n
    reaches = "range(0, len(inputs), batch_size) reaches it; a slice may be shorter."
    return (
        ("mean-of-batches", sum(means) / len(means), "that is the mean of the batches' accuracies, which gives the "
         "small last batch as much weight as a full one", "Count right answers over all batches and divide once."),
        ("last-batch-only", means[-1], "that is the last batch alone", "Add up over the batches: right += ..."),
        ("last-batch-only", float(parts[-1].sum()) / n, "the right answers of the last batch alone are counted",
         "right = 0 stands before the loop; inside it only right += ..."),
        ("first-batch-only", means[0], "that is the first batch alone", "return stands after the loop, not in it."),
        ("first-batch-only", float(parts[0].sum()) / n, "the right answers of the first batch alone are counted",
         "return stands after the loop, not in it."),
        ("last-batch-dropped", float(full.sum()) / n, "the last, smaller batch is missing", reaches),
        ("last-batch-dropped", float(full.mean()) if len(full) else -1.0, "the last, smaller batch is missing",
         reaches),
        ("not-divided", float(right.sum()), "that is the number of right answers", "Divide by len(labels)."),
        ("percent", 100 * share, "that is in per cent", "Return a share from 0 to 1."),
        ("errors-counted", 1 - share, "that is the share of wrong answers", "Count where guess and label are equal."),
        ("lowest-score", float((scores.argmin(dim=1) == labels).double().mean()), "that counts where the label has the "
         "lowest score", "The guess is the class with the highest score."),
        ("distances", float((scores.argmax(dim=1) - labels).abs().double().mean()), "that is the mean distance between "
         "guess and label, as if classes were quantities", "A guess is right or wrong: count where both are equal."),
        ("distances", float(1 - (scores.argmax(dim=1) - labels).abs().double().mean()), "that is 1 minus the mean "
         "distance between guess and label, as if classes were quantities", "Count where both are equal."),
        ("batches-skipped", float(sum(part.sum() for part in parts[::2])) / n, "every other batch is missing",
         "range(0, len(inputs), batch_size) steps from batch to batch."),
        ("whole-batches", float(sum(len(part) for part in parts if part.all())) / n, "a batch counts only if all of "
         "its examples are right", "Count the right examples, (guesses == labels).sum(), not all()."),
        ("wrong-denominator", float(right.sum()) / len(full) if len(full) else -1.0, "it was divided by the number of "
         "examples in full batches", "Divide by len(labels)."),
        ("rounded-to-whole", float(round(share)), "that is rounded to a whole number", "Divide with / and not //."),
        ("rounded-to-whole", float(int(share)), "that is rounded to a whole number", "Divide with / and not //."),
        ("wrong-denominator", float(right.sum()) / (b * len(parts)), "the last batch is counted as full",
         "Divide by len(labels), not by batches times batch_size."),
        ("wrong-denominator", float(right.sum()) / b, "it was divided by the batch size", "Divide by len(labels)."),
        ("first-example-missed", float(right[1:].sum()) / n, "the first example is missing", "A range begins at 0."),
        ("wrong-denominator", float(right.sum()) / len(parts), "it was divided by the number of batches",
         "Divide by len(labels)."),
        ("batches-overlap", every_start, "a batch starts at every example, so they overlap",
         "The third argument of range is the step: range(0, len(inputs), batch_size)."),
        ("measured-in-training-mode", float(moody.mean()), "the model answered in training mode, where dropout is on",
         "Switch the whole model before the first batch. (model.training = False reaches the outermost module alone.)"),
        ("batches-overlap", sum(float(right[start : start + b + 1].sum()) for start in range(0, n, b)) / n, "each "
         "batch takes in the first example of the next, which counts twice",
         "A slice [start:start + batch_size] ends before its last number."),
        ("second-class-only", float(((scores[:, 1] > 0).long() == labels).double().mean()), "that asks whether the "
         "score of class 1 is positive", "There may be more than two classes: the guess is the class with the highest "
         "score."),
        ("positive-scores", float((scores[torch.arange(n), labels] > 0).double().mean()), "that asks whether the "
         "label's score is positive", "The guess is the class with the highest score, whatever its sign."),
        ("labels-of-first-batch", first_labels, "every batch is compared with the labels of the first one",
         "Slice the labels as you slice the inputs."),
        ("argmax-over-all", float(sum(whole)) / n, "argmax() without dim looks for the largest of all scores of the "
         "batch", "One class an example: the largest along the axis of the classes."),
    )  # fmt: skip


def judge_accuracy(subject: Subject, cases: list) -> list[dict]:
    """Compare the share of right answers; a mistake is named if it explains all cases. Hidden checks use it too."""
    try:
        looks = subject.probe(evaluated, cases=cases)["looks"]
    except StudentRaised as error:
        if "must match the size" in error.text:
            raise Failure("shapes-differ", f"guesses and labels differ in shape: {error.text[:110]}", "One guess an "
                          "example, (b,), along the axis of the classes; slice the labels as the inputs."
                          ) from None  # fmt: skip
        raise
    values = [look["returned"] for look in looks]
    if any(value is None for value in values) and any(values):
        raise Failure("zero-lost", "it returns None where no example is right: the share is 0 there",
                      "`or` takes 0 for nothing: return the share itself.")  # fmt: skip
    if any(value is None for value in values):
        raise Failure("no-value", "it returns None", "End with a return of the share.")
    for value in values:
        expect_number(value, "the share")
    wrong = [k for k, c in enumerate(cases) if not abs(values[k] - right_share(c)) <= 1e-6]  # NaN is wrong too
    if not wrong:
        return looks
    c, value = cases[wrong[0]], values[wrong[0]]
    n, b, share = len(c["labels"]), c["batch_size"], right_share(c)
    text = f"of {n} examples in batches of {b}, {round(n * share)} are right: {share:.4f}; you returned {value:.4f}"
    if len(wrong) < len(cases):
        text += f" ({len(wrong)} of {len(cases)} cases are wrong)"
    for mistakes in zip(*(wrong_accuracies(one) for one in cases), strict=True):
        if all(abs(value - other) < 1e-6 for value, (_, other, _, _) in zip(values, mistakes, strict=True)):
            id, _, why, hint = mistakes[wrong[0]]
            raise Failure(id, f"{text}: {why}", hint)
    if any(call["training"] for call in looks[wrong[0]]["calls"]):
        raise Failure("measured-in-training-mode", f"{text}: some of the batches met the model in training mode",
                      "Switch before the first batch, and back after the last.")  # fmt: skip
    if all(abs(value - round(right_share(one), 3)) < 6e-3 for value, one in zip(values, cases, strict=True)):
        raise Failure("rounded", f"{text}: it is rounded", "Return the share as it is.")
    raise Failure("wrong-accuracy", text, "A share: which examples are counted, which are right, and what is it "
                  "divided by?")  # fmt: skip


def mode_after(seen: dict, c: dict) -> tuple[bool, bool]:
    """In which mode the scores show the model and the layer inside it to be: whether it is the training mode."""
    modes = [(outside, inside) for outside in (True, False) for inside in (True, False)]
    found = [mode for mode in modes if close(seen["scores"], in_mode(_scores(c), *mode))]
    if not found:
        raise Failure("model-changed", "the model no longer gives the scores it gave", "Measuring changes nothing.")
    return found[0]


@evaluate.check(weight=2)
def share_of_right_answers(subject: Subject, draw: Draw) -> None:
    """It returns the share of examples whose highest score is that of their label, in evaluation mode, as a number."""
    sizes = ((5, 23, (6,)), (4, 17, (6,)), (6, 20, (6,)), (7, 9, (6,)), (5, 23, (2, 3)), (3, 10, ()))
    cases = [evaluation_case(draw, batch_size=b, n=n, shape=shape) for b, n, shape in sizes]
    none = evaluation_case(draw)
    judge_accuracy(subject, [*cases, {**none, "labels": _scores(none).argmin(dim=1)}])  # no example is right


@evaluate.check(after=("share-of-right-answers",))
def mode_restored(subject: Subject, draw: Draw) -> None:
    """Afterwards the model is in the mode in which it came."""
    training, evaluation = cases = [evaluation_case(draw), evaluation_case(draw, training=False)]
    was, came = judge_accuracy(subject, cases)
    if any(call["training"] for look in (was, came) for call in look["calls"]):
        raise Failure(
            "forward-in-training-mode",
            "the share is right, but examples also went through the model in "
            "training mode: batch statistics would have moved",
            "Switch before the first forward pass.",
        )
    outside, inside = mode_after(was, training)
    if outside and not inside:
        raise Failure("layers-left-in-evaluation-mode", "the model is in training mode again, the layers inside it are "
                      "still in evaluation mode: dropout stays off for the rest of the training",
                      "model.training = ... reaches the outermost module alone, model.train(...) all layers."
                      )  # fmt: skip
    if not outside:
        raise Failure("left-in-evaluation-mode", "the model came in training mode and is left in evaluation mode: "
                      "dropout stays off for the rest of the training",
                      "Read model.training before you switch, and go back to it.")  # fmt: skip
    if any(mode_after(came, evaluation)):
        raise Failure("always-training-mode", "the model came in evaluation mode and is left in training mode",
                      "Read model.training before you switch, and go back to it: not to training in every case."
                      )  # fmt: skip


@evaluate.check(after=("share-of-right-answers",))
def no_gradients(subject: Subject, draw: Draw) -> None:
    """Nothing is recorded for a backward pass, and afterwards gradients work as before."""
    c = evaluation_case(draw)
    seen = subject.probe(evaluated, cases=[c])["looks"][0]
    if seen["gradient"] is None:
        raise Failure("model-frozen", "the model's weight no longer has requires_grad: it would not train any more",
                      "torch.no_grad() stops the recording and leaves the parameters alone.")  # fmt: skip
    if any(call["recording"] for call in seen["calls"]):
        raise Failure("graph-recorded", "the forward pass is recorded for a backward pass that never comes: it keeps "
                      "all activations in memory", "torch.no_grad() around the forward pass stops it.")  # fmt: skip
    if seen["left"] is None or not torch.equal(seen["left"], torch.full_like(c["weight"], 0.5)):
        raise Failure("gradients-erased", "the gradients that were in the model are gone or others afterwards",
                      "No zero_grad and no backward here: the training goes on with what was there.")  # fmt: skip
    G = c["upstream"].double().roll(-mode_after(seen, c)[1], dims=1)
    expect_explained(seen["gradient"], G.T @ c["inputs"].double(), "the gradient of the model's weight")


@evaluate.check(after=("share-of-right-answers",))
def batches(subject: Subject, draw: Draw) -> None:
    """At most batch_size examples go through the model at once."""
    cases = [evaluation_case(draw, batch_size=b, n=n) for b, n in ((5, 23), (2, 23), (1, 6), (9, 10))]
    for c, seen in zip(cases, subject.probe(evaluated, cases=cases)["looks"], strict=True):
        rows, b = max((call["rows"] for call in seen["calls"]), default=0), c["batch_size"]
        if rows > b:
            raise Failure("batch-size-ignored", f"{rows} examples went through at once; batch_size is {b}",
                          "Slices, or inputs.split(batch_size); chunk takes the number of pieces.")  # fmt: skip
