# %% codes chosen message="chose-codes"
answer_25 = q25.letters("codes")

# %% same chosen message="chose-same"
answer_25 = q25.letters("same")

# %% scaled chosen message="chose-scaled"
answer_25 = q25.letters("scaled")

# %% two letters message="one-letter-only"
answer_25 = q25.letters("rounded", "codes")

# %% every letter message="one-letter-only"
answer_25 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_25 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_25 = 2

# %% the words of a choice message="not-letters"
answer_25 = "low-rank matrices"

# %% something else message="not-letters"
answer_25 = print
