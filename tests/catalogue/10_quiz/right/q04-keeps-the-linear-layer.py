# %% lower case
answer_04 = q04.letters("wrap")

# %% upper case with spaces
answer_04 = " " + q04.letters("wrap").upper() + " "

# %% with a bracket
answer_04 = q04.letters("wrap") + ")"

# %% in a list
answer_04 = [q04.letters("wrap")]

# %% in a set
answer_04 = set(q04.letters("wrap"))


# %% in an array
import numpy as np

answer_04 = np.array(list(q04.letters("wrap")))
