"""When a log goes on in a new file, how that is named, and how many are kept.

Files are never renamed: by day they are STEM-2026-11-29.SUFFIX, by size STEM-0001.SUFFIX, STEM-0002.SUFFIX and so on.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from har_runtime.errors import SourceError
from har_runtime.uri import Uri

UNITS = {"kB": 1000, "MB": 1000**2, "GB": 1000**3}
LEAST = 10_000
"""Bytes: a file has room for a few lines at least."""


@dataclass(frozen=True)
class Rotation:
    """The files of one log."""

    base: Path
    """The log's name; without rotation its only file."""
    daily: bool = False
    """A file for each day by this computer's clock and time zone."""
    most_bytes: int | None = None
    """A new file before one grows over this."""
    keep: int | None = None
    """How many files there may be; None for any number."""

    def path(self, unix_s: float, current: Path | None, size: int) -> Path:
        """The file for a line.

        Args:
            unix_s: when the line's answer was given, seconds since 1970.
            current: the file written to so far; None right after the start.
            size: what `current` would grow to with the line, bytes.
        """
        if self.daily:
            return self._named(datetime.fromtimestamp(unix_s).date().isoformat())
        if self.most_bytes is None:
            return self.base
        if current is None:
            latest = self._existing()
            return latest[-1] if latest else self._named("0001")
        if size <= self.most_bytes:
            return current
        return self._named(f"{int(self._middle(current)) + 1:04d}")

    def prune(self, current: Path) -> None:
        """Delete the oldest files beyond `keep`, never the current one.

        Raises:
            OSError: one cannot be deleted.
        """
        if self.keep is None:
            return
        others = [path for path in self._existing() if path != current]
        for path in others[: max(0, len(others) - (self.keep - 1))]:
            path.unlink(missing_ok=True)

    def _existing(self) -> list[Path]:
        """The log's files, oldest first."""
        prefix, suffix = re.escape(f"{self.base.stem}-"), re.escape(self.base.suffix)
        shape = re.compile(prefix + (r"\d{4}-\d\d-\d\d" if self.daily else r"\d{4,}") + suffix)
        found = [path for path in self.base.parent.iterdir() if shape.fullmatch(path.name) and path.is_file()]
        if self.daily:
            return sorted(path for path in found if _is_date(self._middle(path)))
        return sorted(found, key=lambda path: int(self._middle(path)))

    def _named(self, middle: str) -> Path:
        return self.base.with_name(f"{self.base.stem}-{middle}{self.base.suffix}")

    def _middle(self, path: Path) -> str:
        return path.name[len(self.base.stem) + 1 : len(path.name) - len(self.base.suffix)]


def rotation_of(uri: Uri) -> Rotation:
    """The rotation that the options `rotate=day`, `rotate=10MB` and `keep=N` of a file's URI ask for.

    Raises:
        SourceError: options that are not valid.
    """
    every = uri.option("rotate", _day_or_bytes, None)
    keep = uri.option("keep", _positive, None)
    if keep is not None and every is None:
        raise SourceError(f"{uri.kind}: keep={keep} is for files that rotate; give rotate=day or rotate=10MB as well")
    return Rotation(Path(uri.target), every == "day", None if every == "day" else every, keep)


def _day_or_bytes(text: str) -> str | int:
    if text == "day":
        return text
    match = re.fullmatch(r"(\d+)(kB|MB|GB)", text)
    if match is None:
        raise ValueError("write day, or a size such as 10MB")
    size = int(match[1]) * UNITS[match[2]]
    if size < LEAST:
        raise ValueError(f"at least {LEAST // 1000}kB")
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
