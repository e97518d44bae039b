"""Prefix tuning: trained keys and values in front of those of the text, in every attention layer.

Letters: b batch, s sequence, l length of the prefix, d width, n heads, k key and value heads, e width of a head,
L number of attention layers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lora_utils.devices import seeded
from lora_utils.integers import at_least
from lora_utils.methods.prompt_encoder import PromptEncoder
from lora_utils.models.decoder import Cache, Decoder
from lora_utils.models.minilm import MiniLM, SelfAttention
from lora_utils.wrappers.module_walk import Place, replace, unwrapped, walk
from lora_utils.wrappers.trained_dtype import trained_type

SPREAD = 0.5  # of a random prefix: MiniLM's own keys have a standard deviation of about 1, its values of 0.5 to 0.7


class AttentionWithPrefix(nn.Module):
    """A frozen attention layer in which every token may also look at l trained places.

        softmax(q [prefix_key; k]^T / sqrt(e)) [prefix_value; v]    in each head, then `output`

    The prefix has no query and gives no output of its own: the text stays as long as it was, and its positions too. It
    is float32 in a model of 16 bits, too (see wrappers/trained_dtype.py).

    Args:
        attention: kept, not copied, and frozen
        length: l, at least 0; 0 changes nothing
        reparameterized: whether a PromptEncoder makes keys and values (default: they are a parameter themselves)
        init: (2, l, d), the keys and the values to start from, copied; None draws them at random

    Shapes:
        x: (b, s, d); mask: bool (b, s); returns (b, s, d). The parameter `prefix` is (2, l, d), keys before values.

    Raises:
        ValueError: a length out of range, an init of another shape, or together with reparameterized

    Source: Li and Liang, "Prefix-Tuning", ACL 2021, section 4.2. Lab 04 explains it.
    """

    wraps = "attention"

    def __init__(
        self, attention: SelfAttention, length: int, *, reparameterized: bool = False, init: Tensor | None = None
    ) -> None:
        super().__init__()
        length, width = at_least(0, "length", length), unwrapped(attention.key).out_features
        place = next(iter((*attention.parameters(), *attention.buffers())))
        own = trained_type(place.dtype)
        self.attention = attention
        self.prefix: nn.Parameter | None = None
        self.encoder: PromptEncoder | None = None
        if reparameterized:
            if init is not None:
                raise ValueError("init is the start of a plain prefix; with reparameterized=True an encoder makes it.")
            self.encoder = PromptEncoder(length, 2 * width, table_width=width).to(place.device, own)
        else:
            if init is None:
                init = SPREAD * torch.randn(2, length, width)
            if init.shape != (2, length, width):
                raise ValueError(f"init must be (2, length, width) = {(2, length, width)}, got {tuple(init.shape)}.")
            self.prefix = nn.Parameter(init.detach().to(place.device, own, copy=True))
        attention.requires_grad_(False)  # last, so that an error above leaves the layer as it was

    def keys_and_values(self) -> Tensor:
        """The prefix as it is now, (2, l, d)."""
        if self.encoder is None:
            return self.prefix
        return self.encoder().unflatten(1, (2, -1)).transpose(0, 1)  # (l, 2 d) -> (l, 2, d) -> (2, l, d)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Mixes tokens with each other and with the prefix; padding is never looked at."""
        base, batch = self.attention, len(x)
        prefix = self.keys_and_values().to(x.dtype).unsqueeze(1).expand(-1, batch, -1, -1)  # (2, b, l, d)
        key = torch.cat((prefix[0], base.key(x)), dim=1)  # (b, l + s, d)
        value = torch.cat((prefix[1], base.value(x)), dim=1)  # (b, l + s, d)
        mask = torch.cat((mask.new_ones(batch, prefix.shape[2]), mask), dim=1)  # (b, l + s)
        query, key, value = (self._split(side) for side in (base.query(x), key, value))  # (b, n, s or l + s, e)
        # The smallest finite number instead of -inf: without a prefix, a row of padding only gives a mean, not NaN.
        bias = torch.zeros(mask.shape, dtype=query.dtype, device=x.device)  # (b, l + s)
        bias = bias.masked_fill(~mask, torch.finfo(query.dtype).min)[:, None, None, :]  # (b, 1, 1, l + s)
        bias = bias.expand(-1, -1, x.shape[1], -1)  # (b, 1, s, l + s)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)  # (b, n, s, e)
        return base.output(mixed.transpose(1, 2).flatten(2))  # (b, s, d)

    def fold(self) -> None:
        """Replace a reparameterized prefix by the plain numbers that it makes; a plain prefix stays as it is."""
        if self.encoder is not None:
            self.prefix = nn.Parameter(self.keys_and_values().detach().contiguous())
            self.encoder = None

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.attention.heads, -1)).transpose(1, 2)  # (b, n, l + s, e)


def inject_prefix(
    model: nn.Module, length: int, *, reparameterized: bool = False, seed: int = 0, init: Tensor | None = None
) -> list[str]:
    """Give every SelfAttention inside the model a prefix of its own, in place: L * 2 * l * d trained numbers.

    Only the attention layers are frozen; freeze the rest of the model first if it should not train.

    Args:
        model: a MiniLM or any module that holds one, without a prefix so far
        length: l, at least 0; with 0 the model computes what it computed
        reparameterized: whether a PromptEncoder makes each layer's prefix during training; `fold_prefix` ends that.
            (Li and Liang use one network for all layers; here each layer has its own.)
        seed: of the random start (default 0); the generator outside is left as it was
        init: word vectors (l, d): the prefix starts as the keys and values that these words have in each layer when
            the frozen model reads them as a text. None draws it at random.

    Returns:
        The names of the attention layers, in the model's order.

    Raises:
        ValueError: the model holds no SelfAttention, has a prefix already, or an argument does not fit

    Source: Li and Liang 2021, sections 4.2, 4.3 and 7.4 (initialisation). Lab 04 explains it.
    """
    if any(isinstance(module, AttentionWithPrefix) for module in model.modules()):
        raise ValueError("The model has a prefix already; inject into a fresh model.")
    places = [place for place in walk(model) if place.free and isinstance(place.module, SelfAttention)]
    if not places:
        raise ValueError("The model holds no SelfAttention of lora_utils.models, so there is no place for a prefix.")
    length = at_least(0, "length", length)
    starts = {} if init is None else _keys_and_values_of(model, init, length)

    def make(place: Place) -> nn.Module:
        start = starts.get(place.module)
        return AttentionWithPrefix(place.module, length, reparameterized=reparameterized, init=start)

    with seeded(seed):
        return replace(places, make)


def fold_prefix(model: nn.Module) -> int:
    """Fold every reparameterized prefix inside the model; returns how many prefixes there are."""
    layers = [module for module in model.modules() if isinstance(module, AttentionWithPrefix)]
    for layer in layers:
        layer.fold()
    return len(layers)


@torch.no_grad()
def _keys_and_values_of(model: nn.Module, vectors: Tensor, length: int) -> dict[nn.Module, Tensor]:
    """Keys and values (2, l, d) of each attention layer when the encoder reads the vectors (l, d) as a text."""
    encoder = next((module for module in model.modules() if isinstance(module, MiniLM)), None)
    if encoder is None:
        raise ValueError("init needs a MiniLM inside the model, which reads the words; there is none.")
    if vectors.ndim != 2 or len(vectors) != length:
        raise ValueError(f"init must be (length, width) with length {length}, got {tuple(vectors.shape)}.")
    found: dict[nn.Module, Tensor] = {}

    def keep(layer: SelfAttention, inputs: tuple) -> None:
        x = inputs[0][0]  # (l, d)
        found[layer] = torch.stack((layer.key(x), layer.value(x)))  # (2, l, d)

    layers = [module for module in encoder.modules() if isinstance(module, SelfAttention)]
    hooks = [layer.register_forward_pre_hook(keep) for layer in layers]
    try:
        encoder.hidden(vectors[None].to(encoder.words.weight))
    finally:
        for hook in hooks:
            hook.remove()
    return found


class DecoderPrefix(nn.Module):
    """Trained keys and values for every block of a decoder: a cache that is not empty at the start.

    Keys are stored turned already, as in a Cache. The text's positions then count from l, as if l tokens stood before
    it, and a mask must have l more places: (b, l + s).

    Args:
        decoder: gives the sizes, and stays as it is; freeze it yourself
        length: l, at least 1
        init: token ids (l,): start from the keys and values that the decoder computes for them; None draws at random
        seed: of the random start (default 0); the generator outside is left as it was

    Shapes:
        the parameter `prefix` is (L, 2, k, l, e)

    Raises:
        ValueError: a length below 1, or an init of another length

    Source: Li and Liang 2021, section 4.2. Lab 04 explains it.
    """

    @torch.inference_mode(False)  # or the prefix could never be trained
    def __init__(self, decoder: Decoder, length: int, *, init: Tensor | None = None, seed: int = 0) -> None:
        super().__init__()
        length = at_least(1, "length", length)
        width = unwrapped(decoder.blocks[0].attention.key).out_features  # k e
        head, place = decoder.head_width, decoder.embedding.weight
        if init is None:
            with seeded(seed):
                start = SPREAD * torch.randn(len(decoder.blocks), 2, width // head, length, head)
        else:
            if init.shape != (length,):
                raise ValueError(f"init must be {length} token ids, got the shape {tuple(init.shape)}.")
            caches = decoder.caches()
            with torch.no_grad():
                decoder(init[None], caches=caches)
            start = torch.stack([torch.stack((cache.key[0], cache.value[0])) for cache in caches])  # (L, 2, k, l, e)
        self.prefix = nn.Parameter(start.to(place.device, trained_type(place.dtype)))

    def caches(self, batch: int) -> list[Cache]:
        """Fresh caches for one forward pass of `batch` texts, one a block, each holding (b, k, l, e) twice.

        A decoder extends the caches it is given, so every pass needs new ones.
        """
        return [Cache(*(side.expand(batch, -1, -1, -1) for side in layer)) for layer in self.prefix]
