"""SmolLM2-135M-Instruct, the pretrained language model of the course, read from its gguf file into `Decoder`.

The file holds the linear layers in 4 bits (Q4_1: blocks of 32 numbers with a scale and a minimum) and the embedding
in 8; they are expanded to float32 once, on reading, and are ordinary layers from then on. Gguf's writer permutes the
rows of the query and key layers so that neighbouring coordinates form a rotary pair, which is what `rotate` expects.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from lora_utils.data.assets import asset_path
from lora_utils.models.decoder import Decoder

PLACES = {  # what gguf calls a layer of a block, what it is called here
    "attn_norm": "attention_norm",
    "attn_q": "attention.query",
    "attn_k": "attention.key",
    "attn_v": "attention.value",
    "attn_output": "attention.output",
    "ffn_norm": "feed_forward_norm",
    "ffn_gate": "feed_forward.gate",
    "ffn_up": "feed_forward.up",
    "ffn_down": "feed_forward.down",
}
ENDS = {"token_embd": "embedding", "output_norm": "norm"}


def from_gguf_name(name: str) -> str:
    """The name in `Decoder` of a gguf tensor: "blk.4.attn_q.weight" is "blocks.4.attention.query.weight".

    Raises:
        ValueError: a name that no decoder with tied embeddings and without biases has
    """
    match name.split("."):
        case ["blk", number, layer, "weight"] if layer in PLACES:
            return f"blocks.{number}.{PLACES[layer]}.weight"
        case [layer, "weight"] if layer in ENDS:
            return f"{ENDS[layer]}.weight"
    raise ValueError(f"{name!r} is no tensor of a llama decoder with tied embeddings. Use the file the course names.")


def read_decoder(path: str | Path) -> Decoder:
    """A decoder with the sizes and weights of a gguf file, on the CPU in float32.

    Args:
        path: a gguf file of the llama architecture with tied embeddings

    Raises:
        ValueError: another architecture, or a tensor that `Decoder` does not have
    """
    from gguf import GGUFReader
    from gguf.quants import dequantize

    reader = GGUFReader(path)
    architecture = _value(reader, "general.architecture")
    if architecture != "llama":
        raise ValueError(f"{path} must be a gguf file of the architecture 'llama', got {architecture!r}.")
    weights: dict[str, Tensor] = {
        from_gguf_name(tensor.name): torch.tensor(dequantize(tensor.data, tensor.tensor_type))
        for tensor in reader.tensors
    }
    with torch.device("meta"):  # no time for random weights that are replaced at once
        decoder = Decoder(
            vocabulary=len(weights["embedding.weight"]),
            width=_value(reader, "llama.embedding_length"),
            blocks=_value(reader, "llama.block_count"),
            heads=_value(reader, "llama.attention.head_count"),
            kv_heads=_value(reader, "llama.attention.head_count_kv"),
            inner=_value(reader, "llama.feed_forward_length"),
            rope_base=_value(reader, "llama.rope.freq_base"),
            epsilon=_value(reader, "llama.attention.layer_norm_rms_epsilon"),
        )
    decoder.load_state_dict(weights, assign=True)
    return decoder


def load_smollm2() -> Decoder:
    """The pretrained SmolLM2-135M-Instruct on the CPU, 134,515,008 parameters in float32, all of them trainable.

    Freeze it before adapting it (`freeze(model)`); its texts are encoded by `lora_utils.data.smollm2_tokens`.

    Raises:
        AssetError: the file is not in the cache and could not be fetched

    Source: Allal et al., "SmolLM2: When Smol Goes Big", 2025. Labs 01, 04, 07 and 08 use it.
    """
    return read_decoder(asset_path("smollm2"))


def _value(reader, key: str):
    field = reader.get_field(key)
    if field is None:
        raise ValueError(f"The gguf file must state {key!r}, but does not. Use the file the course names.")
    return field.contents()
