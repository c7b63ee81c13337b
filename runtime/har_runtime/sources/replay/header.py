"""The header of a text table, and the layout of the rows below it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from har_runtime.contract import CHANNELS as OWN_CHANNELS
from har_runtime.sources.column_names import AXES, GYROSCOPE, PLAIN, TOTAL
from har_runtime.sources.columns import NamedColumns, named_columns
from har_runtime.sources.replay.cells import (
    DELIMITERS,
    as_number,
    check_columns,
    split_line,
)
from har_runtime.sources.replay.fields import Fields, Layout, fields_of
from har_runtime.sources.replay.first_rows import ROWS_LOOKED_AT, has_decimal_comma, is_linear, values_of, with_time

MAX_COLUMNS: Final = 20_000
MAX_UNIT_LINES: Final = 2
"""Lines between the header and the first row: units, types."""
_FRACTION = re.compile(r"(?:^|[\s:=,;])[-+]?\d+[.,]\d")
"""A number that no header has."""


def find_header(lines: Sequence[str]) -> tuple[int, str | None, list[str], NamedColumns] | None:
    """The line that names most sensors: its index, delimiter, cells and what they say."""
    best: tuple[int, int, str | None, list[str], NamedColumns] | None = None
    forced = _named_delimiter(lines)
    for index, line in enumerate(lines):
        if not any(axis in line.lower() for axis in AXES) or _FRACTION.search(line):
            continue
        named_here = False
        for delimiter in DELIMITERS if forced is None else (forced,):
            # Names with spaces are no cells of their own.
            if named_here if delimiter is None else delimiter not in line:
                continue
            cells = split_line(line.lstrip("#% "), delimiter)
            check_columns(len(cells), MAX_COLUMNS)
            if len(cells) < 2 or as_number(cells[-1] or cells[0]) is not None:
                continue
            named = named_columns(cells)
            worth = 4 * (named.acceleration is not None) + 3 * (GYROSCOPE in named.sensors) + 2 * bool(named.several)
            worth = worth or int(bool(named.partial) and bool(named.times or len(named.partial) > 1))
            named_here |= worth > 0
            if worth and (best is None or worth > best[0]):
                best = worth, index, delimiter, cells, named
        if best is not None and best[0] >= 4:
            break
    return None if best is None else best[1:]


def _named_delimiter(lines: Sequence[str]) -> str | None:
    """The delimiter of a line "sep=;", as spreadsheets read it."""
    match = re.match(r'"?sep=(.)', lines[0]) if lines else None
    return match[1] if match and match[1] in DELIMITERS else None


def with_rows(
    lines: Sequence[str],
    index: int,
    delimiter: str | None,
    cells: list[str],
    named: NamedColumns,
    sensor: str | None,
) -> Layout:
    """The layout of a file with this header, by the rows below it."""
    fields = fields_of(named, sensor)
    below = [
        (at, split_line(line, delimiter))
        for at, line in enumerate(lines[index + 1 : index + 1 + ROWS_LOOKED_AT + MAX_UNIT_LINES], index + 1)
        if line.strip()
    ]
    comma = has_decimal_comma([row for _, row in below], delimiter)
    below = [(at, [cell.replace(",", ".") for cell in row] if comma else row) for at, row in below]
    wanted = [cell for triple in (fields.acc, fields.gyro) if triple for cell in triple]
    first, units = index + 1, None
    for at, row in below[:MAX_UNIT_LINES]:
        held = [row[cell] for cell in wanted if cell < len(row)]
        if not held or any(as_number(cell) is not None for cell in held):
            break
        first, units = at + 1, row
    rows = [row for at, row in below if at >= first]
    if units is not None:
        fields = _with_units(fields, cells, units)
    fields = with_time(fields, named, rows)
    if [cells[cell] for cell in wanted] == list(OWN_CHANNELS[: len(wanted)]) and fields.acc is not None:
        fields = replace(fields, own_header=True)
    if fields.gravity is not None and PLAIN in named.sensors and TOTAL not in named.sensors and fields.acc is not None:
        fields = _with_or_without_gravity(fields, rows)
    return Layout(delimiter, comma, first, tuple(cells), fields=fields)


def _with_units(fields: Fields, names: list[str], units: list[str]) -> Fields:
    """The fields with the units of a line of their own."""
    again = named_columns([f"{name} ({unit})" for name, unit in zip(names, units, strict=False)])
    acc = next((triple.unit for triple in again.sensors.values() if triple.cells == fields.acc), None)
    gyro = next((triple.unit for triple in again.sensors.values() if triple.cells == fields.gyro), None)
    return replace(fields, acc_unit=fields.acc_unit or acc, gyro_unit=fields.gyro_unit or gyro)


def _with_or_without_gravity(fields: Fields, rows: Sequence[Sequence[str]]) -> Fields:
    """Decide whether acceleration that has gravity beside it holds it already: its mean points along gravity then."""
    assert fields.acc is not None and fields.gravity is not None
    acc, gravity = values_of(rows, fields.acc), values_of(rows, fields.gravity)
    kept = np.isfinite(acc).all(axis=1) & np.isfinite(gravity).all(axis=1)
    return fields if kept.any() and is_linear(acc[kept], gravity[kept]) else replace(fields, gravity=None)
