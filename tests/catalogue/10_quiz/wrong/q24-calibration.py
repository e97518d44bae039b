# %% example chosen message="chose-example"
answer_24 = q24.letters("example")

# %% temperature chosen message="chose-temperature"
answer_24 = q24.letters("temperature")

# %% train chosen message="chose-train"
answer_24 = q24.letters("train")

# %% two letters message="one-letter-only"
answer_24 = q24.letters("subtract", "example")

# %% every letter message="one-letter-only"
answer_24 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_24 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_24 = 2

# %% the words of a choice message="not-letters"
answer_24 = "low-rank matrices"

# %% something else message="not-letters"
answer_24 = print
