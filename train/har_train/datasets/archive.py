"""Reads a zip and the folder it unpacks to in the same way; damage is reported in one line."""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO

from har_runtime.errors import DataError
from har_runtime.text import clean

DAMAGE = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What zipfile raises for damaged bytes. RuntimeError stands for a password, which a flipped bit can ask for too."""

MAX_NAMES = 50_000
"""Files in an archive; MobiAct, the one with the most, has 7,000."""
MAX_INNER_ZIPS = 10
MAX_INNER_BYTES = 2_000_000_000
"""Of a zip inside the zip, which is read into memory; the largest, of WISDM, has 300,000,000."""


@dataclass(frozen=True)
class Limits:
    """How much an official archive can hold, so that a small zip cannot fill the memory."""

    largest: int = 20_000_000
    """Bytes of one file, unpacked. Most have 2,000,000 at most."""
    total: int = 1_000_000_000
    """Bytes of all files that are read, unpacked."""


class Archive:
    """Read-only access to the files of an official data set archive, zipped or unpacked.

    `anchor` is a path that every intact copy has, such as "RawData/labels.txt"; "*" in it stands for any part of one
    name. It may lie deeper: the folder above it is the root that `read` and `names` are relative to. It may also lie in
    a zip inside the zip, as UCI packs its downloads. Nothing is unpacked to disk, and nothing read beyond `limits`.

    Raises:
        DataError: neither a folder nor an intact zip, the anchor is missing, or names that no official archive has.
    """

    def __init__(self, path: Path, anchor: str, limits: Limits = Limits()):
        self.path = path
        self._limits, self._left = limits, limits.total
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            entries = [entry.relative_to(path).as_posix() for entry in sorted(path.rglob("*")) if entry.is_file()]
            root = _root(entries, anchor)
        else:
            self._zip = self._opened(path)
            entries = self._names(self._zip)
            root = _root(entries, anchor)
            if root is None:
                entries, root = self._enter_inner_zip(self._zip, anchor)
        if root is None:
            self.__exit__(None, None, None)
            raise DataError(f"{path}: no {anchor} in it; give the official archive or the folder it unpacks to")
        self._root = root
        self.names = {entry[len(root) :]: None for entry in entries if entry.startswith(root)}.keys()
        """Paths below the root, in the order of the archive."""

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._zip is not None:
            self._zip.close()

    def read(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            DataError: missing, damaged inside the zip, or larger than the limits.
        """
        if name not in self.names:
            raise DataError(f"{self.path}: {name} is missing; the archive is not complete, download it again")
        limit = min(self._limits.largest, self._left)
        try:
            with self._open(self._root + name) as file:
                content = file.read(limit + 1)
        except DAMAGE as error:
            raise DataError(f"{self.path}: {name} is damaged ({error}); download the archive again") from error
        if len(content) > limit:
            what = "is larger than a file of" if limit == self._limits.largest else "makes it larger than"
            raise DataError(f"{self.path}: {clean(name)} {what} the official archive; download it again")
        self._left -= len(content)
        return content

    def _open(self, name: str) -> IO[bytes]:
        return (self.path / PurePosixPath(name)).open("rb") if self._zip is None else self._zip.open(name)

    def _opened(self, file: Path | io.BytesIO) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{self.path}: not a readable zip ({error}); download the archive again") from error

    def _enter_inner_zip(self, outer: zipfile.ZipFile, anchor: str) -> tuple[list[str], str | None]:
        """Switch to the first zip inside the zip that has the anchor, if there is one."""
        zips = [name for name in outer.namelist() if name.endswith(".zip")]
        for name in zips[:MAX_INNER_ZIPS]:
            try:
                with outer.open(name) as file:
                    content = file.read(MAX_INNER_BYTES + 1)
            except DAMAGE as error:
                raise DataError(f"{self.path}: {name} is damaged ({error}); download the archive again") from error
            if len(content) > MAX_INNER_BYTES:
                raise DataError(f"{self.path}: {clean(name)} is larger than a zip of an official archive")
            inner = self._opened(io.BytesIO(content))
            entries = self._names(inner)
            root = _root(entries, anchor)
            if root is not None:
                outer.close()
                self._zip = inner
                return entries, root
            inner.close()
        return [], None

    def _names(self, archive: zipfile.ZipFile) -> list[str]:
        """The names in a zip, if all of them stay inside the folder that it unpacks to."""
        names = archive.namelist()
        if len(names) > MAX_NAMES:
            raise DataError(f"{self.path}: {len(names):,} files in it; no official archive has more than {MAX_NAMES:,}")
        if (astray := next(_astray(names), None)) is not None:
            raise DataError(f"{self.path}: '{clean(astray)}' in it leads out of its folder; download the archive again")
        return names


def _astray(names: Iterable[str]) -> Iterator[str]:
    """Names that unpack elsewhere than below the archive's folder."""
    return (name for name in names if name.startswith("/") or ".." in re.split(r"[/\\]", name) or name[1:3] == ":\\")


def _root(entries: list[str], anchor: str) -> str | None:
    """The path above the anchor, the shortest one if there are several; None if the anchor is missing."""
    pattern = re.compile(r"(|.*/)" + "[^/]*".join(map(re.escape, anchor.split("*"))))
    roots = [match[1] for entry in entries if (match := pattern.fullmatch(entry))]
    return min(roots, key=len) if roots else None
