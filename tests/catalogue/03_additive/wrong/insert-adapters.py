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


# %% looks and changes in one loop message="changed-before-refusing"
def insert_adapters(model, bottleneck, adapter, wrapper):
    for b in model.modules():
        if isinstance(b, EncoderBlock):
            d = len(b.attention_norm.weight)
            for n in ("attention", "feed_forward"):
                if isinstance(getattr(b, n), wrapper):
                    raise ValueError("already")
                setattr(b, n, wrapper(getattr(b, n), adapter(d, bottleneck)))


# %% looks at attention alone message="some-wrappers-missed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [b for b in model.modules() if isinstance(b, EncoderBlock)]
    if any(isinstance(b.attention, wrapper) for b in blocks):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% looks at the first block alone message="some-wrappers-missed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [b for b in model.modules() if isinstance(b, EncoderBlock)]
    if blocks and isinstance(blocks[0].attention, wrapper) and isinstance(blocks[0].feed_forward, wrapper):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% looks at the children alone message="nothing-inserted"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [b for b in model.children() if isinstance(b, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% the class of the adapter itself message="no-adapter"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [b for b in model.modules() if isinstance(b, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        b.attention = wrapper(b.attention, adapter)
        b.feed_forward = wrapper(b.feed_forward, adapter)


# %% returns the error message="second-time-ignored"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [b for b in model.modules() if isinstance(b, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        return ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% the classes of the exercises above message="other-wrapper"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [b for b in model.modules() if isinstance(b, EncoderBlock)]
    if any(isinstance(s, AdapterBehind) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = AdapterBehind(b.attention, BottleneckAdapter(d, bottleneck))
        b.feed_forward = AdapterBehind(b.feed_forward, BottleneckAdapter(d, bottleneck))


# %% recursive, refuses halfway message="changed-before-refusing"
def insert_adapters(model, bottleneck, adapter, wrapper):
    if isinstance(model, wrapper):
        raise ValueError('adapters are there already')
    for child in model.children():
        insert_adapters(child, bottleneck, adapter, wrapper)
    if isinstance(model, EncoderBlock):
        width = model.attention.query.in_features
        model.attention = wrapper(model.attention, adapter(width, bottleneck))
        model.feed_forward = wrapper(model.feed_forward, adapter(width, bottleneck))

# %% the first block's width for all message="wrong-width"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(blocks[0].attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% looks at the last block alone message="some-wrappers-missed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for s in (blocks[-1].attention, blocks[-1].feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% two levels of children message="nothing-inserted"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for child in model.children() for m in child.children() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% an encoder or blocks, else the model message="model-assumed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in getattr(getattr(model, 'encoder', model), 'blocks') if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% both sublayers must be wrapped to refuse message="some-wrappers-missed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(b.attention, wrapper) and isinstance(b.feed_forward, wrapper) for b in blocks):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% skips what is wrapped message="second-time-ignored"
def insert_adapters(model, bottleneck, adapter, wrapper):
    for block in [m for m in model.modules() if isinstance(m, EncoderBlock)]:
        for name in ("attention", "feed_forward"):
            if not isinstance(getattr(block, name), wrapper):
                setattr(block, name, wrapper(getattr(block, name), adapter(len(block.attention_norm.weight), bottleneck)))

# %% prints instead of raising message="second-time-ignored"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        print("the model has adapters already")
        return
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% every second block message="blocks-forgotten"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks[::2]:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))

# %% two wrappers in each place message="wrapped-twice-at-once"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(wrapper(getattr(block, name), adapter(width, bottleneck)), adapter(width, bottleneck)))

# %% wrapper arguments swapped message="sublayer-replaced"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(adapter(width, bottleneck), getattr(block, name)))

# %% freezes every block and the rest message="head-frozen"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(getattr(block, name), adapter(width, bottleneck)))
        block.requires_grad_(False)
    for p in model.parameters():
        p.requires_grad_(False)

# %% copies of the sublayers message="sublayer-replaced"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            setattr(block, name, wrapper(__import__('copy').deepcopy(getattr(block, name)), adapter(width, bottleneck)))


# %% blocks of the very class message="subclass-forgotten"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if type(m) is EncoderBlock]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% blocks by the name of the class message="subclass-forgotten"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if m.__class__.__name__ == "EncoderBlock"]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% refuses for any wrapper anywhere message="refuses-too-much"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(m, wrapper) for m in model.modules()):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% looks for an attribute adapter message="wraps-twice"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(hasattr(s, "adapter") for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% wrappers of the very class message="subclass-missed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(type(s) is wrapper for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% into evaluation mode message="mode-changed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    model.eval()
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% into training mode message="mode-changed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))
    model.train()


# %% parts of the model alone message="model-assumed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for name, m in model.named_modules() if name and isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% blocks by the names of their parts message="not-a-block"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if hasattr(m, "attention") and hasattr(m, "feed_forward")]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))


# %% starts norms and biases anew message="weights-changed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(s, wrapper) for b in blocks for s in (b.attention, b.feed_forward)):
        raise ValueError("already")
    for b in blocks:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))
    for m in model.modules():
        if isinstance(m, nn.LayerNorm): m.reset_parameters()
        if isinstance(m, nn.Linear): nn.init.zeros_(m.bias)


# %% a flag on the model message="some-wrappers-missed"
def insert_adapters(model, bottleneck, adapter, wrapper):
    if getattr(model, "adapted", False):
        raise ValueError("already")
    model.adapted = True
    for b in [m for m in model.modules() if isinstance(m, EncoderBlock)]:
        d = len(b.attention_norm.weight)
        b.attention = wrapper(b.attention, adapter(d, bottleneck))
        b.feed_forward = wrapper(b.feed_forward, adapter(d, bottleneck))

# %% arguments by name message="called-by-name"
def insert_adapters(model, bottleneck, adapter, wrapper):
    blocks = [m for m in model.modules() if isinstance(m, EncoderBlock)]
    if any(isinstance(part, wrapper) for block in blocks for part in (block.attention, block.feed_forward)):
        raise ValueError("the model has adapters already")
    for block in blocks:
        width = len(block.attention_norm.weight)
        for name in ("attention", "feed_forward"):
            made = adapter(width=width, bottleneck=bottleneck)
            setattr(block, name, wrapper(getattr(block, name), made))
