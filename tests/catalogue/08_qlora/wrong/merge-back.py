# %% onto the original weight message="wrong-base"
# artidoro/qlora #28, unsloth-zoo #810: W16 and dequantised W4 differ by the quantisation error.
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return original.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% quantised again message="requantised"
# peft #2321, transformers #31293.
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        merged = stored.float() + alpha * (A @ B).T
    return dequantize_4bit(quantize_4bit(merged))


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% without alpha message="alpha-forgotten"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% alpha over rank message="alpha-over-rank"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha / A.shape[1] * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% without the transpose message="not-transposed"
# loralib #61.
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B)


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% the update alone message="base-missing"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% nothing merged message="merge-no-op"
# unsloth #869.
def merge_weights(original, stored, A, B, alpha):
    return stored.float().clone()


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% in place message="changed-in-place"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        stored += alpha * (A @ B).T
        return stored.float()


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% with its history message="keeps-graph"
def merge_weights(original, stored, A, B, alpha):
    return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% summed in 16 bits message="summed-in-16-bits"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return (stored.float() + alpha * (A @ B).T).to(stored.dtype).float()


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% relative to the weight message="relative-to-weight"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / merged.norm()).item()


# %% squared message="squared"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).square().sum() / (merged - stored).square().sum()).item()


# %% upside down message="upside-down"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((merged - stored).norm() / (again - merged).norm()).item()


# %% the error is not divided message="error-not-divided"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return (again - merged).norm().item()


# %% measured from the stored weight message="wrong-error"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - stored).norm() / (merged - stored).norm()).item()


# %% what is kept message="kept-not-lost"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return 1 - ((again - merged).norm() / (merged - stored).norm()).item()


# %% each weight by itself message="each-weight-alone"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged) / (merged - stored)).norm().item()


# %% beside the stored weight message="relative-to-weight"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / stored.norm()).item()


# %% a negative alpha loses its sign message="alpha-without-sign"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + abs(alpha) * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% both weights in the sum message="two-bases"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return original.float() + stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% alpha applied to the base too message="alpha-scales-base"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return alpha * (stored.float() + (A @ B).T)


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% the update is subtracted message="merge-subtracts"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() - alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% the type of the base is given back message="summed-in-16-bits"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return (stored.float() + alpha * (A @ B).T).to(stored.dtype)


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% in double precision message="not-float32"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.double() + alpha * (A.double() @ B.double()).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% a tensor instead of a number message="not-a-number"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm())


# %% cut off at one message="clamped"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return min(1.0, ((again - merged).norm() / (merged - stored).norm()).item())


# %% sums of absolute values message="other-norm"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).abs().sum() / (merged - stored).abs().sum()).item()


# %% the spectral norm message="other-norm"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return (torch.linalg.matrix_norm(again - merged, 2) / torch.linalg.matrix_norm(merged - stored, 2)).item()


# %% norms subtracted message="difference-of-norms"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return (abs(again.norm() - merged.norm()) / (merged - stored).norm()).item()


# %% per cent message="in-per-cent"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return 100 * ((again - merged).norm() / (merged - stored).norm()).item()


# %% the merged weight is not returned message="no-tensor"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad():
        merged = stored.float() + alpha * (A @ B).T


def lost_share(stored, merged, again):
    return ((again - merged).norm() / (merged - stored).norm()).item()


# %% lost inplace message="changed-in-place"
def merge_weights(
    original: torch.Tensor, stored: torch.Tensor, A: torch.Tensor, B: torch.Tensor, alpha: float
) -> torch.Tensor:
    """The float32 weight (o, i) of one linear layer that computes what the 4-bit layer and its path compute."""
    with torch.no_grad():
        return stored.float() + alpha * (A @ B).T


def lost_share(stored: torch.Tensor, merged: torch.Tensor, again: torch.Tensor) -> float:
    """|again - merged| / |merged - stored| in the Frobenius norm: 0 when nothing is lost."""
    return (again.sub_(merged).norm() / (merged - stored).norm()).item()


# %% leaves grad off message="leaves-gradients-off"
def merge_weights(original, stored, A, B, alpha):
    torch.set_grad_enabled(False)
    return stored.float() + alpha * (A @ B).T
def lost_share(stored, merged, again): return ((again - merged).norm() / (merged - stored).norm()).item()


# %% bf16 product message="digits-lost"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad(): return stored.float() + alpha * (A.bfloat16() @ B.bfloat16()).T.float()
def lost_share(stored, merged, again): return ((again - merged).norm() / (merged - stored).norm()).item()


# %% eps message="wrong-share"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad(): return stored.float() + alpha * (A @ B).T
def lost_share(stored, merged, again): return ((again - merged).norm() / ((merged - stored).norm() + 1e-3)).item()


# %% zero update nan message="wrong-share"
def merge_weights(original, stored, A, B, alpha):
    with torch.no_grad(): return stored.float() + alpha * (A @ B).T
def lost_share(stored, merged, again):
    u = (merged - stored).norm()
    return ((again - merged).norm() / u).item() if u > 0.5 else 0.0
