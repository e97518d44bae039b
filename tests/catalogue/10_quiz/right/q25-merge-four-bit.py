# %% lower case
answer_25 = q25.letters("rounded")

# %% upper case with spaces
answer_25 = " " + q25.letters("rounded").upper() + " "

# %% with a bracket
answer_25 = q25.letters("rounded") + ")"

# %% in a list
answer_25 = [q25.letters("rounded")]

# %% in a set
answer_25 = set(q25.letters("rounded"))
