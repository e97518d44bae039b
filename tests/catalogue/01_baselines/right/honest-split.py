# %% random orders until it fits
def honest_split(groups, labels, share):
    names, n = sorted(set(groups)), len(groups)
    members = {name: [k for k, g in enumerate(groups) if g == name] for name in names}
    ones = sum(labels) / n
    rng = random.Random(0)
    while True:
        rng.shuffle(names)
        test = []
        for name in names:
            if abs(len(test) + len(members[name]) - share * n) < abs(len(test) - share * n):
                test += members[name]
        rest = [k for k in range(n) if k not in set(test)]
        if all(abs(sum(labels[k] for k in part) / len(part) - ones) < 0.05 for part in (test, rest)):
            return test


# %% greedy, then groups in or out until all holds
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups):
        members.setdefault(g, []).append(k)
    want = [share * labels.count(0), share * labels.count(1)]
    held = {g: [sum(labels[k] == y for k in members[g]) for y in (0, 1)] for g in members}

    def cost(chosen):
        have = [sum(held[g][y] for g in chosen) for y in (0, 1)]
        return abs(have[0] - want[0]) + abs(have[1] - want[1])

    chosen = set()
    for g in sorted(members, key=lambda g: (-len(members[g]), g)):
        if cost(chosen | {g}) < cost(chosen):
            chosen.add(g)
    for g in sorted(members):
        if cost(chosen ^ {g}) < cost(chosen):
            chosen ^= {g}
    return sorted(k for g in chosen for k in members[g])


# %% an order from a hash, tried under several salts
def honest_split(groups, labels, share):
    import hashlib

    size, ones = len(groups), sum(labels) / len(groups)
    for salt in range(10_000):
        score = {g: hashlib.sha256(f"{salt} {g}".encode()).digest() for g in groups}
        count, chosen = 0, set()
        for g in sorted(score, key=score.get):
            more = groups.count(g)
            if count + more <= (share + 0.02) * size:
                chosen.add(g)
                count += more
        test = [k for k, g in enumerate(groups) if g in chosen]
        rest = [k for k, g in enumerate(groups) if g not in chosen]
        if not test or abs(len(test) / size - share) > 0.04:
            continue
        if all(abs(sum(labels[k] for k in part) / len(part) - ones) < 0.08 for part in (test, rest)):
            return test


# %% every so many of the groups, sorted by leaning and size
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups):
        members.setdefault(g, []).append(k)
    order = sorted(members, key=lambda g: (sum(labels[k] for k in members[g]) / len(members[g]), len(members[g]), g))
    test, seen = [], 0
    for g in order:  # take a group whenever the test part lags behind
        seen += len(members[g])
        if len(test) + len(members[g]) / 2 <= share * seen:
            test += members[g]
    return test


# %% exchanges of groups that make it better
def honest_split(groups, labels, share):
    names, n = sorted(set(groups)), len(groups)
    members = {g: [k for k in range(n) if groups[k] == g] for g in names}
    want = share * n, share * sum(labels)

    def cost(chosen):
        test = [k for g in chosen for k in members[g]]
        return abs(len(test) - want[0]) + abs(sum(labels[k] for k in test) - want[1])

    chosen = set(names[: max(1, int(share * len(names)))])
    while True:
        tries = [chosen ^ {g} for g in names] + [chosen ^ {a, b} for a in names for b in names if a < b]
        best = min((one for one in tries if one and len(one) < len(names)), key=lambda one: (cost(one), sorted(one)))
        if cost(best) >= cost(chosen):
            return [k for g in sorted(chosen) for k in members[g]]
        chosen = best


# %% a table of what sizes and numbers of ones some groups reach together
def honest_split(groups, labels, share):
    members = {}
    for k, g in enumerate(groups):
        members.setdefault(g, []).append(k)
    reached = {(0, 0): ()}
    for g in members:
        size, ones = len(members[g]), sum(labels[k] for k in members[g])
        for (n, p), chosen in list(reached.items()):
            reached.setdefault((n + size, p + ones), (*chosen, g))
    want = share * len(groups), share * sum(labels)
    possible = [one for one in reached if 0 < one[0] < len(groups)]
    best = min(possible, key=lambda one: abs(one[0] - want[0]) + abs(one[1] - want[1]))
    return [k for g in reached[best] for k in members[g]]
