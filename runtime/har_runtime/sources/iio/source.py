"""`iio:`, `iio:NAME`, `iio:device0`, `iio:ACC,GYRO` - sensors of Linux's Industrial I/O subsystem.

Both sensors may belong to one device, or to two; a device may have an accelerometer alone. They are read by the
kernel's buffer, and polled where there is none, or if nobody may set it up. Options: rate=HZ (polled at this rate),
read=buffer|poll.
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.iio.buffered import Buffered
from har_runtime.sources.iio.devices import SYSFS, IioDevice, choose_devices, list_iio
from har_runtime.sources.iio.polling import Clock, Polling
from har_runtime.sources.iio.scan import NoBufferError
from har_runtime.sources.iio.sensor import IioSensor
from har_runtime.uri import Uri, number, one_of

_LOG = logging.getLogger(__name__)
NODES: Final = Path("/dev")
MAX_HZ: Final = 1000
RETRY_NS: Final = 500_000_000
"""Time between two searches for an unplugged device; longer than the gap that ends a segment."""
WAYS: Final = ("buffer", "poll")


def open_iio(uri: Uri, root: Path = SYSFS, nodes: Path = NODES) -> "Iio":
    """The source of an `iio:` URI.

    Raises:
        SourceError: as for `Iio`; or an option is invalid.
    """
    uri.only("rate", "read")
    rate_hz = uri.option("rate", number(MIN_RATE_HZ, MAX_HZ), None)
    way = uri.option("read", one_of(WAYS), None)
    if rate_hz is not None and way == "buffer":
        raise SourceError("iio: rate= is for polling; a buffer has the rate of its sensor: leave rate= or read= out")
    accelerometer, gyroscope = choose_devices(uri.target, root)
    return Iio(accelerometer, gyroscope, rate_hz=rate_hz, way=way, root=root, nodes=nodes)


class Iio:
    """Samples of an accelerometer and, if there is one, a gyroscope.

    Raises:
        SourceError: an attribute is missing or invalid, a sensor is too slow or cannot be read, or `way` is "buffer"
            and it has none that can be used.
    """

    def __init__(
        self,
        accelerometer: IioDevice,
        gyroscope: IioDevice | None,
        rate_hz: float | None = None,
        way: str | None = None,
        root: Path = SYSFS,
        nodes: Path = NODES,
        clock: Clock | None = None,
    ):
        """A source.

        Args:
            accelerometer: the device whose accelerometer is read.
            gyroscope: the device whose gyroscope is read; None for the accelerometer alone.
            rate_hz: polling rate; None for the buffer if there is one, else for each sensor's own rate, but at most
                100 Hz.
            way: "buffer" or "poll"; None for the buffer if it can be used.
            root: folder of the devices.
            nodes: folder of their nodes.
            clock: when to poll.
        """
        devices = {"accelerometer": accelerometer, **({"gyroscope": gyroscope} if gyroscope else {})}
        self._names = {sensor: device.name for sensor, device in devices.items()}
        self._rate_hz, self._way, self._root, self._nodes = rate_hz, way, root, nodes
        self._clock = clock or Clock()
        self.report = SourceReport(gyroscope=gyroscope is not None)
        sensors = [IioSensor(sensor, device) for sensor, device in devices.items()]
        self._reading = self._open(sensors)
        self.report.rate_hz = min((rate for rate in self._reading.rates_hz if rate), default=None)
        self.report.units = (
            f"acceleration in m/s^2{', angular rate in rad/s' if gyroscope else ''} (by the kernel's scale)"
        )
        self.report.range = ", ".join(each.range for each in sensors if each.range) or None
        names = dict.fromkeys(self._names.values())
        self.description = f"IIO {' and '.join(names)}, {self._reading.description}"

    def __iter__(self) -> Iterator[SampleChunk]:
        while True:
            yield from self._reading.chunks()
            self._reading.close()
            self._wait_until_plugged_in()

    def close(self) -> None:
        self._reading.close()

    def _open(self, sensors: Sequence[IioSensor]) -> Polling | Buffered:
        if self._way != "poll" and self._rate_hz is None:
            try:
                return Buffered(sensors, self._nodes, self.report)
            except NoBufferError as error:
                names = " and ".join(dict.fromkeys(self._names.values()))
                if self._way == "buffer":
                    why = str(error) or "it has none"
                    raise SourceError(f"{names}: its buffer cannot be used: {why}; read=poll does without") from error
                if str(error):
                    _LOG.warning("%s: polled, as its buffer cannot be used: %s", names, error)
        return Polling(sensors, self._rate_hz, self._clock, self.report)

    def _wait_until_plugged_in(self) -> None:
        self.report.say(f"{' and '.join(dict.fromkeys(self._names.values()))}: unplugged; plug it in again")
        while True:
            self._clock.wait_until(self._clock.now_ns() + RETRY_NS)
            found = {(sensor, device.name): device for device in list_iio(self._root) for sensor in device.sensors}
            with contextlib.suppress(KeyError, SourceError):  # Missing, or its driver has not made all files yet.
                self._reading = self._open(
                    [IioSensor(sensor, found[sensor, name]) for sensor, name in self._names.items()]
                )
                self.report.reconnections += 1
                self.report.say(None)
                return
