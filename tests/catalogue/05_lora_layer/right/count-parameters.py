# %% whole-number arithmetic
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return d * r + r * k


def break_even_rank(d, k):
    return -(-d * k // (d + k))


# %% counting real tensors' shapes
def full_parameters(d, k):
    return math.prod((d, k))


def lora_parameters(d, k, r):
    return sum(math.prod(shape) for shape in ((d, r), (r, k)))


def break_even_rank(d, k):
    r = 1
    while lora_parameters(d, k, r) < full_parameters(d, k):
        r += 1
    return r


# %% search with next
def full_parameters(d, k):
    return k * d


def lora_parameters(d, k, r):
    return (k + d) * r


def break_even_rank(d, k):
    return next(r for r in range(1, min(d, k) + 1) if r * (d + k) >= d * k)


# %% int around everything
def full_parameters(d: int, k: int) -> int:
    return int(d) * int(k)


def lora_parameters(d: int, k: int, r: int) -> int:
    return int(r) * (int(d) + int(k))


def break_even_rank(d, k):
    return int(math.ceil(d * k / (d + k)))


# %% on the meta device
def full_parameters(d, k):
    return torch.empty(d, k, device="meta").numel()


def lora_parameters(d, k, r):
    A, B = torch.empty(d, r, device="meta"), torch.empty(r, k, device="meta")
    return A.numel() + B.numel()


def break_even_rank(d, k):
    quotient, rest = divmod(d * k, d + k)
    return quotient + (rest > 0)


# %% annotated, one line each
def full_parameters(d, k):
    return k * d


def lora_parameters(d, k, r):
    return sum((d * r, r * k))


def break_even_rank(d, k):
    return -((-d * k) // (d + k))


# %% numel
def full_parameters(d, k):
    return d.__mul__(k)


def lora_parameters(d, k, r):
    return r * d + k * r


def break_even_rank(d, k):
    quotient, rest = divmod(d * k, d + k)
    return quotient + bool(rest)


# %% bisection
def full_parameters(d, k):
    return sum(k for _ in range(d)) if d < 100 else d * k


def lora_parameters(d, k, r):
    a, b = d * r, r * k
    return a + b


def break_even_rank(d, k):
    low, high = 0, min(d, k)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle * (d + k) < d * k else (low, middle)
    return high


# %% fractions
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    from fractions import Fraction

    return math.ceil(Fraction(d * k, d + k))


# %% plus d + k - 1
def full_parameters(d, k):
    return math.prod([d, k])


def lora_parameters(d, k, r):
    return (d + k) * r


def break_even_rank(d, k):
    return (d * k + d + k - 1) // (d + k)


# %% by the other functions
def full_parameters(d, k):
    return lora_parameters(d, 0, k)


def lora_parameters(d, k, r):
    return r * d + r * k


def break_even_rank(d, k):
    return min(r for r in range(1, min(d, k) + 1) if lora_parameters(d, k, r) >= full_parameters(d, k))


# %% divmod
def full_parameters(d, k):
    return d * k


def lora_parameters(d, k, r):
    return r * (d + k)


def break_even_rank(d, k):
    q, rest = divmod(d * k, d + k)
    return q + (rest > 0)
