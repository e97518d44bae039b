# %% product not sum message="product-not-sum"
answer_12 = 12_800

# %% counts w0 message="counts-w0"
answer_12 = 6_400

# %% rank forgotten message="rank-forgotten"
answer_12 = 178

# %% counts frozen message="counts-frozen"
answer_12 = 6_756

# %% b only message="b-only"
answer_12 = 256

# %% a only message="a-only"
answer_12 = 100

# %% another number message="wrong-number"
answer_12 = -3.5

# %% a letter instead of a number message="not-a-number"
answer_12 = "b"

# %% a thousands comma message="two-numbers"
answer_12 = 12,800

# %% not a finite number message="not-finite"
answer_12 = float("nan")
