"""Checks of lab 06: a wrapped layer calls its parts, whatever they do, and has nothing from before.

Letters: i in_features, o out_features, r rank. W (o, i), bias (o,), A (i, r), B (r, o).
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Failure, Subject, close
from lora_utils.checks.framework.probes import linear, returned
from lora_utils.checks.framework.wrapping_probes import factors
from lora_utils.checks.lab_06_linear_with_lora.wrapping_cases import case
from lora_utils.checks.lab_06_linear_with_lora.wrapping_mistakes import closed_form
from lora_utils.methods.lora import LoRALayer


class Doubled(nn.Linear):
    """A linear layer that does more than x W.T + bias, as one in 4 bits does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return 2 (x W.T + bias) + 1."""
        return 2 * super().forward(x) + 1


# ---------------------------------------------------------------------------------------------------------- probes
def other_parts(cls, *, weight, bias, rank, alpha, x) -> dict:
    """Probe: fresh outputs around a layer that doubles, around one with a hook, and with a path that adds 1."""
    doubled = Doubled(weight.shape[1], weight.shape[0])
    doubled.load_state_dict({"weight": weight, "bias": bias})
    hooked = linear(weight, bias)
    hooked.register_forward_hook(lambda module, inputs, output: output + 1)
    wrapped = cls(linear(weight, bias), rank, alpha)
    for path in [one for one in wrapped.modules() if isinstance(one, LoRALayer) and one is not wrapped]:
        plain = path.forward
        path.forward = lambda x, plain=plain: plain(x) + 1
    return {
        "doubled": returned(cls(doubled, rank, alpha), x),
        "hooked": returned(cls(hooked, rank, alpha), x),
        "path": returned(wrapped, x),
        "has_path": any(isinstance(one, LoRALayer) for one in wrapped.modules() if one is not wrapped),
    }


def evaluated(cls, *, weight, bias, rank, alpha, x, A, B) -> dict:
    """Probe: in evaluation mode the output, and once more after B and the base have changed their signs."""
    base = linear(weight, bias)
    wrapped = cls(base, rank, alpha)
    down, up = factors(wrapped, base, rank)
    with torch.no_grad():
        down.parameter.copy_(down.turn(A))
        up.parameter.copy_(up.turn(B))
    before = returned(wrapped.eval(), x)
    with torch.no_grad():
        for parameter in (up.parameter, base.weight, base.bias):
            parameter.mul_(-1)
    return {"before": before, "after": returned(wrapped, x)}


def starts(cls, *, sizes: list, rank: int) -> dict:
    """Probe: the first factors of two layers, one after the other."""
    found = []
    for _ in range(2):
        base = nn.Linear(*sizes)
        found.append(factors(cls(base, rank, 1.0), base, rank)[0].parameter.detach().clone())
    return {"first": found[0], "second": found[1]}


# ---------------------------------------------------------------------------------------------------------- judges
def judge_parts(subject: Subject, draw: Draw) -> None:
    """Expect the kept layer and the path to be called, in either mode, and each layer to start on its own."""
    c = case(draw, leading=(3,))
    seen = subject.probe(other_parts, **c)
    full = c["x"].double() @ c["weight"].double().T + c["bias"].double()
    call = "Call the layer itself: self.linear(x)."
    if not _is(seen["doubled"], 2 * full + 1):
        raise Failure("layer-bypassed", "around a layer whose own forward returns 2 (x W.T + bias) + 1 that is not "
        "what "
                      "comes through: its weight is read, and it is not called", call)  # fmt: skip
    if not _is(seen["hooked"], full + 1):
        raise Failure("hooks-bypassed", "a hook of the given layer adds 1 to its output, and that is missing: its "
                      "forward is used, but the layer is not called", call)  # fmt: skip
    if seen["has_path"] and not _is(seen["path"], full + 1):
        raise Failure("path-bypassed", "with a LoRALayer that adds 1 to what it returns the output stays the same: its "
                      "factors are read, and it is not called", "Call the path itself: self.lora(x). Another kind of "
                      "LoRALayer computes something else than alpha x A B.")  # fmt: skip
    A, B = draw.normal(c["x"].shape[-1], c["rank"]), draw.normal(c["rank"], len(c["weight"]))
    seen, right = subject.probe(evaluated, **c, A=A, B=B), closed_form(c, A, B)["output"]
    if _is(seen["before"], right) and not _is(seen["after"], -right):
        raise Failure("stale-parts", "after eval() a second call does not follow factors and a weight that have "
        "changed "
                      "since the first", "Keep no sum of W and the update: compute anew in every call.")  # fmt: skip
    i, o, r = draw.sizes(3, low=3, high=9)
    seen = subject.probe(starts, sizes=[i, o], rank=r)
    if torch.equal(seen["first"], seen["second"]):
        raise Failure("same-every-time", "two wrapped layers start with the same A", "Each path is drawn anew: set no "
                      "seed, and copy no path.")  # fmt: skip


def _is(came: object, right: torch.Tensor) -> bool:
    return isinstance(came, torch.Tensor) and close(came, right)
