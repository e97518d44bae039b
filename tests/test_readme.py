"""README and the book's pages tell the truth, line by line where a program can tell."""

from __future__ import annotations

import re
from pathlib import Path

from in_process import LABS, points
from typer.testing import CliRunner

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = {path: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "book").glob("*.md")))}
TEXT = "\n".join(PAGES.values())


def rows() -> dict[str, list[str]]:
    """Rows of the table of labs, by lab."""
    found = {}
    for line in README.splitlines():
        if match := re.match(r"\| \[(\d\d_\w+)\]\(([^)]+)\)", line):
            assert (ROOT / match[2]).is_file(), match[2]
            found[match[1]] = [cell.strip() for cell in line.strip("|").split("|")]
    return found


def test_the_table_lists_every_lab_with_its_points():
    assert sorted(rows()) == LABS
    for lab, row in rows().items():
        assert float(row[-1]) == sum(points(lab).values()), lab


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?\bmake ([a-z]+)\b`?", re.sub(r"without make", "", TEXT, flags=re.IGNORECASE)))
    assert named >= {"lab", "demo", "test"}
    assert named <= targets


def test_every_command_of_ours_that_is_named_exists():
    from grader.cli import app as grader
    from lora_utils.cli import app as lora_utils

    for app, name in ((grader, "grader"), (lora_utils, "lora-utils")):
        commands = set(re.findall(rf"\b{name} ([a-z]+)\b", TEXT))
        assert commands, name
        for command in commands:
            assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, f"{name} {command}"


def test_every_linked_file_exists():
    links = [(page, link) for page, text in PAGES.items() for link in re.findall(r"\]\((?!http)([^)#]+)\)", text)]
    assert links
    assert [link for page, link in links if not (page.parent / link).exists()] == []


def test_the_readme_is_one_screen_and_leads_to_the_rest():
    assert len(README.splitlines()) < 60
    assert {"book/installing.md", "book/numbers.md", "book/guide.md"} <= set(re.findall(r"\]\(([^)]+)\)", README))


def test_as_many_attacks_are_tried_as_it_says():
    folder = ROOT / "tests" / "attacks"
    texts = [(folder / f"{name}.py").read_text() for name in ("tricks", "bystanders", "disguises")]
    tried = sum(text.count("\n# %% ") for text in texts)
    assert int(re.search(r"`tests/attacks/`\s+tries (\d+) ways", TEXT)[1]) == tried
