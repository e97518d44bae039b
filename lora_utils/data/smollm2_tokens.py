"""The tokeniser of SmolLM2, built from the vocabulary and merges in its gguf file, and its chat template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lora_utils.data.assets import asset_path

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONTROL = 3  # gguf's number for a token that stands for no text, such as <|im_end|>
END_OF_TURN = "<|im_end|>"
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"  # what the model was tuned with


def smollm2_tokenizer() -> Tokenizer:
    """The tokeniser of SmolLM2: byte-level BPE, 49,152 tokens, each digit a token of its own.

    `encode(text).ids` are the numbers and `decode(ids, skip_special_tokens=False)` is the text again, to the letter.
    Nothing is put in front of a text or after it.

    Raises:
        AssetError: the file is not in the cache and could not be fetched

    Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", ACL 2016. Lab 01 uses it.
    """
    return read_tokenizer(asset_path("smollm2"))


def read_tokenizer(path: str | Path) -> Tokenizer:
    """The byte-level BPE tokeniser that a gguf file carries.

    Args:
        path: a gguf file whose `tokenizer.ggml.pre` is "smollm"

    Raises:
        ValueError: another kind of tokeniser
    """
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    fields = GGUFReader(path).fields
    kind = fields["tokenizer.ggml.pre"].contents() if "tokenizer.ggml.pre" in fields else None
    if kind != "smollm":  # the file names the rule that cuts a text before merging; it does not contain it
        raise ValueError(f"{path} must have a tokeniser of the kind 'smollm', got {kind!r}.")
    tokens = fields["tokenizer.ggml.tokens"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return tokenizer


def chat(messages: str | list[tuple[str, str]]) -> str:
    """The text that SmolLM2-Instruct expects: one turn a message, ending where the assistant's answer begins.

    Args:
        messages: a question, or (role, content) pairs with the roles "system", "user" and "assistant"; without a
            system message in front the one the model was tuned with is used

    Returns:
        A prompt for `generate`.

    Raises:
        ValueError: no messages, or another role

    Lab 01 explains it.
    """
    turns = [("user", messages)] if isinstance(messages, str) else list(messages)
    if not turns:
        raise ValueError("messages must hold at least one message, got none.")
    for role, _ in turns:
        if role not in ("system", "user", "assistant"):
            raise ValueError(f"A role must be 'system', 'user' or 'assistant', got {role!r}.")
    if turns[0][0] != "system":
        turns.insert(0, ("system", SYSTEM))
    said = "".join(f"<|im_start|>{role}\n{content}{END_OF_TURN}\n" for role, content in turns)
    return f"{said}<|im_start|>assistant\n"
