# %% gradients never cleared message="gradients-kept"
# tenstorrent/tt-blacksmith PR #711, meta-pytorch/torchforge PR #71
def training_step(model, optimizer, inputs, labels):
    model.train()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% cleared at the end only message="gradients-kept"
# What was left in .grad before the first step is used in it.
def training_step(model, optimizer, inputs, labels):
    model.train()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()

# %% cleared right before the step message="cleared-before-step"
# lucidrains/byol-pytorch #93
def training_step(model, optimizer, inputs, labels):
    model.train()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()

# %% step before backward message="step-before-backward"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    optimizer.step()
    loss.backward()
    return loss.item()

# %% no backward message="backward-missing"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    optimizer.step()
    return loss.item()

# %% no step message="step-missing"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    return loss.item()

# %% two steps message="step-twice"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()

# %% plain gradient descent by hand message="optimizer-not-used"
def training_step(model, optimizer, inputs, labels):
    model.train()
    model.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            if p.grad is not None:
                p -= 0.01 * p.grad
    return loss.item()

# %% backward twice with the graph retained message="backward-twice"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward(retain_graph=True)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% backward twice message="backward-twice"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    loss.backward()
    optimizer.step()
    return loss.item()

# %% forward without gradients message="no-graph"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    with torch.no_grad():
        scores = model(inputs)
    loss = F.cross_entropy(scores, labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% softmax before cross entropy message="softmax-twice"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs).softmax(dim=1), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% nll of raw scores message="log-softmax-missing"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.nll_loss(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% summed over the batch message="loss-summed"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item()

# %% mean divided again message="divided-twice"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels) / len(labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% uphill message="uphill"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = -F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% squared error message="wrong-loss"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    scores = model(inputs)
    loss = F.mse_loss(scores, F.one_hot(labels, scores.shape[1]).to(scores.dtype))
    loss.backward()
    optimizer.step()
    return loss.item()

# %% labels with a second axis message="label-shape"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels.unsqueeze(1))
    loss.backward()
    optimizer.step()
    return loss.item()

# %% labels as float message="label-shape"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels.float())
    loss.backward()
    optimizer.step()
    return loss.item()

# %% returns the loss with its graph message="graph-returned"
# BatsResearch/labelmodels #4, google/brax PR #152
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss

# %% returns a detached tensor message="not-a-number"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.detach()

# %% returns nothing message="no-loss"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()

# %% returns the loss after the step message="loss-after"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return F.cross_entropy(model(inputs), labels).item()

# %% mode not set message="evaluation-mode"
# wkentaro/pytorch-fcn PR #56, fartashf/vsepp #4
def training_step(model, optimizer, inputs, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% evaluation mode message="evaluation-mode"
def training_step(model, optimizer, inputs, labels):
    model.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% unfreezes everything message="switches-changed"
# ultralytics/yolov5 #1213
def training_step(model, optimizer, inputs, labels):
    model.train()
    for p in model.parameters():
        p.requires_grad = True
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% an optimizer of its own message="optimizer-not-used"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% scores and labels exchanged message="label-shape"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(labels, model(inputs))
    loss.backward()
    optimizer.step()
    return loss.item()

# %% a number before backward message="number-too-early"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels).item()
    loss.backward()
    optimizer.step()
    return loss

# %% softmax over the batch message="softmax-twice"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs).softmax(dim=0), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% gradient clipped message="wrong-length"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item()

# %% returns an array message="not-a-number"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.detach().numpy()

# %% item without parentheses message="not-a-number"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item

# %% binary cross entropy of probabilities message="wrong-loss"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    p = model(inputs).softmax(dim=1)
    loss = F.binary_cross_entropy(p, F.one_hot(labels, p.shape[1]).float())
    loss.backward()
    optimizer.step()
    return loss.item()

# %% mean over examples and classes message="averaged-over-classes"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    p = model(inputs).softmax(dim=1)
    loss = -(F.one_hot(labels, p.shape[1]) * p.log()).mean()
    loss.backward()
    optimizer.step()
    return loss.item()

# %% training mode after the forward pass message="evaluation-mode"
def training_step(model, optimizer, inputs, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    model.train()
    loss.backward()
    optimizer.step()
    return loss.item()

# %% a step for each example message="step-twice"
def training_step(model, optimizer, inputs, labels):
    model.train()
    total = 0.0
    for x, y in zip(inputs, labels):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[None]), y[None])
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(inputs)

# %% loss computed again after the step message="loss-after"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    F.cross_entropy(model(inputs), labels).backward()
    optimizer.step()
    return F.cross_entropy(model(inputs), labels).item()

# %% the outermost mode alone message="evaluation-mode"
def training_step(model, optimizer, inputs, labels):
    model.training = True
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% back into evaluation mode message="left-in-evaluation-mode"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    model.eval()
    return loss.item()

# %% labels smoothed message="label-smoothing"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels, label_smoothing=0.1)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% rounded to four digits message="loss-rounded"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return round(loss.item(), 4)

# %% returns the sum message="loss-summed"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item() * len(labels)

# %% returns minus the loss message="loss-negative"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return -loss.item()

# %% clipped to one message="wrong-length"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()

# %% clipped by value message="cut-by-value"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    torch.nn.utils.clip_grad_value_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item()

# %% returns the accuracy message="wrong-loss-value"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    scores = model(inputs)
    loss = F.cross_entropy(scores, labels)
    loss.backward()
    optimizer.step()
    return (scores.argmax(1) == labels).float().mean().item()

# %% steps only when gradients are there message="gradients-kept"
def training_step(model, optimizer, inputs, labels):
    model.train()
    if optimizer.state:
        optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% the first example alone message="first-example-only"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs[:1]), labels[:1])
    loss.backward()
    optimizer.step()
    return loss.item()

# %% the mean of the losses' roots message="wrong-length"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels).sqrt()
    loss.backward()
    optimizer.step()
    return loss.item()

# %% two axes of the inputs flattened message="raised-IndexError"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs.float().flatten(0, 1)), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% inputs flattened to one row for the batch message="raised-RuntimeError"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs.reshape(1, -1)), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% scores squeezed message="label-shape"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs).squeeze(), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% class zero ignored message="class-left-out"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels, ignore_index=0)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% half the loss message="wrong-length"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    (loss / 2).backward()
    optimizer.step()
    return loss.item()

# %% divided on return message="loss-divided"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item() / len(labels)

# %% an integer message="not-a-number"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return int(loss)

# %% returns the perplexity message="loss-exponent"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.exp().item()

# %% gradient descent by the learning rate of the group message="optimizer-not-used"
def training_step(model, optimizer, inputs, labels):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    with torch.no_grad():
        for group in optimizer.param_groups:
            for p in group['params']:
                p -= group['lr'] * p.grad
    return loss.item()

# %% train(False) message="evaluation-mode"
def training_step(model, optimizer, inputs, labels):
    model.train(False)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% gradients cut at a length of ten message="wrong-length"
def training_step(model, optimizer, inputs, labels):
    model.train(); optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels); loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 10.0); optimizer.step()
    return loss.item()


# %% class 0 left out message="class-left-out"
def training_step(model, optimizer, inputs, labels):
    model.train(); optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels, ignore_index=0); loss.backward(); optimizer.step()
    return loss.item()

# %% gradients of one group cleared message="gradients-kept"
def training_step(model, optimizer, inputs, labels):
    model.train()
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.grad = None
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

# %% biases frozen on the way message="moved-in-part"
def training_step(model, optimizer, inputs, labels):
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad = parameter.requires_grad and parameter.dim() > 1
    optimizer.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()
