"""Checks of lab 02: measuring accuracy, and what a second task took from the first.

The other exercises come from fine_tuning_step.py, fine_tuning_adamw.py, fine_tuning_policies.py and
fine_tuning_ledger.py. Letters: n examples, i inputs, c classes.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Subject
from lora_utils.checks import Failure as Failure
from lora_utils.checks.fine_tuning_adamw import adamw_case as adamw_case
from lora_utils.checks.fine_tuning_adamw import adamw_step as adamw_step
from lora_utils.checks.fine_tuning_adamw import judge_theta as judge_theta
from lora_utils.checks.fine_tuning_ledger import judge_kind as judge_kind
from lora_utils.checks.fine_tuning_ledger import ledger_case as ledger_case
from lora_utils.checks.fine_tuning_ledger import memory_ledger as memory_ledger
from lora_utils.checks.fine_tuning_policies import freezing_policy as freezing_policy
from lora_utils.checks.fine_tuning_policies import judge_policy as judge_policy
from lora_utils.checks.fine_tuning_step import judge_steps as judge_steps
from lora_utils.checks.fine_tuning_step import step_case as step_case
from lora_utils.checks.fine_tuning_step import training_step as training_step
from lora_utils.checks.probes import linear
from lora_utils.data import Examples

evaluate = Exercise("evaluate")
forgetting = Exercise("forgetting", allowed=("accuracy",))


# ------------------------------------------------------------------------------------------------------ evaluate
class Moody(nn.Module):
    """A linear model that answers otherwise in training mode, as dropout does, and writes down how it was called."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.layer = linear(weight, None)
        self.calls: list[dict] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (b, c), in training mode those of the neighbouring class."""
        self.calls.append({"training": self.training, "recording": torch.is_grad_enabled(), "rows": len(x)})
        scores = self.layer(x)  # (b, c)
        return scores.roll(1, dims=1) if self.training else scores


def evaluated(function, *, weight, inputs, labels, batch_size: int, training: bool) -> dict:
    """Probe: what the function says about a model, how it called it and how it left it."""
    model = Moody(weight).train(training)
    with torch.enable_grad():  # restores what was before, whatever the function leaves switched off
        value = function(model, inputs, labels, batch_size)
        recording = torch.is_grad_enabled()
    return {
        "returned": value, "type": type(value).__name__, "calls": model.calls, "training": model.training,
        "frozen": not model.layer.weight.requires_grad, "recording": recording,
    }  # fmt: skip


def evaluation_case(draw: Draw, *, batch_size: int = 5, n: int = 13) -> dict:
    """Draw a model and examples: the full batches are mostly right, the rest is mostly wrong."""
    i, c = 6, 4
    weight, inputs = draw.normal(c, i), draw.normal(n, i)
    guesses = (inputs.double() @ weight.double().T).argmax(dim=1)  # (n,)
    wrong = torch.arange(n) % 4 == 1
    wrong[n - n % batch_size :] = True
    wrong[-1] = False
    shift = torch.where(wrong, draw.integer(2, 3), 0)
    return {"weight": weight, "inputs": inputs, "labels": (guesses + shift) % c, "batch_size": batch_size}


def judge_accuracy(subject: Subject, c: dict, training: bool) -> dict:
    """Compare the share of right answers; hidden checks use it with other sizes."""
    seen = subject.probe(evaluated, **c, training=training)
    value, b = seen["returned"], c["batch_size"]
    if value is None:
        raise Failure("no-value", "it returns None", "return right / len(labels)")
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = float(value)
    if not isinstance(value, int | float):
        raise Failure("not-a-number", f"it returns a {seen['type']} instead of one number", "return right / n")
    scores = c["inputs"].double() @ c["weight"].double().T
    right = (scores.argmax(dim=1) == c["labels"]).double()  # (n,)
    n = len(right)
    parts = right.split(b)
    means = [float(part.mean()) for part in parts]
    full = right[: n - n % b]
    moody = (scores.roll(1, dims=1).argmax(dim=1) == c["labels"]).double()
    share = float(right.mean())
    text = f"of {n} examples in batches of {b}, {int(right.sum())} are right: {share:.4f}; you returned {value:.4f}"
    known = (
        ("mean-of-batches", sum(means) / len(means), "that is the mean of the batches' accuracies, which gives the "
         "small last batch as much weight as a full one", "Count right answers over all batches and divide once."),
        ("last-batch-only", means[-1], "that is the last batch alone", "Add up over the batches: right += ..."),
        ("last-batch-dropped", float(full.sum()) / n, "the last, smaller batch is missing",
         "range(0, len(inputs), batch_size) reaches it; a slice may be shorter."),
        ("last-batch-dropped", float(full.mean()) if len(full) else -1.0, "the last, smaller batch is missing",
         "range(0, len(inputs), batch_size) reaches it; a slice may be shorter."),
        ("not-divided", float(right.sum()), "that is the number of right answers", "Divide by len(labels)."),
        ("percent", 100 * share, "that is in per cent", "Return a share from 0 to 1."),
        ("errors-counted", 1 - share, "that is the share of wrong answers", "Compare with ==."),
        ("wrong-denominator", float(right.sum()) / (b * len(parts)), "the last batch is counted as full",
         "Divide by len(labels), not by batches times batch_size."),
        ("wrong-denominator", float(right.sum()) / len(parts), "it was divided by the number of batches",
         "Divide by len(labels)."),
        ("measured-in-training-mode", float(moody.mean()), "the model answered in training mode, where dropout is on",
         "model.eval() before the first batch."),
    )  # fmt: skip
    if abs(value - share) > 1e-6:
        for id, other, why, hint in known:
            if abs(value - other) < 1e-6 and abs(other - share) > 1e-6:
                raise Failure(id, f"{text}: {why}", hint)
        raise Failure("wrong-accuracy", text, "Right answers over examples: argmax over the classes equals the label.")
    return seen


@evaluate.check(weight=2)
def share_of_right_answers(subject: Subject, draw: Draw) -> None:
    """It returns the share of examples whose highest score is that of their label, in evaluation mode."""
    judge_accuracy(subject, evaluation_case(draw), training=True)


@evaluate.check(after=("share-of-right-answers",))
def mode_restored(subject: Subject, draw: Draw) -> None:
    """Afterwards the model is in the mode in which it came."""
    if not judge_accuracy(subject, evaluation_case(draw), training=True)["training"]:
        raise Failure("left-in-evaluation-mode", "the model came in training mode and is left in evaluation mode: "
                      "dropout stays off for the rest of the training",
                      "was = model.training before, model.train(was) after.")  # fmt: skip
    if judge_accuracy(subject, evaluation_case(draw), training=False)["training"]:
        raise Failure("always-training-mode", "the model came in evaluation mode and is left in training mode",
                      "was = model.training before, model.train(was) after: not train() in every case.")  # fmt: skip


@evaluate.check(after=("share-of-right-answers",))
def no_gradients(subject: Subject, draw: Draw) -> None:
    """Nothing is recorded for a backward pass, and afterwards gradients work as before."""
    c = evaluation_case(draw)
    seen = subject.probe(evaluated, **c, training=True)
    if seen["frozen"]:
        raise Failure("model-frozen", "the model's weight no longer has requires_grad: it would not train any more",
                      "Use with torch.no_grad(): around the loop and leave the parameters alone.")  # fmt: skip
    if any(call["recording"] for call in seen["calls"]):
        raise Failure("graph-recorded", "the forward pass is recorded for a backward pass that never comes: it keeps "
                      "all activations in memory", "with torch.no_grad(): around the loop.")  # fmt: skip
    if not seen["recording"]:
        raise Failure("gradients-left-off", "gradients are switched off for everything that comes after",
                      "with torch.no_grad(): ends by itself; torch.set_grad_enabled(False) does not.")  # fmt: skip
    if max(call["rows"] for call in seen["calls"]) > c["batch_size"]:
        raise Failure("batch-size-ignored", f"{max(call['rows'] for call in seen['calls'])} examples went through at "
                      f"once; batch_size is {c['batch_size']}", "Slice inputs[start:start + batch_size].")  # fmt: skip
    if seen["type"] != "float":
        raise Failure("not-a-float", f"it returns a {seen['type']}", "right.item() or int(...) makes a number of it.")


# ---------------------------------------------------------------------------------------------------- forgetting
class TwoParts(nn.Module):
    """A body and a head called fc2."""

    def __init__(self, body: torch.Tensor, head: torch.Tensor) -> None:
        super().__init__()
        self.body, self.fc2 = linear(body, None), linear(head, None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the present head."""
        return self.fc2(torch.relu(self.body(x)))


def forgot(function, *, body, new, old, inputs, labels, before: float) -> dict:
    """Probe: what the function says about a model with a new head, and what it left behind."""
    model, old_head = TwoParts(body, new), linear(old, None)
    own = model.fc2
    value = function(model, old_head, Examples(inputs, labels), before)
    return {
        "returned": value, "type": type(value).__name__, "restored": model.fc2 is own,
        "body": model.body.weight, "new": own.weight, "old": old_head.weight,
    }  # fmt: skip


def forgetting_case(draw: Draw, *, better: bool = False, same: bool = False) -> dict:
    """Draw a body, a new head with two and an old one with four classes, and labels known to the old head in part."""
    i, h, n = 7, 9, 40
    body, new, old, inputs = draw.normal(h, i), draw.normal(4 if same else 2, h), draw.normal(4, h), draw.normal(n, i)
    hidden = torch.relu(inputs.double() @ body.double().T)
    guesses = (hidden @ old.double().T).argmax(dim=1)  # (n,)
    labels = (guesses + torch.where(torch.arange(n) < 17, draw.integer(1, 3), 0)) % 4  # 23 of 40 are right
    before = 0.425 if better else 0.875
    return {"body": body, "new": new, "old": old, "inputs": inputs, "labels": labels, "before": before}


def judge_forgetting(subject: Subject, c: dict) -> dict:
    """Compare with accuracy before minus accuracy under the old head; hidden checks use it with other cases."""
    seen = subject.probe(forgot, **c)
    value = seen["returned"]
    if not isinstance(value, int | float):
        raise Failure("not-a-number", f"it returns a {seen['type']} instead of one number", "return before - after")
    hidden = torch.relu(c["inputs"].double() @ c["body"].double().T)
    after, other = (
        float(((hidden @ c[name].double().T).argmax(dim=1) == c["labels"]).double().mean()) for name in ("old", "new")
    )
    before, right = c["before"], c["before"] - after
    text = f"before {before:.3f}, after {after:.3f} under the old head: forgetting is {right:.3f}, got {value:.3f}"
    known = (
        ("new-head-used", before - other, "that is measured under the new head, which answers another question",
         "Put old_head in the place of model.fc2 for the measurement."),
        ("absolute", abs(right), "that is the absolute value", "Keep the sign."),
        ("sign-turned", after - before, "the sign is turned", "Before minus after: positive where something was lost."),
        ("accuracy-returned", after, "that is the accuracy after, not what was lost", "Subtract it from before."),
        ("relative", right / before, "that is divided by the accuracy before", "Return the plain difference."),
        ("percent", 100 * right, "that is in per cent", "Return a difference of shares."),
        ("cut-at-zero", max(right, 0.0), "a gain is cut off at zero", "The first task may gain: return a negative "
         "number then."),
        ("new-head-used", other - before, "that is measured under the new head, with the sign turned",
         "Put old_head in the place of model.fc2, and return before minus after."),
    )  # fmt: skip
    if abs(value - right) > 1e-6:
        for id, wrong, why, hint in known:
            if abs(value - wrong) < 1e-6:
                raise Failure(id, f"{text}: {why}", hint)
        raise Failure("wrong-forgetting", text, "Old head in, accuracy, new head back; return before - after.")
    return seen


@forgetting.check(weight=2)
def under_the_old_head(subject: Subject, draw: Draw) -> None:
    """It returns the accuracy before minus the accuracy of the changed body under the old head."""
    judge_forgetting(subject, forgetting_case(draw))
    judge_forgetting(subject, forgetting_case(draw, better=True))


@forgetting.check(after=("under-the-old-head",))
def new_head_back(subject: Subject, draw: Draw) -> None:
    """Afterwards the model has its new head again, and no weight has changed."""
    c = forgetting_case(draw)
    seen = judge_forgetting(subject, c)
    if not torch.equal(seen["new"], c["new"]):
        raise Failure("new-head-overwritten", "the new head's weights have been overwritten",
                      "Exchange the layers, model.fc2 = old_head, and leave their weights alone.")  # fmt: skip
    if not seen["restored"]:
        raise Failure("old-head-left-in", "the model is left with the old head: the second task is lost",
                      "Keep new = model.fc2 first, and put it back before you return.")  # fmt: skip
    if not (torch.equal(seen["body"], c["body"]) and torch.equal(seen["old"], c["old"])):
        raise Failure("weights-changed", "a weight is no longer what it was", "Measuring changes nothing.")
