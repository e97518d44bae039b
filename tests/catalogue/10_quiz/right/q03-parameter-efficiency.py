# %% lower case
answer_03 = q03.letters("beside")

# %% upper case with spaces
answer_03 = " " + q03.letters("beside").upper() + " "

# %% with a bracket
answer_03 = q03.letters("beside") + ")"

# %% in a list
answer_03 = [q03.letters("beside")]

# %% in a set
answer_03 = set(q03.letters("beside"))


# %% in an array
import numpy as np

answer_03 = np.array(list(q03.letters("beside")))
