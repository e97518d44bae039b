# %% rare tokens first message="rare-first"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% most_common alone message="ties-by-appearance"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + [token for token, count in counts.most_common() if count >= min_freq]


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% reverse turns the alphabet too message="ties-reversed"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = [t for t in counts if counts[t] >= min_freq]
    return specials + sorted(kept, key=lambda t: (counts[t], t), reverse=True)


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% texts counted instead of tokens message="texts-counted"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in set(tokens) if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% alphabet alone message="alphabetical"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted(t for t in counts if counts[t] >= min_freq)


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% specials at the end message="specials-last"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t)) + specials


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% specials forgotten message="specials-missing"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens)
    return sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% above instead of at least message="off-by-one"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] > min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% min_freq ignored message="rare-kept"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted(counts, key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% a special counted as a word message="special-twice"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% unknown tokens dropped message="unknown-dropped"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    return [vocabulary.index(token) for token in tokens if token in vocabulary]


# %% unknown tokens are padding message="unknown-is-padding"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, 0) for token in tokens]


# %% unknown tokens are None message="unknown-is-none"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token) for token in tokens]


# %% counted from one message="counted-from-one"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary, start=1)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% KeyError for unknown tokens message="unknown-raises"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place[token] for token in tokens]


# %% ValueError for unknown tokens message="unknown-raises"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    return [vocabulary.index(token) for token in tokens]


# %% a dictionary message="not-a-list"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    listed = specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return {token: number for number, token in enumerate(listed)}


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]
