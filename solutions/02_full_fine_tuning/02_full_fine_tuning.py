# %% [markdown]
# # 02 Full fine-tuning: one step, its memory, and what it costs the first task
#
# Fine-tuning continues the training of a model on a new task. *Full* fine-tuning lets every number move; it is what all
# methods of this course are measured against. In this lab you write its training step and its optimiser by hand, choose
# what may move, predict the memory of a step to the byte, and measure what the model forgets.
#
# After this lab you can
#
# * write a training step and say what goes wrong when one of its lines is missing or misplaced;
# * compute AdamW's step, and say why training with it holds four times the memory of the numbers it trains;
# * train the last layer, the biases (BitFit) or everything, and measure without changing the model;
# * predict weights, gradients, optimiser states and activations of a step, and say why *frozen* does not mean *free*;
# * choose what to train under a memory budget;
# * measure forgetting, and say what decides it.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | the chain rule, labs 00 and 01 | about 115 minutes, of which the core takes 90: what is headed *if you have time* is not needed later; the notebook itself runs in one to two minutes on two CPU cores | {{ exercises }} exercises, {{ points }} points; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# Every exercise stands alone. The experiments between them use your functions where their checks have passed, and the
# course's, which do the same, where not; each says which it was.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.training.training_loop.train", "lora_utils.training.evaluate.accuracy", "lora_utils.training.memory_ledger.predicted_memory", "lora_utils.training.measured_memory.training_memory", "lora_utils.training.second_task.forgetting", "lora_utils.methods.bitfit.unfreeze_biases"]
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

import lora_utils
from lora_utils.checks import lab_02_full_fine_tuning as check
from lora_utils.training import mean_and_spread, seed_everything

seed_everything(0)
torch.set_num_threads(1)  # the matrices here are small: more threads would not help, and results would depend on them
print("torch", torch.__version__)

# %% [markdown]
# ## 1. One training step
#
# Let $\theta$ be all numbers that are trained, and let a batch be $b$ inputs with their labels. The model gives scores of
# shape $(b, c)$, one per class, before softmax. The loss is the mean cross entropy,
#
# $$L(\theta) = -\frac{1}{b} \sum_{k=1}^{b} \log p_{k,\,y_k}, \qquad p_k = \text{softmax}(\text{scores}_k),$$
#
# with $y_k$ the label of example $k$. A training step computes the gradient $g = \partial L / \partial \theta$ (the shape of
# $\theta$) and lets an optimiser move $\theta$ against it; for plain gradient descent with learning rate lr, $\theta \leftarrow \theta - \text{lr} \cdot g$.
#
# PyTorch keeps three things apart, and each has its trap:
#
# | call | does | trap |
# | --- | --- | --- |
# | `loss.backward()` | **adds** the gradient to `p.grad` of every trained parameter `p` | what is there already stays |
# | `optimizer.step()` | moves every parameter along its `p.grad` | takes whatever is in `p.grad`, also nothing |
# | `optimizer.zero_grad()` | forgets `p.grad` | in a loop of steps it may stand anywhere except between the other two |

# %% [markdown]
# ### Exercise 1: the training step
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | train on one batch | 2 of 5 | 12 min | 6 lines |
#
# Write `training_step(model, optimizer, inputs, labels)`. It shall
#
# * put the model into training mode and leave it there;
# * move what is trainable by one step of the given optimiser along the gradient of this batch's mean cross entropy, whatever gradients are left from before;
# * return the loss before the step as a plain Python number.
#
# <details><summary>Hint 1: where to start</summary>
#
# Five calls: mode, clear, forward with loss, backward, step. <code>F.cross_entropy</code> averages over the batch by itself.
# </details>
# <details><summary>Hint 2: what the loss takes</summary>
#
# <code>F.cross_entropy(scores, labels)</code> wants the scores as the model returns them, (b, c), and whole class numbers (b,).
# It applies log and softmax itself.
# </details>
# <details><summary>Hint 3: a layer by hand</summary>
#
# <code>nn.Linear(1, 2)</code> with all numbers 0, the input [[1.0]], the label [0] and <code>torch.optim.SGD</code> with rate 1: three steps return 0.693, 0.127, 0.081. If the third is 0.011, gradients of earlier steps
# are in it: which call clears them, and after which must it not come? <code>loss.item()</code> is a plain number, without a graph.
# </details>


# %% nbgrader={"grade": false, "grade_id": "training-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def training_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: torch.Tensor, labels: torch.Tensor
) -> float:
    """Train on one batch: inputs (b, ...), labels (b,) whole numbers. Returns the mean cross entropy before the step."""
    ### BEGIN SOLUTION
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-training-step", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
training_step_grade = check.training_step(training_step, points=5, of=6)


### BEGIN HIDDEN TESTS
def other_batches(step, draw):
    """It also holds for a batch of one example and for an optimiser that remembers."""
    check.judge_steps(step, check.step_case(draw, rows=1))
    check.judge_steps(step, check.step_case(draw, steps=4, momentum=0.9))


training_step_grade = training_step_grade.hidden(other_batches, points=1, after=("one-step", "each-batch-alone"))
### END HIDDEN TESTS
training_step_grade

# %% [markdown]
# ### If you have time: when the batch does not fit into memory
#
# Several smaller ones can stand for it: `backward()` adds, so one leaves out
# `zero_grad()` between them (*gradient accumulation*). **Predict before you run**: four micro-batches of 8 examples, each loss divided by 4,
# against one batch of 32. Equal? And with micro-batches of 20, 6, 4 and 2 examples?
#
# <details><summary>Answer</summary>
#
# Equal to the last bits in the first case: the mean of four means of equal size is the mean. Not in the second: an example in
# the batch of 2 counts ten times as much as one in the batch of 20. Each loss has to be weighted with its number of examples.
# </details>

# %% tags=["skip-when-grading"]
torch.manual_seed(0)
model, x, y = nn.Linear(5, 3), torch.randn(32, 5), torch.randint(3, (32,))


def accumulated(sizes, weights):
    """The gradient of model.weight after a backward pass per micro-batch, each loss times its weight."""
    model.zero_grad()
    for inputs, labels, weight in zip(x.split(sizes), y.split(sizes), weights, strict=True):
        (weight * F.cross_entropy(model(inputs), labels)).backward()
    return model.weight.grad.clone()


whole = accumulated([32], [1.0])
for title, sizes, weights in (
    ("8, 8, 8, 8, each a quarter  ", [8, 8, 8, 8], [1 / 4] * 4),
    ("20, 6, 4, 2, each a quarter ", [20, 6, 4, 2], [1 / 4] * 4),
    ("20, 6, 4, 2, each by its size", [20, 6, 4, 2], [20 / 32, 6 / 32, 4 / 32, 2 / 32]),
):
    error = (accumulated(sizes, weights) - whole).norm() / whole.norm()
    print(f"micro-batches of {title}: gradient is off by {error:.0e}")

# %% [markdown]
# Widely used trainers averaged the means of micro-batches that held different numbers of tokens; the repair of autumn 2024
# ([unslothai/unsloth-zoo #6](https://github.com/unslothai/unsloth-zoo/issues/6) discusses it) derives the denominator from all of
# them first. *Mixed precision* is the other common saving: forward and backward in 16 bits, weights and optimiser in 32. It
# shortens the activations' line of the ledger in section 5, not those of weights and optimiser; 16-bit copies of the weights come on top.

# %% [markdown]
# ## 2. AdamW
#
# Gradient descent moves a number in proportion to its gradient. Adam (Kingma and Ba 2014, [arXiv 1412.6980](https://arxiv.org/abs/1412.6980),
# algorithm 1) keeps two running means for every number, $m$ of the gradient and $v$ of its square, both of $\theta$'s shape and zero at the
# start. In step $t = 1, 2, \dots$ with gradient $g$:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}$$
#
# $$\theta \leftarrow \theta - \text{lr}\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon} - \text{lr} \cdot \lambda\, \theta$$
#
# All operations act number by number. $\beta_1$ and $\beta_2$ (usually 0.9 and 0.999) say how much of the old mean stays, $\varepsilon$ (usually $10^{-8}$) keeps
# the denominator from zero. The division by $1 - \beta^t$ makes up for the start at zero. The last term is the *decoupled* weight decay
# $\lambda$ of AdamW (Loshchilov and Hutter 2017, [arXiv 1711.05101](https://arxiv.org/abs/1711.05101), algorithm 2): it acts on the $\theta$ that came in, and
# never enters $m$ and $v$. (The paper's schedule multiplier $\eta_t$ is 1 here, and its $\lambda$ is our $\text{lr} \cdot \lambda$, which is how PyTorch counts.)

# %% [markdown]
# ### Exercise 2: AdamW's step
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | turn five formulas into code that equals `torch.optim.AdamW` | 3 of 5 | 12 min | 6 lines |
#
# Write `adamw_step`. Return the new $\theta$, $m$ and $v$ as new tensors; what comes in stays as it is. `t` is 1 in the first step.
#
# <details><summary>Hint 1: where to start</summary>
#
# Translate line by line, in the order of the formulas. <code>g**2</code> squares number by number.
# </details>
# <details><summary>Hint 2: what is returned</summary>
#
# m and v go into the next step, so they are returned as they are; the corrected ones serve this step alone.
# </details>
# <details><summary>Hint 3: the first step by hand</summary>
#
# In the first step the corrected moments are g and g&sup2;, so every number moves by the rate, whatever its gradient: &theta; = 1, m = v = 0, lr 0.1, weight decay 0.01 give 0.899 for g = 0.5 and for g = 50.
# 0.8991 means that the decay has used the &theta; that had moved already. At t = 1 a missing correction shows at once; eps stands outside of the root.
# </details>


# %% nbgrader={"grade": false, "grade_id": "adamw-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adamw_step(
    theta: torch.Tensor,
    g: torch.Tensor,
    m: torch.Tensor,
    v: torch.Tensor,
    t: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Step t (from 1) of AdamW for theta with gradient g and moments m, v, all of one shape. Returns new theta, m, v."""
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-adamw-step", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
adamw_step_grade = check.adamw_step(adamw_step, points=4, of=5)


### BEGIN HIDDEN TESTS
def many_steps(step, draw):
    """It stays equal to torch.optim.AdamW over many steps, with the usual betas and a gradient that is zero at times."""
    c = check.adamw_case(draw, steps=25, weight_decay=0.1)
    c["settings"] |= {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    for k in (3, 4, 11):
        c["gradients"][k] = c["gradients"][k] * 0
    check.judge_theta(step, c)


adamw_step_grade = adamw_step_grade.hidden(many_steps, points=1, after=("moments", "steps", "decay"))
### END HIDDEN TESTS
adamw_step_grade

# %% [markdown]
# **Predict before you run.** How far does the *first* step at lr 0.001 move a number whose gradient is 1000, and one whose gradient is 0.001?
#
# <details><summary>Answer</summary>
#
# Both by 0.001, the learning rate. In the first step m&#770; = g and v&#770; = g&sup2;, so what remains is g / |g|: the sign. Later steps are of the order of
# lr, and smaller where successive gradients disagree in sign, whatever the size of the loss, which is why one learning rate can serve embeddings and heads alike, and why dividing the loss by ten changes
# next to nothing.
# </details>

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
theta, zeros = torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
g = torch.tensor([1000.0, 0.001, -0.001], dtype=torch.float64)
theta, m, v = adamw_step(theta, g, zeros, zeros, 1, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01)
print("moved by", [f"{value:+.5f}" for value in theta.tolist()])

# %% [markdown]
# For memory, remember: AdamW keeps **two more numbers for every number it trains**.

# %% [markdown]
# ## 3. Measuring
#
# Measuring accuracy looks harmless and has two sides. The model must be in evaluation mode (dropout off, batch statistics fixed) and nothing need be
# recorded for a backward pass; and afterwards everything must be as it was, or the measurement changes the training.

# %% [markdown]
# ### Exercise 3: measure and leave no trace
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | accuracy over batches, without gradients, with the mode restored | 2 of 5 | 8 min | 9 lines |
#
# Write `evaluate(model, inputs, labels, batch_size)`: the share of examples whose highest score is that of their label. At most
# `batch_size` examples go through the model at once; the last batch may be smaller. Afterwards the model is in the mode in which it came.
#
# <details><summary>Hint 1: where to start</summary>
#
# Count right answers over all batches and divide once at the end. The mean of the batches' accuracies is something else.
# </details>
# <details><summary>Hint 2: two switches</summary>
#
# <code>model.eval()</code> switches dropout off and records gradients all the same; <code>with torch.no_grad():</code> stops the recording and
# leaves dropout on. You need both. <code>model.training</code> tells the mode.
# </details>
# <details><summary>Hint 3: a last batch by hand</summary>
#
# Five examples in batches of two: the batches begin at 0, 2 and 4, which <code>range</code> counts with three arguments, and a slice that reaches beyond the end is cut off by itself. With 2, 2 and 0 right answers the result is 0.8, not 0.67.
# The mode has to be remembered before it is changed; <code>model.train(...)</code> takes True or False.
# </details>


# %% nbgrader={"grade": false, "grade_id": "evaluate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def evaluate(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor, batch_size: int) -> float:
    """Share of right answers, from 0 to 1: inputs (n, ...), labels (n,). The model is left as it was."""
    ### BEGIN SOLUTION
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)  # (b,)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-evaluate", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
evaluate_grade = check.evaluate(evaluate, points=3, of=4)


### BEGIN HIDDEN TESTS
def other_sizes(function, draw):
    """It also holds for a batch larger than all examples, for batches that divide them, and for single examples."""
    cases = [
        check.evaluation_case(draw, batch_size=batch_size, n=n, training=training)
        for batch_size, n in ((50, 13), (5, 15), (1, 7), (8, 1))
        for training in (True, False)
    ]
    check.judge_accuracy(function, cases)


evaluate_grade = evaluate_grade.hidden(other_sizes, points=1, after=("share-of-right-answers",))
### END HIDDEN TESTS
evaluate_grade

# %% [markdown]
# ## 4. What may move?
#
# `p.requires_grad` decides for each parameter whether it is trained. Four policies:
#
# | policy | trains | source |
# | --- | --- | --- |
# | nothing | - | the model as it is |
# | last layer | the head | "linear probing" |
# | bitfit | every bias, and the head | Ben Zaken et al. 2021, [arXiv 2106.10199](https://arxiv.org/abs/2106.10199) |
# | everything | every number | full fine-tuning |
#
# The authors of BitFit train about 0.08 to 0.1 % of BERT's numbers, its biases, and come close to full fine-tuning on small and medium data sets. The biases of
# normalisation layers count. Many decoders have none at all: Llama-like models are built without biases, and there is nothing to train.

# %% [markdown]
# ### Exercise 4: freezing policies
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | set what is trained by the name of a policy | 2 of 5 | 10 min | 8 lines |
#
# Write `choose(model, policy, head)`. `policy` is one of the four above, `head` the name of the head as in `named_parameters()`,
# for example `"fc2"`, or `"block.out"` if it lies deeper. Afterwards exactly the right
# parameters have `requires_grad`, however the model came. The biases are the parameters whose own name, the part after the last dot, is `bias`, also where there is no dot. Return the
# names of the trainable parameters in the model's order. Any other policy is a `ValueError` that names it.
#
# <details><summary>Hint 1: where to start</summary>
#
# Decide for each <code>name, p</code> of <code>model.named_parameters()</code> whether it is trained, and set it. Freezing everything first is not even needed then.
# </details>
# <details><summary>Hint 2: the names</summary>
#
# The head's parameters begin with <code>head + "."</code>, with the dot: <code>fc20.weight</code> begins with <code>fc2</code> too. And
# <code>bias_gate.weight</code> has "bias" in it without being one.
# </details>
# <details><summary>Hint 3: a table</summary>
#
# One truth value for each policy and each kind of parameter (the head's, any other bias, the rest): nothing 0 0 0, last layer 1 0 0, bitfit 1 1 0, everything 1 1 1. Both names are at hand in the loop, and
# <code>p.requires_grad_(...)</code> takes the truth value. An unknown policy has no row in the table: see to it before the loop, since a model may have no parameters.
# </details>


# %% nbgrader={"grade": false, "grade_id": "freezing-policy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def choose(model: nn.Module, policy: str, head: str) -> list[str]:
    """Make exactly the parameters of a policy trainable and return their names in the model's order.

    Raises ValueError for a policy that is not "nothing", "last layer", "bitfit" or "everything".
    """
    ### BEGIN SOLUTION
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), name.rpartition(".")[2] == "bias"
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-freezing-policy", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
freezing_policy_grade = check.freezing_policy(choose, points=3, of=4)


### BEGIN HIDDEN TESTS
def nested_head(function, draw):
    """It also serves a head inside another module, one that shares a part of its name, and one without bias."""
    for before in (True, False):
        for head in ("block.out", "fc20", "block.fc2", "block.bias_gate"):
            for policy in ("last layer", "bitfit"):
                check.judge_policy(function, policy, head, before=before)


freezing_policy_grade = freezing_policy_grade.hidden(nested_head, points=1, after=("last-layer", "biases"))
### END HIDDEN TESTS
freezing_policy_grade

# %% [markdown]
# ### From newsgroups to film reviews
#
# The model is the course's `TextClassifier`, the mean of a text's word vectors ($d = 50$), `fc1` ($50 \to 128$), ReLU, `fc2`. It comes trained on four kinds of newsgroup
# posts (test accuracy 0.834). The new task: is an IMDb review positive? `transfer_classifier` gives it a new head with two outputs. The same start and the same
# reviews serve lab 06.

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("text_classifier")

# %% [markdown]
# The two layers that a new task needs are 0.6 % of this model; the word vectors, which can stay as they are, are all the rest.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.data import load as load_corpus
from lora_utils.experiments import mean_vectors, transfer_classifier
from lora_utils.methods import unfreeze_biases
from lora_utils.training import accuracy

imdb, posts = load_corpus("imdb"), load_corpus("newsgroups")
POLICIES = ("last layer", "bitfit", "everything")


def prepared(policy, seed):
    """The newsgroups classifier with a new head; the policy decides what is trained."""
    model = transfer_classifier(2, seed=seed)  # frozen but for the new head
    if freezing_policy_grade.verdict == "pass":
        choose(model, policy, "fc2")
    elif policy == "bitfit":
        unfreeze_biases(model)
    elif policy == "everything":
        model.requires_grad_(True)
    return model


print("frozen by", "your choose" if freezing_policy_grade.verdict == "pass" else "the course's functions")
for policy in POLICIES:
    print(f"{policy:<11} {lora_utils.count_parameters(prepared(policy, 0))}")

# %% [markdown]
# 258 numbers, 386, or 1,256,786: BitFit trains 3,256 times fewer than full fine-tuning. Each policy gets its own sweep of the learning rate, three seeds a point (the seed draws
# the new head and the order of the reviews); full fine-tuning runs for 3 epochs, since it overfits after that (lab 06 shows it), the others for 8. Where the embedding is frozen, the mean vector of a
# review is the same in every epoch and is computed once.
#
# The cell also keeps what section 6 needs: the newsgroups accuracy that is left afterwards.

# %% tags=["skip-when-grading"]
from lora_utils import TextClassifier
from lora_utils.data import progress
from lora_utils.training import old_head
from lora_utils.training import train as fit

SEEDS, BATCH = (0, 1, 2), 256
RATES = {
    "last layer": (0.003, 0.01, 0.03, 0.1),
    "bitfit": (0.001, 0.003, 0.01, 0.03, 0.1),
    "everything": (0.001, 0.003, 0.01, 0.03),
}
first = TextClassifier(num_classes=4)
first.load_state_dict(lora_utils.newsgroups_weights(), strict=False)
before = accuracy(first, posts.test)
means = {part: mean_vectors(first, getattr(imdb, part)) for part in ("train", "valid", "test")}
posts_means = mean_vectors(first, posts.test)


def top(model):
    """What is left of the classifier once the means are known."""
    return nn.Sequential(model.fc1, nn.ReLU(), model.fc2)


own_step = training_step if training_step_grade.verdict == "pass" else None  # None: the course's
print("trained by", "your training_step" if own_step else "the course's step")
print("measured by", "your evaluate" if evaluate_grade.verdict == "pass" else "the course's accuracy")


def measured(model, data):
    """Accuracy, by your function where it has passed."""
    if evaluate_grade.verdict == "pass":
        return evaluate(model, data.inputs, data.labels, 1024)
    return accuracy(model, data)


def fine_tuned(policy, lr, seed):
    """Train one model; returns it, what of it was trained, and the data that this part takes."""
    model, cached = prepared(policy, seed), policy != "everything"
    label = f"{policy}, rate {lr:g}, seed {seed}"
    data = means if cached else {part: getattr(imdb, part) for part in means}
    network = top(model) if cached else model
    epochs = 8 if cached else 3
    fit(network, data["train"], epochs=epochs, lr=lr, batch_size=BATCH, seed=seed, step=own_step, label=label)
    return model, network, data


def run(policy, lr, seed):
    """Train one model; returns IMDb validation and test accuracy and the newsgroups accuracy under the old head."""
    (model, network, data), cached = fine_tuned(policy, lr, seed), policy != "everything"
    with old_head(model, first.fc2):
        left = measured(top(model), posts_means) if cached else measured(model, posts.test)
    return measured(network, data["valid"]), measured(network, data["test"]), left


# %% tags=["skip-when-grading"]
runs = [(policy, lr, seed) for policy in POLICIES for lr in RATES[policy] for seed in SEEDS]
sweep = {key: run(*key) for key in runs}
untrained = [accuracy(prepared("last layer", seed), imdb.test) for seed in SEEDS]


def at(policy, lr, which):
    """Mean and spread over seeds of validation (0) or test accuracy (1) or what is left of the first task (2)."""
    return mean_and_spread([sweep[policy, lr, seed][which] for seed in SEEDS])


best = {policy: max(RATES[policy], key=lambda lr, policy=policy: at(policy, lr, 0)[0]) for policy in POLICIES}
print("measured in this run  best lr   IMDb test accuracy")
print("nothing                     -   {:.3f} +- {:.3f}".format(*mean_and_spread(untrained)))
for policy, lr in best.items():
    print("{:<20} {:>8g}   {:.3f} +- {:.3f}".format(policy, lr, *at(policy, lr, 1)))

# %% tags=["skip-when-grading"]
from lora_utils.plots import COLORS, DASHES, MARKERS, figure

fig, axes = figure(
    "Full fine-tuning is about twelve points above BitFit and the last layer",
    "learning rate of AdamW",
    "IMDb validation accuracy",
)
for k, policy in enumerate(POLICIES):
    center, spread = zip(*[at(policy, lr, 0) for lr in RATES[policy]], strict=True)
    look = {"color": COLORS[2 * k], "linestyle": DASHES[k], "marker": MARKERS[k], "capsize": 3}
    axes.errorbar(RATES[policy], center, yerr=spread, label=policy, **look)
axes.set_xscale("log")
axes.legend(frameon=False)

# %% [markdown]
# What it meant:
#
# * **Full fine-tuning gains ten points** over the other two on test reviews (0.841 against 0.736; on the validation reviews of the figure nearly twelve), at a tenth of BitFit's learning rate. What it has beyond them is the word vectors and `fc1`'s weight.
# * **BitFit is hardly better than the last layer.** A bias of `fc1` moves the threshold of a ReLU; it cannot make `fc1` look at other words. BitFit's good results are from BERT, which has
#   biases in 12 layers and far more in them to shift. The validation accuracy of 2,500 reviews has a standard error of $\sqrt{0.73 \cdot 0.27 / 2500} = 0.009$, so the order of two accuracies this close means nothing.
# * **Every policy has its own best rate**, and the curves differ more along the axis than the two small policies differ from each other. Compare methods only after a sweep of each.
#   The last layer's curve still rises at the largest rate we tried: its best may lie beyond. A maximum at the edge of a sweep asks for a wider one.

# %% [markdown]
# ## 5. The memory ledger
#
# A training step keeps four kinds of numbers at once:
#
# | kind | how many | of which parameters |
# | --- | --- | --- |
# | weights | one a number | all, frozen or not |
# | gradients | one a number | the trained ones |
# | optimiser | AdamW: two a number ($m$, $v$), and a step counter a *tensor* | the trained ones |
# | activations | what the backward pass needs of the forward pass | see below |
#
# A float32 number has 4 bytes; AdamW's step counter is one float32.
#
# **What the backward pass needs.** For a chain of linear layers and ReLUs follow the chain rule from the loss back. With $G$ the gradient of the loss with respect to a layer's output,
#
# * a linear layer $y = x W^\top + \text{bias}$ needs its **input** $x$ for $\partial L/\partial W = G^\top x$, if $W$ is trained. For the bias it needs nothing, and to pass the gradient on it needs $W$, which is there anyway;
# * ReLU needs to know where its **output** was positive, if anything before it is trained;
# * cross entropy keeps its $b \cdot c$ log-probabilities, and one number more (the total weight of the examples).
#
# The batch itself is there anyway. A ReLU's output that is also the next layer's input is one tensor, and counts once. On its way from the loss to the first trained number the gradient has to pass through every layer, trained or not:
# **frozen does not mean free**.

# %% tags=["skip-when-grading"]
schematic("classifier_memory")

# %% [markdown]
# Three quarters of a full step are gradients and AdamW's two numbers a weight: freezing removes these, and leaves the weights where they are.

# %% [markdown]
# ### Exercise 5: predict the ledger
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | the bytes of one AdamW step, from shapes alone | 4 of 5 | 18 min | 15 lines |
#
# Write `ledger(model, b)` for an `nn.Sequential` that begins and ends with an `nn.Linear` and has an `nn.ReLU` between each two (a linear layer may lack its bias); all is float32, `b` is the batch size. Return a dict with the keys
# `"weights"`, `"gradients"`, `"optimizer"` and `"activations"`, in bytes, as whole numbers (`int`). At least one parameter is trained. The check knows what steps that were really taken have kept.
#
# <details><summary>Hint 1: where to start</summary>
#
# The first three need <code>p.numel()</code> and <code>p.requires_grad</code> only. For the activations walk through the layers and keep two facts: whether anything so far is trained, and whether the
# tensor in your hands is kept already.
# </details>
# <details><summary>Hint 2: the walk</summary>
#
# At the start the tensor is the batch: treat it as kept. A linear layer: if its weight is trained and its input is not kept yet, add b times in_features; its output is a new tensor, not kept. A ReLU: if
# anything before is trained, add b times the width, and its output is kept; else its output is new and not kept.
# </details>
# <details><summary>Hint 3: chains by hand</summary>
#
# Layers 3 &rarr; 5 &rarr; 7 &rarr; 2 and b = 4. The loss keeps 4 &middot; 2 + 1 = 9 numbers. If the last layer alone is trained, its input comes to that, 4 &middot; 7: 37. If the first alone is trained, both ReLUs keep theirs, 4 &middot; 5 + 4 &middot; 7: 57.
# If all is trained: 57 as well, since no tensor counts twice. What gives 57 for the middle layer alone? And a layer without a bias has None there.
# </details>


# %% nbgrader={"grade": false, "grade_id": "memory-ledger", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ledger(model: nn.Sequential, b: int) -> dict[str, int]:
    """Bytes of weights, gradients, optimizer and activations in one AdamW step under cross entropy, batch size b."""
    ### BEGIN SOLUTION
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-memory-ledger", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
memory_ledger_grade = check.memory_ledger(ledger, points=4, of=5)


### BEGIN HIDDEN TESTS
def other_chains(function, draw):
    """It also holds for chains of other lengths, with layers that lack a bias, and for a batch of one."""
    for kind in ("weights", "gradients", "optimizer", "activations"):
        check.judge_kind(function, check.ledger_cases(draw, 24), kind)


memory_ledger_grade = memory_ledger_grade.hidden(
    other_chains, points=1, after=("weights", "gradients", "optimizer", "activations")
)
### END HIDDEN TESTS
memory_ledger_grade

# %% [markdown]
# **Predict before you run.** BitFit trains 3,256 times fewer numbers of our classifier than full fine-tuning, and by the drawing above its step needs 3.9 times less memory. Why so little? And how much would training a single number save?
#
# <details><summary>Answer, after you have run the next two cells</summary>
#
# Hardly more. In float32 full fine-tuning with AdamW holds weights, gradients, m and v: four times the weights. With next to nothing trained, one of the four remains. **Of what belongs to
# parameters, freezing saves a factor of four at most**, however few numbers are trained. What activations do to it comes below.
# </details>
#
# `predicted_memory` is the course's own ledger, which also knows the `TextClassifier`; `training_memory` takes a step on a copy and counts every tensor. Your ledger, where it has passed, predicts the part of the
# classifier that is a chain: `fc1`, ReLU and `fc2` on the mean vectors.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.training import predicted_memory, training_memory

KINDS = ("weights", "gradients", "optimizer", "activations")
batch = imdb.train.first(BATCH)
predicted = {policy: predicted_memory(prepared(policy, 0), batch.inputs.shape) for policy in POLICIES}
counted = {policy: training_memory(prepared(policy, 0), batch.inputs, batch.labels) for policy in POLICIES}
print(f"{'bytes':<12}" + "".join(f"{kind:>13}" for kind in (*KINDS, "total")))
for policy in POLICIES:
    print(f"{policy:<12}" + "".join(f"{getattr(counted[policy], kind):>13,}" for kind in (*KINDS, "total")))
print("predicted to the byte:", predicted == counted)
print(f"full fine-tuning needs {counted['everything'].total / counted['bitfit'].total:.2f} times as much as BitFit")

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
own_ledger = memory_ledger_grade.verdict == "pass"
print("the chain predicted by", "your ledger" if own_ledger else "the course's predicted_memory")
vectors = means["train"].first(BATCH)
for policy in POLICIES:
    network = top(prepared(policy, 0))
    kept = training_memory(network, vectors.inputs, vectors.labels)
    told = ledger(network, BATCH) if own_ledger else vars(predicted_memory(network, vectors.inputs.shape))
    line = ", ".join(f"{kind} {told[kind]:,}" for kind in KINDS)
    print(f"{policy:<11} {line}; to the byte: {all(told[kind] == getattr(kept, kind) for kind in KINDS)}")

# %% tags=["skip-when-grading"]
from lora_utils.plots import HATCHES

fig, axes = figure(
    "Freezing spares gradients and optimiser states; the weights stay", "policy", "megabytes of one training step"
)
for place, policy in enumerate(POLICIES):
    bottom = 0.0
    for k, kind in enumerate(KINDS):
        height = getattr(predicted[policy], kind) / 1e6
        axes.bar(
            place,
            height,
            bottom=bottom,
            width=0.6,
            color=COLORS[(2, 3, 5, 4)[k]],
            hatch=HATCHES[k],
            edgecolor="white",
            label=kind.replace("optimizer", "optimiser") if place == 0 else None,
        )
        bottom += height
    axes.plot(
        place,
        counted[policy].total / 1e6,
        marker="_",
        markersize=20,
        color="black",
        linestyle="none",
        label="measured" if place == 0 else None,
    )
axes.set_xticks(range(3), POLICIES)
axes.grid(axis="x", visible=False)
axes.legend(frameon=False, loc="upper left", title="bars: predicted", alignment="left")

# %% [markdown]
# The prediction is right to the byte. The ratio is what surprises: 3,256 times fewer trained numbers, 3.9 times less memory. The activations of BitFit are as large as those of the last layer: in both the output of ReLU stays,
# for the last layer as the input of a trained weight, for BitFit because the gradient has to pass ReLU on its way to the bias of `fc1`. Full fine-tuning keeps the input of `fc1` as well, and a mask to divide the gradient among the words.
#
# ### If you have time: when activations rule
#
# Our classifier is nearly all embedding. A transformer is not: every token of every text leaves activations in every layer. The next cell takes a model of
# the sizes of MiniLM (6 blocks, width 384, 22.6 million numbers; random weights, since memory does not depend on their values) and counts steps on texts of 32 tokens. Look at what
# a larger batch does to the advantage of BitFit, and to that of the last layer.

# %% tags=["skip-when-grading"]
from lora_utils.models import MiniLM, SentenceClassifier

seed_everything(0)
transformer = SentenceClassifier(MiniLM(), 6)
SIZES, TOKENS = (1, 4, 16, 64), 32
totals = {}
for policy in progress(POLICIES, "steps of a transformer"):
    transformer.requires_grad_(policy == "everything")
    transformer.head.requires_grad_(True)
    if policy == "bitfit":
        unfreeze_biases(transformer)
    for b in SIZES:
        ids = torch.randint(1000, 2000, (b, TOKENS))
        totals[policy, b] = training_memory(transformer, ids, torch.zeros(b, dtype=torch.int64))
print("trained by BitFit: ", end="")
transformer.requires_grad_(False)
unfreeze_biases(transformer)
print(lora_utils.count_parameters(transformer))
print("batch   everything   bitfit   last layer   everything / bitfit")
for b in SIZES:
    full, bias, last = (totals[policy, b].total / 1e6 for policy in ("everything", "bitfit", "last layer"))
    print(f"{b:>5} {full:>9.0f} MB {bias:>5.0f} MB {last:>9.0f} MB {full / bias:>14.2f} times")

# %% tags=["skip-when-grading"]
fig, axes = figure(
    "With the batch BitFit's saving shrinks and the last layer's grows: activations decide",
    f"batch size (texts of {TOKENS} tokens)",
    "times less memory than\nfull fine-tuning",
)
for k, policy in enumerate(("bitfit", "last layer")):
    ratios = [totals["everything", b].total / totals[policy, b].total for b in SIZES]
    axes.plot(SIZES, ratios, color=COLORS[2 - 2 * k], linestyle=DASHES[k], marker=MARKERS[k], label=policy)
axes.axhline(4, color="grey", linewidth=1)
axes.annotate("4: what gradients, m and v alone account for", (64, 4), (64, 3.8), ha="right", va="top", color="grey")
axes.set_xscale("log", base=2)
axes.set_xticks(SIZES, [str(b) for b in SIZES])
axes.legend(frameon=False)

# %% [markdown]
# With one text in a batch, nearly the whole factor of four is there (3.91). With 64 texts 2.35 is left, although BitFit trains 0.11 % of the numbers: it has biases in every block, so the gradient has to come down through all of them, and most intermediate
# results stay. Training the last layer takes 90 MB at any batch size: nothing before the head is trained, so no gradient has to go there, nothing is kept for it, and the factor grows beyond four. **What is saved depends on where the first trained number sits**, not only on how many there are.
# Hugging Face's benchmark shows the same on a large model (peft `method_comparison`, Llama-3.2-3B on MetaMathQA; quoted, not measured here): LoRA of rank 32 trains 350 times fewer numbers than full fine-tuning, and peak memory falls from 36.2 to 20.8 GiB, 1.74 times. Two remedies for activations: *gradient checkpointing* keeps few of them and computes the rest again;
# small micro-batches with accumulated gradients (section 1) keep those of one micro-batch at a time.

# %% [markdown]
# ### Exercise 6, if you have time: as much as the budget allows
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | choose what to train under a memory budget | 4 of 5 | 15 min | 8 to 12 lines |
#
# This exercise is open: there is no stub, and very different answers are right. Write a function `under_budget(model, memory, budget)`. `model` is a chain as in exercise 5, and `memory(model)` tells the bytes of a step with what is
# trainable at that moment, so this exercise does not need your ledger. Set `requires_grad` of every parameter, and return the names of those that are trained, in any order, such that
#
# 1. a step keeps the **budget**: `memory(model) <= budget` (for at least one parameter alone that holds);
# 2. **enough** is trained: at least 60 % of the most numbers that any choice could train within the budget;
# 3. nothing else about the model changes.
#
# <details><summary>Hint 1: where to start</summary>
#
# A chain of four layers has eight parameters at most. What does <code>memory</code> say for each of them alone?
# </details>
# <details><summary>Hint 2: why order matters</summary>
#
# What a parameter costs depends on the others: once the first layer trains, the activations above it are kept anyway. A fixed order, from the head down say, can spend the budget on the small ones.
# </details>
# <details><summary>Hint 3: two ways</summary>
#
# Eight parameters have 256 choices: <code>itertools.product((False, True), repeat=8)</code> lists them all. Or go through the parameters one by one and ask <code>memory</code> after each; what no longer fits is frozen again.
# Which should come first, if the small ones shall not use up the budget?
# </details>


# %% nbgrader={"grade": false, "grade_id": "under-budget", "locked": false, "schema_version": 3, "solution": true, "task": false}
under_budget = None  # def under_budget(model, memory, budget) comes here, in place of this line


### BEGIN SOLUTION
def under_budget(model: nn.Module, memory: Callable[[nn.Module], int], budget: int) -> list[str]:
    """From the largest parameter to the smallest: train what still fits."""
    model.requires_grad_(False)
    for p in sorted(model.parameters(), key=nn.Parameter.numel, reverse=True):
        p.requires_grad_(True)
        if memory(model) > budget:
            p.requires_grad_(False)
    return [name for name, p in model.named_parameters() if p.requires_grad]


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-under-budget", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
under_budget_grade = check.under_budget(under_budget, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_budgets(function, draw):
    """It also holds for other chains and budgets."""
    check.judge_share(function, check.budget_cases(draw, 24))


under_budget_grade = under_budget_grade.hidden(
    other_budgets, points=1, after=("says-what-it-trains", "keeps-the-budget", "trains-enough")
)
### END HIDDEN TESTS
under_budget_grade

# %% [markdown]
# On the real classifier, at batch size 256. Between which two budgets does the embedding come in?

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
if under_budget_grade.verdict != "pass":
    print("this cell waits for exercise 6; the rest of the lab does without it")
else:

    def step_bytes(model):
        """Bytes of a step on these reviews; a model of which nothing is trained takes none."""
        trains = any(p.requires_grad for p in model.parameters())
        return predicted_memory(model, batch.inputs.shape).total if trains else 0

    for megabytes in (5.1, 5.2, 5.4, 12, 24):
        model = prepared("last layer", 0)
        names = under_budget(model, step_bytes, int(megabytes * 1e6))
        total = step_bytes(model) / 1e6
        trained = lora_utils.count_parameters(model).trainable
        print(f"{megabytes:>4} MB: {trained:>9,} numbers, {total:.2f} MB, {', '.join(names)}")

# %% [markdown]
# The weights take 5.03 MB whatever is trained. Little more lets the two small layers train, and then comes a wide gap: an embedding is one parameter, and trains as a whole or not at all. Methods with ranks and bottlenecks, from the next lab on, fill that gap.

# %% [markdown]
# ## 6. Forgetting
#
# After fine-tuning on reviews, can the model still sort newsgroup posts? Its new head answers another question, so the question has to be put with care: the **old head goes back on the changed body**. With
# $a$ the test accuracy on the first task,
#
# $$\text{forgetting} = a(\text{old body, old head}) - a(\text{new body, old head}),$$
#
# the measure of Chaudhry et al. 2018 ([arXiv 1801.10112](https://arxiv.org/abs/1801.10112)) for two tasks that have a head each. It is positive where something was lost and negative where the first task gained.
# If only the head was trained, it is exactly 0: the body is the same.

# %% [markdown]
# ### Exercise 7: measure forgetting
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | put the old head on the new body, measure, and put the new one back | 2 of 5 | 8 min | 5 lines |
#
# Write `forgetting(model, old_head, accuracy, before)`. `model.fc2` is the new head; `accuracy` is a function that measures: `accuracy(model)` is the share of the first task's test examples that a model gets right;
# `before` is what it gave before fine-tuning. A head may be any module. Afterwards `model.fc2` is the new head again, the same object, and nothing else has changed.
#
# <details><summary>Hint 1: where to start</summary>
#
# A head is a module, and the attribute of a module can be assigned like any other: no weights need to be copied.
# </details>
# <details><summary>Hint 2: the order</summary>
#
# Exchange, measure, exchange back, subtract. One step is missing, before the first.
# </details>
# <details><summary>Hint 3: sign and way back</summary>
#
# 0.9 before and 0.7 with the old head now are a forgetting of 0.2, above zero for a loss. Afterwards <code>model.fc2 is head</code> must hold for the head that was there at the start: who still knows it after the exchange?
# (With <code>try</code> and <code>finally</code> it comes back even after an error.)
# </details>


# %% nbgrader={"grade": false, "grade_id": "forgetting", "locked": false, "schema_version": 3, "solution": true, "task": false}
def forgetting(model: nn.Module, old_head: nn.Module, accuracy: Callable[[nn.Module], float], before: float) -> float:
    """Accuracy before fine-tuning minus that of model's body under the old head."""
    ### BEGIN SOLUTION
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return before - after
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-forgetting", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
forgetting_grade = check.forgetting(forgetting, points=3, of=4)


### BEGIN HIDDEN TESTS
def same_number_of_classes(function, draw):
    """It also holds where both tasks have the same number of classes, so that no shape gives the mistake away."""
    cases = [check.forgetting_case(draw, same=True, before=before) for before in (0.8716, 0.0, 0.2)]
    for seen, c in zip(check.judge_forgetting(function, cases), cases, strict=True):
        check.judge_head(seen, c)


forgetting_grade = forgetting_grade.hidden(
    same_number_of_classes, points=1, after=("under-the-old-head", "new-head-back")
)
### END HIDDEN TESTS
forgetting_grade

# %% [markdown]
# **Predict before you run**: which forgets more at its best learning rate, BitFit with its 386 trained numbers or full fine-tuning with 1.26 million? And what does ten times the learning rate do?
#
# The sweep above has exchanged the heads with the course's function. One run of each policy again, at its best rate, measured by yours:

# %% tags=["skip-when-grading"]
own_forgetting = forgetting_grade.verdict == "pass"
print("measured by", "your forgetting" if own_forgetting else "the course's old_head")
for policy in POLICIES:
    model, _, _ = fine_tuned(policy, best[policy], 0)
    if own_forgetting:
        lost = forgetting(model, first.fc2, lambda model: measured(model, posts.test), before)
    else:
        with old_head(model, first.fc2):
            lost = before - measured(model, posts.test)
    print(f"{policy:<11} {lost:.3f}, in the sweep {before - sweep[policy, best[policy], 0][2]:.3f}")

# %% [markdown]
# That was one seed. Now all three, at every rate.
#
# Left: forgetting against the learning rate. Right: what each run gained on reviews against what it lost on posts, one symbol a policy and learning rate, mean of three seeds. Good runs are at the upper left.

# %% tags=["skip-when-grading"]
fig, (left, right) = figure(
    "Forgetting grows with the learning rate, for few trained numbers and for many",
    ["learning rate of AdamW", "forgetting: newsgroups accuracy lost"],
    ["forgetting: newsgroups accuracy lost", "IMDb test accuracy"],
    columns=2,
    height=3.6,
)
for k, policy in enumerate(POLICIES):
    rates = RATES[policy]
    lost = [before - at(policy, lr, 2)[0] for lr in rates]
    spread = [at(policy, lr, 2)[1] for lr in rates]
    gained = [at(policy, lr, 1)[0] for lr in rates]
    look = {"color": COLORS[2 * k], "marker": MARKERS[k], "linestyle": DASHES[k]}
    left.errorbar(rates, lost, yerr=spread, capsize=3, label=policy, **look)
    right.plot(lost, gained, **look)
    chosen = rates.index(best[policy])
    right.plot(lost[chosen], gained[chosen], "o", color=COLORS[2 * k], markersize=14, fillstyle="none")
left.axhline(before - 0.25, color="grey", linewidth=1)
left.set_xscale("log")
left.legend(frameon=False, loc="upper left")
right.annotate(
    "circles: best learning rate\nby validation accuracy", (0.98, 0.45), xycoords="axes fraction", ha="right"
)

# %% tags=["skip-when-grading"]
print("measured in this run  learning rate   IMDb test accuracy   forgetting")
for policy in POLICIES:
    for lr in RATES[policy]:
        (gain, spread), (rest, wide) = at(policy, lr, 1), at(policy, lr, 2)
        chosen = "<- best" if lr == best[policy] else ""
        print(f"{policy:<20} {lr:>14g}      {gain:.3f} +- {spread:.3f}    {before - rest:.3f} +- {wide:.3f} {chosen}")

# %% [markdown]
# * **The last layer forgets nothing**, exactly: the old head finds the body it knew.
# * **Forgetting grows with the learning rate**, and at equal rates with the number of trained numbers too: at 0.01 full fine-tuning forgets four times as much as BitFit, in 3 epochs against 8. With BitFit, 0.1 instead of 0.01 costs 33 points more of newsgroups accuracy (forgetting 0.395 against 0.061) and two points on reviews. With full fine-tuning, 0.01 forgets twice as much as 0.003, 0.03 nearly four times as much, and both are worse
#   on reviews too. The grey line is what guessing one of four classes would leave.
# * **Few trained numbers are no insurance.** At their best rates BitFit forgets 0.136 &plusmn; 0.070 and full fine-tuning 0.121 &plusmn; 0.047: the same within the spread, 386 trained numbers against 1.26 million. (Only the 128 biases of `fc1` among the 386 can do this: the head is exchanged for the measurement.) For what it forgets, full fine-tuning gains ten points.
# * The choice by validation accuracy does not see forgetting at all. Where the first task still matters, put it into the choice: at 0.01 BitFit reads reviews as well as at 0.03 (0.741, 0.736) and forgets half as much, on average of three seeds.
#
# Biderman et al. 2024 ([arXiv 2405.09673](https://arxiv.org/abs/2405.09673)) find for large models that LoRA learns less and forgets less than full fine-tuning. Our small model says: look at the learning rate before you give the method the credit. Methods that add numbers
# instead of changing the old ones, which the next lab begins with, have one sure advantage here, and it is another one: **the old numbers are still there.** Take the added part off, and the first task is back, bit for bit.

# %% [markdown]
# ## 7. If you have time: what breaks in practice
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | training wanders or diverges after a good first step | `zero_grad` left out, so old gradients stay | tenstorrent/tt-blacksmith PR #711, meta-pytorch/torchforge PR #71 |
# | nothing learns | gradients set to zero right before the step | lucidrains/byol-pytorch #93 |
# | memory grows until the process dies | a sum of losses keeps every step's graph | BatsResearch/labelmodels #4, google/brax PR #152 |
# | validation accuracy is noisy or too low | dropout on while measuring | karpathy/nanoGPT PR #240, udacity/deep-learning-v2-pytorch #3 |
# | dropout works only until the first validation | evaluation mode never left after it | wkentaro/pytorch-fcn PR #56, fartashf/vsepp #4 |
# | frozen layers train all the same | a later line sets `requires_grad` again; frozen only after `backward()` had filled `p.grad` | ultralytics/yolov5 #1213, neuralmagic/sparseml #965 |
# | frozen weights shrink | they were in the optimiser with a gradient of zeros, and weight decay moved them | iamwangyabin/S-Prompts PR #2 |
# | an AdamW differs from the paper | no bias correction; eps scaled with the correction | google-research/bert #153, tensorflow/tensorflow #35102, pytorch/pytorch PR #22628 |
# | small micro-batches weigh too much | means of unequal micro-batches averaged | unslothai/unsloth-zoo #6, ml-explore/mlx-lm PR #1413 |
#
# (`optimizer.zero_grad()` sets gradients to `None` since PyTorch 2.0, and AdamW skips a parameter whose gradient is `None`. Handing the optimiser only what has `requires_grad` is safe in every version.)
#
# Against most of these two tests help: **after one step, exactly the parameters that should have moved have moved; after a measurement, nothing has.**

# %% [markdown]
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | first step of AdamW at rate 0.001, gradients of 1000 and 0.001 | both 0.001 |
# | trained numbers: last layer, BitFit, everything | 258, 386, 1,256,786 |
# | IMDb test accuracy: nothing, last layer, BitFit, everything | 0.531 &plusmn; 0.027, 0.736 &plusmn; 0.005, 0.736 &plusmn; 0.007, 0.841 &plusmn; 0.001 |
# | memory of one step, everything against BitFit | 3.94 times, for 3,256 times as many trained numbers; gradients, m and v account for 4 at most |
# | the same on a transformer of MiniLM's sizes | 3.9 times with one text in the batch, 2.35 with 64; last layer 4.1 and 7.4 |
# | forgetting at the best rate: last layer, BitFit, everything | 0, 0.136 &plusmn; 0.070, 0.121 &plusmn; 0.047 |
#
# * A training step is clear, forward, backward, step; `backward` adds, and everything that goes wrong in silence goes wrong there.
# * AdamW's first step has the size of the learning rate in every number; later ones are of its order, and smaller where the gradients of one batch and the next disagree. It keeps two numbers for each one it trains.
# * Frozen is not free: weights stay, and so do the activations between the first trained number and the loss.
# * Forgetting is measured under the old head. It grows with the learning rate; at each one's best rate BitFit and full fine-tuning forget alike, at equal rates full fine-tuning forgets more.
#
# ## Further reading
#
# * D. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, 2014, [arXiv:1412.6980](https://arxiv.org/abs/1412.6980).
# * I. Loshchilov, F. Hutter, *Decoupled Weight Decay Regularization*, 2017, [arXiv:1711.05101](https://arxiv.org/abs/1711.05101).
# * E. Ben Zaken, S. Ravfogel, Y. Goldberg, *BitFit*, 2021, [arXiv:2106.10199](https://arxiv.org/abs/2106.10199).
# * A. Chaudhry et al., *Riemannian Walk for Incremental Learning: Understanding Forgetting and Intransigence*, 2018, [arXiv:1801.10112](https://arxiv.org/abs/1801.10112).
#
# Next: [lab 03](../03_additive/03_additive.ipynb) leaves the model's numbers alone and adds small layers to it.
