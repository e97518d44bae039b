# %% blocks left out message="missed-blocks"
answer_17 = q17.letters("quantiles", "zero")

# %% quantiles left out message="missed-quantiles"
answer_17 = q17.letters("blocks", "zero")

# %% zero left out message="missed-zero"
answer_17 = q17.letters("blocks", "quantiles")

# %% even chosen too message="chose-even"
answer_17 = q17.letters("blocks", "quantiles", "zero", "even")

# %% multiply chosen too message="chose-multiply"
answer_17 = q17.letters("blocks", "quantiles", "zero", "multiply")

# %% a wrong one alone message="chose-even"
answer_17 = q17.letters("even")

# %% everything chosen message="everything-chosen"
answer_17 = q17.letters("blocks", "even", "multiply", "quantiles", "zero")

# %% a letter that does not exist message="unknown-letter"
answer_17 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_17 = 2

# %% the words of a choice message="not-letters"
answer_17 = "low-rank matrices"

# %% something else message="not-letters"
answer_17 = print
