"""The rules of a lab source: each is a function that yields what is wrong and the cure.

A rule takes one cell, or the whole notebook, and yields (cell number or None, sentence without its full stop).
"""

import ast
import difflib
import re
import warnings
from collections.abc import Iterator

from nbformat import NotebookNode

from grader.build import markers
from grader.build.course_values import shares
from grader.build.hints import Hint, given_away, hints
from grader.build.lab_time import CORE, OFF, core_minutes, estimated_minutes, stated_minutes
from grader.build.source_format import (
    CELL_KEYS,
    SKIP_TAG,
    WITHHELD_KEY,
    Problem,
    grader_metadata,
    label,
    text_before_first_cell,
)
from grader.course_package import course_package
from grader.text.cell_text import defined_names, parsed
from grader.text.plurals import counted, in_words

REQUIRED_KEYS = ("grade", "grade_id", "locked", "schema_version", "solution")
ALLOWED_KEYS = (*REQUIRED_KEYS, "points", "task")
GRADE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
COUNTED = re.compile(rf"\b(\d+|{'|'.join(map(in_words, range(99, -1, -1)))}) exercises?\b", re.IGNORECASE)
GENERATED_ID = re.compile(r"cell-\d+")
SYNTAX_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # what IPython accepts at the top level


def syntax_error(code: str) -> SyntaxError | None:
    """Return the error that makes a code cell invalid, or None; IPython magics are allowed."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(TransformerManager().transform_cell(code), "<cell>", "exec", flags=SYNTAX_FLAGS)
    except SyntaxError as error:
        return error
    except ValueError as error:  # a null byte
        return SyntaxError(str(error))
    return None


def valid_metadata(cell: NotebookNode) -> Iterator[str]:
    """The `# %%` line parses, and holds only keys that the course knows."""
    metadata = dict(cell.metadata)
    broken = metadata.pop("incorrectly_encoded_metadata", None)
    if broken is not None:
        yield f"the metadata {broken!r} on its '# %%' line is not valid JSON; mend the quotes, brackets or true/false"
    for key in ("title", "lines_to_next_cell", "cell_depth"):  # jupytext's own, dropped from the twins
        metadata.pop(key, None)
    for key in metadata:
        if key not in CELL_KEYS:
            yield f"unknown metadata {key!r} on its '# %%' line; allowed are {', '.join(CELL_KEYS)}"


def valid_tags(cell: NotebookNode) -> Iterator[str]:
    """Near misses of the skip tag are refused, and graded code is never skipped."""
    tags = cell.metadata.get("tags", [])
    for tag in tags:
        if tag != SKIP_TAG and difflib.SequenceMatcher(None, tag.lower(), SKIP_TAG).ratio() >= 0.8:
            yield f"tag {tag!r} is not one the grader knows; write {SKIP_TAG!r}"
    metadata = grader_metadata(cell)
    if SKIP_TAG in tags and (metadata.get("grade") or metadata.get("solution")):
        yield f"a solution or graded cell must run when grading; take the tag {SKIP_TAG!r} away"


def valid_withheld(cell: NotebookNode) -> Iterator[str]:
    """What a lab withholds are functions and classes of the package, named with the module that defines them."""
    names = cell.metadata.get(WITHHELD_KEY, [])
    for name in names if isinstance(names, list) else [names]:
        module, _, own = name.rpartition(".") if isinstance(name, str) else ("", "", "")
        path = course_package().parent.joinpath(*module.split(".")).with_suffix(".py")
        inside = module.startswith(f"{course_package().name}.") and path.is_file()
        if not inside or own not in defined_names(path.read_text(encoding="utf-8")):
            yield f"{WITHHELD_KEY} {name!r} is defined nowhere; write for example 'lora_utils.methods.lora.LoRALayer'"
    if not isinstance(names, list):
        yield f"{WITHHELD_KEY} must be a list of names"


def valid_grader_keys(cell: NotebookNode) -> Iterator[str]:
    """The nbgrader metadata has its required keys with values of the right type, and points on graded cells."""
    if "nbgrader" not in cell.metadata:
        return
    metadata = cell.metadata["nbgrader"]
    if not isinstance(metadata, dict):
        yield f"nbgrader metadata must be a JSON object, not {metadata!r}; copy the line of another cell"
        return
    missing = [key for key in REQUIRED_KEYS if key not in metadata]
    if missing:
        yield f"nbgrader metadata lacks {', '.join(missing)}; add {'it' if len(missing) == 1 else 'them'}"
    unknown = [key for key in metadata if key not in ALLOWED_KEYS]
    if unknown:
        yield f"nbgrader metadata has unknown keys {', '.join(unknown)}; allowed are {', '.join(ALLOWED_KEYS)}"
    for key in ("grade", "locked", "solution", "task"):
        if key in metadata and not isinstance(metadata[key], bool):
            yield f"nbgrader {key} must be true or false, not {metadata[key]!r}"
    if metadata.get("schema_version", 3) != 3:
        yield f"nbgrader schema_version must be 3, not {metadata['schema_version']!r}"
    grade_id = metadata.get("grade_id", "x")
    if not isinstance(grade_id, str) or not GRADE_ID.fullmatch(grade_id):
        yield f"grade_id {grade_id!r} must be 1 to 64 letters, digits, '-' or '_'"
    elif GENERATED_ID.fullmatch(grade_id):
        yield f"grade_id {grade_id!r} is kept for cells without one; choose a name that says what the cell is about"
    if metadata.get("grade"):
        points = metadata.get("points")
        if points is None:
            yield 'a graded cell needs points; add "points": N to its nbgrader metadata'
        elif isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < float("inf"):
            yield f"points must be a number of at least 0, not {points!r}"


def valid_kind(cell: NotebookNode) -> Iterator[str]:
    """What nbgrader demands of a cell's type: automatic tests are code, written answers graded by hand are text."""
    metadata = grader_metadata(cell)
    grade, solution = metadata.get("grade"), metadata.get("solution")
    if metadata.get("task"):
        yield "task cells are not used in this course; make it a solution cell and a test cell"
    elif cell.cell_type != "code" and grade and not solution:
        kind = cell.cell_type
        yield f"an automatic test must be a code cell, not {kind}; drop '[{kind}]' from its '# %%' line"
    elif cell.cell_type != "code" and solution and not grade:
        yield "a written answer is graded by hand: set grade to true too and give it points"


def valid_markers(cell: NotebookNode) -> Iterator[str]:
    """Markers are spelt, paired, and stand in cells of their kind."""
    found = list(markers.faults(cell.source, code=cell.cell_type == "code"))
    if found:
        yield from found
        return
    metadata, kinds = grader_metadata(cell), markers.kinds(cell.source)
    if markers.SOLUTION in kinds and not metadata.get("solution"):
        yield (
            "a SOLUTION region stands outside a solution cell, so nbgrader would not collect the answer; "
            'set "solution": true in its nbgrader metadata or move the region'
        )
    if markers.HIDDEN_TESTS in kinds and not (metadata.get("grade") and not metadata.get("solution")):
        yield 'HIDDEN TESTS stand outside a test cell; move them to the cell with "grade": true'
    if metadata.get("solution") and markers.SOLUTION not in kinds:
        yield "a solution cell has no '### BEGIN SOLUTION'; mark the answer, or students get an empty cell"


def valid_code(cell: NotebookNode) -> Iterator[str]:
    """Code parses with the answer in it, and still parses once answers and hidden tests are taken out."""
    if "sys.path" in cell.source:
        yield "it mentions sys.path; import by installation (pip install -e .) and delete it"
    if cell.cell_type != "code":
        return
    error = syntax_error(cell.source)
    if error is not None:
        yield f"invalid Python: {error.msg} (line {error.lineno} of the cell); mend the code"
        return
    if list(valid_markers(cell)) or list(valid_grader_keys(cell)):
        return  # taking the answers out means nothing yet
    from grader.build.twins import student_text

    error = syntax_error(student_text(cell))
    if error is not None:
        yield (
            f"without its answers and hidden tests the cell is invalid Python: {error.msg} "
            f"(line {error.lineno} of what students get); move the markers so that a whole block goes"
        )


def valid_points(cell: NotebookNode) -> Iterator[str]:
    """What a graded cell's checks are worth together, and what they are of, is what nbgrader is told."""
    metadata = grader_metadata(cell)
    worth = metadata.get("points")
    if cell.cell_type != "code" or not metadata.get("grade") or not isinstance(worth, int | float):
        return
    given = [(one.arg, one.value.value) for one in shares(cell.source)]
    for value in (value for name, value in given if name == "of"):
        if value != worth:
            yield f"its points are {worth:g} for nbgrader and {value:g} for the check (of={value:g}); make them agree"
            return
    total = sum(value for name, value in given if name == "points")
    if any(name == "of" for name, _ in given) and abs(total - worth) > 1e-9:
        yield f"its checks are worth {counted(total, 'point')} together, and it is of {worth:g}; make them agree"


CELL_RULES = (
    valid_metadata,
    valid_tags,
    valid_withheld,
    valid_grader_keys,
    valid_kind,
    valid_markers,
    valid_code,
    valid_points,
)


def unique_ids(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """No grade_id occurs twice."""
    first: dict[str, int] = {}
    for number, cell in enumerate(notebook.cells, start=1):
        grade_id = grader_metadata(cell).get("grade_id")
        if not isinstance(grade_id, str):
            continue
        if grade_id in first:
            yield number, f"grade_id {grade_id!r} is already that of cell {first[grade_id]}; give this one its own"
        first.setdefault(grade_id, number)


def tests_name_their_solution(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """A test cell is called "test-" and the grade_id of a solution cell before it."""
    solutions: list[str] = []
    for number, cell in enumerate(notebook.cells, start=1):
        metadata = grader_metadata(cell)
        grade_id = metadata.get("grade_id")
        if metadata.get("solution"):
            solutions.append(grade_id)
        elif metadata.get("grade") and isinstance(grade_id, str) and grade_id not in [f"test-{s}" for s in solutions]:
            close = difflib.get_close_matches(grade_id, [f"test-{s}" for s in solutions], n=1, cutoff=0)
            cure = f"call it {close[0]!r} or add that solution cell" if close else "put a solution cell before it"
            yield number, f"test {grade_id!r} has no solution cell {grade_id.removeprefix('test-')!r} before it; {cure}"


def imports_run_when_grading(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """What answers may want of a library is imported where grading runs it; the package it sees to itself."""
    run: set[str] = set()
    for skipped in (False, True):
        for number, cell in enumerate(notebook.cells, start=1):
            if cell.cell_type != "code" or (SKIP_TAG in cell.metadata.get("tags", [])) != skipped:
                continue
            tree = parsed(cell.source)
            found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)] if tree else []
            texts = {ast.unparse(node) for node in found if course_package().name not in ast.unparse(node)}
            if not skipped:
                run |= texts
            for text in sorted(texts - run):
                yield number, f"{text!r} stands only in a cell that grading skips; move it to the set-up cell"


def counts_its_exercises(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """The first cell, where it says how many exercises the lab has, says it right."""
    there = sum(bool(grader_metadata(cell).get("grade")) for cell in notebook.cells)
    for said in COUNTED.finditer(notebook.cells[0].source if notebook.cells else ""):
        if said[1].lower() not in (str(there), in_words(there)):
            yield 1, f"says {said[0]}, and the lab has {there}; write {{{{ exercises }}}} for the number"


def tells_honest_time(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """The minutes that a lab states are those that its words, exercises, figures and code take."""
    stated, real = stated_minutes(notebook), estimated_minutes(notebook)
    if stated is not None and abs(stated - real) > OFF:
        yield 1, f"says about {stated} minutes, and its parts add up to {real:.0f}; state {5 * round(real / 5)}"
    said, core = stated_minutes(notebook, CORE), core_minutes(notebook)
    if stated is not None and real - core > 0.5 and (said is None or abs(said - core) > OFF):
        came = "says nothing of its core" if said is None else f"says that the core takes {said} minutes"
        yield 1, f"{came}, and its parts add up to {core:.0f}; state 'the core takes {5 * round(core / 5)}'"


def hints_leave_a_step(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """No hint of an exercise holds a whole line of its solution; an exercise ends with its graded cell."""
    told: list[tuple[int, Hint]] = []
    for number, cell in enumerate(notebook.cells, start=1):
        metadata = grader_metadata(cell)
        if cell.cell_type == "markdown":
            told += [(number, hint) for hint in hints(cell.source)]
        elif metadata.get("solution") and not list(markers.faults(cell.source, code=True)):
            for place, hint in told:
                line = given_away(hint, cell.source)
                if line is not None:
                    cure = "leave one step: a small case with its result, or where most answers go wrong"
                    yield place, f"{hint.title!r} holds a line of the solution of {label(cell)}, {line!r}; {cure}"
        if metadata.get("grade"):
            told = []


NOTEBOOK_RULES = (
    unique_ids,
    tests_name_their_solution,
    imports_run_when_grading,
    counts_its_exercises,
    tells_honest_time,
    hints_leave_a_step,
)


def problems(notebook: NotebookNode, text: str, name: str) -> Iterator[Problem]:
    """Yield everything that is wrong with a parsed source, in the order of its cells.

    Args:
        notebook: the cells, from `grader.build.source.parse`.
        text: the source file itself.
        name: how to call the file in messages.
    """
    stray = text_before_first_cell(text)
    if stray is not None:
        yield Problem(name, None, "", f"{stray!r} stands before the first '# %%' line; put it under a cell line")
    elif not notebook.cells:
        yield Problem(name, None, "", "has no cells; start each with a '# %%' line")
    found: list[tuple[int, str]] = []
    for number, cell in enumerate(notebook.cells, start=1):
        found += [(number, sentence) for rule in CELL_RULES for sentence in rule(cell)]
    found += [problem for rule in NOTEBOOK_RULES for problem in rule(notebook)]
    for number, sentence in sorted(found, key=lambda pair: pair[0]):
        yield Problem(name, number, label(notebook.cells[number - 1]), sentence)
