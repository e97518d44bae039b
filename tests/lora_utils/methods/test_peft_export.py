"""The exported folder, loaded by the real PEFT over transformers' BertModel."""

import importlib.util
import json

import pytest
import torch
from torch import nn

from lora_utils import inject_lora
from lora_utils.methods import inject_adapters, inject_dora, inject_ia3, inject_prefix, inject_qlora
from lora_utils.methods.peft_export import bert_name, export_peft, peft_config, peft_state
from lora_utils.models.minilm import PLACES, MiniLM, from_bert

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}
RANK, ALPHA = 4, 0.3
NEARLY = ("wordsmith", "blocks.0.feed_forward.upper", "layers.0.attention.query")  # begin or end like a name


def adapted(names=("*.query", "*.output", "*.up"), seed=0):
    torch.manual_seed(seed)
    model = MiniLM(**SIZES).requires_grad_(False)
    inject_lora(model, names, RANK, ALPHA)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("lora.B"):
                parameter.normal_()
    return model


@pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
@pytest.mark.parametrize("names", [("*.query", "*.value"), ("*.key", "*.output", "*.up", "*.down")])
def test_peft_loads_it_and_computes_the_same(tmp_path, names):
    from peft import PeftModel
    from transformers import BertConfig, BertModel

    model = adapted(names)
    config = BertConfig(
        vocab_size=23,
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=20,
        max_position_embeddings=9,
        hidden_act="gelu",
        layer_norm_eps=1e-12,
        pad_token_id=0,
    )
    bert = BertModel(config).eval()
    plain = {name.replace(".linear.", "."): value for name, value in model.state_dict().items() if "lora." not in name}
    own = from_bert(bert.state_dict())
    assert set(own) == set(plain)
    renamed = {}
    for name in bert.state_dict():
        ours = next(iter(from_bert({name: torch.zeros(0)})), None)
        renamed[name] = plain[ours] if ours in plain else bert.state_dict()[name]
    bert.load_state_dict(renamed)
    ids = torch.randint(1, 23, (3, 7), generator=torch.Generator().manual_seed(5))
    mask = torch.arange(7) < torch.tensor([[7], [4], [1]])
    before = bert(ids, attention_mask=mask.long()).last_hidden_state
    export_peft(model, tmp_path)
    loaded = PeftModel.from_pretrained(bert, tmp_path).eval()
    after = loaded(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(model(ids, mask)[mask], after[mask])
    assert (after - before)[mask].abs().max() > 0.1, "the adapter must do something for this test to mean anything"


def test_every_place_of_the_table_is_found_again():
    torch.manual_seed(0)
    for name, _ in MiniLM(**SIZES).named_parameters():
        theirs = bert_name(name)
        assert list(from_bert({theirs: torch.zeros(1)})) == [name]
    assert bert_name("blocks.1.attention.output") == "encoder.layer.1.attention.output.dense"
    assert len(PLACES) == 11, "a new place needs a look at peft_export"
    for stranger in ("head", "blocks.x.attention", "blocks.0.lora", "blocks", *NEARLY):
        with pytest.raises(ValueError, match="no layer called"):
            bert_name(stranger)


def test_names_shapes_and_values():
    model = adapted(["blocks.1.feed_forward.up"])
    state = peft_state(model)
    stem = "base_model.model.encoder.layer.1.intermediate.dense"
    assert list(state) == [f"{stem}.lora_A.weight", f"{stem}.lora_B.weight"]
    lora = model.blocks[1].feed_forward.up.lora
    assert torch.equal(state[f"{stem}.lora_A.weight"], lora.A.T)
    assert torch.equal(state[f"{stem}.lora_B.weight"], lora.B.T)
    assert state[f"{stem}.lora_B.weight"].shape == (20, RANK)
    assert all(value.is_contiguous() and not value.requires_grad for value in state.values())
    assert peft_config(model)["lora_alpha"] == ALPHA * RANK
    assert peft_config(model)["target_modules"] == ["encoder.layer.1.intermediate.dense"]


def test_files_and_head(tmp_path):
    from safetensors.torch import load_file

    head = nn.Linear(12, 6)
    paths = export_peft(adapted(), tmp_path / "new", head, base="a/b")
    assert [path.name for path in paths] == ["adapter_config.json", "adapter_model.safetensors", "head.safetensors"]
    assert json.loads(paths[0].read_text())["base_model_name_or_path"] == "a/b"
    assert torch.equal(load_file(paths[2])["weight"], head.weight)


def test_what_cannot_be_exported_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="call inject_lora first"):
        export_peft(MiniLM(**SIZES), tmp_path / "none")
    mixed = adapted(["*.query"])
    inject_lora(mixed, "*.key", RANK + 1, ALPHA)
    with pytest.raises(ValueError, match="share rank and alpha"):
        export_peft(mixed, tmp_path / "none")
    stranger = nn.Sequential(nn.Linear(3, 2))
    inject_lora(stranger, "0", 1, 1.0)
    with pytest.raises(ValueError, match="no layer called '0'"):
        export_peft(stranger, tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("change", [lambda m: inject_dora(m, "*.value", RANK, ALPHA), inject_ia3,
                                    lambda m: inject_adapters(m, 3), lambda m: inject_prefix(m, 3),
                                    lambda m: inject_qlora(m, "*.value", RANK, ALPHA)])  # fmt: skip
def test_what_would_be_missing_from_the_export_is_named(tmp_path, change):
    model = adapted(["*.query"])
    change(model)
    with pytest.raises(ValueError, match="which would be missing from the export"):
        export_peft(model, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_compiled_encoder_is_exported_under_its_own_names():
    model = adapted(["*.query"])
    plain = peft_state(model)
    assert list(peft_state(torch.compile(model, backend="eager"))) == list(plain)
