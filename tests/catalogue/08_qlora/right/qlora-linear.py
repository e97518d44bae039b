# %% factors of its own
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(base.in_features, rank, dtype=dtype) / rank**0.5)
        self.B = nn.Parameter(torch.zeros(rank, base.out_features, dtype=dtype))

    def forward(self, x):
        y = self.base(x)
        return y + (self.alpha * (x.to(self.A.dtype) @ self.A @ self.B)).to(y.dtype)



# %% two linear layers as factors
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.alpha = alpha
        self.down = nn.Linear(base.in_features, rank, bias=False, dtype=dtype)
        self.up = nn.Linear(rank, base.out_features, bias=False, dtype=dtype)
        nn.init.normal_(self.down.weight, std=rank**-0.5)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        y = self.base(x)
        return y + (self.alpha * self.up(self.down(x.to(self.down.weight.dtype)))).to(y.dtype)



# %% the type kept as an attribute
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        self.dtype = dtype

    def forward(self, x):
        base_output = self.base(x)
        return base_output + self.lora(x.to(self.dtype)).to(base_output.dtype)



# %% the sum in the path's type
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return (y.to(self.lora.A.dtype) + self.lora(x.to(self.lora.A.dtype))).to(y.dtype)



# %% in place on the output
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        y = torch.add(y, self.lora(x.type(self.lora.B.dtype)).type_as(y))
        return y


# %% frozen in a loop, types by type_as, other names
class QLoRALinear(nn.Module):
    def __init__(self, quantized: nn.Module, r: int, scale: float, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        for parameter in quantized.parameters():
            parameter.requires_grad_(False)
        self.frozen = quantized
        self.path = LoRALayer(quantized.in_features, quantized.out_features, r, scale)
        self.path.to(dtype=dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.frozen(x)
        return out + self.path(x.type_as(self.path.A)).type_as(out)


# %% a subclass of LoRALayer around the base
class QLoRALinear(LoRALayer):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__(base.in_features, base.out_features, rank, alpha)
        self.to(dtype)
        self.base = base.requires_grad_(False)

    def forward(self, x):
        y = self.base(x)
        return y + super().forward(x.to(self.B.dtype)).to(y.dtype)


# %% einsum, and the path first
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.add_module("base", base)
        base.requires_grad_(False)
        self.alpha = alpha
        self.register_parameter("A", nn.Parameter(torch.empty(base.in_features, rank, dtype=dtype)))
        self.register_parameter("B", nn.Parameter(torch.zeros(rank, base.out_features, dtype=dtype)))
        nn.init.kaiming_uniform_(self.A, a=5**0.5)

    def forward(self, x):
        path = torch.einsum("...i,ir,ro->...o", x.to(self.A.dtype), self.A, self.B).mul(self.alpha)
        y = self.base(x)
        return torch.add(y, path.to(y.dtype))


# %% loop freeze
class QLoRALinear(nn.Module):
    """A frozen 4-bit layer and a trainable low-rank path beside it: x (..., i) -> base(x) + lora(x) (..., o)."""

    def __init__(self, base: nn.Module, rank: int, alpha: float, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        for p in base.parameters():
            p.requires_grad = False
        self.base = base
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% sum in path type
class QLoRALinear(nn.Module):
    """A frozen 4-bit layer and a trainable low-rank path beside it: x (..., i) -> base(x) + lora(x) (..., o)."""

    def __init__(self, base: nn.Module, rank: int, alpha: float, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.base(x)
        path = self.lora(x.to(next(self.lora.parameters()).dtype))
        return (y + path).to(y.dtype)
