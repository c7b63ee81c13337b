"""The activity log: spans of one activity, daily totals and changes, from the rows of `jsonl:` files.

Files are read line by line: memory grows with the number of changes, not of rows, and is bounded.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.effort import intensity_of
from har_runtime.answers.events import Changes, EventDetector
from har_runtime.answers.families import Families
from har_runtime.answers.palette import NOT_WORN
from har_runtime.cli.activity_rows import Row, read_rows
from har_runtime.cli.intervals import Interval, Intervals
from har_runtime.cli.spans import Span, Spans
from har_runtime.cli.step_bouts import StepBout, StepBouts
from har_runtime.contract import FAMILIES, HOP_S
from har_runtime.errors import DataError
from har_runtime.text import clean

MAX_SPANS: Final = 500_000
"""Half a year of a change every half minute."""
MAX_NAMES: Final = 1000
"""Of activities and places together: twenty times as many as any model has."""
MAX_PAUSE_S: Final = 2.0
"""A longer time without a row is a gap."""
MAX_HELD: Final = 8
"""Rows like the one before that are counted together: in less time than interrupts an activity."""
_FAMILIES: Final = Families(FAMILIES)
"""Rows do not say what their families contain."""
MAX_BATCH_S: Final = 120.0
"""A longer time is a gap even if, by the sensor's clock, no window is missing: phones send samples in batches."""


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
    steps: int | None = None
    """None if no row says anything of steps."""
    effort: dict[str, float] = field(default_factory=dict)
    """Seconds of steps of each intensity that occurred."""

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
            **({} if self.steps is None else {"steps": self.steps, "effort_seconds": longest_first(self.effort)}),
        }


@dataclass
class ActivityLog:
    """The activities of one or more days."""

    days: dict[date, Day] = field(default_factory=dict)
    spans: Spans = field(default_factory=Spans)
    """In order of time, unless a clock was set back."""
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often one activity of at least two windows followed another, whatever was between the two, counted as in
    `Totals.transitions`."""
    step_bouts: list[StepBout] = field(default_factory=list)
    """In order of time, unless a clock was set back."""
    intervals: list[Interval] = field(default_factory=list)
    """Likewise; empty if no length was given."""
    rows: int = 0
    broken_lines: int = 0
    """Lines that are not rows, such as the last one of a program that was killed."""
    first_broken: tuple[Path, int] | None = None
    """The file of the first of them, and its number there, from 1."""
    clock_set_back_s: float = 0.0
    """By how many seconds times go back: a computer without a battery clock starts in the past, and files overlap."""

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
            "step_bouts": [bout.to_dict() for bout in self.step_bouts],
            **({"intervals": [interval.to_dict() for interval in self.intervals]} if self.intervals else {}),
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


def read_log(paths: Iterable[Path], every_s: int | None = None) -> ActivityLog:
    """Read the rows of several files, in the order of the files' first rows.

    Args:
        every_s: length of the intervals, seconds; None for none.

    Raises:
        DataError: a file cannot be read, none has a row, or there are more than `MAX_SPANS` changes, bouts or
            intervals, or `MAX_NAMES` names.
    """
    builder = _Builder(every_s)
    files = sorted(map(_File, dict.fromkeys(paths)), key=lambda file: file.begins)
    for file in files:
        for line, row in file.rows():
            builder.push(row, file.path, line)
    if not builder.log.rows:
        raise DataError(
            f"{files[0].path}: has no rows of har-stream's jsonl: sink; give a file that the sink has written"
        )
    return builder.finish()


class _File:
    """A file of rows, and when its first one was written. A pipe is read once, and its first line alone says when.

    Raises:
        DataError: it cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        self._pipe: Iterator[tuple[int, Row | None]] | None = None
        rows = self._read()
        if path.is_file():
            first = next((row for _, row in rows if row is not None), None)
        else:
            peeked = list(itertools.islice(rows, 1))
            first = peeked[0][1] if peeked else None
            self._pipe = itertools.chain(peeked, rows)
        self.begins = float("inf") if first is None else first.unix_s

    def rows(self) -> Iterator[tuple[int, Row | None]]:
        """Its lines, as `read_rows`."""
        return self._read() if self._pipe is None else self._pipe

    def _read(self) -> Iterator[tuple[int, Row | None]]:
        try:
            with self.path.open("rb") as file:
                yield from read_rows(file)
        except OSError as error:
            raise _unreadable(self.path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be read ({error.strerror or error})")


def _check_length(found: Sized) -> None:
    """Refuse too many of what is found.

    Raises:
        DataError: there are.
    """
    if len(found) > MAX_SPANS:
        raise DataError(f"more than {MAX_SPANS:,} bouts or intervals: give fewer files, or a longer --every")


class _Builder:
    """Builds the log from rows in their order."""

    def __init__(self, every_s: int | None) -> None:
        self.log = ActivityLog()
        self._step_bouts = StepBouts(self.log.step_bouts)
        self._intervals = Intervals(every_s, self.log.intervals) if every_s else None
        self._last: Row | None = None
        self._events, self._changes = EventDetector(_FAMILIES), Changes(_FAMILIES)
        self._day = Day()
        self._names: set[str | None] = set()
        self._begin_s = self._end_s = 0.0
        """Start and end of the local day."""
        self._held = 0
        """Rows up to the last one that are like the one before, and not counted yet."""

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
        if row == self._last:  # A log rotator packed the file just as the line was written: it is in the next one too.
            return
        self.log.rows += 1
        if self._held < MAX_HELD and self._continues(row):
            self._held += 1
            self._last = row
            self._count_steps(row)
            return
        self._count_held()
        if not self._begin_s <= row.unix_s < self._end_s:
            self._begin_day(local(row.unix_s).date())
        self._extend(row)
        self._count(row, HOP_S)
        self._count_steps(row)
        self._last = row

    def _count_steps(self, row: Row) -> None:
        if row.steps is not None:
            self._day.steps = (self._day.steps or 0) + row.steps
        if row.cadence:
            intensity = intensity_of(row.cadence)
            self._day.effort[intensity] = self._day.effort.get(intensity, 0.0) + HOP_S
            self._step_bouts.step(row)
            _check_length(self.log.step_bouts)
        if self._intervals is not None:
            self._intervals.step(row, self._begin_s)
            _check_length(self.log.intervals)

    def _continues(self, row: Row) -> bool:
        """Whether a row is like the last one, half a second later."""
        last = self._last
        return (
            last is not None
            and row.activity == last.activity
            and row.place == last.place
            and row.reason == last.reason
            and 0 < row.end_s - last.end_s < 2 * HOP_S
            and last.unix_s <= row.unix_s <= last.unix_s + MAX_PAUSE_S
            and row.unix_s < self._end_s
        )

    def _count_held(self) -> None:
        """Count the rows that were held back, as they would have been one by one."""
        if self._held:
            assert self._last is not None
            seconds = self._held * HOP_S
            self.log.spans.extend_last(self._last.unix_s, seconds)
            self._held = 0
            self._count(self._last, seconds)

    def _count(self, row: Row, seconds: float) -> None:
        """Count the time that ends with a row, in which all rows were like it."""
        day = self._day
        if row.activity not in day.seconds or row.place not in day.places:
            self._names |= {row.activity, row.place}
            if len(self._names) > MAX_NAMES:
                raise DataError(f"more than {MAX_NAMES:,} names of activities and places: no model gives these answers")
        day.seconds[row.activity] = day.seconds.get(row.activity, 0.0) + seconds
        if row.activity == UNKNOWN and row.reason:
            day.reasons[row.reason] = day.reasons.get(row.reason, 0.0) + seconds
        if row.place is not None and row.activity != NOT_WORN:
            day.places[row.place] = day.places.get(row.place, 0.0) + seconds
        self._count_changes(row)

    def _count_changes(self, row: Row) -> None:
        """Count them as the stream does."""
        activity = None if row.activity in (UNKNOWN, NOT_WORN) else row.activity
        events = self._events.step(activity, round(row.end_s * 1e9), row.unix_s, row.activity != NOT_WORN)
        changes = self._changes.step(events)
        self.log.transitions.update(changes)
        self._day.transitions += len(changes)

    def finish(self) -> ActivityLog:
        """Complete the log with the bouts of each day."""
        self._count_held()
        bout = Span("", 0.0, 0.0, 0.0)
        self._begin_s = self._end_s = 0.0
        for span in self.log.spans:
            is_new_day = not self._begin_s <= span.start_unix_s < self._end_s
            if is_new_day:
                self._begin_day(local(span.start_unix_s).date())
            day = self._day
            follows = span.start_unix_s == bout.end_unix_s and not is_new_day
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
                span = spans[-1]
                start_s = span.end_unix_s
                if row.activity == last.activity and span.start_unix_s >= self._begin_s:
                    spans.extend_last(row.unix_s, HOP_S)
                    return
            elif apart_s < 0:
                self.log.clock_set_back_s -= apart_s
            elif last.unix_s >= self._begin_s:
                self._day.missing_s += apart_s - HOP_S
        if len(spans) == MAX_SPANS:
            raise DataError(f"more than {MAX_SPANS:,} changes of activity: give fewer files")
        start_s = max(start_s, self._begin_s)
        spans.append(Span(row.activity, start_s, max(start_s, row.unix_s), HOP_S))
