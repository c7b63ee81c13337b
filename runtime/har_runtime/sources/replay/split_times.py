"""Times in two columns: whole seconds, and the part of a second, as `sec,nanosec` or a clock beside milliseconds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.columns import NamedColumns
from har_runtime.sources.replay.cells import CLOCK, DATE, INTEGER, NO_TIME, NUMBER, TimeFormat, read_times, time_format
from har_runtime.sources.replay.fields import Fields, TimeField

SECOND_NS: Final = 1_000_000_000
PARTS: Final = (100, 1000, 1_000_000, SECOND_NS)
"""In how many parts a second may be counted."""
PARTS_OF_UNIT: Final = {"ms": 1000, "us": 1_000_000, "ns": SECOND_NS}
MOST: Final = 0.95
"""Share of the rows of one second in which its part grows."""


def parts_of_second(
    seconds: NDArray[np.int64] | NDArray[np.float64], rest: NDArray[np.float64], unit: str | None = None
) -> int | None:
    """In how many parts of a second `rest` counts on from whole seconds; None if it does not.

    It grows within a second, and begins again with each.

    Args:
        unit: one of ms, us, ns if a header names it.

    >>> parts_of_second(np.array([7.0, 7, 7, 8, 8]), np.array([400.0, 600, 800, 0, 200]))
    1000
    """
    if len(seconds) != len(rest) or not len(rest) or not np.isfinite(rest).all() or np.any(rest < 0):
        return None
    steps, ahead = np.diff(seconds), np.diff(rest)
    begun = steps > 0
    if not begun.any() or np.any(steps < 0) or np.any(ahead[begun] >= 0) or np.any(rest != np.rint(rest)):
        return None
    if not (~begun).any() or float(np.mean(ahead[~begun] > 0)) < MOST:
        return None
    largest = float(rest.max())
    if unit is not None:
        parts = PARTS_OF_UNIT.get(unit)
        return parts if parts and largest < parts else None
    return next((parts for parts in PARTS if parts / 2 <= largest < parts), None)


def with_rest(fields: Fields, named: NamedColumns, rows: Sequence[Sequence[str]]) -> Fields:
    """The fields with the column that holds the parts of the seconds of their times, if there is one."""
    if fields.time is None:
        return fields
    channels = {cell for triple in (fields.acc, fields.gravity, fields.gyro) for cell in triple or ()}
    units = {time.cell: time.unit for time in named.times}
    for time in (fields.time, *fields.other_times):
        if time.unit not in (None, "s") or time.form.kind not in (NUMBER, DATE, CLOCK):
            continue
        for cell in dict.fromkeys((*units, time.cell + 1)):
            if cell in channels or cell == time.cell:
                continue
            if found := _split(time, cell, units.get(cell), rows):
                others = tuple(one for one in (fields.time, *fields.other_times) if one.cell not in (time.cell, cell))
                return replace(fields, time=found, other_times=others)
    return fields


def split_time(cell: int, rest: int, parts: int) -> TimeField:
    """The field of whole seconds in one column, with their parts in another."""
    return TimeField(cell, TimeFormat(INTEGER), "ns", rest=(rest, SECOND_NS // parts))


def times_of(rows: Sequence[Sequence[str]], time: TimeField) -> NDArray[np.int64] | NDArray[np.float64]:
    """The times of rows, as `read_times` gives them.

    Raises:
        ValueError: a cell holds something else.
    """
    times = read_times([row[time.cell] for row in rows], time.form)
    if time.rest is None:
        return times
    cell, size_ns = time.rest
    rest = read_times([row[cell] for row in rows], TimeFormat(NUMBER))
    known = (times != NO_TIME) & np.isfinite(rest) & (np.abs(rest) * size_ns <= SECOND_NS)
    whole = np.where(known, times.astype(np.int64), 0)
    if time.form.kind == INTEGER:
        known &= np.abs(whole) < NO_TIME // -SECOND_NS
        whole = np.where(known, whole, 0) * SECOND_NS
    return np.where(known, whole + np.rint(np.where(known, rest, 0.0) * size_ns).astype(np.int64), NO_TIME)


def _split(time: TimeField, cell: int, unit: str | None, rows: Sequence[Sequence[str]]) -> TimeField | None:
    cells = [row[cell] for row in rows if max(cell, time.cell) < len(row)]
    if len(cells) < len(rows) or (time_format(cells) or TimeFormat(DATE)).kind != NUMBER:
        return None
    try:
        seconds = read_times([row[time.cell] for row in rows], time.form)
        rest = read_times(cells, TimeFormat(NUMBER))
    except ValueError:
        return None
    size = 1 if time.form.kind == NUMBER else SECOND_NS
    if not np.isfinite(seconds).all() or np.any(seconds % size):
        return None
    parts = parts_of_second(seconds // size, rest.astype(np.float64), unit)
    if parts is None:
        return None
    return split_time(time.cell, cell, parts) if size == 1 else replace(time, rest=(cell, SECOND_NS // parts))
