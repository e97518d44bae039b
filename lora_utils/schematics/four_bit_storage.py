"""What a weight of 4 bits is on disk: blocks, scales, two codes a byte, and scales of scales."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.models.minilm import MiniLM
from lora_utils.quantization.double_quantization import GROUP, bits_per_weight
from lora_utils.quantization.nf4 import BLOCK, quantize_4bit, unpack
from lora_utils.quantization.quantized_linear import QuantizedLinear
from lora_utils.schematics.drawing import MARGIN, Drawing

EXAMPLE = (0.02, -0.31, 0.00, 0.11, 0.48, -0.07)  # the first weights of a block; its largest magnitude is SCALE
SCALE = 0.48
X, CELL = 150, 62  # where the row of weights begins, and how wide a weight is


def four_bit_storage() -> Drawing:
    """One block from floats to bytes, its scale among others, and what all of it costs."""
    quantized = quantize_4bit(torch.tensor(EXAMPLE))
    codes, packed = unpack(quantized.packed, len(EXAMPLE)).tolist(), quantized.packed.tolist()
    stored = stored_layers()
    weights = stored[True].stored_numbers
    once, twice = (bits_per_weight(group=group) for group in (None, GROUP))
    d = Drawing(
        f"A weight takes {once:g} bits with its share of a scale, {twice:.3f} with scales in 8 bits",
        f"First row: weights of a block of {BLOCK}, {', '.join(map(str, EXAMPLE))} and so on. Second row: their codes, "
        f"{', '.join(map(str, codes))}. Third row: two codes fill a byte, {', '.join(_hex(byte) for byte in packed)}. "
        f"The block has one scale, its largest magnitude. Fourth row: {GROUP} scales, one byte each, share one scale "
        f"of 4 bytes. For a layer of {weights:,} weights that makes {_bytes(stored[True]):,} bytes, and "
        f"{_bytes(stored[False]):,} with scales of 4 bytes, instead of {4 * weights:,}.",
        height=486,
    )
    rows = {"weights": 76, "codes": 132, "bytes": 188, "scales": 272}
    said = {"weights": "float32", "codes": "4 bits each", "bytes": "uint8", "scales": "uint8"}
    for name, y in rows.items():
        d.text(MARGIN, y + 9, name, kind="name", anchor="start")
        d.text(MARGIN, y + 26, said[name], kind="small", anchor="start", on="soft")
    end = X + len(EXAMPLE) * CELL
    weight_boxes = d.cells(X, rows["weights"], [f"`{value:.2f}`" for value in EXAMPLE], CELL, 30, "work")
    code_boxes = d.cells(X, rows["codes"], [f"`{code:04b}`" for code in codes], CELL, 30, "frozen")
    byte_boxes = d.cells(X, rows["bytes"], [f"`{_hex(byte)}`" for byte in packed], 2 * CELL, 30, "frozen")
    for above, below in zip(weight_boxes, code_boxes, strict=True):
        d.arrow(above.bottom, below.top)
    for number, byte in enumerate(byte_boxes):
        for half, share in ((code_boxes[2 * number], 0.25), (code_boxes[2 * number + 1], 0.75)):
            d.arrow(half.bottom, byte.at(share, 0))
    for name in ("weights", "codes", "bytes"):
        d.text(end + 12, rows[name] + 15, "...", anchor="start", on="soft")
    d.text(end + 44, rows["weights"] + 15, f"a block: {BLOCK} weights", anchor="start")
    d.text(end + 44, rows["codes"] + 6, "the nearest level to", anchor="start")
    d.text(end + 44, rows["codes"] + 24, f"weight / scale, here {SCALE}", anchor="start")
    d.text(end + 44, rows["bytes"] + 15, f"two codes a byte: {BLOCK // 2} bytes", anchor="start")

    names = [f"scale {number}" for number in range(len(EXAMPLE))]
    scales = d.cells(X, rows["scales"], names, CELL, 30, "frozen")
    d.text(end + 12, rows["scales"] + 15, "...", anchor="start", on="soft")
    tip = d.brace((X, rows["bytes"] + 36), (end, rows["bytes"] + 36))
    turn = (tip[0], tip[1] + 10)
    d.arrow(tip, turn, (scales[0].top[0], turn[1]), scales[0].top)
    d.text(tip[0] + 12, turn[1], "one scale a block", kind="small", anchor="start", on="soft")
    d.text(end + 44, rows["scales"] + 6, f"a group: {GROUP} scales,", anchor="start")
    d.text(end + 44, rows["scales"] + 24, "and 4 bytes for its own scale", anchor="start")
    _cost(d, once, twice, stored)
    d.legend("frozen")
    return d


def stored_layers() -> dict[bool, QuantizedLinear]:
    """A layer of MiniLM's attention in 4 bits, without and with double quantization."""
    layer: nn.Linear = MiniLM(vocabulary=1, blocks=1).blocks[0].attention.query
    return {double: QuantizedLinear(layer, double=double) for double in (False, True)}


def _bytes(layer: QuantizedLinear) -> int:
    """Bytes of codes and scales, without the bias."""
    return sum(buffer.numel() * buffer.element_size() for buffer in layer.buffers())


def _cost(d: Drawing, once: float, twice: float, stored: dict[bool, QuantizedLinear]) -> None:
    """Bits of a weight as bars to scale, and the bytes of a layer beside them."""
    single, double = stored[False], stored[True]
    bars = (
        ("bfloat16", 16.0, 2 * double.stored_numbers),
        ("NF4", once, _bytes(single)),
        ("NF4, double", twice, _bytes(double)),
    )
    shape = (double.out_features, double.in_features)
    d.text(X, 338, f"bits a weight, and bytes of a layer {shape}", kind="small", anchor="start", on="soft")
    for number, (name, bits, size) in enumerate(bars):
        y = 356 + number * 30
        d.text(MARGIN, y + 10, name, anchor="start")
        d.box(X, y, bits * 20, 20, kind="frozen")
        d.text(X + bits * 20 + 12, y + 10, f"{bits:.4g} bits, {size:,} bytes", kind="small", anchor="start")


def _hex(byte: int) -> str:
    return f"0x{byte:02X}"
