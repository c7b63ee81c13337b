"""What the first rows of a table show: numbers and decimal marks, the column of times, gravity."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.signal.units import rest_magnitude
from har_runtime.sources.column_names import GYROSCOPE, PLAIN, TOTAL, sensor_named
from har_runtime.sources.columns import NamedColumns
from har_runtime.sources.replay.cells import (
    CLOCK,
    DATE,
    MISSING,
    NUMBER,
    THOUSANDS,
    TimeFormat,
    as_number,
    date_alone,
    read_times,
    time_format,
)
from har_runtime.sources.replay.fields import Fields, TimeField

ROWS_LOOKED_AT: Final = 100
MIN_GROWING: Final = 10
"""Rows in which a column whose name says nothing must grow to be a time."""
MAX_TIME_CELLS: Final = 50
"""Columns among which one may hold times without being named so."""
MAX_TAG_CELLS: Final = 20
"""Columns among which one may name the sensor of each row."""
MAX_TAGS: Final = 30
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")


def has_decimal_comma(rows: Sequence[Sequence[str]]) -> bool:
    """Whether some cells are numbers with a decimal comma, and none has a decimal point.

    >>> has_decimal_comma([["9,810", "1,204"]]), has_decimal_comma([["9,810"], ["87"]])
    (True, False)
    """
    cells = [(place, cell) for row in rows for place, cell in enumerate(row) if _DECIMAL_COMMA.fullmatch(cell)]
    if not cells:
        return False
    if all(THOUSANDS.fullmatch(cell) for _, cell in cells):
        # 9,810 may be either. Decimals are written in every row, a comma for thousands is not in smaller numbers.
        places = {place for place, _ in cells}
        if any(row[place].strip("+-").isdigit() for row in rows for place in places if place < len(row)):
            return False
    points = sum(1 for row in rows for cell in row if "." in cell and as_number(cell) is not None)
    return points < len(cells)


def values_of(rows: Sequence[Sequence[str]], cells: Sequence[int]) -> NDArray[np.float64]:
    """The numbers in some cells of rows, shape (rows, cells); NaN for what is none."""
    table = [[as_number(row[cell]) if cell < len(row) else None for cell in cells] for row in rows]
    values = [[np.nan if value is None else value for value in row] for row in table]
    return np.array(values, np.float64).reshape(len(rows), len(cells))


def with_time(fields: Fields, named: NamedColumns, rows: Sequence[Sequence[str]]) -> Fields:
    """Choose the column of times whose values grow most often from row to row; the others may know the date."""
    usable: list[tuple[float, TimeField]] = []
    date: int | None = None
    for time in named.times:
        column = [row[time.cell] for row in rows if time.cell < len(row)]
        form = time_format(column) if column else None
        if form is not None:
            usable.append((_growth(column, form), TimeField(time.cell, form, time.unit)))
        elif column and date_alone(column[0]) is not None:
            date = time.cell
    if not usable:
        usable = [(1.0, time) for time in _times_by_cells(fields, rows)]
    if not (usable or named.times) and fields.counter is None and (time := _time_by_growth(fields, rows)):
        usable = [(1.0, time)]
    if not usable:
        unread = next((row[time.cell] for time in named.times for row in rows[:1] if is_held(row, time.cell)), "")
        fields = replace(fields, unread_time=unread if date is None else "")
        # Without a row, or without a time in any, what is wrong is said elsewhere.
        empty = [time for time in named.times if not any(is_held(row, time.cell) for row in rows)]
        return replace(fields, time=TimeField(empty[0].cell, TimeFormat(NUMBER), empty[0].unit)) if empty else fields
    best = max(growth for growth, _ in usable)
    chosen = next(time for growth, time in usable if growth >= best - 0.05)
    others = tuple(time for _, time in usable if time is not chosen)
    return replace(fields, time=chosen, other_times=others, date=date)


def _times_by_cells(fields: Fields, rows: Sequence[Sequence[str]]) -> list[TimeField]:
    """The columns of dates and of times of day, whatever their names are."""
    channels = {cell for triple in (fields.acc, fields.gravity, fields.gyro) for cell in triple or ()}
    found: list[TimeField] = []
    for cell in range(min(MAX_TIME_CELLS, len(rows[0]) if rows else 0)):
        column = [row[cell] for row in rows if cell < len(row)]
        if cell not in channels and column and as_number(column[0]) is None:
            form = time_format(column)
            if form is not None and form.kind in (DATE, CLOCK) and _growth(column, form) > 0:
                found.append(TimeField(cell, form))
    return found


def _time_by_growth(fields: Fields, rows: Sequence[Sequence[str]]) -> TimeField | None:
    """The first column, if its numbers always grow, and by something else than one: times under a name that says
    nothing."""
    column = [row[0] for row in rows if row]
    form = time_format(column) if len(column) >= MIN_GROWING else None
    if form is None or 0 in (fields.acc or fields.gyro or (0,)) or form.kind in (DATE, CLOCK):
        return None
    try:
        times = read_times(column, form)
    except ValueError:
        return None
    with np.errstate(all="ignore"):
        steps = np.diff(times)
    return TimeField(0, form) if bool((steps > 0).all()) and not bool((steps == 1).all()) else None


def is_held(row: Sequence[str], cell: int) -> bool:
    """Whether a row has a value in a cell."""
    return cell < len(row) and row[cell].strip().lower() not in MISSING


def _growth(cells: Sequence[str], form: TimeFormat) -> float:
    """The share of steps that go forward."""
    try:
        times = read_times(cells, form)
    except ValueError:
        return 0.0
    with np.errstate(all="ignore"):  # Cells may hold infinity, or numbers next to it.
        return float(np.mean(np.diff(times) > 0)) if len(times) > 1 else 0.0


def is_linear(acc: NDArray[np.float64], gravity: NDArray[np.float64]) -> bool:
    """Whether gravity, shape (n, 3), is not in the acceleration of the same time, shape (m, 3)."""
    down = gravity.mean(axis=0)
    power = float(down @ down)
    return power > 0 and float(acc.mean(axis=0) @ down) / power < 0.5


def is_whole(acc: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether `other`, which is named as gravity, is the acceleration with gravity, shape (n, 3) each: it shakes as the
    acceleration without it does. Gravity alone hardly changes from sample to sample."""
    if len(acc) < 3:
        return False
    shaken, steps = np.diff(acc, axis=0).ravel(), np.diff(other, axis=0).ravel()
    power = float(shaken @ shaken)
    return power > 0 and float(shaken @ steps) / power > 0.5


def with_tags(fields: Fields, rows: Sequence[Sequence[str]]) -> Fields:
    """The fields of a table that holds one sensor after the other, if a column names the sensor of each row."""
    if fields.acc is None or fields.gyro is not None or not rows:
        return fields
    for cell in range(min(MAX_TAG_CELLS, len(rows[0]))):
        if cell in fields.acc:
            continue
        values = [row[cell] for row in rows if cell < len(row)]
        if any(as_number(value) is not None for value in values[:3]) or len(found := set(values)) > MAX_TAGS:
            continue
        # What was calibrated comes before what was not.
        names = sorted(found, key=lambda value: ("uncal" in value.lower(), value))
        kinds = {value: sensor_named(value) for value in names}
        acc = next((value for kind in (TOTAL, PLAIN) for value in names if kinds[value] == kind), None)
        gyro = next((value for value in names if kinds[value] == GYROSCOPE), None)
        if acc is not None and len(found) > 1:
            gyro_cells = fields.acc if gyro is not None else None
            alone = cell if gyro is None else None
            return replace(fields, tag=cell, acc_tag=acc, gyro_tag=gyro, gyro=gyro_cells, sensor_cell=alone)
        if len(found) == 1 and kinds[names[0]] is not None:
            return replace(fields, sensor_cell=cell)
    return fields


def rows_of_acceleration(fields: Fields, rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """The rows that hold acceleration."""
    if fields.tag is None:
        return rows
    return [row for row in rows if fields.tag < len(row) and row[fields.tag] == fields.acc_tag]


def is_gravity(acc: NDArray[np.float64]) -> bool:
    """Whether three columns may be acceleration: they stay near one size, as gravity does."""
    magnitude = np.linalg.norm(acc, axis=1)
    median = rest_magnitude(acc)
    return median is not None and median > 0 and float(np.mean(np.abs(magnitude / median - 1) < 0.5)) > 0.7
