"""From samples of any rate to the uniform 50 Hz grid of the signal contract.

Accelerometer and gyroscope are two streams, each with its own sample times, rate and jitter. Each stream is cut into
*stretches* at gaps. Where a stretch of each overlaps there is a *segment*, on a 50 Hz grid that starts at the first
usable sample of the later stretch. Of a device without a gyroscope each stretch is a segment, with angular rates of 0.

Every grid value is computed from the same samples by the same operations in the same order, however the input was cut
into chunks: streaming is bit-identical to batch. For that reason all times are integer nanoseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.contract import PERIOD_NS
from har_runtime.errors import DataError
from har_runtime.signal.report import ResampleReport
from har_runtime.signal.sensor_stream import MAX_LEAD_NS, SensorStream
from har_runtime.signal.stretch import Stretch, values_at

LARGE_ACCELERATION = 14.0
"""m/s^2. No accelerometer has a full scale under 2 g (19.6), and nobody holds still at more than 1 g."""
LARGE_ANGULAR_RATE = 2.0
"""rad/s. No gyroscope has a full scale under 125 deg/s (2.18)."""
LARGEST_ACCELERATION = 4000.0
"""m/s^2, beyond the 400 g of the widest range of an accelerometer that is worn (ST H3LIS331DL, data sheet, table 3)."""
LARGEST_ANGULAR_RATE = 100.0
"""rad/s, beyond the 4000 deg/s of the widest range of a gyroscope that is worn (TDK ICM-20649, data sheet, table 1)."""
AGREEMENT_NS = 2_000_000_000
"""If only one of two sensors was set back, they are on one clock again once both have shown the same time for this
long."""


@dataclass(frozen=True)
class UniformChunk:
    """Consecutive samples of one segment on the 50 Hz grid."""

    segment: int
    """Counts from 0; chunks of one segment follow each other without a gap."""
    start_ns: int
    """Sensor time of the first sample."""
    imu: NDArray[np.float32]
    """Shape (n, 6), the contract's channel order and SI units."""


class Resampler:
    """Brings accelerometer and gyroscope, at any rates of 20 Hz or more, to segments on one 50 Hz grid.

    Args:
        block: return an open segment in multiples of this many samples. A hop that divides the window delays no
            window, since each ends with such a block, and makes small pushes cheap.
        gyroscope: False for a device that has none: only the accelerometer is pushed, and the angular rates are 0.

    >>> import numpy as np
    >>> resampler = Resampler()
    >>> t = np.arange(200) / 200  # one second at 200 Hz
    >>> chunks = resampler.push(t, acc=np.ones((200, 3)), gyro=np.zeros((200, 3))) + resampler.finish()
    >>> sum(len(chunk.imu) for chunk in chunks)  # 0.1 s is lost at each end to the anti-alias kernel
    40
    >>> chunks[0].imu[0].tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, block: int = 1, gyroscope: bool = True) -> None:
        self.block = block
        self.gyroscope = gyroscope
        self.reset()

    def reset(self) -> None:
        """Forget everything, counts included."""
        self._accelerometer = SensorStream("accelerometer", LARGE_ACCELERATION, LARGEST_ACCELERATION)
        self._gyroscope = SensorStream("gyroscope", LARGE_ANGULAR_RATE, LARGEST_ANGULAR_RATE)
        self._sensors = (self._accelerometer, self._gyroscope) if self.gyroscope else (self._accelerometer,)
        self._segments = self._samples = 0
        self._grid_ns: int | None = None
        self._given = 0
        """Samples of this segment returned."""
        self._due_ns: int | None = None
        """No sample can be returned before all sensors have reached this time; None if unknown."""
        self.expected_ns: int | None = None
        """When the sensors' samples that complete the next block are expected, by their own clock: at this time or up
        to a period later. None if that is unknown."""

    @property
    def report(self) -> ResampleReport:
        """What became of all samples so far. A snapshot: it does not change afterwards."""
        self._accelerometer.process()
        self._gyroscope.process()
        acc, gyro = self._accelerometer.counts.snapshot(), self._gyroscope.counts.snapshot()
        return ResampleReport(acc, gyro, self._segments, self._samples)

    @property
    def behind(self) -> Literal["acc", "gyro"]:
        """The sensor that is to be pushed next if each comes from a file of its own, so that neither gets too far ahead
        of the other: the one whose clock was set back less often, or whose newest sample is older."""
        for sensor in self._sensors:
            sensor.process()
        acc, gyro = self._accelerometer, self._gyroscope
        if not self.gyroscope or (acc.clock, acc.newest_ns) <= (gyro.clock, gyro.newest_ns):
            return "acc"
        return "gyro"

    def push(self, times: ArrayLike, acc: ArrayLike | None = None, gyro: ArrayLike | None = None) -> list[UniformChunk]:
        """Add samples of one sensor, or of both if they share their times.

        Args:
            times: shape (n,), float seconds or integer nanoseconds, of the sensor's own clock.
            acc: shape (n, 3), m/s^2 with gravity.
            gyro: shape (n, 3), rad/s.

        Returns:
            The 50 Hz samples that have become final, in time order.

        Raises:
            DataError: shapes that do not fit, a time out of range, or angular rates for a resampler without a
                gyroscope. Samples that are NaN, repeated or out of order are not an error: they are dropped and counted
                in `report`.
        """
        if gyro is not None and not self.gyroscope:
            raise DataError("gyroscope: angular rates were pushed to Resampler(gyroscope=False); push acc alone")
        if acc is not None:
            self._accelerometer.push(times, acc)
        if gyro is not None:
            self._gyroscope.push(times, gyro)
        if self._can_wait():
            return []
        for sensor in self._sensors:
            sensor.process()
        chunks = self._drain()
        for sensor in self._sensors:
            sensor.limit_waiting()
        return chunks

    def finish(self) -> list[UniformChunk]:
        """The input has ended: return the samples that were waiting for a later neighbour. Later samples start a new
        segment."""
        for sensor in self._sensors:
            sensor.close()
        chunks = self._drain()
        for sensor in self._sensors:
            sensor.clear()
        self._grid_ns = self._due_ns = self.expected_ns = None
        return chunks

    def _can_wait(self) -> bool:
        """Whether processing the samples now would return nothing: this makes small pushes cheap."""
        if self._due_ns is None:
            return False
        waits = False
        for sensor in self._sensors:
            if sensor.urgent or sensor.latest_ns is None:
                return False
            waits |= sensor.latest_ns < self._due_ns
        return waits

    def _drain(self) -> list[UniformChunk]:
        chunks: list[UniformChunk] = []
        self._due_ns = self.expected_ns = None
        while stretches := self._fronts():
            if stretches[0].clock != stretches[-1].clock:
                if self._same_clock(stretches):
                    continue
                break
            start = max(stretch.first_ns for stretch in stretches)
            if self._grid_ns is None or self._grid_ns < start:  # The latter if waiting samples were dropped.
                if self._drop_ended(start, stretches):
                    continue
                self._grid_ns, self._given = start, 0
            until = min(stretch.final_until(self._grid_ns) for stretch in stretches)
            count = max(0, (until - self._grid_ns) // PERIOD_NS + 1)
            if not any(stretch.closed for stretch in stretches):
                count = max(0, count - (self._given + count) % self.block)
            if count:
                chunks.append(self._next_samples(count, self._grid_ns, stretches))
                self._grid_ns += count * PERIOD_NS
                for stretch in stretches:
                    stretch.forget_before(self._grid_ns)
            if self._drop_ended(self._grid_ns, stretches) or (not count and self._same_clock(stretches)):
                continue
            block_ns = (self.block - self._given % self.block - 1) * PERIOD_NS
            last_ns = self._grid_ns + block_ns
            self._due_ns = last_ns + max(stretch.margin_ns for stretch in stretches)
            self.expected_ns = max(stretch.completes_ns(last_ns) for stretch in stretches)
            break
        return chunks

    def _fronts(self) -> list[Stretch]:
        """The oldest usable stretch of every sensor; empty if a sensor has none."""
        stretches: list[Stretch] = []
        for sensor in self._sensors:
            stretch = sensor.front()
            if stretch is None:
                return []
            stretches.append(stretch)
        return stretches

    def _next_samples(self, count: int, grid_ns: int, stretches: Sequence[Stretch]) -> UniformChunk:
        """The next `count` samples of the segment."""
        self._segments += not self._given
        self._given += count
        self._samples += count
        grid = grid_ns + PERIOD_NS * np.arange(count, dtype=np.int64)
        return UniformChunk(self._segments - 1, grid_ns, values_at(stretches, grid).astype(np.float32))

    def _drop_ended(self, grid_ns: int, stretches: Sequence[Stretch]) -> bool:
        """Remove the stretches that ended before `grid_ns`; True if there was one, so that the segment ends."""
        ended = False
        for sensor, stretch in zip(self._sensors, stretches, strict=True):
            if stretch.closed and stretch.last_ns < grid_ns:
                sensor.stretches.popleft()
                self._grid_ns = None
                ended = True
        return ended

    def _same_clock(self, stretches: Sequence[Stretch]) -> bool:
        """Drop stretches on a clock that the other sensor has left; True if there were any.

        Both sensors usually have one clock, and are set back together. If only one of them was, because its times are
        wrong for a while, they count as on one clock again once both have shown the same time for AGREEMENT_NS.
        """
        if len(stretches) < 2:
            return False
        acc, gyro = stretches
        pairs = ((self._accelerometer, acc, self._gyroscope, gyro), (self._gyroscope, gyro, self._accelerometer, acc))
        for sensor, stretch, other, other_stretch in pairs:
            if stretch.clock < other_stretch.clock and stretch.closed:
                sensor.drop_front()
                self._grid_ns = None
                return True
            if sensor.clock < other.clock and other.set_back_at_ns is not None:
                own, new = sensor.stretches[-1], other.stretches[-1]
                # Near the time at which the other was set back, this one may only deliver later.
                continued_ns = int(own.t[-1]) - other.set_back_at_ns
                if not -MAX_LEAD_NS <= continued_ns <= AGREEMENT_NS and own.overlap_ns(new) >= AGREEMENT_NS:
                    other.set_clock(other.clock)
                    sensor.set_clock(other.clock)
                    self._grid_ns = None
                    return True
        return False


def concatenate(chunks: Sequence[UniformChunk]) -> list[UniformChunk]:
    """Join chunks of the same segment: one chunk for each segment, in order."""
    segments: dict[int, list[UniformChunk]] = {}
    for chunk in chunks:
        segments.setdefault(chunk.segment, []).append(chunk)
    return [
        UniformChunk(segment, parts[0].start_ns, np.concatenate([part.imu for part in parts]))
        for segment, parts in segments.items()
    ]
