"""What a course decides, as course.toml has it: labs in use, what they are worth, when they are due, who is in it."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal

from grader.lab_names import NoLab, choose_lab, choose_labs
from grader.results import PASS_MARK
from grader.text.moments import NoMoment, read_moment, read_zone

FILE = "course.toml"
BRANCH = "main"  # of the repository where students find the course
HUB = re.compile(r"https?://[^\s'\"\\<>()?#]+")
ADDRESS = re.compile(r"(?:https?|file)://[^\s'\"\\]+\.whl")
LABS = 'a text such as "00-05, 10"'
A_HUB = "the address of a JupyterHub, https://..."
WHEEL = "the address of a wheel, https://....whl"
Policy = Literal["best", "latest", "first"]
COUNTS: dict[Policy, str] = {  # what everybody reads of it
    "best": "every attempt is kept and the best one counts",
    "latest": "every attempt is kept and the latest one counts",
    "first": "the first attempt counts and later ones are only kept",
}


class CourseError(ValueError):
    """course.toml says something that cannot be followed; the message is one sentence."""


@dataclass(frozen=True)
class LabTerms:
    """What the course decides for one lab.

    Args:
        due: UTC without zone; None for no due date.
        weight: of the lab's share of its points in the course's total, at least 0; default 1.
        extra_credit: it adds to the total and is missing from what the total is of; default False.
        points: of exercises by the name of their answer cell, above 0; default: as the lab's source says.
        column: what its column is called in the learning platform's gradebook; default: the lab's name.
    """

    due: datetime | None = None
    weight: float = 1.0
    extra_credit: bool = False
    points: dict[str, float] = field(default_factory=dict)
    column: str = ""

    @property
    def owed(self) -> bool:
        """Whether the total lacks something without it, so that a student misses it and is to pass it."""
        return self.weight > 0 and not self.extra_credit


@dataclass(frozen=True)
class Late:
    """What handing in late costs, as shares of the points that were earned.

    Args:
        per_day: for each day that has begun, from 0 to 1; default 0: lateness is shown and costs nothing.
        at_most: from 0 to 1; default 1.
        grace_minutes: after the due date that still are in time, at least 0; default 0.
    """

    per_day: float = 0.0
    at_most: float = 1.0
    grace_minutes: float = 0.0

    @property
    def grace_seconds(self) -> float:
        """The grace in the unit in which lateness is kept."""
        return 60 * self.grace_minutes


@dataclass(frozen=True)
class Course:
    """A course, as course.toml has it; without that file, all its labs and these defaults.

    Args:
        root: its folder.
        title: what pages call it.
        repository: the address where students find the kit, for links; default none.
        hub: the address of the JupyterHub that students work on, without its /hub; default none.
        wheel: the address from which notebooks install the package where it is missing; default: of the kit's wheel in
            the repository, where that is on GitHub.
        labs: the names of those in use, in order; default: all.
        pass_mark: share of a lab's points that passes it, above 0 and at most 1; default 0.8.
        attempts: which attempt counts, "best", "latest" or "first"; default the best.
        time_zone: of dates that name none, and of all that are shown; default UTC.
        roster: the class as CSV; default none.
        seed_file: the secret that test inputs derive from; default: the known seed.
        late: what lateness costs.
        terms: by lab, of all labs.
    """

    root: Path
    title: str = "PEFT by hand"
    repository: str = ""
    hub: str = ""
    wheel: str = ""
    labs: tuple[str, ...] = ()
    pass_mark: float = PASS_MARK
    attempts: Policy = "best"
    time_zone: tzinfo = UTC
    roster: Path | None = None
    seed_file: Path | None = None
    late: Late = Late()
    terms: dict[str, LabTerms] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> Course:
        """Read the course.toml of a course's folder.

        Raises:
            CourseError: it cannot be read, or what it says cannot be followed.
        """
        labs = tuple(sorted(path.stem for path in (root / "solutions").glob("*/*.py") if path.stem == path.parent.name))
        try:
            text = (root / FILE).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return cls(root, labs=labs, terms=dict.fromkeys(labs, LabTerms()))
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(f"{FILE} cannot be read ({error}); save it as UTF-8 text.") from None
        try:
            return _Reader(root, tomllib.loads(text), labs).course()
        except tomllib.TOMLDecodeError as error:
            raise CourseError(f"{FILE} is not TOML ({error}); mend that line.") from None

    def due(self) -> dict[str, datetime]:
        """Return the due dates of the labs that have one."""
        return {lab: terms.due for lab, terms in self.terms.items() if terms.due is not None}


@dataclass
class _Reader:
    """Turns the file's tables into a `Course`; what it refuses, it names by table and key."""

    root: Path
    data: dict
    labs: tuple[str, ...]

    def course(self) -> Course:
        known = ("title", "repository", "hub", "wheel", "labs", "pass_mark", "attempts", "time_zone", "roster")
        data = self.table("", self.data, (*known, "seed_file", "late", "lab"))
        text = {name: self.of("", data, name, str, "a text") for name in ("title", "repository") if name in data}
        wheel = self.of("", data, "wheel", str, WHEEL) if "wheel" in data else self.released(text.get("repository", ""))
        if wheel and not ADDRESS.fullmatch(wheel):
            raise self.wrong("wheel", wheel, WHEEL)
        hub = self.of("", data, "hub", str, A_HUB) if "hub" in data else ""
        if hub and not HUB.fullmatch(hub):
            raise self.wrong("hub", hub, A_HUB)
        files = {n: self.root / self.of("", data, n, str, "a file") for n in ("roster", "seed_file") if n in data}
        named = self.of("", data, "labs", str, LABS) if "labs" in data else ""
        if "labs" in data and not named.replace(",", "").strip():  # for `choose_labs` nothing means all
            raise CourseError(f"{FILE}: labs must be {LABS}, not {named!r}; for all labs, leave the line out.")
        try:
            zone = read_zone(self.of("", data, "time_zone", str, "a zone")) if "time_zone" in data else UTC
            labs = choose_labs(named, self.labs)
        except NoMoment as error:
            raise CourseError(f"{FILE}: {error}.") from None
        except NoLab as error:
            raise CourseError(f"{FILE}: labs: {error}") from None
        attempts = data.get("attempts", "best")
        if attempts not in ("best", "latest", "first"):
            raise self.wrong("attempts", attempts, '"best", "latest" or "first"')
        late = self.table("late", data.get("late", {}), [one.name for one in fields(Late)])
        bounds = {"per_day": 1, "at_most": 1, "grace_minutes": float("inf")}
        return Course(
            self.root,
            **text,
            hub=hub.rstrip("/").removesuffix("/hub"),
            wheel=wheel,
            **files,
            labs=labs,
            pass_mark=self.number("", data, "pass_mark", PASS_MARK, above=0, most=1),
            attempts=attempts,
            time_zone=zone,
            late=Late(**{name: self.number("late", late, name, 0.0, most=bounds[name]) for name in late}),
            terms=dict.fromkeys(self.labs, LabTerms()) | self.terms(self.table("lab", data.get("lab", {})), zone),
        )

    def released(self, repository: str) -> str:
        """Return where the kit's wheel lies in a repository on GitHub; nothing for other places."""
        if not repository.startswith("https://github.com/"):
            return ""
        try:
            project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        except (OSError, KeyError, tomllib.TOMLDecodeError):  # a course that builds no wheel
            return ""
        name = f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"
        return f"{repository.rstrip('/').removesuffix('.git')}/raw/{BRANCH}/{name}"

    def terms(self, tables: dict, zone: tzinfo) -> dict[str, LabTerms]:
        """Read the tables [lab.NN_topic]."""
        found = {}
        for name, table in tables.items():
            where = f"lab.{name}"
            try:
                lab = choose_lab(name, self.labs)
            except NoLab as error:
                raise CourseError(f"{FILE}: [{where}]: {error}") from None
            if lab in found:
                raise CourseError(f"{FILE}: [{where}] is a second table of {lab}; put both into one.")
            table = self.table(where, table, [one.name for one in fields(LabTerms)])
            points = self.table(f"{where}.points", table.get("points", {}))
            found[lab] = LabTerms(
                self.moment(where, table["due"], zone) if "due" in table else None,
                self.number(where, table, "weight", 1.0),
                self.of(where, table, "extra_credit", bool, "true or false") if "extra_credit" in table else False,
                {one: self.number(f"{where}.points", points, one, 0.0, above=0) for one in points},
                self.of(where, table, "column", str, "a text") if "column" in table else "",
            )
        return found

    def moment(self, where: str, value: object, zone: tzinfo) -> datetime:
        """Read a due date: a text, or TOML's own date or time."""
        try:
            return read_moment(str(value), zone)
        except NoMoment as error:
            raise CourseError(f"{FILE}: due in [{where}]: {error}.") from None

    def table(self, where: str, value: object, known: list[str] | tuple[str, ...] = ()) -> dict:
        """Return a table, whose keys are all known where they are named."""
        if not isinstance(value, dict):
            raise self.wrong(where, value, f"a table, [{where}]")
        for key in value if known else ():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                meant = f"did you mean {near[0]!r}?" if near else f"it may hold {', '.join(known)}."
                raise CourseError(f"{FILE}: {key!r}{f' in [{where}]' if where else ''} is not known; {meant}")
        return value

    def of(self, where: str, table: dict, key: str, kind: type, asked: str):
        """Return a value of a type."""
        if not isinstance(table[key], kind):
            raise self.wrong(f"{key} in [{where}]" if where else key, table[key], asked)
        return table[key]

    def number(
        self, where: str, table: dict, key: str, default: float, above: float = -1, most: float = float("inf")
    ) -> float:
        """Return a number of at least 0, or above something, up to something."""
        value = table.get(key, default)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not max(0, above) <= value <= most or value == above or value == float("inf"):
            asked = f"a number {'above 0' if above == 0 else 'of at least 0'}"
            asked += f" and at most {most:g}" if most < float("inf") else ""
            raise self.wrong(f"{key} in [{where}]" if where else key, value, asked)
        return float(value)

    def wrong(self, what: str, value: object, asked: str) -> CourseError:
        """Say what was asked and what came."""
        return CourseError(f"{FILE}: {what} must be {asked}, not {str(value)[:50]!r}.")
