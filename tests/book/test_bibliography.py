"""The bibliography takes names from reading lists and texts, makes none up, and says who cites."""

from __future__ import annotations

import nbformat.v4 as nb

from book.bibliography import bibliography, cited

FIRST = """Adam (Kingma and Ba 2014, [arXiv 1412.6980](https://arxiv.org/abs/1412.6980)) and
[Chen et al.
2016, section 3](https://arxiv.org/pdf/1604.06174); a bug ([peft #12](https://github.com/a/peft/issues/12#issuecomment-1)).

## Further reading

* D. Kingma, J. Ba, *Adam: A Method*, 2014, [arXiv:1412.6980](https://arxiv.org/abs/1412.6980): section 2.
* T. Dettmers et al., *LLM.int8()*, 2022, [arXiv:2208.07339](https://arxiv.org/abs/2208.07339), and *8-bit
"""
FIRST = FIRST.replace("*8-bit\n", "*8-bit Optimizers*, 2021, [arXiv:2110.02861](https://arxiv.org/abs/2110.02861).\n")
FIRST += "* C. Eckart and G. Young, *The approximation of one matrix*, Psychometrika 1, 1936.\n\nNext: lab 02."
SECOND = "See [Kingma 2014](https://arxiv.org/abs/1412.6980) and [notes](https://pytorch.org/docs)."


def page() -> str:
    code = nb.new_code_cell("# [not cited](https://arxiv.org/abs/1111.11111)")
    labs = {"01_a": FIRST, "02_b": SECOND}
    books = {name: nb.new_notebook(cells=[nb.new_markdown_cell(text), code]) for name, text in labs.items()}
    return bibliography(cited(books.items()))


def test_each_work_is_listed_once_by_year_with_its_labs():
    lab = "[01](labs/01_a/01_a.ipynb)"
    assert [line for line in page().splitlines() if line.startswith(("#", "*"))] == [
        "# Bibliography",
        "## Papers",
        f"* C. Eckart and G. Young, *The approximation of one matrix*, Psychometrika 1, 1936; lab {lab}",
        "* D. Kingma, J. Ba, *Adam: A Method*, 2014, [arXiv:1412.6980](https://arxiv.org/abs/1412.6980); "
        f"labs {lab}, [02](labs/02_b/02_b.ipynb)",
        f"* Chen et al. 2016, [arXiv:1604.06174](https://arxiv.org/abs/1604.06174); lab {lab}",
        "* T. Dettmers et al., *8-bit Optimizers*, 2021, [arXiv:2110.02861](https://arxiv.org/abs/2110.02861); "
        f"lab {lab}",
        f"* T. Dettmers et al., *LLM.int8()*, 2022, [arXiv:2208.07339](https://arxiv.org/abs/2208.07339); lab {lab}",
        "## Issues and pull requests",
        f"* [a/peft #12](https://github.com/a/peft/issues/12); lab {lab}",
        "## Documentation and code",
        "* [notes](https://pytorch.org/docs); lab [02](labs/02_b/02_b.ipynb)",
    ]
