"""Samples on their way from a source: SI units, contract frame, sensor time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SampleChunk:
    """Consecutive samples of one sensor, or of both if they share their times."""

    times_ns: NDArray[np.int64]
    """Sensor times, shape (n,)."""
    acc: NDArray[np.float64] | None
    """m/s^2 with gravity, contract frame, shape (n, 3); None in a chunk of the gyroscope alone."""
    gyro: NDArray[np.float64] | None
    """rad/s, contract frame, shape (n, 3); None in a chunk of the accelerometer alone."""
    labels: NDArray[np.str_] | None = None
    """What the wearer truly did, shape (n,), "" for unknown; None if the source does not know."""


@dataclass(frozen=True)
class ImuChunk(SampleChunk):
    """Consecutive samples of both sensors at the same times."""

    acc: NDArray[np.float64]
    gyro: NDArray[np.float64]
