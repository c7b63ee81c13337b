"""Messages as the app Sensor Logger pushes them, by its documentation, from phones that move in a known way."""

import json
import queue
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.message import parse_message
from har_runtime.sources.sensorlogger.recordings import Recordings
from har_runtime.sources.sensorlogger.source import RecordingReader

START_NS = 1_698_501_144_401_773_000
GRAVITY = np.array([0.4, 3.5, 9.1])
"""m/s^2, as Android gives it."""
S = 1_000_000_000


def motion(times: np.ndarray) -> np.ndarray:
    """Acceleration without gravity, m/s^2, shape (n, 3)."""
    seconds = (times - START_NS) / 1e9
    return np.stack([np.sin(7 * seconds), 0.5 * np.cos(5 * seconds), -2 * np.sin(13 * seconds)], axis=1)


def spin(times: np.ndarray) -> np.ndarray:
    """Angular rate, rad/s, shape (n, 3)."""
    return motion(times)[:, ::-1] / 3


def readings(name: str, times: np.ndarray, values: np.ndarray, **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": name, "time": int(time), "values": {"z": z, "y": y, "x": x}, **more}
        for time, (x, y, z) in zip(times, values.tolist(), strict=True)
    ]


def android(number: int, rate: float = 100, gyro_rate: float | None = None, total: bool = True) -> dict[str, Any]:
    """One second of an Android phone."""
    times, gyro_times = grid(number, rate), grid(number, gyro_rate or rate) + 2_100_000
    more = {"accuracy": 3}
    payload = readings("accelerometer", times, motion(times), **more)
    payload += readings("gravity", times, np.tile(GRAVITY, (len(times), 1)), **more)
    payload += readings("gyroscope", gyro_times, spin(gyro_times), **more)
    if total:
        payload += readings("totalacceleration", times, motion(times) + GRAVITY, **more)
    return message(number, payload)


def iphone(number: int, standardised: bool = False, uncalibrated: bool = False) -> dict[str, Any]:
    """One second of an iPhone, in its default setting or with 'Standardise Units & Frames'."""
    times, sign = grid(number, 100), 1 if standardised else -1
    payload = readings("accelerometer", times, sign * motion(times))
    payload += readings("gravity", times, sign * np.tile(GRAVITY, (len(times), 1)))
    payload += readings("gyroscope", times, spin(times))
    if uncalibrated:
        total = sign * (motion(times) + GRAVITY) / (1 if standardised else 9.80665)
        payload += readings("accelerometeruncalibrated", times, total)
    return message(number, payload)


def grid(number: int, rate: float) -> np.ndarray:
    return START_NS + number * S + np.rint(np.arange(int(rate)) / rate * 1e9).astype(np.int64)


def message(
    number: int, payload: Sequence[Any], device: str = "62be-e06b", session: str = "c5ae-1917"
) -> dict[str, Any]:
    other = {"name": "location", "time": START_NS, "values": {"latitude": 52.5, "speed": 0}}
    return {"messageId": number, "sessionId": session, "deviceId": device, "payload": [*payload, other]}


class Phones:
    """Messages one after the other, as a source reads them."""

    def __init__(self, platform: str = "auto") -> None:
        self.report = SourceReport()
        self.refused: list[str] = []
        self._recordings = Recordings(self.report.lost)
        self._reader = RecordingReader(platform, self.report)

    def push(self, body: Any, now_s: float) -> list[SampleChunk]:
        """The samples that a message completes."""
        refusal = self._recordings.push(parse_message(json.dumps(body).encode()), round(now_s * S))
        self.refused += [refusal] if refusal else []
        self._recordings.give_up(round(now_s * S))
        return list(self._taken())

    def finish(self) -> list[SampleChunk]:
        """The samples that still wait."""
        self._recordings.finish()
        return [*self._taken(), *self._reader.flush()]

    def _taken(self) -> Iterator[SampleChunk]:
        while True:
            try:
                taken = self._recordings.take(0)
            except queue.Empty:
                return
            if taken is None:
                return
            yield from self._reader.push(*taken)
