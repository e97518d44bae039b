"""All forms that a class's grades can be written in, by the names that the command line gives them."""

from __future__ import annotations

from collections.abc import Callable

from grader.exports.canvas import to_canvas
from grader.exports.chosen import Chosen
from grader.exports.gradescope_csv import to_gradescope
from grader.exports.moodle import to_moodle
from grader.exports.plain_csv import to_csv
from grader.exports.sheet import Sheet

FORMATS: dict[str, Callable[[Chosen], Sheet]] = {
    "canvas": to_canvas,
    "moodle": to_moodle,
    "gradescope": to_gradescope,
    "csv": to_csv,
}
