# %% lists first, lengths compared
def pad_with_mask(rows, pad_id):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return ids, torch.arange(longest) < torch.tensor([len(row) for row in rows])[:, None]


# %% torch's own helper
def pad_with_mask(rows, pad_id):
    from torch.nn.utils.rnn import pad_sequence

    ids = pad_sequence([torch.tensor(row, dtype=torch.long) for row in rows], batch_first=True, padding_value=pad_id)
    ones = [torch.ones(len(row), dtype=torch.bool) for row in rows]
    return ids, pad_sequence(ones, batch_first=True, padding_value=False)


# %% 32 bits, token by token
def pad_with_mask(rows, pad_id):
    lengths = [len(row) for row in rows]
    ids = torch.full((len(rows), max(lengths)), pad_id, dtype=torch.int32)
    mask = torch.zeros(len(rows), max(lengths), dtype=torch.bool)
    for i, row in enumerate(rows):
        for t, token in enumerate(row):
            ids[i, t], mask[i, t] = token, True
    return ids, mask


# %% filled by the mask
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    mask = torch.tensor([[t < len(row) for t in range(longest)] for row in rows])
    ids = torch.full(mask.shape, pad_id)
    ids[mask] = torch.tensor([token for row in rows for token in row])
    return [ids, mask]


# %% torch's pad
def pad_with_mask(rows, pad_id):
    import torch.nn.functional as nnf

    s = max(map(len, rows))
    ids = torch.stack([nnf.pad(torch.tensor(row, dtype=torch.long), (0, s - len(row)), value=pad_id) for row in rows])
    mask = torch.stack([nnf.pad(torch.ones(len(row), dtype=torch.bool), (0, s - len(row))) for row in rows])
    return ids, mask


# %% zip_longest
def pad_with_mask(rows, pad_id):
    from itertools import zip_longest

    columns = list(zip_longest(*rows, fillvalue=None))
    ids = torch.tensor([[pad_id if token is None else token for token in column] for column in columns]).T
    mask = torch.tensor([[token is not None for token in column] for column in columns]).T
    return ids, mask


# %% a mask of numbers made bool
def pad_with_mask(rows, pad_id):
    lengths = [len(row) for row in rows]
    mask = torch.zeros(len(rows), max(lengths))
    ids = torch.empty(len(rows), max(lengths), dtype=torch.int64).fill_(pad_id)
    for i, n in enumerate(lengths):
        mask[i, :n] += 1
        ids[i].narrow(0, 0, n).copy_(torch.tensor(rows[i], dtype=torch.int64))
    return ids, mask.bool()


# %% masked_scatter
def pad_with_mask(rows, pad_id):
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(int(lengths.max()))[None].lt(lengths.unsqueeze(1))
    flat = torch.tensor([token for row in rows for token in row])
    return torch.full(mask.shape, pad_id).masked_scatter(mask, flat), mask


# %% pad_sequence twice
def pad_with_mask(rows, pad_id):
    from torch.nn.utils.rnn import pad_sequence
    t = [torch.tensor(r, dtype=torch.long) for r in rows]
    return pad_sequence(t, batch_first=True, padding_value=pad_id), pad_sequence([torch.ones_like(x, dtype=torch.bool) for x in t], batch_first=True)
