# %% large chosen message="chose-large"
answer_03 = q03.letters("large")

# %% replace chosen message="chose-replace"
answer_03 = q03.letters("replace")

# %% same chosen message="chose-same"
answer_03 = q03.letters("same")

# %% two letters message="one-letter-only"
answer_03 = q03.letters("beside", "large")

# %% every letter message="one-letter-only"
answer_03 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_03 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_03 = 2

# %% the words of a choice message="not-letters"
answer_03 = "low-rank matrices"

# %% something else message="not-letters"
answer_03 = print
