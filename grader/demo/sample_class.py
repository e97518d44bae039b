"""A class of imaginary students, made from the course's own notebooks: right, wrong, unlucky and careless ones.

Every entry says what must come of it, so the demonstration checks itself.
"""

import ast
import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.build.build import Lab
from grader.demo import sample_answers as answers
from grader.notebooks.answer_key import AnswerKey

LORA, LINEAR, QUIZ = "05_lora_layer", "06_linear_with_lora", "10_quiz"
DUE = "2026-03-01 12:00 UTC"
IN_TIME, LATE = "2026-02-27 18:30:00 UTC", "2026-03-03 09:15:00 UTC"
ALL = frozenset({"*"})  # loses every exercise
SOME = frozenset({"?"})  # loses some exercises and gets others fully right


class Draft:
    """A notebook in a student's hands.

    Args:
        key: the lab.
        notebook: the student twin, as JSON data.
    """

    def __init__(self, key: AnswerKey, notebook: dict) -> None:
        self.key, self.notebook = key, notebook

    def cell(self, grade_id: str) -> dict:
        """Return the cell of this name."""
        return next(c for c in self.notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)

    def fill(self, **own: str) -> "Draft":
        """Answer everything: with the given text (`lora_layer` for `lora-layer`), else rightly in other words."""
        for meant in self.key.cells:
            if meant.answer:
                self.cell(meant.grade_id)["source"] = own.get(meant.grade_id.replace("-", "_")) or in_own_words(
                    meant.source
                )
        return self

    def leave(self, share: float) -> "Draft":
        """Take back the last answers, so that about this share of the lab's exercises stays unanswered."""
        names = [cell.grade_id for cell in self.key.cells if cell.answer]
        for name in names[len(names) - max(1, round(share * len(names))) :]:
            self.cell(name)["source"] = self.key.by_grade_id[name].student
        return self

    def sign(self, name: str) -> "Draft":
        """Type the student's name where the notebook asks for it."""
        for cell in self.notebook["cells"]:
            if cell["cell_type"] == "code":
                text = "".join(cell["source"])
                cell["source"] = text.replace('STUDENT = ""', f"STUDENT = {json.dumps(name)}")
        return self

    def to_bytes(self) -> bytes:
        """Save the notebook."""
        return json.dumps(self.notebook, indent=1, ensure_ascii=False).encode()


def in_own_words(source: str) -> str:
    """Return a right answer as a student might write it: the reference without its comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def verbatim(source: str) -> str:
    """Return the reference as it stands, without the builder's markers."""
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith("### "))


@dataclass(frozen=True)
class HandIn:
    """One notebook handed in, and what must come of it.

    Args:
        student, lab: whose and which.
        make: what the student did with the notebook; returns the file's bytes.
        loses: names of the graded cells that must not get full marks; all others must. `ALL` for every one, `SOME` for
            at least one, with full marks for at least one.
        verdict: that each lost exercise must have; default: any but "pass".
        refused: words in the sentence when it cannot be graded; default: it can.
        collection: 1 or 2, when it is collected.
        when: what timestamp.txt says.
        file: its name; default: the right one.
        flag: the start of a flag that it must raise; default: none is asked for.
    """

    student: str
    lab: str
    make: Callable[[Draft], bytes]
    loses: frozenset[str] = frozenset()
    verdict: str | None = None
    refused: str | None = None
    collection: int = 1
    when: str = IN_TIME
    file: str | None = None
    flag: str | None = None


def _perfect(draft: Draft) -> bytes:
    return draft.fill().sign("Ada Perfect").to_bytes()


def _untouched(draft: Draft) -> bytes:
    return draft.to_bytes()


def _with(**own: str) -> Callable[[Draft], bytes]:
    return lambda draft: draft.fill(**own).to_bytes()


def _unfinished(share: float) -> Callable[[Draft], bytes]:
    return lambda draft: draft.fill().leave(share).sign("B. Later").to_bytes()


def _copies_reference(draft: Draft) -> bytes:
    own = {cell.grade_id.replace("-", "_"): verbatim(cell.source) for cell in draft.key.cells if cell.answer}
    return draft.fill(**own).to_bytes()


def _looks(**own: str) -> Callable[[Draft], bytes]:
    def make(draft: Draft) -> bytes:
        cells = draft.fill(**own).notebook["cells"]
        cell = {"cell_type": "code", "id": "a-look", "metadata": {}, "outputs": [], "execution_count": None}
        cells.insert(cells.index(draft.cell("lora-layer")) + 1, cell | {"source": answers.LOOKS})
        return draft.to_bytes()

    return make


def _copies_test(name: str) -> Callable[[Draft], bytes]:
    def make(draft: Draft) -> bytes:
        cells = draft.fill().notebook["cells"]
        cells.append(copy.deepcopy(draft.cell(name)))
        return draft.to_bytes()

    return make


def _deletes_test(name: str) -> Callable[[Draft], bytes]:
    def make(draft: Draft) -> bytes:
        draft.fill().notebook["cells"].remove(draft.cell(name))
        return draft.to_bytes()

    return make


def _broken_json(draft: Draft) -> bytes:
    return draft.fill().to_bytes()[:-400]


ONE, TWO, THREE = "test-lora-layer", "test-linear-with-lora", "test-adapt-classifier"

CLASS = (
    HandIn("perfect", LORA, _perfect),
    HandIn("perfect", LINEAR, _perfect),
    HandIn("perfect", QUIZ, _perfect),
    HandIn("untouched", LORA, _untouched, ALL, "not-attempted"),
    HandIn("untouched", LINEAR, _untouched, ALL, "not-attempted"),
    HandIn("untouched", QUIZ, _untouched, ALL, "not-attempted"),
    HandIn("alpha-forgotten", LORA, _with(lora_layer=answers.ALPHA_FORGOTTEN), frozenset({ONE})),
    HandIn("b-random", LORA, _looks(lora_layer=answers.B_RANDOM), frozenset({ONE})),
    HandIn("a-not-trainable", LORA, _with(lora_layer=answers.NO_PARAMETERS), frozenset({ONE})),
    HandIn("base-not-frozen", LINEAR, _with(linear_with_lora=answers.BASE_NOT_FROZEN), frozenset({TWO})),
    HandIn("base-forgotten", LINEAR, _with(linear_with_lora=answers.BASE_FORGOTTEN), frozenset({TWO})),
    HandIn("better-and-late", QUIZ, _unfinished(0.5), SOME),
    HandIn("better-and-late", QUIZ, _unfinished(0.1), SOME, collection=2, when=LATE),
    HandIn("worse-second", LORA, _with()),
    HandIn("worse-second", LORA, _with(lora_layer=answers.B_RANDOM), frozenset({ONE}), collection=2, when=LATE),
    HandIn("syntax-error", LORA, _with(lora_layer=answers.SYNTAX_ERROR), frozenset({ONE}), "fail"),
    HandIn("endless-loop", LORA, _with(lora_layer=answers.ENDLESS_LOOP), frozenset({ONE}), "timeout"),
    HandIn("stubborn-loop", LINEAR, _with(adapt_classifier=answers.SWALLOWS_INTERRUPTS), frozenset({THREE}), "timeout"),
    HandIn("crash", LINEAR, _with(linear_with_lora=answers.CRASHES), frozenset({TWO}), "crash"),
    HandIn("copied-test", LORA, _copies_test(ONE), flag="graded-cell-copied"),
    HandIn("deleted-test", LINEAR, _deletes_test(TWO), flag="graded-cell-missing"),
    HandIn("broken-json", LORA, _broken_json, refused="is not valid JSON"),
    HandIn("broken-json", QUIZ, _unfinished(0.3), SOME),
    HandIn("other-file-name", LINEAR, _with(), file="Copy of 06_linear_with_lora (1).ipynb"),
    HandIn("honest-warning", LORA, _with(lora_layer=answers.WARNS)),
    HandIn("copied-reference", LINEAR, _copies_reference, flag="answer-identical-to-reference"),
    HandIn("O'Neil, Bo & Söhne", LORA, _with(lora_layer=answers.LORA)),
)


def labs_of(labs: list[Lab]) -> list[str]:
    """Return the names of the labs that the class works on and the course has."""
    used = {one.lab for one in CLASS}
    return [lab.name for lab in labs if lab.name in used]


def hand_in(one: HandIn, keys: dict[str, AnswerKey], twins: dict[str, Path], submitted: Path) -> Path:
    """Write one notebook as nbgrader collects it; what the student had handed in before is replaced."""
    draft = Draft(keys[one.lab], json.loads(twins[one.lab].read_text(encoding="utf-8")))
    folder = submitted / one.student / one.lab
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / (one.file or f"{one.lab}.ipynb")
    path.write_bytes(one.make(draft))
    (folder / "timestamp.txt").write_text(one.when, encoding="utf-8")
    return path
