"""har-stream on a terminal of its own, as people see it."""

import os
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

SCREEN = (40, 120)
"""Rows and columns."""


@contextmanager
def stream_on_terminal(
    source: str, sinks: list[str], *options: str, stdout: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """har-stream on a terminal of its own, and the end of it from which the screen is read."""
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, SCREEN)
    os.set_blocking(leader, False)
    command = [sys.executable, "-m", "har_runtime", "run", "--source", source, *options]
    command += [argument for uri in sinks for argument in ("--sink", uri)]
    environment = {**os.environ, "TERM": "xterm-256color"}
    try:
        with subprocess.Popen(command, stdout=stdout, stderr=follower, env=environment) as stream:
            os.close(follower)
            try:
                yield stream, leader
            finally:
                stream.kill()
    finally:
        os.close(leader)


def read_screen(leader: int) -> bytes:
    """What was drawn since the last call."""
    try:
        return os.read(leader, 1 << 16)
    except OSError:  # Nothing was written, or har-stream has ended.
        return b""
