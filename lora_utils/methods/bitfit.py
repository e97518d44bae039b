"""BitFit: fine-tuning that changes the biases of a model and nothing else."""

from torch import nn


def unfreeze_biases(model: nn.Module) -> list[str]:
    """Let training change every bias of a model; all other parameters keep the setting they have.

        y = x W.T + bias        W stays frozen, bias is trained

    Freeze the model first (`freeze(model)`), or everything else keeps training. The biases of normalisation layers
    count, as in the paper. A new head has to be unfrozen by its own name: its weight is no bias.

    Args:
        model: any module. A parameter is a bias if it is a vector and "bias" is a word of its own name, the part after
            the last dot: `bias`, `in_proj_bias`, `bias_ih_l0`. A module's name does not count (`bias_net.weight`).

    Returns:
        the names of the biases, in the model's order

    Raises:
        ValueError: the model has no bias, as is usual in decoders of the Llama family

    Source: Ben Zaken, Ravfogel, Goldberg, "BitFit: Simple Parameter-efficient Fine-tuning for Transformer-based Masked
    Language-models", 2021, arXiv:2106.10199, section 3. Explained in lab 02_full_fine_tuning.
    """
    biases = {name: parameter for name, parameter in model.named_parameters() if _is_bias(name, parameter)}
    if not biases:
        raise ValueError(
            f"{type(model).__name__} has no bias to train, as many decoders have none. "
            "Choose another method, for example LoRA, or layers that were built with bias=True."
        )
    for parameter in biases.values():
        parameter.requires_grad_(True)
    return list(biases)


def _is_bias(name: str, parameter: nn.Parameter) -> bool:
    own_name = name.rpartition(".")[2]
    return parameter.ndim == 1 and "bias" in own_name.split("_")
