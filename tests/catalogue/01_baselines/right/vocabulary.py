# %% counted by hand, index to look up
def build_vocabulary(texts, specials, min_freq=1):
    counts = {}
    for tokens in texts:
        for token in tokens:
            counts[token] = counts.get(token, 0) + 1
    for special in specials:
        counts.pop(special, None)
    frequent = [token for token in counts if counts[token] >= min_freq]
    return [*specials, *sorted(sorted(frequent), key=counts.get, reverse=True)]


def numbers(tokens, vocabulary):
    return [vocabulary.index(token if token in vocabulary else "<unk>") for token in tokens]


# %% most_common after the alphabet
def build_vocabulary(texts, specials, min_freq=1):
    flat = sorted(token for tokens in texts for token in tokens)
    result = list(specials)
    for token, count in Counter(flat).most_common():
        if count >= min_freq and token not in result:
            result.append(token)
    return result


def numbers(tokens, vocabulary):
    from collections import defaultdict

    unknown = vocabulary.index("<unk>")
    place = defaultdict(lambda: unknown, zip(vocabulary, range(len(vocabulary))))
    return [place[token] for token in tokens]


# %% a heap of tuples
import heapq


def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter()
    for tokens in texts:
        counts.update(tokens)
    heap = [(-count, token) for token, count in counts.items() if count >= min_freq and token not in set(specials)]
    heapq.heapify(heap)
    return specials[:] + [heapq.heappop(heap)[1] for _ in range(len(heap))]


def numbers(tokens, vocabulary):
    place = dict(zip(vocabulary, range(len(vocabulary))))
    return [place[token] if token in place else place["<unk>"] for token in tokens]


# %% a tensor on the way
def build_vocabulary(texts, specials, min_freq=1):
    words = sorted({token for tokens in texts for token in tokens} - set(specials))
    counts = torch.zeros(len(words), dtype=torch.long)
    for tokens in texts:
        for token in tokens:
            if token not in specials:
                counts[words.index(token)] += 1
    order = torch.sort(counts, descending=True, stable=True).indices.tolist()
    return list(specials) + [words[i] for i in order if counts[i] >= min_freq]


def numbers(tokens, vocabulary):
    place = {token: torch.tensor(number) for number, token in enumerate(vocabulary)}
    return torch.stack([place.get(token, place["<unk>"]) for token in tokens]).tolist() if tokens else []


# %% itertools and a comprehension
from itertools import chain


def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(chain.from_iterable(texts))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [*specials] + [token for token, count in ranked if count >= min_freq and token not in specials]


def numbers(tokens, vocabulary):
    result = []
    for token in tokens:
        try:
            result.append(vocabulary.index(token))
        except ValueError:
            result.append(vocabulary.index("<unk>"))
    return result


# %% grouped by count
def build_vocabulary(docs: list[list[str]], marks: list[str], at_least: int = 1) -> list[str]:
    counts = {}
    for doc in docs:
        for word in doc:
            counts.setdefault(word, []).append(1)
    groups = {}
    for word in counts.keys() - set(marks):
        groups.setdefault(len(counts[word]), []).append(word)
    vocabulary = list(marks)
    for count in sorted(groups, reverse=True):
        if count >= at_least:
            vocabulary.extend(sorted(groups[count]))
    return vocabulary


def numbers(words: list[str], listed: list[str]) -> list[int]:
    known = set(listed)
    return [listed.index(word) if word in known else listed.index("<unk>") for word in words]


# %% a class that counts on
def build_vocabulary(texts, specials, min_freq=1):
    counts = sum((Counter(tokens) for tokens in texts), Counter())
    for special in specials:
        del counts[special]
    order = sorted(counts, key=lambda token: (counts[token] * -1, token))
    return specials + list(filter(lambda token: counts[token] >= min_freq, order))


def numbers(tokens, vocabulary):
    class Places(dict):
        def __missing__(self, token):
            return self["<unk>"]

    places = Places({token: number for number, token in enumerate(vocabulary)})
    return list(map(places.__getitem__, tokens))
