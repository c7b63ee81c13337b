"""Finds the columns of a sensor's text lines, by their header or, without one, by their number and order."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.signal.units import rest_magnitude, unit_at_rest

CHANNEL_KEYS = ("ax", "ay", "az", "gx", "gy", "gz")
GYROSCOPE_KEYS = CHANNEL_KEYS[3:]

_ACCELERATION = re.compile(r"(?:a|acc|accel|acceleration|accelerometer)([xyz])(g|gs|mg|ms2|mps2|mss|)")
_ANGULAR_RATE = re.compile(
    r"(?:g|gyr|gyro|gyroscope|w|omega|rot|rotation|rotationrate|angularrate|angularvelocity)([xyz])"
    r"(dps|degs|degps|degsec|rads|radps|radsec|)"
)
_TIME_UNITS = {
    "s": "s", "sec": "s", "seconds": "s",
    "ms": "ms", "msec": "ms", "millis": "ms", "milliseconds": "ms",
    "us": "us", "usec": "us", "micros": "us", "microseconds": "us",
    "ns": "ns", "nanos": "ns", "nanoseconds": "ns",
    "": None,
}  # fmt: skip
_TIME = re.compile(f"(?:time|timestamp|t|rtctime|sampletime|)({'|'.join(_TIME_UNITS)})")
OPENLOG_ARTEMIS_MARK = "imudegc"


@dataclass(frozen=True)
class Columns:
    """Positions of the channels and the sensor time in a line, and the units that the header names."""

    width: int
    """Cells in a line."""
    channels: tuple[int, ...]
    """Cells of acceleration x, y, z and, if there is a gyroscope, angular rate x, y, z."""
    time: int | None = None
    time_unit: str | None = None
    """One of s, ms, us, ns; None if unknown."""
    acc_unit: str | None = None
    """A key of `units.ACCELERATION`."""
    gyro_unit: str | None = None
    """A key of `units.ANGULAR_RATE`."""

    @property
    def gyroscope(self) -> bool:
        """Whether there are angular rates."""
        return len(self.channels) == len(CHANNEL_KEYS)

    @property
    def wanted(self) -> tuple[int, ...]:
        """The time, if there is one, and the channels."""
        return self.channels if self.time is None else (self.time, *self.channels)


def columns_by_name(names: Sequence[str]) -> Columns | None:
    """The columns that a header names; None unless it names all six channels, or acceleration alone.

    >>> columns_by_name(["time_ms", "Acc X (g)", "accY", "AZ", "gyro_x [deg/s]", "gyr.y", "wz"])
    Columns(width=7, channels=(1, 2, 3, 4, 5, 6), time=0, time_unit='ms', acc_unit='g', gyro_unit='deg/s')
    """
    keys = [_compact(name) for name in names]
    found: dict[str, int] = {}
    columns = Columns(len(names), ())
    for index, key in enumerate(keys):
        if match := _ACCELERATION.fullmatch(key):
            found.setdefault("a" + match[1], index)
            columns = replace(columns, acc_unit=columns.acc_unit or _acceleration_unit(match[2]))
        elif match := _ANGULAR_RATE.fullmatch(key):
            found.setdefault("g" + match[1], index)
            columns = replace(columns, gyro_unit=columns.gyro_unit or _angular_unit(match[2]))
        elif key and (match := _TIME.fullmatch(key)) and (key != "t" or index == 0):  # Later, t is temperature.
            unit = "s" if key == "rtctime" else _TIME_UNITS[match[1]]
            if columns.time is None or (columns.time_unit is None and unit):
                columns = replace(columns, time=index, time_unit=unit)
    channels = CHANNEL_KEYS if any(key in found for key in GYROSCOPE_KEYS) else CHANNEL_KEYS[:3]
    if not all(key in found for key in channels):
        return None
    if OPENLOG_ARTEMIS_MARK in keys:
        # The OpenLog Artemis names no units; its firmware (Sensors.ino, getData) prints mg and deg/s.
        columns = replace(columns, acc_unit=columns.acc_unit or "mg", gyro_unit=columns.gyro_unit or "deg/s")
    return replace(columns, channels=tuple(found[key] for key in channels))


def columns_by_number(rows: Sequence[Sequence[float]]) -> Columns | None:
    """The columns of lines without a header: time (optional), acceleration, angular rate, then anything.

    A first of seven or more columns is the time if it always grows (the SparkFun Razor's firmware: time in ms,
    acceleration, angular rate, magnetic field), unless gravity shows only if it is taken as acceleration. Dates before
    it, which are NaN, are skipped. Three columns are acceleration alone, and four if the first always grows. None for
    any other number below six: nothing shows what they are.

    >>> columns_by_number([[10, 0, 0, 1, 0, 0, 0], [20, 0, 0, 1, 0, 0, 0]])
    Columns(width=7, channels=(1, 2, 3, 4, 5, 6), time=0, time_unit=None, acc_unit=None, gyro_unit=None)
    """
    table = np.array(rows, np.float64)
    width = table.shape[1]
    start = int(np.argmin(np.append(np.isnan(table).all(axis=0), False)))
    used = width - start
    grows = used > 0 and bool((np.diff(table[:, start]) > 0).all())
    channels = 3 if used in (3, 4) else 6
    if used > channels and grows and (used == 4 or _gravity(table, start + 1) or not _gravity(table, start)):
        return Columns(width, tuple(range(start + 1, start + 1 + channels)), time=start)
    return Columns(width, tuple(range(start, start + channels))) if used == 3 or used >= 6 else None


def _gravity(table: NDArray[np.float64], first: int) -> bool:
    """Whether three columns read about 1 g in some unit."""
    magnitude = rest_magnitude(table[:, first : first + 3])
    return magnitude is not None and unit_at_rest(magnitude) is not None


def _compact(name: str) -> str:
    """Lower case, letters and digits only: "Acc X (m/s²)" is "accxms2"."""
    plain = unicodedata.normalize("NFKC", name).lower().replace("°", "deg").replace("μ", "u")
    return re.sub(r"[^a-z0-9]", "", plain)


def _acceleration_unit(text: str) -> str | None:
    if not text:
        return None
    return {"g": "g", "gs": "g", "mg": "mg"}.get(text, "m/s2")


def _angular_unit(text: str) -> str | None:
    if not text:
        return None
    return "rad/s" if text.startswith("rad") else "deg/s"
