"""MiniLM, the pretrained sentence encoder of the course: a BERT of six blocks in plain PyTorch.

Letters: b batch, s sequence, d width (384), n heads (12), e width of a head (32), f feed-forward width (1536).
"""

from __future__ import annotations

import json

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lora_utils.data.assets import asset_path


class SelfAttention(nn.Module):
    """Every token takes a weighted mean of the values of all real tokens.

        softmax(q k^T / sqrt(e)) v    in each head, heads side by side, then `output`

    Args:
        width: d, a multiple of heads
        heads: n

    Shapes:
        x: (b, s, d); mask: bool (b, s), True where a token is real; returns (b, s, d)

    Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2. Lab 03 adapts it.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"width must be a multiple of heads, got the width {width} and {heads} heads.")
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Mixes tokens; padding is never looked at."""
        query, key, value = (self._split(layer(x)) for layer in (self.query, self.key, self.value))
        # The smallest finite number instead of -inf: a row of padding only then gives a mean, not NaN.
        bias = torch.zeros(mask.shape, dtype=query.dtype, device=x.device)  # (b, s)
        bias = bias.masked_fill(~mask, torch.finfo(query.dtype).min)[:, None, None, :]  # (b, 1, 1, s)
        bias = bias.expand(-1, -1, x.shape[1], -1)  # (b, 1, s, s)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)  # (b, n, s, e)
        return self.output(mixed.transpose(1, 2).flatten(2))  # (b, s, d)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (b, n, s, e)


class FeedForward(nn.Module):
    """Two linear layers with a GELU between them, on each token alone: `down(gelu(up(x)))`, (b, s, d) -> (b, s, d)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """Changes every token by itself."""
        return self.down(F.gelu(self.up(x)))  # (b, s, f) inside, (b, s, d) outside


class EncoderBlock(nn.Module):
    """Attention and feed-forward, each added to its input and then normalised (post-norm).

        x = attention_norm(x + attention(x))
        x = feed_forward_norm(x + feed_forward(x))

    Source: Devlin et al., "BERT", NAACL 2019, section 3. Lab 03 puts adapters into it.
    """

    def __init__(self, width: int, heads: int, inner: int, epsilon: float = 1e-12) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.attention_norm = nn.LayerNorm(width, eps=epsilon)
        self.feed_forward = FeedForward(width, inner)
        self.feed_forward_norm = nn.LayerNorm(width, eps=epsilon)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """One step of the encoder, (b, s, d) -> (b, s, d)."""
        x = self.attention_norm(x + self.attention(x, mask))
        return self.feed_forward_norm(x + self.feed_forward(x))


class MiniLM(nn.Module):
    """Turns token ids into one vector a token that knows its context.

    There is no dropout: the same input gives the same output in training too.

    Args:
        vocabulary: number of token types
        width: d, a multiple of heads
        blocks: number of encoder blocks
        heads: n
        inner: f, width inside the feed-forward layers
        positions: the longest sequence
        segments: BERT tells the two texts of a pair apart by a segment vector; a single text is segment 0
        epsilon: of the layer norms

    Shapes:
        ids: integers (b, s); mask: (b, s), true or 1 where a token is real, None when all are; returns (b, s, d)

    Raises:
        ValueError: a sequence longer than `positions`, or ids that are not (b, s)

    Source: Wang et al., "MiniLM: Deep Self-Attention Distillation", NeurIPS 2020; all-MiniLM-L6-v2 is the
    sentence-transformers project's model (Reimers and Gurevych, "Sentence-BERT", EMNLP 2019). Labs 03 and 09 adapt it.
    """

    def __init__(
        self,
        vocabulary: int = 30522,
        width: int = 384,
        blocks: int = 6,
        heads: int = 12,
        inner: int = 1536,
        positions: int = 512,
        segments: int = 2,
        epsilon: float = 1e-12,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(positions, width)
        self.segments = nn.Embedding(segments, width)
        self.norm = nn.LayerNorm(width, eps=epsilon)
        self.blocks = nn.ModuleList(EncoderBlock(width, heads, inner, epsilon) for _ in range(blocks))

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """One vector a token, (b, s, d)."""
        if ids.ndim != 2:
            raise ValueError(f"ids must be (batch, sequence), got the shape {tuple(ids.shape)}.")
        return self.hidden(self.words(ids), mask)

    def hidden(self, vectors: Tensor, mask: Tensor | None = None) -> Tensor:
        """The encoder after its word vectors, (b, s, d) -> (b, s, d): the place where soft prompts are put in front.

        Args:
            vectors: (b, s, d), a row of `words` or any other vector a token
            mask: as in forward
        """
        length, longest = vectors.shape[1], self.positions.num_embeddings
        if length > longest:
            raise ValueError(f"A sequence has at most {longest} tokens here, got {length}. Truncate the texts.")
        if mask is None:
            mask = torch.ones(vectors.shape[:2], device=vectors.device)  # (b, s)
        if mask.shape != vectors.shape[:2]:
            raise ValueError(f"mask must be {tuple(vectors.shape[:2])}, as the tokens are, got {tuple(mask.shape)}.")
        x = vectors + self.positions.weight[:length] + self.segments.weight[0]  # (b, s, d)
        x = self.norm(x)
        for block in self.blocks:
            x = block(x, mask.bool())
        return x


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """One vector a text: the mean of its real tokens' vectors; zeros for a row of padding only.

    Args:
        hidden: (b, s, d)
        mask: (b, s), true or 1 where a token is real

    Returns:
        (b, d)

    Source: Reimers and Gurevych, "Sentence-BERT", EMNLP 2019, section 3. Lab 01 explains mean pooling.
    """
    real = mask.unsqueeze(-1).to(hidden.dtype)  # (b, s, 1)
    return (hidden * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)  # (b, d)


PLACES = (  # what BERT's files call a layer, what it is called here; the longer name first where one holds the other
    ("embeddings.word_embeddings", "words"),
    ("embeddings.position_embeddings", "positions"),
    ("embeddings.token_type_embeddings", "segments"),
    ("embeddings.LayerNorm", "norm"),
    ("encoder.layer", "blocks"),
    ("attention.self", "attention"),
    ("attention.output.dense", "attention.output"),
    ("attention.output.LayerNorm", "attention_norm"),
    ("intermediate.dense", "feed_forward.up"),
    ("output.dense", "feed_forward.down"),
    ("output.LayerNorm", "feed_forward_norm"),
)


def from_bert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a BERT encoder under the names of `MiniLM`, without the pooler, which the course does not use.

    Args:
        state: name to tensor, as in a published model.safetensors

    Returns:
        A state dict for MiniLM.load_state_dict; the tensors are not copied.
    """
    renamed = {}
    for name, tensor in state.items():
        if name.startswith("pooler.") or name == "embeddings.position_ids":
            continue
        for theirs, ours in PLACES:
            name = name.replace(theirs, ours)
        renamed[name] = tensor
    return renamed


def load_minilm() -> MiniLM:
    """The pretrained all-MiniLM-L6-v2 on the CPU, 22,565,376 parameters in float32, all of them trainable.

    Its texts are encoded by `lora_utils.data.minilm_tokens`.

    Raises:
        AssetError: the weights are not in the cache and could not be fetched
    """
    from safetensors.torch import load_file

    config = json.loads(asset_path("minilm", "config.json").read_text(encoding="utf-8"))
    with torch.device("meta"):  # no time for random weights that are replaced at once
        model = MiniLM(
            vocabulary=config["vocab_size"],
            width=config["hidden_size"],
            blocks=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            inner=config["intermediate_size"],
            positions=config["max_position_embeddings"],
            segments=config["type_vocab_size"],
            epsilon=config["layer_norm_eps"],
        )
    state = load_file(asset_path("minilm", "model.safetensors"))
    model.load_state_dict(from_bert(state), assign=True)
    return model
