# %% buffers
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("A", A[: linear.in_features], persistent=False)
        self.register_buffer("B", B[:, : linear.out_features], persistent=False)
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% cut in forward
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A, B
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))

    def forward(self, x):
        path = x @ self.A[: x.shape[-1]] * self.d
        return self.linear(x) + path @ self.B[:, : len(self.b)] * self.b


# %% with functional.linear, as PEFT
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))

    def forward(self, x):
        path = nn.functional.linear(self.d * nn.functional.linear(x, self.A.T), self.B.T)
        return self.linear(x) + self.b * path


# %% the update as one matrix
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))

    def forward(self, x):
        update = (self.A * self.d) @ (self.B * self.b)
        return self.linear(x) + x @ update


# %% with torch.diag
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))

    def forward(self, x):
        return self.linear(x) + x @ self.A @ torch.diag(self.d) @ self.B @ torch.diag(self.b)


# %% einsum
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))

    def forward(self, x):
        path = torch.einsum("...i,ir,r,ro,o->...o", x, self.A, self.d, self.B, self.b)
        return self.linear(x) + path


# %% frozen parameter by parameter
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        for parameter in linear.parameters():
            parameter.requires_grad = False
        self.linear = linear
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial, device=A.device))
        self.b = nn.Parameter(torch.zeros(linear.out_features, device=A.device))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b
