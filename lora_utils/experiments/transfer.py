"""From the shipped four-class newsgroups classifier to another task: the common start of every method in a comparison.

Letters: n examples, s sequence, d width of the word vectors (50).
"""

import torch
from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.data.text import PAD_ID
from lora_utils.devices import seeded
from lora_utils.models.classifier import TextClassifier
from lora_utils.models.weights import newsgroups_weights


def transfer_classifier(num_classes: int, *, seed: int, vectors: torch.Tensor | None = None) -> TextClassifier:
    """The newsgroups classifier, frozen, with a new trainable head for another task.

    Args:
        num_classes: outputs of the new head, at least 1
        seed: of the head's random start; the generator outside is left as it was
        vectors: as in TextClassifier (default: the course's GloVe vectors)

    Returns:
        a model in which only fc2 is trainable

    Explained in lab 06_linear_with_lora.
    """
    with seeded(seed):
        model = TextClassifier(4, vectors=vectors)
        model.load_state_dict(newsgroups_weights(), strict=False)  # no embedding.weight in it: those vectors are public
        model.requires_grad_(False)
        model.fc2 = nn.Linear(model.fc1.out_features, num_classes)
    return model


def mean_vectors(model: TextClassifier, data: Examples) -> Examples:
    """The mean word vector of each text: what a model with frozen embedding computes again in every epoch.

    Args:
        model: its embedding is used, in its present state
        data: padded token ids (n, s)

    Returns:
        inputs (n, d) and the same labels; nn.Sequential(model.fc1, nn.ReLU(), model.fc2) takes them

    Explained in lab 06_linear_with_lora.
    """
    parts = []
    with torch.no_grad():
        for ids, _ in data.batches(512):
            real = (ids != PAD_ID).unsqueeze(-1)  # (b, s, 1)
            total = (model.embedding(ids) * real).sum(dim=1)  # (b, d)
            parts.append(total / real.sum(dim=1).clamp(min=1))  # (b, d)
    return Examples(torch.cat(parts), data.labels)
