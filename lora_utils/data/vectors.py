"""GloVe word vectors: the pretrained part of the course's `TextClassifier`.

Letters: v words, d width (50).
"""

import torch
from torch import Tensor

from lora_utils.data.assets import asset_path, cache_dir
from lora_utils.data.text import COURSE_TYPES, course_vocab, write_whole

WIDTH = 50


def glove(words: list[str]) -> Tensor:
    """The GloVe vectors of some words; a word without one, such as "<pad>", gets zeros.

    Args:
        words: v lower-case words or marks

    Returns:
        float32 (v, 50)

    Source: Pennington et al., "GloVe: Global Vectors for Word Representation", EMNLP 2014; the 6B vectors.
    """
    import numpy
    from pyarrow import parquet

    if isinstance(words, str):
        raise ValueError(f"glove expects a list of words, got the single word {words!r}. Put it in a list.")
    known = parquet.read_table(asset_path("glove", "glove_6B_index.parquet"))["index"].to_pylist()
    row_of = {word: row for row, word in enumerate(known)}
    table = numpy.load(asset_path("glove", "glove_6B_50d_emb.npy"), mmap_mode="r")  # (400000, 50)
    vectors = torch.zeros(len(words), WIDTH)  # (v, d)
    found = [(place, row_of[word]) for place, word in enumerate(words) if word in row_of]
    if found:
        places, rows = map(list, zip(*found, strict=True))
        vectors[places] = torch.from_numpy(table[rows])
    return vectors


def course_vectors() -> Tensor:
    """The GloVe vectors of the course's vocabulary, (25000, 50); computed once and cached."""
    from safetensors.torch import load, save

    path = cache_dir() / "text" / f"glove-{COURSE_TYPES}-1.safetensors"
    if path.is_file():
        return load(path.read_bytes())["vectors"]
    vectors = glove(course_vocab().get_itos())
    write_whole(path, save({"vectors": vectors}))
    return vectors
