# %% cost left out message="missed-cost"
answer_15 = q15.letters("output")

# %% output left out message="missed-output"
answer_15 = q15.letters("cost")

# %% mixed chosen too message="chose-mixed"
answer_15 = q15.letters("cost", "output", "mixed")

# %% smaller chosen too message="chose-smaller"
answer_15 = q15.letters("cost", "output", "smaller")

# %% undo chosen too message="chose-undo"
answer_15 = q15.letters("cost", "output", "undo")

# %% a wrong one alone message="chose-mixed"
answer_15 = q15.letters("mixed")

# %% everything chosen message="everything-chosen"
answer_15 = q15.letters("cost", "mixed", "output", "smaller", "undo")

# %% a letter that does not exist message="unknown-letter"
answer_15 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_15 = 2

# %% the words of a choice message="not-letters"
answer_15 = "low-rank matrices"

# %% something else message="not-letters"
answer_15 = print
