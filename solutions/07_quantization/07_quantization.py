# %% [markdown]
# # 07 Quantisation: weights in four bits
#
# A weight in float32 takes 32 bits. A model of 7 billion weights is 28 GB in float32, and 3.6 GB if each weight takes
# 4.127 bits. QLoRA ([Dettmers et al. 2023](https://arxiv.org/abs/2305.14314)) trains LoRA on top of a model that is stored like
# that. This lab builds the storage: every piece of it, until your bytes equal those of bitsandbytes, the library that QLoRA uses.
#
# When you are done you can
#
# 1. turn floats into integers and back, with and without a zero point, and say how large the error is;
# 2. explain what one large weight does to all others, and why blocks of 64 keep the damage local;
# 3. derive the 16 numbers of NF4 from the normal distribution, and name what its exact zero is for;
# 4. find the nearest entry of a table and put two codes into a byte;
# 5. account for 4.5 and for 4.127 bits a weight;
# 6. measure what a format does to weights and to a language model, and say why these two are not the same;
# 7. make a table of levels for numbers of any kind;
# 8. say what GPTQ, AWQ, MXFP4 and NVFP4 do, and what each is for.
#
# **Time** about 140 minutes, of which the core takes 90: what is headed *if you have time* is not needed later. **Points** {{ points }} in {{ exercises }} exercises. **Run time** about a minute and a half on two CPU cores, most of it
# where the language model reads, in sections 8 and 10. The first run fetches two pretrained models (177 MB) and the reviews.
#
# Every exercise stands alone: a mistake in one costs nothing in the next, as long as your answer to one does not call your
# answer to another. The experiments between them use the course's own functions, which do what you are asked to build; where your own code runs, the text says so.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.quantization.absmax.absmax_quantize", "lora_utils.quantization.absmax.zero_point_quantize", "lora_utils.quantization.absmax.dequantize", "lora_utils.quantization.blocks.to_blocks", "lora_utils.quantization.codebooks.normal_float_levels", "lora_utils.quantization.nf4.quantize_4bit", "lora_utils.quantization.nf4.dequantize_4bit", "lora_utils.quantization.double_quantization.quantize_scales", "lora_utils.quantization.quantization_error.relative_error"]
import platform
from dataclasses import replace

import torch
from torch.nn import functional as F

from lora_utils.checks import lab_07_quantization as check
from lora_utils.training import seed_everything

seed_everything(0)
print(f"Python {platform.python_version()}, torch {torch.__version__}")

# %% [markdown]
# ## 1. A ruler with few marks
#
# Let $x$ be a tensor of floats. *Absmax* quantisation chooses a **step** $s$, one positive number, and stores for each $x$ a
# **code** $q$, the whole number of steps nearest to it. What comes back is $x'$:
#
# $$q = \operatorname{round}(x / s), \qquad s = \frac{\max|x|}{2^{\,b-1} - 1}, \qquad x' = s\,q$$
#
# $b$ (`bits`) is the number of bits of a code. With 8 bits, codes run from $-127$ to $127$: as many above zero as below, so
# that zero is a mark of the ruler and comes back exactly. (A signed byte could also hold $-128$. Using it would shift the ruler, so it
# stays unused.) The error of a number is at most half a step. The names are those of
# [Dettmers et al. 2022](https://arxiv.org/abs/2208.07339), section 2.1.

# %% [markdown]
# ### Exercise 1: absmax
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | floats to whole numbers and back | 2 of 5 | 10 min | 6 lines |
#
# Write `quantize_absmax(x, bits)`, which returns the codes as `int8` in the shape of $x$, and the step; and
# `dequantize_absmax(codes, scale)`, which returns $x'$. `bits` is from 2 to 8. A tensor of zeros has no step: take any
# positive number, so that nothing is divided by zero.
#
# <details><summary>Hint 1: where to start</summary>
# By hand, with 3 bits: codes run from -3 to 3. For <code>x = [0.9, -3.0, 0.4]</code> the step is 1.0 and the codes are 1, -3, 0.
# </details>
# <details><summary>Hint 2: the tools</summary>
# <code>x.abs().max()</code> is the largest magnitude. <code>.to(torch.int8)</code> cuts the digits off, so call <code>.round()</code> before it.
# </details>
# <details><summary>Hint 3: more by hand</summary>
# With 8 bits 0.5 and -2.54 have the step 0.02 and the codes 25 and -127; the codes 5 and -127 come back as 0.1 and -2.54, in floats. Three zeros have three codes 0. Which division would spoil that,
# and which number do you put in its place before?
# </details>


# %% nbgrader={"grade": false, "grade_id": "quantise-absmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def quantize_absmax(x: torch.Tensor, bits: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and step of a tensor: q = round(x / s), s = max|x| / (2**(bits - 1) - 1).

    Args:
        x: finite floats (float32), any shape, at least one number.
        bits: from 2 to 8.

    Returns:
        codes, int8 in the shape of x; the step, one positive number.
    """
    ### BEGIN SOLUTION
    scale = x.abs().max() / (2 ** (bits - 1) - 1)  # ()
    if scale == 0:
        scale = torch.ones_like(scale)
    return (x / scale).round().to(torch.int8), scale
    ### END SOLUTION


def dequantize_absmax(codes: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """The floats that the codes stand for, in the shape of the codes."""
    ### BEGIN SOLUTION
    return scale * codes
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-quantise-absmax", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
quantise_absmax_grade = check.quantize_absmax(quantize_absmax, dequantize_absmax, points=4, of=6)


### BEGIN HIDDEN TESTS
def any_bits(functions, draw):
    """It holds for every number of bits from 2 to 8."""
    cases = check.grid_cases(draw, [*range(2, 9), *range(2, 9)], [(11,)])
    check.judge_step(functions, cases)
    check.judge_codes(functions, cases)


def any_shape(functions, draw):
    """It holds for a single number and for three axes."""
    cases = check.grid_cases(draw, [8, 5, 4, 3, 8, 6], [(), (2, 3, 4), (9, 1), (1,), (1, 6)])
    check.judge_step(functions, cases)
    check.judge_codes(functions, cases)


both = ("the-step", "the-codes")
quantise_absmax_grade = quantise_absmax_grade.hidden(any_bits, points=1, after=both)
quantise_absmax_grade = quantise_absmax_grade.hidden(any_shape, points=1, after=both)
### END HIDDEN TESTS
quantise_absmax_grade

# %% [markdown]
# Your code at work: six numbers in 8, 4 and 2 bits. Look at what happens to the small ones.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
x = torch.tensor([0.9, -2.1, 0.0, 1.3, 3.0, -0.4])
print(f"{'x':<22}", [round(v, 2) for v in x.tolist()])
for bits in (8, 4, 2):
    codes, scale = quantize_absmax(x, bits)
    print(f"{bits} bits, step {float(scale):.3f}: codes", codes.tolist())
    print(f"{'   come back as':<22}", [round(v, 2) for v in dequantize_absmax(codes, scale).tolist()])

# %% [markdown]
# With 4 bits the step is 0.43, and $-0.4$ comes back as $-0.43$. With 2 bits there are three marks, $-3$, 0 and 3, and everything smaller than
# 1.5 is gone. Zero is exact each time, and so is the number with the largest magnitude.

# %% [markdown]
# ### Exercise 2: how much was lost
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | one number for the error, comparable between layers | 1 of 5 | 4 min | 1 line |
#
# Weights of one layer may be ten times as large as those of another. So we measure the error relative to the weights themselves, with the
# Frobenius norm of lab 05 (the tensor read as one long vector, $\lVert w\rVert = \sqrt{\sum w^2}$):
#
# $$\text{error} = \frac{\lVert w - w' \rVert}{\lVert w \rVert}$$
#
# For weights with mean zero this is the root mean square error in standard deviations.
#
# <details><summary>Hint 1: where to start</summary>
# <code>tensor.norm()</code> is the root of the sum of all squares, whatever the shape.
# </details>
# <details><summary>Hint 2: a case by hand</summary>
# <i>w</i> = [3, 4], <i>w'</i> = [3, 5]: the difference has norm 1, <i>w</i> has norm 5, the error is 0.2.
# </details>
# <details><summary>Hint 3: another case by hand</summary>
# <i>w</i> = [3, 4], <i>w'</i> = [4, 3]: both have the norm 5, and yet the error is 0.283. 0 would compare two lengths, whatever their directions: how many norms are needed, and of what?
# </details>


# %% nbgrader={"grade": false, "grade_id": "relative-error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def error_of(w: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
    """The norm of w - back, divided by the norm of w: one number, a float or a tensor that holds one.

    Args:
        w: the tensor before, any shape, not all zeros.
        back: the tensor after, of the same shape.
    """
    ### BEGIN SOLUTION
    return (w - back).norm() / w.norm()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-relative-error", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
relative_error_grade = check.relative_error(error_of, points=1, of=2)


### BEGIN HIDDEN TESTS
def any_size(function, draw):
    """It also holds for a vector, for three axes, and for weights of another size."""
    shapes = [(7,), (2, 5, 3), (4, 6), (1,), (), (3, 1), (1, 8), (2, 1, 2, 3)]
    check.judge_error(function, check.tensor_pairs(draw, shapes))


relative_error_grade = relative_error_grade.hidden(any_size, points=1, after=("is-relative",))
### END HIDDEN TESTS
relative_error_grade

# %% [markdown]
# ## 2. One large weight
#
# Now real weights. MiniLM, the sentence encoder of labs 03 and 09, has 36 linear layers with 10.6 million weights in float32. The next cell
# loads them and looks at one layer, the second feed-forward layer of the first block.

# %% tags=["skip-when-grading"]
from lora_utils.models import load_minilm
from lora_utils.quantization import (
    absmax_quantize,
    dequantize,
    linear_weights,
    relative_error,
    weights_replaced,
    zero_point_quantize,
)

if relative_error_grade.verdict == "pass":

    def relative_error(w, back):
        """Your error_of, as a plain number."""
        return float(error_of(w, back))


print("errors are measured by", "your error_of" if relative_error_grade.verdict == "pass" else "the course's function")
minilm = linear_weights(load_minilm())  # name -> (out, in)
print(f"{len(minilm)} layers, {sum(w.numel() for w in minilm.values()):,} weights")
down = minilm["blocks.0.feed_forward.down"]
print(f"blocks.0.feed_forward.down {tuple(down.shape)}: standard deviation {down.std():.4f}")
print(f"largest magnitude {down.abs().max():.2f}, which is {down.abs().max() / down.std():.0f} standard deviations;")
print(f"{(down.abs() > 10 * down.std()).sum()} of {down.numel():,} weights lie beyond 10 of them")

# %% [markdown]
# **Predict before you run.** The whole layer is stored in 8 bits with one step. 8 bits are many: 255 marks. Which share of the weights gets the code
# 0, that is, comes back as nothing: under one per cent, a tenth, or half?
#
# <details><summary>Answer, after you have run the next cell</summary>
# More than half, 55 per cent. The step is 175 / 127 = 1.4 standard deviations, so everything within 0.7 standard deviations of zero is nearer to 0 than to the next
# mark. One weight of 589,824 sets the step of all others. The error is 0.40; for the second layer, which has no such weight, it is 0.014.
# </details>

# %% tags=["skip-when-grading"]
for name in ("blocks.0.feed_forward.down", "blocks.0.attention.value"):
    w = minilm[name]
    stored = absmax_quantize(w, bits=8)
    zeros = (stored.codes == 0).float().mean()
    print(
        f"{name:<28} step {stored.scale.item() / w.std():.2f} standard deviations, "
        f"code 0: {zeros:.0%}, error {relative_error(w, dequantize(stored)):.3f}"
    )

# %% [markdown]
# The cure is old and simple: cut the tensor into **blocks** of $k$ numbers, row after row, and give each block its own step
# ([Dettmers et al. 2021](https://arxiv.org/abs/2110.02861), section 2.1). With $n$ numbers there are $m = \lceil n / k \rceil$ blocks; number $i$
# of the flattened tensor (from 0 on) is in block $\lfloor i / k \rfloor$. A large weight now spoils its own block only.
#
# The price is $m$ steps instead of one. If a step is kept in 32 bits, blocks of 64 cost $32 / 64 = 0.5$ bits a weight.

# %% [markdown]
# ### Exercise 3: a step for each block
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | absmax in blocks, for any shape | 3 of 5 | 15 min | 9 lines |
#
# Write `quantize_blocks(x, bits, block)`, which returns the codes (int8, in the shape of $x$) and the $m$ steps, and
# `dequantize_blocks(codes, scales, block)`. Blocks run on over the ends of rows. The last block may be shorter; a block of zeros gets
# any positive step.
#
# <details><summary>Hint 1: where to start</summary>
# Flatten with <code>x.reshape(-1)</code>. If <i>n</i> were a multiple of the block, <code>reshape(-1, block)</code> would put each block into a row.
# </details>
# <details><summary>Hint 2: the last block</summary>
# <code>F.pad(flat, (0, -n % block))</code> appends as many zeros as are missing; zeros do not change a largest magnitude. Cut the codes at <i>n</i> afterwards.
# <code>scales[:, None]</code> has shape (m, 1) and divides each row by its own step.
# </details>
# <details><summary>Hint 3: five numbers by hand</summary>
# 1, -3, 0, 0, 2 with 3 bits in blocks of two: the codes are 1, -3, 0, 0, 3, the steps 1, any and 2/3. <code>torch.where</code> puts another number where a condition holds. On the way back each of the five needs its own step:
# <code>repeat_interleave</code> repeats every entry a given number of times, here 1 1 any any 2/3 2/3. Which of these is one too many?
# </details>


# %% nbgrader={"grade": false, "grade_id": "quantise-blocks", "locked": false, "schema_version": 3, "solution": true, "task": false}
def quantize_blocks(x: torch.Tensor, bits: int, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and steps of a tensor in blocks of consecutive numbers.

    Args:
        x: finite floats (float32), any shape, n numbers, at least one.
        bits: from 2 to 8.
        block: numbers that share a step, at least 1.

    Returns:
        codes, int8 in the shape of x; the steps (ceil(n / block),), all positive.
    """
    ### BEGIN SOLUTION
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)  # (m, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)  # (m,)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).round().to(torch.int8)  # (m, block)
    return codes.reshape(-1)[:n].reshape(x.shape), scales
    ### END SOLUTION


def dequantize_blocks(codes: torch.Tensor, scales: torch.Tensor, block: int) -> torch.Tensor:
    """The floats that the codes stand for, in the shape of the codes."""
    ### BEGIN SOLUTION
    each = scales.repeat_interleave(block)[: codes.numel()]  # (n,)
    return each.reshape(codes.shape) * codes
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-quantise-blocks", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
quantise_blocks_grade = check.quantize_blocks(quantize_blocks, dequantize_blocks, points=4, of=5)


### BEGIN HIDDEN TESTS
def any_block(functions, draw):
    """It also holds for whole blocks, for one block longer than the tensor, and for blocks of one number."""
    sizes = (((6, 8), 8, 16), ((5,), 4, 64), ((3, 2, 5), 8, 7), ((7,), 8, 1), ((), 6, 4), ((2, 8), 2, 5))
    cases = [check.in_blocks(draw, *size) for size in sizes]
    check.judge_blocks(functions, cases, "steps")
    check.judge_blocks(functions, cases, "codes")
    check.judge_back(functions, draw, [(shape, block) for shape, _, block in sizes])


every_row = ("step-per-block", "codes-per-block", "blocks-come-back")
quantise_blocks_grade = quantise_blocks_grade.hidden(any_block, points=1, after=every_row)
### END HIDDEN TESTS
quantise_blocks_grade

# %% [markdown]
# What blocks are worth, on all 36 layers and for 2 to 8 bits. The second measurement plants the trouble itself: normal numbers, with one column of
# 1,024 made twenty times as large, stored in NF4 (section 4) with different block sizes. Its error is measured on the *other* columns.

# %% tags=["skip-when-grading"]
from lora_utils.data import progress
from lora_utils.quantization import dequantize_4bit, quantize_4bit

BITS = range(2, 9)
errors = {}
for name, block in (("one step for the layer", None), ("blocks of 64", 64)):
    errors[name] = torch.tensor(
        [
            [relative_error(w, dequantize(absmax_quantize(w, bits, block))) for bits in BITS]
            for w in progress(minilm.values(), name)
        ]
    )  # (layers, bits)
    print(
        f"{name:<24}" + "".join(f"{b} bits {e:.3f}  " for b, e in zip(BITS, errors[name].median(0).values, strict=True))
    )

# %% tags=["skip-when-grading"]
BLOCKS = (16, 64, 256, 1024)
others = torch.arange(1024) != 3
spoiled = {"no large column": torch.zeros(3, len(BLOCKS)), "one column 20 times as large": torch.zeros(3, len(BLOCKS))}
for seed in range(3):
    for table, factor in zip(spoiled.values(), (1, 20), strict=True):
        w = torch.randn(1024, 1024, generator=torch.Generator().manual_seed(seed))
        w[:, 3] *= factor
        for j, block in enumerate(BLOCKS):
            back = dequantize_4bit(quantize_4bit(w, block=block))
            table[seed, j] = relative_error(w[:, others], back[:, others])
print(f"{'error of the other columns':<30}" + "".join(f"{f'blocks of {b}':>16}" for b in BLOCKS))
for name, table in spoiled.items():
    print(f"{name:<30}" + "".join(f"{m:>9.3f} ±{d:.3f}" for m, d in zip(table.mean(0), table.std(0), strict=True)))

# %% tags=["skip-when-grading"]
from lora_utils.plots import COLORS, DASHES, HATCHES, MARKERS, figure, lines

title = "One step for a layer fails where weights are far apart in size; small blocks keep the damage local"
fig, (left, right) = figure(title, ["bits of a code", "numbers in a block"], "relative error", columns=2, height=3.5)
for k, (name, values) in enumerate(errors.items()):
    style = {"color": COLORS[2 * k], "linestyle": DASHES[k], "marker": MARKERS[k]}
    left.plot(BITS, values.median(0).values, label=f"{name} (median)", **style)
    left.fill_between(BITS, values.min(0).values, values.max(0).values, color=COLORS[2 * k], alpha=0.2, linewidth=0)
left.set(yscale="log")
left.legend(frameon=False, title="36 layers of MiniLM; band: all layers", alignment="left")
lines(right, BLOCKS, {name: table.mean(0) for name, table in spoiled.items()})
right.set(xscale="log", ylim=(0, None))
right.set_xticks(BLOCKS, [str(b) for b in BLOCKS])
right.minorticks_off()

# %% [markdown]
# Left: with blocks, all 36 layers behave alike, and each further bit halves the error (from 4 to 8 bits it falls by a factor of 18, as the step does,
# 127 / 7). With one step for the layer the best layers are twice as bad, and the worst is still at 0.40 with 8 bits.
#
# Right: without the large column the block size matters little. With it, in blocks of 64 one block in 16 is hit; in blocks of 1,024 every block is.
# Smaller blocks would do better still, but a step costs as much as before: blocks of 16 take 2 bits a weight for their steps alone.

# %% [markdown]
# ## 3. If you have time: a ruler that need not be symmetric
#
# Absmax spends half of its codes on each side of zero. After a ReLU nothing is negative, and half of the codes are wasted. The remedy is a
# **zero point** $z$, the code that stands for zero ([Jacob et al. 2018](https://arxiv.org/abs/1712.05877), section 2.1):
#
# $$s = \frac{\text{high} - \text{low}}{2^b - 1}, \qquad z = \operatorname{round}(-\text{low} / s), \qquad q = \operatorname{round}(x/s) + z, \qquad x' = s\,(q - z)$$
#
# with $\text{low} = \min(x.\min(), 0)$ and $\text{high} = \max(x.\max(), 0)$. Codes run from 0 to $2^b - 1$; whatever leaves this range by rounding is set to
# its end. Two details keep **zero exact**: the range is first widened to contain 0, and $z$ is a whole number. Why care? Padding is zero, pruned weights are
# zero, and so are many outputs of a ReLU. Should they all come back as 0.003, that error has the same sign everywhere and does not average out.

# %% [markdown]
# ### Exercise 4: a zero point
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | spend all codes on the range that is used | 3 of 5 | 10 min | 7 lines |
#
# Write `quantize_zero_point(x, bits)`, which returns codes (uint8), step and zero point. For a tensor of zeros any positive step will do.
#
# <details><summary>Hint 1: where to start</summary>
# By hand, 2 bits, <code>x = [-1.0, 0.1, 2.0]</code>: the range is 3, three steps of 1, zero point 1, codes 0, 1, 3.
# </details>
# <details><summary>Hint 2: the tools</summary>
# <code>x.min().clamp(max=0)</code> is the lower end, never above 0. Mind the order: round, add the zero point, clamp, convert to uint8.
# </details>
# <details><summary>Hint 3: ranges beside zero</summary>
# 2 bits: <code>[2.0, 3.0]</code> has zero point 0 and codes 2 and 3, <code>[-3.0, -1.0]</code> zero point 3 and codes 0 and 2. Both ranges reach to 0, at which end? The zero point is the number of steps from the lower end up to 0.0:
# which difference do you divide by the step, and what do you do then, for it to be a whole number?
# </details>


# %% nbgrader={"grade": false, "grade_id": "quantise-zero-point", "locked": false, "schema_version": 3, "solution": true, "task": false}
def quantize_zero_point(x: torch.Tensor, bits: int = 8) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Codes, step and zero point of a tensor: q = round(x / s) + z.

    Args:
        x: finite floats (float32), any shape, at least one number.
        bits: from 2 to 8.

    Returns:
        codes, uint8 in the shape of x; the step, one positive number; the code of zero, one whole number.
    """
    ### BEGIN SOLUTION
    largest = 2**bits - 1
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)  # (), ()
    scale = (high - low) / largest
    if scale == 0:
        scale = torch.ones_like(scale)
    zero_point = (-low / scale).round()
    codes = ((x / scale).round() + zero_point).clamp(0, largest)
    return codes.to(torch.uint8), scale, zero_point
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-quantise-zero-point", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
quantise_zero_point_grade = check.quantize_zero_point(quantize_zero_point, points=3, of=4)


### BEGIN HIDDEN TESTS
def negative_side(function, draw):
    """It also holds where no number is positive, for other numbers of bits, and for a single number."""
    everything = ("step", "zero point", "codes")
    check.judge_range(function, check.one_sided(draw, [3, 8, 6, 7, 2, 5]), everything)
    check.judge_range(function, check.around_zero(draw, [3, 6, 2, 7, 5, 8, 4]), everything)
    single = [torch.tensor(2.5), torch.tensor([[-0.7]]), torch.tensor([3.0])]
    check.judge_range(function, [(x, bits) for x in single for bits in (8, 3)], everything)


quantise_zero_point_grade = quantise_zero_point_grade.hidden(
    negative_side, points=1, after=("codes-from-zero", "range-is-widened")
)
### END HIDDEN TESTS
quantise_zero_point_grade

# %% [markdown]
# Two kinds of numbers, both in blocks of 64 and 4 bits: normal numbers after a ReLU, and the weights of MiniLM. What do you expect the zero point to be worth for
# each?

# %% tags=["skip-when-grading"]
from lora_utils.training import mean_and_spread

relu = [torch.randn(256, 1024, generator=torch.Generator().manual_seed(seed)).relu() for seed in range(3)]
for name, tensors in (("after a ReLU (3 seeds)", relu), ("MiniLM (36 layers)", list(minilm.values()))):
    for kind, quantize in (("absmax", absmax_quantize), ("zero point", zero_point_quantize)):
        found = [relative_error(w, dequantize(quantize(w, 4, 64))) for w in tensors]
        print("{:<24}{:<12}{:.3f} ±{:.3f}".format(name, kind, *mean_and_spread(found)))

# %% [markdown]
# After a ReLU the error is more than halved: twice as many codes for the same range. For weights, which have both signs, it still falls by a sixth: in a block of 64 the two sides
# are rarely equally long, and 16 codes are used instead of 15. The zero point is no gift. It is one more number a block (4 bits here, 0.06 a weight), and the
# product of two such tensors has more terms.
#
# So far all marks are evenly spaced. That is right for numbers that are evenly spread.

# %% [markdown]
# ## 4. NF4: marks where the weights are
#
# Weights are not evenly spread; within a layer they look roughly normal. Then it is a waste to have as many marks at the edge, where few weights are, as in
# the middle. The 4-bit NormalFloat, NF4, places its 16 marks (levels) at **quantiles of the normal distribution**
# ([Dettmers et al. 2023](https://arxiv.org/abs/2305.14314), section 3). In outline:
#
# * a block of 64 weights $w$ is divided by its largest magnitude $c$, which is kept; so all numbers lie in $[-1, 1]$;
# * a code is the place of the nearest of 16 levels in a table;
# * $w' = c \cdot \text{table}[\text{code}]$.
#
# $Q(p)$ denotes the quantile function: the number below which a share $p$ of standard normal numbers lies. $Q(1/2) = 0$, $Q(0.975) = 1.96$, $Q(1) = \infty$. The
# first idea is to cut the distribution into 16 equal shares. That table is symmetric, has eight levels on each side and **no zero**. (Equation 4 of the paper
# has the same defect, and the next sentence of the paper says so.) Hence the construction that is used, which cuts each side by itself:
#
# * above zero, $Q$ at 8 evenly spaced probabilities from $1/2$ (left out) to `last` (included): $p_j = \tfrac12 + (\texttt{last} - \tfrac12)\, j / 8$, $j = 1 \dots 8$;
# * below zero, $-Q$ at 7 such probabilities, cut in 7 instead of 8 parts;
# * 0 once between them, and everything divided by $Q(\texttt{last})$, so that the ends are exactly $-1$ and 1.
#
# `last` must be below 1. NF4 has `last = 0.9677083`, the mean of $1 - 1/30$ and $1 - 1/32$, rounded: the middle of the last of 15 equal shares, and of 16.

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("nf4_levels")

# %% [markdown]
# The levels lie close together where weights are many, so that each of the 14 inner ones serves about a sixteenth of normal weights that are divided by 1.85
# standard deviations. A real block is divided by its largest magnitude, mostly more than that; what this changes is measured below.

# %% [markdown]
# ### Exercise 5: NormalFloat
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | the 16 numbers of NF4 from two lines of theory | 3 of 5 | 12 min | 5 lines |
#
# Write `normal_float(negative, positive, last)`. NF4 is `normal_float(7, 8, 0.9677083)`. `torch.special.ndtri` is $Q$.
#
# <details><summary>Hint 1: where to start</summary>
# Print <code>torch.special.ndtri(torch.tensor([0.5, 0.975]))</code>. Then write down the probabilities of <code>normal_float(1, 2, 0.9)</code> by hand: below zero 0.9, above 0.7 and 0.9.
# </details>
# <details><summary>Hint 2: evenly spaced</summary>
# <code>torch.linspace(0.5, last, positive + 1)</code> includes both ends; drop the first. Do the same with <code>negative</code>.
# </details>
# <details><summary>Hint 3: mirror images</summary>
# <code>normal_float(1, 2, 0.9)</code> is -1, 0, 0.409, 1, and <code>normal_float(2, 1, 0.9)</code> is -1, -0.409, 0, 1: the negative side is what a positive side of that size would be, with two things turned round.
# <code>flip(0)</code> does one of them. The largest number of all has to become 1.
# </details>


# %% nbgrader={"grade": false, "grade_id": "normal-float", "locked": false, "schema_version": 3, "solution": true, "task": false}
def normal_float(negative: int, positive: int, last: float) -> torch.Tensor:
    """The levels of a NormalFloat, ascending from -1 to 1 with an exact 0.

    Args:
        negative: levels below zero, at least 1.
        positive: levels above zero, at least 1.
        last: probability of the outermost quantile, between 1/2 and 1.

    Returns:
        (negative + 1 + positive,) floats.
    """
    ### BEGIN SOLUTION
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])  # (positive,)
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])  # (negative,)
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]  # (negative + 1 + positive,)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-normal-float", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
normal_float_grade = check.normal_float(normal_float, points=4, of=6)


### BEGIN HIDDEN TESTS
def equal_sides(function, draw):
    """It holds for as many levels below zero as above, down to one each."""
    check.judge_levels(function, 4, 4, draw.number(0.9, 0.95))
    check.judge_levels(function, 1, 1, draw.number(0.6, 0.9))


def five_bits(function, draw):
    """It holds for the 32 levels of five bits, and with more levels below zero than above."""
    check.judge_levels(function, 15, 16, 0.98)
    check.judge_levels(function, 6, 3, draw.number(0.9, 0.95))


both = ("is-nf4", "any-size")
normal_float_grade = normal_float_grade.hidden(equal_sides, points=1, after=both)
normal_float_grade = normal_float_grade.hidden(five_bits, points=1, after=both)
### END HIDDEN TESTS
normal_float_grade

# %% [markdown]
# Your table beside the one in the library, which holds bitsandbytes' numbers written out digit by digit:

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.quantization import FP4, INT4, NF4, Codebook

mine = normal_float(7, 8, 0.9677083)
print("below zero:", [round(v, 4) for v in mine[:7].tolist()])
print("zero:      ", mine[7].item())
print("above zero:", [round(v, 4) for v in mine[8:].tolist()])
print("largest difference to bitsandbytes' table below 1e-6:", bool((mine - NF4.table()).abs().max() < 1e-6))

# %% [markdown]
# **A trap for tests.** Is the table without a zero worse? The naive levels are $Q((i + \tfrac12)/16)$, $i = 0 \dots 15$, divided by the largest. Predict: on normal
# weights, is its error larger or smaller than NF4's? Then run the cell, which also tries real weights, and normal ones of which half have been set to
# zero, as pruning does.

# %% tags=["skip-when-grading"]
middles = torch.special.ndtri((torch.arange(16, dtype=torch.float64) + 0.5) / 16)
naive = Codebook("naive", tuple((middles / middles.max()).tolist()))


def nf(w: torch.Tensor, table: Codebook) -> torch.Tensor:
    """Quantised in blocks of 64 with the given table, and back."""
    return dequantize_4bit(quantize_4bit(w, table))


normal = [torch.randn(1024, 1024, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
pruned = [w * (torch.rand(w.shape, generator=torch.Generator().manual_seed(9)) < 0.5) for w in normal]
print(f"{'':<10}{'0 comes back as':>18}{'normal':>18}{'MiniLM':>18}{'half pruned':>18}")
for table in (NF4, naive):
    zero = table.table().abs().min().item()
    cells = [mean_and_spread([relative_error(w, nf(w, table)) for w in ws]) for ws in (normal, minilm.values(), pruned)]
    print(f"{table.name:<10}{zero:>16.3f} c" + "".join(f"{m:>10.4f} ±{s:.4f}" for m, s in cells))

# %% [markdown]
# On normal weights the naive table wins, by a hair: it does not spend a level on a place that no weight is exactly at. On MiniLM it loses by a hair on average, and its spread is three times
# NF4's: in some layers a large weight makes the others of its block small, and none of them can come back as small. With zeros it loses clearly. So **a test of the form "the error is below 0.093" passes the wrong table**; the checks of
# exercise 5 look at the levels themselves, at the exact zero, and at the 7 and 8.

# %% [markdown]
# ### Exercise 6: the nearest level
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | from numbers to places in a table | 2 of 5 | 6 min | 1 line |
#
# Write `nearest_entry(scaled, table)`: for each number the place of the nearest entry, as uint8. Numbers may lie beyond the ends of the table. It may be in any order: the codes of FP4, a
# 4-bit floating-point format, are not in the order of their values. Exactly halfway between two entries, either will do.
#
# <details><summary>Hint 1: where to start</summary>
# For one number <i>v</i>: <code>(v - table).abs()</code> holds its distances to all entries; <code>argmin()</code> is the place of the smallest.
# </details>
# <details><summary>Hint 2: all at once</summary>
# <code>scaled.unsqueeze(-1)</code> has shape (..., 1). Minus the table, of shape (levels,), that gives (..., levels).
# </details>
# <details><summary>Hint 3: four numbers by hand</summary>
# The table 0, 1, -1 and the numbers [[0.2, -7], [0.9, 0.6]] give [[0, 2], [1, 1]], in one byte each. Which axis of (..., levels) has to go? And which type does <code>argmin</code> return?
# </details>


# %% nbgrader={"grade": false, "grade_id": "nearest-entry", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nearest_entry(scaled: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """The place of the nearest table entry for each number.

    Args:
        scaled: floats, any shape.
        table: (levels,) floats in any order, at most 256.

    Returns:
        uint8 in the shape of scaled.
    """
    ### BEGIN SOLUTION
    return (scaled.unsqueeze(-1) - table).abs().argmin(dim=-1).to(torch.uint8)  # (..., levels) -> (...)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-nearest-entry", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
nearest_entry_grade = check.nearest_entry(nearest_entry, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_tables(function, draw):
    """It also holds for tables of other sizes, up to 256, and numbers of any shape."""
    tables = [
        (check.table_like(draw, 5, shuffled=True), (2, 3, 4)),
        (check.table_like(draw, 200, shuffled=False), (17,)),
        (check.table_like(draw, 256, shuffled=True), (300,)),
        (check.table_like(draw, 1, shuffled=False), (4,)),
        (check.table_like(draw, 3, shuffled=True, size=20.0), ()),
        (check.table_like(draw, 6, shuffled=True), (1, 1)),
    ]
    check.judge_nearest(function, [(check.numbers_for(draw, *one), one[0]) for one in tables])


nearest_entry_grade = nearest_entry_grade.hidden(other_tables, points=1, after=("ascending-table", "any-order"))
### END HIDDEN TESTS
nearest_entry_grade

# %% [markdown]
# Three tables of 16 levels compete: **NF4**; **FP4**, a sign, two bits of exponent and one of fraction, as bitsandbytes has it; and **INT4**, absmax in
# equal steps. Two questions to real weights: where do they lie once each block is divided by its largest magnitude, and how often is each level used?

# %% tags=["skip-when-grading"]
from lora_utils.quantization import to_blocks, unpack

scaled = torch.cat([b / b.abs().amax(dim=1, keepdim=True) for b in (to_blocks(w, 64) for w in minilm.values())])
share = {}
for table in (NF4, FP4, INT4):
    codes = torch.cat([unpack(quantize_4bit(w, table).packed, w.numel()) for w in minilm.values()])
    used = torch.bincount(codes.int(), minlength=16) / len(codes)  # (16,), by code
    share[table.name] = used[table.table().argsort()]  # by value, from low to high
    information = -(used[used > 0] * used[used > 0].log2()).sum()
    print(f"{table.name}: a code carries {information:.2f} of 4 bits; the rarest level holds {used.min():.2%}, "
          f"the most frequent {used.max():.1%}")  # fmt: skip

# %% tags=["skip-when-grading"]
title = "Weights crowd around zero; NF4 follows them, an even grid does not"
xlabels = ["weight / largest magnitude of its block", "level, from the lowest to the highest"]
fig, (left, right) = figure(title, xlabels, ["density", "share of weights"], columns=2, height=3.6)
left.hist(scaled.flatten()[::7].numpy(), bins=120, range=(-1, 1), density=True, color="lightgrey")
for k, table in enumerate((NF4, FP4, INT4)):
    levels = table.table()[table.table().abs() <= 1]
    left.plot(levels, [-0.12 - 0.14 * k] * len(levels), "|", color="black", markersize=9)
    left.text(1.06, -0.12 - 0.14 * k, table.name, va="center", fontsize=9)
left.set(ylim=(-0.5, None), yticks=(0, 0.5, 1, 1.5))
for k, name in enumerate(("NF4", "INT4")):
    places = [i + 0.4 * k - 0.2 for i in range(16)]
    style = {"color": COLORS[(2, 3)[k]], "hatch": HATCHES[k], "edgecolor": "white"}
    right.bar(places, share[name].tolist(), width=0.4, label=name, **style)
right.axhline(1 / 16, color="black", linewidth=1, linestyle="--")
right.text(15.6, 1 / 16 + 0.003, "1/16", ha="right")
right.set_xticks(range(0, 16, 3))
right.legend(frameon=False)

# %% [markdown]
# The marks under the histogram are the levels. NF4 has most of them where most weights are. FP4 leaves gaps, and like INT4 it uses 15 of its 16 codes: one is minus zero here, and one would be
# $-8/7$ there. NF4's bars on the right are flatter than INT4's, but far from
# level. The paper's abstract calls NF4 "information theoretically optimal" for normal weights; if each level held a sixteenth of the weights, a code would carry 4 bits, and it carries 3.84.
# The reason is that what is looked up is not a normal number but a normal number divided by the largest of its block, and how that is spread depends on the size of the block.
# [Yoshida 2023](https://arxiv.org/abs/2306.06965) works this out: a table made for the smallest expected absolute error is better in large blocks and about equal in small ones.

# %% [markdown]
# ## 5. If you have time: which format loses least?
#
# Four kinds of weights: normal numbers; MiniLM's float32 weights; SmolLM2's linear layers; SmolLM2's embedding. A word on SmolLM2, the language model of labs 01, 04 and
# 08: its file is itself quantised. The linear layers are stored in 4 bits, in blocks of 32 with a float step and a float *minimum* (`Q4_1`), the embedding in 8 bits. What we load are real weights, on a grid of
# somebody else's making. Does that favour a format that has the same kind of grid? We add absmax with a zero point to the three tables, and look.

# %% tags=["skip-when-grading"]
from lora_utils.devices import best_device
from lora_utils.models import load_smollm2

print("reading SmolLM2, about 8 seconds")
device = best_device()
smollm2 = load_smollm2().requires_grad_(False).to(device)
layers = linear_weights(smollm2)
print(f"{len(layers)} linear layers, {sum(w.numel() for w in layers.values()):,} weights")
part = layers["blocks.3.feed_forward.up"].reshape(-1, 32)  # (m, 32), the file's own blocks
low = part.amin(dim=1, keepdim=True)
step = (part.amax(dim=1, keepdim=True) - low) / 15
exact = relative_error(part, low + step * ((part - low) / step).round())
distinct = sum(len(row.unique()) for row in part[:1000]) / 1000
print(
    f"a block of 32 holds {distinct:.1f} different numbers; step and minimum of 4 bits give it back with error {exact:g}"
)

# %% tags=["skip-when-grading"]
formats = {
    "INT4": lambda w: nf(w, INT4),
    "FP4": lambda w: nf(w, FP4),
    "NF4": lambda w: nf(w, NF4),
    "INT4, zero point": lambda w: dequantize(zero_point_quantize(w, 4, 64)),
}
embedding = smollm2.embedding.weight.detach()
kinds = {
    "normal\n(3 seeds)": normal,
    "MiniLM\n(36 layers)": list(minilm.values()),
    "SmolLM2\n(30 layers)": list(layers.values())[::7],
    "SmolLM2's embedding\n(12 parts)": [embedding[i : i + 4096] for i in range(0, len(embedding), 4096)],
}
errors4 = {}
for name, change in progress(formats.items(), "formats"):
    errors4[name] = [torch.tensor([relative_error(w, change(w)) for w in ws]) for ws in kinds.values()]
print(f"{'':<18}" + "".join(f"{kind.replace(chr(10), ' '):>32}" for kind in kinds))
for name, per_kind in errors4.items():
    print(f"{name:<18}" + "".join(f"{e.mean():>24.4f} ±{e.std():.4f}" for e in per_kind))

# %% tags=["skip-when-grading"]
title = "NF4 is the best of the tables; integers with a zero point come close"
fig, axes = figure(title, "weights", "relative error, blocks of 64", height=3.6)
for k, (name, per_kind) in enumerate(errors4.items()):
    places = [i + 0.16 * (k - 1.5) for i in range(len(kinds))]
    middle = torch.stack([e.mean() for e in per_kind])
    reach = torch.stack([torch.stack([e.mean() - e.min(), e.max() - e.mean()]) for e in per_kind]).T  # (2, kinds)
    axes.errorbar(
        places,
        middle,
        yerr=reach,
        label=name,
        color=COLORS[(3, 4, 2, 0)[k]],
        marker=MARKERS[k],
        capsize=3,
        linestyle="none",
    )
axes.set_xticks(range(len(kinds)), list(kinds))
axes.set(ylim=(0.08, 0.18))
axes.legend(frameon=False, loc="upper left", ncols=2)
axes.grid(axis="x", visible=False)

# %% [markdown]
# Points are means, whiskers reach from the best to the worst layer. The normal column gives the reference values: INT4 0.108, FP4 0.122, NF4 0.092. On real weights the order
# of the tables is the same and NF4's lead is larger, most of all in the embedding. The last format is a surprise if one knows NF4 from summaries only: plain integers with a zero point lose no more
# than NF4 on normal numbers, and hardly more in linear layers (in the embedding NF4 keeps a lead, 0.107 against 0.113). They cost 4.56 bits a weight instead of 4.5. "NF4 beats Int4" is true
# of the Int4 in our comparison, which is symmetric.
#
# The grid of the file does not disturb the comparison: MiniLM, which has none, gives the same picture. What would reproduce the file without loss is its own kind of code, as the cell
# before has shown, and none of our four is of this kind: they have an exact zero and blocks of 64.

# %% [markdown]
# ## 6. Two codes in a byte
#
# Torch has no 4-bit type; the smallest has 8. So two codes share a byte. With `first` the earlier code and `second` the later one, each from 0 to 15:
#
# $$\text{byte} = 16 \cdot \texttt{first} + \texttt{second}$$
#
# The earlier code goes into the **high** half, as in bitsandbytes. Nothing about this order is natural: `Q4_1` in the model file that you have just read does it otherwise (byte $j$ of a block
# holds numbers $j$ and $j + 16$, the first of them in the low half). A wrong order is not an error that a program notices. It loads, and speaks garbage.

# %% [markdown]
# ### Exercise 7: pack and unpack
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | half the bytes, and back | 2 of 5 | 8 min | 4 lines |
#
# Write `pack_codes(codes)`, from uint8 codes of any shape to a flat uint8 tensor, and `unpack_codes(packed, count)`, the first `count` codes, flat. An odd
# number of codes is completed by a zero at the end. `count` may be smaller than the number of codes in the bytes.
#
# <details><summary>Hint 1: where to start</summary>
# <code>flat[0::2]</code> are the earlier codes of all pairs, <code>flat[1::2]</code> the later ones. Codes 1 and 2 make the byte 18.
# </details>
# <details><summary>Hint 2: bits</summary>
# For uint8 tensors <code>a &lt;&lt; 4</code> is 16 a, <code>a | b</code> joins bits that do not overlap, <code>a &gt;&gt; 4</code> is the high half and <code>a &amp; 15</code> the low one.
# </details>
# <details><summary>Hint 3: three codes by hand</summary>
# 1, 2, 3 become the bytes 18 and 48. Back: the high halves are 1 and 3, the low ones 2 and 0, and 1, 2, 3 is wanted. Stacked along the first axis and laid flat they give 1, 3, 2, 0: along which axis do the pairs lie side by side?
# <code>F.pad</code> appends zeros at the end with <code>(0, how_many)</code>: how many for an even, how many for an odd number of codes?
# </details>


# %% nbgrader={"grade": false, "grade_id": "pack-codes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pack_codes(codes: torch.Tensor) -> torch.Tensor:
    """Two 4-bit codes in a byte, the earlier one in the high half.

    Args:
        codes: uint8 from 0 to 15, any shape, n of them.

    Returns:
        (ceil(n / 2),) uint8.
    """
    ### BEGIN SOLUTION
    flat = codes.reshape(-1)  # (n,)
    flat = F.pad(flat, (0, len(flat) % 2))  # (n or n + 1,)
    return (flat[0::2] << 4) | flat[1::2]  # (ceil(n / 2),)
    ### END SOLUTION


def unpack_codes(packed: torch.Tensor, count: int) -> torch.Tensor:
    """The first `count` codes, (count,) uint8."""
    ### BEGIN SOLUTION
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]  # (bytes, 2) -> (count,)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-pack-codes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
pack_codes_grade = check.pack_codes(pack_codes, unpack_codes, points=3, of=4)


### BEGIN HIDDEN TESTS
def any_count(functions, draw):
    """It also holds for one code, for hundreds, and for codes with two axes."""
    check.judge_packed(functions, draw, [(4, 6)])
    check.judge_packed(functions, draw, [(3, 5)])
    check.judge_packed(functions, draw, [(1,), (3, 5), (4, 6), (2, 3, 3), (501,), ()])
    check.judge_unpacked(functions, draw, [(1, 1), (2, 2), (501, 501), (40, 21), (40, 40), (40, 1)])


every_row = ("two-in-a-byte", "two-out-of-a-byte", "odd-count")
pack_codes_grade = pack_codes_grade.hidden(any_count, points=1, after=every_row)
### END HIDDEN TESTS
pack_codes_grade

# %% [markdown]
# ### The same bytes as bitsandbytes
#
# Now all your pieces together: levels from exercise 5, blocks divided by their largest magnitude, codes from exercise 6, bytes from exercise 7, on a real layer. bitsandbytes, the
# library behind QLoRA, quantises the same weights. How many codes differ?

# %% tags=["skip-when-grading"]
from lora_utils.quantization import load_bitsandbytes

w = minilm["blocks.0.attention.value"]  # (384, 384)
blocks = to_blocks(w, 64)
c = blocks.abs().amax(dim=1, keepdim=True)  # (m, 1)
mine = pack_codes(nearest_entry(blocks * c.reciprocal(), normal_float(7, 8, 0.9677083)))
course = quantize_4bit(w).packed
print("bytes that differ between yours and the course's:", int((mine != course).sum()), "of", len(course))
try:
    functional = load_bitsandbytes().functional
    theirs, state = functional.quantize_4bit(w.reshape(-1), quant_type="nf4", blocksize=64)
    print(
        "bytes that differ between yours and bitsandbytes':", int((mine != theirs.reshape(-1)).sum()), "of", len(course)
    )
    print("scales equal bit for bit:", torch.equal(c.reshape(-1), state.absmax))
except ImportError as error:
    print(error)

# %% [markdown]
# None. The multiplication by `c.reciprocal()` is bitsandbytes' way to divide; with `blocks / c` a number that lies on the middle between two levels to the last bit may fall on the
# other side. That is all there is to NF4: a table, a largest magnitude for each block, and half a byte a weight.

# %% [markdown]
# ## 7. Double quantisation
#
# Each block of 64 weights keeps its largest magnitude $c$ as a float32, and 32 bits on 64 weights are half a bit each. At 4 bits a weight that is a surcharge of an eighth. The scales
# are numbers like others, so they are quantised again (Dettmers et al. 2023, section 3): in 8 bits, in groups of $g = 256$ of the $m$
# scales, each group with a float32 step of its own.
#
# | | codes | scales | steps of the groups | bits a weight |
# | --- | --- | --- | --- | --- |
# | without | 4 | 32 / block | - | 4.5 |
# | with | 4 | 8 / block | 32 / (block · group) | 4.127 |
#
# Largest magnitudes are all positive. A signed code would leave half of its marks unused, so the **mean of all scales is subtracted first**, one float32 for the tensor:
#
# $$\text{scale} \approx \text{mean} + \text{step}\cdot\text{code}, \qquad \text{step} = \frac{\max|\text{scale} - \text{mean}|}{127}\ \text{in each group}$$
#
# We use the absmax integers of section 1 for the code. bitsandbytes uses a table of 256 numbers instead, spaced like a floating-point format; the bits are the same.

# %% tags=["skip-when-grading"]
schematic("four_bit_storage")

# %% [markdown]
# Codes are nearly all that is stored: scales add half a bit a weight, and an eighth of a bit once they are bytes themselves.

# %% [markdown]
# ### Exercise 8: scales in 8 bits
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | 0.373 bits a weight, and what they cost | 4 of 5 | 15 min | 10 lines |
#
# Write `stored_bits(block, group)`, the bits a weight costs according to the table (`group` is None without double quantisation; the one mean is not counted);
# `store_scales(scales, group)`, which returns codes (int8), steps and mean; and `restore_scales(codes, steps, mean, group)`. The last group may be shorter; a group without any
# difference to the mean gets any positive step. Write it out here, even where it resembles exercise 3: then a mistake made there
# costs nothing here.
#
# <details><summary>Hint 1: where to start</summary>
# With block 64 and group 256, one step serves 64 · 256 = 16,384 weights: 32 / 16,384 = 0.002 bits each.
# </details>
# <details><summary>Hint 2: it is exercise 3 once more</summary>
# <code>scales - scales.mean()</code> goes through the same steps as a tensor in blocks: fill up with zeros, reshape to (t, group), amax, divide, round. Subtract before you fill up.
# </details>
# <details><summary>Hint 3: three scales by hand</summary>
# 1, 3, 8 in groups of two: mean 4, codes -127, -42, 127, steps 3/127 and 4/127. They come back as 1.000, 3.008, 8.000. Each code needs the step of its group, as in exercise 3, and one thing more: what was taken off at the start?
# <code>stored_bits(32)</code> is 5, and <code>stored_bits(32, 8)</code> is 4.375.
# </details>


# %% nbgrader={"grade": false, "grade_id": "double-quantisation", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stored_bits(block: int, group: int | None = None) -> float:
    """The bits a weight costs: a 4-bit code and its share of the constants."""
    ### BEGIN SOLUTION
    if group is None:
        return 4 + 32 / block
    return 4 + 8 / block + 32 / (block * group)
    ### END SOLUTION


def store_scales(scales: torch.Tensor, group: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scales in 8 bits each.

    Args:
        scales: positive floats (m,).
        group: scales that share a step, at least 1.

    Returns:
        codes (m,) int8; steps (ceil(m / group),), all positive; the mean of all scales, one number.
    """
    ### BEGIN SOLUTION
    m, mean = len(scales), scales.mean()
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)  # (t, group)
    steps = rows.abs().amax(dim=1) / 127  # (t,)
    steps = torch.where(steps == 0, 1, steps)
    codes = (rows / steps[:, None]).round().to(torch.int8)  # (t, group)
    return codes.reshape(-1)[:m], steps, mean
    ### END SOLUTION


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    ### BEGIN SOLUTION
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-double-quantisation", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
double_quantisation_grade = check.double_quantization(stored_bits, store_scales, restore_scales, points=3, of=4)


### BEGIN HIDDEN TESTS
def any_group(functions, draw):
    """It also holds for whole groups, for one group longer than the list, and for scales that are all equal."""
    sizes = [(32, 8), (6, 256), (20, 16), (5, 1), (17, 3), (2, 2)]
    check.judge_stored(functions, draw, sizes)
    check.judge_restored(functions, draw, [*sizes, (1, 1), (1, 64)])
    check.judge_equal(functions, [[torch.full((6,), 0.5), 4], [torch.tensor([0.75]), 8], [torch.full((4,), 2.0), 2]])


every_row = ("stores-scales", "equal-scales", "restores-scales")
double_quantisation_grade = double_quantisation_grade.hidden(any_group, points=1, after=every_row)
### END HIDDEN TESTS
double_quantisation_grade

# %% [markdown]
# Three questions. What does it save? What does it cost, with our 8-bit integers and with the table of bitsandbytes? And what if the mean is *not* subtracted?

# %% tags=["skip-when-grading"]
from lora_utils.quantization import dequantize_scales, quantize_scales, with_scales

print(
    f"{stored_bits(64):.3f} - {stored_bits(64, 256):.3f} = {stored_bits(64) - stored_bits(64, 256):.3f} bits a weight;",
    end=" ",
)
print(f"for 65 billion weights {65e9 * (stored_bits(64) - stored_bits(64, 256)) / 8 / 1e9:.2f} GB")


def without_mean(scales: torch.Tensor) -> torch.Tensor:
    """The scales themselves in 8-bit integers, in groups of 256, and back."""
    return dequantize(absmax_quantize(scales, 8, 256))


ways = {
    "as they are (32 bits)": lambda c: c,
    "your 8-bit integers": lambda c: restore_scales(*store_scales(c, 256), 256),
    "bitsandbytes' table": lambda c: dequantize_scales(quantize_scales(c)),
    "integers, mean not subtracted": without_mean,
}
print(f"{'scales':<32}{'error of scales':>18}{'error of weights':>20}   (mean and spread of 36 layers)")
stored = [(w, quantize_4bit(w)) for w in minilm.values()]
for name, way in ways.items():
    back = [way(q.absmax) for _, q in stored]
    of_scales = mean_and_spread([relative_error(q.absmax, c) for (_, q), c in zip(stored, back, strict=True)])
    whole = [relative_error(w, dequantize_4bit(replace(q, absmax=c))) for (w, q), c in zip(stored, back, strict=True)]
    print(f"{name:<32}" + "{:>10.4f} ±{:.4f}".format(*of_scales) + "{:>12.4f} ±{:.4f}".format(*mean_and_spread(whole)))

# %% [markdown]
# The paper's 0.373 bits (about 3 GB for its 65-billion model) are exact, and they are nearly free: the error of the weights rises from 0.0938 to 0.0939 or 0.0940. Between integers and the
# table there is little: its fine marks near zero help in layers where one scale is far larger than the others (the spread is a quarter as large). Without the mean the error of the scales grows by a half, and that
# too is far below what the weights lose anyway. The subtraction is right, and not a matter of life and death. But an implementation that subtracts and forgets to add back destroys the model.

# %% [markdown]
# ## 8. If you have time: what a language model says to it
#
# So far: errors of weights. What matters is what the model does. SmolLM2 reads the first 64 tokens of 16 IMDb reviews, 1,024 predictions; the mean of $-\log p(\text{next token})$ is its **loss**, and
# $e^{\text{loss}}$ its **perplexity**. All 210 linear layers are quantised, the embedding is left as it is. The model computes in float32 throughout: what is tested is the information in the weights.
#
# Every format reads the same tokens, so we compare review by review: the increase of the loss over the original weights, with its standard error over the 16 reviews. (Perplexities on such short beginnings are
# high, whatever the model; on whole reviews SmolLM2 has about 48.)
#
# **Predict before you run.** Order by loss: NF4, FP4, INT4, INT4 with a zero point. The weights' errors were 0.095, 0.128, 0.116 and 0.096.
#
# <details><summary>Answer, after you have run the next cells</summary>
# NF4 and the zero point are equal within the noise, and best, as their errors say. But FP4 does better than INT4, although its error is larger: the weights' error does not decide alone.
# The difference, 0.104, is 2.6 times its standard error: likely real, and worth a repetition on more reviews.
# </details>

# %% tags=["skip-when-grading"]
from lora_utils.data import imdb, smollm2_tokenizer

tokenizer, tokens = smollm2_tokenizer(), []
for text in imdb().test.texts:
    ids = tokenizer.encode(text).ids
    if len(ids) > 64:
        tokens.append(ids[:65])
    if len(tokens) == 16:
        break
tokens = torch.tensor(tokens, device=device)  # (16, 65)


@torch.no_grad()
def losses() -> torch.Tensor:
    """Mean loss of each review, (16,)."""
    scores = smollm2(tokens[:, :-1])  # (16, 64, vocabulary)
    return F.cross_entropy(scores.transpose(1, 2), tokens[:, 1:], reduction="none").cpu().double().mean(dim=1)


original = losses()
print(f"original weights: loss {original.mean():.3f}, perplexity {original.mean().exp():.1f}")

# %% tags=["skip-when-grading"]


def doubly(w: torch.Tensor) -> torch.Tensor:
    """NF4 with its scales in 8 bits."""
    stored = quantize_4bit(w)
    return dequantize_4bit(with_scales(stored, quantize_scales(stored.absmax)))


tried = {
    "8 bits, one step a layer": lambda w: dequantize(absmax_quantize(w, 8)),
    **formats,
    "NF4, scales in 8 bits": doubly,
}
rise = {}
for name, change in progress(tried.items(), "language model"):
    with weights_replaced(smollm2, change):
        rise[name] = losses() - original  # (16,)

print(f"{'':<26}{'rise of the loss':>18}{'perplexity':>12}")
for name, values in rise.items():
    mean, spread = mean_and_spread(values.tolist())
    print(f"{name:<26}{mean:>10.3f} ±{spread / 4:.3f}{(original.mean() + mean).exp():>12.1f}")
apart = mean_and_spread((rise["INT4"] - rise["FP4"]).tolist())
print(f"INT4 minus FP4, review by review: {apart[0]:.3f} ±{apart[1] / 4:.3f}")

# %% tags=["skip-when-grading"]
title = "A larger error of the weights is not always a larger loss"
fig, axes = figure(title, "relative error of the weights (every 7th layer)", "rise of the loss per token", height=3.6)
for k, (name, values) in enumerate(rise.items()):
    change = tried[name]
    place = sum(relative_error(w, change(w)) for w in list(layers.values())[::7]) / 30
    bar = values.std() / 4
    axes.errorbar(
        place,
        values.mean(),
        yerr=bar,
        color=COLORS[k],
        marker=MARKERS[k],
        capsize=3,
        markersize=7,
        label=name,
        linestyle="none",
    )
axes.set(ylim=(0, None))
axes.legend(frameon=False, loc="upper left")

# %% [markdown]
# Perplexity in the paper (its table 2: Pile Common Crawl, mean over models from 125 million to 13 billion weights): Int4 34.34, FP4 31.07, NF4 with double quantisation 27.41. The order is the same here, FP4 before
# INT4 included, although FP4's weights are further from the original than INT4's. We have no proven reason for this; what one can say is that the relative error weighs all
# weights alike, and a model does not.
#
# Also note what 4 bits cost *without any training*: a fifth of a nat a token for this small model. Larger models usually suffer less. And QLoRA does not use the quantised model as it is: it trains LoRA beside it, on the task,
# and the adapter learns around part of the damage. That is lab 08.

# %% [markdown]
# ## 9. If you have time: a table of your own
#
# NF4 is made for normal numbers, and section 4 has named a better aim than equal shares: a small error. Which table would you make for numbers of a kind
# that you can only look at?

# %% [markdown]
# ### Exercise 9: a table for any numbers (open)
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | levels that lose little, for a distribution that you do not know | 4 of 5 | 12 min | 6 to 15 lines |
#
# Write `own_table(sample, bits)`. `sample` holds 4,096 floats from $-1$ to 1, as blocks divided by their largest magnitudes give them; `bits` is 3, 4 or 5. How you
# find the levels is up to you; there are several good ways, and their tables differ. Two things are checked:
#
# * it returns $2^{\text{bits}}$ floats from $-1$ to 1, in any order, and one of them is exactly 0, whatever the sample;
# * the mean squared distance to the nearest level, $\frac1n \sum_i \min_j (x_i - t_j)^2$, is at most 1.5 times the smallest. It is measured on *other* numbers
#   of the same kind: normal, with long tails, on one side of zero only, and in two heaps.
#
# <details><summary>Hint 1: where to start</summary>
# Evenly spaced levels and quantiles of the sample both fail. Compute the error of both for a sample of normal numbers in blocks of 64, and of numbers above zero: which
# numbers does each table neglect?
# </details>
# <details><summary>Hint 2: two ways of many</summary>
# You can improve a table: which level serves which numbers, and which place would be best for those? Or you can improve the quantiles: the best density of many levels is the
# cube root of the density of the numbers.
# </details>
# <details><summary>Hint 3: the zero</summary>
# If one level is 0 from the start and stays there, the others make room for it. A level that serves no number at all is wasted: see how your way treats it.
# </details>


# %% nbgrader={"grade": false, "grade_id": "own-table", "locked": false, "schema_version": 3, "solution": true, "task": false}
own_table = None  # yours: write the function here, in any way that keeps the two promises


### BEGIN SOLUTION
def own_table(sample: torch.Tensor, bits: int) -> torch.Tensor:
    """Lloyd's method: each level but 0 goes to the mean of the numbers that it serves, again and again."""
    table = torch.linspace(sample.min().item(), sample.max().item(), 2**bits)
    zero = table.abs().argmin()
    table[zero] = 0
    for _ in range(60):
        nearest = (sample.unsqueeze(-1) - table).abs().argmin(dim=-1)  # (n, levels) -> (n,)
        for j in range(len(table)):
            if j != zero and (nearest == j).any():
                table[j] = sample[nearest == j].mean()
    return table


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-own-table", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
own_table_grade = check.own_table(own_table, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_kinds(function, draw):
    """It also serves five bits, numbers in two heaps, and numbers below zero."""
    cases = check.samples(draw, [list(check.KINDS)[4], *list(check.KINDS)[:3]], [4, 5, 5, 5])
    turned = [
        (f"minus {kind}", -x, -y, bits) for kind, x, y, bits in check.samples(draw, list(check.KINDS)[2:4], [4, 3])
    ]
    check.judge_levels_of(function, [*cases, *turned])
    check.judge_lost(function, [*cases, *turned])


own_table_grade = own_table_grade.hidden(other_kinds, points=1, after=("has-a-zero",))
### END HIDDEN TESTS
own_table_grade

# %% [markdown]
# Yours against NF4, where NF4 is at home and where it is not. The table is made of one weight in 500 of MiniLM, and of as many normal numbers after a ReLU; what it loses is measured on
# all of them.

# %% tags=["skip-when-grading"]
if own_table_grade.verdict == "pass":
    rectified = torch.cat([b / b.amax(dim=1, keepdim=True).clamp(min=1e-9) for b in (to_blocks(w, 64) for w in relu)])
    for name, blocks, ws in (("MiniLM", scaled, list(minilm.values())), ("after a ReLU", rectified, relu)):
        levels = own_table(blocks.flatten()[:: blocks.numel() // 4096][:4096].contiguous(), 4).sort().values
        yours = Codebook("yours", tuple(levels.tolist()))
        for table in (NF4, yours):
            found = mean_and_spread([relative_error(w, nf(w, table)) for w in ws])
            print("{:<14}{:<6}{:.4f} ±{:.4f}".format(name, table.name, *found))
else:
    print("waits for exercise 9")

# %% [markdown]
# On MiniLM nothing is gained: 0.0936 against 0.0938, less than the layers differ among themselves. NF4 is at home there. After a ReLU nearly half of NF4's levels lie
# where no number is, and the error falls from 0.081 to 0.045.

# %% [markdown]
# ## 10. If you have time: what stores weights today
#
# NF4 rounds every weight by itself, without having seen a text: a model is stored in seconds, and LoRA learns beside it. Two other ways have come into use since.
# One **looks at what a layer is given** and chooses codes for the layer's output. The other chooses **formats that processors multiply as they are**. Both stand on what you have built: blocks, steps,
# tables. (The cells use SmolLM2 and the tokens of sections 5 and 8, and MiniLM.)
#
# ### Codes that know the inputs
#
# A layer computes $x W^\top$, $x$ of shape $(n, i)$ and $W$ $(o, i)$. What counts is the change of that product,
#
# $$\lVert x W^\top - x W'^\top \rVert^2 = \sum_{\text{rows } d \text{ of } W - W'} d\, H\, d^\top, \qquad H = x^\top x \ \text{ of shape } (i, i)$$
#
# and $H$ is all that has to be known of the inputs. If it were the identity, rounding to nearest would be best. It is not: some columns of $x$ are large, and some rise and fall together.
#
# * **GPTQ** ([Frantar et al. 2022](https://arxiv.org/abs/2210.17323), algorithm 1) uses that columns go together. It rounds one column of $W$ after another, and after each one moves all
#   columns *not yet rounded* so that they make up for the error as well as they can: a least-squares problem, whose solution for all rows and all steps is in one triangular matrix $U$ with $U^\top U = H^{-1}$.
# * **AWQ** ([Lin et al. 2023](https://arxiv.org/abs/2306.00978), section 3.2) uses that some are large. Column $j$ of $W$ is multiplied by $s_j$ before rounding and its inputs are divided by it, which changes nothing but rounding.
#   With $s_j = (\text{mean}\,|x_j|)^a$ the columns that matter are rounded more finely; $a$ is found by trying twenty.
#
# The inputs are real ones: what three layers in SmolLM2's middle are given while it reads 32 reviews. The error is measured while it reads the 16 *other* reviews of section 8. All three ways store 4 bits and one step a block of 64: not a
# byte more is kept. (AWQ's $1/s$ goes into the norm, or the layer, that computes $x$.)

# %% tags=["skip-when-grading"]
from lora_utils.quantization import layer_inputs, output_error

calibration = [tokenizer.encode(text).ids[:64] for text in imdb().train.texts[:200]]
calibration = torch.tensor([ids for ids in calibration if len(ids) == 64][:32], device=device)  # (32, 64)
names = [f"blocks.15.{name}" for name in ("attention.value", "attention.output", "feed_forward.up")]
seen = layer_inputs(smollm2, names, lambda: smollm2(calibration))  # name -> (2048, i)
unseen = layer_inputs(smollm2, names, lambda: smollm2(tokens[:, :-1]))  # name -> (1024, i)
w, x = layers[names[0]].float().cpu(), seen[names[0]].float().cpu()  # (192, 576), (2048, 576)
size = x.abs().mean(dim=0)  # (i,)
print(
    f"{names[0]}: mean |x| of its {len(size)} columns from {size.min():.3f} to {size.max():.2f}, median {size.median():.3f}"
)

# %% [markdown]
# GPTQ and AWQ by hand, each with the steps of `absmax_quantize` in 4 bits and blocks of 64. Read GPTQ's loop for one row: row $j$ of $U$ says what each later weight does about the error of weight $j$,
# and $e^2$ is what this rounding adds to the sum above that no later weight can make up for. A hundredth of the mean diagonal is added to $H$, for columns that hardly occur.


# %% tags=["skip-when-grading"]
def gptq(w: torch.Tensor, x: torch.Tensor, bits: int = 4, block: int = 64) -> torch.Tensor:
    """Round column after column; the columns that are left make up for the error."""
    H = (x.T @ x).double()  # (i, i)
    H.diagonal().add_(0.01 * H.diagonal().mean())
    U = torch.linalg.cholesky(torch.linalg.inv(H), upper=True).float()  # (i, i), U.T @ U = H^-1
    largest = 2 ** (bits - 1) - 1
    steps = absmax_quantize(w, bits, block).scale.reshape(len(w), -1)  # (o, blocks of a row)
    left, back = w.clone(), torch.empty_like(w)  # (o, i) each
    for j in range(w.shape[1]):
        step = steps[:, j // block]  # (o,)
        back[:, j] = step * (left[:, j] / step).round().clamp(-largest, largest)
        e = (left[:, j] - back[:, j]) / U[j, j]  # (o,)
        left[:, j + 1 :] -= torch.outer(e, U[j, j + 1 :])  # (o, i - j - 1)
    return back


def awq(w: torch.Tensor, x: torch.Tensor, bits: int = 4, block: int = 64) -> tuple[torch.Tensor, float]:
    """The best of twenty exponents: columns that meet large inputs are enlarged before rounding."""
    tried = {}
    for a in torch.arange(20) / 20:
        s = x.abs().mean(dim=0) ** a  # (i,)
        back = dequantize(absmax_quantize(w * s, bits, block)) / s  # (o, i)
        tried[output_error(w, back, x)] = back, float(a)
    return tried[min(tried)]


by_awq, exponent = awq(w, x)
by_hand = {"nearest": dequantize(absmax_quantize(w, 4, 64)), f"AWQ, a = {exponent:g}": by_awq, "GPTQ": gptq(w, x)}
x_new = unseen[names[0]].float().cpu()  # (1024, 576)
print(f"{names[0]:<24}{'error of the weight':>22}{'of the output':>16}{'on the 32 reviews':>20}")
for name, back in by_hand.items():
    print(
        f"{name:<24}{relative_error(w, back):>22.3f}{output_error(w, back, x_new):>16.3f}{output_error(w, back, x):>20.3f}"
    )

# %% [markdown]
# **Predict before you run.** Both ways leave the weight *further* from the original than rounding to nearest does. They have halved the output's error in this layer. What about other layers, where the inputs are more even, and
# what about 3 bits? The package has both as `gptq_quantize` and `awq_quantize`.

# %% tags=["skip-when-grading"]
from lora_utils.quantization import awq_quantize, gptq_quantize

moved = {"nearest": {}, "AWQ": {}, "GPTQ": {}}  # method -> (layer, bits) -> errors of weight and output
for name, bits in progress([(name, bits) for name in names for bits in (4, 3)], "calibrating"):
    w, x, x_new = (t.float().cpu() for t in (layers[name], seen[name], unseen[name]))
    scaled_up, s = awq_quantize(w, x, bits)
    backs = (
        dequantize(absmax_quantize(w, bits, 64)),
        dequantize(scaled_up) / s,
        dequantize(gptq_quantize(w, x, bits)),
    )
    for method, back in zip(moved, backs, strict=True):
        moved[method][name, bits] = relative_error(w, back), output_error(w, back, x_new)
print(f"{'error of the output':<38}" + "".join(f"{method:>10}" for method in moved))
for name, bits in moved["GPTQ"]:
    print(f"{name:<28}{bits} bits    " + "".join(f"{errors[name, bits][1]:>10.3f}" for errors in moved.values()))

# %% tags=["skip-when-grading"]
title = "Further from the weights, nearer to the output"
fig, axes = figure(title, "relative error of the weight", "relative error of the output, new reviews", height=3.6)
for k, (method, errors) in enumerate(moved.items()):
    of_weight, of_output = zip(*errors.values(), strict=True)
    style = {"color": COLORS[k], "marker": MARKERS[k], "linestyle": "none"}
    axes.plot(of_weight, of_output, label=method, markersize=7, **style)
for pair in moved["GPTQ"]:
    path = zip(*(errors[pair] for errors in moved.values()), strict=True)  # one layer, its three points
    axes.plot(*path, color="grey", linewidth=0.7, linestyle="-", marker="", zorder=0)
for bits, place in ((4, (0.125, 0.02)), (3, (0.3, 0.09))):
    axes.text(*place, f"{bits} bits")
axes.set(xlim=(0.09, None), ylim=(0, None))
axes.legend(frameon=False, loc="upper left")

# %% [markdown]
# GPTQ is best in every row, AWQ lies between. Were the columns of $x$ equally large and independent, $H$ a multiple of the identity, neither could gain anything over rounding to nearest. Three remarks.
#
# * **The measure of section 1 would have chosen the wrong method.** GPTQ's weights are about a third further from the original than the nearest ones.
# * These inputs were recorded from the *original* model. GPTQ's authors quantise block after block and record each one's inputs behind those that are quantised already (their section 5), so that later layers answer for earlier ones.
# * In perplexity the gain shows most where bits are few. The authors' table for LLaMA-7B on WikiText2 (README of IST-DASLab/gptq): 5.68 in 16 bits; in 4 bits 6.29 rounded to nearest and 6.09 by GPTQ; in 3 bits 25.54 and
#   8.07.
#
# Why then does QLoRA not use it? It can: PEFT trains LoRA beside GPTQ and AWQ layers too. NF4 asks for no data and no calibration, its error in four bits is small, and what is trained beside it makes up for part of that error anyway. For weights that
# only *serve*, the calibration is paid once and used for ever.
#
# ### Formats that are multiplied as they are
#
# An NF4 weight is looked up, multiplied by its scale, and only then used: the product runs in 16 bits. Current GPUs multiply 4-bit floating-point numbers directly, if all 4-bit numbers are of one kind and the scale of a block is cheap to apply. The kind is **E2M1**: a sign, two
# bits of exponent, one of mantissa, which makes 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. Two formats differ in the scale.
#
# | | block | scale of a block | bits a weight |
# | --- | --- | --- | --- |
# | **MXFP4** (OCP [Microscaling Formats 1.0](https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf), section 6.3) | 32 | E8M0, 8 bits of exponent and nothing else: a power of two | $4 + 8/32 = 4.25$ |
# | **NVFP4** (NVIDIA, since Blackwell) | 16 | E4M3, a float of 8 bits, times one float32 for the tensor | $4 + 8/16 = 4.5$ |
#
# By hand, for one block of 32 weights $w$: the scale of MXFP4 is $2^{\lfloor \log_2 \max|w| \rfloor - 2}$. It brings the largest magnitude to between 4 and 8, and the elements end at 6.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.quantization import E2M1, block_scales, dequantize_microscaled, mxfp4_quantize, nvfp4_quantize

part = down.reshape(-1)[64:96]  # (32,), the third block of MiniLM's layer of section 2
exponent = int(part.abs().max().log2().floor()) - 2
elements = torch.tensor([*E2M1, *(-value for value in E2M1)])  # (16,), by code
codes = (part[:, None] / 2.0**exponent - elements).abs().argmin(dim=1)  # (32, 16) -> (32,)
print(f"largest magnitude {part.abs().max():.4f}, scale 2^{exponent}, stored as {exponent + 127} in 8 bits")
print("divided by the scale: ", [round(v, 2) for v in (part / 2.0**exponent).tolist()[:8]], "...")
print("nearest elements:     ", elements[codes].tolist()[:8], "...")
print("the package's:        ", (dequantize_microscaled(mxfp4_quantize(part)) / 2.0**exponent).tolist()[:8], "...")

# %% [markdown]
# Now all of MiniLM. Between NF4 and MXFP4 three things change: the table, the size of the blocks and the kind of scale. The rows take them one at a time. **Predict before you run**: which of the three costs most?

# %% tags=["skip-when-grading"]
E2M1_TABLE = Codebook("E2M1", tuple(float(v) for v in elements / 6))  # for quantize_4bit, which divides by the largest
ways = {
    "NF4, blocks of 64, float32 scale": (4.5, lambda w: nf(w, NF4)),
    "NF4, scales in 8 bits": (stored_bits(64, 256), doubly),
    "E2M1, blocks of 64, float32 scale": (4.5, lambda w: nf(w, E2M1_TABLE)),
    "E2M1, blocks of 32, float32 scale": (5, lambda w: dequantize_4bit(quantize_4bit(w, E2M1_TABLE, 32))),
    "MXFP4: blocks of 32, power of two": (4.25, lambda w: dequantize_microscaled(mxfp4_quantize(w))),
    "E2M1, blocks of 16, float32 scale": (6, lambda w: dequantize_4bit(quantize_4bit(w, E2M1_TABLE, 16))),
    "NVFP4: blocks of 16, E4M3": (4.5, lambda w: dequantize_microscaled(nvfp4_quantize(w))),
}
print(f"{'':<36}{'bits a weight':>14}{'error, MiniLM':>20}")
for name, (bits, change) in ways.items():
    found = mean_and_spread([relative_error(w, change(w)) for w in minilm.values()])
    print(f"{name:<36}{bits:>14.3f}" + "{:>13.4f} ±{:.4f}".format(*found))
ends = [to_blocks(w, 32).abs().amax(dim=1) / block_scales(mxfp4_quantize(w)) for w in minilm.values()]
print(
    f"MXFP4: in {(torch.cat(ends) > 6).float().mean():.0%} of the blocks the largest weight lies above 6 scales, and is cut off"
)

# %% [markdown]
# The power of two costs most. With the elements of E2M1 and a float scale blocks of 32 lose 0.101; with an exponent alone 0.117: a scale that fits only to a factor of two leaves the element 6 unused in one block and cuts the largest weight off in another. NVFP4 pays for a mantissa in the scale with
# half a bit a weight for its smaller blocks, and loses hardly more than NF4 at the same 4.5 bits. NF4 with scales in 8 bits remains the smallest and, but for a hair, the most exact: what the new formats offer is not precision but **speed**, where the processor has them. gpt-oss, for one, comes with its
# experts in MXFP4 (its model card: 4.25 bits a weight, over 90 % of all weights) and was post-trained with them in that form.
#
# ### Which, and for what
#
# | | for what | what it needs |
# | --- | --- | --- |
# | NF4, in bitsandbytes | a frozen base that something is trained beside: QLoRA, lab 08 | no data |
# | GPTQ, AWQ | weights that only serve, in 4 or 3 bits of whole numbers | some hundred texts, minutes to hours, once |
# | MXFP4, NVFP4 | products in 4 bits, inputs included | a processor that has them |
# | quantisation-aware training, **QAT** | weights that will be rounded, when rounding afterwards costs too much | training: $W' = \text{dequantise}(\text{quantise}(W))$ in every forward pass, and the gradient of $W'$ goes to $W$ as if nothing had been rounded |
# | [torchao](https://docs.pytorch.org/ao/stable/) | PyTorch's own library for these: `quantize_(model, config)` for integers of 4 and 8 bits, 8-bit floats and MX formats, and QAT | a recent torch |
#
# QAT is QLoRA's opposite: there the weights learn to be rounded, here they are rounded first and the path learns around it. torchao's README reports that QAT won back 67 % of what rounding took from Gemma3-4B.

# %% [markdown]
# ## 11. What breaks in practice
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | zeros come back as something else | a one-sided range was not widened to contain 0 | pytorch/pytorch #23838 |
# | a "symmetric" quantiser has a zero point | range from -128 to 127 instead of -127 to 127 | microsoft/onnxruntime #10170 |
# | NaN, or a step of 0, in a converted model | 0 / 0 in a block of zeros (unused experts, padding, pruned rows) | ggml-org/llama.cpp #20460, intel/auto-round #1909, apple/coremltools #2853 |
# | the model loads and speaks garbage | codes packed in one order and unpacked in another | amd/Quark #30, openvinotoolkit/openvino #32144 |
# | a constant tensor comes back as another constant | its zero point was cut off at the end of the range | harvard-edge/cs249r_book #1874 |
# | "equation 4 gives infinity", "where does 0.9677083 come from?" | the paper's equation is not how the table was made | artidoro/qlora #94, bitsandbytes #440 |
# | an "NF4" with 15 symmetric levels | retold from memory, in an answer to a question | artidoro/qlora #299 |
# | wrong weights with double quantisation, on the CPU only | the scales were restored, and then not used | bitsandbytes PR #1549 |
# | blocks of 4,096 fail | one kernel call did not pass the data type on; only blocks of 64 were tested | bitsandbytes #1157, PR #1160 |
#
# Where no repository is given, bitsandbytes-foundation's is meant. One habit finds most of these: **quantise, come back, and compare, on tensors that contain zeros, a block of zeros, a partial block and one large number.**
#
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | one layer of MiniLM in 8 bits with one step | 55 % of the weights become 0, error 0.40 |
# | absmax in blocks of 64, 4 bits and 8 bits | error 0.11 and 0.006 (medians of 36 layers) |
# | NF4, FP4, INT4 on normal numbers, blocks of 64 | error 0.092, 0.122, 0.108 |
# | the same on MiniLM | 0.094, 0.127, 0.115; integers with a zero point 0.095 |
# | the table without a zero, on normal numbers | error 0.0916, smaller than NF4's 0.0920, and still the wrong table |
# | your bytes against bitsandbytes' | none of 73,728 differ |
# | bits a weight without and with double quantisation | 4.5 and 4.127 |
# | SmolLM2's perplexity: original, NF4, FP4, INT4 | 70, 87, 93, 103 |
# | one layer's output in 4 bits: nearest, AWQ, GPTQ | error 0.21, 0.11, 0.11; the weight's own 0.12, 0.12, 0.15 |
# | MXFP4 (4.25 bits) and NVFP4 (4.5 bits) on MiniLM | error 0.117 and 0.094 |
#
# * A step, a rounding, a multiplication: the error is at most half a step, and the largest number sets the step.
# * Blocks confine large weights. They cost constants, and double quantisation makes these cheap.
# * An exact zero is a property to be asserted, not one that the mean error shows.
# * Compare formats at equal bits and equal care: symmetric INT4 is a weak opponent.
#
# ## Further reading
#
# * T. Dettmers et al., *QLoRA: Efficient Finetuning of Quantized LLMs*, 2023, [arXiv:2305.14314](https://arxiv.org/abs/2305.14314): section 3 and appendix E.
# * T. Dettmers et al., *LLM.int8()*, 2022, [arXiv:2208.07339](https://arxiv.org/abs/2208.07339), and *8-bit Optimizers via Block-wise Quantization*, 2021, [arXiv:2110.02861](https://arxiv.org/abs/2110.02861).
# * B. Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*, 2018, [arXiv:1712.05877](https://arxiv.org/abs/1712.05877).
# * E. Frantar et al., *GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers*, 2022, [arXiv:2210.17323](https://arxiv.org/abs/2210.17323).
# * J. Lin et al., *AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration*, 2023, [arXiv:2306.00978](https://arxiv.org/abs/2306.00978).
# * D. Yoshida, *NF4 Isn't Information Theoretically Optimal (and that's Good)*, 2023, [arXiv:2306.06965](https://arxiv.org/abs/2306.06965).
#
# Next: [lab 08](../08_qlora/08_qlora.ipynb) trains LoRA beside a 4-bit model.
