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
