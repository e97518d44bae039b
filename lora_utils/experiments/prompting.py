"""Classifying by prompting: how probable a language model finds each label as the continuation of a prompt.

Nothing is trained: these are the baselines that every fine-tuned model has to beat.

Letters: n prompts, m content-free prompts, c labels, b rows of a batch, s tokens, k tokens of a label, v vocabulary.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lora_utils.data.progress_bar import progress
from lora_utils.integers import at_least
from lora_utils.models.decoder import Cache, Decoder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TEMPLATE = "Review: {text}\nSentiment:"  # no space at the end: a label brings its own, " positive" is one token
CONTENT_FREE = ("N/A", "[MASK]", "")  # the three inputs of Zhao et al., section 5


def prompt_of(text: str, shots: Sequence[tuple[str, str]] = (), template: str = TEMPLATE) -> str:
    """The prompt that asks for the label of a text: solved examples (shots) first, then the text.

    Args:
        text: to be classified
        shots: (text, label) pairs, each label as it is scored, for example " positive"; none (default) is zero-shot
        template: holds "{text}" once and ends where the label follows

    Returns:
        The examples and the question, a blank line between each two.

    Raises:
        ValueError: a template without "{text}"

    Source: Brown et al., "Language Models are Few-Shot Learners", NeurIPS 2020, section 2. Lab 01 uses it.
    """
    if template.count("{text}") != 1:
        raise ValueError(f'The template must hold "{{text}}" once, got {template!r}.')
    solved = [template.replace("{text}", shot) + label for shot, label in shots]
    return "\n\n".join([*solved, template.replace("{text}", text)])


def label_scores(
    model: Decoder,
    tokenizer: Tokenizer,
    prompts: list[str],
    labels: list[str],
    batch_size: int = 8,
    *,
    average: bool = False,
) -> Tensor:
    """The log-probability of each label as the continuation of each prompt.

        score(prompt, label) = sum over j of log p(label token j | prompt, label tokens before j)

    Prompt and label are turned into tokens apart and joined, so the label's tokens are the same after every prompt.
    Tokens that all prompts begin with (the examples of a few-shot prompt) are computed once. Labels of one token cost
    one row a prompt together, longer ones a row each. No gradients; the model's mode is left as it is.

    Args:
        model: `load_smollm2()` or another `Decoder`, adapted or not, on any device
        tokenizer: its `encode(text).ids` are token numbers, as of `smollm2_tokenizer()`
        prompts: n texts, none empty, none ending in a space
        labels: c texts, as they continue the prompt: usually with a space in front
        batch_size: rows at a time, at least 1 (default 8); changes the speed, not the result
        average: divide each sum by the number of the label's tokens (default False)

    Returns:
        float32 (n, c) on the CPU, each entry at most 0

    Raises:
        ValueError: no labels, a label or prompt without tokens, a prompt that ends in a space, a batch size below 1

    Source: Brown et al., "Language Models are Few-Shot Learners", NeurIPS 2020, section 2.4. Lab 01 explains it.
    """
    batch_size = at_least(1, "batch_size", batch_size)
    endings = [tokenizer.encode(label).ids for label in labels]
    if not endings or not all(endings):
        raise ValueError(f"labels must be texts of at least one token, got {labels!r}.")
    beginnings = []
    for prompt in prompts:
        if prompt.endswith(" "):
            raise ValueError(f"A prompt must not end in a space, got {prompt[-20:]!r}. Put the space before the label.")
        beginnings.append(tokenizer.encode(prompt).ids)
        if not beginnings[-1]:
            raise ValueError("A prompt must have at least one token, got an empty one.")

    # The last token of a label is predicted, never read: labels that differ in it alone share a row.
    heads = sorted({tuple(ids[:-1]) for ids in endings})
    rows = [(number, head) for number in range(len(prompts)) for head in heads]
    rows.sort(key=lambda row: len(beginnings[row[0]]) + len(row[1]))  # equal lengths together: little padding
    shared = _shared_length(beginnings)
    caches = _read_once(model, beginnings[0][:shared]) if shared else None

    scores = torch.empty(len(prompts), len(labels))  # (n, c)
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    for batch in progress(batches, "Scoring labels"):
        ids = [beginnings[number][shared:] + list(head) for number, head in batch]
        logp = _last_log_probabilities(model, ids, 1 + max(len(head) for head in heads), caches)  # (b, k, v)
        for (number, head), of_row in zip(batch, logp, strict=True):
            after = of_row[len(of_row) - len(head) - 1 :]  # (k, v): after the prompt, after each token of the head
            for column, ending in enumerate(endings):
                if tuple(ending[:-1]) == head:
                    total = after.gather(1, torch.tensor(ending)[:, None]).sum()
                    scores[number, column] = total / len(ending) if average else total
    return scores


def calibrated(scores: Tensor, content_free_scores: Tensor) -> Tensor:
    """Scores without the model's preference for a label: divided by the probabilities for an input without content.

        q = p / p_cf, made to sum to 1 over the labels;  p_cf = mean over content-free inputs of softmax(their scores)

    Args:
        scores: (n, c) log-probabilities, from `label_scores`
        content_free_scores: (c,) or (m, c), of the same prompt with "N/A", "[MASK]" or nothing in place of the text

    Returns:
        (n, c) log-probabilities that sum to 1 over the labels

    Raises:
        ValueError: the numbers of labels differ

    Source: Zhao et al., "Calibrate Before Use", ICML 2021, section 5, with W = diag(p_cf)^-1. Lab 01 explains it.
    """
    if content_free_scores.shape[-1] != scores.shape[-1]:
        shapes = f"{tuple(scores.shape)} and {tuple(content_free_scores.shape)}"
        raise ValueError(f"Both scores must be of the same labels, (n, c) and (m, c), got the shapes {shapes}.")
    preference = content_free_scores.reshape(-1, scores.shape[-1]).softmax(dim=-1).mean(dim=0)  # (c,)
    return (scores - preference.log()).log_softmax(dim=-1)  # (n, c)


def accuracy_of(scores: Tensor, labels: Sequence[int] | Tensor) -> float:
    """Share of rows whose highest score is that of their label.

    Args:
        scores: (n, c), n at least 1
        labels: n class numbers

    Returns:
        a number from 0 to 1

    Raises:
        ValueError: no rows, or another number of labels
    """
    labels = torch.as_tensor(labels)
    if len(scores) == 0 or len(scores) != len(labels):
        raise ValueError(f"Each row of scores needs one label, got {len(scores)} rows and {len(labels)} labels.")
    return (scores.argmax(dim=-1).cpu() == labels.cpu()).float().mean().item()


def _shared_length(rows: list[list[int]]) -> int:
    """How many tokens all rows begin with, each row keeping at least its last for itself."""
    if len(rows) < 2:
        return 0
    low, high = min(rows), max(rows)  # whatever the first and the last in order share, all between them share too
    limit = min(len(row) for row in rows) - 1
    return next((i for i in range(limit) if low[i] != high[i]), limit)


@torch.no_grad()
def _read_once(model: Decoder, ids: list[int]) -> list[Cache]:
    caches = model.caches()
    model.hidden(model.embedding(torch.tensor([ids], device=model.embedding.weight.device)), caches=caches)
    return caches


@torch.no_grad()
def _last_log_probabilities(model: Decoder, rows: list[list[int]], count: int, caches: list[Cache] | None) -> Tensor:
    """Log-probabilities (b, count, v) of what follows each of the last `count` tokens of every row, on the CPU.

    A row of fewer tokens repeats its first; nobody reads those.
    """
    device, longest = model.embedding.weight.device, max(len(row) for row in rows)
    lengths = torch.tensor([len(row) for row in rows], device=device)  # (b,)
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=device)  # (b, s)
    sizes = (len(rows), -1, -1, -1)
    copies = [Cache(cache.key.expand(sizes), cache.value.expand(sizes)) for cache in caches] if caches else None
    # No mask: the padding stands on the right, and a causal model never looks to the right.
    hidden = model.hidden(model.embedding(ids), caches=copies)  # (b, s, d)
    places = (lengths[:, None] - count + torch.arange(count, device=device)).clamp(min=0)  # (b, count)
    chosen = hidden.gather(1, places[:, :, None].expand(-1, -1, hidden.shape[-1]))  # (b, count, d)
    return model.logits(chosen).float().log_softmax(dim=-1).cpu()


def fit_threshold(odds: Sequence[float], labels: Sequence[int]) -> float:
    """The threshold above which to say positive, as labelled texts have it: the one number that calibration shifts.

        threshold = argmax over t of the count of k with (odds_k > t) == labels_k

    Tried are the middles between neighbouring values, and one value below and one above all of them.

    Args:
        odds: log-odds of positive for n texts, at least one, as differences of `label_scores`
        labels: n labels, 1 for positive and 0 for negative

    Returns:
        The threshold with the most texts right; among equally good ones that nearest to 0, which changes least.

    Raises:
        ValueError: no texts, or not as many labels as texts

    Source: Iba and Langley, "Induction of One-Level Decision Trees", ICML 1992. Lab 08 uses it.
    """
    if not odds or len(odds) != len(labels):
        raise ValueError(
            f"fit_threshold needs at least one text and a label for each, got {len(odds)} log-odds and "
            f"{len(labels)} labels."
        )
    values = sorted(set(odds))
    between = [(low + high) / 2 for low, high in itertools.pairwise(values)]

    def wrong(threshold: float) -> int:
        return sum((one > threshold) != bool(label) for one, label in zip(odds, labels, strict=True))

    return min([values[0] - 1, *between, values[-1] + 1], key=lambda cut: (wrong(cut), abs(cut)))
