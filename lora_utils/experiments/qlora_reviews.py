"""SmolLM2 taught to judge film sentences with QLoRA: lab 08's run with several seeds, judged sentence by sentence.

    python -m lora_utils.experiments.qlora_reviews --folder runs                one JSON a run; finished runs are kept
    python -m lora_utils.experiments.qlora_reviews --folder runs --ship FILE    all of them in one file

The results that the course ships were made by these commands; `shipped_reviews()` reads them. Two controls say what
four bits and what training had to do with a gain: the same LoRA in floats, and the zero-shot models with a threshold
fitted on the labels that training saw. All judge the same sentences, so what counts are the sentences on which two of
them differ: the sign test.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lora_utils.experiments.prompting import fit_threshold
from lora_utils.experiments.review_task import (
    Row,
    adapted,
    adapted_in_floats,
    fit,
    judged,
    log_odds,
    sentences,
    written_as_asked,
)
from lora_utils.experiments.run_records import command_of, kept, read_table, runs_in, ship_or_run, write_table
from lora_utils.training.significance import sign_test

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SHIPPED = Path(__file__).with_name("results") / "qlora_reviews.json"
TRAIN, BATCH, TRAIN_TOKENS = 1024, 12, 20  # the budget: 85 steps on short sentences
TEST_TOKENS, VALID, ASKED = 30, 200, 40  # 682 of the 1,000 test sentences are that short
RATES, SEEDS = (3e-4,), (0, 1, 2)  # the rate was chosen on validation sentences in shorter runs, in 4 bits
FLOATS, FOUR_BITS = MODELS = "in floats", "in 4 bits"
ZERO_SHOT, FITTED, TRAINED = WAYS = "zero-shot", "threshold fitted", "trained"


@dataclass(frozen=True)
class Run:
    """One model, what labels were used for, and what it said about the held-out sentences.

    Args:
        model: FLOATS or FOUR_BITS.
        way: ZERO_SHOT, which uses no labels; FITTED, which sets the threshold by them; or TRAINED, by LoRA.
        lr, seed: of the training; 0 without one.
        threshold: the log-odds above which it says positive; 0 unless FITTED.
        valid: accuracy on validation sentences, on which the rate is chosen.
        right: a digit for each held-out sentence, 1 where the model is right.
        as_asked: how many of the first ASKED answers, freely written, are a label and the end of the turn.
        seconds: of CPU time for the training, one thread.
    """

    model: str
    way: str
    lr: float
    seed: int
    threshold: float
    valid: float
    right: str
    as_asked: int
    seconds: float

    @property
    def accuracy(self) -> float:
        """Share of the held-out sentences that it gets right."""
        return self.right.count("1") / len(self.right)


class Paired(NamedTuple):
    """How many sentences one model gets right and the other wrong, each way, and the sign test's p."""

    better: int
    worse: int
    p: float


def paired(before: Run, after: Run) -> Paired:
    """Compare two models on the same sentences; those on which they agree say nothing about the difference."""
    pairs = list(zip(before.right, after.right, strict=True))
    better, worse = pairs.count(("0", "1")), pairs.count(("1", "0"))
    return Paired(better, worse, sign_test(better, worse))


def _sentences() -> tuple[Tokenizer, list[Row], list[Row], list[Row]]:
    return sentences(TRAIN, TRAIN_TOKENS, VALID, TEST_TOKENS)


def run_once(model: str, way: str, lr: float = 0.0, seed: int = 0) -> Run:
    """Make one model, train it or fit its threshold, and have it judge the validation and the held-out sentences.

    Args:
        model, way: as in Run.
        lr, seed: of the training; both models start from the same paths and read the sentences in the same order.

    Explained in lab 08_qlora.
    """
    tokenizer, train_rows, valid_rows, test_rows = _sentences()
    decoder = adapted(seed) if model == FOUR_BITS else adapted_in_floats(seed)  # untrained paths add exactly 0
    threshold, seconds = 0.0, 0.0
    if way == TRAINED:
        start = time.process_time()
        fit(decoder, tokenizer, train_rows, lr, BATCH, seed)
        seconds = round(time.process_time() - start, 1)
    if way == FITTED:
        threshold = fit_threshold(log_odds(decoder, tokenizer, train_rows), [label for _, label in train_rows])
    valid, right = (judged(log_odds(decoder, tokenizer, rows), rows, threshold) for rows in (valid_rows, test_rows))
    as_asked = written_as_asked(decoder, tokenizer, test_rows[:ASKED])
    return Run(model, way, lr, seed, threshold, valid.count("1") / len(valid_rows), right, as_asked, seconds)


def sweep(folder: Path, rates: Sequence[float] = RATES, seeds: Sequence[int] = SEEDS) -> list[Run]:
    """The untrained models, every rate with the first seed in 4 bits, and all seeds at the best rate on validation.

    The models in floats are trained at the rate that was chosen for 4 bits, so the two differ in nothing else.

    Args:
        folder: where each run is kept as one JSON file; a run that is there is not repeated.
        rates, seeds: at least one each; among rates equally good the first is taken.
    """
    untrained = [_kept(folder, model, way) for way in (ZERO_SHOT, FITTED) for model in MODELS]
    tried = [_kept(folder, FOUR_BITS, TRAINED, lr, seeds[0]) for lr in rates]
    best = max(tried, key=lambda run: run.valid).lr
    more = [_kept(folder, FOUR_BITS, TRAINED, best, seed) for seed in seeds[1:]]
    return [*untrained, *tried, *more, *(_kept(folder, FLOATS, TRAINED, best, seed) for seed in seeds)]


def _kept(folder: Path, model: str, way: str, lr: float = 0.0, seed: int = 0) -> Run:
    path = folder / f"{model} {way} {lr:g} {seed}.json".replace(" ", "_")
    return kept(
        path,
        Run,
        lambda: run_once(model, way, lr, seed),
        lambda run: f"valid {run.valid:.3f}, as asked {run.as_asked}, {run.seconds:.0f} s of training",
    )


def collect(folder: Path) -> list[Run]:
    """All runs in a folder: zero-shot, fitted, trained; of each those in floats first, then by rate and seed."""
    return sorted(
        runs_in(folder, Run), key=lambda run: (WAYS.index(run.way), MODELS.index(run.model), run.lr, run.seed)
    )


def write_results(runs: Iterable[Run], path: Path) -> None:
    """Write runs and what they were made with into one file, a row each.

    Args:
        runs: from `collect`.
        path: the file; an existing one is replaced only once the new one is complete.
    """
    made = {
        "command": "python -m lora_utils.experiments.qlora_reviews",
        "budget": {"train": TRAIN, "batch": BATCH, "tokens": TRAIN_TOKENS, "threads": 1},
        "judged": {"tokens": TEST_TOKENS, "valid": VALID, "asked": ASKED},
    }
    write_table(runs, Run, made, path)


def shipped_reviews(path: Path = SHIPPED) -> list[Run]:
    """The runs that the course ships, so that the evidence can be read without half an hour of training.

    Args:
        path: a file from write_results (default: the course's own).

    Explained in lab 08_qlora.
    """
    return read_table(path, Run)


def best_runs(runs: Iterable[Run], model: str = FOUR_BITS) -> list[Run]:
    """A model's trained runs at the rate with the best validation accuracy of its first seed, in the order of seeds."""
    trained = [run for run in runs if run.way == TRAINED and run.model == model]
    first = min(run.seed for run in trained)
    best = max((run for run in trained if run.seed == first), key=lambda run: run.valid).lr
    return sorted((run for run in trained if run.lr == best), key=lambda run: run.seed)


def main(arguments: list[str] | None = None) -> None:
    """The command: run what is missing in the folder, or write the folder's runs into one file."""
    parser = command_of("lora_utils.experiments.qlora_reviews", __doc__.splitlines()[0])
    parser.add_argument("--rates", type=float, nargs="+", default=RATES, help="learning rates to choose from")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="default: 0 1 2")
    chosen = parser.parse_args(arguments)
    ship_or_run(
        chosen,
        lambda folder, file: write_results(collect(folder), file),
        lambda folder: sweep(folder, chosen.rates, chosen.seeds),
    )


if __name__ == "__main__":
    main()
