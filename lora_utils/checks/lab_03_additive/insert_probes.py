"""Probes of lab 03's insert_adapters: a small model, spies in the place of adapter and wrapper, and what became of it.

Letters: d width, r bottleneck. With spies the exercise depends on no other one.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.models.minilm import EncoderBlock, MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier


class SpyAdapter(nn.Module):
    """An adapter that notes how it was made; what its arguments are called is its own affair."""

    def __init__(self, d, r, /) -> None:
        super().__init__()
        self.made = (d, r)
        self.number = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x."""
        return x


class SpyWrapper(nn.Module):
    """A wrapper that notes what it was given, under names of its own: what a wrapper is, its class says."""

    def __init__(self, spied, behind, /) -> None:
        super().__init__()
        self.spied, self.behind = spied, behind

    def forward(self, *inputs, **named) -> torch.Tensor:
        """Return adapter(sublayer(...))."""
        return self.behind(self.spied(*inputs, **named))


class SpecialWrapper(SpyWrapper):
    """A wrapper of a class that inherits from the one that is handed over."""


class SpecialBlock(EncoderBlock):
    """A block of a class that inherits from EncoderBlock."""


class NoBlock(nn.Module):
    """Has parts of the same names as a block, and is none."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention, self.feed_forward = nn.Linear(width, width), nn.Linear(width, width)
        self.attention_norm = self.feed_forward_norm = nn.LayerNorm(width)


def insert_steps(
    insert,
    *,
    width: int,
    blocks: int,
    bottleneck: int,
    calls: int = 1,
    inside: str = "classifier",
    already: str = "",
    by: str = "wrapper",
    special: int = 0,
    named_alike: bool = False,
    outside: bool = False,
) -> dict:
    """Probe: insert adapters into a small model, once or more; what each place then holds and what trains.

    `inside` says what is handed over: the whole classifier, its encoder, its last two blocks, the last block itself, or
    the classifier deep in something else. `already` names a place that is wrapped beforehand, such as "2.attention", by
    the wrapper or by a "subclass" of it; `outside` wraps the head. Block `special` is of a subclass, and
    beside the encoder there is something with the same names that is no block. Each block has a
    width of its own, and the last is in evaluation mode.
    """
    encoder = MiniLM(vocabulary=11, width=width, blocks=blocks, heads=2, inner=2 * width + 2, positions=6)
    for k in range(1, blocks):
        encoder.blocks[k] = (SpecialBlock if k == special else EncoderBlock)(width + 2 * k, 2, 2 * width + 6)
    if named_alike:  # a layer that has what a wrapper might have, and is none
        encoder.blocks[0].attention.adapter = encoder.blocks[0].feed_forward.sublayer = "none"
    model = SentenceClassifier(encoder.requires_grad_(False), 3)
    if special:
        model.other = NoBlock(width)
    if outside:
        model.head = SpyWrapper(model.head, SpyAdapter(3, bottleneck))
    encoder.blocks[-1].eval()
    given = {"classifier": model, "encoder": encoder, "upper": encoder.blocks[-2:], "block": encoder.blocks[-1],
             "deep": nn.Sequential(nn.ModuleDict({"text": model}))}[inside]  # fmt: skip
    before, raised = dict(model.named_modules()), []
    modes = {name: module.training for name, module in before.items()}
    held = [(name, p, p.detach().clone()) for name, p in model.named_parameters()]
    trainable = {name for name, p in model.named_parameters() if p.requires_grad}
    if already:
        index, child = already.split(".")
        block = encoder.blocks[int(index)]
        kind = SpecialWrapper if by == "subclass" else SpyWrapper
        setattr(block, child, kind(getattr(block, child), SpyAdapter(width + 2 * int(index), bottleneck)))
    for _ in range(calls):
        try:
            insert(given, bottleneck, SpyAdapter, SpyWrapper)
            raised.append(None)
        except NotImplementedError:
            raise
        except Exception as error:
            if calls == 1 and not already and not isinstance(error, ValueError):
                raise
            raised.append("ValueError" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
    places, adapters = {}, []
    for index, block in enumerate(b for b in model.modules() if isinstance(b, EncoderBlock)):
        for child in ("attention", "feed_forward"):
            module = getattr(block, child)
            wrapped = isinstance(module, SpyWrapper)
            adapter = module.behind if wrapped else None
            adapters.append(adapter)
            places[f"{index}.{child}"] = {
                "wrapped": wrapped,
                "otherwise": not wrapped and module is not before[f"encoder.blocks.{index}.{child}"],
                "own": (module.spied if wrapped else module) is before[f"encoder.blocks.{index}.{child}"],
                "twice": wrapped and isinstance(module.spied, SpyWrapper),
                "adapter": isinstance(adapter, SpyAdapter),
                "made": [int(n) for n in adapter.made] if isinstance(adapter, SpyAdapter) else [],
                "trains": isinstance(adapter, SpyAdapter) and adapter.number.requires_grad,
            }
    elsewhere = [name for name, m in model.named_modules() if isinstance(m, SpyWrapper) and m is not before.get(name)]
    known = {f"encoder.blocks.{name}" for name in places}
    real = [id(a) for a in adapters if a is not None]
    now = {name.replace(".spied.", ".") for name, p in model.named_parameters() if p.requires_grad}
    return {
        "raised": raised,
        "places": places,
        "shared": len(set(real)) < len(real),
        "elsewhere": [name for name in elsewhere if name not in known and not name.endswith(".spied")],
        "frozen_now": sorted(trainable - now),
        "trainable_now": sorted(name for name in now - trainable if ".behind." not in name),
        "changed": sorted(name for name, p, value in held if not torch.equal(p, value)),
        "other_mode": sorted(name for name, module in before.items() if module.training != modes[name]),
    }
