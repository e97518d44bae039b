# %% lists
def label_answer(prompt, answer, length, pad):
    rest = length - len(prompt) - len(answer)
    return torch.tensor(prompt + answer + [pad] * rest), torch.tensor([-100] * len(prompt) + answer + [-100] * rest)


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% padded by torch
def label_answer(prompt, answer, length, pad):
    row = torch.tensor(prompt + answer)
    ids = F.pad(row, (0, length - len(row)), value=pad)
    labels = F.pad(row, (0, length - len(row)), value=-100)
    labels[: len(prompt)] = -100
    return [ids, labels]


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


# %% log-probabilities by hand
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    wanted = labels[:, 1:] != -100
    logp = logits[:, :-1][wanted].log_softmax(dim=-1)
    return -logp.gather(1, labels[:, 1:][wanted].unsqueeze(1)).mean()


# %% classes on the second axis
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), labels[:, 1:], ignore_index=-100)


# %% sum over count
def label_answer(prompt, answer, length, pad):
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids, labels


def answer_loss(logits, labels):
    logits, labels = logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1)
    return F.cross_entropy(logits, labels, reduction="sum") / (labels != -100).sum()


# %% int32 masked by place
def label_answer(prompt, answer, length, pad):
    place = torch.arange(length)
    ids = torch.tensor(prompt + answer + [pad] * (length - len(prompt + answer)), dtype=torch.int32)
    inside = (place >= len(prompt)) & (place < len(prompt) + len(answer))
    return ids, torch.where(inside, ids, -100)


def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
