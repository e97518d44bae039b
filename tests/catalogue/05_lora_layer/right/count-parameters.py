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
