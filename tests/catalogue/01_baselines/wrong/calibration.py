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
