# %% not shifted message="not-shifted"
# In Hugging Face's models labels are not shifted by the caller, since the model shifts them; here they meet logits as they are.
def next_token_labels(ids, mask, length):
    ignored = torch.full((len(ids), length), -100)
    return torch.cat((ignored, ids.masked_fill(~mask, -100)), dim=1)


# %% not shifted, padding counted message="not-shifted"
def next_token_labels(ids, mask, length):
    return torch.cat((torch.full((len(ids), length), -100), ids), dim=1)


# %% first token lost message="first-token-lost"
def next_token_labels(ids, mask, length):
    stands = ids.masked_fill(~mask, -100)
    labels = torch.cat((stands[:, 1:], torch.full((len(ids), 1), -100)), dim=1)
    return torch.cat((torch.full((len(ids), length), -100), labels), dim=1)


# %% padding predicted message="padding-predicted"
# huggingface/peft #54: labels and masks of a prompt under padding.
def next_token_labels(ids, mask, length):
    ignored = torch.full((len(ids), length - 1), -100)
    return torch.cat((ignored, ids, torch.full((len(ids), 1), -100)), dim=1)


# %% the last real token predicts padding message="padding-predicted"
def next_token_labels(ids, mask, length):
    b = len(ids)
    labels = torch.cat((torch.full((b, length - 1), -100), ids, torch.full((b, 1), -100)), dim=1)
    real = torch.cat((torch.ones(b, length).bool(), mask), dim=1)
    return labels.masked_fill(~real, -100)


# %% zero instead of -100 message="not-ignored"
def next_token_labels(ids, mask, length):
    b = len(ids)
    stands = torch.cat((torch.zeros(b, length, dtype=torch.long), ids * mask), dim=1)
    labels = torch.cat((stands[:, 1:], torch.zeros(b, 1, dtype=torch.long)), dim=1)
    real = torch.cat((torch.ones(b, length).bool(), mask), dim=1)
    return labels * real


# %% prompt places missing message="prompt-places-missing"
# EleutherAI/lm-evaluation-harness PR 533: logits have l places more than the text.
def next_token_labels(ids, mask, length):
    stands = ids.masked_fill(~mask, -100)
    return torch.cat((stands[:, 1:], torch.full((len(ids), 1), -100)), dim=1)


# %% rolled message="wrapped-around"
def next_token_labels(ids, mask, length):
    return torch.cat((torch.full((len(ids), length - 1), -100), ids, ids[:, :1]), dim=1)


# %% shifted the wrong way message="shifted-backwards"
def next_token_labels(ids, mask, length):
    stands = ids.masked_fill(~mask, -100)
    return torch.cat((torch.full((len(ids), length + 1), -100), stands[:, :-1]), dim=1)


# %% ignores with -1 message="not-ignored"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    stands = torch.cat((torch.full((b, length), -1), ids), dim=1)
    real = torch.cat((torch.ones(b, length, dtype=torch.bool), mask), dim=1)
    labels = torch.full((b, length + s), -1)
    labels[:, :-1] = torch.where(real[:, :-1] & real[:, 1:], stands[:, 1:], -1)
    return labels


# %% the text's beginning under padding on the left message="padding-predicts"
# huggingface/peft #1093: with padding on the left it stands between prompt and text.
def next_token_labels(ids, mask, length):
    stands = ids.masked_fill(~mask, -100)
    return torch.cat((torch.full((len(ids), length - 1), -100), stands, torch.full((len(ids), 1), -100)), dim=1)


# %% float labels message="labels-dtype"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    real = torch.cat((torch.ones(b, length, dtype=torch.bool), mask), dim=1)
    stands = torch.cat((torch.zeros(b, length), ids), dim=1)
    labels = torch.full((b, length + s), -100.0)
    labels[:, :-1] = torch.where(real[:, :-1] & real[:, 1:], stands[:, 1:], torch.tensor(-100.0))
    labels[:, : length - 1] = -100.0
    return labels


# %% one place short message="last-place-missing"
def next_token_labels(ids, mask, length):
    stands = ids.masked_fill(~mask, -100)
    return torch.cat((torch.full((len(ids), length), -100), stands), dim=1)[:, 1:]


# %% writes into the batch message="input-changed"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    real = torch.cat((torch.ones(b, length, dtype=torch.bool), mask), dim=1)
    ids[~mask] = -100
    labels = torch.full((b, length + s), -100)
    labels[:, length - 1 : -1] = ids
    return labels.masked_fill(~real, -100)


# %% real prompt forgotten message="first-token-lost"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    stands = torch.cat((torch.full((b, length), -100), ids), dim=1)
    real = torch.cat((torch.zeros(b, length, dtype=torch.bool), mask), dim=1)
    labels = torch.full((b, length + s), -100)
    labels[:, :-1] = torch.where(real[:, :-1] & real[:, 1:], stands[:, 1:], -100)
    return labels


# %% zero taken for padding message="zero-ignored"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    labels = torch.full((b, length + s), -100)
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    labels[:, length - 1 : -1] = ids.masked_fill(~(mask & before) | (ids == 0), -100)
    return labels


# %% every place of the prompt predicts message="prompt-predicts"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    labels = F.pad(ids.masked_fill(~(mask & before), -100), (length - 1, 1), value=-100)
    labels[:, :length] = ids[:, :1]
    return labels


# %% two ahead message="two-ahead"
def next_token_labels(ids, mask, length):
    stands = F.pad(ids.masked_fill(~mask, -100), (length, 2), value=-100)
    return stands[:, 2:]


# %% last place predicts zero message="not-ignored"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    labels = F.pad(ids.masked_fill(~(mask & before), -100), (length - 1, 1), value=-100)
    labels[:, -1] = 0
    return labels


# %% prompt predicts zero message="not-ignored"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    labels = F.pad(ids.masked_fill(~(mask & before), -100), (length - 1, 1), value=-100)
    labels[:, : length - 1] = 0
    return labels


# %% int32 labels message="labels-dtype"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    return F.pad(ids.masked_fill(~(mask & before), -100), (length - 1, 1), value=-100).int()


# %% only one label a text message="wrong-labels-shape"
def next_token_labels(ids, mask, length):
    return ids.masked_fill(~mask, -100)[:, -1]


# %% a list message="no-tensor"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    return F.pad(ids.masked_fill(~(mask & before), -100), (length - 1, 1), value=-100).tolist()


# %% the roll of a real row message="wrapped-around"
def next_token_labels(ids, mask, length):
    labels = torch.full((len(ids), length + ids.shape[1]), -100)
    labels[:, length:] = ids
    labels = labels.roll(-1, dims=1)
    labels[:, -1] = ids[:, 0]
    return labels


# %% plus one hundred message="not-ignored"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    return F.pad(ids.masked_fill(~(mask & before), 100), (length - 1, 1), value=100)


# %% from the first mask message="wrong-labels"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    keep = (mask & before)[:1].expand_as(mask)
    return F.pad(ids.masked_fill(~keep, -100), (length - 1, 1), value=-100)


# %% by the number of tokens message="padding-on-the-right"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    labels = torch.full((b, length + s), -100)
    for i, n in enumerate(mask.sum(1).tolist()):
        labels[i, length - 1 : length - 1 + n] = ids[i, :n]
    return labels


# %% last token predicts itself message="wrong-labels"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    labels = F.pad(ids.masked_fill(~(mask & before), -100), (length - 1, 1), value=-100)
    labels[:, -1] = ids[:, -1]
    return labels


# %% masked in place message="input-changed"
def next_token_labels(ids, mask, length):
    ids.masked_fill_(~mask, -100)
    labels = F.pad(ids, (length - 1, 1), value=-100)
    real = F.pad(mask, (length, 0), value=True)
    return labels.masked_fill(~real, -100)


# %% return forgotten message="no-tensor"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    labels = torch.full((b, length + s), -100)


# %% prompt counted twice message="wrong-labels-shape"
def next_token_labels(ids, mask, length):
    before = F.pad(mask, (1, 0), value=True)[:, :-1]
    return F.pad(ids.masked_fill(~(mask & before), -100), (2 * length - 1, 1), value=-100)


# %% multiplied out message="not-ignored"
def next_token_labels(ids, mask, length):
    full = F.pad(mask, (length, 0), value=True).long()
    keep = F.pad(full[:, 1:] * full[:, :-1], (0, 1))
    ahead = F.pad(ids, (length - 1, 1))
    return keep * ahead - 100 * (1 - keep)


# %% the last token predicts itself message="wrong-labels"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    out = torch.full((b, length + s), -100)
    for i in range(b):
        for t in range(length - 1, length + s):
            nxt = min(t + 1 - length, s - 1)
            if (t < length or mask[i, t - length]) and mask[i, nxt]: out[i, t] = ids[i, nxt]
    return out


# %% lengths of texts instead of the mask message="padding-on-the-right"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    n = mask.sum(1)
    out = torch.full((b, length + s), -100)
    for i in range(b):
        for t in range(n[i]): out[i, length - 1 + t] = ids[i, t]
    return out

# %% token 0 for padding message="zero-ignored"
def next_token_labels(ids, mask, length):
    b, s = ids.shape
    real = torch.cat((mask.new_ones(b, length), mask & (ids != 0)), dim=1)
    stands = torch.cat((torch.full((b, length), -100), ids), dim=1)
    labels = torch.full((b, length + s), -100)
    labels[:, :-1] = torch.where(real[:, :-1] & real[:, 1:], stands[:, 1:], -100)
    return labels
