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


def choose_devices(target: str, root: Path = SYSFS) -> tuple[IioDevice, IioDevice | None]:
    """The devices that a target names for accelerometer and gyroscope, usually the same device twice.

    The second is None if the target is one name, or empty, and nothing of that name has a gyroscope.

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
    first, last = (names[0], names[-1]) if names else (None, None)
    accelerometer = _choose_device(target, devices, "accelerometer", first)
    if len(names) < 2 and not any("gyroscope" in device.sensors for device in _named(devices, first)):
        return accelerometer, None
    return accelerometer, _choose_device(target, devices, "gyroscope", last)


def read_text(file: Path) -> str | None:
    """The content of an attribute, None if it is missing or cannot be read."""
    try:
        return file.read_bytes()[:4096].decode(errors="replace").strip()
    except OSError:
        return None


def _named(devices: list[IioDevice], name: str | None) -> list[IioDevice]:
    """The devices of a name, which may be that of the folder; all for None."""
    return [each for each in devices if name in (None, each.name, each.path.name, each.path.name.removeprefix("iio:"))]


def _choose_device(target: str, devices: list[IioDevice], sensor: str, name: str | None) -> IioDevice:
    named = _named(devices, name)
    fitting = [device for device in named if sensor in device.sensors]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{d.path.name} {d.name} ({', '.join(d.sensors)})" for d in fitting or named or devices)
    if fitting:
        raise SourceError(f"iio:{target}: more than one {sensor}; name the device, as in iio:device0: {listed}")
    if named:
        raise SourceError(f"iio:{target}: it has no {sensor}; name two devices as iio:ACC,GYRO; there are: {listed}")
    if not listed:
        raise SourceError(f"iio:{target} finds nothing: there is no IIO device; is the driver of the sensor loaded?")
    raise SourceError(f"iio:{target}: no such device; there are: {listed}")
