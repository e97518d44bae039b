"""The text classifier from tokens to scores, and where its numbers lie."""

from __future__ import annotations

import torch

from lora_utils.data.text import COURSE_TYPES
from lora_utils.models.classifier import TextClassifier
from lora_utils.models.weights import newsgroups_weights
from lora_utils.schematics.drawing import MARGIN, WIDTH, Drawing
from lora_utils.training.parameters import count_parameters

GAP = 29  # between two stations
ROW, WORDS = 28, ("a", "fine", "film", ".", "<pad>")  # one text of a batch
TOP = 72
BOTTOM = TOP + len(WORDS) * ROW


def text_classifier() -> Drawing:
    """Tokens, word vectors, their mean, two layers, scores; the word vectors frozen, the layers trained."""
    width, classes = newsgroups_weights()["fc1.weight"].shape[1], len(newsgroups_weights()["fc2.bias"])
    model = TextClassifier(classes, freeze=True, vectors=torch.empty(COURSE_TYPES, width))
    trained, total = count_parameters(model)
    (hidden, _), table = model.fc1.weight.shape, tuple(model.embedding.weight.shape)
    share = 100 * trained / total
    d = Drawing(
        f"All but {share:.1f} % of the text classifier's numbers are word vectors",
        f"From left to right: the tokens of a text, {', '.join(WORDS)}; the frozen embedding of shape {table} turns "
        f"each into a vector of {width} numbers; the mean of the real tokens' vectors, padding left out, goes through "
        f"the trained layer fc1 from {width} to {hidden}, relu, and the trained layer fc2 from {hidden} to {classes} "
        f"classes. A bar to scale below: {total - trained:,} numbers in the embedding, {trained:,} in the layers.",
        height=358,
    )
    middle = (TOP + BOTTOM) / 2
    x, places = float(MARGIN), []
    for size in (70, 96, 64, 64, 84, 44, 84, 62):
        places.append((x, size))
        x += size + GAP
    (ids, embedding, vectors, mean, first, relu, second, scores) = places

    for number, word in enumerate(WORDS):
        y, real = TOP + number * ROW, number < len(WORDS) - 1
        d.box(ids[0], y + 3, ids[1], ROW - 6, word, kind="state")
        d.arrow((ids[0] + ids[1], y + ROW / 2), (embedding[0], y + ROW / 2))
        d.arrow((embedding[0] + embedding[1], y + ROW / 2), (vectors[0], y + ROW / 2))
        if real:
            d.box(vectors[0], y + 3, vectors[1], ROW - 6, kind="state")
            d.line((vectors[0] + vectors[1], y + ROW / 2), (mean[0] - GAP / 2, y + ROW / 2))
        else:
            d.group(vectors[0], y + 3, vectors[1], ROW - 6)
            d.text(vectors[0] + vectors[1] / 2, y + ROW / 2, "left out", kind="small", on="soft")
    d.box(embedding[0], TOP, embedding[1], BOTTOM - TOP, "embedding", f"`{table}`", kind="frozen")
    last = BOTTOM - ROW - ROW / 2
    d.line((mean[0] - GAP / 2, TOP + ROW / 2), (mean[0] - GAP / 2, last))
    d.arrow((mean[0] - GAP / 2, middle), (mean[0], middle))
    boxes = [
        d.box(mean[0], middle - 11, mean[1], 22, "mean", kind="state"),
        d.box(first[0], middle - 30, first[1], 60, "fc1", f"`{tuple(model.fc1.weight.shape)}`", kind="trained"),
        d.box(relu[0], middle - 15, relu[1], 30, "relu"),
        d.box(second[0], middle - 30, second[1], 60, "fc2", f"`{tuple(model.fc2.weight.shape)}`", kind="trained"),
        d.box(scores[0], middle - 11, scores[1], 22, "scores", kind="state"),
    ]
    d.chain(boxes)
    for (x, size), words in ((ids, "`(b, s)`"), (vectors, f"`(b, s, {width})`")):
        d.text(x + size / 2, BOTTOM + 16, words, on="soft")
    for box, size in ((boxes[0], width), (boxes[2], hidden), (boxes[4], classes)):
        d.text(box.top[0], middle + 28, f"`(b, {size})`", on="soft")

    d.text(MARGIN, 262, "its numbers, to scale", kind="small", anchor="start", on="soft")
    length = (WIDTH - 2 * MARGIN) * (1 - trained / total)
    d.box(MARGIN, 276, length, 28, f"embedding: {total - trained:,}", kind="frozen")
    bar = d.box(MARGIN + length, 276, WIDTH - 2 * MARGIN - length, 28, kind="trained")
    d.text(bar.right[0], 318, f"fc1 and fc2: {trained:,}", kind="small", anchor="end")
    d.legend("frozen", "trained")
    return d
