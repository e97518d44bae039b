"""Run a notebook from top to bottom in a fresh kernel of this environment, and keep its outputs."""

import os
import tempfile
from pathlib import Path

from nbformat import NotebookNode

from grader.build.outputs import hide_paths, machine_paths
from grader.build.source_format import grader_metadata, label
from grader.text.plurals import counted

TIMEOUT = 900  # seconds for one cell; a lab is to finish in 180 s, slow machines get five times that


class ExecutionError(RuntimeError):
    """A cell of the solution failed, or a test did not give its solution full marks; the message is one sentence."""


def kernel_manager(folder: Path):
    """Make a manager for a kernel of this very interpreter; sockets are files, because TCP ports collide."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    options = {}
    if os.name != "nt":
        options = {"transport": "ipc", "connection_file": str(folder / "k.json")}
    specs = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)
    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs, **options)


def execute(notebook: NotebookNode, name: str, root: Path | None = None) -> NotebookNode:
    """Execute a notebook in place, in an empty temporary folder.

    Args:
        notebook: every code cell is run, whatever its tags.
        name: how to call the file in messages.
        root: the course folder; outputs mention it, the environment and the home folder by a name, not by their path.

    Raises:
        ExecutionError: a cell raised, took too long or killed the kernel, or a test cell wrote to standard error
            (nbgrader gives no points then) or gave less than full marks.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    running = {"index": 0}

    def remember(cell: NotebookNode, cell_index: int) -> None:
        running["index"] = cell_index

    with tempfile.TemporaryDirectory(prefix="grader-build-") as folder:
        client = NotebookClient(
            notebook,
            km=kernel_manager(Path(folder)),
            timeout=TIMEOUT,
            record_timing=False,
            skip_cells_with_tag="",  # no tag is empty: nothing is skipped
            resources={"metadata": {"path": folder}},
            on_cell_start=remember,
        )
        try:
            client.execute(cleanup_kc=True, env={**os.environ, "PYTHONHASHSEED": "0"})
        except CellExecutionError as error:
            raise ExecutionError(
                f"{place(notebook, running['index'], name)}: {error.ename}: {one_line(error.evalue)}."
            ) from None
        except CellTimeoutError:
            raise ExecutionError(
                f"{place(notebook, running['index'], name)}: it ran longer than {TIMEOUT} s; make it smaller."
            ) from None
        except DeadKernelError:
            raise ExecutionError(
                f"{place(notebook, running['index'], name)}: the kernel died, "
                "probably out of memory or killed; make it smaller."
            ) from None
        names = {**machine_paths(), folder: ".", **({str(root): "<course>"} if root else {})}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = hide_paths(cell.outputs, names)
    require_full_marks(notebook, name)
    return notebook


def place(notebook: NotebookNode, index: int, name: str) -> str:
    """Name a cell as the messages about sources do."""
    return f"{name}: cell {index + 1} ({label(notebook.cells[index])})"


def one_line(text: str) -> str:
    """Return the first line of a message, without its full stop."""
    lines = str(text).strip().split("\n")
    return lines[0].rstrip(".") or "no message"


def require_full_marks(notebook: NotebookNode, name: str) -> None:
    """Refuse a solution that does not earn all points of its own tests, as nbgrader counts them.

    Raises:
        ExecutionError: naming the first such test.
    """
    from nbgrader.utils import determine_grade

    for index, cell in enumerate(notebook.cells):
        metadata = grader_metadata(cell)
        if cell.cell_type != "code" or not metadata.get("grade") or metadata.get("solution"):
            continue
        stderr = [out.text for out in cell.outputs if out.output_type == "stream" and out.name == "stderr"]
        if stderr:
            raise ExecutionError(
                f"{place(notebook, index, name)}: it wrote to standard error ({one_line(stderr[0])!r}), which costs "
                "all its points under nbgrader; find out who warns and cure that."
            )
        try:
            earned, points = determine_grade(cell)
        except ValueError:
            earned, points = "more", float(metadata["points"])
        if earned != points:
            raise ExecutionError(
                f"{place(notebook, index, name)}: the solution earned {earned} of {counted(points, 'point')}; "
                "mend the solution, the check, or the points."
            )
