# %% mask not extended message="mask-not-extended"
# UKPLab/sentence-transformers #2995: the mask of mean pooling stayed as short as the text; ChatGLM3 #359 likewise.
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        prompts = self.prompt.expand(len(vectors), -1, -1)
        return torch.cat((prompts, vectors), dim=1), mask


# %% mask of zeros message="prompt-masked"
# Proposed in the discussion of sentence-transformers PR #3000: zeros for virtual tokens.
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_zeros(b, l), mask), dim=1)


# %% prompt behind the text message="prompt-behind"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((vectors, prompts), dim=1), torch.cat((mask, mask.new_ones(b, l)), dim=1)


# %% ones behind the mask message="ones-behind"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask, mask.new_ones(b, l)), dim=1)


# %% everything is real message="padding-read"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        longer = torch.cat((self.prompt.expand(len(vectors), -1, -1), vectors), dim=1)
        return longer, mask.new_ones(longer.shape[:2])


# %% batch not expanded message="batch-not-expanded"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        longer = torch.cat((self.prompt[None], vectors), dim=1)
        return longer, torch.cat((mask.new_ones(len(vectors), len(self.prompt)), mask), dim=1)


# %% no batch axis message="no-batch-axis"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        longer = torch.cat((self.prompt, vectors), dim=1)
        return longer, torch.cat((mask.new_ones(len(vectors), len(self.prompt)), mask), dim=1)


# %% joined along the width message="wrong-axis"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        prompts = self.prompt.expand(len(vectors), -1, -1)
        return torch.cat((prompts, vectors), dim=-1), torch.cat((mask.new_ones(len(vectors), len(self.prompt)), mask), dim=1)


# %% prompt detached message="prompt-detached"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.detach().repeat(b, 1, 1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% vectors detached message="vectors-detached"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors.detach()), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% an alias of the words message="start-not-copied"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init)

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% from_pretrained shares memory message="start-not-copied"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Embedding.from_pretrained(init, freeze=False)

    def forward(self, vectors, mask):
        b, l = len(vectors), self.prompt.num_embeddings
        prompts = self.prompt.weight.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% frozen embedding message="prompt-frozen"
# from_pretrained freezes by default.
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Embedding.from_pretrained(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), self.prompt.num_embeddings
        prompts = self.prompt.weight.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% a plain tensor message="not-a-parameter"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = init.clone().requires_grad_()

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% random start message="start-ignored"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(torch.randn(init.shape))

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% mask becomes float message="mask-dtype"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((torch.ones(b, l), mask), dim=1)


# %% float32 whatever comes message="dtype-fixed"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1).float(), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% overwrites the text message="text-overwritten"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        l = len(self.prompt)
        return torch.cat((self.prompt.expand(len(vectors), -1, -1), vectors[:, l:]), dim=1), mask


# %% vectors only message="not-a-pair"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        return torch.cat((self.prompt.expand(len(vectors), -1, -1), vectors), dim=1)


# %% a copy made once message="prompt-detached"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())
        self.ready = (init.clone(),)

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.ready[0].to(vectors.dtype).expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% the mask only where one text stands alone message="wrong-mask-shape"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, 1), mask), dim=1)


# %% mask first message="pair-swapped"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((mask.new_ones(b, l), mask), dim=1), torch.cat((prompts, vectors), dim=1)


# %% ones without a batch axis message="no-batch-axis"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(l), mask), dim=1)


# %% mask joined along the batch message="wrong-axis"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask))
