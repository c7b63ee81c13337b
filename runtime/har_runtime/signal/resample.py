"""From samples of any rate to the uniform 50 Hz grid of the signal contract.

Accelerometer and gyroscope are two streams, each with its own sample times, rate and jitter. Each stream is cut into
*stretches* at gaps. Where a stretch of each overlaps there is a *segment*, on a 50 Hz grid that starts at the first
usable sample of the later stretch.

Every grid value is computed from the same samples by the same operations in the same order, however the input was cut
into chunks: streaming is bit-identical to batch. For that reason all times are integer nanoseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.contract import PERIOD_NS
from har_runtime.signal.report import ResampleReport
from har_runtime.signal.sensor_stream import MAX_LEAD_NS, SensorStream
from har_runtime.signal.stretch import Stretch, values_at

LARGE_ACCELERATION = 14.0
"""m/s^2. No accelerometer has a full scale under 2 g (19.6), and nobody holds still at more than 1 g."""
LARGE_ANGULAR_RATE = 2.0
"""rad/s. No gyroscope has a full scale under 125 deg/s (2.18)."""
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

    >>> import numpy as np
    >>> resampler = Resampler()
    >>> t = np.arange(200) / 200  # one second at 200 Hz
    >>> chunks = resampler.push(t, acc=np.ones((200, 3)), gyro=np.zeros((200, 3))) + resampler.finish()
    >>> sum(len(chunk.imu) for chunk in chunks)  # 0.1 s is lost at each end to the anti-alias kernel
    40
    >>> chunks[0].imu[0].tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, block: int = 1) -> None:
        self.block = block
        self.reset()

    def reset(self) -> None:
        """Forget everything, counts included."""
        self._accelerometer = SensorStream("accelerometer", LARGE_ACCELERATION)
        self._gyroscope = SensorStream("gyroscope", LARGE_ANGULAR_RATE)
        self._segments = self._samples = 0
        self._grid_ns: int | None = None
        self._given = 0
        """Samples of this segment returned."""
        self._due_ns: int | None = None
        """No sample can be returned before both sensors have reached this time; None if unknown."""

    @property
    def report(self) -> ResampleReport:
        """What became of all samples so far. A snapshot: it does not change afterwards."""
        self._accelerometer.process()
        self._gyroscope.process()
        acc, gyro = self._accelerometer.counts.snapshot(), self._gyroscope.counts.snapshot()
        return ResampleReport(acc, gyro, self._segments, self._samples)

    def push(self, times: ArrayLike, acc: ArrayLike | None = None, gyro: ArrayLike | None = None) -> list[UniformChunk]:
        """Add samples of one sensor, or of both if they share their times.

        Args:
            times: shape (n,), float seconds or integer nanoseconds, of the sensor's own clock.
            acc: shape (n, 3), m/s^2 with gravity.
            gyro: shape (n, 3), rad/s.

        Returns:
            The 50 Hz samples that have become final, in time order.

        Raises:
            DataError: shapes that do not fit, or a time out of range. Samples that are NaN, repeated or out of
                order are not an error: they are dropped and counted in `report`.
        """
        if acc is not None:
            self._accelerometer.push(times, acc)
        if gyro is not None:
            self._gyroscope.push(times, gyro)
        if self._can_wait():
            return []
        self._accelerometer.process()
        self._gyroscope.process()
        chunks = self._drain()
        self._accelerometer.limit_waiting()
        self._gyroscope.limit_waiting()
        return chunks

    def finish(self) -> list[UniformChunk]:
        """The input has ended: return the samples that were waiting for a later neighbour. Later samples start a new
        segment."""
        self._accelerometer.close()
        self._gyroscope.close()
        chunks = self._drain()
        self._accelerometer.clear()
        self._gyroscope.clear()
        self._grid_ns = self._due_ns = None
        return chunks

    def _can_wait(self) -> bool:
        """Whether processing the samples now would return nothing: this makes small pushes cheap."""
        acc, gyro = self._accelerometer, self._gyroscope
        if self._due_ns is None or acc.urgent or gyro.urgent or acc.latest_ns is None or gyro.latest_ns is None:
            return False
        return min(acc.latest_ns, gyro.latest_ns) < self._due_ns

    def _drain(self) -> list[UniformChunk]:
        chunks: list[UniformChunk] = []
        self._due_ns = None
        while (acc := self._accelerometer.front()) and (gyro := self._gyroscope.front()):
            if acc.clock != gyro.clock:
                if self._same_clock(acc, gyro):
                    continue
                break
            start = max(acc.first_ns, gyro.first_ns)
            if self._grid_ns is None or self._grid_ns < start:  # The latter if waiting samples were dropped.
                if self._drop_ended(start, acc, gyro):
                    continue
                self._grid_ns, self._given = start, 0
            until = min(acc.final_until(self._grid_ns), gyro.final_until(self._grid_ns))
            count = max(0, (until - self._grid_ns) // PERIOD_NS + 1)
            if not (acc.closed or gyro.closed):
                count = max(0, count - (self._given + count) % self.block)
            if count:
                chunks.append(self._next_samples(count, self._grid_ns, acc, gyro))
                self._grid_ns += count * PERIOD_NS
                acc.forget_before(self._grid_ns)
                gyro.forget_before(self._grid_ns)
            if self._drop_ended(self._grid_ns, acc, gyro) or (not count and self._same_clock(acc, gyro)):
                continue
            block_ns = (self.block - self._given % self.block - 1) * PERIOD_NS
            self._due_ns = self._grid_ns + block_ns + max(acc.margin_ns, gyro.margin_ns)
            break
        return chunks

    def _next_samples(self, count: int, grid_ns: int, acc: Stretch, gyro: Stretch) -> UniformChunk:
        """The next `count` samples of the segment."""
        self._segments += not self._given
        self._given += count
        self._samples += count
        grid = grid_ns + PERIOD_NS * np.arange(count, dtype=np.int64)
        return UniformChunk(self._segments - 1, grid_ns, values_at(acc, gyro, grid).astype(np.float32))

    def _drop_ended(self, grid_ns: int, acc: Stretch, gyro: Stretch) -> bool:
        """Remove the stretches that ended before `grid_ns`; True if there was one, so that the segment ends."""
        ended = False
        for sensor, stretch in ((self._accelerometer, acc), (self._gyroscope, gyro)):
            if stretch.closed and stretch.last_ns < grid_ns:
                sensor.stretches.popleft()
                self._grid_ns = None
                ended = True
        return ended

    def _same_clock(self, acc: Stretch, gyro: Stretch) -> bool:
        """Drop stretches on a clock that the other sensor has left; True if there were any.

        Both sensors usually have one clock, and are set back together. If only one of them was, because its times are
        wrong for a while, they count as on one clock again once both have shown the same time for AGREEMENT_NS.
        """
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
