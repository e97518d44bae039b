"""What holds for every answer without being said in any exercise, and what a student reads who breaks it.

An answer leaves its arguments and torch as they were; a module does the same in training and in evaluation mode; a
batch of one is a batch, and how a tensor lies in memory makes no difference. `watching` sees what is broken.
"""

from __future__ import annotations

from typing import NamedTuple


class Law(NamedTuple):
    """What to say where it is broken; `{name}` stands for the argument."""

    text: str
    hint: str


LAWS = {
    "changes-a-tensor": Law(
        "the tensor passed as {name} holds other values afterwards",
        "Make a new tensor (y = x - 1) instead of changing the one that came in (x -= 1, x[0] = 1, x.add_(1)).",
    ),
    "changes-a-container": Law(
        "the list or dict passed as {name} is another one afterwards",
        "Work on a copy: list(...) or dict(...); sorted(...) instead of .sort().",
    ),
    "changes-weights": Law(
        "parameters or buffers of the model passed as {name} hold other values afterwards",
        "The model is used again below: compute with its weights, and write nothing into them.",
    ),
    "changes-what-trains": Law(
        "other parameters of the model passed as {name} are trainable afterwards",
        "Set requires_grad back, or leave it alone.",
    ),
    "changes-the-mode": Law(
        "the model passed as {name} is left in another mode: train() or eval() was called and not undone",
        "Remember model.training first, and call model.train(...) with it at the end.",
    ),
    "changes-the-model": Law(
        "the model passed as {name} has other modules or hooks afterwards",
        "Take off each hook that you register (handle.remove()), and replace no part of the model.",
    ),
    "leaves-gradients-off": Law(
        "torch no longer records gradients as it did before the call",
        "Write `with torch.no_grad():` around the lines that need it; torch.set_grad_enabled(False) stays on for good.",
    ),
    "changes-the-dtype": Law(
        "torch's default dtype is another one afterwards", "Give dtype= to the tensors that you make instead."
    ),
    "sets-the-seed": Law(
        "it sets torch's seed, so whatever is drawn after it comes out the same at every call",
        "Leave torch.manual_seed to the setup cell, or draw from a torch.Generator of your own.",
    ),
    "depends-on-the-mode": Law(
        "after eval() the module returns something else than after train(), for the same input",
        "This layer has no dropout: forward does not ask for self.training.",
    ),
    "depends-on-the-layout": Law(
        "for a tensor of equal values that lies in memory in another order, like a transposed one, it does not give "
        "the same result",
        "reshape works for any layout, view for some only; never rely on the order in memory.",
    ),
    "remembers-an-object": Law(
        "called again with the same objects, which hold other values by then, it gives something else than for equal "
        "objects that are new to it",
        "Compute from what is given at each call: whatever is kept under id(...) or an object is out of date when the "
        "object changes.",
    ),
    "needs-several-rows": Law(
        "for the first row of a batch alone, as a batch of one, it does not give that row's result",
        "Look for squeeze() without an axis, for sums over the wrong axis, and for a fixed batch size.",
    ),
}

# Seen where a call is made once more.
TWINS = ("depends-on-the-mode", "depends-on-the-layout", "remembers-an-object", "needs-several-rows")
REBUILDS = ("changes-weights", "changes-what-trains", "changes-the-mode", "changes-the-model")  # parts of a model


class Broken(NamedTuple):
    """A law that an answer has broken, and the argument where that was seen."""

    law: str
    name: str = ""

    @property
    def text(self) -> str:
        """The sentence that the student reads."""
        return LAWS[self.law].text.format(name=self.name if self.name.isidentifier() else "an argument")

    @classmethod
    def read(cls, told: object) -> list[Broken]:
        """Return what another process tells; what no answer of ours could be is passed over."""
        pairs = [one for one in told if type(one) is list and len(one) == 2] if type(told) is list else []
        return [cls(law, str(name)[:80]) for law, name in pairs if type(law) is str and law in LAWS]
