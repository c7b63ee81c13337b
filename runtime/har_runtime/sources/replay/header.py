"""The header of a text table, and the layout of the rows below it."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from har_runtime.contract import CHANNELS as OWN_CHANNELS
from har_runtime.errors import DataError
from har_runtime.sources.column_names import AXES, BARE, GYROSCOPE, PLAIN, TOTAL
from har_runtime.sources.columns import NamedColumns, named_columns
from har_runtime.sources.replay.cells import (
    CLOCK,
    DATE,
    DELIMITERS,
    as_number,
    check_columns,
    split_line,
    time_format,
)
from har_runtime.sources.replay.fields import MAX_OPTION, Fields, Layout, fields_of
from har_runtime.sources.replay.first_rows import (
    ROWS_LOOKED_AT,
    has_decimal_comma,
    is_held,
    is_linear,
    is_whole,
    rows_of_acceleration,
    values_of,
    with_tags,
    with_time,
)
from har_runtime.sources.replay.numbered_sensors import with_numbered_sensors
from har_runtime.sources.replay.own_times import with_own_times
from har_runtime.sources.replay.split_times import with_rest
from har_runtime.sources.serial_port.text_units import unsteadiness

MAX_COLUMNS: Final = 20_000
MIN_LONGER: Final = 3
"""Rows that show that a header lacks a name."""
MAX_UNIT_LINES: Final = 2
"""Lines between the header and the first row: units, types."""
WIDTHS_LOOKED_AT: Final = 10
MAX_LINE: Final = 1000
"""Characters of a line of the preamble that are looked at."""
_RATE = re.compile(
    r"\b(?:(?:sampl\w*|update|data|output)?[ _]?(?:rate|frequency)|odr|fs)\s*[:=,;]?\s*(\d+(?:\.\d+)?)\s*hz\b"
    r"|\b(?:sampl\w*|update|data|output)[ _]?(?:rate|frequency)\s*[(\[]hz[)\]]\s*[:=,;]?\s*(\d+(?:\.\d+)?)"
    r"|\bat (\d+(?:\.\d+)?) hz\b",
    re.IGNORECASE,
)
_INTERVAL = re.compile(
    r"\bsampl\w*[ _]?(?:interval|period|time)\s*[:=,;]?\s*(\d+(?:\.\d+)?)\s*(us|ms|s|sec|seconds)\b", re.IGNORECASE
)
_PER_SECOND = {"us": 1e6, "ms": 1e3}
STEADY: Final = 0.5
"""Spread of a worn accelerometer over its mean."""
STEADIER: Final = 5.0
"""Times that a gyroscope is less steady than an accelerometer."""
_AGAIN = re.compile(r"([xyz])(?:[._ ]?1)?", re.IGNORECASE)
"""pandas calls a second x "x.1"."""
_NUMBERED = re.compile(r"[A-Za-z][ _]?[(\[]?[123]\b")
"""An axis by its number."""
_FRACTION = re.compile(r"(?:^|[\s:=,;])[-+]?\d+[.,]\d")
"""A number that no header has."""


def find_header(lines: Sequence[str]) -> tuple[int, str | None, list[str], NamedColumns] | None:
    """The line that names most sensors: its index, delimiter, cells and what they say."""
    best: tuple[int, int, str | None, list[str], NamedColumns] | None = None
    forced = _named_delimiter(lines)
    for index, line in enumerate(lines):
        if not (_NUMBERED.search(line) or any(axis in line.lower() for axis in AXES)) or _FRACTION.search(line):
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
            if not _has_rows(lines[index + 1 :], delimiter, len(cells)):
                continue
            named = _named(cells, lines[index - 1] if index else "", delimiter)
            worth = 4 * (named.acceleration is not None) + 3 * (GYROSCOPE in named.sensors) + 2 * bool(named.several)
            worth = worth or int(bool(named.partial) and bool(named.times or len(named.partial) > 1))
            named_here |= worth > 0
            if worth and (best is None or worth > best[0]):
                best = worth, index, delimiter, cells, named
        if best is not None and best[0] >= 4:
            break
    return None if best is None else best[1:]


def _has_rows(lines: Sequence[str], delimiter: str | None, width: int) -> bool:
    """Whether the lines below a header have about as many cells as it has; also if there are none."""
    widths = [len(split_line(line, delimiter)) for line in itertools.islice(filter(str.strip, lines), WIDTHS_LOOKED_AT)]
    return not widths or 2 * sum(2 * one > width for one in widths) > len(widths)


def _named(cells: list[str], above: str, delimiter: str | None) -> NamedColumns:
    """What a header says; axes that come again belong to the sensors that the line above names, as in a spreadsheet."""
    named = named_columns(cells, unknown=True)
    if BARE not in named.repeated:
        return named
    heads = split_line(above, delimiter)
    whole: list[str] = []
    head = ""
    for index, cell in enumerate(cells):
        head = heads[index] if index < len(heads) and heads[index] else head
        whole.append(f"{head} {cell}")
    found = named_columns(whole)
    if found.acceleration in (None, BARE):
        return named
    return replace(found, times=found.times or named.times, counter=named.counter, label=named.label)


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
    below = [
        (at, split_line(line, delimiter))
        for at, line in enumerate(lines[index + 1 : index + 1 + ROWS_LOOKED_AT + MAX_UNIT_LINES], index + 1)
        if line.strip()
    ]
    more = lines[index + 1 + ROWS_LOOKED_AT + MAX_UNIT_LINES :]
    comma = has_decimal_comma([row for _, row in below])
    below = [(at, [cell.replace(",", ".") for cell in row] if comma else row) for at, row in below]
    if (longer := _with_missing_name(cells, named, [row for _, row in below])) is not None:
        cells, named = longer, named_columns(longer, unknown=True)
    fields = fields_of(named, sensor)
    wanted = [cell for triple in (fields.acc, fields.gyro) if triple for cell in triple]
    first, units = index + 1, list[list[str]]()
    for at, row in below[:MAX_UNIT_LINES]:
        held = [row[cell] for cell in wanted if cell < len(row)]
        if not held or any(as_number(cell) is not None for cell in held):
            break
        first = at + 1
        units.append(row)
    rows: Sequence[Sequence[str]] = [row for at, row in below if at >= first]
    fields = with_numbered_sensors(with_tags(fields, rows), rows)
    if fields.tag is not None and named.profile is not None:
        fields = replace(fields, gyro_unit=fields.gyro_unit or named.profile.gyro_unit)
    rows = rows_of_acceleration(fields, rows)
    for row in units:  # Of a line of types nothing is known.
        fields = _with_units(fields, cells, row)
    if named.acceleration == BARE and fields.gyro is None and fields.tag is None:
        _check_twice(cells, fields, rows)
    fields = with_own_times(with_time(fields, named, rows), rows)
    if fields.time is not None and fields.tag is None and len(cells) <= MAX_OPTION:
        # A second has more rows than are looked at otherwise.
        later = [split_line(line, delimiter) for line in more if line.strip()]
        later = [[cell.replace(",", ".") for cell in row] for row in later] if comma else later
        fields = with_rest(fields, named, [*rows, *later])
    if [cells[cell] for cell in wanted] == list(OWN_CHANNELS[: len(wanted)]) and fields.acc is not None:
        fields = replace(fields, own_header=True)
    if fields.gravity is not None and TOTAL not in named.sensors and fields.acc is not None:
        fields = _with_or_without_gravity(fields, rows, PLAIN in named.sensors)
    if fields.tag is not None and fields.time is None:
        raise DataError("its rows hold one sensor after the other, and no column says when: record it with times")
    has_times = fields.time is not None and any(is_held(row, fields.time.cell) for row in rows)
    if not has_times and (rate := rate_in(lines[:index])):
        fields = replace(fields, rate_hz=rate)
    return Layout(delimiter, comma, first, tuple(cells), fields=fields)


def _with_missing_name(cells: list[str], named: NamedColumns, rows: Sequence[Sequence[str]]) -> list[str] | None:
    """The names of a header whose rows have one cell more, if these show which name is missing: that of the numbers
    that R and pandas write before their rows, or of the part of a second after the comma of a time."""
    rows = [row for row in rows if len(row) > 1]
    if len(rows) < MIN_LONGER or any(len(row) != len(cells) + 1 for row in rows):
        return None
    first = [as_number(row[0].strip('"')) for row in rows]
    if first[0] in (0.0, 1.0) and first == [first[0] + number for number in range(len(rows))]:
        return ["", *cells]
    for time in named.times:
        clock = [row[time.cell] for row in rows]
        parts = [row[time.cell + 1] for row in rows]
        form = time_format(clock)
        if form is not None and form.kind in (DATE, CLOCK) and not any("." in one for one in clock):
            for digits, unit in ((3, "ms"), (6, "us")):
                if all(len(part) == digits and part.isdigit() for part in parts):
                    return [*cells[: time.cell + 1], unit, *cells[time.cell + 1 :]]
    return None


def _with_units(fields: Fields, names: list[str], units: list[str]) -> Fields:
    """The fields with the units of a line of their own."""
    again = named_columns([f"{name} ({unit})" for name, unit in zip(names, units, strict=False)])
    acc = next((triple.unit for triple in again.sensors.values() if triple.cells == fields.acc), None)
    gyro = next((triple.unit for triple in again.sensors.values() if triple.cells == fields.gyro), None)
    return replace(fields, acc_unit=fields.acc_unit or acc, gyro_unit=fields.gyro_unit or gyro)


def _check_twice(names: Sequence[str], fields: Fields, rows: Sequence[Sequence[str]]) -> None:
    """Refuse x, y, z that come a second time, if those are another sensor.

    Raises:
        DataError: they do, and do not read gravity.
    """
    second = {
        match[1].lower(): cell
        for cell, name in enumerate(names)
        if cell not in (fields.acc or ()) and (match := _AGAIN.fullmatch(name.strip()))
    }
    if len(second) < len(AXES) or fields.acc is None:
        return
    both = [values_of(rows, cells) for cells in (fields.acc, [second[axis] for axis in AXES])]
    steady, other = (unsteadiness(values[np.isfinite(values).all(axis=1)]) for values in both)
    if other > max(STEADY, STEADIER * steady):
        raise DataError(
            "x, y, z stand twice in its header, and only the first look like acceleration: name its columns in their "
            "order with columns=time,ax,ay,az,gx,gy,gz (- for a column to skip)"
        )


def _with_or_without_gravity(fields: Fields, rows: Sequence[Sequence[str]], plain: bool) -> Fields:
    """Decide whether acceleration that has gravity beside it holds it already: its mean points along gravity then.

    Args:
        plain: whether its name leaves that open.
    """
    assert fields.acc is not None and fields.gravity is not None
    acc, gravity = values_of(rows, fields.acc), values_of(rows, fields.gravity)
    kept = np.isfinite(acc).all(axis=1) & np.isfinite(gravity).all(axis=1)
    acc, gravity = acc[kept], gravity[kept]
    if not len(acc):
        return replace(fields, gravity=None) if plain else fields
    if plain and not is_linear(acc, gravity):
        return replace(fields, gravity=None)
    if is_whole(acc, gravity):
        return replace(fields, acc=fields.gravity, gravity=None)
    return fields


def rate_in(preamble: Sequence[str]) -> float | None:
    """The samples a second that the lines above a table state; None if they state none, or several.

    >>> rate_in(["% Sample Rate = 50 Hz", "# Config: data_rate = 50.0 Hz, filter = 488 Hz"])
    50.0
    """
    rates = {float(match[1] or match[2] or match[3]) for line in preamble for match in _RATE.finditer(line[:MAX_LINE])}
    for line in preamble:
        for match in _INTERVAL.finditer(line[:MAX_LINE]):
            if interval := float(match[1]):
                rates.add(round(_PER_SECOND.get(match[2].lower(), 1.0) / interval, 6))
    return rates.pop() if len(rates) == 1 and 1 <= min(rates) <= 20_000 else None
