"""The page that formgrader makes of a notebook, without any settings of the course, and what is in a page."""

from __future__ import annotations

from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.server_extensions.formgrader import handlers

NAMES = {"assignment_id": "lab", "notebook_id": "lab", "submission_id": "0", "index": 0, "total": 1, "base_url": ""}
NAMES |= {"student": "ada", "last_name": None, "first_name": None, "notebook_path": "ada/lab.ipynb"}


def page(notebook: NotebookNode, **names) -> BeautifulSoup:
    """Return the page; names are those of formgrader's that it prints."""
    exporter = HTMLExporter(template_name="formgrade", extra_template_basedirs=[handlers.template_path])
    html, _ = exporter.from_notebook_node(notebook, resources=NAMES | names)
    return BeautifulSoup(html, "html.parser")


def shape(page: BeautifulSoup) -> list[tuple[str, str]]:
    """Every element of a page with its attributes, in order: all that can act."""
    return [(one.name, str(sorted(one.attrs.items()))) for one in page.find_all(True)]
