"""LoRA against full fine-tuning of MiniLM's blocks on TREC: where, how large, and in batches of which size.

    python -m lora_utils.experiments.lora_versus_full_minilm --folder runs               one JSON a run; kept
    python -m lora_utils.experiments.lora_versus_full_minilm --folder runs --ship FILE   all of them in one file

A head is trained beside whatever is trained; word vectors stay frozen everywhere.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.data.batches import Examples, load
from lora_utils.experiments.lora_versus_full import (
    LORA_ALPHA,
    Comparison,
    Place,
    Run,
    place_named,
    run_command,
    train_only,
)
from lora_utils.experiments.method_comparison import by_length
from lora_utils.models.sentence_classifier import SentenceClassifier, load_sentence_classifier
from lora_utils.training.training_loop import Diverged, train

TRAIN, EPOCHS, BATCH, LENGTH = 640, 2, 32, 32  # 40 steps; a question of TREC has about ten tokens
VALID, TEST = 300, 300

ATTENTION = ("*.query", "*.key", "*.value", "*.attention.output")  # 3,072 numbers a block and rank
MLP = ("*.feed_forward.up", "*.feed_forward.down")  # 3,840 numbers a block and rank
FULL_RATES, LORA_RATES = (3e-5, 1e-4, 3e-4), (3e-4, 1e-3, 3e-3)

PLACES = {
    "full": Place((), 0, FULL_RATES),
    "all, rank 8": Place((*ATTENTION, *MLP), 8, LORA_RATES),
    "all, rank 1": Place((*ATTENTION, *MLP), 1, LORA_RATES),
    "MLP, rank 8": Place(MLP, 8, LORA_RATES),
    "attention, rank 10": Place(ATTENTION, 10, LORA_RATES),  # as many numbers as the MLP's rank 8
}
BATCHES = dict.fromkeys(PLACES, (BATCH,)) | dict.fromkeys(("full", "all, rank 8"), (8, BATCH, 128))


def prepared(place: str, classes: int, seed: int) -> SentenceClassifier:
    """The pretrained classifier with what one place trains, and a head.

    Args:
        place: a key of PLACES.
        classes: outputs of the head.
        seed: of head and LoRA.
    """
    model = load_sentence_classifier(classes, seed)
    return train_only(model, model.encoder.blocks, place_named(PLACES, place), seed)


def scored(model: nn.Module, data: Examples) -> tuple[float, float]:
    """Mean cross entropy and accuracy of a model on examples."""
    ordered = by_length(data)
    with torch.no_grad():
        scores = torch.cat([model(inputs) for inputs, _ in ordered.batches(64)])  # (n, c)
    right = (scores.argmax(dim=1) == ordered.labels).float().mean()
    return F.cross_entropy(scores, ordered.labels).item(), right.item()


def run_once(place: str, batch: int, lr: float, seed: int) -> Run:
    """Train one place once and measure it; a run that diverges has an infinite loss.

    Args:
        place: a key of PLACES.
        batch: examples a step; their number in all is the same, so twice the batch is half the steps.
        lr: learning rate of everything that is trained.
        seed: of head, LoRA and order of the examples.

    Explained in lab 11_lora_today.
    """
    data = load("trec", LENGTH, tokens="minilm")
    model = prepared(place, len(data.classes), seed)
    trainable = sum(p.numel() for p in model.encoder.parameters() if p.requires_grad)
    start = time.process_time()
    try:
        train(
            model, data.train.first(TRAIN), epochs=EPOCHS, lr=lr, batch_size=batch, seed=seed, label=f"{place} {lr:g}"
        )
    except Diverged:
        return Run(place, batch, lr, seed, math.inf, math.inf, 0.0, trainable, 0.0)
    seconds = time.process_time() - start
    valid_loss, _ = scored(model, data.valid.first(VALID))
    test_loss, test = scored(model, data.test.first(TEST))
    return Run(place, batch, lr, seed, valid_loss, test_loss, test, trainable, round(seconds, 2))


BUDGET = {"train": TRAIN, "epochs": EPOCHS, "tokens": LENGTH, "lora_alpha": LORA_ALPHA}
ASKED = Comparison("minilm", PLACES, BATCHES, run_once, BUDGET)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(ASKED, __doc__.splitlines()[0], arguments)


if __name__ == "__main__":
    main()
