# %% mean of the batches' accuracies message="mean-of-batches"
def evaluate(model, inputs, labels, batch_size):
    was, shares = model.training, []
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            shares.append((guesses == labels[batch]).float().mean().item())
    model.train(was)
    return sum(shares) / len(shares)

# %% last batch only message="last-batch-only"
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            share = (guesses == labels[batch]).float().mean().item()
    model.train(was)
    return share

# %% last batch dropped message="last-batch-dropped"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs) - batch_size + 1, batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% not divided message="not-divided"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return float(right)

# %% in per cent message="percent"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return 100 * right / len(labels)

# %% share of errors message="errors-counted"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses != labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% divided by batches times batch size message="wrong-denominator"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / (-(-len(inputs) // batch_size) * batch_size)

# %% no evaluation mode message="measured-in-training-mode"
# udacity/deep-learning-v2-pytorch #3
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% evaluation mode never left message="left-in-evaluation-mode"
# wkentaro/pytorch-fcn PR #56, shubhamagarwal92/mmd #14
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    return right / len(labels)

# %% always back to training message="always-training-mode"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train()
    return right / len(labels)

# %% graph recorded message="graph-recorded"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    if True:
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% gradients switched off for good message="leaves-gradients-off"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    torch.set_grad_enabled(False)
    if True:
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% model frozen message="model-frozen"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    model.requires_grad_(False)
    if True:
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% everything at once message="batch-size-ignored"
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.eval()
    with torch.no_grad():
        right = (model(inputs).argmax(dim=1) == labels).sum().item()
    model.train(was)
    return right / len(labels)

# %% a tensor returned message="not-a-number"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum()
    model.train(was)
    return right / len(labels)

# %% nothing returned message="no-value"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)

# %% argmax over everything message="argmax-over-all"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax() == labels[start : start + batch_size]).sum().item()
    model.train(mode)
    return right / len(inputs)

# %% argmax over the batch message="shapes-differ"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=0) == labels[start : start + batch_size]).sum().item()
    model.train(mode)
    return right / len(inputs)

# %% labels not sliced message="shapes-differ"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels).sum().item()
    model.train(mode)
    return right / len(inputs)

# %% labels of the first batch message="labels-of-first-batch"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels[: len(scores)]).sum().item()
    model.train(mode)
    return right / len(inputs)

# %% range without its step message="batches-overlap"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs)):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels[start : start + batch_size]).sum().item()
    model.train(mode)
    return right / len(inputs)

# %% return inside the loop message="first-batch-only"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels[start : start + batch_size]).sum().item()
            return right / len(inputs)

# %% mode read too late message="left-in-evaluation-mode"
def evaluate(model, inputs, labels, batch_size):
    model.eval()
    mode = model.training
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels[start : start + batch_size]).sum().item()
    model.train(mode)
    return right / len(inputs)

# %% right starts again in every batch message="last-batch-only"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            right = 0
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels[start : start + batch_size]).sum().item()
    model.train(mode)
    return right / len(inputs)

# %% mode restored in the outermost module alone message="layers-left-in-evaluation-mode"
def evaluate(model, inputs, labels, batch_size):
    mode = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels[start : start + batch_size]).sum().item()
    model.training = mode
    return right / len(inputs)

# %% evaluation mode for the outermost module alone message="measured-in-training-mode"
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.training = False
    right = 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            scores = model(inputs[start : start + batch_size])
            right += (scores.argmax(dim=1) == labels[start : start + batch_size]).sum().item()
    model.training = was
    return right / len(inputs)

# %% batch size taken for the number of batches message="batch-size-ignored"
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.eval()
    with torch.no_grad():
        guesses = torch.cat([model(chunk) for chunk in inputs.chunk(batch_size)]).argmax(dim=1)
    model.train(was)
    return (guesses == labels).float().mean().item()

# %% detach in place of no_grad message="graph-recorded"
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.eval()
    right = 0
    for start in range(0, len(inputs), batch_size):
        right += (model(inputs[start:start + batch_size]).detach().argmax(dim=1) == labels[start:start + batch_size]).sum().item()
    model.train(was)
    return right / len(inputs)

# %% mean of nothing message="wrong-accuracy"
def evaluate(model, inputs, labels, batch_size):
    was = model.training
    model.eval()
    right = []
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            guesses = model(inputs[start : start + batch_size]).argmax(dim=1)
    model.train(was)
    return torch.tensor(right).mean().item()

# %% mean distance of the class numbers message="distances"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (scores.argmax(dim=1) - labels[batch]).abs().sum().item()
    model.train(was)
    return right / len(labels)

# %% the lowest score message="lowest-score"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (scores.argmin(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% whole division message="rounded-to-whole"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right // len(labels)

# %% rounded to two digits message="rounded"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return round(right / len(labels), 2)

# %% back in training mode after each batch message="measured-in-training-mode"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            model.train(was)
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% switched after the first batch message="measured-in-training-mode"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            model.eval()
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% an attribute that the model lacks message="raised-AttributeError"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch].view(-1, model.in_features))
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% mean absolute difference taken from one message="distances"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (1 - (scores.argmax(dim=1) - labels[batch]).abs().float().mean()).item() * len(scores)
    model.train(was)
    return right / len(labels)

# %% every other batch message="batches-skipped"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), 2 * batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% one example more a batch message="batches-overlap"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size + 1)
            scores = model(inputs[batch])
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% the first example left out message="first-example-missed"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(1, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% divided by the batch size message="wrong-denominator"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            scores = model(inputs[batch])
            right += (scores.argmax(dim=1) == labels[batch]).sum().item()
    model.train(was)
    return right / batch_size

# %% no_grad called without with message="graph-recorded"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    torch.no_grad()
    if True:
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / len(labels)

# %% the mode turned round message="left-in-evaluation-mode"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(not was)
    return right / len(labels)

# %% a batch right only as a whole message="whole-batches"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += int((guesses == labels[batch]).all()) * len(guesses)
    model.train(was)
    return right / len(labels)

# %% means added and divided by the number of batches message="mean-of-batches"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).float().mean().item()
    model.train(was)
    return right / ((len(labels) + batch_size - 1) // batch_size)

# %% divided by the examples of full batches message="wrong-denominator"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(was)
    return right / (len(labels) // batch_size * batch_size)

# %% train(True) at the end message="always-training-mode"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            guesses = model(inputs[batch]).argmax(dim=1)
            right += (guesses == labels[batch]).sum().item()
    model.train(True)
    return right / len(labels)

# %% None where nothing is right message="zero-lost"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for s in range(0, len(inputs), batch_size):
            right += (model(inputs[s:s+batch_size]).argmax(dim=1) == labels[s:s+batch_size]).sum().item()
    model.train(was)
    return right / len(labels) or None

# %% a first look in training mode message="forward-in-training-mode"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    with torch.no_grad():
        model(inputs[:batch_size])
        model.eval()
        for s in range(0, len(inputs), batch_size):
            right += (model(inputs[s:s+batch_size]).argmax(dim=1) == labels[s:s+batch_size]).sum().item()
    model.train(was)
    return right / len(labels)

# %% gradients erased at the end message="gradients-erased"
def evaluate(model, inputs, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for s in range(0, len(inputs), batch_size):
            right += (model(inputs[s:s+batch_size]).argmax(dim=1) == labels[s:s+batch_size]).sum().item()
    model.train(was)
    model.zero_grad()
    return right / len(labels)
