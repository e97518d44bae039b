# %% einsum, zeros in the last place
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        B = alpha[:, None, None] * B
        self.register_buffer("A", torch.cat([A, torch.zeros_like(A[:1])]))
        self.register_buffer("B", torch.cat([B, torch.zeros_like(B[:1])]))

    def forward(self, x, index):
        return self.linear(x) + torch.einsum("b...i,bir,bro->b...o", x, self.A[index], self.B[index])


# %% adapter by adapter
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x)
        path = torch.zeros_like(y)
        for k in range(len(self.A)):
            rows = index == k
            path[rows] = self.alpha[k] * (x[rows] @ self.A[k] @ self.B[k])
        return y + path


# %% in place on the base's output
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        y = self.linear(x).clone()
        for k in index.unique().tolist():
            if k >= 0:
                rows = (index == k).nonzero().flatten()
                y[rows] += self.alpha[k] * (x[rows] @ self.A[k] @ self.B[k])
        return y


# %% row by row
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        rows = []
        for row, k in zip(x, index.tolist()):
            rows.append(torch.zeros_like(row @ self.A[0] @ self.B[0]) if k < 0 else self.alpha[k] * (row @ self.A[k] @ self.B[k]))
        return self.linear(x) + torch.stack(rows)


# %% frozen parameters
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = nn.Parameter(A, requires_grad=False), nn.Parameter(B, requires_grad=False)
        self.alpha = nn.Parameter(alpha, requires_grad=False)

    def forward(self, x, index):
        scale = torch.where(index < 0, torch.zeros_like(self.alpha[index]), self.alpha[index])
        flat = x.reshape(len(x), -1, x.shape[-1])
        path = torch.bmm(torch.bmm(flat * scale.view(-1, 1, 1), self.A[index]), self.B[index])
        return self.linear(x) + path.reshape(*x.shape[:-1], -1)


# %% matmul that spreads
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        one = x.unsqueeze(-2)
        extra = one.dim() - 3
        A, B = (f[index].view(len(x), *[1] * extra, *f.shape[1:]) for f in (self.A, self.B))
        scale = (self.alpha[index] * index.ge(0)).view(-1, *[1] * (x.dim() - 1))
        return self.linear(x) + scale * (one @ A @ B).squeeze(-2)


# %% alpha in A, masked at the end
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", alpha.view(-1, 1, 1) * A)
        self.register_buffer("B", B)

    def forward(self, x, index):
        path = torch.einsum("b...i,bir->b...r", x, self.A[index])
        path = torch.einsum("b...r,bro->b...o", path, self.B[index])
        none = (index < 0).view(-1, *[1] * (x.dim() - 1))
        return self.linear(x) + path.masked_fill(none, 0.0)


# %% all adapters side by side, one-hot
class BatchedLoRA(nn.Module):
    def __init__(self, linear, A, B, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A)
        self.register_buffer("B", B)
        self.register_buffer("alpha", alpha)

    def forward(self, x, index):
        chosen = torch.nn.functional.one_hot(index.clamp(min=0), len(self.A)).to(x.dtype) * (index >= 0)[:, None]
        scale = (chosen * self.alpha).view(len(x), *[1] * (x.dim() - 2), -1)
        return self.linear(x) + torch.einsum("b...i,nir,nro,b...n->b...o", x, self.A, self.B, scale.expand(*x.shape[:-1], -1))
