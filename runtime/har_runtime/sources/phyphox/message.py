"""phyphox's answers: JSON in, the sensors' buffers or samples out, unusable values counted.

/config names the buffers of each sensor; /get gives the values at which the buffer of times is beyond a threshold.
Source: https://phyphox.org/wiki/index.php/Remote-interface_communication and the openapi.yaml of phyphox-docs.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import SourceError

SENSORS: Final = ("accelerometer", "gyroscope")
MAX_TIME_S: Final = 1e9
"""32 years; a later time is invalid."""


@dataclass(frozen=True)
class Buffers:
    """The names of the buffers that one sensor writes to."""

    t: str
    x: str
    y: str
    z: str


@dataclass(frozen=True)
class Experiment:
    """The experiment on the phone."""

    title: str
    sensors: dict[str, Buffers]
    """By the names in `SENSORS`; it may have no gyroscope."""


@dataclass(frozen=True)
class Samples:
    """New samples of one sensor."""

    times_s: NDArray[np.float64]
    """Since the experiment began, without its pauses, shape (n,)."""
    values: NDArray[np.float64]
    """m/s^2 or rad/s, shape (n, 3)."""
    newest_s: float | None
    """The latest time received, also of an unusable value; None if there was no valid time."""


@dataclass(frozen=True)
class GetAnswer:
    """An answer to /get."""

    session: str
    """Changes with the experiment."""
    measuring: bool
    samples: dict[str, Samples]
    lost: Counter[str] = field(default_factory=Counter)
    """Unusable values, by reason."""


def parse_config(body: bytes) -> Experiment:
    """Read an answer to /config.

    Raises:
        SourceError: it is not from phyphox, or the experiment does not record the accelerometer.
    """
    config = parse_json(body)
    if not isinstance(config, dict) or not isinstance(config.get("inputs"), list):
        raise SourceError("the answer is not from phyphox 1.1.6 or later")
    title = " ".join(str(config.get("title")).split())[:60]
    sensors: dict[str, Buffers] = {}
    for entry in config["inputs"]:
        if not isinstance(entry, dict) or entry.get("source") not in SENSORS:
            continue
        outputs = entry.get("outputs")
        pairs = [each for each in outputs if isinstance(each, dict)] if isinstance(outputs, list) else []
        named = {part: name for each in pairs for part, name in each.items() if isinstance(name, str)}
        if all(part in named for part in "txyz"):
            sensors[entry["source"]] = Buffers(**{part: named[part] for part in "txyz"})
    if "accelerometer" not in sensors:
        raise SourceError(without(title, "accelerometer"))
    return Experiment(title, sensors)


def without(title: str, sensor: str) -> str:
    """What to do about an experiment that does not record a sensor."""
    return (
        f"the experiment '{title}' does not record the {sensor} with its times; in phyphox, tap +, "
        "'Add simple experiment', choose Accelerometer (with g) and Gyroscope, open it and allow remote access"
    )


def parse_get(body: bytes, experiment: Experiment) -> GetAnswer:
    """Read an answer to /get; never raises.

    >>> experiment = Experiment("", {name: Buffers("t", "x", "y", "z") for name in SENSORS})
    >>> body = b'{"buffer": {"t": {"buffer": [1, 1.01]}, "x": {"buffer": [0, null]}, "y": {"buffer": [0, 0]}, '
    >>> body += b'"z": {"buffer": [9.81, 9.81]}}, "status": {"session": "a1", "measuring": true}}'
    >>> answer = parse_get(body, experiment)
    >>> answer.samples["accelerometer"].values.tolist(), answer.lost["accelerometer value that is not a number"]
    ([[0.0, 0.0, 9.81]], 1)
    """
    parts = buffers_and_status(body)
    if parts is None:
        nothing = Samples(np.empty(0), np.empty((0, 3)), None)
        return GetAnswer(
            "", False, dict.fromkeys(experiment.sensors, nothing), Counter(["answer that is not from phyphox"])
        )
    buffers, status = parts
    lost: Counter[str] = Counter()
    samples: dict[str, Samples] = {}
    for sensor, names in experiment.sensors.items():
        columns = [column(buffers.get(name)) for name in (names.t, names.x, names.y, names.z)]
        # A row whose axes have not all arrived is sent again: the threshold stays before it.
        table = np.array(list(zip(*columns, strict=False)), np.float64).reshape(-1, 4)
        timed = (table[:, 0] >= 0) & (table[:, 0] < MAX_TIME_S)
        usable = timed & np.isfinite(table).all(axis=1)
        for what, count in (
            ("value without a time", np.count_nonzero(~timed)),
            ("value that is not a number", np.count_nonzero(timed & ~usable)),
        ):
            if count:
                lost[f"{sensor} {what}"] += int(count)
        newest = float(table[timed, 0].max()) if timed.any() else None
        samples[sensor] = Samples(table[usable, 0], table[usable, 1:], newest)
    return GetAnswer(session_of(status), status.get("measuring") is True, samples, lost)


def buffers_and_status(body: bytes) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The two parts of an answer to /get; None if it is not from phyphox."""
    message = parse_json(body)
    if not isinstance(message, dict):
        return None
    buffers, status = message.get("buffer"), message.get("status")
    return (buffers, status) if isinstance(buffers, dict) and isinstance(status, dict) else None


def session_of(status: dict[str, Any]) -> str:
    """The session in an answer's status; "" if missing."""
    session = status.get("session")
    return session if isinstance(session, str) else ""


def column(buffer: Any) -> list[float]:
    """The values of a buffer in an answer, NaN for anything but a number; empty if the buffer is missing."""
    values = buffer.get("buffer") if isinstance(buffer, dict) else None
    if not isinstance(values, list):
        return []
    return [
        float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
        else math.nan
        for value in values
    ]


def parse_json(body: bytes) -> Any:
    """The content of JSON text; None if it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
