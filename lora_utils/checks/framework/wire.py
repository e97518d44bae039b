"""Plain data that may pass between a student's object and its judge.

A probe hands its findings to the judge as numbers, text, tensors and containers of these, never as objects with
behaviour: an object that claims to equal everything cannot cross. The grader sends the same data between processes.
"""

from __future__ import annotations

import numpy as np
import torch

MAX_DEPTH = 8  # nesting of lists and dicts; a probe needs three levels
MAX_ELEMENTS = 4_000_000  # numbers in one tensor: 16 MB in float32, far above any check's need
MAX_BITS = 1_000  # of a whole number; a float holds 1,024
MAX_AXES = 16  # of one tensor; torch itself computes with at most 64, and some of its functions with 25

PLAIN = (type(None), bool, int, float, str)
DTYPES = {
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool,
}  # fmt: skip


class WireError(ValueError):
    """A value that is not plain data; the message says where it stands and what it is."""


def to_wire(value, where: str = "value", depth: int = 0):
    """Return a copy of plain data, detached from whatever produced it.

    Args:
        value: None, bool, int, float, str, a NumPy scalar, a dense tensor, or lists, tuples and dicts of these. Types
            of single values are compared exactly, since a subclass may lie about its value.
        where: how an error message names the value; default "value".
        depth: levels above this one; callers leave the default 0.

    Returns:
        The same data with tensors detached, on the CPU and copied, tuples as lists and NumPy scalars as Python numbers.

    Raises:
        WireError: for any other type, a sparse or complex tensor, more than 4 million elements, 16 axes, 8 levels or
            1,000 bits.
    """
    kind = type(value)
    if depth > MAX_DEPTH:
        raise WireError(f"{where} is nested more than {MAX_DEPTH} levels deep")
    if kind is int and value.bit_length() > MAX_BITS:
        raise WireError(f"{where} is a whole number of more than 300 digits")
    if kind in PLAIN:
        return value
    if isinstance(value, np.generic) and kind.__module__ == "numpy":
        return value.item()
    if kind in (torch.Tensor, torch.nn.Parameter):
        return _tensor(value, where)
    # Containers may be subclasses (a namedtuple, an OrderedDict): their items are taken past whatever they override.
    for base in (list, tuple):
        if issubclass(kind, base):
            return [to_wire(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(base.__iter__(value))]
    if issubclass(kind, dict):
        items = list(dict.items(value))
        for key, _ in items:
            if type(key) is not str:
                raise WireError(f"{where} has a key of type {type(key).__name__}; keys must be text")
        return {key: to_wire(item, f"{where}[{key!r}]", depth + 1) for key, item in items}
    raise WireError(f"{where} must be a number, text or a tensor, got {kind.__module__}.{kind.__qualname__}")


def _tensor(value: torch.Tensor, where: str) -> torch.Tensor:
    if value.layout != torch.strided:
        raise WireError(f"{where} must be a dense tensor, got layout {value.layout}")
    if value.dtype not in DTYPES:
        raise WireError(f"{where} must hold real numbers, integers or booleans, got {value.dtype}")
    if value.dim() > MAX_AXES:
        raise WireError(f"{where} has {value.dim()} axes, more than the {MAX_AXES} allowed")
    if value.numel() > MAX_ELEMENTS:
        raise WireError(f"{where} has {value.numel():,} elements, more than the {MAX_ELEMENTS:,} allowed")
    # Always in torch's own layout: a tensor of one number may have any stride and still count as contiguous.
    return value.detach().to("cpu").clone(memory_format=torch.contiguous_format)
