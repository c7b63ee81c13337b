"""The IIO devices of this computer, and the choice of one by its name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from har_runtime.errors import SourceError

SYSFS: Final = Path("/sys/bus/iio/devices")
PREFIXES: Final = {"accelerometer": "in_accel", "gyroscope": "in_anglvel"}
AXES: Final = "xyz"


@dataclass(frozen=True)
class IioDevice:
    """A device with an accelerometer, a gyroscope or both."""

    name: str
    """The driver's name for it, usually the part number."""
    path: Path
    """Its folder, which ends in `iio:deviceN`; N may change when it is plugged in again."""
    sensors: tuple[str, ...]
    """Keys of `PREFIXES`."""


def list_iio(root: Path = SYSFS) -> list[IioDevice]:
    """The devices of this computer that have at least one of the two sensors, ordered by number."""
    found: list[IioDevice] = []
    for path in sorted(root.glob("iio:device*"), key=lambda path: (len(path.name), path.name)):
        sensors = tuple(
            sensor
            for sensor, prefix in PREFIXES.items()
            if all((path / f"{prefix}_{axis}_raw").exists() for axis in AXES)
        )
        if sensors:
            found.append(IioDevice(read_text(path / "name") or path.name, path, sensors))
    return found


def choose_devices(target: str, root: Path = SYSFS) -> tuple[IioDevice, IioDevice]:
    """The devices that a target names for accelerometer and gyroscope, usually the same device twice.

    Raises:
        SourceError: no device has that name, or several fit.
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
        _choose_device(target, devices, sensor, names[min(index, len(names) - 1)] if names else None)
        for index, sensor in enumerate(PREFIXES)
    )
    return accelerometer, gyroscope


def read_text(file: Path) -> str | None:
    """The content of an attribute, None if it is missing or cannot be read."""
    try:
        return file.read_bytes()[:4096].decode(errors="replace").strip()
    except OSError:
        return None


def _choose_device(target: str, devices: list[IioDevice], sensor: str, name: str | None) -> IioDevice:
    named = [d for d in devices if name in (None, d.name, d.path.name, d.path.name.removeprefix("iio:"))]
    fitting = [device for device in named if sensor in device.sensors]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{d.path.name} {d.name} ({', '.join(d.sensors)})" for d in fitting or named or devices)
    if fitting:
        raise SourceError(f"iio:{target}: more than one {sensor}; name the device, as in iio:device0: {listed}")
    if named:
        raise SourceError(f"iio:{target}: it has no {sensor}; name two devices as iio:ACC,GYRO; there are: {listed}")
    listed = listed or "none (is the driver of the sensor loaded?)"
    raise SourceError(f"iio:{target}: no such device; there are: {listed}")
