"""Which parameters BitFit trains: by hand, against PEFT's own choice, and what a step then changes."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import freeze, trainable_names
from lora_utils.methods.bitfit import unfreeze_biases
from lora_utils.models.minilm import MiniLM

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}


class Odd(nn.Module):
    """Names that only look like a bias, and biases that are not called so alone."""

    def __init__(self):
        super().__init__()
        self.bias_net = nn.Linear(3, 4)
        self.attention = nn.MultiheadAttention(6, 2)
        self.recurrent = nn.GRU(3, 5)
        self.norm = nn.LayerNorm(7)
        self.unbiased = nn.Parameter(torch.ones(2))
        self.position_bias = nn.Parameter(torch.ones(4, 2))


def test_biases_are_found_by_their_own_name():
    model = freeze(Odd())
    names = unfreeze_biases(model)
    assert names == [
        "bias_net.bias",
        "attention.in_proj_bias",
        "attention.out_proj.bias",
        "recurrent.bias_ih_l0",
        "recurrent.bias_hh_l0",
        "norm.bias",
    ]
    assert trainable_names(model) == names


def test_what_trained_before_goes_on_training():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    freeze(model[0])
    assert unfreeze_biases(model) == ["0.bias", "1.bias"]
    assert trainable_names(model) == ["0.bias", "1.weight", "1.bias"]


def test_a_model_without_biases_is_refused_and_left_alone():
    model = freeze(nn.Sequential(nn.Linear(3, 4, bias=False), nn.Embedding(5, 2)))
    with pytest.raises(ValueError, match="Sequential has no bias to train"):
        unfreeze_biases(model)
    assert trainable_names(model) == []


def test_a_step_moves_the_biases_and_nothing_else():
    torch.manual_seed(0)
    model = freeze(MiniLM(**SIZES))
    names = set(unfreeze_biases(model))
    before = {name: value.clone() for name, value in model.named_parameters()}
    ids = torch.randint(1, 23, (3, 7))
    model(ids)[..., 0].square().sum().backward()  # a direction in which layer normalisation is not constant
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    moved = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    # The key's bias adds the same number to every score of a query, and softmax does not see it.
    idle = {name for name in names if name.endswith("key.bias")}
    assert len(idle) == SIZES["blocks"]
    assert names - idle <= moved <= names


@pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch 2.6: current environment only")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_the_same_biases_as_peft_trains_with_bias_all():
    from peft import LoraConfig, get_peft_model

    names = unfreeze_biases(freeze(MiniLM(**SIZES)))
    theirs = get_peft_model(MiniLM(**SIZES), LoraConfig(r=1, target_modules=["query"], bias="all"))
    chosen = [name for name in trainable_names(theirs) if "lora_" not in name]
    strip = "base_model.model."
    assert [name.removeprefix(strip).replace("base_layer.", "") for name in chosen] == names
