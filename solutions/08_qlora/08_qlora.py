# %% [markdown]
# # 08 QLoRA: training beside a base in four bits
#
# Lab 06 froze a model's weights and trained a low-rank path beside them. What is frozen is only ever multiplied, so it
# can be stored much smaller. QLoRA ([Dettmers et al. 2023](https://arxiv.org/abs/2305.14314)) stores it in the four bits
# a number of lab 07, and lets the gradient pass through. In this lab you build its parts, and teach a language model of
# 135 million numbers to judge film reviews in a fixed format.
#
# After this lab you can
#
# * write the product with a 4-bit weight, forward and backward, so that nothing but codes waits between the two;
# * put a low-rank path beside such a layer, and say which number has which type;
# * turn prompts with answers into labels, and name the three places where that goes wrong;
# * trade time for memory with gradient checkpointing;
# * calculate what a training step needs, from 135 million to 70 billion parameters, and on which GPU it fits;
# * merge what was trained, onto the right base, and measure what quantising again costs;
# * start a path so that it brings back part of what quantising took.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | `LoRALayer` and `LinearWithLoRA` (labs 05 and 06), blocks, NF4 and double quantisation (lab 07) | about 125 minutes, of which the core takes 90: what is headed *if you have time* is not needed later; the notebook itself runs in about three minutes on two CPU cores | {{ exercises }} exercises, {{ points }} points; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# Every exercise stands alone: a mistake in one costs nothing in the next. The experiments use the course's own classes,
# which do what you are asked to build, and your functions where these have passed their checks and can take their place.
#
# The same notebook runs on a GPU, where it takes bitsandbytes' kernels, all training sentences and all test sentences.
# The outputs you see here come from a CPU: few short sentences, one run. Shipped results of longer runs with three seeds
# stand beside them.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.quantization.quantized_linear.QuantizedLinear", "lora_utils.quantization.double_quantization.bits_per_weight", "lora_utils.methods.qlora.QuantizedLinearWithLoRA", "lora_utils.methods.linear_with_lora.LinearWithLoRA", "lora_utils.quantization.quantization_error.relative_error", "lora_utils.methods.qlora.merge_qlora", "lora_utils.methods.checkpointing.checkpoint_blocks", "lora_utils.training.instruction_tuning.instruction_batch", "lora_utils.training.instruction_tuning.answer_loss", "lora_utils.training.gpu_memory.step_bytes"]
import copy
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from lora_utils import LoRALayer
from lora_utils.checks import lab_08_qlora as check
from lora_utils.devices import best_device, compute_dtype, synchronize
from lora_utils.quantization import FourBit, dequantize_4bit, quantize_4bit

torch.manual_seed(0)
device = best_device()
FULL = device.type == "cuda"  # on a GPU: all sentences; on a CPU: as many as fit into three minutes
print("torch", torch.__version__, "on", device)

# %% [markdown]
# ## 1. A product with a weight that is not there
#
# Lab 07 stored a weight $W$ of shape $(o, i)$ as codes of four bits, two a byte (`packed`), and one scale for each block
# of 64 numbers (`absmax`). What comes back is not $W$ but the nearest that the codes can say. Call it $W'$, also of shape
# $(o, i)$: entry `table[code]` times the scale of its block. A frozen layer computes, for $x$ of shape $(\dots, i)$,
#
# $$y = x\,W'^\top, \qquad \frac{\partial L}{\partial x} = G\,W'$$
#
# with $G = \partial L / \partial y$ of shape $(\dots, o)$. There is no $\partial L / \partial W'$: the codes are whole
# numbers and stay as they are. But $\partial L / \partial x$ has to be there, or nothing below this layer could learn.
#
# If you write `x @ dequantize(...).T` in an ordinary module, autograd keeps the matrix $W'$ until the backward pass,
# because it needs it for $G\,W'$. It does so for every layer at once: at the end of the forward pass the whole model
# lies in memory in floats, and the four bits have saved nothing. So the product gets a forward and a backward of its
# own, a `torch.autograd.Function`, that keeps the codes and dequantises twice.
#
# What such a function looks like, for $y = x^n$ with a fixed whole number $n$, whose derivative is $n\,x^{n-1}$. Two
# static methods; `ctx` carries what backward will need, tensors by `save_for_backward` and anything else as an attribute;
# backward gets the gradient with respect to $y$ and returns one value for **each** argument of forward, None for what
# has no gradient. It is never instantiated: it is called by `apply`.


# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
class Power(torch.autograd.Function):
    """x -> x**n, elementwise; the gradient goes to x alone."""

    @staticmethod
    def forward(ctx, x, n):
        ctx.save_for_backward(x)
        ctx.n = n
        return x**n

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * ctx.n * x ** (ctx.n - 1), None


number = torch.tensor(5.0, requires_grad=True)
Power.apply(number, 3).backward()
print("the derivative of x**3 at 5:", number.grad.item())

# %% [markdown]
# The exercise needs $W'$ in both passes. This function, which is given, makes it from codes and scales.


# %% nbgrader={"grade": false, "grade_id": "given-dequantise", "locked": true, "schema_version": 3, "solution": false, "task": false}
def dequantize(packed, absmax, shape, dtype):
    """W', shape (o, i), in the given type: two codes a byte, and a scale for each block of 64 numbers."""
    return dequantize_4bit(FourBit(packed, absmax, torch.Size(shape), dtype))


# %% [markdown]
# ### Exercise 1: forward and backward through four bits
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | a product with a 4-bit weight that keeps codes and nothing else | 3 of 5 | 15 min | 6 lines |
#
# Complete the class. It is called as `FourBitMatmul.apply(x, packed, absmax, shape)`.
#
# * `forward` returns $x\,W'^\top$, computed in the type of `x`;
# * `backward` gets $G$ and returns the gradient of each argument of `forward`: $G\,W'$ for `x`, None for the others;
# * between the two it keeps `packed`, `absmax` and `shape`: neither $W'$ nor `x`.
#
# <details><summary>Hint 1: where to start</summary>
#
# `ctx` is where forward leaves things for backward. Tensors go through `ctx.save_for_backward(...)` and come back as
# `ctx.saved_tensors`; anything else may be an attribute, `ctx.shape = shape`.
# </details>
# <details><summary>Hint 2: how many values</summary>
#
# forward has four arguments after `ctx`, so backward returns four values. `x` is first.
# </details>
# <details><summary>Hint 3: where it is transposed</summary>
#
# `x` $(2, 3)$ and $W'$ $(5, 3)$: forward gives $(2, 5)$, so $G$ is $(2, 5)$, and the gradient of `x` is $(2, 3)$ again. In which of the two products
# must $W'$ be transposed? Both ask `dequantize` for it anew, in the type of the tensor that it meets: `x` there, `grad` here.
# </details>


# %% nbgrader={"grade": false, "grade_id": "four-bit-matmul", "locked": false, "schema_version": 3, "solution": true, "task": false}
class FourBitMatmul(torch.autograd.Function):
    """x (..., i) -> x W'.T (..., o), W' (o, i) from codes and scales; the gradient goes to x alone."""

    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ### BEGIN SOLUTION
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad):
        ### BEGIN SOLUTION
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-four-bit-matmul", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
four_bit_matmul_grade = check.four_bit_matmul(FourBitMatmul, points=5, of=7)


### BEGIN HIDDEN TESTS
from lora_utils.checks import Failure


def any_leading_axes(function, draw):
    """Single vectors and batches of sequences work, forward and backward."""
    for leading in ((), (2, 3, 2)):
        c = check.stored_case(draw, leading=leading)
        check.judge_product(function, draw, c)
        check.judge_gradient(function, draw, c)


def input_that_needs_no_gradient(function, draw):
    """It also runs on an input that needs no gradient, such as the output of a frozen embedding."""
    c = check.stored_case(draw)
    seen = check.see(function, c, needs_grad=False)
    if seen["recorded"]:
        raise Failure("records-anyway", "the output asks for a gradient although nothing below can learn",
                      "Do not switch on requires_grad in forward.")  # fmt: skip
    check.expect_close(seen["output"], c["x"].double() @ c["W"].T, what="the output", id="wrong-output",
                       hint="The same product as for an x that needs one.", tolerance=1e-4)  # fmt: skip


four_bit_matmul_grade = four_bit_matmul_grade.hidden(any_leading_axes, points=1, after=("gradient",)).hidden(
    input_that_needs_no_gradient, points=1, after=("output",)
)
### END HIDDEN TESTS
four_bit_matmul_grade

# %% [markdown]
# What it saves, for one layer of the size of SmolLM2's feed-forward layers, 576 to 1,536. Look at what waits for the
# backward pass in each case.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.quantization import QuantizedLinear

weight, x = torch.randn(1536, 576), torch.randn(1, 576, requires_grad=True)
four = quantize_4bit(weight)


def waiting(run):
    """Bytes that autograd keeps between forward and backward."""
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        run()
    return sum(t.numel() * t.element_size() for t in kept)


layer = QuantizedLinear(nn.Linear(576, 1536, bias=False))  # the course's layer, which does what exercise 1 does
plain = waiting(lambda: x @ dequantize(four.packed, four.absmax, weight.shape, x.dtype).T)
print(f"dequantised in an ordinary product: {plain:>9,} bytes wait")
if four_bit_matmul_grade.verdict == "pass":
    yours = waiting(lambda: FourBitMatmul.apply(x, four.packed, four.absmax, weight.shape))
    print(f"your FourBitMatmul:                 {yours:>9,} bytes wait")
print(f"the course's 4-bit layer:           {waiting(lambda: layer(x)):>9,} bytes wait")
print(f"its codes and scales:               {layer.stored_bytes():>9,} bytes, stored once")

# %% [markdown]
# 3.5 MB for one layer, against a layer that takes 0.46 MB altogether. (What waits for a `FourBitMatmul` are the codes and scales themselves, which lie in
# memory anyway; here its scales have 32 bits.) The price is a second dequantising in the backward
# pass.
#
# ## 2. A path beside bytes
#
# QLoRA's layer is equation 5 of the paper: the product above, and the low-rank path of lab 05 beside it,
#
# $$y = x\,W'^\top + \text{bias} + \alpha\,(x A B)$$
#
# with $A$ of shape $(i, r)$ drawn at random, $B$ of shape $(r, o)$ zero at the start, rank $r$ and a number $\alpha$
# (`alpha`). `LinearWithLoRA` gave the path the type of the layer's weight. That is impossible now. The weight is bytes:
# bitsandbytes' `Linear4bit` *is* an `nn.Linear`, but its `weight` is a column of `torch.uint8`, and the course's
# `QuantizedLinear` has no `weight` at all. Three types meet in the layer (the paper's equation has the path in `bfloat16`
# as well; we keep what is trained in `float32`, as peft does unless it is told otherwise):
#
# | what | type | why |
# | --- | --- | --- |
# | codes of the base | 4 bits | frozen, only read |
# | `x`, the product with $W'$, the output | the compute type: 16 bits on a GPU, `float32` on a CPU | speed |
# | $A$ and $B$ | `float32` | trained: a step of $10^{-4}$ beside a weight of 1 is lost in `bfloat16`, which keeps 8 significant bits |

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("qlora_step")

# %% [markdown]
# The gradient passes through the 4-bit weight and leaves it as it is; only A and B, in `float32`, receive gradients of their own.

# %% [markdown]
# Which 16 bits? `compute_dtype(device)` takes `bfloat16` where the GPU has it in hardware (A100, RTX 30 and later). The T4 of free notebook services and the V100 emulate it several times more
# slowly, so they get `float16`, with two traps: its largest number is 65,504, so a large activation becomes infinite; and a gradient below $6 \cdot 10^{-8}$ becomes zero, against which long
# trainings scale the loss (`torch.amp.GradScaler`).

# %% [markdown]
# ### Exercise 2: QLoRALinear
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | a trainable path beside a frozen 4-bit layer, whatever type `x` has | 3 of 5 | 15 min | 6 lines |
#
# Complete the class. `base` is a 4-bit layer: a module with `in_features` and `out_features`, which maps $x$ to
# $x\,W'^\top + \text{bias}$ in the type of $x$, with a bias or without. It shall
#
# * keep the very object as it is, and freeze it, its bias too if it has one;
# * hold a `LoRALayer` of the right sizes in the type `dtype`, with $A$ random and $B$ zero;
# * compute the path in the path's own type, whatever that and the type of `x` are, and return the sum in the type of
#   `base(x)`.
#
# <details><summary>Hint 1: where to start</summary>
#
# The class is `LinearWithLoRA` but for the types. Take the sizes from `base.in_features` and `base.out_features`, not
# from a weight.
# </details>
# <details><summary>Hint 2: the types</summary>
#
# `module.to(dtype)` moves the path. In forward, `x` may be `bfloat16` while $A$ is `float32`, and torch multiplies only
# equal types: cast `x` on the way into the path, and its result on the way out.
# </details>
# <details><summary>Hint 3: where types meet</summary>
#
# `x` in `bfloat16`, the path in `float32`. In a product torch complains of two types; in a sum it does not, and the result is `float32`
# without a word. So there are two places to cast, and one is silent. The path's type now is that of its $A$, which may have been moved
# since `__init__`. The base gets `x` itself, without detach and without no_grad.
# </details>


# %% nbgrader={"grade": false, "grade_id": "qlora-linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
class QLoRALinear(nn.Module):
    """A frozen 4-bit layer and a trainable low-rank path beside it: x (..., i) -> base(x) + lora(x) (..., o)."""

    def __init__(self, base: nn.Module, rank: int, alpha: float, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-qlora-linear", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
qlora_linear_grade = check.qlora_linear(QLoRALinear, points=6, of=8)


### BEGIN HIDDEN TESTS
from lora_utils.checks import Failure


def course_layer(layer, draw):
    """It also wraps the course's QuantizedLinear, on single vectors and on sequences."""
    check.judge_path(layer, draw, check.path_case(draw, kind="by hand"))
    check.judge_path(layer, draw, check.path_case(draw, kind="by hand", leading=(), bias=False))
    check.judge_path(layer, draw, check.path_case(draw, leading=(2, 3, 2)))


def gradient_types(layer, draw):
    """For x in bfloat16 the gradients of A and B are float32, that of x is bfloat16."""
    c = check.path_case(draw)
    c["x"] = c["x"].bfloat16()
    seen = layer.probe(check.run_path, **c, upstream=draw.normal(4, c["weight"].shape[0], dtype=torch.bfloat16))
    came = {name: None if seen[name] is None else str(seen[name].dtype) for name in ("dA", "dB", "dx")}
    right = {"dA": "torch.float32", "dB": "torch.float32", "dx": "torch.bfloat16"}
    if came != right:
        raise Failure("gradient-types", f"expected {right}, got {came}",
                      "Cast x with .to(...), which autograd follows; the parameters themselves stay float32.")  # fmt: skip


qlora_linear_grade = qlora_linear_grade.hidden(course_layer, points=1, after=("output",)).hidden(
    gradient_types, points=1, after=("types", "gradients")
)
### END HIDDEN TESTS
qlora_linear_grade

# %% [markdown]
# **Predict before you run.** The path of rank 8 beside that layer of 576 to 1,536 has $8 \cdot (576 + 1536) = 16{,}896$
# numbers in `float32`. Which is larger, the frozen layer in 4 bits or what training its path needs (the factors, their
# gradients, and Adam's two numbers for each)?
#
# <details><summary>Answer</summary>
#
# The frozen layer has 884,736 numbers of 4.127 bits: 456 KB. The path needs 16,896 numbers of $4 + 4 + 8$ bytes: 270 KB.
# So the trained two per cent already take more than half of what the frozen rest takes. In 4 bits the rank is no longer
# free; on wider layers, where $r(i + o)$ is a smaller part of $i \cdot o$, it is.
# </details>
#
# ## 3. The model, before
#
# SmolLM2-135M-Instruct is a decoder of 30 blocks with seven linear layers each. `inject_qlora` stores all 210 in 4 bits
# and puts a path of rank 8 beside each. The paper found that adapting **all** linear layers is what it takes to match
# full fine-tuning, while the rank hardly matters (Dettmers et al. 2023, section 4). Embedding and norms stay as they
# are: they are no linear layers, and here the embedding is the output layer too.
#
# One thing about this model is unusual: the file it comes in has the linear layers in four bits already, in another
# format (Q4_1, blocks of 32 with a scale and a minimum). They were expanded to floats on reading. Rounding them to NF4
# is their second rounding; what it costs here says little about a model that is rounded once.

# %% tags=["skip-when-grading"]
from lora_utils import count_parameters
from lora_utils.data import smollm2_tokenizer
from lora_utils.experiments import adapted
from lora_utils.methods import QuantizedLinearWithLoRA
from lora_utils.models import load_smollm2
from lora_utils.quantization import to_linear4bit

tokenizer = smollm2_tokenizer()
compute_type = compute_dtype(device)
original = load_smollm2().requires_grad_(False).to(device, compute_type)
numbers = count_parameters(original).total
float_bytes = sum(p.numel() * p.element_size() for p in original.parameters())

# On a GPU in bitsandbytes' layers. `adapted` freezes the model and calls inject_qlora(model, "*", rank=8, alpha=1.0).
model = adapted(seed=0, make=to_linear4bit if FULL else None, device=device, dtype=compute_type)
count = sum(isinstance(module, QuantizedLinearWithLoRA) for module in model.modules())
tensors = [*model.parameters(), *model.buffers()]
stored = sum(t.numel() * t.element_size() for t in tensors if not t.requires_grad)
print(f"{count} layers, {numbers:,} numbers: {float_bytes / 1e6:.0f} MB before, {stored / 1e6:.0f} MB now")
print(f"{count_parameters(model).trainable:,} numbers are trained")

# %% [markdown]
# 134.5 million numbers were 538 MB in `float32`. Now they take 168 MB, of which 113 MB are the embedding, untouched: in
# a small model with a large vocabulary the embedding is what remains. In a large one it hardly counts (section 7).
#
# The task is the one of lab 01: sentences from Rotten Tomatoes, positive or negative. The prompt and the labels are
# those of lab 01 as well. We measure two things on sentences that are never trained on.
#
# * **Better label**: which of " negative" and " positive" has the higher probability after the prompt. That is
#   zero-shot classification, and it forces the model to choose.
# * **Written as asked**: what the model writes by itself is exactly one of the two labels, and then it ends its turn.
#   Nobody forces it.

# %% tags=["skip-when-grading"]
from lora_utils.data import rotten_tomatoes
from lora_utils.experiments import LABELS, accuracy_of, label_scores, prompt_of, short
from lora_utils.models import generate

corpus = rotten_tomatoes()
MAX_TOKENS, HELD_OUT = (1000, 1000) if FULL else (20, 120)
held_out = short(corpus.test, tokenizer, MAX_TOKENS, HELD_OUT)  # pairs of a sentence and its label
prompts, truth = [prompt_of(text) for text, _ in held_out], [label for _, label in held_out]
print(repr(prompts[0] + LABELS[truth[0]]))

# %% tags=["skip-when-grading"]
WRITE = 12  # tokens at most


def as_asked(model, count=20):
    """What the model writes after each of the first prompts, two tokens at most: a label and the end, if all is well."""
    return [generate(model, tokenizer, prompt, 2) for prompt in prompts[:count]]


def better_label(model):
    """Scores of both labels for every held-out sentence, (n, 2)."""
    return label_scores(model, tokenizer, prompts, LABELS, batch_size=50)


before = {"in floats": better_label(original), "in 4 bits": better_label(model)}
for name, scores in before.items():
    print(f"better label, {name}: {accuracy_of(scores, truth):.2f} of {len(truth)} sentences")
asked_before = as_asked(model)
print(f"written as asked: {sum(written in LABELS for written in asked_before)} of {len(asked_before)}")
texts_before = [generate(model, tokenizer, prompt, WRITE) for prompt in prompts[:3]]
for (text, label), written in zip(held_out, texts_before, strict=False):
    print(f"\n{text}\n  right: {LABELS[label]!r}, written: {written!r}")

# %% [markdown]
# Asked to choose, the model does well without any training. Left to itself it does not do the task at all: it gives
# marks, or begins to chat. Scoring labels hides that; a program that has to read the answer would not.
#
# ## 4. Which tokens are learned
#
# A prompt with its answer is one row of tokens, padded on the right to a common length $s$. A decoder predicts every
# token from those before it, but not every prediction is a lesson: the loss counts the answer's tokens, and the label
# of everything else is $-100$, which `cross_entropy` leaves out.
#
# | place | 0 | 1 | 2 | 3 | 4 | 5 |
# | --- | --- | --- | --- | --- | --- | --- |
# | `ids` | Review | ... | : | positive | end | end |
# | what it is | prompt | prompt | prompt | answer | answer | padding |
# | `labels` | -100 | -100 | -100 | positive | end | -100 |
#
# It goes wrong in three places:
#
# * **The prompt has labels.** Then the model mostly learns to write reviews.
# * **The end has none.** Note the two "end"s above. The token that ends a turn often serves as padding as well, so the
#   tokens cannot say which of them is to be learned. Their places can.
# * **The shift is forgotten, or done twice.** The logits at place $t$ predict the token at place $t + 1$.

# %% [markdown]
# ### Exercise 3: labels of an answer, and their loss
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | label what is to be learned, and nothing else | 2 of 5 | 12 min | 7 lines |
#
# Write two functions.
#
# * `label_answer(prompt, answer, length, pad)` gets two lists of token ids, at most `length` together, and returns the
#   tensors `ids` and `labels`, in this order, whole numbers of shape `(length,)`: the prompt, the answer, then `pad`. The
#   answer's last token ends the turn; it has a label even if it equals `pad`, which prompt and answer may contain
#   anywhere. Labels stay in the place of their token.
# * `answer_loss(logits, labels)` gets logits $(b, s, v)$ and labels $(b, s)$, for $b$ rows and a vocabulary of $v$
#   tokens, and returns, as a tensor that autograd can follow, the mean cross entropy of all labelled tokens of the batch.
#   Every token may be a label, 0 too; the first place of a row never has one.
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.full((length,), pad)` and `torch.full((length,), -100)` are the two rows before anything is written into them.
# </details>
# <details><summary>Hint 2: the shift</summary>
#
# The last logits predict nothing, and the first token is predicted by nothing: `logits[:, :-1]` meets `labels[:, 1:]`.
# </details>
# <details><summary>Hint 3: a row by hand</summary>
#
# Prompt 7 8, answer 5 0, length 6, pad 0: the ids are 7 8 5 0 0 0, the labels -100 -100 5 0 -100 -100. From which place to which are labels
# written? `F.cross_entropy` leaves -100 out by itself and wants $(n, v)$ and $(n,)$: `flatten` joins axes. With all logits 0 and four
# tokens the loss is $\ln 4$ = 1.386, whatever the labels.
# </details>


# %% nbgrader={"grade": false, "grade_id": "answer-labels", "locked": false, "schema_version": 3, "solution": true, "task": false}
def label_answer(prompt: list[int], answer: list[int], length: int, pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """ids and labels, (length,) each: prompt, answer, padding; labels are -100 except on the answer."""
    ### BEGIN SOLUTION
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels
    ### END SOLUTION


def answer_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of the labelled tokens, each predicted from the place before it; logits (b, s, v)."""
    ### BEGIN SOLUTION
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-answer-labels", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
answer_labels_grade = check.answer_labels(label_answer, answer_loss, points=4, of=5)


### BEGIN HIDDEN TESTS
def other_batches(functions, draw):
    """The loss is right for one row and for several, of other lengths."""
    check.judge_loss(functions, draw, b=1)
    check.judge_loss(functions, draw, b=4)


answer_labels_grade = answer_labels_grade.hidden(other_batches, points=1)
### END HIDDEN TESTS
answer_labels_grade

# %% [markdown]
# The course's `instruction_batch` does the same for a list of pairs. Its loss has one more trick: it turns only those
# places into logits that a label will look at. A place has 49,152 logits, as many numbers as 85 of its hidden vectors of
# 576, and of 30 places two are labelled.
#
# ## 5. If you have time: gradient checkpointing
#
# With the weights in 4 bits, the largest rest is what the forward pass leaves for the backward pass: the activations.
# Gradient checkpointing ([Chen et al. 2016](https://arxiv.org/abs/1604.06174)) keeps the input of each block and forgets what is inside. When the backward
# pass comes to a block, the block runs once more on the input it had, so only one block's inside is there at a time. The
# price is one more forward pass in all: a third more work in full fine-tuning, and half as much again over a frozen
# base, where the backward pass computes $G W'$ but no gradient of a weight.

# %% [markdown]
# ### Exercise 4: forget and recompute
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | run a list of blocks so that each is recomputed by itself | 2 of 5 | 8 min | 3 lines |
#
# Write `run_blocks(blocks, x)`: the first block gets `x`, each later one what the one before it returned, and the last
# result is returned. Each block is checkpointed by itself, the last one too: it runs once in the forward pass and once more
# when the backward pass comes to it. `checkpoint(function, x, use_reentrant=False)` from `torch.utils.checkpoint` is imported: it calls
# `function(x)` now, keeps `x` alone, and calls it again in the backward pass.
#
# In a fine-tuned model `x` comes from a frozen embedding and needs no gradient. The blocks do.
#
# <details><summary>Hint 1: where to start</summary>
#
# It is an ordinary loop, in which `checkpoint` calls the block in your place.
# </details>
# <details><summary>Hint 2: one or many</summary>
#
# A checkpoint around the whole loop would recompute everything in one go, and then everything is in memory again. One
# checkpoint a block.
# </details>
# <details><summary>Hint 3: what to hand over</summary>
#
# `checkpoint` calls its first argument twice, the second time when the loop has long ended. A `lambda` that mentions `block` looks
# the name up when it is called: every block would be recomputed as the last one. What can be called without a `lambda`, and
# which name must hold the result for the next turn of the loop?
# </details>


# %% nbgrader={"grade": false, "grade_id": "checkpoint-blocks", "locked": false, "schema_version": 3, "solution": true, "task": false}
def run_blocks(blocks: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
    """Run the blocks one after another, keeping only the input of each; x (b, d) -> (b, d)."""
    ### BEGIN SOLUTION
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False)
    return x
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-checkpoint-blocks", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
checkpoint_blocks_grade = check.checkpoint_blocks(run_blocks, points=3, of=4)


### BEGIN HIDDEN TESTS
def with_dropout(function, draw):
    """Blocks with dropout drop the same numbers the second time, and an x that learns gets its gradient."""
    d, b = 5, 4
    c = {"weights": [draw.normal(d, d, scale=0.5) for _ in range(3)], "vectors": [draw.normal(d) for _ in range(3)],
         "x": draw.normal(b, d), "upstream": draw.normal(b, d)}  # fmt: skip
    seen = check.judge_run(function, c, dropout=0.5, needs_grad=True)
    check.expect_close(seen["dx"], check.expected_run(c, seen["masks"])["dx"], what="dL/dx", id="wrong-gradient",
                       hint="Do not detach x.")  # fmt: skip


checkpoint_blocks_grade = checkpoint_blocks_grade.hidden(with_dropout, points=1, after=("gradients", "recomputes"))
### END HIDDEN TESTS
checkpoint_blocks_grade

# %% [markdown]
# On the model: bytes that wait at the end of the forward pass, and seconds for one step, without and with checkpoints
# over the 30 blocks.

# %% tags=["skip-when-grading"]
from lora_utils.experiments import batch_of
from lora_utils.methods import checkpoint_blocks, forget_checkpoints
from lora_utils.training import answer_loss as loss_on_answers


def step_cost(model, batch):
    """Bytes that wait for the backward pass, and seconds of a step."""
    synchronize(device)  # a GPU works on while Python goes ahead: wait before each look at the clock
    kept, start = {}, time.perf_counter()
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = loss_on_answers(model, batch)
    waiting = sum(storage.nbytes() for storage in kept.values())
    kept.clear()
    loss.backward()
    model.zero_grad()
    synchronize(device)
    return waiting, time.perf_counter() - start


# %% tags=["skip-when-grading"]
train_rows = short(corpus.train, tokenizer, MAX_TOKENS, None if FULL else 384)
eight = batch_of(train_rows[:8], tokenizer).to(device)
step_cost(model, eight)  # the first step is slower
costs = {"plain": step_cost(model, eight)}
checkpoint_blocks(model.blocks)
costs["checkpointed"] = step_cost(model, eight)
forget_checkpoints(model.blocks)
for name, (waiting_bytes, seconds) in costs.items():
    print(f"{name:<13} {waiting_bytes / 1e6:>6.1f} MB wait, {seconds:.1f} s a step")

# %% [markdown]
# A sixteenth waits: 19 MB in place of 311. What remains are the inputs of the 30 blocks and the logits of the
# labelled places. The seconds are wall time of single steps on a shared machine: expect half as much again when yours has
# nothing else to do.
#
# ## 6. What a step needs
#
# Four things take memory: the weights, their gradients, what the optimiser remembers, and the activations. The first
# three can be calculated without running anything, from three counts: $L$ numbers in linear layers (`linear` in the
# code), $E$ elsewhere (`other`: embedding, output layer, norms) and $T$ trained numbers of all paths (`trained`).

# %% [markdown]
# ### Exercise 5: the bytes of a QLoRA step
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | calculate what a step needs, activations aside | 2 of 5 | 10 min | 2 lines |
#
# Write two functions.
#
# * `bits_per_number(block, group)`: bits that a number of a linear layer costs. A code has 4 bits. Each `block` of
#   numbers shares a scale of 8 bits, and each `group` of blocks shares one number of 32 bits. (The one mean for a whole
#   tensor is left out.)
# * `qlora_bytes(linear, other, trained, state_bytes, bits)`: bytes of weights, gradients and optimiser states. `linear`
#   numbers are stored in `bits` bits each, `other` numbers in 16 bits, the `trained` numbers of the paths in 32 bits.
#   Gradients have 32 bits. Adam remembers two numbers for each trained one, of `state_bytes` bytes each: 4, or 1 in
#   8 bits.
#
# Both return plain Python numbers, not tensors, and nothing is rounded.
#
# <details><summary>Hint 1: where to start</summary>
#
# Write down for each kind of number how many there are and how many bytes one takes. Frozen numbers have neither a
# gradient nor states.
# </details>
# <details><summary>Hint 2: shares</summary>
#
# A scale of 8 bits for 64 numbers is 8 / 64 bits a number. A number of 32 bits for 256 blocks of 64 is shared by
# 256 times 64 numbers.
# </details>
# <details><summary>Hint 3: numbers to compare</summary>
#
# `bits_per_number(32, 8)` is 4.375. `qlora_bytes(16, 3, 2, 1, 4)` is 34 = 8 + 6 + 20, and with states of 4 bytes it is 46: of what are the 8, the
# 6 and the 20, and why 10 bytes for one trained number?
# </details>


# %% nbgrader={"grade": false, "grade_id": "step-bytes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bits_per_number(block: int, group: int) -> float:
    """Bits of a number in 4-bit blocks with double quantisation, its shares of the scales included."""
    ### BEGIN SOLUTION
    return 4 + 8 / block + 32 / (block * group)
    ### END SOLUTION


def qlora_bytes(linear: int, other: int, trained: int, state_bytes: int, bits: float) -> float:
    """Bytes of weights, gradients and Adam's states in a QLoRA step; activations not counted."""
    ### BEGIN SOLUTION
    return linear * bits / 8 + 2 * other + trained * (4 + 4 + 2 * state_bytes)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-step-bytes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
step_bytes_grade = check.step_bytes(bits_per_number, qlora_bytes, points=3, of=4)


### BEGIN HIDDEN TESTS
def other_bits(functions, draw):
    """The bits a number are the argument's, whatever they are."""
    check.judge_bytes(functions, draw, 2, 4.5)
    check.judge_bytes(functions, draw, 4, 8.25)


step_bytes_grade = step_bytes_grade.hidden(other_bits, points=1, after=("bytes-of-a-step",))
### END HIDDEN TESTS
step_bytes_grade

# %% [markdown]
# Counted on the model, tensor by tensor, with `training_memory` of lab 02: one step on two sentences by full fine-tuning,
# LoRA and QLoRA, everything in `float32` and with plain AdamW, so that the storage of the base is the only difference
# between the last two. (On a GPU the row of QLoRA computes in 16 bits, which halves its activations too.)

# %% tags=["skip-when-grading"]
from lora_utils import inject_lora
from lora_utils.training import training_memory

two = batch_of(train_rows[:2], tokenizer).to(device)


def last_token(logits, labels):
    """Cross entropy of the last place: enough for a step to be counted."""
    return F.cross_entropy(logits[:, -1].float(), labels[:, 0])


counted = {}
for name in ("full", "LoRA", "QLoRA"):
    if name == "QLoRA":
        counted[name] = training_memory(model, two.ids, two.ids, loss_fn=last_token)
        continue
    candidate = load_smollm2().to(device).requires_grad_(name == "full")
    if name == "LoRA":
        inject_lora(candidate, "*", rank=8, alpha=1.0)
    counted[name] = training_memory(candidate, two.ids, two.ids, loss_fn=last_token)
    del candidate
print("MB        weights  gradients  optimiser  activations   total")
for name, m in counted.items():
    parts = (m.weights, m.gradients, m.optimizer, m.activations, m.total)
    print(f"{name:<9}" + "".join(f"{part / 1e6:>{w}.0f}" for part, w in zip(parts, (8, 11, 11, 13, 8), strict=True)))

# %% tags=["skip-when-grading"]
from lora_utils.plots import COLORS, HATCHES, figure, lines

fig, axes = figure("LoRA removes gradients and states, QLoRA most of the weights", "method", "MB of one step")
bottom = [0.0] * len(counted)
for k, kind in enumerate(("weights", "gradients", "optimizer", "activations")):
    heights = [getattr(m, kind) / 1e6 for m in counted.values()]
    look = {"color": COLORS[k + 2], "hatch": HATCHES[k], "edgecolor": "white"}
    axes.bar(list(counted), heights, bottom=bottom, label=kind.replace("optimizer", "optimiser"), **look)
    bottom = [below + height for below, height in zip(bottom, heights, strict=True)]
axes.legend(frameon=False)
axes.grid(axis="x", visible=False)

# %% [markdown]
# The trained numbers are 2,442,240 of 137 million, or 1.8 %. That removes nearly all gradients and states, 1.6 GB
# of them. What is left of LoRA's 635 MB are mostly the weights, and storing the linear layers in 4 bits removes
# 370 MB of these. In total QLoRA needs 265 MB, 8.4 times less than full fine-tuning and
# 2.4 times less than LoRA. Of its 178 MB of weights the embedding alone has 113.
#
# ## 7. If you have time: what fits where
#
# `step_bytes` of `lora_utils.training` extends the calculation by the activations, the logits and the one layer that is dequantised at a time, to eight
# models, whose sizes are in their published configurations; the weights in 16 bits, or, for QLoRA, linear layers in 4.127. Its `needed` adds what a GPU must
# have besides: a tenth for fragmentation, half a gigabyte for the CUDA context. All assumptions stand at the head of `lora_utils/training/gpu_memory.py`.
#
# First the setting in which others have measured: the longest text of the Alpaca data, 1,304 tokens, alone, rank 8, nothing recomputed. Where there is a
# measured peak, the GPU is chosen by the larger of the two numbers. Then a frugal one: 512 tokens, checkpoints over all blocks, rank 16.
#
# **Predict before you run**: on which GPU does QLoRA of a 7B model fit, and what is most of it?
#
# <details><summary>Answer</summary>
#
# It depends on the text more than on the model. The long one, with nothing recomputed, needs 14.3 GB by calculation and 13.8 GB by measurement, so a GPU of
# 16 GB: 8.4 GB are activations, 3.9 GB the frozen weights. With 512 tokens and checkpoints the activations shrink to half a gigabyte, and the calculated
# 5.8 GB go onto 8 GB: then the frozen weights are most of it.
# </details>

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.training import ALPACA, CONTEXT, MEASURED, METHODS, MODELS, smallest_gpu, step_bytes


def cell(sizes, method, setting):
    """GB that are needed by calculation, the measured peak where there is one, and the smallest GPU with room for both."""
    needed = step_bytes(sizes, method, **setting).needed
    peak = MEASURED.get((sizes.name, method)) if setting == ALPACA else None
    gpu = smallest_gpu(max(needed, 0 if peak is None else 1e9 * peak + CONTEXT))
    return f"{needed / 1e9:>6.1f} {'' if peak is None else f'({peak:.1f})':<7}{'-' if gpu is None else gpu:<6}"


FRUGAL = {"rank": 16, "batch": 1, "length": 512, "checkpointing": True}
for title, setting in (("1,304 tokens", ALPACA), ("512, checkpoints", FRUGAL)):
    print(f"{title:<17}" + "".join(f"{method:<20}" for method in METHODS))
    print(f"{'':<14}" + f"{'GB (peak) GPU':>17}   " * 3)
    for sizes in MODELS:
        print(f"{sizes.name:<14}" + "".join(cell(sizes, method, setting) for method in METHODS))
    print()

# %% tags=["skip-when-grading"]
billions = [sizes.parameters / 1e9 for sizes in MODELS]
needs = {method: [step_bytes(sizes, method, **FRUGAL).needed / 1e9 for sizes in MODELS] for method in METHODS}
fig, axes = figure(
    "With 512 tokens and checkpoints QLoRA brings 65 billion parameters onto 48 GB",
    "parameters in billions",
    "GB that a GPU needs",
    height=3.6,
)
lines(axes, billions, needs)
axes.set_xscale("log")
axes.set_yscale("log")
for size in (8, 24, 48, 80):
    axes.axhline(size, color="grey", linewidth=0.8, linestyle="-")
    axes.annotate(f"{size} GB", (0.115, size * 1.06), fontsize=8, color="dimgrey")

# %% tags=["skip-when-grading"]
schematic("decoder_memory")

# %% [markdown]
# Five sixths of a full step are gradients and states, which LoRA drops; most of the rest are weights, which four bits make small.

# %% [markdown]
# How far such a calculation can be trusted:
#
# * **It reproduces the paper's claim.** Dettmers et al. put 65B on one GPU of 48 GB, where 16-bit fine-tuning needs more
#   than 780 GB. Calculated: 42 GB, and 785 GB of tensors.
# * **It comes within ten per cent of what was measured.** The peaks are those of litgpt's
#   [table](https://github.com/Lightning-AI/litgpt/blob/main/tutorials/resource-tables.md), on an A100. Without fragmentation and context, which such a
#   peak leaves out, the sums are 22.2 and 39.3 GB for LoRA (21.3 and 38.1 measured) and 12.5 and 20.4 GB for QLoRA (13.8 and 22.6): a little too much for
#   LoRA (there only queries and values had factors, so fewer inputs are kept), and a little too little for four bits.
# * **Loading can need more than training.** torchtune's [tutorial](https://docs.pytorch.org/torchtune/stable/tutorials/qlora_finetune.html) has 9.3 GB for a 7B model with QLoRA, against 15.6 GB with LoRA. But
#   9.1 of the 9.3 GB were reserved before the first step, while the 16-bit weights were read and quantised. So 8 GB are enough for the frugal step only
#   where loading does not hold the unquantised layers as well.
# * **The factor from LoRA to QLoRA depends on the size, and on the text.** In the frugal setting it is 3.5 for 65B, and 1.2 for 135M, where the embedding
#   and the activations weigh more than the linear layers. With long texts and no checkpoints it is 1.7 for 7B: four bits do not shrink activations.
#
# ## 8. Training
#
# AdamW remembers two numbers for every trained one. bitsandbytes keeps them in 8 bits and, on a GPU, in *paged* memory,
# which the driver moves to main memory when a long sequence needs the room. `paged_adamw_8bit_or_adamw` takes as much of
# that as there is, and says what it took. Only tensors of 100,000 numbers or more are paged: the largest factor here has
# 12,288, so nothing is, and nothing needs to be.
#
# `fit` is the loop of lab 02 with these pieces: batches of prompts and answers, the loss on the answers, and this
# optimiser. It goes over the sentences once. The rate rises over four steps and then falls to zero.

# %% tags=["skip-when-grading"]
from lora_utils.experiments import fit
from lora_utils.quantization import state_bytes

SIZE, LR = 32 if FULL else 12, 3e-4
start = time.perf_counter()
losses, optimizer, sentence = fit(model, tokenizer, train_rows, LR, SIZE)
synchronize(device)
seconds = time.perf_counter() - start
print("optimiser:", sentence)
print(
    f"{len(losses)} steps of {SIZE} sentences in {seconds:.0f} s; its states take {state_bytes(optimizer) / 1e6:.1f} MB"
)
print(f"loss of the first three steps {sum(losses[:3]) / 3:.2f}, of the last ten {sum(losses[-10:]) / 10:.2f}")

# %% tags=["skip-when-grading"]
fig, axes = figure("The format is learned within ten steps", "step", "loss on the answer, nats a token")
lines(axes, range(1, len(losses) + 1), {"loss": losses})
axes.axhline(0.5 * torch.tensor(2.0).log().item(), color=COLORS[2], linestyle=":")
axes.set_ylim(0, None)
axes.annotate("format known, label guessed: ln 2 / 2", (len(losses), 0.75), ha="right", color=COLORS[2], fontsize=9)

# %% [markdown]
# The loss is the mean over two tokens, the label and the end of the turn. Once the model knows the format, the end is
# certain and costs nothing, and a guessed label costs $\ln 2 = 0.69$ nats: half of that is the dotted line. What lies
# below it is knowledge about the sentence. (The seconds were taken on a busy machine; on two idle cores the whole notebook
# takes about three minutes.)

# %% tags=["skip-when-grading"]
after = better_label(model)
asked_after = as_asked(model)
was_right, is_right = (scores.argmax(1) == torch.tensor(truth) for scores in (before["in 4 bits"], after))
print(f"better label, before {accuracy_of(before['in 4 bits'], truth):.2f}, after {accuracy_of(after, truth):.2f}")
print(
    f"of {len(truth)} sentences {int((~was_right & is_right).sum())} became right and {int((was_right & ~is_right).sum())} wrong"
)


def halved(scores):
    """Accuracy when the half of the sentences that the model finds the more positive is called positive."""
    odds = scores[:, 1] - scores[:, 0]
    return ((odds > odds.median()) == torch.tensor(truth).bool()).float().mean().item()


print(f"half of them called positive, before {halved(before['in 4 bits']):.2f}, after {halved(after):.2f}")
right = sum(written == LABELS[label] for written, label in zip(asked_after, truth, strict=False))
print(
    f"written as asked: {sum(written in LABELS for written in asked_after)} of {len(asked_after)}, {right} of them right"
)
for (text, label), was, written in zip(held_out, texts_before, asked_after, strict=False):
    print(f"\n{text}\n  right: {LABELS[label]!r}, before: {was!r}, after: {written!r}")

# %% [markdown]
# What it meant, and what it did not:
#
# * **The format is learned.** Before, none of 20 texts was written as asked, afterwards 20 of 20, label and end of
#   turn. A program could read that.
# * **About the sentiment little can be said.** Choosing between the labels went from 0.76 to 0.81: 9 sentences
#   became right and 3 wrong. The standard error of an accuracy near 0.8 on 120 sentences is 0.037, and chance alone
#   gives 9 against 3 or more in one run of seven (a two-sided sign test).
# * **It is one run with one seed.** Its learning rate was chosen on 100 validation sentences in a shorter run: 0.79 with
#   0.0003, 0.76 with 0.001, 0.63 with 0.003. With ten times the rate the model writes in the right format and judges
#   worse than before: look at both measures.
#
# ### More sentences, more seeds
#
# Two minutes buy no better evidence, so the course ships the results of longer runs of the same functions:
# 1,024 sentences for training, three seeds, and the 682 test sentences of at most 30 tokens. `python -m
# lora_utils.experiments.qlora_reviews` makes them.
#
# A trained model that beats a zero-shot one may have learned about sentences, or only where to draw the line between its
# two answers. And what it learned may have been easier to learn without four bits. So there are two controls:
#
# * **A threshold fitted on labels**: the zero-shot model, which now says positive not above log-odds of 0 but above the
#   value that gets most of the same 1,024 sentences right (`fit_threshold`). One number is fitted and no weight is trained.
# * **LoRA in floats**: the same paths from the same start, beside weights that were not rounded again, trained on the same
#   sentences in the same order at the same rate. That rate was chosen in 4 bits, and not again for floats.
#
# Two models that judge the same sentences are compared on those about which one is right and the other wrong. If there
# were no difference between the two, each of these would be a coin toss; `sign_test` gives the probability that coins
# split as unevenly.
#
# **Predict before you run**: in 4 bits the zero-shot model is worse than in floats. How much of what the rounding cost
# does a threshold win back? And the trained model, which is in 4 bits as well: how far behind LoRA in floats will it stay?

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.experiments import ASKED, FLOATS, FOUR_BITS, TEST_TOKENS, TRAINED, best_runs, paired, shipped_reviews
from lora_utils.training import mean_and_spread

runs = shipped_reviews()
untrained = [run for run in runs if run.way != TRAINED]
trained = {model: best_runs(runs, model) for model in (FLOATS, FOUR_BITS)}
judged = [label for _, label in short(corpus.test, tokenizer, TEST_TOKENS)]
print(f"{len(judged)} sentences, {sum(judged) / len(judged):.0%} of them positive")
print(f"{'':<28}threshold   better label   says positive   written as asked")
for run in (*untrained, *trained[FLOATS], *trained[FOUR_BITS]):
    name = f"{run.way} {run.model}" + (f", seed {run.seed}" if run.way == TRAINED else "")
    positive = sum((digit == "1") == bool(label) for digit, label in zip(run.right, judged, strict=True))
    said = f"{positive / len(judged):>18.0%}{run.as_asked:>15} of {ASKED}"
    print(f"{name:<28}{run.threshold:>8.2f}{run.accuracy:>13.3f}{said}")
for stored, seeds in trained.items():
    mean, spread = mean_and_spread([run.accuracy for run in seeds])
    print(f"{f'trained {stored}, mean':<36}{mean:>13.3f} ± {spread:.3f}")

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
controls = {f"{run.way} {run.model}": [run] * 3 for run in untrained} | {f"trained {FLOATS}": trained[FLOATS]}
counts = {name: [paired(*two) for two in zip(runs, trained[FOUR_BITS], strict=True)] for name, runs in controls.items()}
print("trained in 4 bits: more sentences right / more wrong (p), for each seed, than")
for name, per_seed in counts.items():
    print(f"{name:<28}" + "".join(f"{c.better:>6} / {c.worse:<3}{f'({c.p:.2g})':<9}" for c in per_seed))
print("\na threshold fitted: the same, than zero-shot")
for before_it, fitted in zip(untrained[:2], untrained[2:], strict=True):
    c = paired(before_it, fitted)
    print(f"{fitted.model:<28}{c.better:>6} / {c.worse:<3}({c.p:.2g})")

# %% tags=["skip-when-grading"]
finding = "Trained in 4 bits: ahead of all that is untrained, a little behind LoRA in floats"
fig, axes = figure(finding, "the model trained in 4 bits compared with", "sentences of 682")
for k, run in enumerate(trained[FOUR_BITS]):
    places = [place + 0.27 * (k - 1) for place in range(len(counts))]
    look = {"width": 0.22, "edgecolor": "white"}
    ups, downs = [c[k].better for c in counts.values()], [-c[k].worse for c in counts.values()]
    up = axes.bar(places, ups, color=COLORS[2], label="only that one right" if k == 0 else None, **look)
    axes.bar(places, downs, color=COLORS[3], hatch="//", label="only the other right" if k == 0 else None, **look)
    axes.bar_label(up, [f"{run.seed}"] * len(counts), fontsize=8)
axes.axhline(0, color="black", linewidth=1)
axes.set_xticks(range(len(counts)), [name.replace(" fitted", "").replace(" in ", "\nin ") for name in counts])
axes.set_ylim(-60, 175)
axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
axes.legend(frameon=False, loc="upper right", ncols=2)
axes.grid(axis="x", visible=False)

# %% [markdown]
# (The digit over a bar is the seed.) What it meant:
#
# * **The gain is real.** In 4 bits the model goes from 0.702 to 0.821 ± 0.010 (standard deviation over three seeds).
#   With each seed at least three sentences became right for one that became wrong, which coins do less than once in
#   10^9 tries. And 40 of 40 answers were written as asked, where none had been.
# * **Less than a third of it is a line drawn elsewhere.** Half of the sentences are positive, and the zero-shot model in 4
#   bits says so of 27 %. The labels that training reads put the threshold at -0.62, and the same model then gets 0.738
#   right: 87 became right and 63 wrong, p = 0.06, which alone would prove little. Against *that* model the trained ones
#   are still ahead by 0.073 to 0.094, with at least two sentences right for one wrong, which coins do less than once in
#   10,000 tries. That much a threshold fitted on the same labels does not give. (The small run's line "half of them called
#   positive", 0.68 before and 0.76 after, points the same way, as far as 120 sentences can.)
# * **Against floats the gain is small, and not certain.** In floats the model is at 0.787 without training, and a fitted
#   threshold adds next to nothing (0.790; 22 sentences right for 20 wrong). Against it the trained ones have 70 to 42, 61
#   to 47 and 60 to 39, p = 0.010, 0.21 and 0.044: each time more right than wrong, once no more than chance would give.
#   The three share their sentences, so they are not three independent proofs.
# * **Four bits cost the trained model little.** LoRA in floats reaches 0.833 ± 0.006. Without training the rounding costs
#   0.085, after it 0.012: the paths are trained beside the rounded weights and make up for most of the damage. With each
#   seed a few more sentences are lost than won (31 to 26, 30 to 19, 31 to 22), which coins do as unevenly in 15 to 60
#   tries of a hundred. So a cost of a hundredth is likely and not shown; to see one of that size takes about 4,000
#   sentences.
# * **What it does not say.** p speaks of these sentences, ± of these seeds, and both of one rate. The base was rounded
#   twice, so both what rounding costs here and what training wins back are larger than usual. On a GPU this notebook trains
#   on all 6,530 sentences.
#
# ## 9. Merging back
#
# For inference one wants a single matrix again. The path was trained beside $W'$, so with the update $\alpha (A B)^\top$
# of shape $(o, i)$ the layer computes $x\,(W' + \alpha (A B)^\top)^\top$. Two mistakes are common enough to have issues of
# their own:
#
# * adding the update to $W$, the original weight, which is still on the disk. Then the layer computes something that was
#   never trained: $W - W'$, the quantisation error, is in it too (artidoro/qlora #254 asks which is right;
#   unslothai/unsloth-zoo #810 has a model, Falcon-H1, for which it decides between working and not);
# * quantising the sum again. In a block with scale $c$ neighbouring values of NF4 are $0.08\,c$ to $0.3\,c$ apart, so a
#   small change of a weight mostly rounds back to where it was (huggingface/peft #2321, transformers #31293).

# %% [markdown]
# ### Exercise 6: merge, and measure what is lost
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | a weight that computes what the trained layer computed | 2 of 5 | 8 min | 4 lines |
#
# Write two functions.
#
# * `merge_weights(original, stored, A, B, alpha)` returns the merged weight, $(o, i)$, in `float32` and without a history
#   in autograd. `original` is $W$ and `stored` is $W'$, both $(o, i)$, possibly in 16 bits. You need one of them. The
#   arguments stay as they are.
# * `lost_share(stored, merged, again)` returns how much of the update is lost when the merged weight is quantised
#   `again`: the Frobenius norm of the error over that of the update. It is a plain Python number (a `float`, no tensor);
#   above 1 if the error is larger than the update.
#
# <details><summary>Hint 1: where to start</summary>
#
# Write down what the trained layer computes for $x$, and factor $x$ out.
# </details>
# <details><summary>Hint 2: shapes and types</summary>
#
# `A @ B` is $(i, o)$. `stored.float()` makes 16 bits into 32. `A` and `B` are parameters: `torch.no_grad()` keeps the
# result out of autograd's graph.
# </details>
# <details><summary>Hint 3: a weight by hand</summary>
#
# All sizes 1: original 1.2, stored 1, $A$ = 2, $B$ = 3 and alpha 0.5 give 4; 4.2 was never computed by the trained layer. If 4 is quantised as
# 4.75, a quarter of the update is lost: 0.25. Which difference is the update, and which is the error?
# </details>


# %% nbgrader={"grade": false, "grade_id": "merge-back", "locked": false, "schema_version": 3, "solution": true, "task": false}
def merge_weights(
    original: torch.Tensor, stored: torch.Tensor, A: torch.Tensor, B: torch.Tensor, alpha: float
) -> torch.Tensor:
    """The float32 weight (o, i) of one linear layer that computes what the 4-bit layer and its path compute."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T
    ### END SOLUTION


def lost_share(stored: torch.Tensor, merged: torch.Tensor, again: torch.Tensor) -> float:
    """|again - merged| / |merged - stored| in the Frobenius norm: 0 when nothing is lost."""
    ### BEGIN SOLUTION
    return ((again - merged).norm() / (merged - stored).norm()).item()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-merge-back", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
merge_back_grade = check.merge_back(merge_weights, lost_share, points=3, of=4)


### BEGIN HIDDEN TESTS
def base_in_sixteen_bits(functions, draw):
    """A base in 16 bits is merged in float32."""
    cases = []
    for dtype in (torch.bfloat16, torch.float16):
        o, i, r = draw.sizes(3)
        cases.append({"original": draw.normal(o, i).to(dtype), "stored": draw.normal(o, i).to(dtype),
                      "A": draw.normal(i, r), "B": draw.normal(r, o), "alpha": 1.5})  # fmt: skip
    check.judge_merge(functions, cases)


merge_back_grade = merge_back_grade.hidden(base_in_sixteen_bits, points=1, after=("merges",))
### END HIDDEN TESTS
merge_back_grade

# %% [markdown]
# Now on the trained model, in three ways. For each: how far the scores move (the log-odds of the two labels, root mean
# square over the held-out sentences), how many answers change, and the accuracy.

# %% tags=["skip-when-grading"]
from lora_utils.methods import QuantizedLinearWithLoRA, dequantized_weight, merge_qlora


def onto_the_original():
    """The wrong base: each update on the weight as it was before quantisation."""
    wrong = copy.deepcopy(original).float()
    for name, layer in model.named_modules():
        if isinstance(layer, QuantizedLinearWithLoRA):
            update = layer.merged_weight() - dequantized_weight(layer.base).float()
            wrong.get_submodule(name).weight += update
    return wrong


def merged_model(**kwargs):
    """A copy of the trained model, merged."""
    result = copy.deepcopy(model)
    merge_qlora(result, **kwargs)
    return result


ways = {
    "dequantised base, float32": lambda: merged_model(dtype=torch.float32).float(),
    "the same, in bfloat16": lambda: merged_model(dtype=torch.bfloat16).float(),  # rounded; computed in float32
    "quantised again": lambda: merged_model(requantize=True),
    "original base": onto_the_original,
}
odds, moved = (after[:, 1] - after[:, 0]), {}
print(f"{'merged':<26} log-odds moved  answers changed  better label")
for name, make in ways.items():
    scores = better_label(make())
    moved[name] = (scores[:, 1] - scores[:, 0] - odds).square().mean().sqrt().item()
    changed = int((scores.argmax(1) != after.argmax(1)).sum())
    print(f"{name:<26} {moved[name]:>14.4f} {changed:>16} {accuracy_of(scores, truth):>13.2f}")


# %% tags=["skip-when-grading"]
def course_share(stored, merged, again):
    """The course's lost_share."""
    return ((again - merged).norm() / (merged - stored).norm()).item()


share_of = lost_share if merge_back_grade.verdict == "pass" else course_share
print("measured by", "your lost_share" if share_of is lost_share else "the course's function")
shares, rounded = {}, []
for name, layer in model.named_modules():
    if isinstance(layer, QuantizedLinearWithLoRA):
        base, together = dequantized_weight(layer.base).float(), layer.merged_weight()
        size = ((together - base).norm() / base.norm()).item()
        shares[name] = size, share_of(base, together, layer.requantized().dequantize())
        rounded.append(share_of(base, together, together.bfloat16().float()))
sizes, losts = zip(*shares.values(), strict=True)
fig, axes = figure(
    "Quantised again, the layers lose what they had learned",
    "size of the update, |merged - stored| / |stored|",
    "lost share of the update",
)
axes.scatter(sizes, losts, s=14, color=COLORS[2])
axes.axhline(1, color="black", linewidth=1)
axes.annotate("error as large as the update", (max(sizes), 0.95), ha="right", va="top", fontsize=9)
axes.set_ylim(0, 1.3)
print(
    f"median size of an update {sorted(sizes)[len(sizes) // 2]:.3f}, median lost share {sorted(losts)[len(losts) // 2]:.2f}"
)
print(f"rounded to bfloat16, the median lost share is {sorted(rounded)[len(rounded) // 2]:.2f}")

# %% [markdown]
# What it meant:
#
# * Merged onto the dequantised base in `float32`, nothing changes to four digits. Rounded to `bfloat16`, as such files are mostly kept, 22 % of the median
#   update is lost: it is as small as the last bits of the weight. No answer of these 120 changes for it, and the log-odds move by 0.02.
# * **Quantised again, the update is gone.** The median layer had changed its weights by 0.7 % of their size, and
#   the error of quantising again is 1.07 times as large as that change: most weights round back to where they
#   were, and the scales move besides. 11 of 120 answers change, and the accuracy is 0.75, against
#   0.81 with the path and 0.76 before training.
# * **On the original weights it is another model**: 9 answers change, though here it is about as accurate (0.80),
#   since the original is a better base than its 4-bit copy. Which of the two wins depends on how large the update is
#   beside the quantisation error, and unslothai/unsloth-zoo #810 says the same: the original is the better base for most
#   models, and ruins one. Only the dequantised base computes what you have measured during training.
# * For deployment in 4 bits, keep the path beside the base, or quantise the merged model by a method that looks at data,
#   and measure again.

# %% [markdown]
# ## 10. If you have time: a start that knows about the rounding
#
# LoRA starts with $B = 0$, so that nothing changes at first. Beside a 4-bit base that means to start at $W'$, not at $W$.
# LoftQ ([Li et al. 2023](https://arxiv.org/abs/2310.08659)) uses the path from the start: choose the 4-bit weight $Q$ and the factors
# so that $Q + (A B)^\top$ is near $W$.

# %% [markdown]
# ### Exercise 7: start near the original (open)
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | a 4-bit weight and a path whose sum is near $W$ | 4 of 5 | 12 min | 4 to 15 lines |
#
# Write `start_near(W, rank)` for a float32 weight $W$ of shape $(o, i)$. It returns `Q` $(o, i)$, `A` $(i, r)$ and `B` $(r, o)$, for alpha 1.
# `quantize_4bit` and `dequantize_4bit` are imported: `dequantize_4bit(quantize_4bit(W))` is $W'$. Two things hold for every good start and are
# checked:
#
# * 4 bits store `Q` exactly: quantised once more and back, it is the same;
# * $\lVert W - Q - (A B)^\top \rVert_F$ is at most 1.03 times what the best correction of rank $r$ leaves of the quantisation error $W - W'$, give or take a
#   hundredth of that error. Less is welcome.
#
# <details><summary>Hint 1: where to start</summary>
#
# `Q = W'` keeps the first promise. What is then left to the path, and which matrix of rank $r$ comes nearest to it (lab 05)?
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# The path's matrix is $(A B)^\top$, $(o, i)$. From `U, S, Vh` of a matrix of that shape, which of the three holds what $x$ meets first?
# </details>
# <details><summary>Hint 3: other ways</summary>
#
# The factors may also be trained towards the difference, or solved for in turn, one while the other is kept; and with a path at hand, another `Q` than
# $W'$ may be better. Compute the Frobenius norm of what is left before and after: the quantised weight alone leaves 1.
# </details>


# %% nbgrader={"grade": false, "grade_id": "quantized-start", "locked": false, "schema_version": 3, "solution": true, "task": false}
start_near = None  # yours: write the function here, in any way that keeps the two promises


### BEGIN SOLUTION
def start_near(W: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The quantised weight, and the best correction of what quantising took."""
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-quantized-start", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
quantized_start_grade = check.quantized_start(start_near, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_sizes(function, draw):
    """It also serves rank 1, the full rank, and a row or column alone."""
    cases = check.weights(draw, [(20, 9, 1), (9, 28, 1), (8, 13, 8), (17, 6, 6), (1, 40, 1), (33, 1, 1), (50, 50, 7)])
    check.judge_stored(function, cases)
    check.judge_near(function, cases)


quantized_start_grade = quantized_start_grade.hidden(other_sizes, points=1, after=("can-be-stored",))
### END HIDDEN TESTS
quantized_start_grade

# %% [markdown]
# What it is worth for this model: how much of the quantisation error a start of rank 8, and of rank 64, brings back in a few layers. **Predict before you run**: lab 05
# has measured what the first directions of a random matrix hold. Is a quantisation error more like an update or more like noise?

# %% tags=["skip-when-grading"]
if quantized_start_grade.verdict == "pass":
    print(f"{'':<32}{'error of 4 bits':>16}{'rank 8':>10}{'rank 64':>10}")
    for name in ("blocks.0.attention.query", "blocks.10.feed_forward.up", "blocks.29.feed_forward.down"):
        W = original.get_submodule(name).weight.float().cpu()
        alone = (W - dequantize_4bit(quantize_4bit(W))).norm() / W.norm()
        line = f"{name:<32}{alone:>16.4f}"
        for rank in (8, 64):
            Q, A, B = start_near(W, rank)
            line += f"{(W - Q - (A @ B).T).norm() / W.norm():>10.4f}"
        print(line)
else:
    print("waits for exercise 7")

# %% [markdown]
# A path of rank 8 brings back three per cent of the error in the feed-forward layers and seven in the query; rank 64 brings back fifteen and
# thirty. So a quantisation error is much more like noise than like an update: no few directions hold it. LoftQ reports its gains in two bits, where
# the error is larger and less even. In four, no start of low rank takes much of it away. (Nor does the training:
# the median update of section 9 has 0.7 % of a weight's size, the error 9 or 10. What the little is worth to the task is not measured here.)

# %% [markdown]
# ## 11. If you have time: the same by library
#
# With the libraries of Hugging Face QLoRA is three calls: `from_pretrained` with a `BitsAndBytesConfig` stores the linear layers in 4 bits,
# `prepare_model_for_kbit_training` freezes and casts, `get_peft_model` puts the paths beside them. Each argument is something that you have built.
#
# | call | argument | here |
# | --- | --- | --- |
# | `BitsAndBytesConfig` (transformers) | `load_in_4bit=True` | `quantize_linears(model, "*", make=to_linear4bit)`; the output layer is left out |
# | | `bnb_4bit_quant_type="nf4"` | the table; the **default is `"fp4"`** |
# | | `bnb_4bit_use_double_quant=True` | `double`: 4.127 bits a weight and not 4.5; the **default is `False`** |
# | | `bnb_4bit_compute_dtype=torch.bfloat16` | `compute_dtype`: the type of $x\,W'^\top$; the default is `float32` |
# | | `llm_int8_skip_modules=["head"]` | `skip` |
# | `prepare_model_for_kbit_training` (peft) | `model` | freezes every parameter; casts those in 16 bits to `float32`, the 4-bit ones left out: embedding and norms grow (section 12) |
# | | `use_gradient_checkpointing=True` | `checkpoint_blocks`; the default here, and it wants a model of transformers |
# | `LoraConfig` (peft) | `r`, `lora_alpha`, `target_modules` | rank, $\alpha \cdot$ rank, names; `"all-linear"` for a model of transformers |
#
# Our decoder is no model of transformers, so the cell does the first call by `quantize_linears`, with bitsandbytes' own layers, and says what transformers would have said: `is_loaded_in_4bit`, from which PEFT
# knows that it has to deal with `Linear4bit`. The rest is PEFT. Two blocks of the model are enough to compare: 14 layers, one step of AdamW on the eight sentences of section 5.


# %% tags=["skip-when-grading"]
from lora_utils.methods import inject_qlora, quantize_linears
from lora_utils.quantization import load_bitsandbytes

sentences = eight.to("cpu")  # where both libraries work, whichever device there is


def two_blocks():
    """The model with its first two blocks alone, in float32, before anything is stored or wrapped."""
    short_model = copy.deepcopy(original).float().cpu()
    short_model.blocks = short_model.blocks[:2]
    return short_model


def by_library():
    """Rank 8 and alpha 1 beside all linear layers in 4 bits, by PEFT."""
    load_bitsandbytes()  # PEFT imports it too, with a notice
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    base = two_blocks()
    names = quantize_linears(base, "*", make=to_linear4bit)  # "blocks.0.attention.query", ...
    base.is_loaded_in_4bit = True
    base = prepare_model_for_kbit_training(base, use_gradient_checkpointing=False)
    return get_peft_model(base, LoraConfig(r=8, lora_alpha=8 * 1.0, target_modules=names))


def one_step(some_model):
    """Loss before and after one step of AdamW, at a rate at which it moves."""
    optimizer = torch.optim.AdamW([p for p in some_model.parameters() if p.requires_grad], lr=1e-3)
    before_it = loss_on_answers(some_model, sentences)
    before_it.backward()
    optimizer.step()
    return before_it.item(), loss_on_answers(some_model, sentences).item()


try:
    theirs = by_library()
except ImportError as error:
    print(f"PEFT does not load here ({error}): nothing to compare with. With torch 2.6 or newer: pip install peft")
else:
    ours = two_blocks()
    inject_qlora(ours, "*", rank=8, alpha=1.0, make=to_linear4bit)
    inside = theirs.base_model.model
    with torch.no_grad():
        for name, layer in ours.named_modules():
            if isinstance(layer, QuantizedLinearWithLoRA):
                inside.get_submodule(name).lora_A["default"].weight.copy_(layer.lora.A.T)  # (i, r) -> (r, i)
        query = inside.blocks[0].attention.query
        print("PEFT's layer:", type(query).__name__, "over bitsandbytes'", type(query.base_layer).__name__)
        print(f"trained: {count_parameters(ours).trainable:,} numbers and {theirs.get_nb_trainable_parameters()[0]:,}")
        scores, their_scores = ours(sentences.ids), inside(sentences.ids)
        print(f"scores differ by at most {(scores - their_scores).abs().max():.1e} of {scores.abs().max():.1f}")
    for when, one, other in zip(("before", "after"), one_step(ours), one_step(inside), strict=True):
        print(f"loss {when} the step: {one:.5f} and {other:.5f}")

# %% [markdown]
# The same numbers, in the layers of the library that QLoRA's authors wrote. (The loss itself says nothing: two blocks of thirty are no language model.) So a notebook on QLoRA that you find elsewhere can be read with this table beside it, and two of its lines are worth a second look: a configuration without
# `bnb_4bit_quant_type` stores FP4, and one without `bnb_4bit_use_double_quant` takes 0.373 bits a weight more than the paper counts.

# %% [markdown]
# ## 12. What breaks in practice
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | `element 0 of tensors does not require grad`, or adapters that stay at zero | reentrant checkpointing over a frozen embedding | huggingface/transformers #21381, #23170, peft #1142, lm-sys/FastChat #581 |
# | the fine-tuned model never stops writing | the end of the turn was masked together with the padding | huggingface/trl #976, #1623 |
# | the merged model differs from the trained one | quantised again after merging, or merged onto the original weights | huggingface/peft #2321, #1043, artidoro/qlora #254, unslothai/unsloth-zoo #810 |
# | more memory in 4 bits than in 16 | preparing for training casts embeddings and norms to float32 | bitsandbytes #1569, huggingface/peft #816 |
# | `expected scalar type Float but found Half` | a layer cast to float32 gets an input in 16 bits | huggingface/trl #4457 |
# | training fails with float16 as the compute type | its range is small; with it only 80 % of the authors' 7B runs finish | README of artidoro/qlora |
#
# One more, which this course's functions invite as well: `"*"` also matches a new classification head, which would then
# be stored in 4 bits and never trained in full. Leave it out: `inject_qlora(model, "*", skip="head")`.
#
# ## Summary
#
# * A frozen weight in 4 bits still passes the gradient on: $G W'$. What waits for the backward pass are codes, not floats,
#   as long as the product has a backward pass of its own.
# * Three types meet: codes, the compute type, and `float32` for what is trained. The path cannot take its type or its
#   sizes from the weight.
# * Labels follow places, not tokens. The end of the answer has one.
# * Checkpoints over 30 blocks: 19 MB wait in place of 311.
# * SmolLM2-135M: one step takes 2.2 GB in full fine-tuning, 635 MB with LoRA, 265 MB with
#   QLoRA. Calculated for 65B, tensors alone: 785, 135 and 38 GB.
# * 384 sentences taught the model its format (20 of 20 as asked, none of 20 before). 1,024 taught it to choose: on 682
#   held-out sentences zero-shot 0.702 in 4 bits and 0.787 in floats, with a threshold fitted on the same labels 0.738 and
#   0.790, trained in 4 bits 0.821 ± 0.010 and in floats 0.833 ± 0.006, three seeds each. A gain is compared with what the
#   labels give without training.
# * Merge onto the dequantised base and stay in floats. Quantised again, the update was lost.
#
# Next: the [capstone](../09_capstone/09_capstone.ipynb) puts all methods under one budget.
