"""Clean the outputs of an executed notebook: nothing of the machine, the moment or the process stays in them."""

import re
import sys
import tempfile
from pathlib import Path

from nbformat import NotebookNode

from grader.execute import FOLDER_PREFIX

WIDGET = "application/vnd.jupyter.widget-view+json"  # refers to live objects of one process


def machine_paths() -> list[tuple[str, str]]:
    """List (path of this machine, what to write instead), longest first."""
    from grader.build import find_root

    replacements = {
        str(Path(sys.prefix)): "<env>",
        str(Path.home()): "~",
        str(Path(tempfile.gettempdir())): "<tmp>",
    }
    root = find_root()
    if root is not None:
        replacements[str(root)] = "<course>"
    return sorted(replacements.items(), key=lambda pair: -len(pair[0]))


def scrub_text(text: str) -> str:
    """Replace this machine's paths in one text."""
    text = re.sub(re.escape(tempfile.gettempdir()) + rf"[/\\]{FOLDER_PREFIX}\w+", ".", text)
    for path, name in machine_paths():
        if len(path) > 1:
            text = re.sub(re.escape(path) + r"(?=[/\\\s'\":,)<]|$)", name, text)
    return text


def scrub_data(value: object) -> object:
    """Replace this machine's paths in a text, list or dict of a MIME bundle."""
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, list):
        return [scrub_data(item) for item in value]
    if isinstance(value, dict):
        return {key: scrub_data(item) for key, item in value.items()}
    return value


def scrub(outputs: list[NotebookNode], execution_count: int) -> list[NotebookNode]:
    """Return outputs that can be committed: no standard error, live widgets or machine paths; streams joined."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            continue
        output = NotebookNode(output)
        if output.output_type == "stream":
            output.text = scrub_text(output.text)
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
                continue
        if "data" in output:
            data = {mime: value for mime, value in output.data.items() if mime != WIDGET}
            output.data = NotebookNode(
                {mime: value if mime.startswith("image/p") else scrub_data(value) for mime, value in data.items()}
            )
        if output.output_type == "execute_result":
            output.execution_count = execution_count
        kept.append(output)
    return kept
