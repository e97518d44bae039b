# %% doubled chosen message="chose-doubled"
answer_21 = q21.letters("doubled")

# %% frozen chosen message="chose-frozen"
answer_21 = q21.letters("frozen")

# %% offload chosen message="chose-offload"
answer_21 = q21.letters("offload")

# %% two letters message="one-letter-only"
answer_21 = q21.letters("twice", "doubled")

# %% every letter message="one-letter-only"
answer_21 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_21 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_21 = 2

# %% the words of a choice message="not-letters"
answer_21 = "low-rank matrices"

# %% something else message="not-letters"
answer_21 = print
