"""A QLoRA training step beside peft's with bitsandbytes' layers: python -m benchmarks.qlora_step [--rounds 15].

Two decoder blocks of SmolLM2's sizes (width 576, feed-forward 1536) with random weights in NF4, rank 8 on all of their
linear layers, 256 tokens, forward and backward on the CPU. The same start; before anything is timed, loss and every
gradient of the factors are compared: a fast wrong step is no result.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor

from benchmarks.gpu import peft_qlora, qlora
from benchmarks.paired import HEAD, Ratio, machine, paired
from lora_utils.models.decoder import Decoder


def models(**sizes: int) -> tuple[Decoder, Decoder]:
    """The same frozen decoder twice, with the course's QLoRA and with peft's, and the same factors in both."""
    made = []
    for change in (qlora, peft_qlora):
        torch.manual_seed(0)
        model = Decoder(**{"vocabulary": 64, "blocks": 2} | sizes).requires_grad_(False)
        change(model)
        made.append(model)
    ours, theirs = made
    for mine, other in factors(ours, theirs):
        mine.data.normal_(std=0.02)  # B too, so that A has a gradient
        other.data.copy_(mine.T)
    return ours, theirs


def factors(ours: Decoder, theirs: Decoder) -> list[tuple[Tensor, Tensor]]:
    """Pairs of A (i, r) or B (r, o) here, and the transposed one there."""
    named = dict(theirs.named_parameters())
    return [
        (mine, named[f"{name.removesuffix(f'lora.{letter}')}lora_{letter}.default.weight"])
        for name, mine in ours.named_parameters()
        if mine.requires_grad and (letter := name[-1])
    ]


def step(model: Decoder, x: Tensor) -> Tensor:
    """Forward and backward of all blocks; returns the loss, against the input in reverse order."""
    model.zero_grad(set_to_none=True)
    loss = (model.hidden(x) - x.flip(1)).square().mean()
    loss.backward()
    return loss.detach()


def largest_difference(ours: Decoder, theirs: Decoder, x: Tensor) -> float:
    """Of the loss and of all gradients, each over the largest number in it."""
    pairs = [(step(ours, x), step(theirs, x)), *((a.grad, b.grad.T) for a, b in factors(ours, theirs))]
    return max(((a - b).abs().max() / b.abs().max()).item() for a, b in pairs)


def measure(rounds: int, tokens: int = 256) -> Ratio:
    """Compare and time."""
    ours, theirs = models()
    x = torch.randn(1, tokens, 576, generator=torch.Generator().manual_seed(1))
    if (gap := largest_difference(ours, theirs, x)) > 1e-3:
        raise RuntimeError(f"the steps must be one and the same, and a gradient differs by {gap:.1e} of its size")
    return paired("QLoRA step / peft with bitsandbytes", lambda: step(ours, x), lambda: step(theirs, x), rounds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, value in (("threads", 1), ("rounds", 15), ("tokens", 256)):
        parser.add_argument(f"--{name}", type=int, default=value, help=f"default {value}")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(machine(options.threads), HEAD, measure(options.rounds, options.tokens).row(), sep="\n")


if __name__ == "__main__":
    main()
