"""A synthetic wearer with true labels: postures and gaits with the harmonics measured on real people.

`wearer.json` holds the measurements (made by `har_train.data.measure_wearer` on training users): for each posture the
mean and spread of the six channels, for each gait the stride frequency and the Fourier coefficients of its cycle.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PERIOD_NS, SAMPLE_RATE_HZ
from har_runtime.samples import ImuChunk

TOUR = ("standing", "walking", "stairs_up", "stairs_down", "sitting", "lying")
"""The first bouts, so that even a short run shows every activity; after them NEXT applies."""
NEXT = {
    "lying": ("sitting",),
    "sitting": ("lying", "standing"),
    "standing": ("sitting", "walking"),
    "walking": ("standing", "stairs_up", "stairs_down"),
    "stairs_up": ("walking", "stairs_down"),
    "stairs_down": ("walking", "stairs_up"),
}
BOUT_S = (8.0, 16.0)
TRANSITION_S = 1.5
"""One activity fades into the next over this time, which has no label."""
CADENCE_WANDER = 0.01
"""Relative standard deviation of the stride frequency; gait is never quite periodic."""


@dataclass(frozen=True)
class Posture:
    """Standing, sitting or lying still."""

    mean: NDArray[np.float64]
    """m/s^2 and rad/s, shape (6,)."""
    spread: NDArray[np.float64]
    """Standard deviation, shape (6,)."""

    def signal(self, samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Shape (samples, 6) at 50 Hz."""
        return self.mean + self.spread * rng.standard_normal((samples, 6))


@dataclass(frozen=True)
class Gait:
    """Walking on level ground or on stairs."""

    mean: NDArray[np.float64]
    """m/s^2 and rad/s, shape (6,)."""
    stride_hz: float
    """Strides (two steps) a second."""
    cosine: NDArray[np.float64]
    """Coefficients of harmonics 1, 2, ... of the stride, shape (harmonics, 6)."""
    sine: NDArray[np.float64]
    residual: NDArray[np.float64]
    """Standard deviation of the signal without its harmonics, shape (6,)."""
    residual_lag1: NDArray[np.float64]
    """Its correlation between consecutive samples at 50 Hz, shape (6,)."""

    def signal(self, samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Shape (samples, 6) at 50 Hz."""
        wander = _coloured(rng, samples, np.array([0.99]))[:, 0]
        frequency = self.stride_hz * (1 + CADENCE_WANDER * wander)
        phase = 2 * np.pi * (rng.uniform() + np.cumsum(frequency) / SAMPLE_RATE_HZ)
        harmonic = phase[:, None] * np.arange(1, len(self.cosine) + 1)
        cycle = np.cos(harmonic) @ self.cosine + np.sin(harmonic) @ self.sine
        return self.mean + cycle + self.residual * _coloured(rng, samples, self.residual_lag1)


def _coloured(rng: np.random.Generator, samples: int, lag1: NDArray[np.float64]) -> NDArray[np.float64]:
    """First-order autoregressive noise of standard deviation 1, shape (samples, len(lag1))."""
    out = rng.standard_normal((samples, len(lag1)))
    step = np.sqrt(1 - lag1**2)
    for index in range(1, samples):
        out[index] = lag1 * out[index - 1] + step * out[index]
    return out


class Wearer:
    """One synthetic person.

    >>> chunk = next(iter(Wearer(seed=3)))
    >>> chunk.acc.shape[1], str(chunk.labels[0])
    (3, 'standing')
    """

    def __init__(self, seed: int = 0, plan: Iterable[tuple[str, float]] | None = None):
        """A wearer.

        Args:
            seed: chooses the person and the random numbers.
            plan: activities and their seconds; None for all activities in bouts of 8 to 16 s, endlessly.
        """
        self._seed, self._plan = seed, plan
        people = _people()
        self._activities = people[seed % len(people)]

    def __iter__(self) -> Iterator[ImuChunk]:
        """A chunk for each bout, with the transition from the one before; times start at 0."""
        rng = np.random.default_rng(self._seed)
        fade = round(TRANSITION_S * SAMPLE_RATE_HZ)
        rise = (0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade))[:, None]
        start = 0
        leaving: NDArray[np.float64] | None = None
        for activity, seconds in _bouts(rng) if self._plan is None else self._plan:
            samples = round(seconds * SAMPLE_RATE_HZ)
            signal = self._activities[activity].signal(samples + 2 * fade, rng)
            labels = np.full(samples + fade, activity)
            if leaving is None:
                signal, labels = signal[fade:], labels[fade:]
            else:
                signal[:fade] = (1 - rise) * leaving + rise * signal[:fade]
                labels[:fade] = ""
            leaving = signal[-fade:]
            now = signal[:-fade]
            times = (start + np.arange(len(now), dtype=np.int64)) * PERIOD_NS
            start += len(now)
            yield ImuChunk(times, now[:, :3], now[:, 3:], labels)


def _bouts(rng: np.random.Generator) -> Iterator[tuple[str, float]]:
    for activity in TOUR:
        yield activity, rng.uniform(*BOUT_S)
    activity = TOUR[-1]
    while True:
        activity = str(rng.choice(NEXT[activity]))
        yield activity, rng.uniform(*BOUT_S)


def _people() -> list[dict[str, Posture | Gait]]:
    text = (files("har_runtime.sources.simulated") / "wearer.json").read_text(encoding="utf-8")
    return [{name: _activity(row) for name, row in person.items()} for person in json.loads(text)["people"]]


def _activity(row: dict[str, Any]) -> Posture | Gait:
    arrays: dict[str, Any] = {key: np.array(value) if isinstance(value, list) else value for key, value in row.items()}
    return Gait(**arrays) if "stride_hz" in row else Posture(**arrays)
