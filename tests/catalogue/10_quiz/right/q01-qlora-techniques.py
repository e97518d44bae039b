# %% lower case
answer_01 = q01.letters("four-bit", "lora")

# %% upper case with spaces
answer_01 = " " + q01.letters("four-bit", "lora").upper() + " "

# %% with commas
answer_01 = ", ".join(q01.letters("four-bit", "lora"))

# %% with and
answer_01 = " and ".join(q01.letters("four-bit", "lora")).upper()

# %% in a list, backwards
answer_01 = list(reversed(q01.letters("four-bit", "lora")))

# %% in a set
answer_01 = set(q01.letters("four-bit", "lora"))
