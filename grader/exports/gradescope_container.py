"""What run_autograder runs in Gradescope's container: it grades the one submission that lies there.

/autograder/submission holds what the student handed in, /autograder/results/results.json takes what is said about it;
what is printed here only staff see. AUTOGRADER in the environment is another place than /autograder.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.engine.canary import sandbox_faults
from grader.exports.gradescope_autograder import COURSE, SEED
from grader.exports.gradescope_results import results_json
from grader.notebooks.answer_key import AnswerKey, read_keys
from grader.notebooks.notebook_file import Unreadable, parse, read_bytes
from grader.notebooks.recognition import lab_of
from grader.notebooks.submission import Refusal, Submission, read_submission
from grader.scoring.grading import grade, input_seed

STUDENT = "submission"  # nobody is named in a container
OPEN_NOTE = (
    "graded without the sandbox, which this container does not allow, so what a submission did to its own grade "
    "cannot be ruled out: "
)


def grade_container(place: Path) -> dict:
    """Grade the submission that lies in a container and return the content of results.json.

    Args:
        place: /autograder, with `source` (what the zip held) and `submission`.

    Raises:
        ValueError: the zip holds no lab.
    """
    source = place / "source"
    (key,) = read_keys(source / COURSE, []).values()
    submission = handed_in(place / "submission", key)
    if isinstance(submission, Refusal):
        said = f"{key.lab}.ipynb {submission.fault}; {submission.cure}."
        return {"score": 0.0, "output": said, "output_format": "text", "stdout_visibility": "hidden", "tests": []}
    seed = (source / SEED).read_text(encoding="ascii") if (source / SEED).is_file() else None
    faults = sandbox_faults()
    if faults:
        print(OPEN_NOTE + faults[0])
    result = grade(submission, key, sandbox=not faults, seed=input_seed(submission.sha256, seed))
    for note in result.notes:
        print(note)
    return results_json(key, result)


def handed_in(folder: Path, key: AnswerKey) -> Submission | Refusal:
    """Read the notebook of a lab out of whatever was handed in around it."""
    found = list(_notebooks(folder))
    meant = [path for path in found if len(found) == 1 or _is_of(path, key)]
    if len(meant) != 1:
        names = ", ".join(sorted(path.name for path in found)[:5]) or "no notebook"
        fault = f"is not among what was handed in ({names})" if not meant else f"was handed in {len(meant)} times"
        return Refusal(STUDENT, key.lab, "", fault, f"hand in {key.lab}.ipynb, once")
    with tempfile.TemporaryDirectory() as above:
        student = Path(above, STUDENT)
        (student / key.lab).mkdir(parents=True)
        shutil.copyfile(meant[0], student / key.lab / f"{key.lab}.ipynb")
        return read_submission(student / key.lab, student, key)


def _notebooks(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.ipynb")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not path.is_symlink() and not any(part.startswith((".", "__")) for part in inside):
            yield path


def _is_of(path: Path, key: AnswerKey) -> bool:
    try:
        return lab_of(parse(read_bytes(path)).cells, {key.lab: key}) is not None
    except Unreadable:
        return False


def run_container() -> None:
    """Grade what lies in this container and write results.json: what run_autograder calls."""
    place = Path(os.environ.get("AUTOGRADER", "/autograder"))
    results = grade_container(place)
    (place / "results").mkdir(exist_ok=True)
    (place / "results" / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
