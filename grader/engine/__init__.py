"""Running submissions: a process that has imported everything, its forks, and the canary.

May import judge, student, sandbox.
"""

from grader.engine.canary import REMEDY as REMEDY
from grader.engine.canary import sandbox_faults as sandbox_faults
from grader.engine.launching import launch_early as launch_early
from grader.engine.service import NO_FORK as NO_FORK
from grader.engine.service import can_fork as can_fork
from grader.engine.service import engine as engine
from grader.engine.service import longest as longest
