"""A decoder of the Llama family in plain PyTorch: the architecture of SmolLM2.

Letters: b batch, s new tokens, t all tokens (those in the cache and the new ones), d width (576), n query heads (9),
k key and value heads (3), e width of a head (64), f feed-forward width (1536), v vocabulary (49152).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """Scales each vector to root mean square 1, then each coordinate by a learned weight.

        weight * x / sqrt(mean(x^2) + epsilon)

    Computed in float32 also for a bfloat16 input. (..., d) -> (..., d)

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019, equation 4.
    """

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape and dtype as x."""
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + self.epsilon)  # (..., 1)
        return self.weight * (wide * scale).to(x.dtype)


def rotary_angles(positions: Tensor, head_width: int, base: float) -> Tensor:
    """The angle by which each pair of coordinates is turned at each position: `position * base^(-2i/e)` for pair i.

    Args:
        positions: (s,), counted from 0
        head_width: e, even
        base: how fast the angles fall from pair to pair

    Returns:
        float32 (s, e/2), radians

    Source: Su et al., "RoFormer", 2021, section 3.2.2.
    """
    exponents = torch.arange(0, head_width, 2, device=positions.device) / head_width  # (e/2,)
    return positions[:, None] * base**-exponents  # (s, e/2)


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Turns the pairs (x0, x1), (x2, x3), ... of every head by their angles.

    A query at position i and a key at position j then have a product that depends on i - j only. Neighbours form a
    pair here, as in the paper and in gguf files; Hugging Face pairs x0 with x(e/2) and stores permuted weights.

    Args:
        x: (b, heads, s, e)
        angles: (s, e/2)

    Returns:
        (b, heads, s, e), in the dtype of x
    """
    cos, sin = angles.cos(), angles.sin()  # (s, e/2)
    first, second = x.float().unflatten(-1, (-1, 2)).unbind(dim=-1)  # (b, heads, s, e/2) each
    turned = torch.stack((first * cos - second * sin, first * sin + second * cos), dim=-1)  # (b, heads, s, e/2, 2)
    return turned.flatten(-2).to(x.dtype)  # (b, heads, s, e)


class Cache:
    """Keys and values of the tokens that one block has seen: what need not be computed again for the next token.

    A prefix of trained keys and values (prefix tuning) is a cache that is not empty at the start.

    Args:
        key: (b, k, s, e), turned already, or None
        value: (b, k, s, e), or None

    Lab 04 explains it.
    """

    def __init__(self, key: Tensor | None = None, value: Tensor | None = None) -> None:
        self.key, self.value = key, value

    @property
    def length(self) -> int:
        """Number of tokens in it."""
        return 0 if self.key is None else self.key.shape[2]

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Appends the new tokens, (b, k, s, e) each, and returns all of them, (b, k, t, e) each, in their type."""
        if self.key is not None:
            key = torch.cat((self.key.to(key.dtype), key), dim=2)  # (b, k, t, e)
            value = torch.cat((self.value.to(value.dtype), value), dim=2)  # (b, k, t, e)
        self.key, self.value = key, value
        return key, value


class GroupedAttention(nn.Module):
    """Causal attention in which n / k query heads share a key head and a value head.

    Args:
        width: d, a multiple of heads with an even quotient
        heads: n, a multiple of kv_heads
        kv_heads: k

    Shapes:
        x: (b, s, d); angles: (s, e/2); allowed: bool (b or 1, 1, s, t), True where a token may look; returns (b, s, d)

    Source: Ainslie et al., "GQA", EMNLP 2023, section 2.2. Lab 08 adapts it.
    """

    def __init__(self, width: int, heads: int, kv_heads: int) -> None:
        super().__init__()
        if heads < 1 or width % (2 * heads):
            raise ValueError(f"width must be a multiple of 2 * heads, got the width {width} and {heads} heads.")
        if kv_heads < 1 or heads % kv_heads:
            raise ValueError(f"heads must be a multiple of kv_heads, got {heads} heads and {kv_heads} kv_heads.")
        self.head_width = width // heads
        self.group = heads // kv_heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, kv_heads * self.head_width, bias=False)
        self.value = nn.Linear(width, kv_heads * self.head_width, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, angles: Tensor, allowed: Tensor, cache: Cache | None = None) -> Tensor:
        """Mixes each token with those it may look at."""
        query = rotate(self._split(self.query(x)), angles)  # (b, n, s, e)
        key = rotate(self._split(self.key(x)), angles)  # (b, k, s, e)
        value = self._split(self.value(x))  # (b, k, s, e)
        if cache is not None:
            key, value = cache.extend(key, value)  # (b, k, t, e)
        key, value = (side.repeat_interleave(self.group, dim=1) for side in (key, value))  # (b, n, t, e)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)  # (b, n, s, e)
        return self.output(mixed.transpose(1, 2).flatten(2))  # (b, s, d)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.head_width)).transpose(1, 2)  # (b, n or k, s, e)


class SwiGLU(nn.Module):
    """A feed-forward layer with a gate: `down(silu(gate(x)) * up(x))`, (b, s, d) -> (b, s, d).

    Source: Shazeer, "GLU Variants Improve Transformer", 2020, equation 6.
    """

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Changes every token by itself."""
        return self.down(F.silu(self.gate(x)) * self.up(x))  # (b, s, f) inside, (b, s, d) outside


class DecoderBlock(nn.Module):
    """Attention and feed-forward, each on its normalised input and added to it (pre-norm).

    x = x + attention(attention_norm(x))
    x = x + feed_forward(feed_forward_norm(x))
    """

    def __init__(self, width: int, heads: int, kv_heads: int, inner: int, epsilon: float) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(width, epsilon)
        self.attention = GroupedAttention(width, heads, kv_heads)
        self.feed_forward_norm = RMSNorm(width, epsilon)
        self.feed_forward = SwiGLU(width, inner)

    def forward(self, x: Tensor, angles: Tensor, allowed: Tensor, cache: Cache | None = None) -> Tensor:
        """One step of the decoder, (b, s, d) -> (b, s, d)."""
        x = x + self.attention(self.attention_norm(x), angles, allowed, cache)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Decoder(nn.Module):
    """Scores every token of the vocabulary as the next one, at every place of a text.

    The output layer is the embedding matrix again (tied), so it is stored and counted once.

    Args:
        vocabulary: v
        width: d
        blocks: number of decoder blocks
        heads: n, query heads
        kv_heads: k, key and value heads; divides heads
        inner: f
        rope_base: base of the rotary angles
        epsilon: of the norms

    Shapes:
        ids: integers (b, s); mask: (b, t), true or 1 where a token is real, None when all are; returns logits (b, s, v)

    Raises:
        ValueError: widths and heads that do not fit, or a mask of another shape

    Source: Touvron et al., "LLaMA", 2023, section 2.2; Allal et al., "SmolLM2", 2025. Labs 01, 04 and 08 use it.
    """

    def __init__(
        self,
        vocabulary: int = 49152,
        width: int = 576,
        blocks: int = 30,
        heads: int = 9,
        kv_heads: int = 3,
        inner: int = 1536,
        rope_base: float = 1e5,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.rope_base = rope_base
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(DecoderBlock(width, heads, kv_heads, inner, epsilon) for _ in range(blocks))
        self.norm = RMSNorm(width, epsilon)
        self.head_width = width // heads

    def forward(self, ids: Tensor, mask: Tensor | None = None, caches: list[Cache] | None = None) -> Tensor:
        """Logits of the next token after each of the given ones, (b, s, v)."""
        if ids.ndim != 2:
            raise ValueError(f"ids must be (batch, sequence), got the shape {tuple(ids.shape)}.")
        return self.logits(self.hidden(self.embedding(ids), mask, caches))

    def hidden(self, vectors: Tensor, mask: Tensor | None = None, caches: list[Cache] | None = None) -> Tensor:
        """The decoder between its embedding and its output, (b, s, d) -> (b, s, d): soft prompts go in front of it.

        Args:
            vectors: (b, s, d), a row of the embedding or any other vector a token
            mask: as in forward; padding may stand on either side
            caches: one a block, from `caches()`; they are extended by the new tokens
        """
        start = caches[0].length if caches else 0
        total = start + vectors.shape[1]
        positions = torch.arange(total, device=vectors.device)  # (t,)
        angles = rotary_angles(positions[start:], self.head_width, self.rope_base)  # (s, e/2)
        allowed = (positions <= positions[start:, None])[None, None]  # (1, 1, s, t)
        if mask is not None:
            if mask.shape != (len(vectors), total):
                raise ValueError(f"mask must be {(len(vectors), total)}, cache included, got {tuple(mask.shape)}.")
            itself = positions == positions[start:, None]  # (s, t): padding sees itself, so that no row is empty
            allowed = allowed & (mask.bool()[:, None, None, :] | itself)  # (b, 1, s, t)
        x = vectors
        for block, cache in zip(self.blocks, caches or [None] * len(self.blocks), strict=True):
            x = block(x, angles, allowed, cache)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores before softmax, (..., d) -> (..., v)."""
        return F.linear(hidden, self.embedding.weight)

    def caches(self) -> list[Cache]:
        """An empty cache for each block."""
        return [Cache() for _ in self.blocks]
