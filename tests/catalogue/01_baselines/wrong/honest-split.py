# %% examples at random message="group-in-both"
def honest_split(groups, labels, share):
    places = list(range(len(groups)))
    random.Random(0).shuffle(places)
    return places[: round(share * len(places))]


# %% the first examples message="group-in-both"
def honest_split(groups, labels, share):
    return list(range(round(share * len(groups))))


# %% each label by itself message="group-in-both"
def honest_split(groups, labels, share):
    test = []
    for label in (0, 1):
        places = [k for k, one in enumerate(labels) if one == label]
        test += places[: round(share * len(places))]
    return test


# %% groups sorted, cut in the middle of one message="group-in-both"
def honest_split(groups, labels, share):
    order = sorted(range(len(groups)), key=lambda k: groups[k])
    return order[: round(share * len(groups))]


# %% a share of the groups message="groups-counted"
def honest_split(groups, labels, share):
    counts = Counter(groups)
    chosen = set(sorted(counts, key=lambda g: (-counts[g], g))[: round(share * len(counts))])
    return [k for k, g in enumerate(groups) if g in chosen]


# %% groups until the size is reached message="classes-shifted"
def honest_split(groups, labels, share):
    names = sorted(set(groups)); random.Random(0).shuffle(names)
    test = []
    for g in names:
        if len(test) >= share * len(groups): break
        test += [k for k, x in enumerate(groups) if x == g]
    return test


# %% the training part message="parts-swapped"
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups): members.setdefault(g, []).append(k)
    want = [share * labels.count(0), share * labels.count(1)]
    have, test = [0, 0], []
    for g in sorted(members, key=lambda g: (-len(members[g]), g)):
        c = [sum(labels[k] == y for k in members[g]) for y in (0, 1)]
        now = sum((w - h) ** 2 for w, h in zip(want, have))
        then = sum((w - h - x) ** 2 for w, h, x in zip(want, have, c))
        if then < now:
            have = [h + x for h, x in zip(have, c)]; test += members[g]
    return [k for k in range(len(groups)) if k not in set(test)]


# %% names of groups message="not-places"
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups): members.setdefault(g, []).append(k)
    want = [share * labels.count(0), share * labels.count(1)]
    have, test = [0, 0], []
    for g in sorted(members, key=lambda g: (-len(members[g]), g)):
        c = [sum(labels[k] == y for k in members[g]) for y in (0, 1)]
        now = sum((w - h) ** 2 for w, h in zip(want, have))
        then = sum((w - h - x) ** 2 for w, h, x in zip(want, have, c))
        if then < now:
            have = [h + x for h, x in zip(have, c)]; test += members[g]
    return sorted({groups[k] for k in test})


# %% both parts message="not-places"
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups): members.setdefault(g, []).append(k)
    want = [share * labels.count(0), share * labels.count(1)]
    have, test = [0, 0], []
    for g in sorted(members, key=lambda g: (-len(members[g]), g)):
        c = [sum(labels[k] == y for k in members[g]) for y in (0, 1)]
        now = sum((w - h) ** 2 for w, h in zip(want, have))
        then = sum((w - h - x) ** 2 for w, h, x in zip(want, have, c))
        if then < now:
            have = [h + x for h, x in zip(have, c)]; test += members[g]
    return [k for k in range(len(groups)) if k not in set(test)], sorted(test)


# %% a list of booleans message="not-places"
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups): members.setdefault(g, []).append(k)
    want = [share * labels.count(0), share * labels.count(1)]
    have, test = [0, 0], []
    for g in sorted(members, key=lambda g: (-len(members[g]), g)):
        c = [sum(labels[k] == y for k in members[g]) for y in (0, 1)]
        now = sum((w - h) ** 2 for w, h in zip(want, have))
        then = sum((w - h - x) ** 2 for w, h, x in zip(want, have, c))
        if then < now:
            have = [h + x for h, x in zip(have, c)]; test += members[g]
    return [k in set(test) for k in range(len(groups))]


# %% another seed at each call message="another-each-time"
def honest_split(groups, labels, share):
    names, n = sorted(set(groups)), len(groups)
    members = {name: [k for k, g in enumerate(groups) if g == name] for name in names}
    ones = sum(labels) / n
    rng = random.Random()
    while True:
        rng.shuffle(names)
        test = []
        for name in names:
            if abs(len(test) + len(members[name]) - share * n) < abs(len(test) - share * n):
                test += members[name]
        rest = [k for k in range(n) if k not in set(test)]
        if all(abs(sum(labels[k] for k in part) / len(part) - ones) < 0.05 for part in (test, rest)):
            return test


# %% one group alone message="wrong-size"
def honest_split(groups, labels, share):
    return [k for k, g in enumerate(groups) if g == groups[0]]


# %% everything in the test part message="empty-part"
def honest_split(groups, labels, share):
    return list(range(len(groups)))


# %% no return message="not-places"
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups): members.setdefault(g, []).append(k)
    want = [share * labels.count(0), share * labels.count(1)]
    have, test = [0, 0], []
    for g in sorted(members, key=lambda g: (-len(members[g]), g)):
        c = [sum(labels[k] == y for k in members[g]) for y in (0, 1)]
        now = sum((w - h) ** 2 for w, h in zip(want, have))
        then = sum((w - h - x) ** 2 for w, h, x in zip(want, have, c))
        if then < now:
            have = [h + x for h, x in zip(have, c)]; test += members[g]



# %% places from one message="no-place"
def honest_split(groups, labels, share):
    last = groups[-1]
    return [k + 1 for k, g in enumerate(groups) if g == last]


# %% groups of one label first message="classes-shifted"
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups):
        members.setdefault(g, []).append(k)
    order = sorted(members, key=lambda g: (-sum(labels[k] for k in members[g]) / len(members[g]), g))
    test = []
    for g in order:
        if len(test) < share * len(groups):
            test += members[g]
    return test


# %% places drawn with repetition message="twice"
def honest_split(groups, labels, share):
    return random.Random(0).choices(range(len(groups)), k=round(share * len(groups)))
