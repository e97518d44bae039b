"""A real JupyterLab server and a real browser, both thrown away afterwards.

The server sees none of your own Jupyter settings, and the browser may speak to that server only: a page that needs
anything from the network shows it here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
QUIET = [
    "--no-sandbox",  # Chromium refuses to run as root with it, and containers are root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START = 120  # seconds for the server to come up; it takes about 5


@dataclass(frozen=True)
class Server:
    """Where a running JupyterLab listens, and what it wrote."""

    url: str
    token: str
    log: Path


def announced(folder: Path, process: subprocess.Popen, log: Path) -> dict:
    """What a starting server writes about itself (address, token), as soon as it has done so."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        for path in folder.glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text())
            except json.JSONDecodeError:
                pass  # half written
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start within {START} s; it wrote:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """JupyterLab on a copy of the student notebooks, as `make lab` starts it, with settings of its own."""
    course, own = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("jupyter")
    shutil.copytree(ROOT / "notebooks", course, dirs_exist_ok=True)
    # The question about news would lie over the page; it goes to the network.
    config = own / "config" / "labconfig" / "page_config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}')
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    environment = os.environ | {name: str(own / folder) for name, folder in folders.items()}
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--expose-app-in-browser"]
    command = [sys.executable, "-m", "jupyterlab", *options]
    log = own / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=course, env=environment, stdout=out, stderr=out)
        try:
            about = announced(own / "runtime", process, log)
            yield Server(about["url"], about["token"], log)
        finally:
            process.terminate()  # it shuts its kernels down first
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()  # its kernels notice and end themselves
                process.wait()


@pytest.fixture(scope="session")
def chromium():
    """The machine's Chromium or Chrome without a window; tests are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: run `make browser`")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(
            f"no browser on PATH (looked for {', '.join(BROWSERS)}): install one, e.g. apt-get install chromium"
        )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, server, tmp_path):
    """An empty page that reaches the server and nothing else; `page.abroad` lists what it asked of others."""
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(60_000)
    page.abroad, page.server, page.folder = [], server, tmp_path

    def stay_at_home(route):
        if route.request.url.startswith(server.url):
            route.continue_()
        else:
            page.abroad.append(route.request.url)
            route.abort()

    page.route("**/*", stay_at_home)
    yield page
    page.close()


@pytest.fixture
def open_lab(page):
    """A function that opens a student notebook, for example open_lab("00_welcome")."""
    from browser.lab_page import LabPage  # not above: it needs Playwright, which may be absent

    return lambda lab: LabPage(page, ROOT / "notebooks" / lab / f"{lab}.ipynb")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """When a test fails, keep what the browser showed and the end of what the server wrote."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None:
        picture = page.folder / "page.png"
        page.screenshot(path=picture)
        report.sections.append(("browser", f"screenshot: {picture}"))
        report.sections.append(("JupyterLab", page.server.log.read_text()[-3000:]))
    return report
