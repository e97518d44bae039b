# %% computed in the cell
answer_12 = 2 * (50 + 128)

# %% written in another form
answer_12 = 356.0

# %% in quotes
answer_12 = "356"

# %% computed in another way
answer_12 = 50 * 2 + 2 * 128
