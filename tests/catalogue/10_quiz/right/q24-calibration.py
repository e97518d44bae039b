# %% lower case
answer_24 = q24.letters("subtract")

# %% upper case with spaces
answer_24 = " " + q24.letters("subtract").upper() + " "

# %% with a bracket
answer_24 = q24.letters("subtract") + ")"

# %% in a list
answer_24 = [q24.letters("subtract")]

# %% in a set
answer_24 = set(q24.letters("subtract"))
