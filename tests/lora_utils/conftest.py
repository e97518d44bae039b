"""Fixtures of the package's tests: a cache of their own, and the downloaded assets where they are present."""

import pytest
import torch

from lora_utils.data.assets import ASSETS


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder instead of the user's."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("LORA_UTILS_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _skip_without_a_gpu(request):
    if request.node.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU")


@pytest.fixture(autouse=True)
def _skip_without_assets(request):
    marker = request.node.get_closest_marker("assets")
    if marker is None:
        return
    absent = [name for name in marker.args or ("reviews", "newsgroups", "glove") if not ASSETS[name].cached]
    if absent:
        pytest.skip(f"needs assets that are not in the cache: run `lora-utils assets fetch {' '.join(absent)}`")
