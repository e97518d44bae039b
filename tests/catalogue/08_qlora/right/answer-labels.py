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


# %% labels cloned and masked by place
def label_answer(prompt, answer, length, pad):
    ids = torch.tensor([*prompt, *answer] + (length - len(prompt) - len(answer)) * [pad], dtype=torch.long)
    labels = ids.clone()
    labels[: len(prompt)] = -100
    labels[len(prompt) + len(answer) :] = -100
    return ids, labels


def answer_loss(logits, labels):
    targets = labels[:, 1:].reshape(-1)
    return F.nll_loss(F.log_softmax(logits[:, :-1, :].reshape(targets.numel(), -1), dim=-1), targets)


# %% other names, a dictionary of places, logsumexp
def label_answer(prompt, answer, length, pad):
    tokens = dict(enumerate(prompt + answer))
    places = range(length)
    ids = torch.LongTensor([tokens.get(t, pad) for t in places])
    inside = {t for t in places if len(prompt) <= t < len(prompt) + len(answer)}
    labels = torch.LongTensor([tokens[t] if t in inside else -100 for t in places])
    return ids, labels


def answer_loss(logits, labels):
    total, count = 0.0, 0
    for row, row_labels in zip(logits, labels):
        for t in range(1, len(row_labels)):
            if row_labels[t] != -100:
                total = total + row[t - 1].logsumexp(0) - row[t - 1, row_labels[t]]
                count += 1
    return total / count


# %% pad_sequence and one-hot
def label_answer(prompt, answer, length, pad):
    from torch.nn.utils.rnn import pad_sequence

    full = torch.zeros(length, dtype=torch.long)
    row = torch.tensor(prompt + answer)
    masked = torch.tensor([-100] * len(prompt) + answer)
    ids = pad_sequence([row, full], batch_first=True, padding_value=pad)[0]
    labels = pad_sequence([masked, full], batch_first=True, padding_value=-100)[0]
    return ids, labels


def answer_loss(logits, labels):
    shifted = torch.cat([labels[:, 1:], torch.full_like(labels[:, :1], -100)], dim=1)
    mask = shifted.ne(-100)
    hot = F.one_hot(shifted.masked_fill(~mask, 0), logits.size(-1)) * mask.unsqueeze(-1)
    return -(hot * logits.log_softmax(-1)).sum() / mask.sum()


# %% lists
def label_answer(prompt, answer, length, pad):
    rest = length - len(prompt) - len(answer)
    return (torch.LongTensor([*prompt, *answer, *[pad] * rest]), torch.LongTensor([-100] * len(prompt) + list(answer) + [-100] * rest))
def answer_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), labels[:, 1:])


# %% int32
def label_answer(prompt: list[int], answer: list[int], length: int, pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """ids and labels, (length,) each: prompt, answer, padding; labels are -100 except on the answer."""
    start, end = len(prompt), len(prompt) + len(answer)
    ids, labels = torch.full((length,), pad), torch.full((length,), -100)
    ids[:end] = torch.tensor(prompt + answer)
    labels[start:end] = torch.tensor(answer)
    return ids.int(), labels.int()


def answer_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of the labelled tokens, each predicted from the place before it; logits (b, s, v)."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
