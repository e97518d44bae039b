# %% not scaled message="not-scaled"
answer_16 = 38

# %% sign ignored message="sign-ignored"
answer_16 = 95

# %% cut off message="cut-off"
answer_16 = 47

# %% two sided range message="two-sided-range"
answer_16 = 96

# %% not an integer message="not-an-integer"
answer_16 = 0.375

# %% another number message="wrong-number"
answer_16 = -3.5

# %% a letter instead of a number message="not-a-number"
answer_16 = "b"

# %% a thousands comma message="two-numbers"
answer_16 = 12,800

# %% not a finite number message="not-finite"
answer_16 = float("nan")
