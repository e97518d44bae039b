# %% [markdown]
# # 04 Soft prompts: words that no dictionary has
#
# A prompt steers a model with words in front of the text. A **soft prompt** does the same with vectors: they stand where
# words stand, but no word has them, and gradient descent finds them. Nothing inside the model changes. This lab builds
# the three members of the family: prompt tuning (vectors before the first layer), prefix tuning (keys and values in every
# layer), and the reparameterised prompt (a small network makes the vectors while they are trained).
#
# When you are done you can
#
# 1. put trained vectors in front of a batch of texts, with mask, positions and labels in order;
# 2. start a prompt from words, and fold a reparameterised one into plain numbers;
# 3. write attention in which each layer sees a trained prefix, and count what it trains;
# 4. say why soft prompts need large learning rates, with numbers;
# 5. compare prompt, prefix and P-tuning with the plain frozen model, and say what a learned prompt "means";
# 6. say how a prefix gets its share of the attention, by building one that takes a given share.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | attention and its mask; a classifier on MiniLM as in lab 03 | about 115 minutes, of which the core takes 90: what is headed *if you have time* is not needed later; the notebook itself runs in under two minutes on two CPU cores | {{ exercises }} exercises, {{ points }} points; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# Every exercise stands alone. The experiments train with your SoftPrompt and your prefix attention where their checks have
# passed, and with the course's, which do the same, where not; each says which it was.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.methods.soft_prompt.SoftPrompt", "lora_utils.methods.soft_prompt.nearest_words", "lora_utils.methods.prompt_encoder.PromptEncoder", "lora_utils.methods.prefix_tuning.AttentionWithPrefix", "lora_utils.training.instruction_tuning.instruction_batch"]
import copy
from importlib.metadata import version

import torch
import torch.nn.functional as F
from torch import nn

from lora_utils.checks import lab_04_soft_prompts as check
from lora_utils.devices import best_device
from lora_utils.training import seed_everything

seed_everything(0)
device = best_device()
print("torch", torch.__version__, "| peft-by-hand", version("peft-by-hand"), "| device", device)

# %% [markdown]
# ## 1. Vectors in front of a text
#
# A text of $s$ tokens enters a transformer as $s$ vectors of width $d$, the rows of its embedding matrix. Prompt tuning
# ([Lester et al. 2021](https://arxiv.org/abs/2104.08691)) puts $l$ trained vectors before them. For a batch of $b$ texts:
#
# $$\texttt{vectors}\;(b, s, d) \;\rightarrow\; [\,\texttt{prompt};\ \texttt{vectors}\,]\;(b, l + s, d), \qquad
# \texttt{mask}\;(b, s) \;\rightarrow\; [\,1 \dots 1;\ \texttt{mask}\,]\;(b, l + s)$$
#
# `prompt` $(l, d)$ is all that is trained besides the task's head, and all texts share it. `mask` says which places are
# real and which are padding. Texts of a batch differ in length, so it has to grow together with the vectors: a prompt
# that is masked is a prompt that nobody reads.

# %% [markdown]
# ### Exercise 1: a soft prompt
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | put the same trained vectors in front of every text of a batch | 2 of 5 | 12 min | 6 lines |
#
# Complete the class. `init` $(l, d)$ holds the numbers to start from: **copy** them in their dtype, since they may be rows of the
# model's own embedding, and keep them in one `nn.Parameter`. `forward` returns the longer vectors and the longer mask, in this order and in the dtypes that
# came in (vectors and prompt have one dtype; the mask is bool, whole numbers or floats); it writes into neither.
#
# <details><summary>Hint 1: where to start</summary>
# Draw the batch as a table with <i>b</i> rows and <i>s</i> columns. Where do the <i>l</i> new columns go? Which axis of <code>vectors</code> is that?
# </details>
# <details><summary>Hint 2: the shapes</summary>
# <code>torch.cat</code> wants tensors that agree in all axes but one. The prompt is (l, d); <code>prompt.expand(b, -1, -1)</code> is (b, l, d), without copying, and the
# gradients of all texts add up in the one prompt.
# </details>
# <details><summary>Hint 3: a mask by hand</summary>
# A prompt of 2 and the mask 1 1 0 / 1 0 0 give 1 1 1 1 0 / 1 1 1 0 0. <code>torch.ones</code> makes floats, to which <code>torch.cat</code> turns a bool mask; a tensor's own method <code>new_ones</code> keeps its dtype and device.
# <code>nn.Parameter</code> shares the memory of the tensor it is given: after a training step the embedding's rows must be what they were.
# </details>


# %% nbgrader={"grade": false, "grade_id": "soft-prompt", "locked": false, "schema_version": 3, "solution": true, "task": false}
class SoftPrompt(nn.Module):
    """Trained vectors in front of every text: vectors (b, s, d), mask (b, s) -> (b, l + s, d), (b, l + s)."""

    def __init__(self, init: torch.Tensor) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.prompt = nn.Parameter(init.clone())  # (l, d)
        ### END SOLUTION

    def forward(self, vectors: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ### BEGIN SOLUTION
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)  # (b, l, d)
        longer_vectors = torch.cat((prompts, vectors), dim=1)  # (b, l + s, d)
        longer_mask = torch.cat((mask.new_ones(b, l), mask), dim=1)  # (b, l + s)
        return longer_vectors, longer_mask
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-soft-prompt", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
soft_prompt_grade = check.soft_prompt(SoftPrompt, points=5, of=7)


### BEGIN HIDDEN TESTS
def one_text_one_vector(prompt, draw):
    """It serves a single text, a prompt of one vector, and padding on the left."""
    for cases in (
        check.prompt_cases(draw, length=1, left=True),
        check.prompt_cases(draw, length=4, kind="float32", left=True),
        check.prompt_cases(draw, length=2, kind="int32"),
    ):
        check.judge_vectors(prompt, cases)
        check.judge_mask(prompt, cases)


def trains(prompt, draw):
    """Steps of gradient descent move the prompt, and the next call uses what they made of it."""
    init, target = draw.normal(3, 4), draw.normal(3, 4)
    seen = prompt.probe(check.descend, init=init, target=target, vectors=draw.normal(2, 5, 4), steps=60)
    if not check.close(seen["found"], target, 1e-3):
        gap = float((seen["found"] - target).abs().max())
        raise check.Failure(
            "does-not-learn",
            f"after 60 steps towards a target the first l vectors are still {gap:.2g} away from it",
            "forward must use the parameter as it is now; a copy made in __init__ never changes.",
        )


soft_prompt_grade = soft_prompt_grade.hidden(
    one_text_one_vector, points=1, after=("vectors-in-front", "mask-in-front")
).hidden(trains, points=1, after=("gradients",))
### END HIDDEN TESTS
soft_prompt_grade

# %% [markdown]
# ## 2. A classifier with a prompt
#
# The task of the experiments is TREC: which kind of answer does a question ask for? The model is MiniLM as in lab 03, frozen,
# with a new head on the mean of its token vectors. To keep the lab short we take questions of at most 12 tokens (half of
# the corpus) and train on 640 of them, 40 steps of 16. Everything below compares methods under this small budget.

# %% tags=["skip-when-grading"]
from lora_utils.data import Examples, load

corpus = load("trec", tokens="minilm")


def short(data, longest=12):
    """The questions of at most `longest` tokens, [CLS] and [SEP] included."""
    keep = (data.inputs != 0).sum(dim=1) <= longest
    return Examples(data.inputs[keep][:, :longest], data.labels[keep])


pool, test = short(corpus.train).first(840), short(corpus.test).first(400)
questions, valid = pool.first(640), Examples(pool.inputs[640:], pool.labels[640:])
print(f"{len(questions)} questions to train on, {len(valid)} to choose by, {len(test)} to test")
print("classes:", *corpus.classes)

# %% [markdown]
# Where exactly does the prompt go? Three decisions, each with a reason:
#
# * **In front of [CLS].** MiniLM's texts begin with the token [CLS]. The prompt stands before it, as in the paper and in
#   the PEFT library. Behind it would work as well; what matters is to do the same in training and in use.
# * **Positions count from the prompt.** MiniLM adds a trained vector for each position, 0 to 511. The prompt takes the first
#   $l$ positions, the text moves $l$ places to the right, and the longest text is $l$ tokens shorter than before.
# * **The mean is taken over the text alone.** The head sees the mean of the text's own token vectors. The prompt has no
#   place in it; it acts only through attention. Then a prompt of length 0 is the model as it was, bit for bit.
#
# `PromptTuned` in the course's package does this. The next cell shows what it trains, and that a prompt made of words is nothing
# but these words written in front.

# %% tags=["skip-when-grading"]
from lora_utils import count_parameters
from lora_utils.data import minilm_tokenizer
from lora_utils.methods import PromptTuned
from lora_utils.models import SentenceClassifier, load_sentence_classifier, mean_pool, trim

classifier = load_sentence_classifier(num_classes=6).to(device)
tokenizer, encoder = minilm_tokenizer(), classifier.encoder
words = torch.tensor(tokenizer.encode("what kind of answer?", add_special_tokens=False).ids, device=device)  # (5,)
ids = questions.inputs[:4].to(device)
with torch.no_grad():
    tuned = PromptTuned(classifier, length=5, init=encoder.words(words))
    written = torch.cat((words.expand(4, -1), ids), dim=1)  # (4, 5 + s)
    hidden = encoder(written, written != 0)[:, 5:]  # (4, s, d)
    by_hand = classifier.head(mean_pool(hidden, ids != 0))  # (4, 6)
    print("words as a prompt = words in front:", torch.allclose(tuned(ids), by_hand, atol=1e-5))
    if soft_prompt_grade.verdict == "pass":
        vectors, mask = SoftPrompt(encoder.words(words))(encoder.words(ids), ids != 0)
        own = classifier.head(mean_pool(encoder.hidden(vectors, mask)[:, 5:], ids != 0))  # (4, 6)
        print("your SoftPrompt = words in front:  ", torch.allclose(own, by_hand, atol=1e-5))
    print("length 0 = no prompt, bit for bit: ", torch.equal(PromptTuned(classifier, length=0)(ids), classifier(ids)))
print(count_parameters(tuned))

# %% [markdown]
# 1,920 numbers for the prompt, $l \cdot d = 5 \cdot 384$, and 2,310 for the head.
#
# **Predict before you run.** A head has been trained on the plain model. Now something is put in front of every question, without
# any training: (a) nothing, but the text is moved 5 or 20 positions to the right; (b) 5 or 20 random vectors as long as
# word vectors; (c) the vectors of 5 words from other questions. Which harms most?
#
# <details><summary>Answer, after you have run the next two cells</summary>
# Words harm most, about five points; random vectors about three; moving the text alone one or two, no more than the spread over heads. The head was trained on
# questions that stand alone, and whatever attention finds in front of them changes the vector of every token. Random vectors resemble no key that attention looks for; words do.
# </details>

# %% tags=["skip-when-grading"]
from lora_utils.training import accuracy, mean_and_spread, train


@torch.no_grad()
def features(data, front=None, masked=False):
    """The mean vector of each text (n, d), with vectors `front` (l, d) put in front, masked or to be read."""
    parts = []
    for ids, _ in data.batches(128):
        ids = ids.to(device)
        vectors, real, l = encoder.words(ids), ids != 0, 0
        if front is not None:
            l = len(front)
            vectors = torch.cat((front.expand(len(ids), -1, -1), vectors), dim=1)
            real = torch.cat((torch.full((len(ids), l), not masked, device=device), real), dim=1)
        parts.append(mean_pool(encoder.hidden(vectors, real)[:, l:], ids != 0).cpu())
    return Examples(torch.cat(parts), data.labels)


def head_alone(seed):
    """A head trained on the frozen model's features: what every method has to beat."""
    head = SentenceClassifier(encoder, num_classes=6, seed=seed).head
    train(head, plain, epochs=5, lr=0.01, batch_size=16, seed=seed)
    return head


plain, plain_valid, plain_test = (features(part) for part in (questions, valid, test))
heads = [head_alone(seed) for seed in (0, 1, 2)]

# %% tags=["skip-when-grading"]
few, many = (torch.randn(l, 384, generator=torch.Generator().manual_seed(l)) / 384**0.5 for l in (5, 20))
others = encoder.words.weight[questions.inputs[:5, 2].to(device)]  # the second word of 5 questions
fronts = {
    "nothing": (None, False),
    "5 positions": (few, True),
    "20 positions": (many, True),
    "5 random vectors": (few, False),
    "20 random vectors": (many, False),
    "5 words": (others, False),
}
print("in front of each question   accuracy of heads trained without it")
for name, (front, masked) in fronts.items():
    moved = features(valid, None if front is None else front.to(device), masked)
    print("{:<27} {:.3f} +- {:.3f}".format(name, *mean_and_spread([accuracy(head, moved) for head in heads])))

# %% [markdown]
# So an untrained prompt starts *below* the model without one, and training has to win that back first. The rows with positions alone are what a mask of zeros
# gives, the mistake that exercise 1 looks for: the text moves and nothing is read, however long one trains. With rotary positions, as in SmolLM2,
# only distances count, and moving a text changes nothing.

# %% [markdown]
# ## 3. Where to start: words
#
# Word vectors are the only vectors that the model has met at this place. [Lester et al. 2021](https://arxiv.org/abs/2104.08691),
# section 3.2, start prompts at random, at common words, or at the words of the class names; words do better, and the
# difference vanishes only for their largest models. In Hugging Face's [benchmark](https://github.com/huggingface/peft/tree/main/method_comparison)
# (Llama-3.2-3B on MetaMathQA, summer 2026) prompt tuning scored 0.057 with default settings and 0.343 when it started
# from sampled words with a learning rate of 0.001. First the start, then the rate.

# %% [markdown]
# ### Exercise 2: a start from words
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | turn any number of words into the start of a prompt of length l | 1 of 5 | 6 min | 2 lines |
#
# Place $i$ of the prompt starts as the vector of word $i$. If there are fewer words than places, start over with the
# first word; if there are more, leave the last ones out. The words come in any order, and one may come twice. Return
# plain numbers in float32, as the embedding's are: a copy that shares neither memory nor gradient with the embedding,
# which stays as it is.
#
# <details><summary>Hint 1: where to start</summary>
# Three words, eight places: which word does place 7 get? Write down the list of word numbers for all eight places.
# </details>
# <details><summary>Hint 2: the arithmetic</summary>
# Place <i>i</i> gets word <i>i</i> modulo the number of words. <code>torch.arange(length) % len(ids)</code> is that list, and it is right when there are too many words as well.
# </details>
# <details><summary>Hint 3: two lists by hand</summary>
# The ids 7, 2, 5 and length 5 give the rows 7, 2, 5, 7, 2 of the embedding, length 2 the rows 7, 2. Indexing with a tensor of places copies, where a slice does not, but it is recorded: the result must say False for
# <code>requires_grad</code>, and the embedding True as before.
# </details>


# %% nbgrader={"grade": false, "grade_id": "start-from-words", "locked": false, "schema_version": 3, "solution": true, "task": false}
def start_from_words(embedding: nn.Embedding, ids: torch.Tensor, length: int) -> torch.Tensor:
    """The vectors of the given words, repeated in order or cut to `length`.

    Args:
        embedding: weight (v, d).
        ids: word numbers (n,), n at least 1.
        length: l, at least 1.

    Returns:
        (l, d), a copy without history.
    """
    ### BEGIN SOLUTION
    chosen = ids[torch.arange(length) % len(ids)]  # (l,)
    return embedding.weight.detach()[chosen]  # (l, d)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-start-from-words", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
start_from_words_grade = check.start_from_words(start_from_words, points=2, of=3)


### BEGIN HIDDEN TESTS
def one_word_and_one_place(function, draw):
    """It also serves a single word for many places, and many words for a single place."""
    check.judge_start(function, check.start_cases(draw, [(3, 6), (1, 4), (3, 1), (6, 1), (1, 7), (2, 3), (7, 8)]))


start_from_words_grade = start_from_words_grade.hidden(one_word_and_one_place, points=1, after=("same-length",))
### END HIDDEN TESTS
start_from_words_grade

# %% [markdown]
# ## 4. Why learning rates are large
#
# Fine-tuning a model of this kind takes learning rates around $10^{-5}$ to $10^{-4}$, LoRA ten times as much. Prompt tuning was
# published with 0.3 (Lester et al. 2021, with the optimiser Adafactor). Here is why.
#
# AdamW divides each gradient by its own recent size. Whatever the gradient, a step moves each number by about the
# learning rate $\eta$ at most. After $T$ steps no entry of the prompt is further than about $\eta T$ from its start, and no vector
# further than $\eta T \sqrt{d}$. Compare this with the length of the word vectors that the model is used to:

# %% tags=["skip-when-grading"]
lengths = encoder.words.weight.norm(dim=1)  # (v,)
steps = len(questions) // 16
print(
    f"word vectors have length {lengths.mean():.2f} on average, half of them {lengths.quantile(0.25):.2f} to {lengths.quantile(0.75):.2f}"
)
print(f"{steps} steps move a vector of 384 numbers by at most")
for lr in (1e-4, 1e-3, 1e-2, 1e-1):
    print(f"  {lr * steps * 384**0.5:>7.2f} at learning rate {lr:g}")

# %% [markdown]
# At $10^{-4}$ a prompt vector cannot leave the place where it was drawn. At $10^{-3}$ it goes less far than a word vector is long, even if all
# steps agree; only at $10^{-2}$ can it become as different from its start as one word is from another. A weight matrix has no such problem: its entries are just as small
# (0.05), but there are 384 of them in every sum and millions in the model, so small changes add up. A prompt of five vectors has
# 1,920 numbers, and each has to go a long way.
#
# Now measured. In all runs the head learns at the rate 0.01, so that only the prompt's rate differs; the prompt starts at random.


# %% tags=["skip-when-grading"]
def fit(model, lr, seed):
    """One epoch on the questions: prompts and prefixes learn at the rate lr, the head always at 0.01."""
    head = model.head if hasattr(model, "head") else model.classifier.head
    of_head = {id(parameter) for parameter in head.parameters()}

    def adamw(parameters, lr, weight_decay):
        groups = [
            {"params": [p for p in parameters if id(p) in of_head], "lr": 0.01},
            {"params": [p for p in parameters if id(p) not in of_head], "lr": lr},
        ]
        return torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=weight_decay)

    return train(model, questions, epochs=1, lr=lr, batch_size=16, seed=seed, optimizer=adamw, label="40 steps")


class WithYourPrompt(nn.Module):
    """The frozen classifier with your SoftPrompt in front: what PromptTuned does with the course's."""

    def __init__(self, classifier, init):
        super().__init__()
        self.classifier, self.prompt = classifier, SoftPrompt(init)

    def forward(self, ids):
        ids, mask = trim(ids)
        vectors, longer = self.prompt(self.classifier.encoder.words(ids), mask)  # (b, l + s, d), (b, l + s)
        hidden = self.classifier.encoder.hidden(vectors, longer)[:, -ids.shape[1] :]  # (b, s, d)
        return self.classifier.head(mean_pool(hidden, mask))  # (b, c)


def vectors_of(model):
    """The prompt of a model, (l, d), whatever its class calls it."""
    return next(model.prompt.parameters())


def prompt_model(seed, length=5, init=None):
    """A fresh classifier on the one frozen encoder, with a prompt."""
    fresh = SentenceClassifier(encoder, num_classes=6, seed=seed).to(device)
    tuned = PromptTuned(fresh, length, init=init, seed=seed)
    return WithYourPrompt(fresh, vectors_of(tuned).detach()) if own_prompt else tuned


own_prompt = soft_prompt_grade.verdict == "pass"
print("prompts by", "your SoftPrompt" if own_prompt else "the course's SoftPrompt")
rates, by_rate, gone = (1e-4, 1e-3, 1e-2, 3e-2, 1e-1), [], []
print("rate of the prompt   accuracy   distance that its vectors went, in lengths of a word vector")
for lr in rates:
    model = prompt_model(seed=0)
    start = vectors_of(model).detach().clone()
    fit(model, lr, seed=0)
    by_rate.append(accuracy(model, valid))
    gone.append(((vectors_of(model) - start).norm(dim=1).mean() / lengths.mean()).item())
    print(f"{lr:>18g} {by_rate[-1]:>10.3f} {gone[-1]:>8.2f}")

# %% tags=["skip-when-grading"]
from lora_utils.plots import COLORS, MARKERS, figure, lines

title = "At small rates a prompt stays where it was drawn; at 0.1 it ends 13 words away"
fig, (left, right) = figure(
    title,
    "learning rate of the prompt",
    ["accuracy on 200 valid questions", "distance gone, in word lengths"],
    columns=2,
)
lines(left, rates, {"prompt of 5": by_rate})
alone = mean_and_spread([accuracy(head, plain_valid) for head in heads])[0]
left.axhline(alone, color="grey", linestyle="--")
left.annotate("head alone", (0.012, alone + 0.003))
lines(right, rates, {"prompt of 5": gone})
right.axhline(1, color="grey", linestyle="--")
right.set(yscale="log")
for panel in (left, right):
    panel.set_xscale("log")

# %% [markdown]
# At $10^{-4}$ the vectors have gone 0.03 word lengths, and the model is where an untrained random prompt leaves it, *below* the head alone. Such a run looks like a method that does not
# work: in huggingface/peft #2642 somebody who runs an example notebook gets the same accuracy in every epoch, where the outputs saved in it rise to 0.70. At $10^{-2}$ the vectors have gone one and a half word lengths, a fifth of what the bound allows, and
# accuracy is best. At $10^{-1}$ they are 13 lengths from home and accuracy is lower again. The fall on the left is clear; among 200 questions, the points between 0.80 and 0.84 are
# not safely apart (the standard error of one such number is 0.03), and each is one run: that the right end is worse would need more seeds to be said.
#
# ### Length
#
# A longer prompt has more numbers and takes more places, which every layer has to compute. **Predict before you run**: how do accuracy
# and the number of places that every layer works on grow from 1 to 5 to 20 vectors, with the questions being 12 tokens long?
#
# <details><summary>Answer, after you have run the next cell</summary>
# Numbers and places grow as the length does; accuracy does not. From 1 vector to 5 it gains five points, from 5 to 20 two more, which 200 questions cannot tell from chance, and every layer then works on 32 places
# instead of 17. Lester et al. (section 3.2) find little gain beyond 20 vectors, and that the largest model does well with one.
# </details>

# %% tags=["skip-when-grading"]
by_length = {5: by_rate[rates.index(0.01)]}  # from above
for length in (1, 20):
    model = prompt_model(seed=0, length=length)
    fit(model, 0.01, seed=0)
    by_length[length] = accuracy(model, valid)
print("length   numbers   places in every layer   accuracy")
for length, score in sorted(by_length.items()):
    print(f"{length:>6} {length * 384:>9,} {length + 12:>23} {score:>10.3f}")

# %% [markdown]
# ## 5. A network that makes the prompt
#
# Prompts can be hard to train: each of the $l \cdot d$ numbers gets its own gradient, and nothing ties the places together. Li and Liang
# ([2021](https://arxiv.org/abs/2101.00190), section 4.3) and P-tuning ([Liu et al. 2021](https://arxiv.org/abs/2103.10385)) let a small network
# make the prompt while it is trained (P-tuning has an LSTM in it as well; this is the plain form):
#
# $$\texttt{prompt} = \texttt{up}(\tanh(\texttt{down}(\texttt{table})))$$
#
# with a `table` $(l, d)$, `down` from $d$ to an inner width $f$ and `up` back to $d$. One step on the shared weights moves all places of the prompt
# together. After training only the result is kept. The trained network is far larger than the prompt, the stored prompt is not.

# %% [markdown]
# ### Exercise 3: the reparameterised prompt
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | make the prompt with a small network, and fold it away after training | 2 of 5 | 10 min | 6 lines |
#
# Write `PromptEncoder(length, width, inner)`: a table $(l, d)$ drawn with `torch.randn`, a linear layer `down` from $d$ to
# `inner`, a linear layer `up` back to $d$, both with bias. `forward()` takes nothing and returns
# `up(tanh(down(table)))`, $(l, d)$. `fold()` returns the same numbers for keeps: no gradient, no tie to the network,
# which stays as it is and may be trained further and folded again.
#
# <details><summary>Hint 1: where to start</summary>
# Every row of the table passes through the network by itself, as the tokens of a text pass through a feed-forward layer.
# </details>
# <details><summary>Hint 2: the parts</summary>
# A tensor becomes a parameter in <code>nn.Parameter(...)</code>; left plain, it is neither trained nor saved. <code>nn.Linear(a, b)</code> maps <i>a</i> numbers to <i>b</i>, and <code>torch.tanh</code> is a function.
# </details>
# <details><summary>Hint 3: three properties of fold</summary>
# <code>encoder.fold()</code> equals <code>encoder()</code>; its <code>requires_grad</code> is False; one folded before a training step is the same after it. A method may call its own module like a function.
# What do you do to the result, so that all three hold?
# </details>


# %% nbgrader={"grade": false, "grade_id": "prompt-encoder", "locked": false, "schema_version": 3, "solution": true, "task": false}
class PromptEncoder(nn.Module):
    """Makes a prompt (l, d) from a table (l, d) and a network that all places share."""

    def __init__(self, length: int, width: int, inner: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)
        ### END SOLUTION

    def forward(self) -> torch.Tensor:
        """The prompt, (l, d), with gradients to table and layers."""
        ### BEGIN SOLUTION
        return self.up(torch.tanh(self.down(self.table)))  # (l, d) -> (l, inner) -> (l, d)
        ### END SOLUTION

    def fold(self) -> torch.Tensor:
        """The finished prompt as plain numbers, (l, d)."""
        ### BEGIN SOLUTION
        return self().detach()
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-prompt-encoder", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
prompt_encoder_grade = check.prompt_encoder(PromptEncoder, points=3, of=4)


### BEGIN HIDDEN TESTS
def prompt_of_one(network, draw):
    """It serves a prompt of a single vector too, and folds it without disturbing the network."""
    check.judge_formula(network, check.network_case(draw, length=1))
    seen = network.probe(check.fold_twice, **(case := check.network_case(draw)))
    if not check.close(seen["prompt"], check.prompt_of(case)):
        raise check.Failure(
            "fold-changes-network",
            "after fold() the network makes another prompt than before",
            "fold only looks at the network and changes nothing.",
        )
    if not check.close(seen["later"], check.prompt_of(case, less=1)):
        raise check.Failure(
            "fold-freezes",
            "after fold() the network can no longer be trained",
            "Detach the result, not the parameters: no requires_grad_(False) in fold.",
        )


prompt_encoder_grade = prompt_encoder_grade.hidden(prompt_of_one, points=1, after=("formula", "folds"))
### END HIDDEN TESTS
prompt_encoder_grade

# %% [markdown]
# In numbers, for $l = 5$, $d = 384$ and $f = 192$, the default of the course's class: what is trained, and what is kept?

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.methods import PromptEncoder as CourseEncoder

own = prompt_encoder_grade.verdict == "pass"
network = PromptEncoder(5, 384, 192) if own else CourseEncoder(5, 384)
print(f"{count_parameters(network).trainable:,} numbers are trained, {network.fold().numel():,} are kept")

# %% [markdown]
# ## 6. Prefix tuning: keys and values in every layer
#
# A prompt enters below the first layer, and every layer may transform it further. Prefix tuning ([Li and Liang 2021](https://arxiv.org/abs/2101.00190))
# gives **each** attention layer its own trained places. They need no vector of their own, since others only ever use their keys and values:
#
# $$\text{softmax}\!\left(\frac{q\,[\,p_k;\ k\,]^\top}{\sqrt{e}}\right)[\,p_v;\ v\,]$$
#
# $q$, $k$, $v$ are the text's queries, keys and values in one head, $(s, e)$ each; $p_k$ and $p_v$ are the prefix's, $(l, e)$ each. The text stays $s$ places long, its positions stay, and
# no feed-forward layer has more to do. With $n$ heads of width $e = d / n$ and $L$ layers:
#
# | | trained numbers | MiniLM ($L = 6$, $d = 384$), $l = 5$ |
# | --- | --- | --- |
# | prompt | $l \cdot d$ | 1,920 |
# | prefix | $L \cdot 2 \cdot l \cdot d$ | 23,040 |
# | T5-XXL, prompt of 5 (Lester et al.) | $5 \cdot 4096$ | 20,480, of 11 billion |
#
# Where does a prefix start? At random numbers of the size of real keys and values, or at the keys and values that the frozen model computes for some words.
# In the benchmark of section 3, prefix tuning scored 0.186 in one setting and 0.416 in another, which starts from a given prefix.

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("soft_prompts")

# %% [markdown]
# A prompt has one chance to act, at the input; a prefix acts in every block, for twelve times as many numbers.

# %% [markdown]
# ### Exercise 4: attention with a prefix
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | let every token look at l trained places beside the text | 3 of 5 | 15 min | 8 lines |
#
# Write the inside of one attention layer, after the projections and before the output layer. `query`, `key` and `value`
# are $(b, n, s, e)$; `prefix_key` and `prefix_value` are $(n, l, e)$, the same for all texts; `mask` is bool $(b, s)$,
# True where a token is real. Return $(b, n, s, e)$.
#
# One softmax runs over all $l + s$ places: what the prefix gets, the text loses. Every token may look at the prefix, none
# at padding. The products are divided by $\sqrt{e}$, $e$ being the width of one head. A place of padding gets its row of
# the output by the same rule, from what it looks at; nobody reads it later. The prefix has at least one place.
#
# <details><summary>Hint 1: where to start</summary>
# Begin without a prefix: scores <code>query @ key.mT</code> are (b, n, s, s). Divide, mask, softmax, times <code>value</code>. Which of the three inputs grows when a prefix comes, and which does not?
# </details>
# <details><summary>Hint 2: the shapes</summary>
# Keys and values become (b, n, l + s, e): expand the prefix to (b, n, l, e) and join along dim=2. The mask becomes (b, l + s), and
# <code>mask[:, None, None, :]</code> fits the scores (b, n, s, l + s).
# </details>
# <details><summary>Hint 3: four places by hand</summary>
# One head of width 1, all queries, keys and prefix keys 0: every place that may be looked at gets the same share. With the prefix value 10 and the text values 1, 4 and 100, the last of them padding, every row is 5. 28.75 means that the padding
# takes part, 2.5 that the prefix does not. Must the minus infinity come before the softmax or after it? (<code>F.scaled_dot_product_attention</code> divides, masks and sums by itself, with a bool <code>attn_mask</code> that is True where one may look.)
# </details>


# %% nbgrader={"grade": false, "grade_id": "prefix-attention", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prefix_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    prefix_key: torch.Tensor,
    prefix_value: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """softmax(query [prefix_key; key]^T / sqrt(e)) [prefix_value; value], without padding: (b, n, s, e)."""
    ### BEGIN SOLUTION
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)  # (b, n, l + s, e)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)  # (b, n, l + s, e)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)  # (b, l + s)
    scores = query @ keys.mT / query.shape[-1] ** 0.5  # (b, n, s, l + s)
    scores = scores.masked_fill(~real[:, None, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ values  # (b, n, s, e)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-prefix-attention", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
prefix_attention_grade = check.prefix_attention(prefix_attention, points=4, of=6)


### BEGIN HIDDEN TESTS
def one_of_a_kind(function, draw):
    """It serves one text alone, one head, one place and a prefix of one."""
    cases = (
        check.attention_case(draw, lengths=(4,), n=3, e=2),
        check.attention_case(draw, l=6, lengths=(1, 3, 2), n=1, e=5),
        check.attention_case(draw, l=5, lengths=(1,), n=2, e=3),
        check.attention_case(draw, l=1, lengths=(2, 6, 3), n=4, e=8, left=True),
    )
    check.judge_attention(function, cases)


def unseen_prefix(function, draw):
    """A prefix that no query looks at changes nothing, whatever its values are."""
    case = check.attention_case(draw)
    case["query"][..., 0] = case["query"][..., 0].abs() + 1
    case["prefix_key"] = torch.zeros_like(case["prefix_key"])
    case["prefix_key"][..., 0] = -1e4
    seen = function.probe(check.attend, cases=[[case[name] for name in check.INPUTS]])["values"][0]
    if not check.close(seen, check.text_alone(case), 1e-4):
        raise check.Failure(
            "unseen-prefix-acts",
            "keys that point away from every query still change the output",
            "The prefix acts through the softmax alone: its share of the attention goes to its values.",
        )


prefix_attention_grade = prefix_attention_grade.hidden(one_of_a_kind, points=1, after=("output",)).hidden(
    unseen_prefix, points=1, after=("output",)
)
### END HIDDEN TESTS
prefix_attention_grade

# %% [markdown]
# `inject_prefix` in the course's package puts such a layer in place of every attention layer. At length 0 nothing changes, bit for bit:

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.methods import AttentionWithPrefix, inject_prefix
from lora_utils.models import MiniLM

tiny = MiniLM(vocabulary=50, width=24, blocks=2, heads=4, inner=48, positions=20).requires_grad_(False)
some = torch.randint(1, 50, (3, 7))
before = tiny(some)
print(inject_prefix(tiny, length=0))
print("bit for bit the same output:", torch.equal(tiny(some), before))

# %% [markdown]
# ### All of them, on the test questions
#
# Five methods from the same frozen model, and the head alone. Rates: 0.01 for the prompts, as the figure of section 4 suggests; 0.03 for the prefixes, which did better on validation questions than 0.01
# in a run beforehand; 0.003 for the network, not tuned. The start from words takes the second words of five questions drawn at random.


# %% tags=["skip-when-grading"]
def words_for(seed, length=5):
    """Vectors of the second word of `length` questions, (length, d)."""
    drawn = torch.randperm(len(questions), generator=torch.Generator().manual_seed(seed))[:length]
    ids = questions.inputs[drawn, 2].to(device)
    if start_from_words_grade.verdict == "pass":
        return start_from_words(encoder.words, ids, length)
    return encoder.words.weight[ids]


def network_model(seed):
    """A prompt that a network makes."""
    fresh = SentenceClassifier(encoder, num_classes=6, seed=seed).to(device)
    return PromptTuned(fresh, 5, reparameterized=True, seed=seed)


class WithYourAttention(AttentionWithPrefix):
    """An attention layer with a prefix whose inside is your prefix_attention."""

    def forward(self, x, mask):
        base, n = self.attention, self.attention.heads
        sides = (side(x).unflatten(-1, (n, -1)).transpose(1, 2) for side in (base.query, base.key, base.value))
        prefix = (side.unflatten(-1, (n, -1)).transpose(0, 1) for side in self.keys_and_values())  # (n, l, e) each
        mixed = prefix_attention(*sides, *prefix, mask)  # (b, n, s, e)
        return base.output(mixed.transpose(1, 2).flatten(2))  # (b, s, d)


def prefix_model(seed, init=None):
    """A fresh classifier with a prefix of 5 in each layer; the encoder is a copy, since it is changed in place."""
    fresh = SentenceClassifier(copy.deepcopy(encoder), num_classes=6, seed=seed).to(device)
    inject_prefix(fresh, 5, seed=seed, init=init)
    for block in fresh.encoder.blocks if own_attention else ():
        layer = block.attention
        block.attention = WithYourAttention(layer.attention, 5, init=layer.prefix.detach())
    return fresh


own_attention = prefix_attention_grade.verdict == "pass"
print("prefixes by", "your prefix_attention" if own_attention else "the course's attention")


methods = {
    "prompt, random": (prompt_model, 0.01),
    "prompt, words": (lambda seed: prompt_model(seed, init=words_for(seed)), 0.01),
    "prompt, network": (network_model, 0.003),
    "prefix, random": (prefix_model, 0.03),
    "prefix, words": (lambda seed: prefix_model(seed, words_for(seed)), 0.03),
}

# %% tags=["skip-when-grading"]
scores = {"head alone": [accuracy(head, plain_test) for head in heads]}
trained, numbers = {}, {}
print("                  test accuracy   numbers besides the head")
print("{:<16} {:.3f} +- {:.3f} {:>17}".format("head alone", *mean_and_spread(scores["head alone"]), 0))
for name, (make, lr) in methods.items():
    scores[name] = []
    for seed in (0, 1):
        model = make(seed)
        fit(model, lr, seed)
        if isinstance(model, PromptTuned):
            model.fold()  # from here on a prompt is plain numbers, whatever made it
        trained[name, seed] = model
        scores[name].append(accuracy(model, test))
    numbers[name] = count_parameters(make(0)).trainable - 2310
    mean, spread = mean_and_spread(scores[name])
    print(f"{name:<16} {mean:.3f} +- {spread:.3f} {numbers[name]:>17,}")

# %% tags=["skip-when-grading"]
fig, axes = figure(
    "Every soft prompt beats the head alone; the gaps between them are small",
    "method",
    "accuracy on 400 test questions",
    height=3.4,
)
for place, values in enumerate(scores.values()):
    axes.plot([place] * len(values), values, linestyle="none", color=COLORS[place], marker=MARKERS[place], markersize=8)
axes.set_xticks(range(len(scores)), [name.replace(", ", ",\n").replace("head alone", "head\nalone") for name in scores])
axes.grid(axis="x", visible=False)

# %% [markdown]
# Mean and sample standard deviation over two seeds (three for the head); with 400 questions, sampling adds a standard error of about 0.017 that all rows share.
#
# * Every soft prompt gains about eight points or more over the head alone, with 40 steps and down to 1,920 numbers.
# * The start hardly matters here: at the rate 0.01 a vector goes further than its own length, wherever it started. Lester et al. find the same of their largest models, and the
#   opposite of their small ones.
# * The network trains 78 times as many numbers as the prompt and ends at the same accuracy.
# * Both prefixes lie above all prompts, by two to four points with twelve times the numbers of a plain prompt. Two seeds and this spread make it likely, not certain.
#
# ### If you have time: how much attention does a prefix take?
#
# One softmax runs over prefix and text, so attention with a prefix is a mixture: with $\lambda$ the share of the attention that the prefix takes
# ([He et al. 2022](https://arxiv.org/abs/2110.04366), section 3.1),
#
# $$(1 - \lambda)\ \text{attention over the text} \; + \; \lambda\ \text{attention over the prefix}.$$
#
# The next cell measures $\lambda$ in each layer, before and after training, as a mean over heads and tokens of 64 questions.


# %% tags=["skip-when-grading"]
@torch.no_grad()
def shares(model):
    """The prefix's share of the attention in each layer."""
    found, hooks = [], []

    def measure(layer, inputs):
        x, mask = inputs
        n = layer.attention.heads
        query = layer.attention.query(x).unflatten(-1, (n, -1)).transpose(1, 2)  # (b, n, s, e)
        key = layer.attention.key(x).unflatten(-1, (n, -1)).transpose(1, 2)  # (b, n, s, e)
        first = layer.keys_and_values()[0].unflatten(-1, (n, -1)).transpose(0, 1)  # (n, l, e)
        root = query.shape[-1] ** 0.5
        text = (query @ key.mT / root).masked_fill(~mask[:, None, None, :], float("-inf"))  # (b, n, s, s)
        weights = torch.cat((query @ first.mT / root, text), dim=-1).softmax(dim=-1)  # (b, n, s, l + s)
        taken = weights[..., : first.shape[1]].sum(dim=-1).mean(dim=1)  # (b, s)
        found.append(taken[mask].mean().item())

    for module in model.modules():
        if isinstance(module, AttentionWithPrefix):
            hooks.append(module.register_forward_pre_hook(measure))
    model(test.inputs[:64].to(device))
    for hook in hooks:
        hook.remove()
    return found


layers = range(1, 7)
taken = {
    "random start": shares(prefix_model(0)),
    "random start, trained": shares(trained["prefix, random", 0]),
    "start from words": shares(prefix_model(0, words_for(0))),
    "start from words, trained": shares(trained["prefix, words", 0]),
}
for name, values in taken.items():
    print(f"{name:<26}", *(f"{value:.2f}" for value in values))
fig, axes = figure(
    "Untrained, a prefix of words takes over a third of the attention, a random one a tenth",
    "attention layer",
    "share of the attention",
)
lines(axes, layers, taken)
axes.set_ylim(0, 1)
axes.legend(frameon=False, ncols=2)

# %% [markdown]
# Before training, five places made of words take 0.36 to 0.44 of the attention, five random ones 0.06 to 0.17: real keys are what queries have learned to look for. Training raises the share of
# the random prefix in layers 2 to 5 and lowers it in layer 6; that of the words falls in every layer but the fourth, most in layer 2 and in the last two. No share comes near one: the text is still read, and a good part of what a prefix does is in its values.

# %% [markdown]
# ### Exercise 5, if you have time: a prefix made to measure
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | build a prefix that takes a given share of the attention and says a given thing | 4 of 5 | 18 min | 10 to 15 lines |
#
# This exercise is open: there is no stub, and very different answers are right (a search, a formula, gradient descent). For one layer you get `query` and `key` $(b, n, s, e)$ and the
# bool `mask` $(b, s)$ of some texts. Write a function `steer(query, key, mask, share, target)` that returns `prefix_key` and `prefix_value`, $(n, l, e)$ each, with $l$ from 1 to 8 as you like, such that
#
# 1. **it takes its share**: in every head the prefix takes `share` of the attention (a number between 0.1 and 0.9), as a mean over the real tokens, within 0.02;
# 2. **it says the target**: what a token gets of the prefix is its share times `target` $(n, e)$ of its head, whatever the text says, within a hundredth of the target's largest number.
#
# A prefix is the same for all texts. The queries of a head have a large part in common, as those of real layers have.
#
# <details><summary>Hint 1: where to start</summary>
# The second law first: which values have the mean <i>target</i>, whatever the weights? Then one place is enough, and only its key is to be found, for each head by itself.
# </details>
# <details><summary>Hint 2: the share of one place</summary>
# With score <i>a</i> of the prefix and scores <i>t<sub>j</sub></i> of the real keys, the share is e<sup>a</sup> / (e<sup>a</sup> + &Sigma; e<sup>t<sub>j</sub></sup>) = sigmoid(a &minus; logsumexp(t)). What happens to it when a key in the direction of the mean query grows?
# </details>
# <details><summary>Hint 3: how to find it</summary>
# Whatever grows steadily can be halved: start with a factor that is too small and one that is too large, for all heads at once. Or give the squared distance from the share to an optimiser. Tokens under padding are neither looked at nor counted.
# </details>


# %% nbgrader={"grade": false, "grade_id": "steer", "locked": false, "schema_version": 3, "solution": true, "task": false}
steer = None  # def steer(query, key, mask, share, target) comes here, in place of this line


### BEGIN SOLUTION
def steer(
    query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor, share: float, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """One place a head, its key along the head's mean query and as long as the share asks for: (n, 1, e) each."""
    root, tokens = query.shape[-1] ** 0.5, mask.sum()
    text = (query @ key.mT / root).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(dim=-1)  # (b, n, s)
    towards = (query * mask[:, None, :, None]).sum(dim=(0, 2)) / tokens  # (n, e)
    along = torch.einsum("bnse,ne->bns", query, towards) / root  # the score of a key of that direction and length
    low, high = torch.full((len(target),), -50.0), torch.full((len(target),), 50.0)
    for _ in range(40):
        size = (low + high) / 2  # (n,)
        taken = torch.sigmoid(size[:, None] * along - text) * mask[:, None]  # (b, n, s)
        less = taken.sum(dim=(0, 2)) / tokens < share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None], target[:, None]


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-steer", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
steer_grade = check.steer(steer, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_shares(function, draw):
    """It also takes small and large shares."""
    check.judge_share(function, check.cases_of(draw, (0.1, 0.9, 0.15, 0.75)))


steer_grade = steer_grade.hidden(other_shares, points=1, after=("takes-its-share",))
### END HIDDEN TESTS
steer_grade

# %% [markdown]
# On real queries: the first layer of MiniLM and 64 test questions. Look at the spread over the heads.

# %% tags=["skip-when-grading"]
if steer_grade.verdict != "pass":
    print("this cell waits for exercise 5; the rest of the lab does without it")
else:
    caught = []
    catch = encoder.blocks[0].attention.register_forward_pre_hook(lambda layer, inputs: caught.append(inputs))
    with torch.no_grad():
        encoder(test.inputs[:64].to(device))
        (x, mask), layer = caught[0], encoder.blocks[0].attention
        query, key = (side(x).unflatten(-1, (layer.heads, -1)).transpose(1, 2) for side in (layer.query, layer.key))
    catch.remove()
    text = (query @ key.mT / query.shape[-1] ** 0.5).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)
    print("asked   taken: mean over heads, smallest, largest")
    for share in (0.1, 0.4, 0.8):
        first = steer(query.cpu(), key.cpu(), mask.cpu(), share, torch.zeros(layer.heads, query.shape[-1]))[0].to(
            device
        )
        scores_of = (torch.einsum("bnse,nle->bnsl", query, first) / query.shape[-1] ** 0.5).logsumexp(-1)
        each = (torch.sigmoid(scores_of - text) * mask[:, None]).sum(dim=(0, 2)) / mask.sum()  # (n,)
        print(f"{share:>5} {each.mean():>10.2f} {each.min():>10.2f} {each.max():>10.2f}")

# %% [markdown]
# One number for each head decides how much of the text is overheard: the length of a key that points where the head's queries point. Training finds such keys by itself; that is why the shares above move so easily.

# %% [markdown]
# ## 7. Decoders: what is predicted where
#
# In a decoder each place predicts the token after it, and looks only backwards. A soft prompt in front is seen by all places of the text. Three things
# have to follow:
#
# * **Mask**: as in exercise 1, ones in front.
# * **Positions**: they count from the prompt, or for a prefix as if $l$ tokens stood before the text. With rotary positions (SmolLM2) only distances matter,
#   and the distances within the text stay the same.
# * **Labels**: the logits have $l$ places more than the text, and which place predicts what shifts with them.
#
# The usual place for padding when a decoder writes is on the left. Then a prompt in front stands before the padding:
# `[prompt, pad, pad, text]`. The mask keeps the padding unread, but where positions are counted over the padding as well, the prompt is further from
# short texts than from long ones. The paper's encoder-decoder, padded on the right, knows no such gap (huggingface/peft #54 and #1093).

# %% [markdown]
# ### Exercise 6: labels for a decoder with a prompt
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | say for each place, prompt and padding included, which token it shall predict | 3 of 5 | 12 min | 5 lines |
#
# A decoder gives logits at all $l + s$ places. Return int64 labels $(b, l + s)$ such that
# `F.cross_entropy(logits.flatten(0, 1), labels.flatten())` is the loss on the texts: the label at place $t$ is the token
# at place $t + 1$ if **both** places are real, the prompt counting as real; it is -100, which `cross_entropy` skips,
# where the next place is a prompt vector (it has no token), padding, or beyond the end, and at every place of padding. Write
# into neither `ids` nor `mask`.
#
# <details><summary>Hint 1: where to start</summary>
# Take one text of 2 tokens, A B, and a prompt of 3. Write the five places in a row and under each what it should predict. Which place predicts A?
# </details>
# <details><summary>Hint 2: the shift</summary>
# Make the row of what <i>stands</i> at each place, with -100 for the prompt: (b, l + s). The labels are this row moved one place to the left, with -100 at the end.
# Which of them are wrong when there is padding?
# </details>
# <details><summary>Hint 3: two texts by hand</summary>
# A prompt of 2. Tokens 5 6 and one place of padding: -100 5 6 -100 -100. One place of padding and then 5 6: -100 -100 -100 6 -100. Mark in both the places where this place <b>and</b> the next are real, and compare with
# the row of hint 2. <code>torch.where(condition, a, b)</code> takes a plain number for <code>b</code>; the last place has no next one.
# </details>


# %% nbgrader={"grade": false, "grade_id": "next-token-labels", "locked": false, "schema_version": 3, "solution": true, "task": false}
def next_token_labels(ids: torch.Tensor, mask: torch.Tensor, length: int) -> torch.Tensor:
    """What each place of [prompt; text] shall predict, -100 for nothing.

    Args:
        ids: int64 token numbers (b, s), 0 being one of them; what stands under the padding means nothing.
        mask: bool (b, s), True where a token is real.
        length: l, at least 1.

    Returns:
        int64 (b, l + s).
    """
    ### BEGIN SOLUTION
    b, s = ids.shape
    stands = torch.cat((torch.full((b, length), -100), ids), dim=1)  # (b, l + s)
    real = torch.cat((torch.ones(b, length, dtype=torch.bool), mask), dim=1)  # (b, l + s)
    labels = torch.full((b, length + s), -100)
    labels[:, :-1] = torch.where(real[:, :-1] & real[:, 1:], stands[:, 1:], -100)
    return labels
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-next-token-labels", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
next_token_labels_grade = check.next_token_labels(next_token_labels, points=3, of=4)


### BEGIN HIDDEN TESTS
def padding_on_the_left(function, draw):
    """With padding on the left, between prompt and text, no place of padding predicts the first token."""
    sizes = ((2, (6, 4, 2)), (5, (3, 1, 4, 2)), (1, (5, 2)), (3, (1, 7)), (1, (4, 3, 1)))
    cases = [check.label_case(draw, length=length, lengths=lengths, left=True) for length, lengths in sizes]
    check.judge_labels(function, cases)


next_token_labels_grade = next_token_labels_grade.hidden(padding_on_the_left, points=1, after=("one-text",))
### END HIDDEN TESTS
next_token_labels_grade

# %% [markdown]
# A look at the result, for two texts of 3 and 2 tokens and a prompt of 2. Read each row as: at this place, predict this.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
ids, mask = torch.tensor([[11, 12, 13], [21, 22, 99]]), torch.tensor([[True, True, True], [True, True, False]])
for row, labels in zip(ids, next_token_labels(ids, mask, length=2).tolist(), strict=True):
    stands = ["prompt", "prompt", *map(str, row.tolist())]
    print(
        "   ".join(f"{there}: {'-' if label == -100 else label}" for there, label in zip(stands, labels, strict=True))
    )

# %% [markdown]
# ### A prefix is a cache that is not empty
#
# When a decoder writes, it keeps the keys and values of all earlier tokens in a cache, so that each step computes the new token only. To the new token
# it makes no difference where a key came from. So prefix tuning needs no new attention for a decoder: the prefix is put into the cache
# before the first token. `kv_heads` is the number of heads that have keys and values of their own; in some decoders, SmolLM2 among them, several query heads share one. The next cell takes a small random decoder, fills the cache with the keys and values of four tokens, and compares with writing the four tokens out.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.methods import DecoderPrefix
from lora_utils.models import Decoder

decoder = Decoder(vocabulary=50, width=24, blocks=2, heads=4, kv_heads=2, inner=48).requires_grad_(False)
first, text = torch.tensor([7, 3, 9, 1]), torch.randint(50, (3, 6))
prefix = DecoderPrefix(decoder, length=4, init=first)
written_out = decoder(torch.cat((first.expand(3, -1), text), dim=1))[:, 4:]
print("same logits:", torch.allclose(decoder(text, caches=prefix.caches(3)), written_out, atol=1e-5))
print("trained numbers: L x 2 x kv_heads x l x e =", tuple(prefix.prefix.shape), "=", prefix.prefix.numel())

# %% [markdown]
# ## 8. What does a prompt say?
#
# A trained prompt is a row of vectors in the space of words. So one can ask which words it is nearest to, and tell a story about them. Lester et al. (section 7) find that the
# nearest words of one place form clusters of related words. [Khashabi et al. 2022](https://arxiv.org/abs/2112.08348) warn: they find prompts that solve a task within 2 % of the
# best and whose nearest words spell any text one likes, even the description of another task. They call it waywardness.

# %% [markdown]
# ### Exercise 7: the nearest words
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | find the words whose vectors point in the direction of each prompt vector | 2 of 5 | 6 min | 3 lines |
#
# Return the ids $(l, k)$ of the $k$ words with the largest cosine, the largest first. The cosine of a prompt vector $p$
# and a word vector $w$ is $p \cdot w\, /\, (\lVert p \rVert\, \lVert w \rVert)$. Both tensors belong to a model: write into
# neither.
#
# <details><summary>Hint 1: where to start</summary>
# Without the norms it is one matrix product, (l, d) times (d, v). Which words would win it too often?
# </details>
# <details><summary>Hint 2: the tool</summary>
# <code>F.normalize(x, dim=1)</code> divides every row by its norm. <code>topk(k, dim=1)</code> returns values and indices.
# </details>
# <details><summary>Hint 3: three words by hand</summary>
# The prompt vector [1, 0] and the words [3, 3], [0.1, 0] and [0, 5]: the two nearest are 1 and 0, in this order. Without norms 0 wins, with 3.0 against 0.1. Which of the two tensors has to be divided by its norms, for the order
# to be right, and which has to be transposed?
# </details>


# %% nbgrader={"grade": false, "grade_id": "nearest-words", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nearest_words(vectors: torch.Tensor, embedding: torch.Tensor, k: int) -> torch.Tensor:
    """Ids (l, k) of the words nearest in direction to each of the vectors (l, d), out of an embedding (v, d)."""
    ### BEGIN SOLUTION
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T  # (l, v)
    return cosines.topk(k, dim=1).indices  # (l, k)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-nearest-words", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
nearest_words_grade = check.nearest_words(nearest_words, points=2, of=3)


### BEGIN HIDDEN TESTS
def all_words_in_order(function, draw):
    """It ranks the whole vocabulary when k asks for it, and serves a single vector."""
    sizes = ((9, 9, 2), (3, 20, 1), (1, 5, 1), (6, 6, 4))
    check.judge_nearest(function, [check.nearest_case(draw, k=k, v=v, l=l) for k, v, l in sizes])


nearest_words_grade = nearest_words_grade.hidden(all_words_in_order, points=1, after=("by-cosine",))
### END HIDDEN TESTS
nearest_words_grade

# %% [markdown]
# Now the prompts of section 6, seed 0: one that started at random, one that started at words. Look at the cosines as much as at the words. The last column tells how long a vector is,
# in lengths of a word vector.

# %% tags=["skip-when-grading"]
from lora_utils.methods import nearest_words as course_nearest

table = encoder.words.weight.detach()


def nearest_to(vectors, k):
    """Ids (l, k) of the nearest words, by your function where it has passed, and their cosines (l, k)."""
    if nearest_words_grade.verdict != "pass":
        return course_nearest(vectors, table, k)
    ids = nearest_words(vectors, table, k)
    return ids, F.cosine_similarity(vectors[:, None], table[ids], dim=-1)


print("nearest words by", "your function" if nearest_words_grade.verdict == "pass" else "the course's")
for name, start in (("prompt, random", vectors_of(prompt_model(0))), ("prompt, words", words_for(0))):
    prompt = vectors_of(trained[name, 0]).detach()
    ids, cosines = nearest_to(prompt, 3)
    first, how_near = nearest_to(start.detach(), 1)
    print(name)
    for place in range(5):
        nearest = ", ".join(
            f"{tokenizer.id_to_token(int(i))} {c:.2f}" for i, c in zip(ids[place], cosines[place], strict=True)
        )
        began = f"{tokenizer.id_to_token(int(first[place, 0]))} {how_near[place, 0]:.2f}"
        print(
            f"  {place}: started near {began:<18} now {nearest:<52} {(prompt[place].norm() / lengths.mean()).item():.1f}"
        )

# %% [markdown]
# A test of the story: if a prompt "says" its nearest words, then these words themselves should do its work. The next cell puts the nearest word in the place of each vector.

# %% tags=["skip-when-grading"]
print("                  the prompt   its nearest words instead")
for name in ("prompt, random", "prompt, words"):
    told = []
    for seed in (0, 1):
        model = copy.deepcopy(trained[name, seed])
        with torch.no_grad():
            vectors_of(model).copy_(table[nearest_to(vectors_of(model), 1)[0][:, 0]])
        told.append(accuracy(model, test))
    print(f"{name:<18} {mean_and_spread(scores[name])[0]:>9.3f} {mean_and_spread(told)[0]:>19.3f}")

# %% [markdown]
# The prompt that started at random has cosines around 0.2 with words that have nothing to do with questions, just what it had before training: among 30,522 words some word is always
# that near. The prompt that started from words still has its own word as the nearest, but the cosine has fallen from 1 to between 0.3 and 0.6, and the vectors are 1.7 times as long as words.
# And the story fails its test: the nearest words in place of the vectors lose seven to twelve points and land near the head alone, or below (part of this is the head, which was trained together with the vectors).
# What a prompt does is in how attention reacts to it, not in the words it is near to.
#
# ## 9. What breaks in practice
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | wrong mean, or an error about sizes | the mask of the pooling stayed as short as the text | huggingface/sentence-transformers #2995, mended in PR #3000 |
# | sizes of attention do not fit | a mask function that knows nothing of the prefix | zai-org/ChatGLM3 #359 |
# | accuracy stays at the share of the largest class (0.6838) in every epoch | one report of an example notebook that does not train, where its saved outputs reach 0.70; open | huggingface/peft #2642 |
# | the prompt stands before the padding | padding on the left in a decoder | huggingface/peft #54, #1093, PR #1212 |
# | wrong scores for a prompt-tuned model | logits were cut as if they had no places for the prompt | EleutherAI/lm-evaluation-harness PR #533 |
# | the wrong mask of the two is extended | the prompt is in the encoder, the decoder's mask grew | huggingface/peft PR #809 |
# | trainer stops with a size error | virtual places counted for prefix tuning, which adds none to the logits | huggingface/trl #4168 |
#
# In the discussion of PR #3000 somebody asks whether zeros would not be safer than ones in the mask. With zeros the prompt is not read, and cannot learn: exercise 1
# checks for this. Against the third line helps a habit: before you train, write down what always guessing the largest class would score. Here it is
# 0.28 on the test questions (*description*).
#
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | numbers: prompt of 5, prefix of 5 in 6 layers, network for a prompt of 5 | 1,920; 23,040; 149,952 trained and 1,920 kept |
# | accuracy with something untrained in front (head alone: 0.77) | positions only 0.75, random vectors 0.73 to 0.74, words 0.71 |
# | rate 0.0001, 0.001, 0.01, 0.1 | 0.73, 0.82, 0.84, 0.81; the vectors go 0.03, 0.2, 1.5 and 13 word lengths |
# | length 1, 5, 20 | 0.79, 0.84, 0.86 |
# | test accuracy, mean over seeds | head alone 0.78; prompts 0.86 to 0.87; prefixes 0.88 and 0.90; spread 0.01 to 0.025 |
# | the share of attention that a prefix takes | random start about 0.1, words about 0.4 |
# | nearest words in place of the vectors | 0.79 and 0.74 instead of 0.87 and 0.86 |
#
# * A prompt is vectors in front, and everything that knows the length of a text must learn of it: mask, positions, labels, pooling.
# * The rate decides first. A prompt has few numbers, and each must go a long way: rates of 0.01 and more.
# * A prefix reaches every layer, leaves the text as long as it was, and is a cache that is not empty at the start.
# * A network that makes the prompt is scaffolding: fold it away.
# * Soft prompts are the smallest adapters there are, and need large models to shine. Lester et al. report that the gap to full fine-tuning closes only with billions of
#   parameters; MiniLM has 22 million. They are also not the cheapest to train: gradients pass through the whole model, and a prompt makes every text longer.
#   [Lab 09](../09_capstone/09_capstone.ipynb) compares them with adapters and LoRA under one budget.
#
# ## Further reading
#
# * B. Lester, R. Al-Rfou, N. Constant, *The Power of Scale for Parameter-Efficient Prompt Tuning*, 2021, [arXiv:2104.08691](https://arxiv.org/abs/2104.08691).
# * X. L. Li, P. Liang, *Prefix-Tuning: Optimizing Continuous Prompts for Generation*, 2021, [arXiv:2101.00190](https://arxiv.org/abs/2101.00190).
# * X. Liu et al., *GPT Understands, Too* (P-tuning), 2021, [arXiv:2103.10385](https://arxiv.org/abs/2103.10385).
# * J. He et al., *Towards a Unified View of Parameter-Efficient Transfer Learning*, 2022, [arXiv:2110.04366](https://arxiv.org/abs/2110.04366).
# * D. Khashabi et al., *Prompt Waywardness*, 2022, [arXiv:2112.08348](https://arxiv.org/abs/2112.08348).
#
# Next: [lab 05](../05_lora_layer/05_lora_layer.ipynb) changes the weights themselves, by two thin matrices.
