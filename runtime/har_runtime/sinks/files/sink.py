"""Answers as lines of text: in files that outlast kills, power cuts and full disks, or on standard output."""

import errno
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from har_runtime.answers.answer import Answer
from har_runtime.errors import SourceError
from har_runtime.sinks.base import RecordSink
from har_runtime.sinks.files.line_file import LineFile
from har_runtime.sinks.files.rotation import Rotation, rotation_of
from har_runtime.uri import Uri

SYNC_S = 5.0
"""A power cut costs at most the answers of so many seconds."""
CAPACITY = 7200
"""Lines that may wait for room on the disk: an hour, some 4 MB."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class LineFormat:
    """How answers are written."""

    line: Callable[[Answer], bytes]
    """One answer as one line."""
    begins: bytes
    """How every file of this format begins."""
    header: bytes = b""
    """The line before the first answer."""


def open_lines(uri: Uri, lines: LineFormat) -> RecordSink[tuple[float, bytes]]:
    """The sink of a `KIND:FILE?rotate=day|SIZE&keep=N&sync=SECONDS` or `KIND:-`.

    Raises:
        SourceError: no target, options that are not valid, or a file that cannot be opened.
    """
    if not uri.target:
        raise SourceError(f"{uri.kind}: needs a file, such as {uri.kind}:day.{uri.kind}")
    if uri.target == "-":
        uri.only()
        return StandardOutput(lines)
    uri.only("rotate", "keep", "sync")
    return FileSink(f"{uri.kind}:{uri.target}", rotation_of(uri), lines, uri.option("sync", _seconds, SYNC_S))


class FileSink:
    """Appends each answer as a whole line, in the file that the rotation says."""

    capacity = CAPACITY

    def __init__(self, name: str, rotation: Rotation, lines: LineFormat, sync_s: float = SYNC_S):
        """Open the file of now.

        Args:
            name: for messages.
            rotation: which file.
            lines: how answers are written.
            sync_s: how often the disk is made to keep them for good, seconds; 0 for each.

        Raises:
            SourceError: it cannot be opened.
        """
        self._name, self._rotation, self._lines, self._sync_s = name, rotation, lines, sync_s
        self._file: LineFile | None = None
        self._next_sync_s = 0.0
        try:
            self._file = self._open(time.time(), 0)
        except OSError as error:
            raise self._failed(error) from error

    def encode(self, answer: Answer) -> tuple[float, bytes]:
        """When the answer was given, seconds since 1970, and its line."""
        return answer.unix_s, self._lines.line(answer)

    def append(self, record: tuple[float, bytes]) -> None:
        unix_s, line = record
        try:
            self._file = self._open(unix_s, len(line))
            self._file.append(line)
        except OSError as error:
            self._let_go()
            raise self._failed(error) from error
        if time.monotonic() >= self._next_sync_s:
            self._sync()

    def close(self) -> int:
        self._sync()
        self._let_go()
        return 0

    def _open(self, unix_s: float, adding: int) -> LineFile:
        while True:
            current = self._file
            size = current.size if current else 0
            path = self._rotation.path(unix_s, current and current.path, size + adding)
            if current is not None and path == current.path:
                return current
            self._sync()
            self._let_go()
            self._file = LineFile(path, self._lines.begins, self._lines.header)
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
            if self._file.deleted():
                self._let_go()
        except OSError as error:  # The lines are in the file, only not for good yet: they must not be written again.
            _LOG.warning("%s", self._failed(error))
            self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _failed(self, error: OSError) -> SourceError:
        return SourceError(f"{self._name}: cannot be written ({error.strerror or error})")


class StandardOutput:
    """Writes each answer as a line to standard output.

    It goes past Python's buffer: that one's lock, held by a thread that waits for a reader, would not let Python end.
    """

    capacity = CAPACITY

    def __init__(self, lines: LineFormat):
        self._lines = lines
        self._record: tuple[float, bytes] | None = None
        self._left = lines.header

    def encode(self, answer: Answer) -> tuple[float, bytes]:
        """When the answer was given, seconds since 1970, and its line."""
        return answer.unix_s, self._lines.line(answer)

    def append(self, record: tuple[float, bytes]) -> None:
        out = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        if record is not self._record:  # Else it is offered again, and part of it may have gone already.
            self._record = record
            self._left += record[1]
        while self._left:
            written = out.write(self._left)
            if written is None:
                raise BlockingIOError(errno.EAGAIN, "nobody reads standard output")
            self._left = self._left[written:]

    def close(self) -> int:
        return 0


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError("must be 0 or more seconds")
    return seconds
