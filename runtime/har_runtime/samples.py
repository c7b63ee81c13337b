"""Samples on their way from a source: SI units, contract frame, sensor time."""

from dataclasses import dataclass, replace
from typing import Self

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

    def part(self, begin: int, end: int) -> Self:
        """The samples from `begin` to before `end`."""
        columns = {name: column for name, column in vars(self).items() if column is not None}
        return replace(self, **{name: column[begin:end] for name, column in columns.items()})

    def without_gyroscope(self) -> "SampleChunk":
        """The same without the angular rates."""
        return SampleChunk(self.times_ns, self.acc, None, self.labels)


@dataclass(frozen=True)
class ImuChunk(SampleChunk):
    """Consecutive samples of both sensors at the same times."""

    acc: NDArray[np.float64]
    gyro: NDArray[np.float64]
