# %% the base is not frozen message="base-not-frozen"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% only the codes are frozen message="base-not-frozen"
# The bias of bitsandbytes' layer stays trainable.
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        if hasattr(base, "weight"):
            base.weight.requires_grad_(False)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% the type is taken from the base's weight message="dtype-from-bytes"
# bitsandbytes' Linear4bit is an nn.Linear, but its weight is uint8.
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(base.weight.dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% the sizes are taken from the base's weight message="no-factors"
# The weight of bitsandbytes' layer is a column of bytes.
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.weight.shape[1], base.weight.shape[0], rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% the given type is ignored message="path-dtype"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% the base is detached message="base-detached"
# Public student solutions: "so gradients only flow through LoRA".
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x).detach()
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% the base runs under no_grad message="base-detached"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        with torch.no_grad():
            y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% the path gets a detached input message="path-input-detached"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.detach().to(self.lora.A.dtype)).to(y.dtype)



# %% the whole module is frozen message="path-frozen"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        self.requires_grad_(False)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% alpha is applied twice message="alpha-twice"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        self.alpha = alpha

    def forward(self, x):
        y = self.base(x)
        return y + self.alpha * self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% alpha over rank message="alpha-over-rank"
# PEFT's convention; rasbt/LLMs-from-scratch #821.
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha / rank).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% A and B are stored in 4 bits too message="path-quantised"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        A, B = (dequantize_4bit(quantize_4bit(p)) for p in (self.lora.A, self.lora.B))
        A, B = self.lora.A + (A - self.lora.A).detach(), self.lora.B + (B - self.lora.B).detach()
        return y + (self.lora.alpha * (x.to(A.dtype) @ A @ B)).to(y.dtype)



# %% x is not cast for the path message="input-not-cast"
# trl #4457: expected scalar type Float but found Half.
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        return self.base(x) + self.lora(x)



# %% the result stays in float32 message="output-dtype"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype))



# %% the path is cast to the type of x message="path-in-low-precision"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        A, B = self.lora.A.to(x.dtype), self.lora.B.to(x.dtype)
        return y + self.lora.alpha * (x @ A @ B)



# %% a float copy of the weight is kept message="base-expanded"
# The memory that 4 bits were to save.
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.weight = base(torch.eye(base.in_features)).T.detach() - (0 if base.bias is None else base.bias[:, None])
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = x @ self.weight.T.to(x.dtype) + self.base.bias.to(x.dtype)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% B does not start at zero message="not-equal-at-start"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        nn.init.normal_(self.lora.B)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)



# %% the bias is added twice message="bias-twice"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        y = y + self.base.bias.to(y.dtype)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the whole module is cast message="base-cast"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha)
        self.to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% in and out are exchanged message="path-shapes"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.out_features, base.in_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the path follows the base message="path-shapes"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(y.to(self.lora.A.dtype)).to(y.dtype)


# %% a bias is assumed message="bias-assumed"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base
        base.bias.requires_grad = False
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% A and B both zero message="A-starts-at-zero"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.alpha = alpha
        self.A = nn.Parameter(torch.zeros(base.in_features, rank, dtype=dtype))
        self.B = nn.Parameter(torch.zeros(rank, base.out_features, dtype=dtype))

    def forward(self, x):
        y = self.base(x)
        return y + (self.alpha * (x.to(self.A.dtype) @ self.A @ self.B)).to(y.dtype)


# %% A of ones message="A-not-random"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.alpha = alpha
        self.A = nn.Parameter(torch.ones(base.in_features, rank, dtype=dtype))
        self.B = nn.Parameter(torch.zeros(rank, base.out_features, dtype=dtype))

    def forward(self, x):
        y = self.base(x)
        return y + (self.alpha * (x.to(self.A.dtype) @ self.A @ self.B)).to(y.dtype)


# %% dtype without a default message="dtype-without-default"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% x always cast to float32 message="input-not-cast"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.float()).to(y.dtype)


# %% the result always cast to float32 message="output-dtype"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).float()


# %% the result always cast to bfloat16 message="rounded-on-the-way"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).bfloat16()


# %% a copy of the base message="base-missing"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = copy.deepcopy(base).requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the base in a list message="base-missing"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.parts = [base.requires_grad_(False)]
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.parts[0](x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the path subtracted message="subtracted"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y - self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% no return message="no-tensor"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the path never called message="path-missing"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y


# %% a parameter of its own for alpha message="extra-trainable"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% copied into a list of floats message="base-expanded"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.kept = [base(torch.eye(base.in_features)).detach()]
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% rank and alpha exchanged message="rank-alpha-swapped"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, alpha, rank).to(dtype)

    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the bias cloned message="base-changed"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        if getattr(base, "bias", None) is not None:
            base.bias = nn.Parameter(base.bias.clone(), requires_grad=False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the bias copied beside message="output-dtype"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.bias = None if base.bias is None else base.bias.clone()
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
    def forward(self, x):
        y = self.base(x)
        if self.bias is not None: y = y - self.base.bias + self.bias
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% base to eval message="changes-the-mode"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.eval().requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% own math for the path message="path-bypassed"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        self.alpha = alpha
    def forward(self, x):
        y = self.base(x)
        return y + (self.alpha * (x.to(self.lora.A.dtype) @ self.lora.A @ self.lora.B)).to(y.dtype)


# %% seed inside message="sets-the-seed"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        torch.manual_seed(0)
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
    def forward(self, x):
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the dequantised weight kept after eval message="depends-on-the-mode"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
        self.kept = None
    def forward(self, x):
        if not self.training:
            if self.kept is None:
                eye = torch.eye(self.base.in_features, dtype=x.dtype)
                self.zero = self.base(0 * eye[:1])
                self.kept = (self.base(eye) - self.zero + self.lora(eye.to(self.lora.A.dtype)).to(x.dtype)).detach()
            return x @ self.kept + self.zero
        y = self.base(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% alpha on the class message="alpha-shared"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        QLoRALinear.scale = alpha
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, 1.0).to(dtype)
    def forward(self, x):
        y = self.base(x)
        return y + self.scale * self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% base forward directly message="hooks-bypassed"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)
    def forward(self, x):
        y = self.base.forward(x)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)


# %% the base without its bias message="bias-missing"
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dtype=torch.float32):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha).to(dtype)

    def forward(self, x):
        y = self.base(x) - (self.base.bias if getattr(self.base, "bias", None) is not None else 0)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)
