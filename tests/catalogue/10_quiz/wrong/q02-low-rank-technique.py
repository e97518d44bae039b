# %% additive chosen message="chose-additive"
answer_02 = q02.letters("additive")

# %% full chosen message="chose-full"
answer_02 = q02.letters("full")

# %% soft-prompts chosen message="chose-soft-prompts"
answer_02 = q02.letters("soft-prompts")

# %% two letters message="one-letter-only"
answer_02 = q02.letters("lora", "additive")

# %% every letter message="one-letter-only"
answer_02 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_02 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_02 = 2

# %% the words of a choice message="not-letters"
answer_02 = "low-rank matrices"

# %% something else message="not-letters"
answer_02 = print
