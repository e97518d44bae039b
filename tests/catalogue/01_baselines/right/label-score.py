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
