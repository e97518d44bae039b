# %% first level only message="first-level-only"
answer_18 = 0.125

# %% not doubled message="not-doubled"
answer_18 = 0.5

# %% the saving message="the-saving"
answer_18 = 0.373

# %% with the weight message="with-the-weight"
answer_18 = 4.127

# %% bytes for bits message="bytes-for-bits"
answer_18 = 0.0159

# %% block forgotten message="block-forgotten"
answer_18 = 0.25

# %% another number message="wrong-number"
answer_18 = -3.5

# %% a letter instead of a number message="not-a-number"
answer_18 = "b"

# %% a thousands comma message="two-numbers"
answer_18 = 12,800

# %% not a finite number message="not-finite"
answer_18 = float("nan")
