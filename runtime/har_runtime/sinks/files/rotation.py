"""When a log continues in a new file, what that file is called, and how many files are kept.

Files are never renamed. By day they are STEM-2026-11-29.SUFFIX, by size STEM-0001.SUFFIX, STEM-0002.SUFFIX and so on.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from har_runtime.errors import SourceError
from har_runtime.uri import Uri

UNITS = {"kB": 1000, "MB": 1000**2, "GB": 1000**3}
MIN_BYTES = 10_000
"""The smallest size of a file: it must have room for a few lines."""


@dataclass(frozen=True)
class Rotation:
    """The files of one log."""

    base: Path
    """The name of the log; without rotation it is the only file."""
    daily: bool = False
    """A new file for each day, in the time zone of this computer."""
    max_bytes: int | None = None
    """A new file before one grows beyond this size."""
    keep: int | None = None
    """The maximum number of files; None for no maximum."""

    def path(self, unix_s: float, current: Path | None, size: int) -> Path:
        """The file for a line.

        Args:
            unix_s: when the line's answer was given, seconds since 1970.
            current: the file written to so far; None after the start.
            size: the size of `current` with the line, bytes.
        """
        if self.daily:
            return self._file(datetime.fromtimestamp(unix_s).date().isoformat())
        if self.max_bytes is None:
            return self.base
        if current is None:
            existing = self._existing()
            return existing[-1] if existing else self._file("0001")
        if size <= self.max_bytes:
            return current
        return self._file(f"{int(self._part(current)) + 1:04d}")

    def files_since(self, unix_s: float) -> list[Path]:
        """The existing files that may have lines of the day of `unix_s`, oldest first.

        Raises:
            OSError: the folder cannot be read.
        """
        if self.daily or self.max_bytes is None:
            return [path for path in [self.path(unix_s, None, 0)] if path.is_file()]
        midnight = datetime.combine(datetime.fromtimestamp(unix_s).date(), time.min).timestamp()
        return [path for path in self._existing() if path.stat().st_mtime >= midnight]

    def prune(self, current: Path) -> None:
        """Delete the oldest files beyond `keep`, but never the current one or a later one.

        Days that are yet to come are not counted either: a wrong clock made them, and what it counted out would be the
        days before today.

        Raises:
            OSError: a file cannot be deleted.
        """
        if self.keep is None:
            return
        existing = self._existing()
        others = existing[: existing.index(current)] if current in existing else existing
        for path in others[: max(0, len(others) - (self.keep - 1))]:
            path.unlink(missing_ok=True)

    def _existing(self) -> list[Path]:
        """The files of the log, oldest first."""
        prefix, suffix = re.escape(f"{self.base.stem}-"), re.escape(self.base.suffix)
        shape = re.compile(prefix + (r"\d{4}-\d\d-\d\d" if self.daily else r"\d{4,}") + suffix)
        found = [path for path in self.base.parent.iterdir() if shape.fullmatch(path.name) and path.is_file()]
        if self.daily:
            return sorted(path for path in found if _is_date(self._part(path)))
        return sorted(found, key=lambda path: int(self._part(path)))

    def _file(self, part: str) -> Path:
        """The file of this date or number."""
        return self.base.with_name(f"{self.base.stem}-{part}{self.base.suffix}")

    def _part(self, path: Path) -> str:
        """The date or number in a file's name."""
        return path.name[len(self.base.stem) + 1 : len(path.name) - len(self.base.suffix)]


def rotation_from(uri: Uri) -> Rotation:
    """The rotation from the options `rotate=day`, `rotate=10MB` and `keep=N` of a file's URI.

    Raises:
        SourceError: an option is invalid.
    """
    rotate = uri.option("rotate", _day_or_bytes, None)
    keep = uri.option("keep", _positive, None)
    if keep is not None and rotate is None:
        raise SourceError(f"{uri.kind}: keep={keep} is for files that rotate; give rotate=day or rotate=10MB as well")
    return Rotation(Path(uri.target), rotate == "day", None if rotate == "day" else rotate, keep)


def _day_or_bytes(text: str) -> str | int:
    if text == "day":
        return text
    match = re.fullmatch(r"(\d+)(kB|MB|GB)", text)
    if match is None:
        raise ValueError("write day, or a size such as 10MB")
    size = int(match[1]) * UNITS[match[2]]
    if size < MIN_BYTES:
        raise ValueError(f"at least {MIN_BYTES // 1000}kB")
    return size


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError("must be above 0")
    return number


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
