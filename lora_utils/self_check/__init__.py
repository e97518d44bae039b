"""A student's own check from a terminal: the visible checks of one notebook, with nothing but the notebook.

May import checks.framework.
"""

from lora_utils.self_check.notebook import CannotCheck as CannotCheck
from lora_utils.self_check.report import Report as Report
from lora_utils.self_check.report import check_notebook as check_notebook
