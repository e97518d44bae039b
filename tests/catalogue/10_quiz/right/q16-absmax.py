# %% computed in the cell
answer_16 = round(0.3 / 0.8 * 127)

# %% written in another form
answer_16 = 48.0

# %% in quotes
answer_16 = "48"

# %% computed in another way
import torch

answer_16 = torch.tensor(48)


# %% a fraction
from fractions import Fraction

answer_16 = Fraction(round(0.3 / 0.8 * 127))


# %% in an array
import numpy as np

answer_16 = np.array([round(0.3 / 0.8 * 127)])
