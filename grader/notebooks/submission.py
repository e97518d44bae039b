"""Find what students handed in, on nbgrader's layout SUBMITTED/<student>/<lab>/<lab>.ipynb, and read it.

Every folder and file that cannot be graded becomes one sentence naming student, file and cure; the others go on.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grader.notebooks.answer_key import AnswerKey, names_of_labs
from grader.notebooks.late_mark import MARK, LateMark
from grader.notebooks.notebook_file import HAND_IN_SAVED, SubmittedCell, Unreadable, parse, python_of, read_bytes
from grader.notebooks.recognition import BY_TEXT, lab_of, with_names
from grader.text.moments import NoMoment, read_moment
from grader.text.safe_names import one_line

HAND_IN_FOLDER = "a folder with a folder for each lab"
TIMESTAMP = "timestamp.txt"  # written by nbgrader's collect
EARLIER = "earlier"  # in a lab's folder: 1, 2, ... with what the student handed in before


@dataclass(frozen=True)
class Submission:
    """One notebook that can be graded.

    Args:
        student, lab: whose and which.
        cells: what the student's file says, in order.
        sha256: of the file.
        timestamp: when it was handed in (UTC, without zone, as nbgrader keeps it), if known.
        notes: what staff should know about how it was handed in.
        python: by which the notebook says that it was run.
        exercises: that the lab had when this copy was handed out; None where the file says nothing.
        mark: what a platform says of its lateness, if it does.
    """

    student: str
    lab: str
    cells: tuple[SubmittedCell, ...]
    sha256: str
    timestamp: datetime | None = None
    notes: list[str] = field(default_factory=list)
    python: tuple[int, int] | None = None
    exercises: frozenset[str] | None = None
    mark: LateMark | None = None


@dataclass(frozen=True)
class Refusal:
    """Something handed in that could not be graded.

    Args:
        student, lab: whose and which; lab "" where the folder belongs to no lab.
        file: the file, relative to the folder of all submissions.
        fault: what is wrong with it.
        cure: what to do about it.
        timestamp: when it was handed in, if known.
    """

    student: str
    lab: str
    file: str
    fault: str
    cure: str
    timestamp: datetime | None = None

    def __str__(self) -> str:
        return one_line(f"{self.student}: {self.file} {self.fault}; {self.cure}.")


def collect(submitted: Path, keys: dict[str, AnswerKey], only: bool = False) -> list[Submission | Refusal]:
    """Read everything that was handed in.

    Args:
        submitted: the folder with one folder a student.
        keys: the labs, by name.
        only: pass over folders of other labs; default: each of them is refused with a sentence.

    Returns:
        Submissions and refusals, ordered by student and lab.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    found: list[Submission | Refusal] = []
    for folder in sorted(submitted.iterdir(), key=lambda path: path.name):
        if folder.name.startswith(".") or folder.is_file():
            continue  # .ipynb_checkpoints, .DS_Store, a note that staff left
        if any("\ud800" <= letter <= "\udfff" for letter in folder.name):  # bytes that are no text
            shown = one_line(folder.name)
            found.append(Refusal(shown, "", shown, "has a name that is not UTF-8", "rename the folder"))
            continue
        if folder.is_symlink():
            shown = one_line(folder.name)
            found.append(Refusal(folder.name, "", shown, "lies behind a link", "hand in the folder itself"))
            continue
        if not folder.is_dir():  # a pipe, a socket, a device
            shown = one_line(folder.name)
            found.append(Refusal(folder.name, "", shown, "is not a folder", f"hand in {HAND_IN_FOLDER}"))
            continue
        try:
            found += _of_student(folder, keys, only)
        except OSError as error:
            fault = f"cannot be listed ({error.strerror or error})"
            found.append(Refusal(folder.name, "", folder.name, fault, "make it readable for the grader's account"))
    return found


def _of_student(folder: Path, keys: dict[str, AnswerKey], only: bool) -> list[Submission | Refusal]:
    found: list[Submission | Refusal] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        place = f"{folder.name}/{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.name in keys and not entry.is_dir():  # a file, a pipe, a link that leads nowhere
            cure = f"make a folder {entry.name} with {entry.name}.ipynb in it"
            found.append(Refusal(folder.name, entry.name, place, "is not a folder", cure))
        elif not entry.is_dir():
            if entry.suffix == ".ipynb" and (not only or entry.stem in keys):
                lab = entry.stem if entry.stem in keys else "<lab>"
                cure = f"move it to {folder.name}/{lab}/{lab}.ipynb"
                found.append(Refusal(folder.name, "", place, "lies outside a lab's folder", cure))
        elif entry.name in keys:
            found += [read_submission(one, folder, keys[entry.name]) for one in (*_earlier(entry), entry)]
        elif (meant := entry.name.strip().casefold()) in (like := {name.casefold(): name for name in keys}):
            cure = f"rename the folder to {like[meant]}"
            lab = "" if (folder / like[meant]).is_dir() else like[meant]  # the right one is there as well
            found.append(Refusal(folder.name, lab, place, "is not quite the name of a lab", cure))
        elif not only and not out_of_use(entry.name, keys):
            cure = f"rename the folder to one of {', '.join(keys)}"
            found.append(Refusal(folder.name, "", place, "belongs to no lab of the course", cure))
    return found


def out_of_use(name: str, keys: dict[str, AnswerKey]) -> bool:
    """Whether a folder is of a lab that the course has and does not use now; then it is nobody's fault."""
    roots = {key.root for key in keys.values() if key.root is not None}
    return name not in keys and any(name in names_of_labs(root) for root in roots)


def left_alone(submitted: Path, keys: dict[str, AnswerKey]) -> dict[str, int]:
    """Return how many hand-ins of labs out of use lie in a folder, earlier ones included, by lab."""
    found: dict[str, int] = {}
    for place in sorted(submitted.glob("*/*")):
        if not place.parent.name.startswith(".") and place.is_dir() and out_of_use(place.name, keys):
            found[place.name] = found.get(place.name, 0) + 1 + len(_earlier(place))
    return found


def _earlier(folder: Path) -> list[Path]:
    """Return the folders of earlier hand-ins, oldest first."""
    place = folder / EARLIER
    try:
        if folder.is_symlink() or place.is_symlink() or not place.is_dir():
            return []
        return sorted((one for one in place.iterdir() if one.name.isdecimal()), key=lambda one: int(one.name))
    except OSError:  # of the lab's folder too, which says so itself
        return []


def read_submission(folder: Path, above: Path, key: AnswerKey) -> Submission | Refusal:
    """Read one hand-in of one student for one lab.

    Args:
        folder: holds one notebook, whatever it is called, and perhaps `timestamp.txt`.
        above: the student's folder, which bears their name.
        key: the lab.
    """
    notes: list[str] = []
    student, path = above.name, folder / f"{key.lab}.ipynb"
    around = f"{student}/{folder.relative_to(above).as_posix()}/"
    place = around + path.name
    timestamp = None
    try:
        if folder.is_symlink():
            raise Unreadable("lies behind a link", "hand in the folder itself")
        timestamp, mark = _timestamp(folder, notes), _mark(folder)
        if not path.is_symlink() and not path.exists():
            place = around
            path = _under_another_name(folder, path.name)
            place += path.name
            notes.append(
                one_line(f"{path.name} was taken for {key.lab}.ipynb, as the only notebook that was handed in")
            )
        content = read_bytes(path)
        notebook = parse(content)
        cells = notebook.cells
        _require_lab(cells, key)
        named = with_names(cells, key)
        notes += [BY_TEXT] if named != cells else []
        notes += mark.notes(timestamp) if mark is not None else []
    except Unreadable as error:
        return Refusal(student, key.lab, place, error.fault, error.cure, timestamp)
    except OSError as error:  # of the folder; the file's own are told by `read_bytes`
        fault = f"cannot be read ({error.strerror or error})"
        return Refusal(student, key.lab, place, fault, "make it readable for the grader's account", timestamp)
    except Exception as error:  # a fault of ours must not stop the others
        fault = f"made the grader stumble while reading ({type(error).__name__}: {error})"
        return Refusal(student, key.lab, place, fault, "report this to the course's maintainers", timestamp)
    digest = hashlib.sha256(content).hexdigest()
    return Submission(student, key.lab, named, digest, timestamp, notes, python_of(content), notebook.exercises, mark)


def _under_another_name(folder: Path, expected: str) -> Path:
    """Return the one notebook of a folder that lacks the expected one.

    Raises:
        Unreadable: there is none, or more than one.
    """
    inner = folder / expected.removesuffix(".ipynb") / expected
    if inner.is_file():
        raise Unreadable(f"holds a folder with {expected} and not the file itself", f"move {expected} one folder up")
    others = sorted(
        p.name for p in folder.iterdir() if p.name not in (TIMESTAMP, MARK, EARLIER) and not p.name.startswith(".")
    )
    notebooks = [name for name in others if name.lower().endswith(".ipynb")]
    if len(notebooks) == 1:
        return folder / notebooks[0]
    if notebooks:
        shown = " and ".join(notebooks[:3])
        raise Unreadable(f"holds {shown} but no {expected}", f"hand in one notebook named {expected}")
    if others:
        raise Unreadable(f"holds {', '.join(others[:3])} but no {expected}", HAND_IN_SAVED)
    raise Unreadable("is an empty folder", f"hand in {expected}")


def _require_lab(cells: tuple[SubmittedCell, ...], key: AnswerKey) -> None:
    """Refuse a notebook that shares no cell with this lab, and say whose it is, whatever labs are being graded."""
    if lab_of(cells, {key.lab: key}) is not None:
        return
    came = {cell.grade_id for cell in cells} | {cell.id for cell in cells}
    labs = names_of_labs(key.root) if key.root is not None else {}
    likely = max(labs, key=lambda lab: len(came & labs[lab]), default=None)
    if likely is not None and came & labs[likely]:
        raise Unreadable(
            f"is the notebook of another lab ({likely})",
            f"hand in {key.lab}.ipynb, with the other in its own folder",
        )
    raise Unreadable(
        "holds none of this lab's cells", f"start again from notebooks/{key.lab}/{key.lab}.ipynb and hand that in"
    )


def _timestamp(folder: Path, notes: list[str]) -> datetime | None:
    """Read nbgrader's timestamp.txt; None where there is none or it says no time."""
    path = folder / TIMESTAMP
    if not path.is_file() or path.is_symlink() or path.stat().st_size > 200:
        return None
    try:
        return read_moment(path.read_text(encoding="utf-8"))
    except ValueError as error:  # NoMoment, or bytes that are no text
        why = f": {error}" if isinstance(error, NoMoment) else ""
        notes.append(one_line(f"{TIMESTAMP} holds no date, so lateness is unknown{why}"))
        return None


def _mark(folder: Path) -> LateMark | None:
    """Read what a platform said of its lateness, as `grader collect` keeps it; None where it says nothing."""
    path = folder / MARK
    if not path.is_file() or path.is_symlink() or path.stat().st_size > 200:
        return None
    return LateMark.read(path.read_text(encoding="utf-8", errors="replace"))


def iso(moment: datetime | None) -> str | None:
    """Write a UTC time without zone as ISO 8601 with its zone."""
    return moment.replace(tzinfo=UTC).isoformat(timespec="seconds") if moment is not None else None
