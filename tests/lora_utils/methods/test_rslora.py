"""rsLoRA's factor against Hugging Face PEFT's `use_rslora`."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import LinearWithLoRA
from lora_utils.methods.rslora import inject_rslora, rslora_scale


@pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
@pytest.mark.parametrize(("rank", "alpha"), [(2, 0.7), (5, 16)])
def test_output_equals_pefts_with_the_same_alpha(rank, alpha):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    ours, plain = nn.Sequential(nn.Linear(7, 5)), nn.Sequential(nn.Linear(7, 5))
    plain.load_state_dict(ours.state_dict())
    assert inject_rslora(ours, "0", rank, alpha) == ["0"]
    theirs = get_peft_model(plain, LoraConfig(r=rank, lora_alpha=alpha, use_rslora=True, target_modules=["0"]))
    layer = theirs.base_model.model[0]
    with torch.no_grad():
        ours[0].lora.B.normal_()
        layer.lora_A["default"].weight.copy_(ours[0].lora.A.T)
        layer.lora_B["default"].weight.copy_(ours[0].lora.B.T)
    x = torch.randn(6, 7)
    torch.testing.assert_close(ours(x), theirs(x))


def test_four_times_the_rank_halves_the_factor():
    model = nn.ModuleDict({"small": nn.Linear(4, 3), "large": nn.Linear(4, 3)})
    inject_rslora(model, "small", 4, 6.0)
    inject_rslora(model, "large", 16, 6.0)
    assert [model[name].lora.alpha for name in ("small", "large")] == [3.0, 1.5]
    assert isinstance(model["small"], LinearWithLoRA)


def test_a_rank_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        rslora_scale(1.0, 0)
