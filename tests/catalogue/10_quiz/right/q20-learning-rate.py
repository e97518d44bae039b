# %% lower case
answer_20 = q20.letters("sweep")

# %% upper case with spaces
answer_20 = " " + q20.letters("sweep").upper() + " "

# %% with a bracket
answer_20 = q20.letters("sweep") + ")"

# %% in a list
answer_20 = [q20.letters("sweep")]

# %% in a set
answer_20 = set(q20.letters("sweep"))


# %% in an array
import numpy as np

answer_20 = np.array(list(q20.letters("sweep")))
