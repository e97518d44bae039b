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


# %% 32 bits and a mask of numbers
def pad_with_mask(rows, pad_id):
    lengths = [len(row) for row in rows]
    ids = torch.full((len(rows), max(lengths)), pad_id, dtype=torch.int32)
    mask = torch.zeros(len(rows), max(lengths), dtype=torch.int64)
    for i, row in enumerate(rows):
        for t, token in enumerate(row):
            ids[i, t], mask[i, t] = token, 1
    return ids, mask


# %% filled by the mask
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    mask = torch.tensor([[t < len(row) for t in range(longest)] for row in rows])
    ids = torch.full(mask.shape, pad_id)
    ids[mask] = torch.tensor([token for row in rows for token in row])
    return [ids, mask]
