"""A file that only ever grows by whole lines, whatever ends the program: a kill, a power cut, a full disk."""

import errno
import io
import logging
import os
import stat
from pathlib import Path

from har_runtime.errors import SourceError

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None

TAIL = 1 << 16
"""Bytes at the end of a file that are looked through for what a power cut left: more than a sensor's answers fill
between two syncs."""

_LOG = logging.getLogger(__name__)


class LineFile:
    """Appends lines, each with one write. Not for two programs at once: the file is locked.

    A broken end is cut off when the file is opened: half a line from a kill, or the zeros that some file systems show
    after a power cut for what they had no time to write.
    """

    def __init__(self, path: Path, begins: bytes, header: bytes = b""):
        """Open a file or make one.

        Args:
            path: where.
            begins: how every file of this sort begins; another is not touched.
            header: the line that a new file gets before its first.

        Raises:
            OSError: it cannot be opened.
            SourceError: it is something else, or in use.
        """
        self.path = path
        self._header = header
        fresh = not path.exists()
        self._file = io.FileIO(path, "a+")
        self._regular = stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)
        self.size = 0
        """Bytes in it; of a file on disk only."""
        try:
            if self._regular:
                self._lock()
                self._repair(begins)
            if fresh and self._regular:
                _sync_folder(path.parent)
        except BaseException:
            self._file.close()
            raise

    def append(self, line: bytes) -> None:
        """Write a line, or nothing of it.

        Raises:
            OSError: no room, or another failure; then close the file and open it anew.
        """
        data = line if self.size or not self._regular else self._header + line
        written = self._file.write(data) or 0
        if written < len(data):  # The disk filled up in the middle of the line: take it back.
            if self._regular:
                self._file.truncate(self._file.tell() - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written

    def sync(self) -> None:
        """Have everything appended so far outlast a power cut.

        Raises:
            OSError: the disk failed.
        """
        if self._regular:
            getattr(os, "fdatasync", os.fsync)(self._file.fileno())

    def deleted(self) -> bool:
        """Whether somebody has deleted it meanwhile: what is appended would be lost."""
        return self._regular and os.fstat(self._file.fileno()).st_nlink == 0

    def close(self) -> None:
        """Close it, without `sync`."""
        self._file.close()

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SourceError(f"{self.path}: another har-stream writes to it; give each a file of its own") from error
        except OSError:
            return  # A network file system that knows no locks.

    def _repair(self, begins: bytes) -> None:
        size = os.fstat(self._file.fileno()).st_size
        self._file.seek(max(0, size - TAIL))
        tail = self._file.read(TAIL) or b""
        self._file.seek(0)
        head = (self._file.read(len(begins)) or b"").rstrip(b"\0")
        whole = _whole_lines(tail)
        if not begins.startswith(head) or (not whole and size > TAIL):
            raise SourceError(f"{self.path}: holds something else than such answers; give another file")
        self.size = size - len(tail) + whole
        if self.size < size:
            self._file.truncate(self.size)
            self.sync()
            _LOG.warning("%s: cut off %d bytes of a line that was not finished", self.path, size - self.size)


def _whole_lines(tail: bytes) -> int:
    r"""How much of the end of a file is whole lines, in bytes.

    >>> _whole_lines(b"one\ntwo\n"), _whole_lines(b"one\ntw"), _whole_lines(b"one\n\0\0o\nthree\n")
    (8, 4, 4)
    """
    zeros = tail.find(b"\0")
    return tail.rfind(b"\n", 0, None if zeros < 0 else zeros) + 1


def _sync_folder(folder: Path) -> None:
    """Have a new file's name outlast a power cut, where the system can."""
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
