"""Reads a zip and the folder it unpacks to in the same way; damage is reported in one line."""

import io
import lzma
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType

from har_runtime.errors import DataError

DAMAGE = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What zipfile raises for damaged bytes. RuntimeError stands for a password, which a flipped bit can ask for too."""


class Archive:
    """Read-only access to the files of an official data set archive, zipped or unpacked.

    `anchor` is a path that every intact copy has, such as "RawData/labels.txt"; "*" in it stands for any part of one
    name. It may lie deeper: the folder above it is the root that `read` and `names` are relative to. It may also lie in
    a zip inside the zip, as UCI packs its downloads. Nothing is unpacked to disk.

    Raises:
        DataError: neither a folder nor an intact zip, or the anchor is missing.
    """

    def __init__(self, path: Path, anchor: str):
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            entries = [entry.relative_to(path).as_posix() for entry in sorted(path.rglob("*")) if entry.is_file()]
            root = _root(entries, anchor)
        else:
            self._zip = self._opened(path)
            entries = self._zip.namelist()
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
            DataError: missing, or damaged inside the zip.
        """
        if name not in self.names:
            raise DataError(f"{self.path}: {name} is missing; the archive is not complete, download it again")
        try:
            if self._zip is None:
                return (self.path / PurePosixPath(self._root + name)).read_bytes()
            return self._zip.read(self._root + name)
        except DAMAGE as error:
            raise DataError(f"{self.path}: {name} is damaged ({error}); download the archive again") from error

    def _opened(self, file: Path | io.BytesIO) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{self.path}: not a readable zip ({error}); download the archive again") from error

    def _enter_inner_zip(self, outer: zipfile.ZipFile, anchor: str) -> tuple[list[str], str | None]:
        """Switch to the first zip inside the zip that has the anchor, if there is one."""
        for name in outer.namelist():
            if not name.endswith(".zip"):
                continue
            try:
                inner = self._opened(io.BytesIO(outer.read(name)))
            except DAMAGE as error:
                raise DataError(f"{self.path}: {name} is damaged ({error}); download the archive again") from error
            root = _root(inner.namelist(), anchor)
            if root is not None:
                outer.close()
                self._zip = inner
                return inner.namelist(), root
            inner.close()
        return [], None


def _root(entries: list[str], anchor: str) -> str | None:
    """The path above the anchor, the shortest one if there are several; None if the anchor is missing."""
    pattern = re.compile(r"(|.*/)" + "[^/]*".join(map(re.escape, anchor.split("*"))))
    roots = [match[1] for entry in entries if (match := pattern.fullmatch(entry))]
    return min(roots, key=len) if roots else None
