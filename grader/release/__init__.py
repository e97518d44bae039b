"""What students get: their notebooks, the package in one wheel, and how to install it; searched before it is written.

May import build, course and what lies below.
"""

from grader.release.kit import TARGETS as TARGETS
from grader.release.kit import CannotRelease as CannotRelease
from grader.release.kit import Kit as Kit
from grader.release.kit import make_kit as make_kit
from grader.release.releasing import release_course as release_course
from grader.release.search import Leak as Leak
from grader.release.search import leaks as leaks
