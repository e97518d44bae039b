"""Injection is all or nothing, and knows everything that is there, whatever the method."""

import pytest
import torch
from torch import nn

from lora_utils.methods import (
    LinearWithLoRA,
    SoftPrompt,
    inject_adapters,
    inject_dora,
    inject_ia3,
    inject_lora,
    inject_prefix,
    inject_qlora,
    inject_rslora,
    is_linear4bit,
    merge_lora,
    merge_qlora,
    quantize_linears,
)
from lora_utils.models.minilm import MiniLM, SelfAttention
from lora_utils.quantization import QuantizedLinear, to_linear4bit

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}
BY_NAME = {
    "LoRA": lambda model, names="*", rank=2: inject_lora(model, names, rank, 1.0),
    "rsLoRA": lambda model, names="*", rank=2: inject_rslora(model, names, rank, 1.0),
    "DoRA": lambda model, names="*", rank=2: inject_dora(model, names, rank, 1.0),
    "QLoRA": lambda model, names="*", rank=2: inject_qlora(model, names, rank, 1.0),
}
by_name = pytest.mark.parametrize("inject", BY_NAME.values(), ids=BY_NAME)
quiet = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # inside bitsandbytes


def picture(model: nn.Module) -> list:
    """What must not change when a call fails: which modules hang where, and what is trained."""
    modules = [(name, id(module), module.training) for name, module in model.named_modules(remove_duplicate=False)]
    return modules + [(name, id(p), p.requires_grad) for name, p in model.named_parameters(remove_duplicate=False)]


def compiled(module: nn.Module) -> nn.Module:
    """The default backend's imports warn, and nothing is run here."""
    return torch.compile(module, backend="eager")


class Twice(nn.Module):
    """One layer under two names, and another between them."""

    def __init__(self):
        super().__init__()
        self.first, self.middle = nn.Linear(6, 6), nn.Linear(6, 6)
        self.last = self.first

    def forward(self, x):
        return self.last(self.middle(self.first(x)))


@pytest.mark.parametrize(
    ("model", "act"),
    [
        *((lambda: nn.Linear(4, 3), inject) for inject in BY_NAME.values()),
        (lambda: nn.Linear(4, 3), quantize_linears),
        (lambda: SelfAttention(8, 2), lambda model: inject_prefix(model, 2)),
        (lambda: compiled(nn.Linear(4, 3)), BY_NAME["LoRA"]),
    ],
)
def test_a_model_that_is_itself_the_layer_is_refused(model, act):
    model = model()
    before = picture(model)
    with pytest.raises(ValueError, match="the model is itself the (Linear|SelfAttention), so there is no place"):
        act(model)
    assert picture(model) == before
    assert repr(model)


def test_a_wrapper_handed_over_is_not_wrapped_inside():
    layer = LinearWithLoRA(nn.Linear(4, 3), 2, 1.0)
    for inject in BY_NAME.values():
        with pytest.raises(ValueError, match="no linear layer is called"):
            inject(layer)
    assert type(layer.linear) is nn.Linear


@by_name
def test_a_layer_under_two_names_is_wrapped_once_under_both(inject):
    torch.manual_seed(0)
    model, x = Twice(), torch.randn(3, 6)
    assert inject(model, "last") == ["first", "last"]
    assert model.first is model.last
    assert model.first.lora is not None
    model(x).sum().backward()
    assert model.first.lora.B.grad.any()


@by_name
def test_a_shared_block_is_adapted_wherever_it_stands(inject):
    block = nn.Sequential(nn.Linear(5, 5), nn.ReLU())
    model = nn.Sequential(block, block)
    assert inject(model) == ["0.0", "1.0"]
    assert model[0][0] is model[1][0]
    assert not isinstance(model[0][0].lora, LinearWithLoRA)


@by_name
def test_after_an_error_in_the_last_layer_the_model_is_what_it_was(inject, monkeypatch):
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 5).eval(), nn.Linear(5, 2))
    before = picture(model)
    with pytest.raises(ValueError, match="rank must be an integer of at least 1"):
        inject(model, rank=0)
    assert picture(model) == before
    calls = []

    def third_time_out(self, *_):
        calls.append(self)
        if len(calls) == 3:
            raise MemoryError("no room")
        return nn.Module.__init__(self)

    monkeypatch.setattr("lora_utils.methods.lora.LoRALayer.__init__", third_time_out)
    with pytest.raises((MemoryError, AttributeError)):
        inject(model)
    assert picture(model) == before


@pytest.mark.parametrize("act", [quantize_linears, inject_qlora])
def test_a_weight_that_is_not_finite_leaves_all_layers_as_they_were(act):
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    with torch.no_grad():
        model[1].weight[0, 0] = float("inf")
    before = picture(model)
    with pytest.raises(ValueError, match="needs finite numbers"):
        act(model)
    assert picture(model) == before


def test_a_failing_adapter_prefix_or_prompt_freezes_nothing():
    model = MiniLM(**SIZES)
    before = picture(model)
    for act in (lambda: inject_adapters(model, 0), lambda: inject_prefix(model, -1)):
        with pytest.raises((ValueError, RuntimeError)):
            act()
        assert picture(model) == before
    with pytest.raises(ValueError, match="at least 0"):
        SoftPrompt(-1, 3)


@quiet
@pytest.mark.parametrize("kind", [to_linear4bit, QuantizedLinear])
@pytest.mark.parametrize("method", ["LoRA", "rsLoRA", "DoRA"])
def test_a_layer_in_4_bits_is_named_and_nothing_is_changed(kind, method):
    model = nn.Sequential(nn.Linear(64, 64), kind(nn.Linear(64, 64)))
    before = picture(model)
    with pytest.raises(
        ValueError, match=rf"'1' is stored in 4 or 8 bits \({type(model[1]).__name__}\); use inject_qlora"
    ):
        BY_NAME[method](model)
    assert picture(model) == before
    assert BY_NAME[method](model, "0") == ["0"]


@quiet
def test_every_constructor_names_the_layer_in_4_bits():
    from lora_utils.methods import LinearWithDoRA, LinearWithIA3

    stored = to_linear4bit(nn.Linear(64, 64))
    assert is_linear4bit(stored)
    wraps = [lambda x: LinearWithLoRA(x, 2, 1.0), lambda x: LinearWithDoRA(x, 2, 1.0), LinearWithIA3]
    for make in (*wraps, QuantizedLinear, to_linear4bit):
        with pytest.raises(TypeError, match="got Linear4bit, a layer stored in 4 or 8 bits; "):
            make(stored)


@pytest.mark.parametrize("first", ["LoRA", "DoRA", "QLoRA", "IA3"])
@by_name
def test_nothing_is_put_inside_what_is_wrapped(first, inject):
    torch.manual_seed(0)
    model = nn.ModuleDict({"encoder": MiniLM(**SIZES), "head": nn.Linear(12, 2)})
    if first == "IA3":
        inject_ia3(model)
    else:
        BY_NAME[first](model["encoder"], "*.query")
    wrapped = [name for name, module in model.named_modules() if getattr(type(module), "wraps", None)]
    names = inject(model, "head" if first == "QLoRA" else "*")  # the other layers are in 4 bits then
    assert "head" in names
    assert not [name for name in names if name.startswith(tuple(wrapped))]
    if first != "QLoRA":
        merge_lora(model)
    merge_qlora(model)


@pytest.mark.parametrize("placement", ["houlsby", "parallel"])
def test_what_an_adapter_added_is_trained_and_not_wrapped(placement):
    model = MiniLM(**SIZES)
    inject_adapters(model, 3, placement)
    inject_prefix(model, 2, reparameterized=True)
    names = inject_lora(model, "*", 2, 1.0)
    assert len(names) == 2 * 6
    assert not [name for name in names if ".adapter." in name or ".encoder." in name]
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert "blocks.0.feed_forward.adapter.down.weight" in trained


@by_name
def test_a_compiled_model_has_its_own_names(inject):
    model = nn.ModuleDict({"fc1": nn.Linear(4, 3), "block": compiled(nn.Sequential(nn.Linear(3, 2)))})
    assert inject(compiled(model), ["fc1", "block.0"]) == ["fc1", "block.0"]
    assert model["block"]._orig_mod[0].lora is not None
    alone = nn.Sequential(compiled(nn.Linear(4, 3)))
    with pytest.raises(ValueError, match="'0' is compiled by itself"):
        inject(alone)


def test_new_modules_are_in_the_mode_of_what_they_replace():
    model = MiniLM(**SIZES).eval()
    inject_adapters(model, 3)
    inject_lora(model, "*.query", 2, 1.0)
    assert not any(module.training for module in model.modules())
    mixed = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2).eval())
    inject_lora(mixed, "*", 2, 1.0)
    assert (mixed[0].lora.training, mixed[1].lora.training) == (True, False)


def test_a_wrapper_that_a_student_wrote_counts_as_one():
    class LinearWithLoRAByHand(nn.Module):
        def __init__(self, linear):
            super().__init__()
            self.linear, self.lora = linear, nn.Linear(4, 3)

    model = nn.Sequential(LinearWithLoRAByHand(nn.Linear(4, 3)), nn.Linear(3, 2))
    assert inject_lora(model, "*", 2, 1.0) == ["1"]
    with pytest.raises(ValueError, match="'0' is wrapped already, in LinearWithLoRAByHand"):
        inject_lora(model, "0", 2, 1.0)


def test_a_prefix_goes_before_attention_that_is_adapted_or_in_4_bits():
    ids, mask = torch.tensor([[4, 7, 2]]), torch.ones(1, 3, dtype=torch.bool)
    for change in (BY_NAME["LoRA"], quantize_linears):
        model = MiniLM(**SIZES)
        change(model)
        before = model(ids, mask)
        assert len(inject_prefix(model, 0)) == 2
        torch.testing.assert_close(model(ids, mask), before)


def test_a_name_that_reads_as_a_pattern_stands_for_itself():
    model = nn.ModuleDict({"a[0]": nn.Linear(3, 3), "a0": nn.Linear(3, 3)})
    assert inject_lora(model, "a[0]", 2, 1.0) == ["a[0]"]


def test_what_is_skipped_may_come_from_a_generator():
    model = nn.ModuleDict({"body": nn.Linear(4, 4), "head": nn.Linear(4, 4)})
    inject_qlora(model, "body", 2, 1.0, skip=(name for name in ["head"]))
    assert type(model["head"]) is nn.Linear
