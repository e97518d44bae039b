# %% without normalizations message="without-normalizations"
answer_23 = 3456

# %% normalizations whole message="normalizations-whole"
answer_23 = 4992

# %% inputs counted message="inputs-counted"
answer_23 = 5376

# %% one normalization message="one-normalization"
answer_23 = 3840

# %% one projection message="one-projection"
answer_23 = 3072

# %% another number message="wrong-number"
answer_23 = -3.5

# %% a letter instead of a number message="not-a-number"
answer_23 = "b"

# %% a thousands comma message="two-numbers"
answer_23 = 12,800

# %% not a finite number message="not-finite"
answer_23 = float("nan")
