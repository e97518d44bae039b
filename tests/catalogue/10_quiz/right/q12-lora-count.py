# %% computed in the cell
answer_12 = 2 * (50 + 128)

# %% written in another form
answer_12 = 356.0

# %% in quotes
answer_12 = "356"

# %% computed in another way
answer_12 = 50 * 2 + 2 * 128


# %% a fraction
from fractions import Fraction

answer_12 = Fraction(2 * (50 + 128))


# %% in an array
import numpy as np

answer_12 = np.array([2 * (50 + 128)])
