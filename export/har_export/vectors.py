"""Golden vectors for code in other languages: raw sensor events, the windows that they give, what the model makes of
them and their distance from the training data; events with which way is up and the windows turned by it
(`upright_vectors`); acceleration with the steps of each window (`step_vectors`); sequences
of probabilities with the smoothing filter's beliefs; of a model's outputs with the answers (`answer_vectors`); and
profiles with the outputs for one person (`personal_vectors`).

    har-export vectors waist --out export/vectors.json

The events come from a simulated wearer, through sensors with realistic faults. Windows are float32 and compared bit by
bit; a port with other arithmetic needs its own tolerance. Distances, beliefs and directions are float64 sums, whose
last digits depend on the order of addition, as may the last bit of a window that was turned.
"""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_export.answer_vectors import answer_vectors
from har_export.personal_vectors import personal_vectors, refused_profiles
from har_export.sensor_streams import Signal, Stream, by_arrival
from har_export.step_vectors import step_vectors
from har_export.upright_vectors import up_of, upright_vectors
from har_runtime.answers.rejection import Rejector
from har_runtime.answers.smoothing import HmmFilter
from har_runtime.classify import Prediction
from har_runtime.contract import CHANNELS, HOP, PERIOD_NS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.load import Model
from har_runtime.model.outputs import AT_PLACES, PROBABILITIES
from har_runtime.recognizer import Recognizer
from har_runtime.sources.simulated.wearer import Wearer

FORMAT = "haredge-vectors-2"
"""Version 1 had neither `frame` nor `upright` nor `answers`."""


def _phone(signal: Signal, rng: np.random.Generator) -> list[Stream]:
    """Two sensors at 50 Hz with their own clock ticks and 2 ms of jitter."""
    return [signal.sample("acc", 50, 2e-3, 4.0, rng), signal.sample("gyro", 50, 2e-3, 4.0, rng, start=0.007)]


def _fast(signal: Signal, rng: np.random.Generator) -> list[Stream]:
    """208 and 104 Hz: the anti-alias filter."""
    return [signal.sample("acc", 208, 1e-4, 3.0, rng), signal.sample("gyro", 104, 1e-4, 3.0, rng, start=0.003)]


def _slow(signal: Signal, rng: np.random.Generator) -> list[Stream]:
    """25 Hz: interpolation alone."""
    return [signal.sample("acc", 25, 1e-3, 3.0, rng), signal.sample("gyro", 25, 1e-3, 3.0, rng, start=0.013)]


def _faults(signal: Signal, rng: np.random.Generator) -> list[Stream]:
    """A gap of 0.4 s, a failed sample, a repeated one and one that comes late."""
    acc, gyro = signal.sample("acc", 50, 1e-3, 5.0, rng), signal.sample("gyro", 50, 1e-3, 5.0, rng)
    elapsed = (acc.times_ns - acc.times_ns[0]) / 1e9
    acc = acc.select((elapsed < 2.0) | (elapsed > 2.4))
    acc.values[30, 1] = np.nan
    order = np.arange(len(gyro.times_ns))
    order[[60, 61]] = order[[61, 60]]
    return [acc, gyro.select(np.insert(order, 40, 40))]


LISTS = ("cases", "upright", "steps", "smoothing", "personal")
"""Keys of the file that hold lists of cases."""
CASES: dict[str, Callable[[Signal, np.random.Generator], list[Stream]]] = {
    "phone": _phone,
    "fast": _fast,
    "slow": _slow,
    "faults": _faults,
}


def make_vectors(model: Model) -> dict[str, Any]:
    """All cases as plain JSON-able values.

    Raises:
        ModelError: the card has no smoothing or rejection.
    """
    if model.card.smoothing is None or model.card.rejection is None:
        raise ModelError(f"{model.card.name}: its card has no smoothing and rejection; export the model again")
    rejector, upright = Rejector(model.card.rejection, model.card.frame), upright_vectors()
    cases: list[dict[str, Any]] = []
    for index, (name, make) in enumerate(CASES.items()):
        wearer = Signal.of(Wearer(seed=index), skip_s=20.0 + 7 * index, seconds=10)
        streams = make(wearer, np.random.default_rng(index))
        recognizer = Recognizer(model)
        answers = []
        events = by_arrival(streams)
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
                        **up_of(prediction.window),
                        **_outputs(prediction),
                        "distance": float(rejector.distances(prediction.window.imu[None])[0]),
                    }
                    for prediction in predictions
                ],
                "dropped": {
                    sensor: {
                        "invalid": report.invalid,
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
        "frame": model.card.frame,
        "event": ["sensor (acc or gyro)", "time (ns)", "x", "y", "z (m/s^2 or rad/s; null: not a number)"],
        "imu": "base64 of float32, little-endian, shape (50, 6), in the order of the card's channels",
        "cases": cases,
        "upright": upright,
        "steps": step_vectors(),
        "smoothing": _smoothing_cases(HmmFilter(model.card.smoothing), len(model.card.labels)),
        "answers": answer_vectors(model.card, _windows(upright)),
        "personal": personal_vectors(),
        "refused_profiles": refused_profiles(),
    }


def _outputs(prediction: Prediction) -> dict[str, Any]:
    """Everything that the model made of a window, JSON-able."""
    arrays = {name: getattr(prediction, name) for name in (*PROBABILITIES, *AT_PLACES)}
    return {name: output.tolist() for name, output in arrays.items() if output is not None}


def _windows(cases: list[dict[str, Any]]) -> NDArray[np.float32]:
    """All windows of cases, shape (n, 50, 6)."""
    content = b"".join(base64.b64decode(window["imu"]) for case in cases for window in case["windows"])
    return np.frombuffer(content, "<f4").astype(np.float32).reshape(-1, WINDOW, len(CHANNELS))


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


def to_json(vectors: dict[str, Any]) -> str:
    """JSON with one event or window per line, so that a diff shows what changed."""
    apart = dict.fromkeys((*LISTS, "answers", "refused_profiles"))
    text = json.dumps({**vectors, **apart}, indent=1, allow_nan=False)
    for key in LISTS:
        text = text.replace(f'"{key}": null', f'"{key}": {_list(map(_table, vectors[key]))}')
    refused = _list(map(_line, vectors["refused_profiles"]))
    text = text.replace('"refused_profiles": null', f'"refused_profiles": {refused}')
    answers = {**vectors["answers"], "cases": None}
    cases = _list(map(_table, vectors["answers"]["cases"]))
    text = text.replace('"answers": null', f'"answers": {_table(answers)}').replace(
        '"cases": null', f'"cases": {cases}'
    )
    return text + "\n"


def _table(values: dict[str, Any]) -> str:
    """One entry per line, and of lists one item per line."""
    lines = [
        f'"{key}": {_list(map(_line, value)) if isinstance(value, list) else _line(value)}'
        for key, value in values.items()
    ]
    return "{" + ",\n".join(lines) + "}"


def _list(items: Iterable[str]) -> str:
    return "[\n" + ",\n".join(items) + "\n]"


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
