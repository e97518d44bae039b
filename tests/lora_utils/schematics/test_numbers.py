"""The shapes and numbers in the drawings are those of the modules, counted here another way."""

from __future__ import annotations

import re
from itertools import pairwise
from statistics import NormalDist
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch import nn

from lora_utils import LinearWithLoRA, newsgroups_weights
from lora_utils.models import MiniLM
from lora_utils.quantization import NF4
from lora_utils.schematics import schematic
from lora_utils.schematics.four_bit_storage import EXAMPLE
from lora_utils.schematics.insertion_points import insertions
from lora_utils.schematics.nf4_levels import level_shares
from lora_utils.schematics.qlora_step import types

SVG = "{http://www.w3.org/2000/svg}"


def words(name: str) -> list[str]:
    return [text.text for text in ElementTree.fromstring(schematic(name).svg()).findall(f"{SVG}text")]


def shapes(name: str) -> set[tuple[int, ...]]:
    """What stands between brackets, as numbers."""
    found = re.findall(r"\((\d[\d, ]*)\)", " ".join(words(name)))
    return {tuple(int(size) for size in one.replace(" ", "").split(",") if size) for one in found}


def test_the_text_classifier_has_the_shapes_of_the_shipped_weights():
    state = newsgroups_weights()
    matrices = {tuple(tensor.shape) for tensor in state.values() if tensor.ndim == 2}
    assert shapes("text_classifier") == matrices | {(25_000, 50)}
    assert {"embedding: 1,250,000", f"fc1 and fc2: {sum(t.numel() for t in state.values()):,}"} <= set(
        words("text_classifier")
    )


@pytest.mark.parametrize(
    ("method", "numbers"),
    [
        ("LoRA", 2 * 8 * (384 + 384)),
        ("DoRA", 2 * (8 * (384 + 384) + 384)),
        ("IA3", 384 + 384 + 1536),
        ("prefix tuning", 2 * 5 * 384),
        ("serial adapters", 2 * (2 * 16 * 384 + 16 + 384)),
        ("parallel adapter", 2 * 16 * 384 + 16 + 384),
        ("BitFit", 4 * 384 + 1536 + 384 + 2 * 384),
    ],
)
def test_a_method_trains_as_many_numbers_in_a_block_as_its_formula_says(method, numbers):
    (one,) = (one for one in insertions() if one.method == method)
    assert one.numbers == numbers == sum(int(np.prod(shape)) for shape in one.shapes.values())
    assert f"{numbers:,} numbers" in words("insertion_points")


def test_the_poster_has_the_shapes_of_what_is_put_into_a_block():
    put = {shape for one in insertions() for name, shape in one.shapes.items()
           if one.method == "BitFit" or not name.endswith("bias")}  # fmt: skip
    assert shapes("insertion_points") - {(32,)} == put
    heads = MiniLM(vocabulary=1).blocks[0].attention.heads
    assert f"softmax(q k.T / sqrt({384 // heads})) v" in words("insertion_points")


def test_prompt_and_prefix_have_the_shapes_of_the_encoder():
    assert shapes("soft_prompts") == {(5, 384), (2, 5, 384)}
    assert {"1,920 numbers", f"6 of them, {6 * 2 * 5 * 384:,} numbers", "block 5"} <= set(words("soft_prompts"))


def test_the_factors_have_the_shapes_of_a_lora_layer():
    layer = LinearWithLoRA(nn.Linear(50, 128), rank=2, alpha=0.1)
    own = {tuple(p.shape) for p in (layer.linear.weight, layer.lora.A, layer.lora.B)}
    assert shapes("low_rank_update") == own | {tuple(layer.lora.A.T.shape), tuple(layer.lora.B.T.shape)}
    merged = layer.linear.weight + 0.1 * layer.lora.B.T @ layer.lora.A.T
    assert torch.equal(merged, layer.merged_parameters()["weight"])  # with B at its start, zero


def test_the_strips_are_shares_of_the_normal_distribution():
    spread = 1 / NormalDist().inv_cdf(0.9677083)
    levels = sorted(NF4.values)
    edges = [(low + high) / 2 for low, high in pairwise(levels)]
    below = [0, *(NormalDist(0, spread).cdf(edge) for edge in edges), 1]
    shares = [100 * (high - low) for low, high in pairwise(below)]
    assert level_shares() == pytest.approx(shares, abs=1e-4)
    assert sum(shares) == pytest.approx(100)
    line = f"every inner strip holds {min(shares[1:-1]):.1f} to {max(shares[1:-1]):.1f} %"
    assert line in words("nf4_levels")


def test_codes_and_bytes_are_those_of_the_nearest_levels():
    largest = max(map(abs, EXAMPLE))
    codes = [min(range(16), key=lambda code: abs(NF4.values[code] - value / largest)) for value in EXAMPLE]
    packed = [16 * codes[i] + codes[i + 1] for i in range(0, len(codes), 2)]
    said = words("four_bit_storage")
    assert [word for word in said if re.fullmatch("[01]{4}", word)] == [f"{code:04b}" for code in codes]
    assert [word for word in said if word.startswith("0x")] == [f"0x{byte:02X}" for byte in packed]
    assert f"weight / scale, here {largest}" in said


def test_a_layer_takes_the_bytes_that_its_blocks_and_groups_add_up_to():
    weights, blocks = 384 * 384, 384 * 384 // 64
    once, twice = weights // 2 + 4 * blocks, weights // 2 + blocks + 4 * (blocks // 256) + 4
    assert {f"16 bits, {2 * weights:,} bytes", f"4.5 bits, {once:,} bytes", f"4.127 bits, {twice:,} bytes"} <= set(
        words("four_bit_storage")
    )


def test_the_types_are_those_of_a_step_in_sixteen_bits():
    found = types()
    assert {found[name] for name in ("x", "y", "dx", "dy", "weight")} == {"bfloat16"}
    assert {found[name] for name in ("A", "A.grad", "B.grad")} == {"float32"}
    assert {found[name] for name in ("packed", "scales")} == {"uint8"}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("classifier_memory", ["20.4 MB", "5.2 MB", "5.2 MB"]),
        (
            "decoder_memory",
            ["81.3 GB, more than a GPU of 80 GB has", "14.6 GB, on a GPU of 24 GB", "4.8 GB, on a GPU of 8 GB"],
        ),
    ],
)
def test_the_bars_are_as_long_as_their_bytes(name, rows):
    root = ElementTree.fromstring(schematic(name).svg())
    assert [text for text in words(name) if re.search(r"\d [MG]B", text)] == rows
    bars: dict[str, dict[tuple[str, str], float]] = {}
    for box in root.findall(f"{SVG}rect"):
        if box.get("height") == "44":
            bars.setdefault(box.get("y"), {})[box.get("x"), box.get("class") or ""] = float(box.get("width"))
    lengths = [sum(width for (_, kind), width in bar.items() if kind) for bar in bars.values()]
    totals = [float(row.split()[0]) for row in rows]
    assert lengths == pytest.approx([772 * total / totals[0] for total in totals], rel=0.01)
