# %% rank-one left out message="missed-rank-one"
answer_22 = q22.letters("start")

# %% start left out message="missed-start"
answer_22 = q22.letters("rank-one")

# %% more chosen too message="chose-more"
answer_22 = q22.letters("rank-one", "start", "more")

# %% no-merge chosen too message="chose-no-merge"
answer_22 = q22.letters("rank-one", "start", "no-merge")

# %% everything chosen message="everything-chosen"
answer_22 = q22.letters("more", "no-merge", "rank-one", "start")

# %% a letter that does not exist message="unknown-letter"
answer_22 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_22 = 2

# %% the words of a choice message="not-letters"
answer_22 = "low-rank matrices"

# %% something else message="not-letters"
answer_22 = print
