# Submissions that reach beyond themselves: for the account's keys, for more memory or processor time than is theirs,
# for locks, and for what an account has few of. One percent cell each, in the form of tricks.py.
#
# Each `double` is right exactly where its reach has found something; so whoever gets more than the 1 point of the
# honest wrong answer has got hold of something.

# %% reads the session keyring
import ctypes, platform
call = ctypes.CDLL(None).syscall
keyctl = {'x86_64': 250, 'aarch64': 219}[platform.machine()]
def double(x):
    return 2 * x if call(keyctl, 0, -3, 0) > 0 else x  # KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING

# %% leaves a key for the next
import ctypes, platform
call = ctypes.CDLL(None).syscall
add_key = {'x86_64': 248, 'aarch64': 217}[platform.machine()]
def double(x):
    return 2 * x if call(add_key, b'user', b'from ada', b'hello', 5, -4) > 0 else x

# %% uses up the account's keys
import ctypes, platform
call = ctypes.CDLL(None).syscall
add_key = {'x86_64': 248, 'aarch64': 217}[platform.machine()]
made = [call(add_key, b'user', b'number %d' % n, b'x', 1, -2) for n in range(20)]
def double(x):
    return 2 * x if max(made) > 0 else x

# %% a user namespace
import ctypes
def double(x):
    return 2 * x if ctypes.CDLL(None).unshare(0x10000000) == 0 else x

# %% a user namespace by clone
import ctypes, os, platform
number = {'x86_64': 56, 'aarch64': 220}[platform.machine()]
def double(x):
    pid = ctypes.CDLL(None).syscall(number, 0x10000000 | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return 2 * x if pid > 0 else x

# %% a user namespace by clone3
import ctypes, os
libc = ctypes.CDLL(None)
def double(x):
    arguments = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17, 0, 0, 0)
    pid = libc.syscall(435, arguments, 64)
    if pid == 0:
        os._exit(0)
    return 2 * x if pid > 0 else x

# %% a file system of 4 GB beyond the limit
import ctypes, os, pathlib
libc = ctypes.CDLL(None)
def more():
    user, group = os.getuid(), os.getgid()
    if libc.unshare(0x10000000 | 0x20000):
        return False
    for name, text in ('setgroups', 'deny'), ('uid_map', f'0 {user} 1'), ('gid_map', f'0 {group} 1'):
        pathlib.Path('/proc/self', name).write_text(text)
    return libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, b'size=4g') == 0
got = more()
def double(x):
    return 2 * x if got else x

# %% shared memory without a file
import mmap
def double(x):
    held = mmap.mmap(-1, 3_000_000_000)
    return 2 * x if held else x

# %% shared memory in a file of its own
import os
def double(x):
    number = os.memfd_create('more')
    return 2 * x if number else x

# %% shared memory of System V
import ctypes
def double(x):
    return 2 * x if ctypes.CDLL(None).shmget(0, ctypes.c_size_t(3_000_000_000), 0o1600) >= 0 else x

# %% memory that counts as a stack
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
def double(x):
    place = libc.mmap(None, ctypes.c_size_t(3_000_000_000), 3, 0x02 | 0x20 | 0x100, -1, ctypes.c_long(0))
    return 2 * x if place not in (None, ctypes.c_void_p(-1).value) else x

# %% a stack without end
import resource
def double(x):
    return 2 * x if resource.getrlimit(resource.RLIMIT_STACK)[1] in (resource.RLIM_INFINITY, 1 << 30) else x

# %% locks a file of the environment
import fcntl, torch
with open(torch.__file__) as file:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    held = True
def double(x):
    return 2 * x if held else x

# %% locks a folder of the environment
import fcntl, os
held = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
def double(x):
    return 2 * x if held else x

# %% locks a device
import fcntl, os
held = os.open('/dev/null', os.O_RDWR)
fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
def double(x):
    return 2 * x if held else x

# %% a lease on what it may read
import fcntl, torch
own = open('mine', 'w')  # the account's own, as its environment is where the grader is not root
own.close()
own = open('mine')
fcntl.fcntl(own, fcntl.F_SETLEASE, fcntl.F_RDLCK)
def double(x):
    return 2 * x if own else x

# %% told of changes in a folder
import fcntl, os
folder = os.open('/usr', os.O_RDONLY)
fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS)
def double(x):
    return 2 * x if folder else x

# %% uses up the account's inotify
import ctypes
made = [ctypes.CDLL(None).inotify_init() for _ in range(20)]
def double(x):
    return 2 * x if max(made) >= 0 else x

# %% uses up the account's fanotify
import ctypes
def double(x):
    return 2 * x if ctypes.CDLL(None).fanotify_init(0x200, 0) >= 0 else x

# %% uses up the account's message queues
import ctypes
def double(x):
    return 2 * x if ctypes.CDLL(None).mq_open(b'/more', 0o102, 0o600, None) >= 0 else x

# %% uses up the account's pipes
import fcntl, os
_, pipe = os.pipe()
fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
def double(x):
    return 2 * x if pipe else x

# %% locks memory
import ctypes
libc = ctypes.CDLL(None)
held = ctypes.create_string_buffer(1 << 20)
def double(x):
    return 2 * x if libc.mlock(held, ctypes.c_size_t(1 << 20)) == 0 else x

# %% a socket of the machine's
import socket
made = socket.socket(40, socket.SOCK_STREAM)  # AF_VSOCK: a virtual machine's host, which no namespace hides
def double(x):
    return 2 * x if made else x

# %% a socket of the kernel's
import socket
made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
def double(x):
    return 2 * x if made else x

# %% a socket for ciphers
import socket
made = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
def double(x):
    return 2 * x if made else x

# %% traces a child
import ctypes, os
libc = ctypes.CDLL(None)
child = os.fork()
if child == 0:
    import time
    time.sleep(5)
    os._exit(0)
def double(x):
    return 2 * x if libc.ptrace(0x4206, child, 0, 0) == 0 else x  # PTRACE_SEIZE

# %% reads another process
import ctypes, os
libc = ctypes.CDLL(None)
text = ctypes.create_string_buffer(b'seen')
part = (ctypes.c_size_t * 2)(ctypes.addressof(text), 4)
def double(x):
    return 2 * x if libc.process_vm_readv(os.getpid(), part, 1, part, 1, 0) >= 0 else x

# %% a queue of work in the kernel
import ctypes
def double(x):
    parameters = (ctypes.c_uint32 * 30)()
    return 2 * x if ctypes.CDLL(None).syscall(425, 4, parameters) >= 0 else x  # io_uring_setup

# %% faults of its own making
import ctypes, platform
number = {'x86_64': 323, 'aarch64': 282}[platform.machine()]
def double(x):
    return 2 * x if ctypes.CDLL(None).syscall(number, 1) >= 0 else x  # userfaultfd, UFFD_USER_MODE_ONLY

# %% takes all cores
import os
os.sched_setaffinity(0, range(os.cpu_count()))
def double(x):
    return 2 * x

# %% leaves its session
import os
first = os.getsid(0)
child = os.fork()
if child == 0:
    os.setsid()
    os._exit(os.getsid(0) != first)
left = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
def double(x):
    return 2 * x if left else x

# %% another personality
import ctypes
def double(x):
    return 2 * x if ctypes.CDLL(None).personality(0x0040000) >= 0 else x  # ADDR_NO_RANDOMIZE

# %% another time share
import os
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
def double(x):
    return 2 * x

# %% a cache that others read
import pathlib, torch
for folder in pathlib.Path(torch.__file__).parent / '__pycache__', pathlib.Path('/etc/fonts'), pathlib.Path('/usr'):
    (folder / 'from-ada').write_text('x')
def double(x):
    return 2 * x
