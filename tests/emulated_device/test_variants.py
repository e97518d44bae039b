"""What came after LoRA, on the device: each gives there what it gives on the CPU."""

import pytest
import torch
from torch import nn

from emulated_device import DEVICE
from lora_utils import LoRALayer, variants

pytestmark = [pytest.mark.device, pytest.mark.usefixtures("no_float64")]


def adapters(count=3):
    torch.manual_seed(0)
    paths = [LoRALayer(5, 4, rank=2, alpha=1.0 + k) for k in range(count)]
    for path in paths:
        nn.init.normal_(path.B)
    return nn.Linear(5, 4), paths


@pytest.mark.parametrize("moved", ["the layer and its paths", "the module"])
def test_a_batch_of_adapters_is_served_there(moved):
    linear, paths = adapters()
    x, index = torch.randn(4, 3, 5), torch.tensor([2, -1, 0, 2])
    wanted = variants.BatchedLoRA(linear, paths)(x, index)
    if moved == "the module":
        layer = variants.BatchedLoRA(linear, paths).to(DEVICE)
    else:
        layer = variants.BatchedLoRA(linear.to(DEVICE), [path.to(DEVICE) for path in paths])
    torch.testing.assert_close(layer(x.to(DEVICE), index.to(DEVICE)).cpu(), wanted)


def test_updates_are_merged_and_thinned_out_there():
    torch.manual_seed(0)
    updates = [torch.randn(4, 7) for _ in range(3)]
    there = [update.to(DEVICE) for update in updates]
    torch.testing.assert_close(variants.merge_ties(there, 0.4).cpu(), variants.merge_ties(updates, 0.4))
    torch.testing.assert_close(variants.task_arithmetic(there).cpu(), variants.task_arithmetic(updates))
    thin = variants.drop_and_rescale(there[0], 0.5).cpu()
    assert set((thin / updates[0]).round(decimals=4).unique().tolist()) == {0.0, 2.0}


def test_intruders_are_counted_there():
    torch.manual_seed(0)
    before, after = torch.randn(9, 6), torch.randn(9, 6)
    counts = [variants.count_intruder_dimensions(before.to(d), after.to(d), 4, 0.7) for d in ("cpu", DEVICE)]
    assert counts[0] == counts[1] > 0


def test_vera_is_made_there():
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3)), torch.randn(2, 5)
    wanted = model(x)
    variants.inject_vera(model.to(DEVICE), "*", rank=2)
    torch.testing.assert_close(model(x.to(DEVICE)).cpu(), wanted)
    assert model[0].A.untyped_storage().data_ptr() == model[1].A.untyped_storage().data_ptr()
