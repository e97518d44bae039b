"""nbgrader's settings for this course: the stock commands work from the course folder.

nbgrader generate_assignment LAB · validate · autograde LAB · generate_feedback LAB · export · formgrader
"""

import mimetypes
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    Execute,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from grader.build.source_format import SKIP_TAG
from grader.build.twins import CODE_STUB, RELEASE_PREPROCESSORS
from grader.course import Course
from grader.notebooks.inert import InertCells
from grader.notebooks.restore_tags import RestoreTags
from grader.notebooks.without_keys import WithoutKeys
from grader.records.formgrader_count import count_what_the_gradebook_holds
from grader.records.late_penalty import LatePenalty

c = get_config()  # noqa: F821 - nbgrader defines it

# Where things are. Submissions go to .nbgrader/submitted/STUDENT/LAB/LAB.ipynb.
root = Path(__file__).resolve().parent
course = Course.of(root)
work = root / ".nbgrader"
work.mkdir(exist_ok=True)  # SQLite makes the file, not its folder
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = ".nbgrader/submitted"
c.CourseDirectory.autograded_directory = ".nbgrader/autograded"
c.CourseDirectory.feedback_directory = ".nbgrader/feedback"
c.CourseDirectory.solution_directory = ".nbgrader/solution"
c.CourseDirectory.source_with_tests_directory = ".nbgrader/source_with_tests"
c.CourseDirectory.db_url = f"sqlite:///{(work / 'gradebook.db').as_posix()}"

# Formgrader's list of labs shows the class that was graded, also where it was handed in elsewhere.
count_what_the_gradebook_holds()

# nbgrader copies every other file of a source folder into the release and into the folder where submissions run.
# The percent script and whatever an editor leaves beside it or the notebook hold the answers: they must not travel.
# (No "*.txt": timestamp.txt says when a student handed in.)
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    ".pytest_cache",
    "*.py*",
    "*.ipynb?*",
    ".*.sw?",
    "*~",
    "*.bak",
    "*.orig",
    "*.new",
]
# Formgrader serves what else lies beside a submission from its own address: nothing that a browser would run may.
mimetypes.init()  # with what this system adds to Python's own list
PAGES = [suffix for suffix, kind in mimetypes.types_map.items() if "html" in kind or "xml" in kind]
c.CourseDirectory.ignore += ["*" + "".join(f"[{x}{x.upper()}]" for x in suffix) for suffix in PAGES]
c.CourseDirectory.ignore += [f".{pattern}" for pattern in c.CourseDirectory.ignore if pattern.startswith("*")]

# What course.toml decides of lateness; a plugin of one's own goes here in its place (late.py beside this file):
# c.AssignLatePenalties.plugin_class = "late.TenPercentADay"
late = course.late
c.AssignLatePenalties.plugin_class = LatePenalty
c.LatePenalty.per_day = late.per_day
c.LatePenalty.at_most = late.at_most
c.LatePenalty.grace_minutes = late.grace_minutes

# Release: notebooks/ lies in the repository; nbgrader would pass over what is there and put nothing into its database.
c.GenerateAssignment.force = True
# The same preprocessors as `grader build`, so that both write the same bytes.
c.GenerateAssignment.preprocessors = RELEASE_PREPROCESSORS
c.ClearSolutions.code_stub = CODE_STUB
c.AddFirstCells.repository = course.repository
c.AddFirstCells.wheel = course.wheel

# Autograde: metadata decides what runs, so the instructor's comes first. RestoreTags also takes copies of a cell out
# before DeduplicateIds, which would leave them in a state that aborts the run for every later student.
# InertCells leaves text where students wrote markup, and later where what they ran showed some.
c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    RestoreTags,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    InertCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    Execute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    InertCells,
    CheckCellMetadata,
]
c.OverwriteCells.add_missing_cells = True  # a deleted test is put back and fails, instead of waiting for a human

# Execute. The tag is safe to obey only because RestoreTags has replaced the student's tags by the lab's; nbclient's
# own "skip-execution", which a student may write, means nothing here.
c.Execute.skip_cells_with_tag = SKIP_TAG
c.Execute.timeout = 120  # seconds a cell; the longest cell that is graded takes about one
c.Execute.shutdown_kernel = "immediate"

# nbgrader gives no points to a test that writes to standard error, so an honest warning would cost them all.
# A wrong answer shows itself by an exception or by its score; standard error proves nothing.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s)."
c.LimitOutput.max_lines = 200
c.LimitOutput.max_traceback = 50

# Whatever becomes a page, in formgrader or as feedback, is inert, also from a copy that older settings made. Students'
# feedback shows the lab's cells without hidden tests and keys.
c.HTMLExporter.preprocessors = [InertCells]
c.GenerateFeedback.preprocessors = [GetGrades, WithoutKeys, CSSHTMLHeaderPreprocessor]
