"""Prompt tuning: trained vectors in front of a text's word vectors, in a model that stays as it is.

Letters: b batch, s sequence, l length of the prompt, d width, v words of the vocabulary, c classes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lora_utils.devices import seeded
from lora_utils.integers import as_integer, at_least
from lora_utils.methods.prompt_encoder import PromptEncoder
from lora_utils.models.minilm import mean_pool
from lora_utils.models.sentence_classifier import SentenceClassifier, trim
from lora_utils.wrappers.trained_dtype import trained_type


class SoftPrompt(nn.Module):
    """Puts l trained vectors in front of the vectors of every text.

        vectors -> [prompt; vectors],   mask -> [1 ... 1; mask]

    Args:
        length: l, at least 0; 0 changes nothing
        width: d, at least 1
        init: (l, d), copied, from 16 bits to float32; the word vectors of chosen words, for example. None draws normal
            numbers with standard deviation 1 / sqrt(d), which gives vectors of norm about 1: MiniLM's word vectors have
            1.07 on average

    Shapes:
        vectors: (b, s, d); mask: (b, s), true or 1 where a token is real; returns (b, l + s, d) and (b, l + s).
        Both keep their dtype. The prompt is the parameter `vectors` (l, d): l * d numbers.

    Raises:
        ValueError: a size out of range, an init or vectors of another shape

    Source: Lester et al., "The Power of Scale for Parameter-Efficient Prompt Tuning", EMNLP 2021, section 2.
    Lab 04 explains it.
    """

    def __init__(self, length: int, width: int, init: Tensor | None = None) -> None:
        super().__init__()
        length, width = at_least(0, "length", length), at_least(1, "width", width)
        if init is None:
            init = torch.randn(length, width) / width**0.5
        if init.shape != (length, width):
            raise ValueError(f"init must be (length, width) = {(length, width)}, got {tuple(init.shape)}.")
        self.vectors = nn.Parameter(init.detach().to(trained_type(init.dtype), copy=True))

    def forward(self, vectors: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The longer vectors and their mask."""
        return put_in_front(self.vectors, vectors, mask)

    def extra_repr(self) -> str:
        """Show sizes in print(model)."""
        return f"length={self.vectors.shape[0]}, width={self.vectors.shape[1]}"


def put_in_front(prompt: Tensor, vectors: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The same prompt (l, d) in front of every text: vectors (b, s, d), mask (b, s) -> (b, l + s, d), (b, l + s)."""
    if vectors.ndim != 3 or vectors.shape[2] != prompt.shape[1]:
        raise ValueError(f"vectors must be (batch, sequence, {prompt.shape[1]}), got {tuple(vectors.shape)}.")
    if mask.shape != vectors.shape[:2]:
        raise ValueError(f"mask must be {tuple(vectors.shape[:2])}, as the tokens are, got {tuple(mask.shape)}.")
    batch, length = len(vectors), len(prompt)
    prompts = prompt.to(vectors.dtype).expand(batch, -1, -1)  # (b, l, d)
    return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(batch, length), mask), dim=1)


class PromptTuned(nn.Module):
    """A sentence classifier with a soft prompt: the prompt and the head are trained, the encoder is frozen.

        scores = head(mean over the text's own tokens of encoder([prompt; words(ids)]))

    Three decisions. The prompt stands in front of [CLS], as in the paper and in PEFT. Positions count from the prompt's
    first vector: the text moves l places to the right, and may have l tokens fewer. The mean is taken over the text
    alone: the prompt acts through attention only, and at length 0 the model is the classifier, bit for bit.

    Args:
        classifier: kept, not copied; its encoder is frozen, its head stays as trainable as it is
        length: l, at least 0
        init: (l, d), copied, as in SoftPrompt; not together with reparameterized
        reparameterized: whether a PromptEncoder makes the prompt (default: it is a parameter itself); `fold` ends that
        seed: of the random start (default 0); the generator outside is left as it was

    Shapes:
        ids: integers (b, s), padded on the right with 0; returns scores (b, c)

    Raises:
        ValueError: init together with reparameterized, or as SoftPrompt and PromptEncoder

    Source: Lester et al. 2021, section 2; Liu et al., "GPT Understands, Too", 2021, section 2 (P-tuning).
    Lab 04 explains it.
    """

    wraps = "classifier"

    @torch.inference_mode(False)  # or the prompt could never be trained
    def __init__(
        self,
        classifier: SentenceClassifier,
        length: int,
        *,
        init: Tensor | None = None,
        reparameterized: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if reparameterized and init is not None:
            raise ValueError("init is the start of a plain prompt; with reparameterized=True the encoder makes it.")
        self.classifier = classifier
        width = classifier.encoder.words.embedding_dim
        with seeded(seed):
            self.prompt = PromptEncoder(length, width) if reparameterized else SoftPrompt(length, width, init)
        words = classifier.encoder.words.weight
        self.prompt.to(words.device, trained_type(words.dtype))
        classifier.encoder.requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        """Scores before softmax, (b, c)."""
        ids, mask = trim(ids)
        encoder = self.classifier.encoder
        prompt = self.prompt.vectors if isinstance(self.prompt, SoftPrompt) else self.prompt()  # (l, d)
        hidden = encoder.hidden(*put_in_front(prompt, encoder.words(ids), mask))  # (b, l + s, d)
        return self.classifier.head(mean_pool(hidden[:, len(prompt) :], mask))  # (b, s, d) -> (b, d) -> (b, c)

    def fold(self) -> None:
        """Replace a reparameterized prompt by the plain vectors that it makes; a plain prompt stays as it is."""
        if isinstance(self.prompt, PromptEncoder):
            vectors = self.prompt.fold()  # (l, d)
            self.prompt = SoftPrompt(*vectors.shape, init=vectors)


class Nearest(NamedTuple):
    """The words nearest to each vector, the nearest first: ids int64 (l, k), and their cosines (l, k)."""

    ids: Tensor
    cosines: Tensor


@torch.no_grad()
def nearest_words(vectors: Tensor, embedding: Tensor, k: int) -> Nearest:
    """The k rows of an embedding that point most nearly in the direction of each vector.

        cosine(p, w) = p . w / (|p| |w|)

    Args:
        vectors: (l, d), a trained prompt for example
        embedding: (v, d)
        k: from 1 to v

    Returns:
        Nearest(ids, cosines); the tokeniser's `id_to_token` turns an id into a word

    Raises:
        ValueError: k out of range, or widths that differ

    Source: Lester et al. 2021, section 7 (interpretability). Lab 04 explains it, and how little it tells.
    """
    if vectors.ndim != 2 or embedding.ndim != 2 or vectors.shape[1] != embedding.shape[1]:
        shapes = f"{tuple(vectors.shape)} and {tuple(embedding.shape)}"
        raise ValueError(f"vectors and embedding must be matrices with rows of one width, got {shapes}.")
    count = as_integer(k)
    if count is None or not 1 <= count <= len(embedding):
        raise ValueError(f"k must be from 1 to {len(embedding)}, the number of words, got {k!r}.")
    own = trained_type(embedding.dtype)  # a prompt is float32 beside an embedding of 16 bits, too
    cosines = F.normalize(vectors.to(own), dim=1) @ F.normalize(embedding.to(own), dim=1).T  # (l, v)
    best = cosines.topk(count, dim=1)
    return Nearest(best.indices, best.values)
