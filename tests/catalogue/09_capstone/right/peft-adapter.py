# %% modules first, clones, a set of targets
def to_peft(state, alpha, rename):
    modules = [name[: -len(".lora.A")] for name in state if name.endswith(".lora.A")]
    tensors = {}
    for module in modules:
        stem = "base_model.model." + rename(module)
        tensors[stem + ".lora_A.weight"] = state[module + ".lora.A"].t().contiguous().clone()
        tensors[stem + ".lora_B.weight"] = state[module + ".lora.B"].t().contiguous().clone()
    rank = state[modules[0] + ".lora.A"].size(1)
    return tensors, {"r": rank, "lora_alpha": rank * alpha, "target_modules": {rename(m) for m in modules}}


# %% alpha folded into B, lora_alpha equal to the rank
def to_peft(state, alpha, rename):
    tensors, targets, rank = {}, [], None
    for name, value in state.items():
        if name.endswith((".lora.A", ".lora.B")):
            module, _, factor = name.rpartition(".lora.")
            scale = alpha if factor == "B" else 1.0
            tensors[f"base_model.model.{rename(module)}.lora_{factor}.weight"] = (scale * value).T.contiguous()
            if factor == "A":
                rank = value.shape[-1]
                targets.append(rename(module))
    return tensors, {"r": rank, "lora_alpha": rank, "target_modules": targets}


# %% einops by hand, more in the config
def to_peft(state, alpha, rename):
    tensors, config = {}, {"peft_type": "LORA", "target_modules": [], "bias": "none", "use_rslora": False}
    for name in sorted(state):
        parts = name.split(".lora.")
        if len(parts) == 2:
            key = f"base_model.model.{rename(parts[0])}.lora_{parts[1]}.weight"
            tensors[key] = torch.einsum("ab->ba", state[name]).contiguous()
            if parts[1] == "B":
                config["r"] = len(state[name])
                config["target_modules"].append(rename(parts[0]))
    config["lora_alpha"] = float(alpha * config["r"])
    return tensors, config


# %% numpy round trip and a list
import numpy as np


def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    for name, value in state.items():
        module, dot, factor = name.partition(".lora.")
        if not dot:
            continue
        turned = torch.from_numpy(np.ascontiguousarray(value.numpy().T))
        tensors["base_model.model." + rename(module) + ".lora_" + factor + ".weight"] = turned
        if rename(module) not in targets:
            targets.append(rename(module))
        rank = min(value.shape) if factor == "x" else (value.shape[1] if factor == "A" else value.shape[0])
    return [tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": tuple(targets)}]


# %% a helper for each factor, dict comprehensions
def to_peft(state: dict, alpha: float, rename) -> tuple[dict, dict]:
    names = {m: rename(m) for m in sorted({name.rsplit(".lora.", 1)[0] for name in state if ".lora." in name})}

    def turned(module, factor):
        return state[f"{module}.lora.{factor}"].transpose(0, 1).clone(memory_format=torch.contiguous_format)

    tensors = {
        f"base_model.model.{bert}.lora_{factor}.weight": turned(module, factor)
        for module, bert in names.items()
        for factor in ("A", "B")
    }
    (rank,) = {len(tensor) for name, tensor in tensors.items() if name.endswith("lora_A.weight")}
    return tensors, dict(peft_type="LORA", r=rank, lora_alpha=alpha * rank, target_modules=[*names.values()])


# %% alpha shared between the factors
def to_peft(state, alpha, rename):
    tensors, targets = {}, []
    root = math.sqrt(abs(alpha))
    for name in state:
        module, _, factor = name.rpartition(".lora.")
        if not module:
            continue
        sign = -1 if alpha < 0 and factor == "A" else 1
        scaled = (sign * root * state[name]).mT.contiguous()
        tensors["base_model.model." + rename(module) + f".lora_{factor}.weight"] = scaled
        if factor == "B":
            targets.append(rename(module))
            rank = scaled.shape[1]
    return tensors, {"r": rank, "lora_alpha": float(rank), "target_modules": targets}


# %% comprehension
def to_peft(state, alpha, rename):
    mods = [k[: -len(".lora.A")] for k in state if k.endswith(".lora.A")]
    t = {f"base_model.model.{rename(m)}.lora_{f}.weight": state[f"{m}.lora.{f}"].t().contiguous() for m in mods for f in "AB"}
    r = state[f"{mods[0]}.lora.A"].shape[1]
    return t, {"r": r, "lora_alpha": r * alpha, "target_modules": [rename(m) for m in mods]}


# %% clone detach
from collections.abc import Callable


def to_peft(state: dict[str, torch.Tensor], alpha: float, rename: Callable[[str], str]) -> tuple[dict, dict]:
    """(tensors, config) of PEFT for the LoRA factors in `state`; all layers share rank and alpha."""
    tensors, targets = {}, []
    for name, A in state.items():
        if not name.endswith(".lora.A"):
            continue
        module = name.removesuffix(".lora.A")
        bert, B = rename(module), state[f"{module}.lora.B"]
        tensors[f"base_model.model.{bert}.lora_A.weight"] = A.detach().T.clone(memory_format=torch.contiguous_format)
        tensors[f"base_model.model.{bert}.lora_B.weight"] = B.T.contiguous()
        targets.append(bert)
        rank = A.shape[1]
    return tensors, {"r": rank, "lora_alpha": alpha * rank, "target_modules": targets}
