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
