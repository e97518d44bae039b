# %% [markdown]
# # 01 Baselines: what a fine-tuned model has to beat
#
# Fine-tuning a model is only worth its cost if it beats what costs nothing. In this lab you build the way from a text to numbers by hand, and then the
# baselines of the whole course: the most frequent class, counted words, and a pretrained language model that is merely *asked*, without training
# (zero-shot) or with a few solved examples in its prompt (few-shot).
#
# When you are done you can
#
# 1. turn text into token numbers, and say what happens to a word that the vocabulary does not know;
# 2. batch texts of unequal length, with a mask, and average over real tokens only;
# 3. name two baselines that need no pretrained model, and say what the test labels may not be used for;
# 4. split a corpus so that the test part holds nothing that training has seen;
# 5. compute the probability that a language model gives to a label, without being off by one;
# 6. calibrate such probabilities, and report few-shot results with their spread.
#
# | what you need | how long | how it is marked |
# | --- | --- | --- |
# | Python, tensors and their shapes ([lab 00](../00_welcome/00_welcome.ipynb)) | about 110 minutes, of which the core takes 90: what is headed *if you have time* is not needed later; the notebook itself runs in one and a half to two minutes on two CPU cores, most of it the language model | {{ exercises }} exercises, {{ points }} points; each has a check that tells you what is wrong, and more checks run when it is graded |
#
# Every exercise stands alone. The experiments use the course's own functions where yours have not passed yet.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} withheld=["lora_utils.data.text.basic_english", "lora_utils.data.text.own_build_vocab_from_iterator", "lora_utils.data.text.pad_batch", "lora_utils.models.minilm.mean_pool", "lora_utils.experiments.bag_of_words.majority_class", "lora_utils.experiments.bag_of_words.word_counts", "lora_utils.experiments.prompting.label_scores", "lora_utils.experiments.prompting.calibrated"]
import random
import re
from collections import Counter
from importlib.metadata import version

import torch
from torch.nn import functional as F

from lora_utils.checks import lab_01_baselines as check

torch.manual_seed(0)
print("torch", torch.__version__, "| peft-by-hand", version("peft-by-hand"))

# %% [markdown]
# ## 1. The task
#
# IMDb film reviews are negative (0) or positive (1). A whole review has 230 words on average; a language model on a CPU would need minutes for a hundred of
# them. So this lab uses the **closing sentence** of each review, if it has 8 to 25 words: what follows the last `.`, `!` or `?` that has white space behind it. Its label is that of the whole review.
# That is a harder task than the review, and for some sentences an impossible one. Read the six below and say for each what you would answer.

# %% tags=["skip-when-grading"]
from lora_utils.data import imdb


def closing_sentences(part):
    """The last sentence of each review, where it has 8 to 25 words, and the label of the review."""
    rows = []
    for text, label in zip(part.texts, part.labels, strict=True):
        last = re.split(r"(?<=[.!?])\s+", text.strip())[-1]
        if 8 <= len(last.split()) <= 25:
            rows.append((last, label))
    return rows


reviews = imdb()
train_rows, test_rows = closing_sentences(reviews.train), closing_sentences(reviews.test)
print(f"{len(train_rows):,} training and {len(test_rows):,} test sentences")
for sentence, label in test_rows[10:16]:
    print(f"{label}  {sentence}")

# %% [markdown]
# ## 2. From text to numbers
#
# A model sees numbers. The first step cuts a text into **tokens**. The course's tokenizer for words is torchtext's `basic_english`; it is a handful of replacements and a split:
#
# | what | becomes |
# | --- | --- |
# | capital letters | small letters |
# | `.` `,` `(` `)` `!` `?` and the apostrophe `'` | tokens of their own |
# | quotation marks `"` | nothing at all: `12"disc` becomes `12disc` |
# | `<br />`, written exactly so (a line break in the reviews), `;` and `:` | a space |
# | all else, the hyphen, digits, accents or another tag for example | stays where it is, inside its word |
#
# At the end the text is split at white space of any kind, so that no token is empty. `It's a 'must-see'!` gives `it`, `'`, `s`, `a`, `'`, `must-see`, `'`, `!`.

# %% [markdown]
# ### Exercise 1: tokens
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | cut a text into tokens by the rules of the table | 1 of 5 | 7 min | 6 lines |
#
# <details><summary>Hint 1: where to start</summary>
# A mark becomes a token of its own when there are spaces around it before you split.
# </details>
# <details><summary>Hint 2: the tools</summary>
# <code>text.lower()</code>, <code>text.replace(old, new)</code>, <code>text.split()</code>. Replacing the marks one by one in a loop is fine.
# </details>
# <details><summary>Hint 3: a text by hand</summary>
# <code>"Don't stop; it's 5:30."&lt;br /&gt;OK</code> has the tokens don ' t stop it ' s 5 30 . ok. Sort the rules by what a character becomes: itself between two spaces, one space, or nothing.
# <code>split()</code> without an argument leaves no empty tokens, <code>split(" ")</code> does.
# </details>


# %% nbgrader={"grade": false, "grade_id": "tokenise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tokenize(text: str) -> list[str]:
    """The tokens of a text, in their order, by the rules of "basic_english"; an empty text has none."""
    ### BEGIN SOLUTION
    text = text.lower().replace('"', "").replace("<br />", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    for mark in ";:":
        text = text.replace(mark, " ")
    return text.split()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-tokenise", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
tokenise_grade = check.tokenize(tokenize, points=3, of=4)


### BEGIN HIDDEN TESTS
def corners(function, draw):
    """It also holds at the ends of a text, for marks in a row, other symbols, digits, accents and an empty text."""
    n = draw.integer(10, 99)
    texts = ["", "  \n", f"...{n}%!!", f"(A {n}/10?)<br /><br />Tom's", "Über-cool: $5; \"Café\" 'n' \tso_so"]
    texts += [
        f"<i>Fine</i>, <br/> and {n}<br />",
        "Straße 5\r\nEND",
        "''",
        '""',
        ";",
        "?",
        "U.S.A. (1st)",
        "it's 'it's'",
    ]
    texts += ["a,b", "a, a, A", "?!?", ' "Well," she said: "no." ', "<br />", "  A;B:C  ", "ÉTÉ", "3.14", "e-mail@home"]
    small = [f"so{mark}so" for mark in ".,()!?';:\"-/%&*_$#@+=[]{}~^|\\’“”–…"]
    check.judge_tokens(function, texts, small)


tokenise_grade = tokenise_grade.hidden(corners, points=1)
### END HIDDEN TESTS
tokenise_grade

# %% [markdown]
# The course's own pipeline lives in `lora_utils.data`; it takes torchtext's tokenizer where that loads. Does yours agree, on every sentence of both parts?

# %% tags=["skip-when-grading"]
from lora_utils.data import basic_english, build_vocab_from_iterator, get_tokenizer

own = tokenise_grade.verdict == "pass"
cut = tokenize if own else basic_english  # your function once it has passed
pipeline = get_tokenizer("basic_english")
sentences = [sentence for sentence, _ in train_rows + test_rows]
if own:
    equal = sum(cut(sentence) == pipeline(sentence) for sentence in sentences)
    print(f"your tokens are the pipeline's on {equal:,} of {len(sentences):,} sentences")
else:
    print("exercise 1 has not passed yet: the course's tokens are used, and nothing of yours is compared")

# %% [markdown]
# A **vocabulary** gives each token a number: its place in a list. By convention `<pad>` is number 0 (it fills rows of a batch) and `<unk>` is number 1 (it
# stands for every token that is not in the list). The others follow from frequent to rare, so that a shorter vocabulary is simply a cut list. Tokens of
# equal frequency stand in alphabetical order: then the list depends on the texts alone, not on their order.

# %% [markdown]
# ### Exercise 2: the vocabulary
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | build the list, and look tokens up in it | 2 of 5 | 10 min | 6 lines |
#
# `build_vocabulary` returns the specials, in the order given, and then every other token that occurs at least `min_freq` times. `numbers` gives each token its place
# in that list; whatever is not in it gets the place of `"<unk>"`.
#
# <details><summary>Hint 1: where to start</summary>
# <code>Counter</code> is imported. <code>counts.update(tokens)</code> counts the tokens of one text.
# </details>
# <details><summary>Hint 2: two keys</summary>
# <code>sorted(..., key=lambda token: (-counts[token], token))</code> sorts by frequency, falling, and then by the alphabet.
# </details>
# <details><summary>Hint 3: an example by hand</summary>
# The texts b a b and &lt;unk&gt; c a, the specials &lt;pad&gt; &lt;unk&gt; and <code>min_freq=2</code> give the list &lt;pad&gt; &lt;unk&gt; a b: &lt;unk&gt; stands there once, a and b are equally frequent, c is too rare.
# In it, b and z have the numbers 3 and 1. Which method of a dictionary returns a value of your choice for a key that is not there?
# </details>


# %% nbgrader={"grade": false, "grade_id": "vocabulary", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_vocabulary(texts: list[list[str]], specials: list[str], min_freq: int = 1) -> list[str]:
    """The specials, then the tokens that occur at least min_freq times: frequent first, ties by the alphabet.

    Args:
        texts: one list of tokens a text.
        specials: for example ["<pad>", "<unk>"]; any number of them, listed once and in this order.
        min_freq: rarer tokens are left out, specials never.
    """
    ### BEGIN SOLUTION
    counts = Counter(token for tokens in texts for token in tokens)
    kept = [token for token, count in counts.items() if count >= min_freq and token not in specials]
    return list(specials) + sorted(kept, key=lambda token: (-counts[token], token))
    ### END SOLUTION


def numbers(tokens: list[str], vocabulary: list[str]) -> list[int]:
    """The place of each token in the vocabulary; unknown ones get the place of "<unk>", wherever that stands."""
    ### BEGIN SOLUTION
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-vocabulary", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
vocabulary_grade = check.vocabulary(build_vocabulary, numbers, points=3, of=4)


### BEGIN HIDDEN TESTS
def special_inside(functions, draw):
    """Any specials serve, in their order, also those that occur in the texts; no texts; `<unk>` at any place."""
    marks = [["<unk>", "<pad>"], ["<s>", "<unk>", "<pad>", "</s>"], ["<unk>"], ["<pad>", "<unk>", "dog", "hen"]]
    cases = [(check.corpus(draw, 6 + i % 4), marks[i % 4], *bound) for i in range(8) for bound in ((), (2,))]
    for texts, specials, *_ in cases:
        texts[1] += specials[:1] * draw.integer(1, 5)  # a special among the tokens, rare or frequent
    cases += [
        ([], ["<pad>", "<unk>"]),
        ([[]], ["<unk>"], 3),
        ([["a"], [], ["b", "a"]], [], 1),
        ([["b", "a"]], ["<unk>"]),
    ]
    cases += [([["A", "a", "A"]], ["<unk>"]), ([["<unk>", "<unk>", "<pad>"]], ["<unk>", "<pad>"], 2)]
    check.judge_vocabulary(functions, cases)
    lookups = [check.lookup_case(draw, specials, unknown) for specials in marks[:3] for unknown in (0, 1, 4)]
    lookups += [(["<unk>", "x"], ["<unk>"]), (["x"], ["a", "<unk>"]), (["a", "x", "a"], ["a", "b", "<unk>"])]
    check.judge_numbers(functions, lookups)


vocabulary_grade = vocabulary_grade.hidden(special_inside, points=1)
### END HIDDEN TESTS
vocabulary_grade

# %% [markdown]
# **Predict before you run.** The training sentences hold 12,551 different tokens. About how many of the most frequent ones does it take to cover nine tenths of the *running* text of the test sentences: 10,000, 3,000 or 300?

# %% tags=["skip-when-grading"]
from lora_utils.plots import figure, lines

train_tokens = [cut(sentence) for sentence, _ in train_rows]
listed = reference = build_vocab_from_iterator(train_tokens, specials=["<pad>", "<unk>"]).get_itos()
if vocabulary_grade.verdict == "pass":
    listed = build_vocabulary(train_tokens, ["<pad>", "<unk>"])
    print("your vocabulary is the pipeline's:", listed == reference, f"| {len(listed):,} entries")
else:
    print(f"exercise 2 has not passed yet: the course's vocabulary is used, {len(listed):,} entries")

running = [token for sentence, _ in test_rows for token in cut(sentence)]
place = {token: number for number, token in enumerate(listed)}
places = torch.tensor([place.get(token, len(listed)) for token in running])
sizes = [2**e for e in range(4, 14)] + [len(listed)]
covered = [(places < size).float().mean().item() for size in sizes]
for size, share in zip(sizes, covered, strict=True):
    print(f"{size:>6,} entries cover {share:.3f} of {len(running):,} running tokens")

# %% tags=["skip-when-grading"]
fig, axes = figure(
    "A few hundred words carry most of a text, and some words are always new",
    "entries of the vocabulary, most frequent first",
    "share of test tokens known",
)
lines(axes, sizes, {"closing sentences": covered})
axes.set(xscale="log", ylim=(0, 1.02))
axes.axhline(covered[-1], color="grey", linewidth=1)
_ = axes.annotate(
    f"all {sizes[-1]:,} entries: {covered[-1]:.3f}", (sizes[0], covered[-1]), (sizes[0], covered[-1] - 0.09)
)

# %% [markdown]
# <details><summary>Answer</summary>
# About 3,000. The 32 most frequent entries alone cover 45 %, punctuation marks among them; every doubling of the list then adds less. And all 12,553 entries cover only 95 %: one test token in twenty never occurred in the training sentences.
# </details>
#
# What is missing the model cannot see: all those words become `<unk>`. A language model avoids that by cutting rare words into **pieces**. Compare: below, the same sentence as words and as pieces of
# SmolLM2's tokenizer (byte-pair encoding, 49,152 pieces). A piece that starts a word brings the space before it with it. Remember that for section 5.

# %% tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
from lora_utils.data import smollm2_tokenizer

tokenizer = smollm2_tokenizer()
for sentence in ("An unfilmable novel, filmed.", "Sacrilege, Mr. Costner!"):
    print([tokenizer.decode([number]) for number in tokenizer.encode(sentence).ids])

# %% [markdown]
# ## 3. A batch: padding and its mask
#
# A batch of $b$ texts is one tensor `ids` of shape $(b, s)$, where $s$ is the length of the longest; shorter rows are filled with a number that means nothing, `pad_id`.
# From then on somebody has to remember what is text and what is filling: the **mask**, of shape $(b, s)$, True for real tokens.
#
# It is tempting to compute the mask as `ids != pad_id`. That is right only while no real token has that number. Many language models have no padding token of their own and are padded with
# the token that *ends a turn*; in SmolLM2-Instruct it is so from the start. A mask made from the ids then wipes out every real end, and the model never learns to stop
# ([trl #6357](https://github.com/huggingface/trl/pull/6357), [llm-course #33](https://github.com/mlabonne/llm-course/issues/33)).

# %% [markdown]
# ### Exercise 3: pad, and remember where
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | one tensor of ids and one mask from rows of unequal length | 2 of 5 | 8 min | 6 lines |
#
# <details><summary>Hint 1: where to start</summary>
# Make both tensors full first, one of <code>pad_id</code> and one of False; then go through the rows and write each into its beginning.
# </details>
# <details><summary>Hint 2: the tools</summary>
# <code>torch.full((b, s), pad_id)</code> and <code>torch.zeros(b, s, dtype=torch.bool)</code>; s is the length of the longest row. <code>enumerate(rows)</code> gives each row with its number.
# </details>
# <details><summary>Hint 3: two rows by hand</summary>
# The rows 5 6 and 7 with <code>pad_id=9</code> give the ids 5 6 / 7 9 and the mask True True / True False. On the left of <code>=</code> a slice writes into a part: <code>t[2, 1:3] = torch.tensor([8, 8])</code> fills
# two places of row 2. Which slice of row i does a text fill, in both tensors? An empty one fills none, and that is right.
# </details>


# %% nbgrader={"grade": false, "grade_id": "padded-batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pad_with_mask(rows: list[list[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """One batch from rows of unequal length.

    Args:
        rows: b lists of token numbers; at least one is not empty.
        pad_id: fills short rows at the end. A real token may have the same number.

    Returns:
        ids, integers (b, s) with s the longest row, and mask, bool (b, s), True for real tokens.
    """
    ### BEGIN SOLUTION
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), pad_id)  # (b, s)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)  # (b, s)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[i, : len(row)] = True
    return ids, mask
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-padded-batch", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
padded_batch_grade = check.padded_batch(pad_with_mask, points=3, of=4)


### BEGIN HIDDEN TESTS
def odd_rows(function, draw):
    """It also serves a single row, a batch that holds an empty row, rows of equal length, and 0 as padding."""
    lengths = ((4,), (2, 0, 3), (0, 3), (3, 2, 0), (3, 3), (1, 1, 1), (1,), (7, 3, 5), (2, 9))
    cases = [check.rows_case(draw, one, pad_id) for one in lengths for pad_id in (5, 0, 49_151)]
    check.judge_ids(function, cases)
    check.judge_mask(function, cases)


padded_batch_grade = padded_batch_grade.hidden(odd_rows, points=1)
### END HIDDEN TESTS
padded_batch_grade

# %% [markdown]
# ## 4. The mean over real tokens
#
# The simplest vector for a text is the mean of its tokens' vectors. With `vectors` of shape $(b, s, d)$, $d$ numbers a token, and $\text{mask}_{it} \in \{0, 1\}$:
#
# $$m_i = \frac{\sum_{t=1}^{s} \text{mask}_{it}\;\text{vectors}_{it}}{\max\bigl(1, \sum_{t=1}^{s} \text{mask}_{it}\bigr)}, \qquad m \text{ of shape } (b, d).$$
#
# The plain `vectors.mean(dim=1)` divides by $s$ and adds the padding. It raises no error, and the same sentence then gets another vector in another batch
# ([transformers #17463](https://github.com/huggingface/transformers/issues/17463)). The maximum in the denominator is for a text without tokens, which would otherwise
# give 0/0: one NaN there, and the loss of the whole batch is NaN.

# %% [markdown]
# ### Exercise 4: mean pooling
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | average each text over its real tokens | 2 of 5 | 8 min | 3 lines |
#
# The mask may be of truth values or of numbers 0 and 1, as tokenizers give it. Do not change the vectors you are given.
#
# <details><summary>Hint 1: where to start</summary>
# Multiplying by the mask sets the vectors of the padding to zero, so that they add nothing. Then divide by something else than s.
# </details>
# <details><summary>Hint 2: the shape</summary>
# (b, s) does not line up with (b, s, d). <code>mask[:, :, None]</code> has the shape (b, s, 1) and does.
# </details>
# <details><summary>Hint 3: two texts by hand</summary>
# <code>vectors = torch.tensor([[[2.0], [4.0]], [[6.0], [9.0]]])</code> with the mask 1 1 / 1 0 gives 3 and 6. The count must have the shape (b, 1), to divide (b, d). A text without tokens is 0 divided by 0:
# <code>clamp</code> raises what is too small to a number of your choice. Which of the two do you want to raise?
# </details>


# %% nbgrader={"grade": false, "grade_id": "mean-pooling", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_pool(vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over each text's real tokens.

    Args:
        vectors: (b, s, d); whatever (finite) numbers stand under the padding do not count.
        mask: (b, s), True or 1 for real tokens; padding may stand anywhere.

    Returns:
        (b, d); zeros for a text without real tokens.
    """
    ### BEGIN SOLUTION
    total = (vectors * mask[:, :, None]).sum(dim=1)  # (b, d)
    return total / mask.sum(dim=1, keepdim=True).clamp(min=1)  # (b, d)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-mean-pooling", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
mean_pooling_grade = check.mean_pooling(mean_pool, points=4, of=5)


### BEGIN HIDDEN TESTS
def other_masks(function, draw):
    """It also serves masks of numbers, padding on the left, a batch of one, any sizes, and float64."""
    lengths = ((4,), (1,), (3, 3, 3), (1, 1), (2, 0, 5, 5), (4, 2, 1, 3), (0,), (0, 0))
    lengths = [one if max(one) else (*one, 2) for one in lengths]
    cases = [check.pool_case(draw, one, d, shift) for one in lengths for d, shift in ((1, -2), (4, 0), (len(one), 1))]
    check.judge_pool(function, cases)
    for kind in (torch.long, torch.float32, torch.int32):
        check.judge_pool(function, [(x, mask.to(kind)) for x, mask in cases], f" and a mask of {kind}")
    check.judge_pool(function, [(x, mask.flip(1)) for x, mask in cases], ", padded on the left")
    check.judge_pool(function, [(x, mask.roll(1, 1)) for x, mask in cases], " and padding between real tokens")
    check.judge_pool(function, [(x.double(), mask) for x, mask in cases], ", of float64")


mean_pooling_grade = mean_pooling_grade.hidden(other_masks, points=1)
### END HIDDEN TESTS
mean_pooling_grade

# %% [markdown]
# What the mask is worth, measured. A linear classifier is trained on the masked means of GloVe word vectors (50 numbers a word). Then it gets the test sentences again, as if they had been
# padded to 25, 100 and 400 places and averaged without a mask. The padding's own vector is zero here, so it adds nothing to the sum; only the division is wrong. Look at the last column.

# %% tags=["skip-when-grading"]
from lora_utils import models
from lora_utils.data import course_vectors, examples

pool = mean_pool if mean_pooling_grade.verdict == "pass" else models.mean_pool
glove = course_vectors()  # (25,000, 50), row 0 for padding
train_ids, test_ids = (examples([t for t, _ in rows], [y for _, y in rows], 64) for rows in (train_rows, test_rows))


def means(ids, divide_by=None):
    """Mean word vector of each sentence (n, 50); with divide_by, the sum over that many places instead."""
    mask = ids != 0  # this vocabulary keeps number 0 for padding alone
    mean = pool(glove[ids.long()], mask)
    return mean if divide_by is None else mean * mask.sum(dim=1, keepdim=True) / divide_by


linear, x = torch.nn.Linear(50, 2), means(train_ids.inputs)
optimizer = torch.optim.LBFGS(linear.parameters(), max_iter=200, line_search_fn="strong_wolfe")


def loss():
    optimizer.zero_grad()
    value = F.cross_entropy(linear(x), train_ids.labels)
    value.backward()
    return value


optimizer.step(loss)
print("divided by              accuracy   answered positive")
for places in (None, 25, 100, 400):
    answers = linear(means(test_ids.inputs, places)).argmax(dim=1)
    right = (answers == test_ids.labels).float().mean().item()
    print(f"{places or 'number of real tokens':<23} {right:>8.3f} {answers.float().mean().item():>19.3f}")

# %% [markdown]
# With the right count 0.66 of the answers are right. Padded to 25 places, 0.61; padded to 100, the classifier calls **every** sentence negative: the mean has shrunk so far that only the bias is left to decide. In a
# model the padding's vector is not even zero, and the batch decides how much of it there is. So a text's result depends on its neighbours, and nothing warns you. The test for it is one line: score a text alone and in a batch, and compare.

# %% [markdown]
# ## 5. Baselines without a pretrained model
#
# Before any model: what does it cost to be right by accident? Two answers, and every result of this course should be read beside them.
#
# * **The majority class.** Always give the label that is most frequent in the *training* labels. If 90 % of the mails are not spam, a classifier with 0.9 accuracy need not have learned anything. The test labels may not be
#   used for the choice, not even here.
# * **The bag of words.** Count how often each word of the vocabulary stands in a text, and fit a linear classifier to the counts. The order of the words is lost, `not good, bad` and `not bad, good` are one text, and it is hard to beat all the same.

# %% [markdown]
# ### Exercise 5: count words, and answer without reading
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | the features of the bag of words, and the accuracy of the majority class | 2 of 5 | 8 min | 5 lines |
#
# `ids` (n, s) holds n padded texts of s places, 0 is padding. `count_words` returns a row of v = `words` counts for each text; column 0, the padding's, stays zero.
#
# <details><summary>Hint 1: where to start</summary>
# <code>torch.bincount(row, minlength=words)</code> counts one text.
# </details>
# <details><summary>Hint 2: the majority</summary>
# <code>bincount</code> counts labels as well as words, and <code>argmax()</code> gives the place of the largest count. Which of the two arguments says what is most frequent? How often do the test labels equal it?
# </details>
# <details><summary>Hint 3: numbers to compare</summary>
# <code>count_words(torch.tensor([[2, 3, 2, 0]]), 5)</code> is 0 0 2 1 0; <code>torch.stack</code> makes a tensor of a list of rows, and the padding's column is emptied last. The training labels 0 1 1 and the test labels 1 0 0 0 give 0.25.
# (0.75 means that the test labels have chosen. A mean wants floats, and <code>item()</code> makes a plain number.)
# </details>


# %% nbgrader={"grade": false, "grade_id": "honest-baselines", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_words(ids: torch.Tensor, words: int) -> torch.Tensor:
    """How often each word stands in each text: ids (n, s) -> counts (n, words); number 0 is padding, not a word.

    The ids are smaller than words; what kind of numbers the counts are is up to you.
    """
    ### BEGIN SOLUTION
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])  # (n, words)
    counts[:, 0] = 0
    return counts
    ### END SOLUTION


def majority_accuracy(train_labels: torch.Tensor, test_labels: torch.Tensor) -> float:
    """The accuracy on the test labels of always giving the most frequent training label; labels are 0, 1, ...

    One label is more frequent than all others. The accuracy is a plain number from 0 to 1, not a tensor.
    """
    ### BEGIN SOLUTION
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).float().mean().item()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-honest-baselines", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
honest_baselines_grade = check.honest_baselines(count_words, majority_accuracy, points=3, of=4)


### BEGIN HIDDEN TESTS
def odd_batches(functions, draw):
    """It also serves a single text, a text of padding only, any number of words, and any labels."""
    cases = [check.counts_case(draw, n) for n in (1, 4, 2, 6, 4)]
    cases[1][0][2] = 0
    cases += [(ids, words + 3) for ids, words in cases]
    cases += [(ids, int(ids.max()) + 1) for ids, _ in cases[:3]]  # the last word occurs
    cases += [(torch.zeros(2, 3, dtype=torch.long), 4), (torch.tensor([[1]]), 2), (torch.tensor([[3, 3, 3]]), 4)]
    cases += [(torch.ones(1, 300, dtype=torch.long), 3)]  # more than 8 bits hold
    check.judge_counts(functions, cases)
    labels = [check.labels_case(draw, classes, size) for classes in (2, 3, 7) for size in (2, 5, 40)]
    ones, zeros = torch.ones(3, dtype=torch.long), torch.zeros(2, dtype=torch.long)
    labels += [(ones, zeros), (zeros, ones), (ones, ones), (zeros, zeros), (ones[:1], torch.tensor([1, 0, 2]))]
    check.judge_majority(functions, labels)


honest_baselines_grade = honest_baselines_grade.hidden(odd_batches, points=1)
### END HIDDEN TESTS
honest_baselines_grade

# %% [markdown]
# `fit_bag_of_words` of `lora_utils.experiments` fits the classifier: words that many texts share count less (TF-IDF), each row is scaled to length 1, and logistic regression does the rest. It stores the counts as a
# sparse matrix, since 8,816 rows of 25,000 counts are nearly all zero. How many labelled sentences does it need? Three random choices of each size; the band is plus and minus one standard deviation.

# %% tags=["skip-when-grading"]
from lora_utils.data import Examples
from lora_utils.experiments import fit_bag_of_words, majority_class
from lora_utils.training import accuracy, mean_and_spread

guess = majority_class(train_ids.labels)
if honest_baselines_grade.verdict == "pass":
    majority = majority_accuracy(train_ids.labels, test_ids.labels)
else:
    majority = (test_ids.labels == guess).float().mean().item()
whose = "your majority_accuracy" if honest_baselines_grade.verdict == "pass" else "the course's function"
print(f"majority class ({guess}), by {whose}: {majority:.3f}")


def some(count, seed):
    """So many training sentences, drawn at random."""
    chosen = torch.randperm(len(train_ids), generator=torch.Generator().manual_seed(seed))[:count]
    return Examples(train_ids.inputs[chosen], train_ids.labels[chosen])


counts, bags = [32, 100, 512, 2048], {}
for count in counts:
    bags[count] = [fit_bag_of_words(some(count, seed), len(glove)) for seed in range(3)]
counts.append(len(train_ids))
bags[len(train_ids)] = [fit_bag_of_words(train_ids, len(glove))]
curve = {count: [accuracy(bag, test_ids) for bag in bags[count]] for count in counts}
for count, values in curve.items():
    print(f"bag of words, {count:>5,} sentences: {mean_and_spread(values)[0]:.3f}  {[round(v, 3) for v in values]}")

# %% tags=["skip-when-grading"]
middle, spread = zip(*(mean_and_spread(curve[count]) for count in counts), strict=True)
fig, axes = figure(
    "Counted words need hundreds of labels before they say anything",
    "labelled training sentences",
    f"accuracy on {len(test_ids):,} test sentences",
)
lines(axes, counts, {"bag of words": middle, "majority class": [majority] * len(counts)})
low, high = ([m + sign * s for m, s in zip(middle[:-1], spread[:-1], strict=True)] for sign in (-1, 1))
axes.fill_between(counts[:-1], low, high, alpha=0.2, color="black", linewidth=0)
_ = axes.set(xscale="log", ylim=(0.45, 0.8))

# %% [markdown]
# With 32 labels the bag of words is at chance, with 100 hardly above, with all 8,816 it reaches 0.71. On the first 256 words of whole reviews the same method gets 0.85 (measured outside this notebook): what limits it here is the sentence, not the method. Keep two numbers in mind: **0.52**
# costs nothing, and **0.55** is what a hundred labels buy if one starts from nothing at all. Does a pretrained model do better with none?

# %% [markdown]
# ### Exercise 6, if you have time: a split that does not leak
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | choose a test part that shares nothing with the training part | 3 of 5 | 15 min | 10 to 15 lines |
#
# Sentences of one review, reviews of one film, questions of one person belong together: whoever has seen some of them in training has an easy test with the others. This exercise is open: there is no stub, and very
# different answers are right. Write a function `honest_split(groups, labels, share)`. `groups` has the name of a group for each example, `labels` its label, 0 or 1, and both are lists. Return the places of the test examples, a list of
# `int` in any order, such that
#
# 1. **no group is in both parts**;
# 2. the test part holds `share` of the examples, within 0.05, and both parts hold some;
# 3. in either part the share of label 1 is that of all examples, within 0.1, although most groups lean to one label;
# 4. the same examples give the same split at every call.
#
# There are at least 40 groups of one to six examples.
#
# <details><summary>Hint 1: where to start</summary>
# Collect the places of each group first, in a dictionary from group to list. From then on whole groups are chosen.
# </details>
# <details><summary>Hint 2: one way</summary>
# Draw an order of the groups, add groups as long as that brings the size nearer to what is wanted, and look at the labels of both parts. If they lean, draw again. <code>random.Random(0)</code> is a generator of your own.
# </details>
# <details><summary>Hint 3: another way</summary>
# Know how many examples of each label the test part shall have. Go through the groups from large to small, and take a group if it brings both numbers nearer.
# </details>


# %% nbgrader={"grade": false, "grade_id": "honest-split", "locked": false, "schema_version": 3, "solution": true, "task": false}
honest_split = None  # def honest_split(groups, labels, share) comes here, in place of this line


### BEGIN SOLUTION
def honest_split(groups: list[str], labels: list[int], share: float) -> list[int]:
    """Whole groups in a random order, as long as that brings the size nearer; drawn again where the labels lean."""
    rng, n, ones = random.Random(0), len(groups), sum(labels) / len(labels)
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    order = list(members)
    while True:
        rng.shuffle(order)
        test: list[int] = []
        for group in order:
            if abs(len(test) + len(members[group]) - share * n) < abs(len(test) - share * n):
                test += members[group]
        rest = set(range(n)) - set(test)
        if all(abs(sum(labels[place] for place in part) / len(part) - ones) < 0.08 for part in (test, rest)):
            return test


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-honest-split", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
honest_split_grade = check.honest_split(honest_split, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_examples(function, draw):
    """It also holds for other groups and labels."""
    cases = check.cases_of(draw)
    check.judge_groups(function, cases)
    check.judge_size(function, cases)
    check.judge_classes(function, cases)


honest_split_grade = honest_split_grade.hidden(
    other_examples, points=1, after=("shares-no-group", "has-the-size", "keeps-the-classes", "repeats")
)
### END HIDDEN TESTS
honest_split_grade

# %% [markdown]
# What a leak is worth, on purpose: 400 training sentences stand for 40 "films" of ten each, and the film's name, made up, is put in front of them three times. Nine in ten sentences of a film get one label, drawn at random, whatever they say: nothing can be learned but the names.

# %% tags=["skip-when-grading"]
if honest_split_grade.verdict != "pass":
    print("this cell waits for exercise 6; the rest of the lab does without it")
else:
    rng = random.Random(0)
    liked = [rng.random() < 0.5 for _ in range(40)]
    films = [k // 10 for k in range(400)]
    verdicts = [int(liked[film] if rng.random() < 0.9 else not liked[film]) for film in films]
    names = torch.tensor([[20_000 + film] * 3 for film in films])  # a word of its own for each film
    rows = torch.cat((names, train_ids.inputs[:400]), dim=1)
    truth_of = torch.tensor(verdicts)

    def bag_accuracy(test_places):
        """Accuracy of a bag of words that is trained on all other places."""
        inside = torch.zeros(400, dtype=torch.bool)
        inside[test_places] = True
        bag = fit_bag_of_words(Examples(rows[~inside], truth_of[~inside]), len(glove))
        return accuracy(bag, Examples(rows[inside], truth_of[inside]))

    apart = honest_split([f"film {film}" for film in films], verdicts, 0.25)
    leaking = [bag_accuracy(rng.sample(range(400), 100)) for _ in range(3)]
    often = truth_of[apart].float().mean().item()
    print(f"the more frequent label always:    {max(often, 1 - often):.2f}")
    print(f"your split, no film on both sides: {bag_accuracy(apart):.2f}")
    print("100 sentences at random:          ", [round(value, 2) for value in leaking])

# %% [markdown]
# Where sentences are split at random, the classifier seems to know what nobody can know: it has seen the films. Under an honest split it does no better than the more frequent label, as it must be.

# %% [markdown]
# ## 6. Asking a language model
#
# SmolLM2-135M-Instruct has read two trillion tokens and has never seen our labels. It computes, for every place $t$ of a text, scores (`logits`, at each place $v$ numbers) of all $v = 49{,}152$ tokens as the
# **next** one. Softmax over the vocabulary makes them probabilities:
#
# $$p(\text{token at } t \mid \text{tokens before } t) = \operatorname{softmax}(\text{logits}_{t-1})[\text{token at } t].$$
#
# So one can ask: after the prompt `Review: ... Sentiment:`, what is the probability of ` positive`, and what of ` negative`? A label of several tokens has the product of their probabilities,
# and the logarithm of a product is a sum:
#
# $$\log p(\text{label} \mid \text{prompt}) = \sum_{t \,\in\, \text{label}} \log p(\text{token at } t \mid \text{tokens before } t).$$
#
# Three things go wrong in practice, all in silence. The logits at $t-1$, not at $t$, speak about the token at $t$. Only the label's tokens belong into the sum: the prompt's own tokens add the same to every label and make long texts look improbable. And the space:
# the label is ` positive`, with its space, since that is one piece of the vocabulary (section 2); a prompt that already ends in a space asks for something the model has hardly ever seen.

# %% tags=["skip-when-grading"]
from lora_utils.schematics import schematic

schematic("label_score")

# %% [markdown]
# ### Exercise 7: the score of a label
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | sum the log-probabilities of the label's tokens, from logits | 3 of 5 | 12 min | 4 lines |
#
# Each of b rows holds prompt, label and perhaps padding after them. `is_label` is True at the label's tokens, never at place 0.
#
# <details><summary>Hint 1: where to start</summary>
# Write down for a row of three tokens which logits speak about which token. The last logits speak about no token of the row, and no logits speak about the first token.
# </details>
# <details><summary>Hint 2: line them up</summary>
# Cut so that the same index means the same token everywhere: <code>logits[:, :-1]</code>, <code>ids[:, 1:]</code> and <code>is_label[:, 1:]</code>.
# </details>
# <details><summary>Hint 3: a row by hand</summary>
# A vocabulary of two tokens and all logits 0: a label of two tokens scores 2 log(1/2) = -1.386. Now let the logits at place 0 be 0 and log 3: token 1 as a label at place 1 scores log(3/4), at place 2 still log(1/2).
# <code>gather</code> picks one of the v numbers at each place; its index needs three axes as well, (b, s - 1, 1), and what it returns has them too. What the mask keeps is added up.
# </details>


# %% nbgrader={"grade": false, "grade_id": "label-score", "locked": false, "schema_version": 3, "solution": true, "task": false}
def label_score(logits: torch.Tensor, ids: torch.Tensor, is_label: torch.Tensor) -> torch.Tensor:
    """The log-probability of each row's label, given what stands before it.

    Args:
        logits: (b, s, v); those at place t are the scores of all v tokens for place t + 1.
        ids: (b, s), the tokens of prompt, label and padding.
        is_label: bool (b, s), True at the tokens of the label; each row has at least one.

    Returns:
        (b,): the sum over the label's tokens of log p(token | tokens before it).
    """
    ### BEGIN SOLUTION
    logp = logits[:, :-1].log_softmax(dim=-1)  # (b, s - 1, v)
    of_tokens = logp.gather(2, ids[:, 1:, None]).squeeze(2)  # (b, s - 1)
    return (of_tokens * is_label[:, 1:]).sum(dim=1)  # (b,)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-label-score", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
label_score_grade = check.label_score(label_score, points=5, of=6)


### BEGIN HIDDEN TESTS
def other_rows(function, draw):
    """It also serves a single row, a prompt of one token, a label that ends the row, and float64."""
    lengths = (
        ((1, 2),),
        ((1, 1),),
        ((3, 2), (1, 4)),
        ((2, 2), (2, 2), (2, 2)),
        ((1, 1), (1, 1)),
        ((6, 3), (1, 1)),
        ((2, 7), (3, 2)),
    )
    cases = [check.score_case(draw, one, fill=fill) for one in lengths for fill in (0, 1, 3)]
    check.judge_score(function, cases)
    check.judge_score(function, [(logits.double(), *more) for logits, *more in cases[:6]])


label_score_grade = label_score_grade.hidden(other_rows, points=1)
### END HIDDEN TESTS
label_score_grade

# %% [markdown]
# Now the model. Loading it takes some seconds. First look at what it would like to say itself, then at the two labels.

# %% tags=["skip-when-grading"]
from lora_utils.devices import best_device
from lora_utils.experiments import CONTENT_FREE, accuracy_of, calibrated, label_scores, prompt_of
from lora_utils.models import load_smollm2

device = best_device()
model = load_smollm2().to(device).eval()
LABELS = [" negative", " positive"]

prompt = prompt_of("One of the finest films I have seen in years.")
ids = torch.tensor([tokenizer.encode(prompt).ids], device=device)  # (1, s)
with torch.no_grad():
    p = model(ids)[0, -1].softmax(dim=-1)  # (v,)
print(prompt)
for number in p.topk(5).indices.tolist():
    print(f"   {p[number].item():.3f}  {tokenizer.decode([number])!r}")
for label in LABELS:
    print(f"   {p[tokenizer.encode(label).ids[0]].item():.3f}  {label!r}")

# %% [markdown]
# The model need not say one of our labels; we only compare the two. `label_scores` of `lora_utils.experiments` does that for many prompts, with the same sum as yours. A check on a label of several tokens:

# %% tags=["skip-when-grading"]
long_label = " quite wonderful"
row = tokenizer.encode(prompt).ids + tokenizer.encode(long_label).ids
is_label = torch.arange(len(row)) >= len(tokenizer.encode(prompt).ids)
if label_score_grade.verdict == "pass":
    with torch.no_grad():
        yours = label_score(model(torch.tensor([row], device=device)).cpu(), torch.tensor([row]), is_label[None])
    print(f"your sum     {yours.item():.4f}")
print(f"label_scores {label_scores(model, tokenizer, [prompt], [long_label]).item():.4f}")

# %% [markdown]
# The experiment: 100 test sentences, 50 of each class, so that guessing gets 0.5. Three wordings of the same question, **zero-shot**: the prompt holds no solved example.
# Look at two columns: the accuracy, and the share of sentences that are called positive, which should be 0.5.

# %% tags=["skip-when-grading"]
chosen = [row for label in (0, 1) for row in [row for row in test_rows if row[1] == label][:50]]
texts, truth = [text for text, _ in chosen], [label for _, label in chosen]
WORDINGS = {
    "Sentiment:": ("Review: {text}\nSentiment:", LABELS),
    "All in all, it was": ("{text} All in all, it was", [" terrible", " great"]),
    "positive or negative? It is": ("{text}\nIs this review positive or negative? It is", LABELS),
}


def ask(template, labels, shots=()):
    """Scores (100, 2) of the test sentences, and (3, 2) of the inputs without content."""
    prompts = [prompt_of(text, shots, template) for text in (*texts, *CONTENT_FREE)]
    scores = label_scores(model, tokenizer, prompts, labels, batch_size=16)
    return scores[: len(texts)], scores[len(texts) :]


def called_positive(scores):
    """The share of sentences whose better label is the positive one."""
    return scores.argmax(dim=1).float().mean().item()


zero = {name: ask(*wording) for name, wording in WORDINGS.items()}
print(f"{'zero-shot':<29} accuracy   called positive")
for name, (scores, _) in zero.items():
    print(f"{name:<29} {accuracy_of(scores, truth):>8.2f} {called_positive(scores):>17.2f}")

# %% [markdown]
# One question, three wordings: 0.75, 0.53 and 0.65. The second wording calls nearly everything great, the third calls three quarters negative. The first was fixed before anything was measured; who tries many wordings on the test
# sentences and reports the best has used their labels. Report the wording, and how many you tried.

# %% [markdown]
# ## 7. Calibration
#
# A model can prefer a label before it has read anything: because the word is more frequent, or because it stood last in the prompt. Zhao et al. 2021 ("Calibrate Before Use",
# [arXiv:2102.09690](https://arxiv.org/abs/2102.09690)) measure that preference and divide it out. Put something without content where the text should stand ("N/A", "[MASK]", nothing), $m$ such prompts, and average what comes out:
#
# $$p_{cf} = \frac1m \sum_{j=1}^{m} \operatorname{softmax}(\text{free}_j), \qquad q_i = \frac{p_i / p_{cf}}{\text{sum over the labels of } p_i / p_{cf}}, \qquad p_i = \operatorname{softmax}(\text{scores}_i).$$
#
# `scores` (n, c) are the log-probabilities of $c$ labels after $n$ prompts, `free` (m, c) those after the content-free prompts; each softmax runs over the labels, so $p_i$, $p_{cf}$ and $q_i$ have the shape (c,), and the divisions are label by label. No label of any sentence is used: it stays zero-shot.

# %% [markdown]
# ### Exercise 8: calibrate
#
# | goal | difficulty | time | expected length |
# | --- | --- | --- | --- |
# | divide the model's preference out of its probabilities | 2 of 5 | 7 min | 3 lines |
#
# <details><summary>Hint 1: where to start</summary>
# Three steps: probabilities of each content-free row, their mean (c,), and one division.
# </details>
# <details><summary>Hint 2: which axis</summary>
# Labels are the last axis: <code>softmax(dim=-1)</code>. The content-free prompts are axis 0 of <code>free</code>: <code>mean(dim=0)</code>, after the softmax.
# </details>
# <details><summary>Hint 3: numbers to compare</summary>
# Of one row, with <code>.log()</code> of 0.6 and 0.3 as scores and of 0.6 and 0.2 as the only content-free row, you should get 0.4 and 0.6. By hand: the scores become 2/3 and 1/3, the model's preference 3/4 and 1/4; the quotients are 8/9 and 4/3.
# What is left to do, and along which axis?
# </details>


# %% nbgrader={"grade": false, "grade_id": "calibration", "locked": false, "schema_version": 3, "solution": true, "task": false}
def calibrate(scores: torch.Tensor, free: torch.Tensor) -> torch.Tensor:
    """Calibrated probabilities of the labels.

    Args:
        scores: (n, c) log-probabilities of the labels after n prompts.
        free: (m, c) log-probabilities after m prompts without content.

    Returns:
        (n, c) probabilities; each row sums to 1.
    """
    ### BEGIN SOLUTION
    p_cf = free.softmax(dim=-1).mean(dim=0)  # (c,)
    q = scores.softmax(dim=-1) / p_cf  # (n, c)
    return q / q.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-calibration", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
calibration_grade = check.calibration(calibrate, points=2, of=3)


### BEGIN HIDDEN TESTS
def other_sizes(function, draw):
    """It also serves a single prompt, a single content-free prompt, and many labels."""
    sizes = (
        (1, 2, 7),
        (5, 1, 2),
        (1, 1, 3),
        (4, 4, 2),
        (3, 3, 3),
        (2, 5, 5),
        (5, 2, 5),
        (6, 3, 9),
        (2, 2, 2),
        (1, 4, 2),
    )
    check.judge_calibrated(function, [check.calibration_case(draw, *size) for size in sizes for _ in range(2)])


calibration_grade = calibration_grade.hidden(other_sizes, points=1)
### END HIDDEN TESTS
calibration_grade

# %% tags=["skip-when-grading"]
fair = calibrate if calibration_grade.verdict == "pass" else calibrated
print(f"{'zero-shot, calibrated':<29} accuracy   called positive   p_cf(positive)")
for name, (scores, free) in zero.items():
    q, p_cf = fair(scores, free), free.softmax(dim=-1).mean(dim=0)
    print(f"{name:<29} {accuracy_of(q, truth):>8.2f} {called_positive(q):>17.2f} {p_cf[1].item():>16.2f}")

# %% [markdown]
# Calibration is no cure-all. The wordings get 0.73, 0.54 and 0.58: only the second gains, and hardly. Look at the third: after inputs without content the model leans to *positive* (0.54), after real sentences to *negative*. So the content-free prompts do not
# measure the preference that does the harm there, and dividing by it makes things worse. With 100 sentences, differences of a few points are within chance.

# %% [markdown]
# ## 8. Few-shot: solved examples in the prompt
#
# Large models get better when the prompt shows a few solved examples first ([Brown et al. 2020](https://arxiv.org/abs/2005.14165)). Nothing is trained: the examples are only read. Here is such a prompt with two:


# %% tags=["skip-when-grading"]
def draw_shots(k, seed):
    """k solved training sentences, half of each class, in random order."""
    rng = random.Random(seed)
    rows = [row for label in (0, 1) for row in rng.sample([row for row in train_rows if row[1] == label], k // 2)]
    rng.shuffle(rows)
    return [(text, LABELS[label]) for text, label in rows]


print(prompt_of("<the sentence in question>", draw_shots(2, seed=0)))

# %% [markdown]
# **Predict before you run.** SmolLM2 has 135 million parameters; GPT-3 has 175 billion. The wording is "Sentiment:" again. Will 2, 4 and 8 examples raise the accuracy of the calibrated zero-shot answer? And how much will it matter *which* examples are drawn?
#
# The next cell takes most of the lab's time: three draws for each k, 100 sentences each. What all prompts begin with, the examples, is computed once and kept (a cache of keys and values, lab 04).

# %% tags=["skip-when-grading"]
TEMPLATE = WORDINGS["Sentiment:"][0]
few = {}
for k in (2, 4, 8):
    for seed in range(3):
        shots = draw_shots(k, seed)
        few[k, seed] = (*ask(TEMPLATE, LABELS, shots), shots[-1][1])
    print(f"{k} examples, three draws:", [round(accuracy_of(few[k, seed][0], truth), 2) for seed in range(3)])

# %% tags=["skip-when-grading"]
print("                 as it is                       calibrated")
print("examples   accuracy (lowest, highest)     accuracy (lowest, highest)")
scores, free = zero["Sentiment:"]
print(f"{0:>8} {accuracy_of(scores, truth):>10.2f} {accuracy_of(fair(scores, free), truth):>30.2f}")
table = {}
for k in (2, 4, 8):
    plain = [accuracy_of(few[k, seed][0], truth) for seed in range(3)]
    after = [accuracy_of(fair(*few[k, seed][:2]), truth) for seed in range(3)]
    table[k] = plain, after
    texts_of = [f"{mean_and_spread(v)[0]:>10.2f} ({min(v):.2f}, {max(v):.2f})" for v in (plain, after)]
    print(f"{k:>8} {texts_of[0]} {texts_of[1]:>30}")
for last in LABELS:
    shares = [called_positive(scores) for scores, _, final in few.values() if final == last]
    print(f"last example{last}: called positive {sum(shares) / len(shares):.2f} on average, {len(shares)} prompts")

# %% [markdown]
# The figure shows all nine prompts. To the right: more sentences are called positive. Whoever calls a share $u$ positive, where one half is, can be right in at most $1 - |u - \tfrac12|$ of the cases: the grey roof.

# %% tags=["skip-when-grading"]
from lora_utils.plots import COLORS, MARKERS

all_after = [value for _, after in table.values() for value in after]
fig, panels = figure(
    f"Which examples are shown moves the accuracy, calibrated from {min(all_after):.2f} to {max(all_after):.2f}",
    "share called positive",
    "accuracy on 100 sentences",
    columns=2,
    height=3.6,
)
for panel, name in zip(panels, ("as it is", "calibrated"), strict=True):
    panel.plot([0, 0.5, 1], [0.5, 1, 0.5], color="grey", linestyle="-", marker="", linewidth=1)
    for place, k in enumerate((0, 2, 4, 8)):
        pairs = [zero["Sentiment:"]] if k == 0 else [few[k, seed][:2] for seed in range(3)]
        shown = [scores if name == "as it is" else fair(scores, free) for scores, free in pairs]
        x, y = [called_positive(q) for q in shown], [accuracy_of(q, truth) for q in shown]
        label = "zero-shot" if k == 0 else f"{k} examples"
        panel.plot(x, y, MARKERS[place], color=COLORS[place + (place > 0)], linestyle="", markersize=7, label=label)
    panel.set(xlim=(0, 1), ylim=(0.4, 1.0))
    panel.legend(title=name, loc="lower center", fontsize=8, ncols=2)

# %% [markdown]
# <details><summary>Answer</summary>
# No. As they are, the prompts with 2, 4 and 8 examples get 0.67, 0.63 and 0.60 on average, against 0.75 without any (the fall from 2 to 8 is smaller than the spread of three draws). Calibrated they get 0.70 at every k, against 0.73. And the draw decides: with two examples the accuracy is anything from 0.58 to 0.81.
# </details>
#
# The left panel says why. The lowest dots lie on or near the roof, at the left edge: what costs accuracy is that nearly everything is called by one label, and which one depends on the **last example** in the prompt. After a negative one 10 % of the sentences are called positive,
# after a positive one 65 %. Zhao et al. call this *recency bias*. On the right, calibration pulls the dots to the middle, and the range over draws shrinks from 0.51 to 0.81 down to 0.67 to 0.73: here it does what the paper promises, for it is the prompt
# that made the preference, and the content-free inputs see the same prompt.
#
# What it does not do is make a model of this size profit from examples. Brown et al. report that the gain from examples grows with the size of the model; their smallest has 125 million parameters, about as many as ours. The one run at 0.81
# is no evidence for a good prompt: it is the best of nine, found with the test labels. Three draws also say little about a standard deviation; they do say that one draw is worth nothing.
#
# Neither zero-shot nor few-shot changes a single number of the model. They are baselines for fine-tuning, and no part of any fine-tuning method, the QLoRA of lab 08 included (the quiz of lab 10 will ask).

# %% [markdown]
# ## 9. All baselines on the same sentences
#
# The same 100 sentences for all. The bar of the bag of words with 100 training sentences and those of the few-shot prompts have a spread over draws (one standard deviation); the others have no chance in them. What none of the black lines shows is the choice of the
# *test* sentences: with 100 of them the standard error of each bar is about 0.05. The axis begins at 0.4, so compare the tops with 0.5, not the heights of the bars.

# %% tags=["skip-when-grading"]
same = examples(texts, truth, 64)
glove_right = (linear(means(same.inputs)).argmax(dim=1) == same.labels).float().mean().item()
results = {
    "majority\nclass": [(same.labels == guess).float().mean().item()],
    "bag of words,\n100 labels": [accuracy(bag, same) for bag in bags[100]],
    "bag of words,\nall labels": [accuracy(bag, same) for bag in bags[len(train_ids)]],
    "GloVe mean,\nall labels": [glove_right],
    "zero-shot": [accuracy_of(zero["Sentiment:"][0], truth)],
    "zero-shot,\ncalibrated": [accuracy_of(fair(*zero["Sentiment:"]), truth)],
    "8 examples,\ncalibrated": table[8][1],
}
for name, values in results.items():
    middle, spread = mean_and_spread(values)
    print(f"{name.replace(chr(10), ' '):<28} {middle:.2f}" + (f" +- {spread:.2f}" if len(values) > 1 else ""))

# %% tags=["skip-when-grading"]
from lora_utils.plots import bars

heights = {name: mean_and_spread(v)[0] for name, v in results.items()}
spreads = {name: mean_and_spread(v)[1] for name, v in results.items()}  # NaN where there is one value: no line
_, hundred, every, _, asked, *_ = heights.values()
finding = f"Asked without a label: {asked:.2f}; counted words: {hundred:.2f} with 100 labels, {every:.2f} with all"
fig, axes = figure(finding, "baseline", "accuracy on 100 closing sentences", height=3.8)
fig.set_size_inches(9.2, 3.8)
bars(axes, heights, spreads)
axes.set_ylim(0.4, 0.9)
axes.tick_params(axis="x", labelsize=8)

# %% [markdown]
# Asked without a single label, the model is right in 0.75 of the cases, where a hundred labels buy a bag of words 0.55. With all 8,816 labels the bag of words draws level (0.74). That is the usual picture: **pretraining replaces labels**, and it does so most where labels are few. It is also why the
# following labs start from pretrained models, and the reason to look at this table before celebrating: a fine-tuned model that reaches 0.74 on this task has not beaten anything.
#
# The closing sentence sets a limit too. "But I'll watch 1 & 2 many times down the years." is labelled negative, since the review is about the third Godfather.
#
# ## What breaks in practice
#
# | symptom | cause | reported in |
# | --- | --- | --- |
# | a sentence's vector depends on its neighbours in the batch | padding in the mean | huggingface/transformers #17463, lanterndata/lantern_extras PR #91 |
# | the model never stops writing | the mask is made from `ids != pad_id`, and padding is the end token | huggingface/trl PR #6357 (SmolLM2-Instruct), mlabonne/llm-course #33 |
# | a decoder's classifier is wrong, without error, when texts are padded on the left | "the last real token" is looked up at *number of real tokens - 1* | huggingface/transformers #24265, PR #46782 |
# | label probabilities look off by one | the last token of the label is predicted, never read; logits end one place early | EleutherAI/lm-evaluation-harness #942 explains it |
# | results change with the space before the label | prompt and label are cut into other tokens together than apart (`: C` can be one piece) | EleutherAI/lm-evaluation-harness #1053, PR #4012 |
# | few-shot results cannot be repeated | other examples, another order, another wording | Zhao et al. 2021; section 8 of this lab |
#
# ## Summary
#
# | what | the number you should have seen |
# | --- | --- |
# | entries that cover nine tenths of the test tokens | about 3,000 of 12,553; all of them cover 0.953 |
# | GloVe mean with the mask, and padded to 25 and 100 places without | 0.66, 0.61 and 0.52 (everything negative), on 2,511 sentences |
# | majority class | 0.52 (0.50 on the 100 balanced sentences) |
# | bag of words, 100, 2,048 and 8,816 labels | 0.55 (0.52 to 0.58 over three draws), 0.67 and 0.71, on 2,511 sentences |
# | zero-shot, three wordings, on 100 sentences | 0.75, 0.53, 0.65; calibrated 0.73, 0.54, 0.58 |
# | few-shot, 2, 4 and 8 examples | 0.67, 0.63, 0.60, single draws from 0.51 to 0.81 |
# | few-shot, calibrated | 0.70 at each k, single draws from 0.67 to 0.73 |
# | called positive after a last example that is negative, positive | 0.10 and 0.65 |
#
# * A mask belongs to a batch from the start, and comes from lengths. Means, scores and losses count real tokens only.
# * Logits at $t-1$ speak about the token at $t$. Log-probabilities of a label's tokens add.
# * A result without the majority class and a bag of words beside it is half a result; a few-shot result from one draw of examples is none.
# * Calibration repairs what the prompt has done to the labels. It is not sure to repair anything else.
#
# ## Further reading
#
# * T. Zhao et al., *Calibrate Before Use: Improving Few-Shot Performance of Language Models*, ICML 2021, [arXiv:2102.09690](https://arxiv.org/abs/2102.09690).
# * T. Brown et al., *Language Models are Few-Shot Learners*, NeurIPS 2020, [arXiv:2005.14165](https://arxiv.org/abs/2005.14165): sections 2 and 2.4.
# * R. Sennrich et al., *Neural Machine Translation of Rare Words with Subword Units*, ACL 2016, [arXiv:1508.07909](https://arxiv.org/abs/1508.07909).
#
# Next: [lab 02](../02_full_fine_tuning/02_full_fine_tuning.ipynb) trains every number of a model, and counts what that costs.
