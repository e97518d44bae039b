# %% lower case
answer_21 = q21.letters("twice")

# %% upper case with spaces
answer_21 = " " + q21.letters("twice").upper() + " "

# %% with a bracket
answer_21 = q21.letters("twice") + ")"

# %% in a list
answer_21 = [q21.letters("twice")]

# %% in a set
answer_21 = set(q21.letters("twice"))
