"""VeRA: all layers share one pair of frozen random matrices, and each trains two vectors of its own.

    y = linear(x) + ((x A) * d) B * b

Letters: i in_features, o out_features, r rank; A (at least i, r) and B (r, at least o) serve the largest layer.
Source: Kopiczko et al. 2023, VeRA: Vector-based Random Matrix Adaptation, arXiv 2310.11454, section 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lora_utils.integers import at_least
from lora_utils.quantization.current_weight import current_weight
from lora_utils.quantization.stored_weights import is_stored, require_float_linear
from lora_utils.reals import real
from lora_utils.wrappers.module_walk import find, replace
from lora_utils.wrappers.trained_dtype import trained_type


class VeRALinear(nn.Module):
    """A frozen linear layer beside which only r + o numbers train: the scales d of the rank and b of the outputs.

    d starts at d_initial and b at zero, so the layer computes what it did before, while b already gets a gradient. All
    four are float32 beside a layer of 16 bits, too, as in LinearWithLoRA.

    Args:
        linear: the layer to adapt, an nn.Linear. It is kept, not copied, and frozen.
        A, B: shared by all layers and never trained; a layer takes the first i rows of A and the first o columns of B.
        d_initial: where every number of d starts (default 0.1, as in PEFT).

    Shapes:
        x (..., i) -> (..., o), in the type that linear(x) has; A (I, r) with I >= i; B (r, O) with O >= o; d (r,);
        b (o,).

    Raises:
        TypeError: if `linear` is not an nn.Linear with floats.
        ValueError: if A or B is too small for the layer, their ranks differ, or d_initial is not finite.

    Source: Kopiczko et al. 2023, equation 2. Explained in lab 11_lora_today.
    """

    wraps = "linear"

    def __init__(self, linear: nn.Linear, A: Tensor, B: Tensor, d_initial: float = 0.1) -> None:
        super().__init__()
        require_float_linear(linear, "VeRALinear wraps", "dequantize it first")
        i, o = linear.in_features, linear.out_features
        if A.shape[0] < i or B.shape[1] < o or A.shape[1] != B.shape[0]:
            raise ValueError(f"a layer {i} -> {o} needs A of at least ({i}, r) and B of at least (r, {o}), got "
                             f"{tuple(A.shape)} and {tuple(B.shape)}")  # fmt: skip
        self.linear = linear
        weight = current_weight(linear)
        A, B = (t.detach().to(weight.device, trained_type(weight.dtype)) for t in (A, B))
        # Views, so that all layers hold the same numbers; not saved, since a seed makes them again.
        self.register_buffer("A", A[:i], persistent=False)  # (i, r)
        self.register_buffer("B", B[:, :o], persistent=False)  # (r, o)
        self.d = nn.Parameter(A.new_full((A.shape[1],), real("d_initial", d_initial)))
        self.b = nn.Parameter(B.new_zeros(o))
        linear.requires_grad_(False)  # last, so that an error above leaves the layer as it was

    def forward(self, x: Tensor) -> Tensor:
        """Return linear(x) + ((x A) * d) B * b, shape (..., o)."""
        y = self.linear(x)  # (..., o)
        path = (x.to(self.d.dtype) @ self.A * self.d) @ self.B * self.b  # (..., i) -> (..., r) -> (..., o)
        return y + path.to(y.dtype)

    def adapter_settings(self) -> dict[str, str]:
        """What an adapter file says of it besides its numbers: a hash of A and B, which are not in the file."""
        both = b"".join(t.cpu().float().contiguous().numpy().tobytes() for t in (self.A, self.B))
        return {"matrices": hashlib.sha256(both).hexdigest()[:16]}


def shared_matrices(layers: Iterable[nn.Linear], rank: int, seed: int) -> tuple[Tensor, Tensor]:
    """One pair of random matrices for layers of any sizes, drawn as large as the largest needs.

    Uniform, with the bound that Kaiming's rule gives for the size that is summed over, as in PEFT.

    Args:
        layers: at least one.
        rank: r, at least 1.
        seed: of both; the generator outside is left as it was.

    Shapes:
        A (largest i, r), B (r, largest o).

    Raises:
        ValueError: if there is no layer, or rank is below 1.

    Source: Kopiczko et al. 2023, section 3.2. Explained in lab 11_lora_today.
    """
    sizes = [(layer.in_features, layer.out_features) for layer in layers]
    if not sizes:
        raise ValueError("shared matrices are as large as the largest layer needs; give at least one layer, got none")
    rank, (i, o) = at_least(1, "rank", rank), map(max, zip(*sizes, strict=True))
    draw = torch.Generator().manual_seed(seed)
    bound_A, bound_B = (6 / i) ** 0.5, (6 / rank) ** 0.5
    A = torch.empty(i, rank).uniform_(-bound_A, bound_A, generator=draw)
    return A, torch.empty(rank, o).uniform_(-bound_B, bound_B, generator=draw)


@torch.inference_mode(False)  # or the shared pair could not be part of a gradient
@torch.no_grad()
def inject_vera(model: nn.Module, names: str | Iterable[str], rank: int, seed: int = 0) -> list[str]:
    """Replace the linear layers whose names match by VeRALinear over one shared pair, in place.

    Args:
        model: any module that holds nn.Linear layers; freeze the rest of it first if it should not train.
        names: dotted module names, or shell patterns such as "*.query".
        rank: r of the shared pair, at least 1.
        seed: of the shared pair (default 0).

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: if there is no name, or a pattern matches no linear layer.
        TypeError: if it matches one that is stored in 4 bits.

    Explained in lab 11_lora_today.
    """
    places = find(model, names, lambda layer: isinstance(layer, nn.Linear) or is_stored(layer))
    pair = shared_matrices([place.module for place in places], rank, seed)
    require_float_linear(places[0].module, "VeRALinear wraps", "dequantize it first")
    weight = current_weight(places[0].module)
    A, B = (t.to(weight.device, trained_type(weight.dtype)) for t in pair)  # once, or layers would not share them
    return replace(places, lambda place: VeRALinear(place.module, A, B))
