"""What an adapter is, and what its file says of it, since numbers alone do not: which method, alpha and base.

`layers` has for each layer its wrapper's class and what that wrapper's numbers do not show: {"fc1": "LinearWithLoRA,
rank=2, alpha=0.1"}. Two adapters of equal shapes act alike only where these agree.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version

from packaging.version import Version
from torch import Tensor, nn

from lora_utils.quantization.stored_weights import is_stored
from lora_utils.wrappers.module_walk import Place, plain_state, walk, wrapped_child

LIBRARY = "peft-by-hand"


def adapter_layers(model: nn.Module) -> dict[str, tuple[nn.Module, dict[str, Tensor]]]:
    """What wrappers added to the model: by the layer's name, the wrapper and its tensors, without those it wraps.

    A module in no wrapper that has settings, such as a lone LoRALayer, is one, too. A layer that has several names
    comes under the first.
    """
    found, seen = {}, set()
    for place in walk(model):
        kept = wrapped_child(place.module)
        if (kept is None and not _is_lone(place)) or id(place.module) in seen:
            continue
        seen.add(id(place.module))
        state = plain_state(place.module)
        own = {key: value for key, value in state.items() if kept is None or not key.startswith(f"{kept}.")}
        found[place.name] = place.module, {f"{place.name}.{key}".lstrip("."): value for key, value in own.items()}
    return found


def statement(model: nn.Module, saved: set[str]) -> dict[str, str | dict[str, str]]:
    """What a file with these tensors says of itself.

    Args:
        model: the model that they are of.
        saved: the names of all tensors in the file; what is in it is no part of the base.

    Returns:
        library: its name and version. base: a hash of the names and shapes of everything frozen, as they were before
        anything was wrapped. scaling: that alpha is the factor itself, not to be divided by a rank. layers: by name,
        what each one is.
    """
    layers = {name: _described(layer) for name, (layer, _) in adapter_layers(model).items()}
    return {"library": _library(), "base": _base(model, saved), "scaling": "alpha", "layers": layers}


def refuse_other(said: dict, own: dict, file: str) -> None:
    """Raise ValueError where a file's statement is not the one that the model would make.

    Args:
        said: the file's; empty where it has none.
        own: the model's, from `statement`.
        file: what to call it.
    """
    if own.keys() - said.keys():
        raise ValueError(
            f"{file} does not say which method, rank and alpha its numbers belong to; save it again by save_adapter, "
            "from a model that was prepared as the one it was trained in"
        )
    theirs, ours = said["layers"], own["layers"]
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            pair = f"{theirs.get(name, 'nothing')} in the file, {ours.get(name, 'nothing')} in the model"
            raise ValueError(f"{name!r} is {pair}; prepare the model as the file says")
    if said["scaling"] != own["scaling"]:
        raise ValueError(f"{file} scales by {said['scaling']!r}, and this library by {own['scaling']!r} itself")
    if said["base"] != own["base"]:
        raise ValueError(
            f"{file} belongs to a base with other names or shapes (hash {said['base']}, this one's is {own['base']}); "
            "load it into the model that it was trained over"
        )
    made, here = said["library"].rpartition(" ")[2], own["library"].rpartition(" ")[2]
    if Version(made) > Version(here):
        raise ValueError(f"{file} was written by {LIBRARY} {made}, and {here} is installed; install {made} or later")


def _is_lone(place: Place) -> bool:
    """Whether a module was put in by hand: it has settings, and no wrapper around it."""
    return place.origin is not None and hasattr(place.module, "adapter_settings")


def _described(layer: nn.Module) -> str:
    """A wrapper's class and settings; those of the LoRALayer inside where it has none to tell."""
    told = next((one for one in (layer, getattr(layer, "lora", None)) if hasattr(one, "adapter_settings")), None)
    settings = told.adapter_settings() if told else {}
    return ", ".join([type(layer).__name__, *(f"{name}={value}" for name, value in settings.items())])


def _base(model: nn.Module, saved: set[str]) -> str:
    """A hash of the frozen model's names and shapes; a weight in 4 bits has the shape that it stands for."""
    shapes = (one for place in walk(model) for one in _shapes(place, saved))
    return hashlib.sha256("\n".join(sorted(shapes)).encode()).hexdigest()[:16]


def _shapes(place: Place, saved: set[str]) -> list[str]:
    module = place.module
    if place.origin is None or wrapped_child(module) is not None or _is_lone(place):
        return []
    if is_stored(module):
        shapes = {"weight": (module.out_features, module.in_features)}
        shapes |= {} if module.bias is None else {"bias": tuple(module.bias.shape)}
    else:
        kept = {k: buffer for k, buffer in module._buffers.items() if k not in module._non_persistent_buffers_set}
        tensors = {**module._parameters, **kept}
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items() if tensor is not None}
    own = {name: shape for name, shape in shapes.items() if f"{place.name}.{name}".lstrip(".") not in saved}
    return [f"{place.origin}.{name} {shape}" for name, shape in own.items()]


def _library() -> str:
    try:
        return f"{LIBRARY} {version(LIBRARY)}"
    except PackageNotFoundError:  # a copy of the folder without an installation
        return f"{LIBRARY} 0"
