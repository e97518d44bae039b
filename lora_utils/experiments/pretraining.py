"""Makes the 4-class weights that the course ships: `TextClassifier` on newsgroups with frozen word vectors."""

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from lora_utils.data.batches import load
from lora_utils.data.text import write_whole
from lora_utils.models.classifier import TextClassifier
from lora_utils.models.weights import SHIPPED
from lora_utils.training.evaluate import accuracy
from lora_utils.training.seeds import seed_everything
from lora_utils.training.training_loop import train

SEED, EPOCHS, RATE, BATCH = 0, 20, 3e-3, 64


@dataclass(frozen=True)
class Pretrained:
    """What the JSON file beside the weights says.

    Args:
        command: makes the file again
        data, model: what was trained on what
        test_accuracy, valid_accuracy: from 0 to 1
        sha256: of the safetensors file
        seed, epochs, lr, batch_size: of the training
        torch, python: versions it was made with
    """

    command: str
    data: str
    model: str
    test_accuracy: float
    valid_accuracy: float
    sha256: str
    seed: int
    epochs: int
    lr: float
    batch_size: int
    torch: str
    python: str


def pretrain(path: Path = SHIPPED) -> Pretrained:
    """Trains fc1 and fc2 on newsgroups, writes them and a JSON file beside them, and returns what that file says.

    Args:
        path: of the safetensors file (default: the one that is shipped)
    """
    from safetensors.torch import save

    corpus = load("newsgroups")
    seed_everything(SEED)
    model = TextClassifier(num_classes=len(corpus.classes), freeze=True)
    train(model, corpus.train, epochs=EPOCHS, lr=RATE, batch_size=BATCH, seed=SEED, label="Training on newsgroups")
    state = {name: value.contiguous() for name, value in model.state_dict().items() if name.startswith("fc")}
    content = save(state)
    facts = Pretrained(
        command="lora-utils pretrain",
        data=f"newsgroups ({', '.join(corpus.classes)}): {len(corpus.train)} train, {len(corpus.test)} test",
        model="TextClassifier(num_classes=4, freeze=True), fc1 and fc2 only",
        test_accuracy=round(accuracy(model, corpus.test), 4),
        valid_accuracy=round(accuracy(model, corpus.valid), 4),
        sha256=hashlib.sha256(content).hexdigest(),
        seed=SEED,
        epochs=EPOCHS,
        lr=RATE,
        batch_size=BATCH,
        torch=torch.__version__,
        python=platform.python_version(),
    )
    write_whole(path, content)
    write_whole(path.with_suffix(".json"), (json.dumps(asdict(facts), indent=2) + "\n").encode())
    return facts
