"""LoRA against full fine-tuning of the same blocks: what is trained where, at which rate, and what came out.

A small repetition of "LoRA Without Regret" (Schulman et al., Thinking Machines Lab, 2025), made by two commands:

    python -m lora_utils.experiments.lora_versus_full_minilm      an encoder, questions of TREC
    python -m lora_utils.experiments.lora_versus_full_smollm2     a language model, film sentences

Letters: i in_dim, r rank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from torch import nn

from lora_utils.devices import seeded
from lora_utils.experiments.rate_sweep import sweep_rates
from lora_utils.experiments.run_records import command_of, kept, read_table, runs_in, ship_or_run, write_table
from lora_utils.methods.inject import inject_lora
from lora_utils.methods.lora import LoRALayer

RESULTS = Path(__file__).with_name("results")
SEEDS = (0, 1, 2)
LORA_ALPHA = 32  # over the rank, so that one rate serves every rank


@dataclass(frozen=True)
class Place:
    """What is trained in a model's blocks.

    Args:
        layers: shell patterns of the layers that get LoRA; none for all numbers of the blocks themselves.
        rank: of LoRA.
        rates: to start the sweep with, three ascending neighbours on rate_sweep.LADDER.
    """

    layers: tuple[str, ...]
    rank: int
    rates: tuple[float, float, float]


@dataclass(frozen=True)
class Run:
    """One training run and what was measured after it.

    Args:
        place, batch, lr, seed: what was run; batch in examples a step.
        valid_loss, test_loss: mean cross entropy of the classes. Rates are chosen on `valid_loss` alone.
        test: accuracy, 0 to 1.
        trainable: numbers in the blocks.
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


class Comparison(NamedTuple):
    """What one model is asked.

    Args:
        model: its name; the results are shipped as lora_versus_full_<model>.json.
        places: in the order in which they are shown.
        batches: place -> the batch sizes it is tried with.
        run_once: (place, batch, lr, seed) -> Run.
        budget: what all runs have in common, to be written beside the results.
    """

    model: str
    places: Mapping[str, Place]
    batches: Mapping[str, Sequence[int]]
    run_once: Callable[[str, int, float, int], Run]
    budget: Mapping[str, int]


def place_named(places: Mapping[str, Place], name: str) -> Place:
    """Return a place by its name, or raise a ValueError that lists the known ones."""
    if not isinstance(name, str) or name not in places:
        raise ValueError(f"There is no place {name!r}. Choose one of {'; '.join(places)}.")
    return places[name]


def train_only(model: nn.Module, blocks: nn.Module, place: Place, seed: int) -> nn.Module:
    """Make what one place names the only thing in a frozen model's blocks that is trained.

    LoRA starts as PEFT's does: A uniform within 1 / sqrt(i), B zero, under the factor lora_alpha / r.

    Args:
        model: changed in place.
        blocks: the model's own.
        seed: of LoRA.
    """
    if not place.layers:
        blocks.requires_grad_(True)
        return model
    with seeded(seed):
        inject_lora(model, place.layers, place.rank, LORA_ALPHA / place.rank)
        for lora in (module for module in model.modules() if isinstance(module, LoRALayer)):
            bound = 1 / math.sqrt(len(lora.A))
            nn.init.uniform_(lora.A, -bound, bound)  # (i, r)
    return model


def sweep(asked: Comparison, place: str, batch: int, folder: Path) -> None:
    """Try the place's rates with seed 0, go on while the best lies at the edge, then run all seeds at the best rate.

    Args:
        asked: names the place.
        place: a key of asked.places.
        batch: examples a step.
        folder: where each run is kept as one JSON file, other models' beside it; a run that is there is not repeated.
    """

    def run(lr: float, seed: int) -> Run:
        path = folder / f"{asked.model}-{place.replace(', ', '-').replace(' ', '_')}-{batch}-{lr:g}-{seed}.json"
        said = "valid loss {0.valid_loss:.3f}, test {0.test:.3f}, {0.seconds:.0f} s"
        return kept(path, Run, lambda: asked.run_once(place, batch, lr, seed), said.format)

    scores = sweep_rates(lambda lr: -run(lr, seed=0).valid_loss, asked.places[place].rates)
    best = max(scores, key=scores.get)
    for seed in SEEDS:
        run(best, seed)


def at_best_rate(runs: Iterable[Run], place: str, batch: int) -> list[Run]:
    """The runs of a place at the rate with the least validation loss of seed 0, in the order of their seeds.

    Args:
        runs: such as `shipped_places("minilm")`.
        place, batch: which of them.

    Raises:
        ValueError: there are no such runs; the message lists what there is.
    """
    runs = list(runs)
    own = [run for run in runs if (run.place, run.batch) == (place, batch)]
    swept = [run for run in own if run.seed == 0]
    if not swept:
        known = "; ".join(dict.fromkeys(f"{run.place!r} in batches of {run.batch}" for run in runs if run.seed == 0))
        asked = f"{place!r} in batches of {batch!r} with seed 0"
        raise ValueError(f"There are no runs of {asked}. There are {known or 'none'}.")
    best = min(swept, key=lambda run: run.valid_loss).lr
    return sorted((run for run in own if run.lr == best), key=lambda run: run.seed)


def shipped_places(model: str) -> list[Run]:
    """The runs that the course ships, ordered by place, batch, rate and seed, so that nobody need train for an hour.

    Args:
        model: "minilm" or "smollm2".

    Raises:
        ValueError: another model.

    Explained in lab 11_lora_today.
    """
    known = sorted(path.stem.removeprefix("lora_versus_full_") for path in RESULTS.glob("lora_versus_full_*.json"))
    if model not in known:
        raise ValueError(f"There are no runs of {model!r}. Choose one of {', '.join(known)}.")
    return read_table(RESULTS / f"lora_versus_full_{model}.json", Run)


def run_command(asked: Comparison, says: str, arguments: Sequence[str] | None = None) -> None:
    """The command of one model: run what is missing in a folder, or write the folder's runs into one file.

    Args:
        asked: what to run.
        says: a line about it.
        arguments: of the command (default: those of the process).
    """
    module = f"lora_utils.experiments.lora_versus_full_{asked.model}"

    def write(folder: Path, path: Path) -> None:
        order = list(asked.places)
        runs = sorted(
            runs_in(folder, Run, f"{asked.model}-*.json"),
            key=lambda run: (order.index(run.place), run.batch, run.lr, run.seed),
        )
        write_table(runs, Run, {"command": f"python -m {module}", "budget": dict(asked.budget)}, path)

    def run(folder: Path) -> None:
        for place, batches in asked.batches.items():
            for batch in batches:
                sweep(asked, place, batch, folder)

    ship_or_run(command_of(module, says).parse_args(arguments), write, run)
