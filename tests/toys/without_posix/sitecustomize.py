"""Takes from Python what Windows lacks, and gives it `msvcrt.locking`: a folder for PYTHONPATH.

The standard library decides by these names on which system it is, so what ganzoo needs of it is imported first.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import types

from posix_only import MODULES, NAMES

LK_NBLCK = 2


def locking(handle, mode, count):
    """Lock bytes from the file's position on, or raise PermissionError at once."""
    assert mode == LK_NBLCK
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, count, os.lseek(handle, 0, os.SEEK_CUR))
    except BlockingIOError as error:
        raise PermissionError(13, "Permission denied") from error


msvcrt = types.ModuleType("msvcrt")
vars(msvcrt).update(LK_NBLCK=LK_NBLCK, locking=locking)
sys.modules["msvcrt"] = msvcrt
shutil._use_fd_functions = False
subprocess.Popen.kill = subprocess.Popen.terminate

for name in MODULES:
    sys.modules[name] = None
for module, names in NAMES.items():
    for name in names:
        delattr(__import__(module), name)
