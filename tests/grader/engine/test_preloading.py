"""What a warm process has imported is all that the labs' checks need, so that no fork imports much by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
MANY = 12  # modules; a heavy part of a library has hundreds
CODE = """
import json, sys
import in_process
from grader.engine.preloading import preload_libraries, preload_package
preload_libraries()
preload_package()
found = {}
for lab in in_process.LABS:
    before = set(sys.modules)
    in_process.run(lab)
    found[lab] = sorted(set(sys.modules) - before)
json.dump(found, sys.stdout)
"""


@pytest.mark.kernel
def test_no_lab_imports_a_heavy_part_of_a_library_that_is_not_preloaded(tmp_path):
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    own = {"PYTHONPATH": path, "MPLCONFIGDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env={**os.environ, **own})
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert len(found) >= 11
    assert {lab: names for lab, names in found.items() if len(names) > MANY} == {}
