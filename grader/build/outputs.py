"""Clean the outputs of an executed notebook: nothing of the machine, the moment or the process stays in them."""

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from grader.text.terminal_text import overwritten

PLOT_OBJECT = re.compile(
    r"\[?<matplotlib\.|Text\(|\(?<Axes"
)  # what a last line of plotting returns tells a reader nothing
WIDGET = "application/vnd.jupyter.widget-view+json"  # refers to live objects of one process


def machine_paths() -> dict[str, str]:
    """Map the folders of this machine that outputs tend to mention to what is written instead."""
    return {sys.prefix: "<env>", str(Path.home()): "~", tempfile.gettempdir(): "<tmp>"}


def hide_paths(value: object, names: Mapping[str, str]) -> object:
    """Replace folders in a text, or in every text of a list or dict (an output, a MIME bundle).

    Args:
        value: what an executed notebook holds; other types come back as they are. Images are left alone.
        names: folder -> what to write instead; the longest folder is replaced first.
    """
    if isinstance(value, str):
        for folder in sorted(names, key=len, reverse=True):
            if len(folder) > 1:  # "/" is everywhere
                value = re.sub(re.escape(folder) + r"(?![\w.-])", lambda _, name=names[folder]: name, value)
        return value
    if isinstance(value, list):
        return [hide_paths(item, names) for item in value]
    if isinstance(value, dict):
        return type(value)(
            {key: item if str(key).startswith("image/png") else hide_paths(item, names) for key, item in value.items()}
        )
    return value


def normalize(outputs: list[NotebookNode], execution_count: int) -> list[NotebookNode]:
    """Return outputs that do not change when built again, streams joined; no standard error, widgets or plot objects.

    Args:
        outputs: of one code cell.
        execution_count: the number of that cell among the code cells, from 1.
    """
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            continue
        if output.output_type == "execute_result" and PLOT_OBJECT.match(str(output.data.get("text/plain", ""))):
            continue
        output = NotebookNode(output)
        if output.output_type == "stream" and kept and kept[-1].output_type == "stream":
            kept[-1].text += output.text
            continue
        if "data" in output:
            output.data = NotebookNode({mime: value for mime, value in output.data.items() if mime != WIDGET})
        if output.output_type == "execute_result":
            output.execution_count = execution_count
        kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = overwritten(output.text)
    return [output for output in kept if output.get("text") != ""]
