"""A LoRA training step beside PEFT's: python benchmarks/lora_step.py [--threads 2] [--rounds 15] [--batch 16].

The same MiniLM classifier, rank 8 on query and value, the same start and the same batch, once with the course's LoRA
and once with PEFT's. Each round takes a step of both, in an order that alternates; what is reported is the median over
rounds of our time divided by PEFT's, so that a slow moment of the machine hits both. Memory is counted tensor by
tensor. The losses of the first steps are compared first: a fast wrong step is no result.
"""

import argparse
import statistics
import time
import warnings

import torch
from torch.nn import functional as F

from lora_utils import count_parameters, inject_lora, training_memory
from lora_utils.models.sentence_classifier import SentenceClassifier, load_sentence_classifier

RANK, ALPHA, LAYERS = 8, 2.0, ("query", "value")


def ours() -> SentenceClassifier:
    """The classifier with the course's LoRA."""
    model = load_sentence_classifier(6)
    inject_lora(model, [f"*.{name}" for name in LAYERS], RANK, ALPHA)
    return model


def theirs() -> SentenceClassifier:
    """The classifier with PEFT's LoRA; its lora_alpha is divided by the rank."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from peft import LoraConfig, inject_adapter_in_model

        model = load_sentence_classifier(6)
        config = LoraConfig(r=RANK, lora_alpha=ALPHA * RANK, target_modules=list(LAYERS), lora_dropout=0.0)
        inject_adapter_in_model(config, model)
    model.head.requires_grad_(True)
    return model


def same_start(mine: SentenceClassifier, other: SentenceClassifier) -> None:
    """Copy our A into PEFT's; both B are zero."""
    for a, b in zip(mine.encoder.blocks, other.encoder.blocks, strict=True):
        for name in LAYERS:
            factor = getattr(a.attention, name).lora.A
            getattr(b.attention, name).lora_A["default"].weight.data.copy_(factor.T)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, value in (("threads", 2), ("rounds", 15), ("batch", 16), ("length", 32)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    models = {"ours": ours(), "theirs": theirs()}
    same_start(*models.values())
    counts = {name: count_parameters(model).trainable for name, model in models.items()}
    ids = torch.randint(1000, 20_000, (options.batch, options.length))
    labels = torch.randint(0, 6, (options.batch,))
    memory = {name: training_memory(model, ids, labels) for name, model in models.items()}
    steppers = {
        name: torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
        for name, model in models.items()
    }

    def step(name: str) -> tuple[float, float]:
        start = time.perf_counter()
        steppers[name].zero_grad()
        loss = F.cross_entropy(models[name](ids), labels)
        loss.backward()
        steppers[name].step()
        return time.perf_counter() - start, loss.item()

    pairs = []
    for number in range(options.rounds + 2):
        order = ("ours", "theirs") if number % 2 else ("theirs", "ours")
        pairs.append({name: step(name) for name in order})
    gap = max(abs(pair["ours"][1] - pair["theirs"][1]) for pair in pairs[:3])
    pairs = pairs[2:]  # the first rounds warm up
    ratios = sorted(pair["ours"][0] / pair["theirs"][0] for pair in pairs)
    seconds = {name: statistics.median(pair[name][0] for pair in pairs) for name in models}
    print(f"torch {torch.__version__}, {options.threads} threads, batch {options.batch} x {options.length}")
    print(f"trainable numbers: {counts}; largest difference of the first three losses: {gap:.2e}")
    print(f"a step: ours {1000 * seconds['ours']:.0f} ms, PEFT {1000 * seconds['theirs']:.0f} ms")
    print(f"ours / PEFT: {statistics.median(ratios):.3f} (from {ratios[0]:.3f} to {ratios[-1]:.3f})")
    ratio = memory["ours"].total / memory["theirs"].total
    print(f"memory of a step: ours {memory['ours'].total / 1e6:.1f} MB, PEFT {memory['theirs'].total / 1e6:.1f} MB")
    print(f"memory, ours / PEFT: {ratio:.3f}")


if __name__ == "__main__":
    main()
