"""Whole numbers from numpy, pandas and torch are whole numbers, too; what is none stays none."""

import numpy
import pytest
import torch

from lora_utils import TextClassifier, seed_everything
from lora_utils.integers import as_integer
from lora_utils.methods import BottleneckAdapter, LoRALayer, PromptEncoder, SoftPrompt, nearest_words, rslora_scale
from lora_utils.quantization import absmax_quantize, normal_float_levels, quantize_4bit, zero_point_quantize
from lora_utils.training import MODELS, step_bytes

FOUR = {"numpy": 2 ** numpy.arange(4)[2], "small": numpy.uint8(4), "torch": torch.tensor(4), "python": 4}
X = torch.linspace(-1, 1, 12)


@pytest.mark.parametrize("four", FOUR.values(), ids=FOUR)
def test_every_size_takes_integers_of_any_library(four):
    assert as_integer(four) == 4
    assert LoRALayer(four, 8, four, 1.0).A.shape == (4, 4)
    assert BottleneckAdapter(8, four).down.weight.shape == (4, 8)
    assert rslora_scale(6.0, four) == 3.0
    assert SoftPrompt(four, 3).vectors.shape == (4, 3)
    assert PromptEncoder(four, 6).table.shape == (4, 6)
    assert absmax_quantize(X, four, four).codes.shape == zero_point_quantize(X, four, four).codes.shape == (3, 4)
    assert quantize_4bit(X, block=four).absmax.shape == (3,)


@pytest.mark.parametrize(
    "wrong", [True, numpy.True_, torch.tensor(True), 4.0, numpy.float64(4), torch.tensor(4.0), "4", None, [4]], ids=repr
)
def test_what_is_none_is_refused(wrong):
    assert as_integer(wrong) is None
    with pytest.raises(ValueError, match="rank must be an integer of at least 1, got"):
        LoRALayer(8, 8, wrong, 1.0)
    with pytest.raises(ValueError, match="k must be from 1 to 3"):
        nearest_words(torch.eye(3), torch.eye(3), wrong)
    with pytest.raises(ValueError, match="length must be an integer of at least 1, got"):
        step_bytes(MODELS[0], "LoRA", length=wrong)
    with pytest.raises(ValueError, match="num_classes must be an integer of at least 1, got"):
        TextClassifier(wrong, vectors=torch.eye(3))
    with pytest.raises(ValueError, match="entries on both sides of zero, got"):
        normal_float_levels(negative=wrong)
    with pytest.raises(ValueError, match="A seed must lie between"):
        seed_everything(wrong)
    with pytest.raises(ValueError, match="bits must be an integer from 2 to 16, got"):
        absmax_quantize(X, wrong)
