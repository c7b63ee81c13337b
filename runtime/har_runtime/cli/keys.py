"""Keys pressed in a terminal, one at a time and without Enter; the terminal is as before afterwards."""

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

try:
    import termios
    import tty
except ImportError:  # Windows.
    termios = tty = None

MAX_KEYS = 64
"""Keys read at a time: more are of a paste, or of a cat."""


class Keys:
    """The keys of a terminal that have been pressed and not been read yet.

    Args:
        handle: number of the terminal's file.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def pressed(self) -> str:
        """Those since the last call, in their order; it never waits."""
        try:
            if not select.select([self._handle], [], [], 0)[0]:
                return ""
            return os.read(self._handle, MAX_KEYS).decode("ascii", "ignore")
        except (OSError, ValueError):  # The terminal is gone.
            return ""


@contextmanager
def open_keys(handle: int | None = None) -> Iterator[Keys | None]:
    """The keys of the terminal, which shows none of them meanwhile; Ctrl-C still interrupts. None if it is no terminal.

    Args:
        handle: number of its file; standard input if None.
    """
    number = _standard_input() if handle is None else handle
    if termios is None or tty is None or not os.isatty(number):
        yield None
        return
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number, termios.TCSANOW)
        yield Keys(number)
    finally:
        with contextlib.suppress(termios.error):  # The terminal is gone.
            termios.tcsetattr(number, termios.TCSANOW, before)


def _standard_input() -> int:
    """The number of its file; -1 if there is none."""
    try:
        return sys.stdin.fileno()
    except (OSError, ValueError):
        return -1
