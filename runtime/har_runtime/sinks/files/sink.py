"""Answers as lines of text: in files that survive kills, power cuts and full disks, or on standard output."""

import logging
import operator
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from har_runtime.answers.answer import Answer
from har_runtime.errors import SourceError
from har_runtime.sinks.files.line_file import LineFile
from har_runtime.sinks.files.rotation import Rotation, rotation_from
from har_runtime.uri import Uri

SYNC_S = 5.0
"""A power cut loses the answers of this many seconds at most."""
PIPE_LINES = 1000
"""A pipe has room for fewer lines that nobody has read, 64 KB."""
CAPACITY = 7200
"""Lines that may wait for space on the disk: one hour, about 4 MB."""

Line = tuple[float, bytes]
"""When the answer was given, seconds since 1970, and its line."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class LineFormat:
    """How answers are written."""

    line: Callable[[Answer], bytes]
    """One answer as one line."""
    prefix: bytes
    """The first bytes of every file of this format."""
    header: bytes = b""
    """The line before the first answer."""


def open_lines(uri: Uri, lines: LineFormat, *options: str) -> "FileSink | StandardOutputSink":
    """The sink of a `KIND:FILE?rotate=day|SIZE&keep=N&sync=SECONDS` or `KIND:-`.

    Args:
        options: further ones that the URI may have.

    Raises:
        SourceError: there is no target, an option is invalid, or the file cannot be opened.
    """
    if not uri.target:
        raise SourceError(f"{uri.kind}: needs a file, such as {uri.kind}:day.{uri.kind}")
    if uri.target == "-":
        uri.only(*options)
        return StandardOutputSink(lines, f"{uri.kind}:-")
    uri.only("rotate", "keep", "sync", *options)
    return FileSink(f"{uri.kind}:{uri.target}", rotation_from(uri), lines, uri.option("sync", _seconds, SYNC_S))


class _LineSink:
    """What both sinks share."""

    capacity = CAPACITY

    def __init__(self, lines: LineFormat):
        self._lines = lines

    def encode(self, answer: Answer) -> Line:
        return answer.unix_s, self._lines.line(answer)


class FileSink(_LineSink):
    """Appends each answer as a whole line to the current file of a rotation."""

    def __init__(self, name: str, rotation: Rotation, lines: LineFormat, sync_s: float = SYNC_S):
        """Open the current file.

        Args:
            name: for messages.
            rotation: which file.
            lines: how answers are written.
            sync_s: how often lines are forced to the disk, seconds; 0 for after each line.

        Raises:
            SourceError: the file cannot be opened.
        """
        super().__init__(lines)
        self._name, self._rotation, self._sync_s = name, rotation, sync_s
        self._file: LineFile | None = None
        self._next_sync_s = 0.0
        self._lengths: deque[int] = deque(maxlen=PIPE_LINES)
        """Bytes of the last lines, the newest first."""
        try:
            self._open(time.time(), 0)
        except OSError as error:
            raise _failed(self._name, error) from error

    def append(self, record: Line) -> None:
        unix_s, line = record
        try:
            file = self._open(unix_s, len(line))
            file.append(line)
            self._lengths.appendleft(len(line))
            if not file.is_at_its_name():  # It went between the first look and the write.
                file.take_back()
                self._open(unix_s, len(line)).append(line)
        except OSError as error:
            self._close_file()
            raise _failed(self._name, error) from error
        if time.monotonic() >= self._next_sync_s:
            self._sync()

    def close(self) -> int:
        self._sync()
        if self._file is None or not self._file.is_pipe:
            self._close_file()
            return 0
        unread = self._file.close_pipe()
        lost = sum(left > 0 for left in accumulate(self._lengths, operator.sub, initial=unread))
        lost = min(lost, len(self._lengths))
        if lost:
            _LOG.warning("%s: nobody has read the last %d lines from the pipe", self._name, lost)
        return lost

    def _open(self, unix_s: float, adding: int) -> LineFile:
        """The file for a line of `adding` bytes at `unix_s`."""
        if self._file is not None and not self._file.is_at_its_name():
            self._sync()
            self._close_file()
        while True:
            current = self._file
            size = current.size if current else 0
            path = self._rotation.path(unix_s, current and current.path, size + adding)
            if current is not None and path == current.path:
                return current
            self._sync()
            self._close_file()
            self._file = LineFile(path, self._lines.prefix, self._lines.header)
            try:
                self._rotation.prune(path)
            except OSError as error:
                _LOG.warning("%s: an old file cannot be deleted (%s)", self._name, error)

    def _sync(self) -> None:
        self._next_sync_s = time.monotonic() + self._sync_s
        if self._file is None:
            return
        try:
            self._file.sync()
        except OSError as error:  # The lines are in the file, if not on the disk: they must not be written again.
            _LOG.warning("%s", _failed(self._name, error))
            self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class StandardOutputSink(_LineSink):
    """Writes each answer as a line to standard output.

    It bypasses Python's buffer: a thread that waits for a reader would hold the lock of that buffer, and Python could
    not exit.
    """

    def __init__(self, lines: LineFormat, name: str = "standard output"):
        super().__init__(lines)
        self._name = name
        self._record: Line | None = None
        self._unwritten = lines.header

    def append(self, record: Line) -> None:
        out = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        if record is not self._record:  # Otherwise this is a retry, and part of the line may be written already.
            self._record = record
            self._unwritten += record[1]
        while self._unwritten:
            try:
                written = out.write(self._unwritten)
            except BrokenPipeError:
                raise
            except OSError as error:
                raise _failed(self._name, error) from error
            if written is None:
                raise SourceError(f"{self._name}: standard output is not being read")
            self._unwritten = self._unwritten[written:]

    def close(self) -> int:
        return 0


def _failed(name: str, error: OSError) -> SourceError:
    return SourceError(f"{name}: cannot be written ({error.strerror or error})")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError("must be 0 or more seconds")
    return seconds
