"""The foreign oracle: Hugging Face PEFT, with the mapping that the labs teach (lora_alpha = alpha * rank)."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import inject_lora

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6: current environment"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),  # raised inside peft's imports
]


def test_outputs_gradients_and_merged_weights_equal_pefts():
    from peft import LoraConfig, get_peft_model

    rank, alpha = 3, 0.4
    torch.manual_seed(0)
    weights = nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 4)).state_dict()
    ours, theirs = (nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 4)) for _ in range(2))
    ours.load_state_dict(weights)
    theirs.load_state_dict(weights)
    inject_lora(ours.requires_grad_(False), "0", rank=rank, alpha=alpha)
    theirs = get_peft_model(theirs, LoraConfig(r=rank, lora_alpha=alpha * rank, target_modules=["0"]))
    layer = theirs.base_model.model[0]
    with torch.no_grad():
        ours[0].lora.B.normal_()
        layer.lora_A["default"].weight.copy_(ours[0].lora.A.T)
        layer.lora_B["default"].weight.copy_(ours[0].lora.B.T)
    x = torch.randn(6, 7)
    torch.testing.assert_close(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    torch.testing.assert_close(ours[0].lora.A.grad.T, layer.lora_A["default"].weight.grad)
    torch.testing.assert_close(ours[0].lora.B.grad.T, layer.lora_B["default"].weight.grad)
    ours[0].merge()
    torch.testing.assert_close(ours[0].linear.weight, theirs.merge_and_unload()[0].weight)
