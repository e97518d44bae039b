"""Importance and budget against PEFT's RankAllocator, and against a plain sort."""

import pytest
import torch
from torch import nn

from lora_utils.variants import allocate_ranks, triple_importance


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
def test_what_stays_is_what_peft_keeps(monkeypatch):
    peft = pytest.importorskip("peft")
    from peft.tuners.adalora.layer import RankAllocator

    torch.manual_seed(7)
    config = peft.AdaLoraConfig(init_r=4, target_r=2, target_modules=["0", "2"], total_step=10, tinit=0, tfinal=0)
    theirs = peft.get_peft_model(nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)), config)
    layers = [theirs.base_model.model[k] for k in (0, 2)]
    for layer in layers:
        nn.init.normal_(layer.lora_E["default"])
    theirs(torch.randn(9, 6)).square().sum().backward()
    ours = []
    for layer in layers:
        A, lam, B = (getattr(layer, name)["default"] for name in ("lora_A", "lora_E", "lora_B"))
        turned = [(A.T, A.grad.T), (lam[:, 0], lam.grad[:, 0]), (B.T, B.grad.T)]
        ours.append(triple_importance(*(p for p, _ in turned), *(g for _, g in turned)))
    allocator = RankAllocator(theirs, config, "default")
    allocator.update_ipt(theirs)
    # One step's sensitivity alone, without PEFT's weighing by how much it has varied over the steps.
    monkeypatch.setattr(RankAllocator, "_element_score", lambda self, name: self.ipt[name])
    kept = allocator.mask_to_budget(theirs, 5)
    for layer, mask, want in zip(layers, allocate_ranks(ours, 5), kept.values(), strict=True):
        assert mask.tolist() == want
        assert torch.equal(layer.lora_E["default"][:, 0] != 0, mask)


@pytest.mark.parametrize("budget", [0, 1, 4, 9, 30])
def test_the_largest_of_all_layers_stay(budget):
    parts = [torch.rand(n, generator=torch.Generator().manual_seed(n)) for n in (3, 1, 5)]
    masks = allocate_ranks(parts, budget)
    assert [m.dtype for m in masks] == [torch.bool] * 3
    ranked = sorted(((v.item(), k, j) for k, one in enumerate(parts) for j, v in enumerate(one)), reverse=True)
    kept = {(k, j) for k, mask in enumerate(masks) for j, stays in enumerate(mask) if stays}
    assert kept == {(k, j) for _, k, j in ranked[:budget]}


def test_equals_stay_in_order_and_nothing_is_nothing():
    assert [m.tolist() for m in allocate_ranks([torch.ones(2), torch.ones(2)], 3)] == [[True, True], [True, False]]
    assert allocate_ranks([], 3) == []
    with pytest.raises(ValueError, match="budget must be an integer of at least 0, got -1"):
        allocate_ranks([torch.ones(2)], -1)
