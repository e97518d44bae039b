# %% lower case
answer_02 = q02.letters("lora")

# %% upper case with spaces
answer_02 = " " + q02.letters("lora").upper() + " "

# %% with a bracket
answer_02 = q02.letters("lora") + ")"

# %% in a list
answer_02 = [q02.letters("lora")]

# %% in a set
answer_02 = set(q02.letters("lora"))


# %% in an array
import numpy as np

answer_02 = np.array(list(q02.letters("lora")))
