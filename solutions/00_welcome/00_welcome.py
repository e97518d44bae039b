# %% [markdown]
# # 00 Welcome: how this course works, and what a model's numbers are
#
# A pretrained model is a large heap of numbers. **Fine-tuning** changes them for a new task; **parameter-efficient fine-tuning** (PEFT) changes few of
# them, or adds a few and leaves the rest alone. In this course you build its methods by hand, one lab each, on real text and real pretrained weights, and
# measure what they cost and what they bring.
#
# When you are done you can
#
# 1. read what a check tells you, and act on it;
# 2. say on what machine you work, and what it lacks;
# 3. keep track of a tensor's shape through a mean and a broadcast;
# 4. count the parameters of a model by hand, and those that training may change;
# 5. freeze a model except for the parts you name, and tell how a "frozen" number can move all the same.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | Python, and a first acquaintance with PyTorch | about 40 minutes; the notebook itself runs in seconds and downloads nothing | {{ exercises }} exercises, {{ points }} points; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# | lab | what it is about |
# | --- | --- |
# | 01, 02 | what a model can do untrained and with simple baselines; full fine-tuning and its memory |
# | 03, 04 | adding small layers; learning prompts instead of weights |
# | 05, 06 | LoRA: an update from two thin matrices, and how to put it into a model |
# | 07, 08 | four bits a number, and LoRA on top of that |
# | 09, 10 | all methods compared under one budget; a quiz |
# | 11 | what came after 2024: better starts, ranks that move, many adapters over one base |

# %% [markdown]
# Run the next cell first: click on it and press Shift and Enter. It imports what the lab needs and fixes the random seed.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.training.parameters.count_parameters", "lora_utils.training.parameters.freeze", "lora_utils.training.parameters.unfreeze"]
from importlib.metadata import version

import torch
from torch import nn

from lora_utils.checks import lab_00_welcome as check
from lora_utils.environment import environment
from lora_utils.plots import COLORS, figure

torch.manual_seed(0)
print("torch", torch.__version__, "| peft-by-hand", version("peft-by-hand"))

# %% [markdown]
# ## 1. Where am I?
#
# When something does not work, the first question is what it runs on. `environment()` (in `lora_utils/environment.py`, a short file you can read) answers
# it. Copy this table into any question you ask. Look at three lines: is there a GPU, is bitsandbytes there, and which assets are missing?

# %% tags=["skip-when-grading"]
for topic, text in environment().items():
    print(f"{topic:<15} {text}")

# %% [markdown]
# * **No GPU** is no obstacle: every lab is made for two processor cores and a few minutes. With one, labs 01, 03, 04, 07, 08 and 09 put their pretrained
#   models there by `best_device()`; the networks of 00, 02, 05 and 06 are so small that starting an operation on a GPU takes longer than the operation. Apple's GPUs serve as well,
#   except for 4-bit layers of bitsandbytes; `LORA_UTILS_DEVICE=cpu` in the environment keeps everything on the processor.
# * **Threads**: torch divides a large matrix product among them. Timings in the text are from two cores.
# * **bitsandbytes** stores weights in four bits; labs 07 and 08 use it.
# * **torchtext** is archived: its last release, 0.18.0, cannot be imported beside torch 2.4 or newer
#   ([pytorch/text #2272](https://github.com/pytorch/text/issues/2272)). The course uses it where it loads and its own equal code elsewhere.
# * **Assets** are the corpora and pretrained models. A lab fetches what it needs on first use and keeps it in the cache folder; `lora-utils assets` in a terminal lists them
#   with size and licence. This lab needs none.

# %% [markdown]
# ## 2. How a check speaks
#
# Under each exercise stands a check. It calls your code on inputs of its own, computes the right result another way, and compares. To see one talk, here is an
# answer that is wrong. The task: a batch of $b$ sentences of $s$ tokens, each token a vector of $d$ numbers, is a tensor of shape $(b, s, d)$. **Centre each
# sentence**: subtract from every token's vector the mean of its own sentence's vectors.


# %% tags=["skip-when-grading"]
def first_try(vectors: torch.Tensor) -> torch.Tensor:
    """Centre the sentences of a batch (b, s, d). This attempt is wrong."""
    return vectors - vectors.mean(dim=0)


check.center_sentences(first_try, points=2)

# %% [markdown]
# It ran, it returned the right shape, and it is wrong: the kind of mistake that no error message of Python would show. The table has the parts that every check has:
#
# | part | here |
# | --- | --- |
# | **heading** | the exercise, your points, and how many points are still decided by hidden checks |
# | **sentence** | what must be true of a right answer |
# | **result** | *passed*, *FAILED*, *waiting* (another check must pass first), *not attempted* (the stub is still there), or *check broke* (a fault of ours: it never costs you points) |
# | **rationale** | in italics: what was expected and what was found |
# | **hint** | what to look at next, when the check recognises the mistake |
#
# * **Visible checks** run here, as often as you like. **Hidden checks** run when your notebook is graded: they try the same function on other inputs, such as a batch of one. An answer that
#   does what its docstring says passes them; one that was fitted to the visible messages may not.
# * Inputs are drawn at random from a seed; when your work is graded, from another one.
# * A check calls your code many times. What your code prints meanwhile stands under the table, not above it.
# * **{{ pass_mark }} passes** a lab. You can hand in several times: {{ attempts }}.
# * The answers are yours to write: while a lab is graded, `lora_utils` is there without what that lab asks you to write, and an answer that imports it fails.
# * Grading runs the set-up, your answers and every cell that you add, from top to bottom. It skips the lab's own experiments and figures, save their imports, so nothing else that they define is there for your answers.
#
# **Where to find help**, in this order: the three hints above each exercise (click to open); your code called by hand on a small input, with
# `print(x.shape)` after each step; `help(nn.Linear)` for anything of torch; the table of section 1 and the message of the check when you ask a person.

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("how_a_check_works")

# %% [markdown]
# What is right is decided where your code cannot reach it: the probe beside your code hands over plain numbers, and the judge outside compares.

# %% [markdown]
# ## 3. Tensors have shapes
#
# Look at what a mean does to the shape, and at what `keepdim` changes. Then think which of the three can be subtracted from a tensor of shape (2, 3, 4) so that
# each sentence loses its own mean.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
vectors = torch.arange(24.0).reshape(2, 3, 4)  # (b, s, d) = 2 sentences, 3 tokens, 4 numbers
print("vectors                   ", tuple(vectors.shape))
print("mean(dim=0)               ", tuple(vectors.mean(dim=0).shape))
print("mean(dim=1)               ", tuple(vectors.mean(dim=1).shape))
print("mean(dim=1, keepdim=True) ", tuple(vectors.mean(dim=1, keepdim=True).shape))

# %% [markdown]
# torch lines shapes up **from the right**; an axis of length 1, or one that is missing on the left, is stretched. This is *broadcasting*. (3, 4) lines up with (2, 3, 4): but it is
# the mean over the *sentences*, the mistake above. (2, 4) does not line up at all, and raises an error, unless $b$ happens to equal $s$: then it runs and is wrong. (2, 1, 4) is
# stretched over the tokens.

# %% [markdown]
# ### Exercise 1: centre the sentences
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | mend the function whose check failed | 1 of 5 | 4 min | 1 line |
#
# Return a new tensor of shape $(b, s, d)$; leave the one you were given as it is.
#
# <details><summary>Hint 1: where to start</summary>
# The axes of (b, s, d) have the numbers 0, 1 and 2. Along which of them do the tokens of one sentence lie?
# </details>
# <details><summary>Hint 2: the shape</summary>
# The means must have the shape (b, 1, d), so that broadcasting stretches them over the tokens.
# </details>
# <details><summary>Hint 3: two sentences by hand</summary>
# Sentences of two tokens and width 1: <code>center(torch.tensor([[[1.0], [3.0]], [[10.0], [30.0]]]))</code> holds -1, 1, -10, 10. The documentation of
# <code>torch.mean</code> says which switch leaves a 1 in the place of the axis that is averaged away.
# </details>


# %% nbgrader={"grade": false, "grade_id": "centre-sentences", "locked": false, "schema_version": 3, "solution": true, "task": false}
def center(vectors: torch.Tensor) -> torch.Tensor:
    """Subtract from each token's vector the mean of its own sentence.

    Args:
        vectors: (b, s, d), floating-point: b sentences of s tokens, d numbers each; not changed.

    Returns:
        a new tensor (b, s, d), of the same dtype.
    """
    ### BEGIN SOLUTION
    return vectors - vectors.mean(dim=1, keepdim=True)  # (b, s, d) - (b, 1, d)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-centre-sentences", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
centre_sentences_grade = check.center_sentences(center, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_sizes(function, draw):
    """It also serves a batch of one, sentences of one token, as many sentences as tokens, and other precisions."""
    shapes = ((1, 5, 3), (4, 1, 3), (5, 3, 1), (4, 4, 3), (3, 5, 5), (5, 3, 5), (3, 3, 3), (1, 1, 1), (2, 9, 4))
    check.judge_centered(function, [draw.normal(*shape) + shift for shape in shapes for shift in (-1, 1)])
    for dtype in (torch.float64, torch.float32):
        (value,) = check.judge_centered(function, [draw.normal(2, 5, 3, dtype=dtype)])
        if value.dtype != dtype:
            text = f"for vectors of {dtype} the result is of {value.dtype}"
            raise check.Failure("dtype-changed", text, "Compute with the tensor as it comes, without converting it.")


centre_sentences_grade = centre_sentences_grade.hidden(other_sizes, points=1)
### END HIDDEN TESTS
centre_sentences_grade

# %% [markdown]
# ## 4. Counting parameters by hand
#
# A **parameter** is a tensor that belongs to a model and that training may change. `nn.Linear(inputs, outputs)` computes $y = x W^\top + b$ with a matrix $W$ of shape
# (outputs, inputs) and a bias $b$ of shape (outputs,). `nn.Embedding(words, width)` is a table with a row for each word. ReLU, dropout and a mean have no parameters. The course's `TextClassifier`
# looks its words up, takes their mean, and applies `fc1`, ReLU and `fc2`:
#
# | part | maps | parameters |
# | --- | --- | --- |
# | `embedding` | a word's number to a vector of `width` | a table |
# | `fc1` | `width` to `hidden` | weight and bias |
# | `fc2` | `hidden` to `classes` | weight and bias |

# %% [markdown]
# ### Exercise 2: counting by hand
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | count linear layers, embeddings and a small classifier, as whole-number formulas | 1 of 5 | 5 min | 3 lines |
#
# <details><summary>Hint 1: where to start</summary>
# Print <code>nn.Linear(3, 5).weight.shape</code> and <code>nn.Linear(3, 5).bias.shape</code>, and count.
# </details>
# <details><summary>Hint 2: the bias</summary>
# The bias is added to the output: <code>outputs</code> numbers, or none with <code>bias=False</code>. An embedding has no bias.
# </details>
# <details><summary>Hint 3: numbers to compare</summary>
# <code>linear_numbers(3, 5)</code> is 20, without bias 15, and <code>embedding_numbers(7, 3)</code> is 21. <code>classifier_numbers(7, 3, 5, 2)</code> is 53 = 21 + 20 + 12: of which layer are the 12?
# </details>


# %% nbgrader={"grade": false, "grade_id": "count-by-hand", "locked": false, "schema_version": 3, "solution": true, "task": false}
def linear_numbers(inputs: int, outputs: int, bias: bool = True) -> int:
    """How many numbers nn.Linear(inputs, outputs, bias) holds, as a whole number (int) like the two below."""
    ### BEGIN SOLUTION
    return inputs * outputs + (outputs if bias else 0)
    ### END SOLUTION


def embedding_numbers(words: int, width: int) -> int:
    """How many numbers nn.Embedding(words, width) holds."""
    ### BEGIN SOLUTION
    return words * width
    ### END SOLUTION


def classifier_numbers(words: int, width: int, hidden: int, classes: int) -> int:
    """How many numbers the embedding, fc1 (width -> hidden) and fc2 (hidden -> classes) hold together."""
    ### BEGIN SOLUTION
    return embedding_numbers(words, width) + linear_numbers(width, hidden) + linear_numbers(hidden, classes)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-count-by-hand", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
count_by_hand_grade = check.count_by_hand(linear_numbers, embedding_numbers, classifier_numbers, points=2, of=3)


### BEGIN HIDDEN TESTS
def exact(functions, draw):
    """The counts are exact whole numbers, however large the layer, and 1 is a size like any other."""
    big, odd = draw.integer(2 * 10**8, 10**9) | 1, draw.integer(2 * 10**8, 10**9) | 1  # odd products fit into no float
    cases = (
        ("linear", (big, odd, False), big * odd),
        ("linear", (big, odd + 1), big * (odd + 1) + odd + 1),
        ("embedding", (big, odd), big * odd),
        ("classifier", (big, odd, 3, 2), check.classifier_right(big, odd, 3, 2)),
        ("classifier", (3, 2, big, odd), check.classifier_right(3, 2, big, odd)),
        ("linear", (1, 1), 2),
        ("classifier", (1, 1, 1, 1), 5),
    )
    for which, args, right in cases:
        (value,), text = check.ask(functions, check.by_hand, [args], which=which), f"{which}_numbers{args}"
        check.expect_number(value, text, int)
        if value != right and abs(value - right) < 1e-12 * right:
            hint = "Count with whole numbers (int) throughout: a float has 53 bits and rounds."
            raise check.Failure("not-exact", f"{text} must be exactly {right}, got {value}", hint)
        if value != right:
            text = f"{text} must be {right}, got {value}"
            raise check.Failure("wrong-count", text, "Large and small sizes count like others.")


count_by_hand_grade = count_by_hand_grade.hidden(exact, points=1)
### END HIDDEN TESTS
count_by_hand_grade

# %% [markdown]
# **Predict before you run.** The classifier has 25,000 words, width 50, hidden width 128 and 4 classes. Which part of its numbers sits in `fc1` and `fc2`, the layers that labs 05 and 06 work
# on: about half, a tenth, or less than a hundredth?
#
# <details><summary>Answer, after you have run the next cell</summary>
# Half a hundredth: 7,044 of 1,257,044 numbers, 0.56 %. The table of word vectors holds all the rest.
# </details>

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
whole, layers = classifier_numbers(25_000, 50, 128, 4), linear_numbers(50, 128) + linear_numbers(128, 4)
print(f"{whole:,} numbers, {layers:,} of them in fc1 and fc2: {layers / whole:.2%}")

# %% [markdown]
# ## 5. Counting any model
#
# PyTorch can count for us. `model.parameters()` goes through every parameter, at all levels of nesting. Three things to know:
#
# * `p.numel()` is how many numbers a parameter holds, and `p.requires_grad` says whether training may change it. The switch belongs to the **parameter**, not to the layer: a layer's weight can be frozen
#   and its bias trainable.
# * A **shared** tensor is one tensor under two names. Language models often use the table of word vectors once more as the last layer ("tied embeddings"). It is stored once and counts once.
# * A **buffer** is a tensor that belongs to the model and that no optimiser changes, such as BatchNorm's running mean. It is no parameter.

# %% [markdown]
# ### Exercise 3: trainable and total
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | count what any model holds, and what training may change of it | 2 of 5 | 6 min | 3 lines |
#
# <details><summary>Hint 1: where to start</summary>
# Loop over <code>nn.Linear(3, 5).parameters()</code> and print each one's shape, <code>numel()</code> and <code>requires_grad</code>.
# </details>
# <details><summary>Hint 2: shared tensors</summary>
# <code>model.parameters()</code> gives a shared tensor once. A loop over <code>model.modules()</code> or <code>state_dict()</code> meets it twice, and the latter holds the buffers too.
# </details>
# <details><summary>Hint 3: a model by hand</summary>
# <code>nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))</code> has 20 and 12 numbers; with the first layer frozen the answer is (12, 32). Both counts go through the same parameters:
# what must hold for one to enter the first?
# </details>


# %% nbgrader={"grade": false, "grade_id": "count-trainable", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_parameters(model: nn.Module) -> tuple[int, int]:
    """Count a model's numbers; a shared tensor counts once, and buffers do not count.

    Returns:
        (trainable, total): how many numbers training may change, and how many there are, frozen ones included.
    """
    ### BEGIN SOLUTION
    parameters = list(model.parameters())
    trainable = sum(p.numel() for p in parameters if p.requires_grad)
    return trainable, sum(p.numel() for p in parameters)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-count-trainable", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
count_trainable_grade = check.count_trainable(count_parameters, points=2, of=3)


### BEGIN HIDDEN TESTS
def edges(function, draw):
    """It also counts a model without parameters and parameters that hang on the model itself, and changes no switch."""
    kinds = ("own", "own-frozen", "empty", "plain", "convolution", "tied-frozen")
    check.judge_pairs(function, check.drawn(draw, *kinds))
    cases = check.drawn(draw, "own", "nested")
    for parameters, case in zip(function.probe(check.counted, cases=cases)["parameters"], cases, strict=True):
        if len(check.trainable_names(parameters)) != sum(part.on for part in check.parts(*case)):
            hint = "Read p.requires_grad and do not assign to it."
            raise check.Failure("switch-changed", "counting changed requires_grad of a parameter", hint)


count_trainable_grade = count_trainable_grade.hidden(edges, points=1)
### END HIDDEN TESTS
count_trainable_grade

# %% [markdown]
# Now count real models. The three below are built on torch's "meta" device: layers with shapes and no storage, so that nothing is downloaded and nothing fills memory. MiniLM is the encoder of labs 03, 04, 07,
# 09 and 11, SmolLM2 the language model of labs 01, 07 and 08; their sizes are those of their published configurations. Compare the totals with the 22.7 and 134.5 million that their
# publishers state.


# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
def linears(*shapes: tuple[int, int], bias: bool = True) -> nn.ModuleList:
    """Linear layers of the given (inputs, outputs)."""
    return nn.ModuleList(nn.Linear(i, o, bias=bias) for i, o in shapes)


with torch.device("meta"):
    models = {
        "TextClassifier": {
            "word vectors": nn.Embedding(25_000, 50),
            "other layers": linears((50, 128), (128, 4)),
        },
        "MiniLM-L6": {  # 6 layers of width 384, feed-forward 1,536
            "word vectors": nn.Embedding(30_522, 384),
            "attention": nn.ModuleList(linears(*[(384, 384)] * 4) for _ in range(6)),
            "feed-forward": nn.ModuleList(linears((384, 1536), (1536, 384)) for _ in range(6)),
            "other layers": nn.ModuleList(  # positions, segments, norms, pooler
                [nn.Embedding(512 + 2, 384), *(nn.LayerNorm(384) for _ in range(1 + 2 * 6)), nn.Linear(384, 384)]
            ),
        },
        "SmolLM2-135M": {  # 30 layers of width 576, 3 of 9 heads for keys and values, gated feed-forward 1,536
            "word vectors": nn.Embedding(49_152, 576),  # tied: the last layer is the same tensor
            "attention": nn.ModuleList(
                linears((576, 576), (576, 192), (576, 192), (576, 576), bias=False) for _ in range(30)
            ),
            "feed-forward": nn.ModuleList(
                linears((576, 1536), (576, 1536), (1536, 576), bias=False) for _ in range(30)
            ),
            "other layers": nn.ModuleList(nn.LayerNorm(576, bias=False) for _ in range(1 + 2 * 30)),
        },
    }
counts = {name: {part: count_parameters(layer)[1] for part, layer in parts.items()} for name, parts in models.items()}
for name, parts in counts.items():
    shares = ", ".join(f"{part} {count / sum(parts.values()):.1%}" for part, count in parts.items())
    print(f"{name:<15}{sum(parts.values()):>12,} numbers: {shares}")

# %% [markdown]
# Where do the parameters sit? Follow the lowest, black part from left to right.

# %% tags=["skip-when-grading"]
title = "The larger the model, the smaller the part of its word vectors: 99 %, 52 %, 21 %"
fig, axes = figure(title, "model (number of parameters)", "share of the parameters (%)", height=3.8)
names = [f"{name}\n({sum(parts.values()) / 1e6:.1f} million)" for name, parts in counts.items()]
bottom = [0.0] * len(names)
kinds = (("word vectors", COLORS[0], ""), ("attention", COLORS[5], "//"), ("feed-forward", COLORS[3], ".."))
for part, color, hatch in (*kinds, ("other layers", COLORS[1], "xx")):
    heights = [100 * parts.get(part, 0) / sum(parts.values()) for parts in counts.values()]
    axes.bar(names, heights, 0.55, bottom=bottom, label=part, color=color, hatch=hatch, edgecolor="white")
    bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
legend = axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0), reverse=True)

# %% [markdown]
# A table of word vectors grows with the width, $\text{words} \cdot d$; a layer of a transformer grows with its square, about $12\,d^2$, and there are more layers. So in large models the numbers sit in the linear layers
# of attention and feed-forward, and that is where LoRA and quantisation go to work. In our small classifier they do not: lab 06 will show what follows.
#
# A number takes 4 bytes in float32, 2 in bfloat16, 1 in int8 and, with lab 07's storage, about half a byte. For the weights of SmolLM2:

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
total = sum(counts["SmolLM2-135M"].values())
for kind, bits in (("float32", 32), ("bfloat16", 16), ("int8", 8), ("4 bits and their scales", 4.127)):
    print(f"{kind:<24}{total * bits / 8 / 1e6:>6.0f} MB")

# %% [markdown]
# Training needs more than the weights: a gradient and two numbers of Adam's for each *trainable* number, and the activations. Lab 02 keeps that ledger.

# %% [markdown]
# ## 6. Freezing
#
# `p.requires_grad = False` says: compute no gradient **for** this parameter. It does not stop gradients **through** the layer. The next cell has two layers, freezes one, and asks which weights get a gradient. Guess
# first: with the *second* layer frozen, does the first one still learn?

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
for frozen in (0, 1):
    two = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    two[frozen].requires_grad_(False)
    two(torch.randn(5, 3)).square().mean().backward()
    print(
        f"layer {frozen} frozen:",
        [f"layer {n} {'no gradient' if two[n].weight.grad is None else 'gradient'}" for n in (0, 1)],
    )

# %% [markdown]
# It does: the gradient passes through the frozen layer to the one below. All of PEFT rests on this. A small trainable part deep inside a frozen model gets its gradient through everything above it.

# %% [markdown]
# ### Exercise 4: freeze everything but ...
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | leave exactly the named modules trainable | 2 of 5 | 8 min | 3 lines |
#
# A name is a path as `model.named_modules()` writes it: `"head"`, or `"encoder.fc1"`. A named module counts with everything inside it. Afterwards every parameter in a named module is trainable, also if
# it was frozen before and also if it shares its tensor with another module; every other parameter is frozen.
#
# <details><summary>Hint 1: where to start</summary>
# <code>requires_grad_(False)</code>, with the underscore, freezes all that is inside a module. Of which module do you want that first, and what remains to be done?
# </details>
# <details><summary>Hint 2: the names</summary>
# <code>model.get_submodule("encoder.fc1")</code> is the module of that name, and an error if there is none. Comparing texts is dangerous: <code>encoder.fc10</code> begins with <code>encoder.fc1</code> too.
# </details>
# <details><summary>Hint 3: two names</summary>
# Try <code>nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))</code> with the names <code>["0", "2"]</code>: all four parameters must be trainable. If only the last two are, was all frozen again for the second name?
# The method of hint 1 thaws as well.
# </details>


# %% nbgrader={"grade": false, "grade_id": "freeze-all-but", "locked": false, "schema_version": 3, "solution": true, "task": false}
def freeze_all_but(model: nn.Module, names: list[str]) -> nn.Module:
    """Freeze every parameter of the model except those of the named modules, which become trainable.

    Args:
        model: changed in place.
        names: full names of modules; an empty list freezes everything.

    Returns:
        the same model.

    Raises:
        any exception, when the model has no module of that name.
    """
    ### BEGIN SOLUTION
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-freeze-all-but", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
freeze_all_but_grade = check.freeze_all_but(freeze_all_but, points=2, of=3)


### BEGIN HIDDEN TESTS
def more_names(function, draw):
    """It also serves no names, names at several depths, and a shared tensor named by its other owner."""
    lists = ([], ["encoder.mlp.down", "encoder.norm"], ["encoder.mlp.down"], ["encoder.norm", "fc1", "encoder.mlp"])
    check.judge_frozen(function, [(names, before, False) for names in lists for before in ("trainable", "mixed")])
    check.judge_frozen(function, [(names, "frozen", False) for names in lists])
    tied = (["embedding"], ["head"], ["encoder"], ["head", "embedding"], [])
    check.judge_frozen(function, [(names, before, True) for names in tied for before in ("trainable", "frozen")])


freeze_all_but_grade = freeze_all_but_grade.hidden(more_names, points=1)
### END HIDDEN TESTS
freeze_all_but_grade

# %% [markdown]
# With it, four ways to fine-tune the classifier are four lists of names. (Lab 02 trains them; LoRA comes in lab 06.)

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
model = nn.Sequential()
for name, layer in (("embedding", nn.Embedding(25_000, 50)), ("fc1", nn.Linear(50, 128)), ("fc2", nn.Linear(128, 4))):
    model.add_module(name, layer)
for names in (["embedding", "fc1", "fc2"], ["fc1", "fc2"], ["fc2"], []):
    trainable, total = count_parameters(freeze_all_but(model, names))
    print(f"{', '.join(names) or 'nothing':<20}{trainable:>10,} of {total:,} trainable ({trainable / total:.3%})")

# %% [markdown]
# **Predict before you run.** A weight is trained with AdamW for one step. Then it is frozen with `requires_grad = False`, and without anything in between `optimizer.step()` is called again. Does the weight move? And
# if `optimizer.zero_grad()` comes first? And with `zero_grad(set_to_none=False)`, which fills the gradient with zeros?
#
# <details><summary>Answer, after you have run the next cell</summary>
# It moves in the first case and in the third. The optimiser never looks at <code>requires_grad</code>: it moves every parameter it was given whose <code>.grad</code> is not None. Freezing stops new
# gradients and leaves the old one where it is. With a gradient of zeros, Adam's memory of earlier gradients and the weight decay go on moving the weight.
# </details>


# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
def moves_when_frozen(prepare) -> bool:
    """Whether a weight that was frozen after a training step moves in the next step."""
    layer = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1)
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    layer.requires_grad_(False)
    before = layer.weight.clone()
    prepare(optimizer)
    optimizer.step()
    return not torch.equal(before, layer.weight)


print("nothing in between            moves:", moves_when_frozen(lambda optimizer: None))
print("zero_grad()                   moves:", moves_when_frozen(lambda optimizer: optimizer.zero_grad()))
print("zero_grad(set_to_none=False)  moves:", moves_when_frozen(lambda o: o.zero_grad(set_to_none=False)))

# %% [markdown]
# So: freeze **first**, then build the optimiser from the trainable parameters alone, `[p for p in model.parameters() if p.requires_grad]`. And test it: copy a frozen weight, train a step, and compare with `torch.equal`.

# %% [markdown]
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | `nn.Linear(50, 128)`, `nn.Linear(128, 4)` | 6,528 and 516 numbers, biases included |
# | the classifier with 25,000 words | 1,257,044 numbers, 0.56 % of them in `fc1` and `fc2` |
# | MiniLM-L6, SmolLM2-135M | 22,713,216 and 134,515,008 numbers |
# | share of the word vectors in the three models | 99.4 %, 51.6 %, 21.0 % |
# | SmolLM2's weights | 538 MB in float32, 269 in bfloat16, 69 in four bits |
#
# * A check has a sentence, a result, a rationale and a hint; hidden checks try other inputs; {{ attempts }}.
# * Count trainable *and* total numbers, a shared tensor once.
# * `requires_grad = False` stops gradients for a parameter, not through it; and it does not stop an optimiser that still holds an old gradient.
#
# From the next lab on you import what you wrote here: `count_parameters`, `freeze` and `unfreeze` are in `lora_utils`.
#
# ## What breaks in practice
#
# * **The optimiser gets the frozen parameters too.** A widely used online course passes them all to its optimiser. It works until something leaves a gradient behind, as above.
# * **The base is not frozen.** The same course's `LinearWithLoRA` leaves its own base trainable: the result is full fine-tuning with LoRA on top, and the count of trainable numbers is the only sign of it.
# * **`requires_grad_` on the wrong object.** Public student solutions of a university course switch it on something other than the parameters they mean. Nothing raises an error; count afterwards.
# * **Lists lose names.** `list.append` returns None; in [huggingface/peft #577](https://github.com/huggingface/peft/issues/577) the list of modules to save was lost in this way.
# * **Nothing moves.** Somebody who runs PEFT's official prompt-tuning notebook reports the accuracy of the majority class, 0.6838, in every epoch
#   ([huggingface/peft #2642](https://github.com/huggingface/peft/issues/2642)); the outputs saved in the notebook reach 0.70. PEFT's own guide asks first: did the weights move?
# * **Half frozen.** PEFT reports a model whose parts disagree, some adapters on and some off, as "irregular" (`get_model_status()`). A count by part, as in section 5, shows the same.
# * **Counts that contradict each other.** One tutorial has "about 90 % fewer parameters" and "10,000 times fewer" side by side: a factor of 10 and of 10,000. Count for yourself.
# * **Fewer trainable numbers are not as much less memory.** A tutorial says that only the adapter's parameters are in the GPU's memory. The frozen ones are there as well: each forward pass needs them.
#
# ## Further reading
#
# * PyTorch, [broadcasting](https://pytorch.org/docs/stable/notes/broadcasting.html) and [autograd mechanics](https://pytorch.org/docs/stable/notes/autograd.html), section "Locally disabling gradient computation".
# * PEFT, [troubleshooting](https://huggingface.co/docs/peft/developer_guides/troubleshooting).
#
# Next: [lab 01](../01_baselines/01_baselines.ipynb) asks what a fine-tuned model has to beat.
