"""Files that are written completely or not at all."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from har_runtime.errors import HarError

PRIVATE: Final = 0o600
"""The mode of files about a person: only their owner can read them."""
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
