# %% one-hot vectors added up
def count_words(ids, words):
    counts = torch.nn.functional.one_hot(ids, words).sum(dim=1)
    counts[:, 0] = 0
    return counts


def majority_accuracy(train_labels, test_labels):
    label = train_labels.mode().values
    return float(sum(test_labels == label)) / len(test_labels)


# %% scatter_add
def count_words(ids, words):
    counts = torch.zeros(ids.shape[0], words)
    return counts.scatter_add(1, ids, (ids != 0).float())


def majority_accuracy(train_labels, test_labels):
    values, counts = torch.unique(train_labels, return_counts=True)
    return torch.eq(test_labels, values[counts.argmax()]).double().mean().item()


# %% loops and a Counter
def count_words(ids, words):
    table = [[0.0] * words for _ in range(len(ids))]
    for row, text in zip(table, ids.tolist()):
        for word in text:
            if word:
                row[word] += 1
    return torch.tensor(table)


def majority_accuracy(train_labels, test_labels):
    label, _ = Counter(train_labels.tolist()).most_common(1)[0]
    return test_labels.tolist().count(label) / len(test_labels)


# %% comparison with every word
def count_words(ids, words):
    vocabulary = torch.arange(words)
    counts = (ids[:, :, None] == vocabulary).sum(dim=1)
    return counts * (vocabulary > 0)


def majority_accuracy(train_labels, test_labels):
    answers = torch.full_like(test_labels, int(torch.argmax(torch.bincount(train_labels))))
    return 1.0 - (answers != test_labels).float().mean().item()


# %% index_put and an argsort
def count_words(ids, words):
    counts = torch.zeros(ids.shape[0], words, dtype=torch.float64)
    rows = torch.arange(ids.shape[0]).repeat_interleave(ids.shape[1])
    counts.index_put_((rows, ids.flatten()), torch.ones(()).double(), accumulate=True)
    return counts * (torch.arange(words) != 0)


def majority_accuracy(train_labels, test_labels):
    label = torch.bincount(train_labels).argsort()[-1]
    return float((test_labels == label).to(torch.float64).mean())


# %% histograms and max with a key
def count_words(ids, words):
    flat = ids + words * torch.arange(len(ids))[:, None]
    counts = torch.bincount(flat.flatten(), minlength=words * len(ids)).view(len(ids), words)
    return torch.cat((torch.zeros_like(counts[:, :1]), counts[:, 1:]), dim=1)


def majority_accuracy(train: torch.Tensor, test: torch.Tensor) -> float:
    labels = train.tolist()
    label = max(set(labels), key=labels.count)
    return sum(1 for other in test.tolist() if other == label) / len(test)


# %% Counters of real words
def count_words(ids, words):
    counters = [Counter(word for word in text if word != 0) for text in ids.tolist()]
    return torch.tensor([[counter[word] for word in range(words)] for counter in counters])


def majority_accuracy(train_labels, test_labels):
    (label, _count), *_rest = Counter(int(label) for label in train_labels).most_common()
    return torch.mean((test_labels == label).float()).item()
