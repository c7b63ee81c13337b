"""`iio:`, `iio:NAME`, `iio:device0`, `iio:ACC,GYRO` - sensors of Linux's Industrial I/O subsystem, read through sysfs.

By the kernel's Documentation/ABI/testing/sysfs-bus-iio: `in_accel_x_raw` and its like are integers; (raw + offset) *
scale is m/s^2 or rad/s; the mount matrix turns the chip's axes into the board's, where a board lying flat reads +9.81
on z (Documentation/devicetree/bindings/iio/mount-matrix.txt). Both sensors may be of one device, or of two.

The files are polled by the computer's monotonic clock, and a sample has the time at which it was read. That needs no
rights and no set-up, and has limits: a reading is up to one period older than its time, it is now and then the same
twice or one is passed over (the sensor's clock is not the computer's), and the jitter is that of the scheduler.
"""

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MIN_RATE_HZ, SAMPLE_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.uri import Uri

SYSFS: Final = Path("/sys/bus/iio/devices")
PREFIXES: Final = {"accelerometer": "in_accel", "gyroscope": "in_anglvel"}
UNITS: Final = {"accelerometer": "m/s^2", "gyroscope": "rad/s"}
AXES: Final = "xyz"
MOST_HZ: Final = 100.0
"""Faster sensors are polled at this rate unless `rate` asks for more: it is twice what the model needs."""
CHUNK_NS: Final = 100_000_000
RETRY_NS: Final = 500_000_000
"""Between two looks for a device that has gone; longer than the gap that ends a segment."""
GONE: Final = (errno.ENODEV, errno.ENOENT, errno.ENXIO)


@dataclass(frozen=True)
class IioDevice:
    """A device with an accelerometer, a gyroscope or both."""

    name: str
    """What the driver calls it, mostly the part number."""
    path: Path
    """Its folder, which ends in `iio:deviceN`; N may be another one after a restart."""
    sensors: tuple[str, ...]
    """Of `PREFIXES`."""


def list_iio(root: Path = SYSFS) -> list[IioDevice]:
    """The devices of this computer that have at least one of the two sensors, by their numbers."""
    found: list[IioDevice] = []
    for path in sorted(root.glob("iio:device*"), key=lambda path: (len(path.name), path.name)):
        sensors = tuple(
            sensor
            for sensor, prefix in PREFIXES.items()
            if all((path / f"{prefix}_{axis}_raw").exists() for axis in AXES)
        )
        if sensors:
            found.append(IioDevice(_text(path / "name") or path.name, path, sensors))
    return found


def open_iio(uri: Uri, root: Path = SYSFS) -> "Iio":
    """The source of an `iio:` URI; `rate` is in Hz."""
    uri.only("rate")
    return Iio(*choose(uri.target, root), rate_hz=uri.option("rate", _rate, None), root=root)


def choose(target: str, root: Path = SYSFS) -> tuple[IioDevice, IioDevice]:
    """The device of the accelerometer and that of the gyroscope which a target names, mostly the same one.

    Raises:
        SourceError: there is none of that name, or more than one to choose from.
    """
    devices = list_iio(root)
    names = [name.strip() for name in target.split(",")] if target else []
    if len(names) > 2:
        raise SourceError(f"iio:{target}: give one device, or two as ACCELEROMETER,GYROSCOPE")
    if not names:
        both = [device for device in devices if len(device.sensors) == len(PREFIXES)]
        if len(both) == 1:
            return both[0], both[0]
    accelerometer, gyroscope = (
        _the_one(target, devices, sensor, names[min(index, len(names) - 1)] if names else None)
        for index, sensor in enumerate(PREFIXES)
    )
    return accelerometer, gyroscope


def _the_one(target: str, devices: list[IioDevice], sensor: str, name: str | None) -> IioDevice:
    named = [d for d in devices if name in (None, d.name, d.path.name, d.path.name.removeprefix("iio:"))]
    fitting = [device for device in named if sensor in device.sensors]
    if len(fitting) == 1:
        return fitting[0]
    there = "; ".join(f"{d.path.name} {d.name} ({', '.join(d.sensors)})" for d in fitting or named or devices)
    if fitting:
        raise SourceError(f"iio:{target}: more than one {sensor}; name the device, as in iio:device0: {there}")
    if named:
        raise SourceError(f"iio:{target}: no {sensor} there; name two devices as iio:ACC,GYRO; there are: {there}")
    raise SourceError(
        f"iio:{target}: no such device; there are: {there or 'none (is the driver of the sensor loaded?)'}"
    )


class Clock:
    """The computer's monotonic clock."""

    def now_ns(self) -> int:
        """The time."""
        return time.monotonic_ns()

    def wait_until(self, due_ns: int) -> None:
        """Sleep until `due_ns`."""
        if (wait_ns := due_ns - self.now_ns()) > 0:
            time.sleep(wait_ns / 1e9)


class Iio:
    """Samples of an accelerometer and a gyroscope, each polled at its own rate.

    Raises:
        SourceError: an attribute that is missing or makes no sense, a sensor that cannot be read or is too slow.
    """

    def __init__(
        self,
        accelerometer: IioDevice,
        gyroscope: IioDevice,
        rate_hz: float | None = None,
        root: Path = SYSFS,
        clock: Clock | None = None,
    ):
        """A source.

        Args:
            accelerometer: whose accelerometer is read.
            gyroscope: whose gyroscope is read.
            rate_hz: at which to poll; at the sensors' own rates, 100 Hz at most, where it is None.
            root: where the devices lie.
            clock: to poll by.
        """
        self._names = {"accelerometer": accelerometer.name, "gyroscope": gyroscope.name}
        self._rate_hz, self._root, self._clock = rate_hz, root, clock or Clock()
        self._sensors = [_Sensor("accelerometer", accelerometer), _Sensor("gyroscope", gyroscope)]
        names = dict.fromkeys(self._names.values())
        rates = " and ".join(f"{rate:g}" for rate in dict.fromkeys(self._rate_of(each) for each in self._sensors))
        self.description = f"IIO {' and '.join(names)}, polled at {rates} Hz"
        self.report = SourceReport(
            rate_hz=min(self._rate_of(each) for each in self._sensors),
            units="acceleration in m/s^2, angular rate in rad/s (by the kernel's scale)",
            range=", ".join(each.range for each in self._sensors if each.range) or None,
        )
        for each in self._sensors:
            each.try_reading()

    def __iter__(self) -> Iterator[SampleChunk]:
        while True:
            now_ns = self._clock.now_ns()
            streams = [_Stream(each, round(1e9 / self._rate_of(each)), now_ns, self.report) for each in self._sensors]
            gone = False
            while not gone:
                stream = min(streams, key=lambda stream: stream.due_ns)
                self._clock.wait_until(stream.due_ns)
                gone = not stream.read(self._clock)
                if stream.is_full:
                    yield stream.chunk()
            for stream in streams:
                if stream.times_ns:
                    yield stream.chunk()
            self._wait_until_back()

    def close(self) -> None:
        """Nothing to let go of: each reading opens its files anew."""

    def _wait_until_back(self) -> None:
        while True:
            self._clock.wait_until(self._clock.now_ns() + RETRY_NS)
            found = {(sensor, device.name): device for device in list_iio(self._root) for sensor in device.sensors}
            with contextlib.suppress(KeyError, SourceError):  # Not there, or not yet with all of its files.
                self._sensors = [_Sensor(sensor, found[sensor, name]) for sensor, name in self._names.items()]
                self.report.reconnections += 1
                return

    def _rate_of(self, sensor: "_Sensor") -> float:
        asked = self._rate_hz or (MOST_HZ if sensor.frequency_hz else SAMPLE_RATE_HZ)
        return min(asked, sensor.frequency_hz or asked)  # Faster than the sensor, each reading would come twice.


class _Sensor:
    """One sensor of a device: its files, and what turns them into SI units along the board's axes."""

    def __init__(self, kind: str, device: IioDevice):
        self.kind, self._device = kind, device
        self._prefix = prefix = PREFIXES[kind]
        self._files = [str(device.path / f"{prefix}_{axis}_raw") for axis in AXES]
        self._scale = np.array([self._required(f"{prefix}_{axis}_scale", f"{prefix}_scale") for axis in AXES])
        self._offset = np.array([self._number(f"{prefix}_{axis}_offset", f"{prefix}_offset") or 0.0 for axis in AXES])
        self._matrix = self._mount_matrix()
        self.frequency_hz = self._number(f"{prefix}_sampling_frequency", "sampling_frequency") or None
        if self.frequency_hz is not None and self.frequency_hz < 0.95 * MIN_RATE_HZ:
            rates = _text(device.path / "sampling_frequency_available")
            raise SourceError(
                f"{device.name}: its {kind} samples at {self.frequency_hz:g} Hz, needed are {MIN_RATE_HZ} Hz or more; "
                f"write one of {rates or '50, 100'} to {device.path}/sampling_frequency"
            )

    @property
    def range(self) -> str | None:
        """Full scale, by the width of the raw number (a type such as "le:s12/16>>4") and the scale."""
        storage = _text(self._device.path / "scan_elements" / f"{self._prefix}_x_type") or ""
        sign, _, bits = storage.partition(":")[2].partition("/")[0].partition("s")
        if sign or not bits.isdecimal() or not 1 < int(bits) <= 64:
            return None
        return f"{self.kind} +-{2.0 ** (int(bits) - 1) * abs(self._scale[0]):.3g} {UNITS[self.kind]}"

    def raw(self) -> tuple[int, int, int]:
        """A reading.

        Raises:
            OSError: it cannot be read.
            ValueError: what is read is no number.
        """
        x, y, z = (int(_read(file)) for file in self._files)
        return x, y, z

    def si(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Readings, shape (n, 3), as m/s^2 or rad/s."""
        return ((raw + self._offset) * self._scale) @ self._matrix.T

    def try_reading(self) -> None:
        """Find out whether it can be read at all.

        Raises:
            SourceError: it cannot.
        """
        try:
            self.raw()
        except OSError as error:
            why = error.strerror or str(error)
            if error.errno == errno.EBUSY:
                why = "in use through its buffer; stop what uses it, such as the service iio-sensor-proxy"
            elif error.errno in (errno.EACCES, errno.EPERM):
                why = "not allowed; change the rights of its files with a udev rule"
            raise SourceError(f"{self._device.path}: the {self.kind} cannot be read: {why}") from error
        except ValueError as error:
            raise SourceError(f"{self._device.path}: the {self.kind} cannot be read ({error})") from error

    def _required(self, *names: str) -> float:
        number = self._number(*names)
        if not number:
            problem = "is 0" if number == 0 else "is missing"
            raise SourceError(f"{self._device.path}: {names[-1]} {problem}, so the {self.kind} has no unit")
        return number

    def _number(self, *names: str) -> float | None:
        """The first of these attributes that is there."""
        for name in names:
            text = _text(self._device.path / name)
            if text is None:
                continue
            try:
                number = float(text)
            except ValueError:
                number = np.nan
            if not np.isfinite(number):
                raise SourceError(f"{self._device.path / name}: '{text[:40]}' is no number")
            return number
        return None

    def _mount_matrix(self) -> NDArray[np.float64]:
        for name in (f"{self._prefix}_mount_matrix", "in_mount_matrix", "mount_matrix"):
            text = _text(self._device.path / name)
            if text is None:
                continue
            try:
                matrix = np.array([[float(cell) for cell in row.split(",")] for row in text.split(";")])
            except ValueError:
                matrix = np.zeros((3, 3))
            if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=0.05):
                raise SourceError(
                    f"{self._device.path / name}: '{text[:60]}' is no 3 x 3 rotation; mend the device tree"
                )
            return matrix
        return np.eye(3)


class _Stream:
    """One sensor's readings on their way into chunks."""

    def __init__(self, sensor: _Sensor, period_ns: int, now_ns: int, report: SourceReport):
        self._sensor, self._period_ns, self._report = sensor, period_ns, report
        self.due_ns = now_ns
        self.times_ns: list[int] = []
        self._rows: list[tuple[int, int, int]] = []

    @property
    def is_full(self) -> bool:
        return len(self.times_ns) * self._period_ns >= CHUNK_NS

    def read(self, clock: Clock) -> bool:
        """Take a reading; False where the device has gone."""
        begin_ns = clock.now_ns()
        missed = max(0, begin_ns - self.due_ns) // self._period_ns
        if missed:
            self._report.lost["reading missed, polled too late"] += missed
        self.due_ns += (missed + 1) * self._period_ns
        try:
            row = self._sensor.raw()
        except ValueError:
            self._report.lost["reading that is no number"] += 1
        except OSError as error:
            if error.errno in GONE:
                return False
            busy = error.errno == errno.EBUSY
            self._report.lost["device in use through its buffer" if busy else "reading that failed"] += 1
        else:
            # The three axes are read one after the other, over I2C in about a millisecond.
            self.times_ns.append((begin_ns + clock.now_ns()) // 2)
            self._rows.append(row)
        return True

    def chunk(self) -> SampleChunk:
        """What has been read since the last chunk, at least one sample."""
        times, values = np.array(self.times_ns, np.int64), self._sensor.si(np.array(self._rows, np.float64))
        self.times_ns, self._rows = [], []
        if self._sensor.kind == "accelerometer":
            return SampleChunk(times, values, None)
        return SampleChunk(times, None, values)


def _read(file: str) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 64)
    finally:
        os.close(descriptor)


def _text(file: Path) -> str | None:
    """What an attribute holds, or None where it is not there or cannot be read."""
    try:
        return file.read_bytes()[:4096].decode(errors="replace").strip()
    except OSError:
        return None


def _rate(text: str) -> float:
    rate = float(text)
    if not MIN_RATE_HZ <= rate <= 1000:
        raise ValueError(f"must be {MIN_RATE_HZ} to 1000 Hz")
    return rate
