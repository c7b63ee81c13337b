"""`iio:`, `iio:NAME`, `iio:device0`, `iio:ACC,GYRO` - sensors of Linux's Industrial I/O subsystem, read through sysfs.

Both sensors may belong to one device, or to two; a device may have an accelerometer alone. The files are polled by the
computer's monotonic clock, and a sample has the time at which it was read. That needs no rights and no setup, but has
limits: a reading is up to one period older than its time, some readings come twice and others are missed (the sensor's
clock is not the computer's), and the jitter is that of the scheduler.
"""

import contextlib
import errno
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from har_runtime.contract import MIN_RATE_HZ, SAMPLE_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.iio.devices import SYSFS, IioDevice, choose_devices, list_iio
from har_runtime.sources.iio.sensor import IioSensor
from har_runtime.uri import Uri, number

MAX_DEFAULT_HZ: Final = 100.0
"""Faster sensors are polled at this rate, twice what the model needs, unless `rate` asks for more."""
MAX_HZ: Final = 1000
CHUNK_NS: Final = 100_000_000
RETRY_NS: Final = 500_000_000
"""Time between two searches for an unplugged device; longer than the gap that ends a segment."""
UNPLUGGED: Final = (errno.ENODEV, errno.ENOENT, errno.ENXIO)


def open_iio(uri: Uri, root: Path = SYSFS) -> "Iio":
    """The source of an `iio:` URI; its option `rate` is in Hz."""
    uri.only("rate")
    rate_hz = uri.option("rate", number(MIN_RATE_HZ, MAX_HZ), None)
    return Iio(*choose_devices(uri.target, root), rate_hz=rate_hz, root=root)


class Clock:
    """The computer's monotonic clock."""

    def now_ns(self) -> int:
        """The current time."""
        return time.monotonic_ns()

    def wait_until(self, due_ns: int) -> None:
        """Sleep until `due_ns`."""
        if (wait_ns := due_ns - self.now_ns()) > 0:
            time.sleep(wait_ns / 1e9)


class Iio:
    """Samples of an accelerometer and, if there is one, a gyroscope, each polled at its own rate.

    Raises:
        SourceError: an attribute is missing or invalid, or a sensor is too slow or cannot be read.
    """

    def __init__(
        self,
        accelerometer: IioDevice,
        gyroscope: IioDevice | None,
        rate_hz: float | None = None,
        root: Path = SYSFS,
        clock: Clock | None = None,
    ):
        """A source.

        Args:
            accelerometer: the device whose accelerometer is read.
            gyroscope: the device whose gyroscope is read; None for the accelerometer alone.
            rate_hz: polling rate; None polls at each sensor's own rate, but at most at 100 Hz.
            root: folder of the devices.
            clock: when to poll.
        """
        devices = {"accelerometer": accelerometer, **({"gyroscope": gyroscope} if gyroscope else {})}
        self._names = {sensor: device.name for sensor, device in devices.items()}
        self._rate_hz, self._root, self._clock = rate_hz, root, clock or Clock()
        self._sensors = [IioSensor(sensor, device) for sensor, device in devices.items()]
        names = dict.fromkeys(self._names.values())
        rates = " and ".join(f"{rate:g}" for rate in dict.fromkeys(self._rate_of(each) for each in self._sensors))
        self.description = f"IIO {' and '.join(names)}, polled at {rates} Hz"
        self.report = SourceReport(
            rate_hz=min(self._rate_of(each) for each in self._sensors),
            units=f"acceleration in m/s^2{', angular rate in rad/s' if gyroscope else ''} (by the kernel's scale)",
            range=", ".join(each.range for each in self._sensors if each.range) or None,
            gyroscope=gyroscope is not None,
        )
        for each in self._sensors:
            each.check_readable()

    def __iter__(self) -> Iterator[SampleChunk]:
        while True:
            now_ns = self._clock.now_ns()
            streams = [_Stream(each, round(1e9 / self._rate_of(each)), now_ns, self.report) for each in self._sensors]
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
            self._wait_until_plugged_in()

    def close(self) -> None:
        """Nothing to release: each reading opens its files."""

    def _wait_until_plugged_in(self) -> None:
        self.report.say(f"{' and '.join(dict.fromkeys(self._names.values()))}: unplugged; plug it in again")
        while True:
            self._clock.wait_until(self._clock.now_ns() + RETRY_NS)
            found = {(sensor, device.name): device for device in list_iio(self._root) for sensor in device.sensors}
            with contextlib.suppress(KeyError, SourceError):  # Missing, or its driver has not made all files yet.
                self._sensors = [IioSensor(sensor, found[sensor, name]) for sensor, name in self._names.items()]
                self.report.reconnections += 1
                self.report.say(None)
                return

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
