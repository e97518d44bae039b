"""Whose each file of a download is: by the platform's form, by a pattern that staff give, or by its folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path

from grader.build.build import NOTEBOOKS
from grader.collecting.download import ASTRAY, CannotCollect, Entry
from grader.collecting.gradescope import METADATA, gradescope_claims
from grader.collecting.platforms import Claim, claim_of
from grader.collecting.roster import Ambiguous, Contradiction, Roster
from grader.notebooks.notebook_file import Unreadable
from grader.text.safe_names import require_plain_name

OWN = "folders"  # a folder for each student: the course's own form, and any other
GITHUB, SUBMISSIONS = "GitHub Classroom", "-submissions"  # a clone: ASSIGNMENT-submissions/ASSIGNMENT-login
GIT = ".git"
NOWHERE = "does not say whose it is"


@dataclass(frozen=True)
class Reading:
    """How the names in a download were understood, for staff to look at.

    Args:
        form: the platform and its pattern, as `--pattern` writes it.
        files: how many notebooks have it.
        example: a path, and the student that was read from it.
    """

    form: str
    files: int
    example: tuple[str, str]


@dataclass(frozen=True)
class Pattern:
    """Where the student stands in a path, as `Reading.form` shows it and staff correct it.

    {student} is the name, {file} and * are anything, and any other word in braces is anything inside one folder's name.

    Args:
        text: for example "week5/{student}_*.ipynb".

    Raises:
        CannotCollect: it names no student, or two.
    """

    text: str
    _compiled: re.Pattern = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.text.count("{student}") != 1:
            raise CannotCollect(f"the pattern {self.text!r} must hold {{student}} once, as '{{student}}_*.ipynb'.")
        literal, *rest = re.split(r"(\{\w+\}|\*)", self.text)
        wild = {"{student}": "(?P<student>[^/]+?)", "*": ".*?", "{file}": ".*?"}
        made = [wild.get(word, "[^/]*?") + re.escape(text) for word, text in zip(rest[::2], rest[1::2], strict=True)]
        compiled = re.compile(re.escape(literal) + "".join(made))
        object.__setattr__(self, "_compiled", compiled)

    def claim(self, path: str) -> Claim | None:
        """Return whose a file is by this pattern; None where it does not fit."""
        found = self._compiled.fullmatch(path)
        return Claim("--pattern", self.text, (found["student"],), (found["student"],)) if found else None


def claims(
    download: Path, found: list[Entry], labs: list[str], pattern: Pattern | None = None, zone: tzinfo = UTC
) -> dict[str, list[Claim]]:
    """Say whose the files of a download are, by path; what is missing says nowhere whose it is.

    Args:
        download: the zip or folder.
        found: its files.
        labs: names of the course's labs.
        pattern: where the student stands; default: as the platform's form has it.
        zone: of a platform's time that names none; default UTC.

    Raises:
        CannotCollect: a platform's list of students cannot be read.
    """
    paths = [entry.path for entry in found if not entry.junk and entry.fault != ASTRAY]
    # Only the part right inside the folders that all share is the platform's: what lies deeper, a student named.
    outer = _outer([path for path in paths if path.lower().endswith(".ipynb")], labs)
    if pattern is not None:
        fits = {path: pattern.claim(path) or pattern.claim(path.removeprefix(outer)) for path in paths}
        return {path: [_as_it_came(claim, path, outer, zone)] for path, claim in fits.items() if claim is not None}
    try:
        exported = gradescope_claims(found)
    except Unreadable as error:
        raise CannotCollect(f"{download}: its list of students {error.fault}; {error.cure}.") from None
    made = {path: exported[folder] for path in paths for folder in exported if path.startswith(folder)}
    folders: dict[str, str] = {}
    for path in paths:
        if path in made or not path.startswith(outer):
            continue
        part, slash, _ = path.removeprefix(outer).partition("/")
        if (claim := claim_of(part + slash, zone)) is not None:
            made[path] = [claim]
        elif slash and part != NOTEBOOKS:  # of a clone without a folder around it that would say whose it is
            folders[path] = part
    above = outer.rstrip("/").rpartition("/")[2] or download.resolve().name.removesuffix(".zip")
    clones = {
        f"/{entry.path}/".split(f"/{GIT}/")[0].rpartition("/")[2] for entry in found if GIT in entry.path.split("/")
    }
    prefix = _github_prefix(sorted(set(folders.values())), above, clones)
    for path, folder in folders.items():
        platform, shows = (GITHUB, f"{prefix}{{student}}/{{file}}") if prefix else (OWN, "{student}/{file}")
        if login := folder[len(prefix) :]:
            made[path] = [Claim(platform, shows, (login,), (login,))]
    return made


def _as_it_came(claim: Claim, path: str, outer: str, zone: tzinfo) -> Claim:
    """Return staff's word on whose a file is with the platform's on when it came."""
    part, slash, _ = path.removeprefix(outer).partition("/")
    own = claim_of(part + slash, zone)
    return claim if own is None else replace(claim, upload=own.upload, time=own.time, mark=own.mark)


def _outer(paths: list[str], labs: list[str]) -> str:
    """Return the folders around the students' own, with a slash at the end: those that all files share.

    A student's folder is none of them: it holds a lab's folder, or a platform has named it, or the files themselves do
    not say whose they are.
    """
    outer = ""
    while paths:
        heads = {path.removeprefix(outer).partition("/")[:2] for path in paths}
        inside = [path.removeprefix(outer).split("/")[1:] for path in paths]
        head = "".join(next(iter(heads)))
        if len(heads) > 1 or not head.endswith("/") or claim_of(head) is not None:
            break
        flat = [rest[0] for rest in inside if len(rest) == 1]
        own = {NOTEBOOKS, *labs}  # what lies in a student's folder, a clone of the kit among them
        if any(rest[0] in own for rest in inside) or any(claim_of(name) is None for name in flat):
            break
        outer += head
    return outer


def _github_prefix(folders: list[str], above: str, clones: set[str]) -> str:
    """Return what stands before the login in the names of clones; "" where these are none."""
    prefix = above.removesuffix(SUBMISSIONS) + "-" if above.endswith(SUBMISSIONS) else ""
    if not prefix and len(folders) > 1 and clones >= set(folders):
        common = os.path.commonprefix(folders)  # noqa: RUF071 (of the letters: these are names, not paths)
        prefix = common[: common.rfind("-") + 1]
    return prefix if prefix and all(folder.startswith(prefix) for folder in folders) else ""


def student_of(claim: Claim, roster: Roster | None) -> str:
    """Return the id of the student who is meant.

    Raises:
        Unreadable: nobody, or one of several, or no name for a folder.
    """
    if roster is not None:
        if claim.platform == OWN and claim.known_as in roster.students:  # as `grader collect` writes it
            return claim.known_as
        try:
            found = roster.find(claim.ids, claim.names, claim.platform)
        except Contradiction as error:
            fault = f"may be of several people, by the roster: {error.args[0]}"
            raise Unreadable(fault, "mend those rows, or name the file's folder by the student's id") from None
        except Ambiguous as error:
            number = f" ({claim.number})" if claim.number else ""
            cure = f"give the roster a column with what only one of them has on {claim.platform}{number}"
            raise Unreadable(f"bears the name of {error.args[0]}", cure) from None
        if found is None:
            called = " / ".join(dict.fromkeys((*claim.names, *claim.ids)))
            raise Unreadable(
                f"is of {called!r}, who is on no row of the roster", "add a row, or a column with that name"
            )
        return found
    known_as = unicodedata.normalize("NFC", claim.known_as)  # macOS writes names in parts
    try:
        require_plain_name(known_as)
    except ValueError:
        raise Unreadable(f"is of {known_as[:50]!r}, which is no folder's name", "give a roster") from None
    if known_as.startswith("."):
        raise Unreadable(f"is of {known_as[:50]!r}, which would be hidden", "give a roster")
    return known_as


def has_own_form(submitted: Path, labs: Iterable[str]) -> bool:
    """Whether a folder has the course's own form, SUBMITTED/<student>/<lab>, and is no platform's.

    Args:
        submitted: the folder.
        labs: names of labs; a student's folder that holds one, or almost, decides.
    """
    names = {name.casefold() for name in labs}
    if submitted.resolve().name.endswith(SUBMISSIONS) or (submitted / METADATA).exists():
        return False
    found = False
    for student in submitted.iterdir():
        if student.is_symlink() or not student.is_dir():
            continue
        try:
            inside = {place.name.strip().casefold() for place in student.iterdir()}
        except OSError:  # told where it is read
            continue
        if GIT in inside or claim_of(f"{student.name}/") is not None:
            return False
        found = found or bool(names & inside)
    return found


def readings(taken: list[tuple[str, Claim, str]]) -> list[Reading]:
    """Sum up how names were understood: (path, claim, student) of each notebook, forms by how many have them."""
    count = Counter(f"{claim.platform}: {claim.shows}" for _, claim, _ in taken)
    first = {f"{claim.platform}: {claim.shows}": (path, student) for path, claim, student in reversed(taken)}
    return [Reading(form, files, first[form]) for form, files in count.most_common()]
