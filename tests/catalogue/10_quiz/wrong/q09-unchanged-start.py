# %% adapter left out message="missed-adapter"
answer_09 = q09.letters("ia3", "lora")

# %% ia3 left out message="missed-ia3"
answer_09 = q09.letters("adapter", "lora")

# %% lora left out message="missed-lora"
answer_09 = q09.letters("adapter", "ia3")

# %% head chosen too message="chose-head"
answer_09 = q09.letters("adapter", "ia3", "lora", "head")

# %% prompt chosen too message="chose-prompt"
answer_09 = q09.letters("adapter", "ia3", "lora", "prompt")

# %% a wrong one alone message="chose-head"
answer_09 = q09.letters("head")

# %% everything chosen message="everything-chosen"
answer_09 = q09.letters("adapter", "head", "ia3", "lora", "prompt")

# %% a letter that does not exist message="unknown-letter"
answer_09 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_09 = 2

# %% the words of a choice message="not-letters"
answer_09 = "low-rank matrices"

# %% something else message="not-letters"
answer_09 = print
