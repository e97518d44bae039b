# %% [markdown]
# # 03 Additive methods: adapters and IA3
#
# Full fine-tuning changes every weight of a model. The methods of this lab change none: they **add** something small to a frozen model and train
# only that. *Bottleneck adapters* ([Houlsby et al. 2019](https://arxiv.org/abs/1902.00751)) are tiny networks behind each sublayer of a
# transformer; *IA3* ([Liu et al. 2022](https://arxiv.org/abs/2205.05638)) rescales activations by learned factors. You build both, put them into a
# pretrained sentence encoder, and measure what they are worth and what they cost.
#
# When you are done you can
#
# 1. count what an additive method trains, and turn a budget into a bottleneck;
# 2. write an adapter that starts as exactly the identity, and say why that matters;
# 3. put adapters into every block of a model whose sublayers are called in different ways;
# 4. write IA3 and fold it into the weights, and say why an adapter cannot be folded;
# 5. read a comparison of methods by accuracy, trained numbers and latency;
# 6. design an adapter of your own that keeps what every additive method has to keep.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | labs 00 and 02; what attention and feed-forward layers do in a transformer | about 100 minutes, of which the core takes 75: what is headed *if you have time* is not needed later; the notebook itself runs in about two minutes on two idle CPU cores | {{ exercises }} exercises, {{ points }} points; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# Every exercise stands alone: a mistake in one costs nothing in the next. The experiments use your classes where their checks have passed, and the course's, which do the same, where not; each says
# which it was. (The table after exercise 1 uses your three functions.)

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.methods.adapters.BottleneckAdapter", "lora_utils.methods.adapters.AdapterBehind", "lora_utils.methods.adapters.inject_adapters", "lora_utils.methods.ia3.LinearWithIA3", "lora_utils.methods.ia3.merge_ia3"]
import time
from importlib.metadata import version

import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.checks import lab_03_additive as check
from lora_utils.devices import best_device, synchronize
from lora_utils.models import EncoderBlock

torch.manual_seed(0)
device = best_device()
print("torch", torch.__version__, "| peft-by-hand", version("peft-by-hand"))

# %% [markdown]
# ## 1. Where adapters go, and what they cost
#
# The model is MiniLM, a BERT of six blocks that turns a sentence into vectors of width $d = 384$. Each block has two sublayers, attention and a
# feed-forward part whose inner width is $f = 1536$. Each is added to its input (the *residual*), then normalised. Houlsby et al. put an adapter behind
# each sublayer, **before** the residual is added:

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("insertion_points")

# %% [markdown]
# Every method of this course changes the same frozen block, at a place of its own (this lab: 3, 5 and 6), and trains at most 1.4 % as many numbers as the block holds.
#
# An adapter squeezes a vector of width $d$ through a *bottleneck* of $r$ numbers and adds the result to what came in. For a row vector $x$ ($d$ numbers):
#
# $$\text{adapter}(x) = x + \text{up}(\text{gelu}(\text{down}(x)))$$
#
# | part | what it is | shape of weight and bias |
# | --- | --- | --- |
# | `down` | linear, $d \to r$ | $(r, d)$ and $(r)$ |
# | `gelu` | activation: $z$ times the probability that a standard normal number is below $z$ | |
# | `up` | linear, $r \to d$ | $(d, r)$ and $(d)$ |
#
# Together $2dr + r + d$ numbers (Houlsby et al., section 2.1). Two other placements are in use. *Pfeiffer* ([2021](https://arxiv.org/abs/2005.00247)): one adapter a
# block, behind the feed-forward part (AdapterHub's version also adds the residual and normalises before the adapter; ours leaves the place as above, so that only the number of adapters differs). *Parallel* ([He et al. 2022](https://arxiv.org/abs/2110.04366)): one adapter **beside** the feed-forward part, on
# the same input, times a fixed number (4 in AdapterHub's library).
#
# (Houlsby et al. also train the layer norms, $2d$ numbers each. We leave them frozen, so that the adapters alone are compared.)
#
# IA3 adds no layers. It multiplies keys and values ($d$ numbers each) and the inner activations of the feed-forward part ($f$ numbers) by one learned
# factor a number: three vectors a block.

# %% [markdown]
# ### Exercise 1: counting
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | say what each method trains, and turn a budget into a bottleneck | 1 of 5 | 6 min | 3 lines |
#
# Write three functions that take whole numbers of any size and return one (an `int`), exactly: the numbers in one adapter, the numbers that IA3 trains in one block, and the largest bottleneck $r$ at which `adapters`
# adapters together have at most `budget` numbers (0 if not even $r = 1$ fits).
#
# <details><summary>Hint 1: where to start</summary>
# Write the shapes of both weights and both biases beside each other and add up. Which of the terms hold <i>r</i>?
# </details>
# <details><summary>Hint 2: the inequality</summary>
# Each adapter may have <code>budget / adapters</code> numbers. Solve <i>2 d r + r + d &le; that</i> for <i>r</i>.
# </details>
# <details><summary>Hint 3: numbers to compare</summary>
# <code>adapter_parameters(3, 2)</code> is 17 and <code>ia3_parameters(3, 5)</code> 11. Two adapters of width 3 with 34 numbers together can have <i>r</i> = 2, with 33 only 1, with 5 none:
# <code>//</code> rounds down below zero too: <code>(2 - 3) // 7</code> is -1. Where do the 2, the 3 and the 7 come from, and what must the -1 become?
# </details>


# %% nbgrader={"grade": false, "grade_id": "count-adapters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adapter_parameters(d: int, r: int) -> int:
    """How many numbers an adapter of width d and bottleneck r has, biases included."""
    ### BEGIN SOLUTION
    return 2 * d * r + r + d
    ### END SOLUTION


def ia3_parameters(d: int, f: int) -> int:
    """How many factors IA3 has in one block of width d and inner width f."""
    ### BEGIN SOLUTION
    return d + d + f
    ### END SOLUTION


def widest_bottleneck(d: int, adapters: int, budget: int) -> int:
    """The largest r at which `adapters` adapters of width d have at most `budget` numbers together; 0 if none fits."""
    ### BEGIN SOLUTION
    return max(0, (budget // adapters - d) // (2 * d + 1))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-count-adapters", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
count_adapters_grade = check.count_adapters(adapter_parameters, ia3_parameters, widest_bottleneck, points=3, of=4)


### BEGIN HIDDEN TESTS
def small_and_large_budgets(functions, draw):
    """A budget that is too small for any adapter gives 0, and a huge one is exact."""
    d, n = draw.integer(300, 900), draw.integer(2, 24)
    small = [[d, n, n * d], [d, n, 5], [d, n, 0], [d, 1, d - 1], [d, n, n * (3 * d + 1) - 1], [d, n, n * (3 * d + 1)]]
    check.judge_widest(functions, [*small, [d, 2, 12 * d * 777_777]])


count_adapters_grade = count_adapters_grade.hidden(small_and_large_budgets, points=1, after=("widest-that-fits",))
### END HIDDEN TESTS
count_adapters_grade

# %% [markdown]
# Now use it for MiniLM (six blocks, 22,565,376 numbers) and for BERT-large (24 blocks, $d = 1024$, about 335 million numbers), the model of the paper.
#
# **Predict before you run**: Houlsby et al. report "only 3.6 % parameters per task". Which of the bottlenecks below do you expect there?

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
models = {"MiniLM": (6, 384, 1536, 22_565_376), "BERT-large": (24, 1024, 4096, 335_141_888)}
for name, (blocks, d, f, total) in models.items():
    print(f"{name}: IA3 trains {blocks * ia3_parameters(d, f):,} numbers ({blocks * ia3_parameters(d, f) / total:.2%})")
    for r in (4, 16, 64, 256):
        one = adapter_parameters(d, r)
        print(
            f"  r = {r:>3}: {one:>7,} in an adapter, Pfeiffer {blocks * one / total:>6.2%}, Houlsby {2 * blocks * one / total:>6.2%}"
        )
print("widest bottleneck for 1 % of MiniLM with 12 adapters:", widest_bottleneck(384, 12, 225_653))

# %% [markdown]
# The 3.6 % lie between $r = 64$ (1.9 %) and $r = 256$ (7.5 %): the paper chose the bottleneck of each task on its validation set, among 8, 64 and 256, and
# the figure is the average. IA3 needs far less than the smallest of these adapters. Whether it also *learns* as much is a question for section 5.

# %% [markdown]
# ## 2. The adapter
#
# Before training, the adapted model should compute what the pretrained one computes; otherwise training starts with a broken model. The way around the two
# layers (the $x +$) makes that possible: if what is added is small, the adapter is nearly the identity. Houlsby et al. draw both layers with a standard deviation of
# 0.01. We go one step further: `up` starts at **zero**, weight and bias, so that the adapter starts as *exactly* the identity. (LoRA's `B` starts at zero for the
# same reason; lab 05.)

# %% [markdown]
# ### Exercise 2: BottleneckAdapter
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | write the adapter | 2 of 5 | 12 min | 5 lines |
#
# Two `nn.Linear` layers with biases. `down` may keep the start that PyTorch gives it, `up` starts at zero. The check looks at the layers, the start, the output for
# arbitrary weights, and the gradients of $x$ and of all four parameters.
#
# <details><summary>Hint 1: where to start</summary>
# <code>nn.Linear(a, b)</code> maps <i>a</i> numbers to <i>b</i>. You need one from width to bottleneck and one back.
# </details>
# <details><summary>Hint 2: the zero</summary>
# <code>nn.init.zeros_</code> sets a parameter to zero in place. <code>up</code> has two parameters, and both are drawn at random unless you reset them.
# </details>
# <details><summary>Hint 3: a number by hand</summary>
# Width 1, bottleneck 1, <code>down</code> with weight 1 and bias 0, <code>up</code> with weight 2 and bias 0.5: an <i>x</i> of 1 becomes gelu(1) = 0.841 inside, and 3.183 comes out. 2.183 lacks <i>x</i> itself,
# 3.5 the activation. A fresh adapter returns <i>x</i> exactly, whatever <code>down</code> does.
# </details>


# %% nbgrader={"grade": false, "grade_id": "bottleneck-adapter", "locked": false, "schema_version": 3, "solution": true, "task": false}
class BottleneckAdapter(nn.Module):
    """A small network with a way around it: x (..., width) -> x + up(gelu(down(x))) (..., width)."""

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return x + self.up(F.gelu(self.down(x)))  # (..., d) -> (..., r) -> (..., d)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-bottleneck-adapter", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
bottleneck_adapter_grade = check.bottleneck_adapter(BottleneckAdapter, points=5, of=7)


### BEGIN HIDDEN TESTS
def other_inputs(adapter, draw):
    """It also takes single vectors and float64."""
    check.judge_output(adapter, check.case(draw, leading=()))
    check.judge_output(adapter, check.case(draw, leading=(2, 1, 3), dtype="float64"))


def learns(adapter, draw):
    """Trained on the output of another adapter of its size, it comes close to it."""
    d, r = 9, 4
    x, unseen, up, down = draw.normal(256, d), draw.normal(128, d), draw.normal(d, 2), draw.normal(2, d)
    target, right = (v + torch.relu(v @ up) @ down for v in (x, unseen))
    seen = adapter.probe(check.fit, width=d, bottleneck=r, x=x, target=target, unseen=unseen, steps=400)
    still = check.share_left(seen["found"], right, unseen)
    if not still < 0.05:
        text = f"after 400 steps the loss is still {still:.0%} of the first"
        raise check.Failure("does-not-learn", text, "Both layers must be trainable, and not both start at zero.")


bottleneck_adapter_grade = bottleneck_adapter_grade.hidden(other_inputs, points=1, after=("output",)).hidden(
    learns, points=1, after=("has-two-layers", "starts-as-the-identity", "output")
)
### END HIDDEN TESTS
bottleneck_adapter_grade

# %% [markdown]
# **Predict before you run.** `up` is zero. What is the gradient of `down` at the first step? And does `down` ever learn?
#
# <details><summary>Answer, after you have run the next cell</summary>
# Zero. With <i>z</i> = down(x) and <i>G</i> the gradient that arrives at the output, <i>dL/dz = (G up) &middot; gelu'(z)</i>, and <i>up</i> = 0. But the gradient of <i>up</i> is
# <i>G<sup>T</sup> gelu(z)</i>, which is not zero: the first step moves <i>up</i>, and from the second step on <i>down</i> gets a gradient too. If <b>both</b> were zero, gelu(z) would be
# zero as well and neither matrix would ever move.
# </details>

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils import methods

passed = bottleneck_adapter_grade.verdict == "pass"  # then the experiments below use your class
Adapter = BottleneckAdapter if passed and hasattr(BottleneckAdapter(8, 3), "down") else methods.BottleneckAdapter
print("your adapter:" if Adapter is BottleneckAdapter else "the course's adapter:")
adapter, x, target = Adapter(8, 3), torch.randn(32, 8), torch.randn(32, 8)
optimizer = torch.optim.SGD(adapter.parameters(), lr=0.1)
for step in (1, 2, 3):
    optimizer.zero_grad()
    (adapter(x) - target).square().mean().backward()
    print(
        f"step {step}: down gets a gradient: {bool(adapter.down.weight.grad.any())}, up: {bool(adapter.up.weight.grad.any())}"
    )
    optimizer.step()

# %% [markdown]
# How much does a start away from the identity hurt? The next cell puts adapters into the pretrained MiniLM, draws both layers of each with standard deviation $\sigma$, as in
# the paper, and compares the sentence vectors of 64 questions with those of the untouched model: the cosine between them, 1 if nothing has changed. Three seeds a point.

# %% tags=["skip-when-grading"]
from lora_utils.data import load, progress
from lora_utils.models import load_minilm, mean_pool, trim
from lora_utils.plots import COLORS, MARKERS, figure

trec = load("trec", max_len=16, tokens="minilm")  # 79 % of the questions whole
ids, mask = trim(trec.valid.inputs[:64])


@torch.no_grad()
def sentence_vectors(sigma: float | None, seed: int) -> torch.Tensor:
    """Mean vectors of 64 questions (64, 384) with fresh adapters of standard deviation sigma; None for no adapters."""
    encoder = load_minilm()
    if sigma is not None:
        torch.manual_seed(seed)
        methods.inject_adapters(encoder, bottleneck=16)
        for name, parameter in encoder.named_parameters():
            if ".adapter." in name:
                parameter.normal_(std=sigma)
    return mean_pool(encoder(ids, mask), mask)


sigmas, seeds = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3), range(3)
plain = sentence_vectors(None, 0)
kept = {
    sigma: [F.cosine_similarity(plain, sentence_vectors(sigma, seed)).mean().item() for seed in seeds]
    for sigma in progress(sigmas, "starts")
}
print({sigma: [round(value, 3) for value in values] for sigma, values in kept.items()})

# %% tags=["skip-when-grading"]
fig, axes = figure(
    "A start at 0.01 is safe; at 0.1 the cosine has fallen to 0.45",
    "standard deviation of down and up at the start",
    "cosine with the pretrained vectors",
)
shown = sigmas[1:]
middle = [sum(kept[sigma]) / 3 for sigma in shown]
low, high = ([pick(kept[sigma]) for sigma in shown] for pick in (min, max))
reach = [[m - a for m, a in zip(middle, low, strict=True)], [b - m for m, b in zip(middle, high, strict=True)]]
axes.errorbar(shown, middle, yerr=reach, capsize=3, color=COLORS[0], marker="o", label="both layers drawn at random")
axes.axhline(kept[0.0][0], color=COLORS[4], linestyle="--", label="up = 0: exactly the identity")
axes.set(xscale="log", ylim=(-0.1, 1.08))
axes.legend(frameon=False, loc="lower left")
axes.grid(visible=True)

# %% [markdown]
# Up to $\sigma = 0.01$, the paper's advice, next to nothing changes; at 0.03 the vectors still agree to 0.98; at 0.1 the cosine is down to 0.45, and at 0.3 nothing is left of the pretrained model. PyTorch's own start of `up` is uniform between
# $\pm 1/\sqrt{r}$, a standard deviation of 0.14 at $r = 16$: on the wrong side. With `up` at zero there is nothing to tune. The cosine is 1, whatever `down` is.

# %% [markdown]
# ## 3. Into every block
#
# MiniLM's sublayers are called in two ways: `attention(x, mask)` and `feed_forward(x)`. Rather than writing the block anew, we wrap a sublayer: whatever it is called
# with goes to the sublayer, and the adapter works on the result.

# %% [markdown]
# ### Exercise 3: a wrapper for any sublayer
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | put an adapter behind a module without knowing its arguments | 2 of 5 | 8 min | 3 lines |
#
# `AdapterBehind(sublayer, adapter)` keeps both, freezes the sublayer, and returns `adapter(sublayer(...))`, whatever arguments it is called with, by position or by name; `None` is an argument like any other.
#
# <details><summary>Hint 1: where to start</summary>
# Both modules become attributes of <code>self</code>, as they are: no copy, no list.
# </details>
# <details><summary>Hint 2: any arguments</summary>
# In <code>def forward(self, *inputs, **named)</code>, <code>inputs</code> holds the arguments by position and <code>named</code> those by name. The same stars unpack them again in a call.
# </details>
# <details><summary>Hint 3: a wrapper around a function</summary>
# <code>def louder(*inputs, **named): return 2 * play(*inputs, **named)</code> doubles what <code>play</code> returns and knows nothing of its arguments. Yours gives the result to a module instead.
# Frozen weights need no <code>no_grad</code>, and with it the adapters in the blocks below would learn nothing.
# </details>


# %% nbgrader={"grade": false, "grade_id": "adapter-behind", "locked": false, "schema_version": 3, "solution": true, "task": false}
class AdapterBehind(nn.Module):
    """A frozen sublayer whose output goes through an adapter: adapter(sublayer(...))."""

    def __init__(self, sublayer: nn.Module, adapter: nn.Module) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter
        ### END SOLUTION

    def forward(self, *inputs, **named) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.adapter(self.sublayer(*inputs, **named))
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-adapter-behind", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
adapter_behind_grade = check.adapter_behind(AdapterBehind, points=3, of=4)


### BEGIN HIDDEN TESTS
def unusual_calls(wrapper, draw):
    """Any number of arguments goes through, by position or by name, None and 0 among them."""
    mask = torch.tensor([0.0, 1.0, 1.0, 0.0])
    check.judge_call(wrapper, draw, [], {"factor": 2.5})
    check.judge_call(wrapper, draw, [mask], {"factor": -0.5})
    check.judge_call(wrapper, draw, [mask, 1.5], {})
    check.judge_call(wrapper, draw, [None], {"factor": 2})
    check.judge_call(wrapper, draw, [mask], {"factor": 0})


adapter_behind_grade = adapter_behind_grade.hidden(unusual_calls, points=1, after=("any-call",))
### END HIDDEN TESTS
adapter_behind_grade

# %% [markdown]
# Attention takes a mask as well. The cell wraps the attention of one small block, in front of a fresh adapter:

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
block, x, real = EncoderBlock(8, 2, 16), torch.randn(2, 5, 8), torch.ones(2, 5, dtype=torch.bool)
plain_output = block(x, real)
Behind = AdapterBehind if adapter_behind_grade.verdict == "pass" else methods.AdapterBehind
block.attention = Behind(block.attention, Adapter(8, 3))
print("your wrapper:" if Behind is AdapterBehind else "the course's wrapper:")
print("bit for bit the same output:", torch.equal(block(x, real), plain_output))

# %% [markdown]
# ### Exercise 4: an adapter behind every sublayer
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | insert adapters into any model that is made of encoder blocks | 3 of 5 | 12 min | 8 lines |
#
# Write `insert_adapters(model, bottleneck, adapter, wrapper)`. In every `EncoderBlock` inside `model`, however deep and of subclasses too, replace `block.attention` and `block.feed_forward`
# by `wrapper(sublayer, adapter(width, bottleneck))`, each with a fresh adapter. `adapter` and `wrapper` are classes that come in as arguments, whose own arguments may have any names: give them by position. So this exercise does not depend on
# the ones above. The width of a block is the length of `block.attention_norm.weight`.
#
# Everything else stays as it is, the trainable head above all, and so does each module's mode. If `attention` or `feed_forward` of any block is an instance of `wrapper` already, raise `ValueError` before anything
# is changed, so that no model is left half done; a wrapper elsewhere, around the head say, is no reason to refuse. (Two adapters in a row would cost twice as much and look like one.)
#
# <details><summary>Hint 1: where to start</summary>
# <code>model.modules()</code> goes through everything inside a model, at any depth, the model itself included. <code>isinstance(module, EncoderBlock)</code> picks the blocks.
# </details>
# <details><summary>Hint 2: two loops</summary>
# Make a list of the blocks first. One loop only looks whether there are wrappers; the second changes the blocks. <code>getattr(block, name)</code> and <code>setattr(block, name, module)</code> save you
# writing everything twice.
# </details>
# <details><summary>Hint 3: a count</summary>
# A model of three blocks has six adapters afterwards, all different: <code>sum(isinstance(m, BottleneckAdapter) for m in model.modules())</code> counts each object once. If it is 3 or 1, several places share one:
# inside which loop is it made? What the wrapper gets is the sublayer that stands in the place now.
# </details>


# %% nbgrader={"grade": false, "grade_id": "insert-adapters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def insert_adapters(model: nn.Module, bottleneck: int, adapter: type, wrapper: type) -> None:
    """Put wrapper(sublayer, adapter(width, bottleneck)) in the place of both sublayers of every EncoderBlock.

    Raises ValueError, before anything is changed, if a sublayer is wrapped already.
    """
    ### BEGIN SOLUTION
    blocks = [module for module in model.modules() if isinstance(module, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-insert-adapters", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
insert_adapters_grade = check.insert_adapters(insert_adapters, points=4, of=5)


### BEGIN HIDDEN TESTS
def parts_of_a_model(insert, draw):
    """It also serves a bare encoder or block, a model deep in another, and a list of some blocks, not the others."""
    for inside, expected in (("encoder", "012"), ("upper", "12"), ("deep", "012"), ("block", "2")):
        places = check.inserted(insert, draw, inside=inside)[0]["places"]
        wrapped = {name for name, place in places.items() if place["wrapped"]}
        right = {f"{index}.{child}" for index in expected for child in ("attention", "feed_forward")}
        if wrapped != right:
            text = f"given {inside!r} with the blocks {', '.join(expected)}, it wrapped {', '.join(sorted(wrapped)) or 'nothing'}"
            raise check.Failure("model-assumed", text, "Search model.modules(); assume no attribute of the model.")


insert_adapters_grade = insert_adapters_grade.hidden(parts_of_a_model, points=1, after=("every-block",))
### END HIDDEN TESTS
insert_adapters_grade

# %% [markdown]
# Now into the real model: a `SentenceClassifier` is a frozen MiniLM, the mean over the tokens' vectors, and a new linear head with one score for each of six classes of questions (TREC: does
# the question ask for a person, a place, a number, ...?). The cell runs each of your three pieces if its check has passed, else the course's. Look for "bit for bit".

# %% tags=["skip-when-grading"]
from lora_utils import count_parameters
from lora_utils.models import load_sentence_classifier

own = insert_adapters_grade.verdict == "pass"


def houlsby(model: nn.Module, adapter: type = Adapter, size: int = 16) -> None:
    """An adapter behind every sublayer, by your insert_adapters where it has passed."""
    if own:
        return insert_adapters(model, size, adapter, Behind)
    for block in [module for module in model.modules() if isinstance(module, EncoderBlock)]:
        for name in ("attention", "feed_forward"):
            setattr(block, name, Behind(getattr(block, name), adapter(len(block.attention_norm.weight), size)))


model = load_sentence_classifier(num_classes=6, seed=0)
with torch.no_grad():
    before = model(ids)
    houlsby(model)
    whose = {"adapter": Adapter is BottleneckAdapter, "wrapper": Behind is AdapterBehind, "insertion": own}
    print(", ".join(f"{name}: {'yours' if yours else 'the course'}" for name, yours in whose.items()))
    print("bit for bit the same scores:", torch.equal(model(ids), before))
print(count_parameters(model))

# %% [markdown]
# 152,256 numbers in twelve adapters (`2 * 6 * adapter_parameters(384, 16)`) and 2,310 in the head. Train them on 320 questions, one epoch, with the course's training loop:

# %% tags=["skip-when-grading"]
from lora_utils.training import accuracy, mean_and_spread, train

model.to(device)
print(f"validation accuracy before training: {accuracy(model, trec.valid):.3f}")
train(model, trec.train.first(320), epochs=1, lr=3e-3, batch_size=32, label="adapters in six blocks")
print(f"after one epoch: {accuracy(model, trec.valid):.3f}")

# %% [markdown]
# Ten steps of 32 questions, and the accuracy goes from 0.16 to 0.70. Nothing but the adapters and the head has changed: take them away and the pretrained model is back.

# %% [markdown]
# ## 4. IA3: multiply instead of add
#
# "Infused adapter by inhibiting and amplifying inner activations": IA3 learns one factor $s_j$ for each number of a key, of a value, and of the inner activations of the feed-forward part. For a
# linear layer with weight $W$ (o, i) and bias (o), with input $x$ (..., i):
#
# $$\text{output: } \; y = s \odot (x W^\top + \text{bias}), \quad s \in \mathbb{R}^o \qquad\qquad \text{input: } \; y = (s \odot x)\, W^\top + \text{bias}, \quad s \in \mathbb{R}^i$$
#
# $\odot$ multiplies number by number. Keys and values are rescaled at the **output** of their layers; the inner activations at the **input** of the layer that leads back to width $d$, because the
# activation function stands between it and the layer before. A factor of one changes nothing, so $s$ starts at **one**; zero would switch the layer off.

# %% [markdown]
# ### Exercise 5: LinearWithIA3
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | rescale one side of a frozen linear layer | 2 of 5 | 10 min | 7 lines |
#
# `LinearWithIA3(linear, where)` keeps the layer it is given, freezes it, and trains one vector of factors: as many as the layer has outputs for `where="output"`, as many as it has inputs for
# `where="input"`. Keys and values map 384 numbers to 384, so the sizes alone do not tell the two sides apart.
#
# <details><summary>Hint 1: where to start</summary>
# The layer knows its sizes: <code>linear.out_features</code> and <code>linear.in_features</code>. <code>nn.Parameter(torch.ones(n))</code> is a vector that is trained.
# </details>
# <details><summary>Hint 2: broadcasting</summary>
# A vector of <i>o</i> numbers times a tensor (..., o) multiplies along the last axis. No reshaping is needed.
# </details>
# <details><summary>Hint 3: a layer by hand</summary>
# Weight [[1, 2], [3, 4]], bias [10, 20], <i>x</i> = [1, 1] and the factors [2, 3]: on the output side 26 and 81 come out, on the input side 18 and 38. On which of the two does the factor reach the bias?
# <code>forward</code> must still know which side it was made for.
# </details>


# %% nbgrader={"grade": false, "grade_id": "ia3-layer", "locked": false, "schema_version": 3, "solution": true, "task": false}
class LinearWithIA3(nn.Module):
    """A frozen linear layer with one learned factor for each number of its output, or of its input."""

    def __init__(self, linear: nn.Linear, where: str = "output") -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size, device=linear.weight.device, dtype=linear.weight.dtype))
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        if self.where == "input":
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-ia3-layer", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
ia3_layer_grade = check.ia3_layer(LinearWithIA3, points=5, of=6)


### BEGIN HIDDEN TESTS
def other_layers(layer, draw):
    """It also serves layers without bias and single vectors."""
    for where in ("output", "input"):
        check.judge_scaling(layer, check.ia3_case(draw, where, bias=False))
        check.judge_scaling(layer, check.ia3_case(draw, where, leading=()))


ia3_layer_grade = ia3_layer_grade.hidden(other_layers, points=1, after=("scaling",))
### END HIDDEN TESTS
ia3_layer_grade

# %% [markdown]
# ### Folding
#
# Multiplying by fixed factors is linear, so they can move into the weight: $s \odot (x W^\top + \text{bias})$ is what a plain layer computes whose $k$-th row is $s_k$ times row $k$ of $W$. After that the method costs **nothing**
# at inference. With a bottleneck adapter this is impossible: there is an activation between `down` and `up`.

# %% [markdown]
# ### Exercise 6: fold the factors into the weight
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | turn a layer and its factors into one plain layer | 2 of 5 | 8 min | 8 lines |
#
# `fold(linear, scale, where)` returns a **new** `nn.Linear` that computes what the rescaled layer computes. The given layer stays as it is: it may be the base of other tasks.
# It need not be square, and it need not have a bias.
#
# <details><summary>Hint 1: where to start</summary>
# Make a layer of the same sizes, with a bias if the given one has one, and write into it under <code>torch.no_grad()</code>.
# </details>
# <details><summary>Hint 2: rows and columns</summary>
# <code>weight</code> is (out, in). Row <i>k</i> makes output <i>k</i>; column <i>k</i> meets input <i>k</i>. <code>scale[:, None]</code> has the shape (out, 1) and multiplies rows.
# </details>
# <details><summary>Hint 3: a layer by hand</summary>
# Weight [[1, 2]] and bias [10]: the factor 3 on the output gives [[3, 6]] and [30], the factors 2 and 3 on the input give [[2, 6]] and [10]. Which of the two multiplies rows, and what does a (<i>i</i>,) vector do to an
# (<i>o</i>, <i>i</i>) matrix by itself? A square weight takes the wrong one without a word. <code>copy_</code> writes into a parameter.
# </details>


# %% nbgrader={"grade": false, "grade_id": "fold-ia3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold(linear: nn.Linear, scale: torch.Tensor, where: str) -> nn.Linear:
    """A new layer that computes scale * linear(x) for where="output", linear(scale * x) for where="input"."""
    ### BEGIN SOLUTION
    folded = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    rows = scale[:, None] if where == "output" else scale  # (o, 1) or (i,)
    with torch.no_grad():
        folded.weight.copy_(linear.weight * rows)
        if linear.bias is not None:
            folded.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return folded
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-fold-ia3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
fold_ia3_grade = check.fold_ia3(fold, points=3, of=4)


### BEGIN HIDDEN TESTS
def without_bias(function, draw):
    """It also folds into layers without bias, and factors that are zero or negative."""
    for where in ("output", "input"):
        for square in (True, False):
            check.judge_fold(function, check.fold_case(draw, where, bias=False, square=square, signs=True))


fold_ia3_grade = fold_ia3_grade.hidden(without_bias, points=1, after=("folded-output", "folded-input"))
### END HIDDEN TESTS
fold_ia3_grade

# %% [markdown]
# One more question: to get the base back, may one divide by the factors again? The cell multiplies 10,000 numbers by random factors between 0.5 and 1.5, divides, and counts how many are not what they were. A factor of zero, which IA3
# may well learn, is worse.

# %% tags=["skip-when-grading"]
numbers, factors = torch.randn(10_000), torch.rand(10_000) + 0.5
changed = (numbers * factors / factors != numbers).float().mean()
print(f"{changed:.0%} of the numbers have changed; a factor of zero gives {(torch.ones(1) * 0 / 0).item()}")

# %% [markdown]
# So `LinearWithIA3.unmerge` in the course's package keeps the original numbers and puts them back, as merging LoRA does in lab 06.

# %% [markdown]
# ## 5. What they are worth: TREC
#
# Now all methods on the same start, the same 384 questions and the same two epochs (24 steps of 32). To afford three seeds, we use a fact: **no gradient goes below the lowest adapter.** If only the upper three of the six blocks are adapted, the
# lower three give the same vectors in every epoch and to every method, so they are computed once (lab 06 does the same with mean word vectors). `below` computes them; the rest of the model is called `UpperBlocks`. Leaving the lower blocks
# without adapters is a method of its own, AdapterDrop ([Rücklé et al. 2021](https://arxiv.org/abs/2010.11918)). The reference trains *all* weights of the upper half; full fine-tuning of six blocks and the embedding takes more time than a lab has.

# %% tags=["skip-when-grading"]
from lora_utils.methods import inject_ia3
from lora_utils.models import UpperBlocks, below

own_ia3 = ia3_layer_grade.verdict == "pass"


def ia3(model: nn.Module) -> None:
    """Factors for keys, values and inner activations of every block, by your LinearWithIA3 where it has passed."""
    if not own_ia3:
        inject_ia3(model)
        return
    for block in [module for module in model.modules() if isinstance(module, EncoderBlock)]:
        for name, where in (("key", "output"), ("value", "output")):
            setattr(block.attention, name, LinearWithIA3(getattr(block.attention, name), where))
        block.feed_forward.down = LinearWithIA3(block.feed_forward.down, "input")


print("IA3 by", "your layer" if own_ia3 else "the course's layer", "| Houlsby's adapters as above")

CUT, SEEDS = 3, (0, 1, 2)
frozen = load_sentence_classifier(6).to(device)
lower = {"train": trec.train.first(384), "test": trec.test.first(500)}
lower = {part: below(frozen, data, CUT) for part, data in lower.items()}
print({part: tuple(data.inputs.shape) for part, data in lower.items()})

# %% [markdown]
# The table lists what each method adds to the upper blocks, and its learning rate: the best of those in brackets, tried with one seed on 480 validation questions. Where the brackets hold one rate, no other was tried. **IA3 wants a rate ten to thirty times that of the adapters**: its factors
# start at one and must move by tenths to matter. The last layer alone needs no block at all and costs next to nothing, so it gets 40 epochs.

# %% tags=["skip-when-grading"]
METHODS = {
    "last layer": (lambda model: None, 1e-2),
    "IA3": (ia3, 1e-1),  # [0.03, 0.1, 0.3]
    "Pfeiffer, r = 4": (lambda model: methods.inject_adapters(model, 4, "pfeiffer"), 1e-2),  # [0.01]
    "Pfeiffer, r = 64": (lambda model: methods.inject_adapters(model, 64, "pfeiffer"), 3e-3),  # [0.003]
    "parallel, r = 16": (lambda model: methods.inject_adapters(model, 16, "parallel"), 3e-3),  # [0.001, 0.003, 0.01]
    "Houlsby, r = 16": (houlsby, 3e-3),  # [0.003, 0.01]
    "full (upper half)": (lambda model: model.requires_grad_(True), 3e-4),  # [0.0001, 0.0003, 0.001]
}


def adapted(name: str, classes: int, seed: int) -> UpperBlocks:
    """The upper blocks of a fresh classifier, with what the method adds."""
    model = UpperBlocks(load_sentence_classifier(classes, seed), 6 if name == "last layer" else CUT)
    torch.manual_seed(seed)  # the start of the adapters
    METHODS[name][0](model)
    return model.to(device)


# %% tags=["skip-when-grading"]
whole = {"train": below(frozen, trec.train.first(384), 6), "test": below(frozen, trec.test.first(500), 6)}
results = {}
for name, seed in progress([(name, seed) for name in METHODS for seed in SEEDS], "seven methods, three seeds"):
    model, parts, epochs = adapted(name, 6, seed), *((whole, 40) if name == "last layer" else (lower, 2))
    history = train(model, parts["train"], epochs=epochs, lr=METHODS[name][1], batch_size=32, seed=seed, label=name)
    results[name, seed] = accuracy(model, parts["test"]), count_parameters(model).trainable, history.seconds / epochs

# %% tags=["skip-when-grading"]
print(f"{'TREC, 500 test questions':<28}{'accuracy':>16}{'trained numbers':>18}{'seconds an epoch':>18}")
summary = {}
for name in METHODS:
    scores, counts, seconds = zip(*[results[name, seed] for seed in SEEDS], strict=True)
    summary[name] = (*mean_and_spread(list(scores)), counts[0])
    print(f"{name:<28}{summary[name][0]:>8.3f} ± {summary[name][1]:.3f}{counts[0]:>18,}{sum(seconds) / 3:>18.1f}")

# %% tags=["skip-when-grading"]
title = "IA3's 9,222 numbers come close to all 5.3 million of the upper half"
fig, axes = figure(title, "trained numbers (log scale)", "test accuracy")
for k, (name, (mean, spread, trained)) in enumerate(summary.items()):
    look = {"color": COLORS[k], "marker": MARKERS[k], "markersize": 8, "capsize": 4, "linestyle": "none"}
    axes.errorbar(trained, mean, yerr=spread, label=name, **look)
axes.set_xscale("log")
axes.legend(frameon=False, loc="lower right")
axes.grid(visible=True)

# %% [markdown]
# What it says:
#
# * **Moving something inside the model pays.** The last layer alone gets 0.67 after 40 epochs; every method that reaches into three blocks is at least eleven points better after 24 steps.
# * **The number of trained numbers decides little.** IA3 gets 0.82 with 9,222 of them, 6,912 in the blocks; Houlsby's adapters have eleven times as many in the blocks and are not better here. All 5.3 million weights of the upper half get 0.85.
# * **Seconds** were taken while other programs shared the cores; compare them on an idle machine.
# * **Mind the noise.** With 500 questions an accuracy of 0.82 has a standard error of $\sqrt{0.82 \cdot 0.18 / 500} = 0.017$, and the spread over seeds is up to 0.06, probably as training is short and the rates are high. No difference *among* the additive methods counts; the
#   lead of the upper half over the best of them, two to three points, is a hint.
# * **The learning rate decides more than the method.** In the search for the rates (one seed, 480 questions, validation) IA3 got 0.87, 0.90 and 0.75 at 0.03, 0.1 and 0.3; the parallel adapter 0.76, 0.83 and 0.81 at 0.001, 0.003 and 0.01. A factor of three in the rate is worth up to fifteen points, more than lies between any two additive methods of the table.
#
# The paper's claim is stronger: on GLUE, adapters in BERT-large come within 0.4 % of full fine-tuning with 3.6 % of the parameters per task. We train a small model for 24 steps and are not that close. Lab 09 gives every method more time and a tuned rate.

# %% [markdown]
# ### Exercise 7, if you have time: an adapter of your own
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | design a small network that keeps the laws of an additive method under any budget | 4 of 5 | 18 min | 8 to 15 lines |
#
# This exercise is open: there is no stub, and very different answers are right. Write a class `OwnAdapter(nn.Module)`, made as `OwnAdapter(width, budget)` and called with
# $x$ (..., d), for which holds:
#
# 1. **It starts as the identity**: a fresh one returns $x$, bit for bit, and nothing in `forward` is random.
# 2. **It keeps its budget**: it trains at most `budget` numbers, and at least half of them, for every budget from $d$ to $d^2$. What is frozen does not count. (One bottleneck of $r = 1$ needs $3d + 1$, so small budgets ask for something else.)
# 3. **All of it learns**, whatever the budget: after 20 steps of Adam each of its parameters has moved. What comes out for a token depends on that token and on nothing else.
# 4. **It mixes and bends**: with a budget of 14 $d$, trained for 250 steps of Adam at the rate 0.03 on a change of $x$ that is neither a straight map nor made number by number, nor odd (the change at $-x$ is not the opposite of that at $x$), the best of three fresh ones leaves
#    less than 80 % of the squared distance. (A straight map leaves 90 % and more, however large it is.)
#
# <details><summary>Hint 1: where to start</summary>
# Which adapters of this lab keep law 1, and why? Then count what they train. Which of them also fits into <i>d</i> numbers?
# </details>
# <details><summary>Hint 2: from a budget to sizes</summary>
# Write the number of trained numbers as a formula of one size inside, and solve for the size, rounded down. For which budgets is the size 0, and what could be trained instead? Rounding down to a whole size of at least 1 always uses half.
# </details>
# <details><summary>Hint 3: what may differ</summary>
# Biases, the activation, factors beside the bottleneck, the same matrix down and up, frozen random numbers: all of these are right if the laws hold. A parameter that only meets others that start at zero never moves.
# </details>


# %% nbgrader={"grade": false, "grade_id": "own-adapter", "locked": false, "schema_version": 3, "solution": true, "task": false}
OwnAdapter = None  # class OwnAdapter(nn.Module) comes here, in place of this line


### BEGIN SOLUTION
class OwnAdapter(nn.Module):
    """A bottleneck without a bias behind it; where the budget is too small for one, a factor for each number."""

    def __init__(self, width: int, budget: int) -> None:
        super().__init__()
        self.inner = budget // (2 * width + 1)  # d numbers down, d up and a bias for each number inside
        if self.inner:
            self.down = nn.Linear(width, self.inner)
            self.up = nn.Parameter(torch.zeros(self.inner, width))
        else:
            self.gain = nn.Parameter(torch.zeros(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + (F.gelu(self.down(x)) @ self.up if self.inner else self.gain * x)  # (..., d)


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-own-adapter", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
own_adapter_grade = check.own_adapter(OwnAdapter, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_sizes(adapter, draw):
    """It also learns at another width, with another budget."""
    return check.judge_fit(adapter, draw, width=12, budget=170)


own_adapter_grade = own_adapter_grade.hidden(other_sizes, points=1, after=("learns-what-bends",))
### END HIDDEN TESTS
own_adapter_grade

# %% [markdown]
# Your design against Houlsby's bottleneck of 16, with the same budget (12,688 numbers in each place), rate, questions and seeds:

# %% tags=["skip-when-grading"]
design = OwnAdapter if own_adapter_grade.verdict == "pass" else None
if design is None:
    print("this cell waits for exercise 7; the rest of the lab does without it")
else:
    scores, trained = [], 0
    for seed in progress(SEEDS, "your design"):
        model = UpperBlocks(load_sentence_classifier(6, seed), CUT)
        torch.manual_seed(seed)
        houlsby(model, design, adapter_parameters(384, 16) if count_adapters_grade.verdict == "pass" else 12_688)
        train(model.to(device), lower["train"], epochs=2, lr=3e-3, batch_size=32, seed=seed, label="your design")
        scores.append(accuracy(model, lower["test"]))
        trained = count_parameters(model).trainable
    print("your design:     {:.3f} ± {:.3f}".format(*mean_and_spread(scores)), f"with {trained:,} trained numbers")
    print("Houlsby, r = 16: {:.3f} ± {:.3f} with {:,}".format(*summary["Houlsby, r = 16"]))

# %% [markdown]
# A design that keeps the laws is rarely far from Houlsby's here: within the noise above, the shape of an additive method matters less than its rate. What the laws forbid is what fails in practice: a start that is no identity breaks the pretrained model, and a parameter that never moves is paid for and not used.

# %% [markdown]
# ## 6. If you have time: film sentences from Rotten Tomatoes
#
# Another task, another kind of difficulty: is a sentence of a film review positive or negative? The encoder was trained to group sentences by what they are *about*, so praise and blame of one film lie close together. 320 sentences,
# two epochs, two seeds only; the rates are those from above, and so not tuned for this task.

# %% tags=["skip-when-grading"]
films = load("rotten_tomatoes", max_len=32, tokens="minilm")
train_part, test_part = films.train.first(320), films.test.first(500)
frozen = load_sentence_classifier(2).to(device)
film_parts = {cut: (below(frozen, train_part, cut), below(frozen, test_part, cut)) for cut in (CUT, 6)}
print("Rotten Tomatoes, 500 test sentences: accuracy with seeds 0 and 1")
for name, epochs in (("last layer", 40), ("IA3", 2), ("Houlsby, r = 16", 2)):
    scores = []
    for seed in (0, 1):
        train_half, test_half = film_parts[6 if name == "last layer" else CUT]
        model = adapted(name, 2, seed)
        train(model, train_half, epochs=epochs, lr=METHODS[name][1], batch_size=32, seed=seed, label=name)
        scores.append(accuracy(model, test_half))
    print(f"{name:<20}", "  ".join(f"{score:.3f}" for score in scores))

# %% [markdown]
# Twenty steps on 320 sentences teach little here: all three stand between 0.67 and 0.74, and with 500 test sentences one standard error is 0.02. On TREC 24 steps were worth more than ten points. **What an additive method is worth depends on how far the pretrained vectors are from the
# task, and on how much data there is to move them.** With all 6,530 sentences, LoRA reaches 0.82 after one epoch against 0.775 for a last layer on the frozen encoder (measured while this course was written; no cell of this lab repeats it).

# %% [markdown]
# ## 7. If you have time: what they cost, latency
#
# An adapter is two more matrix products that must wait for the sublayer before them. The LoRA paper measures it on GPT-2 medium (Hu et al. 2021, table 1): at batch size 1 and 128 tokens, adapters add 20.7 % or 30.3 % to a forward pass, at batch size 32 with
# 512 tokens 2 to 3 %.
#
# **Predict before you run.** At $r = 16$ the twelve adapters of MiniLM need about 1.4 % of the multiplications of its blocks. Will a single sentence take 1.4 % longer?
#
# <details><summary>Answer, after you have run the next cell</summary>
# More. At batch size 1 the time goes into starting many small operations rather than into multiplying, and twelve adapters start dozens of operations more, each of which must wait for the one before. At a large batch the multiplications outweigh the starts, and the extra time
# shrinks towards the adapters' share of the multiplications.
# </details>

# %% tags=["skip-when-grading"]
from lora_utils.methods import merge_ia3


def variants() -> dict[str, nn.Module]:
    """The plain encoder, with adapters of each placement, with IA3, and with IA3 folded."""
    made = {"plain": load_minilm()}
    for placement in ("houlsby", "parallel", "pfeiffer"):
        made[placement] = load_minilm()
        methods.inject_adapters(made[placement], 16, placement)
    made["IA3"], made["IA3 folded"] = load_minilm(), load_minilm()
    inject_ia3(made["IA3"])
    inject_ia3(made["IA3 folded"])
    merge_ia3(made["IA3 folded"])
    return {name: encoder.to(device).eval() for name, encoder in made.items()}


# CPU time where there is no GPU: what other programs do on the machine hardly counts in it.
clock = time.process_time if device.type == "cpu" else time.perf_counter


@torch.no_grad()
def seconds(encoder: nn.Module, batch: torch.Tensor) -> float:
    """Time of one forward pass."""
    start = clock()
    encoder(batch)
    synchronize(device)  # a GPU is still at work when the call returns
    return clock() - start


# %% tags=["skip-when-grading"]
encoders, ratios, GROUPS = variants(), {}, 5
for batch, rounds in ((1, 12), (32, 2)):
    tokens = torch.randint(1000, 20_000, (batch, 20), device=device)
    times = {name: [] for name in encoders}
    for _ in progress(range(GROUPS * rounds), f"batch size {batch}"):
        for name, encoder in encoders.items():  # in turn, so that a busy machine slows all of them alike
            times[name].append(seconds(encoder, tokens))
    # The shortest time of each group: whatever else the machine does can only make a pass longer.
    shortest = {name: torch.tensor(values).view(GROUPS, rounds).amin(1) for name, values in times.items()}
    print(f"batch size {batch:>2}: plain {1000 * shortest['plain'].min():.1f} ms")
    for name in list(encoders)[1:]:
        ratios[name, batch] = (shortest[name] / shortest["plain"]).sort().values.tolist()

# %% tags=["skip-when-grading"]
print("forward time over the plain encoder's: median of five groups (smallest to largest)")
for name in list(encoders)[1:]:
    cells = [f"batch {b:>2}: {r[2]:.2f} ({r[0]:.2f} to {r[4]:.2f})" for b, r in ((b, ratios[name, b]) for b in (1, 32))]
    print(f"{name:<11}", "   ".join(cells))

# %% [markdown]
# Read the last row first: a folded IA3 **is** a plain encoder, number for number, so whatever its ratio is beside 1 is noise: next to nothing at batch size 1, up to 0.04 at 32. (The cell takes CPU time, in which other programs on the two cores hardly count.) At batch size 1 Houlsby's twelve adapters cost 6 to 8 % (two runs of this notebook, the second on a busier machine),
# four times their 1.4 % of the multiplications and more, and six adapters 3 to 7 %. At batch size 32 Houlsby's are down to 1 or 2 %, near their share of the multiplications, and six adapters are lost in the noise. Factors that are not folded cost 3 % at most. The paper's 20 to 30 %
# are from a GPU, where starting an operation costs far more compared with a product than on these two cores.

# %% [markdown]
# ## What breaks in practice
#
# The checks above recognise the mistakes of the first, fourth and fifth row.
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | after folding IA3 the model gives other results | the bias of a rescaled output was left out. It stayed unseen because the models it was tried on have no biases in keys and values; BERT and MiniLM do | [huggingface/peft #972](https://github.com/huggingface/peft/pull/972) |
# | fold, unfold, and the base has changed | the bias of a convolution was multiplied by the factors a second time instead of divided | [huggingface/peft #3216](https://github.com/huggingface/peft/pull/3216) |
# | the loss stays high and the adapters never change | the optimiser was made before the adapters were inserted, so it does not know them | [adapter-hub/adapters #260](https://github.com/adapter-hub/adapters/issues/260) |
# | a warning that there are adapters, but none is active | they are in the model, but forward does not go through them, so they have no effect | [adapter-hub/adapters #815](https://github.com/adapter-hub/adapters/issues/815) |
# | training starts worse than the pretrained model | the up-projection keeps PyTorch's random start, as in a public course's lab on adapters | section 2 |
# | IA3 looks bad | the learning rate of another method. In the PEFT library's [benchmark](https://github.com/huggingface/peft/tree/main/method_comparison) (Llama-3.2-3B on MetaMathQA), IA3 goes from 0.311 to 0.455 with a tuned rate and factors at all attention layers and at gate, up and down as well; its forgetting goes to 0.314 | section 5 |
#
# A test of folding on a **fresh** layer proves nothing: all factors are one and everything passes
# ([huggingface/peft #578](https://github.com/huggingface/peft/pull/578) discusses it). Test with random factors, on layers with a bias.
#
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | one adapter, $d = 384$, $r = 16$ | 12,688 numbers; twelve of them are 0.67 % of MiniLM |
# | IA3 in MiniLM | 13,824 factors, 0.06 % |
# | cosine with the pretrained vectors at a start of 0.01, 0.1, 0.3 | 0.998, about 0.45, 0; with `up` = 0 exactly 1 |
# | gradient of `down` at the first step | 0; from the second step on not |
# | TREC, 24 steps (last layer: 40 epochs), three seeds | last layer 0.670 ± 0.002, IA3 0.823 ± 0.027, Pfeiffer r = 64 0.825 ± 0.006, all of the upper half 0.849 ± 0.017 |
# | Rotten Tomatoes, 20 steps (last layer: 40 epochs), two seeds | 0.67 to 0.74, no method ahead |
# | forward time over the plain encoder's | at batch size 1 Houlsby 1.06 to 1.08, six adapters 1.03 to 1.07; at batch size 32 Houlsby about 1.01, six adapters not to be told from the noise of up to 0.04 |
#
# * An additive method leaves every pretrained weight alone. It starts as the pretrained model: `up` at zero, factors at one.
# * A wrapper that passes on whatever it is called with fits any sublayer. Each place needs an adapter of its own.
# * IA3 multiplies and can be folded into the weights, bias included. A bottleneck adapter has an activation inside and stays.
# * Give each method its own learning rate before you compare.
#
# ## Further reading
#
# * N. Houlsby et al., *Parameter-Efficient Transfer Learning for NLP*, 2019, [arXiv:1902.00751](https://arxiv.org/abs/1902.00751): sections 2 and 3.6 (the start).
# * J. Pfeiffer et al., *AdapterFusion*, 2021, [arXiv:2005.00247](https://arxiv.org/abs/2005.00247): one adapter a block, and how to combine several.
# * J. He et al., *Towards a Unified View of Parameter-Efficient Transfer Learning*, 2022, [arXiv:2110.04366](https://arxiv.org/abs/2110.04366): adapters, prefixes and LoRA as one form.
# * H. Liu et al., *Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning*, 2022, [arXiv:2205.05638](https://arxiv.org/abs/2205.05638): section 3.3.
# * A. Rücklé et al., *AdapterDrop*, 2021, [arXiv:2010.11918](https://arxiv.org/abs/2010.11918).
#
# Next: [lab 04](../04_soft_prompts/04_soft_prompts.ipynb) leaves the blocks alone and trains vectors in front of the text.
