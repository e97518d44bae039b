# %% dw chosen message="chose-dw"
answer_05 = q05.letters("dw")

# %% dx chosen message="chose-dx"
answer_05 = q05.letters("dx")

# %% kx chosen message="chose-kx"
answer_05 = q05.letters("kx")

# %% two letters message="one-letter-only"
answer_05 = q05.letters("dk", "dw")

# %% every letter message="one-letter-only"
answer_05 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_05 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_05 = 2

# %% the words of a choice message="not-letters"
answer_05 = "low-rank matrices"

# %% something else message="not-letters"
answer_05 = print
