"""One IIO sensor: its files, and the conversion of its readings to SI units along the board's axes.

According to the kernel's Documentation/ABI/testing/sysfs-bus-iio, `in_accel_x_raw` and its like are integers, and
(raw + offset) * scale is m/s^2 or rad/s. The mount matrix turns the chip's axes into the board's; a board lying flat
reads +9.81 on z (Documentation/devicetree/bindings/iio/mount-matrix.txt).
"""

import errno
import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.sources.iio.devices import AXES, PREFIXES, IioDevice, read_text

UNITS: Final = {"accelerometer": "m/s^2", "gyroscope": "rad/s"}


class IioSensor:
    """One sensor of a device.

    Raises:
        SourceError: an attribute is missing or invalid, or the sensor is too slow.
    """

    def __init__(self, kind: str, device: IioDevice):
        self.kind, self.device = kind, device
        self._prefix = prefix = PREFIXES[kind]
        self._files = [str(device.path / f"{prefix}_{axis}_raw") for axis in AXES]
        self._scale = np.array([self._required(f"{prefix}_{axis}_scale", f"{prefix}_scale") for axis in AXES])
        self._offset = np.array([self._number(f"{prefix}_{axis}_offset", f"{prefix}_offset") or 0.0 for axis in AXES])
        self._matrix = self._mount_matrix()
        self.frequency_hz = self._number(f"{prefix}_sampling_frequency", "sampling_frequency") or None
        if self.frequency_hz is not None and self.frequency_hz < 0.95 * MIN_RATE_HZ:
            rates = read_text(device.path / "sampling_frequency_available")
            raise SourceError(
                f"{device.name}: its {kind} samples at {self.frequency_hz:g} Hz, but at least {MIN_RATE_HZ} Hz are "
                f"needed; write one of {rates or '50, 100'} to {device.path}/sampling_frequency"
            )

    @property
    def range(self) -> str | None:
        """Full scale, from the width of the raw number (a type such as "le:s12/16>>4") and the scale."""
        storage = read_text(self.device.path / "scan_elements" / f"{self._prefix}_x_type") or ""
        sign, _, bits = storage.partition(":")[2].partition("/")[0].partition("s")
        if sign or not bits.isdecimal() or not 1 < int(bits) <= 64:
            return None
        return f"{self.kind} +-{2.0 ** (int(bits) - 1) * float(abs(self._scale[0])):.3g} {UNITS[self.kind]}"

    def raw(self) -> tuple[int, int, int]:
        """Read the three axes.

        Raises:
            OSError: a file cannot be read.
            ValueError: its content is not a number.
        """
        x, y, z = (int(_read(file)) for file in self._files)
        return x, y, z

    def si(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert raw readings, shape (n, 3), to m/s^2 or rad/s."""
        with np.errstate(all="ignore"):  # What is infinite is dropped and counted later.
            return ((raw + self._offset) * self._scale) @ self._matrix.T

    def check_readable(self) -> None:
        """Make sure that the sensor can be read.

        Raises:
            SourceError: it cannot be read.
        """
        try:
            self.raw()
        except OSError as error:
            why = error.strerror or str(error)
            if error.errno == errno.EBUSY:
                why = "in use through its buffer; stop what uses it, such as the service iio-sensor-proxy"
            elif error.errno in (errno.EACCES, errno.EPERM):
                why = "not allowed; change the rights of its files with a udev rule"
            raise SourceError(f"{self.device.path}: the {self.kind} cannot be read: {why}") from error
        except ValueError as error:
            raise SourceError(f"{self.device.path}: the {self.kind} cannot be read ({error})") from error

    def _required(self, *names: str) -> float:
        number = self._number(*names)
        if not number:
            problem = "is 0" if number == 0 else "is missing"
            raise SourceError(f"{self.device.path}: {names[-1]} {problem}, so the {self.kind} has no unit")
        return number

    def _number(self, *names: str) -> float | None:
        """The first of these attributes that exists."""
        for name in names:
            text = read_text(self.device.path / name)
            if text is None:
                continue
            try:
                number = float(text)
            except ValueError:
                number = np.nan
            if not np.isfinite(number):
                raise SourceError(f"{self.device.path / name}: '{text[:40]}' is not a number")
            return number
        return None

    def _mount_matrix(self) -> NDArray[np.float64]:
        for name in (f"{self._prefix}_mount_matrix", "in_mount_matrix", "mount_matrix"):
            text = read_text(self.device.path / name)
            if text is None:
                continue
            try:
                matrix = np.array([[float(cell) for cell in row.split(",")] for row in text.split(";")])
            except ValueError:
                matrix = np.zeros((3, 3))
            # Larger cells than 2 are no rotation's, and their products may be infinite.
            is_small = matrix.shape == (3, 3) and bool((np.abs(matrix) < 2).all())  # False for NaN.
            if not is_small or not np.allclose(matrix @ matrix.T, np.eye(3), atol=0.05):
                raise SourceError(
                    f"{self.device.path / name}: '{text[:60]}' is not a 3 x 3 rotation; correct the device tree"
                )
            return matrix
        return np.eye(3)


def _read(file: str) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 64)
    finally:
        os.close(descriptor)
