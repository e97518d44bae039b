# %% adapt chosen message="chose-adapt"
answer_04 = q04.letters("adapt")

# %% bare chosen message="chose-bare"
answer_04 = q04.letters("bare")

# %% load chosen message="chose-load"
answer_04 = q04.letters("load")

# %% two letters message="one-letter-only"
answer_04 = q04.letters("wrap", "adapt")

# %% every letter message="one-letter-only"
answer_04 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_04 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_04 = 2

# %% the words of a choice message="not-letters"
answer_04 = "low-rank matrices"

# %% something else message="not-letters"
answer_04 = print
