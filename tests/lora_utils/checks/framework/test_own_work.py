"""The notebook's friendly word: the course's own class or function is recognised, and nothing else is."""

import pytest
import torch

from lora_utils import LoRALayer, freeze
from lora_utils.checks.framework.subject import from_package

Own = type("LoRALayer", (torch.nn.Module,), {"__module__": "__main__"})
Heir = type("LoRALayer", (LoRALayer,), {"__module__": "__main__"})


class Wrapper(LoRALayer):
    """An answer of its own that builds on what an earlier lab has taught."""


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (LoRALayer, "LoRALayer"),
        (freeze, "freeze"),
        (Heir, "LoRALayer"),
        (Own, None),
        (Wrapper, None),
        (lambda x: LoRALayer(2, 2, 1, 1.0)(x), None),
        (LoRALayer(2, 2, 1, 1.0), None),
        (torch.nn.Linear, None),
        (3, None),
    ],
)
def test_what_is_the_course_s_own(item, name):
    assert from_package(item) == name
