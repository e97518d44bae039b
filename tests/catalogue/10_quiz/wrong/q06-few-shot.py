# %% all chosen message="chose-all"
answer_06 = q06.letters("all")

# %% head chosen message="chose-head"
answer_06 = q06.letters("head")

# %% prompt chosen message="chose-prompt"
answer_06 = q06.letters("prompt")

# %% two letters message="one-letter-only"
answer_06 = q06.letters("none", "all")

# %% every letter message="one-letter-only"
answer_06 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_06 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_06 = 2

# %% the words of a choice message="not-letters"
answer_06 = "low-rank matrices"

# %% something else message="not-letters"
answer_06 = print
