"""LoRA against full fine-tuning of the same blocks: where it sits, how large it is, and at which rate and batch size.

    python -m lora_utils.experiments.lora_versus_full --folder runs               one JSON a run; kept
    python -m lora_utils.experiments.lora_versus_full --folder runs --ship FILE   all of them in one file

A small repetition of "LoRA Without Regret" (Schulman et al., Thinking Machines Lab, 2025) on MiniLM and TREC.
Letters: i in_dim, r rank.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.data.batches import Examples, load
from lora_utils.devices import seeded
from lora_utils.experiments.method_comparison import by_length
from lora_utils.experiments.rate_sweep import sweep_rates
from lora_utils.experiments.run_records import command_of, kept, read_table, runs_in, ship_or_run, write_table
from lora_utils.methods.inject import inject_lora
from lora_utils.methods.lora import LoRALayer
from lora_utils.models.sentence_classifier import SentenceClassifier, load_sentence_classifier
from lora_utils.training.training_loop import train

SHIPPED = Path(__file__).with_name("results") / "lora_versus_full.json"
TRAIN, EPOCHS, BATCH, LENGTH = 640, 2, 32, 32  # 40 steps; a question of TREC has about ten tokens
VALID, TEST = 300, 300
SEEDS = (0, 1, 2)
BATCHES = (8, BATCH, 128)  # 160, 40 and 10 steps
COMPARED = ("full", "all, rank 8")  # under every batch size; the other places under BATCH alone
LORA_ALPHA = 32  # over the rank, so that one rate serves every rank

ATTENTION = ("*.query", "*.key", "*.value", "*.attention.output")  # 3,072 numbers a block and rank
MLP = ("*.feed_forward.up", "*.feed_forward.down")  # 3,840 numbers a block and rank


@dataclass(frozen=True)
class Place:
    """What is trained beside the head.

    Args:
        layers: shell patterns of the layers that get LoRA; none for all numbers of the blocks themselves.
        rank: of LoRA.
        rates: to start the sweep with, three ascending neighbours on rate_sweep.LADDER.
    """

    layers: tuple[str, ...]
    rank: int
    rates: tuple[float, float, float]


PLACES = {
    "full": Place((), 0, (3e-5, 1e-4, 3e-4)),
    "all, rank 8": Place((*ATTENTION, *MLP), 8, (3e-4, 1e-3, 3e-3)),
    "all, rank 1": Place((*ATTENTION, *MLP), 1, (3e-4, 1e-3, 3e-3)),
    "MLP, rank 8": Place(MLP, 8, (3e-4, 1e-3, 3e-3)),
    "attention, rank 10": Place(ATTENTION, 10, (3e-4, 1e-3, 3e-3)),  # as many numbers as the MLP's rank 8
}


@dataclass(frozen=True)
class Run:
    """One training run and what was measured after it.

    Args:
        place, batch, lr, seed: what was run; batch in examples a step.
        valid_loss, test_loss: mean cross entropy. Rates are chosen on `valid_loss` alone.
        test: accuracy, 0 to 1.
        trainable: numbers in the blocks, without the head.
        seconds: of CPU time for the training, one thread.
    """

    place: str
    batch: int
    lr: float
    seed: int
    valid_loss: float
    test_loss: float
    test: float
    trainable: int
    seconds: float


def prepared(name: str, classes: int, seed: int) -> SentenceClassifier:
    """The pretrained classifier with what one place trains; word vectors stay frozen everywhere.

    LoRA starts as PEFT's does: A uniform within 1 / sqrt(i), B zero, under the factor lora_alpha / r.

    Args:
        name: a key of PLACES.
        classes: outputs of the head.
        seed: of head and LoRA.

    Raises:
        ValueError: an unknown name; the message lists the known ones.
    """
    if name not in PLACES:
        raise ValueError(f"There is no place {name!r}. Choose one of {', '.join(PLACES)}.")
    place, model = PLACES[name], load_sentence_classifier(classes, seed)
    if not place.layers:
        model.encoder.blocks.requires_grad_(True)
        return model
    with seeded(seed):
        inject_lora(model, place.layers, place.rank, LORA_ALPHA / place.rank)
        for lora in (module for module in model.modules() if isinstance(module, LoRALayer)):
            bound = 1 / math.sqrt(len(lora.A))
            nn.init.uniform_(lora.A, -bound, bound)  # (i, r)
    return model


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
    except ValueError:  # the loss is no longer a number
        return Run(place, batch, lr, seed, math.inf, math.inf, 0.0, trainable, 0.0)
    seconds = time.process_time() - start
    valid_loss, _ = scored(model, data.valid.first(VALID))
    test_loss, test = scored(model, data.test.first(TEST))
    return Run(place, batch, lr, seed, valid_loss, test_loss, test, trainable, round(seconds, 2))


def sweep(place: str, batch: int, folder: Path) -> None:
    """Try the place's rates with seed 0, go on while the best lies at the edge, then run all seeds at the best rate.

    Args:
        place: a key of PLACES.
        batch: examples a step.
        folder: where each run is kept as one JSON file; a run that is there is not repeated.
    """
    scores = sweep_rates(lambda lr: -_kept(folder, place, batch, lr, seed=0).valid_loss, PLACES[place].rates)
    best = max(scores, key=scores.get)
    for seed in SEEDS:
        _kept(folder, place, batch, best, seed)


def _kept(folder: Path, place: str, batch: int, lr: float, seed: int) -> Run:
    path = folder / f"{place.replace(', ', '-').replace(' ', '_')}-{batch}-{lr:g}-{seed}.json"
    said = "valid loss {0.valid_loss:.3f}, test {0.test:.3f}, {0.seconds:.0f} s"
    return kept(path, Run, lambda: run_once(place, batch, lr, seed), said.format)


def at_best_rate(runs: Iterable[Run], place: str, batch: int = BATCH) -> list[Run]:
    """The runs of a place at the rate with the least validation loss of seed 0, in the order of their seeds.

    Args:
        runs: such as `shipped_places()`.
        place: a key of PLACES.
        batch: one of BATCHES, of the places in COMPARED; else BATCH.
    """
    own = [run for run in runs if (run.place, run.batch) == (place, batch)]
    best = min((run for run in own if run.seed == 0), key=lambda run: run.valid_loss).lr
    return sorted((run for run in own if run.lr == best), key=lambda run: run.seed)


def write_results(folder: Path, path: Path) -> None:
    """Write a folder's runs and what they were made with into one file, ordered by place, batch, rate and seed."""
    order = list(PLACES)
    runs = sorted(runs_in(folder, Run), key=lambda run: (order.index(run.place), run.batch, run.lr, run.seed))
    budget = {"train": TRAIN, "epochs": EPOCHS, "tokens": LENGTH, "lora_alpha": LORA_ALPHA}
    write_table(runs, Run, {"command": "python -m lora_utils.experiments.lora_versus_full", "budget": budget}, path)


def shipped_places(path: Path = SHIPPED) -> list[Run]:
    """The runs that the course ships, so that they can be read without half an hour of training.

    Args:
        path: a file from write_results (default: the course's own).

    Explained in lab 11_lora_today.
    """
    return read_table(path, Run)


def main(arguments: list[str] | None = None) -> None:
    """The command: run what is missing in the folder, or write the folder's runs into one file."""
    chosen = command_of("lora_utils.experiments.lora_versus_full", __doc__.splitlines()[0]).parse_args(arguments)
    both = [(place, BATCH) for place in PLACES]
    both += [(place, batch) for batch in BATCHES for place in COMPARED if batch != BATCH]
    ship_or_run(chosen, write_results, lambda folder: [sweep(*one, folder) for one in both])


if __name__ == "__main__":
    main()
