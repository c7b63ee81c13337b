"""Single keys from a terminal, without waiting for them or for the end of a line."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

try:
    import termios
    import tty
except ImportError:  # Windows has neither: no keys then.
    termios = tty = None

MAX_KEYS = 64
"""Read at a time."""


class Keyboard:
    """What was pressed since the last time.

    Args:
        terminal: its file descriptor; None for no keys.
    """

    def __init__(self, terminal: int | None):
        self._terminal = terminal

    @property
    def is_there(self) -> bool:
        """Whether there are keys at all."""
        return self._terminal is not None

    def pressed(self) -> str:
        """The keys, "" for none."""
        if self._terminal is None or not select.select([self._terminal], [], [], 0)[0]:
            return ""
        content = os.read(self._terminal, MAX_KEYS)
        if not content:  # The terminal has gone.
            self._terminal = None
        return content.decode("ascii", "ignore")


@contextmanager
def keyboard(stream: TextIO | None = None) -> Iterator[Keyboard]:
    """The keys of a terminal, which works as before afterwards; none if it is no terminal.

    Args:
        stream: stdin if None.
    """
    stream = sys.stdin if stream is None else stream
    if termios is None or tty is None or stream is None or stream.closed or not stream.isatty():
        yield Keyboard(None)
        return
    terminal = stream.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield Keyboard(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
