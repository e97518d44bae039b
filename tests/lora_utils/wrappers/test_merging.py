"""Merged is a state like any other: saved, loaded, moved, cast, tied and copied without a number lost."""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from lora_utils import LinearWithLoRA, inject_lora, merge_lora, unmerge_lora
from lora_utils.methods.ia3 import LinearWithIA3, merge_ia3, unmerge_ia3

IN, OUT = 7, 5


def lora(linear: nn.Linear) -> nn.Module:
    layer = LinearWithLoRA(linear, 3, 0.4)
    nn.init.normal_(layer.lora.B)
    return layer


def ia3(where: str):
    def make(linear: nn.Linear) -> nn.Module:
        layer = LinearWithIA3(linear, where)
        nn.init.normal_(layer.scale)
        return layer

    return make


KINDS = {"LoRA": lora, "IA3 output": ia3("output"), "IA3 input": ia3("input")}
every = pytest.mark.parametrize("wrap", KINDS.values(), ids=KINDS)


def model(wrap, seed=0, **kwargs) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(wrap(nn.Linear(IN, OUT, **kwargs)), nn.Tanh(), wrap(nn.Linear(OUT, 4, **kwargs)))


def merge(net: nn.Module) -> None:
    assert merge_lora(net) + merge_ia3(net) == 2


def unmerge(net: nn.Module) -> None:
    assert unmerge_lora(net) + unmerge_ia3(net) == 2


X = torch.randn(6, IN, generator=torch.Generator().manual_seed(3))


@every
def test_a_state_saved_while_merged_is_that_of_the_model_before(wrap):
    net, fresh = model(wrap), model(wrap, seed=1)
    before, plain = net(X), {name: value.clone() for name, value in net.state_dict().items()}
    merge(net)
    state = net.state_dict()
    assert list(state) == list(plain)
    assert all(torch.equal(value, plain[name]) for name, value in state.items())
    torch.testing.assert_close(net(X), before)  # and the model is merged as before
    fresh.load_state_dict(state)
    assert torch.equal(fresh(X), before)


@every
@pytest.mark.parametrize("assign", [False, True])
def test_a_state_loaded_while_merged_acts_and_is_not_undone(wrap, assign):
    net, other = model(wrap), model(wrap, seed=1)
    expected, state = other(X), other.state_dict()
    merge(net)
    net.load_state_dict(state, assign=assign)
    assert net[0].merged
    torch.testing.assert_close(net(X), expected)
    unmerge(net)
    assert torch.equal(net(X), expected)


@every
def test_a_state_that_does_not_fit_leaves_a_merged_model_merged(wrap):
    net = model(wrap)
    before = net(X)
    merge(net)
    with pytest.raises(RuntimeError, match="Missing key"):
        net.load_state_dict({})
    assert net[0].merged
    torch.testing.assert_close(net(X), before)


class Tied(nn.Module):
    """An embedding whose weight is the output layer's, too."""

    def __init__(self):
        super().__init__()
        self.embedding, self.middle, self.head = nn.Embedding(9, 6), nn.Linear(6, 6), nn.Linear(6, 9, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids):
        return self.head(torch.tanh(self.middle(self.embedding(ids))))


@every
def test_merging_a_tied_head_leaves_the_embedding_alone(wrap):
    torch.manual_seed(0)
    net, ids = Tied(), torch.arange(5)
    net.head = wrap(net.head)
    before, embedding = net(ids), net.embedding.weight.clone()
    net.head.merge()
    assert torch.equal(net.embedding.weight, embedding)
    torch.testing.assert_close(net(ids), before)
    copied = copy.deepcopy(net)
    for one in (net, copied):
        one.head.unmerge()
        assert one.head.linear.weight is one.embedding.weight
        assert torch.equal(one(ids), before)


def weight_normed(layer):
    return parametrizations.weight_norm(layer)


def spectral_normed(layer):
    return parametrizations.spectral_norm(layer)


def pruned(layer):
    prune.random_unstructured(layer, "weight", amount=0.3)
    return layer


def weight_normed_as_of_old(layer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nn.utils.weight_norm(layer)


@every
@pytest.mark.parametrize("change", [weight_normed, spectral_normed, pruned, weight_normed_as_of_old])
def test_a_weight_that_is_computed_at_each_call_is_refused_and_no_layer_merged(wrap, change):
    torch.manual_seed(0)
    net = nn.Sequential(wrap(nn.Linear(IN, OUT)), wrap(change(nn.Linear(OUT, OUT)))).eval()
    before = net(X)
    with pytest.raises(ValueError, match="merging needs a weight that is a parameter"):
        merge(net)
    assert not any(layer.merged for layer in net)
    assert torch.equal(net(X), before)


class Doubled(nn.Linear):
    """Computes more than its weight and bias do."""

    def forward(self, x):
        return 2 * super().forward(x)


class Named(nn.Linear):
    """A subclass that computes what nn.Linear does."""


@every
def test_a_layer_that_computes_something_else_is_refused_and_no_layer_merged(wrap):
    net = nn.Sequential(wrap(Named(IN, OUT)), wrap(Doubled(OUT, 4)))
    before = net(X)
    with pytest.raises(ValueError, match=r"computes x W\.T \+ b, and Doubled has a forward of its own"):
        merge(net)
    assert not any(layer.merged for layer in net)
    assert torch.equal(net(X), before)
    net[0].merge()
    torch.testing.assert_close(net(X), before)


def test_pruned_for_good_it_can_be_merged():
    layer = lora(pruned(nn.Linear(IN, OUT)))
    before = layer(X)
    prune.remove(layer.linear, "weight")
    layer.merge()
    torch.testing.assert_close(layer(X), before)


@every
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_sixteen_bits_are_rounded_once(wrap, dtype):
    torch.manual_seed(0)
    layer = wrap(nn.Linear(64, 48).to(dtype))
    weight = layer.linear.weight.double()
    if isinstance(layer, LinearWithLoRA):
        exact = weight + 0.4 * (layer.lora.A.double() @ layer.lora.B.double()).T
    else:
        exact = weight * (layer.scale.double()[:, None] if layer.where == "output" else layer.scale.double())
    layer.merge()
    off = (layer.linear.weight.double() - exact).norm() / (exact.to(dtype).double() - exact).norm()
    assert off < 1.001
    layer.unmerge()
    assert torch.equal(layer.linear.weight.double(), weight)


@every
def test_a_merged_model_is_moved_and_cast_with_what_waits(wrap):
    net = model(wrap)
    merge(net)
    net.double()
    assert {p.dtype for p in net.parameters()} == {torch.float64}
    unmerge(net)
    assert {p.dtype for p in net.parameters()} == {torch.float64}
    assert torch.equal(net(X.double()), model(wrap).double()(X.double()))
    merge(net.to("meta"))
    unmerge(net)
    assert {p.device.type for p in net.parameters()} == {"meta"}


@every
def test_merged_without_gradients_it_still_lets_them_through(wrap):
    net, x = model(wrap), X.clone().requires_grad_()
    with torch.inference_mode():
        merge(net)
    net(x).sum().backward()
    assert x.grad.any()


def test_what_is_trained_and_counted_stays_the_same():
    net = nn.Sequential(nn.Linear(IN, OUT))
    inject_lora(net, "*", 3, 0.4)
    names = [(name, p.requires_grad) for name, p in net.named_parameters()]
    merge_lora(net)
    assert [(name, p.requires_grad) for name, p in net.named_parameters()] == names
