# %% not converted message="not-converted"
answer_14 = 2

# %% divided message="divided"
answer_14 = 0.25

# %% rank only message="rank-only"
answer_14 = 8

# %% another number message="wrong-number"
answer_14 = -3.5

# %% a letter instead of a number message="not-a-number"
answer_14 = "b"

# %% a thousands comma message="two-numbers"
answer_14 = 12,800

# %% not a finite number message="not-finite"
answer_14 = float("nan")
