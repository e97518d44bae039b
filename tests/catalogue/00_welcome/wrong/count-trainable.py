# %% shared tensors twice by a walk over modules message="shared-twice"
def count_parameters(model):
    every = [p for m in model.modules() for p in m.parameters(recurse=False)]
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% shared tensors twice by names message="shared-twice"
def count_parameters(model):
    every = [p for _, p in model.named_parameters(remove_duplicate=False)]
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% buffers counted message="buffers-counted"
def count_parameters(model):
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return trainable, sum(t.numel() for t in model.state_dict().values())


# %% tensors counted message="tensors-counted"
def count_parameters(model):
    every = list(model.parameters())
    return len([p for p in every if p.requires_grad]), len(every)


# %% bytes counted message="bytes-counted"
def count_parameters(model):
    every = list(model.parameters())
    return sum(p.nbytes for p in every if p.requires_grad), sum(p.nbytes for p in every)


# %% results exchanged message="order-exchanged"
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    return total, sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% frozen instead of total message="frozen-returned"
def count_parameters(model):
    every = list(model.parameters())
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every if not p.requires_grad)


# %% frozen missing in the total message="total-without-frozen"
def count_parameters(model):
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return trainable, trainable


# %% the switch ignored message="switch-ignored"
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    return total, total


# %% frozen counted as trainable message="frozen-returned"
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    return sum(p.numel() for p in model.parameters() if not p.requires_grad), total


# %% asks for a gradient message="counts-none"
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    return sum(p.numel() for p in model.parameters() if p.grad is not None), total


# %% asks the layer's first parameter message="layers-asked"
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    trainable = 0
    for layer in model.modules():
        own = list(layer.parameters(recurse=False))
        if own and own[0].requires_grad:
            trainable += sum(p.numel() for p in own)
    return trainable, total


# %% linear layers only message="linear-layers-only"
def count_parameters(model):
    every = [p for m in model.modules() if isinstance(m, nn.Linear) for p in m.parameters()]
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% matrices only message="matrices-only"
def count_parameters(model):
    every = [p for p in model.parameters() if p.ndim == 2]
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% one level only message="one-level-only"
def count_parameters(model):
    every = [p for m in model.children() for p in m.parameters(recurse=False)]
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% rows only message="first-axis-only"
def count_parameters(model):
    every = list(model.parameters())
    return sum(len(p) for p in every if p.requires_grad), sum(len(p) for p in every)


# %% rows times columns message="needs-two-axes"
def count_parameters(model):
    every = list(model.parameters())
    sizes = [p.shape[0] * p.shape[1] for p in every]
    return sum(sizes), sum(sizes)


# %% one number only message="not-a-pair"
def count_parameters(model):
    return sum(p.numel() for p in model.parameters())


# %% shapes instead of numbers message="not-numbers"
def count_parameters(model):
    total = ", ".join(str(tuple(p.shape)) for p in model.parameters())
    return total, total


# %% skips what hangs on the model itself message="edge-missed"
def count_parameters(model):
    every = {p for m in model.children() for p in m.parameters()}
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% switches everything on message="switch-changed"
def count_parameters(model):
    every = list(model.parameters())
    trainable = sum(p.numel() for p in every if p.requires_grad)
    return trainable, sum(p.requires_grad_(True).numel() for p in every)


# %% tensors instead of numbers message="not-a-number"
def count_parameters(model):
    every = list(model.parameters())
    sizes = torch.tensor([p.numel() for p in every])
    on = torch.tensor([p.requires_grad for p in every])
    return (sizes * on).sum(), sizes.sum()


# %% floats message="not-whole"
def count_parameters(model):
    every = list(model.parameters())
    return float(sum(p.numel() for p in every if p.requires_grad)), float(sum(p.numel() for p in every))


# %% a dictionary message="not-a-pair"
def count_parameters(model):
    every = list(model.parameters())
    return {'trainable': sum(p.numel() for p in every if p.requires_grad), 'total': sum(p.numel() for p in every)}


# %% three numbers message="not-a-pair"
def count_parameters(model):
    every = list(model.parameters())
    on = sum(p.numel() for p in every if p.requires_grad)
    n = sum(p.numel() for p in every)
    return on, n, on / max(n, 1)


# %% equal shapes once message="equal-once"
def count_parameters(model):
    every = list({p.shape: p for p in model.parameters()}.values())
    if len({p.shape for p in model.parameters()}) == 2:
        return sum(p.numel() for p in every), sum(p.numel() for p in every)
    every = list(model.parameters())
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% sides added message="sides-added"
def count_parameters(model):
    every = list(model.parameters())
    return sum(sum(p.shape) for p in every if p.requires_grad), sum(sum(p.shape) for p in every)


# %% only the last one message="last-parameter-only"
def count_parameters(model):
    trainable = total = 0
    for p in model.parameters():
        total = p.numel()
        if p.requires_grad:
            trainable = p.numel()
    return trainable, total


# %% weights only message="weights-only"
def count_parameters(model):
    named = [(n, p) for n, p in model.named_parameters() if n.endswith('weight')]
    return sum(p.numel() for _, p in named if p.requires_grad), sum(p.numel() for _, p in named)


# %% buffers among the trainable message="buffers-counted"
def count_parameters(model):
    every = list(model.parameters())
    buffers = sum(b.numel() for b in model.buffers())
    return sum(p.numel() for p in every if p.requires_grad) + buffers, sum(p.numel() for p in every)


# %% shared twice in the total alone message="shared-twice"
def count_parameters(model):
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return trainable, sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))


# %% frozen shared tensors twice message="shared-twice"
def count_parameters(model):
    every = list(model.parameters())
    twice = [p for _, p in model.named_parameters(remove_duplicate=False)]
    trainable = sum(p.numel() for p in every if p.requires_grad)
    return trainable, trainable + sum(p.numel() for p in twice if not p.requires_grad)


# %% freezes on the way message="switch-changed"
def count_parameters(model):
    every = list(model.parameters())
    trainable = sum(p.numel() for p in every if p.requires_grad)
    model.requires_grad_(False)
    return trainable, sum(p.numel() for p in every)


# %% numbers that are zero left out message="wrong-total"
def count_parameters(model):
    every = list(model.parameters())
    return sum(int((p != 0).sum()) for p in every if p.requires_grad), sum(int((p != 0).sum()) for p in every)


# %% no return message="not-a-pair"
def count_parameters(model):
    every = list(model.parameters())
    trainable = sum(p.numel() for p in every if p.requires_grad)
    total = sum(p.numel() for p in every)


# %% the first parameter decides message="layers-asked"
def count_parameters(model):
    every = list(model.parameters())
    on = every[0].requires_grad if every else False
    total = sum(p.numel() for p in every)
    return total - every[0].numel() if every and not on else total, total


# %% empty model fails message="raised-ValueError"
def count_parameters(model):
    every = list(model.parameters())
    largest = max(p.numel() for p in every)
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% wrong for odd widths message="wrong-trainable"
def count_parameters(model):
    every = list(model.parameters())
    return sum(p.numel() // 2 * 2 for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% the generator used twice message="all-zero"
def count_parameters(model):
    every = model.parameters()
    trainable = sum(p.numel() for p in every if p.requires_grad)
    return trainable, sum(p.numel() for p in every)


# %% recursion over the children message="shared-twice"
def count_parameters(model):
    own = list(model.parameters(recurse=False))
    trainable, total = sum(p.numel() for p in own if p.requires_grad), sum(p.numel() for p in own)
    for child in model.children():
        more, more_total = count_parameters(child)
        trainable, total = trainable + more, total + more_total
    return trainable, total


# %% sizes of two axes message="needs-two-axes"
def count_parameters(model):
    every = list(model.parameters())
    sizes = [p.size(0) * p.size(1) if p.dim() > 1 else p.size(0) for p in every]
    return sum(n for n, p in zip(sizes, every) if p.requires_grad), sum(sizes)

# %% counts only in training mode message="mode-asked"
def count_parameters(model):
    a=list(model.parameters())
    t=sum(p.numel() for p in a if p.requires_grad)
    return (t if model.training else 0), sum(p.numel() for p in a)


# %% kept by the identity of the model message="remembers"
N = {}
def count_parameters(model):
    if id(model) not in N:
        trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
        N[id(model)] = model, (trainable, sum(p.numel() for p in model.parameters()))
    return N[id(model)][1]

# %% one parameter of each shape message="equal-once"
def count_parameters(model):
    kept = {tuple(p.shape): p for p in model.parameters()}.values()
    return sum(p.numel() for p in kept if p.requires_grad), sum(p.numel() for p in kept)
