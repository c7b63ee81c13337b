"""The messages of the app Sensor Logger: JSON in, readings and counted losses out.

Format: https://github.com/tszheichoi/awesome-sensor-logger, PUSHING.md (messages), UNITS.md and COORDINATES.md.
"""

import json
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.base import Mark

SENSORS: Final = ("accelerometer", "gravity", "totalacceleration", "accelerometeruncalibrated", "gyroscope")
"""The sensors of a phone that are read."""
WRIST: Final = ("wrist motion", "wristmotion")
"""Names of the one sensor of a watch that is read, which has acceleration, gravity and angular rate at once."""
WRIST_PARTS: Final = {"wristacceleration": "acceleration", "wristgravity": "gravity", "wristrotation": "rotationRate"}
"""The sensors that are made of it, and what the names of their axes begin with (UNITS.md)."""
ANNOTATION: Final = "annotation"
"""What a person wrote in the app while it recorded; its values have a `text`."""
MAX_ANNOTATIONS: Final = 16
"""Of a message that are kept, the last ones."""
MAX_ANNOTATION: Final = 200
"""Characters of its text that are kept."""
MAX_NAMES: Final = 64
MAX_NAME_LENGTH: Final = 40
MAX_VALUE: Final = 1e6
"""Far beyond any axis of a phone's sensor, in any unit."""
MAX_NUMBER: Final = 2**53
"""A larger number of a message is invalid."""
MAX_TIME_NS: Final = 4_000_000_000_000_000_000
"""The year 2096."""


@dataclass(frozen=True)
class Readings:
    """Readings of one sensor, ordered by time."""

    times_ns: NDArray[np.int64]
    """The phone's UTC, shape (n,)."""
    values: NDArray[np.float64]
    """As the app sends them, shape (n, 3)."""


@dataclass(frozen=True)
class Message:
    """A message of the app."""

    error: str | None = None
    """Why the body is not a message; None if it is one."""
    device: str = ""
    """The same for all messages of a phone."""
    session: str = ""
    """The same for all messages of a recording."""
    number: int | None = None
    """Counts the messages of a recording from 0."""
    readings: dict[str, Readings] = field(default_factory=dict)
    """By sensor of `SENSORS` and `WRIST_PARTS`."""
    marks: tuple[Mark, ...] = ()
    """Its annotations, ordered by time."""
    names: frozenset[str] = frozenset()
    """Every sensor in it, also those that are not read, in small letters."""
    newest_ns: int | None = None
    """The latest time of any reading; None if there is none."""
    has_accuracy: bool = False
    """Whether readings state an accuracy, as Android's do and an iPhone's do not."""
    lost: Counter[str] = field(default_factory=Counter)
    """Unusable readings, by reason."""


def parse_message(body: bytes) -> Message:
    """Read one message; never raises.

    >>> message = parse_message(
    ...     b'{"messageId": 7, "sessionId": "s", "deviceId": "d", "payload": ['
    ...     b'{"name": "gyroscope", "time": 1698501144401773000, "values": {"z": 0.5, "y": 0, "x": -1}},'
    ...     b'{"name": "gyroscope", "time": 1698501144411773000, "values": {"z": "0.5", "y": 0, "x": -1}}]}'
    ... )
    >>> message.number, message.readings["gyroscope"].values.tolist(), dict(message.lost)
    (7, [[-1.0, 0.0, 0.5]], {'reading with an axis that is not a number': 1})
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):  # ValueError includes invalid text and numbers that are too long.
        return Message("body that is not JSON")
    if not isinstance(message, dict) or not isinstance(message.get("payload"), list):
        return Message("body that is not a message of Sensor Logger")
    number = message.get("messageId")
    rows: dict[str, list[tuple[int, list[float]]]] = {}
    marks: deque[Mark] = deque(maxlen=MAX_ANNOTATIONS)
    names: set[str] = set()
    newest_ns: int | None = None
    has_accuracy = False
    lost: Counter[str] = Counter()
    for entry in message["payload"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            lost["reading without a name"] += 1
            continue
        name = entry["name"][:MAX_NAME_LENGTH].lower()
        if len(names) < MAX_NAMES:
            names.add(name)
        try:
            time_ns = _time_ns(entry.get("time"))
            if name == ANNOTATION:
                marks.append(Mark(time_ns, _text(entry.get("values"))))
                continue
            newest_ns = time_ns if newest_ns is None else max(newest_ns, time_ns)
            parts = _parts(name, entry.get("values"))
        except _UnusableError as error:
            lost[str(error)] += name in SENSORS or name in WRIST or name == ANNOTATION
        else:
            for part, axes in parts.items():
                rows.setdefault(part, []).append((time_ns, axes))
            has_accuracy |= name in SENSORS and "accuracy" in entry
    return Message(
        device=_identity(message.get("deviceId")),
        session=_identity(message.get("sessionId")),
        number=int(number) if _is_number(number) and 0 <= number < MAX_NUMBER else None,
        readings={name: _readings(found) for name, found in rows.items()},
        marks=tuple(sorted(marks, key=lambda mark: mark.time_ns)),
        names=frozenset(names),
        newest_ns=newest_ns,
        has_accuracy=has_accuracy,
        lost=+lost,
    )


def _readings(rows: list[tuple[int, list[float]]]) -> Readings:
    times = np.array([time for time, _ in rows], np.int64)
    order = np.argsort(times, kind="stable")
    return Readings(times[order], np.array([axes for _, axes in rows], np.float64)[order])


def _identity(value: Any) -> str:
    return value[:100] if isinstance(value, str) else ""


class _UnusableError(Exception):
    """The reason why a reading is unusable."""


def _time_ns(value: Any) -> int:
    if not _is_number(value) or not 0 < value <= MAX_TIME_NS:  # False for NaN.
        raise _UnusableError("reading without a time")
    return int(value)


def _text(values: Any) -> str:
    text = values.get("text", "") if isinstance(values, dict) else None
    if not isinstance(text, str):
        raise _UnusableError("annotation without a text")
    return text[:MAX_ANNOTATION]


def _parts(name: str, values: Any) -> dict[str, list[float]]:
    """The axes of each sensor that a reading is of; empty for sensors that are not read."""
    if name in SENSORS:
        return {name: _axes(values, ("x", "y", "z"))}
    if name in WRIST:
        return {part: _axes(values, tuple(prefix + axis for axis in "XYZ")) for part, prefix in WRIST_PARTS.items()}
    return {}


def _axes(values: Any, names: Sequence[str]) -> list[float]:
    if not isinstance(values, dict) or not all(name in values for name in names):
        raise _UnusableError("reading without its axes")
    row = [values[name] for name in names]
    if not all(_is_number(value) for value in row):
        raise _UnusableError("reading with an axis that is not a number")
    if not all(abs(value) < MAX_VALUE for value in row):  # False for NaN.
        raise _UnusableError("reading with an axis out of range")
    return [float(value) for value in row]


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
