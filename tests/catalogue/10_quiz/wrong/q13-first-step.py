# %% a-gradient left out message="missed-a-gradient"
answer_13 = q13.letters("b-gradient", "output")

# %% b-gradient left out message="missed-b-gradient"
answer_13 = q13.letters("a-gradient", "output")

# %% output left out message="missed-output"
answer_13 = q13.letters("a-gradient", "b-gradient")

# %% base-gradient chosen too message="chose-base-gradient"
answer_13 = q13.letters("a-gradient", "b-gradient", "output", "base-gradient")

# %% both-zero chosen too message="chose-both-zero"
answer_13 = q13.letters("a-gradient", "b-gradient", "output", "both-zero")

# %% a wrong one alone message="chose-base-gradient"
answer_13 = q13.letters("base-gradient")

# %% everything chosen message="everything-chosen"
answer_13 = q13.letters("a-gradient", "b-gradient", "base-gradient", "both-zero", "output")

# %% a letter that does not exist message="unknown-letter"
answer_13 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_13 = 2

# %% the words of a choice message="not-letters"
answer_13 = "low-rank matrices"

# %% something else message="not-letters"
answer_13 = print
