"""Factors, rates and shares: numbers of any library are numbers, too; what is none is refused in one sentence."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy
import pytest
import torch
from torch import nn

from lora_utils.methods import (
    AdapterBeside,
    BottleneckAdapter,
    LinearWithDoRA,
    LinearWithLoRA,
    LoRALayer,
    QuantizedLinearWithLoRA,
    inject_lora,
    rslora_scale,
)
from lora_utils.quantization import QuantizedLinear, gptq_quantize, normal_float_levels, paged_adamw_8bit_or_adamw
from lora_utils.reals import as_real
from lora_utils.variants import VeRALinear, drop_and_rescale, merge_ties, scale_intruder_dimensions, task_arithmetic

ONE, I = torch.ones(3, 3), torch.eye(3)
TAKES = {
    "alpha": [
        lambda value: LoRALayer(4, 4, 2, value),
        lambda value: LinearWithLoRA(nn.Linear(4, 4), 2, value),
        lambda value: LinearWithDoRA(nn.Linear(4, 4), 2, value),
        lambda value: QuantizedLinearWithLoRA(QuantizedLinear(nn.Linear(4, 4)), 2, value),
        lambda value: inject_lora(nn.Sequential(nn.Linear(4, 4)), "*", 2, value),
        lambda value: rslora_scale(value, 2),
    ],
    "scale": [
        lambda value: AdapterBeside(nn.Identity(), BottleneckAdapter(4, 2), value),
        lambda value: task_arithmetic([ONE], value),
    ],
    "d_initial": [lambda value: VeRALinear(nn.Linear(3, 3), I, I, value)],
    "drop": [lambda value: drop_and_rescale(ONE, value)],
    "density": [lambda value: merge_ties([ONE], value)],
    "factor": [lambda value: scale_intruder_dimensions(ONE, I, value)],
    "threshold": [lambda value: scale_intruder_dimensions(ONE, I, 1.0, threshold=value)],
    "damping": [lambda value: gptq_quantize(torch.eye(4), torch.randn(8, 4), block=4, damping=value)],
    "lr": [lambda value: paged_adamw_8bit_or_adamw([nn.Parameter(ONE)], value)],
    "tail": [lambda value: normal_float_levels(tail=value)],
}
EACH = [(name, call) for name, calls in TAKES.items() for call in calls]
NONE = ["8", True, None, math.nan, -math.inf, 10**400, 1j, [0.5], numpy.True_, torch.tensor(True), torch.ones(2)]
QUARTER = [
    0.25,
    numpy.float32(0.25),
    numpy.float64(0.25),
    torch.tensor(0.25),
    numpy.array(0.25),
    Fraction(1, 4),
    Decimal("0.25"),
]


@pytest.mark.parametrize("wrong", NONE, ids=lambda wrong: repr(wrong)[:12])
@pytest.mark.parametrize(("name", "call"), EACH, ids=[name for name, _ in EACH])
def test_what_is_no_finite_number_is_refused_by_name(name, call, wrong):
    with pytest.raises(ValueError, match=rf"^{name} must .*, got "):
        call(wrong)


@pytest.mark.parametrize("quarter", QUARTER, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(("name", "call"), EACH, ids=[name for name, _ in EACH])
def test_a_number_of_any_library_is_one(name, call, quarter):
    call(quarter)
    assert type(as_real(quarter)) is float


def test_an_integer_stays_one_and_the_factor_is_pythons():
    assert repr(LoRALayer(4, 4, 2, 16)) == "LoRALayer(in_dim=4, out_dim=4, rank=2, alpha=16)"
    assert type(LoRALayer(4, 4, 2, numpy.int64(16)).alpha) is int


def test_a_trained_tensor_is_no_plain_number():
    with pytest.raises(ValueError, match="alpha must be a finite number, got a number that is trained: Parameter"):
        LoRALayer(4, 4, 2, nn.Parameter(torch.tensor(0.5)))
