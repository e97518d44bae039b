# %% computed in the cell
answer_18 = 8 / 64 + 32 / (64 * 256)

# %% written in another form
answer_18 = 0.127

# %% in quotes
answer_18 = "0.12695"

# %% computed in another way
answer_18 = 0.1265


# %% a fraction
from fractions import Fraction

answer_18 = Fraction(8 / 64 + 32 / (64 * 256))


# %% in an array
import numpy as np

answer_18 = np.array([8 / 64 + 32 / (64 * 256)])
