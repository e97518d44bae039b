"""A file built to exhaust or to confuse the reader is refused in one sentence, before it costs time or memory."""

from __future__ import annotations

import json

import pytest
import tiny_course as tiny

from grader.notebooks.notebook_file import LARGEST, MOST_CELLS, MOST_CODE, MOST_PARTS, Unreadable, parse
from grader.notebooks.submission import Refusal, Submission, collect

HEAD = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ['
CELL = b'{"cell_type": "code", "source": ""}'


def of_cells(*cells: bytes) -> bytes:
    return HEAD + b",".join(cells) + b"]}"


HOSTILE = {
    "nested lists": (b"[" * 100_000 + b"]" * 100_000, "is nested too deeply to be a notebook"),
    "nested objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "is nested too deeply to be a notebook"),
    "nested metadata": (HEAD[:-10] + b'"x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "is nested too deeply"),
    "a million lists": (b"[" + b"[]," * 1_000_000 + b"[]]", "has far too many parts to be a notebook"),
    "a million names": (b"{" + b'"a":1,' * 1_000_000 + b'"a":1}', "has far too many parts to be a notebook"),
    "a million cells": (of_cells(*[CELL] * 600_000), "has far too many parts to be a notebook"),
    "many cells": (of_cells(*[CELL] * (MOST_CELLS + 1)), "has 2,001 cells, and the limit is 2,000"),
    "a long text": (of_cells(b'{"cell_type": "code", "source": "' + b"x" * 20_000_000 + b'"}'),
                    "holds 20,000,000 characters of code, and the limit is 500,000"),
    "many lines": (of_cells(b'{"cell_type": "code", "source": [' + b'"x\\n",' * 300_000 + b'""]}'),
                   "holds 600,000 characters of code, and the limit is 500,000"),
    "names said twice": (b'{"nbformat": 4, "cells": [], "cells": [' + CELL + b"]}", "says 'cells' twice in one place"),
    "sources said twice": (of_cells(b'{"cell_type": "code", "source": "1", "source": "2"}'), "says 'source' twice"),
    "a long name said twice": (b'{"' + b"n" * 9_000 + b'": 1, "' + b"n" * 9_000 + b'": 2}', "twice in one place"),
    "a huge integer": (of_cells(CELL)[:-1] + b', "x": ' + b"9" * 1_000_000 + b"}", "is not valid JSON"),
    "a huge format": (b'{"nbformat": ' + b"9" * 4_000 + b', "cells": [' + CELL + b"]}", "in the unknown notebook"),
    "NaN": (of_cells(CELL)[:-1] + b', "x": NaN}', "is not valid JSON"),
    "an infinite format": (b'{"nbformat": Infinity, "cells": [' + CELL + b"]}", "is not valid JSON"),
    "a format of 1e999": (b'{"nbformat": 1e999, "cells": [' + CELL + b"]}", "in the unknown notebook format (float)"),
    "a cell type with a line break": (of_cells(b'{"cell_type": "co\\nde", "source": ""}'), "its cell 1 is not"),
    "a language with escapes": (
        HEAD.replace(b"{}", b'{"language_info": {"name": "\\u001b[2Jr\\n"}}') + CELL + b"]}", "is a notebook for '"),
    "zero bytes": (b"\0" * 10_000, "is not valid JSON"),
    "UTF-16": (of_cells(CELL).decode().encode("utf-16"), "is a binary file and not a notebook"),
    "a gzip bomb": (b"\x1f\x8b\x08" + b"\0" * 1_000, "is a binary file and not a notebook"),
    "white space": (b" \n" * 5_000_000, "is empty"),
}  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_one_printable_sentence_and_nobody_else_is(name, course, tmp_path):
    content, words = HOSTILE[name]
    assert len(content) < LARGEST  # larger ones are refused unread
    tiny.hand_in(tmp_path, "mallory", content)
    tiny.hand_in(tmp_path, "zoe", tiny.notebook(course))
    refused, fine = collect(tmp_path, tiny.keys_of(course))
    assert isinstance(refused, Refusal)
    sentence = str(refused)
    assert sentence.startswith(f"mallory: mallory/{tiny.FIRST}/{tiny.FIRST}.ipynb ")
    assert words in sentence
    assert len(sentence) < 300
    assert sentence.isprintable()
    assert "stumble" not in sentence  # the reader knew what it met
    assert isinstance(fine, Submission)


def test_honest_notebooks_are_far_from_every_limit(course):
    finished = tiny.notebook(course, **tiny.GOOD)
    finished["cells"] *= 3
    figure = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" * 100_000}}
    finished["cells"][-1] = finished["cells"][-1] | {"outputs": [figure] * 10}
    text = json.dumps(finished)
    assert len(text) < LARGEST
    assert len(parse(text.encode()).cells) < MOST_CELLS / 10
    assert sum(map(text.count, ("{", "[", '":'))) < MOST_PARTS / 100
    assert MOST_CODE >= 10 * 40_000  # the longest lab has 35 thousand characters of code


def test_at_the_limits_it_is_still_read():
    parse(of_cells(*[CELL] * MOST_CELLS))
    parse(of_cells(b'{"cell_type": "code", "source": "' + b"x" * MOST_CODE + b'"}'))
    parse(of_cells(CELL, b'{"cell_type": "markdown", "source": "' + b"x" * (MOST_CODE + 1) + b'"}'))


def test_the_file_is_not_read_beyond_the_limit(tmp_path, monkeypatch):
    """A file that grows while it is read."""
    from grader.notebooks import notebook_file

    path = tmp_path / "a.ipynb"
    path.write_bytes(b"x" * 1_000)
    monkeypatch.setattr(notebook_file, "LARGEST", 999)
    real = notebook_file.os.fstat
    seen = []

    class Small:
        def __init__(self, found):
            self.st_mode, self.st_size = found.st_mode, 10

    monkeypatch.setattr(notebook_file.os, "fstat", lambda fd: seen.append(fd) or Small(real(fd)))
    with pytest.raises(Unreadable, match="is far too big"):
        notebook_file.read_bytes(path)
    assert seen
