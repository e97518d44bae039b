# %% rows and columns added message="rows-plus-columns"
def full_parameters(d, k):
    return d + k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% a bias counted message="bias-counted"
def full_parameters(d, k):
    return nn.Linear(d, k).weight.numel() + k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% the paper's formula for square matrices message="square-assumed"
# Hu et al. 2021, section 4.2 and table captions, count 2 d r for a square projection.
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return 2 * d * r


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% factors multiplied message="sides-multiplied"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return (d * r) * k


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% only A counted message="one-factor"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return d * r


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% frozen base counted too message="base-counted"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return d * k + r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% rank forgotten message="rank-forgotten"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return d + k


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% rounded down message="rounded-down"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return d * k // (d + k)


# %% rounded to the nearest message="rounded-to-nearest"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return round(d * k / (d + k))


# %% the quotient itself message="not-whole"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return d * k / (d + k)


# %% one above the quotient message="one-too-many"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return d * k // (d + k) + 1


# %% full rank message="full-rank"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return min(d, k)


# %% half of the side message="half-of-side"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return min(d, k) // 2


# %% floats that round message="not-whole"
def full_parameters(d, k):
    return float(d) * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% a tensor message="not-a-number"
def full_parameters(d, k):
    return torch.tensor(d * k)


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% numel of a tensor as a tensor message="not-a-number"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return torch.zeros(d, r).numel() + torch.tensor(r * k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% int of a float message="not-exact"
def full_parameters(d, k):
    return int(float(d) * float(k))


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% return forgotten message="not-a-number"
def full_parameters(d, k):
    d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% as text message="not-a-number"
def full_parameters(d, k):
    return f"{d * k}"


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% four bytes each message="bytes-counted"
def full_parameters(d, k):
    return 4 * d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% sides of the square message="square-assumed"
def full_parameters(d, k):
    return d * d


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% a bias of a linear layer message="bias-counted"
def full_parameters(d, k):
    return nn.Linear(k, d).weight.numel() + d


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% precedence message="precedence"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * d + k


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% factors multiplied message="factors-multiplied"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return (d * r) * (r * k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% a square in the middle message="middle-matrix"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return d * r + r * r + r * k


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% biases of two linear layers message="bias-counted"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return sum(p.numel() for m in (nn.Linear(k, r), nn.Linear(r, d)) for p in m.parameters())


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% what is saved message="saving-counted"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return d * k - r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% twice the smaller side message="smaller-side"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return 2 * r * min(d, k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% at least rank one, rounded down message="rounded-down"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return max(1, d * k // (d + k))


# %% half up message="rounded-to-nearest"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return int(d * k / (d + k) + 0.5)


# %% the last that saves message="last-that-saves"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k)) - 1


# %% first with more message="one-too-many"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    r = 1
    while r * (d + k) <= d * k:
        r += 1
    return r


# %% geometric mean message="from-the-root"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(math.sqrt(d * k) / 2)


# %% quarter of the edge message="from-the-mean"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil((d + k) / 4)


# %% half the larger side message="half-of-side"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(max(d, k) / 2)


# %% half the smaller side, rounded up message="half-of-side"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(min(d, k) / 2)


# %% a list of three message="not-a-number"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return [math.ceil(d * k / (d + k))]


# %% float ceil message="not-whole"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return float(math.ceil(d * k / (d + k)))


# %% search that stops early message="wrong-rank"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return next((r for r in range(1, min(d, k)) if r * (d + k) >= d * k), 0)


# %% torch ceil message="not-a-number"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return torch.ceil(torch.tensor(d * k / (d + k)))


# %% twice the harmonic mean message="factor-two"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(2 * d * k / (d + k))


# %% with the base message="base-counted"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return d * k + d * r + r * k


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k))


# %% break-even with a tolerance message="wrong-rank"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    return math.ceil(d * k / (d + k) - 0.01)


# %% lora count through float message="not-exact"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return int(float(r) * (d + k))


def break_even_rank(d, k):
    return -(-d * k // (d + k))


# %% rank capped message="rank-capped"
def full_parameters(d, k): return d * k
def lora_parameters(d, k, r): return min(r, min(d, k)) * (d + k)
def break_even_rank(d, k): return math.ceil(d * k / (d + k))


# %% lora capped at full message="rank-capped"
def full_parameters(d, k): return d * k
def lora_parameters(d, k, r): return min(r * (d + k), d * k)
def break_even_rank(d, k): return math.ceil(d * k / (d + k))


# %% rank 0 as 1 message="zero-ignored"
def full_parameters(d, k): return d * k
def lora_parameters(d, k, r): return (r or 1) * (d + k)
def break_even_rank(d, k): return math.ceil(d * k / (d + k))


# %% swapped names message="arguments-swapped"
def full_parameters(d, k): return d * k
def lora_parameters(d, r, k): return r * (d + k)
def break_even_rank(d, k): return math.ceil(d * k / (d + k))


# %% the larger side for both message="larger-side"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return 2 * r * max(d, k)


def break_even_rank(d, k):
    return -(-(d * k) // (d + k))


# %% one number more, everywhere message="wrong-count"
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k) + 1


def break_even_rank(d, k):
    return -(-(d * k) // (d + k))
