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
