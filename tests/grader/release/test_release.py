"""What `grader release` writes, for each way of handing out; and that it writes nothing where a secret is in it."""

from __future__ import annotations

import os
import re
import zipfile
from email.parser import Parser
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import nbformat
import pytest
import releasable_course as small
import tiny_course as tiny
import yaml
from markdown_it import MarkdownIt
from packaging.requirements import Requirement
from typer.testing import CliRunner

from grader.cli import app
from grader.course import Course
from grader.release.kit import plain

WHEEL = "peft_by_hand-0.2.0-py3-none-any.whl"
LABS = [tiny.FIRST, tiny.SECOND, small.QUIZ]


@pytest.fixture
def course(tmp_path):
    return small.make_course(tmp_path)


def release(course: Path, *options: str, out: str = "out/kit") -> tuple[int, str, Path]:
    (course / "out").mkdir(exist_ok=True)
    done = CliRunner().invoke(app, ["release", "--out", str(course / out), "--root", str(course), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output, course / out


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_kit_is_notebooks_wheel_environments_and_a_readme(course):
    code, text, out = release(course)
    assert (code, "8 files, 3 labs" in text) == (0, True), text
    notebooks = {f"notebooks/{lab}/{lab}.ipynb" for lab in LABS}
    files = {"README.md", "requirements.txt", "constraints.txt", "environment.yml", WHEEL}
    assert files_of(out) == notebooks | files
    for name in notebooks:
        assert (out / name).read_bytes() == (course / name).read_bytes()
    with zipfile.ZipFile(out.with_suffix(".zip")) as archive:
        assert archive.namelist() == sorted(f"kit/{name}" for name in notebooks | files)
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_link_to_a_lab_that_is_not_handed_out_is_plain_text(course):
    first = course / "solutions" / tiny.FIRST / f"{tiny.FIRST}.py"
    link = "[lab {0}](../{0}/{0}.ipynb{1})".format
    links = [
        link(tiny.SECOND, ""),
        link(small.QUIZ, ""),
        link(small.QUIZ, "#ends"),
        "[paper](https://example.org/x.ipynb)",
    ]
    first.write_text(first.read_text().replace("# # Doubling", f"# # Doubling\n# {', '.join(links)}."))
    small.decide(course, "")
    path = f"notebooks/{tiny.FIRST}/{tiny.FIRST}.ipynb"
    assert (release(course)[2] / path).read_bytes() == (course / path).read_bytes()
    small.decide(course, 'labs = "01, 02"\n')
    _, said, out = release(course, out="out/fewer")
    text = nbformat.read(out / path, as_version=4).cells[0].source
    assert text.endswith(f"{links[0]}, lab {small.QUIZ}, lab {small.QUIZ}, {links[-1]}."), said


def test_the_wheel_has_the_package_and_the_students_command_and_nothing_of_the_staffs(course):
    _, _, out = release(course)
    with zipfile.ZipFile(out / WHEEL) as wheel:
        names = wheel.namelist()
        (metadata, scripts) = (next(n for n in names if n.endswith(end)) for end in ("/METADATA", "/entry_points.txt"))
        said, commands = Parser().parsestr(wheel.read(metadata).decode()), wheel.read(scripts).decode()
    assert {name.split("/")[0] for name in names} == {"lora_utils", "peft_by_hand-0.2.0.dist-info"}
    assert not [name for name in names if "__pycache__" in name]
    assert commands.split() == ["[console_scripts]", "lora-utils", "=", "lora_utils.cli:app"]
    needed = {Requirement(line).name for line in said.get_all("Requires-Dist")}
    assert needed >= {"torch", "ipython", "jupyterlab", "torchtext"}
    assert needed & {"nbgrader", "sqlalchemy", "pytest", "peft-by-hand"} == set()
    assert set(said.get_all("Provides-Extra")) == {"lab", "torchtext"}


def test_the_same_course_gives_the_same_bytes_whoever_builds_it(course):
    packed = release(course)[2].with_suffix(".zip")
    before = packed.read_bytes()
    packed.unlink()
    (course / "lora_utils" / "cli.py").chmod(0o600)
    os.utime(course / "lora_utils" / "cli.py", (1_900_000_000, 1_900_000_000))
    mask = os.umask(0o077)
    try:
        release(course)
    finally:
        os.umask(mask)
    assert packed.read_bytes() == before


def test_what_is_installed_is_pinned_and_nothing_of_the_staffs(course):
    _, _, out = release(course)
    lines = (out / "requirements.txt").read_text().splitlines()[1:]
    assert lines[:2] == ["--constraint constraints.txt", f"./{WHEEL}[lab]"]
    pinned = {Requirement(line).name for line in lines[2:]}
    assert pinned >= {"torch", "jupyterlab", "ipywidgets", "matplotlib"}
    assert pinned & {"nbgrader", "nbval", "pytest", "jupytext"} == set()
    assert all("==" in line for line in lines[2:])
    everything = (out / "constraints.txt").read_text().splitlines()[1:]
    assert everything == (course / "constraints.txt").read_text().splitlines()[1:]
    card = yaml.safe_load((out / "environment.yml").read_text())["dependencies"]
    assert card[0].startswith("python=3.11")
    assert card[-1]["pip"][0] == "torch==2.3.1"
    assert card[-1]["pip"][-1] == f"./{WHEEL}[lab]"
    assert [line for line in card[-1]["pip"] if line.startswith(("nbgrader", "pytest", "nbval"))] == []


def test_labs_title_pass_mark_dates_and_addresses_are_the_courses(course):
    terms = 'title = "PEFT, spring"\nrepository = "https://github.com/ada/kit"\nlabs = "02-03"\npass_mark = 0.75\n'
    terms += 'attempts = "latest"\ntime_zone = "+02:00"\n[lab.02]\ndue = "2026-03-31"\n'
    small.decide(course, terms)
    _, _, out = release(course)
    assert {path.parent.name for path in out.rglob("*.ipynb")} == {tiny.SECOND, small.QUIZ}
    readme = (out / "README.md").read_text()
    assert readme.startswith("# PEFT, spring\n")
    path = f"notebooks/{tiny.SECOND}/{tiny.SECOND}.ipynb"
    assert f"[Halving]({path}) | 2026-03-31 23:59:59 +02:00 |" in readme
    assert f"https://colab.research.google.com/github/ada/kit/blob/main/{path}" in readme
    assert "75 % of a lab's points pass it. You may hand in as often as you like: every attempt is kept and" in readme
    assert f"It gets https://github.com/ada/kit/raw/main/{WHEEL}.\n" in readme
    assert "<<" not in readme


@pytest.mark.parametrize(
    "title",
    ["PEFT & <friends>", "1 * 2_3 `code` [x](y) #4 #", "a &copy; $x$ ~~b~~ ![c](d) \\_", "PEFT, spring", "a^b | c"],
)
def test_a_title_is_shown_as_it_is(title):
    assert Course(Path()).title == plain(Course(Path()).title)
    (heading, text, _) = MarkdownIt("gfm-like", {"linkify": False}).parse(f"# {plain(title)}\n")
    assert heading.tag == "h1"
    assert [one.type for one in text.children if one.type not in ("text", "text_special")] == []
    assert "".join(one.content for one in text.children) == title


@pytest.mark.parametrize(
    ("terms", "head", "row", "said"),
    [
        ("", "| lab |", "|", ""),
        ("[lab.01]\nweight = 2\n[lab.02]\nweight = 2\n[lab.03]\nweight = 2", "| lab |", "|", ""),
        (
            "[lab.02]\nweight = 2.5",
            "| lab | weight |",
            "| 2.5 |",
            "the mean of its labs' shares of their points, by weight.",
        ),
        (
            '[lab.02]\nextra_credit = true\ndue = "2026-03-31"',
            "| lab | weight | due |",
            "| 1, extra credit | 2026-03-31 23:59:59 UTC |",
            "by weight. Extra credit adds to it, and costs nothing where it is left out.",
        ),
    ],
)
def test_a_student_reads_what_labs_weigh_where_they_differ(terms, head, row, said, course):
    (course / "course.toml").write_text('title = "PEFT & <friends>"\n' + terms)
    readme = (release(course)[2] / "README.md").read_text().splitlines()
    assert readme[0] == r"# PEFT \& \<friends\>"
    assert head in readme
    assert f"| [Halving](notebooks/{tiny.SECOND}/{tiny.SECOND}.ipynb) {row}" in readme
    (line,) = [line for line in readme if "of a lab's points pass it." in line]
    assert said in line
    assert ("weight" in line) == (said != "")


@pytest.mark.parametrize(
    ("terms", "left"),
    [
        ("", ["https://HUB", "https://github.com/NAME/REPOSITORY"]),
        ('hub = "https://hub.example.org/jupyter/hub/"', ["https://github.com/NAME/REPOSITORY"]),
        ('hub = "https://hub.example.org"\nrepository = "https://github.com/ada/kit"', []),
    ],
)
def test_links_for_a_hub_say_what_is_still_to_be_put_in(terms, left, course):
    small.decide(course, terms)
    code, said, out = release(course, "--target", "nbgitpuller")
    assert code == 0
    readme = (out / "README.md").read_text()
    for place, key in (("https://HUB", "hub"), ("https://github.com/NAME/REPOSITORY", "repository")):
        sentence = f"README.md holds {place}, since course.toml has no {key}; put it there and release again."
        assert (sentence in said) == (place in left)
        assert (place in readme) == (place in left)
    if "jupyter" in terms:
        assert "](https://hub.example.org/jupyter/hub/user-redirect/git-pull?repo=" in readme
    assert "since course.toml has no" not in release(course, out="out/plain")[1]


@pytest.mark.parametrize(
    ("terms", "attempts", "late"),
    [
        ("", "the best one counts", "Handing in late is shown and costs nothing."),
        (
            'attempts = "first"\n[late]\nper_day = 0.1',
            "You have one attempt at each lab: the first attempt counts and later ones are only kept.",
            "Each day that has begun after the due date costs 10 % of the points earned.",
        ),
        (
            'attempts = "latest"\n[late]\nper_day = 0.125\nat_most = 0.5\ngrace_minutes = 15',
            "the latest one counts",
            "the due date and 15 minutes of grace costs 12.5 % of the points earned, up to 50 %.",
        ),
        ("[late]\nper_day = 1\ngrace_minutes = 1", "the best", "due date and 1 minute of grace costs 100 % of the"),
        ("[late]\nper_day = 0.5\nat_most = 0", "the best", "Handing in late is shown and costs nothing."),
    ],
)
def test_a_student_reads_how_attempts_count_and_what_lateness_costs(terms, attempts, late, course):
    (course / "course.toml").write_text(terms)
    readme = (release(course)[2] / "README.md").read_text()
    (line,) = [line for line in readme.splitlines() if "of a lab's points pass it." in line]
    assert attempts in line
    assert late in line


def test_without_a_repository_colab_gets_the_wheel_by_hand(course):
    readme = (release(course)[2] / "README.md").read_text()
    assert f"It needs {WHEEL}: upload it first, on Colab into `/content`" in readme
    assert "colab.research" not in readme
    install = "python -m pip install -r requirements.txt"
    for line in ("python3 -m venv .venv", f".venv/bin/{install}", "py -m venv .venv", f".venv\\Scripts\\{install}"):
        assert f"\n{line}\n" in readme


def test_a_template_for_github_classroom_checks_each_lab_on_a_push(course):
    _, _, out = release(course, "--target", "github-classroom")
    workflow = yaml.safe_load((out / ".github" / "workflows" / "checks.yml").read_text())
    assert workflow[True] == ["push", "workflow_dispatch"]  # YAML reads "on" as a truth
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[1] == f"pip install --quiet --constraint constraints.txt ./{WHEEL}"
    assert commands[2:] == [f"lora-utils check notebooks/{lab}/{lab}.ipynb" for lab in LABS]
    assert {step.get("if") for step in job["steps"][4:]} == {"success() || failure()"}  # also after one that failed
    assert (out / ".gitignore").is_file()
    assert "individual assignment" in (out / "README.md").read_text()


def test_links_for_a_hub_are_of_nbgitpullers_form(course):
    small.decide(course, 'repository = "https://github.com/ada/kit.git"\n')
    _, _, out = release(course, "--target", "nbgitpuller")
    readme = (out / "README.md").read_text()
    link = next(part for part in readme.split("(") if part.startswith("https://HUB/")).split(")")[0]
    asked = {name: value for name, (value,) in parse_qs(urlparse(link).query).items()}
    path = f"kit/notebooks/{tiny.FIRST}/{tiny.FIRST}.ipynb"
    assert asked == {
        "repo": "https://github.com/ada/kit.git",
        "branch": "main",
        "urlpath": f"lab/tree/{path}?autodecode",
    }
    assert urlparse(link).path == "/hub/user-redirect/git-pull"


PLANTED = {
    "a solution": "lora_utils/methods/double.py",
    "a hidden test": "lora_utils/checks/double.py",
    "a quiz key": "lora_utils/quiz.py",
    "a catalogue answer": "lora_utils/answers.py",
    "a seed": "lora_utils/settings.py",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_ends_it_with_one_sentence_and_nothing_is_written(kind, course):
    (course / PLANTED[kind]).write_text(f'"""Planted."""\n# {small.SECRETS[kind]}\n')
    code, text, out = release(course)
    assert code == 1
    assert re.match(rf"  {re.escape(f'{WHEEL}/{PLANTED[kind]}')}, line \d+.*, holds {kind}( of .*)?\n", text)
    assert text.count("\n") == 2
    assert text.endswith("grader release: students would get what stands there; nothing was written.\n")
    assert list(out.parent.iterdir()) == []


def test_the_seeds_of_the_environment_and_of_the_option_are_looked_for_too(course, monkeypatch):
    monkeypatch.setenv("LORA_UTILS_CHECK_SEED", "of-the-environment")
    (course / "other").write_text("of-the-option\n")
    page = course / "notebooks" / tiny.FIRST / f"{tiny.FIRST}.ipynb"
    before = page.read_text()
    for seed in ("of-the-environment", "of-the-option"):
        page.write_text(before.replace("twice as much", f"twice as much {seed}"))
        code, text, _ = release(course, "--seed-file", str(course / "other"))
        assert code == 1
        assert re.search(rf"{tiny.FIRST}\.ipynb, line \d+, holds a seed\n", text)
        assert seed not in text


def test_a_notebook_with_its_answers_is_found_before_it_is_called_stale(course):
    twin = course / "notebooks" / tiny.FIRST / f"{tiny.FIRST}.ipynb"
    twin.write_bytes((course / "solutions" / tiny.FIRST / f"{tiny.FIRST}.ipynb").read_bytes())
    code, text, _ = release(course)
    assert code == 1
    for kind in ("a solution", "a hidden test"):
        place = rf"notebooks/{tiny.FIRST}/{tiny.FIRST}\.ipynb, line \d+ \(.*\), holds {kind} of "
        assert re.search(rf"  {place}solutions/\d\d_\w+/\d\d_\w+\.py, cell '", text)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda course: (course / "course.toml").write_text("labs = 5"), "course.toml: labs must be a text"),
        (lambda course: (course / "course.toml").write_text('wheel = "https://example.org/a-1-py3-none-any.whl"'),
         f"install https://example.org/a-1-py3-none-any.whl, and this release has {WHEEL}; mend wheel"),
        (lambda course: (course / "course.toml").write_text('repository = "https://github.com/ada/kit"'),
         "01_double.ipynb differs from 01_double.py; run `grader build 01_double`"),
        (lambda course: (course / "notebooks" / small.QUIZ / f"{small.QUIZ}.ipynb").unlink(), "run `grader build`"),
        (lambda course: (course / "lora_utils" / "cli.py").unlink() or (course / "LICENSE").unlink(), "LICENSE"),
        (lambda course: (course / "notebooks" / small.QUIZ / f"{small.QUIZ}.ipynb").write_text('{"cells": []}'),
         "03_quiz.ipynb differs from 03_quiz.py; run `grader build 03_quiz`"),
        (lambda course: (course / "out" / "kit").mkdir(parents=True) or (course / "out/kit/thesis.tex").write_text("x"),
         "kit holds thesis.tex, which no earlier release is known to have written; move that elsewhere or delete"),
        (lambda course: (course / "out").mkdir() or (course / "out" / "kit").write_text("x"), "kit is a file"),
        (lambda course: (course / "seed").write_bytes(b"\xff\xfe"), "seed cannot be read"),
    ],
    ids=["course.toml", "other wheel", "other links", "not built", "no wheel", "stale", "full folder", "file", "seed"],
)  # fmt: skip
def test_what_cannot_be_released_gets_one_sentence(change, sentence, course):
    change(course)
    code, text, out = release(course)
    assert (code, text.count("\n")) == (2, 1), text
    assert sentence in text
    assert not (out / "README.md").exists()


def test_a_repository_that_holds_an_earlier_release_gets_the_new_one(course):
    _, _, out = release(course, "--target", "nbgitpuller")
    (out / ".git").mkdir()
    (out / ".git" / "config").write_text("")
    (out / "README.md").write_text("old")
    assert release(course, "--target", "nbgitpuller")[0] == 0
    assert (out / "README.md").read_text().startswith("# Tiny")
    assert (out / ".git" / "config").is_file()


def test_what_an_earlier_release_wrote_and_this_one_lacks_goes_and_nothing_else_does(course):
    _, _, out = release(course, "--target", "nbgitpuller")
    (out / ".git").mkdir()
    (out / ".git" / "config").write_text("")
    gone, ours = f"notebooks/{small.QUIZ}/{small.QUIZ}.ipynb", f"notebooks/{tiny.SECOND}/{tiny.SECOND}.ipynb"
    small.decide(course, 'labs = "01"\n')
    before, packed = (out / ours).read_bytes(), out.with_suffix(".zip").read_bytes()

    def refused() -> bool:
        code, said, _ = release(course)
        return code == 2 and f"kit holds {ours}, which no earlier release" in said and (out / gone).is_file()

    (out / ours).write_bytes(before + b" ")  # somebody has changed it
    assert refused()
    (out / ours).unlink()
    (out / ours).symlink_to(course / ours)  # the same bytes
    assert refused()
    (out / ours).unlink()
    (out / ours).write_bytes(before)
    with zipfile.ZipFile(out.with_suffix(".zip"), "w") as archive:  # somebody's own zip
        for name in (ours, gone):
            archive.write(out / name, f"kit/{name}")
    code, said, _ = release(course)
    assert (code, f"kit holds .gitignore, {ours}, {gone}, which no" in said) == (2, True), said
    out.with_suffix(".zip").write_bytes(packed)
    code, said, _ = release(course)
    assert code == 0, said
    for name in (".gitignore", ours, gone):
        assert f"{name} was of an earlier release and is no part of this one: removed.\n" in said
    assert {path.name for path in (out / "notebooks").iterdir()} == {tiny.FIRST}
    assert files_of(out) > {".git/config", "README.md"}
