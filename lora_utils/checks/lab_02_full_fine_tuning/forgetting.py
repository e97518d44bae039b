"""Checks of lab 02: what a second task took from the first.

Letters: n examples, i inputs, h width of the body.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Subject, close
from lora_utils.checks import Failure as Failure
from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.probes import linear, parameters_of, returned
from lora_utils.checks.framework.subject import StudentRaised

forgetting = Exercise("forgetting", lifted=("changes-weights", "changes-what-trains", "changes-the-model"))


class TwoParts(nn.Module):
    """A body and a head called fc2."""

    def __init__(self, body: torch.Tensor, head: torch.Tensor) -> None:
        super().__init__()
        self.body, self.fc2 = linear(body, None), linear(head, None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the present head."""
        return self.fc2(torch.relu(self.body(x)))


def forgot(function, *, body, new, old, inputs, labels, before: float) -> dict:
    """Probe: what the function says about a model with a new head, what it left, and the scores of a doubled head."""
    model, old_head = TwoParts(body, new), linear(old, None)
    own = model.fc2

    def accuracy(measured: nn.Module) -> float:
        with torch.no_grad():
            return (measured(inputs).argmax(dim=1) == labels).double().mean().item()

    value = function(model, old_head, accuracy, before)
    parameters = parameters_of(model.body, own, old_head)
    with torch.no_grad():
        own.weight.mul_(2)  # which only the very head that was there makes felt
        scores = returned(model, inputs)
    return {"returned": value, "type": type(value).__name__, "parameters": parameters, "scores": scores}


def forgetting_case(draw: Draw, *, better: bool = False, same: bool = False) -> dict:
    """Draw a body, a new head with two and an old one with four classes, and labels known to the old head in part."""
    i, h, n = 7, 9, 40
    body, new, old, inputs = draw.normal(h, i), draw.normal(4 if same else 2, h), draw.normal(4, h), draw.normal(n, i)
    hidden = torch.relu(inputs.double() @ body.double().T)
    guesses = (hidden @ old.double().T).argmax(dim=1)  # (n,)
    labels = (guesses + torch.where(torch.arange(n) < 17, draw.integer(1, 3), 0)) % 4  # 23 of 40 are right
    before = 0.4216 if better else 0.8716  # rounding to two digits shows
    return {"body": body, "new": new, "old": old, "inputs": inputs, "labels": labels, "before": before}


def judge_forgetting(subject: Subject, c: dict) -> dict:
    """Compare with accuracy before minus accuracy under the old head; hidden checks use it with other cases."""
    try:
        seen = subject.probe(forgot, **c)
    except StudentRaised as error:
        if "loading state_dict" in error.text or "must match the size" in error.text:
            raise Failure("weights-copied", "the old head's weights do not fit into the new head: it has two outputs, "
                          "the old one four", "Exchange the layers, model.fc2 = old_head: no weight needs to be "
                          "copied.") from None  # fmt: skip
        if "shapes cannot be multiplied" in error.text:
            raise Failure("head-in-wrong-place", f"a layer got inputs of another width: {error.text[:110]}",
                          "The head takes what the body gives: model.fc2 = old_head, then "
                          "accuracy(model).") from None  # fmt: skip
        raise
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
    if not abs(value - right) <= 1e-6:  # NaN is wrong too
        for id, wrong, why, hint in known:
            if abs(value - wrong) < 1e-6:
                raise Failure(id, f"{text}: {why}", hint)
        raise Failure("wrong-forgetting", text, "Old head in, accuracy, new head back; return before - after.")
    body, new, _ = (p["value"].double() for p in seen["parameters"])
    doubled = torch.relu(c["inputs"].double() @ body.T) @ (2 * new).T
    return {**seen, "restored": close(seen["scores"], doubled)}


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
    body, new, old = seen["parameters"]
    if not torch.equal(new["value"], c["new"]):
        raise Failure("new-head-overwritten", "the new head's weights have been overwritten",
                      "Exchange the layers, model.fc2 = old_head, and leave their weights alone.")  # fmt: skip
    if not seen["restored"]:
        raise Failure("old-head-left-in", "the model is left with the old head: the second task is lost",
                      "Keep new = model.fc2 first, and put it back before you return.")  # fmt: skip
    if not (torch.equal(body["value"], c["body"]) and torch.equal(old["value"], c["old"])):
        raise Failure("weights-changed", "a weight is no longer what it was", "Measuring changes nothing.")
    if not all(learns(p) for p in (body, new, old)):
        raise Failure("switches-changed", "a parameter no longer has requires_grad: it would not train any more",
                      "Measuring changes nothing; accuracy records no gradients anyway.")  # fmt: skip
