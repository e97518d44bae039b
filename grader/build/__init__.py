"""From a lab's source to its two notebooks.

May import text.
"""

from grader.build.build import SOLUTIONS as SOLUTIONS
from grader.build.build import Lab as Lab
from grader.build.build import build_lab as build_lab
from grader.build.build import find_labs as find_labs
from grader.build.build import find_root as find_root
from grader.build.build import select_labs as select_labs
from grader.build.drift import check_lab as check_lab
from grader.build.drift import orphans as orphans
from grader.build.source_format import SKIP_TAG as SKIP_TAG
from grader.build.source_format import grader_metadata as grader_metadata
from grader.build.twins import CODE_STUB as CODE_STUB
from grader.build.twins import KERNELSPEC as KERNELSPEC
from grader.build.twins import LANGUAGE as LANGUAGE
from grader.build.twins import RELEASE_PREPROCESSORS as RELEASE_PREPROCESSORS
from grader.build.twins import clean as clean
from grader.build.twins import student_text as student_text
