"""Counts instructions by stepping through a process with ptrace(2), on Linux on x86-64.

It needs no package, runs the kernels that this processor would run without it, and works in virtual machines and in
most containers, which have no counters. An inference of a million instructions takes half a minute. An instruction with
a `rep` prefix counts once for each repetition. On arm it would hang: a store-exclusive never succeeds after a stop.
"""

import ctypes
import os
import platform
import signal
import statistics
import subprocess
import sys

from har_bench.measure.worker import MARK
from har_bench.measure.worker_client import Task, Worker
from har_runtime.errors import HarError

INFERENCES = 3
FORBIDDEN = "ptrace is forbidden here"
# Requests of <sys/ptrace.h>.
TRACEME, CONT, SINGLESTEP, ATTACH, DETACH = 0, 7, 9, 16, 17


def why_not() -> str | None:
    """Why this machine cannot do it; None if it can."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        return "only on Linux on x86-64"
    program = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace({TRACEME}, 0, None, None) != 0)"
    done = subprocess.run([sys.executable, "-S", "-c", program], check=False)
    return FORBIDDEN if done.returncode else None


def count(task: Task) -> int:
    """Instructions of one inference.

    Args:
        task: the model in LiteRT, with one thread: others are not counted.

    Raises:
        HarError: the process may not be traced, or ended.
    """
    with Worker(task) as worker:
        pid = worker.pid
        if _ptrace(ATTACH, pid, None, None):
            raise HarError(f"stepping: {FORBIDDEN}")
        _wait(pid)
        worker.send(marked=INFERENCES)
        _request(CONT, pid)
        while _wait(pid) != MARK:
            _request(CONT, pid)
        mark = _steps_to_mark(pid)
        counts = [_steps_to_mark(pid) - mark for _ in range(INFERENCES)]
        _request(DETACH, pid)
        worker.answer()
    return statistics.median_low(counts)


def _steps_to_mark(pid: int) -> int:
    """The number of instructions from the mark at which the process stands to the next."""
    steps = 0
    while True:
        _request(SINGLESTEP, pid)
        stop = _wait(pid)
        if stop == MARK:
            return steps
        if stop != signal.SIGTRAP:
            raise HarError(f"stepping: the process got {signal.strsignal(stop)}")
        steps += 1


def _wait(pid: int) -> int:
    """The signal with which the process stops next."""
    _, status = os.waitpid(pid, 0)
    if not os.WIFSTOPPED(status):
        raise HarError("stepping: the process ended")
    return os.WSTOPSIG(status)


_ptrace = ctypes.CDLL(None, use_errno=True).ptrace
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_ptrace.restype = ctypes.c_long


def _request(request: int, pid: int) -> None:
    if _ptrace(request, pid, None, None):
        raise HarError(f"stepping: ptrace failed ({os.strerror(ctypes.get_errno())})")
