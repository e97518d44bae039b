# %% try and finally
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    try:
        return before - accuracy(model)
    finally:
        model.fc2 = new

# %% a deep copy with the old head
def forgetting(model, old_head, accuracy, before):
    import copy

    twin = copy.deepcopy(model)
    twin.fc2 = old_head
    return before - accuracy(twin)

# %% a context manager
def forgetting(model, old_head, accuracy, before):
    import contextlib

    @contextlib.contextmanager
    def under(head):
        own, model.fc2 = model.fc2, head
        yield model
        model.fc2 = own

    with under(old_head) as old:
        return before - accuracy(old)

# %% setattr and tuple exchange
def forgetting(model, old_head, accuracy, before):
    new, model.fc2 = model.fc2, old_head
    lost = -(accuracy(model) - before)
    setattr(model, "fc2", new)
    return lost

# %% a model of its own, put together from the two parts
def forgetting(model, old_head, accuracy, before):
    new = model._modules.pop("fc2")
    model.add_module("fc2", old_head)
    measured = [accuracy(part) for part in (model,)]
    model.add_module("fc2", new)
    return sum([before, *(-one for one in measured)])

# %% a Sequential of body and old head
def forgetting(model, old_head, accuracy, before):
    import copy
    twin = copy.copy(model)
    twin._modules = {**model._modules, 'fc2': old_head}
    return before - accuracy(twin)

# %% an ExitStack
def forgetting(model, old_head, accuracy, before):
    from contextlib import ExitStack
    with ExitStack() as stack:
        stack.callback(setattr, model, 'fc2', model.fc2)
        model.fc2 = old_head
        lost = before - accuracy(model)
    return lost

# %% mock.patch.object
def forgetting(model, old_head, accuracy, before):
    from unittest import mock
    new = model.fc2
    with mock.patch.dict(model._modules, {'fc2': old_head}):
        lost = before - accuracy(model)
    return float(lost)
