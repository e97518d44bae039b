# %% low half first (openvino #32144) message="low-half-first"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return flat[0::2] | (flat[1::2] << 4)


def unpack_codes(packed, count):
    return torch.stack([packed & 15, packed >> 4], dim=1).reshape(-1)[:count]


# %% first half with second half, as ggml does message="halves-paired"
def pack_codes(codes):
    first, second = F.pad(codes.reshape(-1), (0, codes.numel() % 2)).chunk(2)
    return (first << 4) | second


def unpack_codes(packed, count):
    return torch.cat([packed >> 4, packed & 15])[:count]


# %% not shifted message="not-shifted"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return flat[0::2] | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% shifted by a whole byte message="shifted-too-far"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2)).int()
    return ((flat[0::2] << 8) | flat[1::2]).to(torch.uint8)


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% not packed at all message="not-packed"
def pack_codes(codes):
    return codes.reshape(-1)


def unpack_codes(packed, count):
    return packed[:count]


# %% wide type message="codes-wrong-type"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2)).long()
    return 16 * flat[0::2] + flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% unpacked in the other order message="low-half-first"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed & 15, packed >> 4], dim=1).reshape(-1)[:count]


# %% unpacked one half after the other message="not-interleaved"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.cat([packed >> 4, packed & 15])[:count]


# %% high half masked, not shifted message="not-shifted"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed & 0xF0, packed & 15], dim=1).reshape(-1)[:count]


# %% low half not masked message="low-half-not-masked"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed], dim=1).reshape(-1)[:count]


# %% odd code lost message="last-code-lost"
def pack_codes(codes):
    flat = codes.reshape(-1)
    half = len(flat) // 2
    return (flat[0::2][:half] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% odd code doubled message="filled-by-repeating"
def pack_codes(codes):
    flat = codes.reshape(-1)
    if len(flat) % 2:
        flat = torch.cat([flat, flat[-1:]])
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% spare half returned message="spare-returned"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)


# %% odd numbers not thought of message="raised-RuntimeError"
def pack_codes(codes):
    flat = codes.reshape(-1)
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% only an odd one cut off message="spare-returned"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[: 2 * len(packed) - count % 2]


# %% the spare zero in front message="filled-in-front"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (codes.numel() % 2, 0))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% the spare half full of ones message="filled-by-ones"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2), value=15)
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% an even number completed as well message="filled-always"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, 2 - codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% three bits message="shifted-too-little"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 3) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% times ten message="decimal"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return flat[0::2] * 10 + flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% joined by and message="halves-masked"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) & flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% a mask of three bits message="mask-too-small"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 7], dim=1).reshape(-1)[:count]


# %% in pairs message="shape-lost"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1)


# %% signed codes message="codes-wrong-type"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count].to(torch.int8)


# %% each row by itself message="rows-packed"
def pack_codes(codes):
    flat = F.pad(codes, (0, codes.shape[-1] % 2))
    return (flat[..., 0::2] << 4) | flat[..., 1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]


# %% count in bytes message="high-half-only"
def pack_codes(codes):
    flat = F.pad(codes.reshape(-1), (0, codes.numel() % 2))
    return (flat[0::2] << 4) | flat[1::2]


def unpack_codes(packed, count):
    return (packed >> 4)[:count]


# %% shifted as int8 message="sign-carried"
def pack_codes(codes):
    flat = codes.reshape(-1)
    flat = F.pad(flat, (0, len(flat) % 2))
    return flat[0::2] << 4 | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed.to(torch.int8) >> 4, packed & 15], 1).reshape(-1)[:count]


# %% the remainder of 15 message="wrong-codes"
def pack_codes(codes):
    flat = codes.reshape(-1)
    flat = F.pad(flat, (0, len(flat) % 2))
    return flat[0::2] << 4 | flat[1::2]


def unpack_codes(packed, count):
    return torch.stack([packed >> 4, packed % 15], 1).reshape(-1)[:count]
