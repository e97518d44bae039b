"""Handing a trained LoRA over to Hugging Face's PEFT: other names, transposed factors, one more factor in alpha.

    lora_A.weight = A.T        lora_B.weight = B.T        lora_alpha = alpha * rank

PEFT scales by lora_alpha / r; this course's alpha stands in front of the product as it is.
Letters: i in_features, o out_features, r rank.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from lora_utils.methods.linear_with_lora import LinearWithLoRA
from lora_utils.models.minilm import PLACES
from lora_utils.wrappers.module_walk import walk, wrapped_child

PREFIX = "base_model.model."  # PEFT wraps the model twice, and its files say so
BASE = "sentence-transformers/all-MiniLM-L6-v2"


def bert_name(name: str) -> str:
    """What transformers' BertModel calls a module of `MiniLM`: "blocks.0.attention.query" becomes
    "encoder.layer.0.attention.self.query".

    Args:
        name: a dotted module name inside a MiniLM.

    Raises:
        ValueError: no layer of a MiniLM is called so.

    Explained in lab 09_capstone.
    """
    for theirs, ours in _EXACT:
        if name == ours or name.startswith(ours + "."):
            return theirs + name[len(ours) :]
    stem, number, inside = [*name.split(".", 2), "", ""][:3]
    if stem == "blocks" and number.isdigit():
        for theirs, ours in _INSIDE:
            if inside == ours or inside.startswith(ours + "."):
                return f"encoder.layer.{number}.{theirs}{inside[len(ours) :]}"
    raise ValueError(f"a MiniLM has no layer called {name!r}, so it has no name in a BertModel")


# The table of minilm.py read the other way. There the longer of two names that share an end comes first; here the
# longer of two that share a beginning must: "attention.output" before "attention".
_EXACT = tuple((theirs, ours) for theirs, ours in PLACES if theirs.startswith("embeddings."))
_INSIDE = tuple(
    sorted(
        ((theirs, ours) for theirs, ours in PLACES if not theirs.startswith(("embeddings.", "encoder."))),
        key=lambda pair: -len(pair[1]),
    )
)


def peft_state(encoder: nn.Module) -> dict[str, torch.Tensor]:
    """Every LoRA factor of an adapted MiniLM, under PEFT's name and in PEFT's shape.

    Args:
        encoder: a MiniLM with LinearWithLoRA inside; of a SentenceClassifier, its `encoder`.

    Returns:
        "base_model.model.<BERT's name>.lora_A.weight" (r, i) and "....lora_B.weight" (o, r), copies on the CPU,
        contiguous, since safetensors stores no other.

    Raises:
        ValueError: there is no LoRA inside, or something else beside it (DoRA, IA3, adapters, ...), or a wrapped layer
            has no name in BERT.

    Explained in lab 09_capstone.
    """
    state = {}
    for name, layer in _wrapped(encoder):
        theirs = PREFIX + bert_name(name)
        state[f"{theirs}.lora_A.weight"] = layer.lora.A.detach().cpu().T.contiguous().clone()  # (i, r) -> (r, i)
        state[f"{theirs}.lora_B.weight"] = layer.lora.B.detach().cpu().T.contiguous().clone()  # (r, o) -> (o, r)
    return state


def peft_config(encoder: nn.Module, base: str = BASE) -> dict:
    """What PEFT needs to know to put the factors back: rank, lora_alpha, and which layers.

    Args:
        encoder: as in peft_state.
        base: name or path of the model that the adapter belongs to.

    Raises:
        ValueError: there is no LoRA inside, or layers differ in rank or alpha; this file has one number for all.
    """
    layers = _wrapped(encoder)
    settings = {(layer.lora.A.shape[1], float(layer.lora.alpha)) for _, layer in layers}
    if len(settings) > 1:
        raise ValueError(f"all layers must share rank and alpha to be exported, got {sorted(settings)}")
    ((rank, alpha),) = settings
    return {
        "peft_type": "LORA",
        "base_model_name_or_path": base,
        "r": rank,
        "lora_alpha": alpha * rank,
        "target_modules": [bert_name(name) for name, _ in layers],
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "use_rslora": False,
        "use_dora": False,
        "inference_mode": True,
        "task_type": "FEATURE_EXTRACTION",
    }


def export_peft(encoder: nn.Module, folder: str | Path, head: nn.Module | None = None, base: str = BASE) -> list[Path]:
    """Write the adapter as PEFT's own two files, to be loaded by `PeftModel.from_pretrained(bert, folder)`.

    Args:
        encoder: as in peft_state. Merged or not, the factors are what is written.
        folder: is made if it is not there; files of the same names are replaced.
        head: is written beside them as head.safetensors. PEFT does not read it: this head sits on the mean of the token
            vectors, which no model class of transformers has.
        base: as in peft_config.

    Returns:
        the files written

    Raises:
        ValueError: as peft_config and peft_state; nothing is written then.

    Source: the checkpoint format of PEFT's documentation. Explained in lab 09_capstone.
    """
    from safetensors.torch import save_file

    folder = Path(folder)
    config, state = peft_config(encoder, base), peft_state(encoder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "adapter_config.json", folder / "adapter_model.safetensors"]
    paths[0].write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_file(state, paths[1], metadata={"format": "pt"})
    if head is not None:
        paths.append(folder / "head.safetensors")
        save_file({name: value.detach().cpu().contiguous() for name, value in head.state_dict().items()}, paths[2])
    return paths


def _wrapped(encoder: nn.Module) -> list[tuple[str, LinearWithLoRA]]:
    wrappers = [(place.name, place.module) for place in walk(encoder) if wrapped_child(place.module)]
    for name, module in wrappers:
        if not isinstance(module, LinearWithLoRA):
            raise ValueError(
                f"{name or 'the model'!r} is a {type(module).__name__}, which would be missing from the export: it "
                "holds LinearWithLoRA alone; keep this model by save_adapter, or export one with LoRA and nothing else"
            )
    if not wrappers:
        raise ValueError("there is no LinearWithLoRA inside; call inject_lora first, and hand over the encoder")
    return wrappers
