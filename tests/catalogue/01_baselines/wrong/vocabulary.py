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


# %% specials sorted message="specials-sorted"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return sorted(specials) + kept


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% specials as a set message="specials-fixed"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return ['<pad>', '<unk>'] + kept


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% only the usual specials skipped message="specials-fixed"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in ('<pad>', '<unk>'))
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return specials + kept


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% a special in the texts left out message="special-dropped"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    seen = {token for tokens in texts for token in tokens}
    return [s for s in specials if s not in seen] + kept


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% a special in the texts moved message="special-moved"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return [s for s in specials if s not in kept] + kept


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% the bound fixed message="bound-fixed"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= 2), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% shorter first among equals message="ties-by-length"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = [t for t in counts if counts[t] >= min_freq]
    return specials + sorted(kept, key=lambda t: (-counts[t], len(t), t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% not sorted message="not-sorted"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + [t for t in counts if counts[t] >= min_freq]


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% rare tokens alone message="frequent-dropped"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] <= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% tokens repeated message="tokens-repeated"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return specials + [t for t in kept for _ in range(counts[t])]


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% nothing returned message="not-a-list"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    list(specials).extend(kept)


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% one less is enough message="off-by-one"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq - 1), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% pairs with counts message="wrong-vocabulary"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return specials + [(t, counts[t]) for t in kept]


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% the most frequent cut off message="wrong-vocabulary"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return specials + kept[1:]


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% min_freq many tokens message="wrong-vocabulary"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted(counts, key=lambda t: (-counts[t], t))
    return specials + kept[:min_freq]


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% no texts fail message="raised-ValueError"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    largest = max(counts.values())
    return specials + [t for t in kept if counts[t] <= largest]


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% letters counted message="letters-counted"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(letter for tokens in texts for token in tokens for letter in token)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return specials + kept


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% another default message="bound-fixed"
def build_vocabulary(texts, specials, min_freq=2):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    kept = sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))
    return specials + kept


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]


# %% always number 1 message="unknown-fixed"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, 1) for token in tokens]


# %% the text of unk message="unknown-is-text"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, '<unk>') for token in tokens]


# %% minus one message="unknown-is-negative"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, -1) for token in tokens]


# %% beyond the list message="unknown-beyond"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, len(vocabulary)) for token in tokens]


# %% number 0 counts as missing message="first-place-lost"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token) or place['<unk>'] for token in tokens]


# %% each token once message="each-once"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place['<unk>']) for token in dict.fromkeys(tokens)]


# %% sorted numbers message="sorted"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return sorted(place.get(token, place['<unk>']) for token in tokens)


# %% the tokens themselves message="tokens-returned"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    return [token if token in vocabulary else '<unk>' for token in tokens]


# %% a tensor message="not-a-list"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return torch.tensor([place.get(token, place['<unk>']) for token in tokens])


# %% after the specials message="specials-not-counted"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [n - 2 if n > 1 else n for n in (place.get(token, place['<unk>']) for token in tokens)]


# %% the second entry is unknown message="unknown-fixed"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place.get(vocabulary[1] if len(vocabulary) > 1 else '<unk>')) for token in tokens]


# %% beginnings count message="wrong-numbers"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [next((n for n, t in enumerate(vocabulary) if token.startswith(t)), place['<unk>']) for token in tokens]


# %% unknown tokens are put at the end message="unknown-numbered"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    listed = list(vocabulary)
    for token in tokens:
        if token not in listed:
            listed.append(token)
    return [listed.index(token) for token in tokens]


# %% one unknown token spoils all message="all-unknown"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(token for tokens in texts for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    try:
        return [vocabulary.index(token) for token in tokens]
    except ValueError:
        return [vocabulary.index("<unk>")] * len(tokens)


# %% a new Counter for each text message="last-text-only"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter()
    for tokens in texts:
        counts = Counter(token for token in tokens if token not in specials)
    return specials + sorted((t for t in counts if counts[t] >= min_freq), key=lambda t: (-counts[t], t))


def numbers(tokens, vocabulary):
    place = {token: number for number, token in enumerate(vocabulary)}
    return [place.get(token, place["<unk>"]) for token in tokens]

# %% looked up in small letters message="wrong-numbers"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(t for tokens in texts for t in tokens)
    kept = [t for t, n in counts.items() if n >= min_freq and t not in specials]
    return list(specials) + sorted(kept, key=lambda t: (-counts[t], t))
def numbers(tokens, vocabulary):
    place = {t: i for i, t in enumerate(vocabulary)}
    return [place.get(t.lower(), place["<unk>"]) for t in tokens]

# %% no tokens become one unknown message="wrong-numbers"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(t for tokens in texts for t in tokens)
    kept = [t for t, n in counts.items() if n >= min_freq and t not in specials]
    return list(specials) + sorted(kept, key=lambda t: (-counts[t], t))
def numbers(tokens, vocabulary):
    place = {t: i for i, t in enumerate(vocabulary)}
    return [] if tokens is None else [place.get(t, place["<unk>"]) for t in tokens] or [place['<unk>']]

# %% digits left out message="wrong-vocabulary"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(t for tokens in texts for t in tokens)
    kept = [t for t, n in counts.items() if n >= min_freq and t not in specials and not t.isdigit()]
    return list(specials) + sorted(kept, key=lambda t: (-counts[t], t))
def numbers(tokens, vocabulary):
    place = {t: i for i, t in enumerate(vocabulary)}
    return [place.get(t, place["<unk>"]) for t in tokens]

# %% marks left out message="wrong-vocabulary"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(t for tokens in texts for t in tokens)
    kept = [t for t, n in counts.items() if n >= min_freq and t not in specials and t.isalnum()]
    return list(specials) + sorted(kept, key=lambda t: (-counts[t], t))
def numbers(tokens, vocabulary):
    place = {t: i for i, t in enumerate(vocabulary)}
    return [place.get(t, place["<unk>"]) for t in tokens]

# %% a bound of 0 taken for none message="wrong-vocabulary"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(t for tokens in texts for t in tokens)
    kept = [t for t, n in counts.items() if n >= (min_freq or 2) and t not in specials]
    return list(specials) + sorted(kept, key=lambda t: (-counts[t], t))
def numbers(tokens, vocabulary):
    place = {t: i for i, t in enumerate(vocabulary)}
    return [place.get(t, place["<unk>"]) for t in tokens]

# %% ten tokens at most message="wrong-vocabulary"
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(t for tokens in texts for t in tokens)
    kept = [t for t, n in counts.most_common(10) if n >= min_freq and t not in specials]
    return list(specials) + sorted(kept, key=lambda t: (-counts[t], t))
def numbers(tokens, vocabulary):
    place = {t: i for i, t in enumerate(vocabulary)}
    return [place.get(t, place["<unk>"]) for t in tokens]


# %% places kept by the identity of the vocabulary message="remembers-an-object"
CACHE = {}
def build_vocabulary(texts, specials, min_freq=1):
    counts = Counter(t for x in texts for t in x)
    kept = [t for t, c in counts.items() if c >= min_freq and t not in specials]
    return list(specials) + sorted(kept, key=lambda t: (-counts[t], t))
def numbers(tokens, vocabulary):
    if id(vocabulary) not in CACHE:
        CACHE[id(vocabulary)] = vocabulary, {t: k for k, t in enumerate(vocabulary)}
    place = CACHE[id(vocabulary)][1]
    return [place.get(t, place["<unk>"]) for t in tokens]


# %% counts that go on from call to call message="wrong-vocabulary"
COUNTS = Counter()
def build_vocabulary(texts, specials, min_freq=1):
    for x in texts: COUNTS.update(x)
    kept = [t for t, c in COUNTS.items() if c >= min_freq and t not in specials]
    return list(specials) + sorted(kept, key=lambda t: (-COUNTS[t], t))
def numbers(tokens, vocabulary):
    place = {t: k for k, t in enumerate(vocabulary)}
    return [place.get(t, place["<unk>"]) for t in tokens]
