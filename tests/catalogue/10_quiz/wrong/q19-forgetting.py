# %% early chosen message="chose-early"
answer_19 = q19.letters("early")

# %% merged chosen message="chose-merged"
answer_19 = q19.letters("merged")

# %% slow chosen message="chose-slow"
answer_19 = q19.letters("slow")

# %% two letters message="one-letter-only"
answer_19 = q19.letters("lora", "early")

# %% every letter message="one-letter-only"
answer_19 = "abcd"

# %% a letter that does not exist message="unknown-letter"
answer_19 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_19 = 2

# %% the words of a choice message="not-letters"
answer_19 = "low-rank matrices"

# %% something else message="not-letters"
answer_19 = print
