# %% lower case
answer_09 = q09.letters("adapter", "ia3", "lora")

# %% upper case with spaces
answer_09 = " " + q09.letters("adapter", "ia3", "lora").upper() + " "

# %% with commas
answer_09 = ", ".join(q09.letters("adapter", "ia3", "lora"))

# %% with and
answer_09 = " and ".join(q09.letters("adapter", "ia3", "lora")).upper()

# %% in a list, backwards
answer_09 = list(reversed(q09.letters("adapter", "ia3", "lora")))

# %% in a set
answer_09 = set(q09.letters("adapter", "ia3", "lora"))
