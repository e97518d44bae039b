# %% lower case
answer_22 = q22.letters("rank-one", "start")

# %% upper case with spaces
answer_22 = " " + q22.letters("rank-one", "start").upper() + " "

# %% with commas
answer_22 = ", ".join(q22.letters("rank-one", "start"))

# %% in a list, backwards
answer_22 = list(reversed(q22.letters("rank-one", "start")))

# %% in a set
answer_22 = set(q22.letters("rank-one", "start"))
