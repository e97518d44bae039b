# %% model not returned message="returns-none"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)

# %% works on a copy message="another-model"
import copy


def adapt(model, wrapper):
    model = copy.deepcopy(model)
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% fc2 not replaced message="head-not-replaced"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2.requires_grad_(True)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% only out_features changed message="head-not-replaced"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2.out_features = 2
    model.fc2.requires_grad_(True)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% one output message="head-outputs"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 1)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% old rows kept as head message="head-not-new"
def adapt(model, wrapper):
    model.requires_grad_(False)
    old = model.fc2
    model.fc2 = nn.Linear(128, 2)
    model.fc2.weight = nn.Parameter(old.weight[:2].detach().clone())
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% head without bias message="head-without-bias"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2, bias=False)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% frozen last, head and path with it message="lora-frozen"
# Freezing after wrapping: training runs, nothing learns.
def adapt(model, wrapper):
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    model.requires_grad_(False)
    return model

# %% head frozen message="head-frozen"
def adapt(model, wrapper):
    model.fc2 = nn.Linear(128, 2)
    model.requires_grad_(False)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% embedding left trainable message="base-not-frozen"
def adapt(model, wrapper):
    model.fc1.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% nothing frozen by the answer message="base-not-frozen"
# The wrapper freezes fc1, nobody freezes the embedding.
def adapt(model, wrapper):
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% head wrapped too message="too-many-wrapped"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    model.fc2 = wrapper(model.fc2, rank=2, alpha=0.1)
    return model

# %% fc1 not wrapped message="fc1-not-wrapped"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    return model

# %% wrapper thrown away message="fc1-not-wrapped"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% new fc1 wrapped message="fc1-replaced"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(nn.Linear(50, 128), rank=2, alpha=0.1)
    return model

# %% rank and alpha exchanged message="rank-alpha-swapped"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=0.1, alpha=2)
    return model

# %% other rank message="wrong-setting"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=8, alpha=0.1)
    return model

# %% embedding drawn anew message="base-changed"
def adapt(model, wrapper):
    model.requires_grad_(False)
    nn.init.normal_(model.embedding.weight)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model
