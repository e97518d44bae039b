# %% works on a copy message="nothing-inserted"
def insert_adapters(model, bottleneck, adapter, wrapper):
    import copy
    model = copy.deepcopy(model)
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))
    return model


# %% makes wrappers and drops them message="nothing-inserted"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        for sublayer in (block.attention, block.feed_forward):
            sublayer = wrapper(sublayer, adapter(len(block.attention_norm.weight), bottleneck))


# %% only the last block message="blocks-forgotten"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    blocks = blocks[-1:]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% only behind the feed-forward part message="one-placement"
# Pfeiffer's placement.
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        block.feed_forward = wrapper(block.feed_forward, adapter(len(block.attention_norm.weight), bottleneck))


# %% only behind attention message="one-placement"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        block.attention = wrapper(block.attention, adapter(len(block.attention_norm.weight), bottleneck))


# %% behind the last linear layers message="wrong-place"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        width = len(block.attention_norm.weight)
        block.attention.output = wrapper(block.attention.output, adapter(width, bottleneck))
        block.feed_forward.down = wrapper(block.feed_forward.down, adapter(width, bottleneck))


# %% behind the norms message="wrong-place"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention_norm', 'feed_forward_norm'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% one adapter for all places message="adapter-shared"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    shared = adapter(len(blocks[0].attention_norm.weight), bottleneck)
    for block in blocks:
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), shared))


# %% one adapter a block message="adapter-shared"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        one = adapter(len(block.attention_norm.weight), bottleneck)
        block.attention, block.feed_forward = wrapper(block.attention, one), wrapper(block.feed_forward, one)


# %% sizes swapped message="sizes-swapped"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(bottleneck, width)))


# %% width of MiniLM written down message="wrong-width"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = 384
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% inner width taken message="wrong-width"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = block.feed_forward.up.out_features
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% bottleneck fixed message="wrong-bottleneck"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, 16)))


# %% the class instead of an adapter message="no-adapter"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), nn.Identity()))


# %% sublayers exchanged message="sublayer-replaced"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        a, f = block.attention, block.feed_forward
        block.attention, block.feed_forward = wrapper(f, adapter(width, bottleneck)), wrapper(a, adapter(width, bottleneck))


# %% freezes the whole model message="head-frozen"
def insert_adapters(model, bottleneck, adapter, wrapper):
    model.requires_grad_(False)
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% freezes the whole model afterwards message="head-frozen"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))
    model.requires_grad_(False)


# %% unfreezes the whole model message="base-unfrozen"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))
    model.requires_grad_(True)


# %% no look before the second time message="wraps-twice"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% second time in silence message="second-time-ignored"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper):
            return
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% second time by another error message="second-time-ignored"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise RuntimeError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% one model assumed message="model-assumed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = model.encoder.blocks
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))


# %% an encoder assumed message="model-assumed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = model.blocks
    for block in blocks:
        if isinstance(block.attention, wrapper) or isinstance(block.feed_forward, wrapper):
            raise ValueError('the model has adapters already')
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ('attention', 'feed_forward'):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))
