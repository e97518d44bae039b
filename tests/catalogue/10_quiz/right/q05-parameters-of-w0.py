# %% lower case
answer_05 = q05.letters("dk")

# %% upper case with spaces
answer_05 = " " + q05.letters("dk").upper() + " "

# %% with a bracket
answer_05 = q05.letters("dk") + ")"

# %% in a list
answer_05 = [q05.letters("dk")]

# %% in a set
answer_05 = set(q05.letters("dk"))


# %% in an array
import numpy as np

answer_05 = np.array(list(q05.letters("dk")))
