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
