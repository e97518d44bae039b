# %% no effect message="nothing-done"
def calibrate(scores, free):
    return scores.softmax(dim=-1)


# %% not made to sum to one message="not-normalised"
def calibrate(scores, free):
    return scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=0)


# %% multiplied message="multiplied"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) * free.softmax(dim=-1).mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% logarithms averaged message="logs-averaged"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.mean(dim=0).softmax(dim=-1)
    return q / q.sum(dim=-1, keepdim=True)


# %% content-free rows not made to sum to one message="free-not-normalised"
def calibrate(scores, free):
    q = scores.exp() / free.exp().mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% one content-free prompt message="first-row-only"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free[0].softmax(dim=-1)
    return q / q.sum(dim=-1, keepdim=True)


# %% subtracted message="subtracted"
def calibrate(scores, free):
    return scores.softmax(dim=-1) - free.softmax(dim=-1).mean(dim=0)


# %% logarithms divided message="logs-divided"
def calibrate(scores, free):
    return (scores / free.mean(dim=0)).softmax(dim=-1)


# %% logarithms returned message="logs-returned"
def calibrate(scores, free):
    return (scores - free.softmax(dim=-1).mean(dim=0).log()).log_softmax(dim=-1)


# %% softmax of the scores over the prompts message="softmax-over-prompts"
def calibrate(scores, free):
    q = scores.softmax(dim=0) / free.softmax(dim=-1).mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% softmax of the content-free scores over the prompts message="nothing-done"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=0).mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% columns sum to one message="normalised-over-prompts"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=0)
    return q / q.sum(dim=0, keepdim=True)


# %% upside down message="upside-down"
def calibrate(scores, free):
    q = free.softmax(dim=-1).mean(dim=0) / scores.softmax(dim=-1)
    return q / q.sum(dim=-1, keepdim=True)


# %% the best label message="decided"
def calibrate(scores, free):
    return (scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=0)).argmax(dim=-1)


# %% sum without keepdim message="axes-mixed"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=0)
    return q / q.sum(dim=-1)


# %% content-free prompts not averaged message="axes-mixed"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1)
    return q / q.sum(dim=-1, keepdim=True)


# %% one number for all labels message="nothing-done"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).mean()
    return q / q.sum(dim=-1, keepdim=True)


# %% softmax of the ratio message="softmax-twice"
def calibrate(scores, free):
    return (scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=0)).softmax(dim=-1)


# %% scores divided message="scores-divided"
def calibrate(scores, free):
    q = scores / free.softmax(dim=-1).mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% the prompts' own mean message="own-mean"
def calibrate(scores, free):
    p = scores.softmax(dim=-1)
    q = p / p.mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% the mean over labels message="nothing-done"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=-1).mean()
    return q / q.sum(dim=-1, keepdim=True)


# %% the last content-free prompt message="last-row-only"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free[-1].softmax(dim=-1)
    return q / q.sum(dim=-1, keepdim=True)


# %% the largest of the content-free ones message="largest-taken"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).amax(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% the median message="median-taken"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).median(dim=0).values
    return q / q.sum(dim=-1, keepdim=True)


# %% logarithms of p averaged message="logs-averaged"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.log_softmax(dim=-1).mean(dim=0).exp()
    return q / q.sum(dim=-1, keepdim=True)


# %% one softmax of all content-free numbers message="free-not-normalised"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.flatten().softmax(dim=0).view_as(free).sum(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% divided by the largest message="largest-is-one"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    return q / q.amax(dim=-1, keepdim=True)


# %% unit length message="largest-is-one"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    return torch.nn.functional.normalize(q, dim=-1)


# %% softmax at the end message="softmax-twice"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    q = q / q.sum(dim=-1, keepdim=True)
    return q.softmax(dim=-1)


# %% subtracted, then normalised message="wrong-calibration-not-finite"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) - free.softmax(dim=-1).mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% a probability off a logarithm message="subtracted"
def calibrate(scores, free):
    return (scores - free.softmax(dim=-1).mean(dim=0)).softmax(dim=-1)


# %% p_cf message="preference-returned"
def calibrate(scores, free):
    return free.softmax(dim=-1).mean(dim=0)


# %% the last label message="last-label-only"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    return (q / q.sum(dim=-1, keepdim=True))[:, -1]


# %% transposed message="transposed"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    return (q / q.sum(dim=-1, keepdim=True)).T


# %% nothing returned message="no-tensor"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    q /= q.sum(dim=-1, keepdim=True)


# %% arguments exchanged message="exchanged"
def calibrate(scores, free):
    p_cf = scores.softmax(dim=-1).mean(dim=0)
    q = free.softmax(dim=-1) / p_cf
    return q / q.sum(dim=-1, keepdim=True)


# %% two labels only message="wrong-calibration"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    first = q[:, :1] / (q[:, :1] + q[:, 1:2])
    return torch.cat((first, 1 - first, 0 * q[:, 2:]), dim=1)


# %% clamped message="wrong-calibration"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0).clamp(min=0.2)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    return q / q.sum(dim=-1, keepdim=True)


# %% a single row flattened message="wrong-calibration-shape"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    return (q / q.sum(dim=-1, keepdim=True)).squeeze(0)


# %% p_cf by columns that happen to fit message="axes-mixed"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=-1)
    return q / q.sum(dim=-1, keepdim=True)


# %% the right shape only when square message="axes-mixed"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    p = scores.softmax(dim=-1)
    q = p / p_cf
    return q / q.sum(dim=1)


# %% divided by the number of labels message="not-normalised"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.softmax(dim=-1).mean(dim=0)
    return q / q.shape[-1]


# %% divided by the mean of the logarithms message="free-logs-used"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / free.mean(dim=0)
    return q / q.sum(dim=-1, keepdim=True)


# %% a softmax of free over the prompts message="nothing-done"
def calibrate(scores, free):
    q = scores.softmax(dim=-1) / torch.softmax(free, 0).sum(0)
    return q / q.sum(dim=-1, keepdim=True)


# %% divided twice message="divided-twice"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    q = scores.softmax(dim=-1) / p_cf / p_cf
    return q / q.sum(dim=-1, keepdim=True)


# %% divided by the root message="root-taken"
def calibrate(scores, free):
    p_cf = free.softmax(dim=-1).mean(dim=0)
    q = scores.softmax(dim=-1) / p_cf.sqrt()
    return q / q.sum(dim=-1, keepdim=True)
