# %% lower case
answer_10 = q10.letters("front")

# %% upper case with spaces
answer_10 = " " + q10.letters("front").upper() + " "

# %% with a bracket
answer_10 = q10.letters("front") + ")"

# %% in a list
answer_10 = [q10.letters("front")]

# %% in a set
answer_10 = set(q10.letters("front"))


# %% in an array
import numpy as np

answer_10 = np.array(list(q10.letters("front")))
