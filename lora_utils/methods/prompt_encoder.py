"""A reparameterised prompt: while it is trained, a small network makes it.

Letters: l length of the prompt, d width of its vectors, f inner width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lora_utils.integers import at_least


class PromptEncoder(nn.Module):
    """Makes a prompt from a table of vectors and a network that all of its places share.

        prompt = up(tanh(down(table)))

    A step on the shared weights moves every place of the prompt at once. When the training is over, only the result is
    kept: `fold` returns it, and the network costs nothing at inference.

    Args:
        length: l, at least 0
        width: d, of the prompt's vectors, at least 1
        inner: f, at least 1 (default: half of the table's width)
        table_width: of the table's rows (default d)

    Shapes:
        forward takes nothing and returns (l, d)

    Raises:
        ValueError: a size out of range

    Source: Li and Liang, "Prefix-Tuning", ACL 2021, section 4.3 (an MLP over a table, for prefixes); Liu et al.,
    "GPT Understands, Too", 2021, section 2 (P-tuning, an LSTM and an MLP, for prompts). Lab 04 explains it.
    """

    def __init__(self, length: int, width: int, inner: int | None = None, table_width: int | None = None) -> None:
        super().__init__()
        length, width = at_least(0, "length", length), at_least(1, "width", width)
        table_width = at_least(1, "table_width", width if table_width is None else table_width)
        inner = at_least(1, "inner", max(1, table_width // 2) if inner is None else inner)
        self.table = nn.Parameter(torch.randn(length, table_width))
        self.down = nn.Linear(table_width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self) -> Tensor:
        """The prompt, (l, d), with gradients to the table and to both layers."""
        return self.up(torch.tanh(self.down(self.table)))  # (l, table width) -> (l, f) -> (l, d)

    @torch.no_grad()
    def fold(self) -> Tensor:
        """The prompt as plain numbers, (l, d): all that has to be kept after training."""
        return self()
