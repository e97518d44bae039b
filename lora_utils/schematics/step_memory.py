"""The memory of a training step as areas: what freezing saves, and what four bits save."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from lora_utils.data.text import COURSE_TYPES
from lora_utils.methods.bitfit import unfreeze_biases
from lora_utils.models.classifier import TextClassifier
from lora_utils.models.weights import newsgroups_weights
from lora_utils.schematics.drawing import MARGIN, WIDTH, Drawing
from lora_utils.training.gpu_memory import GPUS, METHODS, MODELS, StepBytes, smallest_gpu, step_bytes
from lora_utils.training.measured_memory import TrainingMemory
from lora_utils.training.memory_ledger import predicted_memory

BATCH, CLASSES = (256, 256), 2  # lab 02: texts and tokens of each, from film reviews
ROW, HEIGHT = 88, 44  # from one bar to the next; of a bar, so that areas are bytes
LENGTH = WIDTH - 2 * MARGIN
OUTLINED = 5  # pixels from which a part has an outline

Memory = TrainingMemory | StepBytes


def classifier_memory() -> Drawing:
    """A step of the text classifier with everything trained, its biases, its last layer."""
    memory = classifier_steps()
    saved = memory["everything"].total / memory["BitFit"].total
    return _areas(
        f"BitFit's step needs {saved:.1f} times less memory: gradients and states are gone", memory, 1e6, "MB"
    )


def classifier_steps() -> dict[str, Memory]:
    """The ledger of the text classifier, for each policy of lab 02."""
    width = newsgroups_weights()["fc1.weight"].shape[1]
    model = TextClassifier(CLASSES, vectors=torch.empty(COURSE_TYPES, width))
    found: dict[str, Memory] = {"everything": predicted_memory(model, BATCH)}
    model.requires_grad_(False)
    unfreeze_biases(model)
    found["BitFit"] = predicted_memory(model, BATCH)
    model.requires_grad_(False).fc2.requires_grad_(True)
    return found | {"last layer": predicted_memory(model, BATCH)}


def decoder_memory() -> Drawing:
    """A step of a model of seven billion numbers: full, LoRA, QLoRA."""
    (sizes,) = (one for one in MODELS if one.name == "Llama 2 7B")
    memory: dict[str, Memory] = {method: step_bytes(sizes, method) for method in METHODS}
    return _areas(f"{sizes.name}: LoRA drops gradients and states, QLoRA most of the weights", memory, 1e9, "GB")


def _areas(finding: str, memory: Mapping[str, Memory], unit: float, name: str) -> Drawing:
    """A bar of equal height for each row, as long as its bytes, cut into kinds."""
    rows = {row: parts(one) for row, one in memory.items()}
    said = {row: ", ".join(f"{kind} {size / unit:.2f}" for kind, size in cut.items()) for row, cut in rows.items()}
    words = "; ".join(f"{row}: {text}, together {memory[row].total / unit:.2f} {name}" for row, text in said.items())
    d = Drawing(finding, f"Bars whose areas are bytes of one training step. {words}.", 62 + ROW * len(rows) + 44)
    largest = max(one.total for one in memory.values())
    for number, (row, cut) in enumerate(rows.items()):
        y, x, unsaid = 76.0 + number * ROW, float(MARGIN), []
        for kind, size in cut.items():
            length, amount = size / largest * LENGTH, f"{size / unit:.1f}"
            fitting = [label for label in (f"{kind} {amount}", amount) if length > 8 * len(label) + 8]
            if fitting:
                d.box(x, y + 16, length, HEIGHT, fitting[0], kind=kind)
            else:
                (d.box if length >= OUTLINED else d.sliver)(x, y + 16, length, HEIGHT, kind=kind)
                unsaid += [f"{kind} {size / unit:.2f}"] if size / unit >= 0.005 else []
            x += length
        d.text(MARGIN, y, row, kind="name", anchor="start")
        d.text(130, y, ", ".join(unsaid), kind="small", anchor="start", on="soft")
        d.text(WIDTH - MARGIN, y, f"{memory[row].total / unit:.1f} {name}{_fits(memory[row], name)}", anchor="end")
    d.legend("frozen", "trained", "gradients", "optimizer", "activations")
    return d


def _fits(memory: Memory, name: str) -> str:
    """Which GPU has room for it and what comes on top, where gigabytes are at stake."""
    if not isinstance(memory, StepBytes):
        return ""
    gpu = smallest_gpu(memory.needed)
    return f", on a GPU of {gpu} {name}" if gpu else f", more than a GPU of {max(GPUS)} {name} has"


def parts(memory: Memory) -> dict[str, float]:
    """Bytes by kind; what is trained has a gradient of its own size, so the weights split into frozen and trained.

    A layer that is dequantized for a moment counts as an activation.
    """
    activations = memory.total - memory.weights - memory.gradients - memory.optimizer
    return {"frozen": memory.weights - memory.gradients, "trained": memory.gradients, "gradients": memory.gradients,
            "optimizer": memory.optimizer, "activations": activations}  # fmt: skip
