"""From a learning platform's download to hand-ins: whose each file is, of which lab, and when it came.

May import notebooks and what lies below.
"""

from grader.collecting.claims import Pattern as Pattern
from grader.collecting.collection import Collection as Collection
from grader.collecting.download import CannotCollect as CannotCollect
from grader.collecting.gathering import gather as gather
from grader.collecting.ledger import REPORT as REPORT
from grader.collecting.roster import Roster as Roster
from grader.collecting.roster import Student as Student
from grader.collecting.writing import require_own as require_own
from grader.collecting.writing import write_collection as write_collection
