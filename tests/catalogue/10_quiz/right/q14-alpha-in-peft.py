# %% computed in the cell
answer_14 = 2 * 8

# %% written in another form
answer_14 = 16.0

# %% in quotes
answer_14 = "16"

# %% computed in another way
import torch

answer_14 = torch.tensor(16)


# %% a fraction
from fractions import Fraction

answer_14 = Fraction(2 * 8)


# %% in an array
import numpy as np

answer_14 = np.array([2 * 8])
