# %% from our own factors
def from_peft(lora_A, lora_B, lora_alpha):
    A, B = lora_A.T.contiguous(), lora_B.T.contiguous()
    alpha = lora_alpha / A.shape[1]
    return A, B, alpha, (alpha * A @ B).T


# %% with the student's own layer
def from_peft(lora_A, lora_B, lora_alpha):
    r, i = lora_A.shape
    layer = LoRALayer(i, lora_B.shape[0], r, lora_alpha / r)
    with torch.no_grad():
        layer.A.copy_(lora_A.T)
        layer.B.copy_(lora_B.T)
        return layer.A, layer.B, layer.alpha, layer(torch.eye(i)).T


# %% einsum and a list
def from_peft(lora_A, lora_B, lora_alpha):
    scale = torch.tensor(lora_alpha / lora_B.shape[1])
    return [lora_A.mT, lora_B.mT, scale, torch.einsum("or,ri->oi", lora_B, lora_A) * scale]


# %% float64 inside
def from_peft(lora_A, lora_B, lora_alpha):
    r = min(lora_A.size(0), lora_B.size(1))
    delta = (lora_B.double() @ lora_A.double() * lora_alpha / r).float()
    return torch.transpose(lora_A, 0, 1), lora_B.permute(1, 0), lora_alpha / r, delta


# %% a NamedTuple class
from typing import NamedTuple


class Ours(NamedTuple):
    A: torch.Tensor
    B: torch.Tensor
    alpha: float
    delta_W: torch.Tensor


def from_peft(lora_A, lora_B, lora_alpha):
    alpha = lora_alpha / len(lora_A)
    return Ours(lora_A.mT, lora_B.mT, alpha, alpha * (lora_B @ lora_A))


# %% loops
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    delta = torch.zeros(lora_B.shape[0], lora_A.shape[1])
    for j in range(r):
        delta += alpha * torch.outer(lora_B[:, j], lora_A[j])
    return lora_A.t(), lora_B.t(), alpha, delta


# %% F.linear
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    delta = nn.functional.linear(lora_B, lora_A.T) * alpha
    return lora_A.T.clone(), lora_B.T.clone(), alpha, delta


# %% matmul out of place
def from_peft(lora_A, lora_B, lora_alpha):
    rank = lora_B.size(-1)
    scale = float(lora_alpha) / rank
    return lora_A.swapaxes(0, 1), lora_B.swapaxes(0, 1), scale, torch.matmul(lora_B, lora_A).mul(scale)


# %% einsum transposes
def from_peft(lora_A, lora_B, lora_alpha):
    r = lora_A.shape[0]
    alpha = lora_alpha / r
    A, B = torch.einsum("ri->ir", lora_A), torch.einsum("or->ro", lora_B)
    return A, B, alpha, torch.einsum("ir,ro->oi", A, B) * alpha
