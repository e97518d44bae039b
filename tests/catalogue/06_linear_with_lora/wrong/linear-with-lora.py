# %% alpha forgotten message="alpha-forgotten"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, 1.0)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% alpha divided by rank message="alpha-over-rank"
# The opposite of rasbt/LLMs-from-scratch #821, where the paper's alpha / rank was expected and alpha came.
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha / rank)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% alpha applied twice message="alpha-twice"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        self.alpha = alpha

    def forward(self, x):
        return self.linear(x) + self.alpha * self.lora(x)

# %% base not frozen message="base-not-frozen"
# The IBM/Coursera lab's LinearWithLoRA does not freeze its own base.
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% only the weight frozen message="bias-trainable"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        self.linear.weight.requires_grad = False
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% base output detached message="base-detached"
# "so gradients only flow through LoRA": seen in public answers to UT Austin's Advances in Deep Learning.
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x).detach() + self.lora(x)

# %% base under no_grad message="base-detached"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        with torch.no_grad():
            base = self.linear(x)
        return base + self.lora(x)

# %% path input detached message="lora-input-detached"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x.detach())

# %% input of both detached message="input-detached"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        x = x.detach()
        return self.linear(x) + self.lora(x)

# %% path output detached message="path-gets-no-gradient"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x).detach()

# %% everything under no_grad message="path-gets-no-gradient"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        with torch.no_grad():
            return self.linear(x) + self.lora(x)

# %% base copied message="base-copied"
import copy


class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = copy.deepcopy(linear).requires_grad_(False)
        linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% base replaced by a new layer message="base-replaced"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = nn.Linear(linear.in_features, linear.out_features).to(linear.weight.device, linear.weight.dtype)
        self.linear.requires_grad_(False)
        linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% base not kept message="base-missing"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.lora(x)

# %% base hidden in a list message="base-missing"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.layers = [linear.requires_grad_(False)]
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.layers[0](x) + self.lora(x)

# %% is a linear layer instead of having one message="layer-taken-apart"
class LinearWithLoRA(nn.Linear):
    def __init__(self, linear, rank, alpha):
        super().__init__(linear.in_features, linear.out_features)
        self.weight, self.bias = linear.weight, linear.bias
        self.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return super().forward(x) + self.lora(x)

# %% path only message="lora-only"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.lora(x)

# %% path never called message="path-missing"
# Of eight broken LoRAs, a public course's test lets this one through: LoRA is not in the model at all.
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x)

# %% bias dropped message="bias-dropped"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return x @ self.linear.weight.T + self.lora(x)

# %% bias added twice message="bias-twice"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        y = self.linear(x) + self.lora(x)
        return y if self.linear.bias is None else y + self.linear.bias

# %% sizes exchanged message="sizes-swapped"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.out_features, linear.in_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% sizes read off the weight message="sizes-swapped"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(*linear.weight.shape, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% rank and alpha exchanged message="rank-alpha-swapped"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, alpha, rank)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% activation after the path message="nonlinearity"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + torch.relu(self.lora(x))

# %% activation after the sum message="nonlinearity"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return torch.relu(self.linear(x) + self.lora(x))

# %% everything frozen message="lora-frozen"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        self.requires_grad_(False)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% A frozen message="lora-frozen"
# A frozen A scores full marks in a public course's grader.
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        self.lora.A.requires_grad_(False)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% multiplied instead of added message="multiplied"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) * self.lora(x)

# %% subtracted message="subtracted"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) - self.lora(x)

# %% averaged message="averaged"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return (self.linear(x) + self.lora(x)) / 2

# %% alpha on the whole sum message="alpha-scales-base"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        self.alpha = alpha

    def forward(self, x):
        return self.alpha * (self.linear(x) + self.lora(x))

# %% path stays in float32 message="path-dtype"
# The adapter in another dtype than its layer: peft and UT Austin answers alike.
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% dtype moved, device not message="path-device"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% B not zero message="not-equal-at-start"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        nn.init.normal_(self.lora.B)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% own parameter beside the path message="extra-trainable"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        self.gate = nn.Parameter(linear.weight.new_ones(1))

    def forward(self, x):
        return self.linear(x) + self.gate * self.lora(x)

# %% no path at all message="no-factors"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)

    def forward(self, x):
        return self.linear(x)

# %% not a module message="not-a-module"
class LinearWithLoRA:
    def __init__(self, linear, rank, alpha):
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

    def __call__(self, x):
        return self.linear(x) + self.lora(x)

# %% super init forgotten message="raised-AttributeError"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)

# %% A and B both zero message="A-starts-at-zero"
# Never learns; survives the tests of a public book (anchor: A and B both zero).
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        nn.init.zeros_(self.lora.A)

    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% a forward that forgets its return message="no-tensor"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        self.linear(x) + self.lora(x)


# %% a bias is assumed message="bias-assumed"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        linear.weight.requires_grad_(False)
        linear.bias.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% the bias is read in forward message="layer-bypassed"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return x @ self.linear.weight.T + self.linear.bias + self.lora(x)


# %% A of ones message="A-not-random"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.alpha = alpha
        like = {"device": linear.weight.device, "dtype": linear.weight.dtype}
        self.A = nn.Parameter(torch.ones(linear.in_features, rank, **like))
        self.B = nn.Parameter(torch.zeros(rank, linear.out_features, **like))

    def forward(self, x):
        return self.linear(x) + self.alpha * (x @ self.A @ self.B)


# %% B expanded from one zero message="expanded-factor"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.alpha = alpha
        like = {"device": linear.weight.device, "dtype": linear.weight.dtype}
        self.A = nn.Parameter(torch.randn(linear.in_features, rank, **like))
        self.B = nn.Parameter(torch.zeros(1, 1, **like).expand(rank, linear.out_features))

    def forward(self, x):
        return self.linear(x) + self.alpha * (x @ self.A @ self.B)


# %% other names of the arguments message="other-argument-names"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, r, scale):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, r, scale)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% exactly nn.Linear message="subclass-refused"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        if type(linear) is not nn.Linear:
            raise TypeError("an nn.Linear is needed")
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% a negative alpha loses its sign message="alpha-without-sign"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, abs(alpha))
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% the output is always float32 message="output-dtype"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return (self.linear(x) + self.lora(x)).float()


# %% A zero and B random message="A-starts-at-zero"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.alpha = alpha
        like = {"device": linear.weight.device, "dtype": linear.weight.dtype}
        self.A = nn.Parameter(torch.zeros(linear.in_features, rank, **like))
        self.B = nn.Parameter(torch.randn(rank, linear.out_features, **like))

    def forward(self, x):
        return self.linear(x) + self.alpha * (x @ self.A @ self.B)


# %% own math on lora's A and B message="path-bypassed"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.alpha = alpha
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        return self.linear(x) + self.alpha * (x @ self.lora.A @ self.lora.B)


# %% merged F.linear message="layer-bypassed"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        W = self.linear.weight + self.lora.alpha * (self.lora.A @ self.lora.B).T
        return torch.nn.functional.linear(x, W, self.linear.bias)


# %% base by weight message="layer-bypassed"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        y = x @ self.linear.weight.T
        if self.linear.bias is not None: y = y + self.linear.bias
        return y + self.lora(x)


# %% eval on linear message="changes-the-mode"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.linear.eval()
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% seed inside message="sets-the-seed"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        torch.manual_seed(0)
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% seed in fork message="same-every-time"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        return self.linear(x) + self.lora(x)


# %% class attribute alpha message="alpha-shared"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        LinearWithLoRA.alpha = alpha
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, 1.0).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        return self.linear(x) + LinearWithLoRA.alpha * self.lora(x)


# %% path skipped in eval message="depends-on-the-mode"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        return self.linear(x) + self.lora(x) if self.training else self.linear(x)


# %% eval cached merge message="depends-on-the-mode"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
        self.W = None
    def forward(self, x):
        if self.training:
            self.W = None
            return self.linear(x) + self.lora(x)
        if self.W is None: self.W = (self.linear.weight + self.lora.alpha * (self.lora.A @ self.lora.B).T).detach()
        return torch.nn.functional.linear(x, self.W, self.linear.bias)


# %% replaces linear.forward (monkeypatch) message="changes-the-model"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
        old = linear.forward
        linear.forward = lambda x: old(x) + self.lora(x)
    def forward(self, x):
        return self.linear(x)


# %% registers hook on linear message="changes-the-model"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
        linear.register_forward_hook(lambda m, i, o: o + self.lora(i[0]))
    def forward(self, x):
        return self.linear(x)


# %% half inside message="digits-lost"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha).to(linear.weight.device, linear.weight.dtype)
    def forward(self, x):
        return (self.linear(x.to(self.linear.weight.dtype)).float() + self.lora(x.to(self.linear.weight.dtype)).float()).to(x.dtype)


# %% dropout before the path message="random-output"
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(nn.functional.dropout(x, 0.1, self.training))
