"""What a folded hint gives away: a whole line of the answer that it is meant to lead to."""

import ast
import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from grader.build import markers
from grader.text.cell_text import parsed

SHORTEST = 20  # characters that count; a shorter line may be the name of the tool, such as model.train()
FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
TAG = re.compile(r"</?[a-z]+>")
LAID_OUT = str.maketrans("", "", "()\"'`")  # how a line is quoted and bracketed is no part of the thought


class Hint(NamedTuple):
    """A folded text of an exercise's box, with the title that is read before it is opened."""

    title: str
    text: str


def bare(code: str) -> str:
    """Return the characters of a line or hint that count: no white space, no quotes, no round brackets."""
    return "".join(code.translate(LAID_OUT).split())


def hints(markdown: str) -> Iterator[Hint]:
    """Yield the folded texts of a markdown cell as they are read, without tags and entities."""
    for title, text in FOLDED.findall(markdown):
        yield Hint(title.strip(), html.unescape(TAG.sub("", text)))


def answer_lines(source: str) -> Iterator[str]:
    """Yield the lines of a cell's solution regions, and what they assign or return, where these are long enough.

    Of a loop, a condition or a definition the line is its head. Comments and line breaks inside a line do not count.
    """
    tree = parsed(source)
    inside = {number for one in markers.regions(source) for number in range(one.first, one.last)}
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.stmt) and node.lineno - 1 in inside:
            parts = [ast.unparse(node).partition("\n")[0].rstrip(":")]
            if isinstance(getattr(node, "value", None), ast.expr):
                parts.append(ast.unparse(node.value))
            yield from (part for part in parts if len(bare(part)) >= SHORTEST)


def given_away(hint: Hint, source: str) -> str | None:
    """Return the first line of a cell's answer that a hint holds, or None."""
    text = bare(hint.text)
    return next((line for line in answer_lines(source) if bare(line) in text), None)
