"""One walk over a model's modules: where each one hangs, which of them may be replaced, and replacing all or none.

Every method that changes a model goes through here: LoRA, rsLoRA, DoRA, IA3, adapters, prefixes, QLoRA.
A wrapper is a module that took another one's place and keeps it as a child, named in its attribute `wraps`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from glob import escape
from typing import NamedTuple

import torch
from torch import Tensor, nn

Names = str | Iterable[str]

# Children under which torch keeps a module that it compiled, checkpoints or shards: parts of no name that a user gave.
TRANSPARENT = frozenset({"_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module"})
COPYING = (nn.DataParallel, nn.parallel.DistributedDataParallel)  # they keep the model under the name `module`


class Place(NamedTuple):
    """Where a module hangs.

    Args:
        name: dotted, as in model.named_modules(), without what torch.compile and its like put in; "" for the model.
        module: what hangs there.
        parent, child: it is getattr(parent, child); None and "" for the model itself.
        origin: its name before anything was wrapped; None for what a wrapper added.
        free: whether it may be replaced. What a wrapper added may not, and neither may the linear layer that it keeps:
            LoRA beside the A of a LoRA, or inside a DoRA that is to be merged, acts on nothing or breaks it.
    """

    name: str
    module: nn.Module
    parent: nn.Module | None
    child: str
    origin: str | None
    free: bool


def walk(model: nn.Module) -> Iterator[Place]:
    """Every module in the model's order, the model first; one that has several names comes under each of them."""
    first = Place("", model, None, "", "", True)
    yield first
    yield from _below(first)


def _below(above: Place) -> Iterator[Place]:
    parent, kept = above.module, wrapped_child(above.module)
    for child, module in parent._modules.items():
        if module is None:
            continue
        unseen = _transparent(parent, child)
        name = above.name if unseen else f"{above.name}.{child}".lstrip(".")
        origin, free = above.origin, above.free
        if kept is None and not unseen and origin is not None:
            origin = f"{origin}.{child}".lstrip(".")
        elif kept is not None:
            origin = origin if child == kept else None
            free = free and child == kept and not _is_layer(module)
        place = Place(name, module, parent, child, origin, free)
        yield place
        yield from _below(place)


def _is_layer(module: nn.Module) -> bool:
    """Whether a module is a layer and not made of layers; a weight-normed nn.Linear has children and is one, too."""
    return isinstance(module, nn.Linear) or not module._modules


def _transparent(parent: nn.Module, child: str) -> bool:
    return child in TRANSPARENT or isinstance(parent, COPYING)


def plain_state(model: nn.Module) -> dict[str, Tensor]:
    """model.state_dict() under the names that the model has without torch.compile and its like."""
    while isinstance(model, COPYING):
        model = model.module
    state = model.state_dict()
    return {".".join(part for part in name.split(".") if part not in TRANSPARENT): state[name] for name in state}


def wrapped_child(module: nn.Module) -> str | None:
    """Under which name a wrapper keeps the module whose place it took; None for what is no wrapper.

    A class with a child `linear` and a child `lora` is one too: a LinearWithLoRA that a student wrote.
    """
    kept = getattr(type(module), "wraps", None)
    return "linear" if kept is None and {"linear", "lora"} <= module._modules.keys() else kept


def unwrapped(module: nn.Module) -> nn.Module:
    """What all wrappers around a module keep; the module itself where there is none."""
    while kept := wrapped_child(module):
        module = getattr(module, kept)
    return module


def as_names(given: Names) -> list[str]:
    """Return one name or several as a list; raise TypeError for what are no names."""
    several = isinstance(given, Iterable) and not isinstance(given, str | bytes | Tensor | nn.Module)
    names = list(given) if several else [given]
    for name in names:
        if not isinstance(name, str):
            came = type(name).__name__ if isinstance(name, nn.Module) else repr(name)
            raise TypeError(f"names must be a string or several strings, got {came}")
    return names


def find(model: nn.Module, names: Names, wanted: Callable[[nn.Module], bool], skip: Names = ()) -> list[Place]:
    """Return the places of the layers whose names match, in the model's order.

    A layer that has several names is found by any of them, and all of its places are returned.

    Args:
        model: any module.
        names: dotted names, or shell patterns such as "*.query".
        wanted: which modules are layers.
        skip: names or patterns of layers to leave out.

    Raises:
        TypeError: as as_names.
        ValueError: if `names` is empty, or a pattern, also of `skip`, matches no such layer that is free; the message
            says what there is.
    """
    names, skip = as_names(names), as_names(skip)
    places = list(walk(model))
    given = {place.name for place in places}  # a name stands for itself, also one that reads as a pattern: "a[0]"
    names, skip = ([escape(one) if one in given else one for one in many] for many in (names, skip))
    layers = [place for place in places if place.free and wanted(place.module)]
    there = ", ".join(place.name or "itself" for place in layers) or "none"
    if not names:
        raise ValueError(f"no name was given; give at least one, or a pattern such as '*'; the model has {there}")
    for pattern in [*names, *skip]:
        if any(fnmatchcase(place.name, pattern) for place in layers):
            continue
        for place in places:
            kept = wrapped_child(place.module)
            taken = place.free and kept is not None and _is_layer(getattr(place.module, kept))
            if taken and place.name and fnmatchcase(place.name, pattern):
                what = f"{pattern!r} is wrapped already, in {type(place.module).__name__}"
                raise ValueError(f"{what}; inject into a fresh model, or choose other layers")
        raise ValueError(f"no linear layer is called {pattern!r}; the model has {there}")
    hit = {id(p.module) for p in layers if any(fnmatchcase(p.name, pattern) for pattern in names)}
    left = {id(p.module) for p in layers if any(fnmatchcase(p.name, pattern) for pattern in skip)}
    return [place for place in layers if id(place.module) in hit - left]


@torch.inference_mode(False)  # or what is new could never be trained
@torch.no_grad()
def replace(places: Iterable[Place], make: Callable[[Place], nn.Module]) -> list[str]:
    """Put a new module at every place, or, if one cannot be made, leave the model as it was.

    A module that hangs at several places is replaced once, by one new module at all of them. What is new takes over
    whether it is training or evaluating.

    Args:
        places: from `find` or `walk`.
        make: a place -> the module to put there, which may keep and freeze the old one.

    Returns:
        The names of the places.

    Raises:
        ValueError: if a module is the model itself, which hangs nowhere, or compiled by itself.
        Whatever `make` raises; nothing is replaced or frozen then.
    """
    places = list(places)
    for place in places:
        if not place.name or place.child == "_orig_mod":
            kind = type(place.module).__name__
            what = f"{place.name!r} is compiled by itself" if place.name else f"the model is itself the {kind}"
            raise ValueError(f"{what}, so there is no place to put another layer; hand over a module that holds it")
    trainable = [(p, p.requires_grad) for place in places for p in place.module.parameters()]
    made: dict[int, nn.Module] = {}
    put: list[Place] = []
    try:
        for place in places:
            if id(place.module) not in made:
                made[id(place.module)] = _in_its_mode(make(place), place.module)
        for place in places:
            put.append(place)
            setattr(place.parent, place.child, made[id(place.module)])
    except BaseException:
        for place in put:
            setattr(place.parent, place.child, place.module)
        for parameter, before in trainable:
            parameter.requires_grad_(before)
        raise
    return [place.name for place in places]


def _in_its_mode(new: nn.Module, old: nn.Module) -> nn.Module:
    kept = set(old.modules())
    for module in new.modules():
        if module not in kept:
            module.training = old.training
    return new
