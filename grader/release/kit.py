"""Put together what students get: notebooks, wheel, environments and a README, for one way of handing out.

A kit is files in memory, by path; so it can be searched as a whole before anything of it is written.

Sources: nbgitpuller, "Options in an nbgitpuller URL"; GitHub Docs, "Create an assignment from a template repository"
and "Workflow syntax".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.build.build import Lab, read_notebook
from grader.build.first_cells import colab_address
from grader.build.twins import to_bytes
from grader.course import BRANCH, COUNTS, FILE, Course
from grader.release.environments import conda_environment, constraints, requirements
from grader.release.wheel import build_wheel, project_of
from grader.text.moments import shown
from grader.text.plurals import counted
from grader.text.safe_names import one_line

Target = Literal["kit", "github-classroom", "nbgitpuller"]
TARGETS: tuple[str, ...] = get_args(Target)
WORKFLOW = ".github/workflows/checks.yml"
HUB, REPOSITORY = "https://HUB", "https://github.com/NAME/REPOSITORY"  # where the course names none
PUNCTUATION = re.compile(r"[\\`*_\[\]<>&|~#$!^]")  # that means something in a heading, on GitHub too
LINK = re.compile(r"\[([^\[\]]+)\]\(\.\./(\d\d_\w+)/\2\.ipynb(?:#[^()\s]*)?\)")  # to another lab
IGNORED = ".venv/\n.ipynb_checkpoints/\n"


class CannotRelease(ValueError):
    """No kit can be made; the message is one sentence."""


@dataclass(frozen=True)
class Kit:
    """What one release holds.

    Args:
        files: by path, with forward slashes.
        labs: those that it is of.
        unnamed: what stands in its README for what the course does not name, by the key of course.toml.
    """

    files: Mapping[str, bytes]
    labs: tuple[str, ...]
    unnamed: Mapping[str, str]


@dataclass(frozen=True)
class LabRow:
    """A lab as the README lists it."""

    name: str
    title: str
    path: str
    weight: str
    due: str
    colab: str
    hub: str


def make_kit(course: Course, target: Target = "kit") -> Kit:
    """Make the kit of a course's labs in use.

    Args:
        course: see there.
        target: "kit"; "github-classroom", a template repository that runs the checks on each push; "nbgitpuller", a
            repository that a JupyterHub pulls from. Default "kit".

    Raises:
        CannotRelease: a lab has no student notebook, or the wheel cannot be built.
    """
    labs = [Lab(course.root, name) for name in course.labs]
    missing = [lab.relative(lab.student) for lab in labs if not lab.student.is_file()]
    if missing or not labs:
        what = missing[0] if missing else "any lab in use"
        raise CannotRelease(f"there is no {what}; run `grader build`.")
    try:
        wheel, content = build_wheel(course.root)
    except (OSError, RuntimeError) as error:
        raise CannotRelease(f"the wheel cannot be built ({error}); run `pip install -e '.[staff]'`.") from None
    if course.wheel and course.wheel.rpartition("/")[2] != wheel:
        raise CannotRelease(
            f"{FILE} says that notebooks install {course.wheel}, and this release has {wheel}; mend wheel."
        )
    version = project_of(course.root)["version"]
    rows = [_row(lab, course) for lab in labs]
    texts = {
        "requirements.txt": requirements(course.root, wheel),
        "constraints.txt": constraints(course.root),
        "environment.yml": conda_environment(course.root, wheel),
    }
    common = {"course": course, "labs": rows, "wheel": wheel, "version": version, "target": target, "branch": BRANCH}
    common |= {
        "hub": course.hub or HUB,
        "repository": course.repository or REPOSITORY,
        "torch": _pin(texts["constraints.txt"]),
    }
    common |= {"name": _repository_name(course), "attempts": _attempts(course), "late": _late(course)}
    common |= {"total": _total(course)}
    texts["README.md"] = _rendered("student_readme.md", common)
    if target != "kit":
        texts[".gitignore"] = IGNORED
    if target == "github-classroom":
        texts[WORKFLOW] = _rendered("checks.yml", common)
    files = {row.path: _notebook(lab, course) for row, lab in zip(rows, labs, strict=True)}
    files |= {name: text.encode() for name, text in texts.items()} | {wheel: content}
    stands_for = {"hub": HUB, "repository": REPOSITORY} if target == "nbgitpuller" else {}
    unnamed = {key: place for key, place in stands_for.items() if not getattr(course, key)}
    return Kit(dict(sorted(files.items())), course.labs, unnamed)


def _notebook(lab: Lab, course: Course) -> bytes:
    """Return a lab's student notebook; links to labs that the kit lacks are plain text."""
    notebook = read_notebook(lab.student)
    if notebook is None:
        raise CannotRelease(f"{lab.relative(lab.student)} is no notebook; run `grader build {lab.name}`.")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(lambda link: link[0] if link[2] in course.labs else link[1], cell.source)
    return to_bytes(notebook)


def _row(lab: Lab, course: Course) -> LabRow:
    path, due = lab.relative(lab.student), course.due().get(lab.name)
    when = shown(due, course.time_zone) if due else ""
    terms = course.terms[lab.name]
    weight = f"{terms.weight:g}{', extra credit' if terms.extra_credit else ''}"
    colab = colab_address(course.repository, path)
    return LabRow(lab.name, _title(lab), path, weight, when, colab, _hub(course, path))


def _total(course: Course) -> str:
    """Say in a sentence or two what labs weigh in the course's total; nothing where all weigh the same."""
    terms = [course.terms[lab] for lab in course.labs]
    if len({(one.weight, one.extra_credit) for one in terms}) < 2:
        return ""
    extra = " Extra credit adds to it, and costs nothing where it is left out."
    said = "The course's total is the mean of its labs' shares of their points, by weight."
    return said + (extra if any(one.extra_credit for one in terms) else "")


def _attempts(course: Course) -> str:
    """Say in one sentence how often a student may hand in, and which attempt counts."""
    once = course.attempts == "first"
    often = "You have one attempt at each lab" if once else "You may hand in as often as you like"
    return f"{often}: {COUNTS[course.attempts]}."


def _late(course: Course) -> str:
    """Say in one sentence what course.toml takes for lateness."""
    late = course.late
    if not late.per_day or not late.at_most:
        return "Handing in late is shown and costs nothing."
    grace = f" and {counted(late.grace_minutes, 'minute')} of grace" if late.grace_minutes else ""
    most = f", up to {100 * late.at_most:g} %" if late.at_most < 1 else ""
    return (
        f"Each day that has begun after the due date{grace} costs {100 * late.per_day:g} % of the points earned{most}."
    )


def _title(lab: Lab) -> str:
    """Return a lab's first heading."""
    for cell in json.loads(lab.student.read_text(encoding="utf-8"))["cells"]:
        found = re.match(r"# (.+)", "".join(cell["source"])) if cell["cell_type"] == "markdown" else None
        if found:
            return found[1].strip()
    return lab.name


def _hub(course: Course, path: str) -> str:
    """Return the link by which a JupyterHub with nbgitpuller pulls the repository and opens a notebook."""
    opened = f"lab/tree/{_repository_name(course)}/{path}?autodecode"
    asked = {"repo": course.repository or REPOSITORY, "branch": BRANCH, "urlpath": opened}
    return f"{course.hub or HUB}/hub/user-redirect/git-pull?{urlencode(asked)}"


def _repository_name(course: Course) -> str:
    """Return the folder that git clone makes."""
    return (course.repository or REPOSITORY).rstrip("/").rpartition("/")[2].removesuffix(".git")


def _pin(constraints: str) -> str:
    """Return the line of torch, for machines that need its build without GPU libraries."""
    return re.search(r"(?m)^torch==.*$", constraints)[0]


def _rendered(template: str, values: dict) -> str:
    loader = PackageLoader("grader.release", "templates")
    # Braces are GitHub's, brackets are Markdown's.
    environment = Environment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        variable_start_string="<<", variable_end_string=">>",
    )  # fmt: skip
    environment.filters["plain"] = plain
    return environment.get_template(template).render(values)


def plain(text: str) -> str:
    """Return a text as Markdown that shows it as it is, in one line."""
    return PUNCTUATION.sub(r"\\\g<0>", one_line(text))
