"""The activity log: spans of one activity, daily totals and changes, from the rows of `jsonl:` files.

Files are read line by line: memory grows with the number of changes, not of rows, and is bounded.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeGuard, get_args

from har_runtime.answers.answer import UNKNOWN, Reason
from har_runtime.answers.events import Changes, EventDetector
from har_runtime.answers.families import Families
from har_runtime.answers.palette import NOT_WORN
from har_runtime.contract import FAMILIES, HOP_S
from har_runtime.errors import DataError
from har_runtime.text import clean

MAX_LINE_BYTES: Final = 65_536
"""A row of 50 activities has 3,000."""
MAX_SPANS: Final = 500_000
"""Half a year of a change every half minute."""
MAX_NAME: Final = 100
"""Characters of the name of an activity or place."""
MIN_UNIX_S: Final = -2_208_988_800
"""Seconds since 1970: the year 1900. A computer without a battery clock may start before 1970."""
MAX_TIME_S: Final = 1e11
"""Seconds since 1970: the year 5138."""
MAX_PAUSE_S: Final = 2.0
"""A longer time without a row is a gap."""
_FAMILIES: Final = Families(FAMILIES)
"""Rows do not say what their families contain."""
MAX_BATCH_S: Final = 120.0
"""A longer time is a gap even if, by the sensor's clock, no window is missing: phones send samples in batches."""


@dataclass(frozen=True)
class Row:
    """The part of a row that the log needs."""

    unix_s: float
    """The end of its window by the clock of the computer that wrote it, seconds since 1970."""
    end_s: float
    """The end of its window by the sensor's clock, seconds."""
    activity: str
    """A label, a family, `UNKNOWN` or `NOT_WORN`."""
    reason: str | None
    """Why the activity is unknown; None if it is known."""
    place: str | None = None
    """Where the sensor is worn, `UNKNOWN` while that is not known; None if the model does not tell it."""


@dataclass
class Span:
    """A stretch of one activity without a gap, within one local day."""

    activity: str
    """A label, a family, `UNKNOWN` or `NOT_WORN`."""
    start_unix_s: float
    end_unix_s: float
    seconds: float
    """Time of its windows; differs from end minus start if a recording was not replayed in real time."""


@dataclass
class Day:
    """The totals of one local day."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Seconds in each activity that occurred, including families, `UNKNOWN` and `NOT_WORN`."""
    reasons: dict[str, float] = field(default_factory=dict)
    """The unknown time by its reason, seconds."""
    bouts: Counter[str] = field(default_factory=Counter)
    """Number of bouts of each activity: spans, continued by spans of families that contain it."""
    longest: dict[str, float] = field(default_factory=dict)
    """The longest bout of each activity, seconds."""
    places: dict[str, float] = field(default_factory=dict)
    """Seconds worn at each place, including `UNKNOWN`; empty if the model does not tell places."""
    transitions: int = 0
    missing_s: float = 0.0
    """Time without rows between the first and the last row, seconds."""

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
            **({"place_seconds": longest_first(self.places)} if self.places else {}),
        }


@dataclass
class ActivityLog:
    """The activities of one or more days."""

    days: dict[date, Day] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    """In order of time, unless a clock was set back."""
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often one activity of at least two windows followed another, whatever was between the two, counted as in
    `Totals.transitions`."""
    rows: int = 0
    broken_lines: int = 0
    """Lines that are not rows, such as the last one of a program that was killed."""
    first_broken: tuple[Path, int] | None = None
    """The file of the first of them, and its number there, from 1."""
    clock_set_back_s: float = 0.0
    """Seconds that occur twice: a computer without a battery clock starts in the past."""

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds in each activity over all days, including `UNKNOWN` and `NOT_WORN`, the longest first."""
        return _total(day.seconds for day in self.days.values())

    @property
    def places(self) -> dict[str, float]:
        """Seconds worn at each place over all days, including `UNKNOWN`, the longest first."""
        return _total(day.places for day in self.days.values())

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return {
            "rows": self.rows,
            "broken_lines": self.broken_lines,
            "first_broken_line": self.first_broken
            and {"file": str(self.first_broken[0]), "line": self.first_broken[1]},
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


def _total(days: Iterable[dict[str, float]]) -> dict[str, float]:
    """The sums over several days, the longest first."""
    totals: dict[str, float] = {}
    for seconds_by_name in days:
        for name, seconds in seconds_by_name.items():
            totals[name] = totals.get(name, 0.0) + seconds
    return longest_first(totals)


def longest_first(seconds: dict[str, float]) -> dict[str, float]:
    """The same items, ordered by their time."""
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def display_name(activity: str) -> str:
    """An activity's name as people read it, fit to be shown.

    >>> display_name("stairs_up"), display_name("a\\nb")
    ('stairs up', 'a?b')
    """
    return clean(activity.replace("_", " "))


def place_name(place: str) -> str:
    """The name of a place as people read it.

    >>> place_name("thigh"), place_name("unknown")
    ('thigh', 'not known')
    """
    return "not known" if place == UNKNOWN else display_name(place)


def local(unix_s: float) -> datetime:
    """A time in the time zone of this computer."""
    return datetime.fromtimestamp(unix_s).astimezone()


def read_log(paths: Iterable[Path]) -> ActivityLog:
    """Read the rows of several files, in the order of the files' first rows.

    Raises:
        DataError: a file cannot be read, none has a row, or there are more than `MAX_SPANS` changes.
    """
    builder = _Builder()
    files = sorted(dict.fromkeys(paths), key=_begins)
    for path in files:
        try:
            with path.open("rb") as file:
                for line, row in _rows(file):
                    builder.push(row, path, line)
        except OSError as error:
            raise _unreadable(path, error) from error
    if not builder.log.rows:
        raise DataError(f"{files[0]}: has no rows of har-stream's jsonl: sink; give a file that the sink has written")
    return builder.finish()


def _begins(path: Path) -> float:
    """The time of a file's first row, seconds since 1970; infinite if it has none."""
    try:
        with path.open("rb") as file:
            return next((row.unix_s for _, row in _rows(file) if row is not None), float("inf"))
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be read ({error.strerror or error})")


def _rows(file: BinaryIO) -> Iterator[tuple[int, Row | None]]:
    """The lines of a file that are not blank: their numbers from 1, and their rows; None for a line without a row."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES):
        number += 1
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (more := file.readline(MAX_LINE_BYTES)) and not more.endswith(b"\n"):
                pass  # Skip the rest of the line.
            yield number, None
        elif line.strip():
            yield number, parse_row(line)


def parse_row(line: bytes) -> Row | None:
    """Parse a line, of any version of the rows; None if it is not a row.

    >>> parse_row(b'{"unix_s": 1.5, "end_s": 0.98, "activity": "unknown", "reason": "unsure"}')
    Row(unix_s=1.5, end_s=0.98, activity='unknown', reason='unsure', place=None)
    >>> parse_row(b'{"unix_s": 1.5, "end_s": 0.9')
    """
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):  # A UnicodeDecodeError is a ValueError too.
        return None
    if not isinstance(entry, dict):
        return None
    unix_s, end_s = _time(entry.get("unix_s")), _time(entry.get("end_s"))
    activity, reason = entry.get("activity"), entry.get("reason")
    if unix_s is None or unix_s < MIN_UNIX_S or end_s is None or reason not in (None, *get_args(Reason)):
        return None
    if not _is_name(activity):
        return None
    place = UNKNOWN if "place" in entry and entry["place"] is None else entry.get("place")
    if place is not None and not _is_name(place):
        return None
    return Row(unix_s, end_s, NOT_WORN if reason == NOT_WORN else activity, reason, place)


def _is_name(value: object) -> TypeGuard[str]:
    """Whether a JSON value can be the name of an activity or place."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def _time(value: object) -> float | None:
    """A JSON value as seconds; None if it is not a time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_TIME_S:
        return None
    return float(value)


class _Builder:
    """Builds the log from rows in their order."""

    def __init__(self) -> None:
        self.log = ActivityLog()
        self._last: Row | None = None
        self._events, self._changes = EventDetector(_FAMILIES), Changes(_FAMILIES)
        self._day = Day()
        self._begin_s = self._end_s = 0.0
        """Start and end of the local day."""

    def push(self, row: Row | None, path: Path, line: int) -> None:
        """Add the row of the next line, or None for a line that is not a row.

        Args:
            path: of its file.
            line: its number there, from 1.
        """
        if row is None:
            self.log.broken_lines += 1
            self.log.first_broken = self.log.first_broken or (path, line)
            return
        self.log.rows += 1
        if not self._begin_s <= row.unix_s < self._end_s:
            self._begin_day(local(row.unix_s).date())
        self._extend(row)
        seconds, reasons = self._day.seconds, self._day.reasons
        seconds[row.activity] = seconds.get(row.activity, 0.0) + HOP_S
        if row.activity == UNKNOWN and row.reason:
            reasons[row.reason] = reasons.get(row.reason, 0.0) + HOP_S
        if row.place is not None and row.activity != NOT_WORN:
            self._day.places[row.place] = self._day.places.get(row.place, 0.0) + HOP_S
        self._count_changes(row)
        self._last = row

    def _count_changes(self, row: Row) -> None:
        """Count them as the stream does."""
        activity = None if row.activity in (UNKNOWN, NOT_WORN) else row.activity
        events = self._events.step(activity, round(row.end_s * 1e9), row.unix_s, row.activity != NOT_WORN)
        changes = self._changes.step(events)
        self.log.transitions.update(changes)
        self._day.transitions += len(changes)

    def finish(self) -> ActivityLog:
        """Complete the log with the bouts of each day."""
        bout = Span("", 0.0, 0.0, 0.0)
        for span in self.log.spans:
            today = local(span.start_unix_s).date()
            day = self.log.days[today]
            follows = span.start_unix_s == bout.end_unix_s and today == local(bout.start_unix_s).date()
            if follows and _FAMILIES.covers(span.activity, bout.activity):
                bout = replace(bout, end_unix_s=span.end_unix_s, seconds=bout.seconds + span.seconds)
            else:
                day.bouts[span.activity] += 1
                bout = span
            day.longest[bout.activity] = max(bout.seconds, day.longest.get(bout.activity, 0.0))
        self.log.days = dict(sorted(self.log.days.items()))
        return self.log

    def _begin_day(self, today: date) -> None:
        self._begin_s, self._end_s = (
            datetime.combine(day, time.min).timestamp() for day in (today, today + timedelta(days=1))
        )
        self._day = self.log.days.setdefault(today, Day())

    def _extend(self, row: Row) -> None:
        """Extend the last span, or begin another one."""
        spans, last = self.log.spans, self._last
        start_s = row.unix_s - HOP_S
        if last is not None:
            apart_s = row.unix_s - last.unix_s
            in_batch = 0 <= apart_s <= MAX_BATCH_S and 0 < row.end_s - last.end_s < 2 * HOP_S
            if in_batch or abs(apart_s) <= MAX_PAUSE_S:
                start_s = spans[-1].end_unix_s
                if row.activity == last.activity and spans[-1].start_unix_s >= self._begin_s:
                    spans[-1].end_unix_s = max(start_s, row.unix_s)
                    spans[-1].seconds += HOP_S
                    return
            elif apart_s < 0:
                self.log.clock_set_back_s -= apart_s
            elif last.unix_s >= self._begin_s:
                self._day.missing_s += apart_s - HOP_S
        if len(spans) == MAX_SPANS:
            raise DataError(f"more than {MAX_SPANS:,} changes of activity: give fewer files")
        start_s = max(start_s, self._begin_s)
        spans.append(Span(row.activity, start_s, max(start_s, row.unix_s), HOP_S))
