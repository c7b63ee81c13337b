"""What a device measures on people in each activity: postures, and gaits with the harmonics of real ones.

`wearer.json` holds the measurements (made by `har_train.data.measure_wearer` on training users) for each place where
the device can be carried: for each posture the mean and spread of the six channels, for each gait the stride frequency
and the Fourier coefficients of its cycle.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import SAMPLE_RATE_HZ

CADENCE_WANDER = 0.01
"""Relative standard deviation of the stride frequency; gait is never quite periodic."""


@dataclass(frozen=True)
class Posture:
    """Standing, sitting or lying still."""

    mean: NDArray[np.float64]
    """m/s^2 and rad/s, shape (6,)."""
    spread: NDArray[np.float64]
    """Standard deviation, shape (6,)."""
    lag1: NDArray[np.float64] | None = None
    """Correlation of the trembling between consecutive samples at 50 Hz, shape (6,); None if it is as good as none."""

    def signal(self, samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Shape (samples, 6) at 50 Hz."""
        noise = rng.standard_normal((samples, 6)) if self.lag1 is None else _coloured(rng, samples, self.lag1)
        return self.mean + self.spread * noise


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


@cache
def people() -> dict[str, list[dict[str, Posture | Gait]]]:
    """The people measured, by place."""
    text = (files("har_runtime.sources.simulated") / "wearer.json").read_text(encoding="utf-8")
    return {
        place: [{name: _activity(row) for name, row in person.items()} for person in table["people"]]
        for place, table in json.loads(text).items()
    }


def _activity(row: dict[str, Any]) -> Posture | Gait:
    arrays: dict[str, Any] = {key: np.array(value) if isinstance(value, list) else value for key, value in row.items()}
    return Gait(**arrays) if "stride_hz" in row else Posture(**arrays)
