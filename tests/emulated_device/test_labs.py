"""Every cell of each lab that uses the device runs there, with fewer texts, steps and seeds than students take."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import matplotlib
import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell

import emulated_device
from lora_utils.devices import VARIABLE

pytestmark = pytest.mark.device
SOLUTIONS = Path(__file__).parents[2] / "solutions"
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(SOLUTIONS.glob("*/*.py"))}

# What makes each lab long, and what stands there instead. What changes no work on a device (a model's 30 blocks, the
# lengths of texts) stays.
CUTS = {
    "01_baselines": {
        "max_iter=200": "max_iter=2",
        "counts, bags = [32, 100, 512, 2048]": "counts, bags = [32, 100]",
        "[row for row in test_rows if row[1] == label][:50]": "[row for row in test_rows if row[1] == label][:3]",
    },
    "03_additive": {
        "trec.valid.inputs[:64]": "trec.valid.inputs[:8]",
        "trec.train.first(320)": "trec.train.first(32)",
        "trec.train.first(384)": "trec.train.first(32)",
        "trec.test.first(500)": "trec.test.first(16)",
        "SEEDS = 3, (0, 1, 2)": "SEEDS = 3, (0,)",
        "films.train.first(320), films.test.first(500)": "films.train.first(32), films.test.first(16)",
        "accuracy(model, trec.valid):": "accuracy(model, trec.valid.first(16)):",
        "((1, 12), (32, 2)):": "((1, 1), (32, 1)):",
    },
    "04_soft_prompts": {
        "first(840)": "first(48)",
        "first(400)": "first(16)",
        "pool.first(640), Examples(pool.inputs[640:], pool.labels[640:])": (
            "pool.first(32), Examples(pool.inputs[32:], pool.labels[32:])"
        ),
    },
    "07_quantization": {
        "== 16:\n        break": "== 2:\n        break",
        "if len(ids) == 64][:32]": "if len(ids) == 64][:2]",
    },
    "08_qlora": {
        "(20, 120)": "(20, 6)",
        "None if FULL else 384": "24",
        "WRITE = 12": "WRITE = 3",
    },
    "09_capstone": {
        "questions.train.first(TRAIN)": "questions.train.first(16)",
        "accuracy(model, questions.test, batch_size=64)": "accuracy(model, questions.test.first(16), batch_size=64)",
    },
}


def test_every_lab_that_uses_the_device_is_here():
    assert set(CUTS) == {
        lab for lab, source in SOURCES.items() if re.search(r"^device = best_device\(\)", source, re.M)
    }


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A notebook's interpreter in this process, whose device is the one that is tried."""
    monkeypatch.setenv(VARIABLE, emulated_device.DEVICE)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("lab", CUTS)
def test_every_cell_of_the_lab_runs_on_the_device(lab, shell):
    source = SOURCES[lab]
    for written, cut in CUTS[lab].items():
        assert written in source, f"the lab says it in other words now: {written}"
        source = source.replace(written, cut)
    for cell in jupytext.reads(source, "py:percent").cells:
        if cell.cell_type == "code":
            assert shell.run_cell(cell.source).success, cell.source
            plt.close("all")  # as a notebook does; pyplot warns of the twenty-first that is open
    assert shell.user_ns["device"].type == emulated_device.DEVICE.partition(":")[0]
