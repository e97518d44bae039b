"""bitsandbytes' 4-bit linear layer as the base of QLoRA: the same numbers as QuantizedLinear, faster kernels on a GPU.

bitsandbytes is imported when a layer is made, since that takes seconds and, on a CPU, writes a notice to standard
error. Letters: i in_features, o out_features.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from types import ModuleType

import torch
from torch import Tensor, nn

from lora_utils.quantization.blocks import refuse_not_finite
from lora_utils.quantization.current_weight import current_weight
from lora_utils.quantization.stored_weights import require_float_linear


def load_bitsandbytes() -> ModuleType:
    """Import bitsandbytes and keep what it says about missing extras off standard error.

    Raises:
        ImportError: if it is not installed or does not load; the message says what works without it.
    """
    before = logging.root.manager.disable
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            logging.disable(logging.WARNING)
            import bitsandbytes

            return bitsandbytes
    except Exception as error:  # a library that fits no CUDA version raises RuntimeError, not ImportError
        raise ImportError(f"bitsandbytes does not load ({error}); QuantizedLinear works without it") from error
    finally:
        logging.disable(before)


def to_linear4bit(linear: nn.Linear, double: bool = True, compute_dtype: torch.dtype | None = None) -> nn.Linear:
    """Return bitsandbytes' Linear4bit with the layer's weight in NF4, blocks of 64, and its bias, all frozen.

    Args:
        linear: an nn.Linear with finite weights; read, not changed. Its device is where the weight is quantised.
        double: whether the scales are stored in 8 bits (default True).
        compute_dtype: type of the matrix product (default that of the layer's weight). On a GPU with tensor cores
            bfloat16 is several times faster than float32; float16 overflows more easily (artidoro/qlora, README).

    Raises:
        TypeError: if `linear` is not an nn.Linear with floats.
        ValueError: if a weight is not finite; bitsandbytes would make NaN of its whole block, and with `double` of all
            blocks whose scales share one.
        ImportError: as load_bitsandbytes.

    Explained in lab 08_qlora.
    """
    require_float_linear(linear, "to_linear4bit stores", "it has been quantized already")
    weight = current_weight(linear).detach()
    refuse_not_finite(weight.abs().amax())
    bnb = load_bitsandbytes()
    layer = bnb.nn.Linear4bit(
        linear.in_features,
        linear.out_features,
        bias=linear.bias is not None,
        compute_dtype=compute_dtype or weight.dtype,
        compress_statistics=double,
        quant_type="nf4",
    )
    with torch.no_grad():
        layer.weight = bnb.nn.Params4bit(
            weight.clone().cpu(), requires_grad=False, compress_statistics=double, quant_type="nf4"
        )
        if linear.bias is not None:
            layer.bias = nn.Parameter(linear.bias.detach().clone(), requires_grad=False)
    return layer.to(weight.device)  # moving the layer is what quantises the weight, also from cpu to cpu


def dequantize_linear4bit(layer: nn.Linear) -> Tensor:
    """Return the weight, shape (o, i), that a Linear4bit computes with."""
    import bitsandbytes.functional as functional

    return functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
