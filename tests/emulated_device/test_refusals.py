"""The emulated device is no proof of anything unless it refuses what CUDA refuses, and takes what CUDA takes."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import emulated_device

pytestmark = pytest.mark.device
MIXED = "Expected all tensors to be on the same device"


@pytest.fixture
def here():
    """Three by four numbers on the device."""
    return torch.arange(-5.0, 7.0).reshape(3, 4).to("emulated")


@pytest.mark.parametrize(
    "mix",
    [
        lambda x: x + torch.ones(3, 4),
        lambda x: torch.ones(3, 4) + x,
        lambda x: x.add_(torch.ones(4)),
        lambda x: torch.ones(3, 4).add_(x),
        lambda x: x @ torch.ones(4, 2),
        lambda x: torch.ones(2, 3) @ x,
        lambda x: F.linear(x, torch.ones(2, 4)),
        lambda x: F.linear(x, torch.ones(2, 4, device="emulated"), torch.ones(2)),
        lambda x: torch.cat([x, torch.ones(1, 4)]),
        lambda x: torch.where(torch.ones(3, 4) > 0, x, x),
        lambda x: x.masked_fill(torch.ones(3, 4) > 0, 0.0),
        lambda x: F.embedding(torch.tensor([1, 2]), x),
        lambda x: F.embedding(torch.tensor([1, 2], device="emulated"), x.cpu()),
        lambda x: F.cross_entropy(x, torch.tensor([1, 2, 0])),
        lambda x: F.layer_norm(x, (4,), torch.ones(4)),
        lambda x: torch.bucketize(x, torch.ones(2)),
        lambda x: torch.addmm(x, torch.ones(3, 2), torch.ones(2, 4, device="emulated")),
    ],
)
def test_tensors_on_two_devices_are_refused_in_the_words_for_cuda(here, mix):
    with pytest.raises(RuntimeError, match=MIXED):
        mix(here)


def test_a_tensor_on_the_cpu_is_not_indexed_with_a_mask_on_the_device_but_the_reverse_is(here):
    with pytest.raises(RuntimeError, match=r"indices should be either on cpu or on the same device .* \(cpu\)"):
        here.cpu()[here > 0]
    assert here[(here > 0).cpu()].tolist() == [1, 2, 3, 4, 5, 6], "as CUDA does"
    here[(here > 0).cpu()] = 0.0
    assert here.sum().item() == -15
    with pytest.raises(RuntimeError, match=MIXED):
        here[here < 0] = torch.arange(5.0)


def test_a_number_without_dimensions_passes_as_with_cuda(here):
    assert torch.equal((here * torch.tensor(2.0)).cpu(), here.cpu() * 2)


def test_the_device_has_no_numpy_array_and_no_random_numbers_from_the_cpus_generator(here):
    with pytest.raises(TypeError, match="can't convert emulated:0 device type tensor to numpy"):
        here.numpy()
    with pytest.raises(RuntimeError, match="Expected a 'emulated' device type for generator but found 'cpu'"):
        torch.rand(2, device="emulated", generator=torch.Generator())


def test_a_model_and_its_batch_on_two_devices_are_refused_forward_and_backward(here):
    layer = nn.Linear(4, 2)
    with pytest.raises(RuntimeError, match=MIXED):
        layer(here)
    with pytest.raises(RuntimeError, match=MIXED):
        layer.to("emulated")(here.cpu())
    with pytest.raises(RuntimeError, match="on the same device|device"):
        layer(here).backward(torch.ones(3, 2))
    with pytest.raises(RuntimeError, match="device"):
        layer.weight.grad = torch.ones(2, 4)


def test_what_is_on_one_device_gives_what_the_cpu_gives(here):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.GELU(), nn.Linear(5, 3))
    there = copy.deepcopy(model).to("emulated")
    labels = torch.tensor([2, 0, 1])
    for m, x, y in ((model, here.cpu(), labels), (there, here, labels.to("emulated"))):
        optimizer = torch.optim.AdamW(m.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(m(x), y).backward()
            optimizer.step()
    for ours, theirs in zip(model.parameters(), there.parameters(), strict=True):
        assert theirs.device.type == "emulated"
        torch.testing.assert_close(theirs.detach().cpu(), ours.detach())
    assert pickle.loads(pickle.dumps(there.cpu()))[0].weight.equal(there[0].weight)


def test_views_share_memory_and_float64_can_be_forbidden(here):
    here.T[0].zero_()
    assert here[:, 0].tolist() == [0, 0, 0]
    assert here.double().dtype == torch.float64
    with emulated_device.without_float64():
        with pytest.raises(TypeError, match="float64"):
            here.double()
        with pytest.raises(TypeError, match="float64"):
            torch.ones(2, dtype=torch.float64).to("emulated")
        assert here.float().sum().item() == 9
