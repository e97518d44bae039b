# %% cross entropy with ignored places
def label_score(logits, ids, is_label):
    target = ids[:, 1:].masked_fill(~is_label[:, 1:], -100)
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), target, reduction="none")
    return -loss.sum(dim=1)


# %% row by row, place by place
def label_score(logits, ids, is_label):
    scores = []
    for i in range(len(ids)):
        total = torch.zeros((), dtype=logits.dtype)
        for t in range(1, ids.shape[1]):
            if is_label[i, t]:
                total = total + torch.log_softmax(logits[i, t - 1], dim=0)[ids[i, t]]
        scores.append(total)
    return torch.stack(scores)


# %% logit minus logsumexp
def label_score(logits, ids, is_label):
    before, token = logits[:, :-1].double(), ids[:, 1:].unsqueeze(-1)
    of_tokens = before.gather(-1, token).squeeze(-1) - torch.logsumexp(before, dim=-1)
    return torch.where(is_label[:, 1:], of_tokens, torch.zeros_like(of_tokens)).sum(-1)


# %% rolled instead of cut
def label_score(logits, ids, is_label):
    logp = torch.log_softmax(logits, -1).roll(1, dims=1)
    b, s = ids.shape
    of_tokens = logp[torch.arange(b)[:, None], torch.arange(s), ids]
    return (of_tokens * is_label.float()).sum(-1)


# %% only the label's places
def label_score(logits, ids, is_label):
    row, place = is_label.nonzero(as_tuple=True)
    of_tokens = logits[row, place - 1].log_softmax(-1).gather(1, ids[row, place][:, None])[:, 0]
    return torch.zeros(len(ids), dtype=logits.dtype).index_add(0, row, of_tokens)


# %% one-hot and einsum
def label_score(logits, ids, is_label):
    hot = torch.nn.functional.one_hot(ids[:, 1:], logits.shape[-1]).to(logits.dtype)
    logp = torch.log_softmax(logits, dim=2)[:, :-1]
    return torch.einsum('bsv,bsv,bs->b', logp, hot, is_label[:, 1:].to(logits.dtype))


# %% torch.distributions
def label_score(logits, ids, is_label):
    from torch.distributions import Categorical

    logp = Categorical(logits=logits[:, :-1, :]).log_prob(ids[:, 1:])
    return logp.masked_fill(~is_label[:, 1:], 0.0).sum(1)


# %% take_along_dim and a running sum
def label_score(logits, ids, is_label):
    logp = torch.log_softmax(logits[:, :-1], dim=-1)
    of_tokens = torch.take_along_dim(logp, ids[:, 1:].unsqueeze(2), dim=2)[..., 0]
    return (of_tokens * is_label[:, 1:]).cumsum(1)[:, -1]


# %% a loss with the sign turned
def label_score(logits, ids, is_label):
    import torch.nn.functional as nnf

    scores = []
    for x, row, keep in zip(logits, ids, is_label):
        scores.append(-nnf.cross_entropy(x[:-1][keep[1:]], row[1:][keep[1:]], reduction='sum'))
    return torch.stack(scores)


# %% nll_loss
def label_score(logits, ids, is_label):
    flat = torch.nn.functional.nll_loss(logits[:, :-1].log_softmax(-1).flatten(0, 1), ids[:, 1:].flatten(), reduction='none')
    return -(flat.view(len(ids), -1) * is_label[:, 1:]).sum(-1)


# %% masked_fill
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(-1)
    t = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    return t.masked_fill(~is_label[:, 1:], 0).sum(1)


# %% rolled by one
def label_score(logits, ids, is_label):
    logp = logits.log_softmax(-1)
    t = logp.gather(2, ids.roll(-1, 1)[..., None]).squeeze(2)
    return (t * is_label.roll(-1, 1)).sum(1)
