# %% other attribute names
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.frozen, self.path = linear.requires_grad_(False), LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.path.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.path(x) + self.frozen(x)

# %% explicit factors and einsum
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.alpha = alpha
        like = {"device": linear.weight.device, "dtype": linear.weight.dtype}
        self.A = nn.Parameter(torch.randn(linear.in_features, rank, **like) / rank**0.5)
        self.B = nn.Parameter(torch.zeros(rank, linear.out_features, **like))

    def forward(self, x):
        return self.linear(x) + self.alpha * torch.einsum("...i,ir,ro->...o", x, self.A, self.B)

# %% linear layers as factors, kept transposed as PEFT does
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.alpha = alpha
        like = {"device": linear.weight.device, "dtype": linear.weight.dtype, "bias": False}
        self.down = nn.Linear(linear.in_features, rank, **like)
        self.up = nn.Linear(rank, linear.out_features, **like)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.linear(x) + self.alpha * self.up(self.down(x))

# %% size from the weight, frozen in a loop
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        for parameter in self.linear.parameters():
            parameter.requires_grad = False
        out_dim, in_dim = linear.weight.shape
        self.lora = LoRALayer(in_dim, out_dim, rank, alpha).to(linear.weight)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% added in place
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        y = self.linear(x)
        y += self.lora(x)
        return y

# %% frozen in a loop, with named arguments
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.lora = LoRALayer(in_dim=linear.in_features, out_dim=linear.out_features, rank=rank, alpha=alpha)
        self.lora = self.lora.to(device=linear.weight.device, dtype=linear.weight.dtype)
        for name, p in linear.named_parameters():
            p.requires_grad_(False)
        self.linear = linear

    def forward(self, x):
        return torch.add(self.linear(x), self.lora(x))

# %% moved through .data
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        for p in self.lora.parameters():
            p.data = p.data.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% a dataclass
from dataclasses import dataclass


@dataclass(eq=False, repr=False)
class LinearWithLoRA(nn.Module):
    linear: nn.Linear
    rank: int
    alpha: float

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        nn.Module.__init__(self)
        return self

    def __post_init__(self):
        self.linear.requires_grad_(False)
        self.lora = LoRALayer(self.linear.in_features, self.linear.out_features, self.rank, self.alpha)
        self.lora.to(self.linear.weight.device, self.linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% a LoRALayer with a layer inside
class LinearWithLoRA(LoRALayer):
    def __init__(self, linear, rank, alpha):
        super().__init__(linear.in_features, linear.out_features, rank, alpha)
        self.to(linear.weight.device, linear.weight.dtype)
        self.linear = linear.requires_grad_(False)

    def forward(self, x):
        return self.linear(x) + super().forward(x)
