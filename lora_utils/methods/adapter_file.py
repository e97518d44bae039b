"""Saving what was trained and nothing else: the adapter's factors and the new head, without the base model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from lora_utils.methods.linear_with_lora import LinearWithLoRA
from lora_utils.methods.lora import LoRALayer


def adapter_state(model: nn.Module, also: Iterable[str] = ()) -> dict[str, torch.Tensor]:
    """Return the state of every LoRALayer and of the modules named in `also`.

    Args:
        model: a model with LoRA inside.
        also: dotted names of modules that were trained too, usually the new head. A head that is left out is the most
            frequent reason why a reloaded adapter predicts at random (huggingface/peft #310).

    Returns:
        Names as in model.state_dict(), tensors as copies on the CPU.

    Raises:
        ValueError: if `also` names a module that the model does not have, or there is nothing to save.
    """
    wanted = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    known = {name for name, _ in model.named_modules()}
    for name in also:
        if name not in known:
            raise ValueError(
                f"the model has no module {name!r}; it has {', '.join(n for n, _ in model.named_children())}"
            )
        wanted.append(name)
    prefixes = tuple(name + "." for name in wanted)
    state = {k: v.detach().cpu().clone() for k, v in model.state_dict().items() if k.startswith(prefixes)}
    if not state:
        raise ValueError("the model has no LoRA layer to save; call inject_lora first")
    return state


def save_adapter(model: nn.Module, path: str | Path, also: Iterable[str] = ()) -> int:
    """Write the adapter to a safetensors file and return the file's size in bytes.

    Args:
        model: a model with LoRA inside.
        path: the file to write; an existing one is replaced only once the new one is complete.
        also: as in adapter_state.

    Explained in lab 06_linear_with_lora.
    """
    from safetensors.torch import save_file

    path = Path(path)
    part = path.with_name(path.name + ".part")
    save_file(adapter_state(model, also), part)
    part.replace(path)
    return path.stat().st_size


def load_adapter(model: nn.Module, path: str | Path) -> list[str]:
    """Copy a saved adapter into a model that has LoRA at the same places, and return the names it filled.

    Nothing is changed unless everything fits. The base model's own weights stay as they are, so adapters can be swapped
    over one base.

    Args:
        model: a model prepared as the saved one was: same layers injected, same rank, same head size.
        path: a file from save_adapter.

    Raises:
        ValueError: if the model is merged, the file has a tensor the model lacks, lacks one of the model's LoRA
            factors, or a shape differs; the message names it.

    Explained in lab 06_linear_with_lora.
    """
    from safetensors.torch import load_file

    if any(isinstance(module, LinearWithLoRA) and module.merged for module in model.modules()):
        raise ValueError("the model's LoRA is merged, so new factors would not act; call unmerge_lora(model) first")
    saved, own = load_file(path), model.state_dict()
    expected = {
        f"{name}.{key}" for name, module in model.named_modules() if isinstance(module, LoRALayer)
        for key in module.state_dict()
    }  # fmt: skip
    if unknown := sorted(set(saved) - set(own)):
        raise ValueError(
            f"{Path(path).name} has {unknown[0]!r}, which the model lacks; inject LoRA at the same layers first"
        )
    if missing := sorted(expected - set(saved)):
        raise ValueError(f"{Path(path).name} lacks {missing[0]!r}; it was saved from a model with fewer adapted layers")
    for name, value in saved.items():
        if value.shape != own[name].shape:
            shapes = f"{tuple(value.shape)} in the file, {tuple(own[name].shape)} in the model"
            raise ValueError(f"{name!r} has shape {shapes}; use the rank and the head size it was saved with")
    with torch.no_grad():
        for name, value in saved.items():
            own[name].copy_(value)
    return sorted(saved)
