# %% factors not transposed message="not-transposed"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% A and B exchanged message="factors-swapped"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], {"A": "B", "B": "A"}[name[-1]]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "B":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% alpha as it is message="alpha-not-times-rank"
# rasbt/LLMs-from-scratch #821 and NVIDIA/TensorRT-LLM #1477: the factor is not the one the other side expects.
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha, "target_modules": targets}


# %% the root of the rank message="alpha-times-root"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank**0.5, "target_modules": targets}


# %% prefix forgotten message="prefix-missing"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% the adapter's name in the file message="adapter-name-in-file"
# Names as in the model's own state_dict: huggingface/diffusers #11675 (default_0), huggingface/peft #2699.
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.default.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% our names message="not-renamed"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{module}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(module)
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% without .weight message="weight-missing"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% the head among the tensors message="head-exported"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
        else:
            tensors[f"base_model.model.{name}"] = value
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% views that safetensors refuses message="not-contiguous"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% targets once for each factor message="targets-twice"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            targets.append(rename(module))
            rank = value.shape[1] if factor == "A" else value.shape[0]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% rank from the wrong axis message="wrong-rank"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[0]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% a whole alpha message="alpha-rounded"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": round(alpha * rank), "target_modules": targets}


# %% alpha cut message="alpha-rounded"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": int(alpha * rank), "target_modules": targets}


# %% a rank that is a tensor message="not-a-number"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": torch.tensor(rank), "lora_alpha": alpha * rank, "target_modules": targets}


# %% alpha in the factors as well message="alpha-twice"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = (
                value * alpha if factor == "B" else value
            ).T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% alpha dropped message="alpha-dropped"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": rank, "target_modules": targets}


# %% the smallest side as rank message="wrong-rank"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = min(value.shape)
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% A alone message="factor-missing"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if name.endswith(".lora.A"):
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% the last part of the names as targets message="wrong-targets"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module).split(".")[-1])
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% targets with our names message="targets-not-renamed"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(module)
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% targets with the prefix message="targets-with-prefix"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append("base_model.model." + rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% targets as one text message="no-targets"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": ",".join(targets)}


# %% the config alone message="not-a-pair"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% settings among the tensors message="not-a-tensor"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    tensors["r"] = rank
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% lora_alpha under another name message="no-alpha"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "alpha": alpha * rank, "target_modules": targets}


# %% turned over twice message="not-transposed"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.T.contiguous()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% reshaped, not turned over message="reshaped"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.reshape(value.shape[::-1])
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% half precision message="wrong-update"
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        if ".lora." in name:
            module, factor = name[:-7], name[-1]
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = value.T.contiguous().half().float()
            if factor == "A":
                targets.append(rename(module))
                rank = value.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% rstrip message="raised-ValueError"
from collections.abc import Callable


def to_peft(state: dict[str, torch.Tensor], alpha: float, rename: Callable[[str], str]) -> tuple[dict, dict]:
    """(tensors, config) of PEFT for the LoRA factors in `state`; all layers share rank and alpha."""
    tensors, targets = {}, []
    for name, A in state.items():
        if not name.endswith(".lora.A"):
            continue
        module = name.rstrip(".lora.A")
        bert, B = rename(module), state[f"{module}.lora.B"]
        tensors[f"base_model.model.{bert}.lora_A.weight"] = A.T.contiguous()
        tensors[f"base_model.model.{bert}.lora_B.weight"] = B.T.contiguous()
        targets.append(bert)
        rank = A.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% half message="type-changed"
from collections.abc import Callable


def to_peft(state: dict[str, torch.Tensor], alpha: float, rename: Callable[[str], str]) -> tuple[dict, dict]:
    """(tensors, config) of PEFT for the LoRA factors in `state`; all layers share rank and alpha."""
    tensors, targets = {}, []
    for name, A in state.items():
        if not name.endswith(".lora.A"):
            continue
        module = name.removesuffix(".lora.A")
        bert, B = rename(module), state[f"{module}.lora.B"]
        tensors[f"base_model.model.{bert}.lora_A.weight"] = A.T.contiguous().half()
        tensors[f"base_model.model.{bert}.lora_B.weight"] = B.T.contiguous()
        targets.append(bert)
        rank = A.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% mutable default message="kept-from-before"
from collections.abc import Callable


def to_peft(state: dict[str, torch.Tensor], alpha: float, rename: Callable[[str], str]) -> tuple[dict, dict]:
    """(tensors, config) of PEFT for the LoRA factors in `state`; all layers share rank and alpha."""
    tensors, targets = to_peft.__dict__.setdefault("kept", {}), []
    for name, A in state.items():
        if not name.endswith(".lora.A"):
            continue
        module = name.removesuffix(".lora.A")
        bert, B = rename(module), state[f"{module}.lora.B"]
        tensors[f"base_model.model.{bert}.lora_A.weight"] = A.T.contiguous()
        tensors[f"base_model.model.{bert}.lora_B.weight"] = B.T.contiguous()
        targets.append(bert)
        rank = A.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}


# %% settings first message="results-swapped"
from collections.abc import Callable


def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name in state:
        if name.endswith(".lora.A"):
            m = name.removesuffix(".lora.A")
            bert = rename(m)
            tensors[f"base_model.model.{bert}.lora_A.weight"] = state[name].T.contiguous()
            tensors[f"base_model.model.{bert}.lora_B.weight"] = state[f"{m}.lora.B"].T.contiguous()
            targets.append(bert)
            rank = state[name].shape[1]
    return {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}, tensors
