# %% lower case
answer_19 = q19.letters("lora")

# %% upper case with spaces
answer_19 = " " + q19.letters("lora").upper() + " "

# %% with a bracket
answer_19 = q19.letters("lora") + ")"

# %% in a list
answer_19 = [q19.letters("lora")]

# %% in a set
answer_19 = set(q19.letters("lora"))


# %% in an array
import numpy as np

answer_19 = np.array(list(q19.letters("lora")))
