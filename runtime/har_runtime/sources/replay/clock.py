"""The clock of a recording: turns the times in its file into nanoseconds. `clock_search` finds it."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.sources.overflows import across_overflows
from har_runtime.sources.replay.cells import DAY_NS, NO_TIME
from har_runtime.sources.replay.raw import RawRows
from har_runtime.sources.replay.spread import Spread

MAX_TIME_NS: Final = 9.2e18
HOUR_NS: Final = 3_600_000_000_000
MAX_STEP_NS: Final = 2_000_000_000
"""The longest step over such a turn of the clock; a longer one means that somebody set it."""
MAX_COUNT: Final = 1e9
"""Of samples: a larger number is none of theirs."""


@dataclass
class RecordingClock:
    """Turns the times of a recording into nanoseconds."""

    unit: str
    """In words: "ms since 1970"."""
    rate_hz: float | None
    """Measured over the first rows, without gaps."""
    factor: float = 1.0
    """Nanoseconds in one of the column's unit."""
    origin: float = 0.0
    """Subtracted from the column's times, in their unit."""
    unix_offset_ns: int | None = None
    """Added to the recording's times gives nanoseconds since 1970; None if the recording does not know its date."""
    turns_back_ns: tuple[int, ...] = ()
    """What a clock on the wall goes back by while time goes on: a day, the half of one, or an hour, where its hours are
    not written or summer time ends."""
    period_ns: float | None = None
    """Of samples that are counted; None if they have times."""
    spread: Spread | None = None
    _row: int = 0
    _count: float = 0.0
    _last_ns: int = 0
    _last_count: float = 0.0
    _turned_ns: int = 0
    _overflows_ns: int = 0
    _started: bool = field(default=False)

    def __str__(self) -> str:
        return f"time: {self.unit}" + (f", {self.rate_hz:.1f} Hz" if self.rate_hz else "")

    def stamp(self, rows: RawRows) -> NDArray[np.int64]:
        """The times of the next rows, in nanoseconds, shape (n,); `NO_TIME` for none.

        Raises:
            DataError: a time out of range.
        """
        begin, self._row = self._row, self._row + len(rows)
        if self.spread is not None:
            return self.spread.times(begin, self._row)
        if self.period_ns is not None:
            return self._counted(rows, begin)
        assert rows.times is not None
        if rows.times.dtype == np.int64:
            times = rows.times.astype(np.int64, copy=False)
            times = times if self.factor == 1.0 else _multiplied(times, int(self.factor))
            return self._across_turns(times) if self.turns_back_ns else times
        return self._continued(_scaled(rows.times.astype(np.float64, copy=False) - self.origin, self.factor))

    def _counted(self, rows: RawRows, begin: int) -> NDArray[np.int64]:
        """Times by the number of each sample; a counter that starts again goes on."""
        assert self.period_ns is not None
        counts = rows.counts if rows.counts is not None else rows.times
        if counts is None:
            return np.rint(np.arange(begin, begin + len(rows)) * self.period_ns).astype(np.int64)
        counts = counts.astype(np.float64)
        if not self._started and len(counts):
            first = float(counts[0]) - 1
            self._started, self._last_count = True, first
            self._count = first if abs(first) < MAX_COUNT else 0.0
        steps = np.diff(counts, prepend=self._last_count)
        steps[~(steps > 0) | (steps > 1e6)] = 1.0
        numbers = self._count + np.cumsum(steps)
        if len(counts):
            self._last_count, self._count = float(counts[-1]), float(numbers[-1])
        return np.rint(numbers * self.period_ns).astype(np.int64)

    def _continued(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Times of a counter, continued where it overflows."""
        known = times != NO_TIME
        own = times if known.all() else times[known]
        if not len(own):
            return times
        steps = np.diff(own, prepend=self._last_ns if self._started else own[0])
        self._started, self._last_ns = True, int(own[-1])
        right = across_overflows(steps, own, self.factor)
        if right is steps and not self._overflows_ns:
            return times
        added = self._overflows_ns + np.cumsum(right - steps)
        self._overflows_ns = int(added[-1])
        out = times.copy()
        out[known] = own + added
        return out

    def _across_turns(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Times of a clock on the wall, continued where it goes back."""
        known = times != NO_TIME
        if not known.any():
            return times
        own = times[known]
        steps = np.diff(own, prepend=self._last_ns if self._started else own[0])
        self._started, self._last_ns = True, int(own[-1])
        added = np.zeros(len(steps), np.int64)
        for size in self.turns_back_ns:
            added[(steps < 0) & (steps + size > 0) & (steps + size <= MAX_STEP_NS)] = size
        if DAY_NS in self.turns_back_ns:
            added[(steps < -DAY_NS // 2) & (added == 0)] = DAY_NS
        added = self._turned_ns + np.cumsum(added)
        self._turned_ns = int(added[-1])
        out = times.copy()
        out[known] = own + added
        return out


def _scaled(times: NDArray[np.float64], factor: float) -> NDArray[np.int64]:
    if np.abs(times).max(initial=0.0) <= MAX_TIME_NS / factor:  # False for NaN.
        return np.rint(times * factor).astype(np.int64)
    finite = np.isfinite(times)
    if np.any(np.abs(times[finite]) > MAX_TIME_NS / factor):
        worst = times[finite][np.argmax(np.abs(times[finite]))]
        raise DataError(f"time {worst:g} is out of range, it is more than 292 years: correct it, or give its unit")
    out = np.full(len(times), NO_TIME, np.int64)
    out[finite] = np.rint(times[finite] * factor).astype(np.int64)
    return out


def _multiplied(times: NDArray[np.int64], factor: int) -> NDArray[np.int64]:
    known = times != NO_TIME
    if np.any(np.abs(times[known]) > MAX_TIME_NS / factor):
        raise DataError("a time is out of range, it is more than 292 years: correct it, or give its unit")
    return np.where(known, times * factor, NO_TIME)
