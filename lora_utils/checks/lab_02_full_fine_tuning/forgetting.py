"""Checks of lab 02: what a second task took from the first.

Letters: n examples, i inputs, h width of the body.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Subject, close
from lora_utils.checks import Failure as Failure
from lora_utils.checks.framework.compare import expect_number, learns
from lora_utils.checks.framework.laws import REBUILDS
from lora_utils.checks.framework.probes import linear, parameters_of, returned
from lora_utils.checks.framework.subject import StudentRaised

forgetting = Exercise("forgetting", lifted=REBUILDS)


class TwoParts(nn.Module):
    """A body and a head (o, h + 1), its bias last, called fc2; training mode adds 1 to all scores: no other answer."""

    def __init__(self, body: torch.Tensor, head: torch.Tensor) -> None:
        super().__init__()
        self.body, self.fc2 = linear(body, None), linear(head[:, :-1], head[:, -1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the present head."""
        return self.fc2(torch.relu(self.body(x))) + self.training


def forgot(function, *, cases: list) -> dict:
    """Probe: what the function says about models with a new head, what it left, and the scores of a doubled head."""
    looks = []
    for c in cases:
        model, old_head = TwoParts(c["body"], c["new"]).train(c["training"]), linear(c["old"][:, :-1], c["old"][:, -1])
        old_head = nn.Sequential(nn.Identity(), old_head) if c["deep"] else old_head
        own = model.fc2

        def accuracy(measured: nn.Module, c: dict = c) -> float:
            with torch.no_grad():
                return (measured(c["inputs"]).argmax(dim=1) == c["labels"]).double().mean().item()

        value = function(model, old_head, accuracy, c["before"])
        parameters = parameters_of(model.body, own, old_head)
        old_mode = old_head.training
        names = list(model.state_dict())  # a layer that stands in two places has two names
        with torch.no_grad():
            own.weight.mul_(2), own.bias.mul_(2)  # which only the very head that was there makes felt
        looks.append({"returned": value, "parameters": parameters, "names": names, "old_mode": old_mode,
                      "scores": returned(model, c["inputs"])})  # fmt: skip
    return {"looks": looks}


def forgetting_case(draw: Draw, *, before: float = 0.8716, same: bool = False, training: bool = False,
                    deep: bool = False) -> dict:  # fmt: skip
    """Draw a body, a new head with two and an old one with four classes, and labels known to the old head in part.

    With `deep` the old head is no single linear layer.
    """
    i, h, n = 7, 9, 40
    body, inputs = draw.normal(h, i), draw.normal(n, i)
    new, old = (2 * draw.normal(c, h + 1) for c in (4 if same else 2, 4))
    guesses = _scores({"inputs": inputs}, body, old).argmax(dim=1)  # (n,)
    labels = (guesses + torch.where(torch.arange(n) < draw.integer(13, 21), draw.integer(1, 3), 0)) % 4
    return {"body": body, "new": new, "old": old, "inputs": inputs, "labels": labels, "before": before,
            "training": training, "deep": deep}  # fmt: skip


def _scores(c: dict, body: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
    hidden = torch.relu(c["inputs"].double() @ body.double().T)
    return hidden @ head[:, :-1].double().T + head[:, -1].double()


def accuracy_under(c: dict, name: str) -> float:
    """The accuracy of the body under the old or the new head."""
    return float((_scores(c, c["body"], c[name]).argmax(dim=1) == c["labels"]).double().mean())


def wrong_values(c: dict) -> tuple:
    """What the usual mistakes return: id, value, what happened, what to do."""
    after, other, before = accuracy_under(c, "old"), accuracy_under(c, "new"), c["before"]
    right = before - after
    plain = "Return the plain difference, as it is."
    return (
        ("new-head-used", before - other, "that is measured under the new head, which answers another question",
         "Put old_head in the place of model.fc2 for the measurement."),
        ("absolute", abs(right), "that is the absolute value", "Keep the sign."),
        ("sign-turned", after - before, "the sign is turned", "It is positive where something was lost."),
        ("accuracy-returned", after, "that is the accuracy after, not what was lost", "Subtract it from before."),
        ("accuracy-returned", other, "that is the accuracy under the new head",
         "Put old_head in the place of model.fc2 for the measurement, and return what was lost."),
        ("relative", right / max(before, 1e-9), "that is divided by the accuracy before", plain),
        ("ratio", after / max(before, 1e-9), "that is the accuracy after over the accuracy before", plain),
        ("percent", 100 * right, "that is in per cent", "Return a difference of shares."),
        ("cut-at-zero", max(right, 0.0), "a gain is cut off at zero", "The first task may gain: return a negative "
         "number then."),
        ("heads-compared", accuracy_under(c, "new") - after, "that is the new head's accuracy minus the old head's on "
         "the changed body", "What the model gave before fine-tuning comes in as `before`."),
        ("heads-compared", after - accuracy_under(c, "new"), "that is the old head's accuracy minus the new head's on "
         "the changed body", "What the model gave before fine-tuning comes in as `before`."),
        ("new-head-used", other - before, "that is measured under the new head, with the sign turned",
         "Put old_head in the place of model.fc2; a loss is positive."),
        *(("rounded", round(right, digits), "it is rounded", plain) for digits in (4, 3, 2, 1)),
    )  # fmt: skip


def judge_forgetting(subject: Subject, cases: list) -> list[dict]:
    """Compare with accuracy before minus accuracy under the old head; a mistake is named if it explains all cases."""
    try:
        looks = subject.probe(forgot, cases=cases)["looks"]
    except StudentRaised as error:
        if cases[0]["deep"]:
            raise Failure("head-taken-apart", "with an old head that is no single nn.Linear, but a module that holds "
                          f"one, your code raised {error}", "A head may be any module: exchange the modules "
                          "themselves, model.fc2 = ..., and touch nothing inside them.") from None  # fmt: skip
        if "loading state_dict" in error.text or "must match the" in error.text:
            raise Failure("weights-copied", "the old head's weights do not fit into the new head: it has two outputs, "
                          "the old one four", "Exchange the layers themselves: no weight needs to be copied."
                          ) from None  # fmt: skip
        if "shapes cannot be multiplied" in error.text:
            raise Failure("head-in-wrong-place", f"a layer got inputs of another width: {error.text[:110]}",
                          "A head takes what the body gives; accuracy measures a whole model.") from None  # fmt: skip
        raise
    values = [look["returned"] for look in looks]
    if any(value is None for value in values):
        raise Failure("not-a-number", "it returns None", "End with a return of the difference.")
    for value in values:
        expect_number(value, "forgetting")
    right = [c["before"] - accuracy_under(c, "old") for c in cases]
    wrong = [k for k, value in enumerate(values) if not abs(value - right[k]) <= 1e-6]  # NaN is wrong too
    if not wrong:
        return looks
    k = wrong[0]
    text = (f"before {cases[k]['before']:.4f}, after {accuracy_under(cases[k], 'old'):.4f} under the old head: "
            f"forgetting is {right[k]:.4f}, got {values[k]:.4f}")  # fmt: skip
    for mistakes in zip(*(wrong_values(c) for c in cases), strict=True):
        if all(abs(value - other) < 1e-6 for value, (_, other, _, _) in zip(values, mistakes, strict=True)):
            id, _, why, hint = mistakes[k]
            raise Failure(id, f"{text}: {why}", hint)
    raise Failure("wrong-forgetting", text, "Which head is in the model when accuracy(model) is called, and what is "
                  "subtracted from what?")  # fmt: skip


@forgetting.check(weight=2)
def under_the_old_head(subject: Subject, draw: Draw) -> None:
    """It returns the accuracy before minus the accuracy of the changed body under the old head."""
    before = (0.871634, 0.421619, 0.533941, 0.958327, 0.307692, 1.0)  # lost and gained; rounding shows
    judge_forgetting(subject, [forgetting_case(draw, before=one) for one in before])
    judge_forgetting(subject, [forgetting_case(draw, same=True, deep=True)])


def judge_head(seen: dict, c: dict) -> None:
    """Expect the model to have the very head that it had, and its mode; hidden checks use it with other cases."""
    heads = {"doubled": 2 * c["new"], "new": c["new"], "old": c["old"]}
    found = [(name, mode) for name, head in heads.items() for mode in (c["training"], not c["training"])
             if close(seen["scores"], _scores(c, c["body"], head) + mode)]  # fmt: skip
    head, mode = found[0] if found else ("", c["training"])
    if head == "old":
        raise Failure("old-head-left-in", "the model is left with the old head: the second task is lost",
                      "Remember the new head before you exchange, and put it back before you return.")  # fmt: skip
    if head == "new":
        raise Failure("copy-put-back", "the head in the model has the new head's numbers, but it is another object: an "
                      "optimizer that trains the new head would no longer move it",
                      "No deepcopy and no second layer: remember the module itself.")  # fmt: skip
    if not head:
        raise Failure("other-head-left-in", "the model does not give the new head's scores afterwards",
                      "Remember the new head before you exchange, and put it back before you return.")  # fmt: skip
    if mode != c["training"]:
        came, left = ("training", "evaluation") if c["training"] else ("evaluation", "training")
        raise Failure("mode-changed", f"the model came in {came} mode and is left in {left} mode",
                      "Measuring changes nothing; accuracy sees to the mode itself.")  # fmt: skip


@forgetting.check(after=("under-the-old-head",))
def new_head_back(subject: Subject, draw: Draw) -> None:
    """Afterwards the model has its new head again, the same object, and nothing else has changed."""
    cases = [forgetting_case(draw, training=training) for training in (False, True)]
    for seen, c in zip(judge_forgetting(subject, cases), cases, strict=True):
        body, *heads = seen["parameters"]
        new, old = (torch.cat([w["value"], b["value"][:, None]], dim=1) for w, b in (heads[:2], heads[2:]))
        if not torch.equal(new, c["new"]):
            raise Failure("new-head-overwritten", "the new head's weights have been overwritten",
                          "Exchange the layers and leave their weights alone.")  # fmt: skip
        if not (torch.equal(body["value"], c["body"]) and torch.equal(old, c["old"])):
            raise Failure("weights-changed", "a weight is no longer what it was", "Measuring changes nothing.")
        judge_head(seen, c)
        if not seen["old_mode"]:
            raise Failure("mode-changed", "the old head came in training mode and is left in evaluation mode",
                          "Measuring changes nothing; accuracy sees to the mode itself.")  # fmt: skip
        if extra := [name for name in seen["names"] if name not in ("body.weight", "fc2.weight", "fc2.bias")]:
            raise Failure("part-added", f"the model has a part more than before: {', '.join(extra)}",
                          "Remember the head in a variable: a module that is assigned to model becomes part of it."
                          )  # fmt: skip
        if not all(learns(p) for p in (body, *heads)):
            raise Failure("switches-changed", "a parameter no longer has requires_grad: it would not train any more",
                          "Measuring changes nothing; accuracy records no gradients anyway.")  # fmt: skip
