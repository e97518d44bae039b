"""All methods under one budget: learning rates swept on validation data, three seeds at the best one, tested once.

    python -m lora_utils.experiments.method_comparison --corpus trec --folder runs   one JSON a run; kept
    python -m lora_utils.experiments.method_comparison --folder runs --ship FILE     all of them in one file

The results that the course ships were made by these commands; `shipped_comparison()` reads them.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from lora_utils.data.batches import Examples, load
from lora_utils.data.text import PAD_ID
from lora_utils.experiments.comparison_methods import METHODS, build, head_of
from lora_utils.experiments.rate_sweep import sweep_rates
from lora_utils.experiments.run_records import command_of, kept, read_table, runs_in, ship_or_run, write_table
from lora_utils.training.evaluate import accuracy
from lora_utils.training.measured_memory import training_memory
from lora_utils.training.nearest_neighbors import head_inputs, nearest_neighbor_accuracy
from lora_utils.training.parameters import count_parameters
from lora_utils.training.training_loop import train

SHIPPED = Path(__file__).with_name("results") / "method_comparison.json"
TRAIN, EPOCHS, BATCH, LENGTH = 1280, 2, 32, 64  # the budget: 80 steps, the same for every method
PROBE, PROBE_LENGTH = 400, 32  # newsgroup posts, and their first word pieces, that measure forgetting
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Run:
    """One training run and what was measured after it.

    Args:
        corpus, method, lr, seed: what was run.
        valid, test: accuracy, 0 to 1. Choices are made on `valid` alone.
        forgetting: how much nearest-neighbour accuracy on newsgroup posts fell, in comparison with the frozen encoder.
        trainable, total: numbers, the head included.
        weights, gradients, optimizer, activations: bytes of one training step on the first batch.
        seconds: of CPU time for the training, one thread.
    """

    corpus: str
    method: str
    lr: float
    seed: int
    valid: float
    test: float
    forgetting: float
    trainable: int
    total: int
    weights: int
    gradients: int
    optimizer: int
    activations: int
    seconds: float

    @property
    def memory(self) -> int:
        """Bytes of one training step, all kinds together."""
        return self.weights + self.gradients + self.optimizer + self.activations


@functools.cache
def probe():
    """Newsgroup posts under four headings, which no method is trained on, and the frozen encoder's accuracy on them."""
    posts = load("newsgroups", PROBE_LENGTH, tokens="minilm").valid.first(PROBE)
    model = build("last layer", 2)
    return posts, nearest_neighbor_accuracy(head_inputs(model, head_of(model), posts), posts.labels)


def run_once(corpus: str, method: str, lr: float, seed: int) -> Run:
    """Train one method once under the common budget and measure it.

    Args:
        corpus: "trec" or "rotten_tomatoes".
        method: a key of comparison_methods.METHODS.
        lr: learning rate of everything that is trained.
        seed: of head, method and order of the examples.

    Explained in lab 09_capstone.
    """
    data = load(corpus, LENGTH, tokens="minilm")
    part = data.train.first(TRAIN)
    model = build(method, len(data.classes), seed)
    count, batch = count_parameters(model), part.first(BATCH)
    memory = training_memory(model, batch.inputs, batch.labels)
    start = time.process_time()
    train(model, part, epochs=EPOCHS, lr=lr, batch_size=BATCH, seed=seed, label=f"{method}, rate {lr:g}")
    seconds = time.process_time() - start
    posts, before = probe()
    after = nearest_neighbor_accuracy(head_inputs(model, head_of(model), posts), posts.labels)
    return Run(
        corpus,
        method,
        lr,
        seed,
        valid=accuracy(model, by_length(data.valid), 64),
        test=accuracy(model, by_length(data.test), 64),
        forgetting=before - after,
        trainable=count.trainable,
        total=count.total,
        **asdict(memory),
        seconds=round(seconds, 2),
    )


def by_length(data: Examples) -> Examples:
    """The same examples, short texts first: batches hold less padding, which is cut off, and cost half as much."""
    order = (data.inputs != PAD_ID).sum(dim=1).argsort(stable=True)  # (n,)
    return Examples(data.inputs[order], data.labels[order])


def sweep(corpus: str, method: str, folder: Path) -> list[Run]:
    """Try the method's rates with seed 0, go on while the best lies at the edge, then run all seeds at the best rate.

    Args:
        corpus, method: as in run_once.
        folder: where each run is kept as one JSON file; a run that is there is not repeated.

    Returns:
        all its runs, those at the best rate last
    """
    scores = sweep_rates(lambda lr: _kept(folder, corpus, method, lr, seed=0).valid, METHODS[method].rates)
    best = max(scores, key=scores.get)
    tried = [(lr, 0) for lr in scores if lr != best]
    return [_kept(folder, corpus, method, lr, seed) for lr, seed in [*tried, *((best, seed) for seed in SEEDS)]]


def _kept(folder: Path, corpus: str, method: str, lr: float, seed: int) -> Run:
    path = folder / f"{corpus}-{method.replace(' ', '_')}-{lr:g}-{seed}.json"
    return kept(
        path,
        Run,
        lambda: run_once(corpus, method, lr, seed),
        lambda run: f"valid {run.valid:.3f}, forgetting {run.forgetting:.3f}, {run.seconds:.0f} s",
    )


def collect(folder: Path) -> list[Run]:
    """All runs in a folder, ordered by corpus, method, rate and seed."""
    order = list(METHODS)
    return sorted(runs_in(folder, Run), key=lambda run: (run.corpus, order.index(run.method), run.lr, run.seed))


def write_results(runs: Iterable[Run], path: Path) -> None:
    """Write runs and what they were made with into one file; a table of rows, since the names need standing only once.

    Args:
        runs: from `collect`.
        path: the file; an existing one is replaced only once the new one is complete.
    """
    made = {
        "command": "python -m lora_utils.experiments.method_comparison",
        "budget": {"train": TRAIN, "epochs": EPOCHS, "batch": BATCH, "tokens": LENGTH, "threads": 1},
    }
    write_table(runs, Run, made, path)


def shipped_comparison(path: Path = SHIPPED) -> list[Run]:
    """The runs that the course ships, so that the comparison can be read without an hour of training.

    Args:
        path: a file from write_results (default: the course's own).

    Explained in lab 09_capstone.
    """
    return read_table(path, Run)


def main(arguments: list[str] | None = None) -> None:
    """The command: run what is missing in the folder, or write the folder's runs into one file."""
    parser = command_of("lora_utils.experiments.method_comparison", __doc__.splitlines()[0])
    parser.add_argument("--corpus", choices=("trec", "rotten_tomatoes"), default="trec", help="default: trec")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS), help="default: all")
    chosen = parser.parse_args(arguments)

    def run(folder: Path) -> None:
        for method in chosen.methods:
            sweep(chosen.corpus, method, folder)

    ship_or_run(chosen, lambda folder, file: write_results(collect(folder), file), run)


if __name__ == "__main__":
    main()
