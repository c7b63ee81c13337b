"""Golden vectors of steps: acceleration, and the steps and cadence of each window. They need no model."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PERIOD_NS, SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_runtime.signal.resample import UniformChunk
from har_runtime.signal.steps import StepCounter
from har_runtime.signal.window import Windower
from har_runtime.sources.simulated.wearer import Wearer

RESOLUTION = 1e-3
"""m/s^2, of the values in the file."""
Pieces = list[tuple[float, NDArray[np.float64]]]
"""Stretches without a gap: when each begins, seconds, and its acceleration, shape (n, 3)."""


def _walk(rng: np.random.Generator) -> Pieces:
    """A walk between standing and sitting: nothing counts before four windows agree."""
    plan = [("standing", 3.0), ("walking", 12.0), ("sitting", 4.0)]
    return [(0.0, _worn(plan, 18.0))]


def _stairs(rng: np.random.Generator) -> Pieces:
    """Stairs, whose cadence is lower."""
    return [(0.0, _worn([("stairs_up", 14.0)], 13.0))]


def _run(rng: np.random.Generator) -> Pieces:
    """A run in which every second impact is weaker: hard gait is fast, so the delay that repeats is a stride."""
    t = _times(12.0)
    beat = (
        np.maximum(0.0, np.sin(2 * np.pi * 1.35 * t)) ** 3 + 0.7 * np.maximum(0.0, -np.sin(2 * np.pi * 1.35 * t)) ** 3
    )
    return [(0.0, _vertical(STANDARD_GRAVITY - 6 + 25 * beat, rng))]


def _arm(rng: np.random.Generator) -> Pieces:
    """A swinging arm shows strides rather than steps."""
    t = _times(12.0)
    return [(0.0, _vertical(STANDARD_GRAVITY + 2.5 * np.sin(2 * np.pi * 0.87 * t) + 0.5 * np.sin(7 * t), rng))]


def _gap(rng: np.random.Generator) -> Pieces:
    """A gap in a walk: it has to be confirmed again."""
    walk = _worn([("walking", 22.0)], 21.0)
    return [(0.0, walk[: 9 * SAMPLE_RATE_HZ]), (9.4, walk[round(9.4 * SAMPLE_RATE_HZ) :])]


def _doubt(rng: np.random.Generator) -> Pieces:
    """A stumble of a second interrupts no bout, and standing for four seconds does."""
    walk = _worn([("walking", 29.0)], 28.0)
    for begin, end, spread in ((10.0, 11.0, 2.5), (16.0, 20.0, 0.02)):
        part = slice(round(begin * SAMPLE_RATE_HZ), round(end * SAMPLE_RATE_HZ))
        walk[part] = walk[part].mean(axis=0) + spread * rng.standard_normal(walk[part].shape)
    return [(0.0, walk)]


def _knock(rng: np.random.Generator) -> Pieces:
    """A table that is knocked at once, and trembling hands: no steps."""
    length = STANDARD_GRAVITY + 0.2 * np.sin(2 * np.pi * 2.0 * _times(10.0))
    length[250:255] += [9.0, -7.0, 5.0, -3.0, 1.0]
    return [(0.0, _vertical(length, rng))]


CASES: dict[str, Callable[[np.random.Generator], Pieces]] = {
    "walk": _walk,
    "stairs": _stairs,
    "run": _run,
    "arm": _arm,
    "gap": _gap,
    "doubt": _doubt,
    "knock": _knock,
}


def step_vectors() -> list[dict[str, Any]]:
    """All cases as plain JSON-able values."""
    return [_case(name, make, np.random.default_rng(seed)) for seed, (name, make) in enumerate(CASES.items())]


def _case(name: str, make: Callable[[np.random.Generator], Pieces], rng: np.random.Generator) -> dict[str, Any]:
    segments = [(round(begin_s * 1e9), np.rint(acc / RESOLUTION).astype("<i2")) for begin_s, acc in make(rng)]
    return {
        "name": name,
        "about": (make.__doc__ or "").strip(),
        "acc": "base64 of int16, little-endian, shape (n, 3), mm/s^2 at 50 Hz; the angular rates are 0",
        "segments": [
            {"start_ns": start_ns, "acc": base64.b64encode(acc.tobytes()).decode()} for start_ns, acc in segments
        ],
        "windows": list(_counted(segments)),
    }


def _counted(segments: list[tuple[int, NDArray[np.int16]]]) -> Iterator[dict[str, Any]]:
    counter, windower = StepCounter(), Windower()
    for segment, (start_ns, values) in enumerate(segments):
        imu = (np.hstack([values, np.zeros_like(values)]) * RESOLUTION).astype(np.float32)
        for window in windower.push([UniformChunk(segment, start_ns, imu)]):
            taken = counter.step(window)
            yield {
                "segment": segment,
                "start_ns": window.start_ns,
                "steps": taken.count,
                "cadence": taken.cadence,
            }


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * SAMPLE_RATE_HZ)) * PERIOD_NS / 1e9


def _worn(plan: list[tuple[str, float]], seconds: float) -> NDArray[np.float64]:
    """Acceleration of the simulated wearer, m/s^2, shape (n, 3)."""
    acc = np.concatenate([chunk.acc for chunk in Wearer(plan=plan)])
    return acc[: round(seconds * SAMPLE_RATE_HZ)]


def _vertical(length: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Acceleration of this length along one direction, with a sensor's noise."""
    return length[:, None] * np.array([0.36, 0.48, 0.8]) + 0.03 * rng.standard_normal((len(length), 3))
