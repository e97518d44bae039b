# %% computed in the cell
answer_07 = 4 * 4 * 10**6

# %% written in another form
answer_07 = 16e6

# %% in quotes
answer_07 = "16000000"

# %% computed in another way
import torch

answer_07 = torch.tensor(16_000_000)


# %% a fraction
from fractions import Fraction

answer_07 = Fraction(4 * 4 * 10**6)


# %% in an array
import numpy as np

answer_07 = np.array([4 * 4 * 10**6])
