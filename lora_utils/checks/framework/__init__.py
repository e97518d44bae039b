"""What every check is made of: exercises, probes, seeded draws, comparisons and grades.

Imports nothing of the package.
"""

from lora_utils.checks.framework.compare import Mistake as Mistake
from lora_utils.checks.framework.compare import close as close
from lora_utils.checks.framework.compare import expect_apart as expect_apart
from lora_utils.checks.framework.compare import expect_close as expect_close
from lora_utils.checks.framework.compare import expect_explained as expect_explained
from lora_utils.checks.framework.compare import expect_number as expect_number
from lora_utils.checks.framework.compare import expect_tensor as expect_tensor
from lora_utils.checks.framework.compare import learns as learns
from lora_utils.checks.framework.compare import share_left as share_left
from lora_utils.checks.framework.draw import Draw as Draw
from lora_utils.checks.framework.draw import course_seed as course_seed
from lora_utils.checks.framework.exercise import Exercise as Exercise
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.framework.grade import CheckResult as CheckResult
from lora_utils.checks.framework.grade import Grade as Grade
from lora_utils.checks.framework.probes import call as call
from lora_utils.checks.framework.probes import calls as calls
from lora_utils.checks.framework.probes import later as later
from lora_utils.checks.framework.probes import linear as linear
from lora_utils.checks.framework.probes import parameters_of as parameters_of
from lora_utils.checks.framework.probes import returned as returned
from lora_utils.checks.framework.probes import stepped as stepped
from lora_utils.checks.framework.probes import train_towards as train_towards
from lora_utils.checks.framework.subject import PACKAGE as PACKAGE
from lora_utils.checks.framework.subject import PROBE_HOME as PROBE_HOME
from lora_utils.checks.framework.subject import Handle as Handle
from lora_utils.checks.framework.subject import Seen as Seen
from lora_utils.checks.framework.subject import StudentRaised as StudentRaised
from lora_utils.checks.framework.subject import Subject as Subject
from lora_utils.checks.framework.subject import from_package as from_package
from lora_utils.checks.framework.wire import DTYPES as DTYPES
from lora_utils.checks.framework.wire import MAX_DEPTH as MAX_DEPTH
from lora_utils.checks.framework.wire import MAX_ELEMENTS as MAX_ELEMENTS
from lora_utils.checks.framework.wire import PLAIN as PLAIN
from lora_utils.checks.framework.wire import to_wire as to_wire
