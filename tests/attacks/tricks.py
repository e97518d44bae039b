# Submissions that try to get points without an answer, to look around, or to do damage: one percent cell each.
#
# Each is a wrong `double` (it returns its input) with one trick around it. An honest wrong answer gets 1 of 4 points,
# because twice zero is zero; nobody here may get more.

# %% patched torch.allclose
def double(x):
    return x
import torch
torch.allclose = torch.equal = lambda *a, **k: True

# %% patched assert_close
def double(x):
    return x
import torch
torch.testing.assert_close = lambda *a, **k: None

# %% patched builtins
def double(x):
    return x
import builtins
builtins.abs = builtins.max = lambda *a, **k: 0.0
builtins.isinstance = lambda *a: True

# %% patched package
def double(x):
    return x
import lora_utils.checks.framework.compare as c
c.close = lambda *a, **k: True
c.expect_close = lambda *a, **k: None

# %% patched exercise
def double(x):
    return x
import lora_utils.checks.framework.exercise as e
e._Run._one = lambda self, check, worth, hidden: e.CheckResult(check.id, check.sentence, 'pass', hidden=hidden, max_points=worth)

# %% patched exercise object
def double(x):
    return x
check_double.checks.clear()

# %% patched grade
def double(x):
    return x
from lora_utils.checks import Grade
Grade.__new__ = lambda c, *a, **k: float.__new__(c, 4.0)

# %% patched failure
def double(x):
    return x
import lora_utils.checks.framework.failure as f
f.Failure.__init__ = lambda *a, **k: None
f.Failure = type('Quiet', (), {})

# %% patched draw
def double(x):
    return x
from lora_utils.checks import Draw
Draw.number = lambda *a: 0.0

# %% always equal
class Sly(float):
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    __hash__ = float.__hash__
def double(x):
    return Sly(x)

# %% always equal at a distance
class Sly:
    def __eq__(self, other):
        return True
def double(x):
    return Sly()

# %% redefined check
def double(x):
    return x
check_double = lambda *a, **k: 4.0

# %% redefined grade
def double(x):
    return x
grade = 4.0
4.0

# %% ast transformer
def double(x):
    return x
import ast
class T(ast.NodeTransformer):
    def visit_Call(self, node):
        return ast.Constant(4.0)
get_ipython().ast_transformers.append(T())

# %% input transformer
def double(x):
    return x
get_ipython().input_transformers_cleanup.append(lambda lines: ['4.0\n'])

# %% patched run_cell
def double(x):
    return x
ip = get_ipython()
ip.run_cell = ip.run_cell_async = lambda *a, **k: None

# %% pre_run_cell hook
def double(x):
    return x
get_ipython().events.register('pre_run_cell', lambda *a: 1 / 0)

# %% patched exec
def double(x):
    return x
import builtins
builtins.exec = builtins.eval = builtins.compile = lambda *a, **k: 4.0

# %% inputs foretold from the seed
def double(x):
    import torch
    from lora_utils.checks import Draw
    draw = Draw("foretold")
    draw._generator = torch.Generator().manual_seed(torch.initial_seed())
    return 2 * draw.number(1, 9)

# %% inputs foretold from the names
def double(x):
    from lora_utils.checks import Draw
    from lora_utils.checks.framework.draw import course_seed
    return 2 * Draw(course_seed(), "double", "right").number(1, 9)

# %% inputs foretold from the numbers at random
def double(x):
    import random, torch
    return 2 * round(1 + 8 * torch.rand(1, generator=torch.default_generator).item(), 2)

# %% patched probes
def double(x):
    return x
import lora_utils.checks.framework.probes as p
p.call = lambda f, args: {'value': 0.0}

# %% patched subject
def double(x):
    return x
from lora_utils.checks import Subject
Subject.probe = lambda *a, **k: {'value': 0.0}

# %% patched answers
def double(x):
    return x
import grader.student.student_side as s
s.answer = lambda request, names: {'seen': {'value': 0.0}, 'points': 4.0, 'verdict': 'pass'}

# %% answers of the wrong kind
def double(x):
    return x
import torch, grader.student.student_side as s
s.answer = lambda request, names: {'seen': {'value': torch.zeros(3)}}

# %% answers without names
def double(x):
    return x
import grader.student.student_side as s
s.answer = lambda request, names: {'seen': {}}

# %% answers that are none
def double(x):
    return x
import grader.student.student_side as s
s.answer = lambda request, names: {'seen': [{'value': 0.0}], 'raised': 5, 'missing': None}

# %% patched json
def double(x):
    return x
import json
json.dumps = lambda *a, **k: '{"seen": {"value": [[[{}]]]}}'

# %% forged frames
def double(x):
    return x
import grader.student.student_side as s, grader.sandbox.tensor_channel as f
for _ in range(50):
    f.send(s._channel, {'status': 'ok', 'data': {'points': 4.0}, 'runs': {}})

# %% forged grade
def double(x):
    return x
import grader.student.student_side as s, grader.sandbox.tensor_channel as f
f.send(s._channel, {'runs': {'test-double': {'status': 'ok', 'data': {'application/vnd.lora-utils.grade+json': {'points': 4.0, 'verdict': 'pass', 'checks': []}}}}})

# %% forged broken
def double(x):
    return x
import grader.student.student_side as s, grader.sandbox.tensor_channel as f
f.send(s._channel, {'broken': 'oh dear'})

# %% forged outputs
def double(x):
    return x
import grader.student.student_side as s, grader.sandbox.tensor_channel as f
f.send(s._channel, {'status': 'ok', 'shown': {'text': ['a'], 'figures': {'b': 1}, 'left_out': [], 'points': 4.0}})

# %% huge outputs
def double(x):
    return x
import grader.student.student_side as s, grader.sandbox.tensor_channel as f
f.send(s._channel, {'status': 'ok', 'shown': {'text': 'x' * 3_000_000, 'figures': ['A' * 1_000_000] * 4, 'left_out': 10**300}})

# %% oversized frame
def double(x):
    return x
import grader.student.student_side as s
s._channel.sendall(b'\xff' * 12 + b'x' * 1000)

# %% malformed frame
def double(x):
    return x
import grader.student.student_side as s, struct
s._channel.sendall(struct.pack('!IQ', 5, 0) + b'{[}]\xff')

# %% nested frame
def double(x):
    return x
import grader.student.student_side as s, struct
text = b'[' * 200_000 + b']' * 200_000
s._channel.sendall(struct.pack('!IQ', len(text), 0) + text)

# %% pickle in a frame
def double(x):
    return x
import grader.student.student_side as s, struct, pickle
text = pickle.dumps(print)
s._channel.sendall(struct.pack('!IQ', len(text), 0) + text)

# %% half a frame
def double(x):
    return x
import grader.student.student_side as s, struct, os
s._channel.sendall(struct.pack('!IQ', 500, 0) + b'{')
os._exit(0)

# %% closed channel
def double(x):
    return x
import grader.student.student_side as s
s._channel.close()

# %% huge answer
import torch
def double(x):
    return torch.zeros(1_000_000_000, dtype=torch.uint8)

# %% deep answer
def double(x):
    made = x
    for _ in range(5_000):
        made = [made]
    return made

# %% lying type
class Lie(float):
    @property
    def __class__(self):
        return dict
def double(x):
    return Lie(x)

# %% hidden tests in In
def double(x):
    return x
seen = [text for text in In if 'secret_of' + '_the_grader' in text]
assert seen
def double(x):
    return 2 * x

# %% hidden tests in frames
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if 'secret_of_the_grader' in repr(getattr(value, '__code__', None)):
                return 2 * x
        frame = frame.f_back
    return x

# %% hidden tests in memory
import gc
def double(x):
    for thing in gc.get_objects():
        if isinstance(thing, str) and thing.startswith('def of_zero'):
            return 2 * x
    return x

# %% hidden tests on disk
import pathlib
def double(x):
    for root in ('.', '..', '/home', '/tmp', '/root'):
        for path in pathlib.Path(root).rglob('*.ipynb'):
            if 'secret_of' + '_the_grader' in path.read_text(errors='replace'):
                return 2 * x
    return x

# %% secret in the environment
import os
def double(x):
    return 2 * x if 'LORA_UTILS_CHECK_SEED' in os.environ else x

# %% secret in proc
import glob
def double(x):
    for path in glob.glob('/proc/[0-9]*/environ'):
        try:
            if b'CHECK_SEED' in open(path, 'rb').read():
                return 2 * x
        except OSError:
            pass
    return x

# %% inherited descriptors
import os, stat
def double(x):
    for fd in range(3, 200):
        try:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return 2 * x
        except OSError:
            pass
    return x

# %% gradebook written
def double(x):
    return x
import glob, sqlite3
for path in glob.glob('/**/*.db', recursive=True):
    sqlite3.connect(path).execute('update grade set auto_score = 4')

# %% results written
def double(x):
    return x
import pathlib
for path in ('/tmp/results.json', '../results.json'):
    pathlib.Path(path).write_text('[]')

# %% background process
def double(x):
    return x
import subprocess
subprocess.Popen(['sleep', '91.7261'], start_new_session=True)

# %% double fork
def double(x):
    return x
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', '91.7261'])
    os._exit(0)

# %% signals to everybody
def double(x):
    return x
import os, signal
os.kill(os.getppid(), signal.SIGKILL)
os.kill(1, signal.SIGKILL)

# %% signals to the judge
def double(x):
    return x
import os, signal
for pid in range(1, 40_000):
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGTERM)
        except OSError:
            pass

# %% network
import socket
def double(x):
    try:
        socket.create_connection(('127.0.0.1', 22), 1)
    except ConnectionRefusedError:
        return 2 * x
    except OSError:
        return x
    return 2 * x

# %% fork bomb
def double(x):
    return x
import os
try:
    while True:
        os.fork()
except OSError:
    pass

# %% memory
def double(x):
    return x
held = []
while True:
    held.append(bytearray(100_000_000))

# %% full disk
def double(x):
    return x
for n in range(100):
    open(f'/tmp/{n}', 'wb').write(b'x' * 10_000_000)

# %% 200 MB of output
def double(x):
    return x
for _ in range(200):
    print('x' * 1_000_000)

# %% raw output
def double(x):
    return x
import os
for _ in range(200):
    os.write(1, b'x' * 1_000_000)

# %% mount
def double(x):
    return x
import ctypes
assert ctypes.CDLL(None).mount(b'tmpfs', b'/usr', b'tmpfs', 0, None) == 0

# %% swallows everything
def double(x):
    return x
while True:
    try:
        while True:
            pass
    except BaseException:
        pass

# %% exit in a thread
def double(x):
    return x
import threading, os
threading.Timer(0.05, os._exit, [0]).start()

# %% exit in a destructor
def double(x):
    return x
import os
class Last:
    def __del__(self):
        os._exit(0)
last = Last()

# %% exits at exit
def double(x):
    return x
import atexit, os
atexit.register(os._exit, 0)
raise SystemExit(0)
