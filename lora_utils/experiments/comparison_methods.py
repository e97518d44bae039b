"""The methods of the course side by side: what each one puts into the pretrained classifier, and the rates to try.

Every method starts from the same frozen encoder under the same new head, and trains the head too.
Letters: r rank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from lora_utils.devices import seeded
from lora_utils.models.sentence_classifier import SentenceClassifier, load_sentence_classifier

TARGETS = ("*.query", "*.value")  # of attention, in all six blocks: the choice of the LoRA paper, section 4.2
RANK, ALPHA = 8, 1.0


@dataclass(frozen=True)
class Method:
    """One way of adapting a model.

    Args:
        name: as in tables and figures.
        change: what it does to the frozen classifier; returns the model to train, usually the one it was given.
        rates: learning rates to start the sweep with, three ascending neighbours on rate_sweep.LADDER.
        about: what is trained beside the head.
    """

    name: str
    change: Callable[[SentenceClassifier, int], nn.Module]
    rates: tuple[float, ...]
    about: str


def build(name: str, num_classes: int, seed: int = 0) -> nn.Module:
    """The pretrained classifier, prepared for training by one method.

    Args:
        name: a key of METHODS.
        num_classes: outputs of the head.
        seed: of the head and of whatever the method draws; the generator outside is left as it was.

    Raises:
        ValueError: an unknown name; the message lists the known ones.

    Explained in lab 09_capstone.
    """
    if name not in METHODS:
        raise ValueError(f"There is no method {name!r}. Choose one of {', '.join(METHODS)}.")
    with seeded(seed):
        return METHODS[name].change(load_sentence_classifier(num_classes, seed), seed)


def head_of(model: nn.Module) -> nn.Module:
    """The classification head inside a model from `build`, however deep the method put it."""
    return next(module.head for module in model.modules() if isinstance(module, SentenceClassifier))


def _full(model: SentenceClassifier, seed: int) -> nn.Module:
    return model.requires_grad_(True)


def _last_layer(model: SentenceClassifier, seed: int) -> nn.Module:
    return model


def _bitfit(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.bitfit import unfreeze_biases

    unfreeze_biases(model)
    return model


def _adapters(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.adapters import inject_adapters

    inject_adapters(model, bottleneck=16, placement="houlsby")
    return model


def _ia3(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.ia3 import inject_ia3

    inject_ia3(model)
    return model


def _prompt(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.soft_prompt import PromptTuned

    return PromptTuned(model, length=20, seed=seed)


def _prefix(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.prefix_tuning import inject_prefix

    inject_prefix(model, length=10, seed=seed)
    return model


def _lora(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.inject import inject_lora

    inject_lora(model, TARGETS, RANK, ALPHA)
    return model


def _rslora(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.rslora import inject_rslora

    # At rank 8 this alpha would give LoRA's factor of 1 exactly. Rank 32 shows what the root is for.
    inject_rslora(model, TARGETS, rank=4 * RANK, alpha=ALPHA * RANK**0.5)
    return model


def _dora(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.dora import inject_dora

    inject_dora(model, TARGETS, RANK, ALPHA)
    return model


def _qlora(model: SentenceClassifier, seed: int) -> nn.Module:
    from lora_utils.methods.qlora import inject_qlora

    inject_qlora(model.encoder, TARGETS, RANK, ALPHA)  # the head is trained, so it is not stored in 4 bits
    return model


METHODS = {
    method.name: method
    for method in (
        Method("full", _full, (1e-4, 3e-4, 1e-3), "every number, the word vectors included"),
        Method("last layer", _last_layer, (3e-3, 1e-2, 3e-2), "nothing"),
        Method("BitFit", _bitfit, (1e-3, 3e-3, 1e-2), "all biases"),
        Method("adapters", _adapters, (1e-3, 3e-3, 1e-2), "two bottlenecks of width 16 a block"),
        Method("IA3", _ia3, (3e-3, 1e-2, 3e-2), "factors of keys, values and inner features"),
        Method("prompt tuning", _prompt, (1e-2, 3e-2, 1e-1), "20 vectors in front of the text"),
        Method("prefix tuning", _prefix, (3e-3, 1e-2, 3e-2), "10 keys and values in front, in every block"),
        Method("LoRA", _lora, (1e-3, 3e-3, 1e-2), "rank 8 at query and value"),
        Method("rsLoRA", _rslora, (1e-3, 3e-3, 1e-2), "rank 32 at query and value, factor alpha / sqrt(rank)"),
        Method("DoRA", _dora, (1e-3, 3e-3, 1e-2), "rank 8 at query and value, and their rows' lengths"),
        Method("QLoRA", _qlora, (1e-3, 3e-3, 1e-2), "as LoRA, over an encoder stored in 4 bits"),
    )
}
