"""The cells that every student notebook begins with: a link to Colab, and the package where it is missing.

They stand in the student twin alone. Grading leaves them out, and `lora-utils check` obeys their tag.

Source: Colab's forms ("# @title", the metadata "cellView") and its address of a notebook on GitHub; pip's user guide,
"Using pip from your program".
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlparse

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from grader.build.source_format import SKIP_TAG
from grader.course import BRANCH

LINK_ID, PACKAGE_ID = "open-in-colab", "get-lora-utils"
FOLDER = "notebooks"  # in the kit, which is what lies in the repository
LOCKED = {"deletable": False, "editable": False}
LINK = "[Open in Colab]({address})"  # a picture would be fetched from another host whenever the notebook is opened
PACKAGE = """\
# @title On Colab and Kaggle, run this cell first: it installs lora_utils. Where that is installed, it does nothing.
import importlib.util


def get_lora_utils(address={address}):
    import subprocess
    import sys
    from importlib.metadata import PackageNotFoundError, version
    from pathlib import Path

    # In this folder, at the top of the course's kit, or in a data set that is attached on Kaggle.
    folders = [Path.cwd(), *Path.cwd().parents[1:2], *sorted(Path("/kaggle/input").glob("**/"))]
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("peft_by_hand-*.whl"))]
    kaggle = Path("/kaggle/input").is_dir()
    place = "as a data set (Add Input)" if kaggle else f"into {{Path.cwd()}}"
    upload = f"upload the wheel of the course's kit, peft_by_hand-....whl, {{place}} and run this cell again"
    if not wheels and not address:
        raise RuntimeError(f"lora_utils is not installed here: {{upload}}.")
    wheel = str(wheels[0]) if wheels else address
    print(f"lora_utils is not installed here; pip gets it from {{wheel}}, which takes a minute ...")
    kept = []  # these are loaded already, and torch fits the platform's GPU: pip may not replace them
    for name in ("torch", "numpy", "ipython"):
        try:
            kept.append(f"{{name}}=={{version(name)}}")
        except PackageNotFoundError:
            continue
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, *kept]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr)
        first = "switch Internet on in the notebook's settings, which pip needs" if kaggle else "mend that"
        raise RuntimeError(f"pip did not install {{wheel}} and says why above: {{first}}, or {{upload}}.")
    importlib.invalidate_caches()
    if importlib.util.find_spec("lora_utils") is None:
        raise RuntimeError("pip installed lora_utils where this session does not look: restart it and run this again.")
    print("lora_utils is installed.")


if importlib.util.find_spec("lora_utils") is None:
    get_lora_utils()"""
ANY_ADDRESS = re.compile(re.escape(PACKAGE.format(address="ADDRESS")).replace("ADDRESS", '"[^"\n]*"'))
ANY_LINK = re.compile(re.escape(LINK.format(address="ADDRESS")).replace("ADDRESS", r"[^()\s]*"))


def colab_address(repository: str, path: str) -> str:
    """Return where Colab opens a notebook of a repository on GitHub; nothing where the repository is not there.

    Args:
        repository: its address.
        path: the notebook's, in the repository.
    """
    place = urlparse(repository)
    own = place.path.strip("/").removesuffix(".git")
    if place.netloc != "github.com" or own.count("/") != 1:
        return ""
    return f"https://colab.research.google.com/github/{own}/blob/{BRANCH}/{path}"


def first_cells(lab: str, repository: str = "", wheel: str = "") -> list[NotebookNode]:
    """Return the first cells of a student notebook.

    Args:
        lab: its name.
        repository: where students find the course; without one on GitHub there is no link.
        wheel: the address from which the package is installed; without one the cell asks for the file.
    """
    address = colab_address(repository, f"{FOLDER}/{lab}/{lab}.ipynb")
    # The code is folded away, by JupyterLab and by Colab: it is nothing to learn from.
    about = {**LOCKED, "tags": [SKIP_TAG], "jupyter": {"source_hidden": True}, "cellView": "form"}
    link = new_markdown_cell(LINK.format(address=address), id=LINK_ID, metadata=dict(LOCKED))
    package = new_code_cell(PACKAGE.format(address=json.dumps(wheel)), id=PACKAGE_ID, metadata=about)
    return [link, package] if address else [package]


def is_first_cell(kind: str, source: str) -> bool:
    """Whether a cell of a notebook is one of these, unchanged, whatever its addresses are.

    Args:
        kind: "code", "markdown" or "raw".
        source: its text; white space at the ends of lines does not count.
    """
    form = {"code": ANY_ADDRESS, "markdown": ANY_LINK}.get(kind)
    text = "\n".join(line.rstrip() for line in source.strip().splitlines())
    return form is not None and form.fullmatch(text) is not None


class AddFirstCells(NbGraderPreprocessor):
    """Put the link above everything, and the package's cell above the first code."""

    repository = Unicode("", help="Where students find the course; on GitHub, Colab can open it.").tag(config=True)
    wheel = Unicode("", help="The address from which students' notebooks install lora_utils.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Insert the cells; the text right before the first code introduces that, and stays with it."""
        *link, package = first_cells(resources["nbgrader"]["notebook"], self.repository, self.wheel)
        nb.cells = [*link, *nb.cells[:1], package, *nb.cells[1:]]
        return nb, resources
