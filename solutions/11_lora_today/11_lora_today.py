# %% [markdown]
# # 11 LoRA today: what came after 2024, measured here
#
# Labs 05 to 09 end where the field stood early in 2024. Since then hundreds of variants of LoRA have been published. This lab
# asks of a few of them what holds, why, and whether a small model shows it. You build each by hand, in a few lines.
#
# When you are done you can
#
# 1. say under which conditions LoRA learns as much as full fine-tuning, and with which learning rate;
# 2. start a path on the strongest directions of the weight (PiSSA), of the quantisation error (LoftQ) or of the inputs (EVA);
# 3. give ranks to the layers where they matter (AdaLoRA's idea), and train vectors in place of matrices (VeRA);
# 4. see in a weight what an adapter has done to it, and ask whether that is what forgets;
# 5. serve many adapters over one base in one batch, and merge several into one weight.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | labs 05 to 08: the singular value decomposition, `LinearWithLoRA`, NF4 | about 135 minutes, of which the core takes 90: what is headed *if you have time* is not needed later; the notebook itself runs in about two and a half minutes on two CPU cores | {{ points }} points in {{ exercises }} exercises; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# Letters as ever: $W_0$ $(o, i)$ as `nn.Linear` stores it, $A$ $(i, r)$, $B$ $(r, o)$, and the update of the weight is
# $\alpha (A B)^\top$. In this lab $\alpha = 1$.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.variants.pissa.pissa_start", "lora_utils.variants.loftq.loftq_start", "lora_utils.variants.eva.eva_start", "lora_utils.variants.rank_allocation.allocate_ranks", "lora_utils.variants.vera.VeRALinear", "lora_utils.variants.intruder_dimensions.count_intruder_dimensions", "lora_utils.variants.merging_updates.merge_ties", "lora_utils.variants.merging_updates.drop_and_rescale", "lora_utils.variants.batched_lora.BatchedLoRA"]
import time

import torch
from torch import nn
from torch.nn import functional as F

import lora_utils
from lora_utils import variants
from lora_utils.checks import lab_11_lora_today as check
from lora_utils.plots import COLORS, DASHES, MARKERS, figure
from lora_utils.quantization import dequantize_4bit, quantize_4bit
from lora_utils.training import seed_everything

seed_everything(0)
torch.set_num_threads(1)  # as in the shipped runs: more threads add in another order
print("torch", torch.__version__)

# %% [markdown]
# ## 1. When is LoRA as good as full fine-tuning?
#
# For years this was answered by taste. In September 2025 John Schulman and Thinking Machines Lab swept learning rates, ranks and
# batch sizes over language models and found a regime in which LoRA loses nothing
# ([Schulman et al. 2025, *LoRA Without Regret*](https://thinkingmachines.ai/blog/lora/)). What they report, as their
# [primer](https://tinker-docs.thinkingmachines.ai/tinker/lora-primer/) sums it up; TRL has a
# [guide](https://huggingface.co/docs/trl/main/en/lora_without_regret) that repeats it on language models:
#
# * **Where.** LoRA belongs on all layers, the MLP's before all others. On attention alone it stays behind, even with a rank
#   that makes up for the number of parameters.
# * **Learning rate.** The best one lies about ten times above that of full fine-tuning. (Their
#   [cookbook](https://tinker-docs.thinkingmachines.ai/cookbook/api-reference/hyperparam_utils/get_lora_lr_over_full_finetune_lr/) once had a more complicated
#   formula, and went back to ten as "more accurate empirically".) Whether one rate serves every rank depends on start and factor: under
#   some it hardly moves, under others it falls as $1/r$ ([Chen et al. 2026](https://raw.githubusercontent.com/mlresearch/v306/main/assets/chen26ei/chen26ei.pdf)).
# * **Capacity.** As long as the data hold less than the adapter can, the rank does not matter; beyond that LoRA learns more slowly.
# * **Batch size.** In some settings LoRA loses more than full fine-tuning does when the batch is large, and a higher rank does not help.
#
# **Does a small encoder show it?** MiniLM, 640 questions of TREC, 40 steps; word vectors frozen, a head on top everywhere. LoRA
# starts as in PEFT ($A$ uniform within $1/\sqrt{i}$, $B$ zero); lora_alpha is 32, as in the report. *MLP, rank 8* and *attention, rank 10* train
# exactly the same number of parameters. Rates are swept with seed 0 by the validation loss, the best one gets three seeds. The
# runs ship with the course; this command makes them (twenty minutes of training on one core):
#
# ```
# python -m lora_utils.experiments.lora_versus_full_minilm --folder runs
# ```
#
# **Predict before you run:** which line is lowest, and where does each have its lowest point?

# %% tags=["skip-when-grading"]
from lora_utils import mean_and_spread
from lora_utils.experiments import at_best_rate, shipped_places


def show_places(runs, batch):
    """A line for each place: three seeds at its best rate."""
    print(f"{'trained':<20}{'numbers':>12}{'best rate':>11}{'test loss':>18}{'test accuracy':>18}")
    for name in dict.fromkeys(run.place for run in runs):
        best = at_best_rate(runs, name, batch)
        loss, spread = mean_and_spread([run.test_loss for run in best])
        accuracy, more = mean_and_spread([run.test for run in best])
        said = f"{best[0].trainable:>12,}{best[0].lr:>11g}{loss:>10.3f} ± {spread:.3f}{accuracy:>10.3f} ± {more:.3f}"
        print(f"{name:<20}{said}")


runs = shipped_places("minilm")
show_places(runs, batch=32)


# %% tags=["skip-when-grading"]
def show_sweep(axes, runs, batch, limits):
    """A line for each place: the validation loss of seed 0 over the rates that were tried."""
    for k, name in enumerate(dict.fromkeys(run.place for run in runs)):
        swept = sorted((run.lr, run.valid_loss) for run in runs if (run.place, run.batch, run.seed) == (name, batch, 0))
        axes.plot(*zip(*swept, strict=True), color=COLORS[k], marker=MARKERS[k], label=name)
    axes.set(xscale="log", ylim=limits)
    axes.legend(frameon=False)


title = "LoRA's best rate is ten times that of full fine-tuning, at every rank and place"
fig, axes = figure(title, "learning rate", "validation loss, seed 0")
show_sweep(axes, runs, batch=32, limits=(0.2, 1.6))

# %% [markdown]
# Every LoRA is best at 0.001 and full fine-tuning at 0.0001: **ten times, at rank 1 as at rank 10.** (On a ladder whose rungs lie a factor of three apart, ten means something between three
# and thirty, and for two of the four LoRAs the validation loss hardly tells 0.001 from 0.003.) With LoRA of rank 8 on all layers the test loss is 0.316 ± 0.038, with full fine-tuning 0.348 ± 0.018: LoRA does not stay behind, with 3 % of the numbers. Rank 1 has 0.389 ± 0.085.
#
# **What these runs do not show.** MLP alone has 0.314 ± 0.012 and attention alone, with as many numbers, 0.343 ± 0.028. That is the order of the report, with each of the three seeds, but with one of them by 0.003;
# and three of three is what chance gives one time in four. (The factor is 32 / rank, so attention runs under 3.2 and the MLP under 4.) What the runs do show is how such differences come about: at 0.0003, a rung too low, attention has 1.23 and the MLP 0.80. Whoever tries a single rate measures rates and calls them places.
# And choosing by 300 validation questions is coarse: with seed 0 full fine-tuning at 0.0003 has the lowest test loss of all runs in batches of 32, 0.274, and was not chosen.
#
# **Capacity cannot show here.** A language model stores about two bits of knowledge a parameter ([Allen-Zhu and Li 2024](https://arxiv.org/abs/2404.05405)). 640 questions with one of six classes each
# hold at most $640 \log_2 6 = 1{,}654$ bits, and rank 1 on all layers trains 41,472 numbers: room for fifty times as much. Where rank 1 stays behind in the table, it has not run out of room.

# %% [markdown]
# ### The batch
#
# The report's last point, on the same questions. All 640 are read twice, in batches of 8, 32 and 128: 160, 40 and 10 steps. Each batch size gets a sweep of its own, and three seeds at its best rate.
#
# **Predict before you run:** what happens to the best rate when the batch is sixteen times as large? And which of the two loses more by it?

# %% tags=["skip-when-grading"]
compared = ("full", "all, rank 8")
print(f"{'batch':>5}{'steps':>7}" + "".join(f"{name + ': rate':>20}{'test loss':>16}" for name in compared))
for batch in (8, 32, 128):
    row = f"{batch:>5}{1280 // batch:>7}"
    for name in compared:
        best = at_best_rate(runs, name, batch)
        loss, spread = mean_and_spread([run.test_loss for run in best])
        row += f"{best[0].lr:>20g}{loss:>8.3f} ± {spread:.3f}"
    print(row)

# %% [markdown]
# **The best rate grows with the batch, and stays ten times as large for LoRA**: 0.0003 to 0.003 against 0.00003 to 0.0003. Full fine-tuning is at 0.285, 0.348 and 0.352: from 32 to 128 it loses nothing.
# LoRA is at 0.323, 0.316 and 0.446 ± 0.027. In batches of 128 it is behind by 0.07 to 0.11 with each of the three seeds, which is the order of the report, and the largest gap of the three.
# In batches of 8 it is behind by 0.04 and in batches of 32 ahead by 0.03, each with all three seeds as well: two gaps of opposite sign, which show how little three seeds that agree are worth.
#
# **What these runs do not separate.** The larger batch has fewer steps, and ten are few for a path that starts at zero: its first one only moves $B$ (lab 05). The report finds the gap at every rank, so it is no lack of room there either.
# Take from here the habit, to sweep the rate for each method and each batch, and from the report the numbers.

# %% [markdown]
# ### A language model
#
# The report trained language models. SmolLM2 of lab 08 is a small one: 106 million numbers in its blocks, ten times as many as MiniLM's; the embedding stays frozen. It reads 512 film sentences once, in 64 batches of 8, and answers
# " negative" or " positive". The rate rises over four steps and then falls to zero. The losses below are the cross entropy of the right one of the two labels, on sentences that were not trained on. All places are trained with AdamW in
# `float32`; *MLP, rank 8* and *attention, rank 13* train about as many numbers as each other. These runs ship too; they take an hour on one core:
#
# ```
# python -m lora_utils.experiments.lora_versus_full_smollm2 --folder runs
# ```
#
# **Predict before you run:** with MiniLM the MLP was ahead of attention by little. Is it here?

# %% tags=["skip-when-grading"]
language_runs = shipped_places("smollm2")
show_places(language_runs, batch=8)
title = "SmolLM2: best at 0.0001 to 0.0003 in full, and at 0.001 to 0.003 with LoRA"
fig, axes = figure(title, "learning rate", "validation loss, seed 0")
show_sweep(axes, language_runs, batch=8, limits=(0.25, 0.85))

# %% [markdown]
# **LoRA does not stay behind here either**: on all layers with rank 8 it has 0.361 ± 0.008, full fine-tuning 0.368 ± 0.010, with 2.3 % of the numbers. For full fine-tuning validation cannot tell 0.0001 from 0.0003 (0.350 and 0.349).
# LoRA is best at 0.001 on all layers, at both ranks, and at 0.003 on part of them: three to thirty times as large. And much hangs on that tie: with seed 0, 0.0001 has 0.344 on the test sentences, less than any of the LoRAs on all layers.
# With that choice the order could have been the other one.
#
# **The MLP is ahead, more clearly than before.** MLP alone has 0.349 ± 0.010, attention alone, with as many numbers, 0.389 ± 0.017, and the MLP is ahead with each of the three seeds, by 0.01 to 0.05 (under a factor of 4, attention's is 2.5). MiniLM's runs had the same sign. Two small models agree with the report; six runs do not prove it.
# Whether the MLP alone is better than all layers is not shown: it is ahead with two seeds of three.
#
# **A rate one rung too high can cost more than any choice of place.** At 0.01 both parts of the model do no better than guessing ($\ln 2 = 0.69$), at 0.003 LoRA of rank 8 on all layers loses more than it had gained over 0.0003.
# And rank 1 stands at 0.381 ± 0.022: with one seed it is level with rank 8, with the others 0.02 and 0.04 behind. One seed would have told either story.

# %% [markdown]
# ## 2. Better starts
#
# LoRA starts with $B = 0$: the layer computes what it did, and the first steps go into finding a direction at all. Three ideas
# give the path a place to stand. All three need one tool, the singular value decomposition of lab 05:
# $W = \sum_j s_j u_j v_j^\top$, and `torch.linalg.svd(W, full_matrices=False)` returns `U` (columns $u_j$), `S`, `Vh` (rows $v_j^\top$).
# The last panel belongs to section 4.

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("path_variants")

# %% [markdown]
# ### Exercise 1: PiSSA, on the strongest directions of the weight
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | split a weight into what is trained and what stays | 2 of 5 | 8 min | 4 lines |
#
# PiSSA ([Meng et al. 2024](https://arxiv.org/abs/2404.02948)) gives the $r$ strongest directions of $W_0$ to the path and leaves
# the rest, the **residual**, frozen in the base. Return `(residual, A, B)` for a float32 weight:
#
# * $(A B)^\top$ is the best approximation of rank $r$ of $W_0$;
# * each singular value is shared: its **root** scales a column of $A$ and the same row of $B$, the largest first;
# * $\text{residual} + (A B)^\top = W_0$.
#
# <details><summary>Hint 1: where to start</summary>
# x meets <i>A</i> first, and <i>A</i> has <i>i</i> rows. Which of <code>U</code> and <code>Vh</code> has directions of <i>i</i> numbers?
# </details>
# <details><summary>Hint 2: the shapes</summary>
# For a weight of 5 x 9 and rank 2: <code>U</code> (5, 5), <code>S</code> (5,), <code>Vh</code> (5, 9). You need (9, 2) and (2, 5). A vector of r
# numbers times a matrix with r columns scales the columns; for rows, give it a second axis.
# </details>
# <details><summary>Hint 3: a matrix by hand</summary>
# For <code>torch.diag(torch.tensor([9.0, 4.0, 1.0]))</code> and rank 2 the columns of <i>A</i> have the lengths 3 and 2, so have the rows of <i>B</i>, and the
# residual holds a single number, 1. If yours holds more, what has become of the transpose? If it is all of <i>W</i><sub>0</sub>, what does the layer compute at first?
# </details>


# %% nbgrader={"grade": false, "grade_id": "pissa-start", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pissa_start(W0: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The residual (o, i), which stays frozen, and A (i, r) and B (r, o) on the strongest directions of W0 (o, i)."""
    ### BEGIN SOLUTION
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)  # (o, m), (m,), (m, i)
    root = S[:rank].sqrt()  # (r,)
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T  # (i, r), (r, o)
    return W0 - (A @ B).T, A, B
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-pissa-start", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
pissa_start_grade = check.pissa_start(pissa_start, points=3, of=4)


### BEGIN HIDDEN TESTS
def any_shape(function, draw):
    """It also serves rank 1, the full rank, and a row or column alone."""
    cases = check.weights(draw, ((9, 4, 1), (4, 9, 4), (7, 7, 7), (1, 6, 1), (5, 1, 1), (16, 10, 6)))
    check.judge_sum(function, cases)
    check.judge_path(function, cases)
    check.judge_balance(function, cases)


pissa_start_grade = pissa_start_grade.hidden(any_shape, points=1, after=("computes-as-before",))
### END HIDDEN TESTS
pissa_start_grade

# %% [markdown]
# The authors give two reasons. The path stands where the weight is strong, so its gradient is large from the first step. And what is
# left in the base has no strong directions any more, so **four bits store it with a smaller error** (they call that QPiSSA). The next
# method goes after the error itself.

# %% [markdown]
# ### Exercise 2: LoftQ, four bits and a path found in turn
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | alternate between quantising and decomposing | 3 of 5 | 10 min | 7 lines |
#
# In QLoRA the base is the quantised $W_0$ and the path is zero: the model starts with the whole quantisation error. LoftQ
# ([Li et al. 2023](https://arxiv.org/abs/2310.08659), algorithm 1) looks for $Q$ and $(A B)^\top$ whose **sum** is near $W_0$. With a path that
# is zero at first, each of `steps` rounds does two things:
#
# 1. $Q$ = what four bits give back of $W_0 - (A B)^\top$, by `dequantize_4bit(quantize_4bit(...))`;
# 2. $(A B)^\top$ = the best approximation of rank $r$ of $W_0 - Q$.
#
# Return `(Q, A, B)` of the last round. How the singular values are shared between $A$ and $B$ is up to you here. With `steps=1` this is the start of lab 08's last
# exercise.
#
# <details><summary>Hint 1: where to start</summary>
# Write one round as two lines and look at what the second needs of the first. What must be there before the first round?
# </details>
# <details><summary>Hint 2: the order</summary>
# The path that is returned was fitted to the <i>Q</i> that is returned. Both lines use <i>W</i><sub>0</sub> itself, in every round: nothing is taken from a rest of a rest.
# </details>
# <details><summary>Hint 3: what to look at</summary>
# Print the norm of <i>W</i><sub>0</sub> - <i>Q</i> - (<i>A B</i>)<sup>T</sup> after each round, for a random 24 x 40 matrix and rank 8. It falls most in the first rounds and hardly after ten.
# If the first number is the norm for the quantised weight alone, what is missing? If it never changes after the first round, what is quantised?
# </details>


# %% nbgrader={"grade": false, "grade_id": "loftq-start", "locked": false, "schema_version": 3, "solution": true, "task": false}
def loftq_start(W0: torch.Tensor, rank: int, steps: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Q (o, i), which 4 bits store exactly, and A (i, r) and B (r, o), after so many rounds of both."""
    ### BEGIN SOLUTION
    path = torch.zeros_like(W0)  # (o, i)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T  # (i, r), (r, o)
        path = (A @ B).T
    return Q, A, B
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-loftq-start", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
loftq_start_grade = check.loftq_start(loftq_start, points=3, of=4)


### BEGIN HIDDEN TESTS
def other_sizes(function, draw):
    """It also serves rank 1, more rounds, and weights that no block of 64 fits."""
    cases = check.quantized_weights(draw, ((24, 40, 6, 6), (9, 50, 4, 2), (40, 30, 12, 4), (26, 22, 1, 1)))
    check.judge_stored(function, cases)
    check.judge_correction(function, cases)
    check.judge_steps(function, cases)


loftq_start_grade = loftq_start_grade.hidden(other_sizes, points=1, after=("can-be-stored", "path-fits-q"))
### END HIDDEN TESTS
loftq_start_grade

# %% [markdown]
# Both on real layers: what is left of the error that four bits alone make, at step 0.

# %% tags=["skip-when-grading"]
from lora_utils.models import load_sentence_classifier


def stored(W: torch.Tensor) -> torch.Tensor:
    """What four bits give back of a weight."""
    return dequantize_4bit(quantize_4bit(W))


# Yours where they have passed, else the course's: a mistake in one exercise costs nothing here.
split = pissa_start if pissa_start_grade.verdict == "pass" else variants.pissa_start
alternate = loftq_start if loftq_start_grade.verdict == "pass" else variants.loftq_start
encoder = load_sentence_classifier(6).encoder
print(f"{'left of the error':<28}{'rank':>6}{'QLoRA':>8}{'QPiSSA':>8}{'LoftQ: 1 round':>16}{'5 rounds':>10}")
for name in ("blocks.0.attention.query", "blocks.5.attention.query", "blocks.0.feed_forward.up"):
    W0 = encoder.get_submodule(name).weight.detach()
    alone = (W0 - stored(W0)).norm()
    for rank in (8, 32):
        residual, A, B = split(W0, rank)
        left = [(W0 - stored(residual) - (A @ B).T).norm() / alone]
        for steps in (1, 5):
            Q, A, B = alternate(W0, rank, steps)
            left.append((W0 - Q - (A @ B).T).norm() / alone)
        print(f"{name:<28}{rank:>6}{1:>8.2f}{left[0]:>8.2f}{left[1]:>16.2f}{left[2]:>10.2f}")

# %% [markdown]
# At rank 8 a tenth of the error comes back, at rank 32 a quarter. Which start wins depends on the layer: after five rounds LoftQ is ahead in the two queries, QPiSSA in the up-projection. The first
# round is the best correction of the plain quantised weight; the others gain because $Q$ itself is chosen anew. The result of lab 08 stands: in four bits the error is small and looks like noise, and no start of low
# rank removes it. LoftQ's abstract claims its gains for two bits above all, where the error is larger.

# %% [markdown]
# ### Exercise 3: EVA, on the strongest directions of the inputs
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | let the data say where A should look | 2 of 5 | 8 min | 3 lines |
#
# What reaches $B$ is $x A$. If the layer's inputs hardly vary along a column of $A$, that column carries nothing. EVA
# ([Paischer et al. 2024](https://arxiv.org/abs/2410.07170)) runs a few batches through the model, collects the inputs of each layer as the rows of
# a matrix $X$, and takes the first $r$ **right singular vectors** of $X$ as the columns of $A$. $B$ stays zero, so the layer computes what it did.
#
# Return `(A, shares)`. `X` has any number of axes, the last of size $i$: every input is a row. The columns of $A$ have length 1 and come with
# the strongest first; `shares` $(r,)$ says which part of the inputs' energy each direction holds, $s_j^2 / (s_1^2 + \dots + s_m^2)$ over **all** $m$ singular
# values. EVA uses it to give more ranks to some layers than to others. Do not take a mean away: the layer does not either.
#
# <details><summary>Hint 1: where to start</summary>
# Bring <code>X</code> to two axes, (n, i), and look at the three shapes that <code>torch.linalg.svd</code> returns. Which has directions of <i>i</i> numbers?
# </details>
# <details><summary>Hint 2: rows and columns</summary>
# The right singular vectors are rows of <code>Vh</code>; <i>A</i> wants them as columns. Energy is the square of a singular value, and the sum of all is that of all numbers in <code>X</code>, squared.
# </details>
# <details><summary>Hint 3: three inputs by hand</summary>
# For the rows (0, 3), (0, 0) and (1, 0) and rank 1, <i>A</i> is (0, 1) as a column, up to its sign, and the share is 0.9. If yours is 0.75, what was not squared? If it is 1, over which singular
# values did you sum?
# </details>


# %% nbgrader={"grade": false, "grade_id": "eva-start", "locked": false, "schema_version": 3, "solution": true, "task": false}
def eva_start(X: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A (i, r), the strongest directions of the inputs X (..., i), and the share of their energy that each holds, (r,)."""
    ### BEGIN SOLUTION
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)  # (m,), (m, i)
    energy = S.square()
    return Vh[:rank].T, energy[:rank] / energy.sum()  # (i, r), (r,)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-eva-start", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
eva_start_grade = check.eva_start(eva_start, points=3, of=4)


### BEGIN HIDDEN TESTS
def few_inputs(function, draw):
    """It also serves fewer inputs than features, rank 1, the full rank, and four axes."""
    cases = check.inputs(draw, (((3, 8), 3), ((20, 5), 5), ((6, 6), 1), ((2, 3, 2, 4), 2), ((1, 7, 9), 4)))
    check.judge_directions(function, cases)
    check.judge_shares(function, cases)


eva_start_grade = eva_start_grade.hidden(few_inputs, points=1, after=("strongest-directions",))
### END HIDDEN TESTS
eva_start_grade

# %% [markdown]
# ### Which start learns faster?
#
# The last block of MiniLM on TREC, its six linear layers at rank 8; what lies below is frozen and computed once. Twelve steps, three seeds, and every start at four rates, because
# **a start is also a scale**: the columns of this course's random $A$ are about $\sqrt{i/r} = 7$ long, EVA's are 1. At one common rate one would compare scales. For the
# same reason a fourth start stands beside the three: random columns, brought to length 1. **Predict before you run:** which two lines will lie on top of each other?

# %% tags=["skip-when-grading"]
from lora_utils.data import load
from lora_utils.models import UpperBlocks, below
from lora_utils.training import train
from lora_utils.variants import inject_started

LAYERS = ("*.query", "*.key", "*.value", "*.attention.output", "*.feed_forward.up", "*.feed_forward.down")
RANK, LAST = 8, 5
trec = load("trec", 32, tokens="minilm")
lower = below(load_sentence_classifier(6), trec.train.first(384), LAST)  # (384, 32, 384)


def layer_inputs(model: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What each linear layer gets of real tokens, by name."""
    real, seen, handles = x.any(dim=-1), {}, []  # (b, s)
    real = real[:, : int(real.sum(dim=1).max())]
    for name, layer in model.blocks.named_modules(prefix="blocks"):
        if isinstance(layer, nn.Linear):
            keep = lambda module, args, name=name: seen.update({name: args[0][real]})  # noqa: E731
            handles.append(layer.register_forward_pre_hook(keep))
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return seen


strongest = eva_start if eva_start_grade.verdict == "pass" else variants.eva_start


def started(start: str, rank: int = RANK, seed: int = 0) -> UpperBlocks:
    """The last block under a head, with a path beside each linear layer."""
    model = UpperBlocks(load_sentence_classifier(6, seed), LAST)
    inputs = layer_inputs(model, lower.inputs[:64]) if start == "EVA" else {}
    draw = torch.Generator().manual_seed(seed)

    def begin(name: str, W0: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        if start == "PiSSA":
            return split(W0, rank)
        A = torch.randn(W0.shape[1], rank, generator=draw) / rank**0.5
        if start == "LoRA, length 1":
            A = A / A.norm(dim=0)
        if start == "EVA":
            A, _ = strongest(inputs[name], rank)
        return W0, A, torch.zeros(rank, len(W0))

    inject_started(model, LAYERS, rank, begin)
    return model


rates, seeds = (1e-3, 3e-3, 1e-2, 3e-2), (0, 1, 2)
reached = {}
starts = ("LoRA", "LoRA, length 1", "PiSSA", "EVA")
print(f"{'loss, steps 9 to 12':<20}" + "".join(f"{f'rate {lr:g}':>18}" for lr in rates))
for start in starts:
    for lr in rates:
        losses = []
        for seed in seeds:
            model = started(start, seed=seed)
            history = train(model, lower, epochs=1, lr=lr, batch_size=32, seed=seed, label=f"{start}, rate {lr:g}")
            losses.append(sum(history.loss[-4:]) / 4)
        reached[start, lr] = mean_and_spread(losses)
    print(f"{start:<20}" + "".join("{:>10.3f} ± {:.3f}".format(*reached[start, lr]) for lr in rates))

# %% tags=["skip-when-grading"]
title = "PiSSA and EVA beat LoRA at its best rate, and so does a random A with columns of length 1"
fig, axes = figure(title, "learning rate", "training loss, steps 9 to 12")
for k, start in enumerate(starts):
    means, spreads = zip(*(reached[start, lr] for lr in rates), strict=True)
    axes.errorbar(rates, means, yerr=spreads, color=COLORS[k], marker=MARKERS[k], capsize=4, label=start)
axes.set(xscale="log", ylim=(0.6, 4.3))
axes.legend(frameon=False)

# %% [markdown]
# Each start at its own best rate: LoRA 1.19 ± 0.10 (at 0.003), PiSSA 0.87 ± 0.06 and EVA 0.88 ± 0.08 (at 0.01). Both win clearly, and these two lie on top of each other. **And random columns of length 1 win by as much, 0.86 ± 0.15.** So what helps here at the best
# rate is no direction: columns seven times shorter bear a higher rate. (PEFT draws $A$ uniform within $1/\sqrt{i}$, columns 0.58 long: beside that start there is less to win.)
#
# The directions do show below the best rate, between starts of equal length: at 0.001 EVA has 1.48 and random columns 1.63, at 0.003 it is 1.13 against 1.33. EVA promises a larger gradient at
# the start, and that is worth something where the steps are too small. At 0.03 all have gone too far. A comparison of starts at one common rate mixes both effects: look for the sweep before you believe a table.

# %% [markdown]
# ## 3. Budgets that move
#
# Rank 8 everywhere is a habit. Lab 05 gave ranks to updates that were known. AdaLoRA ([Zhang et al. 2023](https://arxiv.org/abs/2303.10512)) does it while training:
# it writes the update of every layer as a sum of **triples**, a column of $A$, a number and a row of $B$,
#
# $$\Delta W = (A\,\mathrm{diag}(\lambda)\,B)^\top, \qquad A\ (i, r),\quad \lambda\ (r,),\quad B\ (r, o),$$
#
# starts with more of them than the budget allows, measures how important each is, and sets the $\lambda$ of the others to zero.

# %% [markdown]
# ### Exercise 4: which triples stay
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | measure importance, and choose over all layers at once | 3 of 5 | 10 min | 5 lines |
#
# How much does the loss hang on a number $w$? Set it to zero and, to first order, the loss changes by $-w \cdot \partial L/\partial w$. So its sensitivity is
# $s(w) = |w \cdot \partial L / \partial w|$, and the importance of triple $j$ adds what its three parts have to say:
#
# $$I_j = s(\lambda_j) + \frac1i \sum_k s(A_{kj}) + \frac1o \sum_k s(B_{jk}).$$
#
# (The paper also smooths $s$ over the steps and weighs it by how much it has varied.)
#
# * `triple_importance(A, lam, B, dA, dlam, dB)` returns $I$ $(r,)$; `dA`, `dlam`, `dB` are the gradients.
# * `allocate_ranks(importances, budget)` gets one $I$ a layer and returns a list with one mask of bools a layer, `True` where a triple stays. Exactly `budget`
#   triples stay over **all** layers together, the most important ones; all of them where there are no more. No two are equally important.
#
# <details><summary>Hint 1: where to start</summary>
# Write the shapes of the three products of number and gradient beside each other: (i, r), (r,), (r, o). Over which axis must you average, for (r,) to be left?
# </details>
# <details><summary>Hint 2: over all layers</summary>
# A layer in which nothing matters may lose all its triples. So layers are not looked at one by one: <code>torch.cat</code> joins their importances, and
# <code>tensor.split(sizes)</code> takes a joined result apart again.
# </details>
# <details><summary>Hint 3: by hand</summary>
# Importances (5, 1) and (4, 3, 2) with a budget of 3: the masks are (True, False) and (True, True, False). With a budget of 0 all are False. If a large and a small importance cancel in your numbers, at
# which moment did you take the magnitude?
# </details>


# %% nbgrader={"grade": false, "grade_id": "allocate-ranks", "locked": false, "schema_version": 3, "solution": true, "task": false}
def triple_importance(A, lam, B, dA, dlam, dB) -> torch.Tensor:
    """The importance of each triple (r,), from A (i, r), lam (r,), B (r, o) and the gradients of the loss."""
    ### BEGIN SOLUTION
    return (lam * dlam).abs() + (A * dA).abs().mean(dim=0) + (B * dB).abs().mean(dim=1)
    ### END SOLUTION


def allocate_ranks(importances: list[torch.Tensor], budget: int) -> list[torch.Tensor]:
    """A mask of bools for each layer: True for the `budget` most important triples of all layers together."""
    ### BEGIN SOLUTION
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-allocate-ranks", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
allocate_ranks_grade = check.allocate_ranks(triple_importance, allocate_ranks, points=3, of=4)


### BEGIN HIDDEN TESTS
def edges(function, draw):
    """It also serves budgets of nothing, of one and of more than all, a single layer, and other layers."""
    drawn = check.plans(draw, 4)
    edge = [check.Plan(c.importances, budget) for c in drawn for budget in (0, 1, 10_000)]
    check.judge_allocation(function, [*drawn, *edge, *check.plans(draw, 3, layers=1)])
    check.judge_importance(function, check.layers(draw, 4))


allocate_ranks_grade = allocate_ranks_grade.hidden(edges, points=1, after=("measures-importance",))
### END HIDDEN TESTS
allocate_ranks_grade

# %% [markdown]
# Where do the triples of a trained model go? The last block is trained as above from random columns of length 1; the update of each of its six layers is decomposed into eight triples, and
# the loss on the training questions gives their gradients. With $G = \partial L / \partial W$ the gradients of the three parts are products with $G$. Then 12 of the 48 triples stay: by
# importance, by $\lambda$ alone, or two in every layer.

# %% tags=["skip-when-grading"]
from lora_utils.methods import LinearWithLoRA

held_out = below(load_sentence_classifier(6), trec.valid.first(300), LAST)
pruned: dict[str, list] = {}
own = allocate_ranks_grade.verdict == "pass"
importance = triple_importance if own else variants.triple_importance
allocate = allocate_ranks if own else variants.allocate_ranks


def put(paths: list[LinearWithLoRA], triples: list[tuple], masks: list[torch.Tensor]) -> None:
    """Let the paths of the model hold the triples that stay."""
    with torch.no_grad():
        for path, (A, lam, B), mask in zip(paths, triples, masks, strict=True):
            path.lora.A.copy_(A * (lam * mask))
            path.lora.B.copy_(B)


def importance_of(triple: tuple, G: torch.Tensor) -> torch.Tensor:
    """The importance of a layer's triples, from the gradient G (o, i) of the loss with respect to its weight."""
    A, lam, B = triple
    pulled = G.T @ B.T  # (i, r)
    return importance(A, lam, B, pulled * lam, (A * pulled).sum(dim=0), (G @ A * lam).T)


for seed in seeds:
    model = started("LoRA, length 1", seed=seed)
    train(model, lower, epochs=1, lr=1e-2, batch_size=32, seed=seed, label="to be pruned")
    paths = [module for module in model.modules() if isinstance(module, LinearWithLoRA)]
    triples = []
    for path in paths:
        left, values, right = torch.linalg.svd((path.lora.A @ path.lora.B).detach(), full_matrices=False)
        triples.append((left[:, :RANK], values[:RANK], right[:RANK]))  # (i, r), (r,), (r, o)
    weights = [path.linear.weight.requires_grad_(True) for path in paths]
    gradients = torch.autograd.grad(F.cross_entropy(model(lower.inputs), lower.labels), weights)
    importances = [importance_of(*pair) for pair in zip(triples, gradients, strict=True)]
    ways = {
        "all 48": [torch.ones(RANK, dtype=torch.bool) for _ in paths],
        "12 by importance": allocate(importances, 12),
        "12 by lambda": allocate([lam for _, lam, _ in triples], 12),
        "12, two a layer": [torch.arange(RANK) < 2 for _ in paths],
        "none": [torch.zeros(RANK, dtype=torch.bool) for _ in paths],
    }
    for way, masks in ways.items():
        put(paths, triples, masks)
        with torch.no_grad():
            loss = F.cross_entropy(model(held_out.inputs), held_out.labels).item()
        pruned.setdefault(way, []).append((loss, [int(mask.sum()) for mask in masks]))

print(f"{'triples that stay':<20}{'loss, held out':>16}   query, key, value, output, up, down: ranks of each seed")
for way, found in pruned.items():
    mean, spread = mean_and_spread([loss for loss, _ in found])
    print(f"{way:<20}{mean:>8.3f} ± {spread:.3f}   " + "  ".join(str(ranks) for _, ranks in found))

# %% [markdown]
# A quarter of the triples keeps all there is to keep: 0.81 ± 0.11 by $\lambda$, as with all 48; without any it is 1.14. The up-projection gets three or four of the twelve by $\lambda$, with every seed.
#
# First-order importance, measured once, comes out last: 0.93 ± 0.04, behind two in every layer (0.85 ± 0.17; three seeds do not part these two). That is no refutation of AdaLoRA, which smooths it over many steps, weighs it by how much it varies, takes triples away a few at a
# time and lets the others go on learning. But it is a warning: $w\,\partial L/\partial w$ speaks about a small step, and setting a triple to zero is none. Measure what you have pruned.

# %% [markdown]
# ## 4. If you have time: vectors in place of matrices
#
# Budgets that move spend the same numbers better. How few numbers are enough?

# %% [markdown]
# ### Exercise 5: VeRA, two vectors a layer
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | a layer that trains r + o numbers | 3 of 5 | 12 min | 9 lines |
#
# VeRA ([Kopiczko et al. 2023](https://arxiv.org/abs/2310.11454)) draws one pair of random matrices for the whole model, never trains it, and gives each
# layer two vectors of its own:
#
# $$y = \mathrm{linear}(x) + \big(((x A) \odot d)\, B\big) \odot b, \qquad d\ (r,),\quad b\ (o,).$$
#
# Layers have different sizes, so the shared $A$ $(I, r)$ and $B$ $(r, O)$ are as large as the largest needs; a layer takes the **first** $i$ rows of $A$ and the **first** $o$ columns of $B$.
#
# Write `VeRALinear(linear, A, B, d_initial)`. `d` and `b` are parameters under these names; every number of `d` starts at `d_initial`, `b` at zero, both on the device of `A`. `linear` is kept and frozen, bias
# included. `A` and `B` are not trained, and not copied: all layers hold the same numbers, which is the whole saving.
#
# <details><summary>Hint 1: where to start</summary>
# Count: of four tensors beside the linear layer two are parameters. A tensor in <code>self</code> that is no <code>nn.Parameter</code> is not trained. A slice such as <code>A[:3]</code> is a view: it shares its numbers.
# </details>
# <details><summary>Hint 2: the shapes</summary>
# (..., i), then (..., r), times <i>d</i>, then (..., o), times <i>b</i>, and the linear layer's output has the shape (..., o) too. <code>linear.in_features</code> and <code>linear.out_features</code> are i and o.
# </details>
# <details><summary>Hint 3: what to check</summary>
# A layer 6 -> 5 over a pair of rank 4 trains 9 numbers. Its first output equals that of <code>linear</code>, and after one backward pass <code>b.grad</code> is not zero while <code>d.grad</code> is: why? If both are zero, which
# vector started at the wrong number?
# </details>


# %% nbgrader={"grade": false, "grade_id": "vera-linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
class VeRALinear(nn.Module):
    """A frozen linear layer and ((x A) * d) B * b beside it; only d (r,) and b (o,) train."""

    def __init__(self, linear: nn.Linear, A: torch.Tensor, B: torch.Tensor, d_initial: float = 0.1) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]  # (i, r), (r, o): views
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., i) -> (..., o)."""
        ### BEGIN SOLUTION
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-vera-linear", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
vera_linear_grade = check.vera_linear(VeRALinear, points=4, of=5)


### BEGIN HIDDEN TESTS
def other_layers(layer, draw):
    """It also serves matrices that just fit, rank 1, a single input without a batch, and no bias."""
    cases = [check.vera_case(draw, larger=0), check.vera_case(draw, rank=1), check.vera_case(draw, leading=())]
    check.judge_output(layer, [*cases, check.vera_case(draw, larger=3, bias=False, leading=(1, 2, 3))])


vera_linear_grade = vera_linear_grade.hidden(other_layers, points=1, after=("output",))
### END HIDDEN TESTS
vera_linear_grade

# %% tags=["skip-when-grading"]
from lora_utils import count_parameters
from lora_utils.variants import inject_vera

rates = (3e-3, 1e-2, 3e-2, 1e-1)
print(f"{'loss, steps 9 to 12':<20}{'numbers':>10}" + "".join(f"{f'rate {lr:g}':>12}" for lr in rates))
for name in ("LoRA, rank 1", "VeRA, rank 64"):
    losses = []
    for lr in rates:
        if name == "VeRA, rank 64":
            model = UpperBlocks(load_sentence_classifier(6), LAST)
            inject_vera(model, LAYERS, rank=64)
        else:
            model = started("LoRA, length 1", rank=1)
        history = train(model, lower, epochs=1, lr=lr, batch_size=32, label=f"{name}, rate {lr:g}")
        losses.append(sum(history.loss[-4:]) / 4)
    print(f"{name:<20}{count_parameters(model.blocks).trainable:>10,}" + "".join(f"{loss:>12.3f}" for loss in losses))

# %% [markdown]
# With little more than half the numbers VeRA comes near LoRA of rank 1: 0.99 against 0.88, each at its best rate (one seed, so no more than "near"). Its rank is nearly free: each layer pays $r + o$ numbers, and $o$ is the larger part.
# Its rate is high and forgiving: at 0.1 LoRA has exploded. What it saves is what an adapter holds, 3,840 numbers and a seed: of use to whoever stores thousands of adapters. A step's memory hardly changes, since the activations stay (lab 02).

# %% [markdown]
# ## 5. What an adapter does to a weight
#
# Two models may answer equally well and still be different models. Shuttleworth et al.
# ([2024](https://arxiv.org/abs/2410.21228)) looked at the weights themselves. A weight is a sum of directions
# (lab 05): before fine-tuning and after it,
#
# $$W_0 = \sum_{i=1}^{m} s_i\, u_i v_i^\top, \qquad W = \sum_{j=1}^{m} t_j\, y_j z_j^\top, \qquad s_1 \ge s_2 \ge \dots, \quad t_1 \ge t_2 \ge \dots$$
#
# $u_i$ and $y_j$ are the left singular vectors: directions in which the layer *writes*. Full fine-tuning, they report, changes the
# strong ones a little and keeps them. LoRA brings strong ones that were not there: **intruder dimensions**, those $y_j$ with
#
# $$\max_i \; \lvert \langle y_j, u_i \rangle \rvert \; < \; \text{threshold}.$$
#
# The vectors have length 1, so the product is a cosine. Only the strongest $y_j$ are asked; what is weak acts little. And the place does not
# count: a direction that was the fourth and is now the first is an old one.

# %% [markdown]
# ### Exercise 6: intruder dimensions
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | tell whether a weight has strong directions that it did not have | 2 of 5 | 10 min | 4 lines |
#
# Write `intruder_dimensions(before, after, top=10, threshold=0.5)`. Both weights have the shape (out, in), as `nn.Linear` stores them. Of the
# `top` strongest left singular vectors of `after` (or of all, if there are fewer), return how many have a cosine below `threshold`, in absolute value, with **every** left
# singular vector of `before`: an `int`.
#
# <details><summary>Hint 1: where to start</summary>
# <code>torch.linalg.svd(W, full_matrices=False)</code> gives <code>U</code> (out, m), whose <i>columns</i> are the left singular vectors, the strongest first. How
# do you get all cosines between the columns of two matrices in one product?
# </details>
# <details><summary>Hint 2: the table</summary>
# Of the table of cosines, (m, m), you need the columns that belong to the strongest of <code>after</code>, and in each column one number. A singular vector and its
# negative are the same direction.
# </details>
# <details><summary>Hint 3: two weights by hand</summary>
# For <code>before = torch.diag(torch.tensor([3.0, 2.0, 0.0]))[:, :2]</code>, three outputs and two inputs: if <code>after</code> is <code>-before</code> or has the two values exchanged,
# the count is 0. If <code>after</code> also writes 9 times its second input into the third output, the count is 1 for <code>top=1</code>. It stays 1 for
# <code>top=2</code>. What would <code>full_matrices=True</code> say, and why is that wrong?
# </details>


# %% nbgrader={"grade": false, "grade_id": "intruder-dimensions", "locked": false, "schema_version": 3, "solution": true, "task": false}
def intruder_dimensions(before: torch.Tensor, after: torch.Tensor, top: int = 10, threshold: float = 0.5) -> int:
    """How many of the strongest left singular vectors of `after` lie near no left singular vector of `before`.

    Args:
        before, after: weights (out, in).
        top: how many of the strongest are looked at.
        threshold: below it, a cosine counts as far away.
    """
    ### BEGIN SOLUTION
    old = torch.linalg.svd(before, full_matrices=False).U  # (out, m)
    new = torch.linalg.svd(after, full_matrices=False).U[:, :top]  # (out, top)
    cosines = (old.T @ new).abs().amax(dim=0)  # (m, top) -> (top,)
    return int((cosines < threshold).sum())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-intruder-dimensions", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
intruder_dimensions_grade = check.intruder_dimensions(intruder_dimensions, points=3, of=4)


### BEGIN HIDDEN TESTS
def any_shape(function, draw):
    """It also serves wide and tall weights, a single row or column, and weights that did not change."""
    cases = check.changes(draw, [(5, 19), (21, 6), (2, 7), (7, 1), (12, 11)], check.TOLD[:5])
    still = [case._replace(after=case.before) for case in cases[:4]]
    check.judge_counts(function, [*cases, *still])


intruder_dimensions_grade = intruder_dimensions_grade.hidden(any_shape, points=1, after=("counts",))
### END HIDDEN TESTS
intruder_dimensions_grade

# %% [markdown]
# Now measure it, on the last block of MiniLM: six matrices with ten strong directions each, 60 in all. A head for film sentences is trained over the
# frozen encoder first. Then the block learns another task, TREC's questions, by LoRA or in full, and afterwards the film head is put back: what it
# has lost is the forgetting of lab 02. What lies below the block is computed once (lab 03). Each way has one rate that was not swept (lab 09), so the scores do not rank the methods.
#
# **Predict before you run**: which has more intruders, LoRA at rank 1 or at rank 8, or full fine-tuning? And which forgets more?

# %% tags=["skip-when-grading"]
from lora_utils.data import Examples
from lora_utils.data import load as load_corpus
from lora_utils.models import UpperBlocks, below, load_sentence_classifier
from lora_utils.training import accuracy, forgetting, head_inputs, mean_and_spread
from lora_utils.training import train as fit

LAST = 5  # of the blocks 0 to 5
films, questions = (load_corpus(name, max_len=20, tokens="minilm") for name in ("rotten_tomatoes", "trec"))
encoder = load_sentence_classifier(2)
film_train, film_test = (below(encoder, part.first(400), LAST) for part in (films.train, films.test))
question_train, question_test = (below(encoder, part.first(384), LAST) for part in (questions.train, questions.test))

start = UpperBlocks(load_sentence_classifier(2), LAST)
vectors = Examples(head_inputs(start, start.head, film_train), film_train.labels)
fit(start.head, vectors, epochs=40, lr=0.01, batch_size=32)
print(f"films, with the frozen encoder: {accuracy(start, film_test):.3f}")

# %% tags=["skip-when-grading"]
own_count = intruder_dimensions_grade.verdict == "pass"
count_intruders = intruder_dimensions if own_count else variants.count_intruder_dimensions
print("counted by", "your function" if own_count else "the course's function")
before = {name: layer.weight.detach() for name, layer in start.blocks.named_modules() if isinstance(layer, nn.Linear)}
WAYS = {"LoRA, r = 1": (1, 0.01), "LoRA, r = 8": (8, 0.003), "in full": (0, 0.001)}  # rank and learning rate


def tuned(rank, lr, seed):
    """The last block and a head of six classes, trained on the questions; rank 0 trains the matrices themselves."""
    model = UpperBlocks(load_sentence_classifier(6, seed), LAST)
    torch.manual_seed(seed)
    if rank:
        lora_utils.inject_lora(model.blocks, "*", rank, alpha=1.0)
    else:
        for layer in model.blocks.modules():
            if isinstance(layer, nn.Linear):
                layer.weight.requires_grad_(True)
    fit(model, question_train, epochs=3, lr=lr, batch_size=32, seed=seed)
    lora_utils.merge_lora(model)
    return model


def weights_of(model):
    """The six matrices, by the names that they had at the start."""
    modules = dict(model.blocks.named_modules())
    return {name: getattr(modules[name], "linear", modules[name]).weight for name in before}


# %% tags=["skip-when-grading"]
SEEDS, models, rows = (0, 1), {}, {}
for name, (rank, lr) in WAYS.items():
    for seed in SEEDS:
        model = models[name, seed] = tuned(rank, lr, seed)
        after = weights_of(model)
        moved = max(((after[n] - W).norm() / W.norm()).item() for n, W in before.items())
        count = sum(count_intruders(W, after[n].detach()) for n, W in before.items())
        rows.setdefault(name, []).append(
            (accuracy(model, question_test), forgetting(start, model, film_test, head="head"), count, moved)
        )
print(f"{'':<14}{'questions':>10}{'forgetting':>12}{'intruders of 60':>17}{'largest |ΔW| / |W|':>20}")
for name, found in rows.items():
    score, lost, count, moved = (sum(column) / len(found) for column in zip(*found, strict=True))
    print(f"{name:<14}{score:>10.3f}{lost:>12.3f}{count:>17.1f}{moved:>20.2f}")

# %% [markdown]
# The count does what the paper says. LoRA at rank 1 puts one new direction into nearly every matrix, and at rank 8 some 25 of the 60 strongest directions are new; full fine-tuning, which answers
# the questions better, brings two or three.
#
# The last column, that of the matrix that moved most, says why. Full fine-tuning moves none by more than a fifth of its length, spread over hundreds of directions, each of them weak. LoRA moves one by half of its length or more,
# and all of that goes into one direction, or eight. A term of rank one that is as large as the strongest of the weight *becomes* one of the strongest, and where it points
# nothing was before. An intruder says: here is an update of low rank that is large beside the weight's own singular values.
#
# The forgetting does not follow the count. On 400 sentences its standard error is about 0.02 to 0.03, and the three ways lie within that of each other.

# %% [markdown]
# ### If you have time: are the intruders to blame?
#
# The paper multiplies their singular values by a factor below 1 after the training, and reports that much of what was forgotten comes back, while the new task loses
# little. PEFT has this as `reduce_intruder_dimension`. An intervention needs a **control**: the next cell shrinks the intruders, and beside that the whole update, intruders or not, by the same
# factor. **Predict before you run**: which of the two helps the films more?

# %% tags=["skip-when-grading"]
FACTORS, SHRUNK = (1.0, 0.75, 0.5), ("intruders", "whole update")
tried = {(way, 1.0): [row[:2] for row in rows["LoRA, r = 8"]] for way in SHRUNK}


def shrunk(after, way, factor):
    """A changed weight for each name, with its intruders or with its whole update times a factor."""
    if way == "intruders":
        return {n: variants.scale_intruder_dimensions(W, after[n], factor) for n, W in before.items()}
    return {n: W + factor * (after[n] - W) for n, W in before.items()}


for seed in SEEDS:
    model = models["LoRA, r = 8", seed]
    after = {name: weight.detach().clone() for name, weight in weights_of(model).items()}
    for way, factor in [(way, factor) for way in SHRUNK for factor in FACTORS[1:]]:
        with torch.no_grad():
            for name, weight in shrunk(after, way, factor).items():
                weights_of(model)[name].copy_(weight)
        scores = accuracy(model, question_test), forgetting(start, model, film_test, head="head")
        tried.setdefault((way, factor), []).append(scores)
    with torch.no_grad():
        for name, weight in after.items():
            weights_of(model)[name].copy_(weight)
means = {key: [sum(column) / len(found) for column in zip(*found, strict=True)] for key, found in tried.items()}
for (way, factor), (score, lost) in sorted(means.items(), key=lambda item: (item[0][0], -item[0][1])):
    print(f"{way:<13} times {factor:<5g} questions {score:.3f}, forgetting {lost:+.3f}")

# %% tags=["skip-when-grading"]
fig, (left, right) = figure(
    "LoRA brings strong directions of its own; to shrink the whole update cures as much as to shrink these",
    ["singular vector of W, strongest first", "factor on the intruders, or on the whole update"],
    ["largest cosine with one of W0", "accuracy, mean of two seeds"],
    columns=2,
)
for k, name in enumerate(WAYS):
    after = weights_of(models[name, 0])
    cosines = torch.stack([variants.top_cosines(W, after[n].detach()) for n, W in before.items()])  # (6, 10)
    look = {"color": COLORS[k], "linestyle": DASHES[k], "marker": MARKERS[k]}
    left.plot(range(1, 11), cosines.mean(0), label=name, **look)
left.axhline(0.5, color="grey", linewidth=1)
left.set(ylim=(0, 1.03), xticks=range(1, 11))
left.legend(frameon=False, fontsize=8)
film_start = accuracy(start, film_test)
for k, way in enumerate(SHRUNK):
    look = {"color": COLORS[2 * k], "marker": MARKERS[k]}
    right.plot(FACTORS, [means[way, f][0] for f in FACTORS], "-", label=f"questions; {way} shrunk", **look)
    right.plot(FACTORS, [film_start - means[way, f][1] for f in FACTORS], ":", label=f"films; {way} shrunk", **look)
right.axhline(film_start, color="grey", linewidth=1)
right.set_xticks(FACTORS)
right.legend(frameon=False, fontsize=7)

# %% [markdown]
# Left: in the mean over the six matrices, the first direction after rank 1 and the first four or five after rank 8 lie below the line. After full fine-tuning all lie above it.
#
# Right: with the intruders at three quarters, half of the forgetting is gone, for two points of the questions. So far this is the paper's finding. But with the *whole* update at three
# quarters just as much is gone, for nothing; at one half, the questions still stand where they stood, when with the intruders at one half they have lost seven points. On this model the cure is a smaller
# update, and the intruders are its largest part. (Lab 06 called the factor $\alpha$; here it is turned after training.) One block, two seeds and 400 sentences cannot say how it is with a language model; they can say that
# a paper's intervention should be read beside its control.
#
# And the count is not for every size. In $d$ dimensions a random direction has, with the nearest of $m$ others, a cosine of about $\sqrt{2 \ln m / d}$: 0.18 for 384 of 384, and 0.25 for the 50 of 128 in lab 06's
# classifier. There a threshold of 0.5 leaves less room, and an adapter of rank 8 brings 0 or 3 intruders of 10 (it is counted in the next section).

# %% [markdown]
# ## 6. Many adapters over one base
#
# Lab 06 swapped adapters, one task at a time. A server that answers for a thousand customers keeps **one** base in memory and a thousand small adapters beside it, and requests for different adapters
# arrive together. Computing them one after the other would run the base with small batches, for which processors are not made. So the
# batch stays whole. The base is the same for all rows; of the paths, each row takes its own:
#
# $$y_n = \texttt{linear}(x_n) + \alpha_k\, x_n A_k B_k, \qquad k = \texttt{index}[n].$$
#
# With $A$ of shape ($n$, in, $r$) for $n$ adapters, `A[index]` is (b, in, $r$): a matrix for each row of the batch. `torch.bmm` multiplies b pairs of matrices at once. Punica
# ([Chen et al. 2023](https://arxiv.org/abs/2310.18547)) and S-LoRA ([Sheng et al. 2023](https://arxiv.org/abs/2311.03285)) do this in kernels that read $A_k$ where it lies instead of copying it; vLLM has
# such kernels. PEFT's `adapter_names` goes through the adapters one by one and picks their rows.
#
# A row may want no adapter. Its index is -1.

# %% [markdown]
# ### Exercise 7: BatchedLoRA
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | serve each row of a batch by its own adapter | 3 of 5 | 14 min | 8 lines |
#
# Complete the class. It gets a layer that all share and the trained factors of $n$ adapters of one rank: `A` (n, in, r), `B` (n, r, out), `alpha` (n,).
#
# * `forward(x, index)`: `x` is (b, in), or (b, s, in) for rows that are sequences, and `index` (b,) names an adapter from 0 to n - 1 for each row, or -1: the base alone. The result is (b, out) or (b, s, out).
# * The layer is the one that was given, called once for all rows and frozen. Nothing is trained here.
# * What belongs to the module moves with it, as by `.double()` or `.to(device)`; and no adapter gets a whole (out, in) matrix.
#
# <details><summary>Hint 1: where to start</summary>
# Tensors that move with a module and are not trained are buffers: <code>self.register_buffer("name", tensor)</code>. Begin with x of shape (b, s, in) and print the shape of <code>A[index]</code>.
# </details>
# <details><summary>Hint 2: the shapes</summary>
# <code>torch.bmm</code> takes (b, s, in) and (b, in, r). For x (b, in), put an axis of length 1 in and take it out again; or let <code>torch.einsum</code> name the axes, where <code>...</code> stands for any. A number for each
# row needs as many axes as what it multiplies.
# </details>
# <details><summary>Hint 3: two rows</summary>
# With <code>linear = nn.Linear(1, 1)</code> of weight 1 and bias 0, A = B = 1 for all of three adapters and alphas of 10, 20 and 30: x = (1, 1, 1) and index (2, 0, -1) give 31, 11 and 1. If your last number is 31, what does -1 mean
# to PyTorch?
# </details>


# %% nbgrader={"grade": false, "grade_id": "batched-lora", "locked": false, "schema_version": 3, "solution": true, "task": false}
class BatchedLoRA(nn.Module):
    """One frozen layer for many adapters: row n of a batch gets linear(x_n) + alpha_k (x_n A_k B_k), k = index[n]."""

    def __init__(self, linear: nn.Linear, A: torch.Tensor, B: torch.Tensor, alpha: torch.Tensor) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)  # (n, in, r)
        self.register_buffer("B", B)  # (n, r, out)
        self.register_buffer("alpha", alpha)  # (n,)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)  # (b, s, in)
        path = rows.bmm(self.A[index]).bmm(self.B[index])  # (b, s, in) @ (b, in, r) @ (b, r, out)
        scale = self.alpha[index] * (index >= 0)  # (b,): 0 where no adapter is wanted
        return y + (scale[:, None, None] * path).reshape(y.shape)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-batched-lora", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
batched_lora_grade = check.batched_lora(BatchedLoRA, points=5, of=6)


### BEGIN HIDDEN TESTS
def odd_batches(layer, draw):
    """It also serves a single adapter, a single row, long sequences, and batches larger than there are adapters."""
    many = [draw.integer(-1, 2) for _ in range(17)]
    cases = [check.serving_case(draw, [0, -1, 0], count=1), check.serving_case(draw, [1], count=2)]
    cases += [check.serving_case(draw, many, count=3), check.serving_case(draw, [2, 5, -1, 0], (9,), count=6)]
    check.judge_rows(layer, [*cases, check.serving_case(draw, [-1, 1], (1,)), check.serving_case(draw, [3] * 4, (2,))])


batched_lora_grade = batched_lora_grade.hidden(odd_batches, points=1, after=("base-alone", "serves-sequences"))
### END HIDDEN TESTS
batched_lora_grade

# %% [markdown]
# Four adapters to serve, all on `fc1` of lab 06's classifier with rank 8 and alpha 1: film reviews (IMDb), film sentences (Rotten Tomatoes), posts on science against politics, and posts on
# computers against recreation. Each has a head of its own.

# %% tags=["skip-when-grading"]
from lora_utils.experiments import mean_vectors, transfer_classifier

classifier = transfer_classifier(2, seed=0)


def two_of(data, first, second):
    """The examples of two classes, relabelled 0 and 1."""
    chosen = (data.labels == first) | (data.labels == second)
    return Examples(data.inputs[chosen], (data.labels[chosen] == second).long())


def parts_of(corpus):
    """Its three parts."""
    return corpus.train, corpus.valid, corpus.test


posts = parts_of(load_corpus("newsgroups"))
tasks = {"IMDb": parts_of(load_corpus("imdb")), "Rotten Tomatoes": parts_of(load_corpus("rotten_tomatoes"))}
tasks["science or politics"] = tuple(two_of(part, 2, 3) for part in posts)
tasks["computers or recreation"] = tuple(two_of(part, 0, 1) for part in posts)
tasks = {name: [mean_vectors(classifier, part) for part in parts] for name, parts in tasks.items()}

# %% tags=["skip-when-grading"]
paths, heads = {}, {}
for name, (train_part, _, _) in tasks.items():
    model = transfer_classifier(2, seed=0)
    torch.manual_seed(0)  # A is drawn at random
    lora_utils.inject_lora(model, "fc1", rank=8, alpha=1.0)
    fit(nn.Sequential(model.fc1, nn.ReLU(), model.fc2), train_part, epochs=8, lr=0.01, batch_size=256)
    paths[name], heads[name] = model.fc1.lora, model.fc2
updates = {name: (path.alpha * path.A @ path.B).T.detach() for name, path in paths.items()}  # (128, 50) each

intruders = [count_intruders(classifier.fc1.weight, classifier.fc1.weight + update) for update in updates.values()]
print("intruders of 10 in each:", intruders)


# %% [markdown]
# First that it is right: one batch of eight texts, two of each of the four tasks, through one layer. The hidden vectors must be those that each task's own adapter gives.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
own_batched = batched_lora_grade.verdict == "pass"
print("served by", "your class" if own_batched else "the course's class")


def serve(linear, adapters):
    """Your BatchedLoRA over these LoRALayers if it has passed, else the course's."""
    if not own_batched:
        return variants.BatchedLoRA(linear, adapters)
    A, B = (torch.stack([getattr(path, name).detach() for path in adapters]) for name in "AB")
    return BatchedLoRA(linear, A, B, torch.tensor([path.alpha for path in adapters]))


one = serve(classifier.fc1, list(paths.values()))
x, index = torch.cat([part[2].inputs[:2] for part in tasks.values()]), torch.arange(4).repeat_interleave(2)
with torch.no_grad():
    alone = torch.cat(
        [classifier.fc1(rows) + path(rows) for rows, path in zip(x.split(2), paths.values(), strict=True)]
    )
    print("largest difference below 1e-5:", bool((one(x, index) - alone).abs().max() < 1e-5))
    print("without adapters, the base bit for bit:", torch.equal(one(x, torch.full((8,), -1)), classifier.fc1(x)))

# %% [markdown]
# Then what it costs, at the size of MiniLM's attention (384 x 384, rank 8) and for 32 rows: once a single token each, as when a model writes word by word, and once sequences of 12. The ways take turns in 25 rounds, on
# one thread, and the fastest round of each counts: what else the machine does can only make it slower.
#
# **Predict before you run**: with 1, 4, 16, 32 adapters in the batch, how many times as long as *one* adapter for all rows does your class take, and how long does it take to run the adapters one after the other?


# %% tags=["skip-when-grading"]
def in_turn(linear, adapters, x, index):
    """Each adapter's rows by themselves, base and path, written back to their places."""
    y = torch.empty(*x.shape[:-1], linear.out_features)
    for k, path in enumerate(adapters):
        rows = (index == k).nonzero().flatten()
        y[rows] = linear(x[rows]) + path(x[rows])
    return y


def seconds(run, repeats):
    """Of one call, over that many."""
    begin = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - begin) / repeats


WIDTH, ROWS, COUNTS, LENGTHS = 384, 32, (1, 2, 4, 8, 16, 32), (1, 12)


def compared(length, count):
    """The time of each way in units of one adapter for all, for rows of that length and that many adapters."""
    linear = nn.Linear(WIDTH, WIDTH)
    adapters = [lora_utils.LoRALayer(WIDTH, WIDTH, rank=8, alpha=1.0) for _ in range(count)]
    batched, single = serve(linear, adapters), lora_utils.LinearWithLoRA(linear, rank=8, alpha=1.0)
    x, index = torch.randn(ROWS, length, WIDTH), torch.arange(ROWS) % count
    runs = {
        "one adapter for all": lambda: single(x),
        "a batch of adapters": lambda: batched(x, index),
        "one after the other": lambda: in_turn(linear, adapters, x, index),
    }
    with torch.no_grad():
        rounds = [{name: seconds(run, 4 if length == 1 else 2) for name, run in runs.items()} for _ in range(25)]
    fastest = {name: min(one[name] for one in rounds) for name in runs}
    return {name: fastest[name] / fastest["one adapter for all"] for name in runs}


ratios = {(length, count): compared(length, count) for length in LENGTHS for count in COUNTS}
for length in LENGTHS:
    for name in ("a batch of adapters", "one after the other"):
        values = "".join(f"{ratios[length, count][name]:>7.1f}" for count in COUNTS)
        print(f"{length:>2} tokens a row, {name}:{values}")

# %% tags=["skip-when-grading"]
fig, panels = figure(
    "A batch of adapters costs the same however many there are; in turn, each adds its own",
    "adapters in a batch of 32 rows",
    "times as long as one adapter",
    columns=2,
)
for panel, length in zip(panels, LENGTHS, strict=True):
    for k, name in enumerate(("a batch of adapters", "one after the other")):
        look = {"color": COLORS[2 * k], "linestyle": DASHES[k], "marker": MARKERS[k]}
        panel.plot(COUNTS, [ratios[length, count][name] for count in COUNTS], label=name, **look)
    panel.axhline(1, color="grey", linewidth=1)
    panel.set_xscale("log", base=2)
    panel.set_xticks(COUNTS, [str(count) for count in COUNTS])
    panel.set_ylim(bottom=0)
    panel.legend(frameon=False, title=f"{length} token{'s' if length > 1 else ''} a row", alignment="left", fontsize=8)

# %% [markdown]
# * For single tokens, a batch of adapters costs about twice as much as one adapter for all, and **it stays there**, from 1 adapter to 32: each row reads its own $A$ and $B$, 6,144 numbers that `A[index]` copies first. A kernel that
#   reads them where they lie, as Punica's does, saves the copy.
# * One after the other, each further adapter adds a call of the base with fewer rows. With 32 adapters that is more than ten times as long.
# * With 12 tokens in a row the base has more to do, and the gather is next to nothing: a batch of 32 adapters takes hardly longer than one adapter. In turn they take two to three times as long.
#
# Memory, counted: base and 32 adapters hold 147,840 + 32 x 6,145 numbers, 344,480 together. 32 merged copies would hold 4,730,880. With more than 24 adapters of this rank the paths outweigh the base
# of this small layer; of one of 4,096 x 4,096 with more than 256.

# %% [markdown]
# ## 7. If you have time: several adapters in one weight
#
# Serving keeps adapters apart. Where one model shall do what several do, they are merged. Lab 06 blended two by a weighted sum. That is **task arithmetic** ([Ilharco et al. 2022](https://arxiv.org/abs/2212.04089)): an
# update $U_t$ of each task $t$ (of LoRA, $\alpha\,(AB)^\top$), and in the place of all of them
#
# $$U = \lambda \sum_t U_t,$$
#
# with one scale $\lambda$ chosen on validation. Where two updates pull a number in opposite directions, the sum serves neither. **TIES**
# ([Yadav et al. 2023](https://arxiv.org/abs/2306.01708)) lets them vote, in three steps:
#
# 1. **Trim**: of each update, keep the `int(density * n)` of its $n$ numbers that are largest in magnitude, and set the others to 0: $V_t$.
# 2. **Elect**: in each place, the sign of $\sum_t V_t$ wins. A large number has more to say than a small one.
# 3. **Merge**, disjointly: in each place take the mean of those $V_t$ that have the elected sign there. What is 0 has no sign and does not count;
#    where nobody is left, the result is 0.

# %% [markdown]
# ### Exercise 8: TIES
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | merge updates without letting them cancel | 3 of 5 | 12 min | 8 lines |
#
# Write `merge_ties(updates, density)` for a list of at least one tensor, all of one shape, and a density above 0 and at most 1. Each update is trimmed by itself, over
# all its axes at once. It returns one tensor of that shape, without $\lambda$.
#
# <details><summary>Hint 1: where to start</summary>
# Write the trimming as a function of one update. <code>tensor.flatten()</code> makes a vector of it, and <code>topk(k)</code> finds the largest of a vector and where they stand.
# </details>
# <details><summary>Hint 2: the shapes</summary>
# <code>torch.stack</code> of the trimmed updates has the shape (t, ...). Election and merging reduce its first axis. A comparison of signs is a mask of that shape too: how many
# agree in a place is a sum over it.
# </details>
# <details><summary>Hint 3: two updates by hand</summary>
# (4, -3, 1, 0.5) and (-6, -1, 2, 0.1) with density 0.5. Trimmed: (4, -3, 0, 0) and (-6, 0, 2, 0). Elected: minus, minus, plus, nobody. Merged: (-6, -3, 2, 0). Why is the second number -3 and
# not -1.5? And by what do you divide in the last place?
# </details>


# %% nbgrader={"grade": false, "grade_id": "merge-ties", "locked": false, "schema_version": 3, "solution": true, "task": false}
def merge_ties(updates: list[torch.Tensor], density: float) -> torch.Tensor:
    """Trim each update to its largest numbers, elect a sign for each place, and average those that have it.

    Args:
        updates: at least one, all of one shape.
        density: the share of each update that is kept, above 0 and at most 1.
    """
    ### BEGIN SOLUTION
    trimmed = []
    for update in updates:
        flat = update.flatten()
        largest = flat.abs().topk(int(density * len(flat))).indices
        trimmed.append(torch.zeros_like(flat).index_copy(0, largest, flat[largest]).reshape(update.shape))
    V = torch.stack(trimmed)  # (t, ...)
    agree = (V.sign() == V.sum(dim=0).sign()) & (V != 0)  # (t, ...)
    return (V * agree).sum(dim=0) / agree.sum(dim=0).clamp(min=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-merge-ties", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
merge_ties_grade = check.merge_ties(merge_ties, points=4, of=5)


### BEGIN HIDDEN TESTS
def alone_and_many(function, draw):
    """It also merges a single update, nine of them, tensors of three axes, and updates of very different size."""
    cases = [check.merge_case(draw, *case) for case in ((1, (5, 3), 0.4), (9, (4, 5), 0.5), (3, (2, 3, 4), 0.5))]
    uneven = check.merge_case(draw, 3, (6, 7), 0.3)
    cases.append(uneven._replace(updates=[10.0**k * update for k, update in enumerate(uneven.updates)]))
    check.judge_merge(function, [*cases, check.merge_case(draw, 1, (8,), 1.0)])


merge_ties_grade = merge_ties_grade.hidden(alone_and_many, points=1, after=("merges",))
### END HIDDEN TESTS
merge_ties_grade

# %% [markdown]
# **DARE** ([Yu et al. 2023](https://arxiv.org/abs/2311.03099)) thins updates out before they are merged, so that fewer meet in one place. It does not ask which numbers are large.
# Each is dropped with probability $p$, by a chance of its own, and those that stay are divided by $1 - p$, so that on average nothing changes:
#
# $$\mathbb{E}\left[\frac{M_{ab}\, U_{ab}}{1 - p}\right] = U_{ab}, \qquad M_{ab} = 1 \text{ with probability } 1 - p, \text{ else } 0.$$
#
# It is dropout, on an update instead of on activations, and once instead of in every step. The abstract says that of language models 90 or even 99 % of the update may go.

# %% [markdown]
# ### Exercise 9: drop and rescale
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | thin an update out and keep its mean | 2 of 5 | 6 min | 2 lines |
#
# Write `drop_and_rescale(update, drop)` for an update of any shape and $0 \le$ `drop` $< 1$. It returns a new tensor of that shape. Draw anew in every call, and set no seed.
#
# <details><summary>Hint 1: where to start</summary>
# <code>torch.rand_like(update)</code> draws a number from 0 to 1 for each number of the update. With what probability does one lie below 0.3?
# </details>
# <details><summary>Hint 2: the factor</summary>
# A number that stays only every tenth time must count ten times as much when it does. What is that for a drop of 0.9?
# </details>
# <details><summary>Hint 3: a test</summary>
# Of <code>torch.ones(1000)</code> with a drop of 0.75 there remain about 250 numbers, all of them 4, and the mean is about 1. With a drop of 0 all stay as they are. A second call leaves
# others, and not quite as many.
# </details>


# %% nbgrader={"grade": false, "grade_id": "drop-and-rescale", "locked": false, "schema_version": 3, "solution": true, "task": false}
def drop_and_rescale(update: torch.Tensor, drop: float) -> torch.Tensor:
    """Each number is 0 with probability `drop`, and otherwise as much larger as keeps its mean.

    Args:
        update: any shape.
        drop: from 0 to below 1.
    """
    ### BEGIN SOLUTION
    stays = torch.rand_like(update) >= drop
    return update * stays / (1 - drop)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-drop-and-rescale", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
drop_and_rescale_grade = check.drop_and_rescale(drop_and_rescale, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_rates(function, draw):
    """It also keeps share and mean at other rates, for an update that is wide."""
    check.judge_values(function, [check.thin_case(draw, 9, 400, drop) for drop in (0.05, 0.5, 0.97)])
    check.judge_chance(function, check.thin_case(draw, 40, 80, draw.choice((0.2, 0.8))))


drop_and_rescale_grade = drop_and_rescale_grade.hidden(other_rates, points=1, after=("drops-and-rescales",))
### END HIDDEN TESTS
drop_and_rescale_grade

# %% [markdown]
# Merge the four adapters of the last section. Each task keeps its head; the *body* is what is merged. First: how often do their updates disagree in sign?

# %% tags=["skip-when-grading"]
network = nn.Sequential(nn.Linear(50, 128), nn.ReLU(), nn.Linear(128, 2)).requires_grad_(False)


def score(update, name, part=2):
    """Accuracy on a task, with the base plus an update and the task's own head; parts are train, valid and test."""
    network[0].load_state_dict({"weight": classifier.fc1.weight + update, "bias": classifier.fc1.bias})
    network[2].load_state_dict(heads[name].state_dict())
    return accuracy(network, tasks[name][part])


signs = torch.stack(list(updates.values())).sign().sum(0).abs()
print(f"places in which not all four updates have one sign: {(signs < 4).float().mean():.0%}")

# %% [markdown]
# **Predict before you run**: four random signs agree in one place of eight. What do you expect TIES to gain over the plain sum? Each way gets the one scale $\lambda$ that is best on average over the four
# validation parts, and of TIES and DARE two settings are shown.

# %% tags=["skip-when-grading"]
own_ties, own_dare = merge_ties_grade.verdict == "pass", drop_and_rescale_grade.verdict == "pass"
ties = merge_ties if own_ties else variants.merge_ties
dare = drop_and_rescale if own_dare else variants.drop_and_rescale
print("TIES is", "yours," if own_ties else "the course's,", "DARE is", "yours" if own_dare else "the course's")
SCALES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5)
seed_everything(0)
all_updates = list(updates.values())
As, Bs = ([getattr(path, name).detach() for path in paths.values()] for name in "AB")
merges = {
    "sum": variants.task_arithmetic(all_updates),
    "TIES, density 0.2": ties(all_updates, 0.2),
    "TIES, density 0.5": ties(all_updates, 0.5),
    "TIES of A and of B apart": (ties(As, 0.5) @ ties(Bs, 0.5)).T,
    "sum after DARE, p = 0.5": variants.task_arithmetic([dare(one, 0.5) for one in all_updates]),
    "sum after DARE, p = 0.9": variants.task_arithmetic([dare(one, 0.9) for one in all_updates]),
}
short = ("IMDb", "RT", "sci/pol", "comp/rec")
print(f"{'':<26}{'scale':>6}" + "".join(f"{name:>10}" for name in (*short, "mean")))
table = {"no update": ("", [score(0 * all_updates[0], name) for name in tasks])}
table["each its own"] = "", [score(updates[name], name) for name in tasks]
for way, merged in merges.items():
    by_scale = {scale: sum(score(scale * merged, name, 1) for name in tasks) for scale in SCALES}
    best = max(by_scale, key=by_scale.get)
    table[way] = f"{best:g}", [score(best * merged, name) for name in tasks]
for way, (scale, scores) in table.items():
    print(f"{way:<26}{scale:>6}" + "".join(f"{value:>10.3f}" for value in (*scores, sum(scores) / 4)))

# %% [markdown]
# What to take from it:
#
# * **Merging works.** One update for four tasks, at half its scale, keeps 0.807 of the 0.821 that four separate adapters have, where no update leaves 0.765. The heads help: with them alone, the two tasks on posts are nearly done.
# * **The plain sum is not beaten here.** TIES with density 0.2 comes close, and with 0.5 it loses the films. By its abstract it "outperforms several existing methods"
#   in diverse settings; one matrix of 6,400 numbers is another one. The signs disagree in 85 % of all places, hardly less often than by chance (7/8): these updates are nearly orthogonal, and to add
#   orthogonal updates does little harm.
# * **Merge updates, not factors.** "TIES of A and of B apart" is what PEFT's `add_weighted_adapter(..., combination_type="ties")` does, which keeps the rank; `"ties_svd"` merges the updates and
#   decomposes the result. $A_1 B_1 + A_2 B_2$ is not $(A_1 + A_2)(B_1 + B_2)$ (lab 06), and with signs elected in the factors nothing is left of the gain.
# * **A method comes with its scale.** Each row is at its own best one, chosen on validation: from 0.1 to 0.6. At one scale for all, scales would be compared.
# * **DARE at 0.9 ruins it**, and at 0.5 it is one draw that came out well. The next figure looks at one adapter at a time, five draws each.

# %% tags=["skip-when-grading"]
DROPS, DRAWS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9), 5
seed_everything(0)
fig, panels = figure(
    "On a layer of 50 inputs little of an update is redundant; from 0.7 on rescaling harms",
    "share p of the update's numbers that are dropped",
    "test accuracy of that adapter",
    columns=2,
)
for panel, name in zip(panels, ("IMDb", "computers or recreation"), strict=True):
    for k, (rescaled, label) in enumerate(((True, "dropped and rescaled"), (False, "dropped only"))):
        found = []
        for drop in DROPS:
            draws = [dare(updates[name], drop) * (1 if rescaled else 1 - drop) for _ in range(DRAWS)]
            found.append(mean_and_spread([score(draw, name) for draw in draws]))
        center, spread = zip(*found, strict=True)
        look = {"color": COLORS[2 * k], "linestyle": DASHES[k], "marker": MARKERS[k], "capsize": 3}
        panel.errorbar(DROPS, center, yerr=spread, label=label, **look)
    panel.axhline(score(0 * updates[name], name), color="grey", linewidth=1, label="no update")
    panel.legend(frameon=False, title=name, alignment="left", fontsize=8)

# %% [markdown]
# Nothing like 90 % may go here: a tenth is free, at three tenths the film adapter has lost about half of its gain, and at seven the rescaled update is worse than none; the easy task on the right bears more. And from seven tenths on the
# rescaling, the point of the method, makes it worse: what is dropped only shrinks towards no update, and does less and less harm. (Up to a half, five draws do not part the two.) Why?
#
# What is kept is the *mean*. An output is a sum over the inputs, $\sum_b U_{ab} x_b$, and dropping adds a noise of variance $\frac{p}{1-p} \sum_b U_{ab}^2 x_b^2$ to it. Where thousands of terms pull the same way,
# their sum outgrows that noise. Our layer has 50 inputs, and at $p = 0.9$ the factor before the sum is 9. The abstract finds the effect "more pronounced in large-scale LMs", and this is a reason for it. A trick that rests on averages
# needs something to average over: **measure it at your size before you use it.**

# %% [markdown]
# ## What breaks in practice
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | some rows of a batch get the base's answer | a mistyped adapter name was passed over in silence | huggingface/peft PR #2090 |
# | the adapter has no effect on the server | names in its file do not match the server's modules, and nothing is said | vllm-project/vllm #34186, #48019 |
# | a mixed batch grows slower with every adapter | the adapters run one after the other | huggingface/peft #2283 |
# | a batch is refused: one name, ten inputs | the list of adapter names does not have one for each row | modelscope/ms-swift PR #9847 |
# | a merged adapter cannot be loaded | factors were merged element by element, and ranks differ between layers | huggingface/peft PR #3744 |
#
# Against the first two one test helps: **for each adapter, one input on which it and the base must differ.**
#
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | MiniLM: best rate of full fine-tuning, and of LoRA at every rank and place | 0.0001, and 0.001 |
# | MiniLM: test loss in batches of 8, 32 and 128: full fine-tuning, and LoRA of rank 8 | 0.285, 0.348, 0.352, and 0.323, 0.316, 0.446 |
# | SmolLM2: test loss of full fine-tuning, and of LoRA on all layers, the MLP alone, attention alone | 0.368, and 0.361, 0.349, 0.389 |
# | error of 4 bits with a LoftQ path of rank 8 beside it | 0.88 to 0.92 of NF4's alone |
# | loss after twelve steps, each at its best rate: LoRA, PiSSA, EVA, random columns of length 1 | 1.19, 0.87, 0.88, 0.86 |
# | intruders among the 60 strongest directions of a block | about 5 after LoRA of rank 1, 25 after rank 8, 2 or 3 after full fine-tuning |
# | forgetting with the intruders, or the whole update, at three quarters | about half (of 0.055, two standard errors), either way; the questions lose two points, or none |
# | four tasks: no update, one merged, each its own | 0.765, 0.807 (the plain sum at half its scale), 0.821 |
# | TIES, density 0.2 and 0.5 | 0.794, 0.768 |
# | DARE before the sum, 0.5 and 0.9 | 0.810, 0.711 |
# | 32 adapters in a batch of 32 tokens, in units of one adapter for all | about 2 gathered, more than 10 in turn |
#
# * Compare methods each at its own best rate. LoRA's is ten times full fine-tuning's for the encoder at three batch sizes, and three to thirty times for the language model; the report says ten. In batches of 128 LoRA stayed behind.
# * LoRA belongs on the MLP first, by the report. Both models here have that order, SmolLM2 more clearly.
# * A better start is a longer first step before it is a better direction: ask for the control.
# * An intruder dimension is a large update of low rank, seen in the weight. LoRA makes them, full fine-tuning hardly any. Whether they are what forgets is another question, and asks for a control.
# * An update of a smaller scale forgets less. That is the cheapest cure, and it needs no decomposition.
# * Merging has one knob that matters first, the scale, and it is chosen on validation. TIES and DARE answer problems that large models and many tasks have; a small one need not.
# * Merge updates, not factors.
# * Serving needs no merging: gather the factors by row. -1 is a place in PyTorch.
#
# ## Further reading
#
# * J. Schulman and Thinking Machines Lab, *LoRA Without Regret*, 2025, [thinkingmachines.ai/blog/lora](https://thinkingmachines.ai/blog/lora/).
# * N. Chen, S. Villar and S. Hayou, *Learning Rate Scaling across LoRA Ranks and Transfer to Full Finetuning*, 2026, [PMLR 306](https://raw.githubusercontent.com/mlresearch/v306/main/assets/chen26ei/chen26ei.pdf).
# * Z. Allen-Zhu and Y. Li, *Physics of Language Models: Part 3.3, Knowledge Capacity Scaling Laws*, 2024, [arXiv:2404.05405](https://arxiv.org/abs/2404.05405).
# * F. Meng et al., *PiSSA: Principal Singular Values and Singular Vectors Adaptation of Large Language Models*, 2024, [arXiv:2404.02948](https://arxiv.org/abs/2404.02948).
# * Y. Li et al., *LoftQ: LoRA-Fine-Tuning-Aware Quantization for Large Language Models*, 2023, [arXiv:2310.08659](https://arxiv.org/abs/2310.08659).
# * F. Paischer et al., *Parameter Efficient Fine-tuning via Explained Variance Adaptation*, 2024, [arXiv:2410.07170](https://arxiv.org/abs/2410.07170).
# * Q. Zhang et al., *AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning*, 2023, [arXiv:2303.10512](https://arxiv.org/abs/2303.10512).
# * D. Kopiczko et al., *VeRA: Vector-based Random Matrix Adaptation*, 2023, [arXiv:2310.11454](https://arxiv.org/abs/2310.11454).
# * R. Shuttleworth et al., *LoRA vs Full Fine-tuning: An Illusion of Equivalence*, 2024, [arXiv:2410.21228](https://arxiv.org/abs/2410.21228).
# * G. Ilharco et al., *Editing Models with Task Arithmetic*, 2022, [arXiv:2212.04089](https://arxiv.org/abs/2212.04089).
# * P. Yadav et al., *TIES-Merging: Resolving Interference When Merging Models*, 2023, [arXiv:2306.01708](https://arxiv.org/abs/2306.01708).
# * L. Yu et al., *Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch*, 2023, [arXiv:2311.03099](https://arxiv.org/abs/2311.03099).
# * L. Chen et al., *Punica: Multi-Tenant LoRA Serving*, 2023, [arXiv:2310.18547](https://arxiv.org/abs/2310.18547).
# * Y. Sheng et al., *S-LoRA: Serving Thousands of Concurrent LoRA Adapters*, 2023, [arXiv:2311.03285](https://arxiv.org/abs/2311.03285).
#
# This is the last lab. The [quiz](../10_quiz/10_quiz.ipynb) asks about labs 01 to 09, if you have not taken it yet.
