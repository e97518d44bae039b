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


# %% a mask of numbers message="mask-not-bool"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask.long()


# %% a mask of floats message="mask-not-bool"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask.float()


# %% every number but 0 is real message="mask-from-ids"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, ids != 0


# %% transposed message="transposed"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids.T, mask.T


# %% the first row's length message="cut-to-first"
def pad_with_mask(rows, pad_id):
    longest = len(rows[0])
    ids = torch.tensor([(row + [pad_id] * longest)[:longest] for row in rows])
    return ids, torch.arange(longest) < torch.tensor([len(row) for row in rows])[:, None]


# %% sorted by length message="sorted-by-length"
def pad_with_mask(rows, pad_id):
    rows = sorted(rows, key=len, reverse=True)
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask


# %% the last token repeated message="last-repeated"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    for i, row in enumerate(rows):
        ids[i, len(row) :] = row[-1] if row else pad_id
    return ids, mask


# %% one row message="one-row"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return torch.tensor(sum(rows, [])), mask


# %% lists message="not-a-pair"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    return [row + [pad_id] * (longest - len(row)) for row in rows], [len(row) for row in rows]


# %% a dictionary message="not-a-pair"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return {'input_ids': ids, 'attention_mask': mask}


# %% nothing returned message="not-a-pair"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]



# %% the mask of the longest row message="mask-one-row"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask.any(dim=0)


# %% the ids again message="mask-is-ids"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, ids


# %% every row has the first mask message="mask-first-row"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask[:1].expand(len(rows), -1)


# %% nothing written message="nothing-written"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return torch.full_like(ids, pad_id), mask


# %% stops at the padding's number message="wrong-mask"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, (ids == pad_id).cumsum(1) == 0


# %% trailing padding alone message="mask-from-ids"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, (ids != pad_id).flip(1).cumsum(1).flip(1) > 0


# %% the ids of 16 bits message="raised-RuntimeError"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows], dtype=torch.int16)
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask


# %% padding of -100 message="pad-id-ignored"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids.masked_fill(~mask, -100), mask


# %% an empty row fails message="raised-IndexError"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    first = [row[0] for row in rows]
    return ids, mask


# %% an empty row has one token message="mask-all-true"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask | True


# %% at least one is real message="empty-row-real"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    mask[:, 0] = True
    return ids, mask


# %% small numbers masked away message="mask-from-ids"
def pad_with_mask(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(longest) < lengths[:, None]
    return ids, mask & (ids > 100)


# %% the longest of the first two message="rows-unequal"
def pad_with_mask(rows, pad_id):
    longest = max(len(rows[0]), len(rows[1]) if len(rows) > 1 else 0)
    ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows])
    return ids, torch.arange(longest) < torch.tensor([len(row) for row in rows])[:, None]


# %% numbers through 16 bits message="wrong-ids"
def pad_with_mask(rows, pad_id):
    s = max(map(len, rows))
    ids = torch.full((len(rows), s), pad_id, dtype=torch.int64)
    for i, r in enumerate(rows): ids[i, :len(r)] = torch.tensor(r, dtype=torch.float16).long() if r else ids[i, :0]
    return ids, torch.arange(s) < torch.tensor([len(r) for r in rows])[:, None]


# %% the mask from the last token that is not padding message="mask-from-ids"
def pad_with_mask(rows, pad_id):
    s = max(map(len, rows))
    ids = torch.tensor([list(r) + [pad_id] * (s - len(r)) for r in rows])
    m = ids.flip(1).ne(pad_id).cumsum(1).flip(1) > 0
    return ids, m

# %% the mask ends where the row has the padding's number at its end message="mask-from-ids"
def pad_with_mask(rows, pad_id):
    s = max(map(len, rows))
    ids = torch.tensor([row + [pad_id] * (s - len(row)) for row in rows])
    return ids, (ids != pad_id).flip(1).cumsum(1).flip(1) > 0
