"""Prompt tuning beside prefix tuning: what stands in front of a text, and in how many places."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.methods.prefix_tuning import inject_prefix
from lora_utils.methods.soft_prompt import SoftPrompt
from lora_utils.models.minilm import MiniLM
from lora_utils.schematics.drawing import Box, Drawing

LENGTH = 5
WORDS = ("how", "far", "?")
CELL = 42  # of a token
LEFT, RIGHT = 32, 448  # where the two panels begin


def soft_prompts() -> Drawing:
    """Two encoders side by side: vectors before the words, or keys and values in every block."""
    prompt, prefix = _prompt(), _prefix()
    blocks, (_, length, width) = len(prefix), prefix[0].shape
    counts = prompt.numel(), sum(p.numel() for p in prefix)
    d = Drawing(
        "A prompt is trained once, at the input; a prefix in every block",
        f"Left, prompt tuning: {length} trained vectors stand before the word vectors and go with the text through "
        f"{blocks} frozen blocks; their outputs are left out of the mean; {counts[0]:,} numbers. Right, prefix tuning: "
        f"the text goes through the blocks alone, and each block has {length} trained keys and {length} trained values "
        f"of its own, which the text looks at; {counts[1]:,} numbers.",
        height=476,
    )
    d.text(LEFT - 8, 74, "prompt tuning", kind="name", anchor="start")
    d.text(RIGHT - 8, 74, "prefix tuning", kind="name", anchor="start")
    d.text(LEFT - 8, 94, f"`vectors {tuple(prompt.shape)}`", anchor="start")
    d.text(LEFT + 150, 94, f"{counts[0]:,} numbers", kind="small", anchor="start", on="soft")
    d.text(RIGHT - 8, 94, f"`prefix {tuple(prefix[0].shape)}`", anchor="start")
    d.text(RIGHT + 150, 94, f"{blocks} of them, {counts[1]:,} numbers", kind="small", anchor="start", on="soft")
    for left, in_front in ((LEFT, True), (RIGHT, False)):
        _encoder(d, left, in_front, width, blocks)
    d.legend("frozen", "trained")
    return d


def _prompt() -> nn.Parameter:
    """The prompt of MiniLM's width."""
    return SoftPrompt(LENGTH, MiniLM(vocabulary=1, blocks=1).words.embedding_dim).vectors


def _prefix() -> list[nn.Parameter]:
    """The prefixes of all of MiniLM's blocks."""
    with torch.device("meta"):
        model = MiniLM().requires_grad_(False)
    inject_prefix(model, LENGTH)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _encoder(d: Drawing, left: float, in_front: bool, width: int, blocks: int) -> None:
    """Input below, blocks above it, the mean at the top."""
    trained, text = (LENGTH, left + LENGTH * CELL) if in_front else (0, left + 138)
    inputs = [d.box(left + i * CELL, 372, CELL - 8, 28, kind="trained") for i in range(trained)]
    inputs += [d.box(text + i * CELL, 372, CELL - 8, 28, word, kind="state") for i, word in enumerate(WORDS)]
    bottom = [box.top for box in inputs]
    start = left - 8 if in_front else text - 8
    wide = text + len(WORDS) * CELL - start
    for y, number in zip((318, 264, 180), (0, 1, blocks - 1), strict=True):
        block = d.box(start, y, wide, 32, f"block {number}", kind="frozen")
        for x, foot in bottom:
            d.arrow((x, foot), (x, block.y + 32))
        bottom = [(x, y) for x, _ in bottom]
        if not in_front:
            pair = d.cells(left - 8, y + 4, ["keys", "values"], 54, 24, "trained")
            d.arrow(pair[1].right, block.left)
        if number == 1:  # dots stand for those between it and the last
            for x, foot in bottom:
                d.line((x, foot), (x, foot - 12))
            d.text(start + wide / 2, 238, f"... {blocks} blocks", kind="small", on="soft")
            bottom = [(x, 226) for x, _ in bottom]
    mean: Box = d.box(text - 8, 116, len(WORDS) * CELL, 28, "mean", kind="state")
    for number, (x, foot) in enumerate(bottom):
        if number < trained:
            d.line((x, foot), (x, foot - 14))
            d.line((x - 5, foot - 14), (x + 5, foot - 14))
        else:
            d.arrow((x, foot), (x, mean.bottom[1]))
    if in_front:
        d.text(left + LENGTH / 2 * CELL - 4, 148, "left out", kind="small", on="soft")
        tip = d.brace((left, 404), (left + LENGTH * CELL - 8, 404))
        d.text(tip[0], 424, f"l = {LENGTH}", kind="small", on="soft")
    tip = d.brace((text, 404), (text + len(WORDS) * CELL - 8, 404))
    d.text(tip[0], 424, f"`(b, s, {width})`", on="soft")
