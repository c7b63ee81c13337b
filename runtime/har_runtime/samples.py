"""Samples on their way from a source: SI units, contract frame, sensor time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SampleChunk:
    """Some consecutive samples of one sensor, or of both where they share their times."""

    times_ns: NDArray[np.int64]
    """Sensor times, shape (n,)."""
    acc: NDArray[np.float64] | None
    """m/s^2 with gravity, contract frame, shape (n, 3); None where this is the gyroscope alone."""
    gyro: NDArray[np.float64] | None
    """rad/s, contract frame, shape (n, 3); None where this is the accelerometer alone."""
    labels: NDArray[np.str_] | None = None
    """What the wearer truly did, shape (n,), "" for unknown; None where the source does not know."""


@dataclass(frozen=True)
class ImuChunk(SampleChunk):
    """Some consecutive samples of both sensors at the same times."""

    acc: NDArray[np.float64]
    gyro: NDArray[np.float64]
