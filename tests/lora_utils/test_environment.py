"""The report on the machine: read without importing or fetching anything, with no user's name in it."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import platformdirs
import pytest
import torch

from lora_utils import environment as env
from lora_utils.data.assets import ASSETS


def test_the_report_has_a_line_of_text_for_every_topic():
    report = env.environment()
    assert report["torch"] == torch.__version__
    assert report["Python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    assert f"torch uses {torch.get_num_threads()} threads" in report["processor"]
    assert all(type(text) is str and text and "\n" not in text for text in report.values())


def test_an_asset_is_either_there_or_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("LORA_UTILS_CACHE", str(tmp_path))
    report = env.environment()
    assert report["cache folder"] == str(tmp_path)
    assert report["assets there"] == "none"
    assert report["assets missing"].count("MB") == len(ASSETS)
    for file in ASSETS["trec"].files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    report = env.environment()
    assert report["assets there"] == "trec"
    assert "trec" not in report["assets missing"]


def test_the_home_folder_is_not_shown(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "ada")
    assert env.short(tmp_path / "ada" / "cache") == str(Path("~") / "cache")
    assert env.short(tmp_path / "cache") == str(tmp_path / "cache")


def test_a_package_is_found_or_its_absence_explained():
    assert env.installed("platformdirs", without="") == platformdirs.__version__
    assert env.installed("no-such-package-of-ours", without="no harm") == "not installed (no harm)"


@pytest.mark.parametrize("cuda", [True, False])
def test_the_gpu_is_named_with_its_memory(monkeypatch, cuda):
    card = SimpleNamespace(name="Card", total_memory=3 * 2**30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    expected = "Card, 3.0 GiB (device 'cuda', float16)" if cuda else "none: every lab runs on the processor"
    assert env.gpu() == expected


def test_memory_is_in_gib_and_a_dash_where_unknown(monkeypatch):
    sizes = {"SC_PHYS_PAGES": 2**19, "SC_PAGE_SIZE": 2**12}
    monkeypatch.setattr(env.os, "sysconf", sizes.__getitem__, raising=False)
    assert env.memory() == "2.0 GiB"
    monkeypatch.delattr(env.os, "sysconf")
    assert env.memory() == "-"


def test_the_report_imports_no_optional_package():
    code = (  # importing lora_utils may load torchtext, where it fits; the report itself loads nothing more
        "import sys; from lora_utils.environment import environment; before = set(sys.modules); environment(); "
        "print([m for m in ('bitsandbytes', 'torchtext', 'matplotlib') if m in set(sys.modules) - before])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
