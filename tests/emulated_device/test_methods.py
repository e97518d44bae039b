"""Every method on the device: put into a model that lies there, or moved there with it, it computes as on the CPU."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from emulated_device import DEVICE
from lora_utils import methods as m
from lora_utils.data.batches import Examples
from lora_utils.models.decoder import Decoder
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier
from lora_utils.training import accuracy, freeze, train

pytestmark = [pytest.mark.device, pytest.mark.usefixtures("no_float64")]
LENGTH, CLASSES, WORDS = 7, 3, 23


def encoder() -> SentenceClassifier:
    torch.manual_seed(3)
    made = MiniLM(vocabulary=WORDS, width=12, blocks=2, heads=3, inner=20, positions=LENGTH + 4, segments=2)
    return SentenceClassifier(made, CLASSES)


def decoder() -> nn.Module:
    torch.manual_seed(4)
    return Scores(Decoder(vocabulary=WORDS, width=24, blocks=2, heads=6, kv_heads=2, inner=40))


class Scores(nn.Module):
    """A decoder as a classifier: the scores of the first few words after the text."""

    def __init__(self, model: Decoder) -> None:
        super().__init__()
        self.model, self.prefix = model, None

    def forward(self, ids):
        caches = None if self.prefix is None else self.prefix.caches(len(ids))
        return self.model(ids, caches=caches)[:, -1, :CLASSES]


def texts() -> Examples:
    drawn = torch.Generator().manual_seed(5)
    ids = torch.randint(1, WORDS, (11, LENGTH), generator=drawn) * (
        torch.arange(LENGTH) < 4 + torch.arange(11)[:, None] % 4
    )
    return Examples(ids, torch.randint(CLASSES, (11,), generator=drawn))


def changed(change):
    """A method that changes a frozen classifier in place."""

    def build(place):
        model = freeze(encoder()).to(place)
        change(model)
        model.head.requires_grad_(True)
        return model

    return build


def prompt(words=False, **how):
    def build(place):
        model = freeze(encoder()).to(place)
        start = model.encoder.words.weight[torch.tensor([4, 2, 9], device=place)] if words else None
        return m.PromptTuned(model, 3, init=start, **how)

    return build


def decoder_with(change):
    def build(place):
        model = freeze(decoder()).to(place)
        change(model.model)
        return model

    return build


def decoder_prefix(place, init=None):
    model = freeze(decoder()).to(place)
    model.prefix = m.DecoderPrefix(model.model, 3, init=None if init is None else torch.tensor(init, device=place))
    return model


LAYERS = ("*.query", "*.up")
METHODS = {
    "full": changed(lambda model: model.requires_grad_(True)),
    "BitFit": changed(m.unfreeze_biases),
    "houlsby": changed(lambda model: m.inject_adapters(model, 4)),
    "pfeiffer": changed(lambda model: m.inject_adapters(model, 4, "pfeiffer")),
    "parallel": changed(lambda model: m.inject_adapters(model, 4, "parallel")),
    "IA3": changed(m.inject_ia3),
    "prompt": prompt(),
    "prompt of words": prompt(words=True),
    "encoded prompt": prompt(reparameterized=True),
    "prefix": changed(lambda model: m.inject_prefix(model, 3)),
    "encoded prefix": changed(lambda model: m.inject_prefix(model, 3, reparameterized=True)),
    "prefix of words": changed(
        lambda model: m.inject_prefix(model, 3, init=model.encoder.words.weight[[1, 5, 2]].detach().clone())
    ),
    "LoRA": changed(lambda model: m.inject_lora(model, LAYERS, 2, 1.5)),
    "rsLoRA": changed(lambda model: m.inject_rslora(model, LAYERS, 2, 1.5)),
    "DoRA": changed(lambda model: m.inject_dora(model, LAYERS, 2, 1.5)),
    "QLoRA": changed(lambda model: m.inject_qlora(model, LAYERS, 2, 1.5, skip="head")),
    "QLoRA, scales in floats": changed(lambda model: m.inject_qlora(model, LAYERS, 2, 1.5, skip="head", double=False)),
    "4 bits": changed(lambda model: m.quantize_linears(model, "*.query", block=5)),
    "LoRA in a decoder": decoder_with(lambda model: m.inject_lora(model, "*.query", 2, 1.5)),
    "QLoRA, checkpointed": decoder_with(
        lambda model: (m.inject_qlora(model, "*", 2, 1.5), m.checkpoint_blocks(model.blocks))
    ),
    "decoder's prefix": decoder_prefix,
    "decoder's prefix of words": lambda place: decoder_prefix(place, [4, 1, 7]),
}


def stirred(model: nn.Module) -> nn.Module:
    """The same model with every trained number moved, alike on every device: what starts at zero is seen too."""
    drawn = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn(parameter.shape, generator=drawn).to(parameter.device)
    return model


def step(model: nn.Module) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Scores and gradients of one batch, on the CPU."""
    place = next(model.parameters()).device
    data = texts()
    scores = model(data.inputs.to(place))
    F.cross_entropy(scores, data.labels.to(place)).backward()
    return scores.detach().cpu(), {n: p.grad.cpu() for n, p in model.named_parameters() if p.grad is not None}


def all_there(model: nn.Module) -> bool:
    return {t.device.type for t in (*model.parameters(), *model.buffers())} == {torch.device(DEVICE).type}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_computes_on_the_device_what_it_computes_on_the_cpu(name):
    build = METHODS[name]
    scores, gradients = step(stirred(build("cpu")))
    there, moved = stirred(build(DEVICE)), stirred(build("cpu")).to(DEVICE)
    for model in (there, moved, copy.deepcopy(there)):
        assert all_there(model)
        seen, found = step(model)
        torch.testing.assert_close(seen, scores)
        assert found.keys() == gradients.keys()
        for key, gradient in gradients.items():
            torch.testing.assert_close(found[key], gradient)


@pytest.mark.parametrize("name", METHODS)
def test_a_state_dict_travels_between_the_devices(name):
    build = METHODS[name]
    there, here = stirred(build(DEVICE)), build("cpu")
    data = texts().inputs
    here.load_state_dict(there.state_dict())
    back = build(DEVICE)
    back.load_state_dict(here.state_dict())
    assert all_there(back)
    want = here(data)
    for model in (there, back):
        torch.testing.assert_close(model(data.to(DEVICE)).cpu(), want)


@pytest.mark.parametrize("name", METHODS)
def test_training_and_evaluation_go_the_same_way(name):
    data, ways = texts(), []
    for place in ("cpu", DEVICE):
        model = METHODS[name](place)
        history = train(model, data, epochs=2, lr=1e-2, batch_size=4, valid=data)
        ways.append((history.loss, history.accuracy, accuracy(model, data, 5)))
    (loss, valid, last), (loss_there, valid_there, last_there) = ways
    assert loss_there == pytest.approx(loss, rel=1e-4)
    assert (valid_there, last_there) == (valid, last)


def lora_undone(model):
    m.merge_lora(model)
    m.unmerge_lora(model)


def ia3_undone(model):
    m.merge_ia3(model)
    m.unmerge_ia3(model)


@pytest.mark.parametrize(
    ("name", "end", "rel"),
    [
        ("LoRA", m.merge_lora, 1e-5),
        ("LoRA", lora_undone, 0),
        ("rsLoRA", m.merge_lora, 1e-5),
        ("IA3", m.merge_ia3, 1e-5),
        ("IA3", ia3_undone, 0),
        ("QLoRA", m.merge_qlora, 1e-5),
        ("QLoRA", lambda model: m.merge_qlora(model, requantize=True), None),
        ("encoded prefix", m.fold_prefix, 1e-5),
        ("encoded prompt", lambda model: model.fold(), 1e-5),
        ("QLoRA, checkpointed", lambda model: m.forget_checkpoints(model.model.blocks), 0),
    ],
)
def test_what_training_leaves_is_folded_in_on_the_device(name, end, rel):
    model, data = stirred(METHODS[name](DEVICE)), texts().inputs.to(DEVICE)
    before = model(data).detach().cpu()
    end(model)
    assert all_there(model)
    after = model(data).detach().cpu()
    if rel is not None:
        torch.testing.assert_close(after, before, rtol=rel, atol=rel)


def test_dora_merges_on_the_device():
    layer = stirred(m.LinearWithDoRA(nn.Linear(6, 5), 2, 1.5).to(DEVICE))
    x = torch.arange(12.0).reshape(2, 6).to(DEVICE)
    torch.testing.assert_close(layer.to_linear()(x).cpu(), layer(x).detach().cpu())


@pytest.mark.parametrize("name", ["LoRA", "DoRA", "IA3", "QLoRA"])
def test_an_adapter_file_is_read_on_any_device(tmp_path, name):
    build, data = METHODS[name], texts().inputs
    saved = stirred(build(DEVICE))
    m.save_adapter(saved, tmp_path / "adapter.safetensors", also="head")
    want = saved(data.to(DEVICE)).detach().cpu()
    for place in ("cpu", DEVICE):
        model = build(place)
        m.load_adapter(model, tmp_path / "adapter.safetensors")
        torch.testing.assert_close(model(data.to(place)).detach().cpu(), want)


def test_lora_is_exported_to_peft_from_the_device(tmp_path):
    models = [stirred(METHODS["LoRA"](place)).encoder for place in ("cpu", DEVICE)]
    here, there = (m.peft_state(model) for model in models)
    for name, value in here.items():
        torch.testing.assert_close(there[name], value)
    assert len(m.export_peft(models[1], tmp_path)) == 2


def test_single_layers_stand_beside_what_they_are_given():
    x = torch.arange(-9.0, 9.0).reshape(3, 6)
    base = nn.Linear(6, 5)
    for make in (
        lambda place: m.LoRALayer(6, 5, 2, 1.5).to(place),
        lambda place: m.LinearWithLoRA(copy.deepcopy(base).to(place), 2, 1.5),
        lambda place: m.LinearWithDoRA(copy.deepcopy(base).to(place), 2, 1.5),
        lambda place: m.LinearWithIA3(copy.deepcopy(base).to(place), "input"),
        lambda place: m.BottleneckAdapter(6, 4).to(place),
    ):
        torch.manual_seed(1)
        here = stirred(make("cpu"))
        torch.manual_seed(1)
        there = stirred(make(DEVICE))
        assert all_there(there)
        torch.testing.assert_close(there(x.to(DEVICE)).detach().cpu(), here(x).detach())


def test_the_words_nearest_to_a_prompt_are_found_on_the_device():
    vectors, table = torch.randn(3, 6), torch.randn(9, 6)
    here, there = m.nearest_words(vectors, table, 2), m.nearest_words(vectors.to(DEVICE), table.to(DEVICE), 2)
    assert there.ids.tolist() == here.ids.tolist()
    torch.testing.assert_close(there.cosines.cpu(), here.cosines)
