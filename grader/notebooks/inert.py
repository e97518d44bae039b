"""What students wrote, made text and nothing else for whoever opens it in a browser.

Formgrader and `nbgrader generate_feedback` hand Markdown, HTML and formulas to the browser as they come, from the
address of the instructor's Jupyter. So a student's text is shown as it was typed, not rendered and cleaned afterwards:
no markup, link, picture or macro of MathJax can be overlooked, and no text costs time (nbconvert's is quadratic).
"""

import base64
import re
from collections.abc import Set

import nh3
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from grader.build.source_format import grader_metadata
from grader.build.twins import KERNELSPEC, LANGUAGE, student_text
from grader.notebooks.lab_preprocessor import LabPreprocessor

# MathJax passes over <pre> and this class, and Markdown over a line that begins with <pre>.
OPEN, CLOSE = '<pre class="tex2jax_ignore" style="white-space: pre-wrap">', "</pre>"
INERT = re.compile(re.escape(OPEN) + r"[^<>\s\"'`]*" + re.escape(CLOSE))
TAGS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "p", "br", "ul", "ol", "li", "strong", "em", "code"}
PNG = b"\x89PNG\r\n\x1a\n"
KEPT = ("nbgrader", "tags", "deletable", "editable")  # metadata, as RestoreTags leaves it
NAMES = ("student", "first_name", "last_name", "notebook_path")  # formgrader puts them into its page as they are
NEW_TEXT = {"markdown": new_markdown_cell, "raw": new_raw_cell}


def inert_text(text: str) -> str:
    """Return a text as one line that shows it as it was typed, be it taken for Markdown, HTML or TeX.

    What is inert already stays as it is.
    """
    if INERT.fullmatch(text):
        return text
    return OPEN + nh3.clean_text(text.encode("utf-8", "replace").decode()) + CLOSE


def inert_html(html: str) -> str:
    """Return the tables, lists and words of some HTML: without attributes, links, pictures, styles and scripts."""
    return f'<div class="tex2jax_ignore">{nh3.clean(html, tags=TAGS, attributes={"*": set()}, link_rel=None)}</div>'


def html_that_says_something(html: str) -> str:
    """Return some HTML made inert, where anything is left of it.

    Raises:
        ValueError: nothing is, as of a picture; the words that come with it, its description, are shown then.
    """
    made = inert_html(html)
    if made == inert_html(""):
        raise ValueError("HTML without words")
    return made


def inert_png(data: str) -> str:
    """Return a picture in base64.

    Raises:
        ValueError: it is none.
    """
    picture = base64.b64decode(data)
    if not picture.startswith(PNG):
        raise ValueError("not a PNG picture")
    return base64.b64encode(picture).decode()


SHOWN = {"text/plain": str, "text/html": html_that_says_something, "image/png": inert_png}  # nothing else is handed on


def inert_output(output: NotebookNode) -> NotebookNode:
    """Make an output anew from its text, tables and PNG pictures; what else it holds is left out."""
    kind = output.output_type
    if kind == "stream":
        return new_output(kind, name=output.name, text=output.text)
    if kind == "error":
        return new_output(kind, ename=output.ename, evalue=output.evalue, traceback=output.traceback)
    data = {}
    for name, made in SHOWN.items():
        try:
            data |= {name: made(output.data[name])}
        except (KeyError, TypeError, ValueError):
            continue  # not there, or not what it says it is
    counted = {"execution_count": _count(output)} if kind == "execute_result" else {}
    return new_output(kind, data, **counted)


def inert_cell(cell: NotebookNode, lab_texts: Set[str]) -> NotebookNode:
    """Make a cell anew: code with inert outputs, the lab's own text as it is, any other text inert.

    Args:
        cell: of a submission.
        lab_texts: what `texts_of` says of the lab.
    """
    about = {"id": cell.id} if "id" in cell else {}
    about["metadata"] = NotebookNode({key: cell.metadata[key] for key in KEPT if key in cell.metadata})
    if cell.cell_type == "code":
        outputs = [inert_output(output) for output in cell.outputs]
        return new_code_cell(cell.source, outputs=outputs, execution_count=_count(cell), **about)
    if cell.source in lab_texts:
        return NEW_TEXT[cell.cell_type](cell.source, **about)
    return new_markdown_cell(inert_text(cell.source), **about)


def _count(node: NotebookNode) -> int | None:
    """A number of execution, which templates print as it is: the student's kernel may say anything."""
    count = node.get("execution_count")
    return count if isinstance(count, int) else None


def texts_of(source: NotebookNode) -> set[str]:
    """Return the text cells of a lab as students got them."""
    return {student_text(c) if grader_metadata(c) else c.source for c in source.cells if c.cell_type != "code"}


class InertCells(LabPreprocessor):
    """Make a submission inert, in `nbgrader autograde` and wherever formgrader and feedback make HTML of it."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Make every cell anew, and escape the names that formgrader prints."""
        try:
            lab_texts = texts_of(self.source(resources))
        except OSError:  # a lab that is no longer there: then all text is a student's
            lab_texts = set()
        for name in NAMES:
            if isinstance(resources.get(name), str):
                resources[name] = nh3.clean_text(resources[name])
        metadata = {"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE)}
        return new_notebook(cells=[inert_cell(cell, lab_texts) for cell in nb.cells], metadata=metadata), resources
