"""The catalogue's right answers earn full marks on the device: their modules live there, and so does what they get.

What runs where. Whatever a check's own probes make or hand over is on the device. A module that is given nothing of it
when it is made is moved there afterwards, as its user would; one that is given a layer or a tensor has to put its own
parts beside it. Between the lines of an answer nothing is helped: a mask made on the CPU stays there.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import pytest
import torch
from in_process import points, run
from test_catalogue import RIGHT
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors

from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_05_lora_layer import lora_layer

pytestmark = pytest.mark.device
PACKAGE = str(Path(sys.modules["lora_utils"].__file__).parent)
TORCH = str(Path(torch.__file__).parent)
# Exercises whose answer, or what it is called with, is a module. The others are functions of numbers, lists and
# tensors, and on which device their own constants lie is nothing that their texts ask for.
MODULES = (
    *("count-trainable", "freeze-all-but"),
    *("training-step", "evaluate", "freezing-policy", "memory-ledger", "forgetting"),
    *("bottleneck-adapter", "adapter-behind", "insert-adapters", "ia3-layer", "fold-ia3"),
    *("soft-prompt", "prompt-encoder"),
    *("lora-layer", "first-gradients"),
    *("linear-with-lora", "inject-by-name", "adapt-classifier", "merge-weights", "adapter-state", "swap-adapters"),
    *("four-bit-matmul", "qlora-linear", "checkpoint-blocks"),
    *("dora-layer", "peft-adapter"),
    "vera-linear",
    "batched-lora",
)

# Right answers that make tensors of their own on the CPU, which no text forbids, and what the device says to them.
# torch lets `p.data = ...` change a parameter's device among its own devices, and not to one that a test brings.
MIXED, NO_NUMPY, NO_OTHER_DATA = "same device", "to numpy", "set_data"
ON_THE_CPU_ALONE = {
    "hooks on what autograd saves": MIXED,
    "a loop over texts": MIXED,
    "an embedding and a sequence, as in the literature": MIXED,
    "diagonal matrices": NO_OTHER_DATA,
    "frozen result": MIXED,
    "numbers measured on unit vectors": MIXED,
    "the update read off the path with unit vectors": MIXED,
    "through a LoRALayer of its own": MIXED,
    "numpy round trip and a list": NO_NUMPY,
    "state dict": MIXED,
    "moved through": NO_OTHER_DATA,
}


class Placing(TorchFunctionMode):
    """What the package's own code makes lies on the device; what an answer makes lies where the answer says."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in _device_constructors() and kwargs.get("device") is None and _caller().startswith(PACKAGE):
            kwargs = {**kwargs, "device": "emulated"}
        return function(*args, **kwargs)


def _caller() -> str:
    """The file that called torch."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith((TORCH, __file__)):
        frame = frame.f_back
    return frame.f_code.co_filename


def there(value):
    """Inputs of a probe, on the device."""
    if isinstance(value, torch.Tensor):
        return value.to("emulated")
    if isinstance(value, list | tuple):
        return type(value)(map(there, value))
    return {key: there(one) for key, one in value.items()} if isinstance(value, dict) else value


def placed(answer):
    """The same class, whose modules are moved to the device once they are made, as `model.to(device)` does."""
    if not (isinstance(answer, type) and issubclass(answer, nn.Module)):
        return answer

    def made(self, *args, **kwargs):
        answer.__init__(self, *args, **kwargs)
        if not any(one.is_meta for one in self.parameters()):  # which have nothing that could be moved
            self.to("emulated")

    return type(answer.__name__, (answer,), {"__init__": made, "__module__": answer.__module__})


@pytest.fixture
def on_the_device(monkeypatch):
    """Every probe runs on the device."""
    probe = Subject.probe

    def probed(self, function, **inputs):
        @functools.wraps(function)
        def elsewhere(*objects, **given):
            with Placing():
                return function(*map(placed, objects), **there(given))

        return probe(self, elsewhere, **inputs)

    monkeypatch.setattr(Subject, "probe", probed)


@pytest.mark.parametrize("entry", [entry for entry in RIGHT if entry.exercise in MODULES], ids=str)
def test_a_right_answer_is_right_on_the_device(entry, on_the_device):
    outcome = run(entry.lab, {entry.exercise: entry.source}, only=frozenset({f"test-{entry.exercise}"}))
    test = f"test-{entry.exercise}"
    grade = outcome.grades[test]
    assert grade is not None, outcome.errors
    said = [f"{one.id}: {one.text}" for one in grade.results if one.verdict != "pass"]
    if what := ON_THE_CPU_ALONE.get(entry.title):
        assert what in said[0]
        assert what != MIXED or "two-devices" in {one.message_id for one in grade.results}
    else:
        assert grade == points(entry.lab)[test], said


def test_a_layer_that_puts_itself_on_a_device_is_told_so():
    """In a notebook: the checks hand over tensors on the CPU."""

    class Placed(nn.Module):
        def __init__(self, in_dim, out_dim, rank, alpha):
            super().__init__()
            self.A = nn.Parameter(torch.randn(in_dim, rank, device="emulated"))
            self.B = nn.Parameter(torch.zeros(rank, out_dim, device="emulated"))
            self.alpha = alpha

        def forward(self, x):
            return self.alpha * (x @ self.A @ self.B)

    found = {one.message_id: one for one in lora_layer(Placed, points=4).results}
    assert "in your code tensors on two devices meet" in found["two-devices"].text
    assert "whoever uses the layer moves it" in found["two-devices"].hint
