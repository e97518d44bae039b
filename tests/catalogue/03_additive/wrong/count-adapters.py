# %% biases forgotten message="biases-forgotten"
def adapter_parameters(d, r):
    return 2 * d * r


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% up without its bias message="one-bias-forgotten"
def adapter_parameters(d, r):
    return (d + 1) * r + d * r


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% only one layer message="one-matrix"
def adapter_parameters(d, r):
    return d * r + r


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% both biases of width d message="biases-swapped"
def adapter_parameters(d, r):
    return 2 * (d * r + d)


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% keys forgotten message="one-vector-forgotten"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% inner activations as wide as the block message="width-for-inner"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 3 * d


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% queries too message="query-too"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 3 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% whole matrices message="matrices-counted"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d * d + d * f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% rounded up message="rounded-up"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    import math

    return max(0, math.ceil((budget / adapters - d) / (2 * d + 1)))


# %% rounded to the nearest message="rounded-to-nearest"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, round((budget / adapters - d) / (2 * d + 1)))


# %% the budget for one adapter message="one-adapter"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget - d) // (2 * d + 1))


# %% strictly below the budget message="strictly-below"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    r = 0
    while adapters * (2 * d * (r + 1) + r + 1 + d) < budget:
        r += 1
    return r


# %% negative for a small budget message="below-zero"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return (budget // adapters - d) // (2 * d + 1)


# %% prints message="not-a-number"
def adapter_parameters(d, r):
    print(2 * d * r + r + d)


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))


# %% divides with a slash message="not-whole"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget / adapters - d) / (2 * d + 1))


# %% at least one message="at-least-one"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(1, (budget // adapters - d) // (2 * d + 1))


# %% the biases of up forgotten in the inequality message="biases-forgotten"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return (budget // adapters) // (2 * d + 1)

# %% a float that is whole message="not-whole"
def adapter_parameters(d, r):
    return float(2 * d * r + r + d)


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    low, high = 0, budget
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if adapters * (2 * d * middle + middle + d) <= budget else (low, middle - 1)
    return low

# %% both biases in both layers message="biases-twice"
def adapter_parameters(d, r):
    return 2 * (d * r + r + d)


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))

# %% a bias as one number message="two-biases-of-one"
def adapter_parameters(d, r):
    return 2 * d * r + 2


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))

# %% the inner width taken for four times the width message="width-for-inner"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + 4 * d


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))

# %% one too many message="one-more"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    r = 0
    while adapters * (2 * d * r + r + d) <= budget:
        r += 1
    return r

# %% a floor that stays a float message="not-whole"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0.0, (budget / adapters - d) // (2 * d + 1))

# %% one matrix in the inequality message="one-matrix"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (d + 1))

# %% the biases of down forgotten in the inequality message="biases-forgotten"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d))

# %% keys alone message="one-vector-forgotten"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))

# %% a tensor message="not-a-number"
def adapter_parameters(d, r):
    return torch.tensor(2 * d * r + r + d)


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))

# %% one or nothing message="wrong-count"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return 0 if budget < adapters * d else max(1, (budget // adapters - d) // (2 * d + 1)) - 1

# %% query, key and value in matrices message="wrong-count"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 3 * d * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget // adapters - d) // (2 * d + 1))

# %% rounded up by math.ceil message="rounded-up"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    import math
    return max(0, math.ceil((budget / adapters - d) / (2 * d + 1)))

# %% the biases of up for one adapter alone message="d-of-one-adapter"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, (budget - d) // (adapters * (2 * d + 1)))


# %% divided with a slash, then made whole message="float-division"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max(0, int((budget / adapters - d) // (2 * d + 1)))


# %% floor of a float message="float-division"
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    import math

    return max(0, math.floor((budget - adapters * d) / (adapters * (2 * d + 1))))
