"""One block of the encoder, and where each method of the course puts what it trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from lora_utils.methods.adapters import inject_adapters
from lora_utils.methods.bitfit import unfreeze_biases
from lora_utils.methods.dora import inject_dora
from lora_utils.methods.ia3 import inject_ia3
from lora_utils.methods.inject import inject_lora
from lora_utils.methods.prefix_tuning import inject_prefix
from lora_utils.models.minilm import EncoderBlock, MiniLM
from lora_utils.schematics.drawing import LINE, Box, Drawing
from lora_utils.training.parameters import count_parameters

RANK, BOTTLENECK, LENGTH = 8, 16, 5
TARGETS = ("*query", "*value")  # which layers LoRA adapts here, as its paper does
MAIN, SKIP, SIDE = 260, 34, 440  # columns: what everything flows through, the residual, the parallel adapter
HEIGHT, BIAS = 38, 12  # of a layer; how wide the strip is that stands for its bias


@dataclass(frozen=True)
class Insertion:
    """A method in one block: what it trains, by name and shape, and how many numbers that is."""

    method: str
    where: str
    lab: str
    shapes: dict[str, tuple[int, ...]]
    numbers: int


def insertions() -> list[Insertion]:
    """Every method of the poster put into a block of MiniLM's sizes, in the order of its numbers."""
    kinds: list[tuple[str, str, str, Callable[[nn.Module], object]]] = [
        ("LoRA", "beside linear layers, here two", "05, 06",
         lambda block: inject_lora(block, TARGETS, RANK, 1.0)),
        ("DoRA", "LoRA, and a length for each row", "09", lambda block: inject_dora(block, TARGETS, RANK, 1.0)),
        ("IA3", "factors: keys, values, inside", "03", inject_ia3),
        ("prefix tuning", f"l = {LENGTH} keys and values in front", "04",
         lambda block: inject_prefix(block, LENGTH)),
        ("serial adapters", "behind both sublayers", "03",
         lambda block: inject_adapters(block, BOTTLENECK, "houlsby")),
        ("parallel adapter", "beside the feed-forward layers", "03",
         lambda block: inject_adapters(block, BOTTLENECK, "parallel")),
        ("BitFit", "every bias, of norms too", "02", unfreeze_biases),
    ]  # fmt: skip
    return [_insertion(method, where, lab, put) for method, where, lab, put in kinds]


def encoder_block() -> EncoderBlock:
    """A frozen block of MiniLM's sizes."""
    return MiniLM(vocabulary=1, blocks=1).blocks[0].requires_grad_(False)


def _insertion(method: str, where: str, lab: str, put: Callable[[nn.Module], object]) -> Insertion:
    block = encoder_block()
    inside = nn.Module()
    inside.block = block  # a method that walks a model looks for blocks inside of it
    put(inside)
    shapes = {name.removeprefix("block."): tuple(parameter.shape)
              for name, parameter in inside.named_parameters() if parameter.requires_grad}  # fmt: skip
    return Insertion(method, where, lab, shapes, count_parameters(inside)[0])


def insertion_points() -> Drawing:
    """A frozen encoder block from top to bottom, with seven insertion points, and a table of what stands there."""
    methods = insertions()
    block = encoder_block()
    total = count_parameters(block)[1]
    shares = [100 * one.numbers / total for one in methods]
    width, inner = block.attention.query.in_features, block.feed_forward.up.out_features
    table = "; ".join(f"{number}, {one.method}: {one.where}, {one.numbers:,} numbers"
                      for number, one in enumerate(methods, start=1))  # fmt: skip
    d = Drawing(
        f"Seven methods, seven places, {min(shares):.1f} to {max(shares):.1f} % of an encoder block's numbers",
        f"An encoder block of {total:,} frozen numbers from top to bottom: x of width {width} goes into query, key and "
        f"value, attention, the layer output, is added to x and normalized; then up to {inner}, gelu, down to {width}, "
        f"is added and normalized again. Trained parts stand at seven places. {table}.",
        height=1000,
    )
    _attention(d, width)
    _feed_forward(d, width, inner)
    _table(d, methods)
    d.legend("frozen", "trained")
    return d


def _layer(d: Drawing, x: float, y: float, width: float, *lines: str, tag: bool = True) -> Box:
    """A frozen layer with its bias as a strip at its right end."""
    d.box(x, y, width - BIAS, HEIGHT, *lines, kind="frozen")
    strip = d.box(x + width - BIAS, y, BIAS, HEIGHT, kind="trained")
    if tag:
        _tag(d, strip.right[0] + 14, strip.right[1], 7)
    return Box(x, y, width, HEIGHT)


def _tag(d: Drawing, x: float, y: float, number: int) -> None:
    d.node(x, y, str(number), radius=9)


def _attention(d: Drawing, width: int) -> None:
    """From x to the first norm."""
    x = d.box(MAIN - 70, 60, 140, 24, f"`x (b, s, {width})`", kind="state")
    d.group(54, 112, 458, 296)
    d.text(70, 390, "attention", kind="name", anchor="start")
    d.line(x.bottom, (MAIN, 126))
    split, top, below, softmax = 126, 146, 146 + HEIGHT, 288
    columns = {}
    for name, left in (("query", 72), ("key", 218), ("value", 364)):
        columns[name] = layer = _layer(d, left, top, 84, name, tag=False)
        middle = layer.top[0]
        d.arrow((MAIN, split), (middle, split), (middle, top))
        d.arrow((middle, below), (middle, softmax))
        if name != "key":  # the low-rank path
            path = d.box(left + 94, top, 34, HEIGHT, "`AB`", kind="trained")
            d.arrow((middle, split), (path.top[0], split), path.top)
            d.line(path.bottom, (path.bottom[0], below + 12), (middle, below + 12))
            _tag(d, path.right[0] + 2, top - 2, 1)
    query, key, value = columns.values()
    d.box(query.x, below + 22, 84, 9, kind="trained")  # DoRA's lengths
    _tag(d, query.x + 98, below + 26.5, 2)
    for layer, words, wide in ((key, "l keys", 58), (value, "l values", 74)):
        middle = layer.bottom[0]
        d.box(layer.x, below + 22, 84, 9, kind="trained")
        _tag(d, layer.x + 98, below + 26.5, 3)
        prefix = d.box(middle - 16 - wide, below + 48, wide, 24, words, kind="trained")
        d.line(prefix.right, (middle, prefix.right[1]))
        _tag(d, prefix.x - 14, prefix.left[1], 4)
    heads = encoder_block().attention.heads
    work = d.box(72, softmax, 376, 30, f"`softmax(q k.T / sqrt({width // heads})) v`")
    output = _layer(d, MAIN - 60, 342, 120, "output")
    d.arrow((MAIN, work.bottom[1]), output.top)
    adapter = d.box(MAIN - 60, 424, 120, 30, "adapter", kind="trained")
    _tag(d, adapter.right[0] + 14, adapter.right[1], 5)
    d.arrow(output.bottom, adapter.top)
    plus = d.node(MAIN, 482, "+")
    d.arrow(adapter.bottom, plus.top)
    d.arrow((MAIN, 98), (SKIP, 98), (SKIP, 482), plus.left)
    d.arrow(plus.bottom, (MAIN, 512))
    _layer(d, MAIN - 75, 512, 150, "attention_norm")


def _feed_forward(d: Drawing, width: int, inner: int) -> None:
    """From the first norm to the block's result."""
    d.group(54, 580, 300, 200)
    d.text(70, 762, "feed_forward", kind="name", anchor="start")
    up = _layer(d, MAIN - 60, 594, 120, "up")
    gelu = d.box(MAIN - 28, 650, 56, 26, "gelu")
    down = _layer(d, MAIN - 60, 728, 120, "down")
    d.arrow((MAIN, 512 + HEIGHT), up.top)
    d.arrow(up.bottom, gelu.top)
    d.text(MAIN - 42, 641, f"`(b, s, {inner})`", anchor="end", on="soft")
    d.arrow(gelu.bottom, down.top)
    factor = d.box(MAIN - 60, 696, 120, 9, kind="trained")  # over the arrow
    _tag(d, factor.right[0] + 14, factor.right[1], 3)
    beside = d.node(MAIN, 806, "+")
    parallel = d.box(SIDE - 50, 664, 100, 30, "adapter", kind="trained")
    _tag(d, parallel.right[0] + 2, parallel.y - 2, 6)
    d.arrow((MAIN, 565), (SIDE, 565), parallel.top)
    d.arrow(parallel.bottom, (SIDE, 806), beside.right)
    d.arrow(down.bottom, beside.top)
    adapter = d.box(MAIN - 60, 832, 120, 30, "adapter", kind="trained")
    _tag(d, adapter.right[0] + 14, adapter.right[1], 5)
    d.arrow(beside.bottom, adapter.top)
    plus = d.node(MAIN, 888, "+")
    d.arrow(adapter.bottom, plus.top)
    d.arrow((MAIN, 565), (SKIP, 565), (SKIP, 888), plus.left)
    d.arrow(plus.bottom, (MAIN, 914))
    norm = _layer(d, MAIN - 84, 914, 168, "feed_forward_norm")
    d.arrow(norm.bottom, (MAIN, 976))
    d.text(MAIN + 14, 968, f"`(b, s, {width})`", anchor="start", on="soft")


def _table(d: Drawing, methods: list[Insertion]) -> None:
    """What stands at each number, with shapes and numbers of one block."""
    for number, one in enumerate(methods, start=1):
        y = 76 + (number - 1) * 112
        _tag(d, 537, y, number)
        d.text(558, y, one.method, kind="name", anchor="start")
        d.text(796, y, f"lab {one.lab}", kind="small", anchor="end", on="soft")
        d.text(558, y + 20, one.where, kind="small", anchor="start")
        y += 40
        for words in _shapes(one):
            d.text(558, y, f"`{words}`", anchor="start")
            y += LINE
        d.text(558, y, f"{one.numbers:,} numbers", kind="small", anchor="start", on="soft")


def _shapes(one: Insertion) -> list[str]:
    """What a method trains, line by line: parameters with their shapes, those of one name together."""
    own: dict[str, set[tuple[int, ...]]] = {}
    for name, shape in sorted(one.shapes.items(), key=lambda item: -len(item[1])):
        *_, layer, last = name.split(".")
        own.setdefault(f"{layer}.weight" if last == "weight" else last, set()).add(shape)
    if len(own) > 1:
        own.pop("bias", None)  # of an adapter: as wide as its weights are
    words = [f"{name} {' '.join(map(str, sorted(shapes)))}" for name, shapes in own.items()]
    return [f"{words[0]}, {words[1]}", *words[2:]] if words[0].startswith("A ") else words
