"""Standard input, output and error of a program: closed ones, full disks, and terminals and readers that have left.

Nobody may see an error message; that must not end the program. An output that cannot be written is a failure.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO

from har_runtime.errors import HarError

CLOSED: Final = (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))
"""What stands in for a stream that was closed when the program started, in the order of their numbers: an input without
anything, an output that cannot be written, and nowhere for errors."""


def open_closed_streams() -> None:
    """Have something stand in for each closed stream, so that no file that is opened later gets its number."""
    for number, (name, mode, flags) in enumerate(CLOSED):
        if getattr(sys, name) is not None:
            continue
        handle = os.open(os.devnull, flags)
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
        setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace", closefd=False))  # noqa: SIM115


class OutputError(HarError):
    """Standard output cannot be written."""


@contextlib.contextmanager
def careful_streams() -> Iterator[None]:
    """A context in which messages on stderr that cannot be written are lost and nothing else, and a failure of stdout
    is an `OutputError`, or a `BrokenPipeError` if its reader has left."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Output(before[0]), _Messages(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def flush_output() -> None:
    """Write what is left of the output.

    Raises:
        OutputError: it cannot be written. Python does not complain of that once more at its end.
        BrokenPipeError: likewise, because its reader has left.
    """
    sys.stdout.flush()


def _discard(stream: TextIO) -> None:
    """Python flushes its streams once more at the end: have what cannot be written go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        handle = os.open(os.devnull, os.O_WRONLY)
        os.dup2(handle, stream.fileno())
        os.close(handle)


class _Stream:
    """A standard stream. What has failed once is written nowhere from then on."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Output(_Stream):
    """Standard output."""

    def write(self, text: str) -> int:
        with self._said():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._said():
            self._stream.flush()

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            _discard(self._stream)
            raise
        except OSError as error:
            _discard(self._stream)
            raise OutputError(f"the output cannot be written ({error.strerror or error})") from error


class _Messages(_Stream):
    """Standard error."""

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):  # The disk is full, the terminal is gone, or the stream is closed.
            _discard(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            _discard(self._stream)
