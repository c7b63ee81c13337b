"""What a user can say about a recording that no rule can find; the words are those of the serial source."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.signal.units import SIGNS, acceleration_unit, angular_rate_unit
from har_runtime.sources.column_names import GYROSCOPE
from har_runtime.sources.columns import named_columns
from har_runtime.sources.replay.labels import parse_labels
from har_runtime.uri import Uri, number, one_of

TIME_UNITS: Final = ("s", "ms", "us", "ns")
SPREAD, SAMPLES = "spread", "samples"
TIMES: Final = (*TIME_UNITS, SAMPLES, SPREAD)
"""Values of the option `time`: the unit of the column, sample numbers, or times that are to be spread evenly."""
RATE_LIMITS: Final = (MIN_RATE_HZ / 20, 2000)
"""Hz. A recording that is too slow is still read, so that its rate can be said."""
NAMES: Final = ("columns", "unit", "gyro", "time", "rate", "sign", "labels", "device")


@dataclass(frozen=True)
class ReadOptions:
    """What is known about a recording."""

    columns: tuple[str, ...] | None = None
    """Names of its columns in their order, instead of those in its header."""
    unit: str | None = None
    """Of acceleration, as `units.acceleration_unit` takes it."""
    gyro: str | None = None
    """Of angular rate, as `units.angular_rate_unit` takes it."""
    time: str | None = None
    """One of `TIMES`."""
    rate_hz: float | None = None
    """Samples a second, for a recording without times or with sample numbers."""
    sign: str | None = None
    """A key of `units.SIGNS`."""
    labels: Mapping[str, str] | None = None
    """Our words for its labels."""
    labels_as_written: bool = False
    """Whether labels stay as they are."""
    device: str | None = None
    """The device to read of several whose rows take turns, or a part of its name."""


def read_options(uri: Uri) -> ReadOptions:
    """The options of a `replay:` URI.

    Raises:
        SourceError: an invalid value.
    """
    labels = uri.option("labels", parse_labels, {})
    return ReadOptions(
        columns=uri.option("columns", column_names, None),
        unit=uri.option("unit", _acceleration_name, None),
        gyro=uri.option("gyro", _angular_rate_name, None),
        time=uri.option("time", one_of(TIMES), None),
        rate_hz=uri.option("rate", number(*RATE_LIMITS), None),
        sign=uri.option("sign", one_of(tuple(SIGNS)), None),
        labels=labels,
        labels_as_written=labels is None,
        device=uri.option("device", _device_name, None),
    )


def column_names(text: str) -> tuple[str, ...]:
    """The names in the option `columns`.

    Raises:
        ValueError: they name no whole sensor.
    """
    names = tuple(text.split(","))
    found = named_columns(names)
    if found.partial or not (found.acceleration or GYROSCOPE in found.sensors):
        raise ValueError("among them must be ax, ay, az and, if there is a gyroscope, gx, gy, gz")
    return names


def _acceleration_name(text: str) -> str | None:
    return None if text == "auto" else acceleration_unit(text).name


def _angular_rate_name(text: str) -> str:
    return angular_rate_unit(text).name


def _device_name(text: str) -> str:
    if not text.strip():
        raise ValueError("it names no device")
    return text.strip()
