"""Counts instructions with the processor's own counter, by perf_event_open(2) on Linux.

It is exact and quick, needs no package and no rights if kernel.perf_event_paranoid is 2 or less, and is missing in most
virtual machines and forbidden in most containers.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from har_bench.measure.worker_client import Task, Worker
from har_runtime.errors import HarError

INFERENCES = 500
SYSTEM_CALL = {"x86_64": 298, "aarch64": 241}
HARDWARE, SOFTWARE = 0, 1
"""Types of events."""
CLOSE_ON_EXEC = 1 << 3
INSTRUCTIONS = 1
"""Of the hardware events."""
FLAGS = 1 << 2 | 1 << 5 | 1 << 6
"""pinned, exclude_kernel, exclude_hv."""


def why_not() -> str | None:
    """Why this machine cannot do it; None if it can."""
    if not sys.platform.startswith("linux") or platform.machine() not in SYSTEM_CALL:
        return "only on Linux on x86-64 and arm64"
    try:
        with counter(os.getpid(), HARDWARE, INSTRUCTIONS) as read:
            read()
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            return "forbidden here; if this is no container: sudo sysctl kernel.perf_event_paranoid=2"
        return "this machine has no counter of instructions"
    return None


def count(task: Task) -> int:
    """Instructions of one inference, outside the kernel.

    Args:
        task: the model in LiteRT, with one thread: others are not counted.

    Raises:
        HarError: the counter is not to be had.
    """
    try:
        with Worker(task) as worker, counter(worker.pid, HARDWARE, INSTRUCTIONS) as read:
            worker.ask(invoke=INFERENCES)
            start = read()
            worker.ask(invoke=INFERENCES)
            once = read()
            worker.ask(invoke=2 * INFERENCES)
            return round((read() - once - (once - start)) / INFERENCES)
    except OSError as error:
        raise HarError(f"perf: {error.strerror}") from error


@contextmanager
def counter(pid: int, kind: int, event: int) -> Iterator["Counter"]:
    """Count an event of one process, from now on; yields what reads the count.

    Raises:
        OSError: it is not to be had.
    """
    # struct perf_event_attr in its first size: type, size, config, three fields unused, flags, and others unused.
    attributes = struct.pack("=IIQQQQQIIQ", kind, 64, event, 0, 0, 0, FLAGS, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    number, any_processor, no_group = SYSTEM_CALL[platform.machine()], -1, -1
    file = libc.syscall(
        ctypes.c_long(number),
        ctypes.c_char_p(attributes),
        ctypes.c_long(pid),
        ctypes.c_long(any_processor),
        ctypes.c_long(no_group),
        ctypes.c_long(CLOSE_ON_EXEC),
    )
    if file < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        yield Counter(file)
    finally:
        os.close(file)


class Counter:
    """Reads an open counter."""

    def __init__(self, file: int):
        self._file = file

    def __call__(self) -> int:
        content = os.read(self._file, 8)
        if len(content) < 8:  # A pinned counter that found no place in the processor.
            raise OSError(errno.EBUSY, "the counter is in use")
        return struct.unpack("=Q", content)[0]
