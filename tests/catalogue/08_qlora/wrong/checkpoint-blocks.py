# %% a plain loop message="nothing-recomputed"
def run_blocks(blocks, x):
    for block in blocks:
        x = block(x)
    return x


# %% the reentrant kind message="no-gradient"
# transformers #21381, peft #1142, open-unlearning #178: with a frozen embedding nothing is trained.
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=True)
    return x


# %% one checkpoint around all message="one-segment"
def run_blocks(blocks, x):
    def all_of_them(x):
        for block in blocks:
            x = block(x)
        return x

    return checkpoint(all_of_them, x, use_reentrant=False)


# %% a lambda in the loop message="late-binding"
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(lambda y: block(y), x, use_reentrant=False)
    return x


# %% detached between the blocks message="gradient-cut"
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(block, x.detach(), use_reentrant=False)
    return x


# %% under no_grad message="no-gradient"
def run_blocks(blocks, x):
    with torch.no_grad():
        for block in blocks:
            x = checkpoint(block, x, use_reentrant=False)
    return x


# %% every block gets the first input message="not-chained"
def run_blocks(blocks, x):
    for block in blocks:
        y = checkpoint(block, x, use_reentrant=False)
    return y


# %% from the last to the first message="wrong-order"
def run_blocks(blocks, x):
    for block in reversed(blocks):
        x = checkpoint(block, x, use_reentrant=False)
    return x


# %% two blocks a segment message="other-segments"
def run_blocks(blocks, x):
    for k in range(0, len(blocks), 2):
        x = checkpoint(nn.Sequential(*blocks[k : k + 2]), x, use_reentrant=False)
    return x


# %% other dropout the second time message="other-dropout"
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False, preserve_rng_state=False)
    return x


# %% every second block message="some-kept"
def run_blocks(blocks, x):
    for k, block in enumerate(blocks):
        x = checkpoint(block, x, use_reentrant=False) if k % 2 == 0 else block(x)
    return x


# %% all but the last message="last-kept"
def run_blocks(blocks, x):
    *first, last = blocks
    for block in first:
        x = checkpoint(block, x, use_reentrant=False)
    return last(x)


# %% torch's segments, a block each message="last-kept"
def run_blocks(blocks, x):
    from torch.utils.checkpoint import checkpoint_sequential

    return checkpoint_sequential(nn.Sequential(*blocks), len(blocks), x, use_reentrant=False)


# %% one segment as a module message="one-segment"
def run_blocks(blocks, x):
    return checkpoint(nn.Sequential(*blocks), x, use_reentrant=False)


# %% the return stands in the loop message="stops-early"
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False)
        return x


# %% no return message="no-tensor"
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False)


# %% the last block is left out message="block-left-out"
def run_blocks(blocks, x):
    for k in range(len(blocks) - 1):
        x = checkpoint(blocks[k], x, use_reentrant=False)
    return x


# %% the first block is left out message="block-left-out"
def run_blocks(blocks, x):
    for k in range(1, len(blocks)):
        x = checkpoint(blocks[k], x, use_reentrant=False)
    return x


# %% the result is thrown away message="no-block-runs"
def run_blocks(blocks, x):
    for block in blocks:
        checkpoint(block, x, use_reentrant=False)
    return x


# %% the input is added once more message="input-added"
def run_blocks(blocks, x):
    for block in blocks:
        x = x + checkpoint(block, x, use_reentrant=False)
    return x


# %% the result is detached message="result-detached"
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False)
    return x.detach()


# %% every block runs twice in the forward pass message="runs-too-often"
def run_blocks(blocks, x):
    for block in blocks:
        y = block(x)
        x = checkpoint(block, x, use_reentrant=False)
    return x


# %% four blocks and no more message="raised-IndexError"
def run_blocks(blocks, x):
    for k in range(4):
        x = checkpoint(blocks[k], x, use_reentrant=False)
    return x


# %% only in training message="mode-asked"
def run_blocks(blocks: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
    """Run the blocks one after another, keeping only the input of each; x (b, d) -> (b, d)."""
    for block in blocks:
        x = (checkpoint(block, x, use_reentrant=False) if block.training else block(x))
    return x


# %% requires grad message="input-changed"
def run_blocks(blocks: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
    """Run the blocks one after another, keeping only the input of each; x (b, d) -> (b, d)."""
    x.requires_grad_(True)
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False)
    return x


# %% requires grad reentrant message="input-cut"
def run_blocks(blocks: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
    """Run the blocks one after another, keeping only the input of each; x (b, d) -> (b, d)."""
    x = x.detach().requires_grad_(True)
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=True)
    return x


# %% skip if one message="one-block-kept"
def run_blocks(blocks, x):
    if len(blocks) == 1: return blocks[0](x)
    for b in blocks: x = checkpoint(b, x, use_reentrant=False)
    return x


# %% train mode set message="changes-the-mode"
def run_blocks(blocks, x):
    blocks.train()
    for b in blocks: x = checkpoint(b, x, use_reentrant=False)
    return x
