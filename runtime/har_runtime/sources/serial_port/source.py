"""`serial:/dev/ttyUSB0` or `serial:auto` - an IMU on a serial port, which may be unplugged and plugged in again.

Options: format=csv|witmotion and baud=N (found by listening if missing), rate=50|100 (a WitMotion is set to this rate,
50 by default; for lines without a time column it is their nominal rate), unit=auto|g|mg|m/s2|N (counts a g),
gyro=deg/s|rad/s|N (counts a deg/s), columns=time_ms,ax,ay,az,gx,gy,gz (for lines without a header), sign=apple (all
three axes of acceleration are reversed), device=A (of several whose lines take turns, the first word or number of those
to read). Lines may have an accelerometer alone.
"""

import contextlib
import errno
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.units import SIGNS, acceleration_unit, angular_rate_unit
from har_runtime.sources.base import SourceReport
from har_runtime.sources.columns import columns_by_name
from har_runtime.sources.serial_port.decode import Decoder, TextDecoder, WitmotionDecoder
from har_runtime.sources.serial_port.lull import Lull
from har_runtime.sources.serial_port.ports import known_ports, port_lines, serial_ports
from har_runtime.sources.serial_port.probe import BAUDS, FORMATS, probe, silence_message
from har_runtime.sources.serial_port.read_times import ReadTimes
from har_runtime.sources.serial_port.witmotion_setup import set_up
from har_runtime.uri import Uri, one_of, whole_number

if TYPE_CHECKING:
    from serial import Serial

try:
    from termios import error as TermiosError  # noqa: N812 - pyserial lets it through when a port vanishes.
except ImportError:  # Windows.
    TermiosError = OSError

_LOG = logging.getLogger(__name__)
SETTLE_S = (0.001, 0.004)
"""The shortest and the longest time that the rest of a sample has to arrive after its first byte."""
SETTLE_BYTES = 40
"""Of a sample, for the same."""
SILENCE_S = 1.0
"""How long a read waits for its first byte."""
SILENT_READS = 3
"""Reads without a byte, one after the other, that end the wait for more samples to show their units."""
RETRY_S = 0.25
"""Time between two searches for an unplugged port."""
WITMOTION_RATES = (50, 100)
BAUD_LIMITS = (300, 12_000_000)
RATE_LIMITS = (MIN_RATE_HZ, 1000)
"""Hz. The faster limit is that of the resampler's buffers."""


@dataclass(frozen=True)
class SerialOptions:
    """What the URI says about a sensor."""

    format: str | None = None
    baud: int | None = None
    rate_hz: int | None = None
    unit: str | None = None
    gyro: str | None = None
    columns: tuple[str, ...] | None = None
    sign: str = "android"
    """A key of `units.SIGNS`."""
    device: str | None = None
    """The first word or number of the lines to read, if those of several devices take turns."""


def open_serial(uri: Uri) -> "SerialSource":
    """The source of a `serial:` URI.

    Raises:
        SourceError: invalid options, no such port, or no known format on it.
    """
    uri.only("format", "baud", "rate", "unit", "gyro", "columns", "sign", "device")
    if not uri.target:
        raise SourceError("serial: needs a port, such as serial:/dev/ttyUSB0, or serial:auto")
    options = SerialOptions(
        uri.option("format", one_of(FORMATS), None),
        uri.option("baud", whole_number(*BAUD_LIMITS), None),
        uri.option("rate", whole_number(*RATE_LIMITS), None),
        uri.option("unit", lambda text: None if text == "auto" else acceleration_unit(text).name, None),
        uri.option("gyro", lambda text: angular_rate_unit(text).name, None),
        uri.option("columns", _column_names, None),
        uri.option("sign", one_of(tuple(SIGNS)), "android"),
        uri.option("device", str.strip, None) or None,
    )
    return SerialSource(uri.target, options)


class SerialSource:
    """Samples of the IMU on a serial port."""

    def __init__(self, target: str, options: SerialOptions, patience_s: float = 5.0):
        """Open the port, find the format, and set up the sensor.

        Args:
            target: the port's path, or "auto" for the one with a known USB id.
            options: what is known about the sensor.
            patience_s: how long to wait for the first sample while no valid data arrives.
        """
        self.report = SourceReport()
        self._options, self._patience_s = options, patience_s
        self._path = _the_known_port() if target == "auto" else target
        self._identity = _identity(self._path)
        self._others = {port.path for port in serial_ports()}
        self._start_s = time.monotonic()
        self._times = ReadTimes()
        self._has_waited = False
        self._useless_bytes = self._silent_reads = 0
        self._port = open_port(self._path, options.baud or BAUDS[0])
        try:
            formats = [options.format] if options.format else list(FORMATS)
            if options.format and options.baud:
                self._format, self._baud, self._first = options.format, options.baud, b""
            else:
                found = probe(self._port, formats, [options.baud] if options.baud else BAUDS)
                # Lines are kept because they may include the header; frames date from before the setup.
                self._format, self._baud, self._first = found.format, found.baud, found.lines
            self._decoder = self._set_up()
        except (OSError, TermiosError) as error:
            self._port.close()
            raise SourceError(f"{self._path}: {error}; plug it in again") from error
        except BaseException:
            self._port.close()
            raise
        self.description = f"{self._path} ({self._decoder.content}, {self._baud} baud)"
        self._patience_end_s = time.monotonic() + patience_s

    def __iter__(self) -> Iterator[SampleChunk]:
        """Chunks endlessly: of a tenth of a second, or up to the sample that is due.

        Raises:
            SourceError: no valid data arrives, or its units cannot be found.
        """
        data, self._first = self._first, b""
        lull = Lull(self._path, time.monotonic())
        while True:
            now_s = time.monotonic()
            try:
                chunk = self._decoder.push(data, round((now_s - self._start_s) * 1e9))
            except SourceError as error:
                raise SourceError(f"{self._path}: {error}") from error
            newest_ns = None if chunk is None else int(chunk.times_ns[-1])
            self._times.step(now_s, len(data), newest_ns, self._has_waited)
            self.report.say(lull.step(now_s, len(data), chunk is not None, self._decoder.problem))
            if chunk is not None:
                yield self._signed(chunk)
            elif not self._decoder.samples:
                self._check_patience(len(data))
            try:
                data = self._read()
            except (OSError, TermiosError):  # pyserial's SerialException is an OSError.
                data = b""
                self._reconnect()

    def close(self) -> None:
        self._port.close()

    def _signed(self, chunk: SampleChunk) -> SampleChunk:
        """The chunk with Android's sign."""
        if self._options.sign == "android" or chunk.acc is None:
            return chunk
        return replace(chunk, acc=SIGNS[self._options.sign] * chunk.acc)

    def _set_up(self) -> Decoder:
        options = self._options
        if self._format == "csv":
            self.report.rate_hz = options.rate_hz
            return TextDecoder(self.report, options.unit, options.gyro, options.columns, options.device)
        self._set_up_witmotion()
        return WitmotionDecoder(self.report)

    def _set_up_witmotion(self) -> None:
        rate_hz = self._options.rate_hz or WITMOTION_RATES[0]
        if rate_hz not in WITMOTION_RATES:
            raise SourceError(f"serial: a WitMotion sensor is set to rate=50 or rate=100, not {rate_hz}")
        self.report.rate_hz = set_up(self._port, rate_hz)
        self._baud = self._port.baudrate

    def _read(self) -> bytes:
        """The bytes since the last call; empty after a second of silence."""
        wait_s = self._times.wait_s(time.monotonic(), self.report.due_ns)
        if wait_s > 0:
            time.sleep(wait_s)
        waiting = self._port.in_waiting
        self._has_waited = not waiting
        if waiting:
            return self._port.read(waiting)
        first = self._port.read(1)
        if first:
            time.sleep(min(max(SETTLE_S[0], 10 * SETTLE_BYTES / self._baud), SETTLE_S[1]))
        return first + self._port.read(self._port.in_waiting)

    def _check_patience(self, count: int) -> None:
        self._useless_bytes += count
        self._silent_reads = 0 if count else self._silent_reads + 1
        if time.monotonic() < self._patience_end_s:
            return
        if not self._useless_bytes:
            raise SourceError(silence_message(self._path, self._patience_s))
        if self._decoder.rows and self._silent_reads < SILENT_READS:
            return  # Samples arrive, but their unit is not known yet.
        if problem := self._decoder.problem():
            raise SourceError(f"{self._path}: {problem}")
        if self._decoder.rows:
            return
        raise SourceError(
            f"{self._path}: {self._useless_bytes} bytes in {self._patience_s:.0f} s, no {self._decoder.content} among "
            f"them: probably the sensor's baud rate is not {self._baud}; leave baud out to have it found"
        )

    def _reconnect(self) -> None:
        """Wait until the port is back, however long it takes."""
        self.report.say(f"{self._path}: it can no longer be read; waiting until it is plugged in again")
        self._port.close()
        self._decoder.restart()
        self._times = ReadTimes()
        while True:
            # Right after it is plugged in, a port may not be readable or not answer yet.
            with contextlib.suppress(SourceError, OSError, TermiosError):
                self._port = open_port(self._find_again(), self._baud)
                if self._format == "witmotion":
                    self._set_up_witmotion()
                break
            self._port.close()
            time.sleep(RETRY_S)
        self.report.reconnections += 1
        _LOG.info("%s: it is back", self._port.port)
        self.report.say(None)

    def _find_again(self) -> str:
        """The port's path, or the path of a new port with the same USB id: the kernel may give it another number."""
        if self._identity is not None and _identity(self._path) != self._identity:
            for port in serial_ports():
                if port.identity == self._identity and port.path not in self._others:
                    return port.path
        return self._path


def open_port(path: str, baud: int) -> "Serial":
    """Open a serial port for exclusive use.

    Raises:
        SourceError: it is missing, not permitted, in use, or not a serial port.
    """
    import serial

    try:
        return serial.Serial(path, baud, timeout=SILENCE_S, write_timeout=SILENCE_S, exclusive=True)
    except (OSError, TermiosError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number == errno.ENOENT:
            listed = ", ".join(port.path for port in serial_ports()) or "none"
            raise SourceError(f"{path}: no such port; there are: {listed}") from error
        if number == errno.EACCES:
            raise SourceError(
                f"{path}: permission denied; join the group that owns it (sudo usermod -aG {_group(path)} $USER) and "
                "log in again"
            ) from error
        if number in (errno.EAGAIN, errno.EBUSY):
            raise SourceError(f"{path}: in use by another program; close that one") from error
        raise SourceError(f"{path}: cannot be opened as a serial port ({error}); give another one") from error


def _the_known_port() -> str:
    known = known_ports()
    if len(known) == 1:
        return known[0].path
    ports = known or serial_ports()
    listed = "; ".join(" ".join(line.split()) for line in port_lines(ports))
    if known:
        raise SourceError(f"serial:auto: several ports have a known USB id; name one of them: {listed}")
    raise SourceError(f"serial:auto: no port has a known USB id; name one of these: {listed or 'none'}")


def _identity(path: str) -> tuple[str | None, str | None] | None:
    real = str(Path(path).resolve())
    return next((port.identity for port in serial_ports() if port.path == real and port.usb), None)


def _group(path: str) -> str:
    try:
        return Path(path).group()
    except (OSError, KeyError):
        return "dialout"


def _column_names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if columns_by_name(names) is None:
        raise ValueError("among them must be ax, ay, az and, if there is a gyroscope, gx, gy, gz")
    return names
