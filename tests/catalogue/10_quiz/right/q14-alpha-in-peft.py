# %% computed in the cell
answer_14 = 2 * 8

# %% written in another form
answer_14 = 16.0

# %% in quotes
answer_14 = "16"

# %% computed in another way
import torch

answer_14 = torch.tensor(16)
