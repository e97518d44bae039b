# %% a bound lambda
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(lambda y, block=block: block(y), x, use_reentrant=False)
    return x


# %% reentrant with an input that asks for a gradient
# What transformers' enable_input_require_grads does.
def run_blocks(blocks, x):
    x = x.detach().requires_grad_() if not x.requires_grad else x
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=True)
    return x


# %% recursion
def run_blocks(blocks, x):
    if len(blocks) == 0:
        return x
    return run_blocks(blocks[1:], checkpoint(blocks[0], x, use_reentrant=False))


# %% the module of torch
def run_blocks(blocks, x):
    import torch.utils.checkpoint as module

    for number in range(len(blocks)):
        x = module.checkpoint(blocks[number], x, use_reentrant=False)
    return x


# %% checkpoint_sequential with a segment a block but the last
def run_blocks(blocks, x):
    from torch.utils.checkpoint import checkpoint_sequential

    segments = nn.Sequential(*blocks, nn.Identity())  # torch leaves the last segment without a checkpoint
    return checkpoint_sequential(segments, len(segments), x, use_reentrant=False)


# %% reduce, with everything by name
def run_blocks(layers: nn.ModuleList, hidden: torch.Tensor) -> torch.Tensor:
    from functools import reduce

    return reduce(lambda h, layer: checkpoint(layer, h, use_reentrant=False), layers, hidden)


# %% the block's forward, and a while loop
def run_blocks(blocks, x):
    k = 0
    while k < len(blocks):
        x = checkpoint(blocks[k].__call__, x, use_reentrant=False, preserve_rng_state=True)
        k += 1
    return x


# %% a partial function
def run_blocks(blocks, x):
    from functools import partial

    def run(block, y):
        return block(y)

    for block in blocks.children():
        x = checkpoint(partial(run, block), x, use_reentrant=False)
    return x


# %% default arg
def run_blocks(blocks: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
    """Run the blocks one after another, keeping only the input of each; x (b, d) -> (b, d)."""
    for block in blocks:
        x = checkpoint(lambda h, b=block: b(h), x, use_reentrant=False)
    return x


# %% partial
def run_blocks(blocks: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
    """Run the blocks one after another, keeping only the input of each; x (b, d) -> (b, d)."""
    for block in blocks:
        x = checkpoint(block.forward, x, use_reentrant=False)
    return x
