# %% the entry below message="rounded-down"
def nearest_entry(scaled, table):
    return (torch.searchsorted(table, scaled, right=True) - 1).clamp(0, len(table) - 1).to(torch.uint8)


# %% the entry above message="rounded-up"
def nearest_entry(scaled, table):
    return torch.bucketize(scaled, table).clamp(0, len(table) - 1).to(torch.uint8)


# %% abs forgotten message="sign-of-distance"
def nearest_entry(scaled, table):
    return (scaled.unsqueeze(-1) - table).argmin(dim=-1).to(torch.uint8)


# %% farthest message="farthest"
def nearest_entry(scaled, table):
    return (scaled.unsqueeze(-1) - table).abs().argmax(dim=-1).to(torch.uint8)


# %% values message="values-not-codes"
def nearest_entry(scaled, table):
    return table[(scaled.unsqueeze(-1) - table).abs().argmin(dim=-1)]


# %% distances message="distance-returned"
def nearest_entry(scaled, table):
    return (scaled.unsqueeze(-1) - table).abs().amin(dim=-1)


# %% evenly spaced message="table-evenly-spaced"
def nearest_entry(scaled, table):
    return ((scaled + 1) / 2 * (len(table) - 1)).round().to(torch.uint8)


# %% midpoints of a sorted copy message="sorted-places"
def nearest_entry(scaled, table):
    table = table.sort().values
    return torch.bucketize(scaled, (table[1:] + table[:-1]) / 2).to(torch.uint8)


# %% int64 message="codes-wrong-type"
def nearest_entry(scaled, table):
    return (scaled.unsqueeze(-1) - table).abs().argmin(dim=-1)


# %% flat message="shape-lost"
def nearest_entry(scaled, table):
    return (scaled.reshape(-1, 1) - table).abs().argmin(dim=-1).to(torch.uint8)


# %% evenly spaced, kept in range message="table-evenly-spaced"
def nearest_entry(scaled, table):
    return ((scaled + 1) / 2 * (len(table) - 1)).round().clamp(0, len(table) - 1).to(torch.uint8)


# %% midpoints, nothing below the first message="clamped-first"
def nearest_entry(scaled, table):
    scaled = scaled.clamp(-1, 1)
    return (scaled.unsqueeze(-1) - table).abs().argmin(dim=-1).to(torch.uint8)


# %% magnitudes compared message="magnitudes-compared"
def nearest_entry(scaled, table):
    return (scaled.abs().unsqueeze(-1) - table.abs()).abs().argmin(dim=-1).to(torch.uint8)


# %% the difference the other way round, abs forgotten message="sign-of-distance"
def nearest_entry(scaled, table):
    return (table - scaled.unsqueeze(-1)).argmin(dim=-1).to(torch.uint8)


# %% counted from one message="counted-from-one"
def nearest_entry(scaled, table):
    return ((scaled.unsqueeze(-1) - table).abs().argmin(dim=-1) + 1).to(torch.uint8)


# %% one place for all message="raised-RuntimeError"
def nearest_entry(scaled, table):
    return (scaled - table).abs().argmin().to(torch.uint8)


# %% a type with a sign message="codes-wrong-type"
def nearest_entry(scaled, table):
    return (scaled.unsqueeze(-1) - table).abs().argmin(dim=-1).to(torch.int8)


# %% midpoints of a table taken to ascend message="wrong-codes"
def nearest_entry(scaled, table):
    return torch.bucketize(scaled, (table[1:] + table[:-1]) / 2).to(torch.uint8)


# %% both results of min message="no-tensor"
def nearest_entry(scaled, table):
    return (scaled.unsqueeze(-1) - table).abs().min(dim=-1)


# %% return forgotten message="no-tensor"
def nearest_entry(scaled, table):
    codes = (scaled.unsqueeze(-1) - table).abs().argmin(dim=-1).to(torch.uint8)


# %% rounded to one decimal first message="digits-lost"
def nearest_entry(scaled, table):
    scaled = (10 * scaled).round() / 10
    return (scaled.unsqueeze(-1) - table).abs().argmin(dim=-1).to(torch.uint8)


# %% half precision message="digits-lost"
def nearest_entry(scaled: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """The place of the nearest table entry for each number.

    Args:
        scaled: floats, any shape.
        table: (levels,) floats in any order, at most 256.

    Returns:
        uint8 in the shape of scaled.
    """
    return (scaled.half().unsqueeze(-1) - table.half()).abs().argmin(dim=-1).to(torch.uint8)  # (..., levels) -> (...)


# %% normalised table message="table-scaled"
def nearest_entry(scaled, table): return (scaled.unsqueeze(-1) - table / table.abs().max()).abs().argmin(dim=-1).to(torch.uint8)


# %% ratio message="nearest-in-proportion"
def nearest_entry(scaled, table): return (scaled.unsqueeze(-1) - table).abs().div(table.abs() + 1).argmin(dim=-1).to(torch.uint8)


# %% cut to a half first message="clamped-first"
def nearest_entry(scaled, table):
    return (scaled.clamp(-0.5, 0.5).unsqueeze(-1) - table).abs().argmin(-1).to(torch.uint8)


# %% four bits are kept message="wrong-codes"
def nearest_entry(scaled, table):
    return (scaled.unsqueeze(-1) - table).abs().argmin(-1).remainder(16).to(torch.uint8)
