"""Rows of a recording as they stand in its file: numbers in its own units, times of its own clock."""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.replay.fields import Fields

Times = NDArray[np.int64] | NDArray[np.float64]
"""As `cells.read_times` returns them."""


@dataclass(frozen=True)
class RawRows:
    """Consecutive rows."""

    times: Times | None
    """Shape (n,), as `cells.read_times` returns them; None without a column of times."""
    acc: NDArray[np.float64] | None
    """Shape (n, 3); NaN for an empty cell."""
    gyro: NDArray[np.float64] | None
    labels: list[str] | None
    counts: NDArray[np.float64] | None = None
    """Sample numbers, shape (n,)."""

    def __len__(self) -> int:
        values = self.acc if self.acc is not None else self.gyro
        return 0 if values is None else len(values)

    def part(self, begin: int, end: int) -> "RawRows":
        """The rows from `begin` to before `end`."""
        return RawRows(**{name: None if value is None else value[begin:end] for name, value in vars(self).items()})


class RawReader(Protocol):
    """A file of rows, read from beginning to end."""

    fields: Fields
    """What its columns hold."""
    lost: Counter[str]
    """Lines that gave no row, by reason."""
    dated_ns: int | None
    """A time since 1970 of the first row that another column than that of the times tells, in nanoseconds."""

    @property
    def position(self) -> int:
        """Bytes read so far of the file as it lies on the disk."""
        ...

    def read(self, count: int) -> RawRows | None:
        """The next rows, at most `count`; None at the end.

        Raises:
            DataError: a row is invalid.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...
