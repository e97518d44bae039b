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
    return (
        scores.masked_fill(~real[:, None, None, :], -1e9).softmax(dim=-2).nan_to_num() * real[:, None, None, :] @ values
    )


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


# %% queries of padding emptied message="padding-emptied"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    out = scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values
    return out * mask[:, None, :, None]


# %% queries masked too message="all-masked"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    seen = real[:, None, None, :] & mask[:, None, :, None]
    return scores.masked_fill(~seen, float("-inf")).softmax(dim=-1) @ values


# %% causal message="causal"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    s = query.shape[2]
    late = torch.ones(s, s, dtype=torch.bool).triu(1)
    hidden = ~real[:, None, None, :] | F.pad(late, (l, 0))
    return scores.masked_fill(hidden, float("-inf")).softmax(dim=-1) @ values


# %% is_causal message="causal"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    unused = query @ keys.mT / query.shape[-1] ** 0.5
    return F.scaled_dot_product_attention(query, keys, values, is_causal=True)


# %% prefix scores not scaled message="scaled-in-part"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    scores[..., :l] = query @ prefix_key.mT
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% text scores not scaled message="scaled-in-part"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    scores[..., l:] = query @ key.mT
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% scaled by e message="wrong-scale"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 1.0
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% scaled twice message="wrong-scale"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query / query.shape[-1] ** 0.5 @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% scaled after the softmax message="scaled-after"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) / query.shape[-1] ** 0.5 @ values


# %% scaled by the length message="wrong-scale"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / keys.shape[2] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% softmax over the heads message="all-masked"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=1) @ values


# %% softmax over the heads, finite message="wrong-output"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], -1e9).softmax(dim=1) @ values


# %% no softmax message="softmax-missing"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return (scores * real[:, None, None, :]) @ values


# %% softmax twice message="softmax-twice"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1).softmax(dim=-1) @ values


# %% sigmoid message="softmax-missing"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).sigmoid() @ values


# %% mask added message="mask-added"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return (scores + real[:, None, None, :]).softmax(dim=-1) @ values


# %% text mask inverted message="mask-inverted"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), ~mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% one head for all message="one-head-for-all"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key[:1].expand_as(prefix_key).expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value[:1].expand_as(prefix_value).expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% dropout message="random-output"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    unused = query @ keys.mT / query.shape[-1] ** 0.5
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=real[:, None, None, :], dropout_p=0.1)


# %% averaged message="two-softmaxes"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    root = query.shape[-1] ** 0.5
    text = (query @ key.mT / root).masked_fill(~mask[:, None, None, :], float("-inf")).softmax(-1) @ value
    return (text + (query @ prefix_key.mT / root).softmax(-1) @ prefix_value) / 2


# %% values without a prefix message="values-not-extended"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ value


# %% keys without a prefix message="mask-not-extended"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% joined along the heads message="wrong-axis"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=1)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% ones of the mask for one text message="prefix-not-expanded"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(1, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% heads joined message="heads-joined"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    out = scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values
    return out.transpose(1, 2).flatten(2)


# %% places before heads message="heads-behind"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    out = scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values
    return out.transpose(1, 2)


# %% the prefix asks too message="prefix-places-too"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    query = torch.cat((prefix_key.expand(b, -1, -1, -1), query), dim=2)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% no_grad message="gradient-lost"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    with torch.no_grad():
        b, l = len(query), prefix_key.shape[1]
        keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
        values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
        real = torch.cat((mask.new_ones(b, l), mask), dim=1)
        scores = query @ keys.mT / query.shape[-1] ** 0.5
        return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% queries detached message="gradient-lost"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query.detach() @ keys.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% return forgotten message="no-tensor"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    out = scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values


# %% the first text for all message="first-text-for-all"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    out = scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(dim=-1) @ values
    return out[:1].expand_as(out)


# %% hidden with -100 message="hidden-by-too-little"
def prefix_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    prefix_key: torch.Tensor,
    prefix_value: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """softmax(query [prefix_key; key]^T / sqrt(e)) [prefix_value; value], without padding: (b, n, s, e)."""
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)  # (b, n, l + s, e)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)  # (b, n, l + s, e)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)  # (b, l + s)
    scores = query @ keys.mT / query.shape[-1] ** 0.5  # (b, n, s, l + s)
    scores = scores.masked_fill(~real[:, None, None, :], -100.0)
    return scores.softmax(dim=-1) @ values  # (b, n, s, e)


# %% hidden with -1000 message="hidden-by-too-little"
def prefix_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    prefix_key: torch.Tensor,
    prefix_value: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """softmax(query [prefix_key; key]^T / sqrt(e)) [prefix_value; value], without padding: (b, n, s, e)."""
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)  # (b, n, l + s, e)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)  # (b, n, l + s, e)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)  # (b, l + s)
    scores = query @ keys.mT / query.shape[-1] ** 0.5  # (b, n, s, l + s)
    scores = scores.masked_fill(~real[:, None, None, :], -1e3)
    return scores.softmax(dim=-1) @ values  # (b, n, s, e)


# %% shares in 16 bits message="digits-lost"
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    s = (query @ keys.mT / query.shape[-1] ** 0.5).masked_fill(~real[:, None, None, :], float("-inf"))
    return s.softmax(-1).half().float() @ values
