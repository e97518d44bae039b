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
        self.embedding = nn.Embedding(*init.shape)
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
