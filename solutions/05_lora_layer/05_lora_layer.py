# %% [markdown]
# # 05 LoRALayer: a weight update from two thin matrices
#
# Fine-tuning adds an update $\Delta W$ to a weight matrix. LoRA (low-rank adaptation, [Hu et al. 2021](https://arxiv.org/abs/2106.09685))
# does not store $\Delta W$; it trains two thin matrices whose product *is* the update. This lab builds that layer, and asks
# of each of its details why it is so.
#
# When you are done you can
#
# 1. count what LoRA trains and say when it saves nothing;
# 2. measure how much of a real fine-tuning update fits into rank 1, 2, 4, ...;
# 3. write `LoRALayer(in_dim, out_dim, rank, alpha)` and derive its gradients;
# 4. explain why `B` starts at zero and `A` does not, and where the $1/\sqrt{\text{rank}}$ comes from;
# 5. say what `alpha` does to training, and convert it between this course, the paper and PEFT;
# 6. give several matrices their ranks under one budget.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | matrix products, the chain rule, a first acquaintance with the singular value decomposition (SVD) | about 95 minutes, of which the core takes 90: what is headed *if you have time* is not needed later; the notebook itself runs in less than a minute on two CPU cores | {{ exercises }} exercises, {{ points }} points; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# The layer of this lab stands alone. Wrapping it around a pretrained `nn.Linear` is
# [lab 06](../06_linear_with_lora/06_linear_with_lora.ipynb).

# %% [markdown]
# Run the next cell first. It fixes the random seed, so that your numbers are those in the text, up to the last digits. Then work from
# top to bottom: the experiments use the functions that you have written; before that they end in `NotImplementedError`.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.methods.lora.LoRALayer"]
import math
from importlib.metadata import version

import torch
from torch import nn

from lora_utils.checks import lab_05_lora_layer as check
from lora_utils.plots import COLORS, figure, lines

torch.manual_seed(0)
print("torch", torch.__version__, "| peft-by-hand", version("peft-by-hand"))

# %% [markdown]
# ## 1. d k against r (d + k)
#
# Let $W_0$ be a pretrained weight with $d$ rows and $k$ columns. Full fine-tuning trains every one of its numbers. LoRA
# freezes $W_0$ and trains two factors of rank $r$ whose product has the shape of $W_0$:
#
# $$W_0 + \Delta W, \qquad \Delta W = \underbrace{P}_{d \times r}\;\underbrace{Q}_{r \times k}$$
#
# $P$ and $Q$ are letters of this section only; the layer of section 3 calls its factors $A$ and $B$. Which of $d$ and $k$ is
# the input does not matter for counting. (In PyTorch, `nn.Linear(50, 128).weight` has the shape
# (out, in) = (128, 50), so $d = 128$ and $k = 50$.)

# %% [markdown]
# ### Exercise 1: counting parameters
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | say what full fine-tuning trains, what LoRA trains, and from which rank on LoRA saves nothing | 1 of 5 | 5 min | 3 lines |
#
# Write three functions of whole numbers, which return whole numbers (`int`). `break_even_rank(d, k)` is the smallest rank at which the two factors hold at
# least as many numbers as $W_0$ itself.
#
# <details><summary>Hint 1: where to start</summary>
# A matrix of <i>d</i> rows and <i>k</i> columns has <i>k</i> numbers in each row. Draw the two factors and write their shapes beside them.
# </details>
# <details><summary>Hint 2: the inequality</summary>
# You look for the smallest whole <i>r</i> with <i>r (d + k) &ge; d k</i>. Try <i>d = k = 8</i> by hand: the answer is 4.
# </details>
# <details><summary>Hint 3: two matrices by hand</summary>
# For <i>d</i> = 3 and <i>k</i> = 6 the factors of rank 2 hold 18 numbers, as many as <i>W<sub>0</sub></i>: 2 is the answer. For 4 and 6 rank 2 holds 20 of 24 and rank 3 holds 30: the answer is 3.
# The quotients are 2 and 2.4. What do you do to a quotient, so that both come out right and a whole number is returned?
# </details>


# %% nbgrader={"grade": false, "grade_id": "count-parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def full_parameters(d: int, k: int) -> int:
    """How many numbers a matrix W0 of d rows and k columns holds."""
    ### BEGIN SOLUTION
    return d * k
    ### END SOLUTION


def lora_parameters(d: int, k: int, r: int) -> int:
    """How many numbers the two factors of a (d, k) update of rank r hold together."""
    ### BEGIN SOLUTION
    return r * (d + k)
    ### END SOLUTION


def break_even_rank(d: int, k: int) -> int:
    """The smallest rank r at which the factors hold at least as many numbers as W0."""
    ### BEGIN SOLUTION
    return math.ceil(d * k / (d + k))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-count-parameters", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
count_parameters_grade = check.count_parameters(full_parameters, lora_parameters, break_even_rank, points=3, of=4)


### BEGIN HIDDEN TESTS
def exact(functions, draw):
    """The counts are exact whole numbers, however large the matrix."""
    d, k, r = draw.integer(2 * 10**8, 10**9) | 1, draw.integer(2 * 10**8, 10**9) | 1, 10**8 + 1
    for which, args, right in (("full", [d, k], d * k), ("lora", [d, k + 1, r], r * (d + k + 1))):
        value = functions.probe(check.count, which=which, cases=[args])["values"][0]
        if type(value) is not int or value != right:  # it is odd and above 2**53: no float holds it
            text = f"the result of {which}_parameters{tuple(args)} must be exactly {right}, got {value!r}"
            raise check.Failure("not-exact", text, "Count with whole numbers (int): a float has 53 bits and rounds.")


count_parameters_grade = count_parameters_grade.hidden(exact, points=1, after=("counts-full", "counts-lora"))
### END HIDDEN TESTS
count_parameters_grade

# %% [markdown]
# Now use it. The first row is the layer that lab 06 adapts, `fc1` of our text classifier at rank 2; the second is
# one attention projection of GPT-3 (12,288 x 12,288) at rank 4. Look at the last two columns: how the saving and the
# break-even rank grow with the matrix.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
print(f"{'d':>6} {'k':>6} {'r':>2} {'d k':>12} {'r (d + k)':>10} {'saving':>8} {'break-even rank':>16}")
for d, k, r in ((128, 50, 2), (12_288, 12_288, 4)):
    full, lora = full_parameters(d, k), lora_parameters(d, k, r)
    print(f"{d:>6} {k:>6} {r:>2} {full:>12,} {lora:>10,} {full / lora:>7.1f}x {break_even_rank(d, k):>16,}")

# %% [markdown]
# 6,400 numbers against 356: the small layer is adapted with 18 times fewer. At the same rank a larger matrix saves more,
# because $d k$ grows with the area and $r (d + k)$ with the edge.
#
# **Checking a famous number.** The abstract of the paper says that LoRA trains "10,000 times" fewer parameters of GPT-3
# than full fine-tuning. Section 4.2 says how: rank 4 on the query and value projections of all 96 layers. The paper's
# Table 4 counts 175,255.8 million parameters for full fine-tuning.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
trained = 96 * 2 * lora_parameters(12_288, 12_288, 4)  # layers x (query, value)
print(f"{trained:,} numbers, {trained * 2 / 1e6:.1f} MB in 16 bits, {175_255_800_000 / trained:,.0f} times fewer")

# %% [markdown]
# 18,874,368 numbers, and 9,285 times fewer: "10,000" is this number rounded (as 350 GB against 35 MB, for what is
# 37.7 MB). A good habit: **recompute the headline numbers of every paper whose method you use.**
#
# A second habit: do not read "times fewer trained numbers" as "times less memory". Activations and the frozen weights
# stay. In the [benchmark of the PEFT library](https://github.com/huggingface/peft/tree/main/method_comparison)
# (Llama-3.2-3B, results of summer 2026), rank 32 on query and value trains 350 times fewer numbers than full
# fine-tuning, and the peak memory falls from 36.2 to 20.8 GiB: 1.74 times.

# %% [markdown]
# The figure shows both sides of the bargain. Left: where does the rising line cross the flat one? Right: follow one line
# to the right, then step from one line to the next.

# %% tags=["skip-when-grading"]
title = "LoRA on a 128 x 50 matrix pays below rank 36; the larger the matrix, the more it saves"
xlabels = ["rank r", "side n of a square matrix (d = k = n)"]
ylabels = ["numbers to train", "times fewer: d k / (r (d + k))"]
fig, (left, right) = figure(title, xlabels, ylabels, columns=2)

d, k, ranks = 128, 50, range(1, 51)
full, even = full_parameters(d, k), break_even_rank(d, k)
lora = [lora_parameters(d, k, r) for r in ranks]
lines(left, ranks, {"LoRA: r (d + k)": lora, "full fine-tuning: d k": [full] * len(ranks)})
left.annotate(f"break-even: rank {even}", (even, full), (22, 2_500), arrowprops={"arrowstyle": "->"})

right.set(xscale="log", yscale="log")
right.axhline(1, color="grey", linewidth=1)
sides = [2**e for e in range(6, 15)]
saving = {f"rank {r}": [full_parameters(n, n) / lora_parameters(n, n, r) for n in sides] for r in (1, 4, 16, 64)}
lines(right, sides, saving)

# %% [markdown]
# On the left the lines cross at rank 36 of at most 50: for a small matrix, LoRA pays only at small ranks. On the right
# every doubling of the matrix doubles the saving and every fourfold rank takes a quarter of it; below the grey line LoRA
# trains *more* than full fine-tuning. So everything hangs on one question: **is a small rank enough?**

# %% [markdown]
# ## 2. Why can an update be low rank?
#
# The tool for this question is the singular value decomposition. Every matrix $W$ ($d \times k$) is a sum of
# $m = \min(d, k)$ terms of rank one,
#
# $$W = \sum_{j=1}^{m} s_j\, u_j v_j^\top, \qquad s_1 \ge s_2 \ge \dots \ge s_m \ge 0,$$
#
# with orthonormal directions $u_j$ ($d$ numbers each) and $v_j$ ($k$ numbers each). In PyTorch,
# `U, S, Vh = torch.linalg.svd(W, full_matrices=False)` returns the $u_j$ as the *columns* of `U` ($d \times m$), the singular
# values $s_j$ as `S` ($m$), and the $v_j$ as the *rows* of `Vh` ($m \times k$).
#
# Keep the first $r$ terms and you have $W_r$. The theorem of Eckart and Young (1936) says that no matrix of rank $r$ comes
# closer to $W$, and what is lost is known:
#
# $$\lVert W - W_r \rVert_F = \sqrt{s_{r+1}^2 + \dots + s_m^2}, \qquad \lVert W \rVert_F = \sqrt{\textstyle\sum_{a,b} W_{ab}^2}.$$
#
# $\lVert\cdot\rVert_F$ is the Frobenius norm: the matrix read as one long vector. Its square we call the **energy** of the matrix.

# %% [markdown]
# ### Exercise 2: the best approximation of a given rank
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | cut a matrix down to rank r and measure what is lost | 2 of 5 | 8 min | 3 lines |
#
# Return $W_r$, which has the shape of $W$, and the Frobenius norm of $W - W_r$.
#
# <details><summary>Hint 1: where to start</summary>
# Call <code>torch.linalg.svd</code> with <code>full_matrices=False</code> on a random 4 x 3 matrix, print the three shapes, and multiply the three parts
# together again until you get the matrix back.
# </details>
# <details><summary>Hint 2: the shapes</summary>
# You need the first <i>r</i> columns of <code>U</code>, the first <i>r</i> entries of <code>S</code> and the first <i>r</i> <b>rows</b> of <code>Vh</code>: (d, r), (r,), (r, k).
# </details>
# <details><summary>Hint 3: a matrix by hand</summary>
# For <code>torch.diag(torch.tensor([3.0, 2.0, 1.0]))</code> rank 1 leaves only the 3, at a distance of 2.236, the root of 2&sup2; + 1&sup2;. Rank 0 is all zeros, 3.742 away. A vector of <i>r</i> numbers times a (d, r)
# matrix scales its columns. What has to follow, for the shape to be (d, k)? A tensor has a method <code>norm()</code>: of which matrix do you want it?
# </details>


# %% nbgrader={"grade": false, "grade_id": "best-approximation", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_approximation(W: torch.Tensor, r: int) -> tuple[torch.Tensor, float]:
    """The rank-r matrix nearest to W, and how far it is.

    Args:
        W: any matrix (d, k).
        r: from 0 to min(d, k).

    Returns:
        W_r (d, k), and the Frobenius norm of W - W_r.
    """
    ### BEGIN SOLUTION
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)  # (d, m), (m,), (m, k)
    W_r = U[:, :r] * S[:r] @ Vh[:r]  # (d, r) @ (r, k) -> (d, k)
    return W_r, (W - W_r).norm().item()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-best-approximation", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
best_approximation_grade = check.best_approximation(best_approximation, points=3, of=4)


### BEGIN HIDDEN TESTS
def any_shape(function, draw):
    """It also serves matrices with more columns than rows, rank 0 and full rank."""
    cases = check.cuts(draw, [(5, 9), (8, 4), (1, 6), (3, 1), (1, 1)])
    cases += [case._replace(w=case.w._replace(s=0 * case.w.s)) for case in check.cuts(draw, [(2, 3)])]  # no energy
    check.judge_approximation(function, cases)
    check.judge_error(function, [case for case in cases if case.r < len(case.w.s)])  # at full rank it is rounding


best_approximation_grade = best_approximation_grade.hidden(any_shape, points=1, after=("approximates",))
### END HIDDEN TESTS
best_approximation_grade

# %% [markdown]
# ### Exercise 3: the rank that keeps a share of the energy
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | put a number on "low rank" | 2 of 5 | 6 min | 3 lines |
#
# Return the smallest rank $r$ (an `int`) whose best approximation keeps at least `share` of the energy:
# $s_1^2 + \dots + s_r^2 \ge \text{share} \cdot \lVert W \rVert_F^2$.
#
# <details><summary>Hint 1: where to start</summary>
# <code>torch.linalg.svdvals(W)</code> gives the singular values alone. For singular values 3, 2, 1 the energy is 14, and rank 1 keeps 9/14 = 0.64 of it.
# </details>
# <details><summary>Hint 2: the tool</summary>
# <code>cumsum(0)</code> of the squares, divided by their sum, is what ranks 1, 2, 3, ... keep. Mind that position 0 belongs to rank 1.
# </details>
# <details><summary>Hint 3: a list by hand</summary>
# Singular values 3, 2, 1: ranks 1, 2, 3 keep 0.643, 0.929 and 1. The answer is 1 for a share of 0.6, 2 for 0.9 and 3 for 0.95. How many of the three numbers are too small each time, and what is the answer then?
# A sum of a tensor is a tensor, even if it holds a single number; <code>int(...)</code> makes a whole number of it.
# </details>


# %% nbgrader={"grade": false, "grade_id": "rank-for-energy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rank_for_energy(W: torch.Tensor, share: float) -> int:
    """The smallest rank whose best approximation keeps at least `share` of the energy of W.

    Args:
        W: a matrix (d, k) that is not zero.
        share: above 0 and below 1.

    Returns:
        a whole number from 1 to min(d, k).
    """
    ### BEGIN SOLUTION
    energy = torch.linalg.svdvals(W).square()  # (m,)
    kept = energy.cumsum(0) / energy.sum()  # (m,): by rank 1, 2, 3, ...
    return int((kept < share).sum()) + 1
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-rank-for-energy", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
rank_for_energy_grade = check.rank_for_energy(rank_for_energy, points=2, of=3)


### BEGIN HIDDEN TESTS
def flat_and_steep(function, draw):
    """It holds for a matrix whose energy is spread evenly and for one whose first direction has nearly all."""
    flat = check.known(draw, 6, 11, torch.full((6,), 2.0))
    steep = check.known(draw, 9, 5, torch.tensor([100.0, 3.0, 2.0, 1.0, 0.5]))
    single = check.known(draw, 1, 4, torch.tensor([2.5]))
    cases = check.far_cases([flat, steep, single], (0.03, 0.25, 0.42, 0.6, 0.9, 0.98))
    check.judge_ranks(function, cases)


rank_for_energy_grade = rank_for_energy_grade.hidden(flat_and_steep, points=1, after=("reaches-share",))
### END HIDDEN TESTS
rank_for_energy_grade

# %% [markdown]
# ### A real update
#
# Now a real $\Delta W$. The model is the course's `TextClassifier`: the mean of 50-number word vectors, `fc1`
# (50 -> 128), ReLU, `fc2`. It comes pretrained on four kinds of newsgroup messages. We fine-tune **all** of it on IMDb film
# reviews (with a new `fc2` for two classes), two passes over 17,402 reviews, and look at what happened to the $128 \times 50$
# weight of `fc1`. Three seeds, so that we see what is chance.

# %% tags=["skip-when-grading"]
from lora_utils.data import load
from lora_utils.models import TextClassifier, newsgroups_weights
from lora_utils.training import accuracy, mean_and_spread, seed_everything, train

imdb = load("imdb")


def fine_tune(seed: int) -> tuple[nn.Module, torch.Tensor]:
    """Fine-tune every weight; returns the model and what was added to the weight of fc1."""
    seed_everything(seed)
    model = TextClassifier(num_classes=4)
    model.load_state_dict(newsgroups_weights(), strict=False)
    model.fc2 = nn.Linear(128, 2)
    before = model.fc1.weight.detach().clone()  # (128, 50)
    train(model, imdb.train, epochs=2, lr=3e-3, batch_size=128, seed=seed, label=f"fine-tuning, seed {seed}")
    return model, model.fc1.weight.detach() - before


tuned = [fine_tune(seed) for seed in range(3)]
updates = [update for _, update in tuned]
W0 = newsgroups_weights()["fc1.weight"]  # (128, 50)
mean, spread = mean_and_spread([accuracy(model, imdb.test) for model, _ in tuned])
print(f"accuracy on 5,000 test reviews: {mean:.3f}, spread over seeds {spread:.3f}")
print(f"norm of W0: {W0.norm():.1f}; norms of the updates: {', '.join(f'{u.norm():.1f}' for u in updates)}")

# %% [markdown]
# **Predict before you run.** The update has 6,400 numbers and rank 50. How much of its energy do you expect in its first
# two directions: about 4 % (2 of 50), about a third, or about nine tenths? And for a random matrix of the same norm? Write
# your guess down.
#
# <details><summary>Answer, after you have run the next cell</summary>
# About nine tenths for the update (0.92, the mean of the three seeds), one third for the pretrained weight itself, and
# a tenth for the random matrix. (A tenth and not 4 %, because even a random matrix has some directions that are longer than others,
# and the SVD finds them.)
# </details>


# %% tags=["skip-when-grading"]
def kept(W: torch.Tensor) -> torch.Tensor:
    """Share of the energy in the first 1, 2, 3, ... directions."""
    energy = torch.linalg.svdvals(W).square()
    return energy.cumsum(0) / energy.sum()  # (50,)


noise = [torch.randn(128, 50) for _ in range(20)]
kinds = {"update of fc1": updates, "fc1 before (W0)": [W0], "random": noise}
shown = (1, 2, 4, 8, 16)
print(f"{'energy kept by rank':<21}" + "".join(f"{r:>15}" for r in shown) + "   rank for 90 %")
for name, matrices in kinds.items():
    print(f"{name:<15} ({len(matrices):>2})  ", end="")
    for r in shown:
        mean, spread = mean_and_spread([kept(W)[r - 1].item() for W in matrices])
        print(f"{mean:>8.3f} ±{spread:.3f}" if len(matrices) > 1 else f"{mean:>8.3f}       ", end="")
    print("  ", sorted({rank_for_energy(W, 0.9) for W in matrices}))

# %% [markdown]
# The figure shows the same matrices in full. Left, the spectrum: the singular values, each divided by the norm of its
# matrix, on a logarithmic axis. A flat line means that all directions matter alike. Right, what rank $r$ keeps.

# %% tags=["skip-when-grading"]
title = "Two of 50 directions hold nine tenths of the update, a third of W0, a tenth of a random matrix"
ylabels = ["s_j / Frobenius norm", "share of the energy kept"]
fig, (left, right) = figure(title, ["index j of the singular value", "rank r"], ylabels, columns=2, height=3.4)
left.set(yscale="log", ylim=(3e-4, 1.5))
right.set(ylim=(0, 1.03))
right.axvline(2, color="black", linewidth=0.8, linestyle="--")
right.text(3, 0.03, "rank 2")
styles = ((COLORS[4], "-"), (COLORS[2], "--"), ("grey", ":"))
for (name, matrices), (color, dash) in zip(kinds.items(), styles, strict=True):
    spectra = torch.stack([torch.linalg.svdvals(W) / W.norm() for W in matrices])  # (matrices, 50)
    shares = torch.stack([kept(W) for W in matrices])  # (matrices, 50)
    for panel, curves in ((left, spectra), (right, shares)):
        panel.plot(range(1, 51), curves.mean(0), label=name, color=color, linestyle=dash, marker="")
        low, high = curves.min(0).values, curves.max(0).values
        panel.fill_between(range(1, 51), low, high, color=color, alpha=0.25, linewidth=0)
    right.legend(loc="lower right")

# %% [markdown]
# The band around a line spans its seeds. The update falls steeply, the random matrix hardly at all, and the pretrained weight lies
# between. So it is not *weights* that are low rank here; it is the *change*.
#
# Energy is not accuracy, so the next cell asks the model: what if only the best rank-$r$ part of `fc1`'s update had been
# kept, everything else being as trained?

# %% tags=["skip-when-grading"]
print("accuracy on the test reviews with the rank-r part of the update of fc1 (mean and spread of 3 seeds)")
for r in (0, 1, 2, 4, 50):
    scores = []
    for model, update in tuned:
        with torch.no_grad():
            model.fc1.weight.copy_(W0 + best_approximation(update, r)[0])
        scores.append(accuracy(model, imdb.test))
    mean, spread = mean_and_spread(scores)
    print(f"  rank {r:>2}: {mean:.3f} ±{spread:.3f}")

# %% [markdown]
# **What this shows, and what it does not.** Two directions of the update of `fc1` do what all 50 do. But be careful:
#
# * With two classes a low rank is nearly built in. For one review, the gradient at `fc1` is the outer product of an error on
#   the 128 hidden units and the mean word vector. That error is always the *same* vector (the difference of the two rows of
#   `fc2`), times a number, with the entries of inactive ReLUs set to zero. Sums of such terms cannot point in many directions.
# * Much of the adaptation happened elsewhere. The row for rank 0 keeps *nothing* of the update of `fc1` and still gets about
#   0.78 (with a large spread), because the word vectors and the new `fc2` were trained as well.
# * The model is tiny and the training short.
#
# What the literature says about large models:
#
# * **For.** [Aghajanyan et al. 2020](https://arxiv.org/abs/2012.13255): "by optimizing only 200 trainable parameters randomly projected
#   back into the full space, we can tune a RoBERTa model to achieve 90% of the full parameter performance levels on MRPC"; larger models
#   tend to need fewer. This *intrinsic dimension* is what made Hu et al. try LoRA.
# * **For.** [Hu et al. 2021, section 7](https://arxiv.org/abs/2106.09685): on GPT-3, rank 1 on query and value already does about as well as rank 64
#   on their two tasks (Table 6), and the learned update amplifies directions that $W_0$ has but does not stress
#   (by a factor of about 21.5 at rank 4, Table 7).
# * **Against.** [Biderman et al. 2024](https://arxiv.org/abs/2405.09673), for code and mathematics with Llama-2-7B: "full finetuning learns
#   perturbations with a rank that is 10-100X greater than typical LoRA configurations", and LoRA at the usual ranks learns less
#   there (and forgets less).
#
# So "updates are low rank" is a fact about *a task and a model*, to be measured, not a law. You now have the tools to measure it.

# %% [markdown]
# ## 3. The layer
#
# If the update is going to be low rank anyway, let us train its factors. For a row vector $x$ with `in_dim` numbers
#
# $$\text{LoRALayer}(x) = \alpha \cdot x A B$$
#
# | symbol | in code | shape | at the start |
# | --- | --- | --- | --- |
# | $x$ | `x` | (..., in_dim), with any leading axes | |
# | $A$ | `self.A` | (in_dim, rank) | normal, mean 0, standard deviation $1/\sqrt{\text{rank}}$ |
# | $B$ | `self.B` | (rank, out_dim) | zero |
# | $\alpha$ | `self.alpha` | a number, not trained | as given |
#
# Later cells read these three names. Nothing else: no bias, no activation between $A$ and $B$, and `x` stays as it is. `x` and the factors have one dtype, float32 or
# float64, and the result has it too. The map stays linear, so that it is the product with one matrix,
# $\alpha A B$, and can be added to $W_0$ when training is over (lab 06).

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("low_rank_update")

# %% [markdown]
# Beside a frozen layer of 6,528 numbers the two thin matrices train 356, and their product has the shape of its weight.

# %% [markdown]
# ### Exercise 4: LoRALayer
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | write the layer that the rest of the course uses | 2 of 5 | 10 min | 4 lines |
#
# Fill in both methods. The check looks at more than the output: at what can be trained, at the start, at all three
# gradients (of x, A and B), and at the spread of `A` in a large layer.
#
# <details><summary>Hint 1: where to start</summary>
# What makes a tensor show up in <code>layer.parameters()</code>? It must be an <code>nn.Parameter</code>, assigned to an attribute of the module.
# </details>
# <details><summary>Hint 2: the shapes</summary>
# <code>x @ self.A</code> must turn (..., in_dim) into (..., rank), and <code>... @ self.B</code> that into (..., out_dim). <code>torch.randn</code> has
# standard deviation 1; divide it.
# </details>
# <details><summary>Hint 3: numbers to compare</summary>
# In <code>LoRALayer(1000, 7, 4, 2.0)</code> the numbers of <code>A</code> have a standard deviation of about 0.5, those of <code>B</code> are 0: which of the sizes gives 0.5? With A = [[1], [2]], B = [[3]] and alpha = 10,
# <i>x</i> = [1, 1] becomes 90. Both are <code>nn.Parameter</code>s of a tensor that you make; alpha is a plain number.
# </details>


# %% nbgrader={"grade": false, "grade_id": "lora-layer", "locked": false, "schema_version": 3, "solution": true, "task": false}
class LoRALayer(nn.Module):
    """A trainable low-rank map: x (..., in_dim) -> alpha * (x @ A @ B) (..., out_dim)."""

    def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.alpha * (x @ self.A @ self.B)  # (..., in_dim) -> (..., rank) -> (..., out_dim)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-lora-layer", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
lora_layer_grade = check.lora_layer(LoRALayer, points=4, of=6)


### BEGIN HIDDEN TESTS
def other_inputs(layer, draw):
    """It also takes single vectors, sequences and float64, at ranks above the layer's size, and any alpha."""
    shapes = ((), (1,), (2, 3), (2, 1, 3), (1, 1, 1, 2))
    check.judge_output(layer, [check.case(draw, leading=leading) for leading in shapes])
    check.judge_output(layer, [check.case(draw, leading=n, dtype="float64", alpha=2.5) for n in ((4,), (2, 3))])
    check.judge_output(layer, [check.case(draw, rank=16, alpha=alpha) for alpha in (-0.5, 0.0, 0)])


def learns(layer, draw):
    """Trained on a target of rank 2, a layer of rank 2 fits it."""
    M, x, unseen = draw.normal(12, 2) @ draw.normal(2, 8), draw.normal(64, 12), draw.normal(64, 12)
    seen = layer.probe(check.fit, sizes=[12, 8, 2], alpha=1.0, x=x, target=x @ M, unseen=unseen, steps=400)
    if seen["found"] is None:
        text = "autograd has seen nothing of what forward does, so no training can change the layer"
        raise check.Failure("does-not-learn", text, "forward uses the parameters, with autograd on.")
    still = check.share_left(seen["found"], unseen @ M, 0 * unseen @ M)
    if not still <= 0.01:  # a loss that is no number is not small either
        text = f"after 400 steps towards a target of rank 2 the loss is still {still:.0%} of the first"
        raise check.Failure("does-not-learn", text, "Both factors must be trainable parameters that forward uses.")


lora_layer_grade = lora_layer_grade.hidden(other_inputs, points=1, after=("output",)).hidden(
    learns, points=1, after=("returns-a-tensor",)
)
### END HIDDEN TESTS
lora_layer_grade

# %% [markdown]
# A first look at your layer, with the sizes of `fc1`. Compare the count with the first table of this lab.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
layer = LoRALayer(in_dim=50, out_dim=128, rank=2, alpha=0.1)
x = torch.randn(3, 7, 50)  # (b, s, in_dim)
for name, parameter in layer.named_parameters():
    print(name, tuple(parameter.shape), parameter.numel())
print("output", tuple(layer(x).shape), "largest entry", layer(x).abs().max().item())

# %% [markdown]
# 256 + 100 = 356 numbers, and an output of exactly zero: added to a pretrained layer, it changes nothing until it is
# trained.
#
# **The same layer elsewhere.** Names and shapes differ between sources, the mathematics does not:
#
# | | this course | paper, section 4.1 | PEFT |
# | --- | --- | --- | --- |
# | update of $h = W_0 x$, for a column $x$ | $\alpha (A B)^\top$ | $\frac{\alpha}{r} B A$ | `lora_alpha / r * lora_B.weight @ lora_A.weight` |
# | first factor | `A` (in, r) | $A$ ($r \times$ in) | `lora_A.weight` (r, in), `= A.T` |
# | second factor | `B` (r, out) | $B$ (out $\times r$) | `lora_B.weight` (out, r), `= B.T` |
# | scale in front | `alpha` | $\alpha / r$ | `lora_alpha / r`, so `lora_alpha = alpha * rank` |
# | start of the first factor | normal, $1/\sqrt{r}$ | "random Gaussian" | Kaiming uniform, standard deviation $1/\sqrt{3 \cdot \text{in}}$ |
# | start of the second factor | zero | zero | zero |
#
# The paper and PEFT write matrices as `nn.Linear` keeps them, (out, in), and multiply from the left. We write them in the
# order in which $x$ meets them. In the letters of section 1, with $d$ = out and $k$ = in, $P = \alpha B^\top$ and $Q = A^\top$.

# %% [markdown]
# ## 4. Why B is zero and A is not
#
# Training asks for gradients. Let $x$ hold $n$ rows ($n \times$ in_dim), $y = \alpha\, x A B$ ($n \times$ out_dim), and let
# $G = \partial L / \partial y$ ($n \times$ out_dim) be the gradient of the loss $L$ that arrives from above; backpropagation hands it to the
# layer.
#
# The rule to use: if $y = U V$, then $\partial L/\partial U = G\, V^\top$ and $\partial L/\partial V = U^\top G$. (Check the shapes:
# there is only one way to make them fit.)

# %% [markdown]
# ### Exercise 5: the gradients by hand
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | write down dL/dA and dL/dB, without autograd | 3 of 5 | 10 min | 2 lines |
#
# Derive the two gradients on paper, then write them as matrix products. Autograd is switched off while the check runs.
#
# <details><summary>Hint 1: where to start</summary>
# For <i>B</i>, read <i>y</i> as <i>U V</i> with <i>U = &alpha; x A</i> and <i>V = B</i>. For <i>A</i>, apply the rule twice: from <i>y</i> back to
# <i>x A</i>, and from there to <i>A</i>.
# </details>
# <details><summary>Hint 2: the shapes</summary>
# dA must be (in_dim, rank), from x (n, in_dim), G (n, out_dim) and B (rank, out_dim). dB must be (rank, out_dim), from x @ A (n, rank) and G.
# </details>
# <details><summary>Hint 3: numbers, then shapes</summary>
# All sizes 1: <i>x</i> = 2, <i>A</i> = 3, <i>B</i> = 5, <i>&alpha;</i> = 10 and <i>G</i> = 1 give dA = 100 and dB = 60. So you know which factors belong to each. With the sizes of hint 2 they fit together in
# one order only: which of them have to be transposed?
# </details>


# %% nbgrader={"grade": false, "grade_id": "first-gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def first_gradients(
    x: torch.Tensor, A: torch.Tensor, B: torch.Tensor, alpha: float, G: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of A and B in y = alpha * (x @ A @ B).

    Args:
        x: (n, in_dim). A: (in_dim, rank). B: (rank, out_dim). alpha: a number.
        G: dL/dy, (n, out_dim).

    Returns:
        dA = dL/dA (in_dim, rank) and dB = dL/dB (rank, out_dim).
    """
    ### BEGIN SOLUTION
    dA = alpha * x.T @ G @ B.T  # (in_dim, n) @ (n, out_dim) @ (out_dim, rank) -> (in_dim, rank)
    dB = alpha * (x @ A).T @ G  # (rank, n) @ (n, out_dim) -> (rank, out_dim)
    return dA, dB
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-first-gradients", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
first_gradients_grade = check.first_gradients(first_gradients, points=3, of=4)


### BEGIN HIDDEN TESTS
def first_step(function, draw):
    """It holds at the first step, where B is zero, for a single row of x and for a negative alpha."""
    c = check.gradient_case(draw)
    start = {**c, "B": torch.zeros_like(c["B"])}
    single = {**check.gradient_case(draw, n=1), "alpha": -0.5}
    silent = {**check.gradient_case(draw), "alpha": 0.0}
    for which in (0, 1):
        check.judge_gradient(function, [single, start, silent], which)


first_gradients_grade = first_gradients_grade.hidden(first_step, points=1, after=("gradient-of-a", "gradient-of-b"))
### END HIDDEN TESTS
first_gradients_grade

# %% [markdown]
# Read the two formulas again with a start in mind:
#
# $$\frac{\partial L}{\partial A} = \alpha\, x^\top G\, B^\top \qquad\qquad \frac{\partial L}{\partial B} = \alpha\, (x A)^\top G$$
#
# Each gradient contains the *other* factor. **Predict before you run:** for each of the four starts (A random or zero, B random
# or zero), which gradients are zero at the first step? Which start can never learn? Which one spoils the pretrained model?
#
# <details><summary>Answer, after you have run the next cell</summary>
# <ul>
# <li>A random, B zero: dA is zero, dB is not. After one step B is not zero any more, and both learn. The output starts at zero.</li>
# <li>A zero, B random: the mirror image. It learns too and starts at zero as well.</li>
# <li>Both zero: both gradients are zero, now and for ever.</li>
# <li>Both random: both learn, but the layer starts with random output, which is added to what the pretrained layer computes. Training must first undo that noise.</li>
# </ul>
# </details>


# %% tags=["skip-when-grading"]
def four_starts(steps: int = 40, lr: float = 0.03, n: int = 64) -> dict:
    """Train on a target of rank 2 from each start; returns loss and both gradient norms for every step."""
    i, o, r = 12, 8, 2
    generator = torch.Generator().manual_seed(0)
    x, up, down = (torch.randn(*shape, generator=generator) for shape in ((n, i), (i, r), (r, o)))
    target = x @ up @ down / math.sqrt(i)  # (n, o)
    curves = {}
    for a, b in (("random", "zero"), ("zero", "random"), ("zero", "zero"), ("random", "random")):
        A, B = (torch.randn(*shape, generator=generator) / math.sqrt(r) for shape in ((i, r), (r, o)))
        A, B = A * (a == "random"), B * (b == "random")
        rows = []
        for _ in range(steps):
            y = x @ A @ B  # alpha = 1
            G = 2 * (y - target) / n  # (n, o): gradient of the squared error, averaged over the rows
            dA, dB = first_gradients(x, A, B, 1.0, G)
            loss = (y - target).square().sum() / target.square().sum()
            rows.append((loss, dA.norm(), dB.norm()))
            A, B = A - lr * dA, B - lr * dB
        curves[f"A {a}, B {b}"] = torch.tensor(rows)  # (steps, 3)
    return curves


curves = four_starts()
for name, rows in curves.items():
    loss, dA, dB = rows[0]
    print(f"{name:<20} first step: |dA| {dA:5.2f}  |dB| {dB:5.2f}  loss {loss:.2f}, after 40 steps {rows[-1, 0]:.2f}")

# %% [markdown]
# The figure follows the same four runs. Look at step 0 in the two panels on the left, then at where each line starts on the
# right. (A loss of 1 is that of the base layer alone, to which an output of zero adds nothing. "Both random" starts with
# gradients near 20, far above the two panels on the left.)

# %% tags=["skip-when-grading"]
title = "One factor zero, one random: the start costs nothing, and both factors soon get a gradient"
ylabels = ["norm of dL/dA", "norm of dL/dB", "loss (base layer alone: 1)"]
fig, panels = figure(title, "step of gradient descent", ylabels, columns=3, height=3.5)
for panel, column in zip(panels, (1, 2, 0), strict=True):
    lines(panel, range(40), {name: rows[:, column] for name, rows in curves.items()})
    panel.get_legend().remove()
panels[0].set(ylim=(-0.3, 6))
panels[1].set(ylim=(-0.3, 6))
panels[2].set(ylim=(-0.15, None))
legend = fig.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)

# %% [markdown]
# "Both zero" stays on the axis: it never learns. (Real code has shipped with that start, see the last section.) "Both random" begins
# above 1: worse than no adapter at all. The other two are mirror images but for the sizes (12 in, 8 out) and the random numbers, so we
# could as well have chosen A = 0. The paper and PEFT
# chose B = 0, and [Hayou et al. 2024](https://arxiv.org/abs/2406.08447) found that choice the better one on average, because it
# tolerates larger learning rates.
#
# **Why $1/\sqrt{r}$?** Take the first step of gradient descent with learning rate $\eta$. $A$ stays, $B$ becomes $-\eta\, \alpha (xA)^\top G$, and so the update
# of the weight (as in_dim x out_dim matrix) is
#
# $$\alpha A B = -\eta\, \alpha^2\, A A^\top x^\top G.$$
#
# $x^\top G$ is the gradient that *full* fine-tuning would have used. And with entries of variance $1/r$, the average of $A A^\top$ over all
# draws is the identity. So **on average, the first step of plain gradient descent is $\alpha^2$ times a step of full fine-tuning, whatever the rank**; a
# higher rank only scatters less around that average. The next cell measures it over 2,000 draws of $A$.

# %% tags=["skip-when-grading"]
x, G = torch.randn(64, 12), torch.randn(64, 8)
full = x.T @ G  # (12, 8): the gradient of full fine-tuning
print("first step of LoRA along the full gradient, as a multiple of alpha^2 (mean of 2,000 draws, spread of one)")
for rank in (1, 4, 16):
    for alpha in (0.5, 2.0):
        A = torch.randn(2_000, 12, rank) / math.sqrt(rank)
        step = alpha**2 * A @ (A.mT @ full)  # (2000, 12, 8)
        along = (step * full).sum((1, 2)) / full.square().sum() / alpha**2  # (2000,)
        print(f"  rank {rank:>2}, alpha {alpha:<3}: {along.mean():.2f} ±{along.std():.2f}")

# %% [markdown]
# **With Adam it is otherwise**, and with Adam we train. Its first step takes of each gradient only the sign (lab 02), so with $F = x^\top G$ and $\alpha > 0$
# the first $B$ is $-\eta\,\mathrm{sign}(A^\top F)$. How far does the update $\alpha A B$ then go against $F$?
#
# $$-\langle \alpha A B,\, F \rangle = \eta\,\alpha \sum_{k \le r,\; o} \bigl|(A^\top F)_{k o}\bigr|.$$
#
# With entries of variance $1/r$ in $A$, each number in that sum has a size proportional to $1/\sqrt{r}$, and there are $r$ of them for each output: the sum grows with
# $r / \sqrt{r} = \sqrt{r}$. PEFT draws $A$ without looking at $r$ and divides by $r$: the sum has $r$ terms of one size, and the rank drops out. rsLoRA divides
# by $\sqrt{r}$ instead.
#
# **Predict before you run**: from rank 1 to rank 16, by which factor does the first step grow under each of the three?

# %% tags=["skip-when-grading"]
conventions = {  # name: (how A is drawn, the factor before A B)
    "LoRALayer, alpha 1": (lambda r: torch.randn(2_000, 12, r) / math.sqrt(r), lambda r: 1.0),
    "PEFT, 1 / r": (lambda r: (2 * torch.rand(2_000, 12, r) - 1) / math.sqrt(12), lambda r: 1 / r),
    "rsLoRA, 1 / sqrt(r)": (lambda r: (2 * torch.rand(2_000, 12, r) - 1) / math.sqrt(12), lambda r: 1 / math.sqrt(r)),
}
print("Adam's first step along the full gradient, in learning rates (mean of 2,000 draws, spread of one)")
for name, (draw_A, factor) in conventions.items():
    cells = []
    for rank in (1, 4, 16):
        A = draw_A(rank)
        step = factor(rank) * A @ (A.mT @ full).sign()  # (2000, 12, 8)
        along = (step * full).sum((1, 2)) / full.norm()
        cells.append(f"rank {rank:>2}: {along.mean():.2f} ±{along.std():.2f}")
    print(f"  {name:<20}", "   ".join(cells))

# %% [markdown]
# What it meant:
#
# * **With Adam and this layer, rank 16 steps four times as far as rank 1**, at the same learning rate. Who compares ranks at one rate compares rates as well. Lab 06 therefore gives
#   each rank its own.
# * **Under PEFT's scale the rank drops out.** No rank is too fast, and no rank is faster than another: a high rank learns as slowly as a low one, as the author of
#   rsLoRA complains.
# * **rsLoRA's step grows with $\sqrt{r}$, as ours does.** That is what it mends, and no more: at equal rate a high rank moves further. It replaces a search for the rate only as far as the best
#   rate under the usual scale grows with $\sqrt{r}$, which nobody promises.

# %% [markdown]
# ## 5. What alpha does
#
# `alpha` scales the output, so it scales the update. It also scales the gradients, and that is the part people meet in
# practice. A rule of thumb ([for example here](https://github.com/bitsandbytes-foundation/bitsandbytes/issues/762)) says: four times
# alpha is like four times the learning rate. Is it?
#
# Share alpha between the factors: with $A' = \sqrt{\alpha}\,A$ and $B' = \sqrt{\alpha}\,B$ the output is $x A' B'$, that of a layer with alpha 1. Seen
# so, alpha does two things at once:
#
# * **it enlarges the start:** $A'$ begins $\sqrt{\alpha}$ times as large;
# * **it lengthens the steps:** when $A$ moves by $\eta$, $A'$ moves by $\sqrt{\alpha}\,\eta$, and so does $B'$. Adam's steps have a length of about the
#   learning rate $\eta$ whatever the gradient, so for Adam alpha is a learning rate $\sqrt{\alpha}$ times as large. In plain gradient descent the gradient
#   of $A$ carries a factor $\sqrt{\alpha}$ of its own: there it is $\alpha$ times as large.
#
# That is exact, but for the tiny constant in Adam's denominator. The next cell trains two layers with Adam: one with alpha 4, the other with alpha 1, twice the
# start and twice the learning rate.


# %% tags=["skip-when-grading"]
def problem(seed: int, alpha: float) -> tuple[LoRALayer, torch.Tensor, torch.Tensor]:
    """A fresh layer of rank 4 with inputs (64, 12) and outputs (64, 8) of a map of rank 2."""
    torch.manual_seed(seed)
    x, target = torch.randn(64, 12), torch.randn(12, 2) @ torch.randn(2, 8)
    return LoRALayer(12, 8, rank=4, alpha=alpha), x, x @ target


def adam(layer: LoRALayer, x: torch.Tensor, y: torch.Tensor, lr: float, steps: int = 30) -> float:
    """Train the layer; returns the share of the squared error that remains."""
    optimizer = torch.optim.Adam(layer.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        (layer(x) - y).square().mean().backward()
        optimizer.step()
    return ((layer(x) - y).square().sum() / y.square().sum()).item()


four, x, y = problem(seed=0, alpha=4.0)
one, _, _ = problem(seed=0, alpha=1.0)
with torch.no_grad():
    one.A *= 2
print(
    f"alpha 4, rate 0.01: loss {adam(four, x, y, lr=0.01):.4f}; alpha 1, start x 2, rate 0.02: {adam(one, x, y, lr=0.02):.4f}"
)

# %% [markdown]
# **Predict before you run.** In practice nobody enlarges the start. How much smaller may the learning rate be when alpha is four times as large
# and nothing else changes: two times or four times? Does it depend on how far the factors move from their start?
#
# <details><summary>Answer, after you have run the next two cells</summary>
# Between two and four times. While A has hardly moved from its start, the larger start counts in full, &radic;4 &middot; &radic;4 = 4: the update is A times B, and only
# B moves. Once the steps have carried A further than its start was long, only the longer steps remain: &radic;4 = 2.
# </details>

# %% tags=["skip-when-grading"]
rates = [0.00025 * 2**e for e in range(13)]
results = {a: [sum(adam(*problem(seed, a), lr) for seed in range(3)) / 3 for lr in rates] for a in (0.25, 1.0, 4.0)}


def rate_for(losses: list[float], level: float) -> float:
    """The smallest learning rate that brings the loss down to the level, between grid points by interpolation."""
    j = next(j for j in range(len(losses)) if losses[j + 1] <= level)
    return rates[j] * 2 ** ((losses[j] - level) / (losses[j] - losses[j + 1]))


print("rate needed to leave   alpha 0.25   alpha 1   alpha 4   ratios")
for level in (0.95, 0.5, 0.1):
    low, middle, high = (rate_for(losses, level) for losses in results.values())
    print(
        f"{level:>10.0%} of the loss {low:>12.4f} {middle:>9.4f} {high:>9.4f}   {low / middle:.1f}, {middle / high:.1f}"
    )

# %% [markdown]
# The figure shows the same runs. On the left, each curve is the one before it, shifted; look at the shift at the top, where small
# steps have moved the factors little, and further down. On the right the rates are multiplied by $\sqrt{\alpha}$: where the curves now meet, alpha is
# a learning rate $\sqrt{\alpha}$ times as large and nothing else.

# %% tags=["skip-when-grading"]
title = "Four times alpha saves three times the learning rate where little is learned, twice further on"
xlabels = ["learning rate", "sqrt(alpha) x learning rate"]
fig, (left, right) = figure(title, xlabels, "loss after 30 steps (start: 1)", columns=2)
for alpha, losses in results.items():
    left.plot(rates, losses, label=f"alpha = {alpha:g}")
    right.plot([math.sqrt(alpha) * lr for lr in rates], losses)
    left.legend(loc="lower left")
for panel in (left, right):
    panel.set(xscale="log", ylim=(0, 1.05))

# %% [markdown]
# Two consequences:
#
# * alpha and the learning rate are, to a good part, **one** knob. Fix alpha and tune the learning rate. A result of the kind "alpha = 32 is better
#   than alpha = 16" that kept the learning rate fixed has tuned the learning rate.
# * To a good part only. What the cells above show is exact for two numbers together, rate *and* start. With the start as it is, alpha also decides how much of the path is its random
#   $A$. [Zhang et al. 2026](https://arxiv.org/abs/2606.12883) report gains from a large alpha at a small rate that no rate alone gives, and a best alpha that grows with $\sqrt{r}$;
#   [Chen et al. 2026](https://arxiv.org/abs/2602.06204) derive when the best rate is the same for all ranks and when it falls with the rank, which depends on start and scale. Both speak of large models;
#   lab 06 finds the same height for three alphas in a small one.
# * If the scale contains the rank, then **changing the rank also changes the effective learning rate**. The paper's $\alpha/r$ was meant to
#   make retuning unnecessary; [Kalajdzievski 2023](https://arxiv.org/abs/2312.03732) (rsLoRA) shows that it makes gradients shrink with the rank
#   and proposes $\alpha/\sqrt{r}$. With our start, $1/\sqrt{r}$ in $A$ and a plain alpha, you have seen in section 4 that the first step of gradient descent does
#   not depend on the rank, on average, and that Adam's grows with $\sqrt{r}$.

# %% [markdown]
# ### Exercise 6: alpha, here and elsewhere
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | turn an adapter file of PEFT into our A, B and alpha, and into the update itself | 2 of 5 | 8 min | 5 lines |
#
# You get PEFT's `lora_A.weight` (r, in), `lora_B.weight` (out, r) and `lora_alpha` (plain LoRA, not rsLoRA). Return our `A`, `B` and `alpha`, and
# `delta_W` (out, in): what PEFT adds to the weight of the `nn.Linear` when it merges.
#
# <details><summary>Hint 1: where to start</summary>
# Look at the table in section 3. Which of the four results have to be transposed, and which number is missing among the arguments?
# </details>
# <details><summary>Hint 2: the rank</summary>
# The rank is the side that both factors share: <code>lora_A.shape[0]</code>. PEFT multiplies by <code>lora_alpha / r</code>; our layer multiplies by alpha as it is.
# </details>
# <details><summary>Hint 3: an adapter by hand</summary>
# <code>lora_A</code> = [[1, 0], [0, 1]], <code>lora_B</code> = [[3, 4]] and <code>lora_alpha</code> = 10: alpha is 5, B is [[3], [4]] and delta_W [[15, 20]], not [[30, 40]]. An <code>nn.Linear</code>'s weight is (out, in): in which
# order do PEFT's two weights multiply to that, as they are?
# </details>


# %% nbgrader={"grade": false, "grade_id": "alpha-conventions", "locked": false, "schema_version": 3, "solution": true, "task": false}
def from_peft(
    lora_A: torch.Tensor, lora_B: torch.Tensor, lora_alpha: float
) -> tuple[torch.Tensor, torch.Tensor, float, torch.Tensor]:
    """Convert PEFT's two weights and its lora_alpha to this course's layer.

    Args:
        lora_A: (rank, in_dim). lora_B: (out_dim, rank). lora_alpha: PEFT divides it by the rank.

    Returns:
        A (in_dim, rank), B (rank, out_dim), alpha, and delta_W (out_dim, in_dim), the update of the nn.Linear's weight.
    """
    ### BEGIN SOLUTION
    A, B = lora_A.T, lora_B.T  # (in_dim, rank), (rank, out_dim)
    alpha = lora_alpha / lora_A.shape[0]
    delta_W = alpha * lora_B @ lora_A  # (out_dim, in_dim)
    return A, B, alpha, delta_W
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-alpha-conventions", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
alpha_conventions_grade = check.alpha_conventions(from_peft, points=2, of=3)


### BEGIN HIDDEN TESTS
def whole_numbers(function, draw):
    """It also holds for rank 1 and for a whole lora_alpha that the rank does not divide."""
    odd = [check.peft_case(draw, rank=2, lora_alpha=7), check.peft_case(draw, rank=1), check.peft_case(draw, rank=1)]
    cases = [*odd, check.peft_case(draw, lora_alpha=0.0), check.peft_case(draw, lora_alpha=1)]
    check.judge_alpha(function, cases)
    check.judge_update(function, cases)


alpha_conventions_grade = alpha_conventions_grade.hidden(
    whole_numbers, points=1, after=("converts-alpha", "gives-the-update")
)
### END HIDDEN TESTS
alpha_conventions_grade

# %% [markdown]
# Three examples in numbers. Lab 06 adapts `fc1` with rank 2 and alpha 0.1; what would PEFT call it? And what is the usual
# `r=8, lora_alpha=16` here?

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
print(f"ours (rank 2, alpha 0.1)     -> PEFT (r=2, lora_alpha={0.1 * 2:g})")
A, B, alpha, delta_W = from_peft(torch.ones(8, 50), torch.ones(128, 8), 16)
print(f"PEFT (r=8, lora_alpha=16)    -> ours (rank 8, alpha {alpha:g})", [tuple(t.shape) for t in (A, B, delta_W)])
print(f"rsLoRA (r=16, lora_alpha=16) -> ours (rank 16, alpha {16 / math.sqrt(16):g})")

# %% [markdown]
# ## 6. If you have time: rank against error
#
# Eckart and Young give a floor: no layer of rank $r$ can come closer to a given update than $\sqrt{s_{r+1}^2 + \dots}$. Does training *reach* the floor? We
# train your `LoRALayer` to imitate a known update: with $x$ the identity matrix, its output is the matrix $\alpha A B$ itself, and the squared
# error is $\lVert \alpha A B - \text{target} \rVert_F^2$. Two targets: the real update of `fc1` (transposed, since our layer maps in -> out), and a made-up matrix of rank
# exactly 3.


# %% tags=["skip-when-grading"]
def trained_error(target: torch.Tensor, rank: int, steps: int = 600) -> float:
    """Relative Frobenius error of a LoRALayer of the given rank, trained to be the target (in_dim, out_dim)."""
    torch.manual_seed(0)
    layer, eye = LoRALayer(*target.shape, rank, alpha=1.0), torch.eye(len(target))
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        (layer(eye) - target).square().sum().backward()
        optimizer.step()
        schedule.step()
    return ((layer(eye) - target).norm() / target.norm()).item()


targets = {"real update of fc1": updates[0].T, "made-up target of rank 3": torch.randn(50, 3) @ torch.randn(3, 128)}
ranks, reached, floor = (1, 2, 3, 4, 6, 8), {}, {}
print(f"{'relative error at rank':<34}" + "".join(f"{r:>8}" for r in ranks))
for name, target in targets.items():
    reached[name] = [trained_error(target, r) for r in ranks]
    floor[name] = [best_approximation(target, r)[1] / target.norm().item() for r in range(1, 11)]
    print(f"{name:<26} floor  " + "".join(f"{floor[name][r - 1]:>8.4f}" for r in ranks))
    print(f"{name:<26} trained" + "".join(f"{error:>8.4f}" for error in reached[name]))

# %% tags=["skip-when-grading"]
title = "Training a LoRALayer reaches the floor of Eckart and Young at every rank"
fig, panels = figure(title, "rank r", "relative Frobenius error", columns=2)
for panel, name in zip(panels, targets, strict=True):
    panel.plot(range(1, 11), floor[name], color="black", marker="", label="floor: best approximation of rank r")
    panel.plot(ranks, reached[name], "o", color=COLORS[4], markersize=8, fillstyle="none", label="trained LoRALayer")
    panel.set(ylim=(-0.03, 0.85), xticks=range(1, 11))
    panel.legend(title=name, alignment="left")

# %% [markdown]
# The circles lie on the line. Here the factored form loses nothing beyond the rank itself: what the layer did not learn, no update of that
# rank could have expressed. On the right the error is gone from rank 3 on, and more rank buys nothing. On the left each further rank buys a little less:
# this is the curve to have in mind when you choose a rank.
#
# The comparison is a friendly one. Here the target is known and the loss is the distance to it; in real training neither is so, and a
# different update of rank 2 may be better *for the loss* than the best approximation of the full update. Lab 06 trains on the real loss.

# %% [markdown]
# ## 7. Several matrices, one budget
#
# A model has many matrices, and nothing says that each should get the same rank. AdaLoRA ([Zhang et al. 2023](https://arxiv.org/abs/2303.10512))
# moves ranks during training to where they matter. Here is the question behind it, for updates that are known.

# %% [markdown]
# ### Exercise 7: ranks under a budget (open)
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | spend a number of trained numbers where they keep most of the updates | 4 of 5 | 12 min | 8 to 15 lines |
#
# Write `ranks_under_budget(updates, budget)`. It gets a list of matrices and returns a list with a rank for each, in the same order. How you find
# them is up to you; there are several good ways. What holds for every good one is checked:
#
# * each rank is an `int` from 0 to $\min(d, k)$ of its matrix, and $\sum_j r_j (d_j + k_j)$ is at most `budget`, a whole number that may be 0;
# * the best approximations of these ranks together keep an energy, $\sum_j (s_{j,1}^2 + \dots + s_{j,r_j}^2)$, of at least nine tenths of what the
#   best choice within the budget keeps. (The check tries up to four matrices of various sizes, with budgets of several ranks.)
#
# <details><summary>Hint 1: where to start</summary>
# Write down two matrices of different shape with their singular values. You may buy one more rank for either: what does it cost, and what
# does it keep? Which would you buy first?
# </details>
# <details><summary>Hint 2: a way to go</summary>
# The next rank of a matrix never keeps more than the one before. So you can buy one rank at a time and look at the next rank of each matrix
# only; or sort all of them once; or, since the sizes are small, try everything.
# </details>
# <details><summary>Hint 3: what is often forgotten</summary>
# What counts is energy <i>for its price</i>. The last purchase must still fit, the dearest that does not fit need not end the search, and a matrix can
# be sold out.
# </details>


# %% nbgrader={"grade": false, "grade_id": "ranks-under-budget", "locked": false, "schema_version": 3, "solution": true, "task": false}
ranks_under_budget = None  # yours: write the function here, in any way that keeps the promises above


### BEGIN SOLUTION
def ranks_under_budget(updates: list[torch.Tensor], budget: int) -> list[int]:
    """One rank after the other, always the one that keeps most for its price."""
    energies = [torch.linalg.svdvals(W).square().tolist() for W in updates]
    ranks, left = [0] * len(updates), budget
    while True:
        payable = [
            (energies[j][r] / sum(W.shape), j)
            for j, (r, W) in enumerate(zip(ranks, updates, strict=True))
            if r < len(energies[j]) and sum(W.shape) <= left
        ]
        if not payable:
            return ranks
        _, best = max(payable)
        ranks[best] += 1
        left -= sum(updates[best].shape)


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-ranks-under-budget", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
ranks_under_budget_grade = check.ranks_under_budget(ranks_under_budget, points=2, of=3)


### BEGIN HIDDEN TESTS
def edges(function, draw):
    """It also serves a budget of nothing, one that is larger than all, a single matrix and an update of zero."""
    several = check.plans(draw, 4)
    rich = [case._replace(budget=10 * case.cost(case.full())) for case in several]
    poor = [case._replace(budget=budget) for case in several for budget in (0, 1, min(case.sizes()) - 1)]
    still = [w._replace(s=0 * w.s) for w in several[0].updates[:1]]
    single = [check.Plan(case.updates[1:2], case.cost([0, 2, 0])) for case in several]
    more = [check.Plan(still + case.updates, case.budget) for case in several[1:]]
    check.judge_budget(function, [*rich, *poor, *single, *more, check.Plan(still, 100)])
    check.judge_energy(function, [*rich, *single, *more])


ranks_under_budget_grade = ranks_under_budget_grade.hidden(edges, points=1, after=("keeps-the-budget",))
### END HIDDEN TESTS
ranks_under_budget_grade

# %% [markdown]
# Now the first of the fine-tuned models, which changed two matrices that it had before: the word vectors (25,000 x 50) and `fc1` (128 x 50). What does your
# function buy as the budget grows, and what does the same rank for both keep?

# %% tags=["skip-when-grading"]
model = TextClassifier(num_classes=4)  # with the word vectors from before
both = [(tuned[0][0].embedding.weight - model.embedding.weight).detach(), updates[0]]
whole = sum(W.square().sum().item() for W in both)


def same_for_both(matrices: list[torch.Tensor], budget: int) -> list[int]:
    """The largest rank that all can have alike."""
    return [budget // sum(sum(W.shape) for W in matrices)] * len(matrices)


ways = {"the same for both": same_for_both}
if ranks_under_budget_grade.verdict == "pass":
    ways["yours"] = ranks_under_budget
for budget in (1_000, 30_000, 100_000):
    for name, way in ways.items():
        ranks = way(both, budget)
        energy = sum(best_approximation(W, r)[0].square().sum().item() for W, r in zip(both, ranks, strict=True))
        print(f"budget {budget:>7,}: {name:<17} ranks {ranks!s:<8} keep {energy / whole:.3f} of the energy")

# %% [markdown]
# Nearly all of the energy, 0.96, lies in one direction of the word vectors' update, and that costs 25,050 numbers. Below this price only `fc1` can be served, and
# keeps half a per cent of the whole; above it, what is left over goes to `fc1`, where a rank costs 178. What a rank keeps and what it costs are two questions. A third
# is what it is worth to the model: energy is not accuracy, as section 2 has shown.

# %% [markdown]
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | `fc1` (128 x 50) at rank 2 | 356 numbers instead of 6,400: 18 times fewer; break-even at rank 36 |
# | GPT-3, rank 4 on query and value | 18,874,368 numbers, 9,285 times fewer (the paper rounds to 10,000) |
# | energy of the update of `fc1` in 2 of 50 directions | about 0.92, spread over seeds below 0.01; `W0` 0.35, random 0.10 |
# | accuracy with all, 2 and 0 directions of that update | about 0.84, 0.84 and 0.78 (the last with a spread of 0.06) |
# | gradients at the first step | dL/dA exactly 0, dL/dB not |
# | first step of LoRA against full fine-tuning, gradient descent | alpha squared times, on average, at every rank |
# | Adam's first step at rank 16 against rank 1 | 4 times as far; under PEFT's alpha / r 1.0 times |
# | learning rate that 4 times alpha saves, with Adam | about 3 times where little is learned, 2.0 times further on |
# | `r=8, lora_alpha=16` in PEFT | alpha 2 here |
#
# * LoRA trains $r(d + k)$ numbers instead of $d k$. Fewer trained numbers are not proportionally less memory.
# * Whether a small rank is enough is a fact about the task and the model. You can measure it.
# * One factor zero and one random: starts at exactly the pretrained model, and still learns.
# * alpha and the learning rate are largely one knob: for Adam, 4 times alpha is worth 2 to 4 times the rate. Know the convention before you compare numbers: alpha, $\alpha/r$ or $\alpha/\sqrt{r}$.
#
# ## What breaks in practice
#
# Every mistake in this list is real; the checks above recognise all of them but the last, which is a mistake of checks.
#
# * **The scale.** A well-known book's layer multiplied by alpha where its text said alpha / rank
#   ([rasbt/LLMs-from-scratch #821](https://github.com/rasbt/LLMs-from-scratch/issues/821), changed in #823; a leftover was made consistent a year later in
#   [#1080](https://github.com/rasbt/LLMs-from-scratch/pull/1080)). Neither form is wrong; mixing them is: the same `alpha=16` at rank 16 differs by a factor of 16.
# * **Both factors zero.** In [cosmos-predict2.5 #15](https://github.com/nvidia-cosmos/cosmos-predict2.5/pull/15) a general weight initialisation ran
#   after the adapters had been added and set `lora_A` to zero as well: nothing trained.
# * **Which factor is zero?** The comment and the code in loralib's embedding layer disagree ([microsoft/LoRA #155](https://github.com/microsoft/LoRA/pull/155)).
# * **Frozen or invisible factors.** Public student solutions of a university course draw both factors at random and then switch `requires_grad` off; others detach
#   the input or run it under `no_grad`, which cuts the gradient to every layer below.
# * **A nonlinearity or normalisation between A and B.** That is a small adapter and no longer an update of a matrix. It may train well, but it
#   cannot be merged.
# * **No `super().__init__()`.** The class in torchtune's LoRA tutorial lacked it and raised an AttributeError.
# * **Tests that cannot fail.** A test "the loss falls" passes with A and B both zero, with factors that cannot be trained, and even with no LoRA in the model at all, as long as
#   some other layer trains. When this course was designed, 7 of 8 broken layers passed such a test. The four facts that your layer was
#   checked for (zero at the start, $r(\text{in} + \text{out})$ trainable numbers, output *and* gradients in closed form, learns a target of its rank) caught 15 of 15.
#
# ## Further reading
#
# * E. Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*, 2021, [arXiv:2106.09685](https://arxiv.org/abs/2106.09685): sections 4 and 7.
# * A. Aghajanyan et al., *Intrinsic Dimensionality Explains the Effectiveness of Language Model Fine-Tuning*, 2020, [arXiv:2012.13255](https://arxiv.org/abs/2012.13255).
# * D. Biderman et al., *LoRA Learns Less and Forgets Less*, 2024, [arXiv:2405.09673](https://arxiv.org/abs/2405.09673).
# * S. Hayou et al., *The Impact of Initialization on LoRA Finetuning Dynamics*, 2024, [arXiv:2406.08447](https://arxiv.org/abs/2406.08447).
# * D. Kalajdzievski, *A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA*, 2023, [arXiv:2312.03732](https://arxiv.org/abs/2312.03732).
# * C. Eckart and G. Young, *The approximation of one matrix by another of lower rank*, Psychometrika 1, 1936.
#
# Next: [lab 06](../06_linear_with_lora/06_linear_with_lora.ipynb) puts the layer beside a frozen `nn.Linear`.
