"""Every ratio in one table: python -m benchmarks.ratios [--rounds 7] [--leave-out grading] (make bench).

Our time over that of a peer, on one thread, as `benchmarks.paired` measures it; grading by the clock, since it runs in
many processes. Below 1 we are faster. Each row's own file says what is compared, and that both do the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial

import torch

from benchmarks import grading, lora_step, qlora_step, quantizing
from benchmarks.paired import HEAD, Ratio, machine, paired

STUDENTS = 2  # each of whom hands in two labs: a small class, in which the start of the grader weighs most


def of_children() -> float:
    """Seconds of processor time that finished child processes took."""
    times = os.times()
    return times.children_user + times.children_system


def importing(rounds: int) -> list[Ratio]:
    """What `import lora_utils` takes in a new process, Python's own start included."""

    def start(package: str) -> None:
        subprocess.run([sys.executable, "-c", f"import {package}"], check=True, capture_output=True)

    ours = partial(start, "lora_utils")
    return [
        paired(f"import lora_utils / import {peer}", ours, partial(start, peer), rounds, clock=of_children)
        for peer in ("torch", "peft")
    ]


def grading_a_class(rounds: int) -> list[Ratio]:
    """Whole commands, one worker beside stock nbgrader."""
    pairs = [(grading.ours(STUDENTS, workers=1), grading.stock(STUDENTS)) for _ in range(rounds)]
    ours, theirs = map(list, zip(*pairs, strict=True))
    return [Ratio(f"grade {STUDENTS} students, 2 labs / nbgrader autograde", ours, theirs)]


PARTS: dict[str, Callable[[int], Iterable[Ratio]]] = {
    "quantizing": quantizing.in_short,
    "qlora": lambda rounds: [qlora_step.measure(rounds)],
    "lora": lora_step.measure,
    "import": importing,
    "grading": grading_a_class,
}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="default 7")
    parser.add_argument("--leave-out", nargs="*", choices=PARTS, default=[], help="grading takes the most time")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(machine(threads=1), HEAD, sep="\n", flush=True)
    for name, part in PARTS.items():
        if name not in options.leave_out:
            for ratio in part(options.rounds):
                print(ratio.row(), flush=True)


if __name__ == "__main__":
    main()
