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
