"""LoRA against full fine-tuning of SmolLM2's blocks on film sentences: where, and how large.

    python -m lora_utils.experiments.lora_versus_full_smollm2 --folder runs               one JSON a run; kept
    python -m lora_utils.experiments.lora_versus_full_smollm2 --folder runs --ship FILE   all of them in one file

The task of lab 08 with half its sentences; the embedding, which is the head too, stays frozen everywhere.
Letters: n sentences.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from lora_utils.experiments.lora_versus_full import (
    LORA_ALPHA,
    Comparison,
    Place,
    Run,
    place_named,
    run_command,
    train_only,
)
from lora_utils.experiments.review_task import Row, fit, judged, log_odds, sentences
from lora_utils.models.decoder import Decoder
from lora_utils.models.smollm2 import load_smollm2

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TRAIN, BATCH, TRAIN_TOKENS = 512, 8, 20  # 64 steps
VALID, TEST, TEST_TOKENS = 200, 400, 30

ATTENTION = ("*.query", "*.key", "*.value", "*.attention.output")  # 3,840 numbers a block and rank
MLP = ("*.feed_forward.gate", "*.feed_forward.up", "*.feed_forward.down")  # 6,336 numbers a block and rank
FULL_RATES, LORA_RATES = (1e-5, 3e-5, 1e-4), (3e-4, 1e-3, 3e-3)

PLACES = {
    "full": Place((), 0, FULL_RATES),
    "all, rank 8": Place((*ATTENTION, *MLP), 8, LORA_RATES),
    "all, rank 1": Place((*ATTENTION, *MLP), 1, LORA_RATES),
    "MLP, rank 8": Place(MLP, 8, LORA_RATES),
    "attention, rank 13": Place(ATTENTION, 13, LORA_RATES),  # 1.5 % fewer numbers than the MLP's rank 8
}
BATCHES = dict.fromkeys(PLACES, (BATCH,))


def prepared(place: str, seed: int) -> Decoder:
    """SmolLM2 with what one place trains.

    Args:
        place: a key of PLACES.
        seed: of LoRA.
    """
    model = load_smollm2().requires_grad_(False)
    return train_only(model, model.blocks, place_named(PLACES, place), seed)


def _sentences() -> tuple[Tokenizer, list[Row], list[Row], list[Row]]:
    return sentences(TRAIN, TRAIN_TOKENS, VALID, TEST_TOKENS, TEST)


def scored(model: Decoder, tokenizer: Tokenizer, rows: Sequence[Row]) -> tuple[float, float]:
    """Mean cross entropy of the right label of the two, and accuracy; an infinite loss where there is none."""
    odds = log_odds(model, tokenizer, rows)
    positive = torch.tensor(odds)  # (n,)
    if not positive.isfinite().all():
        return math.inf, 0.0
    scores = torch.stack((torch.zeros_like(positive), positive), dim=1)  # (n, 2)
    loss = F.cross_entropy(scores, torch.tensor([label for _, label in rows]))
    return loss.item(), judged(odds, rows).count("1") / len(rows)


def run_once(place: str, batch: int, lr: float, seed: int) -> Run:
    """Train one place once and measure it; a run that diverges has an infinite loss.

    Every place is trained with AdamW in float32: full fine-tuning is not to be blamed for states in 8 bits.

    Args:
        place: a key of PLACES.
        batch: sentences a step.
        lr: the rate's peak; it rises over four steps and then falls to zero.
        seed: of LoRA and the order of the sentences.

    Explained in lab 11_lora_today.
    """
    tokenizer, train_rows, valid_rows, test_rows = _sentences()
    model = prepared(place, seed)
    trained = [p for p in model.parameters() if p.requires_grad]
    start = time.process_time()
    fit(model, tokenizer, train_rows, lr, batch, seed, torch.optim.AdamW(trained, lr))
    seconds = time.process_time() - start
    valid_loss, _ = scored(model, tokenizer, valid_rows)
    test_loss, test = scored(model, tokenizer, test_rows)
    trainable = sum(p.numel() for p in trained)
    return Run(place, batch, lr, seed, valid_loss, test_loss, test, trainable, round(seconds, 2))


BUDGET = {"train": TRAIN, "epochs": 1, "tokens": TRAIN_TOKENS, "lora_alpha": LORA_ALPHA}
ASKED = Comparison("smollm2", PLACES, BATCHES, run_once, BUDGET)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(ASKED, __doc__.splitlines()[0], arguments)


if __name__ == "__main__":
    main()
