# %% einsum
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * torch.einsum("...i,ir,ro->...o", x, self.A, self.B)


# %% product first
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return x @ (self.alpha * self.A @ self.B)


# %% functional linear
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        F = nn.functional
        return self.alpha * F.linear(F.linear(x, self.A.T), self.B.T)


# %% nn.Linear whose weights have the contracted shapes
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = float(alpha)
        self.first = nn.Linear(rank, in_dim, bias=False)  # weight (in_dim, rank)
        self.second = nn.Linear(out_dim, rank, bias=False)  # weight (rank, out_dim)
        nn.init.normal_(self.first.weight, std=1 / math.sqrt(rank))
        nn.init.zeros_(self.second.weight)

    def forward(self, x):
        return self.alpha * (x @ self.first.weight @ self.second.weight)

    @property
    def A(self):
        return self.first.weight

    @property
    def B(self):
        return self.second.weight


# %% B first, alpha in a buffer
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.register_buffer("alpha", torch.tensor(float(alpha)), persistent=False)
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.A = nn.Parameter(torch.normal(0.0, rank**-0.5, (in_dim, rank)))

    def forward(self, x):
        return x @ self.A @ self.B * self.alpha


# %% float64 inside
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return (self.alpha * (x.double() @ self.A.double() @ self.B.double())).to(x.dtype)


# %% non-contiguous factors
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter((torch.randn(rank, in_dim) / math.sqrt(rank)).T)
        self.B = nn.Parameter(torch.zeros(out_dim, rank).T)

    def forward(self, x):
        return self.alpha * (x.contiguous() @ self.A @ self.B)


# %% ParameterDict
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.factors = nn.ParameterDict({"A": torch.empty(in_dim, rank).normal_(std=rank**-0.5), "B": torch.zeros(rank, out_dim)})

    def forward(self, x):
        return self.alpha * (x @ self.factors["A"] @ self.factors["B"])

    def __getattr__(self, name):
        return self.factors[name] if name in ("A", "B") else super().__getattr__(name)


# %% register_parameter and checks
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank must be at least 1")
        self.in_dim, self.out_dim, self.rank, self.alpha = in_dim, out_dim, rank, alpha
        std = 1 / torch.sqrt(torch.tensor(rank).float())
        self.register_parameter("A", nn.Parameter(torch.randn(in_dim, rank) * std))
        self.register_parameter("B", nn.Parameter(torch.zeros(rank, out_dim)))

    def forward(self, x):
        h = torch.matmul(x, self.A)
        return torch.mul(torch.matmul(h, self.B), self.alpha)


# %% addmm on flattened rows
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        out = torch.mm(rows, self.A).mm(self.B)
        return (self.alpha * out).reshape(*x.shape[:-1], -1)


# %% alpha as a frozen parameter, registered factors
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(float(alpha)), requires_grad=False)
        self.register_parameter("A", nn.Parameter(torch.empty(in_dim, rank).normal_(0, rank**-0.5)))
        self.register_parameter("B", nn.Parameter(torch.empty(rank, out_dim).zero_()))

    def forward(self, x):
        return x.matmul(self.A).matmul(self.B).mul(self.alpha)


# %% a dataclass
from dataclasses import dataclass


@dataclass(eq=False)
class LoRALayer(nn.Module):
    in_dim: int
    out_dim: int
    rank: int
    alpha: float

    def __post_init__(self):
        super().__init__()
        self.A = nn.Parameter(torch.randn(self.in_dim, self.rank) / math.sqrt(self.rank))
        self.B = nn.Parameter(torch.zeros(self.rank, self.out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% reset in a method of its own
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.empty(in_dim, rank))
        self.B = nn.Parameter(torch.empty(rank, out_dim))
        self.reset()

    def reset(self):
        nn.init.normal_(self.A, std=self.A.shape[1] ** -0.5)
        nn.init.zeros_(self.B)

    def forward(self, x):
        h = x.matmul(self.A)
        return h.matmul(self.B) * self.alpha


# %% tensordot
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return torch.tensordot(torch.tensordot(x, self.A, dims=1), self.B, dims=1) * self.alpha


# %% a ParameterList
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.factors = nn.ParameterList([torch.randn(in_dim, rank) * rank**-0.5, torch.zeros(rank, out_dim)])

    A, B = (property(lambda self, place=place: self.factors[place]) for place in (0, 1))

    def forward(self, x):
        for factor in self.factors:
            x = x @ factor
        return x * self.alpha


# %% scale on the left factor
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return (x @ (self.A * self.alpha)) @ self.B


# %% torch.normal with numbers
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.normal(mean=0.0, std=1 / rank**0.5, size=(in_dim, rank)))
        self.B = nn.Parameter(torch.zeros((rank, out_dim)))

    def forward(self, x):
        flat = x.flatten(0, -2) if x.dim() > 1 else x[None]
        out = self.alpha * flat.mm(self.A).mm(self.B)
        return out.view(*x.shape[:-1], out.shape[-1])
