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
    for first, second in zip(blocks[0::2], blocks[1::2]):
        x = checkpoint(nn.Sequential(first, second), x, use_reentrant=False)
    return x


# %% other dropout the second time message="other-dropout"
def run_blocks(blocks, x):
    for block in blocks:
        x = checkpoint(block, x, use_reentrant=False, preserve_rng_state=False)
    return x
