"""Saving what was trained and nothing else: what a method added and the new head, without the base model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from lora_utils.wrappers.merging import Mergeable
from lora_utils.wrappers.module_walk import as_names, plain_state, walk
from lora_utils.wrappers.statement import adapter_layers, refuse_other, statement


def adapter_state(model: nn.Module, also: str | Iterable[str] = ()) -> dict[str, torch.Tensor]:
    """Return the state of everything that a method added to the model, and of the modules named in `also`.

    Args:
        model: a model with LoRA, DoRA, IA3, adapters, a prefix or a prompt inside.
        also: dotted names of modules that were trained too, usually the new head; one name or several. A head that is
            left out is the most frequent reason why a reloaded adapter predicts at random (huggingface/peft #310).

    Returns:
        Names as in model.state_dict(), of a compiled model as before it was compiled, tensors as copies on the CPU.

    Raises:
        ValueError: if `also` names a module that the model does not have, or there is nothing to save.
    """
    also = as_names(also)
    modules = {place.name: place.module for place in walk(model) if place.name}
    state = {name: value for _, tensors in adapter_layers(model).values() for name, value in tensors.items()}
    for name in also:
        if name not in modules:
            raise ValueError(
                f"the model has no module {name!r}; it has {', '.join(n for n in modules if '.' not in n) or 'none'}"
            )
        state |= {f"{name}.{key}": value for key, value in plain_state(modules[name]).items()}
    if not state:
        raise ValueError("the model has no LoRA layer to save; call inject_lora first")
    rows = torch.contiguous_format  # safetensors stores no other order
    return {name: value.detach().cpu().clone(memory_format=rows) for name, value in state.items()}


def save_adapter(model: nn.Module, path: str | Path, also: str | Iterable[str] = ()) -> int:
    """Write the adapter to a safetensors file and return the file's size in bytes.

    Beside the tensors it holds what they do not show, and load_adapter checks: method, rank and alpha of each layer, a
    hash of the base's names and shapes, and this library's version.

    Args:
        model: as in adapter_state; merged or not, the file is the same.
        path: the file to write; an existing one is replaced only once the new one is complete.
        also: as in adapter_state.

    Raises:
        ValueError: as adapter_state.

    Explained in lab 06_linear_with_lora.
    """
    from safetensors.torch import save_file

    path = Path(path)
    part = path.with_name(path.name + ".part")
    state = adapter_state(model, also)
    save_file(state, part, metadata={"adapter": json.dumps(statement(model, set(state)), separators=(",", ":"))})
    part.replace(path)
    return path.stat().st_size


def load_adapter(model: nn.Module, path: str | Path) -> list[str]:
    """Copy a saved adapter into a model that was prepared as the saved one, and return the names it filled.

    Nothing is changed unless everything fits. The base model's own weights stay as they are, so adapters can be swapped
    over one base.

    Args:
        model: a model prepared as the saved one was: same method, layers, rank and alpha, same head size, same base.
        path: a file from save_adapter.

    Raises:
        ValueError: if the model is merged, the file has a tensor the model lacks, lacks one of those that the model's
            method added, a shape differs, or the file says that it is of another method, rank, alpha or base, or of a
            newer version of this library; the message names what differs.

    Explained in lab 06_linear_with_lora.
    """
    from safetensors import safe_open

    if any(isinstance(module, Mergeable) and module.merged for module in model.modules()):
        raise ValueError(
            "the model is merged, so new numbers would not act; call unmerge_lora(model) or unmerge_ia3(model) first"
        )
    file = Path(path).name
    with safe_open(path, "pt") as opened:
        said = json.loads((opened.metadata() or {}).get("adapter", "{}"))
        saved = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    own = plain_state(model)
    expected = {name for _, tensors in adapter_layers(model).values() for name in tensors}
    if unknown := sorted(set(saved) - set(own)):
        raise ValueError(f"{file} has {unknown[0]!r}, which the model lacks; inject LoRA at the same layers first")
    if missing := sorted(expected - set(saved)):
        raise ValueError(f"{file} lacks {missing[0]!r}; it was saved from a model with fewer adapted layers")
    for name, value in saved.items():
        if value.shape != own[name].shape:
            shapes = f"{tuple(value.shape)} in the file, {tuple(own[name].shape)} in the model"
            raise ValueError(f"{name!r} has shape {shapes}; use the rank and the head size it was saved with")
        if name.endswith("_extra_state") and not torch.equal(value, own[name]):
            raise ValueError(
                f"{name!r} says that the codes beside it are of another table or other blocks than the model's"
            )
    refuse_other(said, statement(model, set(saved)), file)
    with torch.no_grad():
        for name, value in saved.items():
            own[name].copy_(value)
    return sorted(saved)
