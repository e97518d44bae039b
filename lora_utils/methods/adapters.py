"""Bottleneck adapters: small trainable networks put behind or beside the sublayers of a frozen encoder.

Letters: b batch (any leading axes), s sequence, d width, r bottleneck.
Source: Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", ICML 2019, arXiv 1902.00751, section 2.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from lora_utils.integers import at_least
from lora_utils.models.minilm import EncoderBlock
from lora_utils.reals import real
from lora_utils.wrappers.module_walk import Place, replace, walk
from lora_utils.wrappers.trained_dtype import trained_type

PLACEMENTS = ("houlsby", "pfeiffer", "parallel")
PARALLEL_SCALE = 4.0  # He et al. 2022 choose it by hand; it acts on `up` much like a larger learning rate


class BottleneckAdapter(nn.Module):
    """A small network with a way around it: x -> x + up(gelu(down(x))).

    `up` starts at zero, weight and bias, so the adapter starts as exactly the identity while `up` already receives a
    gradient. The paper draws both layers with a standard deviation of at most 0.01 and starts near the identity. It has
    2 d r + r + d trainable numbers.

    Args:
        width: d, size of the last axis of x, at least 1
        bottleneck: r, size inside, at least 1

    Shapes:
        x (..., d) -> (..., d)

    Raises:
        ValueError: a size is not a positive integer

    Source: Houlsby et al. 2019, section 2.1. Explained in lab 03_additive.
    """

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        width, bottleneck = at_least(1, "width", width), at_least(1, "bottleneck", bottleneck)
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def change(self, x: Tensor) -> Tensor:
        """What the adapter adds: up(gelu(down(x))), computed in the adapter's type and returned in that of x."""
        inner = self.down(x.to(self.down.weight.dtype))  # (..., d) -> (..., r)
        return self.up(F.gelu(inner)).to(x.dtype)  # (..., r) -> (..., d)

    def forward(self, x: Tensor) -> Tensor:
        """Return x + change(x)."""
        return x + self.change(x)


class AdapterBehind(nn.Module):
    """A frozen sublayer whose output goes through an adapter: adapter(sublayer(...)).

    Args:
        sublayer: any module that returns one tensor (b, s, d); kept, not copied, and frozen
        adapter: takes that tensor

    Shapes:
        whatever the sublayer takes, by position or by name, -> (b, s, d)

    Source: Houlsby et al. 2019, figure 2. Explained in lab 03_additive.
    """

    wraps = "sublayer"

    def __init__(self, sublayer: nn.Module, adapter: nn.Module) -> None:
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named) -> Tensor:
        """Return adapter(sublayer(...))."""
        return self.adapter(self.sublayer(*inputs, **named))


class AdapterBeside(nn.Module):
    """A frozen sublayer and an adapter on the same input: sublayer(x) + scale * change(x).

    Args:
        sublayer: any module x (b, s, d) -> (b, s, d); kept, not copied, and frozen
        adapter: a BottleneckAdapter; its way around is not used, since the sublayer stands in its place
        scale: the factor of the adapter's branch, any finite number (default 4)

    Raises:
        ValueError: the scale is not finite

    Source: He et al., "Towards a Unified View of Parameter-Efficient Transfer Learning", ICLR 2022, arXiv 2110.04366,
    section 3.3 (scaled parallel adapter). Explained in lab 03_additive.
    """

    wraps = "sublayer"

    def __init__(self, sublayer: nn.Module, adapter: BottleneckAdapter, scale: float = PARALLEL_SCALE) -> None:
        super().__init__()
        scale = real("scale", scale)
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Return sublayer(x) + scale * change(x)."""
        return self.sublayer(x) + self.scale * self.adapter.change(x)

    def adapter_settings(self) -> dict[str, float]:
        """What an adapter file says of it besides its numbers."""
        return {"scale": float(self.scale)}


def inject_adapters(model: nn.Module, bottleneck: int, placement: str = "houlsby") -> list[str]:
    """Put a fresh adapter into every EncoderBlock of the model, in place; no output changes by a bit.

    Only the wrapped sublayers are frozen; freeze the rest of the model first if it should not train. The layer norms
    stay as they are: Houlsby et al. train them beside the adapters (2 d numbers each), which is one line more:
    `norm.requires_grad_(True)`. Adapters are float32 in a model of 16 bits, too (see wrappers/trained_dtype.py).

    Args:
        model: any module that holds EncoderBlocks: a SentenceClassifier, a MiniLM, or some of its blocks, as in
            `inject_adapters(encoder.blocks[3:], 16)`
        bottleneck: r, at least 1
        placement: "houlsby", behind attention and behind the feed-forward layers, each before the residual is added
            (default); "pfeiffer", behind the feed-forward layers alone; "parallel", beside the feed-forward layers,
            scaled by 4

    Returns:
        The names of the sublayers that were wrapped, in the model's order.

    Raises:
        ValueError: an unknown placement, a bottleneck below 1, no EncoderBlock, or adapters that are there already;
            the model is then as it was

    Source: Houlsby et al. 2019, section 2; Pfeiffer et al., "AdapterFusion", EACL 2021, arXiv 2005.00247 (one adapter
    a block); He et al. 2022, section 3.3. Explained in lab 03_additive.
    """
    if placement not in PLACEMENTS:
        raise ValueError(f"placement must be one of {', '.join(PLACEMENTS)}, got {placement!r}")
    places = list(walk(model))
    for place in places:
        if isinstance(place.module, AdapterBehind | AdapterBeside):
            raise ValueError(f"{place.name!r} has an adapter already; inject into a fresh model")
    wrapper = AdapterBeside if placement == "parallel" else AdapterBehind
    sublayers = ("attention", "feed_forward") if placement == "houlsby" else ("feed_forward",)
    chosen = [place for place in places if isinstance(place.parent, EncoderBlock) and place.child in sublayers]
    if not chosen:
        raise ValueError(f"{type(model).__name__} holds no EncoderBlock, so there is no place for an adapter")

    def make(place: Place) -> nn.Module:
        norm = place.parent.attention_norm.weight  # (d,)
        adapter = BottleneckAdapter(len(norm), bottleneck).to(norm.device, trained_type(norm.dtype))
        return wrapper(place.module, adapter)

    return replace(chosen, make)
