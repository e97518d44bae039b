"""What students choose (names, messages, files) reaches pages, tables and folders as text and as nothing else."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import tiny_course as tiny
from class_pages import feedback
from typer.testing import CliRunner

from grader.class_run.grading_run import Run
from grader.cli import app
from grader.notebooks.submission import Refusal
from grader.records.formgrader_copy import write_copy
from grader.results import Result
from grader.text.safe_names import spreadsheet

pytestmark = pytest.mark.kernel
SCRIPT = '</td></title></style><script>alert(1)</script><img src=x onerror="alert(1)"><svg onload=alert(1)>'
NAMES = [
    "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "' onmouseover='alert(1)", "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}", "&lt;b&gt;&#60;", "`<b>`", "=cmd|' C calc'!A0", "+1+1", "-2+3", "@SUM(1+1)", "\t=1+1",
    "\r=1+1", "\uff1d1+1", "a..", "a\\..\\..\\evil", "C:\\evil", "a\u2215..\u2215b", "\uff0e\uff0e", "~root",
    "\u202egpj.exe", "line\nbreak", "bell\x07\x1b[2J\x1b]0;title\x07", "n" * 255, "CON", "e\u0301",
    "\u00e9", "%2e%2e%2f",
]  # fmt: skip
RAISES = f"raise type({SCRIPT!r}, (Exception,), {{}})({SCRIPT!r} + chr(27) + '[2J=1+1')"
SHOWS = f"""from IPython.display import HTML
display(HTML({SCRIPT!r}))
print({SCRIPT!r} + chr(27) + '[2J')
class Odd:
    def __repr__(self):
        return {SCRIPT!r}
    _repr_html_ = __repr__
def double(x):
    return {SCRIPT!r}
Odd()"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of such names, graded from the command line: the folder of everything, and what the terminal showed."""
    root = tmp_path_factory.mktemp("run")
    (root / "course").mkdir()
    course = tiny.make_course(root / "course")
    for number, name in enumerate(NAMES):
        tiny.hand_in(root / "in", name, tiny.notebook(course, double=(RAISES, SHOWS)[number % 2]))
    odd = tiny.hand_in(root / "in", "files", tiny.notebook(course))
    odd.rename(odd.with_name("<script>alert(1)<script>.ipynb"))
    tiny.hand_in(root / "in", "formula", b"[]", lab="=1+1\x1b[2J")
    before = set(root.rglob("*"))
    command = ["grade", str(root / "in"), "--root", str(course), "--out", str(root / "out"), "--sandbox", "off"]
    done = CliRunner().invoke(app, [*command, "--workers", "2"])
    assert done.exit_code == 1, done.output
    return root, done.output, set(root.rglob("*")) - before


class Page(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


OURS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "a",
    "header",
    "h1",
    "h2",
    "h3",
    "main",
    "nav",
    "p",
    "section",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "li",
    "span",
    "div",
    "strong",
    "code",
    "dl",
    "dt",
    "dd",
    "br",
    "svg",
    "rect",
    "footer",
    "pre",
    "figure",
    "img",
    "bdi",
    "details",
    "summary",
}
REPORTS = {"script", "tfoot", "label", "input"}  # what the report has besides, and no student's page  # fmt: skip


def hashed(path: Path, tag: str) -> str:
    """What a policy says that allows the page's own style or script: by the hash of the text between the tags."""
    (text,) = re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", path.read_text(encoding="utf-8"))
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_no_page_has_an_element_or_a_handler_of_a_students(graded):
    root, _, _ = graded
    pages = sorted((root / "out").rglob("*.html"))
    # Each student's with all labs and of the one, those of who handed in the odd files, and the report.
    assert len(pages) == 2 * len(NAMES) + 2 + 1 + 1
    for path in pages:
        page, report = Page(path), path.name == "report.html"
        assert page.tags <= (OURS | REPORTS if report else OURS), path
        unwanted = ("srcdoc", "style", "background", "formaction", "ping")
        assert [name for name, _ in page.attributes if name.startswith("on") or name in unwanted] == [], path
        sources = [value for name, value in page.attributes if name == "src"]
        assert [source for source in sources if not source.startswith("data:image/png;base64,")] == [], path
        links = [value for name, value in page.attributes if name in ("href", "action")]
        assert [link for link in links if ":" in link.split("/")[0] or link.startswith("//")] == [], path
        (policy,) = [value for name, value in page.attributes if name == "content" and "-src" in value]
        rules = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", f"style-src {hashed(path, 'style')}"]
        if report:
            rules += [
                f"script-src {hashed(path, 'script')}",
                "require-trusted-types-for 'script'",
                "trusted-types 'none'",
            ]
        assert policy.replace("; img-src data:", "").split("; ") == rules


def test_every_link_of_report_and_indexes_leads_to_a_page(graded):
    root, _, _ = graded

    def links(page: Path) -> list[str]:
        found = [v for k, v in Page(page).attributes if k == "href" and not v.startswith("#")]
        assert [link for link in found if not (page.parent / unquote(link)).is_file()] == []
        assert len(set(found)) == len(found)
        return found

    assert len(links(root / "out" / "report.html")) == 2 * len(NAMES) + 2 + 1  # of one nothing belongs to a lab
    indexes = [*(root / "out" / "feedback").glob("*/index.html")]
    assert sum(len(links(one)) for one in indexes) == len(NAMES) + 1
    for page in (root / "out" / "feedback").glob(f"*/{tiny.FIRST}.html"):
        assert links(page) == ["index.html"]


def test_the_table_of_grades_holds_no_formula(graded):
    root, _, _ = graded
    text = (root / "out" / "grades.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == 1 + len(NAMES) + 2 + 1  # the head, each student in the lab begun, and what belongs to no lab
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = [cell for row in rows for cell in row]
    formula = tuple("=+-@|%\uff1d\uff0b\uff0d\uff20")
    assert [cell for cell in cells if cell.lstrip().startswith(formula)] == []
    assert all(cell.isprintable() for cell in cells)
    assert sum(cell.startswith("'") for row in rows for cell in row[:1]) >= 7


@pytest.mark.parametrize("first", "=+-@|%\uff1d\uff0b\uff0d\uff20\t\r\n\u200b\ufeff")
def test_no_formula_gets_past_however_it_begins(first):
    assert spreadsheet(f"{first}=1+1")[0] in ("'", "\N{REPLACEMENT CHARACTER}")


def test_results_are_json_by_their_schema(graded):
    import jsonschema

    from grader.reports import result_files as report

    root, _, _ = graded
    data = json.loads((root / "out" / "results.json").read_text(encoding="utf-8"), parse_constant=lambda name: 1 / 0)
    schema = json.loads((Path(report.__file__).parents[1] / "results.schema.json").read_text())
    jsonschema.validate(data, schema)
    assert {entry["student"] for entry in data} == {*NAMES, "files", "formula"}
    assert all(m["text"].isprintable() for entry in data for e in entry["exercises"] for m in e["messages"])


def test_terminal_and_plain_text_hold_no_escape_sequence(graded):
    root, output, _ = graded
    texts = [output, *(path.read_text(encoding="utf-8") for path in (root / "out").rglob("*.txt"))]
    assert len(texts) == len(NAMES) + 2
    for text in texts:
        assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []


def test_nothing_is_written_outside_the_folders_for_it(graded):
    root, _, new = graded
    allowed = (root / "out", root / "course" / ".nbgrader")
    assert [path for path in new if not any(path.is_relative_to(one) for one in allowed)] == []
    assert {path.name for path in (root / "out").iterdir()} == {"results.json", "grades.csv", "report.html", "feedback"}
    folders = sorted((root / "out" / "feedback").iterdir())
    assert len(folders) == len(NAMES) + 2
    for folder in folders:
        suffixes = {path.suffix for path in folder.iterdir()}
        assert {".html"} <= suffixes <= {".html", ".txt", ".json"}
        assert (".txt" in suffixes) == (folder.name != "formula")  # which has no lab to tell of


def test_formgrader_which_escapes_no_name_gets_none_that_is_markup(graded):
    root, output, _ = graded
    with closing(sqlite3.connect(root / "course" / ".nbgrader" / "gradebook.db")) as gradebook:
        names = {name for (name,) in gradebook.execute("select id from student")}
    copied = {path.name for path in (root / "course" / ".nbgrader" / "autograded").iterdir()}
    markup = {name for name in NAMES if set('<>"\\') & set(name)}
    assert len(markup) == 5
    assert names == copied == {*NAMES, "files"} - markup
    assert " ".join(output.split()).count("rename the student's folder") == len(markup)


TRAVERSAL = ["..", ".", "../x", "../../../x", "/tmp/guard-x", "a/../../x", "..\\x", "a\0b", "\0", "", "/", "x" * 5_000]


@pytest.mark.parametrize("name", TRAVERSAL)
def test_no_name_leads_out_of_the_folder(name, tmp_path, graded):
    """Such names cannot be folders, so they are given to the writers themselves."""
    root, _, _ = graded
    keys = tiny.keys_of(root / "course")
    out = tmp_path / "a" / "b" / "out"
    pages = feedback(Run(keys, [Refusal(name, tiny.FIRST, f"{name}/x", "is odd", "mend it")]), None, out)
    assert all(path.resolve().is_relative_to(out.resolve() / "feedback") for path in pages)
    assert pages[0].parent.parent == out / "feedback"
    submission = tiny.submission(tiny.notebook(root / "course"), student=name)
    key = keys[tiny.FIRST]
    result = Result(name, tiny.FIRST, "s", "c", [], "namespaces", "id", {}, 1.0)
    with pytest.raises(ValueError, match="cannot be the name of a folder"):
        write_copy(out / "copies", submission, key, result)
    assert {path.relative_to(tmp_path).parts[:3] for path in tmp_path.rglob("*.*")} == {("a", "b", "out")}
