# %% weights only message="weights-only"
answer_07 = 4_000_000

# %% no optimiser message="no-optimiser"
answer_07 = 8_000_000

# %% one average message="one-average"
answer_07 = 12_000_000

# %% bits for bytes message="bits-for-bytes"
answer_07 = 128_000_000

# %% not bytes message="not-bytes"
answer_07 = 16

# %% another number message="wrong-number"
answer_07 = -3.5

# %% a letter instead of a number message="not-a-number"
answer_07 = "b"

# %% a thousands comma message="two-numbers"
answer_07 = 12,800

# %% not a finite number message="not-finite"
answer_07 = float("nan")
