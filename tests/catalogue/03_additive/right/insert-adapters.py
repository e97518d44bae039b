# %% two lines
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in b.children()):
        raise ValueError('adapters are there already')
    for block in blocks:
        d = block.feed_forward.down.out_features
        block.attention = wrapper(block.attention, adapter(d, bottleneck))
        block.feed_forward = wrapper(block.feed_forward, adapter(d, bottleneck))


# %% by names
def insert_adapters(model, bottleneck, adapter, wrapper):
    named = dict(model.named_modules())
    blocks = [m for m in named.values() if isinstance(m, EncoderBlock)]
    if any(isinstance(named[name].get_submodule(child), wrapper) for name in named if isinstance(named[name], EncoderBlock) for child in ("attention", "feed_forward")):
        raise ValueError('twice')
    for block in blocks:
        width = block.attention_norm.normalized_shape[0]
        for name, child in list(block.named_children()):
            if not isinstance(child, nn.LayerNorm):
                setattr(block, name, wrapper(child, adapter(width, bottleneck)))


# %% recursive
def insert_adapters(model, bottleneck, adapter, wrapper):
    def wrapped(module):
        if isinstance(module, EncoderBlock):
            return isinstance(module.attention, wrapper) or isinstance(module.feed_forward, wrapper)
        return any(map(wrapped, module.children()))

    if wrapped(model):
        raise ValueError('adapters are there already')

    def descend(module):
        for child in module.children():
            descend(child)
        if isinstance(module, EncoderBlock):
            width = module.attention.query.in_features
            module.attention = wrapper(module.attention, adapter(width, bottleneck))
            module.feed_forward = wrapper(module.feed_forward, adapter(width, bottleneck))

    descend(model)


# %% returns what it did, own kind of ValueError
class AlreadyThere(ValueError):
    pass


def insert_adapters(model, bottleneck, adapter, wrapper):
    places = [(m, n) for m in model.modules() if isinstance(m, EncoderBlock) for n in ('attention', 'feed_forward')]
    if any(isinstance(getattr(m, n), wrapper) for m, n in places):
        raise AlreadyThere('adapters are there already')
    for m, n in places:
        m._modules[n] = wrapper(m._modules[n], adapter(m.attention_norm.weight.numel(), bottleneck))
    return len(places)

# %% places listed first
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% apply with a closure
def insert_adapters(model: nn.Module, bottleneck: int, adapter: type, wrapper: type) -> None:
    found = []
    model.apply(lambda m: found.append(m) if isinstance(m, EncoderBlock) else None)
    wrapped = [b for b in found if wrapper in (*type(b.attention).__mro__, *type(b.feed_forward).__mro__)]
    if wrapped:
        raise ValueError(f"{len(wrapped)} sublayers are wrapped already")
    for block in found:
        (d,) = block.attention_norm.weight.shape
        block.attention = wrapper(block.attention, adapter(d, bottleneck))
        block.feed_forward = wrapper(block.feed_forward, adapter(d, bottleneck))


# %% a copy of the first adapter for the second place
def insert_adapters(model, bottleneck, adapter, wrapper):
    import copy
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        one = adapter(d, bottleneck)
        b.attention = wrapper(b.attention, one)
        b.feed_forward = wrapper(b.feed_forward, copy.deepcopy(one))
