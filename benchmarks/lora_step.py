"""A LoRA training step beside PEFT's: python -m benchmarks.lora_step [--threads 1] [--rounds 15] [--batch 16].

The same MiniLM classifier, rank 8 on query and value, the same start and the same batch, once with the course's LoRA
and once with PEFT's: in all six blocks, in the upper three, and in the upper three of ours with what the frozen blocks
below give computed once, which PEFT has nothing for. Before anything is timed the losses of three steps are compared:
a fast wrong step is no result. Memory is counted tensor by tensor.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.paired import HEAD, Ratio, machine, paired
from lora_utils import inject_lora, training_memory
from lora_utils.data.batches import Examples
from lora_utils.models.sentence_classifier import SentenceClassifier, load_sentence_classifier
from lora_utils.models.upper_blocks import UpperBlocks, below

RANK, ALPHA, LAYERS = 8, 2.0, ("query", "value")
ALL, UPPER = range(6), range(3, 6)  # MiniLM's blocks


def ours(blocks: Iterable[int]) -> SentenceClassifier:
    """The classifier with the course's LoRA in some of its blocks."""
    model = load_sentence_classifier(6)
    inject_lora(model, [f"encoder.blocks.{i}.attention.{name}" for i in blocks for name in LAYERS], RANK, ALPHA)
    return model


def theirs(blocks: Iterable[int]) -> SentenceClassifier:
    """The classifier with PEFT's LoRA; its lora_alpha is divided by the rank."""
    from peft import LoraConfig, inject_adapter_in_model

    model = load_sentence_classifier(6)
    config = LoraConfig(
        r=RANK,
        lora_alpha=ALPHA * RANK,
        target_modules=list(LAYERS),
        layers_to_transform=list(blocks),
        layers_pattern="blocks",
        lora_dropout=0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inject_adapter_in_model(config, model)
    model.head.requires_grad_(True)
    return model


def same_start(mine: SentenceClassifier, other: SentenceClassifier, blocks: Iterable[int]) -> None:
    """Copy our A into PEFT's; both B are zero."""
    for i in blocks:
        for name in LAYERS:
            factor = getattr(mine.encoder.blocks[i].attention, name).lora.A
            getattr(other.encoder.blocks[i].attention, name).lora_A["default"].weight.data.copy_(factor.T)


def stepper(model: nn.Module, inputs: Tensor, labels: Tensor) -> Callable[[], float]:
    """A call that takes a step of AdamW on one batch and returns its loss."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)

    def step() -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def a_batch(batch: int, length: int) -> tuple[Tensor, Tensor]:
    """Random tokens and labels: what a step costs does not depend on which they are."""
    draw = torch.Generator().manual_seed(0)
    return torch.randint(1000, 20_000, (batch, length), generator=draw), torch.randint(0, 6, (batch,), generator=draw)


def measure(rounds: int, batch: int = 16, length: int = 32) -> list[Ratio]:
    """Compare and time the three pairs."""
    ids, labels = a_batch(batch, length)
    ratios = []
    for what, blocks, once in (
        ("LoRA step, all blocks", ALL, False),
        ("LoRA step, upper half", UPPER, False),
        ("LoRA step, upper half, what lies below computed once", UPPER, True),
    ):
        torch.manual_seed(0)
        mine, other = ours(blocks), theirs(blocks)
        same_start(mine, other, blocks)
        inputs = below(mine, Examples(ids, labels), UPPER.start).inputs if once else ids
        mine = stepper(UpperBlocks(mine, UPPER.start) if once else mine, inputs, labels)
        other = stepper(other, ids, labels)
        gap = max(abs(mine() - other()) for _ in range(3))
        if gap > 1e-4:
            raise RuntimeError(
                f"the steps must be one and the same, and a loss of the first three differs by {gap:.1e}"
            )
        ratios.append(paired(f"{what} / PEFT", mine, other, rounds))
    return ratios


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, value in (("threads", 1), ("rounds", 15), ("batch", 16), ("length", 32)):
        parser.add_argument(f"--{name}", type=int, default=value, help=f"default {value}")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(machine(options.threads), HEAD, sep="\n")
    for ratio in measure(options.rounds, options.batch, options.length):
        print(ratio.row())
    mine, other = (
        training_memory(make(ALL), *a_batch(options.batch, options.length)).total / 1e6 for make in (ours, theirs)
    )
    print(f"memory of a step, all blocks: ours {mine:.1f} MB, PEFT {other:.1f} MB")


if __name__ == "__main__":
    main()
