"""The task of lab 08: SmolLM2 learns to answer " negative" or " positive" to a film sentence, and to stop there.

Letters: n sentences.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from lora_utils.data.corpora import Split, rotten_tomatoes
from lora_utils.data.progress_bar import progress
from lora_utils.data.smollm2_tokens import END_OF_TURN, smollm2_tokenizer
from lora_utils.experiments.prompting import label_scores, prompt_of
from lora_utils.methods.inject import inject_lora
from lora_utils.methods.qlora import inject_qlora
from lora_utils.models.decoder import Decoder
from lora_utils.models.generation import generate
from lora_utils.models.smollm2 import load_smollm2
from lora_utils.quantization.optimizers import paged_adamw_8bit_or_adamw
from lora_utils.training.instruction_tuning import InstructionBatch, answer_loss, instruction_batch

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LABELS = [" negative", " positive"]  # one token each
RANK, ALPHA = 8, 1.0  # of the path beside every linear layer

Row = tuple[str, int]  # a sentence, its label


def short(split: Split, tokenizer: Tokenizer, max_tokens: int, count: int | None = None) -> list[Row]:
    """The first sentences of a part that have at most `max_tokens` tokens, with their labels; all of them by default.

    The parts are in random order, so the first ones are a fair sample of the short ones.
    """
    rows = zip(split.texts, split.labels, strict=True)
    return [(text, label) for text, label in rows if len(tokenizer.encode(text).ids) <= max_tokens][:count]


@functools.cache
def sentences(
    train: int, train_tokens: int, valid: int, test_tokens: int, test: int | None = None
) -> tuple[Tokenizer, list[Row], list[Row], list[Row]]:
    """SmolLM2's tokeniser, and the first short sentences of Rotten Tomatoes' training, validation and test part.

    Args:
        train, train_tokens: how many for training, and of how many tokens at most.
        valid, test_tokens: how many for validation, and of how many tokens, as for the test, at most.
        test: how many for the test (default: all).
    """
    tokenizer, corpus = smollm2_tokenizer(), rotten_tomatoes()
    return (
        tokenizer,
        short(corpus.train, tokenizer, train_tokens, train),
        short(corpus.valid, tokenizer, test_tokens, valid),
        short(corpus.test, tokenizer, test_tokens, test),
    )


def adapted(
    seed: int,
    make: Callable[[nn.Linear], nn.Module] | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Decoder:
    """SmolLM2 with all linear layers in 4 bits and a path of rank 8 beside each: QLoRA.

    Args:
        seed: of the paths' start.
        make: nn.Linear -> 4-bit layer (default QuantizedLinear), as in inject_qlora.
        device, dtype: where it is, and the type it computes in.
    """
    torch.manual_seed(seed)
    model = load_smollm2().requires_grad_(False).to(device, dtype)
    inject_qlora(model, "*", RANK, ALPHA, make=make)
    return model


def adapted_in_floats(seed: int) -> Decoder:
    """The same paths from the same start as `adapted(seed)`, beside linear layers that stay in floats: LoRA."""
    torch.manual_seed(seed)
    model = load_smollm2().requires_grad_(False)
    inject_lora(model, "*", RANK, ALPHA)
    return model


def batch_of(rows: Sequence[Row], tokenizer: Tokenizer) -> InstructionBatch:
    """Sentences as prompts, with their labels and the end of the turn as answers."""
    end = tokenizer.token_to_id(END_OF_TURN)
    return instruction_batch(
        [(tokenizer.encode(prompt_of(text)).ids, [*tokenizer.encode(LABELS[k]).ids, end]) for text, k in rows], pad=end
    )


class Fit(NamedTuple):
    """What a training run leaves: the loss of each step, the optimiser, and a sentence that says what it is."""

    losses: list[float]
    optimizer: torch.optim.Optimizer
    sentence: str


def fit(
    model: Decoder,
    tokenizer: Tokenizer,
    rows: Sequence[Row],
    lr: float,
    batch_size: int,
    seed: int = 0,
    optimizer: torch.optim.Optimizer | None = None,
) -> Fit:
    """Train a model for one pass over the sentences; the rate rises over four steps and then falls to zero.

    Args:
        model: with something to train, as from `adapted`.
        tokenizer: the model's.
        rows: sentences and labels; what does not fill a batch at the end is left out.
        lr: the rate's peak.
        batch_size: at most the number of rows.
        seed: of the order of the sentences.
        optimizer: of what is trained (default: paged AdamW in 8 bits, or as much of it as works here).

    Raises:
        ValueError: the rows do not fill one batch

    Explained in lab 08_qlora.
    """
    steps = len(rows) // batch_size
    if not steps:
        raise ValueError(f"fit needs at least one batch of {batch_size} sentences, got {len(rows)}; use a smaller one.")
    sentence = "the optimiser that was given"
    if optimizer is None:
        optimizer, sentence = paged_adamw_8bit_or_adamw(model.parameters(), lr)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
    device, losses = model.embedding.weight.device, []
    for k in progress(range(steps), "training"):
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1, (k + 1) / 4) * (1 - k / steps)
        chosen = [rows[n] for n in order[k * batch_size : (k + 1) * batch_size]]
        loss = answer_loss(model, batch_of(chosen, tokenizer).to(device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return Fit(losses, optimizer, sentence)


def log_odds(model: Decoder, tokenizer: Tokenizer, rows: Sequence[Row]) -> list[float]:
    """For each of n sentences how much more probable the model finds " positive" than " negative", as a logarithm."""
    scores = label_scores(model, tokenizer, [prompt_of(text) for text, _ in rows], LABELS, batch_size=50)  # (n, 2)
    return (scores[:, 1] - scores[:, 0]).tolist()


def judged(odds: Sequence[float], rows: Sequence[Row], threshold: float = 0.0) -> str:
    """A digit for each sentence: 1 where saying positive above the threshold, and only there, is right, else 0."""
    return "".join(str(int((one > threshold) == bool(k))) for one, (_, k) in zip(odds, rows, strict=True))


def written_as_asked(model: Decoder, tokenizer: Tokenizer, rows: Sequence[Row]) -> int:
    """For how many sentences the model, left to itself, writes one of the two labels and ends its turn."""
    prompts = progress([prompt_of(text) for text, _ in rows], "writing")
    return sum(generate(model, tokenizer, prompt, 2) in LABELS for prompt in prompts)
