# %% last adapter for none message="last-for-none"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index]
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% first adapter for none message="first-for-none"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        index = index.clamp(min=0)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% absolute index message="wrong-output"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        index = index.abs()
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% zeros for none message="none-gets-zero"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        keep = (index >= 0).view(-1, *[1] * (y.dim() - 1))
        return keep * y + (scale[:, None, None] * path).reshape(y.shape)


# %% place for index message="index-ignored"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        index = torch.arange(len(x)) % len(self.A)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% first row's adapter message="first-for-all"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        index = index[:1].expand(len(x))
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% adapter 0 message="first-for-all"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        index = torch.zeros_like(index)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% all adapters message="adapters-added"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        for a, A, B in zip(self.alpha, self.A, self.B):
            y = y + a * (x @ A @ B)
        return y


# %% counted from one message="off-by-one"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index - 1]).bmm(self.B[index - 1])
        scale = self.alpha[index - 1] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% overwritten in the loop message="only-one-adapter"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        for k in [int(n) for n in index]:
            y = self.linear(x)
            rows = index == k
            y[rows] = y[rows] + (k >= 0) * self.alpha[k] * (x[rows] @ self.A[k] @ self.B[k])
        return y


# %% no path message="path-missing"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        return self.linear(x)


# %% no base message="base-missing"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return 0 * y + (scale[:, None, None] * path).reshape(y.shape)


# %% base twice message="base-twice"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return 2 * y + (scale[:, None, None] * path).reshape(y.shape)


# %% order lost message="order-lost"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = []
        for k in index.unique().tolist():
            rows = x[index == k]
            y.append(self.linear(rows) + (k >= 0) * self.alpha[k] * (rows @ self.A[k] @ self.B[k]))
        return torch.cat(y)


# %% no alpha message="alpha-missing"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = (index >= 0).to(x.dtype)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% first alpha message="one-alpha"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[0] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% mean alpha message="one-alpha"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha.mean() * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% alpha of the place message="alpha-by-position"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[torch.arange(len(x)) % len(self.alpha)] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% alpha over rank message="alpha-over-rank"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] / self.A.shape[2] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% alpha twice message="alpha-twice"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] ** 2 * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% only vectors message="raised-RuntimeError"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% only sequences message="raised-RuntimeError"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% alphas that do not spread message="raised-RuntimeError"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale * path.squeeze(1))


# %% base trains message="trains"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% factors train message="trains"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A = nn.Parameter(A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% a copy of the layer message="layer-missing"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        import copy
        self.linear = copy.deepcopy(linear).requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% layer in a list message="layer-missing"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.layers = [linear.requires_grad_(False)]
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.layers[0](x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% no module message="not-a-module"
class BatchedLoRA:
    def __init__(self, linear, A, B, alpha):
        self.linear, self.A, self.B, self.alpha = linear, A, B, alpha

    def __call__(self, x, index):
        return self.linear(x)


# %% plain attributes message="left-behind"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A = A
        self.B = B
        self.alpha = alpha

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% whole matrices message="whole-matrices"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        whole = alpha[:, None, None] * (A @ B)
        self.register_buffer("updates", torch.cat([whole, torch.zeros_like(whole[:1])]))

    def forward(self, x, index):
        return self.linear(x) + torch.einsum("b...i,bio->b...o", x, self.updates[index])


# %% weight read message="layer-bypassed"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = x @ self.linear.weight.T + self.linear.bias
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% index written into message="changes-a-tensor"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        for name, value in (("A", A), ("B", B), ("alpha", alpha)):
            self.register_buffer(name, torch.cat([value, torch.zeros_like(value[:1])]))

    def forward(self, x, index):
        index[index < 0] = len(self.A) - 1
        scaled = self.alpha[index].view(-1, *[1] * (x.dim() - 1))
        path = torch.einsum("b...i,bir,bro->b...o", x, self.A[index], self.B[index])
        return self.linear(x) + scaled * path


# %% factors exchanged message="raised-RuntimeError"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.B[index]).bmm(self.A[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)


# %% on the class message="shares-state"
class BatchedLoRA(nn.Module):
    shared = {}

    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        for name, value in (("A", A), ("B", B), ("alpha", alpha)):
            self.register_buffer(name, value)
        BatchedLoRA.shared["layer"] = linear

    def forward(self, x, index):
        path = torch.einsum("b...i,bir,bro->b...o", x, self.A[index], self.B[index])
        scale = (self.alpha[index] * (index >= 0)).view(-1, *[1] * (x.dim() - 1))
        same = self.shared["layer"].weight.shape == self.linear.weight.shape
        return (self.shared["layer"] if same else self.linear)(x) + scale * path


# %% only when it is evaluated message="depends-on-the-mode"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        return y + (not self.training) * 1e-3 + (scale[:, None, None] * path).reshape(y.shape)


# %% return forgotten message="no-tensor"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        path = rows.bmm(self.A[index]).bmm(self.B[index])
        scale = self.alpha[index] * (index >= 0)
        y + (scale[:, None, None] * path).reshape(y.shape)


# %% half precision message="digits-lost"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        for name, value in (("A", A), ("B", B), ("alpha", alpha)):
            self.register_buffer(name, value)

    def forward(self, x, index):
        path = torch.einsum("b...i,bir,bro->b...o", x, self.A[index], self.B[index])
        scale = (self.alpha[index] * (index >= 0)).view(-1, *[1] * (x.dim() - 1))
        return self.linear(x) + (scale * path).bfloat16().to(x.dtype)


# %% always float32 message="output-dtype"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        for name, value in (("A", A), ("B", B), ("alpha", alpha)):
            self.register_buffer(name, value)

    def forward(self, x, index):
        path = torch.einsum("b...i,bir,bro->b...o", x, self.A[index], self.B[index])
        scale = (self.alpha[index] * (index >= 0)).view(-1, *[1] * (x.dim() - 1))
        return (self.linear(x) + scale * path).float()


# %% alpha as a plain attribute message="left-behind"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        for name, value in (("A", A), ("B", B)):
            self.register_buffer(name, value)
        self.alpha = alpha

    def forward(self, x, index):
        path = torch.einsum("b...i,bir,bro->b...o", x, self.A[index], self.B[index])
        scale = (self.alpha[index] * (index >= 0)).view(-1, *[1] * (x.dim() - 1))
        return self.linear(x) + scale * path


# %% factors in lists message="left-behind"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.paths = [a * F @ G for a, F, G in zip(alpha, A, B)]

    def forward(self, x, index):
        zero = torch.zeros_like(self.paths[0])
        return self.linear(x) + torch.stack([row @ (zero if k < 0 else self.paths[k]) for row, k in zip(x, index.tolist())])


# %% adapters counted from one message="off-by-one"
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):

        y = self.linear(x)
        rows = x if x.dim() == 3 else x.unsqueeze(1)
        at = (index - 1).clamp(min=0)
        path = rows.bmm(self.A[at]).bmm(self.B[at])
        scale = self.alpha[at] * (index >= 0)
        return y + (scale[:, None, None] * path).reshape(y.shape)
