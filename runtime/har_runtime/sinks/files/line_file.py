"""A file that only ever grows by whole lines, whatever stops the program: a kill, a power cut or a full disk."""

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
        self._file = io.FileIO(path, "a+")
        self._regular = stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)
        self.size = 0
        """Bytes in the file; 0 for a device or a pipe."""
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
        if written < len(data):  # The disk filled up in the middle of the line: remove its first part.
            if self._regular:
                self._file.truncate(self._file.tell() - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written

    def sync(self) -> None:
        """Wait until everything appended so far is safe from a power cut.

        Raises:
            OSError: the disk failed.
        """
        if self._regular:
            getattr(os, "fdatasync", os.fsync)(self._file.fileno())

    def deleted(self) -> bool:
        """Whether the file was deleted by somebody: everything appended from now on would be lost."""
        return self._regular and os.fstat(self._file.fileno()).st_nlink == 0

    def close(self) -> None:
        """Close the file, without `sync`."""
        self._file.close()

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SourceError(f"{self.path}: another har-stream writes to this file; give each its own file") from error
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
