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

# %% nothing frozen by the answer message="nothing-frozen"
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


# %% the embedding alone is frozen message="fc1-not-frozen"
def adapt(model, wrapper):
    model.embedding.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% the class of exercise 1 written into it message="another-wrapper"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = LinearWithLoRA(model.fc1, rank=2, alpha=0.1)
    return model


# %% the old bias kept message="head-not-new"
def adapt(model, wrapper):
    model.requires_grad_(False)
    kept, model.fc2 = model.fc2.bias, nn.Linear(128, 2)
    model.fc2.bias = nn.Parameter(kept[:2].detach().clone())
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% the last two rows kept message="head-not-new"
def adapt(model, wrapper):
    model.requires_grad_(False)
    old, model.fc2 = model.fc2, nn.Linear(128, 2)
    model.fc2.weight.data = old.weight.data[2:].clone()
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% four outputs again message="head-not-replaced"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 4)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% inputs and outputs exchanged message="head-outputs"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(2, 128)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% a sequence as head message="head-wrapped"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Sequential(nn.Dropout(0.0), nn.Linear(128, 2))
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% alpha of one message="wrong-setting"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=1.0)
    return model


# %% fc1 wrapped twice message="too-many-wrapped"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    model.fc1.linear = wrapper(model.fc1.linear, rank=2, alpha=0.1)
    return model


# %% a new model message="another-model"
def adapt(model, wrapper):
    from lora_utils.models import TextClassifier

    given, model = model, TextClassifier(num_classes=4, vectors=model.embedding.weight.detach())
    model.load_state_dict(given.state_dict())
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% fc1 drawn anew message="fc1-replaced"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc1.reset_parameters()
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% only B can be trained message="lora-frozen"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    model.fc1.lora.A.requires_grad_(False)
    return model


# %% head of averaged old rows message="head-from-the-old"
def adapt(model, wrapper):
    model.requires_grad_(False)
    old = model.fc2
    model.fc2 = nn.Linear(128, 2)
    with torch.no_grad():
        model.fc2.weight.copy_(old.weight.reshape(2, 2, 128).mean(1))
        model.fc2.bias.copy_(old.bias.reshape(2, 2).mean(1))
    model.fc1 = wrapper(model.fc1, 2, 0.1)
    return model


# %% head of scaled old rows message="head-from-the-old"
def adapt(model, wrapper):
    model.requires_grad_(False)
    old = model.fc2
    model.fc2 = nn.Linear(128, 2)
    with torch.no_grad():
        model.fc2.weight.copy_(0.5 * old.weight[:2])
    model.fc1 = wrapper(model.fc1, 2, 0.1)
    return model


# %% head noisy old message="head-from-the-old"
def adapt(model, wrapper):
    model.requires_grad_(False)
    old = model.fc2
    model.fc2 = nn.Linear(128, 2)
    with torch.no_grad():
        model.fc2.weight.add_(old.weight[:2])
    model.fc1 = wrapper(model.fc1, 2, 0.1)
    return model


# %% eval message="changes-the-mode"
def adapt(model, wrapper):
    model.eval()
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, 2, 0.1)
    return model


# %% head with dropout in front message="head-wrapped"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Sequential(nn.Dropout(0.1), nn.Linear(128, 2))
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% head double message="head-not-plain"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2).double()
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% head is a subclass with another forward message="head-not-plain"
class Head(nn.Linear):
    def forward(self, x): return super().forward(x).softmax(-1)
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = Head(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% the model inside another one message="another-model"
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return nn.Sequential(model)
