# %% [markdown]
# # 11 LoRA today: what came after 2024, measured here
#
# The second half of this lab: what an adapter does to a weight, several adapters in one weight, many adapters over one
# base.
#
# **Time** about 70 minutes for this half, of which the core takes 35: what is headed *if you have time* is not needed later. **Points** {{ points }} in four exercises. **Run time** about a minute on two
# CPU cores (one is used).

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.variants.intruder_dimensions.count_intruder_dimensions", "lora_utils.variants.merging_updates.merge_ties", "lora_utils.variants.merging_updates.drop_and_rescale", "lora_utils.variants.batched_lora.BatchedLoRA"]
import torch

from lora_utils.checks import lab_11_lora_today as check

torch.manual_seed(0)
torch.set_num_threads(1)  # the matrices here are small: more threads would not help, and results would depend on them
print("torch", torch.__version__)

# %%
# ---- imports of sections 4 to 6 ----
import statistics
import time

from torch import nn

import lora_utils
from lora_utils import variants
from lora_utils.plots import COLORS, DASHES, MARKERS, figure
from lora_utils.training import seed_everything

# %% [markdown]
# ## 4. What an adapter does to a weight
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
# The last column says why. Full fine-tuning moves a matrix by a fifth of its length, spread over hundreds of directions, each of them weak. LoRA moves it by half of its length or more,
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
# ## 5. Many adapters over one base
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
# Then what it costs, at the size of MiniLM's attention (384 x 384, rank 8) and for 32 rows: once a single token each, as when a model writes word by word, and once sequences of 12. The ways take turns within each of 25 rounds, on
# one thread, and the figure shows the median of the ratios within the rounds. What the machine does beside it touches all ways alike.
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
    return {name: statistics.median(r[name] / r["one adapter for all"] for r in rounds) for name in runs}


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
# ## 6. If you have time: several adapters in one weight
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
# * **The scale matters more than the method.** Each row is at its own best scale, chosen on validation: from 0.1 to 0.6.
# * **DARE at 0.9 ruins it**, and at 0.5 it is one draw that came out well. The next figure looks at one adapter at a time, five draws each.

# %% tags=["skip-when-grading"]
DROPS, DRAWS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9), 5
seed_everything(0)
fig, panels = figure(
    "On a layer of 50 inputs little of an update is redundant, and rescaling costs more than it saves",
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
# Nothing like 90 % may go here: a tenth is free, at three tenths the film adapter has lost about half of its gain, and at seven the rescaled update is worse than none; the easy task on the right bears more. And the rescaling, the point of the method, makes it worse. Why?
#
# What is kept is the *mean*. An output is a sum over the inputs, $\\sum_b U_{ab} x_b$, and dropping adds a noise of variance $\\frac{p}{1-p} \\sum_b U_{ab}^2 x_b^2$ to it. Beside a sum of thousands of terms
# that vanishes. Our layer has 50 inputs, and at $p = 0.9$ the factor before the sum is 9. The abstract finds the effect "more pronounced in large-scale LMs", and this is a reason for it. A trick that rests on averages
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
# | intruders among the 60 strongest directions of a block | about 5 after LoRA of rank 1, 25 after rank 8, 2 or 3 after full fine-tuning |
# | forgetting with the intruders, or the whole update, at three quarters | about half, either way; the questions lose two points, or none |
# | four tasks: no update, one merged, each its own | 0.765, 0.807 (the plain sum at half its scale), 0.821 |
# | TIES, density 0.2 and 0.5 | 0.794, 0.768 |
# | DARE before the sum, 0.5 and 0.9 | 0.810, 0.711 |
# | 32 adapters in a batch of 32 tokens, in units of one adapter for all | about 2 gathered, more than 10 in turn |
#
# * An intruder dimension is a large update of low rank, seen in the weight. LoRA makes them and full fine-tuning does not. Whether they are what forgets is another question, and asks for a control.
# * An update of a smaller scale forgets less. That is the cheapest cure, and it needs no decomposition.
# * Merging has one knob that matters first, the scale, and it is chosen on validation. TIES and DARE answer problems that large models and many tasks have; a small one need not.
# * Merge updates, not factors.
# * Serving needs no merging: gather the factors by row. -1 is a place in PyTorch.
#
# ## Further reading
#
# * R. Shuttleworth et al., *LoRA vs Full Fine-tuning: An Illusion of Equivalence*, 2024, [arXiv:2410.21228](https://arxiv.org/abs/2410.21228).
# * G. Ilharco et al., *Editing Models with Task Arithmetic*, 2022, [arXiv:2212.04089](https://arxiv.org/abs/2212.04089).
# * P. Yadav et al., *TIES-Merging: Resolving Interference When Merging Models*, 2023, [arXiv:2306.01708](https://arxiv.org/abs/2306.01708).
# * L. Yu et al., *Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch*, 2023, [arXiv:2311.03099](https://arxiv.org/abs/2311.03099).
# * L. Chen et al., *Punica: Multi-Tenant LoRA Serving*, 2023, [arXiv:2310.18547](https://arxiv.org/abs/2310.18547).
# * Y. Sheng et al., *S-LoRA: Serving Thousands of Concurrent LoRA Adapters*, 2023, [arXiv:2311.03285](https://arxiv.org/abs/2311.03285).
#
# Next: the [quiz](../10_quiz/10_quiz.ipynb) asks about the whole course.
