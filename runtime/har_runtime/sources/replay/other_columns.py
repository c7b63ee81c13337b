"""Columns of other things among numbers without a header: a quaternion, the temperature of a chip, a magnetic field."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.signal.unit_search import Found, find_acceleration_unit
from har_runtime.sources.columns import Columns
from har_runtime.sources.serial_port.text_units import evidence_of, unsteadiness

QUATERNION: Final = 5e-3
"""How far four columns may be off the length 1."""
STEADY: Final = 0.05
"""Spread of a chip's temperature over its mean; an angular rate's is larger while it turns."""
FIELD: Final = 0.2
TURNING: Final = 0.4
"""A magnetic field spreads less about its mean, in all axes together, and an angular rate more."""
ROW_NS: Final = 20_000_000
"""Between two rows, if nothing says it."""


def without_quaternion(table: NDArray[np.float64], begin: int) -> list[int]:
    """The columns that are left without four that are always of length 1, if six or more are left after `begin`.

    Args:
        table: shape (rows, columns).
        begin: the first column that may be one; a time stands before it.
    """
    columns = list(range(table.shape[1]))
    if len(columns) - begin < 6 + 4:
        return columns
    with np.errstate(over="ignore"):
        off = [float(np.abs((table[:, at : at + 4] ** 2).sum(axis=1) - 1).max()) for at in columns[begin:-3]]
    best = begin + int(np.argmin(off))
    return columns if off[best - begin] > QUATERNION else columns[:best] + columns[best + 4 :]


def with_others_passed(table: NDArray[np.float64], columns: Columns) -> Columns:
    """The six channels among more columns: a temperature may stand between the sensors, as in the registers of the
    MPU-6050, or a magnetic field or angles before them.

    Raises:
        DataError: three columns do not read gravity, and nothing shows which of the others do.
    """
    if not columns.gyroscope:
        return columns
    first, width = columns.channels[0], table.shape[1]
    if columns.channels != tuple(range(first, first + 6)):
        return columns
    if _reads_gravity(table, first):
        rest = range(first + 3, width)
        if len(rest) == 4 and _is_steady(table[:, rest[0]]) and not any(_is_steady(table[:, at]) for at in rest[1:]):
            return Columns(width, (first, first + 1, first + 2, *rest[1:]), columns.time)
        if len(rest) >= 6:
            second, third = table[:, rest[0] : rest[0] + 3], table[:, rest[3] : rest[3] + 3]
            if unsteadiness(second) < FIELD and unsteadiness(third) > TURNING:
                return Columns(width, (first, first + 1, first + 2, *rest[3:6]), columns.time)
        return columns
    if width - first < 9:
        return columns
    found = [at for at in range(first + 3, width - 2, 3) if _reads_gravity(table, at)]
    if len(found) == 1 and found[0] + 6 <= width:
        return Columns(width, tuple(range(found[0], found[0] + 6)), columns.time)
    raise DataError(
        f"nothing shows which of its {width} columns are acceleration and angular rate: name them in their order with "
        "columns=time,ax,ay,az,gx,gy,gz (- for a column to skip)"
    )


def gravity_in(acc: NDArray[np.float64]) -> Found | None:
    """The unit in which three columns read gravity; None if they read none."""
    rows = np.column_stack([np.full(len(acc), np.nan), acc])
    return find_acceleration_unit(evidence_of(rows, ROW_NS, gyroscope=False))


def _reads_gravity(table: NDArray[np.float64], at: int) -> bool:
    return gravity_in(table[:, at : at + 3]) is not None


def _is_steady(values: NDArray[np.float64]) -> bool:
    """Whether a column hardly changes beside its mean."""
    with np.errstate(over="ignore", invalid="ignore"):
        return 0 < float(values.std()) < STEADY * abs(float(values.mean()))
