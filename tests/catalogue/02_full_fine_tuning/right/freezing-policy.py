# %% freeze, then switch on
def choose(model, policy, head):
    model.requires_grad_(False)
    if policy == "everything":
        model.requires_grad_(True)
    elif policy in ("last layer", "bitfit"):
        model.get_submodule(head).requires_grad_(True)
        if policy == "bitfit":
            for name, p in model.named_parameters():
                if name.split(".")[-1] == "bias":
                    p.requires_grad = True
    elif policy != "nothing":
        raise ValueError(f"policy must be one of four, got {policy!r}")
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% a set of names
def choose(model, policy, head):
    names = [name for name, _ in model.named_parameters()]
    of_head = [name for name in names if name.startswith(head + ".")]
    biases = [name for name in names if (name.split(".")[-1] == "bias")]
    policies = {"nothing": [], "last layer": of_head, "bitfit": of_head + biases, "everything": names}
    if policy not in policies:
        raise ValueError(f"{policy} is no policy, choose one of {', '.join(policies)}")
    trained = set(policies[policy])
    for name, p in model.named_parameters():
        p.requires_grad = name in trained
    return [name for name in names if name in trained]

# %% match, tuple returned
def choose(model, policy, head):
    match policy:
        case "nothing":
            wanted = lambda name: False
        case "last layer":
            wanted = lambda name: name.rpartition(".")[0] == head
        case "bitfit":
            wanted = lambda name: name.rpartition(".")[0] == head or name.rpartition(".")[2] == "bias"
        case "everything":
            wanted = lambda name: True
        case _:
            raise ValueError(policy)
    for name, p in model.named_parameters():
        p.requires_grad_(wanted(name))
    return tuple(name for name, p in model.named_parameters() if p.requires_grad)

# %% through the modules
def choose(model, policy, head):
    if policy not in {"nothing", "last layer", "bitfit", "everything"}:
        raise ValueError(f"unknown policy: {policy}")
    trained = []
    for name, p in model.named_parameters():
        owner, own = name.rpartition(".")[::2]
        inside = owner == head or owner.startswith(head + ".")
        on = policy == "everything" or (policy != "nothing" and (inside or (policy == "bitfit" and own == "bias")))
        p.requires_grad_(on)
        if on:
            trained.append(name)
    return trained

# %% conditions in a dict
def choose(model, policy, head):
    conditions = {
        "nothing": lambda n: False,
        "everything": lambda n: True,
        "last layer": lambda n: n.startswith(head + "."),
        "bitfit": lambda n: n.startswith(head + ".") or (n.split(".")[-1] == "bias"),
    }
    try:
        f = conditions[policy]
    except KeyError:
        raise ValueError(f"no policy {policy}") from None
    for n, p in model.named_parameters():
        p.requires_grad_(f(n))
    return [n for n, p in model.named_parameters() if p.requires_grad]

# %% keys of a dict
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(policy)
    for n, p in model.named_parameters():
        of_head = n.startswith(head + ".")
        p.requires_grad_(
            policy == "everything" or (policy != "nothing" and of_head) or (policy == "bitfit" and (n.split(".")[-1] == "bias"))
        )
    return dict((n, p) for n, p in model.named_parameters() if p.requires_grad).keys()

# %% modules of the head by identity
def choose(model: nn.Module, policy: str, head: str) -> list[str]:
    if policy not in {"nothing", "last layer", "bitfit", "everything"}:
        raise ValueError("policy " + policy + " is not known")
    own = {id(p) for p in model.get_submodule(head).parameters()}
    result = []
    for name, p in model.named_parameters():
        *_, last = name.split(".")
        match policy:
            case "nothing":
                p.requires_grad = False
            case "everything":
                p.requires_grad = True
            case "last layer":
                p.requires_grad = id(p) in own
            case _:
                p.requires_grad = id(p) in own or last == "bias"
        if p.requires_grad:
            result += [name]
    return result

# %% removeprefix and filter
def choose(model, policy, head):
    tests = dict(nothing=lambda n: False, everything=lambda n: True, bitfit=lambda n: n.removeprefix(head + ".") != n or (n.split(".")[-1] == "bias"))
    tests["last layer"] = lambda n: n.removeprefix(head + ".") != n
    test = tests.get(policy)
    if test is None:
        raise ValueError(f"{policy=}")
    names = list(filter(test, dict(model.named_parameters())))
    model.requires_grad_(False)
    for name in names:
        model.get_parameter(name).requires_grad_()
    return names
