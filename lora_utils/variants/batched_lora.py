"""BatchedLoRA: one base for many adapters, and each row of a batch has its own.

    y_n = linear(x_n) + alpha_k (x_n A_k B_k),   k = index[n];   y_n = linear(x_n) where index[n] is -1

Letters: b batch, s sequence (any axes between), i in_features, o out_features, r rank, n adapters.
Sources: Chen et al. 2023, Punica, arXiv 2310.18547; Sheng et al. 2023, S-LoRA, arXiv 2311.03285. Their kernels read a
row's factors where they lie; here they are gathered into a batch of their own, which costs a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lora_utils.methods.lora import LoRALayer
from lora_utils.quantization.current_weight import current_weight
from lora_utils.quantization.stored_weights import require_float_linear
from lora_utils.wrappers.trained_dtype import trained_type

NONE = -1  # the index of a row that no adapter serves


class BatchedLoRA(nn.Module):
    """A frozen linear layer, and trained paths of which each row of a batch names one.

    The paths are copied into two tensors, and the last place of these holds a path of zeros: index -1, which in torch
    is the last place, stands for the base alone. Paths are float32 beside a layer of 16 bits, too, as LinearWithLoRA's.

    Args:
        linear: the layer that all share, an nn.Linear with floats; kept, not copied, and frozen.
        paths: at least one trained LoRALayer, all of the layer's sizes and of one rank; their alphas may differ.

    Shapes:
        x (b, ..., i), index (b,) of whole numbers -> (b, ..., o); A (n + 1, i, r), B (n + 1, r, o), alpha in B.

    Raises:
        TypeError: if `linear` is no nn.Linear with floats.
        ValueError: if there is no path or their sizes differ; in forward, if the index is not one number for each row,
            from -1 to n - 1.

    Source: Chen et al. 2023 and Sheng et al. 2023, above. Explained in lab 11_lora_today.
    """

    A: Tensor
    B: Tensor

    def __init__(self, linear: nn.Linear, paths: Sequence[LoRALayer]) -> None:
        super().__init__()
        require_float_linear(linear, "BatchedLoRA serves", "dequantize it first")
        shapes = {(tuple(path.A.shape), tuple(path.B.shape)) for path in paths}
        sizes = {(shape_a[0], shape_b[1]) for shape_a, shape_b in shapes}
        if len(shapes) != 1 or sizes != {(linear.in_features, linear.out_features)}:
            raise ValueError(
                f"paths must be LoRALayers of one rank, from {linear.in_features} to {linear.out_features}, got "
                f"{[(tuple(path.A.shape), tuple(path.B.shape)) for path in paths]}"
            )
        self.linear = linear.requires_grad_(False)
        A, B = (torch.stack([getattr(path, name).detach() for path in paths]) for name in "AB")
        alpha = torch.tensor([path.alpha for path in paths], dtype=B.dtype, device=B.device)
        weight = current_weight(linear)
        own = weight.device, trained_type(weight.dtype)
        self.register_buffer("A", torch.cat([A, torch.zeros_like(A[:1])]).to(*own))  # (n + 1, i, r)
        self.register_buffer("B", torch.cat([alpha[:, None, None] * B, torch.zeros_like(B[:1])]).to(*own))

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        """Return for each row what the base and the row's own path give, shape (b, ..., o)."""
        last = len(self.A) - 2
        if index.shape != x.shape[:1] or index.is_floating_point() or index.dtype == torch.bool:
            shape = f"{tuple(index.shape)} of {index.dtype}"
            raise ValueError(f"index must hold one whole number for each of {len(x)} rows, got shape {shape}")
        if len(x) and not NONE <= int(index.min()) <= int(index.max()) <= last:
            raise ValueError(f"index must lie from {NONE} to {last}, got {index.tolist()}")
        index = index.long()  # to torch, bytes are a mask
        rows = x.unsqueeze(1).flatten(1, -2).to(self.A.dtype)  # (b, s, i), s = 1 where x has no such axis
        update = rows.bmm(self.A[index]).bmm(self.B[index])  # (b, s, i) @ (b, i, r) @ (b, r, o) -> (b, s, o)
        y = self.linear(x)  # (b, ..., o)
        return y + update.reshape(y.shape).to(y.dtype)
