"""What one training step needs, calculated from a model's sizes: which method fits on which GPU.

    bytes = weights + gradients + optimiser states + activations

Nothing is measured here. The terms, with P all parameters, L those in linear layers of the blocks, E the rest
(embeddings, output layer, norms), T trained numbers, b sequences of s tokens, n blocks of width d:

    full    2 P  weights in 16 bits,             2 P gradients,  8 P Adam's two moments in 32 bits
    LoRA    2 P  weights in 16 bits, 4 T factors, 4 T gradients,  8 T moments
    QLoRA   4.127 / 8 L + 2 E,      4 T factors, 4 T gradients,  2 T moments in 8 bits

    activations, with checkpointing      2 b s d n                       the input of each block
                                         + 2 b s (6 d + 2 d k / h + 4 f)   the inside of one block, k key heads of h
                                         + 6 b s v                       logits in 16 bits and their gradient in 32
    activations, without                 n times the inside of one block

Attention is taken to be fused (no s x s matrix is kept). Left out: workspaces of kernels, fragmentation, the CUDA
context (about half a gigabyte), a 32-bit master copy of the weights in full fine-tuning (4 P more where it is kept).
A measured peak is higher than the sum, so leave a tenth of the GPU free. GB is 10^9 bytes.
Source of the 12 bytes a parameter: Dettmers et al. 2023, QLoRA, arXiv 2305.14314, which says that 16-bit fine-tuning
of a 65B model needs more than 780 GB.
"""

from __future__ import annotations

from dataclasses import dataclass

from lora_utils.quantization.double_quantization import GROUP, bits_per_weight

METHODS = ("full", "LoRA", "QLoRA")
GPUS = (8, 12, 16, 24, 48, 80)  # GB, sizes on sale
ROOM = 0.9  # share of a GPU that the calculated bytes may fill


@dataclass(frozen=True)
class ModelSizes:
    """The sizes of a decoder of the Llama family.

    Args:
        name: as people call it
        width: d
        blocks: n
        inner: f, width of the feed-forward layer
        heads: h, query heads
        kv_heads: k, divides h
        vocabulary: v
        tied: whether the output layer is the embedding matrix again
    """

    name: str
    width: int
    blocks: int
    inner: int
    heads: int
    kv_heads: int
    vocabulary: int
    tied: bool = False

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(in, out) of the seven linear layers of a block."""
        d, f, kv = self.width, self.inner, self.width // self.heads * self.kv_heads
        return [(d, d), (d, kv), (d, kv), (d, d), (d, f), (d, f), (f, d)]

    @property
    def linear(self) -> int:
        """L, numbers in the linear layers of all blocks."""
        return self.blocks * sum(i * o for i, o in self.shapes)

    @property
    def other(self) -> int:
        """E, numbers elsewhere: embedding, output layer unless it is tied, norms."""
        return self.vocabulary * self.width * (1 if self.tied else 2) + (2 * self.blocks + 1) * self.width

    @property
    def parameters(self) -> int:
        """P = L + E."""
        return self.linear + self.other

    def lora(self, rank: int) -> int:
        """T, numbers of low-rank paths of that rank beside every linear layer of the blocks: sum of r (i + o)."""
        return self.blocks * rank * sum(i + o for i, o in self.shapes)


MODELS = (  # sizes from the models' published configurations
    ModelSizes("SmolLM2 135M", 576, 30, 1536, 9, 3, 49152, tied=True),
    ModelSizes("SmolLM2 1.7B", 2048, 24, 8192, 32, 32, 49152, tied=True),
    ModelSizes("Llama 3.2 3B", 3072, 28, 8192, 24, 8, 128256, tied=True),
    ModelSizes("Llama 2 7B", 4096, 32, 11008, 32, 32, 32000),
    ModelSizes("Llama 2 13B", 5120, 40, 13824, 40, 40, 32000),
    ModelSizes("LLaMA 33B", 6656, 60, 17920, 52, 52, 32000),
    ModelSizes("LLaMA 65B", 8192, 80, 22016, 64, 64, 32000),
    ModelSizes("Llama 2 70B", 8192, 80, 28672, 64, 8, 32000),
)


@dataclass(frozen=True)
class StepBytes:
    """Bytes of one training step, by kind."""

    weights: float
    gradients: float
    optimizer: float
    activations: float

    @property
    def total(self) -> float:
        """All four kinds together."""
        return self.weights + self.gradients + self.optimizer + self.activations


def step_bytes(
    model: ModelSizes, method: str, rank: int = 16, batch: int = 1, length: int = 512, checkpointing: bool = True
) -> StepBytes:
    """Calculate the bytes of one training step by the formulas at the head of this file.

    Args:
        model: its sizes.
        method: "full", "LoRA" or "QLoRA" (NF4 in blocks of 64 with double quantisation, paths beside all linear
            layers of the blocks in both).
        rank: of the paths, at least 1 (default 16).
        batch: b, sequences at a time, at least 1 (default 1).
        length: s, tokens of each (default 512).
        checkpointing: whether only the blocks' inputs are kept (default True).

    Raises:
        ValueError: for another method, or a number below 1.

    Explained in lab 08_qlora.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    for name, value in (("rank", rank), ("batch", batch), ("length", length)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value!r}")
    P, T, tokens = model.parameters, model.lora(rank), batch * length
    inside = 2 * tokens * (6 * model.width + 2 * model.width * model.kv_heads // model.heads + 4 * model.inner)
    kept = 2 * tokens * model.width * model.blocks + inside if checkpointing else model.blocks * inside
    activations = kept + 6 * tokens * model.vocabulary
    if method == "full":
        return StepBytes(2 * P, 2 * P, 8 * P, activations)
    if method == "LoRA":
        return StepBytes(2 * P + 4 * T, 4 * T, 8 * T, activations)
    stored = bits_per_weight(group=GROUP) / 8 * model.linear + 2 * model.other
    return StepBytes(stored + 4 * T, 4 * T, 2 * T, activations)


def smallest_gpu(needed: float, gpus: tuple[int, ...] = GPUS) -> int | None:
    """Return the size in GB of the smallest GPU with room for that many bytes, a tenth of it left free, or None.

    Args:
        needed: bytes.
        gpus: sizes in GB (default 8, 12, 16, 24, 48, 80).
    """
    return next((size for size in sorted(gpus) if needed <= ROOM * size * 1e9), None)
