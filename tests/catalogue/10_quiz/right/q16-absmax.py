# %% computed in the cell
answer_16 = round(0.3 / 0.8 * 127)

# %% written in another form
answer_16 = 48.0

# %% in quotes
answer_16 = "48"

# %% computed in another way
import torch

answer_16 = torch.tensor(48)
