"""Golden vectors for code in other languages: raw sensor events, the windows that they give, the model's probabilities
for these windows and their distance from the training data; and sequences of probabilities with the smoothing filter's
beliefs.

    har-export vectors waist --out export/vectors.json

The events come from a simulated wearer, through sensors with realistic faults. Windows are float32 and compared bit by
bit; a port with other arithmetic needs its own tolerance. Distances and beliefs are float64 sums, whose last digits
depend on the order of addition.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.rejection import Rejector
from har_runtime.answers.smoothing import HmmFilter
from har_runtime.contract import HOP, PERIOD_NS
from har_runtime.errors import ModelError
from har_runtime.model.load import Model
from har_runtime.recognizer import Recognizer
from har_runtime.sources.simulated.wearer import Wearer

FORMAT = "haredge-vectors-1"
DECIMALS = 4
"""Of the events' values: the resolution of a 16-bit sensor, and short in the file."""


@dataclass(frozen=True)
class Stream:
    """The events of one sensor in order of arrival."""

    sensor: str
    """"acc" or "gyro"."""
    times_ns: NDArray[np.int64]
    values: NDArray[np.float64]
    """Shape (n, 3), SI units; NaN where the sensor failed."""

    def select(self, index: NDArray[np.bool_] | NDArray[np.int64]) -> "Stream":
        """The events of a mask, or of indices in any order."""
        return Stream(self.sensor, self.times_ns[index], self.values[index])


def _phone(signal: "Signal", rng: np.random.Generator) -> list[Stream]:
    """Two sensors at 50 Hz with their own clock ticks and 2 ms of jitter."""
    return [signal.sample("acc", 50, 2e-3, 4.0, rng), signal.sample("gyro", 50, 2e-3, 4.0, rng, start=0.007)]


def _fast(signal: "Signal", rng: np.random.Generator) -> list[Stream]:
    """208 and 104 Hz: the anti-alias filter."""
    return [signal.sample("acc", 208, 1e-4, 3.0, rng), signal.sample("gyro", 104, 1e-4, 3.0, rng, start=0.003)]


def _slow(signal: "Signal", rng: np.random.Generator) -> list[Stream]:
    """25 Hz: interpolation alone."""
    return [signal.sample("acc", 25, 1e-3, 3.0, rng), signal.sample("gyro", 25, 1e-3, 3.0, rng, start=0.013)]


def _faults(signal: "Signal", rng: np.random.Generator) -> list[Stream]:
    """A gap of 0.4 s, a failed sample, a repeated one and one that comes late."""
    acc, gyro = signal.sample("acc", 50, 1e-3, 5.0, rng), signal.sample("gyro", 50, 1e-3, 5.0, rng)
    elapsed = (acc.times_ns - acc.times_ns[0]) / 1e9
    acc = acc.select((elapsed < 2.0) | (elapsed > 2.4))
    acc.values[30, 1] = np.nan
    order = np.arange(len(gyro.times_ns))
    order[[60, 61]] = order[[61, 60]]
    return [acc, gyro.select(np.insert(order, 40, 40))]


CASES: dict[str, Callable[["Signal", np.random.Generator], list[Stream]]] = {
    "phone": _phone,
    "fast": _fast,
    "slow": _slow,
    "faults": _faults,
}


class Signal:
    """The movement of a simulated wearer, which sensors of any rate can sample."""

    def __init__(self, seed: int, skip_s: float):
        bouts = Wearer(seed)
        chunks = []
        for bout in bouts:
            chunks.append(bout)
            if bout.times_ns[-1] > (skip_s + 10) * 1e9:
                break
        self._t = np.concatenate([chunk.times_ns for chunk in chunks]) / 1e9 - skip_s
        self._values = {
            "acc": np.concatenate([chunk.acc for chunk in chunks]),
            "gyro": np.concatenate([chunk.gyro for chunk in chunks]),
        }

    def sample(
        self, sensor: str, rate_hz: float, jitter_s: float, seconds: float, rng: np.random.Generator, start: float = 0.0
    ) -> Stream:
        """Events of a sensor with times that jitter by +-`jitter_s`."""
        times = start + np.arange(round(seconds * rate_hz)) / rate_hz
        times = times + rng.uniform(-jitter_s, jitter_s, len(times))
        values = np.stack([np.interp(times, self._t, axis) for axis in self._values[sensor].T], axis=1)
        return Stream(sensor, np.rint((times + 1000.0) * 1e9).astype(np.int64), values.round(DECIMALS))


def make_vectors(model: Model) -> dict[str, Any]:
    """All cases as plain JSON-able values.

    Raises:
        ModelError: the card has no smoothing or rejection.
    """
    if model.card.smoothing is None or model.card.rejection is None:
        raise ModelError(f"{model.card.name}: its card has no smoothing and rejection; export the model again")
    rejector = Rejector(model.card.rejection)
    cases: list[dict[str, Any]] = []
    for index, (name, make) in enumerate(CASES.items()):
        streams = make(Signal(seed=index, skip_s=20.0 + 7 * index), np.random.default_rng(index))
        recognizer = Recognizer(model)
        answers = []
        events = _by_arrival(streams)
        for sensor, time_ns, *values in events:
            row = [np.nan if value is None else value for value in values]
            times = np.array([time_ns], np.int64)
            answers += recognizer.push(times, **{sensor: np.array([row])})
        answers += recognizer.finish()
        predictions = [answer.prediction for answer in answers]
        cases.append(
            {
                "name": name,
                "about": (make.__doc__ or "").strip(),
                "events": events,
                "windows": [
                    {
                        "segment": prediction.window.segment,
                        "start_ns": prediction.window.start_ns,
                        "imu": base64.b64encode(prediction.window.imu.astype("<f4").tobytes()).decode(),
                        "probabilities": [float(value) for value in prediction.probabilities],
                        "distance": float(rejector.distances(prediction.window.imu[None])[0]),
                    }
                    for prediction in predictions
                ],
                "dropped": {
                    sensor: {
                        "not_finite": report.not_finite,
                        "duplicate": report.duplicate,
                        "out_of_order": report.out_of_order,
                        "gaps": report.gaps,
                    }
                    for sensor, report in (
                        ("acc", recognizer.report.accelerometer),
                        ("gyro", recognizer.report.gyroscope),
                    )
                },
            }
        )
    return {
        "format": FORMAT,
        "model": model.card.name,
        "model_version": model.card.version,
        "model_sha256": model.card.sha256,
        "labels": list(model.card.labels),
        "event": ["sensor (acc or gyro)", "time (ns)", "x", "y", "z (m/s^2 or rad/s; null: not a number)"],
        "imu": "base64 of float32, little-endian, shape (50, 6), in the order of the card's channels",
        "cases": cases,
        "smoothing": _smoothing_cases(HmmFilter(model.card.smoothing), len(model.card.labels)),
    }


GAPS_S = (0.5, 0.5, 0.74, 0.76, 1.24, 2.0, 5.0, 59.9, 61.0, 3600.0, -10.0, 0.5)
"""Between the ends of windows: neighbours, gaps on both sides of a rounding, gaps above the limit, and a clock that was
set back."""


def _smoothing_cases(hmm: HmmFilter, classes: int) -> list[dict[str, Any]]:
    """Sequences of window probabilities with the filter's belief after each."""
    rng = np.random.default_rng(0)
    steady = np.repeat(np.arange(6) % classes, 5)
    sure = 0.9 * np.eye(classes)[steady] + 0.1 * rng.dirichlet(np.ones(classes), len(steady))
    sequences = {
        "steady": ("A window each half second, sure of itself.", sure, [HOP * PERIOD_NS] * len(sure)),
        "doubt": ("No window is sure.", rng.dirichlet(np.ones(classes), 20), [HOP * PERIOD_NS] * 20),
        "gaps": (
            "Gaps of all lengths.",
            rng.dirichlet(np.full(classes, 0.3), len(GAPS_S)),
            [round(gap * 1e9) for gap in GAPS_S],
        ),
        "extremes": (
            "Probabilities of 0 and 1, as an int8 model gives them.",
            np.eye(classes)[rng.integers(0, classes, 15)],
            [HOP * PERIOD_NS] * 15,
        ),
    }
    cases: list[dict[str, Any]] = []
    for name, (about, rows, steps_ns) in sequences.items():
        hmm.reset()
        windows: list[dict[str, Any]] = []
        end_ns = 980_000_000
        for row, step_ns in zip(rows.astype(np.float32), steps_ns, strict=True):
            end_ns += step_ns
            smoothed = hmm.step(row, end_ns)
            windows.append(
                {
                    "end_ns": end_ns,
                    "probabilities": row.tolist(),
                    "belief": smoothed.probabilities.tolist(),
                    "label": smoothed.index,
                }
            )
        cases.append({"name": name, "about": about, "windows": windows})
    return cases


def _by_arrival(streams: list[Stream]) -> list[list[Any]]:
    """The events of all streams, merged by the newest time that each stream has reached; each keeps its own order."""
    rows: list[tuple[int, int, list[Any]]] = []
    for stream in streams:
        reached = np.maximum.accumulate(stream.times_ns)
        for at, time_ns, values in zip(reached, stream.times_ns, stream.values, strict=True):
            cells = [None if np.isnan(value) else float(value) for value in values]
            rows.append((int(at), len(rows), [stream.sensor, int(time_ns), *cells]))
    return [event for _, _, event in sorted(rows, key=lambda row: row[:2])]


def to_json(vectors: dict[str, Any]) -> str:
    """JSON with one event or window per line, so that a diff shows what changed."""
    text = json.dumps({**vectors, "cases": None, "smoothing": None}, indent=1)
    for key in ("cases", "smoothing"):
        cases = ",\n".join(_case(case) for case in vectors[key])
        text = text.replace(f'"{key}": null', f'"{key}": [\n{cases}\n ]')
    return text + "\n"


def _case(case: dict[str, Any]) -> str:
    parts: list[str] = []
    for key, value in case.items():
        if isinstance(value, list):
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value)
            parts.append(f'"{key}": [\n{rows}\n]')
        else:
            parts.append(f'"{key}": {json.dumps(value)}')
    return "{" + ",\n".join(parts) + "}"
