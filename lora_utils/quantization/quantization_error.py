"""What quantisation does to a model: how far each weight moved, and a model whose linear layers hold moved weights.

Letters: o out_features, i in_features; w a weight (o, i), w' what it comes back as after quantising.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lora_utils.quantization.stored_weights import is_float_linear


def relative_error(w: Tensor, back: Tensor) -> float:
    """Return ||w - w'|| / ||w|| with Frobenius norms, computed in float64; 0 for tensors that agree.

    For weights of mean zero it is the root mean square error in standard deviations of the weights, the unit in which
    formats are compared whatever the size of a layer's weights.

    Args:
        w: the tensor before, not all zeros unless `back` is too.
        back: the tensor after, of the same shape.

    Raises:
        ValueError: if the shapes differ.

    Explained in lab 07_quantization.
    """
    if w.shape != back.shape:
        raise ValueError(f"the tensors must have one shape, got {tuple(w.shape)} and {tuple(back.shape)}")
    w, back = w.detach().cpu().double(), back.detach().cpu().double()  # Apple's GPUs have no float64
    distance = (w - back).norm().item()
    return distance / w.norm().item() if distance else 0.0


def linear_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the weight (o, i) of every nn.Linear with floats by the layer's name, detached, not copied."""
    return {name: m.weight.detach() for name, m in model.named_modules() if is_float_linear(m)}


@contextmanager
def weights_replaced(model: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[nn.Module]:
    """Within the block, every linear layer's weight w is change(w); afterwards it is what it was, bit for bit.

    Embeddings, norms and biases stay as they are, also an embedding whose weight is the output layer's. The model
    computes with floats throughout: what is measured is the effect of quantising on its answers, not on its memory.

    Args:
        model: any module; it is changed in place while the block runs.
        change: (o, i) -> (o, i), for example lambda w: dequantize_4bit(quantize_4bit(w)).

    Raises:
        ValueError: if a layer computes its weight anew at each call, as a pruned or weight-normed one does.

    Explained in lab 07_quantization.
    """
    layers = [layer for layer in model.modules() if is_float_linear(layer)]
    if any("weight" not in layer._parameters for layer in layers):
        raise ValueError(
            "weights_replaced needs weights that are parameters, and one layer computes its own at each call; make it "
            "one first: torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight'), or for a pruned layer "
            "torch.nn.utils.prune.remove(layer, 'weight')"
        )
    before = [layer.weight for layer in layers]
    try:
        with torch.no_grad():
            for layer, w in zip(layers, before, strict=True):
                layer.weight = nn.Parameter(change(w.detach().clone()).to(w.dtype), w.requires_grad)
        yield model
    finally:
        for layer, w in zip(layers, before, strict=True):
            layer.weight = w
