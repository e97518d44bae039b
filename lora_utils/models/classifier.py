"""The small text classifier that the course adapts again and again.

Letters: b batch, s sequence, d width of the word vectors (50), h hidden width (128), c classes, v words.
"""

import torch
from torch import Tensor, nn

from lora_utils.data.text import PAD_ID
from lora_utils.integers import at_least

HIDDEN = 128


class TextClassifier(nn.Module):
    """Mean of pretrained word vectors, one hidden layer, one score per class.

        m = mean of embedding(ids) over the real tokens        (b, d)
        scores = fc2(relu(fc1(m)))                             (b, c)

    Args:
        num_classes: c, at least 1
        freeze: whether the word vectors stay as they are (default: they are trained too)
        vectors: (v, d), a row per word, row 0 for padding; None takes the GloVe vectors of the course's vocabulary,
            which needs the assets (fetched on first use). They are copied.

    Shapes:
        ids: integers (b, s), 0 is padding. A row of padding only has the mean 0, not NaN.
        scores: float32 (b, c), before softmax

    Raises:
        ValueError: num_classes below 1, or vectors that are not a matrix

    Source: the deep averaging network of Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods for Text
    Classification", ACL 2015, with one hidden layer. Labs 02 and 06 adapt it.
    """

    def __init__(self, num_classes: int, freeze: bool = False, *, vectors: Tensor | None = None) -> None:
        super().__init__()
        num_classes = at_least(1, "num_classes", num_classes)
        if vectors is None:
            from lora_utils.data.vectors import course_vectors

            vectors = course_vectors()
        if vectors.ndim != 2:
            raise ValueError(f"vectors must be a matrix (words, width), got the shape {tuple(vectors.shape)}.")
        own = vectors.to(torch.get_default_dtype(), copy=True)  # numpy gives float64, the layers below are float32
        self.embedding = nn.Embedding.from_pretrained(own, freeze=freeze, padding_idx=PAD_ID)
        self.fc1 = nn.Linear(vectors.shape[1], HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, num_classes)

    def forward(self, ids: Tensor) -> Tensor:
        """Scores of a batch of padded token ids."""
        real = (ids != PAD_ID).unsqueeze(-1)  # (b, s, 1)
        total = (self.embedding(ids) * real).sum(dim=1)  # (b, d)
        mean = total / real.sum(dim=1).clamp(min=1)  # (b, d)
        return self.fc2(torch.relu(self.fc1(mean)))  # (b, c)
