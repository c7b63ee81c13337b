"""A file that only ever grows by whole lines, whatever stops the program: a kill, a power cut or a full disk.

It is found by its name: once a log rotator has renamed, deleted or emptied it, what is appended to the open file would
be where nobody looks for it. So `is_at_its_name` is to be asked before each line, and after it, when a line that came
too late can still be taken back.
"""

import errno
import io
import logging
import os
import stat
import sys
from pathlib import Path

from har_runtime.errors import SourceError
from har_runtime.files import PRIVATE

try:
    import fcntl
    import termios
except ImportError:  # Windows.
    fcntl = termios = None

TAIL = 1 << 16
"""Bytes at the end of a file that are searched for the damage of a power cut: more than the answers of one sensor
between two syncs."""

_LOG = logging.getLogger(__name__)


class LineFile:
    """Appends lines, each with one write. The file is locked against a second program.

    A damaged end is cut off when the file is opened: part of a line after a kill, or the zeros that some file systems
    show after a power cut for data that did not reach the disk.
    """

    def __init__(self, path: Path, prefix: bytes, header: bytes = b""):
        """Open a file or create it.

        Args:
            path: the file.
            prefix: the first bytes of every such file; another file is refused, unchanged.
            header: the first line of a new file.

        Raises:
            OSError: the file cannot be opened.
            SourceError: the file has other content, or is in use.
        """
        self.path = path
        self._header = header
        is_new = not path.exists()
        self._file = io.FileIO(path, "a+", opener=_open_private)
        status = os.fstat(self._file.fileno())
        self._regular = stat.S_ISREG(status.st_mode)
        self.is_pipe = stat.S_ISFIFO(status.st_mode)
        self._identity = status.st_dev, status.st_ino
        self.size = 0
        """Bytes in the file; 0 for a device or a pipe."""
        self._appended = 0
        """Bytes of the last line, and of the header if it came with it."""
        try:
            if self._regular:
                self._lock()
                self._repair(prefix)
            if is_new and self._regular:
                _sync_folder(path.parent)
        except BaseException:
            self._file.close()
            raise

    def append(self, line: bytes) -> None:
        """Write the whole line, or nothing.

        Raises:
            OSError: the disk is full, or another failure; close the file then and open it again.
        """
        data = line if self.size or not self._regular else self._header + line
        written = self._file.write(data) or 0
        try:
            while written < len(data):  # The disk filled up in the middle of the line; the rest says why.
                more = self._file.write(data[written:])
                if not more:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                written += more
        except OSError:
            if self._regular:
                self._file.truncate(self._file.tell() - written)
            raise
        self.size += written
        self._appended = written

    def take_back(self) -> None:
        """Remove the last line again, unless somebody has cut the file or added to it.

        Raises:
            OSError: the disk failed.
        """
        end = self._file.tell()
        if self._regular and os.fstat(self._file.fileno()).st_size == end:
            self._file.truncate(end - self._appended)

    def sync(self) -> None:
        """Wait until everything appended so far is safe from a power cut.

        Raises:
            OSError: the disk failed.
        """
        if self._regular:
            getattr(os, "fdatasync", os.fsync)(self._file.fileno())

    def is_at_its_name(self) -> bool:
        """Whether the file can still be found by its name; if not, close it and open it again.

        A file that was emptied gets its header again with the next line.

        Raises:
            OSError: its folder cannot be read.
        """
        if not self._regular:
            return True
        try:
            found = os.stat(self.path)  # noqa: PTH116 - a Path.stat() takes twice as long, before every line.
        except FileNotFoundError:
            return False
        if (found.st_dev, found.st_ino) != self._identity or 0 < found.st_size < self.size:
            return False  # In the middle of a line, perhaps: opening it repairs that.
        self.size = found.st_size
        return True

    def close(self) -> None:
        """Close the file, without `sync`."""
        self._file.close()

    def close_pipe(self) -> int:
        """Close a pipe; returns how many bytes at its end nobody will ever read, since no reader has it open."""
        if fcntl is None or termios is None:
            self._file.close()
            return 0
        unread = int.from_bytes(fcntl.ioctl(self._file.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)
        self._file.close()
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            return unread if error.errno == errno.ENXIO else 0
        return 0

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SourceError(
                f"{self.path}: this or another har-stream writes to it already; give each sink its own file"
            ) from error
        except OSError:
            return  # A network file system without locks.

    def _repair(self, prefix: bytes) -> None:
        size = os.fstat(self._file.fileno()).st_size
        self._file.seek(max(0, size - TAIL))
        tail = self._file.read(TAIL) or b""
        self._file.seek(0)
        head = (self._file.read(len(prefix)) or b"").rstrip(b"\0")
        whole = _whole_lines(tail)
        if not prefix.startswith(head) or (not whole and size > TAIL):
            raise SourceError(
                f"{self.path}: holds something else, or answers of another model or an earlier version of haredge; "
                "give another file"
            )
        self.size = size - len(tail) + whole
        if self.size < size:
            self._file.truncate(self.size)
            self.sync()
            _LOG.warning("%s: removed %d bytes of an incomplete line at the end", self.path, size - self.size)


def _open_private(path: str, flags: int) -> int:
    """Open or make a file; what somebody does all day is nobody else's business."""
    return os.open(path, flags, PRIVATE)


def _whole_lines(tail: bytes) -> int:
    r"""How many bytes of the end of a file are whole lines.

    >>> _whole_lines(b"one\ntwo\n"), _whole_lines(b"one\ntw"), _whole_lines(b"one\n\0\0o\nthree\n")
    (8, 4, 4)
    """
    zeros = tail.find(b"\0")
    return tail.rfind(b"\n", 0, None if zeros < 0 else zeros) + 1


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file safe from a power cut, if the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows.
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
