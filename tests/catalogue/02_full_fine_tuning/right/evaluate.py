# %% split and zip
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.train(False)
    right = 0
    with torch.no_grad():
        for x, y in zip(inputs.split(batch_size), labels.split(batch_size)):
            right += int((model(x).argmax(-1) == y).sum())
    model.train(was)
    return right / len(inputs)

# %% decorated, weighted means
@torch.no_grad()
def evaluate(model, inputs, labels, batch_size):
    was, total = model.training, 0.0
    model.eval()
    for start in range(0, len(inputs), batch_size):
        x, y = inputs[start : start + batch_size], labels[start : start + batch_size]
        total += (model(x).argmax(dim=1) == y).double().mean().item() * len(y)
    model.train(was)
    return total / len(labels)

# %% guesses collected, inference mode
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = [model(x).max(dim=1).indices for x in torch.split(inputs, batch_size)]
    finally:
        model.train(was)
    return (torch.cat(parts) == labels).double().mean().item()

# %% a loader
def evaluate(model, inputs, labels, batch_size):
    from torch.utils.data import DataLoader, TensorDataset

    was, right, count = model.training, 0, 0
    model.eval()
    with torch.no_grad():
        for x, y in DataLoader(TensorDataset(inputs, labels), batch_size=batch_size):
            right += (torch.argmax(model(x), dim=1) == y).sum().item()
            count += len(y)
    if was:
        model.train()
    return right / count

# %% one example at a time
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = sum(int(model(x[None]).argmax() == y) for x, y in zip(inputs, labels))
    model.train(mode)
    return right / len(inputs)

# %% a deep copy is measured
def evaluate(model, inputs, labels, batch_size):
    import copy
    model = copy.deepcopy(model).eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            right += (model(inputs[start:start + batch_size]).argmax(dim=1) == labels[start:start + batch_size]).sum().item()
    return right / len(inputs)

# %% the mode of each layer kept
def evaluate(model, inputs, labels, batch_size):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            p = model(inputs[start:start + batch_size]).softmax(dim=-1)
            right += (p.argmax(dim=-1) == labels[start:start + batch_size]).sum().item()
    for m, on in modes.items(): m.training = on
    return right / len(inputs)

# %% sorted scores and a generator
@torch.inference_mode()
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.train(mode=False)
    hits = [
        (scores.topk(1, dim=-1).indices.flatten() == y).tolist()
        for scores, y in ((model(x), y) for x, y in zip(inputs.split(batch_size), labels.split(batch_size)))
    ]
    model.train(mode=mode)
    flat = [hit for part in hits for hit in part]
    return sum(flat) / len(flat)

# %% a while loop and eq
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.eval()
    done, right = 0, torch.tensor(0)
    with torch.no_grad():
        while done < labels.shape[0]:
            upper = min(done + batch_size, labels.shape[0])
            guesses = model(inputs[done:upper]).softmax(dim=1).argmax(dim=1)
            right = right + guesses.eq(labels[done:upper]).sum()
            done = upper
    model.train(was)
    return (right / labels.numel()).item()

# %% numpy's mean of a list
def evaluate(model, inputs, labels, batch_size):
    import numpy as np
    was = model.training
    model.eval()
    hits = []
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            hits += (model(inputs[start : start + batch_size]).argmax(1) == labels[start : start + batch_size]).tolist()
    model.train(was)
    return np.mean(hits)
