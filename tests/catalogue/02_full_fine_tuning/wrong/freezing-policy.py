# %% attribute of the module message="nothing-frozen"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    model.requires_grad = False
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% never switched on message="never-switched-on"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        if not trained[policy]:
            p.requires_grad_(False)
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% bias anywhere in the name message="module-name-matched"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), "bias" in name
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% head without the dot message="prefix-matched"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(head), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% every vector is a bias message="vectors-matched"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), p.ndim == 1
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% BitFit without the head message="head-weight-frozen"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% biases of linear layers only message="norm-missed"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    model.requires_grad_(policy == "everything")
    if policy in ("last layer", "bitfit"):
        model.get_submodule(head).requires_grad_(True)
    if policy == "bitfit":
        for module in model.modules():
            if isinstance(module, nn.Linear) and module.bias is not None:
                module.bias.requires_grad_(True)
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% children only message="one-level-only"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    model.requires_grad_(policy == "everything")
    if policy in ("last layer", "bitfit"):
        model.get_submodule(head).requires_grad_(True)
    if policy == "bitfit":
        for name, module in model.named_children():
            if getattr(module, "bias", None) is not None:
                module.bias.requires_grad_(True)
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% BitFit trains the head alone message="biases-missed"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% the weight of the head only message="head-bias-missed"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name == f"{head}.weight", (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% head written into the code message="head-fixed"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith("fc2."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% last layer by order message="last-by-order"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    last = [name for name, _ in model.named_parameters()][-1].rpartition(".")[0]
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{last}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% turned round message="turned-round"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy] if policy in ("nothing", "everything") else not trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% nothing returned message="nothing-returned"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])

# %% frozen names returned message="wrong-names"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if not p.requires_grad]

# %% sorted message="other-order"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return sorted(name for name, p in model.named_parameters() if p.requires_grad)

# %% unknown policy trains nothing message="unknown-policy-accepted"
def choose(model, policy, head):
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained.get(policy, False))
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% KeyError instead message="other-error"
def choose(model, policy, head):
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% message without the name message="message-without-name"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError("unknown policy")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% head anywhere in the name message="prefix-matched"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(policy)
    for n, p in model.named_parameters():
        p.requires_grad_(
            policy == "everything"
            or (policy != "nothing" and head in n)
            or (policy == "bitfit" and (n.split(".")[-1] == "bias"))
        )
    return [n for n, p in model.named_parameters() if p.requires_grad]

# %% attribute misspelt message="nothing-frozen"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(policy)
    for n, p in model.named_parameters():
        of_head = n.startswith(head + ".")
        p.require_grad = (
            policy == "everything" or (policy != "nothing" and of_head) or (policy == "bitfit" and (n.split(".")[-1] == "bias"))
        )
    return [n for n, p in model.named_parameters() if p.requires_grad]

# %% their number returned message="not-names"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(policy)
    for n, p in model.named_parameters():
        of_head = n.startswith(head + ".")
        p.requires_grad_(
            policy == "everything" or (policy != "nothing" and of_head) or (policy == "bitfit" and (n.split(".")[-1] == "bias"))
        )
    return sum(p.requires_grad for p in model.parameters())

# %% parameters returned message="not-names"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(policy)
    for n, p in model.named_parameters():
        of_head = n.startswith(head + ".")
        p.requires_grad_(
            policy == "everything" or (policy != "nothing" and of_head) or (policy == "bitfit" and (n.split(".")[-1] == "bias"))
        )
    return [p for p in model.parameters() if p.requires_grad]

# %% error returned instead of raised message="unknown-policy-accepted"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        return ValueError(policy)
    for n, p in model.named_parameters():
        of_head = n.startswith(head + ".")
        p.requires_grad_(
            policy == "everything" or (policy != "nothing" and of_head) or (policy == "bitfit" and (n.split(".")[-1] == "bias"))
        )
    return [n for n, p in model.named_parameters() if p.requires_grad]

# %% BitFit passes over the head message="head-weight-frozen"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(policy)
    for n, p in model.named_parameters():
        of_head = n.startswith(head + ".")
        p.requires_grad_(
            policy == "everything"
            or (policy == "last layer" and of_head)
            or (policy == "bitfit" and (n.split(".")[-1] == "bias") and not of_head)
        )
    return [n for n, p in model.named_parameters() if p.requires_grad]

# %% the head's name with its dot anywhere message="inside-matched"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = f"{head}." in name, (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% the head's name among the parts message="inside-matched"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = head in name.split("."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% policies in any case message="unknown-policy-accepted"
def choose(model, policy, head):
    policy = policy.lower()
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% whole normalisations too message="norm-weight-trained"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.split(".")[-1] == "bias") or "norm" in name
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% names of what was switched message="wrong-names"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    changed = []
    for name, p in model.named_parameters():
        was = p.requires_grad
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
        if p.requires_grad and not was:
            changed.append(name)
    return changed

# %% AssertionError message="other-error"
def choose(model, policy, head):
    assert policy in ("nothing", "last layer", "bitfit", "everything"), policy
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% the attribute of the head message="raised-AttributeError"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    model.requires_grad_(policy == "everything")
    if policy == "bitfit":
        for name, p in model.named_parameters():
            p.requires_grad = (name.split(".")[-1] == "bias")
    if policy in ("last layer", "bitfit"):
        getattr(model, head).requires_grad_(True)
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% the head's bias taken for granted message="raised-AttributeError"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        p.requires_grad = policy == "everything" or (policy == "bitfit" and (name.split(".")[-1] == "bias"))
    if policy in ("last layer", "bitfit"):
        layer = model.get_submodule(head)
        layer.weight.requires_grad = True
        layer.bias.requires_grad = True
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% frozen for ever message="all-frozen"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        if policy == "last layer":
            p.requires_grad = name == head
        else:
            p.requires_grad = policy == "everything" or (policy == "bitfit" and (name.startswith(head + ".") or (name.split(".")[-1] == "bias")))
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% last layer and the biases swapped message="wrong-set"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": bias, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% the whole error text fixed message="message-without-name"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError("policy must be nothing, last layer, bitfit or everything")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% everything leaves the model as it is message="never-switched-on"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    if policy == 'everything':
        return [name for name, p in model.named_parameters() if p.requires_grad]
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% names without the owner message="wrong-names"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head, bias = name.startswith(f"{head}."), (name.rpartition(".")[2].split(".")[-1] == "bias")
        trained = {"nothing": False, "last layer": of_head, "bitfit": of_head or bias, "everything": True}
        p.requires_grad_(trained[policy])
    return [name.split('.')[-1] for name, p in model.named_parameters() if p.requires_grad]

# %% names that end with bias message="nearly-bias"
def choose(model, policy, head):
    if policy not in ("nothing","last layer","bitfit","everything"): raise ValueError(f"unknown {policy}")
    for n,p in model.named_parameters():
        h=n.startswith(head+"."); b=n.endswith("bias")
        p.requires_grad={"nothing":False,"last layer":h,"bitfit":h or b,"everything":True}[policy]
    return [n for n,p in model.named_parameters() if p.requires_grad]

# %% own names that begin with bias message="nearly-bias"
def choose(model, policy, head):
    if policy not in ("nothing","last layer","bitfit","everything"): raise ValueError(f"unknown {policy}")
    for n,p in model.named_parameters():
        h=n.startswith(head+"."); b=n.split(".")[-1].startswith("bias")
        p.requires_grad={"nothing":False,"last layer":h,"bitfit":h or b,"everything":True}[policy]
    return [n for n,p in model.named_parameters() if p.requires_grad]

# %% a dot asked for before bias message="own-bias-missed"
def choose(model, policy, head):
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head = name.startswith(head + ".")
        p.requires_grad = policy == "everything" or (policy != "nothing" and of_head)
        if policy == "bitfit" and name.endswith(".bias"):
            p.requires_grad = True
    return [name for name, p in model.named_parameters() if p.requires_grad]

# %% policy stripped of white space message="unknown-policy-accepted"
def choose(model, policy, head):
    policy = policy.strip()
    if policy not in ("nothing", "last layer", "bitfit", "everything"):
        raise ValueError(f"unknown policy {policy!r}")
    for name, p in model.named_parameters():
        of_head = name.startswith(head + ".")
        bias = policy == "bitfit" and name.split(".")[-1] == "bias"
        p.requires_grad = policy == "everything" or (policy != "nothing" and of_head) or bias
    return [name for name, p in model.named_parameters() if p.requires_grad]
