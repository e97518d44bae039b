# %% loops
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    labels = torch.full((b, length + s), -100)
    for i in range(b):
        for j in range(s):
            before = j == 0 or bool(mask[i, j - 1])
            if mask[i, j] and before:
                labels[i, length + j - 1] = ids[i, j]
    return labels


# %% masked fill
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    text = ids.masked_fill(~(mask & before), -100)
    return F.pad(text, (length - 1, 1), value=-100)


# %% integers for truth
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    real = torch.cat((torch.ones(b, length, dtype=torch.int64), mask.long()), dim=1)
    both = real * torch.cat((real[:, 1:], torch.zeros(b, 1, dtype=torch.int64)), dim=1)
    tokens = torch.cat((torch.full((b, length), -100), ids), dim=1).roll(-1, dims=1)
    return both * tokens + (1 - both) * -100


# %% writes in place
def next_token_labels(ids, mask, length):
    labels = ids.new_full((ids.shape[0], length + ids.shape[1]), -100)
    view = labels[:, length - 1 : -1]
    keep = mask.clone()
    keep[:, 1:] &= mask[:, :-1]
    view[keep] = ids[keep]
    return labels


# %% lists
def next_token_labels(ids, mask, length):
    rows = []
    for tokens, real in zip(ids.tolist(), mask.tolist()):
        row = [None] * length + [t if r else "pad" for t, r in zip(tokens, real)] + ["end"]
        rows.append([b if a != "pad" and isinstance(b, int) else -100 for a, b in zip(row, row[1:])])
    return torch.tensor(rows)


# %% shifted by concatenation
def next_token_labels(ids, mask, length):
    b = ids.shape[0]
    prompt = ids.new_full((b, length), -100)
    end = ids.new_full((b, 1), -100)
    now = torch.cat((mask.new_ones(b, length), mask), 1)
    next_real = torch.cat((now[:, 1:], mask.new_zeros(b, 1)), 1)
    next_ids = torch.cat((prompt, ids, end), 1)[:, 1:]
    return next_ids.where(now & next_real, torch.tensor(-100)).long()


# %% index of places
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    labels = torch.full((b, length + s), -100, dtype=torch.int64)
    for i, j in mask.nonzero().tolist():
        if j == 0 or mask[i, j - 1]:
            labels[i, length + j - 1] = ids[i, j]
    return labels


# %% text by text
def next_token_labels(ids, mask, length):
    rows = []
    for tokens, real in zip(ids, mask):
        before = torch.cat((torch.tensor([True]), real[:-1]))
        text = torch.where(before.logical_and(real), tokens, torch.full_like(tokens, -100))
        rows.append(torch.cat((torch.full((length - 1,), -100), text, torch.tensor([-100]))))
    return torch.stack(rows)


# %% rolled by one
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    stands = torch.cat((torch.full((b, length), -100), torch.where(mask, ids, -100)), dim=1)
    real = torch.cat((torch.ones(b, length, dtype=torch.bool), mask), dim=1)
    return torch.where(real, stands.roll(-1, 1), -100)
