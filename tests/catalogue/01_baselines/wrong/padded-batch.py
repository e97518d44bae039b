# %% mask from the ids message="mask-from-ids"
# huggingface/trl PR #6357, mlabonne/llm-course #33: padding has the number of a real token.
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return ids, ids != pad_id


# %% mask the wrong way round message="mask-inverted"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    mask = torch.ones(ids.shape, dtype=torch.bool)
    for i, row in enumerate(rows):
        mask[i, : len(row)] = False
    return ids, mask


# %% padding on the left message="padded-left"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[pad_id] * (longest - len(row)) + row for row in rows])
    mask = torch.tensor([[False] * (longest - len(row)) + [True] * len(row) for row in rows])
    return ids, mask


# %% zeros for padding message="pad-id-ignored"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[i, : len(row)] = True
    return ids, mask


# %% cut to the shortest message="cut-to-shortest"
def pad_with_mask(rows, pad_id):
    shortest = min(len(row) for row in rows)
    ids = torch.tensor([row[:shortest] for row in rows])
    return ids, torch.ones(ids.shape, dtype=torch.bool)


# %% a column too many message="column-too-many"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows) + 1
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([[place < len(row) for place in range(longest)] for row in rows])


# %% floating-point ids message="ids-float"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.ones(len(rows), longest) * pad_id
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = True
    return ids, mask


# %% everything real message="mask-all-true"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return ids, torch.ones_like(ids)


# %% one place too many message="mask-off-by-one"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    return ids, torch.arange(longest) <= lengths[:, None]


# %% lengths instead of a mask message="mask-is-lengths"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([len(row) for row in rows])


# %% a mask to be added to scores message="mask-for-scores"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    real = torch.arange(longest) < torch.tensor([len(row) for row in rows])[:, None]
    return ids, (real.float() - 1) * 1e9


# %% ids only message="not-a-pair"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])


# %% rows of unequal length message="rows-unequal"
def pad_with_mask(rows, pad_id):
    ids = torch.tensor(rows)
    return ids, torch.ones_like(ids, dtype=torch.bool)


# %% the mask first message="swapped"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    mask = torch.tensor([[place < len(row) for place in range(longest)] for row in rows])
    return mask, torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])


# %% nothing is real message="mask-all-false"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return ids, torch.zeros(ids.shape, dtype=torch.bool)
