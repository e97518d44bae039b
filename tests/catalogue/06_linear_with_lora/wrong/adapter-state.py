# %% head not saved message="head-missing"
# peft #310: the classification head was not saved with the adapter; also #503, unsloth PR #3317.
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}

# %% everything saved message="everything-saved"
# The IBM/Coursera lab saves the whole model where only the adapter was meant.
def adapter_state(model, also):
    return {name: value.detach().clone() for name, value in model.state_dict().items()}

# %% append returns None message="nothing-saved"
# peft #577: list.append returns None, so modules_to_save was lost without a word.
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in also:
        trained = trained.append(name) if trained else None
    starts = tuple(f"{name}." for name in trained or [])
    return {name: value.detach().clone() for name, value in model.state_dict().items() if starts and name.startswith(starts)}

# %% only A saved message="factor-missing"
def adapter_state(model, also):
    return {
        name: value.detach().clone()
        for name, value in model.state_dict().items()
        if name.endswith(".A") or name.split(".")[0] in also
    }

# %% top level only message="factor-missing"
def adapter_state(model, also):
    trained = [name for name, module in model.named_children() if hasattr(module, "lora")]
    starts = tuple([f"{name}.lora." for name in trained] + [f"{name}." for name in also])
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}

# %% the wrapped layers with their base message="base-included"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if hasattr(module, "lora")] + list(also)
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}

# %% the embedding goes along message="base-included"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + list(also) + ["embedding"]
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}

# %% names shortened message="names-changed"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + list(also)
    starts = tuple(f"{name}." for name in trained)
    return {name.replace(".lora", ""): v.detach().clone() for name, v in model.state_dict().items() if name.startswith(starts)}

# %% no copies message="aliases"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + list(also)
    starts = tuple(f"{name}." for name in trained)
    return {name: value for name, value in model.state_dict().items() if name.startswith(starts)}

# %% clones in the graph message="in-graph"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + list(also)
    starts = tuple(f"{name}." for name in trained)
    return {name: p.clone() for name, p in model.state_dict(keep_vars=True).items() if name.startswith(starts)}

# %% names instead of a dictionary message="not-a-dict"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + list(also)
    starts = tuple(f"{name}." for name in trained)
    return [name for name in model.state_dict() if name.startswith(starts)]

# %% substring search message="matched-by-name"
def adapter_state(model, also):
    return {
        name: value.detach().clone()
        for name, value in model.state_dict().items()
        if "lora" in name or name.startswith(tuple(f"{head}." for head in also))
    }

# %% whatever is trainable just now message="also-ignored"
def adapter_state(model, also):
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}

# %% the beginning of a name taken for the name message="prefix-match"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    return {
        name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(tuple(trained))
    }


# %% whole parts of the name message="matched-by-name"
def adapter_state(model, also):
    def wanted(name):
        return "lora" in name.split(".") or any(name.startswith(head + ".") for head in also)
    
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items() if wanted(name)}


# %% parameters called A and B message="matched-by-name"
def adapter_state(model, also):
    heads = tuple(name + "." for name in also)
    wanted = [n for n in model.state_dict() if n.endswith((".A", ".B")) or (heads and n.startswith(heads))]
    return {name: model.state_dict()[name].clone() for name in wanted}


# %% only the direct entries of a module message="also-incomplete"
def adapter_state(model, also):
    keep = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    return {k: v.detach().clone() for k, v in model.state_dict().items() if k.rpartition(".")[0] in keep}


# %% the head is always called head message="also-ignored"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + ["head"]
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}


# %% in half precision message="other-type"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().half() for name, value in model.state_dict().items() if name.startswith(starts)}


# %% as numbers of Python message="not-a-tensor"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    starts = tuple(f"{name}." for name in trained)
    return {name: value.tolist() for name, value in model.state_dict().items() if name.startswith(starts)}


# %% a dictionary a module message="not-a-tensor"
def adapter_state(model, also):
    names = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    return {name: {k: v.clone() for k, v in model.get_submodule(name).state_dict().items()} for name in names}


# %% rounded to half precision and back message="wrong-value"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().half().float() for name, value in model.state_dict().items() if name.startswith(starts)}


# %% detached but not copied message="aliases"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach() for name, value in model.state_dict().items() if name.startswith(starts)}


# %% only the first name in also message="also-incomplete"
def adapter_state(model, also):
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + also[:1]
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}


# %% types, or names that contain lora message="substring-match"
def adapter_state(model, also):
    trained = [n for n, module in model.named_modules() if isinstance(module, LoRALayer) or "lora" in n] + also
    starts = tuple(f"{name}." for name in trained)
    return {name: value.detach().clone() for name, value in model.state_dict().items() if name.startswith(starts)}


# %% skips a B of zeros message="zeros-left-out"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if isinstance(m, LoRALayer)] + also
    starts = tuple(f"{n}." for n in trained)
    return {n: v.detach().clone() for n, v in model.state_dict().items() if n.startswith(starts) and v.any()}


# %% exact type message="exact-type"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if type(m) is LoRALayer] + also
    starts = tuple(f"{n}." for n in trained)
    return {n: v.detach().clone() for n, v in model.state_dict().items() if n.startswith(starts)}


# %% class name message="exact-type"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if m.__class__.__name__ == "LoRALayer"] + also
    starts = tuple(f"{n}." for n in trained)
    return {n: v.detach().clone() for n, v in model.state_dict().items() if n.startswith(starts)}


# %% named_parameters message="buffers-left-out"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if isinstance(m, LoRALayer)] + also
    starts = tuple(f"{n}." for n in trained)
    return {n: v.detach().clone() for n, v in model.named_parameters() if n.startswith(starts)}


# %% suffix match of also message="suffix-match"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if isinstance(m, LoRALayer) or any(n == a or n.endswith("." + a) for a in also)]
    starts = tuple(f"{n}." for n in trained)
    return {n: v.detach().clone() for n, v in model.state_dict().items() if n.startswith(starts)}


# %% also anywhere in the path message="suffix-match"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if isinstance(m, LoRALayer)]
    starts = tuple(f"{n}." for n in trained)
    return {n: v.detach().clone() for n, v in model.state_dict().items() if n.startswith(starts) or any(f"{a}." in n for a in also)}


# %% Parameters message="still-trainable"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if isinstance(m, LoRALayer)] + also
    starts = tuple(f"{n}." for n in trained)
    return {n: nn.Parameter(v.detach().clone()) for n, v in model.state_dict().items() if n.startswith(starts)}


# %% requires grad kept message="still-trainable"
def adapter_state(model, also):
    trained = [n for n, m in model.named_modules() if isinstance(m, LoRALayer)] + also
    starts = tuple(f"{n}." for n in trained)
    return {n: v.detach().clone().requires_grad_() for n, v in model.state_dict().items() if n.startswith(starts)}


# %% saved in float32 whatever the type message="other-type"
def adapter_state(model, also):
    names = [n for n, m in model.named_modules() if isinstance(m, LoRALayer)]
    starts = tuple(f"{n}." for n in [*names, *also])
    return {k: v.detach().clone().float() for k, v in model.state_dict().items() if k.startswith(starts)}
