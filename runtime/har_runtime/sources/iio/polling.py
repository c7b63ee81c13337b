"""Reading an IIO device through sysfs, file by file: for devices without a buffer, and if nobody may set one up.

The files are polled by the computer's monotonic clock, and a sample has the time at which it was read. That needs no
rights and no setup, but has limits: a reading is up to one period older than its time, some readings come twice and
others are missed (the sensor's clock is not the computer's), and the jitter is that of the scheduler.
"""

import errno
import time
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.iio.sensor import IioSensor

MAX_DEFAULT_HZ: Final = 100.0
"""Faster sensors are polled at this rate, twice what the model needs, unless `rate` asks for more."""
CHUNK_NS: Final = 100_000_000
UNPLUGGED: Final = (errno.ENODEV, errno.ENOENT, errno.ENXIO)


class Clock:
    """The computer's monotonic clock."""

    def now_ns(self) -> int:
        """The current time."""
        return time.monotonic_ns()

    def wait_until(self, due_ns: int) -> None:
        """Sleep until `due_ns`."""
        if (wait_ns := due_ns - self.now_ns()) > 0:
            time.sleep(wait_ns / 1e9)


class Polling:
    """Polls each sensor at its own rate.

    Args:
        rate_hz: polling rate; None polls at each sensor's own rate, but at most at 100 Hz.
    """

    def __init__(self, sensors: Sequence[IioSensor], rate_hz: float | None, clock: Clock, report: SourceReport):
        self._sensors, self._rate_hz, self._clock, self._report = sensors, rate_hz, clock, report
        self.rates_hz = [self._rate_of(each) for each in sensors]
        """Of each sensor, Hz."""
        rates = " and ".join(f"{rate:g}" for rate in dict.fromkeys(self.rates_hz))
        self.description = f"polled at {rates} Hz"
        for each in sensors:
            each.check_readable()

    def chunks(self) -> Iterator[SampleChunk]:
        """Chunks of one sensor each, until a device is unplugged."""
        now_ns = self._clock.now_ns()
        streams = [
            _Stream(each, round(1e9 / rate_hz), now_ns, self._report)
            for each, rate_hz in zip(self._sensors, self.rates_hz, strict=True)
        ]
        unplugged = False
        while not unplugged:
            stream = min(streams, key=lambda stream: stream.due_ns)
            self._clock.wait_until(stream.due_ns)
            unplugged = not stream.read(self._clock)
            if stream.is_full:
                yield stream.chunk()
        for stream in streams:
            if stream.times_ns:
                yield stream.chunk()

    def close(self) -> None:
        """Nothing to release: each reading opens its files."""

    def _rate_of(self, sensor: IioSensor) -> float:
        wanted = self._rate_hz or (MAX_DEFAULT_HZ if sensor.frequency_hz else SAMPLE_RATE_HZ)
        return min(wanted, sensor.frequency_hz or wanted)  # A faster poll would read the same sample twice.


class _Stream:
    """Collects one sensor's readings into chunks."""

    def __init__(self, sensor: IioSensor, period_ns: int, now_ns: int, report: SourceReport):
        self._sensor, self._period_ns, self._report = sensor, period_ns, report
        self.due_ns = now_ns
        self.times_ns: list[int] = []
        self._rows: list[tuple[int, int, int]] = []

    @property
    def is_full(self) -> bool:
        return len(self.times_ns) * self._period_ns >= CHUNK_NS

    def read(self, clock: Clock) -> bool:
        """Read one sample if possible; returns False if the device is unplugged."""
        begin_ns = clock.now_ns()
        missed = max(0, begin_ns - self.due_ns) // self._period_ns
        if missed:
            self._report.lost["sample missed, polled too late"] += missed
        self.due_ns += (missed + 1) * self._period_ns
        try:
            row = self._sensor.raw()
        except ValueError:
            self._report.lost["reading that is not a number"] += 1
        except OSError as error:
            if error.errno in UNPLUGGED:
                return False
            busy = error.errno == errno.EBUSY
            self._report.lost["device in use through its buffer" if busy else "reading that failed"] += 1
        else:
            # The three axes are read one after the other, over I2C in about a millisecond.
            self.times_ns.append((begin_ns + clock.now_ns()) // 2)
            self._rows.append(row)
        return True

    def chunk(self) -> SampleChunk:
        """The samples since the last chunk, at least one."""
        times, values = np.array(self.times_ns, np.int64), self._sensor.si(np.array(self._rows, np.float64))
        self.times_ns, self._rows = [], []
        if self._sensor.kind == "accelerometer":
            return SampleChunk(times, values, None)
        return SampleChunk(times, None, values)
