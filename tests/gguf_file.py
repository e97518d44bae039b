"""A small gguf file of the llama layout, as llama.cpp's converter would write it."""

import numpy

CONTROL = ["<|endoftext|>", "<|im_end|>"]
MERGES = ["h e", "l l", "he ll", "hell o", "1 2"]  # the last is never used: digits stand alone
# gguf's name, rows, columns, how it is stored
LAYERS = [
    ("attn_norm", None, 64, "F32"),
    ("attn_q", 64, 64, "Q4_1"),
    ("attn_k", 32, 64, "Q4_1"),
    ("attn_v", 32, 64, "Q8_0"),
    ("attn_output", 64, 64, "F16"),
    ("ffn_norm", None, 64, "F32"),
    ("ffn_gate", 96, 64, "Q4_1"),
    ("ffn_up", 96, 64, "F32"),
    ("ffn_down", 64, 96, "Q4_1"),
]


def write(path, *, architecture="llama", pre="smollm", extra=None, leave_out=()):
    """Writes the file and returns the tensors as they were before they were stored, by their gguf names."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize
    from tokenizers import pre_tokenizers

    draw = numpy.random.default_rng(9)
    writer = GGUFWriter(path, architecture)
    for add, key, value in (
        (writer.add_embedding_length, "width", 64),
        (writer.add_block_count, "blocks", 2),
        (writer.add_head_count, "heads", 4),
        (writer.add_head_count_kv, "kv_heads", 2),
        (writer.add_feed_forward_length, "inner", 96),
        (writer.add_rope_freq_base, "rope_base", 70.0),
        (writer.add_layer_norm_rms_eps, "epsilon", 1e-3),
        (writer.add_context_length, "context", 128),
        (writer.add_vocab_size, "vocabulary", 263),
    ):
        if key not in leave_out:
            add(value)
    tokens = [*CONTROL, *sorted(pre_tokenizers.ByteLevel.alphabet()), *(merge.replace(" ", "") for merge in MERGES)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3] + [1] * (len(tokens) - 2))
    writer.add_token_merges(MERGES)
    tensors = {}
    for name, rows, columns, kind in [
        ("token_embd", 263, 64, "Q8_0"),
        ("output_norm", None, 64, "F32"),
        *((f"blk.{block}.{name}", *rest) for block in range(2) for name, *rest in LAYERS),
        *([(extra, 3, 64, "F32")] if extra else []),
    ]:
        shape = (columns,) if rows is None else (rows, columns)
        tensors[f"{name}.weight"] = values = draw.normal(scale=0.3, size=shape).astype(numpy.float32)
        kind = GGMLQuantizationType[kind]
        writer.add_tensor(f"{name}.weight", quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors
