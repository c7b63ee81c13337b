"""Tables of rows that are each of one sensor, which a column of numbers tells, as Android numbers its sensors."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.signal.units import rest_magnitude, unit_at_rest
from har_runtime.sources.replay.cells import as_number
from har_runtime.sources.replay.fields import Fields

ACCELEROMETER: Final = "1"
GYROSCOPE: Final = "4"
"""Android's Sensor.TYPE_ACCELEROMETER and TYPE_GYROSCOPE."""
MAX_CELLS: Final = 20
"""Columns among which one may number the sensors."""
MAX_NUMBERS: Final = 30
MIN_ROWS: Final = 10
MIN_TURNS: Final = 0.3
"""Share of rows that are of another sensor than the row before."""
APART: Final = 1.5
"""How many times larger the readings of one sensor are than those of another."""
_NUMBER: Final = re.compile(r"\d{1,3}")


def with_numbered_sensors(fields: Fields, rows: Sequence[Sequence[str]]) -> Fields:
    """The fields of a table whose rows take turns between sensors by a number of theirs, if it is one.

    Raises:
        DataError: they do, and the numbers are not Android's.
    """
    if fields.acc is None or fields.gyro is not None or fields.tag is not None or len(rows) < MIN_ROWS:
        return fields
    for cell in range(min(MAX_CELLS, len(rows[0]))):
        if cell in fields.acc or not (groups := _groups(rows, cell, fields.acc)):
            continue
        acc = groups.get(ACCELEROMETER)
        if acc is not None and GYROSCOPE in groups and _is_gravity(acc) and not _is_gravity(groups[GYROSCOPE]):
            return replace(fields, tag=cell, acc_tag=ACCELEROMETER, gyro_tag=GYROSCOPE, gyro=fields.acc)
        numbers = ", ".join(sorted(groups, key=int)[:5])
        raise DataError(
            f"its rows are of several sensors in turn, which column {cell + 1} numbers ({numbers}): put those of the "
            "accelerometer and of the gyroscope of one device into a file each, accelerometer.csv and gyroscope.csv in "
            "one folder"
        )
    return fields


def _groups(
    rows: Sequence[Sequence[str]], cell: int, channels: tuple[int, int, int]
) -> dict[str, NDArray[np.float64]] | None:
    """The three channels of the rows with each number in a column, if it numbers the sensors; else None."""
    rows = [row for row in rows if len(row) > max(cell, *channels)]
    numbers = [row[cell] for row in rows]
    found = set(numbers)
    if not 2 <= len(found) <= MAX_NUMBERS or not all(map(_NUMBER.fullmatch, found)):
        return None
    turns = sum(one != other for one, other in itertools.pairwise(numbers))
    if turns < MIN_TURNS * len(numbers):
        return None
    groups: dict[str, NDArray[np.float64]] = {}
    for number in found:
        own = [row for row, one in zip(rows, numbers, strict=True) if one == number]
        values = [[as_number(row[channel]) for channel in channels] for row in own]
        groups[number] = np.array([[np.nan if one is None else one for one in row] for row in values], np.float64)
    sizes = [size for values in groups.values() if (size := rest_magnitude(values)) is not None]
    return groups if len(sizes) > 1 and max(sizes) > APART * min(sizes) else None


def _is_gravity(values: NDArray[np.float64]) -> bool:
    size = rest_magnitude(values)
    return size is not None and unit_at_rest(size) is not None
