"""A cell that waits for an exercise, or for a cell above it, says so in one sentence; other errors look as ever."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from lora_utils.checks.framework import notebook_errors

STUB = "class Layer:\n    def forward(self, x):\n        raise NotImplementedError()"


@pytest.fixture
def shell(monkeypatch, capsys):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    made = InteractiveShell.instance()
    made.colors = "nocolor"
    notebook_errors.explain_waiting_cells()

    def shown(*cells: str) -> str:
        for cell in cells:
            ended = made.run_cell(cell)
        assert not ended.success
        return capsys.readouterr().out

    yield shown
    InteractiveShell.clear_instance()


def test_a_stub_is_told_by_the_name_of_what_is_not_written(shell):
    assert shell(STUB, "Layer().forward(3)") == "This cell waits for an exercise: Layer.forward is not written yet.\n"


def test_a_name_that_is_not_there_says_what_to_run_and_where_it_was_missed(shell):
    said = shell("check = print", "check(Layer2)")
    assert said.startswith("Layer2 is not there yet: run the cell that makes it first.")
    assert "----> 1 check(Layer2)" in said


@pytest.mark.parametrize("cell", ["1 / 0", "raise NotImplementedError('not on this device')"])
def test_other_errors_look_as_ever(shell, cell):
    said = shell(cell)
    assert said.startswith("-----")
    assert "waits" not in said


def test_nothing_is_arranged_outside_of_a_notebook_or_while_it_is_graded(monkeypatch):
    InteractiveShell.clear_instance()
    notebook_errors.explain_waiting_cells()
    made = InteractiveShell.instance()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    notebook_errors.explain_waiting_cells()
    assert made.custom_exceptions == ()
    InteractiveShell.clear_instance()
