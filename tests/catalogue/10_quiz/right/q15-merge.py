# %% lower case
answer_15 = q15.letters("cost", "output")

# %% upper case with spaces
answer_15 = " " + q15.letters("cost", "output").upper() + " "

# %% with commas
answer_15 = ", ".join(q15.letters("cost", "output"))

# %% with and
answer_15 = " and ".join(q15.letters("cost", "output")).upper()

# %% in a list, backwards
answer_15 = list(reversed(q15.letters("cost", "output")))

# %% in a set
answer_15 = set(q15.letters("cost", "output"))
