# %% everything message="over-budget"
def under_budget(model, memory, budget):
    model.requires_grad_(True)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% the last layer message="over-budget"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    model[-1].requires_grad_(True)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% the smallest parameter message="trains-too-little"
def under_budget(model, memory, budget):
    params = list(model.parameters())

    def cost(p):
        model.requires_grad_(False)
        p.requires_grad_(True)
        return memory(model)

    cheapest = min(params, key=cost)
    model.requires_grad_(False)
    cheapest.requires_grad_(True)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% from the head down message="trains-too-little"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in reversed(list(model.named_parameters())):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% the smallest first message="trains-too-little"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% one beyond the budget message="over-budget"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: break
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% stops at the first that does not fit message="nothing-trained"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget:
            p.requires_grad_(False)
            break
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% frozen in place of trained message="nothing-trained"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) < budget: p.requires_grad_(False)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% the budget without the weights message="over-budget"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) - 4 * sum(q.numel() for q in model.parameters()) > budget: p.requires_grad_(False)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% strictly below twice the numbers message="over-budget"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    left = budget - 4 * sum(p.numel() for p in model.parameters())
    for p in sorted(model.parameters(), key=lambda p: -p.numel()):
        if 12 * p.numel() <= left:
            p.requires_grad_(True)
            left -= 12 * p.numel()
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% names alone, nothing set message="names-differ"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    chosen = [n for n, p in model.named_parameters() if p.requires_grad]
    model.requires_grad_(True)
    return chosen


# %% parameters instead of names message="not-a-list"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return [p.numel for n, p in model.named_parameters() if p.requires_grad]


# %% a count of numbers message="not-a-list"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% no return message="not-a-list"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)



# %% everything that does not fit message="names-differ"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return [n for n, p in model.named_parameters() if not p.requires_grad]


# %% each by itself within the budget message="over-budget"
def under_budget(model, memory, budget):
    chosen = []
    for name, p in model.named_parameters():
        model.requires_grad_(False)
        p.requires_grad_(True)
        if memory(model) <= budget:
            chosen.append(name)
    for name, p in model.named_parameters():
        p.requires_grad_(name in chosen)
    return chosen


# %% weights cleared to save memory message="changes-weights"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return [n for n, p in model.named_parameters() if p.requires_grad]

# %% nothing returned where one alone fits message="names-differ"
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for parameter in sorted(model.parameters(), key=lambda p: -p.numel()):
        parameter.requires_grad_(True)
        if memory(model) > budget:
            parameter.requires_grad_(False)
    kept = [name for name, p in model.named_parameters() if p.requires_grad]
    return kept if len(kept) > 1 else []
