# %% one loop
def count_parameters(model):
    trainable = total = 0
    for p in model.parameters():
        total += p.numel()
        if p.requires_grad:
            trainable += p.numel()
    return trainable, total


# %% a set of the parameters of all modules
def count_parameters(model):
    every = {p for m in model.modules() for p in m.parameters(recurse=False)}
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


# %% by name
def count_parameters(model):
    sizes = {name: (p.nelement(), p.requires_grad) for name, p in model.named_parameters()}
    return sum(n for n, on in sizes.values() if on), sum(n for n, _ in sizes.values())


# %% total as trainable and frozen
def count_parameters(model):
    sizes = {True: 0, False: 0}
    for p in model.parameters():
        sizes[p.requires_grad] += p.shape.numel()
    return sizes[True], sizes[True] + sizes[False]


# %% a list of two
def count_parameters(model):
    return [sum(p.numel() * on for p in model.parameters() for on in [p.requires_grad or every]) for every in (0, 1)]


# %% numbers flattened
def count_parameters(net):
    flat = [(p.flatten().shape[0], p.requires_grad) for p in net.parameters()]
    return sum(n for n, on in flat if on), sum(n for n, _ in flat)


# %% walk over modules with a memory
def count_parameters(model):
    met, trainable, total = set(), 0, 0
    for module in model.modules():
        for p in module._parameters.values():
            if p is None or id(p) in met:
                continue
            met.add(id(p))
            total += p.numel()
            trainable += p.numel() * int(p.requires_grad)
    return trainable, total


# %% math.prod of the shape
import math


def count_parameters(model: nn.Module) -> tuple[int, int]:
    def numbers(only_trainable: bool) -> int:
        chosen = filter(lambda p: p.requires_grad or not only_trainable, model.parameters())
        return sum(math.prod(p.shape) for p in chosen)

    return numbers(True), numbers(False)
