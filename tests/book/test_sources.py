"""The sources of the whole book: every page is written, links lead to one, and no page gives a solution away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from in_process import LABS

from book.__main__ import SIGN, clear
from book.reference import ROOMS, as_restructured, reference_page
from book.sources import write_sources
from grader.course import Course
from grader.release.search import leaks
from grader.release.secrets import secrets_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("book") / "sources"
    write_sources(ROOT, "notebooks", out)
    return out


def test_every_lab_has_its_page_and_every_room_of_the_package(sources):
    assert sorted(path.stem for path in sources.glob("labs/*/*.ipynb")) == LABS
    assert sorted(path.stem for path in sources.glob("mistakes/*.md")) == LABS
    assert {path.stem for path in sources.glob("reference/*.md")} == set(ROOMS)


def test_every_link_of_a_written_page_leads_to_a_page(sources):
    pages = sorted(sources.rglob("*.md"))
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())]
    assert len(links) > len(LABS)
    assert [(page.name, link) for page, link in links if not (page.parent / link).is_file()] == []


def test_no_page_beside_the_labs_holds_a_solution_a_hidden_test_or_an_answer(sources):
    pages = {path.name: path.read_bytes() for path in sources.rglob("*.md")}
    assert leaks(pages, secrets_of(Course.of(ROOT))) == []


def test_a_course_without_notebooks_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no notebook .* in .*solutions; `make build` writes them"):
        write_sources(tmp_path, "solutions", tmp_path / "out")


def test_a_room_that_is_gone_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no room or module 'attic'"):
        reference_page(tmp_path, "attic")


def test_stars_and_bars_of_docstrings_are_no_markup():
    assert as_restructured(["the norm |x| * `a * b`"]) == ["the norm \\|x\\| \\* `a * b`"]


def test_equations_become_mathml_with_names_as_they_are():
    mathml = pytest.importorskip("book.mathml", reason="Sphinx is not installed: run `make book`", exc_type=ImportError)
    text = mathml.to_mathml(r"\texttt{in\_features} \times \alpha", block=True)
    assert text.startswith("<math")
    assert 'display="block"' in text
    assert ">in_features</mtext><mo>&#x000D7;</mo><mi>&#x003B1;</mi>" in text


def test_a_book_makes_room_for_the_next_and_nothing_else_is_removed(tmp_path):
    out, other = tmp_path / "a" / "book", tmp_path / "thesis"
    clear(out)
    (out / "old.html").touch()
    clear(out)
    assert [path.name for path in out.iterdir()] == [SIGN]
    other.mkdir()
    (other / "chapter.txt").touch()
    with pytest.raises(FileExistsError, match="thesis holds files and no book; nothing was removed"):
        clear(other)
    assert (other / "chapter.txt").is_file()
