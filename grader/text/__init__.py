"""Text from strangers: what code says without being run, dates, and names and output made harmless.

On the ground floor.
"""

from grader.text.cell_text import FLAGS as FLAGS
from grader.text.cell_text import FUNCTIONS as FUNCTIONS
from grader.text.cell_text import bare as bare
from grader.text.cell_text import defined_names as defined_names
from grader.text.cell_text import is_python as is_python
from grader.text.cell_text import parsed as parsed
from grader.text.cell_text import used_names as used_names
from grader.text.fingerprint import NATURAL as NATURAL
from grader.text.fingerprint import fingerprints as fingerprints
from grader.text.moments import NoMoment as NoMoment
from grader.text.moments import read_moment as read_moment
from grader.text.moments import shown as shown
from grader.text.moments import zone_name as zone_name
from grader.text.plurals import counted as counted
from grader.text.plurals import in_words as in_words
from grader.text.plurals import plural as plural
from grader.text.safe_names import file_name as file_name
from grader.text.safe_names import from_spreadsheet as from_spreadsheet
from grader.text.safe_names import one_line as one_line
from grader.text.safe_names import require_plain_name as require_plain_name
from grader.text.safe_names import spreadsheet as spreadsheet
from grader.text.tamper_flags import tampering as tampering
from grader.text.terminal_text import overwritten as overwritten
