# %% prompt tuning message="prompt-tuning"
answer_11 = 3_840

# %% one layer message="one-layer"
answer_11 = 7_680

# %% keys only message="keys-only"
answer_11 = 23_040

# %% square message="square"
answer_11 = 17_694_720

# %% another number message="wrong-number"
answer_11 = -3.5

# %% a letter instead of a number message="not-a-number"
answer_11 = "b"

# %% a thousands comma message="two-numbers"
answer_11 = 12,800

# %% not a finite number message="not-finite"
answer_11 = float("nan")
