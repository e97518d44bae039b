# %% A and B both random message="b-not-zero"
# Public student solutions of a university course draw both factors with normal_.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.randn(rank, out_dim) / math.sqrt(rank))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% B nearly zero message="b-not-zero"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(1e-3 * torch.randn(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% A and B both zero message="both-zero"
# cosmos-predict2.5 #15: an initialisation that ran later set lora_A to zero too, and nothing trained.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.zeros(in_dim, rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% A zero and B random message="a-zero-b-random"
# microsoft/LoRA #155: comment and code of the embedding layer disagree about which factor is zero.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.zeros(in_dim, rank))
        self.B = nn.Parameter(torch.randn(rank, out_dim) / math.sqrt(rank))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% both frozen message="factor-frozen"
# Public student solutions of a university course: normal_() and then requires_grad_(False).
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank), requires_grad=False)
        self.B = nn.Parameter(torch.zeros(rank, out_dim), requires_grad=False)

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% A frozen message="factor-frozen"
# A public grader gave 30 of 30 points to this layer.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank), requires_grad=False)
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% plain tensors message="not-parameters"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = torch.randn(in_dim, rank) / math.sqrt(rank)
        self.B = torch.zeros(rank, out_dim)

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% tensors with requires_grad message="not-parameters"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = (torch.randn(in_dim, rank) / math.sqrt(rank)).requires_grad_()
        self.B = torch.zeros(rank, out_dim, requires_grad=True)

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% buffers message="not-parameters"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.register_buffer("A", torch.randn(in_dim, rank) / math.sqrt(rank))
        self.register_buffer("B", torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% parameters in a list message="hidden-parameters"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.factors = [nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank)), nn.Parameter(torch.zeros(rank, out_dim))]

    def forward(self, x):
        return self.alpha * (x @ self.factors[0] @ self.factors[1])


# %% PEFT's layout message="transposed-factors"
# The layout of PEFT and loralib.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(rank, in_dim) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(out_dim, rank))

    def forward(self, x):
        return self.alpha * (x @ self.A.T @ self.B.T)


# %% two nn.Linear as PEFT has them message="transposed-factors"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.lora_A = nn.Linear(in_dim, rank, bias=False)
        self.lora_B = nn.Linear(rank, out_dim, bias=False)
        nn.init.normal_(self.lora_A.weight, std=rank**-0.5)
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x):
        return self.alpha * self.lora_B(self.lora_A(x))


# %% in and out exchanged message="in-out-exchanged"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(out_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, in_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% rank and alpha exchanged message="rank-alpha-swapped"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = rank
        self.A = nn.Parameter(torch.randn(in_dim, alpha) / math.sqrt(alpha))
        self.B = nn.Parameter(torch.zeros(alpha, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% the whole matrix message="full-matrix"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.delta = nn.Parameter(torch.zeros(in_dim, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.delta)


# %% a bias message="extra-vector"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.bias = nn.Parameter(torch.zeros(out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B) + self.bias


# %% LayerNorm inside message="extra-vector"
# Public student solutions of a university course put LayerNorm or GELU inside the block.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.norm = nn.LayerNorm(rank)

    def forward(self, x):
        return self.alpha * (self.norm(x @ self.A) @ self.B)


# %% alpha trained message="alpha-trainable"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(float(alpha)))
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% super forgotten message="super-init-missing"
# The class in torchtune's LoRA tutorial, as published in 2025.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% not a module message="not-a-module"
class LoRALayer:
    def __init__(self, in_dim, out_dim, rank, alpha):
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% something added at the start message="not-zero-at-start"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B + 0.01)


# %% alpha forgotten message="alpha-forgotten"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return x @ self.A @ self.B


# %% alpha over rank message="alpha-over-rank"
# The paper's convention; rasbt/LLMs-from-scratch #821 is about the same difference.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha / self.A.shape[1] * (x @ self.A @ self.B)


# %% rsLoRA's scale message="alpha-over-root"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha / math.sqrt(self.A.shape[1]) * (x @ self.A @ self.B)


# %% alpha on both factors message="alpha-twice"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return (x @ (self.alpha * self.A)) @ (self.alpha * self.B)


# %% alpha times rank message="alpha-times-rank"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * self.A.shape[1] * (x @ self.A @ self.B)


# %% ReLU between A and B message="nonlinearity"
# A public grader gave 30 of 30 points to this layer.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (torch.relu(x @ self.A) @ self.B)


# %% GELU at the end message="nonlinearity"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return nn.functional.gelu(self.alpha * (x @ self.A @ self.B))


# %% dropout between message="random-output"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (nn.functional.dropout(x @ self.A, 0.2) @ self.B)


# %% factors reset in every call message="no-influence"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        nn.init.zeros_(self.B)
        return self.alpha * (x @ self.A @ self.B)


# %% subtracted message="product-negated"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return -self.alpha * (x @ self.A @ self.B)


# %% input detached message="input-detached"
# A public grader gave 30 of 30 points to this layer.
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x.detach() @ self.A @ self.B)


# %% first product detached message="a-gets-no-gradient"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * ((x @ self.A).detach() @ self.B)


# %% B by its data message="b-gets-no-gradient"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B.data)


# %% no_grad message="nothing-recorded"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        with torch.no_grad():
            return self.alpha * (x @ self.A @ self.B)


# %% standard deviation 1 message="spread-one"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% standard deviation 1 over rank message="spread-one-over-rank"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / rank)
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% multiplied by the root message="spread-root-of-rank"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) * math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% standard deviation from in_dim message="spread-from-in-dim"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(in_dim))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% standard deviation from out_dim message="spread-from-out-dim"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(out_dim))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% Kaiming uniform message="spread-kaiming"
# What loralib and PEFT do (on the transposed factor).
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(in_dim, rank), a=math.sqrt(5)))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% Kaiming uniform of the transposed message="spread-kaiming"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(rank, in_dim), a=math.sqrt(5)).T.contiguous())
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% Xavier normal message="spread-kaiming"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(nn.init.xavier_normal_(torch.empty(in_dim, rank)))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% 0.02 as in GPT-2 message="spread-constant"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(0.02 * torch.randn(in_dim, rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% uniform from 0 to 1 message="not-centred"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.rand(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% uniform of the right spread message="not-normal"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter((2 * torch.rand(in_dim, rank) - 1) * math.sqrt(3 / rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% a seed inside message="same-every-time"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        torch.manual_seed(0)
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% torch.mm message="needs-2d"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * torch.mm(torch.mm(x, self.A), self.B)


# %% flattened message="needs-2d"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x.reshape(-1, x.shape[-1]) @ self.A @ self.B)


# %% float32 written down message="dtype-fixed"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return (self.alpha * (x.float() @ self.A.float() @ self.B.float())).float()


# %% a forward that forgets its return message="no-tensor"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        self.alpha * (x @ self.A @ self.B)


# %% A that holds no numbers message="not-zero-at-start"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        with torch.no_grad():
            self.A[0, 0] = math.nan

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% the input is scaled in place message="input-changed"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        x *= self.alpha
        return x @ self.A @ self.B


# %% mul_ on the input message="input-changed"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return x.mul_(self.alpha) @ self.A @ self.B


# %% alpha or one message="alpha-zero-ignored"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha or 1.0
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% absolute alpha message="alpha-absolute"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = abs(alpha)
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% whole alpha message="alpha-whole"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = int(alpha)
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% scaled by the rank message="scale-is-rank"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.rank = rank
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.rank * (x @ self.A @ self.B)


# %% divided by alpha message="alpha-inverted"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return x @ self.A @ self.B / self.alpha


# %% leaky ReLU message="not-linear"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (nn.functional.leaky_relu(x @ self.A) @ self.B)


# %% softmax of the rank message="not-linear"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * ((x @ self.A).softmax(-1) @ self.B)


# %% rows normalised message="normalised"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (nn.functional.normalize(x @ self.A, dim=-1) @ self.B)


# %% clamped message="not-linear"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return (self.alpha * (x @ self.A @ self.B)).clamp(-1, 1)


# %% B expanded message="factor-expanded"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(1, out_dim).expand(rank, -1))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% one row for A message="not-independent"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(1, rank).repeat(in_dim, 1) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% a quarter message="spread-constant"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(0.25 * torch.randn(in_dim, rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% a tenth message="spread-constant"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(0.1 * torch.randn(in_dim, rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% a shared seed message="same-every-time"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        generator = torch.Generator().manual_seed(42)
        self.A = nn.Parameter(torch.randn(in_dim, rank, generator=generator) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% scaled by alpha at the start message="spread-one"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(alpha * torch.randn(in_dim, rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% orthogonal message="not-independent"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(nn.init.orthogonal_(torch.empty(in_dim, rank)))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% B tiny message="b-not-zero"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.full((rank, out_dim), 1e-8))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% B empty message="b-not-zero"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.ones(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% W0 inside message="extra-parameters"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.base = nn.Linear(in_dim, out_dim, bias=False)

    def forward(self, x):
        return self.base(x) + self.alpha * (x @ self.A @ self.B)


# %% dropout module message="random-output"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        return self.alpha * (self.dropout(x) @ self.A @ self.B)


# %% fresh A each time message="random-output"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        A = torch.randn_like(self.A)
        return self.alpha * (x @ A @ self.B)


# %% product made once message="no-influence"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.product = (self.A @ self.B).detach()

    def forward(self, x):
        return self.alpha * (x @ self.product)


# %% torch.tensor of the factors message="a-gets-no-gradient"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ torch.tensor(self.A.tolist()) @ torch.tensor(self.B.tolist()))


# %% alpha as a trained vector message="extra-vector"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), float(alpha)))
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% T of the input message="needs-2d"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (self.B.T @ (self.A.T @ x.T)).T


# %% bmm message="raised-RuntimeError"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * torch.bmm(torch.bmm(x, self.A[None].expand(len(x), -1, -1)), self.B[None].expand(len(x), -1, -1))


# %% a batch axis added message="wrong-output-shape"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x[None] @ self.A @ self.B)


# %% summed over rows message="wrong-output-shape"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return (self.alpha * (x @ self.A @ self.B)).sum(0)


# %% a pair message="no-tensor"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B), self.A


# %% orthogonal of the right spread message="not-independent"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(nn.init.orthogonal_(torch.empty(in_dim, rank)) * math.sqrt(in_dim / rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% scale under self.scale, alpha lost message="other-names"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.scale = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.scale * (x @ self.A @ self.B)


# %% clamped at 3 message="bounded"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank).clamp(-3, 3) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% truncated normal message="spread-not-of-rank"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(nn.init.trunc_normal_(torch.empty(in_dim, rank), std=1/math.sqrt(rank)))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% sqrt(rank+1) message="root-of-rank-plus-one"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank + 1))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% standardized draws message="not-finite"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        a = torch.randn(in_dim, rank)
        a = (a - a.mean()) / a.std()
        self.A = nn.Parameter(a / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% integer division of spread message="root-made-whole"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / int(math.sqrt(rank)))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)


# %% alpha as class attribute message="alpha-shared"
class LoRALayer(nn.Module):
    alpha = 1.0
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        LoRALayer.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return LoRALayer.alpha * (x @ self.A @ self.B)


# %% names lora_A message="other-names"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.lora_A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.lora_B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.alpha * (x @ self.lora_A @ self.lora_B)


# %% A and B names exchanged message="names-exchanged"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.B = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.A = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return self.alpha * (x @ self.B @ self.A)


# %% output clamped large message="not-linear"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return (self.alpha * (x @ self.A @ self.B)).clamp(-1e3, 1e3)


# %% merged under no grad when eval message="stale-factors"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.cache = None
    def forward(self, x):
        if not self.training:
            if self.cache is None:
                self.cache = (self.A @ self.B).detach()
            return self.alpha * (x @ self.cache)
        return self.alpha * (x @ self.A @ self.B)


# %% float32 for float64 message="digits-lost"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
    def forward(self, x):
        return (self.alpha * (x.float() @ self.A.float() @ self.B.float())).to(x.dtype)


# %% alpha in the start of A too message="spread-of-alpha"
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank) * alpha)
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.alpha = alpha

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)
