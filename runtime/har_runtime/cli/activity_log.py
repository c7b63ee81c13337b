"""What the rows of a `jsonl:` file tell of a day: spans of one activity, totals, changes, and what is not known.

Files are read line by line: what is kept grows with the number of changes, not of rows, and is bounded.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, get_args

from har_runtime.answers.answer import UNKNOWN, Reason
from har_runtime.answers.palette import NOT_WORN
from har_runtime.contract import HOP_S
from har_runtime.errors import DataError

MOST_LINE: Final = 65_536
"""Bytes: a row of 50 activities has 3,000."""
MOST_SPANS: Final = 500_000
"""Half a year of a change every half minute."""
LONGEST_NAME: Final = 100
"""Characters of an activity."""
LATEST_S: Final = 1e11
"""The year 5138."""
PATIENCE_S: Final = 2.0
"""So long without a row is no gap in the day."""
BATCH_S: Final = 120.0
"""Nor is so long, where the sensor's own time shows that no window is missing: a phone sends its samples in batches."""


@dataclass(frozen=True)
class Row:
    """Of a row, what the day's story needs."""

    unix_s: float
    """The end of its window by the clock of the computer that wrote it, seconds since 1970."""
    end_s: float
    """The same by the sensor's clock."""
    activity: str
    """A label, `UNKNOWN` or `NOT_WORN`."""
    reason: str | None
    """Why it is unknown."""


@dataclass
class Span:
    """A time of one activity without a gap, within one local day."""

    activity: str
    """A label, `UNKNOWN` or `NOT_WORN`."""
    start_unix_s: float
    end_unix_s: float
    seconds: float
    """Of its windows; at another speed than life's, other than the difference of the two."""


@dataclass
class Day:
    """The totals of one local day."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Time in each activity that occurred, `UNKNOWN` and `NOT_WORN` among them."""
    reasons: dict[str, float] = field(default_factory=dict)
    """The unknown time by reason, seconds."""
    bouts: Counter[str] = field(default_factory=Counter)
    """Spans of each activity."""
    longest: dict[str, float] = field(default_factory=dict)
    """The longest span of each activity, seconds."""
    transitions: int = 0
    missing_s: float = 0.0
    """Between its first and its last row, time without any."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return {
            "seconds": longest_first(self.seconds),
            "unknown_seconds": longest_first(self.reasons),
            "bouts": {
                name: {"count": count, "longest_s": self.longest[name]} for name, count in self.bouts.most_common()
            },
            "transitions": self.transitions,
            "missing_s": round(self.missing_s, 3),
        }


@dataclass
class Diary:
    """The story of one or more days."""

    days: dict[date, Day] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    """In order of time, unless a clock was set back."""
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often one activity of two windows or more came after another, whatever lay between the two."""
    rows: int = 0
    broken_lines: int = 0
    """Lines that are no rows, such as the last one of a program that was killed."""
    clock_set_back_s: float = 0.0
    """By how much time was told again: a computer without a battery clock starts in the past."""

    @property
    def seconds(self) -> dict[str, float]:
        """Time in each activity over all days, `UNKNOWN` and `NOT_WORN` among them, the longest first."""
        totals: dict[str, float] = {}
        for day in self.days.values():
            for name, seconds in day.seconds.items():
                totals[name] = totals.get(name, 0.0) + seconds
        return longest_first(totals)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return {
            "rows": self.rows,
            "broken_lines": self.broken_lines,
            "clock_set_back_s": round(self.clock_set_back_s, 3),
            "days": [{"date": day.isoformat(), **totals.to_dict()} for day, totals in self.days.items()],
            "transitions": [
                {"from": before, "to": after, "count": count}
                for (before, after), count in self.transitions.most_common()
            ],
            "spans": [
                {
                    "activity": span.activity,
                    "start": local(span.start_unix_s).isoformat(timespec="milliseconds"),
                    "end": local(span.end_unix_s).isoformat(timespec="milliseconds"),
                    "start_unix_s": round(span.start_unix_s, 3),
                    "end_unix_s": round(span.end_unix_s, 3),
                    "seconds": span.seconds,
                }
                for span in self.spans
            ],
        }


def longest_first(seconds: dict[str, float]) -> dict[str, float]:
    """The same, ordered."""
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def said(activity: str) -> str:
    """An activity's name for a person; what cannot be printed is replaced.

    >>> said("stairs_up"), said("a\\nb")
    ('stairs up', 'a�b')
    """
    return "".join(letter if letter.isprintable() else "�" for letter in activity.replace("_", " "))


def local(unix_s: float) -> datetime:
    """A time in this computer's time zone."""
    return datetime.fromtimestamp(unix_s).astimezone()


def read_diary(paths: Iterable[Path]) -> Diary:
    """Read the rows of several files, from the file that begins first to the one that begins last.

    Raises:
        DataError: a file that cannot be read or has no row, or more changes than can be kept.
    """
    writer = _Writer()
    for path in sorted(dict.fromkeys(paths), key=_begins):
        try:
            with path.open("rb") as file:
                for row in _rows(file):
                    writer.add(row)
        except OSError as error:
            raise _unreadable(path, error) from error
    return writer.finish()


def _begins(path: Path) -> float:
    """The time of a file's first row."""
    try:
        with path.open("rb") as file:
            first = next((row for row in _rows(file) if row is not None), None)
    except OSError as error:
        raise _unreadable(path, error) from error
    if first is None:
        raise DataError(f"{path}: no row of har-stream's jsonl: sink in it; give a file that it has written")
    return first.unix_s


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be read ({error.strerror or error})")


def _rows(file: BinaryIO) -> Iterator[Row | None]:
    """The rows of a file, None for each line that is none."""
    while line := file.readline(MOST_LINE):
        if len(line) == MOST_LINE and not line.endswith(b"\n"):
            while (more := file.readline(MOST_LINE)) and not more.endswith(b"\n"):
                pass  # The rest of a line that is far too long.
            yield None
        elif line.strip():
            yield parse_row(line)


def parse_row(line: bytes) -> Row | None:
    """Read a line; None where it is no row.

    >>> parse_row(b'{"unix_s": 1.5, "end_s": 0.98, "activity": "unknown", "reason": "unsure"}')
    Row(unix_s=1.5, end_s=0.98, activity='unknown', reason='unsure')
    >>> parse_row(b'{"unix_s": 1.5, "end_s": 0.9')
    """
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):  # A UnicodeDecodeError is a ValueError too.
        return None
    if not isinstance(entry, dict):
        return None
    unix_s, end_s = _moment(entry.get("unix_s")), _moment(entry.get("end_s"))
    activity, reason = entry.get("activity"), entry.get("reason")
    if unix_s is None or end_s is None or reason not in (None, *get_args(Reason)):
        return None
    if not (isinstance(activity, str) and 0 < len(activity) <= LONGEST_NAME):
        return None
    return Row(unix_s, end_s, NOT_WORN if reason == NOT_WORN else activity, reason)


def _moment(value: object) -> float | None:
    """Seconds, if it can be that."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LATEST_S:
        return None
    return float(value)


class _Writer:
    """Makes the diary of rows in their order."""

    def __init__(self) -> None:
        self.diary = Diary()
        self._last: Row | None = None
        self._known: str | None = None
        self._day = Day()
        self._begin_s = self._end_s = 0.0
        """Of the local day."""

    def add(self, row: Row | None) -> None:
        """Take in a line's row."""
        if row is None:
            self.diary.broken_lines += 1
            return
        self.diary.rows += 1
        if not self._begin_s <= row.unix_s < self._end_s:
            self._turn_to(local(row.unix_s).date())
        self._extend(row)
        seconds, reasons = self._day.seconds, self._day.reasons
        seconds[row.activity] = seconds.get(row.activity, 0.0) + HOP_S
        if row.activity == UNKNOWN and row.reason:
            reasons[row.reason] = reasons.get(row.reason, 0.0) + HOP_S
        is_started = self._last is not None and self._last.activity == row.activity  # One window alone starts nothing.
        if is_started and row.activity not in (UNKNOWN, NOT_WORN):
            if self._known not in (None, row.activity):
                self.diary.transitions[self._known, row.activity] += 1
                self._day.transitions += 1
            self._known = row.activity
        self._last = row

    def finish(self) -> Diary:
        """The diary of all rows so far."""
        for span in self.diary.spans:
            day = self.diary.days[local(span.start_unix_s).date()]
            day.bouts[span.activity] += 1
            day.longest[span.activity] = max(span.seconds, day.longest.get(span.activity, 0.0))
        self.diary.days = dict(sorted(self.diary.days.items()))
        return self.diary

    def _turn_to(self, today: date) -> None:
        self._begin_s, self._end_s = (
            datetime.combine(day, time.min).timestamp() for day in (today, today + timedelta(days=1))
        )
        self._day = self.diary.days.setdefault(today, Day())

    def _extend(self, row: Row) -> None:
        """Let the newest span go on, or begin another one."""
        spans, last = self.diary.spans, self._last
        start_s = row.unix_s - HOP_S
        if last is not None:
            apart_s = row.unix_s - last.unix_s
            in_batch = 0 <= apart_s <= BATCH_S and 0 < row.end_s - last.end_s < 2 * HOP_S
            if in_batch or abs(apart_s) <= PATIENCE_S:
                start_s = spans[-1].end_unix_s
                if row.activity == last.activity and spans[-1].start_unix_s >= self._begin_s:
                    spans[-1].end_unix_s = max(start_s, row.unix_s)
                    spans[-1].seconds += HOP_S
                    return
            elif apart_s < 0:
                self.diary.clock_set_back_s -= apart_s
            elif last.unix_s >= self._begin_s:
                self._day.missing_s += apart_s - HOP_S
        if len(spans) == MOST_SPANS:
            raise DataError(f"more than {MOST_SPANS:,} changes of activity: give fewer files")
        start_s = max(start_s, self._begin_s)
        spans.append(Span(row.activity, start_s, max(start_s, row.unix_s), HOP_S))
