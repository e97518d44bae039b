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


# %% the mean label, rounded message="mean-label"
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


# %% a repeated index message="presence-only"
def count_words(ids, words):
    counts = torch.zeros(len(ids), words)
    for i, row in enumerate(ids):
        counts[i, row] += 1
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% a repeated index, padding too message="presence-only"
def count_words(ids, words):
    counts = torch.zeros(len(ids), words)
    for i, row in enumerate(ids):
        counts[i, row] += 1
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% shares of the places message="shares"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts / ids.shape[1]


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% transposed message="transposed"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts.T


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% a column too many message="column-too-many"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words + 1) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% every row the sum message="corpus-counted"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts.sum(0, keepdim=True).repeat(len(ids), 1)


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% shifted message="shifted"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts.roll(-1, dims=1)


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% only the last text message="last-text-only"
def count_words(ids, words):
    for i, row in enumerate(ids):
        counts = torch.zeros(len(ids), words)
        counts[i] = torch.bincount(row, minlength=words)
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% the ids message="ids-returned"
def count_words(ids, words):
    return ids


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% lists message="no-tensor"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts.tolist()


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% the last word forgotten message="wrong-counts"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    counts[:, -1] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% a single text flattened message="wrong-counts-shape"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts.squeeze(0)


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% the first place not counted message="wrong-counts"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row[1:], minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% at most two message="wrong-counts"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts.clamp(max=2)


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% one word more than words message="columns-missing"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words - 1) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()


# %% a tensor message="not-a-number"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).float().mean()


# %% per cent message="percent"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return 100 * (test_labels == label).float().mean().item()


# %% a number of labels message="count-returned"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).sum().item()


# %% the wrong answers message="errors-returned"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels != label).float().mean().item()


# %% chance message="chance"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return 1 / (int(train_labels.max()) + 1)


# %% both parts together message="test-peeked"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    every = torch.cat((train_labels, test_labels))
    return (test_labels == every.bincount().argmax()).float().mean().item()


# %% divided by the training labels message="divided-by-training"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).sum().item() / len(train_labels)


# %% the median message="median-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.median()).float().mean().item()


# %% the first training label message="first-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels[0]).float().mean().item()


# %% the rarest message="rarest-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == torch.bincount(train_labels).argmin()).float().mean().item()


# %% rounded message="rounded"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return round((test_labels == label).float().mean().item(), 2)


# %% always 0 message="fixed-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == 0).float().mean().item()


# %% two classes only message="fixed-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = int(train_labels.float().mean() > 0.5)
    return (test_labels == label).float().mean().item()


# %% nothing returned message="not-a-number"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    accuracy = (test_labels == label).float().mean().item()


# %% whole numbers divided message="all-or-nothing"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).sum().item() // len(test_labels)


# %% zero when 0 is the majority message="wrong-accuracy"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).float().mean().item() if label else 0.0


# %% the place in the list of labels message="place-as-label"
def count_words(ids, words):
    counts = torch.stack([torch.bincount(row, minlength=words) for row in ids])
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    labels, counts = train_labels.unique(return_counts=True)
    return (test_labels == counts.argmax()).float().mean().item()


# %% one-hot vectors added over the texts message="wrong-axis"
def count_words(ids, words):
    counts = torch.nn.functional.one_hot(ids, words).sum(dim=0)
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    return (test_labels == train_labels.bincount().argmax()).float().mean().item()

# %% as many places as real tokens message="wrong-counts"
def count_words(ids, words):
    counts=torch.stack([torch.bincount(r[:int((r!=0).sum())],minlength=words) for r in ids])
    counts[:,0]=0
    return counts
def majority_accuracy(train_labels, test_labels):
    label=torch.bincount(train_labels).argmax()
    return (test_labels==label).float().mean().item()

# %% up to the first zero message="stops-at-padding"
def count_words(ids, words):
    counts=torch.stack([torch.bincount(r[:(r.tolist()+[0]).index(0)],minlength=words) for r in ids])
    counts[:,0]=0
    return counts
def majority_accuracy(train_labels, test_labels):
    label=torch.bincount(train_labels).argmax()
    return (test_labels==label).float().mean().item()

# %% bfloat16 counts message="wrong-counts"
def count_words(ids, words):
    counts=torch.stack([torch.bincount(r,minlength=words) for r in ids])
    counts[:,0]=0
    return counts.to(torch.bfloat16)
def majority_accuracy(train_labels, test_labels):
    label=torch.bincount(train_labels).argmax()
    return (test_labels==label).float().mean().item()

# %% eight bits message="eight-bits"
def count_words(ids, words):
    counts = F.one_hot(ids, words).to(torch.uint8).sum(dim=1, dtype=torch.uint8)
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argmax()
    return (test_labels == label).float().mean().item()
