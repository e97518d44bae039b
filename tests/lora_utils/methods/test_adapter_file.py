"""Saving and loading only what was trained."""

import pytest
import torch
from torch import nn

from lora_utils import adapter_state, inject_lora, load_adapter, merge_lora, save_adapter


def model(rank: int = 2) -> nn.Module:
    net = nn.ModuleDict({"fc1": nn.Linear(6, 5), "fc2": nn.Linear(5, 3)})
    inject_lora(net, "fc1", rank=rank, alpha=0.5)
    with torch.no_grad():
        net["fc1"].lora.B.normal_()
    return net


def output(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return net["fc2"](net["fc1"](x))


def test_only_the_factors_and_the_named_head_are_saved():
    assert set(adapter_state(model(), also=["fc2"])) == {"fc1.lora.A", "fc1.lora.B", "fc2.weight", "fc2.bias"}


def test_a_reloaded_adapter_gives_the_same_output_over_the_same_base(tmp_path):
    first, second = model(), model()
    second["fc1"].linear.load_state_dict(first["fc1"].linear.state_dict())
    size = save_adapter(first, tmp_path / "a.safetensors", also=["fc2"])
    assert size < 1000
    assert len(load_adapter(second, tmp_path / "a.safetensors")) == 4
    x = torch.randn(4, 6)
    assert torch.equal(output(second, x), output(first, x))
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: model(rank=3), r"'fc1.lora.A' has shape \(6, 2\) in the file, \(6, 3\) in the model"),
        (lambda: nn.ModuleDict({"fc1": nn.Linear(6, 5), "fc2": nn.Linear(5, 3)}), "which the model lacks"),
    ],
    ids=["rank", "not-injected"],
)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(tmp_path, other, message):
    save_adapter(model(), tmp_path / "a.safetensors", also=["fc2"])
    net = other()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_adapter(net, tmp_path / "a.safetensors")
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())


def test_a_file_without_one_of_the_factors_is_refused(tmp_path):
    net = model()
    save_adapter(net, tmp_path / "a.safetensors")
    inject_lora(net, "fc2", rank=1, alpha=0.5)
    with pytest.raises(ValueError, match="lacks 'fc2.lora.A'"):
        load_adapter(net, tmp_path / "a.safetensors")


def test_loading_into_a_merged_model_is_refused(tmp_path):
    net = model()
    save_adapter(net, tmp_path / "a.safetensors")
    merge_lora(net)
    with pytest.raises(ValueError, match="call unmerge_lora"):
        load_adapter(net, tmp_path / "a.safetensors")


def test_a_misspelt_head_is_named():
    with pytest.raises(ValueError, match="no module 'fc3'; it has fc1, fc2"):
        adapter_state(model(), also=["fc3"])


def test_a_model_without_lora_has_nothing_to_save():
    with pytest.raises(ValueError, match="call inject_lora first"):
        adapter_state(nn.ModuleDict({"fc1": nn.Linear(2, 2)}))
