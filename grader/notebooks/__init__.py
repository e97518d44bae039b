"""What was handed in, as data, and the key that it is held against.

May import build, sandbox and text.
"""

from grader.notebooks.answer_key import AnswerKey as AnswerKey
from grader.notebooks.answer_key import KeyCell as KeyCell
from grader.notebooks.answer_key import package_sha256 as package_sha256
from grader.notebooks.answer_key import read_key as read_key
from grader.notebooks.answer_key import read_keys as read_keys
from grader.notebooks.inert import InertCells as InertCells
from grader.notebooks.inert import inert_cell as inert_cell
from grader.notebooks.notebook_file import Unreadable as Unreadable
from grader.notebooks.notebook_file import parse as parse
from grader.notebooks.notebook_file import read_bytes as read_bytes
from grader.notebooks.recognition import lab_of as lab_of
from grader.notebooks.recognition import with_names as with_names
from grader.notebooks.restoration import Cell as Cell
from grader.notebooks.restoration import restore as restore
from grader.notebooks.restore_tags import RestoreTags as RestoreTags
from grader.notebooks.submission import TIMESTAMP as TIMESTAMP
from grader.notebooks.submission import Refusal as Refusal
from grader.notebooks.submission import Submission as Submission
from grader.notebooks.submission import collect as collect
from grader.notebooks.submission import iso as iso
from grader.notebooks.without_keys import WithoutKeys as WithoutKeys
