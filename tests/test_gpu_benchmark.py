"""What `make gpu` does, as far as it can be tried without a GPU: its steps on a tiny model, its table, its refusals."""

import importlib.util
import time
from types import SimpleNamespace

import pytest
import torch

from benchmarks import gpu
from lora_utils.models.decoder import Decoder

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # inside bitsandbytes
OPTIONS = SimpleNamespace(batch=2, length=6, rounds=1)
needs_peft = pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch 2.6")


def tiny():
    torch.manual_seed(0)
    return Decoder(vocabulary=37, width=64, blocks=2, heads=4, kv_heads=2, inner=96)


@needs_peft
def test_every_way_takes_a_step():
    rows, trouble = gpu.steps(tiny, "cpu", OPTIONS, time.monotonic() + 300)
    assert trouble == []
    losses = {row.what: row.loss for row in rows}
    assert len(losses) == 8
    assert losses["LoRA, float32"] == losses["full, float32"], "a path starts at zero"
    assert all(row.peak is None and row.seconds > 0 for row in rows)


@needs_peft
def test_qlora_by_hand_on_bitsandbytes_layers_and_by_peft_is_the_same_start_and_the_same_layers():
    batch, losses, counts = gpu.a_batch(37, 2, 6, "cpu"), [], []
    for change in (gpu.lora, gpu.qlora, lambda model: gpu.qlora(model, gpu.to_linear4bit), gpu.peft_qlora):
        model = tiny().requires_grad_(False)
        change(model)
        counts.append(sum(p.numel() for p in model.parameters() if p.requires_grad))
        losses.append(gpu.measured("", model, batch, 1).loss)
    assert len(set(counts)) == 1
    in_floats, *in_4_bits = losses
    assert in_4_bits == pytest.approx(in_4_bits[:1] * 3, rel=1e-5)
    assert abs(in_4_bits[0] / in_floats - 1) > 1e-4


def test_what_fails_or_comes_too_late_is_named_and_the_rest_goes_on(monkeypatch):
    def broken(model):
        raise ValueError("no room\nsecond line")

    monkeypatch.setattr(gpu, "ways", lambda dtype: [("a", broken, torch.float32), ("b", gpu.full, torch.float32)])
    rows, trouble = gpu.steps(tiny, "cpu", OPTIONS, time.monotonic() + 300)
    assert [row.what for row in rows] == ["b"]
    assert trouble == ["a: failed, ValueError: no room"]
    assert gpu.steps(tiny, "cpu", OPTIONS, time.monotonic() - 1) == (
        [],
        ["a: left out, the time was up", "b: left out, the time was up"],
    )


def test_the_table_has_a_line_a_step():
    rows = [gpu.Step("full", 2.5, 0.02, 2_216_000_000), gpu.Step("QLoRA", 2.75, 0.03, None)]
    assert gpu.table(rows).splitlines()[2:] == [
        "| full | 2.5000 | 20.0 | 1.00 | 2,216 |",
        "| QLoRA | 2.7500 | 30.0 | 1.50 | - |",
    ]
    assert gpu.table([]).count("\n") == 1


def test_a_command_says_how_it_ended():
    assert gpu.command(["-c", "print('one'); print('two')"], 60) == (True, "two")
    assert gpu.command(["-c", "raise SystemExit(3)"], 60) == (False, "it said nothing")
    assert gpu.command(["-c", "import time; time.sleep(60)"], 1) == (False, "stopped after 1 s")
    assert gpu.command(["-c", ""], 0.5) == (False, "left out, the time was up")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_in_one_sentence_and_exits_2(capsys, tmp_path):
    assert gpu.main(["--out", str(tmp_path / "out"), "--minutes", "1"]) == 2
    assert capsys.readouterr().out.strip() == gpu.NO_GPU
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", [["--rounds", "0"], ["--length", "1"], ["--batch", "x"]])
def test_sizes_that_make_no_step_are_refused(given, capsys):
    with pytest.raises(SystemExit) as ended:
        gpu.main(given)
    assert ended.value.code == 2
    assert "must be a whole number of at least" in capsys.readouterr().err


def test_the_whole_run_writes_its_table(monkeypatch, tmp_path, capsys):
    """With the GPU, the tests and the lab made up; what is shown is how the parts come together."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(gpu, "machine", lambda: "| device | Card |")
    monkeypatch.setattr(gpu, "command", lambda words, seconds: (True, "3 passed"))
    monkeypatch.setattr(gpu, "steps", lambda *given: ([gpu.Step("full", 2.5, 0.02, 10**9)], []))
    assert gpu.main(["--out", str(tmp_path), "--batch", "3"]) == 0
    text = (tmp_path / "table.md").read_text()
    assert capsys.readouterr().out == text
    for part in ("Card", "3 passed", "3 sequences of 64 tokens", "| full | 2.5000 |", "08_qlora.ipynb"):
        assert part in text
    monkeypatch.setattr(gpu, "steps", lambda *given: ([], ["LoRA: failed"]))
    assert gpu.main(["--out", str(tmp_path)]) == 1
    assert "LoRA: failed" in (tmp_path / "table.md").read_text()
