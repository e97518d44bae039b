"""What counts as using the reference, and what does not."""

import pytest
import torch
from torch import nn

import lora_utils
import lora_utils as course
from lora_utils import LoRALayer, freeze
from lora_utils import LoRALayer as Renamed
from lora_utils.checks import Subject
from lora_utils.checks.framework.origin import borrowed
from lora_utils.training.training_loop import train


def by_name(x):
    return LoRALayer(2, 2, 1, 1.0)(x)


def by_other_name(x):
    return Renamed(2, 2, 1, 1.0)(x)


def through_the_package(x):
    return lora_utils.LoRALayer(2, 2, 1, 1.0)(x)


def through_a_submodule(x):
    return course.methods.lora.LoRALayer(2, 2, 1, 1.0)(x)


def by_own_import(x):
    from lora_utils import LoRALayer as L

    return L(2, 2, 1, 1.0)(x)


def inside(x):
    return [freeze(layer) for layer in x] and (lambda y: LoRALayer(2, 2, 1, 1.0)(y))


def by_getattr(x):
    return getattr(lora_utils, "LoRA" + "Layer")(2, 2, 1, 1.0)(x)


def imports_the_package(x):
    import lora_utils as secret

    return vars(secret)["LoRALayer"], LoRALayer


class Inherits(LoRALayer):
    pass


class Composes(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = LoRALayer(2, 2, 1, 1.0)


def method_of_the_same_name(model):
    model.train()
    return model.freeze, torch.zeros(1)


assert train  # a global of the notebook; methods of that name are no use of it


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (LoRALayer, ["LoRALayer"]),
        (by_name, ["LoRALayer"]),
        (by_other_name, ["LoRALayer"]),
        (through_the_package, ["LoRALayer"]),
        (through_a_submodule, ["LoRALayer"]),
        (by_own_import, ["LoRALayer"]),
        (inside, ["LoRALayer", "freeze"]),
        (by_getattr, ["lora_utils"]),
        (imports_the_package, ["LoRALayer", "lora_utils"]),
        (Inherits, ["LoRALayer"]),
        (Composes, ["LoRALayer"]),
        (method_of_the_same_name, []),
        (nn.Linear, []),
        (3.0, []),
    ],
)
def test_names_borrowed_from_the_package(answer, names):
    assert borrowed(Subject(answer), ()) == names


def test_allowed_names_do_not_count():
    assert borrowed(Subject(through_the_package), ("LoRALayer",)) == []
    assert borrowed(Subject(inside), ("LoRALayer",)) == ["freeze"]
