"""VeRA against Hugging Face PEFT, over layers of different sizes."""

import pytest
import torch
from torch import nn

from lora_utils import load_adapter, save_adapter
from lora_utils.methods import quantize_linears
from lora_utils.variants import VeRALinear, inject_vera, shared_matrices


def model():
    torch.manual_seed(8)
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 9, bias=False))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
def test_outputs_and_gradients_are_pefts():
    peft = pytest.importorskip("peft")
    ours = model()
    assert inject_vera(ours, ["0", "2"], rank=4, seed=3) == ["0", "2"]
    theirs = peft.get_peft_model(model(), peft.VeraConfig(r=4, target_modules=["0", "2"]))
    A, B = shared_matrices([nn.Linear(6, 5), nn.Linear(5, 9)], 4, seed=3)
    x = torch.randn(7, 6)
    torch.testing.assert_close(ours(x), model()(x), msg="the start changes nothing")
    with torch.no_grad():
        for k in (0, 2):
            layer = theirs.base_model.model[k]
            layer.vera_A["default"].copy_(A.T)
            layer.vera_B["default"].copy_(B.T)
            assert torch.equal(layer.vera_lambda_d["default"], ours[k].d)
            for mine, other in ((ours[k].d, "vera_lambda_d"), (ours[k].b, "vera_lambda_b")):
                mine.normal_()
                getattr(layer, other)["default"].copy_(mine)
    torch.testing.assert_close(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    for k in (0, 2):
        layer = theirs.base_model.model[k]
        torch.testing.assert_close(ours[k].d.grad, layer.vera_lambda_d["default"].grad)
        torch.testing.assert_close(ours[k].b.grad, layer.vera_lambda_b["default"].grad)


def test_only_the_vectors_train_and_the_matrices_are_one_pair():
    ours = model().requires_grad_(False)
    inject_vera(ours, "*", rank=4)
    assert sum(p.numel() for p in ours.parameters() if p.requires_grad) == (4 + 5) + (4 + 9)
    assert ours[0].A.untyped_storage().data_ptr() == ours[2].A.untyped_storage().data_ptr()
    assert ours[0].B.untyped_storage().data_ptr() == ours[2].B.untyped_storage().data_ptr()
    assert not any(name.endswith((".A", ".B")) for name in ours.state_dict())


def test_the_pair_is_peft_kaiming_and_repeats():
    layers, one = [nn.Linear(600, 3), nn.Linear(4, 500)], nn.Linear(600, 500)
    outside = torch.get_rng_state()
    A, B = shared_matrices(layers, 40, seed=1)
    again = shared_matrices([one], 40, seed=1)
    assert torch.equal(torch.get_rng_state(), outside)
    assert (A.shape, B.shape) == ((600, 40), (40, 500))
    assert torch.equal(again[0], A)
    assert torch.equal(again[1], B)
    peers = torch.empty(40, 600), torch.empty(500, 40)  # as PEFT draws them: transposed
    for mine, peer in zip((A, B), peers, strict=True):
        nn.init.kaiming_uniform_(peer)
        assert mine.std() == pytest.approx(peer.std().item(), rel=0.03)
        assert mine.abs().max() == pytest.approx(peer.abs().max().item(), rel=0.01)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"a layer 6 -> 5 needs A of at least \(6, r\)"):
        VeRALinear(nn.Linear(6, 5), torch.ones(5, 2), torch.ones(2, 5))
    with pytest.raises(ValueError, match="at least one layer, got none"):
        shared_matrices([], 2, seed=0)
    with pytest.raises(TypeError, match="VeRALinear wraps"):
        VeRALinear(nn.Tanh(), torch.ones(5, 2), torch.ones(2, 5))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_beside_a_model_of_another_type_the_vectors_are_floats(dtype):
    ours, x = model().to(dtype), torch.randn(7, 6).to(dtype)
    before = ours(x)
    inject_vera(ours, "*", rank=4)
    torch.testing.assert_close(ours(x), before, rtol=0, atol=0)
    own = torch.float64 if dtype == torch.float64 else torch.float32
    assert {ours[0].A.dtype, ours[0].B.dtype, ours[0].d.dtype, ours[0].b.dtype} == {own}
    assert ours[0].A.untyped_storage().data_ptr() == ours[2].A.untyped_storage().data_ptr()


def test_a_file_of_another_pair_is_refused(tmp_path):
    saved, same, other = model(), model(), model()
    for one, seed in ((saved, 3), (same, 3), (other, 4)):
        inject_vera(one, "*", rank=4, seed=seed)
    nn.init.normal_(saved[0].b)
    save_adapter(saved, tmp_path / "vera.safetensors")
    load_adapter(same, tmp_path / "vera.safetensors")
    x = torch.randn(7, 6)
    assert torch.equal(same(x), saved(x))
    with pytest.raises(ValueError, match="'0' is VeRALinear, matrices="):
        load_adapter(other, tmp_path / "vera.safetensors")


def test_a_layer_in_4_bits_is_refused():
    ours = model()
    quantize_linears(ours, "0")
    with pytest.raises(TypeError, match="VeRALinear wraps an nn.Linear with floats, got QuantizedLinear"):
        inject_vera(ours, "*", rank=4)
