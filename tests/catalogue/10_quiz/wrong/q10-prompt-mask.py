# %% end chosen message="chose-end"
answer_10 = q10.letters("end")

# %% same chosen message="chose-same"
answer_10 = q10.letters("same")

# %% zeros chosen message="chose-zeros"
answer_10 = q10.letters("zeros")

# %% two letters message="one-letter-only"
answer_10 = q10.letters("front", "end")

# %% every letter message="one-letter-only"
answer_10 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_10 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_10 = 2

# %% the words of a choice message="not-letters"
answer_10 = "low-rank matrices"

# %% something else message="not-letters"
answer_10 = print
