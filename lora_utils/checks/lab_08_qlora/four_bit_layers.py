"""What lab 08's checks wrap: stand-ins for layers in 4 bits, and the probes that wrap them in the student's class.

Letters: i in_features, o out_features, r rank. W' (o, i), A (i, r), B (r, o).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.checks.framework.probes import later, parameters_of, returned
from lora_utils.checks.framework.wrapping_probes import factors, meanwhile, through
from lora_utils.methods.lora import LoRALayer
from lora_utils.quantization.nf4 import FourBit, dequantize_4bit, quantize_4bit


class ByteLinear(nn.Linear):
    """Stands for bitsandbytes' Linear4bit: an nn.Linear by type whose weight is a column of bytes."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__(weight.shape[1], weight.shape[0], bias=bias is not None)
        self.quantized = quantize_4bit(weight)
        self.weight = nn.Parameter(self.quantized.packed.unsqueeze(1), requires_grad=False)
        if bias is not None:
            self.bias = nn.Parameter(bias.clone())  # trainable until somebody freezes it, as bitsandbytes leaves it

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x W'.T + bias, shape (..., o), in the type of x."""
        return F.linear(
            x, dequantize_4bit(self.quantized, x.dtype), None if self.bias is None else self.bias.to(x.dtype)
        )


class CodesLinear(nn.Module):
    """Stands for the course's QuantizedLinear: no nn.Linear, no attribute `weight`, codes and scales as buffers."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        quantized = quantize_4bit(weight)
        self.register_buffer("packed", quantized.packed)
        self.register_buffer("absmax", quantized.absmax)
        self.bias = None if bias is None else nn.Parameter(bias.clone(), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x W'.T + bias, shape (..., o), in the type of x."""
        stored = FourBit(self.packed, self.absmax, torch.Size((self.out_features, self.in_features)), torch.float32)
        return F.linear(x, dequantize_4bit(stored, x.dtype), None if self.bias is None else self.bias.to(x.dtype))


# ---------------------------------------------------------------------------------------------------------- probes
def base_of(kind: str, weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Module:
    """Not a probe by itself: the 4-bit layer of either kind, holding that weight."""
    return ByteLinear(weight, bias) if kind == "bytes" else CodesLinear(weight, bias)


def made(cls, base: nn.Module, rank: int, alpha: float, dtype: str | None):
    """Not a probe by itself: the student's layer around a base; without a type where None is given."""
    return cls(base, rank, alpha) if dtype is None else cls(base, rank, alpha, getattr(torch, dtype))


def build_path(cls, *, weight, bias, rank, alpha, x, dtype="float32", kind="bytes") -> dict:
    """Probe: wrap a 4-bit layer; what the result is made of, before and after a step, and what it then returns."""
    base = base_of(kind, weight, bias)
    given = dict(base.named_parameters())
    wrapped = made(cls, base, rank, alpha, dtype)
    if not isinstance(wrapped, nn.Module):
        return {"module": False}
    held = dict(base.named_parameters())
    own = {id(t) for t in (*base.parameters(), *base.buffers())}
    names = {name for name, p in wrapped.named_parameters() if id(p) not in own}
    loose = [t for m in wrapped.modules() if m is not base for t in loose_tensors(vars(m))]
    return {
        "module": True,
        "inside": any(module is base for module in wrapped.modules()),
        "replaced": [name for name, p in given.items() if held.get(name) is not p],
        "state": dict(base.state_dict()),
        "floats": [t for t in (*wrapped.parameters(), *wrapped.buffers(), *loose) if id(t) not in own],
        "base": parameters_of(base),
        "path": [p for p in parameters_of(wrapped) if p["name"] in names],
        "later": later(wrapped, x.requires_grad_(True)),
    }


def loose_tensors(attributes: dict) -> list[torch.Tensor]:
    """Not a probe by itself: tensors that hang on a module without being its parameters or buffers."""
    values = [v for name, v in attributes.items() if name not in ("_parameters", "_buffers", "_modules")]
    inside = [
        x for v in values for x in (v.values() if isinstance(v, dict) else v if isinstance(v, list | tuple) else [v])
    ]
    return [t for t in inside if isinstance(t, torch.Tensor)]


def run_path(
    cls, *, weight, bias, rank, alpha, x, A=None, B=None, upstream=None, dtype="float32", kind="bytes"
) -> dict:
    """Probe: the output, with the given factors or as built, its gradients, and the output of the layer alone."""
    base = base_of(kind, weight, bias)
    wrapped = made(cls, base, rank, alpha, dtype)
    made(cls, base_of(kind, weight, bias), rank, meanwhile(alpha), dtype)  # another layer must leave no trace
    seen = through(wrapped, base, rank, x, A, B, upstream)
    return seen | {"base": base(x)}


def other_parts(cls, *, weight, bias, rank, alpha, x) -> dict:
    """Probe: fresh outputs where a hook of the base, its bias or the path adds 1, and the first factors of two."""
    bases = [base_of("bytes", weight, bias) for _ in range(4)]
    hooked, biased, plain, again = (cls(base, rank, alpha) for base in bases)
    bases[0].register_forward_hook(lambda module, inputs, output: output + 1)
    with torch.no_grad():
        bases[1].bias.add_(1)
    paths = [one for one in plain.modules() if isinstance(one, LoRALayer) and one is not plain]
    for path in paths:
        path.forward = lambda x, inner=path.forward: inner(x) + 1
    outputs = {"hooked": returned(hooked, x), "biased": returned(biased, x), "path": returned(plain, x)}
    starts = [factors(made, base, rank)[0].parameter.detach() for made, base in ((hooked, bases[0]), (again, bases[3]))]
    return outputs | {"has_path": bool(paths), "starts": starts}


def run_types(cls, *, weight, bias, alpha, A, B, x, types: list) -> dict:
    """Probe: the outputs for several pairs of a type of x and a type of the path, or what was raised instead."""
    outputs, raised = [], []
    for of_x, of_path in types:
        try:
            base = base_of("bytes", weight, bias)
            wrapped = made(cls, base, A.shape[1], alpha, of_path)
            seen = through(wrapped, base, A.shape[1], x.to(getattr(torch, of_x)), A, B)
            outputs.append(seen["output"])
            raised.append(None)
        except Exception as error:
            outputs.append(None)
            raised.append(f"{type(error).__name__}: {error}")
    return {"outputs": outputs, "raised": raised}
