"""What one training step will keep in memory, predicted from shapes alone; `memory.py` measures the same.

Letters: b batch, s sequence, d width of the word vectors, c classes.
"""

from collections.abc import Sequence

from torch import nn

from lora_utils.models.classifier import TextClassifier
from lora_utils.quantization.stored_weights import constants_of
from lora_utils.training.measured_memory import TrainingMemory

STEP_COUNTER = 4  # bytes: AdamW keeps one float32 per parameter tensor, whatever that tensor's own dtype
KEEPS_OUTPUT = (nn.ReLU, nn.Tanh, nn.Sigmoid)  # their derivative follows from what they returned
KEEPS_INPUT = (nn.GELU, nn.SiLU)  # their derivative needs what came in


def parameter_memory(model: nn.Module) -> TrainingMemory:
    """The part of the ledger that belongs to parameters, for any module; activations are left at 0.

        weights    every parameter and buffer
        gradients  as much again for those that are trained
        optimizer  AdamW: twice the gradients, and a step counter per trained tensor

    Args:
        model: any module; a tensor that two layers share counts once

    Returns:
        bytes

    Explained in lab 02_full_fine_tuning.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = sum(_bytes(parameter) for parameter in trained)
    constants = [one for parameter in model.parameters() for one in constants_of(parameter)]
    return TrainingMemory(
        weights=sum(_bytes(tensor) for tensor in (*model.parameters(), *model.buffers(), *constants)),
        gradients=gradients,
        optimizer=2 * gradients + STEP_COUNTER * len(trained),
        activations=0,
    )


def predicted_memory(model: nn.Module, batch: Sequence[int]) -> TrainingMemory:
    """Predicts the bytes of one AdamW step under cross entropy, without running anything.

    Backward needs, and forward therefore keeps:

        a linear layer    its input, if its weight is trained; not if the input is the batch itself
        relu, tanh, ...   its output (gelu, silu: its input), if anything before it is trained
        cross entropy     its log-probabilities (b, c) and one number

    A tensor that two layers keep counts once. So a frozen layer spares gradients and optimiser states, while the
    activations behind the first trained number stay.

    Args:
        model: an nn.Sequential of nn.Linear and elementwise activations, or a TextClassifier, with at least one
            trained parameter. A nested nn.Sequential counts as its layers.
        batch: the shape of one batch of inputs, (b, features) for the one, token ids (b, s) for the other

    Returns:
        bytes; equal to training_memory(model, inputs, labels), which runs the step

    Raises:
        ValueError: nothing is trained, or a layer of another kind

    Explained in lab 02_full_fine_tuning.
    """
    counted = parameter_memory(model)
    if not counted.gradients:
        raise ValueError("No parameter of the model has requires_grad. Unfreeze at least one to predict a step.")
    activations = _classifier(model, *batch) if isinstance(model, TextClassifier) else _chain(_layers(model), batch[0])
    return TrainingMemory(counted.weights, counted.gradients, counted.optimizer, activations)


def _chain(layers: list[nn.Module], b: int, *, trained: bool = False, given: bool = True) -> int:
    """Bytes that a row of layers and the loss keep.

    Args:
        layers: from `_layers`
        b: rows of the batch
        trained: whether a trained number stands before the first layer
        given: whether the first layer's input is free: the batch itself
    """
    total, kept, width, size = 0, given, 0, 4
    for layer in layers:
        if isinstance(layer, nn.Linear):
            width, size = layer.in_features, layer.weight.element_size()
            if layer.weight.requires_grad and not kept:
                total += b * width * size  # the input (b, width)
            trained = trained or any(parameter.requires_grad for parameter in layer.parameters())
            width, kept = layer.out_features, False
        elif trained:
            stays = isinstance(layer, KEEPS_OUTPUT)
            total += b * width * size if stays or not kept else 0
            kept = stays
        else:
            kept = False  # its output is a new tensor that nobody has kept yet
    return total + (b * width + 1) * size


def _classifier(model: TextClassifier, b: int, s: int) -> int:
    """Bytes that a TextClassifier keeps: the mean over tokens, then its row of layers."""
    vectors = model.embedding.weight.requires_grad
    mask_and_counts = b * s + 8 * b if vectors else 0  # bool (b, s, 1) and int64 (b, 1), to divide the gradient
    layers = [model.fc1, nn.ReLU(), model.fc2]
    return mask_and_counts + _chain(layers, b, trained=vectors, given=False)


def _layers(model: nn.Module) -> list[nn.Module]:
    """The layers of a sequential model in order; ValueError for a kind whose rule is not known here."""
    if isinstance(model, nn.Sequential):
        return [layer for part in model for layer in _layers(part)]
    if isinstance(model, (nn.Linear, *KEEPS_OUTPUT, *KEEPS_INPUT)):
        return [model]
    raise ValueError(
        f"predicted_memory knows nn.Sequential, nn.Linear and elementwise activations, got {type(model).__name__}. "
        "Use training_memory, which runs one step and counts."
    )


def _bytes(tensor) -> int:
    return tensor.numel() * tensor.element_size()
