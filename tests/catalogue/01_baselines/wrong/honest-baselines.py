# %% padding counted message="padding-counted"
def count_words(ids, words):
    return torch.stack([torch.bincount(row, minlength=words) for row in ids])


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% presence message="presence-only"
def count_words(ids, words):
    counts = torch.zeros(len(ids), words)
    counts[torch.arange(len(ids))[:, None], ids] = 1
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% shares message="shares"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts / counts.sum(dim=1, keepdim=True).clamp(min=1)


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% all texts together message="corpus-counted"
def count_words(ids, words):
    counts = torch.bincount(ids.flatten(), minlength=words)
    counts[0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% only the words that occur message="columns-missing"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=int(ids.max()) + 1) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% column of the padding cut off message="padding-column-gone"
def count_words(ids, words):
    return torch.stack([torch.bincount(row, minlength=words) for row in ids])[:, 1:]


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% the majority of the test labels message="test-peeked"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == test_labels.bincount().argmax()).float().mean().item()


# %% share in training message="training-share"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return train_labels.bincount().max().item() / len(train_labels)


# %% the label itself message="label-returned"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return train_labels.bincount().argmax().item()


# %% always negative message="fixed-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == 1).float().mean().item()


# %% the first text zeroed message="row-zeroed"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).float().mean().item()


# %% no minlength message="columns-missing"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).float().mean().item()


# %% max instead of argmax message="count-as-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).max()
    return (test_labels == label).float().mean().item()


# %% the largest label message="largest-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = train_labels.max()
    return (test_labels == label).float().mean().item()


# %% the mean label, rounded message="fixed-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = train_labels.float().mean().round()
    return (test_labels == label).float().mean().item()


# %% the mean of truth values message="mean-of-truth"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).mean().item()
