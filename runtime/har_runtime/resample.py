"""From whatever a sensor delivers to the uniform 50 Hz grid of the signal contract.

Accelerometer and gyroscope are two streams with their own clocks ticks, rates and jitter. Each stream is cut into
*runs* at gaps; where a run of each overlaps there is a *segment*, on a 50 Hz grid that starts at the later run's
first usable sample. A run near 50 Hz or slower is interpolated; a faster one goes through an anti-alias kernel that
is evaluated at the true sample times, so that jitter and odd rates (104, 208 Hz) need no special case.

Every grid value is computed from the same samples with the same operations in the same order however the input was
cut into chunks: streaming is bit-identical to batch. Times are integer nanoseconds throughout for that reason.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.contract import MAX_GAP_NS, PERIOD_NS, to_ns
from har_runtime.errors import DataError
from har_runtime.sensor_run import Run

MAX_LEAD_NS = 60_000_000_000
"""How far one stream may run ahead of the other before its oldest samples are dropped: bounds the buffers."""


@dataclass
class SensorReport:
    """What became of one sensor's samples."""

    received: int = 0
    not_finite: int = 0
    """Dropped: NaN or infinite in the time or in an axis."""
    duplicate: int = 0
    """Dropped: the time of the newest sample again."""
    out_of_order: int = 0
    """Dropped: older than the newest sample."""
    unpaired: int = 0
    """Dropped: more than a minute ahead of the other sensor, or in a run too short or too slow to use."""
    gaps: int = 0
    """Times without samples for more than 0.1 s."""
    rate_hz: float | None = None
    """Rate of the newest run, measured over its first half second."""

    @property
    def dropped(self) -> int:
        return self.not_finite + self.duplicate + self.out_of_order + self.unpaired


@dataclass
class ResampleReport:
    """What a resampler took in, dropped and gave out."""

    accelerometer: SensorReport = field(default_factory=SensorReport)
    gyroscope: SensorReport = field(default_factory=SensorReport)
    segments: int = 0
    samples: int = 0
    """50 Hz samples given out."""


@dataclass(frozen=True)
class UniformChunk:
    """Consecutive samples of one segment on the 50 Hz grid."""

    segment: int
    """Counts from 0; chunks of one segment follow each other without a gap."""
    start_ns: int
    """Sensor time of the first sample."""
    imu: NDArray[np.float32]
    """Shape (n, 6), the contract's channel order and SI units."""


class _Sensor:
    """One sensor's stream: cleans it and cuts it into runs."""

    def __init__(self, name: str, report: SensorReport):
        self.name = name
        self.report = report
        self.runs: deque[Run] = deque()
        self.newest_ns: int | None = None

    def push(self, times: ArrayLike, values: ArrayLike) -> None:
        t = to_ns(times)
        x = np.asarray(values, np.float64)
        if x.ndim == 1:
            x = x[None]
        if x.shape != (len(t), 3):
            raise DataError(f"{self.name}: {len(t)} times need values of shape ({len(t)}, 3), not {x.shape}")
        t, x = self._clean(t, x)
        if not len(t):
            return
        previous = np.concatenate([[t[0] if self.newest_ns is None else self.newest_ns], t[:-1]])
        after_gap = t - previous > MAX_GAP_NS
        starts = [0, *(np.flatnonzero(after_gap[1:]) + 1).tolist()]
        for begin, end in zip(starts, [*starts[1:], len(t)], strict=True):
            if after_gap[begin]:
                self.report.gaps += 1
                self.close()
            if not self.runs or self.runs[-1].closed:
                self.runs.append(Run(int(t[begin])))
            self.runs[-1].append(t[begin:end], x[begin:end])
            self.report.rate_hz = self.runs[-1].rate_hz or self.report.rate_hz
        self.newest_ns = int(t[-1])

    def _clean(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        report = self.report
        report.received += len(t)
        finite = np.isfinite(x).all(axis=1) & (t != np.iinfo(np.int64).min)
        report.not_finite += int(np.count_nonzero(~finite))
        t, x = t[finite], x[finite]
        if not len(t):
            return t, x
        floor = np.iinfo(np.int64).min if self.newest_ns is None else self.newest_ns
        newest_before = np.maximum.accumulate(np.concatenate([[floor], t[:-1]]))
        report.duplicate += int(np.count_nonzero(t == newest_before))
        report.out_of_order += int(np.count_nonzero(t < newest_before))
        keep = t > newest_before
        return t[keep], x[keep]

    def close(self) -> None:
        if self.runs and not self.runs[-1].closed:
            self.runs[-1].close()
            self.report.rate_hz = self.runs[-1].rate_hz or self.report.rate_hz

    def front(self) -> Run | None:
        """The oldest run that can be used, once its rate is known."""
        while self.runs and self.runs[0].rate_hz is not None:
            run = self.runs[0]
            if run.usable and not (run.closed and run.last_ns < run.first_ns):
                return run
            self.report.unpaired += len(run.t)
            if run.closed:
                self.runs.popleft()
            else:  # Too slow, and still coming in: keep the run as the place to drop it to.
                run.t, run.x = run.t[-1:], run.x[-1:]
                self.report.unpaired -= 1
                return None
        return None

    def bound(self, other_ns: int) -> None:
        """Drop what is more than MAX_LEAD_NS ahead of the other sensor's newest sample."""
        if self.newest_ns is None or self.newest_ns - other_ns <= MAX_LEAD_NS:
            return
        oldest = self.newest_ns - MAX_LEAD_NS
        while self.runs and self.runs[0].t[-1] < oldest:
            self.report.unpaired += len(self.runs.popleft().t)
        if self.runs:
            run = self.runs[0]
            late = int(np.searchsorted(run.t, oldest))
            if late:
                self.report.unpaired += late
                run.t, run.x, run.start_ns = run.t[late:], run.x[late:], int(run.t[late])


class Resampler:
    """Accelerometer and gyroscope of any rate from 20 Hz on, brought to segments on one 50 Hz grid.

    >>> import numpy as np
    >>> resampler = Resampler()
    >>> t = np.arange(200) / 200  # one second at 200 Hz
    >>> chunks = resampler.push(t, acc=np.ones((200, 3)), gyro=np.zeros((200, 3))) + resampler.finish()
    >>> sum(len(chunk.imu) for chunk in chunks)  # 0.1 s is lost at each end to the anti-alias kernel
    40
    >>> chunks[0].imu[0].tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything, counts included."""
        self.report = ResampleReport()
        self._accelerometer = _Sensor("accelerometer", self.report.accelerometer)
        self._gyroscope = _Sensor("gyroscope", self.report.gyroscope)
        self._grid_ns: int | None = None
        self._segment_has_samples = False

    def push(self, times: ArrayLike, acc: ArrayLike | None = None, gyro: ArrayLike | None = None) -> list[UniformChunk]:
        """Take in samples of one sensor, or of both where they share their times.

        Args:
            times: shape (n,), float seconds or integer nanoseconds, of the sensor's own clock.
            acc: shape (n, 3), m/s^2 with gravity.
            gyro: shape (n, 3), rad/s.

        Returns:
            The 50 Hz samples that have become final, in time order.

        Raises:
            DataError: shapes that do not fit, or a time out of range. Samples that are NaN, repeated or out of
                order are no error: they are dropped and counted in `report`.
        """
        if acc is not None:
            self._accelerometer.push(times, acc)
        if gyro is not None:
            self._gyroscope.push(times, gyro)
        chunks = self._drain()
        for sensor, other in ((self._accelerometer, self._gyroscope), (self._gyroscope, self._accelerometer)):
            newest = other.newest_ns
            if newest is None and sensor.runs:
                newest = int(sensor.runs[0].t[0])
            if newest is not None:
                sensor.bound(newest)
        return chunks

    def finish(self) -> list[UniformChunk]:
        """The input has ended: give out what was still waiting for a neighbour. Later samples start a new segment."""
        self._accelerometer.close()
        self._gyroscope.close()
        chunks = self._drain()
        for sensor in (self._accelerometer, self._gyroscope):
            sensor.front()  # Counts runs that nothing could be made of.
            sensor.runs.clear()
        self._grid_ns = None
        return chunks

    def _drain(self) -> list[UniformChunk]:
        chunks: list[UniformChunk] = []
        while (acc := self._accelerometer.front()) and (gyro := self._gyroscope.front()):
            start = max(acc.first_ns, gyro.first_ns)
            if self._grid_ns is None or self._grid_ns < start:  # The latter where the buffers were bounded.
                if self._retire(start, acc, gyro):
                    continue
                self._grid_ns, self._segment_has_samples = start, False
            until = min(acc.final_until(self._grid_ns), gyro.final_until(self._grid_ns))
            grid = np.arange(self._grid_ns, until + 1, PERIOD_NS, dtype=np.int64)
            if len(grid):
                self.report.segments += not self._segment_has_samples
                self._segment_has_samples = True
                imu = np.concatenate([acc.values_at(grid), gyro.values_at(grid)], axis=1).astype(np.float32)
                chunks.append(UniformChunk(self.report.segments - 1, self._grid_ns, imu))
                self.report.samples += len(grid)
                self._grid_ns += len(grid) * PERIOD_NS
                acc.forget_before(self._grid_ns)
                gyro.forget_before(self._grid_ns)
            if not self._retire(self._grid_ns, acc, gyro):
                break
            self._grid_ns = None
        return chunks

    def _retire(self, grid_ns: int, acc: Run, gyro: Run) -> bool:
        """Let go of the runs that have ended before `grid_ns`; True where there was one, and so no segment goes on."""
        ended = False
        for sensor, run in ((self._accelerometer, acc), (self._gyroscope, gyro)):
            if run.closed and run.last_ns < grid_ns:
                sensor.runs.popleft()
                ended = True
        return ended


def concatenate(chunks: Sequence[UniformChunk]) -> list[UniformChunk]:
    """Join chunks of the same segment: one chunk for each segment, in order."""
    segments: dict[int, list[UniformChunk]] = {}
    for chunk in chunks:
        segments.setdefault(chunk.segment, []).append(chunk)
    return [
        UniformChunk(segment, parts[0].start_ns, np.concatenate([part.imu for part in parts]))
        for segment, parts in segments.items()
    ]
