"""Student notebooks where torch is installed and the course is not, as on Colab and Kaggle: untouched, to their end.

The environment has its platform's versions and a kernel of its own; the wheel is served from here, and what else it
needs comes from the package index.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from in_process import ROOT
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from grader.build.build import Lab
from grader.build.first_cells import PACKAGE_ID
from grader.build.source import read_source
from grader.build.twins import student_twin
from grader.course import Course
from grader.release.wheel import build_wheel

pytestmark = pytest.mark.platform
LABS = ["00_welcome", "05_lora_layer", "10_quiz"]
# Colab's, except for torch: that of constraints.txt has a build for CPUs on every index.
VERSIONS = ["torch==2.13.0", "numpy==2.1.3", "ipython==7.34.0", "ipykernel==6.17.1", "ipywidgets==7.7.1",
            "traitlets==5.7.1", "matplotlib==3.10.0", "pyarrow==18.1.0"]  # fmt: skip
OURS = ("PYTHON", "VIRTUAL_ENV", "JUPYTER", "IPYTHON", "MPL")
ALONE = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Path:
    """The Python of an environment that has what a platform has, and nothing of the course."""
    folder = tmp_path_factory.mktemp("platform")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / Path(sys.executable).name
    subprocess.run([python, "-m", "pip", "install", "--quiet", *VERSIONS], env=ALONE, check=True)
    # Its kernel has to name this Python: where a kernel says "python", Jupyter takes the one that it runs by.
    subprocess.run([python, "-m", "ipykernel", "install", "--sys-prefix"], env=ALONE, check=True)
    return python


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """Where the wheel of a release is served."""
    folder = tmp_path_factory.mktemp("served")
    name, content = build_wheel(ROOT)
    (folder / name).write_bytes(content)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{name}"
        server.shutdown()


def versions(python: Path) -> dict[str, str]:
    """Every package that is installed there."""
    command = [python, "-m", "pip", "list", "--format", "json"]
    listed = subprocess.run(command, env=ALONE, capture_output=True, check=True).stdout
    return {one["name"]: one["version"] for one in json.loads(listed)}


def run_there(notebook: nbformat.NotebookNode, python: Path, folder: Path) -> None:
    """Run a notebook by the kernel `python3` of an environment; a cell that may not raise and does ends it."""
    kernels = python.parents[1] / "share" / "jupyter" / "kernels"
    specs = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    client = NotebookClient(notebook, km=manager, timeout=600, resources={"metadata": {"path": str(folder)}})
    client.execute(cleanup_kc=True, env=ALONE | {"PATH": f"{python.parent}{os.pathsep}{os.defpath}"})


def test_untouched_notebooks_reach_their_end_and_nothing_that_was_there_is_replaced(platform, address, tmp_path):
    before = versions(platform)
    assert "peft-by-hand" not in before
    course = Course(ROOT, wheel=address)
    folder = tmp_path / "content"
    folder.mkdir()
    for number, name in enumerate(LABS):
        lab = Lab(ROOT, name)
        notebook = student_twin(read_source(lab.source, course=course), name, course)
        run_there(notebook, platform, folder)
        (first,) = (cell for cell in notebook.cells if cell.id == PACKAGE_ID)
        said = "".join(output.text for output in first.outputs)
        assert ("lora_utils is installed.\n" in said) is (number == 0), said
    after = versions(platform)
    assert {name: after.get(name) for name in before} == before
    assert "peft-by-hand" in after
