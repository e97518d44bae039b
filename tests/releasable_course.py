"""A tiny course with all that a release is made of, and a secret of each kind."""

from __future__ import annotations

import shutil
from pathlib import Path

import tiny_course as tiny

from grader.build.build import find_labs
from grader.build.source import read_source
from grader.build.twins import solution_twin, student_twin, to_bytes
from grader.course import Course

ROOT = Path(__file__).parents[1]
QUIZ = "03_quiz"
SEED = "8d3c51f0a9b7e264"
SECRETS = {
    "a solution": "return sum([x, x], start=0.0)  # twice, by adding",
    "a hidden test": 'secret_of_the_grader = subject.probe(call, args=[0.0])["value"]',
    "a quiz key": 'answer_01 = q01.letters("lora")',
    "a catalogue answer": "return functools.reduce(operator.add, [x] * 2)",
    "a seed": SEED,
}
QUESTION = f"""# %% [markdown]
# # Quiz

# %% {tiny._meta("setup")}
from lora_utils.quiz import Question
q01 = Question("q01-low-rank", "", "Which one is low-rank?", {{"lora": "LoRA", "ia3": "IA3"}})

# %% {tiny._meta("q01-low-rank", solution=True)}
answer_01 = ""
### BEGIN SOLUTION
{SECRETS["a quiz key"]}
### END SOLUTION

# %% {tiny._meta("test-q01-low-rank", points=1)}
grade = check(answer_01)
grade
"""
PACKAGE = {  # what students get of it, as small as it goes
    "__init__.py": '"""Tiny."""\n',
    "cli.py": '"""Tiny."""\n',
    "checks/__init__.py": '"""Tiny."""\n\n\ndef visible(x):\n    return [number for number in (x, x) if number > 0]\n',
    "methods/__init__.py": '"""Tiny."""\n',
    "__pycache__/cli.cpython-311.pyc": "compiled",
}


def make_course(root: Path) -> Path:
    """Write the course and return its folder."""
    tiny.make_course(root)
    first = root / "solutions" / tiny.FIRST / f"{tiny.FIRST}.py"
    first.write_text(first.read_text().replace("return 2 * x", SECRETS["a solution"]))
    quiz = root / "solutions" / QUIZ / f"{QUIZ}.py"
    quiz.parent.mkdir()
    quiz.write_text(QUESTION)
    for lab in find_labs(root):
        source = read_source(lab.source)
        lab.solution.write_bytes(to_bytes(solution_twin(source)))
    catalogue = root / "tests" / "catalogue" / tiny.FIRST / "right" / "double.py"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(f"# %% folded\ndef double(x):\n    {SECRETS['a catalogue answer']}\n")
    for name in ("pyproject.toml", "constraints.txt", "environment.yml", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    for name, text in PACKAGE.items():
        (root / "lora_utils" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "lora_utils" / name).write_text(text)
    (root / "seed").write_text(SEED + "\n")
    decide(root, 'title = "Tiny"\nseed_file = "seed"\n')
    return root


def decide(root: Path, terms: str) -> None:
    """Write course.toml, and the student notebooks that follow from it."""
    (root / "course.toml").write_text(terms)
    course = Course.of(root)
    for lab in find_labs(root):
        lab.student.parent.mkdir(exist_ok=True)
        source = read_source(lab.source, course=course)
        lab.student.write_bytes(to_bytes(student_twin(source, lab.name, course)))
