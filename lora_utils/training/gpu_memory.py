"""What one training step needs, calculated from a model's sizes: which method fits on which GPU.

    bytes = weights + gradients + optimiser states + activations + the buffer of dequantizing

The terms, with P all parameters, L those in linear layers of the blocks, E the rest (embeddings, output layer, norms),
T trained numbers, b sequences of s tokens, n blocks of width d, inner width f, k key heads of h:

    full    2 P  weights in 16 bits,             2 P gradients,  8 P Adam's two moments in 32 bits
    LoRA    2 P  weights in 16 bits, 4 T factors, 4 T gradients,  8 T moments
    QLoRA   4.127 / 8 L + 2 E,      4 T factors, 4 T gradients,  2 T moments in 8 bits,  2 d f for one layer dequantized

    activations, with checkpointing      2 b s d n                              the input of each block
                                         + 2 b s (10 d + 2 d k / h + 4 f)       the inside of one block
                                         + 14 b s v                             logits
    activations, without                 n times the inside of one block + logits

The inside holds the inputs of all layers in 16 bits, and of both norms in 32. Logits are kept in 16 bits and in 32, and
so are their log-probabilities and the gradient of these. Attention is taken to be fused (no s x s matrix is kept).

What a GPU must have is more: a tenth for fragmentation, and half a gigabyte for the CUDA context. Left out is a 32-bit
master copy of the weights in full fine-tuning (4 P more where it is kept). GB is 10^9 bytes. `MEASURED` has peaks that
others have measured, to be put beside.
Source of the 12 bytes a parameter: Dettmers et al. 2023, QLoRA, arXiv 2305.14314, which says that 16-bit fine-tuning
of a 65B model needs more than 780 GB.
"""

from __future__ import annotations

from dataclasses import dataclass

from lora_utils.integers import at_least
from lora_utils.quantization.double_quantization import GROUP, bits_per_weight

METHODS = ("full", "LoRA", "QLoRA")
GPUS = (8, 12, 16, 24, 48, 80)  # GB, sizes on sale
FRAGMENTATION = 1.1  # what the allocator reserves over what tensors fill, taken to be a tenth more
CONTEXT = 0.5e9  # bytes of the CUDA context and of the kernels' workspaces


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
    buffer: float = 0.0

    @property
    def total(self) -> float:
        """All kinds together: what torch.cuda.max_memory_allocated should say."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.buffer

    @property
    def needed(self) -> float:
        """What a GPU must have for it: fragmentation and the CUDA context come on top."""
        return FRAGMENTATION * self.total + CONTEXT


# The longest sequence of Alpaca, alone, nothing recomputed, rank 8: the setting of the peaks in MEASURED.
ALPACA = {"rank": 8, "batch": 1, "length": 1304, "checkpointing": False}

# GB at most, (model, method): an A100, factors beside the queries and values, 4 bits with double quantization.
# Source: LitGPT, tutorials/resource-tables.md, 20 October 2023, "Finetuning with LoRA on 1 GPU".
MEASURED = {
    ("Llama 2 7B", "LoRA"): 21.30,
    ("Llama 2 7B", "QLoRA"): 13.84,
    ("Llama 2 13B", "LoRA"): 38.12,
    ("Llama 2 13B", "QLoRA"): 22.55,
}


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
        at_least(1, name, value)
    P, T, tokens = model.parameters, model.lora(rank), batch * length
    inside = 2 * tokens * (10 * model.width + 2 * model.width * model.kv_heads // model.heads + 4 * model.inner)
    kept = 2 * tokens * model.width * model.blocks + inside if checkpointing else model.blocks * inside
    activations = kept + 14 * tokens * model.vocabulary
    if method == "full":
        return StepBytes(2 * P, 2 * P, 8 * P, activations)
    if method == "LoRA":
        return StepBytes(2 * P + 4 * T, 4 * T, 8 * T, activations)
    stored = bits_per_weight(group=GROUP) / 8 * model.linear + 2 * model.other
    return StepBytes(stored + 4 * T, 4 * T, 2 * T, activations, buffer=2 * model.width * model.inner)


def smallest_gpu(needed: float, gpus: tuple[int, ...] = GPUS) -> int | None:
    """Return the size in GB of the smallest GPU that has so many bytes, or None.

    Args:
        needed: bytes, as `StepBytes.needed`, or a measured peak and the CUDA context.
        gpus: sizes in GB (default 8, 12, 16, 24, 48, 80).
    """
    return next((size for size in sorted(gpus) if needed <= size * 1e9), None)
