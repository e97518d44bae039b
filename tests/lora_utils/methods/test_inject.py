"""Injection by module name."""

import pytest
import torch
from torch import nn

from lora_utils import LinearWithLoRA, adapter_state, inject_lora, merge_lora, unmerge_lora
from lora_utils.methods import inject_dora, inject_qlora, inject_rslora, quantize_linears
from lora_utils.variants import inject_started, inject_vera, pissa_start


def model() -> nn.Module:
    block = nn.ModuleDict({"query": nn.Linear(6, 6), "norm": nn.LayerNorm(6), "value": nn.Linear(6, 4)})
    return nn.ModuleDict({"block": block, "head": nn.Linear(4, 3)})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("head", ["head"]),
        (["block.value", "block.query"], ["block.query", "block.value"]),
        ("block.*", ["block.query", "block.value"]),
        ("*", ["block.query", "block.value", "head"]),
    ],
    ids=str,
)
def test_exactly_the_named_layers_are_replaced(names, expected):
    net = model()
    assert inject_lora(net, names, rank=2, alpha=1.0) == expected
    assert [n for n, m in net.named_modules() if isinstance(m, LinearWithLoRA)] == expected
    assert isinstance(net["block"]["norm"], nn.LayerNorm)


def test_a_name_that_matches_nothing_lists_the_layers_and_changes_nothing():
    net = model()
    with pytest.raises(
        ValueError, match=r"no linear layer is called 'blok.query'; the model has block.query, block.value, head"
    ):
        inject_lora(net, ["head", "blok.query"], rank=2, alpha=1.0)
    assert not any(isinstance(m, LinearWithLoRA) for m in net.modules())


INJECTIONS = {
    "lora": lambda net, names: inject_lora(net, names, 2, 1.0),
    "rslora": lambda net, names: inject_rslora(net, names, 2, 1.0),
    "dora": lambda net, names: inject_dora(net, names, 2, 1.0),
    "vera": lambda net, names: inject_vera(net, names, 2),
    "qlora": lambda net, names: inject_qlora(net, names, 2, 1.0),
    "started": lambda net, names: inject_started(net, names, 2, lambda name, weight: pissa_start(weight, 2)),
}


@pytest.mark.parametrize("inject", [*INJECTIONS.values(), quantize_linears], ids=[*INJECTIONS, "quantize"])
def test_no_name_at_all_is_refused(inject):
    net = model()
    with pytest.raises(ValueError, match="no name was given.*the model has block.query, block.value, head"):
        inject(net, iter([]))
    assert not any(hasattr(module, "lora") for module in net.modules())


@pytest.mark.parametrize("wrong", [None, 3, ["head", 3], b"head", torch.tensor(1), nn.Linear(2, 2)], ids=repr)
def test_what_is_no_name_is_refused(wrong):
    net = model()
    for call in (
        lambda: inject_lora(net, wrong, 2, 1.0),
        lambda: inject_qlora(net, "head", 2, 1.0, skip=wrong),
        lambda: adapter_state(net, also=wrong),
    ):
        with pytest.raises(TypeError, match="names must be a string or several strings, got"):
            call()


@pytest.mark.parametrize("inject", INJECTIONS.values(), ids=INJECTIONS)
def test_what_was_injected_under_inference_mode_trains(inject):
    net = model()
    with torch.inference_mode():
        inject(net, "block.*")
    x = torch.randn(2, 6, requires_grad=True)
    net["block"]["value"](net["block"]["query"](x)).sum().backward()
    assert not any(tensor.is_inference() for tensor in [*net.parameters(), *net.buffers()])
    grads = [p.grad for name, p in net["block"].named_parameters() if p.requires_grad and "norm" not in name]
    assert grads
    assert all(grad is not None for grad in grads)


def test_injecting_twice_is_refused_and_does_not_nest():
    net = model()
    inject_lora(net, "head", rank=2, alpha=1.0)
    with pytest.raises(ValueError, match="'head' is wrapped already, in LinearWithLoRA"):
        inject_lora(net, "head", rank=2, alpha=1.0)
    inject_lora(net, "*", rank=2, alpha=1.0)  # the rest, and not the inner layer of the wrapped head
    assert sum(isinstance(m, LinearWithLoRA) for m in net.modules()) == 3


def test_merge_and_unmerge_reach_every_layer():
    net = model()
    inject_lora(net, "*", rank=2, alpha=1.0)
    weight = net["head"].linear.weight.clone()
    with torch.no_grad():
        net["head"].lora.B.fill_(1.0)
    assert merge_lora(net) == 3
    assert not torch.equal(net["head"].linear.weight, weight)
    assert unmerge_lora(net) == 3
    assert torch.equal(net["head"].linear.weight, weight)
