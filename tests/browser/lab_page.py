"""A lab that is open in JupyterLab, with what a reader does to it."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, expect

COMPUTING = 300_000  # milliseconds for the cells of a lab, on a slow and busy machine
# The application is asked, not the page: the page shows "idle" before there is a kernel, and a click on Run at that
# moment opens the question which kernel to use.
IDLE = """() => {
    const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
    const kernel = context?.session?.kernel;
    const prompts = [...document.querySelectorAll(".jp-InputPrompt")].map(prompt => prompt.textContent);
    return context?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle"
        && !prompts.includes("[*]:");
}"""
expect.set_options(timeout=60_000)


class LabPage:
    """One open notebook; cells go by their grade_id.

    Args:
        page: an empty page of the browser, from the fixture `page`.
        notebook: the student notebook, to know where its cells are.
    """

    def __init__(self, page: Page, notebook: Path) -> None:
        self.page = page
        cells = nbformat.read(notebook, as_version=4).cells
        self._places = {c.metadata.nbgrader.grade_id: i for i, c in enumerate(cells) if "nbgrader" in c.metadata}
        # A workspace of its own: the default one would open again what the test before had open.
        lab, server = notebook.parent.name, page.server
        page.goto(f"{server.url}lab/workspaces/{lab}/tree/{lab}/{notebook.name}?token={server.token}")
        self._at(0).click()  # the menus act on a notebook only after it has been clicked
        self._idle()

    def _idle(self) -> None:
        """Wait until no cell waits or runs, and the kernel is connected and idle."""
        self.page.wait_for_function(IDLE, polling=200, timeout=COMPUTING)

    def _at(self, place: int) -> Locator:
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{place}"]')

    def cell(self, grade_id: str) -> Locator:
        """The cell with this grade_id."""
        return self._at(self._places[grade_id])

    def expect_check(self, exercise: str, shows: list[str], hides: list[str] = ()) -> None:
        """The table under the exercise's check has these texts, and none of those."""
        table = self.cell(f"test-{exercise}").locator(".jp-OutputArea-output table")
        for text in shows:
            expect(table).to_contain_text(text)
        for text in hides:
            expect(table).not_to_contain_text(text)

    def expect_formulas(self) -> None:
        """Formulas are set, and none is broken."""
        expect(self.page.locator("mjx-container").first).to_be_attached()
        expect(self.page.locator("mjx-merror")).to_have_count(0)

    def hints(self, exercise: str) -> Locator:
        """The hints in the box above the exercise's answer."""
        return self._at(self._places[exercise] - 1).locator("details")

    def run_all(self) -> None:
        """Run > Run All Cells."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        expect(self.cell("setup").locator(".jp-InputPrompt")).not_to_have_text("[ ]:")  # it has begun
        self._idle()

    def answer(self, exercise: str, source: str) -> None:
        """Type an answer over what is there, and run it and its check: Shift and Enter, twice."""
        self.cell(exercise).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")
        expect(self.cell(f"test-{exercise}")).to_contain_class("jp-mod-active")  # the check comes next
        self.page.keyboard.press("Shift+Enter")
        self._idle()

    def validate(self) -> str:
        """Click nbgrader's Validate button and return what it says."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
        dialog = self.page.locator(".jp-Dialog")
        expect(dialog).to_contain_text("Validation Results", timeout=COMPUTING)
        text = dialog.inner_text()
        dialog.get_by_text("Ok", exact=True).click()
        expect(dialog).to_have_count(0)
        return text
