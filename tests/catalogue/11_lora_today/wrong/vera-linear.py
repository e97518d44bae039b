# %% the linear layer is not frozen message="base-trains"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% only the weight is frozen message="bias-trains"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear
        linear.weight.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% the matrices train message="matrices-train"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = nn.Parameter(A[: linear.in_features]), nn.Parameter(B[:, : linear.out_features])
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% d is no parameter message="vector-frozen"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = torch.full((A.shape[1],), d_initial)
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% d and b exchanged message="wrong-shape"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((linear.out_features,), d_initial))
        self.b = nn.Parameter(torch.zeros(A.shape[1]))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.b) @ self.B * self.d


# %% other names message="no-vector"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.lambda_d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.lambda_d) @ self.B * self.b


# %% both start at zero message="d-is-zero"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.zeros(A.shape[1]))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% b starts at one message="b-not-zero"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.ones(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% d starts at zero and b at d_initial message="starts-swapped"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.zeros(A.shape[1]))
        self.b = nn.Parameter(torch.full((linear.out_features,), d_initial))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% d_initial is 0.1 always message="d-initial-ignored"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), 0.1))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% d forgotten message="d-missing"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + x @ self.A @ self.B * self.b


# %% b forgotten message="b-missing"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B


# %% b scales all message="bias-scaled"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) * (1 + 0 * self.b) + ((x @ self.A) * self.d) @ self.B * self.b + self.linear(x) * (self.b - 1) * (self.b != 0)


# %% the last rows message="last-rows"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[-linear.in_features :], B[:, -linear.out_features :]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% divided by the rank message="divided-by-rank"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b / len(self.d)


# %% b added message="added-not-scaled"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * (self.b != 0) + self.b


# %% copies of its own message="own-copy"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features].clone(), B[:, : linear.out_features].clone()
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% not cut message="raised-RuntimeError"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A, B
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% cut off from the gradient message="no-gradient"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d.detach()) @ self.B * self.b


# %% drawn anew message="wrong-output"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = torch.randn_like(A[: linear.in_features]), torch.randn_like(B[:, : linear.out_features])
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return self.linear(x) + ((x @ self.A) * self.d) @ self.B * self.b


# %% no base message="base-missing"
class VeRALinear(nn.Module):
    def __init__(self, linear, A, B, d_initial=0.1):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A, self.B = A[: linear.in_features], B[:, : linear.out_features]
        self.d = nn.Parameter(torch.full((A.shape[1],), d_initial))
        self.b = nn.Parameter(torch.zeros(linear.out_features))

    def forward(self, x):
        return ((x @ self.A) * self.d) @ self.B * self.b
