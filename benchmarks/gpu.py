"""Everything of the course that needs an NVIDIA GPU, in ten minutes: python benchmarks/gpu.py [--minutes 10].

Runs the tests that are for a GPU, measures steps of SmolLM2 by full fine-tuning, LoRA and QLoRA, QLoRA also as peft
with bitsandbytes does it, and executes lab 08. Writes build/gpu/table.md, and beside it lab 08 with the GPU's numbers.
A part that the time is not enough for is left out and named. Exit status: 0 all went well, 1 something failed, 2 no
GPU.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch

from lora_utils import inject_lora
from lora_utils.devices import compute_dtype, synchronize
from lora_utils.methods import inject_qlora
from lora_utils.models.decoder import Decoder
from lora_utils.models.smollm2 import load_smollm2
from lora_utils.quantization import to_linear4bit
from lora_utils.training import InstructionBatch, answer_loss

ROOT = Path(__file__).parents[1]
RANK, ALPHA, LR = 8, 1.0, 1e-4
LAYERS = ("query", "key", "value", "output", "gate", "up", "down")  # all linear layers of a block
TESTS = ("tests/lora_utils", *(f"tests/emulated_device/test_{name}.py" for name in ("methods", "training")))
NO_GPU = "There is no NVIDIA GPU here that torch can use, so nothing was measured; run this where there is one."


@dataclass(frozen=True)
class Step:
    """What one training step costs.

    Args:
        what: the method and the type of the base.
        loss: of the first batch, before any training.
        seconds: median over the rounds, the device waited for at both ends.
        peak: most bytes that torch had given out during a step; None on a processor, which does not count them.
    """

    what: str
    loss: float
    seconds: float
    peak: int | None


def full(model: Decoder) -> None:
    """Train everything."""
    model.requires_grad_(True)


def lora(model: Decoder) -> None:
    """Paths beside all linear layers of floats."""
    inject_lora(model, "*", RANK, ALPHA)


def qlora(model: Decoder, make: Callable | None = None) -> None:
    """Paths beside all linear layers in 4 bits, the course's own or those that `make` makes."""
    inject_qlora(model, "*", RANK, ALPHA, make=make)


def peft_qlora(model: Decoder) -> None:
    """The same as peft with bitsandbytes does it: lora_alpha is divided by the rank there."""
    from peft import LoraConfig, inject_adapter_in_model

    from lora_utils.methods import quantize_linears

    quantize_linears(model, "*", make=to_linear4bit)
    model.is_loaded_in_4bit = True  # by which peft knows, not by the layers
    config = LoraConfig(r=RANK, lora_alpha=ALPHA * RANK, target_modules=list(LAYERS), lora_dropout=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inject_adapter_in_model(config, model)


def ways(sixteen: torch.dtype) -> list[tuple[str, Callable[[Decoder], None], torch.dtype]]:
    """Every row of the table: its name, what it does to the frozen model, and the type of that."""
    short = str(sixteen).removeprefix("torch.")
    return [
        ("full, float32", full, torch.float32),
        (f"full, {short}", full, sixteen),
        ("LoRA, float32", lora, torch.float32),
        (f"LoRA, {short}", lora, sixteen),
        ("QLoRA by hand, float32", qlora, torch.float32),
        (f"QLoRA by hand, {short}", qlora, sixteen),
        (f"QLoRA on bitsandbytes' layers, {short}", partial(qlora, make=to_linear4bit), sixteen),
        (f"QLoRA by peft and bitsandbytes, {short}", peft_qlora, sixteen),
    ]


def a_batch(vocabulary: int, rows: int, length: int, device: torch.device | str) -> InstructionBatch:
    """Random tokens, the second half of each row its answer: what a step costs does not depend on which they are."""
    ids = torch.randint(1, vocabulary, (rows, length), generator=torch.Generator().manual_seed(0))  # (b, s)
    labels = ids.clone()
    labels[:, : length // 2] = -100
    return InstructionBatch(ids, torch.ones(rows, length, dtype=torch.bool), labels).to(device)


def measured(what: str, model: Decoder, batch: InstructionBatch, rounds: int) -> Step:
    """Train on one batch again and again, and tell what a step costs."""
    device = batch.ids.device
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer, losses, seconds = torch.optim.AdamW(trained, lr=LR, weight_decay=0.0), [], []
    for number in range(rounds + 2):
        if device.type == "cuda" and number == 2:  # the first two choose kernels and make the optimiser's states
            torch.cuda.reset_peak_memory_stats(device)
        synchronize(device)
        start = time.perf_counter()
        loss = answer_loss(model, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        synchronize(device)
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return Step(what, losses[0], statistics.median(seconds[2:]), peak)


def steps(load: Callable[[], Decoder], device: str, options, deadline: float) -> tuple[list[Step], list[str]]:
    """Measure every way, each on a fresh model; also what went wrong or had to be left out."""
    rows, trouble = [], []
    for name, change, dtype in ways(compute_dtype(device) if device == "cuda" else torch.bfloat16):
        if time.monotonic() > deadline:
            trouble.append(f"{name}: left out, the time was up")
            continue
        try:
            torch.manual_seed(0)
            model = load().requires_grad_(False).to(device, dtype)
            change(model)
            batch = a_batch(model.embedding.num_embeddings, options.batch, options.length, device)
            rows.append(measured(name, model, batch, options.rounds))
        except Exception as error:  # the other rows are worth having
            trouble.append(f"{name}: failed, {type(error).__name__}: {(str(error) or '-').splitlines()[0]}")
        model = batch = None
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()
    return rows, trouble


def table(rows: Iterable[Step]) -> str:
    """The steps as a table in Markdown; times also as shares of the first row's."""
    rows = list(rows)
    lines = ["| step | first loss | ms | of the first row | peak MB |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        peak = "-" if row.peak is None else f"{row.peak / 1e6:,.0f}"
        share = row.seconds / rows[0].seconds
        lines.append(f"| {row.what} | {row.loss:.4f} | {1e3 * row.seconds:.1f} | {share:.2f} | {peak} |")
    return "\n".join(lines)


def machine() -> str:
    """What was measured on, as a table."""
    card = torch.cuda.get_device_properties(0)
    driver = subprocess.run(
        ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True, text=True
    )
    facts = {
        "device": f"{card.name}, {card.total_memory / 2**30:.1f} GiB, capability {card.major}.{card.minor}",
        "driver": driver.stdout.strip().splitlines()[0] if driver.stdout.strip() else "not told",
        "torch": f"{torch.__version__}, CUDA {torch.version.cuda}",
        "bitsandbytes": version("bitsandbytes"),
        "peft": version("peft"),
    }
    return "\n".join(["| what | which |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in facts.items())])


def command(words: list[str], seconds: float) -> tuple[bool, str]:
    """Run a command of this environment within some seconds: whether it went well, and the end of what it said."""
    if seconds < 1:
        return False, "left out, the time was up"
    environment = os.environ | {"LORA_UTILS_DEVICE": "cuda"}
    try:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=seconds, env=environment
        )
    except subprocess.TimeoutExpired:
        return False, f"stopped after {seconds:.0f} s"
    said = (done.stdout.strip() or done.stderr.strip() or "it said nothing").splitlines()[-1]
    return done.returncode == 0, said


def lab_08(folder: Path, seconds: float) -> tuple[bool, str]:
    """Execute lab 08 as the builder does and keep it with its outputs."""
    notebook = ROOT / "solutions" / "08_qlora" / "08_qlora.ipynb"
    words = ["-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", str(folder), str(notebook)]
    done, said = command(words, seconds)
    return done, f"its numbers are in {folder / notebook.name}" if done else said


def whole(least: int, text: str) -> int:
    """A number from the command line that is not below `least`."""
    if not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="stop after so many (default 10)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "gpu", help="where the table goes")
    for name, value, least in (("rounds", 10, 1), ("batch", 8, 1), ("length", 64, 2)):
        parser.add_argument(f"--{name}", type=partial(whole, least), default=value, help=f"default {value}")
    options = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print(NO_GPU)
        return 2
    end = time.monotonic() + 60 * options.minutes
    options.out.mkdir(parents=True, exist_ok=True)
    went, tests = command(["-m", "pytest", "-q", "-m", "gpu or device", *TESTS], 0.3 * 60 * options.minutes)
    rows, trouble = steps(load_smollm2, "cuda", options, time.monotonic() + 0.4 * (end - time.monotonic()))
    done, lab = lab_08(options.out, end - time.monotonic())
    text = "\n\n".join(
        [
            "# Measured on a GPU",
            machine(),
            f"Tests on the GPU: {tests}",
            f"A step of SmolLM2, AdamW, {options.batch} sequences of {options.length} tokens, {options.rounds} rounds:",
            table(rows),
            *trouble,
            f"Lab 08: {lab}",
        ]
    )
    print(text)
    (options.out / "table.md").write_text(text + "\n", encoding="utf-8")
    return 0 if went and done and not trouble else 1


if __name__ == "__main__":
    sys.exit(main())
