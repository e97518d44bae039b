# %% try and finally
def forgetting(model, old_head, data, before):
    new = model.fc2
    model.fc2 = old_head
    try:
        return before - accuracy(model, data)
    finally:
        model.fc2 = new

# %% a deep copy with the old head
def forgetting(model, old_head, data, before):
    import copy

    twin = copy.deepcopy(model)
    twin.fc2 = old_head
    return before - accuracy(twin, data)

# %% accuracy by hand
def forgetting(model, old_head, data, before):
    new, was = model.fc2, model.training
    model.fc2 = old_head
    model.eval()
    with torch.no_grad():
        after = (model(data.inputs).argmax(dim=1) == data.labels).double().mean().item()
    model.train(was)
    model.fc2 = new
    return before - after

# %% setattr and tuple exchange
def forgetting(model, old_head, data, before):
    new, model.fc2 = model.fc2, old_head
    lost = -(accuracy(model, data, batch_size=7) - before)
    setattr(model, "fc2", new)
    return lost

# %% the evaluate of exercise 3
def forgetting(model, old_head, data, before):
    new = model.fc2
    model.fc2 = old_head
    after = evaluate(model, data.inputs, data.labels, 64)
    model.fc2 = new
    return before - after
