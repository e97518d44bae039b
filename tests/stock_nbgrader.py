"""The stock nbgrader commands and formgrader, on a course of a test, with the course's own nbgrader_config.py."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = Path(__file__).parents[1] / "nbgrader_config.py"


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """The environment of this interpreter, in which nbgrader finds the bare `alembic` it calls; no user's settings."""
    with tempfile.TemporaryDirectory(prefix="jp") as folder:
        settings = {name: os.path.join(folder, name[8:12]) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        yield {**os.environ, **settings, "JUPYTER_RUNTIME_DIR": folder, "PATH": path}


def nbgrader(root: Path, environment: dict[str, str], *arguments: str) -> str:
    """Run a command in the course's folder and return what it said."""
    done = subprocess.run(
        ["nbgrader", *arguments], cwd=root, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@contextmanager
def formgrader(root: Path, environment: dict[str, str], folder: Path | None = None) -> Iterator[Callable[[str], str]]:
    """A Jupyter server with formgrader, started in the course's folder or another; yields a function that asks it.

    The function's `url` is where formgrader lies, and its `token` opens it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--ServerApp.root_dir={root}"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=letmein"]
    command += ["--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"]
    log = root / "server.log"
    with open(log, "w") as lines:
        server = subprocess.Popen(command, cwd=folder or root, env=environment, stdout=lines, stderr=subprocess.STDOUT)

    def ask(path: str) -> str:
        return answer(f"{ask.url}/{path}?token={ask.token}", server, log)

    ask.url, ask.token = f"http://127.0.0.1:{port}/formgrader", "letmein"
    try:
        yield ask
    finally:
        server.terminate()
        server.wait(30)


def answer(url: str, server: subprocess.Popen, log: Path) -> str:
    """Ask until the server answers; a server that ends says why."""
    for _ in range(120):
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=60) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            error.close()
            raise AssertionError(f"{error.code}: {log.read_text()[-3000:]}") from None
        except urllib.error.URLError:
            time.sleep(0.25)
    raise AssertionError(f"no answer from {url}: {log.read_text()[-3000:]}")
