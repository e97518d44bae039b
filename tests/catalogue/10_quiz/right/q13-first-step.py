# %% lower case
answer_13 = q13.letters("a-gradient", "b-gradient", "output")

# %% upper case with spaces
answer_13 = " " + q13.letters("a-gradient", "b-gradient", "output").upper() + " "

# %% with commas
answer_13 = ", ".join(q13.letters("a-gradient", "b-gradient", "output"))

# %% with and
answer_13 = " and ".join(q13.letters("a-gradient", "b-gradient", "output")).upper()

# %% in a list, backwards
answer_13 = list(reversed(q13.letters("a-gradient", "b-gradient", "output")))

# %% in a set
answer_13 = set(q13.letters("a-gradient", "b-gradient", "output"))
