# %% computed in the cell
answer_11 = 2 * 6 * 10 * 384

# %% written in another form
answer_11 = 46080.0

# %% in quotes
answer_11 = "46080"

# %% computed in another way
import torch

answer_11 = torch.tensor(46080)


# %% a fraction
from fractions import Fraction

answer_11 = Fraction(2 * 6 * 10 * 384)


# %% in an array
import numpy as np

answer_11 = np.array([2 * 6 * 10 * 384])
