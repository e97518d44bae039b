# %% not shifted message="not-shifted"
def label_score(logits, ids, is_label):
    logp = logits.log_softmax(dim=-1)
    return (logp.gather(2, ids[:, :, None]).squeeze(2) * is_label).sum(dim=1)


# %% shifted the wrong way message="shifted-backwards"
def label_score(logits, ids, is_label):
    logp = logits[:, 1:].log_softmax(dim=-1)
    return (logp.gather(2, ids[:, :-1, None]).squeeze(2) * is_label[:, :-1]).sum(dim=1)


# %% mask left behind message="mask-not-shifted"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    return (logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, :-1]).sum(dim=1)


# %% whole mask on the cut scores message="mask-not-cut"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    of_tokens = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    of_tokens[~is_label] = 0
    return of_tokens.sum(dim=1)


# %% prompt included message="prompt-included"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    of_tokens = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    until = is_label.flip(1).cumsum(1).flip(1) > 0
    return (of_tokens * until[:, 1:]).sum(dim=1)


# %% everything included message="everything-included"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    return logp.gather(2, ids[:, 1:, None]).squeeze(2).sum(dim=1)


# %% the mean message="averaged"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    of_tokens = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    return (of_tokens * is_label[:, 1:]).sum(dim=1) / is_label.sum(dim=1)


# %% raw logits message="raw-logits"
def label_score(logits, ids, is_label):
    of_tokens = logits[:, :-1].gather(2, ids[:, 1:, None]).squeeze(2)
    return (of_tokens * is_label[:, 1:]).sum(dim=1)


# %% softmax over the places message="softmax-over-tokens"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=1)
    return (logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]).sum(dim=1)


# %% softmax over the batch message="softmax-over-batch"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=0)
    return (logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]).sum(dim=1)


# %% probabilities added message="no-logarithm"
def label_score(logits, ids, is_label):
    p = logits[:, :-1].softmax(dim=-1)
    return (p.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]).sum(dim=1)


# %% the probability message="no-logarithm"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    return (logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]).sum(dim=1).exp()


# %% a loss message="sign-turned"
def label_score(logits, ids, is_label):
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    return (loss * is_label[:, 1:]).sum(dim=1)


# %% the first token of the label message="first-token-only"
def label_score(logits, ids, is_label):
    first = is_label.long().argmax(dim=1)
    rows = torch.arange(len(ids))
    return logits[rows, first - 1].log_softmax(dim=-1)[rows, ids[rows, first]]


# %% the last token of the label message="last-token-only"
def label_score(logits, ids, is_label):
    last = (is_label.long() * torch.arange(ids.shape[1])).argmax(dim=1)
    rows = torch.arange(len(ids))
    return logits[rows, last - 1].log_softmax(dim=-1)[rows, ids[rows, last]]


# %% logarithm of a rounded softmax message="underflow"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].softmax(dim=-1).log()
    of_tokens = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    return torch.where(is_label[:, 1:], of_tokens, 0.0).sum(dim=1)


# %% the batch added up message="batch-added"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    return (logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]).sum()


# %% not added message="not-added"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1)
    return logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]


# %% whole mask times the cut scores message="mask-not-cut"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    return (logp * is_label).sum(dim=1)


# %% ids not cut message="ids-not-cut"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, :, None]).squeeze(2)
    return (logp * is_label[:, 1:]).sum(dim=1)


# %% gather without the third axis message="gather-axis-missing"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:])
    return (logp * is_label[:, 1:]).sum(dim=1)


# %% ids cut at the wrong end message="ids-not-shifted"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, :-1, None]).squeeze(2)
    return (logp * is_label[:, 1:]).sum(dim=1)


# %% picked with the mask, all rows in one message="not-added"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    return logp[is_label[:, 1:]]


# %% a product of masked probabilities message="all-zero"
def label_score(logits, ids, is_label):
    p = logits[:, :-1].softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    return (p * is_label[:, 1:]).prod(dim=1)


# %% the most probable tokens message="best-token"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).amax(dim=-1)
    return (logp * is_label[:, 1:]).sum(dim=1)


# %% padding after the label added message="padding-included"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * (keep.long().cumsum(1) > 0)).sum(dim=1)


# %% the other tokens message="prompt-instead"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * ~keep).sum(dim=1)


# %% bits message="base-two"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).sum(dim=1) / torch.log(torch.tensor(2.0))


# %% the first token left out message="one-token-left-out"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    first = keep & (keep.long().cumsum(1) == 1)
    return (logp * (keep & ~first)).sum(dim=1)


# %% the least probable token message="smallest-only"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return logp.masked_fill(~keep, 0.0).amin(dim=1)


# %% logarithms multiplied message="multiplied"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return torch.where(keep, logp, 1.0).prod(dim=1)


# %% logarithm of a sum message="logarithm-of-sum"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp.exp() * keep).sum(dim=1).log()


# %% normalised over the rows message="softmaxed"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).sum(dim=1).log_softmax(dim=0)


# %% averaged over the batch message="batch-averaged"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).sum(dim=1).mean()


# %% an axis kept message="axis-kept"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).sum(dim=1, keepdim=True)


# %% the mean over all places message="averaged"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).mean(dim=1)


# %% a mean loss message="sign-turned"
def label_score(logits, ids, is_label):
    target = ids[:, 1:].masked_fill(~is_label[:, 1:], -100)
    losses = [torch.nn.functional.cross_entropy(x, t) for x, t in zip(logits[:, :-1], target)]
    return torch.stack(losses)


# %% shifted twice message="shifted-twice"
def label_score(logits, ids, is_label):
    logp = logits.log_softmax(dim=-1).roll(2, dims=1).gather(2, ids[:, :, None]).squeeze(2)
    logp[:, 1] = logits[:, 0].log_softmax(dim=-1).gather(1, ids[:, 1:2])[:, 0]
    return (logp * is_label).sum(dim=1)


# %% a list of numbers message="no-tensor"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).sum(dim=1).tolist()


# %% nothing returned message="no-tensor"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    score = (logp * keep).sum(dim=1)


# %% softmax over a transposed table message="softmax-over-tokens"
def label_score(logits, ids, is_label):
    table = logits.transpose(1, 2).log_softmax(dim=-1).transpose(1, 2)[:, :-1]
    logp = table.gather(2, ids[:, 1:, None]).squeeze(2)
    return (logp * is_label[:, 1:]).sum(dim=1)


# %% only the largest prompt message="wrong-score"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).sum(dim=1) - logp[:, 0]


# %% a single row flattened message="wrong-score-shape"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * keep).sum(dim=1).squeeze()


# %% at most two tokens message="wrong-score"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp * (keep & (keep.long().cumsum(1) <= 2))).sum(dim=1)


# %% clamped message="cut-off"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    keep = is_label[:, 1:]
    return (logp.clamp(min=-10) * keep).sum(dim=1)


# %% a small number inside the logarithm message="cut-off"
def label_score(logits, ids, is_label):
    p = logits[:, :-1].softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    return ((p + 1e-9).log() * is_label[:, 1:]).sum(dim=1)


# %% the prompt's last logits for every token message="prompt-logits-only"
def label_score(logits, ids, is_label):
    scores = []
    for i in range(len(ids)):
        places = is_label[i].nonzero()[:, 0]
        scores.append(logits[i, places[0] - 1].log_softmax(dim=-1)[ids[i, places]].sum())
    return torch.stack(scores)


# %% a mean loss over everything message="everything-averaged"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    return logp.mean(dim=1)


# %% softmax of what was picked message="softmax-over-tokens"
def label_score(logits, ids, is_label):
    picked = logits[:, :-1].gather(2, ids[:, 1:, None]).squeeze(2)
    return (picked.log_softmax(dim=-1) * is_label[:, 1:]).sum(dim=1)


# %% added over the batch message="wrong-axis"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    return (logp * is_label[:, 1:]).sum(dim=0)


# %% gather's last axis kept message="axes-mixed"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(dim=-1).gather(2, ids[:, 1:, None])
    return (logp * is_label[:, 1:]).sum(dim=1)


# %% a sigmoid message="sigmoid-taken"
def label_score(logits, ids, is_label):
    logp = torch.nn.functional.logsigmoid(logits[:, :-1]).gather(2, ids[:, 1:, None]).squeeze(2)
    return (logp * is_label[:, 1:]).sum(dim=1)

# %% log of softmax is NaN message="underflow"
def label_score(logits, ids, is_label):
    logp=logits[:,:-1].softmax(-1).log()
    t=logp.gather(2,ids[:,1:,None]).squeeze(2)
    return (t*is_label[:,1:]).sum(1)


# %% token 0 left out message="zero-left-out"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(-1)
    t = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    return (t * (is_label & (ids != 0))[:, 1:]).sum(1)


# %% the largest logit taken off message="largest-taken-off"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1] - logits[:, :-1].max(-1, keepdim=True).values
    return (logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]).sum(1)


# %% the mask of the first row message="first-mask-for-all"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].log_softmax(-1)
    t = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    return (t * is_label[:1, 1:]).sum(1)


# %% logits in bfloat16 message="digits-lost"
def label_score(logits, ids, is_label):
    logp = logits[:, :-1].bfloat16().log_softmax(-1).to(logits.dtype)
    return (logp.gather(2, ids[:, 1:, None]).squeeze(2) * is_label[:, 1:]).sum(1)

# %% a small number before the logarithm message="cut-off"
def label_score(logits, ids, is_label):
    logp = (logits[:, :-1].softmax(dim=-1) + 1e-9).log()
    picked = logp.gather(2, ids[:, 1:, None]).squeeze(2)
    return (picked * is_label[:, 1:]).sum(dim=1)
