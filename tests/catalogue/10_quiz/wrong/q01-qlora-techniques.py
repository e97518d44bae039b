# %% four-bit left out message="missed-four-bit"
answer_01 = q01.letters("lora")

# %% lora left out message="missed-lora"
answer_01 = q01.letters("four-bit")

# %% few-shot chosen too message="chose-few-shot"
answer_01 = q01.letters("four-bit", "lora", "few-shot")

# %% zero-shot chosen too message="chose-zero-shot"
answer_01 = q01.letters("four-bit", "lora", "zero-shot")

# %% a wrong one alone message="chose-few-shot"
answer_01 = q01.letters("few-shot")

# %% everything chosen message="everything-chosen"
answer_01 = q01.letters("few-shot", "four-bit", "lora", "zero-shot")

# %% a letter that does not exist message="unknown-letter"
answer_01 = "z"

# %% a number instead of a letter message="number-not-letter"
answer_01 = 2

# %% the words of a choice message="not-letters"
answer_01 = "low-rank matrices"

# %% something else message="not-letters"
answer_01 = print
