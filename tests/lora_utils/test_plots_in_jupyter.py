"""Figures appear under every cell that makes one, not only under the first."""

from __future__ import annotations

import nbformat
import pytest

from grader.build.run_solution import execute


@pytest.mark.kernel
def test_each_cell_shows_its_figure():
    cells = [
        "from lora_utils.plots import figure\nmade, axes = figure('one', 'x', 'y')",
        "made, axes = figure('two', 'x', 'y')",
        "for name in ('three', 'four'):\n    made, axes = figure(name, 'x', 'y')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    execute(notebook, "figures")
    shown = [sum("image/png" in output.get("data", {}) for output in cell.outputs) for cell in notebook.cells]
    assert shown == [1, 1, 2]
