"""Samples on their way from a source: SI units, contract frame, sensor time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SampleChunk:
    """Some consecutive samples; both sensors share their times."""

    times_ns: NDArray[np.int64]
    """Sensor times, shape (n,)."""
    acc: NDArray[np.float64]
    """m/s^2 with gravity, contract frame, shape (n, 3)."""
    gyro: NDArray[np.float64]
    """rad/s, contract frame, shape (n, 3)."""
    labels: NDArray[np.str_] | None = None
    """What the wearer truly did, shape (n,), "" for unknown; None where the source does not know."""
