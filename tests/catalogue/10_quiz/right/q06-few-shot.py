# %% lower case
answer_06 = q06.letters("none")

# %% upper case with spaces
answer_06 = " " + q06.letters("none").upper() + " "

# %% with a bracket
answer_06 = q06.letters("none") + ")"

# %% in a list
answer_06 = [q06.letters("none")]

# %% in a set
answer_06 = set(q06.letters("none"))


# %% in an array
import numpy as np

answer_06 = np.array(list(q06.letters("none")))
