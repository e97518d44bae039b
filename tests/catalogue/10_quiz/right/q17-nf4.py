# %% lower case
answer_17 = q17.letters("blocks", "quantiles", "zero")

# %% upper case with spaces
answer_17 = " " + q17.letters("blocks", "quantiles", "zero").upper() + " "

# %% with commas
answer_17 = ", ".join(q17.letters("blocks", "quantiles", "zero"))

# %% with and
answer_17 = " and ".join(q17.letters("blocks", "quantiles", "zero")).upper()

# %% in a list, backwards
answer_17 = list(reversed(q17.letters("blocks", "quantiles", "zero")))

# %% in a set
answer_17 = set(q17.letters("blocks", "quantiles", "zero"))
