"""Saving and loading only what was trained."""

import json
import re

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from lora_utils import LoRALayer, adapter_state, inject_lora, load_adapter, merge_lora, save_adapter
from lora_utils.methods import (
    LinearWithIA3,
    PromptTuned,
    inject_adapters,
    inject_dora,
    inject_ia3,
    inject_prefix,
    inject_qlora,
    inject_rslora,
    merge_ia3,
)
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier
from lora_utils.quantization import FP4, NF4, QuantizedLinear

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 19, "segments": 2}
IDS = torch.tensor([[4, 7, 2, 9], [3, 0, 0, 0]])


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


def on(change):
    """A maker of small classifiers; what a method draws differs from seed to seed, the base does not."""

    def make(seed: int = 0) -> nn.Module:
        torch.manual_seed(7)
        net = SentenceClassifier(MiniLM(**SIZES), 5).requires_grad_(False)
        torch.manual_seed(seed)
        net = change(net) or net
        with torch.no_grad():
            for parameter in net.parameters():
                if parameter.requires_grad:
                    parameter.normal_(std=0.5)
        return net

    return make


METHODS = {
    "LoRA": on(lambda net: inject_lora(net, "*.query", 2, 0.5) and None),
    "rsLoRA": on(lambda net: inject_rslora(net, "*.query", 2, 0.5) and None),
    "DoRA": on(lambda net: inject_dora(net, "*.query", 2, 0.5) and None),
    "QLoRA": on(lambda net: inject_qlora(net.encoder, "*.query", 2, 0.5) and None),
    "IA3": on(lambda net: inject_ia3(net) and None),
    "adapters": on(lambda net: inject_adapters(net, 3) and None),
    "parallel": on(lambda net: inject_adapters(net, 3, "parallel") and None),
    "prefix": on(lambda net: inject_prefix(net, 2) and None),
    "reparameterized": on(lambda net: inject_prefix(net, 2, reparameterized=True) and None),
    "prompt": on(lambda net: PromptTuned(net, 2)),
}
every = pytest.mark.parametrize("make", METHODS.values(), ids=METHODS)


@every
def test_every_method_comes_back_bit_for_bit_and_alone(make, tmp_path):
    first, second = make(), make(seed=1)
    assert not torch.equal(first(IDS), second(IDS))
    save_adapter(first, tmp_path / "a.safetensors")
    filled = load_adapter(second, tmp_path / "a.safetensors")
    assert torch.equal(second(IDS), first(IDS))
    assert set(filled) == {name for name, p in first.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(("saved", "other"), [("LoRA", "DoRA"), ("DoRA", "LoRA"), ("IA3", "LoRA"), ("LoRA", "QLoRA"),
                                              ("adapters", "parallel"), ("prefix", "reparameterized")])  # fmt: skip
def test_a_file_of_another_method_is_refused_and_changes_nothing(saved, other, tmp_path):
    save_adapter(METHODS[saved](), tmp_path / "a.safetensors")
    net = METHODS[other](seed=1)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ValueError, match="which the model lacks|lacks|in the file"):
        load_adapter(net, tmp_path / "a.safetensors")
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def other(change):
    net = nn.ModuleDict({"fc1": nn.Linear(6, 5), "fc2": nn.Linear(5, 3)})
    change(net)
    return net


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda net: inject_lora(net, "fc1", 2, 8.0),
            r"rank=2, alpha=0.5 in the file, .*rank=2, alpha=8.0 in the model",
        ),
        (lambda net: inject_rslora(net, "fc1", 2, 0.5), r"alpha=0.5 in the file, .*alpha=0.353.* in the model"),
        (
            lambda net: net.add_module("fc3", nn.Linear(2, 2)) or inject_lora(net, "fc1", 2, 0.5),
            "other names or shapes",
        ),
        (
            lambda net: net.add_module("fc2", nn.Linear(9, 3)) or inject_lora(net, "fc1", 2, 0.5),
            "other names or shapes",
        ),
    ],
    ids=["alpha", "scaling", "one layer more", "another base"],
)
def test_equal_shapes_of_another_meaning_are_refused(tmp_path, change, message):
    save_adapter(model(), tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=message):
        load_adapter(other(change), tmp_path / "a.safetensors")


def test_the_side_of_ia3_and_the_factor_of_an_adapter_are_part_of_it(tmp_path):
    sides = [nn.Sequential(LinearWithIA3(nn.Linear(4, 4), where)) for where in ("output", "input")]
    save_adapter(sides[0], tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="where=output in the file, .*where=input in the model"):
        load_adapter(sides[1], tmp_path / "a.safetensors")
    nets = [METHODS["parallel"]() for _ in range(2)]
    nets[1].encoder.blocks[1].feed_forward.scale = 1.0
    save_adapter(nets[0], tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="scale=4.0 in the file, .*scale=1.0 in the model"):
        load_adapter(nets[1], tmp_path / "a.safetensors")


def said_by(path) -> dict:
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["adapter"])


def test_the_file_says_what_it_is(tmp_path):
    save_adapter(model(), tmp_path / "a.safetensors", also="fc2")
    said = said_by(tmp_path / "a.safetensors")
    assert said["layers"] == {"fc1": "LinearWithLoRA, rank=2, alpha=0.5"}
    assert said["scaling"] == "alpha"
    assert re.fullmatch(r"peft-by-hand \d+(\.\d+)*", said["library"])
    assert re.fullmatch("[0-9a-f]{16}", said["base"])


def test_the_hash_of_the_base_knows_nothing_of_the_method(tmp_path):
    hashes = set()
    for name in ("LoRA", "DoRA", "QLoRA", "IA3", "adapters", "prefix"):
        save_adapter(METHODS[name](), tmp_path / "a.safetensors")
        hashes.add(said_by(tmp_path / "a.safetensors")["base"])
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "a.safetensors does not say which method, rank and alpha"),
        ("something else", "does not say which method, rank and alpha"),
        ({"library": "peft-by-hand 99.1"}, "was written by peft-by-hand 99.1, .*; install 99.1 or later"),
        ({"scaling": "alpha / rank"}, "scales by 'alpha / rank', and this library by 'alpha' itself"),
    ],
    ids=["nothing", "something else", "a newer version", "another scaling"],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, said, message):
    path, net = tmp_path / "a.safetensors", model()
    save_adapter(net, path)
    metadata = {"adapter": json.dumps(said_by(path) | said)} if isinstance(said, dict) else said
    save_file(load_file(path), path, metadata={"format": "pt"} if said == "something else" else metadata)
    with pytest.raises(ValueError, match=message):
        load_adapter(net, path)


def test_one_name_is_a_name_and_not_its_letters():
    assert set(adapter_state(model(), also="fc2")) == set(adapter_state(model(), also=["fc2"]))


def test_a_compiled_model_writes_and_reads_the_names_of_the_plain_one(tmp_path):
    def compiled(module):
        return torch.compile(module, backend="eager")  # the default backend's imports warn, and nothing is run here

    first, second = model(), model()
    first["fc2"] = compiled(first["fc2"])
    assert set(adapter_state(compiled(first), also="fc2")) == {"fc1.lora.A", "fc1.lora.B", "fc2.weight", "fc2.bias"}
    save_adapter(compiled(first), tmp_path / "a.safetensors", also="fc2")
    load_adapter(second, tmp_path / "a.safetensors")
    assert torch.equal(second["fc1"].lora.B, first["fc1"].lora.B)
    load_adapter(compiled(second), tmp_path / "a.safetensors")
    load_adapter(nn.DataParallel(second), tmp_path / "a.safetensors")
    assert set(adapter_state(nn.DataParallel(second))) == {"fc1.lora.A", "fc1.lora.B"}


def test_a_head_in_4_bits_is_filled_only_with_codes_of_its_own_table(tmp_path):
    nets = [model() for _ in range(2)]
    for net, codebook in zip(nets, (FP4, NF4), strict=True):
        net["fc2"] = QuantizedLinear(net["fc2"], codebook)
    save_adapter(nets[0], tmp_path / "a.safetensors", also="fc2")
    with pytest.raises(ValueError, match="codes beside it are of another table"):
        load_adapter(nets[1], tmp_path / "a.safetensors")


def test_merged_or_not_the_file_is_the_same(tmp_path):
    for name, merge in (("LoRA", merge_lora), ("IA3", merge_ia3)):
        net = METHODS[name]()
        save_adapter(net, tmp_path / "a.safetensors", also="encoder")
        merge(net)
        save_adapter(net, tmp_path / "b.safetensors", also="encoder")
        assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
        with pytest.raises(ValueError, match="the model is merged"):
            load_adapter(net, tmp_path / "a.safetensors")


def test_a_layer_under_two_names_is_saved_once_and_acts_under_both(tmp_path):
    nets = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        layer = nn.Linear(4, 4)
        nets.append(nn.Sequential(layer, nn.Tanh(), layer))
        inject_lora(nets[-1], "*", 2, 1.0)
        nn.init.normal_(nets[-1][0].lora.B)
    nets[1][0].linear.load_state_dict(nets[0][0].linear.state_dict())
    save_adapter(nets[0], tmp_path / "a.safetensors")
    assert load_adapter(nets[1], tmp_path / "a.safetensors") == ["0.lora.A", "0.lora.B"]
    x = torch.randn(3, 4)
    assert torch.equal(nets[1](x), nets[0](x))


def test_a_lora_layer_that_stands_alone_is_saved_with_its_alpha(tmp_path):
    class Beside(nn.Module):
        def __init__(self, alpha):
            super().__init__()
            self.path, self.body = LoRALayer(4, 3, 2, alpha), nn.Linear(4, 3)

    save_adapter(Beside(0.5), tmp_path / "a.safetensors")
    assert load_adapter(Beside(0.5), tmp_path / "a.safetensors") == ["path.A", "path.B"]
    with pytest.raises(ValueError, match="'path' is LoRALayer, rank=2, alpha=0.5 in the file"):
        load_adapter(Beside(0.25), tmp_path / "a.safetensors")


def test_a_head_in_another_memory_format_is_saved(tmp_path):
    model = nn.ModuleDict({"conv": nn.Conv2d(3, 4, 3), "fc": nn.Linear(4, 4)}).to(memory_format=torch.channels_last)
    inject_lora(model, "fc", rank=2, alpha=1.0)
    kept = model["conv"].weight.detach().clone()
    save_adapter(model, tmp_path / "adapter.safetensors", also="conv")
    nn.init.zeros_(model["conv"].weight)
    load_adapter(model, tmp_path / "adapter.safetensors")
    assert torch.equal(model["conv"].weight, kept)
