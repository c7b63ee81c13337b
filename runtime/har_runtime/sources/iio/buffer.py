"""The buffer of an IIO device: the kernel takes each sample when it is there, with its time, and keeps it until read.

It is set up through sysfs, which needs the right to write there: channels, trigger, clock, then `buffer/enable`. The
records come from `/dev/iio:deviceN` (the kernel's Documentation/iio/iio_devbuf.rst). What was changed is put back
when it is closed.
"""

import contextlib
import errno
import os
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.iio.devices import AXES, PREFIXES, IioDevice, read_text
from har_runtime.sources.iio.scan import TIMESTAMP, NoBufferError, RecordLayout, read_element

LENGTH: Final = 4096
"""Records that the kernel keeps: four seconds at 1,000 Hz."""
CLOCK: Final = "monotonic"
"""One that is never set, unlike the kernel's default."""


class IioBuffer:
    """The buffer of one device, switched on.

    Args:
        kinds: of `PREFIXES`, the sensors that are read.
        nodes: the folder of the devices' nodes.

    Raises:
        NoBufferError: it has none, or it cannot be used.
    """

    def __init__(self, device: IioDevice, kinds: list[str], nodes: Path):
        self._path, self._kinds = device.path, kinds
        self._rest = b""
        self._before: list[tuple[Path, str]] = []
        """Attributes that were changed, and what they were."""
        if not (self._path / "buffer" / "enable").exists():
            raise NoBufferError("")
        self.fd = _open(nodes / device.path.name)
        try:
            self._switch_off()
            self._layout = self._switch_channels()
            self.trigger_hz = self._choose_trigger(device)
            """Rate of its trigger, Hz; None if the device has its own or none is known."""
            for name, text in (("buffer/length", str(LENGTH)), ("buffer/watermark", "1")):
                if (self._path / name).exists():
                    self._write(name, text)
            if (self._path / "current_timestamp_clock").exists():
                self._write("current_timestamp_clock", CLOCK)
            self._write("buffer/enable", "1")
        except BaseException:
            self.close()
            raise

    def read(self) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """The samples that are there: their times in nanoseconds, shape (n,), and the raw readings of each sensor,
        shape (n, 3); n may be 0.

        Raises:
            OSError: the device is unplugged.
        """
        try:
            data = os.read(self.fd, LENGTH * self._layout.size)
        except BlockingIOError:
            data = None
        if data == b"":  # The other end of a pipe was closed; a device gives ENODEV.
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        data = self._rest + (data or b"")
        whole = len(data) - len(data) % self._layout.size
        self._rest = data[whole:]
        columns = self._layout.columns(data[:whole])
        readings = {
            kind: np.stack([columns[f"{PREFIXES[kind]}_{axis}"] for axis in AXES], axis=1).astype(np.float64)
            for kind in self._kinds
        }
        return columns[TIMESTAMP], readings

    def close(self) -> None:
        """Switch it off, and put back what was changed."""
        with contextlib.suppress(OSError):
            os.close(self.fd)
        while self._before:
            path, text = self._before.pop()
            with contextlib.suppress(OSError):  # It may be unplugged.
                _write(path, text)

    def _switch_off(self) -> None:
        """Switch it off if it is on, as a program that was killed leaves it: nobody reads it now."""
        if read_text(self._path / "buffer" / "enable") != "0":
            self._write("buffer/enable", "0")
            self._before.pop()

    def _switch_channels(self) -> RecordLayout:
        """Switch on the channels that are read and no others; returns the layout of what is on then."""
        folder = self._path / "scan_elements"
        wanted = {f"{PREFIXES[kind]}_{axis}" for kind in self._kinds for axis in AXES} | {TIMESTAMP}
        for name in sorted(wanted):
            read_element(folder, name)  # Before anything is changed.
        names = sorted(path.name.removesuffix("_en") for path in folder.glob("*_en"))
        for name in names:
            self._write(f"scan_elements/{name}_en", str(int(name in wanted)))
        on = [name for name in names if read_text(folder / f"{name}_en") == "1"]
        if missing := wanted - set(on):
            raise NoBufferError(f"{min(missing)} cannot be switched on")
        return RecordLayout([read_element(folder, name) for name in on])

    def _choose_trigger(self, device: IioDevice) -> float | None:
        """Keep the trigger that is set, else take the device's own: its driver calls it NAME-devN."""
        attribute = self._path / "trigger" / "current_trigger"
        if not attribute.exists():
            return None  # The device fills its buffer by itself.
        triggers = {read_text(path / "name"): path for path in sorted(self._path.parent.glob("trigger*"))}
        name = read_text(attribute)
        if not name:
            name = f"{device.name}-dev{device.path.name.removeprefix('iio:device')}"
            if name not in triggers:
                raise NoBufferError(f"it has no trigger; write the name of one to {attribute}")
            self._write("trigger/current_trigger", name)
        rate = read_text(triggers[name] / "sampling_frequency") if name in triggers else None
        with contextlib.suppress(TypeError, ValueError):
            return float(rate)  # pyright: ignore[reportArgumentType]
        return None

    def _write(self, name: str, text: str) -> None:
        path = self._path / name
        before = read_text(path)
        if before == text:
            return
        try:
            _write(path, text)
        except OSError as error:
            raise NoBufferError(f"{path} cannot be written ({error.strerror}); a udev rule can allow it") from error
        self._before.append((path, before or ""))


def _open(node: Path) -> int:
    try:
        return os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise NoBufferError("something else uses it") from error
        raise NoBufferError(f"{node} cannot be opened ({error.strerror}); a udev rule can allow it") from error


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)
