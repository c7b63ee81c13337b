"""A zip and the folder it unpacks to, read the same way; damage becomes one clear line."""

import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType

from har_runtime.errors import DataError


class Archive:
    """Read-only access to the files of an official data set archive, zipped or unpacked.

    `anchor` is a path every intact copy has, such as "RawData/labels.txt"; it may lie deeper, and what lies above
    it is the root that `read` and `names` are relative to.

    Raises:
        DataError: neither a folder nor an intact zip, or the anchor is not in it.
    """

    def __init__(self, path: Path, anchor: str):
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            entries = [entry.relative_to(path).as_posix() for entry in sorted(path.rglob("*")) if entry.is_file()]
        else:
            try:
                self._zip = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                raise DataError(f"{path}: not a readable zip ({error}); download the archive again") from error
            entries = self._zip.namelist()
        roots = [entry[: -len(anchor)] for entry in entries if f"/{entry}".endswith(f"/{anchor}")]
        if not roots:
            self.__exit__(None, None, None)
            raise DataError(f"{path}: no {anchor} in it; give the official archive or the folder it unpacks to")
        self._root = min(roots, key=len)
        self.names = [entry[len(self._root) :] for entry in entries if entry.startswith(self._root)]

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
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
            raise DataError(f"{self.path}: {name} is damaged ({error}); download the archive again") from error
