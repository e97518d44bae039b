# %% [markdown]
# # 06 LinearWithLoRA: a low-rank path beside a frozen layer
#
# In lab 05 you built the low-rank path. Here it goes to work: beside a layer of a trained model, into the model by
# name, onto real film reviews, into the weight and out again, into a file of three kilobytes, and out of that file
# over another task's adapter.
#
# After this lab you can
#
# * wrap a linear layer without changing what it computes, and say which numbers will be trained;
# * put such layers into any model by name, and name two places where that goes wrong;
# * adapt a classifier of newsgroup posts to film reviews, and choose learning rate, alpha and rank by measurement;
# * merge the path into the weight and take it out again without losing a bit;
# * save what was trained and nothing else, swap adapters over one base, and make one of several;
# * read a comparison of fine-tuning methods and say what the numbers do not show.
#
# **Time** about 115 minutes, of which the core takes 90: what is headed *if you have time* is not needed later. **Points** {{ points }} in {{ exercises }} exercises. **Run time** about a minute and a half on two CPU cores
# (one is used), most of it in the sweeps and the table of results. The first run fetches the reviews and the word
# vectors.
#
# Every exercise stands alone: a mistake in one costs nothing in the next. The experiments between them use your own
# functions where these have passed their checks, and the course's where not; they say which.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.methods.linear_with_lora.LinearWithLoRA", "lora_utils.methods.dora.LinearWithDoRA", "lora_utils.methods.dora.inject_dora", "lora_utils.methods.qlora.QuantizedLinearWithLoRA", "lora_utils.methods.inject.inject_lora", "lora_utils.methods.adapter_file.adapter_state", "lora_utils.methods.adapter_file.load_adapter", "lora_utils.wrappers.module_walk.replace", "lora_utils.wrappers.statement.adapter_layers"]
import inspect
import json
import platform
import shutil
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

import lora_utils
from lora_utils import LoRALayer
from lora_utils.checks import lab_06_linear_with_lora as check
from lora_utils.training import seed_everything

seed_everything(0)
torch.set_num_threads(1)  # the matrices here are small: more threads would not help, and results would depend on them
print(f"Python {platform.python_version()}, torch {torch.__version__}")

# %% [markdown]
# ## 1. A path beside a layer
#
# A linear layer computes $y = x W^\top + \text{bias}$. PyTorch stores its weight $W$ with shape $(o, i)$, where $i$ is
# `in_features` and $o$ is `out_features`; $x$ has shape $(\dots, i)$ and $y$ has shape $(\dots, o)$.
#
# LoRA leaves $W$ as it is and adds what the `LoRALayer` of lab 05 computes:
#
# $$y = \underbrace{x W^\top + \text{bias}}_{\texttt{linear(x)}} \; + \; \underbrace{\alpha\,(x A B)}_{\texttt{lora(x)}}$$
#
# with $A$ of shape $(i, r)$, drawn at random, $B$ of shape $(r, o)$, zero at the start, rank $r$ and a fixed number
# $\alpha$ (`alpha`). Only $A$ and $B$ are trained.
#
# The class is a wrapper that **has** a layer; it **is** not one. It keeps the very object it is given. So it costs no
# memory for a second $W$, whatever is special about the layer (4-bit storage, hooks, a shared weight) can keep working,
# and the original can be handed back unharmed.

# %% [markdown]
# ### Exercise 1: LinearWithLoRA
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | put a low-rank path beside a frozen layer | 2 of 5 | 12 min | 4 lines |
#
# Complete the class. `LoRALayer(in_dim, out_dim, rank, alpha)` is imported from the course's package; it multiplies by
# `alpha` itself. The class shall
#
# * keep the layer it is given, an `nn.Linear` or a subclass of it, and freeze it, weight and bias (if it has one);
# * hold a `LoRALayer` of the right sizes, on the layer's device and in the layer's dtype;
# * call both, the layer and the path, and return the sum of their outputs: a subclass, a hook or another path may do more
#   than the formula says, and training or evaluation mode makes no difference;
# * keep the stub's names of its arguments: later cells call it as `LinearWithLoRA(layer, rank=2, alpha=0.1)`.
#
# <details><summary>Hint 1: where to start</summary>
#
# Modules that are assigned to an attribute of `self` are registered. You need two: the layer that came in, and the new
# path. `requires_grad_(False)` works on a whole module and returns it.
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# The layer knows its own sizes: `linear.in_features` and `linear.out_features`. Its weight has shape (out, in), which
# is the other way round than `LoRALayer` wants them. `module.to(device, dtype)` moves every parameter of a module.
# </details>
# <details><summary>Hint 3: a count</summary>
#
# `LinearWithLoRA(nn.Linear(3, 5), rank=2, alpha=1.0)` has 36 numbers, of which 16 are trained, and computes at first what the
# layer alone computes. Over `nn.Linear(3, 5).double()` it takes and returns float64. Both parts are called with `x` itself:
# nothing is detached, and nothing runs under `no_grad`, because the layers *before* this one may want to learn.
# </details>


# %% nbgrader={"grade": false, "grade_id": "linear-with-lora", "locked": false, "schema_version": 3, "solution": true, "task": false}
class LinearWithLoRA(nn.Module):
    """A frozen linear layer and a trainable low-rank path beside it: x (..., i) -> linear(x) + lora(x) (..., o)."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.linear(x) + self.lora(x)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-linear-with-lora", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
linear_with_lora_grade = check.linear_with_lora(LinearWithLoRA, points=6, of=9)


### BEGIN HIDDEN TESTS
from lora_utils.checks import Failure


def without_bias(layer, draw):
    """It also wraps layers without bias, at other ranks and alphas, on single vectors and on sequences."""
    check.judge_output(layer, draw, check.case(draw, bias=False))
    check.judge_output(layer, draw, check.case(draw, bias=False, leading=(2, 3, 2), alpha=-0.5))
    check.judge_output(layer, draw, check.case(draw, leading=(3,), alpha=16.0))


def learns(layer, draw):
    """It learns an update of rank 2 exactly, while the layer's own weight and bias stay as they were, bit for bit."""
    i, o = 7, 5
    W, b, x, unseen = draw.normal(o, i), draw.normal(o), draw.normal(60, i), draw.normal(60, i)
    update = draw.normal(o, 2) @ draw.normal(2, i) / 2
    c = {"weight": W, "bias": b, "rank": 3, "alpha": 2.0, "x": x, "target": x @ (W + update).T + b}
    seen = layer.probe(check.fit, **c, unseen=unseen, steps=400)
    if not seen["trainable"]:
        raise Failure("lora-frozen", "nothing can be trained", "A and B must keep requires_grad=True.")
    if not (torch.equal(seen["weight"], W) and torch.equal(seen["bias"], b)):
        raise Failure(
            "base-moved",
            "training changed the layer's own weight or bias",
            "Freeze the layer you are given: linear.requires_grad_(False).",
        )
    still = check.share_left(seen["found"], unseen @ (W + update).T + b, unseen @ W.T + b)
    if not still < 1e-2:
        raise Failure(
            "does-not-fit",
            f"after 400 steps the loss is still {still:.0%} of the first; "
            "a path of rank 3 can reach any update of rank 2",
            "Both factors must be trainable and the output must be the sum of both branches.",
        )


linear_with_lora_grade = linear_with_lora_grade.hidden(without_bias, points=1, after=("output",)).hidden(
    learns, points=2, after=("output", "trains-only-the-path", "gradients")
)
### END HIDDEN TESTS
linear_with_lora_grade

# %% [markdown]
# What to look for in the next cell: the wrapped layer gives the same output as before, bit for bit, and of its 6,884
# numbers 356 can be trained. That is $r\,(i + o) = 2\,(50 + 128)$ against $i \cdot o + o = 6{,}528$ in the layer
# itself.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
own_class = linear_with_lora_grade.verdict == "pass"  # your class if it has passed, else the course's
layer, x = nn.Linear(50, 128), torch.randn(3, 50)
before = layer(x)
wrapped = (LinearWithLoRA if own_class else lora_utils.LinearWithLoRA)(layer, rank=2, alpha=0.1)
print("bit for bit the same output:", torch.equal(wrapped(x), before))
print(lora_utils.count_parameters(wrapped))

# %% [markdown]
# **Predict before you run.** A public student answer reads `self.linear(x).detach() + self.lora(x)`, "so that
# gradients flow only through LoRA". The layer's weights indeed get no gradient. What breaks?
#
# <details><summary>Answer</summary>
#
# Everything before the layer. With $G$, the gradient of the loss with respect to $y$, that with respect to $x$ is
#
# $$G\,W + \alpha\, G B^\top A^\top$$
#
# `detach` cuts the first term. At the start $B = 0$, so the second term is zero as well: an adapter in an earlier
# layer gets no gradient at all. In a model with one adapted layer nobody notices. The next cell counts it with two
# layers, each wrapped.
# </details>


# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
def early_gradient(cut):
    """Whether a gradient reaches the first of two wrapped layers when the second one cuts its base, or does not."""
    first, second = (lora_utils.LinearWithLoRA(nn.Linear(8, 8), rank=2, alpha=1.0) for _ in range(2))
    hidden = first(torch.randn(5, 8))
    base = second.linear(hidden)
    (base.detach() if cut else base).add(second.lora(hidden)).sum().backward()
    return bool(first.lora.B.grad.any())


print("first layer learns, base left alone:", early_gradient(cut=False))
print("first layer learns, base detached:  ", early_gradient(cut=True))

# %% [markdown]
# ## 2. Into a model, by name
#
# Nobody rewrites a model to adapt it. `model.named_modules()` lists every module with its dotted name; the chosen
# linear layers are replaced where they stand. The paper adapts the query and value projections of attention (Hu et al.
# 2021, section 4.2); for QLoRA it matters to adapt **all** linear layers, more than the rank does (Dettmers et al.
# 2023).
#
# A name is a path: in `"blocks.1.up"`, `up` is an attribute of the module `blocks.1`, and that module's attribute is
# what has to change.

# %% [markdown]
# ### Exercise 2: inject by name
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | replace chosen layers inside any model | 3 of 5 | 12 min | 8 lines |
#
# Write `inject(model, names, wrapper, rank, alpha)`. For each name, the layer there is replaced, in place, by
# `wrapper(layer, rank, alpha)`; no other layer is, and what trains, and in which mode, stays as it was. The wrapper class comes in as an argument, so this exercise does not
# depend on the first, and may be any: what it calls the layer inside, and how deep it puts it, is its own business.
#
# A typing error in a name must not pass in silence: a run that trains nothing looks like a run that learns badly.
# Raise `ValueError` with the name in its message, **before anything is changed**, if a name
#
# * is no module of the model, or not an `nn.Linear` (a norm, a list of blocks, a layer that is wrapped already; a
#   subclass of `nn.Linear` is one);
# * lies inside a wrapper: `"fc1.linear"` is an `nn.Linear` once `fc1` is wrapped, and wrapping it would adapt `fc1`
#   twice.
#
# <details><summary>Hint 1: where to start</summary>
#
# A dict of `model.named_modules()` gives the module of every name, at any depth, and its `.get(name)` is None for a wrong one.
# Two loops: the first only looks, the second changes.
# </details>
# <details><summary>Hint 2: the parent</summary>
#
# `"blocks.1.up".rpartition(".")` is `("blocks.1", ".", "up")`; for `"fc1"` the first part is the empty string, and
# `model.get_submodule("")` is the model itself. `setattr(module, "blocks.1.up", ...)` does not do what it seems to.
# </details>
# <details><summary>Hint 3: inside a wrapper</summary>
#
# If `"fc1"` is a wrapper, `"fc1.linear"` and `"fc1.a.b"` lie inside it, `"fc10"` does not: what do the first two begin with? Collect
# these beginnings from all modules before the first loop. `str.startswith` takes a tuple of them at once, and an empty one
# matches nothing. All names are looked at before the first layer is replaced.
# </details>


# %% nbgrader={"grade": false, "grade_id": "inject-by-name", "locked": false, "schema_version": 3, "solution": true, "task": false}
def inject(model: nn.Module, names: list[str], wrapper: type, rank: int, alpha: float) -> None:
    """Replace, in place, each layer named in `names` by wrapper(layer, rank, alpha).

    Raises ValueError, before anything is changed, for a name that is no nn.Linear or lies inside a wrapper.
    """
    ### BEGIN SOLUTION
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-inject-by-name", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
inject_by_name_grade = check.inject_by_name(inject, points=4, of=5)


### BEGIN HIDDEN TESTS
from lora_utils.checks import Failure


def all_or_nothing(inject, draw):
    """A wrong name after right ones leaves the model as it was."""
    wrong = [("fc3", []), ("norm", []), ("blocks.2.up", []), ("fc10", ["fc10"]), ("fc10.linear", ["fc10"])]
    runs = [{"steps": [*([first] if first else []), ["fc1", "head", name]]} for name, first in wrong]
    for (name, first), seen in zip(wrong, check.injected(inject, *runs), strict=True):
        check.expect_refusal(
            seen["raised"][-1], name, "wrong-name-ignored", "it is no linear layer, or is wrapped already"
        )
        if changed := [
            n for n in check.LAYERS if n not in first and (seen["layers"][n]["wrapped"] or not seen["layers"][n]["own"])
        ]:
            raise Failure(
                "half-done",
                f"{name!r} was refused, but {', '.join(changed)} had been wrapped by then",
                "Look at all names first and change the model afterwards: two loops.",
            )


inject_by_name_grade = inject_by_name_grade.hidden(
    all_or_nothing, points=1, after=("refuses-wrong-names", "refuses-wrapping-twice")
)
### END HIDDEN TESTS
inject_by_name_grade

# %% [markdown]
# ### What breaks: layers whose forward is never called
#
# A wrapper acts through its `forward`. Code that reads a layer's `weight` and multiplies by itself goes past it.
# `nn.TransformerEncoderLayer` does so in two places. First the part that works: its two feed-forward layers.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
encoder = nn.TransformerEncoderLayer(d_model=64, nhead=4, dim_feedforward=256, dropout=0.0, batch_first=True)
tokens = torch.randn(2, 7, 64)
before = encoder(tokens)
print([name for name, module in encoder.named_modules() if isinstance(module, nn.Linear)])
print("wrapped:", lora_utils.inject_lora(encoder, ["linear1", "linear2"], rank=2, alpha=1.0))
print("bit for bit the same output:", torch.equal(encoder(tokens), before))

# %% [markdown]
# The query, key and value projections are not in the list: `nn.MultiheadAttention` keeps them in one parameter,
# `in_proj_weight`, and no injection by module name can reach it. `self_attn.out_proj` is in the list, and that is a
# trap. The next cell puts the model into evaluation mode, then wraps `out_proj` of a fresh one. Look at what each
# error says.


# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
def attempt(title, model):
    """Print whether the model runs without gradients, or why not."""
    try:
        with torch.no_grad():
            model(tokens)
        print(f"{title}: runs")
    except AttributeError as error:
        print(f"{title}: {error}")


attempt("feed-forward layers wrapped, training mode  ", encoder.train())
attempt("feed-forward layers wrapped, evaluation mode", encoder.eval())
fresh = nn.TransformerEncoderLayer(d_model=64, nhead=4, dim_feedforward=256, dropout=0.0, batch_first=True)
lora_utils.inject_lora(fresh, "self_attn.out_proj", rank=2, alpha=1.0)
attempt("self_attn.out_proj wrapped, training mode   ", fresh.train())

# %% [markdown]
# In evaluation mode PyTorch takes a fused fast path that hands `linear1.weight` to one large kernel;
# `torch.backends.mha.set_fastpath_enabled(False)` turns it off. `out_proj` is never called in either mode: its weight
# goes straight into `F.multi_head_attention_forward`.
#
# The error is the lucky case (speechbrain #2779 reports it). A wrapper that offers a `weight` property to silence it
# is worse: the model runs, and the adapter is not on the path. In helicalAI/helical #405 adapters on `out_proj` "never
# trained" for that reason. PEFT has a class of its own for `nn.MultiheadAttention` (huggingface/peft #761, #1324). The
# check that finds both: after one training step, have $A$ and $B$ of **every** adapted layer received a gradient?

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
torch.backends.mha.set_fastpath_enabled(False)
attempt("feed-forward layers wrapped, evaluation mode, fast path off", encoder.eval())
encoder.train()(tokens).square().sum().backward()
print("without a gradient:", [name for name, p in encoder.named_parameters() if ".lora." in name and p.grad is None])
torch.backends.mha.set_fastpath_enabled(True)

# %% [markdown]
# ## 3. From newsgroups to film reviews
#
# The course ships a `TextClassifier` that was trained to tell four kinds of newsgroup posts apart: computers,
# recreation, science, politics and religion. It embeds $s$ word ids as vectors of 50 numbers (GloVe), takes their
# mean, and sends it through `fc1` (50 to 128), ReLU and `fc2` (128 to 4). We adapt it to two classes of film reviews.
#
# Its weights come from a URL, into a buffer in memory, and from there into the model. Two precautions belong to that.
# The file is read as safetensors, since a pickle may run any program while it is loaded; and its size and SHA-256 are
# checked before anything is read out of it. Here the URL is a `file://` address of the copy that the package ships, so
# it works offline.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.models import SHIPPED, TextClassifier, WeightsError, load_weights

facts = json.loads(SHIPPED.with_suffix(".json").read_text())
weights = load_weights(SHIPPED.as_uri(), sha256=facts["sha256"], max_bytes=100_000)
print({name: tuple(weights[name].shape) for name in sorted(weights)})
try:
    load_weights(SHIPPED.as_uri(), sha256="0" * 64)
except WeightsError as error:
    print("refused:", str(error).split("has the")[1])

# %% [markdown]
# The embedding is not in the file. It was frozen in that training, so it is still the public GloVe matrix, which every
# `TextClassifier` starts from.

# %% [markdown]
# ### Exercise 3: adapt the classifier
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | turn a trained four-class model into one with two classes and few trainable numbers | 2 of 5 | 8 min | 4 lines |
#
# This is the adaptation whose two lines the [quiz](../10_quiz/10_quiz.ipynb) quotes. Write `adapt(model, wrapper)` for a `TextClassifier` with
# four classes. It shall
#
# * freeze everything the model has, the embedding included, whether or not the wrapper freezes its layer too;
# * give it a new head, `fc2`, an `nn.Linear` from 128 to 2 with bias, with none of the old head's numbers;
# * wrap the trained `fc1` with rank 2 and alpha 0.1, by `wrapper(layer, rank, alpha)`;
# * return that same model.
#
# **Predict before you run**: how many numbers can be trained afterwards, and which part holds most of them?
#
# <details><summary>Answer</summary>
#
# $A$ has $50 \cdot 2 = 100$ numbers, $B$ has $2 \cdot 128 = 256$, the head has $128 \cdot 2 + 2 = 258$: together 614
# of 1,257,142, or 0.049 %. The embedding alone has 1,250,000.
# </details>
# <details><summary>Hint 1: where to start</summary>
#
# The order matters. What is created after the freezing is trainable, as new parameters always are.
# </details>
# <details><summary>Hint 2: the parts</summary>
#
# `requires_grad_(False)` freezes all that is inside a module. The head is a plain `nn.Linear`; it is new, so it is trained in full
# and needs no low-rank path.
# </details>
# <details><summary>Hint 3: who is trained</summary>
#
# `[name for name, p in model.named_parameters() if p.requires_grad]` must hold four names: weight and bias of `fc2`, and the path's
# two factors. If the list is empty, what came after the head and the path? If `fc1`'s own weight is in it, what was left
# to the wrapper? The wrapper gets the trained layer, and what it makes goes where that was.
# </details>


# %% nbgrader={"grade": false, "grade_id": "adapt-classifier", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adapt(model: nn.Module, wrapper: type) -> nn.Module:
    """Freeze a trained classifier, give it a new head fc2 (128 -> 2) and wrap fc1 with rank 2 and alpha 0.1."""
    ### BEGIN SOLUTION
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2, bias=True)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-adapt-classifier", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
adapt_classifier_grade = check.adapt_classifier(adapt, points=3, of=4)


### BEGIN HIDDEN TESTS
from lora_utils.checks import Failure


def pretrained_values(adapt, draw):
    """The embedding and fc1 keep their pretrained values, bit for bit."""
    seen = check.seen_after(adapt, draw)
    for name in ("embedding.weight", "fc1.weight", "fc1.bias"):
        now = seen["after"].get(name.replace("fc1.", "fc1.linear."))
        if now is None or not torch.equal(now["value"], seen["before"][name]):
            raise Failure(
                "base-changed",
                f"{name} no longer has its pretrained values",
                "Adapting adds parts; it does not re-initialise what is there.",
            )


adapt_classifier_grade = adapt_classifier_grade.hidden(pretrained_values, points=1, after=("wraps-fc1",))
### END HIDDEN TESTS
adapt_classifier_grade

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.data import load as load_corpus

imdb = load_corpus("imdb")
print({part: len(getattr(imdb, part)) for part in ("train", "valid", "test")}, "reviews of", imdb.classes)

# %% [markdown]
# Now training. The exercise fixes rank and alpha but no learning rate; 0.001 is what AdamW takes unless told
# otherwise. The cell trains for eight epochs, on your own `LinearWithLoRA` and `adapt` when both have passed their
# checks. Look at how far from chance (0.5) one epoch comes, and how much the other seven add.

# %% tags=["skip-when-grading"]
from lora_utils.experiments import mean_vectors, transfer_classifier
from lora_utils.training import accuracy, mean_and_spread
from lora_utils.training import train as fit

EPOCHS, BATCH, SEEDS = 8, 256, (0, 1, 2)


own_inject = inject_by_name_grade.verdict == "pass"
print("wrapped by", "your inject" if own_inject else "the course's inject_lora")


def lora_model(seed, rank=2, alpha=0.1):
    """The newsgroups classifier with a new two-class head and LoRA on fc1: the course's way of writing exercise 3."""
    model = transfer_classifier(2, seed=seed)
    torch.manual_seed(seed)  # A is drawn at random
    if own_inject:
        inject(model, ["fc1"], lora_utils.LinearWithLoRA, rank, alpha)
    else:
        lora_utils.inject_lora(model, "fc1", rank, alpha)
    return model


# %% tags=["skip-when-grading"]
def yours():
    """Your adaptation, through your own class and function."""
    seed_everything(0)
    model = TextClassifier(num_classes=4)
    model.load_state_dict(weights, strict=False)
    return adapt(model, LinearWithLoRA)


own = own_class and adapt_classifier_grade.verdict == "pass"
model = yours() if own else lora_model(seed=0)
print("Training", "your own code." if own else "the course's code, since a check has not passed yet.")
history = fit(model, imdb.train, epochs=EPOCHS, lr=0.001, batch_size=BATCH, valid=imdb.valid)
print(f"validation accuracy {history.accuracy[0]:.3f} after one epoch, {history.accuracy[-1]:.3f} after {EPOCHS}")

# %% [markdown]
# It learns, slowly. Three things could be to blame: the learning rate, alpha, or the rank. They are cheap to tell
# apart.
#
# ### What is frozen can be computed once
#
# With a frozen embedding, the mean word vector of a review is the same in every epoch. Compute it once (17,402 vectors
# of 50 numbers), and an epoch costs two small matrix products. The next cell shows that this changes nothing in the
# result and what it does to the time.

# %% tags=["skip-when-grading"]
means = {part: mean_vectors(model, getattr(imdb, part)) for part in ("train", "valid", "test")}


def top(model):
    """What is left of the classifier once the means are known."""
    return nn.Sequential(model.fc1, nn.ReLU(), model.fc2)


for name, network, data in (("word ids", model, imdb.valid), ("cached means", top(model), means["valid"])):
    start = time.perf_counter()
    print(f"{name:>12}: accuracy {accuracy(network, data):.4f} in {1000 * (time.perf_counter() - start):.0f} ms")

# %% [markdown]
# ### Learning rate and alpha
#
# **Predict before you run.** AdamW moves every number of $B$ by about `lr` in a step, however small its gradient is.
# The update of the weight is $\Delta W = \alpha\,(A B)^\top$. If alpha grows from 0.1 to 1, what learning rate gives
# about the same $\Delta W$ after the first step?
#
# <details><summary>Answer</summary>
#
# A tenth of it: after one step $\Delta W$ is proportional to $\alpha \cdot \text{lr}$. With AdamW, alpha acts on the
# path like a second learning rate. They are not the same thing, since the new head follows `lr` alone, and since $A$
# moves too. (With plain SGD the gradient of $B$ carries a factor alpha as well, and the effect goes with its square.)
# </details>
#
# The left panel shows the accuracy on the 2,500 validation reviews, the right one the size of the learned update,
# $\lVert \Delta W \rVert / \lVert W \rVert$ in the Frobenius norm. Three seeds a point; the bars are plus and minus
# one standard deviation. Look for the learning rate at which each curve becomes flat.

# %% tags=["skip-when-grading"]
from lora_utils.data import progress
from lora_utils.plots import COLORS, DASHES, MARKERS, figure


def trained(make, seed, lr, data):
    """Train a fresh model on cached means and return its top layers."""
    network = top(make(seed))
    fit(network, data, epochs=EPOCHS, lr=lr, batch_size=BATCH, seed=seed)
    return network


def update_size(layer):
    """Frobenius norm of alpha (A B).T over that of W."""
    update = layer.lora.alpha * (layer.lora.A @ layer.lora.B).T  # (out, in)
    return (update.norm() / layer.linear.weight.norm()).item()


# %% tags=["skip-when-grading"]
RATES, ALPHAS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), (0.1, 1.0, 10.0)
runs = [(alpha, lr, seed) for alpha in ALPHAS for lr in RATES for seed in SEEDS]
sweep = {}
for alpha, lr, seed in progress(runs, "alpha and learning rate"):
    network = trained(lambda seed, alpha=alpha: lora_model(seed, 2, alpha), seed, lr, means["train"])
    sweep[alpha, lr, seed] = accuracy(network, means["valid"]), update_size(network[0])

# %% tags=["skip-when-grading"]
fig, panels = figure(
    "A small alpha asks for a larger learning rate; all three reach the same height",
    "learning rate of AdamW",
    ("validation accuracy", "size of the update, |ΔW| / |W|"),
    columns=2,
)
for k, alpha in enumerate(ALPHAS):
    for panel, which in zip(panels, (0, 1), strict=True):
        points = [mean_and_spread([sweep[alpha, lr, seed][which] for seed in SEEDS]) for lr in RATES]
        center, spread = zip(*points, strict=True)
        look = {"color": COLORS[k], "linestyle": DASHES[k], "marker": MARKERS[k], "capsize": 3}
        panel.errorbar(RATES, center, yerr=spread, label=f"alpha {alpha:g}", **look)
lost = mean_and_spread([sweep[10.0, 0.1, seed][0] for seed in SEEDS])[0]
panels[0].annotate(f"{lost:.2f}", (0.065, 0.625), ha="left", color=COLORS[2])  # the point below the panel
panels[0].set_ylim(0.62, 0.78)
panels[1].set_yscale("log")
panels[1].legend(frameon=False)
for panel in panels:
    panel.set_xscale("log")

# %% [markdown]
# What it meant (the number at the lower edge is a mean that lies below the panel):
#
# * At 0.001 the exercise's alpha of 0.1 changes $W$ by about seven per cent, and the accuracy stays below 0.69. At
#   0.01 it reaches 0.75. **Rank and alpha were not to blame, the learning rate was.**
# * Below 0.01 the curve of alpha 0.1 lags: it needs two or three times the rate for the same accuracy (lab 05: once $A$
#   has moved, tenfold alpha does the work of $\sqrt{10} \approx 3$ times the rate). A larger alpha means a larger update
#   at every rate, as predicted, but after eight epochs by a factor of two to six for each tenfold alpha, not ten: the
#   prediction was for the first step, and later steps do not all point the same way.
# * At 0.01 the three curves meet at the same height. Alpha is a step size for the path, not a measure of quality.
# * At the right end it is overdone. With alpha 10 and rate 0.1 the update is more than ten times as large as $W$, and
#   the mean of the three seeds is at chance.
#
# A learning rate that suits another method is a short way to a wrong verdict on LoRA. A public course prints reference
# results for LoRA that are at chance (0.51 on two classes against 0.83 for full fine-tuning); its LoRA runs at full
# fine-tuning's learning rate of 0.00002. In the paper, GPT-3 takes 0.0002 with LoRA and 0.000005 without, a factor of 40 (Hu et al. 2021,
# appendix D).
#
# ### Rank
#
# Now ranks from 1 to 50, with alpha 1 and two lines to compare: the new head alone on a frozen `fc1`, and all 6,528
# numbers of `fc1` trained. Rank 50 is full rank: $A B$ can then be any matrix. With AdamW a higher rank also steps
# further at the same rate (lab 05), so each rank is measured twice: at AdamW's usual 0.001, and at a rate of its own.
#
# The rate is found by one rule for all, which lab 09 uses too: three rates with seed 0, a factor of about three apart;
# while the best one lies at an edge of those tried, one more beyond it, at most two. The best gets all three seeds.
#
# **Predict before you run**: which of the two curves rises more from rank 2 to rank 50?

# %% tags=["skip-when-grading"]
RANKS = (1, 2, 4, 8, 16, 50)


def head_only(seed):
    """A new head on the frozen model."""
    return transfer_classifier(2, seed=seed)


def fc1_in_full(seed):
    """A new head, and every number of fc1 trained."""
    model = transfer_classifier(2, seed=seed)
    model.fc1.requires_grad_(True)
    return model


# %% tags=["skip-when-grading"]
from lora_utils.experiments import sweep_rates


def lora_of(rank):
    """The making of models with that rank and alpha 1."""
    return lambda seed: lora_model(seed, rank, 1.0)


def valid_score(make, lr, seed):
    """Validation accuracy of one run."""
    return accuracy(trained(make, seed, lr, means["train"]), means["valid"])


def tuned(make, rates=(0.003, 0.01, 0.03)):
    """The rate that seed 0 prefers, and the validation accuracy of every seed at it."""
    scores = sweep_rates(lambda lr: valid_score(make, lr, seed=0), rates)
    best = max(scores, key=scores.get)
    return best, [scores[best]] + [valid_score(make, best, seed) for seed in SEEDS[1:]]


at_one_rate = {r: [valid_score(lora_of(r), 0.001, s) for s in SEEDS] for r in progress(RANKS, "ranks, one rate")}
at_its_own = {rank: tuned(lora_of(rank)) for rank in progress(RANKS, "ranks, a rate each")}
compared = {"all of fc1": tuned(fc1_in_full), "head only": tuned(head_only)}
print("rank          " + "".join(f"{rank:>8}" for rank in RANKS))
print("rate 0.001    " + "".join(f"{mean_and_spread(at_one_rate[rank])[0]:>8.3f}" for rank in RANKS))
print("its own rate  " + "".join(f"{mean_and_spread(at_its_own[rank][1])[0]:>8.3f}" for rank in RANKS))
print("which is      " + "".join(f"{at_its_own[rank][0]:>8g}" for rank in RANKS))
for name, (lr, scores) in compared.items():
    print("{:<14}{:>8.3f} +- {:.3f} at {:g}".format(name, *mean_and_spread(scores), lr))

# %% tags=["skip-when-grading"]
fig, axes = figure("Most of what rank seems to buy at one rate is the rate", "rank r", "validation accuracy")
curves = {"each at its own rate": [at_its_own[rank][1] for rank in RANKS], "all at 0.001": list(at_one_rate.values())}
for k, (name, scores) in enumerate(curves.items()):
    center, spread = zip(*map(mean_and_spread, scores), strict=True)
    look = {"color": COLORS[k], "linestyle": DASHES[k], "marker": MARKERS[k], "capsize": 3}
    axes.errorbar(RANKS, center, yerr=spread, label=name, **look)
for k, (name, (_, scores)) in enumerate(compared.items(), start=2):
    mean, sd = mean_and_spread(scores)
    axes.axhline(mean, color=COLORS[k], linestyle=DASHES[k], label=name)
    axes.axhspan(mean - sd, mean + sd, color=COLORS[k], alpha=0.15)
axes.set_xscale("log", base=2)
axes.set_xticks(RANKS, [str(rank) for rank in RANKS])
axes.set_ylim(0.66, 0.78)
axes.legend(frameon=False, loc="lower right")
axes.grid(axis="x", visible=False)

# %% [markdown]
# At AdamW's usual rate the rank seems to decide: 0.707 at rank 2 against 0.751 at rank 50. With a rate of its own, rank 2
# reaches 0.742 and rank 50 0.752: of four and a half points one is left. Rank 1 stays behind all of `fc1`, and from rank
# 4 on nothing is gained. Which rate is best for a rank is itself a choice by one seed (0.003 for rank 8 is such a one).
#
# A glance at the sample: with 2,500 reviews, an accuracy of 0.75 has a standard error of $\sqrt{0.75 \cdot 0.25 / 2500}
# = 0.009$, so differences of less than a point say little here. The paper found rank 1 sufficient for query and value of
# GPT-3 (Hu et al. 2021, table 6).
#
# But look at the two lines. Between the head alone and all of `fc1` there are two and a half points. Whatever the
# rank, LoRA on `fc1` cannot do more than all of `fc1` can. The table at the end says what could.
#
# ## 4. Merge and unmerge
#
# Both branches are linear in $x$, so they fit into one matrix:
#
# $$x W^\top + \alpha\,(x A B) = x\,(\underbrace{W + \alpha\,(A B)^\top}_{W_{\text{merged}}\,\in\,(o,\,i)})^\top$$

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("low_rank_update")

# %% [markdown]
# Merging adds the product of the two thin matrices to the weight once: the shapes fit, so nothing is left beside the layer.
#
# A merged layer costs what it cost before it was adapted. That is LoRA's advantage over bottleneck adapters, which
# stay in the way: 20.7 % and 30.3 % more time for GPT-2 medium at batch size 1 (Hu et al. 2021, table 1). It holds
# only because there is no nonlinearity between $A$ and $B$.
#
# The exercise works on this small layer, which knows whether it is merged:

# %% tags=["skip-when-grading"]
print(inspect.getsource(check.Mergeable))

# %% [markdown]
# ### Exercise 4: merge and unmerge
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | fold the path into the weight, and take it out without a trace | 3 of 5 | 12 min | 8 lines |
#
# Write `merge(layer)` and `unmerge(layer)` for such a layer. It has `layer.linear`, `layer.lora` (with `A`, `B` and
# `alpha`) and the flag `layer.merged`.
#
# * `merge` changes `layer.linear.weight` and sets the flag. Merging twice changes nothing more.
# * `unmerge` brings the weight back **bit for bit** and resets the flag. Unmerging twice, or before any merge, changes
#   nothing.
# * `A` and `B` stay as they are and can be trained, the bias is untouched, and the weight stays a frozen parameter.
# * Calls come in any order, and for several layers in turn: each layer has its own weight to go back to.
#
# Many libraries subtract the update again. In floating point $(W + \Delta) - \Delta$ is not $W$; the exercise asks for
# the exact weight.
#
# <details><summary>Hint 1: where to start</summary>
#
# Whatever `unmerge` needs, `merge` must keep: an ordinary attribute on the layer will do. Both functions start by
# looking at the flag.
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# `layer.linear.weight` is (out, in), `A @ B` is (in, out). Work in place (`+=`, `copy_`) and under `torch.no_grad()`:
# `A` and `B` carry gradients, and the weight must not.
# </details>
# <details><summary>Hint 3: a layer by hand</summary>
#
# Weight 1, $A$ = 2, $B$ = 3 and alpha 0.5: merged it is 4, merged twice still 4, unmerged exactly 1. An attribute that is merely set to
# the weight is a second name for the same tensor, and changes with it. Which method of a tensor makes one of its own? On the way
# back the numbers go into the same parameter.
# </details>


# %% nbgrader={"grade": false, "grade_id": "merge-weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def merge(layer: nn.Module) -> None:
    """Add alpha * (A B).T to layer.linear.weight in place; merging a merged layer changes nothing."""
    ### BEGIN SOLUTION
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()  # (out, in)
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T  # (in, out).T -> (out, in)
        layer.merged = True
    ### END SOLUTION


def unmerge(layer: nn.Module) -> None:
    """Restore layer.linear.weight bit for bit; unmerging an unmerged layer changes nothing."""
    ### BEGIN SOLUTION
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-merge-weights", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
merge_weights_grade = check.merge_weights(merge, unmerge, points=4, of=5)


### BEGIN HIDDEN TESTS
from lora_utils.checks import Failure, expect_close


def nothing_stale(functions, draw):
    """After factors and base have changed, merging and unmerging again uses the new ones."""
    c = check.merge_case(draw)
    W2 = draw.normal(*c["weight"].shape)
    looks = functions.probe(check.merge_steps, **c, steps="munwmu", weight2=W2)["looks"]
    again = check.merged_weight({**c, "weight": W2, "B": -2 * c["B"]})
    expect_close(
        looks[4]["weight"],
        again,
        what="the weight merged a second time, after A, B and W changed",
        id="stale-merge",
        hint="Compute the update anew in every merge.",
    )
    if not torch.equal(looks[5]["weight"], W2):
        raise Failure(
            "stale-original",
            "the second unmerge did not bring back the weight from before the second merge",
            "Keep the clone made by the latest merge, not the first one.",
        )


merge_weights_grade = merge_weights_grade.hidden(nothing_stale, points=1, after=("merging-twice", "restores"))
### END HIDDEN TESTS
merge_weights_grade

# %% [markdown]
# Now on the trained classifier, by your two functions; where they have not passed, by the methods of the course's
# `LinearWithLoRA`. **Predict before you run**: are the scores after merging the same bit for bit? Does subtracting the update bring the weight back?
#
# <details><summary>Answer</summary>
#
# Neither. Merging changes the order of additions, so the scores differ in the last bits: a few times $10^{-7}$ for
# scores of order one, which is the resolution of float32 ($2^{-23} \approx 1.2 \cdot 10^{-7}$). No review changes its
# class unless its two scores are as close as that. Subtracting leaves an error of the same kind in the weight, and it
# adds up when adapters are swapped often. Keeping the original is exact.
# </details>

# %% tags=["skip-when-grading"]
model = lora_model(seed=0, rank=8, alpha=1.0)
fit(top(model), means["train"], epochs=EPOCHS, lr=0.01, batch_size=BATCH)
original, ids = model.fc1.linear.weight.clone(), imdb.valid.inputs
fold, unfold = lora_utils.LinearWithLoRA.merge, lora_utils.LinearWithLoRA.unmerge
if merge_weights_grade.verdict == "pass":
    trained_parts, fold, unfold = model.fc1, merge, unmerge
    model.fc1 = check.Mergeable(trained_parts.linear, rank=8, alpha=1.0)
    model.fc1.lora = trained_parts.lora
print("merged by", "your functions" if fold is merge else "the course's methods")
with torch.no_grad():
    apart = model(ids)
    fold(model.fc1)
    together = model(ids)
print(f"largest difference of a score: {(together - apart).abs().max():.1e}, scores up to {apart.abs().max():.0f}")
print("reviews whose class changed:", int((together.argmax(1) != apart.argmax(1)).sum()), "of", len(ids))

# %% tags=["skip-when-grading"]
update = model.fc1.lora.alpha * (model.fc1.lora.A @ model.fc1.lora.B).T.detach()
subtracted = model.fc1.linear.weight - update
unfold(model.fc1)
wrong = (subtracted != original).float().mean()
print(f"subtracting leaves {wrong:.0%} of the weights changed, by up to {(subtracted - original).abs().max():.1e}")
print("unmerge restores every bit:", torch.equal(model.fc1.linear.weight, original))

# %% [markdown]
# And the time. The ratio depends on the machine, on the sizes and on what else is running; nothing here is checked
# against it.


# %% tags=["skip-when-grading"]
def median_ms(layer, x, times=200):
    """Median time of one forward pass in milliseconds."""
    taken = []
    with torch.no_grad():
        for _ in range(times):
            start = time.perf_counter()
            layer(x)
            taken.append(time.perf_counter() - start)
    return 1000 * sorted(taken)[times // 2]


wide = lora_utils.LinearWithLoRA(nn.Linear(768, 768), rank=8, alpha=1.0)
for batch in (1, 64):
    x = torch.randn(batch, 768)
    wide.unmerge()
    apart_ms = median_ms(wide, x)
    wide.merge()
    print(f"batch {batch:>2}: unmerged takes {apart_ms / median_ms(wide, x):.2f} times as long as merged")

# %% [markdown]
# Unmerged, LoRA adds two thin products, a scaling and an addition to the one large product. The arithmetic is hardly
# more; at batch size 1 the calls themselves cost. While training, or while serving many adapters over one base, that
# is the price.
#
# Could a training step save it? Measured on MiniLM with rank 8 on query and value, against the same step by PEFT
# (rows 1, 4 and 6 by `python -m benchmarks.lora_step` in the course's repository, the others by a line changed in it; one
# thread, medians of 21 rounds, which spread by 0.05):
#
# | step | time over PEFT's |
# | --- | --- |
# | this layer, in all six blocks | 1.01 |
# | with $y + \alpha (xA) B$ as one call, `torch.addmm(y, x @ A, B, alpha=alpha)` | 0.99 |
# | no adapter at all, the gradient still going down to the words | 0.94 |
# | this layer, in the upper three blocks | 0.99 |
# | the same, the blocks below under `torch.no_grad()` | 1.00 |
# | the same, what the blocks below give computed once and kept (`below` and `UpperBlocks` of lab 03) | 0.67 |
#
# LoRA's own arithmetic is a twentieth of a step, so writing it in fewer calls wins next to nothing, and the layer stays
# as readable as its formula. `no_grad` wins nothing either: autograd records an operation only if one of its inputs
# needs a gradient, and below the lowest adapter none does. What costs is the frozen model, and the way to save is not to
# compute it again in every epoch.
#
# ## 5. Saving the adapter, all of it, and nothing else
#
# A fine-tuned copy of a model is as large as the model. An adapter is as large as what was trained: here $A$, $B$
# **and the new head**. The head is forgotten so often that it has a history of its own: huggingface/peft #310 (a
# classification head that was not saved), #577 (`modules_to_save` built with `list.append`, which returns `None`, and
# silently lost), #503 (a model that "forgets" after reload). The loss and the saved metrics look fine; only the
# reloaded model guesses.

# %% [markdown]
# ### Exercise 5: the adapter's state
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | collect what was trained, under names that can be loaded again | 2 of 5 | 8 min | 3 lines |
#
# Write `adapter_state(model, also)`. It returns a dict from names as in `model.state_dict()` to tensors, with
#
# * `A` and `B` of every `LoRALayer` in the model, at any depth and whatever the attribute is called;
# * every entry of the modules named in `also`, for example `["fc2"]`, and of what lies below them, buffers included;
# * nothing else, and plain copies of the same dtype, which ask for no gradient: training on must not change what was saved.
#
# What is saved depends on what a part **is**. A layer called `flora` is no LoRA layer, nor is every module that has an
# `A` and a `B`; a model that was frozen for inference saves the same tensors as before.
#
# <details><summary>Hint 1: where to start</summary>
#
# First collect names of modules: those that are instances of `LoRALayer` (`model.named_modules()`), and those in
# `also`. Then walk through `model.state_dict()`.
# </details>
# <details><summary>Hint 2: the names</summary>
#
# The entries of module `"fc1.lora"` are called `"fc1.lora.A"` and `"fc1.lora.B"`: they start with the module's name
# and a dot. `str.startswith` takes a tuple of beginnings.
# </details>
# <details><summary>Hint 3: four names</summary>
#
# After exercise 3 and with `also=["fc2"]` the keys are `fc1.lora.A`, `fc1.lora.B`, `fc2.weight` and `fc2.bias`; a module called `fc20` adds
# none. Write into a weight after saving: the state must not follow. What `state_dict()` returns lies in the model's memory, and so
# does what `detach()` returns: which method gives numbers a place of their own?
# </details>


# %% nbgrader={"grade": false, "grade_id": "adapter-state", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adapter_state(model: nn.Module, also: list[str]) -> dict[str, torch.Tensor]:
    """Return copies of A and B of every LoRALayer, and of the modules named in `also`, under their full names."""
    ### BEGIN SOLUTION
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-adapter-state", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
adapter_state_grade = check.adapter_state(adapter_state, points=2, of=3)


### BEGIN HIDDEN TESTS
def by_what_it_is(adapter_state, draw):
    """A layer called 'flora' and two matrices called A and B are not taken for LoRA; frozen for inference, a model saves the same."""
    check.judge_state(adapter_state, draw, ["head"], flora=True)
    check.judge_state(adapter_state, draw, ["head"], frozen=True)


adapter_state_grade = adapter_state_grade.hidden(by_what_it_is, points=1, after=("saves-what-was-trained",))
### END HIDDEN TESTS
adapter_state_grade

# %% [markdown]
# The course's `save_adapter` writes such a dict as a safetensors file. **Predict before you run**: 614 numbers of four
# bytes are 2,456 bytes; how large is the file, and how large is a file of the whole model?
#
# <details><summary>Answer</summary>
#
# A safetensors file has a header with names, dtypes, shapes and offsets: 8 bytes of length and here a few hundred
# bytes of JSON. The whole model is 1,257,142 numbers, 5.03 MB, nearly all of it the frozen embedding: about 1,700
# times as much. (The paper: 350 GB become 35 MB for GPT-3, a factor of 10,000, counted with rank 4 on query and
# value.)
# </details>

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
folder = Path(tempfile.mkdtemp())
model = lora_model(seed=0)
adapter_bytes = lora_utils.save_adapter(model, folder / "untrained.safetensors", also=["fc2"])
if adapter_state_grade.verdict == "pass":
    written = load_file(folder / "untrained.safetensors")
    print("your state holds what is in the file:", written.keys() == adapter_state(model, ["fc2"]).keys())
save_file(model.state_dict(), folder / "whole.safetensors")
whole_bytes = (folder / "whole.safetensors").stat().st_size
print(f"adapter with head {adapter_bytes:,} bytes, whole model {whole_bytes:,} bytes")
print("one whole model holds as much as", whole_bytes // adapter_bytes, "adapters")

# %% [markdown]
# ## 6. Swapping adapters over one base
#
# One base in memory, many small files beside it: that is how one server answers for many tasks. Swapping is nothing
# but copying the saved tensors into the parameters of the same names. Everything else about it is refusing what does
# not fit.

# %% [markdown]
# ### Exercise 6: swap adapters
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | load another adapter over the same base, or refuse it | 3 of 5 | 10 min | 10 lines |
#
# Write `swap(model, state)`: every tensor in `state` is copied into the model's parameter of that name; everything
# else stays as it is, the parameter objects and their gradients too. Raise `ValueError` with the name in its message, **before anything is changed**, if
#
# * the model has no parameter of that name;
# * the shapes differ. Compare them yourself: `copy_` would stretch an `A` of shape (50, 1) over one of shape (50, 2)
#   without a word, and a rank-1 adapter would act twice as strongly as it was trained to;
# * the state lacks `A` or `B` of one of the model's LoRA layers, whatever that is called: the model would then mix two
#   adapters.
#
# A state without the head is none of these: the head stays as it is.
#
# <details><summary>Hint 1: where to start</summary>
#
# A dict of the model's named parameters tells what there is. Then three loops: what must be in `state`, what may be in `state`,
# and the copying.
# </details>
# <details><summary>Hint 2: the names</summary>
#
# For each module that is a `LoRALayer`, under the name `name`, the state must hold `f"{name}.A"` and `f"{name}.B"`.
# </details>
# <details><summary>Hint 3: a state with its fault at the end</summary>
#
# Three good tensors, then one of a wrong shape: after the `ValueError` the model must be bit for bit what it was.
# `load_state_dict(state, strict=False)` ignores unknown names, and where shapes differ it complains only after it has copied the rest.
# Two shapes can be compared with `!=`. Parameters are written into in place, under `no_grad`: a new one would have no gradient, and no
# optimiser would know it.
# </details>


# %% nbgrader={"grade": false, "grade_id": "swap-adapters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def swap(model: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Copy every tensor of `state` into the model's parameter of that name.

    Raises ValueError, before anything is changed, for a name or a shape that the model lacks, or a factor that the
    state lacks.
    """
    ### BEGIN SOLUTION
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-swap-adapters", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
swap_adapters_grade = check.swap_adapters(swap, points=3, of=4)


### BEGIN HIDDEN TESTS
from lora_utils.checks import Failure


def nothing_by_halves(swap, draw):
    """A state that is refused leaves every parameter as it was."""
    state, numbers = check.random_state(draw), check.numbers_of(draw)
    bad = [({**state, "head.bias": draw.normal(7)}, "head.bias"), ({**state, "zz.lora.A": draw.normal(6, 2)},
           "zz.lora.A"), ({n: v for n, v in state.items() if n != "fc1.lora.B"}, "fc1.lora.B")]  # fmt: skip
    bad.append((dict(reversed(bad[0][0].items())), "head.bias"))
    runs = swap.probe(check.swap_each, numbers=numbers, states=[wrong for wrong, _ in bad])["runs"]
    for (_, name), seen in zip(bad, runs, strict=True):
        check.expect_refused(seen, name, "wrong-state-accepted", "it does not fit")
        after = seen["looks"][0]
        if changed := [n for n in numbers if n not in after or not torch.equal(numbers[n], after[n])]:
            raise Failure(
                "half-loaded",
                f"the state was refused because of {name}, but {changed[0]} had been overwritten by then",
                "Look at all names and shapes first and copy afterwards: two loops.",
            )


swap_adapters_grade = swap_adapters_grade.hidden(
    nothing_by_halves, points=1, after=("refuses-wrong-shapes", "refuses-wrong-names")
)
### END HIDDEN TESTS
swap_adapters_grade

# %% [markdown]
# Three adapters for three tasks over the one newsgroups base, all with rank 8 and alpha 1: IMDb reviews, sentences
# from Rotten Tomatoes (both negative against positive), and posts on science against politics and religion. Each is
# trained and saved; then one model loads each file in turn and takes all three tests.
#
# **Predict before you run**: which squares of the three by three table will be near 0.5?
#
# <details><summary>Answer</summary>
#
# Those that pair a film adapter with the posts, or the other way round: the head answers a question that was not
# asked. The two film adapters understand each other, since their labels mean the same.
# </details>

# %% tags=["skip-when-grading"]
from lora_utils.data import Examples

posts = load_corpus("newsgroups")


def two_of(data, first, second):
    """The examples of two classes, relabelled 0 and 1."""
    chosen = (data.labels == first) | (data.labels == second)
    return Examples(data.inputs[chosen], (data.labels[chosen] == second).long())


tomatoes = load_corpus("rotten_tomatoes")
tasks = {"IMDb": imdb, "Rotten Tomatoes": tomatoes}
tasks = {name: (corpus.train, corpus.test) for name, corpus in tasks.items()}
tasks["science or politics"] = tuple(two_of(part, 2, 3) for part in (posts.train, posts.test))
tasks = {name: tuple(mean_vectors(model, part) for part in parts) for name, parts in tasks.items()}

# %% tags=["skip-when-grading"]
files = {name: folder / f"{name}.safetensors" for name in tasks}
for name, (train_part, _) in tasks.items():
    model = lora_model(seed=0, rank=8, alpha=1.0)
    fit(top(model), train_part, epochs=EPOCHS, lr=0.01, batch_size=BATCH)
    size = lora_utils.save_adapter(model, files[name], also=["fc2"])
    print(f"{name:<20} {size:,} bytes")

# %% tags=["skip-when-grading"]
own_swap = swap_adapters_grade.verdict == "pass"
print("swapped by", "your swap" if own_swap else "the course's load_adapter")
one = lora_model(seed=1, rank=8, alpha=1.0)
base = {name: p.detach().clone() for name, p in one.named_parameters() if not p.requires_grad}
table = torch.zeros(3, 3)
for row, path in enumerate(files.values()):
    swap(one, load_file(path)) if own_swap else lora_utils.load_adapter(one, path)
    for column, (_, test_part) in enumerate(tasks.values()):
        table[row, column] = accuracy(top(one), test_part)
own_parameters = dict(one.named_parameters())
print("base untouched, bit for bit:", all(torch.equal(own_parameters[name], value) for name, value in base.items()))

# %% tags=["skip-when-grading"]
fig, axes = figure("One base, three files: each adapter knows its own task", "tested on", "adapter loaded", height=3.4)
axes.imshow(table, cmap="Greys", vmin=0.3, vmax=1.1)
for row in range(3):
    for column in range(3):
        value = table[row, column].item()
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.72 else "black")
axes.set_xticks(range(3), ["IMDb", "Rotten\nTomatoes", "science or\npolitics"])
axes.set_yticks(range(3), tasks)
axes.grid(visible=False)

# %% [markdown]
# The diagonal is each adapter on its own task. The film adapters carry over to each other: reviews are long and
# sentences short, yet the words are the same. Between films and posts hardly anything does: those squares lie around
# one half, and which side of it says nothing, since "positive" and "politics" share a place in the head by our choice.
#
# Now the mistake from section 5, measured. The same IMDb adapter, saved without its head and loaded into a model with
# a fresh one:

# %% tags=["skip-when-grading"]
lora_utils.load_adapter(one, files["IMDb"])
lora_utils.save_adapter(one, folder / "headless.safetensors")
reloaded = []
for seed in SEEDS:
    other = lora_model(seed=10 + seed, rank=8, alpha=1.0)
    lora_utils.load_adapter(other, folder / "headless.safetensors")
    reloaded.append(accuracy(top(other), means["test"]))
print(f"with its head {accuracy(top(one), means['test']):.3f}, without it", [round(value, 3) for value in reloaded])

# %% [markdown]
# No error, no warning. Two of the three fresh heads are at chance, and the third is a little better by luck. Test a
# saved adapter by loading it into a **fresh** model and measuring again.

# %% [markdown]
# ## 7. If you have time: one adapter out of several
#
# Swapping serves one task at a time. Merging several adapters into one serves them together, or halfway between; PEFT's
# `add_weighted_adapter` does it, and "task arithmetic" (Ilharco et al. 2022, arXiv 2212.04089) even takes adapters away,
# with a negative weight.

# %% [markdown]
# ### Exercise 7: blend adapters (open)
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | make one adapter of several | 3 of 5 | 10 min | 3 to 10 lines |
#
# Write `blend(adapters, weights)`. `adapters` is a list of triples `(A, B, alpha)`, all for one layer: `A` of shape
# (in, $r_j$), `B` of shape ($r_j$, out), with ranks and alphas that may differ. `weights` is a list of as many numbers
# $w_j$, which may be negative or zero. Return one triple of the same kind, `A` (in, $r$), `B` ($r$, out) and a number
# `alpha`. There are many that are right; two things hold for each of them and are checked:
#
# * for every $x$: $\;\alpha\, x A B = \sum_j w_j\, \alpha_j\, x A_j B_j$, up to rounding (two parts in ten thousand);
# * its rank is at most the sum of the ranks: $r \le \sum_j r_j$.
#
# <details><summary>Hint 1: where to start</summary>
#
# Write the sum of two outer products, $a_1 b_1^\top + a_2 b_2^\top$, as one product of two matrices.
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# The rank is the inner size. What happens to a product of matrices when one adds columns on the left and as many rows on
# the right?
# </details>
# <details><summary>Hint 3: another way</summary>
#
# The sum is a matrix of shape (in, out), and you know from lab 05 how to write a matrix of low rank as a product. Either
# way, decide where each $w_j \alpha_j$ goes, and only once.
# </details>


# %% nbgrader={"grade": false, "grade_id": "blend-adapters", "locked": false, "schema_version": 3, "solution": true, "task": false}
blend = None  # yours: write the function here, in any way that keeps the two promises


### BEGIN SOLUTION
def blend(adapters: list, weights: list) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Set the factors side by side, each A with its own scale."""
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights, strict=True)], dim=1)  # (in, sum of r)
    B = torch.cat([B for _, B, _ in adapters], dim=0)  # (sum of r, out)
    return A, B, 1.0


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-blend-adapters", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
blend_adapters_grade = check.blend_adapters(blend, points=2, of=3)


### BEGIN HIDDEN TESTS
def takes_away(function, draw):
    """An adapter blended with itself, once with 1 and once with -1, is nothing; many of them blend as well."""
    cases = [check.blend_case(draw, [1.0, -1.0, 2.5]) for _ in range(3)]
    for case in cases:
        case["adapters"][1] = case["adapters"][0]
    check.judge_blend(function, [*cases, check.blend_case(draw, [0.2] * 8), check.blend_case(draw, [0.0, 0.0])])


blend_adapters_grade = blend_adapters_grade.hidden(takes_away, points=1, after=("does-what-they-do",))
### END HIDDEN TESTS
blend_adapters_grade

# %% [markdown]
# Your blend at work, if it has passed (the course's way, the factors side by side, if not): the two film adapters, from
# all IMDb to all Rotten Tomatoes, their heads averaged with the same weights. **Predict before you run**: does the
# middle lie between the ends, or above or below them?


# %% tags=["skip-when-grading"]
def side_by_side(adapters, weights):
    """The course's blend."""
    scaled = [w * alpha * A for (A, _, alpha), w in zip(adapters, weights, strict=True)]
    return torch.cat(scaled, 1), torch.cat([B for _, B, _ in adapters]), 1.0


own_blend = blend_adapters_grade.verdict == "pass"
print("blended by", "your function" if own_blend else "the course's function")
films = [load_file(files[name]) for name in ("IMDb", "Rotten Tomatoes")]
triples = [(state["fc1.lora.A"], state["fc1.lora.B"], 1.0) for state in films]
network = nn.Sequential(nn.Linear(50, 128), nn.ReLU(), nn.Linear(128, 2)).requires_grad_(False)
print("weights              IMDb   Rotten Tomatoes")
for share in (0.0, 0.25, 0.5, 0.75, 1.0):
    parts = [1 - share, share]
    A, B, alpha = (blend if own_blend else side_by_side)(triples, parts)
    head = {n: sum(w * state[f"fc2.{n}"] for w, state in zip(parts, films, strict=True)) for n in ("weight", "bias")}
    network[0].weight.copy_(one.fc1.linear.weight + alpha * (A @ B).T)
    network[0].bias.copy_(one.fc1.linear.bias)
    network[2].load_state_dict(head)
    scores = [accuracy(network, tasks[name][1]) for name in ("IMDb", "Rotten Tomatoes")]
    print(f"{parts!s:<18} {scores[0]:>7.3f} {scores[1]:>12.3f}")
shutil.rmtree(folder)

# %% [markdown]
# On either test the blends lie between the ends, and one adapter serves both tasks at a small price: three quarters of
# the first and one of the second lose half a point on IMDb, and gain one and a half on the sentences. The two heads
# mean the same. To blend a film adapter with that of the posts would mix two questions in one head.

# %% [markdown]
# ## 8. If you have time: what it was worth
#
# The last experiment compares, on the same start and the same reviews:
#
# | method | trained |
# | --- | --- |
# | no adaptation | nothing: the frozen model with a random new head |
# | last layer | the new head `fc2` |
# | LoRA, as in the quiz | the head, and $A$, $B$ of `fc1`: rank 2, alpha 0.1, learning rate 0.001 |
# | LoRA, rank 2 tuned | the same 614 numbers, with alpha 1 and a rate of its own |
# | LoRA, rank 16 | eight times the rank, alpha 1 and a rate of its own |
# | all of fc1 | the head and `fc1`: what LoRA on `fc1` approximates |
# | full fine-tuning | everything, the embedding included |
#
# To be fair, every method but the quiz's gets its learning rate by the rule of the ranks: the same number of tries, one
# seed, chosen on the validation reviews. Full fine-tuning overfits after a few epochs, so it also gets the best number
# of four; the others gain to the last of their eight. The test reviews have not been used so far in any choice.


# %% tags=["skip-when-grading"]
def everything(seed):
    """Every number trainable."""
    return transfer_classifier(2, seed=seed).requires_grad_(True)


by_epoch = {}


def best_epoch(lr):
    """Validation accuracy after the best of four epochs of full fine-tuning."""
    by_epoch[lr] = fit(everything(0), imdb.train, epochs=4, lr=lr, batch_size=BATCH, valid=imdb.valid).accuracy
    return max(by_epoch[lr])


scores = sweep_rates(best_epoch, (0.001, 0.003, 0.01))
for lr, after_each in sorted(by_epoch.items()):
    print(f"full fine-tuning, learning rate {lr:g}:", [round(value, 3) for value in after_each])
full_lr = max(scores, key=scores.get)
full_epochs = by_epoch[full_lr].index(scores[full_lr]) + 1
best_lr = {
    "last layer": compared["head only"][0],
    "LoRA, rank 2 tuned": at_its_own[2][0],
    "LoRA, rank 16": at_its_own[16][0],
    "all of fc1": compared["all of fc1"][0],
}
print("learning rates:", best_lr)
print(f"full fine-tuning: learning rate {full_lr:g}, {full_epochs} epochs")

# %% [markdown]
# Now the table. Every method trains the complete model on word ids, without cached means, so that seconds can be
# compared. Memory is counted, not sampled: bytes of weights, gradients, optimiser states and saved activations of one
# step at batch size 256.

# %% tags=["skip-when-grading"]
from lora_utils.training import training_memory

methods = {
    "no adaptation": (head_only, 0.001, 0),
    "last layer": (head_only, best_lr["last layer"], EPOCHS),
    "LoRA, as in the quiz": (lora_model, 0.001, EPOCHS),
    "LoRA, rank 2 tuned": (lora_of(2), best_lr["LoRA, rank 2 tuned"], EPOCHS),
    "LoRA, rank 16": (lora_of(16), best_lr["LoRA, rank 16"], EPOCHS),
    "all of fc1": (fc1_in_full, best_lr["all of fc1"], EPOCHS),
    "full fine-tuning": (everything, full_lr, full_epochs),
}


def measure(name):
    """Train and test one method for every seed; returns accuracies and the seconds an epoch took."""
    make, lr, epochs = methods[name]
    scores, seconds = [], []
    for seed in SEEDS:
        model = make(seed)
        history = fit(model, imdb.train, epochs=epochs, lr=lr, batch_size=BATCH, seed=seed, label=name)
        scores.append(accuracy(model, imdb.test))
        seconds.append(history.seconds / max(1, epochs))
    return scores, sum(seconds) / len(seconds)


# %% tags=["skip-when-grading"]
first, summary = imdb.train.first(BATCH), {}
print("measured in this run    test accuracy  trainable   memory  epochs  seconds an epoch")
for name, (make, _, epochs) in methods.items():
    scores, seconds = measure(name)
    mean, spread = mean_and_spread(scores)
    count = lora_utils.count_parameters(make(0)).trainable if epochs else 0
    memory = f"{training_memory(make(0), first.inputs, first.labels).total / 1e6:.1f} MB" if epochs else "-"
    summary[name] = mean, spread, count
    print(f"{name:<20} {mean:>9.3f} +- {spread:.3f} {count:>10,} {memory:>8} {epochs:>7} {seconds:>17.2f}")

# %% tags=["skip-when-grading"]
fig, axes = figure(
    "LoRA is worth what fc1 is worth; the gain sits in the embedding",
    "trained numbers (log scale)",
    "IMDb test accuracy",
)
for k, (name, (mean, spread, count)) in enumerate(list(summary.items())[1:]):
    axes.errorbar(
        count,
        mean,
        yerr=spread,
        color=COLORS[k],
        marker=MARKERS[k],
        markersize=8,
        capsize=4,
        label=name,
        linestyle="none",
    )
axes.set_xscale("log")
axes.set_ylim(0.68, 0.88)
axes.legend(frameon=False, loc="lower right")
axes.grid(axis="x", visible=False)

# %% [markdown]
# ### What it means
#
# All numbers in the table were measured in this run, mean and sample standard deviation over three seeds. With 5,000
# test reviews, sampling adds a standard error of about 0.006 that all methods share.
#
# * **The learning rate decided, not the rank.** The quiz's setting at 0.001 ends below the last layer alone. The same
#   614 numbers at a tuned rate gain three points and pass it. Eight times the rank adds 0.3 points, less than the spread.
# * **LoRA did its job.** At rank 16 it reaches what training all of `fc1` reaches, within the spread, and at rank 2
#   nearly so.
# * **The job was small.** Full fine-tuning is eight points higher, and all it has beyond `fc1` and the head is the
#   embedding. `fc1` sees the mean of a review's word vectors and nothing else: what these 50 numbers do not tell apart,
#   no rank and no learning rate of a path on `fc1` can. To move the words themselves is the embedding's business. *Where*
#   the path goes mattered more here than rank, alpha and learning rate together.
# * **The newsgroups training was worth little here.** The cell below puts a random, untrained `fc1` in its place.
# * **Fewer trained numbers are not as much less memory.** Full fine-tuning trains about 2,000 times as many numbers as
#   LoRA at rank 2 and needs about 4 times the memory: gradients and optimiser states shrink, weights and activations
#   stay. In Hugging Face's benchmark (peft `method_comparison`, Llama-3.2-3B on MetaMathQA; quoted, not measured here)
#   LoRA trains 350 times fewer numbers, and peak memory falls from 36.2 to 20.8 GiB, a factor of 1.74.
# * **Seconds.** An epoch of full fine-tuning takes one and a half to four times as long, depending on what else the machine does,
#   because gradients are computed for 1.25 million embedding numbers and AdamW moves them all in every step. The forward
#   pass costs the same for all. (In total it is faster here: at its best rate one epoch suffices in place of eight.)


# %% tags=["skip-when-grading"]
def untrained_fc1(seed):
    """The last-layer method over an fc1 that was never trained."""
    model = transfer_classifier(2, seed=seed)
    seed_everything(100 + seed)
    model.fc1 = nn.Linear(50, 128).requires_grad_(False)
    return model


for name, make in (("newsgroups", head_only), ("untrained", untrained_fc1)):
    scores = [accuracy(trained(make, s, best_lr["last layer"], means["train"]), means["test"]) for s in SEEDS]
    print("last layer over the {} fc1: {:.3f} +- {:.3f}".format(name, *mean_and_spread(scores)))

# %% [markdown]
# The two agree: random features of the mean vector serve a film review as well as features that were trained to tell
# newsgroups apart. A pretrained layer helps when it has learned something that the new task needs, and this small one
# has not. Models that are adapted in earnest have: there LoRA reaches into many layers that know much already.
#
# ## 9. If you have time: the same by library
#
# What you have built is what Hugging Face's PEFT does in two lines: a `LoraConfig` says what to put where, and
# `get_peft_model` injects it. Nothing in it is new to you but the names.
#
# | here | in PEFT | |
# | --- | --- | --- |
# | rank $r$ | `r=8` | |
# | alpha $\alpha$ | `lora_alpha=8.0` | PEFT multiplies by `lora_alpha / r`: give it $\alpha r$ |
# | names, `["fc1"]` | `target_modules=["fc1"]` | a layer is meant if its name is this or ends in `.` and this |
# | the new head, trained and saved too | `modules_to_save=["fc2"]` | forgotten, it stays frozen; section 5's mistake in one argument |
# | biases stay frozen | `bias="none"` | the default |
# | - | `lora_dropout=0.0` | zeroes entries of $x$ before $A$ while training; 0 is the default |
# | $A$ normal with deviation $1/\sqrt r$, $B = 0$ | `init_lora_weights=True` | $A$ uniform within $\pm 1/\sqrt i$ whatever the rank, $B = 0$ |
# | `layer.linear`, `lora.A`, `lora.B` | `base_layer`, `lora_A["default"].weight`, `lora_B["default"].weight` | PEFT's factors are `nn.Linear`, so $A^\top$ and $B^\top$; "default" is the adapter's name |
# | `merge`, `unmerge` | `merge_adapter`, `unmerge_adapter` | `merge_and_unload` also throws the wrappers away |
# | `save_adapter`, `load_adapter` | `save_pretrained`, `PeftModel.from_pretrained` | lab 09 writes PEFT's files by hand |
#
# Only the start of $A$ differs, so the cell below copies ours. **Predict before you run**: both models see the same 256
# reviews, then AdamW takes twenty steps on each. Do they still agree afterwards, and to how many digits?


# %% tags=["skip-when-grading"]
def by_library():
    """Rank 8 and alpha 1 on fc1 and a new head, by PEFT: the model and its wrapper of fc1."""
    lora_utils.quantization.load_bitsandbytes()  # PEFT imports it too, with a notice
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=8, lora_alpha=8 * 1.0, target_modules=["fc1"], modules_to_save=["fc2"])
    theirs = get_peft_model(transfer_classifier(2, seed=0), config)
    return theirs, theirs.base_model.model.fc1


def twenty_steps(model):
    """Outputs for the same reviews before and after twenty steps of AdamW on them."""
    outputs, optimizer = [], torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for step in range(21):
        scores = model(first.inputs)  # (256, 2)
        if step in (0, 20):
            outputs.append(scores.detach())
        nn.functional.cross_entropy(scores, first.labels).backward()
        optimizer.step()
        optimizer.zero_grad()
    return outputs


try:
    theirs, their_fc1 = by_library()
except ImportError as error:
    print(f"PEFT does not load here ({error}): nothing to compare with. With torch 2.6 or newer: pip install peft")
else:
    ours = lora_model(seed=0, rank=8, alpha=1.0)
    with torch.no_grad():
        their_fc1.lora_A["default"].weight.copy_(ours.fc1.lora.A.T)  # (i, r) -> (r, i)
    print("trained by us  ", [name for name, p in ours.named_parameters() if p.requires_grad])
    print(
        "trained by PEFT",
        [name.removeprefix("base_model.model.") for name, p in theirs.named_parameters() if p.requires_grad],
    )
    print(f"numbers: {lora_utils.count_parameters(ours).trainable:,} and {theirs.get_nb_trainable_parameters()[0]:,}")
    for when, one, other in zip(
        ("before", "after twenty steps"), twenty_steps(ours), twenty_steps(theirs), strict=True
    ):
        print(f"{when}: outputs differ by at most {(one - other).abs().max():.1e} of {one.abs().max():.2f}")
    ours.fc1.merge()
    merged = theirs.merge_and_unload().fc1.weight
    print(
        f"merged: weights differ by at most {(ours.fc1.linear.weight - merged).abs().max():.1e} of {merged.abs().max():.2f}"
    )

# %% [markdown]
# They agree to the last digits of float32: it is the same method. What a library adds is what surrounds it, many
# methods under one form of file, adapters by name, layers of many kinds. What it does not add is the judgement: which
# layers, which rate, whether the head is in the file.
#
# ## 10. What breaks in practice
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | trained well, guesses after reload | the new head was not saved | huggingface/peft #310, #577, #503; unslothai/unsloth PR #3317 |
# | merging changes nothing | the merge wrote to a copy, or was a no-op | unslothai/unsloth #869 |
# | merging twice doubles the update | merge without a flag, or hidden in `eval()` | microsoft/LoRA #34, #61 |
# | results differ from another library at equal settings | `alpha` against `alpha / rank` | rasbt/LLMs-from-scratch #821 |
# | the adapter has no effect | the layer's `forward` is never called (attention) | helicalAI/helical #405, speechbrain #2779, huggingface/peft #761 |
# | LoRA looks bad | learning rate of full fine-tuning used for LoRA | section 3 of this lab |
# | a merge into 4-bit weights loses the update | the sum is rounded again | huggingface/transformers #31293, peft #2321 |
#
# Against most of these one test helps: **save, load into a fresh model, compare outputs; merge, compare outputs;
# unmerge, compare weights.**
#
# ### Where it goes from here
#
# Three extensions change one thing each. *rsLoRA* scales by $\alpha/\sqrt{r}$, so that the size of the update does not
# sink with the rank when one divides by it (Kalajdzievski 2023, arXiv 2312.03732). *DoRA* splits $W$ into lengths and
# directions and gives the low-rank path to the directions alone (Liu et al. 2024, arXiv 2402.09353). *LoRA+* trains
# $B$ with a larger learning rate than $A$, about 16 times as large, and reports one to two per cent and up to twofold
# speed (Hayou et al. 2024, arXiv 2402.12354). A comparison of nine such variants finds them within one to two per cent
# of plain LoRA once the learning rate of each is tuned (arXiv 2602.04998): sweep the rate before you change the
# method.
#
# ## Summary
#
# * `LinearWithLoRA` keeps the layer, freezes it, and adds `alpha * (x A B)`; at the start it changes nothing, bit for
#   bit. The quiz's adaptation trains 614 of 1,257,142 numbers.
# * Injection replaces a parent's attribute. A wrapper acts only where its `forward` is called.
# * With AdamW, alpha acts like a second learning rate of the path, and so does the rank. Tuning the rate was worth three
#   points, the rank from 2 to 16, each at its own rate, less than the spread.
# * Merging costs the last bits of the scores, unmerging costs nothing if the original is kept.
# * The adapter's file has 3 KB against 5 MB. Without its head it is worthless.
# * On IMDb, test accuracy: last layer 0.736, LoRA with the same 614 numbers 0.716 at the default rate and 0.746 at a
#   tuned one, all of `fc1` 0.758, full fine-tuning 0.840. LoRA came close to the layer it was put on; that layer was
#   not where this model's gain was.
#
# Next: [lab 07](../07_quantization/07_quantization.ipynb) stores the frozen weights in four bits; together with this lab that makes QLoRA. The
# [quiz](../10_quiz/10_quiz.ipynb) asks about all of it.
#
