# %% softmax without the prefix message="prefix-ignored"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value


# %% prefix masked message="prefix-ignored"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_zeros(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% two softmaxes added message="two-softmaxes"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    root = query.shape[-1] ** 0.5
    scores = (query @ key.mT / root).masked_fill(~mask[:, None, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value + (query @ prefix_key.mT / root).softmax(dim=-1) @ prefix_value


# %% scale missing message="scale-missing"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    return (query @ keys.mT).masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% scale by the model's width message="wrong-scale"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    width = query.shape[1] * query.shape[3]
    scores = query @ keys.mT / width**0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% values forgotten message="prefix-values-missing"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    weights = scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1)
    return weights[..., l:] @ value


# %% mask not extended message="mask-not-extended"
# zai-org/ChatGLM3 #359: the mask ignored the length of the prefix.
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b = len(query)
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~mask[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% mask extended at the wrong end message="mask-behind"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask, mask.new_ones(b, l)), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% no mask at all message="padding-read"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b = len(query)
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    return F.scaled_dot_product_attention(query, keys, values)


# %% mask times scores message="mask-times-scores"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return (scores * real[:, None, None, :]).softmax(dim=-1) @ values


# %% softmax over the queries message="softmax-over-queries"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], -1e9).softmax(dim=-2).nan_to_num() * real[:, None, None, :] @ values


# %% keys and values exchanged message="keys-and-values-swapped"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_value.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_key.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=real[:, None, None, :])


# %% batch not expanded message="prefix-not-expanded"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key[None], key), dim=2)
    values = torch.cat((prefix_value[None], value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=real[:, None, None, :])


# %% prefix detached message="gradient-lost"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.detach().expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.detach().expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=real[:, None, None, :])


# %% values cut off from training message="gradient-lost"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.data.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=real[:, None, None, :])


# %% the prefix alone message="text-ignored"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    return (query @ prefix_key.mT / query.shape[-1] ** 0.5).softmax(dim=-1) @ prefix_value


# %% the keys twice message="keys-used-twice"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_key.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% masked where real message="all-masked"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% the mask along the queries message="mask-axes"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, :, None], float("-inf")).softmax(dim=-1) @ values


# %% the mask without new axes message="mask-axes"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real, float("-inf")).softmax(dim=-1) @ values


# %% masked after the softmax message="masked-after-softmax"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return (scores.softmax(dim=-1) * real[:, None, None, :]) @ values


# %% values joined behind message="order-differs"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((value, prefix_value.expand(b, -1, -1, -1)), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% the prefix behind, its ones in front message="order-differs"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((key, prefix_key.expand(b, -1, -1, -1)), dim=2)
    values = torch.cat((value, prefix_value.expand(b, -1, -1, -1)), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% multiplied by the root message="wrong-scale"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT * query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values
