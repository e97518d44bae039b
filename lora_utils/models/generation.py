"""Writing text with a decoder: greedy, with a cache of keys and values.

Letters: s tokens of the prompt, d width, v vocabulary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lora_utils.integers import at_least
from lora_utils.models.decoder import Decoder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

STOPS = ("<|im_end|>", "<|endoftext|>")


@torch.inference_mode()
def generate_ids(model: Decoder, ids: list[int], max_new: int, stops: tuple[int, ...] = ()) -> list[int]:
    """The most likely next token, again and again.

    Each step computes the new token only: keys and values of the earlier ones come from a cache. The work per token
    then grows with the length of the text, not with its square.

    Args:
        model: on any device
        ids: the prompt, at least one token
        max_new: how many tokens to write at most, at least 0
        stops: tokens that end the text; they are not returned

    Returns:
        The new tokens only.

    Raises:
        ValueError: an empty prompt, or a negative max_new
    """
    if not ids:
        raise ValueError("The prompt must have at least one token, got none.")
    max_new = at_least(0, "max_new", max_new)
    device = model.embedding.weight.device
    caches, written, new = model.caches(), [], list(ids)
    while len(written) < max_new:
        hidden = model.hidden(model.embedding(torch.tensor([new], device=device)), caches=caches)  # (1, s or 1, d)
        best = int(model.logits(hidden[0, -1]).argmax())  # of (v,)
        if best in stops:
            break
        written.append(best)
        new = [best]
    return written


def generate(model: Decoder, tokenizer: Tokenizer, prompt: str, max_new: int = 40) -> str:
    """The text that the model writes after a prompt, greedily, until it ends its turn or has written `max_new` tokens.

    Args:
        model: from `load_smollm2`, adapted or not
        tokenizer: from `smollm2_tokenizer`
        prompt: plain text to be continued, or `chat(question)` to be answered
        max_new: at least 0

    Returns:
        The new text only.

    Raises:
        ValueError: an empty prompt, or a negative max_new

    Lab 01 explains it.
    """
    stops = tuple(number for number in map(tokenizer.token_to_id, STOPS) if number is not None)
    return tokenizer.decode(generate_ids(model, tokenizer.encode(prompt).ids, max_new, stops))
