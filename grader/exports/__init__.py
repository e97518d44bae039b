"""Grades as other systems take them: learning platforms' files, and an autograder that runs on Gradescope.

May import class_run and what lies below.
"""

from grader.exports.canvas import to_canvas as to_canvas
from grader.exports.chosen import CannotExport as CannotExport
from grader.exports.chosen import Chosen as Chosen
from grader.exports.formats import FORMATS as FORMATS
from grader.exports.gradescope_autograder import write_autograder as write_autograder
from grader.exports.gradescope_container import grade_container as grade_container
from grader.exports.gradescope_container import run_container as run_container
from grader.exports.gradescope_csv import to_gradescope as to_gradescope
from grader.exports.gradescope_results import held_results as held_results
from grader.exports.gradescope_results import results_json as results_json
from grader.exports.moodle import to_moodle as to_moodle
from grader.exports.plain_csv import to_csv as to_csv
from grader.exports.sheet import Sheet as Sheet
