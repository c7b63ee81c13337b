"""The messages that the app Sensor Logger pushes: JSON in, readings and counted losses out.

Format: https://github.com/tszheichoi/awesome-sensor-logger, PUSHING.md (messages), UNITS.md and COORDINATES.md.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

SENSORS: Final = ("accelerometer", "gravity", "totalacceleration", "accelerometeruncalibrated", "gyroscope")
"""Whose readings are of use."""
MOST: Final = 1e6
"""No axis of a phone's sensor comes near it, in whatever unit."""
MOST_MESSAGES: Final = 2**53
"""A larger number of a message is none."""
LATEST_NS: Final = 4_000_000_000_000_000_000
"""The year 2096."""


@dataclass(frozen=True)
class Readings:
    """Readings of one sensor, in the order of their times."""

    times_ns: NDArray[np.int64]
    """The phone's UTC, shape (n,)."""
    values: NDArray[np.float64]
    """As the app sends them, shape (n, 3)."""


@dataclass(frozen=True)
class Push:
    """A message of the app."""

    fault: str | None = None
    """Why it is none; None where it is one."""
    device: str = ""
    """The same for all messages of a phone."""
    session: str = ""
    """The same for all messages of a recording."""
    number: int | None = None
    """Counts the messages of a recording from 0."""
    readings: dict[str, Readings] = field(default_factory=dict)
    """By name, of `SENSORS`."""
    has_accuracy: bool = False
    """Whether a reading says how accurate it is, as Android's do and an iPhone's do not."""
    lost: Counter[str] = field(default_factory=Counter)
    """Readings that cannot be used, by reason."""


def parse_push(body: bytes) -> Push:
    """Read one message; never raises.

    >>> push = parse_push(
    ...     b'{"messageId": 7, "sessionId": "s", "deviceId": "d", "payload": ['
    ...     b'{"name": "gyroscope", "time": 1698501144401773000, "values": {"z": 0.5, "y": 0, "x": -1}},'
    ...     b'{"name": "gyroscope", "time": 1698501144411773000, "values": {"z": "0.5", "y": 0, "x": -1}}]}'
    ... )
    >>> push.number, push.readings["gyroscope"].values.tolist(), dict(push.lost)
    (7, [[-1.0, 0.0, 0.5]], {'reading with an axis that is no number': 1})
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):  # Of which bytes that are no text and numbers too long are two.
        return Push("body that is no JSON")
    if not isinstance(message, dict) or not isinstance(message.get("payload"), list):
        return Push("body that is no message of Sensor Logger")
    number = message.get("messageId")
    rows: dict[str, list[tuple[int, list[float]]]] = {}
    has_accuracy = False
    lost: Counter[str] = Counter()
    for entry in message["payload"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            lost["reading without a name"] += 1
        elif (name := entry["name"].lower()) in SENSORS:
            try:
                row = _time_ns(entry.get("time")), _axes(entry.get("values"))
            except _UnusableError as error:
                lost[str(error)] += 1
            else:
                rows.setdefault(name, []).append(row)
                has_accuracy |= "accuracy" in entry
    return Push(
        device=_identity(message.get("deviceId")),
        session=_identity(message.get("sessionId")),
        number=int(number) if _is_number(number) and 0 <= number < MOST_MESSAGES else None,
        readings={name: _readings(found) for name, found in rows.items()},
        has_accuracy=has_accuracy,
        lost=lost,
    )


def _readings(rows: list[tuple[int, list[float]]]) -> Readings:
    times = np.array([time for time, _ in rows], np.int64)
    order = np.argsort(times, kind="stable")
    return Readings(times[order], np.array([axes for _, axes in rows], np.float64)[order])


def _identity(value: Any) -> str:
    return value[:100] if isinstance(value, str) else ""


class _UnusableError(Exception):
    """Says why a reading is of no use."""


def _time_ns(value: Any) -> int:
    if not _is_number(value) or not 0 < value <= LATEST_NS:  # False for NaN.
        raise _UnusableError("reading without a time")
    return int(value)


def _axes(values: Any) -> list[float]:
    if not isinstance(values, dict) or not all(axis in values for axis in "xyz"):
        raise _UnusableError("reading without its axes")
    row = [values[axis] for axis in "xyz"]
    if not all(_is_number(value) for value in row):
        raise _UnusableError("reading with an axis that is no number")
    if not all(abs(value) < MOST for value in row):  # False for NaN.
        raise _UnusableError("reading with an axis out of range")
    return [float(value) for value in row]


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
