# %% not transposed message="not-transposed"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / lora_A.shape[0]
    return lora_A, lora_B, alpha, alpha * lora_B @ lora_A


# %% reshaped message="reshaped"
def from_peft(lora_A, lora_B, lora_alpha):
    r, i = lora_A.shape
    alpha = lora_alpha / r
    return lora_A.reshape(i, r), lora_B.reshape(r, -1), alpha, alpha * lora_B @ lora_A


# %% factors exchanged message="factors-swapped"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / lora_A.shape[0]
    return lora_B.T, lora_A.T, alpha, alpha * lora_B @ lora_A


# %% scale folded into B message="scale-folded"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / lora_A.shape[0]
    return lora_A.T, alpha * lora_B.T, alpha, alpha * lora_B @ lora_A


# %% alpha as it is message="alpha-not-converted"
# rasbt/LLMs-from-scratch #821 and mlx-vlm #841: alpha where alpha / rank was meant.
def from_peft(lora_A, lora_B, lora_alpha):
    return lora_A.T, lora_B.T, lora_alpha, lora_alpha / lora_A.shape[0] * lora_B @ lora_A


# %% multiplied by the rank message="alpha-times-rank"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    return lora_A.T, lora_B.T, lora_alpha * r, lora_alpha / r * lora_B @ lora_A


# %% divided by in_dim message="rank-from-wrong-side"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / lora_A.shape[1]
    return lora_A.T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% rsLoRA message="root-of-rank"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / math.sqrt(lora_A.shape[0])
    return lora_A.T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% whole division message="whole-division"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha // lora_A.shape[0]
    return lora_A.T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% update transposed message="update-transposed"
# microsoft/LoRA #61: a missing transpose in merging.
def from_peft(lora_A, lora_B, lora_alpha):
    A, B, alpha = lora_A.T, lora_B.T, lora_alpha / lora_A.shape[0]
    return A, B, alpha, alpha * A @ B


# %% update without its scale message="update-unscaled"
def from_peft(lora_A, lora_B, lora_alpha):
    return lora_A.T, lora_B.T, lora_alpha / lora_A.shape[0], lora_B @ lora_A


# %% update not divided by the rank message="update-not-divided"
def from_peft(lora_A, lora_B, lora_alpha):
    return lora_A.T, lora_B.T, lora_alpha / lora_A.shape[0], lora_alpha * lora_B @ lora_A


# %% update scaled twice message="update-scaled-twice"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / lora_A.shape[0]
    return lora_A.T, lora_B.T, alpha, alpha * (alpha * lora_B) @ lora_A


# %% three results message="not-four"
def from_peft(lora_A, lora_B, lora_alpha):
    return lora_A.T, lora_B.T, lora_alpha / lora_A.shape[0]


# %% divided by the smallest side message="rank-from-wrong-side"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / min(*lora_A.shape, len(lora_B))
    return lora_A.T, lora_B.T, alpha, lora_alpha / len(lora_A) * lora_B @ lora_A


# %% divided by out_dim message="rank-from-wrong-side"
def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / lora_B.shape[0]
    return lora_A.T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% rounded message="whole-division"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, round(alpha), alpha * lora_B @ lora_A


# %% truncated message="whole-division"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, int(alpha), alpha * lora_B @ lora_A


# %% upside down message="upside-down"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, r / lora_alpha if lora_alpha else 0, alpha * lora_B @ lora_A


# %% absolute message="alpha-absolute"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    alpha = abs(alpha)
    return lora_A.T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% alpha or the rank message="zero-ignored"
def from_peft(lora_A, lora_B, lora_alpha):
    lora_alpha = lora_alpha or lora_A.shape[0]
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% root folded into both message="scale-folded"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    root = abs(alpha) ** 0.5
    return root * lora_A.T, root * lora_B.T, alpha, alpha * lora_B @ lora_A


# %% B divided by the rank message="scale-folded"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T / r, lora_alpha, alpha * lora_B @ lora_A


# %% alpha in A message="scale-folded"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_alpha * lora_A.T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% only A turned message="not-transposed"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B, alpha, alpha * lora_B @ lora_A


# %% viewed message="reshaped"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.reshape(-1, r), lora_B.reshape(r, -1), alpha, alpha * lora_B @ lora_A


# %% update divided twice message="update-divided-twice"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha, alpha / r * lora_B @ lora_A


# %% update as rsLoRA message="update-by-root"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha, lora_alpha / r**0.5 * lora_B @ lora_A


# %% update negated message="update-negated"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha, -alpha * lora_B @ lora_A


# %% update unscaled and ours message="update-unscaled"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha, lora_A.T @ lora_B.T


# %% factors in the wrong order message="raised-RuntimeError"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha, alpha * lora_A @ lora_B


# %% alpha a tensor of one message="wrong-alpha-shape"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, torch.tensor([alpha]), alpha * lora_B @ lora_A


# %% return forgotten message="not-four"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    delta_W = alpha * lora_B @ lora_A


# %% a dict message="not-four"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return {"A": lora_A.T, "B": lora_B.T, "alpha": alpha, "delta_W": alpha * lora_B @ lora_A}


# %% update without result message="no-tensor"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha, None


# %% order of the results message="no-tensor"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.T, lora_B.T, alpha * lora_B @ lora_A, alpha


# %% rank reversed message="factor-upside-down"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    return lora_A.flip(0).T, lora_B.T, alpha, alpha * lora_B @ lora_A


# %% A squeezed at rank 1 message="wrong-factor-shape"
def from_peft(lora_A, lora_B, lora_alpha):
    pass
    A, B = lora_A.T.squeeze(), lora_B.T
    alpha = lora_alpha / lora_A.shape[0]
    delta_W = alpha * lora_B @ lora_A
    return A, B, alpha, delta_W


# %% alpha half message="digits-lost"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    a = round(lora_alpha / r, 2)
    return lora_A.T, lora_B.T, a, a * lora_B @ lora_A


# %% rank from B rows message="rank-from-wrong-side"
def from_peft(lora_A, lora_B, lora_alpha):
    r = min(lora_A.shape)
    return lora_A.T, lora_B.T, lora_alpha / r, lora_alpha / r * lora_B @ lora_A


# %% rank 8 message="rank-fixed"
def from_peft(lora_A, lora_B, lora_alpha):
    r = 8
    return lora_A.T, lora_B.T, lora_alpha / r, lora_alpha / r * lora_B @ lora_A


# %% float16 delta message="digits-lost"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    return lora_A.T, lora_B.T, lora_alpha / r, (lora_alpha / r * lora_B.half() @ lora_A.half()).float()


# %% delta and alpha absolute message="alpha-absolute"
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    s = max(lora_alpha, 0) / r
    return lora_A.T, lora_B.T, s, s * lora_B @ lora_A
