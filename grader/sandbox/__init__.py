"""Shutting a submission off, and the one channel that leads in.

On the ground floor: imports no other room. Only `frames`, which is not handed on here, needs torch.
"""

from grader.sandbox.channel import BadFrame as BadFrame
from grader.sandbox.channel import ChannelClosed as ChannelClosed
from grader.sandbox.channel import ChannelTimeout as ChannelTimeout
from grader.sandbox.channel import hear as hear
from grader.sandbox.channel import tell as tell
from grader.sandbox.control_groups import Group as Group
from grader.sandbox.control_groups import Groups as Groups
from grader.sandbox.fair_share import LOOK_SECONDS as LOOK_SECONDS
from grader.sandbox.fair_share import even_out as even_out
from grader.sandbox.fair_share import keep_on_one_core as keep_on_one_core
from grader.sandbox.limits import Bounds as Bounds
from grader.sandbox.limits import counts_by_namespace as counts_by_namespace
from grader.sandbox.limits import data_size as data_size
from grader.sandbox.limits import limit as limit
from grader.sandbox.limits import limit_memory as limit_memory
from grader.sandbox.limits import limit_work as limit_work
from grader.sandbox.namespaces import HOME as HOME
from grader.sandbox.namespaces import KEYCTL as KEYCTL
from grader.sandbox.namespaces import SYSTEM as SYSTEM
from grader.sandbox.namespaces import become_nobody as become_nobody
from grader.sandbox.namespaces import change_root as change_root
from grader.sandbox.namespaces import drop_privileges as drop_privileges
from grader.sandbox.namespaces import leave_namespaces as leave_namespaces
from grader.sandbox.namespaces import not_to_be_traced as not_to_be_traced
from grader.sandbox.namespaces import session_keyring as session_keyring
from grader.sandbox.processes import adopt_orphans as adopt_orphans
from grader.sandbox.processes import children as children
from grader.sandbox.processes import descendants as descendants
from grader.sandbox.processes import die_with_parent as die_with_parent
from grader.sandbox.processes import end_children as end_children
from grader.sandbox.processes import end_descendants as end_descendants
from grader.sandbox.processor_time import ALONE as ALONE
from grader.sandbox.processor_time import PATIENCE as PATIENCE
from grader.sandbox.processor_time import Meter as Meter
from grader.sandbox.processor_time import Stopwatch as Stopwatch
from grader.sandbox.system_calls import number as number
from grader.sandbox.system_calls import program as program
from grader.sandbox.system_calls import refused as refused
from grader.sandbox.temporary_folders import claimed as claimed
from grader.sandbox.temporary_folders import sweep as sweep
from grader.sandbox.temporary_folders import temporary as temporary
