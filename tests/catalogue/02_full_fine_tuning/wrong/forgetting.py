# %% under the new head message="new-head-used"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    after = accuracy(model)
    model.fc2 = new
    return before - after

# %% after minus before message="sign-turned"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return after - before

# %% accuracy itself message="accuracy-returned"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return after

# %% relative message="relative"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return (before - after) / before

# %% in per cent message="percent"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return 100 * (before - after)

# %% gains cut off message="cut-at-zero"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return max(before - after, 0.0)

# %% absolute value message="absolute"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return abs(before - after)

# %% old head left in message="old-head-left-in"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    return before - after

# %% weights copied into the new head message="weights-copied"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    new.weight.data = old_head.weight.data.clone()
    after = accuracy(model)
    model.fc2 = new
    return before - after

# %% a tensor message="not-a-number"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return torch.tensor(before - after)

# %% a copy put back message="copy-put-back"
import copy


def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = copy.deepcopy(new)
    return before - after

# %% old weights loaded into the new head message="weights-copied"
def forgetting(model, old_head, accuracy, before):
    kept = {k: v.clone() for k, v in model.fc2.state_dict().items()}
    model.fc2.load_state_dict(old_head.state_dict())
    after = accuracy(model)
    model.fc2.load_state_dict(kept)
    return before - after

# %% old head measured alone message="head-in-wrong-place"
def forgetting(model, old_head, accuracy, before):
    after = accuracy(old_head)
    return before - after

# %% old head behind the new one message="head-in-wrong-place"
def forgetting(model, old_head, accuracy, before):
    after = accuracy(nn.Sequential(model, old_head))
    return before - after

# %% remembered too late message="old-head-left-in"
def forgetting(model, old_head, accuracy, before):
    model.fc2 = old_head
    new = model.fc2
    after = accuracy(model)
    model.fc2 = new
    return before - after

# %% nothing returned message="not-a-number"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    print(before - after)

# %% rounded message="rounded"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return round(before - after, 2)

# %% model frozen for the measurement message="switches-changed"
def forgetting(model, old_head, accuracy, before):
    model.requires_grad_(False)
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return before - after

# %% left in evaluation mode message="mode-changed"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    model.eval()
    after = accuracy(model)
    model.fc2 = new
    return before - after

# %% left in training mode message="mode-changed"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model.eval())
    model.fc2 = new
    model.train()
    return before - after

# %% a new layer with the new head's weights message="weights-copied"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = nn.Linear(new.in_features, new.out_features, bias=False)
    model.fc2.load_state_dict(new.state_dict())
    return before - after

# %% the accuracy of the new head message="accuracy-returned"
def forgetting(model, old_head, accuracy, before):
    return accuracy(model)

# %% a ratio message="ratio"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return after / before

# %% both heads compared message="heads-compared"
def forgetting(model, old_head, accuracy, before):
    new, here = model.fc2, accuracy(model)
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return here - after

# %% rounded to four digits message="rounded"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return round(before - after, 3)

# %% the head's name as a string message="raised-TypeError"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = 'old_head'
    after = accuracy(model)
    model.fc2 = new
    return before - after

# %% accuracy without a model message="raised-TypeError"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy()
    model.fc2 = new
    return before - after

# %% return before the new head is back message="old-head-left-in"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    return before - accuracy(model)
    model.fc2 = new

# %% frozen old head message="switches-changed"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head.requires_grad_(False)
    after = accuracy(model)
    model.fc2 = new
    return before - after

# %% the new head kept in the model message="part-added"
def forgetting(model, old_head, accuracy, before):
    model.new_head = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = model.new_head
    return before - after

# %% divided by the sum of both message="wrong-forgetting"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    model.fc2 = new
    return (before - after) / (before + after)

# %% the head deleted message="other-head-left-in"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2
    model.fc2 = old_head
    after = accuracy(model)
    del model.fc2
    return before - after

# %% only the weights exchanged message="weights-copied"
def forgetting(model, old_head, accuracy, before):
    a=model.fc2.weight
    model.fc2.weight=old_head.weight
    after=accuracy(model)
    model.fc2.weight=a
    return before-after

# %% the old head put into evaluation mode message="mode-changed"
def forgetting(model, old_head, accuracy, before):
    new=model.fc2
    model.fc2=old_head.eval()
    after=accuracy(model)
    model.fc2=new
    return before-after


# %% rounded to four digits message="rounded"
def forgetting(model, old_head, accuracy, before):
    new = model.fc2; model.fc2 = old_head
    after = accuracy(model); model.fc2 = new
    return round(before - after, 4)


# %% the first new head kept on the function message="other-head-left-in"
def forgetting(model, old_head, accuracy, before):
    if not hasattr(forgetting, "new"): forgetting.new = model.fc2
    model.fc2 = old_head; after = accuracy(model); model.fc2 = forgetting.new
    return before - after

# %% parameters of the heads exchanged message="head-taken-apart"
def forgetting(model, old_head, accuracy, before):
    weight, bias = model.fc2.weight, model.fc2.bias
    model.fc2.weight, model.fc2.bias = old_head.weight, old_head.bias
    after = accuracy(model)
    model.fc2.weight, model.fc2.bias = weight, bias
    return before - after
