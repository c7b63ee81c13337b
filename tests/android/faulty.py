"""Events of sensors with every fault and rate, and the windows and counts of har_runtime for them.

These are further cases of `export/vectors.json`, for the Java core.
"""

import base64
import itertools
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP
from har_runtime.signal.resample import Resampler
from har_runtime.signal.window import Windower

CASES = 36
WITHOUT_GYROSCOPE = 9
Events = list[tuple[str, int, NDArray[np.float64]]]


def faulty_cases() -> list[dict[str, Any]]:
    """Return cases as in `export/vectors.json`, without probabilities."""
    both = [_case(seed) for seed in range(CASES)]
    return both + [_case(seed, gyroscope=False) for seed in range(CASES, CASES + WITHOUT_GYROSCOPE)]


def _case(seed: int, gyroscope: bool = True) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    events = _merged(rng, _stream(rng, "acc"), _stream(rng, "gyro"))
    if seed % 4 == 0:
        _set_back(rng, events, both=bool(seed % 8) or not gyroscope)
    events = [event for event in events if gyroscope or event[0] == "acc"]
    resampler, windower = Resampler(block=HOP, gyroscope=gyroscope), Windower()
    windows = []
    for sensor, group in itertools.groupby(events, key=lambda event: event[0]):
        part = list(group)
        times, values = np.array([event[1] for event in part], np.int64), np.stack([event[2] for event in part])
        windows += windower.push(resampler.push(times, **{sensor: values}))
    windows += windower.push(resampler.finish())
    report = resampler.report
    return {
        "name": f"seed {seed}",
        "gyroscope": gyroscope,
        "events": [[sensor, time, *map(_cell, value)] for sensor, time, value in events],
        "windows": [
            {
                "segment": window.segment,
                "start_ns": window.start_ns,
                "imu": base64.b64encode(window.imu.astype("<f4").tobytes()).decode(),
            }
            for window in windows
        ],
        "dropped": {
            name: {key: value for key, value in asdict(part).items() if key != "rate_hz"}
            for name, part in (("acc", report.accelerometer), ("gyro", report.gyroscope))
        },
    }


def _cell(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None


def _stream(rng: np.random.Generator, sensor: str) -> Events:
    """Return one sensor's events in order of arrival."""
    rate_hz = float(rng.choice([15, 20, 25, 47, 50, 52, 60, 104, 200, 416, 500], p=[0.04, *[0.096] * 10]))
    count = round(rate_hz * rng.uniform(3, 7))
    times = rng.uniform(0, 1.2) + np.arange(count) / rate_hz
    if rng.random() < 0.2:  # Exactly on the grid, like a recording at 50 Hz.
        times = np.arange(count) * 0.02
    times += rng.uniform(-0.4, 0.4, count) / rate_hz * rng.choice([0, 0.1, 1])
    phase = times[:, None] * rng.uniform(0.5, 12, 3)
    values = (np.sin(phase) * 4 + [0, 0, 9.81 if sensor == "acc" else 0]).round(4)
    ns = np.rint((times + 100) * 1e9).astype(np.int64)
    keep = np.ones(count, np.bool_)
    for _ in range(rng.integers(0, 3)):  # Gaps.
        begin = rng.integers(0, count)
        keep[begin : begin + round(rate_hz * rng.uniform(0.05, 0.8))] = False
    if rng.random() < 0.4:
        keep &= rng.random(count) > 0.3
    if rng.random() < 0.4:
        begin = rng.integers(0, count)
        stretch = slice(begin, begin + round(1.5 * rate_hz))
        values[stretch] = values[begin]
    if rng.random() < 0.4:
        values = np.clip(values, -3, 12)
    values[rng.random(count) < rng.choice([0, 0.02]), rng.integers(0, 3)] = np.nan
    ns[rng.random(count) < rng.choice([0, 0.01])] += rng.choice([7_000_000_000, -2_000_000_000, 10**15])
    order = np.arange(count)
    for at in rng.integers(0, count - 1, rng.integers(0, 4)):
        order[[at, at + 1]] = order[[at + 1, at]]
    order = (
        np.sort(np.concatenate([order, rng.integers(0, count, rng.integers(0, 4))])) if rng.random() < 0.3 else order
    )
    return [(sensor, int(ns[index]), values[index]) for index in order if keep[index]]


def _merged(rng: np.random.Generator, acc: Events, gyro: Events) -> Events:
    """Merge both streams, each in its own order, in batches as a phone delivers them."""
    batch_ns = int(rng.choice([1, 100_000_000, 500_000_000, 3_000_000_000]))
    keyed = []
    for stream in (acc, gyro):
        reached = np.maximum.accumulate([min(time, 200 * 10**9) for _, time, _ in stream])
        keyed += [
            (int(at) // batch_ns, stream[0][0], index, event)
            for index, (at, event) in enumerate(zip(reached, stream, strict=True))
        ]
    return [event for *_, event in sorted(keyed, key=lambda row: row[:3])]


def _set_back(rng: np.random.Generator, events: Events, both: bool) -> None:
    begin = int(rng.integers(len(events) // 4, len(events) // 2))
    by_ns = int(rng.uniform(1, 30) * 1e9)
    for index in range(begin, len(events)):
        sensor, time, value = events[index]
        if both or sensor == "gyro":
            events[index] = (sensor, time - by_ns, value)
