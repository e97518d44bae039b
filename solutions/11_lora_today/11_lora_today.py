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
# 3. give ranks to the layers where they matter (AdaLoRA's idea), and train vectors in place of matrices (VeRA).
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | labs 05 to 08: the singular value decomposition, `LinearWithLoRA`, NF4 | about 65 minutes; the notebook itself runs in about two minutes on two CPU cores | {{ points }} points; each exercise has a check that tells you what is wrong, and more checks run when it is graded |
#
# Letters as ever: $W_0$ $(o, i)$ as `nn.Linear` stores it, $A$ $(i, r)$, $B$ $(r, o)$, and the update of the weight is
# $\alpha (A B)^\top$. In this lab $\alpha = 1$.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.variants.pissa.pissa_start", "lora_utils.variants.loftq.loftq_start", "lora_utils.variants.eva.eva_start", "lora_utils.variants.rank_allocation.allocate_ranks", "lora_utils.variants.vera.VeRALinear"]
import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.checks import lab_11_lora_today as check
from lora_utils.quantization import dequantize_4bit, quantize_4bit

torch.manual_seed(0)
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
# * **Batch size.** LoRA tolerates large batches less well than full fine-tuning does, at every rank.
#
# **Does a small encoder show it?** MiniLM, 640 questions of TREC, 40 steps; word vectors frozen, a head on top everywhere. LoRA
# starts as in PEFT ($A$ uniform within $1/\sqrt{i}$, $B$ zero, lora_alpha 32). *MLP, rank 8* and *attention, rank 10* train
# exactly the same number of parameters. Rates are swept with seed 0 by the validation loss, the best one gets three seeds. The
# runs ship with the course; this command makes them (ten minutes of training on one core):
#
# ```
# python -m lora_utils.experiments.lora_versus_full --folder runs
# ```
#
# **Predict before you run:** which line is lowest, and where does each have its lowest point?

# %% tags=["skip-when-grading"]
from lora_utils import mean_and_spread
from lora_utils.experiments import PLACES, shipped_places
from lora_utils.plots import COLORS, MARKERS, figure

runs = shipped_places()
print(f"{'trained beside the head':<22}{'numbers':>12}{'best rate':>11}{'test loss':>18}{'test accuracy':>18}")
best_of = {}
for name in PLACES:
    own = [run for run in runs if run.place == name]
    best = min((run for run in own if run.seed == 0), key=lambda run: run.valid_loss).lr
    best_of[name] = [run for run in own if run.lr == best]
    loss, spread = mean_and_spread([run.test_loss for run in best_of[name]])
    accuracy, more = mean_and_spread([run.test for run in best_of[name]])
    print(f"{name:<22}{own[0].trainable:>12,}{best:>11g}{loss:>10.3f} ± {spread:.3f}{accuracy:>10.3f} ± {more:.3f}")

# %% tags=["skip-when-grading"]
title = "LoRA's best rate is ten times that of full fine-tuning, at every rank and place"
fig, axes = figure(title, "learning rate", "validation loss, seed 0")
for k, name in enumerate(PLACES):
    swept = sorted((run.lr, run.valid_loss) for run in runs if run.place == name and run.seed == 0)
    axes.plot(*zip(*swept, strict=True), color=COLORS[k], marker=MARKERS[k], label=name)
axes.set(xscale="log", ylim=(0.2, 1.6))
axes.legend(frameon=False, loc="upper right")

# %% [markdown]
# Every LoRA is best at 0.001 and full fine-tuning at 0.0001: **ten times, at rank 1 as at rank 10.** (On a ladder whose rungs lie a factor of three apart, ten means something between five
# and twenty.) With LoRA of rank 8 on all layers the test loss is 0.316 ± 0.038, with full fine-tuning 0.348 ± 0.018: LoRA does not stay behind, with 3 % of the numbers. Rank 1 has 0.389 ± 0.085.
#
# **What these runs do not show.** MLP alone has 0.314 ± 0.012 and attention alone, with as many numbers, 0.343 ± 0.028. That is the order of the report, but three seeds cannot tell it from
# chance. What they do show is how such differences come about: at 0.0003, a rung too low, attention has 1.23 and the MLP 0.80. Whoever tries a single rate measures rates and calls them places.
# And choosing by 300 validation questions is coarse: with seed 0 full fine-tuning at 0.0003 has the lowest test loss of the whole table, 0.274, and was not chosen. Capacity and batch size need
# more data than we have time for. An encoder in 40 steps is no language model: take from here the habit, sweep the rate for each method, and from the report the numbers.

# %% [markdown]
# ## 2. Better starts
#
# LoRA starts with $B = 0$: the layer computes what it did, and the first steps go into finding a direction at all. Three ideas
# give the path a place to stand. All three need one tool, the singular value decomposition of lab 05:
# $W = \sum_j s_j u_j v_j^\top$, and `torch.linalg.svd(W, full_matrices=False)` returns `U` (columns $u_j$), `S`, `Vh` (rows $v_j^\top$).

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


encoder = load_sentence_classifier(6).encoder
print(f"{'left of the error':<28}{'rank':>6}{'QLoRA':>8}{'QPiSSA':>8}{'LoftQ: 1 round':>16}{'5 rounds':>10}")
for name in ("blocks.0.attention.query", "blocks.5.attention.query", "blocks.0.feed_forward.up"):
    W0 = encoder.get_submodule(name).weight.detach()
    alone = (W0 - stored(W0)).norm()
    for rank in (8, 32):
        residual, A, B = pissa_start(W0, rank)
        left = [(W0 - stored(residual) - (A @ B).T).norm() / alone]
        for steps in (1, 5):
            Q, A, B = loftq_start(W0, rank, steps)
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


def started(start: str, rank: int = RANK, seed: int = 0) -> UpperBlocks:
    """The last block under a head, with a path beside each linear layer."""
    model = UpperBlocks(load_sentence_classifier(6, seed), LAST)
    inputs = layer_inputs(model, lower.inputs[:64]) if start == "EVA" else {}
    draw = torch.Generator().manual_seed(seed)

    def begin(name: str, W0: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        if start == "PiSSA":
            return pissa_start(W0, rank)
        A = torch.randn(W0.shape[1], rank, generator=draw) / rank**0.5
        if start == "LoRA, length 1":
            A = A / A.norm(dim=0)
        if start == "EVA":
            A, _ = eva_start(inputs[name], rank)
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
axes.set(xscale="log", ylim=(0.6, 3.2))
axes.legend(frameon=False)

# %% [markdown]
# Each start at its own best rate: LoRA 1.19 ± 0.10 (at 0.003), PiSSA 0.87 ± 0.06 and EVA 0.88 ± 0.08 (at 0.01). Both win clearly. **And random columns of length 1 win by as much, 0.86 ± 0.15.** So what helps here at the best
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
    return triple_importance(A, lam, B, pulled * lam, (A * pulled).sum(dim=0), (G @ A * lam).T)


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
        "12 by importance": allocate_ranks(importances, 12),
        "12 by lambda": allocate_ranks([lam for _, lam, _ in triples], 12),
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
# First-order importance, measured once, chooses worst: 0.93 ± 0.04, behind two in every layer (0.85 ± 0.17). That is no refutation of AdaLoRA, which smooths it over many steps, weighs it by how much it varies, takes triples away a few at a
# time and lets the others go on learning. But it is a warning: $w\,\partial L/\partial w$ speaks about a small step, and setting a triple to zero is none. Measure what you have pruned.

# %% [markdown]
# ### Exercise 5: VeRA, two vectors a layer
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | a layer that trains r + o numbers | 3 of 5 | 12 min | 9 lines |
#
# How few numbers are enough? VeRA ([Kopiczko et al. 2023](https://arxiv.org/abs/2310.11454)) draws one pair of random matrices for the whole model, never trains it, and gives each
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
# ## Further reading
#
# * J. Schulman and Thinking Machines Lab, *LoRA Without Regret*, 2025, [thinkingmachines.ai/blog/lora](https://thinkingmachines.ai/blog/lora/).
# * N. Chen, S. Villar and S. Hayou, *Learning Rate Scaling across LoRA Ranks and Transfer to Full Finetuning*, 2026, [PMLR 306](https://raw.githubusercontent.com/mlresearch/v306/main/assets/chen26ei/chen26ei.pdf).
# * F. Meng et al., *PiSSA: Principal Singular Values and Singular Vectors Adaptation of Large Language Models*, 2024, [arXiv:2404.02948](https://arxiv.org/abs/2404.02948).
# * Y. Li et al., *LoftQ: LoRA-Fine-Tuning-Aware Quantization for Large Language Models*, 2023, [arXiv:2310.08659](https://arxiv.org/abs/2310.08659).
# * F. Paischer et al., *Parameter Efficient Fine-tuning via Explained Variance Adaptation*, 2024, [arXiv:2410.07170](https://arxiv.org/abs/2410.07170).
# * Q. Zhang et al., *AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning*, 2023, [arXiv:2303.10512](https://arxiv.org/abs/2303.10512).
# * D. Kopiczko et al., *VeRA: Vector-based Random Matrix Adaptation*, 2023, [arXiv:2310.11454](https://arxiv.org/abs/2310.11454).
