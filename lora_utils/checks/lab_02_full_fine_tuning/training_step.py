"""Checks of lab 02: one training step by hand.

Letters: b batch, i inputs, h width of the frozen body, c classes. The model is scores = body(x) W.T + bias with a
frozen body F (h, i) and a trained W (c, h), so that the gradient of the mean cross entropy has a closed form:
dL/dW = (softmax(scores) - onehot).T body(x) / b.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import Mistake, close, expect_close, learns, where_wrong
from lora_utils.checks.framework.subject import StudentRaised
from lora_utils.checks.lab_02_full_fine_tuning.evaluate import VOCABULARY, features
from lora_utils.checks.lab_02_full_fine_tuning.training_step_probes import run_steps

training_step = Exercise("training-step", lifted=("changes-weights", "changes-the-mode", "changes-what-trains"))
ORDER = "The order is: clear the gradients, forward pass and loss, backward pass, step of the optimizer."


def step_case(
    draw: Draw, *, steps: int = 1, rows: int | None = None, momentum: float = 0.0, kind: str = "vectors"
) -> dict:
    """Draw a model, its batches and a learning rate; an example is a vector, a matrix or a row of ids."""
    b, i, h, c = draw.sizes(4, low=3, high=9)
    b, i = rows or b, {"vectors": i, "matrices": 2 * i, "ids": VOCABULARY}[kind]

    def inputs() -> torch.Tensor:
        if kind == "ids":
            return draw.integers(0, VOCABULARY - 1, b, 4)
        return draw.normal(b, 2, i // 2) if kind == "matrices" else draw.normal(b, i)

    return {
        "body": draw.normal(h, i), "weight": draw.normal(c, h), "bias": draw.normal(c),
        "batches": [[inputs(), draw.integers(0, c - 1, b)] for _ in range(steps)],
        "lr": draw.number(0.2, 0.4), "momentum": momentum, "stale": False,
    }  # fmt: skip


def gradient(c: dict, W: torch.Tensor, bias: torch.Tensor, batch: list, loss: str = "right") -> tuple:
    """dL/dW, dL/dbias and L in float64; in closed form for the right loss, by autograd for the losses of mistakes."""
    x, labels = features(batch[0]).double(), batch[1]
    hidden = x @ c["body"].double().T  # (b, h)
    onehot = torch.eye(len(W), dtype=torch.float64)[labels]  # (b, c)
    if loss == "right":
        P = (hidden @ W.T + bias).softmax(dim=1)
        G = (P - onehot) / len(x)  # (b, c)
        return G.T @ hidden, G.sum(dim=0), -(P * onehot).sum(dim=1).log().mean()
    leaves = W.clone().requires_grad_(), bias.clone().requires_grad_()
    scores = hidden @ leaves[0].T + leaves[1]
    value = {
        "softmax twice": lambda: F.cross_entropy(scores.softmax(dim=1), labels),
        "log-softmax left out": lambda: F.nll_loss(scores, labels),
        "squared error": lambda: F.mse_loss(scores, onehot),
        "squared error of probabilities": lambda: F.mse_loss(scores.softmax(dim=1), onehot),
        "binary": lambda: F.binary_cross_entropy_with_logits(scores, onehot),
        "binary of probabilities": lambda: F.binary_cross_entropy(scores.softmax(dim=1), onehot),
        "softmax over the batch": lambda: F.cross_entropy(scores.softmax(dim=0), labels),
        "smoothed": lambda: F.cross_entropy(scores, labels, label_smoothing=0.1),
        "first example": lambda: F.cross_entropy(scores[:1], labels[:1]),
        "class 0 left out": lambda: F.cross_entropy(scores, labels, ignore_index=0),
    }[loss]()
    return *torch.autograd.grad(value, leaves), value.detach()


def simulate(c: dict, *, factor: float = 1.0, loss: str = "right", keep: bool = False) -> list[dict]:
    """The weights after each step and the loss before it, for the right step or for a mistake's."""
    W, bias = c["weight"].double(), c["bias"].double()
    total = velocity = (torch.zeros_like(W), torch.zeros_like(bias))
    if keep and c["stale"]:
        total = (torch.ones_like(W), torch.ones_like(bias))
    looks = []
    for batch in c["batches"]:
        *new, value = gradient(c, W, bias, batch, loss)
        new = [factor * g for g in new]
        total = [old + g for old, g in zip(total, new, strict=True)] if keep else new
        velocity = [c["momentum"] * v + g for v, g in zip(velocity, total, strict=True)]
        W, bias = W - c["lr"] * velocity[0], bias - c["lr"] * velocity[1]
        looks.append({"weight": W, "bias": bias, "loss": value})
    return looks


def seen_steps(subject: Subject, c: dict) -> dict:
    """Run the steps; errors of PyTorch that beginners meet get a sentence of their own."""
    try:
        return subject.probe(run_steps, **c)
    except StudentRaised as error:
        if "does not require grad" in error.text:
            raise Failure("no-graph", "loss.backward() found nothing to go back through: the forward pass was not "
                          "recorded", "No torch.no_grad() or detach() before backward().") from None  # fmt: skip
        if "no attribute 'backward'" in error.text:
            raise Failure("number-too-early", "backward() is called on a plain number, which has no graph",
                          "Keep the tensor: loss.backward() first, loss.item() at the end.") from None  # fmt: skip
        if "second time" in error.text:
            raise Failure("backward-twice", "backward() is called twice on the same loss",
                          "One backward() a step: it adds the gradient of this batch to .grad.") from None  # fmt: skip
        if "target" in error.text or "Long" in error.text or "size" in error.text.lower():
            raise Failure("label-shape", f"the loss refuses its arguments: {error.text[:110]}",
                          "F.cross_entropy takes the scores (b, c) first, then whole class numbers (b,), as they "
                          "come.") from None  # fmt: skip
        raise


def explain(seen: dict, before: torch.Tensor, expected: torch.Tensor, what: str) -> None:
    """Raise the Failure that the order of events tells; called when a value is wrong and finite."""
    events, moved = seen["events"], not torch.equal(seen["weight"], before)
    count = {name: events.count(name) for name in ("zero", "backward", "step")}
    text = f"in this order: {', '.join(events) or 'nothing'}"
    if not count["step"]:
        raise Failure("step-missing", "optimizer.step() is never called, so nothing moves", ORDER)
    if not count["backward"]:
        raise Failure("backward-missing", "no gradient is computed: loss.backward() is never called", ORDER)
    if events.index("step") < events.index("backward"):
        raise Failure("step-before-backward", f"the optimizer steps before there is a gradient of this batch, {text}",
                      ORDER)  # fmt: skip
    if "zero" in events[events.index("backward") : events.index("step")]:
        raise Failure("cleared-before-step", f"the gradient is cleared before the optimizer can use it, {text}", ORDER)
    if not moved:
        raise Failure("cleared-before-step", f"nothing moves: .grad is empty or zero when the optimizer steps, {text}",
                      "Between backward() and step() nothing may change .grad, and the loss must depend on the "
                      "weights.")  # fmt: skip
    came, wanted = before.double() - seen["weight"].double(), before.double() - expected.double()
    factor, largest = float((came * wanted).sum() / wanted.square().sum()), came.abs().max()
    if close(came / largest, factor * wanted / largest):
        raise Failure("wrong-length", f"the step to {what} has the right direction, and its length is {factor:.3g} "
                      "times what the mean cross entropy asks for", "Is the loss multiplied or divided by something, "
                      "or the gradient changed (clip_grad_norm_) before the step?")  # fmt: skip
    if close(came / largest, wanted.clamp(-largest, largest) / largest):
        raise Failure("cut-by-value", f"on the way to {what} no number moves by more than {float(largest):.3g}, and "
                      "those that would move less are right", "Leave .grad as backward() has made it: no "
                      "clip_grad_value_, no clamp.")  # fmt: skip
    gap = where_wrong(seen["weight"], expected)
    raise Failure("wrong-step", f"the calls come in the right order, but {what} is another{gap}: the "
                  "gradient is not that of this batch's mean cross entropy", "Is the loss the plain mean "
                  "cross entropy, and does nothing change .grad between backward() and step()?")  # fmt: skip


def judge_steps(subject: Subject, c: dict) -> None:
    """Compare the weights after each step with the closed form; hidden checks use it with other cases."""
    seen = seen_steps(subject, c)
    b = len(c["batches"][0][0])
    mean = "F.cross_entropy takes scores before softmax, and averages over the batch by itself."
    known = (
        ("gradients-kept", {"keep": True}, "the gradients of earlier batches are still in .grad: backward() adds to "
         "them", "Clear them with optimizer.zero_grad() before backward(), also the first time."),
        ("loss-summed", {"factor": b}, "the loss is summed over the batch instead of averaged", mean),
        ("divided-twice", {"factor": 1 / b}, "the mean loss is divided by the batch size once more", mean),
        ("backward-twice", {"factor": 2}, "the gradient is added twice", "One backward() a step."),
        ("uphill", {"factor": -1}, "the step goes uphill: the loss grows", "Minimise the loss: no minus."),
        ("softmax-twice", {"loss": "softmax twice"}, "softmax is applied before cross entropy, which applies it "
         "itself", "Pass the scores to F.cross_entropy as the model returns them."),
        ("log-softmax-missing", {"loss": "log-softmax left out"}, "nll_loss got scores instead of log-probabilities",
         "F.cross_entropy does both: log_softmax and nll_loss."),
        *(("wrong-loss", {"loss": other}, f"the loss is another one ({other}) than cross entropy", mean)
          for other in ("squared error", "squared error of probabilities", "binary", "binary of probabilities")),
        ("softmax-twice", {"loss": "softmax over the batch"}, "softmax is applied before cross entropy, and over the "
         "batch instead of the classes", "Pass the scores to F.cross_entropy as the model returns them."),
        ("label-smoothing", {"loss": "smoothed"}, "the labels are smoothed", "The text's loss has no label smoothing."),
        ("first-example-only", {"loss": "first example"}, "the gradient is that of the batch's first example alone",
         "Hand the whole batch to the model, and all labels to the loss."),
        ("class-left-out", {"loss": "class 0 left out"}, "examples of class 0 are left out of the loss",
         "Every class counts: no ignore_index, and no `if label`."),
        ("averaged-over-classes", {"factor": 1 / len(c["weight"])}, "the mean goes over examples times classes",
         "The sum over the classes, then the mean over the examples; F.cross_entropy does it."),
    )  # fmt: skip
    right = simulate(c)
    if b == 1:  # then it moves nothing, as other mistakes do
        known = tuple(entry for entry in known if entry[1] != {"loss": "softmax over the batch"})
    wrong = [(*entry, simulate(c, **entry[1])) for entry in known]
    for k, (look, expected) in enumerate(zip(seen["looks"], right, strict=True)):
        if (count := look["events"].count("step")) > 1:
            raise Failure("step-twice", f"optimizer.step() is called {count} times in one training step", ORDER)
        before = c["weight"] if k == 0 else seen["looks"][k - 1]["weight"]
        if not look["events"].count("step") and not torch.equal(look["weight"], before):
            raise Failure("optimizer-not-used", "the weights move, but not by the optimizer that was given",
                          "Call optimizer.step() of the argument: it may be SGD, AdamW or any other.")  # fmt: skip
        mistakes = tuple(Mistake(id, w[k]["weight"], text, hint) for id, _, text, hint, w in wrong)
        try:
            expect_close(look["weight"], expected["weight"], what=f"the weight after step {k + 1}", id="wrong-step",
                         hint=ORDER, mistakes=mistakes)  # fmt: skip
        except Failure as failure:
            if failure.id == "wrong-step":
                explain(look, before, expected["weight"], f"the weight after step {k + 1}")
            raise
        bias = c["bias"] if k == 0 else seen["looks"][k - 1]["bias"]
        if torch.equal(look["bias"], bias):
            raise Failure("moved-in-part", "the head's weight moves and its bias does not", "Whatever is trainable "
                          "moves: leave requires_grad and .grad of every parameter to PyTorch.")  # fmt: skip
        mistakes = tuple(Mistake(id, w[k]["bias"], text, hint) for id, _, text, hint, w in wrong)
        expect_close(look["bias"], expected["bias"], what=f"the bias after step {k + 1}", id="wrong-step", hint=ORDER,
                     mistakes=mistakes)  # fmt: skip


@training_step.check(weight=2)
def one_step(subject: Subject, draw: Draw) -> None:
    """One call moves each trained number by one step of the optimizer along this batch's mean cross entropy."""
    for kind in ("vectors", "matrices", "ids"):
        judge_steps(subject, step_case(draw, kind=kind))


@training_step.check(weight=2, after=("one-step",))
def each_batch_alone(subject: Subject, draw: Draw) -> None:
    """Each step follows the gradient of its own batch alone, whatever is left from before."""
    judge_steps(subject, step_case(draw, steps=3))
    judge_steps(subject, {**step_case(draw), "stale": True})
    judge_steps(subject, {**(c := step_case(draw)), "body": 30 * c["body"]})  # a long gradient is not cut


@training_step.check(after=("one-step", "each-batch-alone"))
def returns_the_loss(subject: Subject, draw: Draw) -> None:
    """It returns the loss of the batch before the step, as a plain number."""
    c = step_case(draw, steps=6)
    looks, right = seen_steps(subject, c)["looks"], simulate(c)
    for look in looks:
        if look["type"] == "NoneType":
            raise Failure("no-loss", "it returns None", "End with a return of the loss, as a number.")
        if look["graph"]:
            raise Failure("graph-returned", "it returns a tensor that still hangs on the graph: whoever collects "
                          "losses keeps every batch's activations in memory", "item() makes a number of the loss."
                          )  # fmt: skip
        if look["type"] != "float":
            raise Failure("not-a-number", f"it returns a {look['type']} instead of a plain float",
                          "item(), with the parentheses, makes a plain number of a tensor that holds one.")  # fmt: skip
    returned, losses = (
        torch.tensor([look["returned"] for look in looks]).double(),
        torch.stack([one["loss"] for one in right]),
    )
    after = zip(right, c["batches"], strict=True)
    later = torch.stack([gradient(c, one["weight"], one["bias"], batch)[2] for one, batch in after])
    b = len(c["batches"][0][0])
    mistakes = (
        Mistake("loss-after", later, "it returns the loss after the step", "Return the loss that backward() was called "
                "on."),
        Mistake("loss-summed", losses * b, "it returns the sum over the batch", "Return the mean."),
        Mistake("loss-divided", losses / b, "it returns the mean divided by the batch size once more",
                "F.cross_entropy averages by itself."),
        Mistake("loss-negative", -losses, "it returns the loss with a minus", "Return the loss itself."),
        Mistake("loss-exponent", losses.exp(), "it returns e to the power of the loss", "Return the loss itself."),
        Mistake("loss-rounded", torch.round(losses, decimals=4), "the loss is rounded", "Return it as it is."),
        Mistake("loss-rounded", torch.round(losses, decimals=3), "the loss is rounded", "Return it as it is."),
        Mistake("loss-rounded", torch.round(losses, decimals=2), "the loss is rounded", "Return it as it is."),
    )  # fmt: skip
    expect_close(returned, losses, what=f"the losses of {len(looks)} batches", id="wrong-loss-value", mistakes=mistakes,
                 hint="Return the number that backward() started from.", tolerance=2e-6)  # fmt: skip


@training_step.check(after=("one-step",))
def training_mode(subject: Subject, draw: Draw) -> None:
    """The model is put into training mode, even if it came in evaluation mode, before the forward pass."""
    c = step_case(draw)
    look, mean = seen_steps(subject, c)["looks"][0], c["batches"][0][0].mean(0)
    if not close(look["mean"], mean):
        raise Failure("evaluation-mode", "the model, or a layer in it, came in evaluation mode and was trained in it: "
                      "dropout is off and batch statistics stand still",
                      "model.train() before the forward pass; it reaches all layers.")  # fmt: skip
    if not close(look["mean later"], mean):
        raise Failure("left-in-evaluation-mode", "the model was trained in training mode and is left in evaluation "
                      "mode", "A training step puts the model into training mode and leaves it there.")  # fmt: skip


@training_step.check(after=("one-step",))
def frozen_stays(subject: Subject, draw: Draw) -> None:
    """What is frozen stays as it was and stays frozen; what is trained stays trainable."""
    c = step_case(draw)
    body, weight, bias = seen_steps(subject, c)["parameters"]
    if not torch.equal(body["value"], c["body"]):
        raise Failure("frozen-moved", "the frozen layer's weight has changed", "Let the optimizer do the moving.")
    if learns(body) or not (learns(weight) and learns(bias)):
        raise Failure("switches-changed", "requires_grad of a parameter is no longer what it was",
                      "A training step trains what is trainable; what that is was decided outside.")  # fmt: skip
