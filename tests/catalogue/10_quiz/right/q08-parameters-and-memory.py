# %% lower case
answer_08 = q08.letters("activations")

# %% upper case with spaces
answer_08 = " " + q08.letters("activations").upper() + " "

# %% with a bracket
answer_08 = q08.letters("activations") + ")"

# %% in a list
answer_08 = [q08.letters("activations")]

# %% in a set
answer_08 = set(q08.letters("activations"))


# %% in an array
import numpy as np

answer_08 = np.array(list(q08.letters("activations")))
