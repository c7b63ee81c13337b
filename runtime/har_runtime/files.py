"""Files that are written completely or not at all."""

import errno
import io
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from har_runtime.errors import HarError

PRIVATE: Final = 0o600
"""The mode of files about a person: only their owner can read them."""
PIPE_S: Final = 5.0
"""A pipe in place of a small file must have been written and closed within this time."""
HEAD_BYTES: Final = 1000
"""Of a file, in which its mark stands."""
UNFINISHED: Final = ".part"
"""Suffix of a file that is being written; one that stays is of a program that was killed."""


@contextmanager
def atomic_path(target: Path, private: bool = False) -> Iterator[Path]:
    """A temporary path beside `target` that becomes `target` if the block succeeds, and is deleted if it fails.

    Args:
        private: whether only its owner can read it; otherwise the umask says who can.

    Raises:
        HarError: the folder cannot be written to, or the disk is full.
    """
    temporary: Path | None = None
    try:
        _refuse_other_kinds(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=UNFINISHED, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(PRIVATE if private else 0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise HarError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_target(target: Path) -> None:
    """Make sure that a file can be written, before the work whose result it will hold.

    Raises:
        HarError: its folder cannot be written to, or something else has the name.
    """
    try:
        _refuse_other_kinds(target)
        folder = next(parent for parent in target.absolute().parents if parent.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise HarError(f"{target}: cannot be written ({error.strerror or error})") from error


def check_folder(folder: Path) -> None:
    """Make sure that files can be made in a folder, or in its nearest parent that there is, before the work for them.

    Raises:
        HarError: they cannot, or it is a file.
    """
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise HarError(f"{folder}: cannot be written ({error.strerror or error}); give a folder") from error


def read_at_most(path: Path, most: int) -> tuple[bytes, int]:
    """The first bytes of a file, and its mode. A pipe must end in time: one that nobody writes to would wait for ever.

    Args:
        most: how many bytes are read at most.

    Raises:
        OSError: it cannot be read, or it is a pipe that does not end within `PIPE_S`.
    """
    with io.FileIO(path, "r", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        mode = os.fstat(file.fileno()).st_mode
        until_s = None if stat.S_ISREG(mode) or os.name == "nt" else time.monotonic() + PIPE_S
        parts: list[bytes] = []
        while most > 0:
            if until_s is not None:
                _wait_to_read(file.fileno(), until_s)
            part = file.read(most)
            if part == b"":
                break
            parts.append(part or b"")
            most -= len(part or b"")
    return b"".join(parts), mode


def _wait_to_read(descriptor: int, until_s: float) -> None:
    import select

    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(max(0.0, until_s - time.monotonic()) * 1000):
        raise OSError(errno.ETIMEDOUT, f"it is not a file, and has not ended after {PIPE_S:g} s")


def may_be_replaced(path: Path, mark: bytes) -> bool:
    """Whether nothing else is lost if a file of one kind is written to this path: there is none, a power cut left it
    empty, or it has the mark of its kind, even if it is damaged.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_file():
        return True  # Writing says what is wrong.
    head = read_at_most(path, HEAD_BYTES)[0]
    return not head.strip(b"\0 \r\n") or mark in head


def write_bytes(target: Path, content: bytes, private: bool = False) -> None:
    """Write a file atomically.

    Args:
        private: whether only its owner can read it.

    Raises:
        HarError: it cannot be written; an older file stays as it was.
    """
    with atomic_path(target, private) as temporary:
        temporary.write_bytes(content)


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write several files, all or none: none gets its name before all have been written.

    Raises:
        HarError: one cannot be written; older files stay as they were.
    """
    with ExitStack() as stack:
        for target, content in files.items():
            stack.enter_context(atomic_path(target)).write_bytes(content)


def _refuse_other_kinds(target: Path) -> None:
    """Refuse what cannot be replaced by a file, and a device or pipe, which root could replace by one."""
    if target.exists() and not target.is_file():
        kind = "a folder" if target.is_dir() else "a device or pipe"
        raise HarError(f"{target}: cannot be written (it is {kind}); give the name of a file")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
