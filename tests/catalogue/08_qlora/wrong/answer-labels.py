# %% the prompt has labels too message="prompt-labelled"
# trl #3279 and Transformers-Tutorials #456: the loss is taken on prompt and answer alike.
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[:end] = torch.tensor(prompt + answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% everything has labels message="nothing-masked"
def label_answer(prompt, answer, length, pad):
    ids = torch.tensor(prompt + answer + [pad] * (length - len(prompt) - len(answer)))
    return ids, ids.clone()


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% the padding has labels message="padding-labelled"
def label_answer(prompt, answer, length, pad):
    ids = torch.tensor(prompt + answer + [pad] * (length - len(prompt) - len(answer)))
    labels = ids.clone()
    labels[: len(prompt)] = -100
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% padding is told by its token message="end-masked"
# trl #976, #1623, alignment-handbook #127: the padding token is the end token, and the model never stops.
def label_answer(prompt, answer, length, pad):
    ids = torch.tensor(prompt + answer + [pad] * (length - len(prompt) - len(answer)))
    labels = ids.clone()
    labels[: len(prompt)] = -100
    labels[labels == pad] = -100
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% labels shifted already message="shifted-labels"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start - 1 : end - 1] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% the first token of the answer is left out message="off-by-one"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start + 1 : end] = torch.tensor(answer[1:])
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% zero for no label message="wrong-ignore"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), 0)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% padding in front message="padded-left"
def label_answer(prompt, answer, length, pad):
    rest = length - len(prompt) - len(answer)
    ids = torch.tensor([pad] * rest + prompt + answer)
    labels = torch.tensor([-100] * (rest + len(prompt)) + answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% no shift message="not-shifted"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten())


# %% the shift goes the wrong way message="shifted-backwards"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, 1:].flatten(0, 1), labels[:, :-1].flatten())


# %% shifted twice message="shifted-twice"
# A model that shifts by itself, fed with labels that are shifted.
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-2].flatten(0, 1), labels[:, 2:].flatten())


# %% a sum message="sum-not-mean"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")


# %% the mean counts the padding message="masked-in-mean"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="none").mean()


# %% a mean for each row first message="mean-of-means"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return torch.stack([F.cross_entropy(a[:-1], b[1:]) for a, b in zip(logits, labels)]).mean()


# %% axes are not flattened message="shapes-do-not-meet"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1], labels[:, 1:])


# %% softmax before cross_entropy message="softmax-twice"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].softmax(-1).flatten(0, 1), labels[:, 1:].flatten())


# %% nll_loss on logits message="no-softmax"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.nll_loss(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% labels and ids are one tensor message="ids-masked"
def label_answer(prompt, answer, length, pad):
    ids = torch.full((length,), pad)
    ids[: len(prompt + answer)] = torch.tensor(prompt + answer)
    labels = ids
    labels[: len(prompt)] = -100
    labels[len(prompt + answer) :] = -100
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% labels come first message="exchanged"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return labels, ids


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% two lists message="no-tensor"
def label_answer(prompt, answer, length, pad):
    rest = length - len(prompt) - len(answer)
    return prompt + answer + [pad] * rest, [-100] * len(prompt) + answer + [-100] * rest


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% ids alone message="no-pair"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% padded up to length more places message="wrong-shape"
def label_answer(prompt, answer, length, pad):
    row = prompt + answer
    ids = torch.tensor(row + [pad] * length)
    labels = torch.tensor([-100] * len(prompt) + answer + [-100] * length)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% float labels message="not-whole"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100.0)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% ids padded with the ignored label message="padded-with-ignore"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), -100), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% pads inside the answer are masked message="pads-in-the-answer-masked"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    labels[ids == pad] = -100
    labels[end - 1] = answer[-1]
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% every pad is masked, the prompt too message="end-masked"
def label_answer(prompt, answer, length, pad):
    ids = torch.tensor(prompt + answer + [pad] * (length - len(prompt + answer)))
    labels = ids.clone()
    labels[: len(prompt)] = -100
    labels[ids == pad] = -100
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% one place of padding is labelled message="one-padding-labelled"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start : end + 1] = ids[start : end + 1]
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% padding labelled with zero message="wrong-ignore"
def label_answer(prompt, answer, length, pad):
    rest = length - len(prompt) - len(answer)
    return torch.tensor(prompt + answer + [pad] * rest), torch.tensor([-100] * len(prompt) + answer + [0] * rest)


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% the answer is found by its first token message="wrong-labels"
def label_answer(prompt, answer, length, pad):
    row = prompt + answer
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[: len(row)] = torch.tensor(row)
    start = row.index(answer[0])
    labels[start : start + len(answer)] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% token zero is not learned message="zero-not-learned"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    wanted = labels[:, 1:] > 0
    return F.cross_entropy(logits[:, :-1][wanted], labels[:, 1:][wanted])


# %% a number instead of a tensor message="loss-detached"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()).item()


# %% the loss of the first row message="first-row-only"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[0, :-1], labels[0, 1:])


# %% one loss a place message="wrong-loss-shape"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="none")


# %% divided by the rows message="sum-over-rows"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    total = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")
    return total / len(labels)


# %% the sign is forgotten message="sign-missing"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    wanted = labels[:, 1:] != -100
    logp = logits[:, :-1][wanted].log_softmax(-1)
    return logp.gather(1, labels[:, 1:][wanted].unsqueeze(1)).mean()


# %% probabilities without a logarithm message="probabilities"
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    wanted = labels[:, 1:] != -100
    p = logits[:, :-1][wanted].softmax(-1)
    return -p.gather(1, labels[:, 1:][wanted].unsqueeze(1)).mean()


# %% ignore 0 message="ignores-another-token"
def label_answer(prompt: list[int], answer: list[int], length: int, pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """ids and labels, (length,) each: prompt, answer, padding; labels are -100 except on the answer."""
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of the labelled tokens, each predicted from the place before it; logits (b, s, v)."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=0)


# %% label smoothing message="smoothed"
def label_answer(prompt, answer, length, pad):
    e = len(prompt) + len(answer); ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:e] = torch.tensor(prompt + answer); labels[len(prompt):e] = torch.tensor(answer); return ids, labels
def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), label_smoothing=0.1)


# %% half loss message="digits-lost"
def label_answer(prompt, answer, length, pad):
    e = len(prompt) + len(answer); ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:e] = torch.tensor(prompt + answer); labels[len(prompt):e] = torch.tensor(answer); return ids, labels
def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1).bfloat16(), labels[:, 1:].flatten()).float()


# %% int32 message="too-small-a-type"
def label_answer(prompt, answer, length, pad):
    e = len(prompt) + len(answer); ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:e] = torch.tensor(prompt + answer); labels[len(prompt):e] = torch.tensor(answer); return ids.to(torch.int8), labels.to(torch.int8)
def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% the logarithm of base 2 message="other-logarithm"
def label_answer(prompt, answer, length, pad):
    ids = torch.full((length,), pad)
    labels = torch.full((length,), -100)
    p = len(prompt)
    e = p + len(answer)
    ids[:e] = torch.tensor(prompt + answer)
    labels[p:e] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()) / torch.log(torch.tensor(2.0))


# %% the perplexity message="perplexity"
def label_answer(prompt, answer, length, pad):
    ids = torch.full((length,), pad)
    labels = torch.full((length,), -100)
    p = len(prompt)
    e = p + len(answer)
    ids[:e] = torch.tensor(prompt + answer)
    labels[p:e] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()).exp()


# %% the answer is looked for by its first token message="found-by-token"
def label_answer(prompt, answer, length, pad):
    ids = torch.full((length,), pad)
    labels = torch.full((length,), -100)
    p = len(prompt)
    e = p + len(answer)
    ids[:e] = torch.tensor(prompt + answer)
    k = (prompt + answer).index(answer[0])
    labels[k:e] = ids[k:e]
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
