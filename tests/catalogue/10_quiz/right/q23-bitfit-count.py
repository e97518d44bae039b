# %% computed in the cell
answer_23 = 4 * 384 + 1536 + 384 + 2 * 384

# %% written in another form
answer_23 = 4224

# %% in quotes
answer_23 = "4224"

# %% as a float
answer_23 = 4224.0
