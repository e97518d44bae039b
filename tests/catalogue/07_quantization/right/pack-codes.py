# %% arithmetic
def pack_codes(codes):
    flat = codes.flatten()
    if flat.numel() % 2:
        flat = torch.cat([flat, flat.new_zeros(1)])
    return flat[::2] * 16 + flat[1::2]


def unpack_codes(packed, count):
    back = torch.empty(2 * len(packed), dtype=torch.uint8)
    back[0::2] = packed // 16
    back[1::2] = packed % 16
    return back[:count]


# %% pairs as rows
def pack_codes(codes):
    pairs = F.pad(codes.reshape(-1), (0, codes.numel() % 2)).reshape(-1, 2).int()
    return (pairs @ torch.tensor([16, 1], dtype=torch.int32)).to(torch.uint8)


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 0x0F], dim=-1).flatten()[:count]


# %% a loop
def pack_codes(codes):
    c = codes.flatten().tolist()
    if len(c) % 2:
        c.append(0)
    return torch.tensor([c[i] << 4 | c[i + 1] for i in range(0, len(c), 2)], dtype=torch.uint8)


def unpack_codes(packed, count):
    halves = []
    for byte in packed.tolist():
        halves += divmod(byte, 16)
    return torch.tensor(halves[:count], dtype=torch.uint8)


# %% a table of pairs
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return torch.bitwise_or(torch.bitwise_left_shift(flat[0::2], 4), flat[1::2])


def unpack_codes(packed, count):
    pairs = torch.cartesian_prod(torch.arange(16), torch.arange(16)).to(torch.uint8)
    return pairs[packed.long()].reshape(-1)[:count]


# %% sums of weighted columns, a comprehension on the way back
def pack_codes(codes: torch.Tensor) -> torch.Tensor:
    n = codes.numel()
    pairs = torch.zeros(2 * ((n + 1) // 2), dtype=torch.int64)
    pairs[:n] = codes.flatten()
    return torch.einsum("pk,k->p", pairs.view(-1, 2), torch.tensor([16, 1])).to(torch.uint8)


def unpack_codes(packed: torch.Tensor, count: int) -> torch.Tensor:
    return torch.tensor([half for byte in packed.tolist() for half in (byte >> 4, byte & 15)], dtype=torch.uint8)[
        :count
    ]


# %% numpy
import numpy as np


def pack_codes(codes):
    flat = codes.numpy().ravel()
    flat = np.append(flat, np.uint8(0)) if flat.size % 2 else flat
    return torch.from_numpy(((flat[::2].astype(np.uint16) * 16) + flat[1::2]).astype(np.uint8))


def unpack_codes(packed, count):
    p = packed.numpy()
    return torch.from_numpy(np.column_stack((p // 16, p % 16)).astype(np.uint8).ravel()[:count].copy())


# %% each place by itself
def pack_codes(codes):
    flat = codes.reshape(-1)
    packed = torch.zeros((len(flat) + 1) // 2, dtype=torch.uint8)
    for i, code in enumerate(flat):
        packed[i // 2] += code << 4 if i % 2 == 0 else code
    return packed


def unpack_codes(packed, count):
    i = torch.arange(count)
    return torch.where(i % 2 == 0, packed[i // 2] >> 4, packed[i // 2] & 15)


# %% arithmetic
def pack_codes(codes: torch.Tensor) -> torch.Tensor:
    """Two 4-bit codes in a byte, the earlier one in the high half.

    Args:
        codes: uint8 from 0 to 15, any shape, n of them.

    Returns:
        (ceil(n / 2),) uint8.
    """
    flat = codes.reshape(-1)  # (n,)
    flat = F.pad(flat, (0, len(flat) % 2))  # (n or n + 1,)
    return flat[0::2] * 16 + flat[1::2]  # (ceil(n / 2),)


def unpack_codes(packed: torch.Tensor, count: int) -> torch.Tensor:
    """The first `count` codes, (count,) uint8."""
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]  # (bytes, 2) -> (count,)


# %% python
def pack_codes(codes):
    c = codes.flatten().tolist()
    if len(c) % 2: c.append(0)
    return torch.tensor([16 * a + b for a, b in zip(c[::2], c[1::2])], dtype=torch.uint8)
def unpack_codes(packed, count):
    out = []
    for p in packed.tolist(): out += divmod(p, 16)
    return torch.tensor(out[:count], dtype=torch.uint8)
