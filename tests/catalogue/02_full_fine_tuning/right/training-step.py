# %% a loss object and model.zero_grad
def training_step(model, optimizer, inputs, labels):
    criterion = nn.CrossEntropyLoss()
    model.train()
    scores = model(inputs)
    loss = criterion(scores, labels)
    model.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss)

# %% log-softmax and nll, gradients set to zero instead of None
def training_step(model, optimizer, inputs, labels):
    model.train()
    loss = F.nll_loss(model(inputs).log_softmax(dim=1), labels)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return loss.detach().item()

# %% one-hot labels, cleared before and after
def training_step(model, optimizer, inputs, labels):
    model.train(True)
    optimizer.zero_grad()
    scores = model(inputs)
    loss = F.cross_entropy(scores, F.one_hot(labels, scores.shape[1]).to(scores.dtype))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()

# %% the mean written out
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    scores = model(inputs)
    picked = scores.gather(1, labels[:, None]).squeeze(1)
    loss = (scores.logsumexp(dim=1) - picked).sum() / len(labels)
    loss.backward()
    optimizer.step()
    return loss.tolist()

# %% autograd.grad into .grad
def training_step(model, optimizer, inputs, labels):
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    loss = F.cross_entropy(model(inputs), labels)
    for p, g in zip(trained, torch.autograd.grad(loss, trained)):
        p.grad = g
    optimizer.step()
    return loss.item()

# %% gradients set to None by hand
def training_step(model, optimizer, inputs, labels):
    model.train()
    for p in model.parameters():
        p.grad = None
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% a closure
def training_step(model, optimizer, inputs, labels):
    model.train()

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        return loss

    return optimizer.step(closure).item()

# %% gradients added example by example
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    total = 0.0
    for x, y in zip(inputs, labels):
        loss = F.cross_entropy(model(x[None]), y[None]) / len(inputs)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total

# %% zero_grad last but one, a vector of losses
def training_step(model: nn.Module, optimizer: torch.optim.Optimizer, inputs: torch.Tensor, labels: torch.Tensor) -> float:
    optimizer.zero_grad(set_to_none=True)
    scores = model.train()(inputs)
    losses = -F.log_softmax(scores, dim=-1)[torch.arange(labels.shape[0]), labels]
    losses.mean().backward()
    optimizer.step()
    return losses.detach().mean().item()

# %% einsum and grad enabled
def training_step(model, optimizer, inputs, labels):
    with torch.enable_grad():
        model.train()
        scores = model(inputs)
        onehot = torch.nn.functional.one_hot(labels, num_classes=scores.size(-1)).type_as(scores)
        loss = -torch.einsum("bc,bc->", onehot, scores.log_softmax(-1)) / scores.size(0)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return float(loss.detach())
