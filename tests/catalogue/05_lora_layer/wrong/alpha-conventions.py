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
