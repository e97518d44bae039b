"""What a sentence encoder knows before and after adaptation: do texts on one subject still lie beside each other?

Letters: b batch, n texts, d width of the vectors, c classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_utils.data.batches import Examples
from lora_utils.training.evaluate import evaluating


def head_inputs(model: nn.Module, head: nn.Module, data: Examples, batch_size: int = 64) -> Tensor:
    """The vector that the head sees for each text: what the model, adapted or not, makes of it.

    It is read where it arrives, so it serves every method: a prompt in front of the text, a prefix in the attention and
    a changed weight act as they do in use.

    Args:
        model: ids (b, s) -> scores; it calls `head`.
        head: the module inside it that turns a text's vector into scores.
        data: n texts.
        batch_size: changes the speed, not the result.

    Returns:
        (n, d)

    Raises:
        ValueError: the model never called `head`.
    """
    seen: list[Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
    try:
        with evaluating(model):
            for ids, _ in data.batches(batch_size):
                model(ids.to(next(model.parameters()).device))
    finally:
        hook.remove()
    if not seen:
        raise ValueError("The model did not call the given head. Hand over the head inside the model that is called.")
    return torch.cat(seen)  # (n, d)


def nearest_neighbor_accuracy(vectors: Tensor, labels: Tensor) -> float:
    """Share of texts whose nearest other text, by cosine, has the same label; nothing is trained for it.

    Args:
        vectors: (n, d), n at least 2.
        labels: (n,).

    Returns:
        from 0 to 1; 1 / c says that the vectors know nothing of c balanced classes.

    Raises:
        ValueError: fewer than two texts, or a label too few or too many.

    Source: Cover and Hart, "Nearest Neighbor Pattern Classification", 1967. Lab 09_capstone measures forgetting by it.
    """
    if len(vectors) < 2 or len(vectors) != len(labels):
        raise ValueError(f"at least 2 texts with a label each are needed, got {len(vectors)} and {len(labels)} labels.")
    unit = F.normalize(vectors, dim=1)  # (n, d)
    likeness = unit @ unit.T  # (n, n)
    likeness.fill_diagonal_(-torch.inf)  # a text is not its own neighbour
    labels = labels.cpu()  # Apple's GPUs have no float64
    return float((labels[likeness.argmax(dim=1).cpu()] == labels).double().mean())
