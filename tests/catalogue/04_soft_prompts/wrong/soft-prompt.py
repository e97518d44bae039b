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


# %% the mask grows by one place message="one-place"
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


# %% detached clone shares nothing but a buffer message="not-a-parameter"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.register_buffer("prompt", init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% detach is no copy message="start-not-copied"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.detach())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% contiguous is no copy message="start-not-copied"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.contiguous())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% to float is no copy message="start-not-copied"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.to(torch.float32))

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% a prompt a text message="other-parameters"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone()[None])

    def forward(self, vectors, mask):
        b, l = len(vectors), self.prompt.shape[1]
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% an extra scale message="other-parameters"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = (self.scale * self.prompt).expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% in a list message="hidden-parameter"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompts = [nn.Parameter(init.clone())]

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompts[0])
        prompts = self.prompts[0].expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% zeros instead of init message="start-ignored"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(torch.zeros_like(init))

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% scaled start message="start-ignored"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init / init.norm(dim=1, keepdim=True))

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% mean of init for all message="prompt-expanded"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.mean(0).expand(len(init), -1))

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% no super call message="super-init-missing"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% dropout on the prompt message="random-output"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = F.dropout(self.prompt, 0.1).expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% expanded by the text length message="parts-do-not-fit"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        s, l = vectors.shape[1], len(self.prompt)
        prompts = self.prompt.expand(s, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(len(mask), l), mask), dim=1)


# %% ones not expanded message="batch-not-expanded"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(1, l), mask), dim=1)


# %% bool ones always message="mask-dtype"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((torch.ones(b, l, dtype=torch.bool), mask.bool()), dim=1)


# %% long ones always message="mask-dtype"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((torch.ones(b, l, dtype=torch.long), mask), dim=1)


# %% inverted for torch attention message="mask-inverted"
# nn.MultiheadAttention wants True at padding, in key_padding_mask.
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        longer = torch.cat((mask.new_ones(b, l), mask), dim=1)
        return torch.cat((prompts, vectors), dim=1), (longer == 0).to(mask.dtype)


# %% expanded once, kept message="works-once"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        l = len(self.prompt)
        if not hasattr(self, "ready"):
            self.ready = self.prompt.expand(len(vectors), -1, -1)
        return torch.cat((self.ready, vectors), dim=1), torch.cat((mask.new_ones(len(vectors), l), mask), dim=1)


# %% three results message="not-a-pair"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1), l


# %% return forgotten message="not-a-pair"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        vectors = torch.cat((prompts, vectors), dim=1)
        mask = torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% a dict message="not-a-pair"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return {"vectors": torch.cat((prompts, vectors), dim=1), "mask": torch.cat((mask.new_ones(b, l), mask), dim=1)}


# %% one vector of the prompt message="one-vector"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.mean(0).expand(b, 1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, 1), mask), dim=1)


# %% padding set to zero message="padding-cleared"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors * mask[..., None]), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% as the first place is message="mask-repeated"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask[:, :1].expand(-1, l), mask), dim=1)


# %% from tensor, new each time message="prompt-detached"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = torch.tensor(self.prompt.tolist()).expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% no_grad message="prompt-detached"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        with torch.no_grad():
            prompts = self.prompt.expand(b, -1, -1)
            return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% averaged over the batch message="gradient-averaged"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        if prompts.requires_grad:
            prompts = prompts / b + (prompts - prompts / b).detach()
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% float prompts message="dtype-fixed"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.float().expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% half for speed message="digits-lost"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.bfloat16().to(vectors.dtype).expand(b, -1, -1)
        return torch.cat((prompts, vectors), dim=1), torch.cat((mask.new_ones(b, l), mask), dim=1)


# %% the mask is written into message="input-changed"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())

    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        prompts = self.prompt.expand(b, -1, -1)
        longer = torch.cat((mask.new_ones(b, l), mask), dim=1)
        mask.zero_()
        return torch.cat((prompts, vectors), dim=1), longer


# %% init in float32 message="init-dtype"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone().float())
    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        return torch.cat((self.prompt.expand(b, -1, -1), vectors), 1), torch.cat((mask.new_ones(b, l), mask), 1)


# %% the prompt on the class message="shares-state"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())
        SoftPrompt.kept = [self.prompt]
    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        return torch.cat((self.kept[0].expand(b, -1, -1), vectors), 1), torch.cat((mask.new_ones(b, l), mask), 1)


# %% no prompt after eval message="depends-on-the-mode"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())
    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        p = self.prompt if self.training else self.prompt * 0
        return torch.cat((p.expand(b, -1, -1), vectors), 1), torch.cat((mask.new_ones(b, l), mask), 1)


# %% ones of the first call message="works-once"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(init.clone())
        self.ones = None
    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        if self.ones is None: self.ones = mask.new_ones(b, l)
        return torch.cat((self.prompt.expand(b, -1, -1), vectors), 1), torch.cat((self.ones, mask), 1)


# %% numbers through a list message="init-dtype"
class SoftPrompt(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.prompt = nn.Parameter(torch.tensor(init.tolist()))
    def forward(self, vectors, mask):
        b, l = len(vectors), len(self.prompt)
        return torch.cat((self.prompt.expand(b, -1, -1), vectors), 1), torch.cat((mask.new_ones(b, l), mask), 1)
