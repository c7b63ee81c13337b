"""The layout of tables without a header, by what their columns hold."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.column_names import TimeColumn
from har_runtime.sources.columns import NamedColumns, columns_by_number
from har_runtime.sources.replay.cells import (
    DELIMITERS,
    as_number,
    check_columns,
    split_line,
    time_format,
)
from har_runtime.sources.replay.fields import Fields, Layout
from har_runtime.sources.replay.first_rows import ROWS_LOOKED_AT, has_decimal_comma, is_gravity, values_of, with_time
from har_runtime.sources.replay.header import MAX_COLUMNS
from har_runtime.sources.replay.labels import WORDS

COMMENTS: Final = ("#", "%", "//")
EMPATICA_COUNTS: Final = "64"
"""Empatica E4: acceleration in 1/64 g; the first line of ACC.csv is the time of the first sample in seconds since 1970,
the second the rate in Hz (E4 Connect, "Data export and formatting")."""


def empatica(lines: Sequence[str]) -> Layout | None:
    """The layout of Empatica's ACC.csv."""
    rows = [[as_number(cell) for cell in split_line(line, ",")] for line in lines[:3]]
    if len(rows) < 3 or any(len(row) != 3 or None in row for row in rows):
        return None
    (start, *starts), (rate, *rates), _ = ([float(value or 0) for value in row] for row in rows)
    if any(one != start for one in starts) or any(one != rate for one in rates):
        return None
    if not (9e8 < start < 4.2e9 and 1 <= rate <= 2000):
        return None
    fields = Fields(
        acc=(0, 1, 2), acc_unit=EMPATICA_COUNTS, profile="Empatica E4", start_ns=round(start * 1e9), rate_hz=rate
    )
    return Layout(",", False, 2, (), fields=fields)


def without_header(lines: Sequence[str]) -> Layout | None:
    """The layout of lines of numbers, which may hold dates and words as well."""
    best: tuple[int, Layout] | None = None
    for delimiter in DELIMITERS:
        rows = [(at, split_line(line.rstrip(";, \t"), delimiter)) for at, line in enumerate(lines) if line.strip()]
        rows = [(at, row) for at, row in rows if len(row) >= 3 and not row[0].startswith(COMMENTS)]
        if not rows:
            continue
        widths = [len(row) for _, row in rows]
        width = max(set(widths), key=widths.count)
        rows = [(at, row) for at, row in rows if len(row) == width]
        check_columns(width, MAX_COLUMNS)
        if found := _by_number(rows, delimiter):
            count = len(rows)
            if best is None or count > best[0]:
                best = count, found
    return None if best is None else best[1]


def _by_number(numbered: list[tuple[int, list[str]]], delimiter: str | None) -> Layout | None:
    """The layout of rows of the same width, by what their columns hold."""
    comma = has_decimal_comma([row for _, row in numbered], delimiter)
    if comma:
        numbered = [(at, [cell.replace(",", ".") for cell in row]) for at, row in numbered]
    # A first line may be a header of unknown words, and the last may be cut off.
    rows = [row for _, row in numbered[1 if len(numbered) > 2 else 0 :]][:ROWS_LOOKED_AT]
    numbers: list[int] = []
    words: list[int] = []
    dates: list[int] = []
    for cell in range(len(rows[0])):
        column = [row[cell] for row in rows]
        values = [as_number(one) for one in column]
        if 10 * sum(value is not None for value in values) >= 9 * len(values) and any(column):
            numbers.append(cell)
        elif (form := time_format(column)) is not None:
            dates.append(cell)
            assert form
        else:
            words.append(cell)
    table = values_of(rows, numbers)
    kept = np.isfinite(table).all(axis=1)
    if len(numbers) < 3 or np.count_nonzero(kept) < max(2, len(rows) // 2):
        return None
    table = table[kept]
    named_time = TimeColumn(dates[0]) if dates else None
    # Numbers of a person or a device come first and stay the same.
    while len(numbers) > 3 and (table[:, 0] == table[0, 0]).all() and float(table[0, 0]).is_integer():
        if len(numbers) in (6, 7) and not words and not dates:
            break
        numbers, table = numbers[1:], table[:, 1:]
    grown = table.copy()
    if (np.diff(table[:, 0]) >= 0).all() and table[-1, 0] > table[0, 0]:
        grown[:, 0] = np.arange(len(table))  # Times may repeat.
    columns = columns_by_number(grown.tolist())
    if columns is None:
        return None
    if columns.gyroscope and not _may_turn(table[:, list(columns.channels)]):
        columns = replace(columns, channels=columns.channels[:3])
    channels = [numbers[cell] for cell in columns.channels]
    if len(channels) > 3 and not is_gravity(table[:, list(columns.channels[:3])]) and len(columns.channels) == 6:
        # Nothing says that the first three are the acceleration, and they do not look like it.
        return None
    time = None if columns.time is None else TimeColumn(numbers[columns.time])
    time = named_time or time
    label = next((cell for cell in words if _are_labels([row[cell] for row in rows])), None)
    fields = Fields(
        acc=(channels[0], channels[1], channels[2]),
        gyro=(channels[3], channels[4], channels[5]) if len(channels) == 6 else None,
        label=label,
    )
    fields = with_time(fields, NamedColumns(len(rows[0]), {}, (time,) if time else ()), rows)
    first = next(at for at, row in numbered if all(as_number(row[cell]) is not None for cell in channels))
    return Layout(delimiter, comma, first, (), fields=fields)


def _may_turn(table: NDArray[np.float64]) -> bool:
    """Whether the last three of six columns may be angular rates: none stays the same while the device moves, as light,
    a button and temperature do."""
    still = (np.diff(table, axis=0) == 0).all(axis=0)
    return bool(still[:3].any()) or not bool(still[3:].any())


def _are_labels(cells: Sequence[str]) -> bool:
    """Whether words name activities: few different ones, one of which is known, or the same word again and again."""
    different = set(cells)
    known = any(WORDS.get(re.sub(r"[^a-z0-9]", "", cell.lower())) for cell in different)
    return known and len(different) <= 50
