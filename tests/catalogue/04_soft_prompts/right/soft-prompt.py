# %% repeat and another name
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.virtual_tokens = nn.Parameter(init.detach().clone())

    def forward(self, vectors, mask):
        b, l = vectors.shape[0], self.virtual_tokens.shape[0]
        prompts = self.virtual_tokens.unsqueeze(0).repeat(b, 1, 1)
        ones = torch.ones(b, l, dtype=mask.dtype, device=mask.device)
        return torch.cat([prompts, vectors], 1), torch.cat([ones, mask], 1)


# %% an embedding, as PEFT has it
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.embedding = nn.Embedding(*init.shape, dtype=init.dtype)
        with torch.no_grad():
            self.embedding.weight.copy_(init)

    def forward(self, vectors, mask):
        places = torch.arange(self.embedding.num_embeddings, device=mask.device).expand(len(vectors), -1)
        prompts = self.embedding(places)
        return torch.cat((prompts, vectors), dim=1), torch.cat((torch.ones_like(places).to(mask.dtype), mask), dim=1)


# %% padded mask
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(torch.empty_like(init))
        self.prompt.data.copy_(init)

    def forward(self, vectors, mask):
        l = self.prompt.shape[0]
        longer = torch.cat((self.prompt.expand(vectors.shape[0], *self.prompt.shape), vectors), dim=-2)
        return longer, F.pad(mask, (l, 0), value=1).to(mask.dtype)


# %% a loop over texts
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init + 0)

    def forward(self, vectors, mask):
        longer = torch.stack([torch.cat((self.prompt, text)) for text in vectors])
        real = torch.stack([torch.cat((torch.ones(len(self.prompt), dtype=m.dtype), m)) for m in mask])
        return longer, real


# %% returns a list, built by writing into new tensors
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone(), requires_grad=True)

    def forward(self, vectors, mask):
        (b, s, d), l = vectors.shape, len(self.prompt)
        longer = vectors.new_empty(b, l + s, d)
        longer[:, :l] = self.prompt
        longer[:, l:] = vectors
        real = mask.new_ones(b, l + s)
        real[:, l:] = mask
        return [longer, real]


# %% stack of copies
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        prompts = torch.stack([self.prompt] * vectors.size(0))
        ones = torch.ones_like(mask[:, :1]).repeat(1, self.prompt.size(0))
        return torch.hstack((prompts, vectors)), torch.hstack((ones, mask))


# %% einsum and other names
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.soft_embeddings = nn.Parameter(torch.clone(init.detach()))

    def forward(self, vectors, mask):
        ones = vectors.new_ones(vectors.shape[0])
        prompts = torch.einsum("b,ld->bld", ones, self.soft_embeddings)
        front = torch.full((mask.shape[0], self.soft_embeddings.shape[0]), 1, dtype=mask.dtype, device=mask.device)
        return torch.concat([prompts, vectors], dim=-2), torch.concat([front, mask], dim=-1)


# %% a ParameterList
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.rows = nn.ParameterList([nn.Parameter(init.detach().clone())])
        self.length = init.shape[0]

    def forward(self, vectors, mask):
        b = vectors.shape[0]
        first = self.rows[0].repeat(b, 1).reshape(b, self.length, -1)
        return torch.cat((first, vectors), 1), torch.cat((torch.ones(b, self.length).to(mask), mask), 1)


# %% a helper method
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.register_parameter("prompt", nn.Parameter(init.new_tensor(init.tolist())))

    def forward(self, vectors, mask):
        def front(t, part):
            return torch.cat((part, t), dim=1)

        b, (l, d) = vectors.shape[0], self.prompt.shape
        return front(vectors, self.prompt.unsqueeze(0).expand(b, l, d)), front(mask, mask.new_full((b, l), 1))


# %% a deep copy
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        import copy

        self.prompt = nn.Parameter(copy.deepcopy(init))

    def forward(self, vectors, mask):
        b = vectors.shape[0]
        rows = self.prompt[torch.arange(len(self.prompt)).expand(b, -1)]
        return torch.cat((rows, vectors), dim=1), F.pad(mask.to(torch.int64), (len(self.prompt), 0), value=1).to(mask.dtype)


# %% broadcast_to, a length kept
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.length, self.width = init.shape
        self.prompt = nn.Parameter(init.data.clone())

    def forward(self, vectors, mask):
        b = vectors.shape[0]
        prompt = torch.broadcast_to(self.prompt, (b, self.length, self.width))
        longer = torch.cat((prompt, vectors), dim=1)
        real = torch.ones(longer.shape[:2], dtype=mask.dtype, device=mask.device)
        real[:, self.length :] = mask
        return longer, real


# %% written into an empty tensor
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(torch.empty_like(init))
        self.prompt.data.copy_(init)
    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        return torch.cat((self.prompt.expand(b, -1, -1), vectors), 1), torch.cat((mask.new_ones(b, l), mask), 1)


# %% the mask padded in front
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())
    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        v = torch.cat((self.prompt.expand(b, -1, -1), vectors), 1)
        return v, F.pad(mask, (l, 0), value=1)
