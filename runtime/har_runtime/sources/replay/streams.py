"""Recordings as streams of samples in the units of their files: one table, or two whose times join them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.samples import SampleChunk
from har_runtime.sources.replay.cells import NO_TIME
from har_runtime.sources.replay.clock import RecordingClock
from har_runtime.sources.replay.clock_search import find_clock
from har_runtime.sources.replay.fields import Fields
from har_runtime.sources.replay.labels import Labels
from har_runtime.sources.replay.options import SPREAD, ReadOptions
from har_runtime.sources.replay.raw import RawReader, RawRows
from har_runtime.sources.replay.spread import Spread, find_spread

FIRST_ROWS: Final = 512
"""Rows that the clock is judged by."""
PASS_ROWS: Final = 8192
"""Rows read at a time by a pass that only looks at times."""
MAX_BURSTS: Final = 200_000
"""Bursts that are remembered; of more, every second."""
MAX_APART_NS: Final = 3_600_000_000_000
"""Sensors whose first samples are further apart have clocks that do not fit."""
SHIFT_NS: Final = 1_000_000_000
"""Clocks that differ by more, by the dates of both, are shifted."""
MAX_LEAD_NS: Final = 2_000_000_000
"""How far a sensor may be ahead of the other: answers wait for both."""
MAX_HELD: Final = 200_000
"""Samples of gravity that wait for the acceleration they belong to."""


class Stream(Protocol):
    """Samples in the units of the file."""

    clock: RecordingClock

    def read(self, count: int) -> SampleChunk | None:
        """The next samples, at most `count`; None at the end.

        Raises:
            DataError: a row is invalid.
        """
        ...

    @property
    def position(self) -> int:
        """Bytes read so far."""
        ...

    def close(self) -> None:
        """Close the files."""
        ...


class TableStream:
    """The samples of one table.

    Args:
        rows: its rows, from the first on; closed with the stream.
        name: for messages.
        again: opens them once more, for `time=spread`; None if that cannot be done.

    Raises:
        DataError: no sample in it, or its times cannot be read.
    """

    def __init__(
        self,
        rows: RawReader,
        name: str,
        options: ReadOptions,
        labels: Labels,
        again: Callable[[], RawReader] | None = None,
    ):
        self._reader, self._name, self._labels = rows, name, labels
        try:
            spread = None
            if options.time == SPREAD and again is not None and not options.rate_hz:
                spread = _spread(again(), name, options)
            first = rows.read(FIRST_ROWS)
            if first is None:
                raise DataError(f"{name}: no sample in it")
            self.fields = self._reader.fields
            try:
                self.clock = find_clock(
                    _of_one_sensor(first, self.fields), self.fields, options, self._reader.dated_ns, spread
                )
            except DataError as error:
                raise DataError(f"{name}: {error}") from error
        except BaseException:
            self._reader.close()
            raise
        self._held: RawRows | None = first

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._reader.position

    def read(self, count: int) -> SampleChunk | None:
        rows, self._held = self._held, None
        if rows is None:
            rows = self._reader.read(count)
        elif len(rows) > count:
            rows, self._held = rows.part(0, count), rows.part(count, len(rows))
        if rows is None:
            return None
        try:
            times = self.clock.stamp(rows)
        except DataError as error:
            raise DataError(f"{self._name}: {error}") from error
        labels = None if rows.labels is None else self._labels.ours(rows.labels)
        return SampleChunk(times, rows.acc, rows.gyro, labels)

    def close(self) -> None:
        self._reader.close()


class JoinedStream:
    """Accelerometer and gyroscope of two tables, joined by their times: the one that is behind is read.

    Raises:
        DataError: their times have nothing in common.
    """

    def __init__(self, acc: Stream, gyro: Stream, names: tuple[str, str]):
        self._acc, self._gyro = _Ahead(acc), _Ahead(gyro)
        self.clock = acc.clock
        own, other = acc.clock.unix_offset_ns, gyro.clock.unix_offset_ns
        if own is not None and other is not None and abs(other - own) > SHIFT_NS:
            self._gyro.shift_ns = other - own
        first, second = self._acc.first_ns, self._gyro.first_ns
        if first is not None and second is not None and abs(first - second) > MAX_APART_NS:
            raise DataError(
                f"{names[0]} begins at {first / 1e9:.3f} s and {names[1]} at {second / 1e9:.3f} s, so they are not of "
                "one recording, or not on one clock"
            )

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._acc.stream.position + self._gyro.stream.position

    def read(self, count: int) -> SampleChunk | None:
        streams = [stream for stream in (self._acc, self._gyro) if not stream.ended]
        if not streams:
            return None
        behind = min(streams, key=lambda stream: stream.newest_ns)
        other = next((stream for stream in streams if stream is not behind), None)
        chunk = behind.read(count, None if other is None else other.reached_ns + MAX_LEAD_NS)
        return self.read(count) if chunk is None else chunk

    def close(self) -> None:
        self._acc.stream.close()
        self._gyro.stream.close()


class SummedStream:
    """Acceleration without gravity, with the gravity of another table at its times.

    Its samples before the first and after the last of gravity are without a value.
    """

    def __init__(self, linear: Stream, gravity: Stream):
        self._linear, self._gravity = linear, gravity
        self.clock = linear.clock
        self._times: NDArray[np.int64] = np.empty(0, np.int64)
        self._values = np.empty((0, 3))
        self._ended = False

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._linear.position + self._gravity.position

    def read(self, count: int) -> SampleChunk | None:
        chunk = self._linear.read(count)
        if chunk is None or chunk.acc is None:
            return chunk
        known = chunk.times_ns[chunk.times_ns != NO_TIME]
        if not len(known):
            return chunk
        self._fill(int(known.max()), count)
        if not len(self._times):
            return replace(chunk, acc=np.full_like(chunk.acc, np.nan))
        base = self._times[0]
        at, own = (chunk.times_ns - base) / 1e9, (self._times - base) / 1e9
        gravity = np.stack([np.interp(at, own, self._values[:, axis], np.nan, np.nan) for axis in range(3)], axis=1)
        keep = max(0, int(np.searchsorted(self._times, known.min())) - 1)
        self._times, self._values = self._times[keep:], self._values[keep:]
        return replace(chunk, acc=chunk.acc + gravity)

    def close(self) -> None:
        self._linear.close()
        self._gravity.close()

    def _fill(self, until_ns: int, count: int) -> None:
        """Read gravity up to a time."""
        while not self._ended and (not len(self._times) or self._times[-1] < until_ns) and len(self._times) < MAX_HELD:
            chunk = self._gravity.read(count)
            if chunk is None:
                self._ended = True
            elif chunk.acc is not None:
                usable = (chunk.times_ns != NO_TIME) & np.isfinite(chunk.acc).all(axis=1)
                times = np.concatenate([self._times, chunk.times_ns[usable]])
                order = np.argsort(times, kind="stable")
                self._times = times[order]
                self._values = np.concatenate([self._values, chunk.acc[usable]])[order]


@dataclass
class _Ahead:
    """A stream with its first chunk read, so that its time is known."""

    stream: Stream
    shift_ns: int = 0

    def __post_init__(self) -> None:
        self._waiting: deque[SampleChunk] = deque()
        self.ended = False
        self.newest_ns = -(2**63)
        self.first_ns: int | None = None
        first = self.stream.read(FIRST_ROWS)
        if first is not None:
            self._waiting.append(first)
            known = first.times_ns[first.times_ns != NO_TIME]
            self.first_ns = int(known[0]) if len(known) else None

    @property
    def reached_ns(self) -> int:
        """The newest time that was read, or the first one."""
        return self.newest_ns if self.first_ns is None else max(self.newest_ns, self.first_ns + self.shift_ns)

    def read(self, count: int, until_ns: int | None = None) -> SampleChunk | None:
        """The next samples, at most `count`, up to a time if one of them is before it."""
        chunk = self._waiting.popleft() if self._waiting else self.stream.read(count)
        if chunk is None:
            self.ended = True
            return None
        if until_ns is not None:
            later = np.flatnonzero(chunk.times_ns > until_ns - self.shift_ns)
            count = min(count, max(1, int(later[0]))) if len(later) else count
        if len(chunk.times_ns) > count:
            self._waiting.appendleft(chunk.part(count, len(chunk.times_ns)))
            chunk = chunk.part(0, count)
        known = chunk.times_ns != NO_TIME
        if self.shift_ns:
            chunk = replace(chunk, times_ns=np.where(known, chunk.times_ns + self.shift_ns, NO_TIME))
        if known.any():
            self.newest_ns = int(chunk.times_ns[known][-1])
        return chunk


def _of_one_sensor(rows: RawRows, fields: Fields) -> RawRows:
    """The rows whose times are those of one sensor: two that take turns have each its own, which may be the same."""
    if rows.acc is None or rows.times is None:
        return rows
    own = np.isfinite(rows.acc).all(axis=1)
    take_turns = rows.gyro is not None and not np.isfinite(rows.gyro[own]).any()
    if fields.tag is None and not take_turns:
        return rows
    return RawRows(rows.times[own], rows.acc[own], None, None) if own.any() else rows


def _spread(reader: RawReader, name: str, options: ReadOptions) -> Spread:
    """Even times for a whole table, by a pass over it, which closes it."""
    bursts: list[tuple[int, int]] = []
    rows, last_ns, skip, seen = 0, None, 1, 0
    clock: RecordingClock | None = None
    mean = 0.0
    try:
        while (block := reader.read(PASS_ROWS)) is not None:
            if clock is None:
                # Any even times serve to find the unit.
                trial = Spread(np.zeros(1, np.int64), np.zeros(1), np.ones(1))
                found = find_clock(block, reader.fields, replace(options, rate_hz=None), None, trial)
                clock = replace(found, spread=None)
            times = clock.stamp(block)
            known = np.flatnonzero(times != NO_TIME)
            own = times[known]
            if not mean and len(own) > 1:
                mean = max(float(own[-1] - own[0]) / (len(own) - 1), 1.0)
            steps = np.diff(own, prepend=last_ns if last_ns is not None else (own[0] - 2**40 if len(own) else 0))
            for index in np.flatnonzero((steps >= mean / 5) | (steps < 0)).tolist():
                seen += 1
                if seen % skip == 0:
                    bursts.append((rows + int(known[index]), int(own[index])))
            if len(bursts) > MAX_BURSTS:
                del bursts[1::2]
                skip *= 2
            last_ns = int(own[-1]) if len(own) else last_ns
            rows += len(block)
        return find_spread(bursts)
    except DataError as error:
        text = str(error)
        raise DataError(text if text.startswith(name) else f"{name}: {text}") from error
    finally:
        reader.close()
