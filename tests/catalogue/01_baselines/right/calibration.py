# %% in logarithms
def calibrate(scores, free):
    return (scores - free.softmax(dim=-1).mean(dim=0).log()).softmax(dim=-1)


# %% by exp and sums
def calibrate(scores, free):
    p, f = scores.exp(), free.exp()
    p, f = p / p.sum(1, keepdim=True), (f / f.sum(1, keepdim=True)).mean(0)
    q = p / f
    return q / q.sum(1, keepdim=True)


# %% the paper's matrix W
def calibrate(scores, free):
    W = torch.linalg.inv(torch.diag(free.double().softmax(-1).mean(0)))
    q = scores.double().softmax(-1) @ W
    return torch.nn.functional.normalize(q, p=1, dim=-1)


# %% row by row
def calibrate(scores, free):
    preference = torch.stack([torch.softmax(row, 0) for row in free]).mean(0)
    rows = []
    for row in scores:
        q = [float(p) / float(f) for p, f in zip(torch.softmax(row, 0), preference)]
        rows.append([x / sum(q) for x in q])
    return torch.tensor(rows)


# %% scores as they are, without a softmax
def calibrate(scores, free):
    q = scores.exp() / torch.exp(free - free.logsumexp(-1, keepdim=True)).mean(0, keepdim=True)
    return q.div(q.sum(-1, keepdim=True))


# %% logsumexp all the way
def calibrate(scores, free):
    import math

    log_cf = free.log_softmax(-1).logsumexp(0) - math.log(len(free))
    q = scores - log_cf
    return (q - q.logsumexp(-1, keepdim=True)).exp()


# %% a matrix product
def calibrate(scores, free):
    p_cf = torch.ones(1, len(free)) @ torch.softmax(free, 1) / len(free)
    q = torch.softmax(scores, 1) @ torch.diag(p_cf[0].reciprocal())
    return q / (q @ torch.ones(q.shape[1], 1))


# %% einsum for the sums
def calibrate(scores, free):
    p_cf = torch.einsum('mc->c', free.softmax(dim=1)) / free.shape[0]
    q = torch.einsum('nc,c->nc', scores.softmax(dim=1), 1 / p_cf)
    return q / torch.einsum('nc->n', q)[:, None]


# %% vectorised by vmap
def calibrate(scores, free):
    p_cf = torch.nn.functional.softmax(free, dim=-1).sum(0) / free.size(0)
    weigh = torch.func.vmap(lambda row: (row.softmax(0) / p_cf) / (row.softmax(0) / p_cf).sum())
    return weigh(scores)
