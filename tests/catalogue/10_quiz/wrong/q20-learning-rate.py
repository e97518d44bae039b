# %% rank chosen message="chose-rank"
answer_20 = q20.letters("rank")

# %% seeds chosen message="chose-seeds"
answer_20 = q20.letters("seeds")

# %% test chosen message="chose-test"
answer_20 = q20.letters("test")

# %% two letters message="one-letter-only"
answer_20 = q20.letters("sweep", "rank")

# %% every letter message="one-letter-only"
answer_20 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_20 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_20 = 2

# %% the words of a choice message="not-letters"
answer_20 = "low-rank matrices"

# %% something else message="not-letters"
answer_20 = print
