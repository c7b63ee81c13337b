"""The files of a recording: one file, or those in a folder or zip that hold a table."""

import io
import itertools
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from har_runtime.errors import DataError
from har_runtime.sources.replay.other_formats import format_of_zip
from har_runtime.sources.replay.text_lines import READ_ERRORS, open_bytes, reason
from har_runtime.text import clean

SUFFIXES: Final = (".csv", ".tsv", ".txt", ".tab", ".dat", ".log", ".json", ".jsonl", ".gz")
"""Of the tables in a folder or zip; a file that is named itself may have any name."""
PARQUET_SUFFIXES: Final = (".parquet", ".pq")
PARQUET: Final = b"PAR1"
ZIP: Final = b"PK\x03\x04"
SKIPPED_FOLDERS: Final = ("meta", "__macosx")
"""phyphox's description of the device, and what macOS adds to a zip."""
SKIPPED_FILES: Final = ("metadata", "annotation", "readme", "device", "time")
MAX_FILES: Final = 1000
MAX_DEPTH: Final = 2
"""Folders of one folder that are looked into."""
MAX_DIRECTORY_BYTES: Final = 16_000_000
"""Of a zip's list of files, which is held at once."""
MAX_RATIO: Final = 1100
"""Of a file's size to its size in the zip; Deflate gives 1032 at most."""
_END_OF_DIRECTORY: Final = b"PK\x05\x06"


@dataclass(frozen=True)
class OpenFile:
    """A file being read."""

    stream: io.BufferedReader
    position: Callable[[], int]
    """Bytes read so far, as they lie on the disk (or, in a zip, unpacked)."""
    close: Callable[[], None]


@dataclass(frozen=True)
class Part:
    """A file of a recording."""

    name: str
    """For messages."""
    stem: str
    """Its name without folder and suffixes."""
    open: Callable[[], OpenFile]
    """Open it from the beginning."""
    size: int | None = None
    """Bytes, as `OpenFile.position` counts them; None for a pipe."""
    parquet: Path | None = None
    """Its path if it is Parquet."""
    again: bool = True
    """Whether it can be opened twice."""
    rows_of: tuple[int, str] | None = None
    """A column and its value in the rows that are read; None for all rows."""
    only: str | None = None
    """The sensor to read, of two that have times of their own; one of those of `own_times`."""


def find_parts(path: Path) -> list[Part]:
    """The files of the recording at a path, by name; one, unless it is a folder or zip.

    Hidden files, such as the `._*` of macOS, are passed over.

    Raises:
        DataError: no such file, no table in it, or too many files.
    """
    try:
        if path.is_dir():
            return _of_folder(path)
        path.stat()  # Says why there is nothing.
        if not path.is_file():
            return [_of_pipe(path)]
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); give a recording") from error
    return _of_zip(path) if head == ZIP else [_of_file(path)]


def recordings_in(folder: Path) -> list[Path]:
    """The recordings in a folder, by name: tables, zips, and folders with tables for single sensors.

    Raises:
        DataError: too many files.
    """
    listed = sorted(itertools.islice(folder.iterdir(), MAX_FILES + 1))
    if len(listed) > MAX_FILES:
        raise DataError(f"{folder}: more than {MAX_FILES} files in it; split the folder")
    found = [
        one
        for one in listed
        if not one.name.startswith(".")
        and (
            (one.is_file() and (_is_table(one.name) or one.suffix.lower() == ".zip"))
            or (one.is_dir() and one.name.lower() not in SKIPPED_FOLDERS and any(map(_is_table_file, one.iterdir())))
        )
    ]
    return [one for one in found if not _is_json(one.name)] or found


def open_file(path: Path) -> OpenFile:
    """Open a file, unpacked if it is gzip.

    Raises:
        DataError: it cannot be read.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); give a recording") from error
    return _opened(str(path), raw)


def _opened(name: str, raw: BinaryIO, *more: Callable[[], None]) -> OpenFile:
    try:
        stream = open_bytes(raw)
    except READ_ERRORS as error:
        raw.close()
        raise DataError(f"{name}: {reason(error)}") from error

    def close() -> None:
        stream.close()
        raw.close()
        for one in more:
            one()

    def position() -> int:
        with suppress(OSError, ValueError):
            return raw.tell()
        return 0

    return OpenFile(stream, position, close)


def _of_file(path: Path) -> Part:
    with path.open("rb") as file:
        parquet = file.read(4) == PARQUET or path.suffix.lower() in PARQUET_SUFFIXES
    name = path.name
    return Part(str(path), _stem(name), lambda: open_file(path), path.stat().st_size, path if parquet else None)


def _of_pipe(path: Path) -> Part:
    return Part(str(path), _stem(path.name), lambda: open_file(path), again=False)


def _of_folder(path: Path, depth: int = 0) -> list[Part]:
    listed = list(itertools.islice(path.iterdir(), MAX_FILES + 1))
    if len(listed) > MAX_FILES:
        raise DataError(f"{path}: more than {MAX_FILES} files in it; name the file, or the folder of one recording")
    files = sorted(file for file in listed if file.is_file() and _is_table(file.name))
    files = [file for file in files if not _is_json(file.name)] or files
    if files:
        return [_of_file(file) for file in files]
    folders = [file for file in listed if file.is_dir() and not _is_skipped(PurePosixPath(file.name))]
    if len(folders) == 1 and depth < MAX_DEPTH:
        return _of_folder(folders[0], depth + 1)
    raise DataError(
        f"{path}: no table ({', '.join(SUFFIXES[:5])}) in this folder; name a file, or the folder of one recording"
    )


def _of_zip(path: Path) -> list[Part]:
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise DataError(f"{path}: not an intact zip ({clean(str(error), 80)})") from error
    if len(members) > MAX_FILES:
        raise DataError(f"{path}: more than {MAX_FILES} files in it; unpack it, and name the file to read")
    if other := format_of_zip(member.filename for member in members):
        raise DataError(f"{path}: {other}")
    tables = [member for member in members if _is_table(member.filename)]
    tables = [member for member in tables if not _is_json(member.filename)] or tables
    folders = {PurePosixPath(member.filename).parent for member in tables}
    if not folders:
        raise DataError(f"{path}: no table ({', '.join(SUFFIXES[:5])}) in this zip")
    top = min(folders, key=lambda folder: len(folder.parts))
    if sum(len(folder.parts) == len(top.parts) for folder in folders) > 1:
        names = ", ".join(clean(str(folder)) for folder in sorted(folders)[:3])
        raise DataError(
            f"{path}: several folders in it ({names}, ...); unpack it, and name the folder of one recording"
        )
    chosen = sorted((one for one in tables if PurePosixPath(one.filename).parent == top), key=lambda one: one.filename)
    return [_of_member(path, member) for member in chosen]


def _of_member(path: Path, member: zipfile.ZipInfo) -> Part:
    name = f"{path}: {clean(member.filename, 80)}"
    if member.flag_bits & 1:
        raise DataError(f"{name}: encrypted; unpack it first")
    if member.file_size > MAX_RATIO * max(1, member.compress_size):
        raise DataError(
            f"{name}: {member.file_size} bytes packed into {member.compress_size}; unpack it first if that is right"
        )

    def open_it() -> OpenFile:
        try:
            archive = zipfile.ZipFile(path)
            raw = archive.open(member.filename)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, KeyError) as error:
            raise DataError(f"{name}: cannot be read ({clean(str(error), 80)})") from error
        return _opened(name, raw, archive.close)  # pyright: ignore[reportArgumentType]

    return Part(name, _stem(PurePosixPath(member.filename).name), open_it, member.file_size)


def _check_directory(path: Path) -> None:
    """Refuse a zip whose list of files is too long to be held."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_557))
        tail = file.read()
    end = tail.rfind(_END_OF_DIRECTORY)
    if end >= 0 and int.from_bytes(tail[end + 12 : end + 16], "little") > MAX_DIRECTORY_BYTES:
        raise DataError(f"{path}: its list of files is too long; unpack it, and name the file to read")


def _is_json(name: str) -> bool:
    """Whether a file is JSON, which beside other tables only describes them."""
    return name.lower().endswith((".json", ".jsonl"))


def _is_table_file(path: Path) -> bool:
    return path.is_file() and _is_table(path.name)


def _is_table(name: str) -> bool:
    path = PurePosixPath(name)
    if _is_skipped(path) or path.stem.lower().split(".")[0] in SKIPPED_FILES:
        return False
    return path.suffix.lower() in (*SUFFIXES, *PARQUET_SUFFIXES)


def _is_skipped(path: PurePosixPath) -> bool:
    """Whether a file is hidden, or lies in a folder that holds no recordings."""
    return any(part.startswith(".") for part in path.parts) or any(
        part.lower() in SKIPPED_FOLDERS for part in (path.parts[:-1] or path.parts)
    )


def _stem(name: str) -> str:
    while (suffix := PurePosixPath(name).suffix.lower()) in (*SUFFIXES, *PARQUET_SUFFIXES):
        name = name[: -len(suffix)]
    return name


def sign_of(path: Path) -> str | None:
    """Whose sign the acceleration of a recording has, a key of `units.SIGNS`; None if nothing says it.

    By the Metadata.csv that Sensor Logger puts beside its tables: an iPhone's, unless 'Standardise Units & Frames' was
    on.
    """
    text = text_beside(path, "metadata.csv")
    rows = [line.split(",") for line in text.splitlines()[:2]]
    if len(rows) < 2:
        return None
    told = {name.strip().lower(): value.strip().lower() for name, value in zip(*rows, strict=False)}
    if told.get("standardisation") in ("true", "1", "yes", "on"):
        return "android"
    platforms = {"ios": "apple", "android": "android"}
    return next((sign for name, sign in platforms.items() if name in told.get("platform", "")), None)


def text_beside(path: Path, name: str, limit: int = 10_000) -> str:
    """The text of a file beside the tables of a recording, in its folder or zip; "" if there is none.

    Args:
        name: in small letters.
        limit: bytes that are read.
    """
    with suppress(*READ_ERRORS, KeyError, RuntimeError, ValueError):
        if path.is_dir():
            for file in _files_named(path, name):
                with file.open("rb") as found:
                    return found.read(limit).decode("utf-8", "replace")
        elif path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist()[:MAX_FILES]:
                    if PurePosixPath(member).name.lower() == name:
                        with archive.open(member) as found:
                            return found.read(limit).decode("utf-8", "replace")
    return ""


def _files_named(path: Path, name: str) -> Iterator[Path]:
    yield from (
        file for file in itertools.islice(path.iterdir(), MAX_FILES) if file.name.lower() == name and file.is_file()
    )
