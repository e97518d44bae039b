"""Grading beside stock nbgrader: python benchmarks/grading.py [--students 24] [--curve 10 100 1000] [--rounds 1].

The same class hands in labs 05 and 06, answers drawn from the catalogue of right and wrong ones. Stock
`nbgrader autograde` grades it one notebook after the other, as it does; `grader grade` grades it with 1 and with
2 workers. All in one run, in turn, on one machine; whole processes are timed, start included. Memory is looked at in
runs of their own, since looking costs time. What it prints last stands in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import psutil  # every process of a command and the memory that it does not share

ROOT = Path(__file__).resolve().parents[1]
LABS = ("05_lora_layer", "06_linear_with_lora")
MEMORY_STUDENTS = 6  # memory does not grow with the class


def answers(lab: str, kind: str) -> dict[str, list[str]]:
    """The catalogued answers of a lab, by exercise."""
    return {
        path.stem: [c.source for c in jupytext.read(path).cells if c.cell_type == "code"]
        for path in sorted((ROOT / "tests" / "catalogue" / lab / kind).glob("*.py"))
    }


def hand_in(folder: Path, students: int, labs: tuple[str, ...] = LABS) -> int:
    """Write a class's submissions: each answer is right three times in four, else a catalogued mistake."""
    draw = random.Random(0)
    for lab in labs:
        right, wrong = answers(lab, "right"), answers(lab, "wrong")
        empty = (ROOT / "notebooks" / lab / f"{lab}.ipynb").read_text(encoding="utf-8")
        for number in range(students):
            notebook = json.loads(empty)
            for cell in notebook["cells"]:
                name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
                if name in right:
                    cell["source"] = draw.choice((right if draw.random() < 0.75 else wrong)[name])
            notebook["metadata"]["student"] = number  # no two files are the same bytes
            path = folder / f"s{number:04d}" / lab / f"{lab}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(notebook), encoding="utf-8")
    return students * len(labs)


def timed(command: list[str], folder: Path) -> float:
    """Run a whole command and return its seconds; stop with its output when it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds


def course_copy(folder: Path) -> Path:
    """A course folder for stock nbgrader, so that the repository's own gradebook stays as it is."""
    for name in ("solutions", "notebooks"):
        for lab in LABS:
            shutil.copytree(ROOT / name / lab, folder / name / lab)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def stock(students: int) -> float:
    """Seconds of `nbgrader generate_assignment` (not counted) and `nbgrader autograde` for both labs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = course_copy(Path(name))
        for lab in LABS:
            timed(["nbgrader", "generate_assignment", lab, "--force"], folder)
        hand_in(folder / ".nbgrader" / "submitted", students)
        return sum(timed(["nbgrader", "autograde", lab], folder) for lab in LABS)


def command_of(folder: Path, students: int, workers: int, labs: tuple[str, ...] = LABS) -> list[str]:
    """The command that grades a class that has just handed in."""
    hand_in(folder / "in", students, labs)
    command = ["grader", "grade", str(folder / "in"), "--out", str(folder / "out"), "--db", str(folder / "g.db")]
    command += [part for lab in labs for part in ("--lab", lab)]
    return [*command, "--workers", str(workers), "--root", str(ROOT)]


def ours(students: int, workers: int, labs: tuple[str, ...] = LABS) -> float:
    """Seconds of `grader grade` for the same class."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        return timed(command_of(Path(name), students, workers, labs), Path(name))


def most_memory(command: list[str], folder: Path) -> float:
    """The most memory of a command and all its processes, in MB, pages that several share counted once."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    most = 0.0
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        own = psutil.Process(running.pid)
        while running.poll() is None:
            now = 0
            with contextlib.suppress(psutil.Error):
                for process in (own, *own.children(recursive=True)):
                    with contextlib.suppress(psutil.Error):  # gone between two looks
                        now += process.memory_full_info().pss
            most = max(most, now / 1e6)
            time.sleep(0.1)
    return most


def memory(students: int) -> list[tuple[str, float]]:
    """What each way of grading needs at most."""
    rows = []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            most = most_memory(command_of(Path(name), students, workers), Path(name))
            rows.append((f"grader grade, {workers} worker{'s' * (workers > 1)}", most))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = course_copy(Path(name))
        timed(["nbgrader", "generate_assignment", LABS[0], "--force"], folder)
        hand_in(folder / ".nbgrader" / "submitted", students, LABS[:1])
        rows.append(("stock nbgrader autograde", most_memory(["nbgrader", "autograde", LABS[0]], folder)))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--curve", type=int, nargs="*", default=[])
    options = parser.parse_args()
    notebooks = options.students * len(LABS)
    print(f"{options.students} students, {notebooks} notebooks, {os.cpu_count()} cores", flush=True)
    print("| round | what | seconds | a notebook | times stock |\n| - | - | - | - | - |")
    for number in range(1, options.rounds + 1):
        one, two = ours(options.students, 1), ours(options.students, 2)
        plain = stock(options.students)
        for what, seconds in (
            ("grader grade, 1 worker", one),
            ("grader grade, 2 workers", two),
            ("stock nbgrader autograde", plain),
        ):
            row = (number, what, f"{seconds:.1f}", f"{seconds / notebooks:.2f}", f"{plain / seconds:.1f}")
            print("| " + " | ".join(map(str, row)) + " |", flush=True)
    for what, most in memory(MEMORY_STUDENTS):
        print(f"{what}: at most {most:.0f} MB", flush=True)
    if options.curve:
        print("\n| submissions of one lab, 2 workers | seconds | each |\n| - | - | - |")
    for students in options.curve:
        seconds = ours(students, 2, LABS[:1])
        print(f"| {students:,} | {seconds:.1f} | {seconds / students:.3f} |", flush=True)


if __name__ == "__main__":
    main()
