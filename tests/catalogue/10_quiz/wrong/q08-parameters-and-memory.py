# %% factors chosen message="chose-factors"
answer_08 = q08.letters("factors")

# %% gradients chosen message="chose-gradients"
answer_08 = q08.letters("gradients")

# %% moments chosen message="chose-moments"
answer_08 = q08.letters("moments")

# %% two letters message="one-letter-only"
answer_08 = q08.letters("activations", "factors")

# %% every letter message="one-letter-only"
answer_08 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_08 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_08 = 2

# %% the words of a choice message="not-letters"
answer_08 = "low-rank matrices"

# %% something else message="not-letters"
answer_08 = print
