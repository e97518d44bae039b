"""What the labs cite, on one page: each work as a lab's reading list has it, its link, and the labs that cite it.

No title is made up: a work that stands in no reading list is called what a lab's text calls it, authors and year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<url>https?://[^)\s]+)\)")
ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/(?P<number>\d{4}\.\d{4,5})")
THREAD = re.compile(r"github\.com/(?P<repository>[^/]+/[^/]+)/(?:issues|pull|discussions)/(?P<number>\d+)")
READING_LIST = re.compile(r"^## Further reading\n(?P<items>.*)", re.DOTALL | re.MULTILINE)
ITEM = re.compile(r"^\* (?P<authors>[^*\n\[]+)(?P<rest>\*[^\n]+)$", re.MULTILINE)
PLACE = re.compile(r",? (?:section|table|appendix|figure|equation)s? .*$", re.IGNORECASE)
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
KINDS = {"papers": "Papers", "threads": "Issues and pull requests", "pages": "Documentation and code"}


@dataclass
class Work:
    """One work that labs cite.

    Args:
        kind: a key of `KINDS`.
        name: authors, title and year, or authors and year; of a thread its repository and number.
        url: where it is; empty where the labs give no link.
        titled: whether the name is that of a reading list.
        labs: which cite it, in order.
    """

    kind: str
    name: str
    url: str
    titled: bool = False
    labs: list[str] = field(default_factory=list)

    @property
    def year(self) -> int:
        """The year that the name gives, else that of the arXiv number; 0 where there is neither."""
        number, named = ARXIV.search(self.url), YEAR.findall(self.name)
        return int(named[-1]) if named else 2000 + int(number["number"][:2]) if number else 0


def cited(labs: Iterable[tuple[str, NotebookNode]]) -> list[Work]:
    """Return every work that the labs cite, by kind, year and name.

    Args:
        labs: name and notebook of each, in order.
    """
    found: dict[str, Work] = {}
    for lab, notebook in labs:
        for cell in notebook.cells:
            for new in _works(cell.source) if cell.cell_type == "markdown" else ():
                work = found.setdefault(new.url or new.name, new)
                if (new.titled, bool(YEAR.search(new.name))) > (work.titled, bool(YEAR.search(work.name))):
                    work.name, work.titled = new.name, new.titled
                if lab not in work.labs:
                    work.labs.append(lab)
    return sorted(found.values(), key=lambda work: (list(KINDS).index(work.kind), work.year, work.name.lower()))


def _works(text: str) -> Iterator[Work]:
    """Yield what a cell's Markdown cites: its links, and what its reading list says of them."""
    for link in LINK.finditer(text):
        url = link["url"]
        if paper := ARXIV.search(url):
            name = PLACE.sub("", " ".join(link["text"].split()))
            yield Work("papers", name, f"https://arxiv.org/abs/{paper['number']}")
        elif thread := THREAD.search(url):
            yield Work("threads", f"{thread['repository']} #{thread['number']}", url.split("#")[0])
        else:
            yield Work("pages", link["text"], url)
    listed = READING_LIST.search(text)
    for item in ITEM.finditer(listed["items"]) if listed else ():
        yield from _listed(item["authors"], item["rest"])


def _listed(authors: str, rest: str) -> Iterator[Work]:
    """Yield the works of one item of a reading list: mostly one, sometimes two of the same authors."""
    start = 0
    for link in LINK.finditer(rest):
        title = re.sub(r"^,? and ", "", rest[start : link.start()]).strip(" ,")
        if paper := ARXIV.search(link["url"]):
            yield Work("papers", authors + title, f"https://arxiv.org/abs/{paper['number']}", titled=True)
        start = link.end()
    if not start:
        yield Work("papers", (authors + rest).strip(" ."), "", titled=True)


def bibliography(works: Iterable[Work]) -> str:
    """Return the page, in Markdown."""
    works = list(works)
    lines = ["# Bibliography", "", "What the labs cite, as they name it, and where.", ""]
    for kind, title in KINDS.items():
        of_kind = [work for work in works if work.kind == kind]
        lines += [f"## {title}", ""] if of_kind else []
        for work in of_kind:
            labs = ", ".join(f"[{lab[:2]}](labs/{lab}/{lab}.ipynb)" for lab in work.labs)
            lines.append(f"* {_entry(work)}; {'labs' if len(work.labs) > 1 else 'lab'} {labs}")
        lines += [""] if of_kind else []
    return "\n".join(lines)


def _entry(work: Work) -> str:
    if not work.url:
        return work.name
    number = ARXIV.search(work.url)
    return f"{work.name}, [arXiv:{number['number']}]({work.url})" if number else f"[{work.name}]({work.url})"
