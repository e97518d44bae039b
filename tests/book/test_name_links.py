"""Names of the package lead from a lab's text into the reference."""

from __future__ import annotations

import importlib
from pathlib import Path

from book.lab_pages import lab_page, read_notebook
from book.name_links import linked, public_names

ROOT = Path(__file__).parents[2]
NAMES = {"LoRALayer": "lora_utils.methods.LoRALayer", "train": "lora_utils.training.train"}
LORA = "{py:obj}`LoRALayer <lora_utils.methods.LoRALayer>`"


def test_the_first_mention_in_a_cell_is_a_link():
    assert linked("`LoRALayer` and `LoRALayer`, `layer`", NAMES) == f"{LORA} and `LoRALayer`, `layer`"
    assert linked("`lora_utils.train(model, data)`", NAMES) == (
        "{py:obj}`lora_utils.train(model, data) <lora_utils.training.train>`"
    )


def test_code_headings_and_links_stay():
    for text in ("# `train`\n", "```python\n`train`\n```\n", "[`train`](x.md)", "``train``", "train", "`train x`"):
        assert linked(text, NAMES) == text


def test_every_name_is_where_the_link_says():
    names = public_names(ROOT / "lora_utils")
    assert len(names) > 100
    for name, place in names.items():
        assert hasattr(importlib.import_module(place.rpartition(".")[0]), name), place


def test_labs_hold_such_links():
    path = ROOT / "notebooks" / "06_linear_with_lora" / "06_linear_with_lora.ipynb"
    page = lab_page(read_notebook(path), public_names(ROOT / "lora_utils"), executed=False)
    text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    assert "<lora_utils.methods.LoRALayer>" in text
