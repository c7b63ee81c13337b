"""How a text file is laid out: its delimiter, decimal mark, preamble, header and columns, by its first lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS as OWN_CHANNELS
from har_runtime.errors import DataError
from har_runtime.signal.units import rest_magnitude
from har_runtime.sources.columns import (
    AXES,
    BARE,
    GRAVITY,
    GYROSCOPE,
    LINEAR,
    PLAIN,
    TOTAL,
    NamedColumns,
    TimeColumn,
    columns_by_number,
    named_columns,
)
from har_runtime.sources.replay.cells import (
    DELIMITERS,
    MISSING,
    NUMBER,
    TimeFormat,
    as_number,
    check_columns,
    date_alone,
    read_times,
    split_line,
    time_format,
)
from har_runtime.sources.replay.labels import WORDS
from har_runtime.sources.replay.options import ReadOptions
from har_runtime.text import clean

HEAD_LINES: Final = 300
"""Lines that are looked at; GENEActiv's preamble has 100."""
MAX_COLUMNS: Final = 20_000
ROWS_LOOKED_AT: Final = 100
MAX_UNIT_LINES: Final = 2
"""Lines between the header and the first row: units, types."""
NAMES_SHOWN: Final = 8
COMMENTS: Final = ("#", "%", "//")
EMPATICA_COUNTS: Final = "64"
"""Empatica E4: acceleration in 1/64 g; the first line of ACC.csv is the time of the first sample in seconds since 1970,
the second the rate in Hz (E4 Connect, "Data export and formatting")."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")

_FRACTION = re.compile(r"(?:^|[\s:=,;])[-+]?\d+[.,]\d")
"""A number that no header has."""


class NoTableError(DataError):
    """A file whose lines are no table that is known; they may still be what a board prints."""


@dataclass(frozen=True)
class TimeField:
    """A column of times."""

    cell: int
    form: TimeFormat
    unit: str | None = None
    """By the header."""


@dataclass(frozen=True)
class Fields:
    """Where a row's values are."""

    acc: tuple[int, int, int] | None = None
    gravity: tuple[int, int, int] | None = None
    """Added to the acceleration."""
    gyro: tuple[int, int, int] | None = None
    time: TimeField | None = None
    other_times: tuple[TimeField, ...] = ()
    """Further columns of times, which may know the date."""
    date: int | None = None
    """The column of the date, if `time` holds times of day."""
    counter: int | None = None
    """The column of sample numbers."""
    label: int | None = None
    acc_unit: str | None = None
    """By the header or the profile."""
    gyro_unit: str | None = None
    apple_sign: bool = False
    profile: str | None = None
    own_header: bool = False
    """Whether the columns have the names of our own format, which is in m/s^2 and rad/s unless something speaks against
    it."""
    linear: bool = False
    """Whether gravity is known to be missing in the acceleration."""
    gravity_alone: bool = False
    """Whether `acc` is gravity without the motion."""
    start_ns: int | None = None
    """Time of the first sample, in nanoseconds since 1970, if the file says it elsewhere."""
    rate_hz: float | None = None
    """Samples a second, if the file says it elsewhere."""


@dataclass(frozen=True)
class Layout:
    """How a text file is read."""

    delimiter: str | None
    decimal_comma: bool
    first_row: int
    """Lines before the first row."""
    names: tuple[str, ...]
    """The cells of the header; empty without one."""
    line_end: str = ""
    """A mark after the last cell of each line, e.g. WISDM's ";"."""
    fields: Fields = field(default_factory=Fields)


def find_layout(lines: Sequence[str], options: ReadOptions, sensor: str | None = None) -> Layout:
    """The layout of a file that begins with these lines.

    Args:
        lines: the first `HEAD_LINES`, without their ends.
        sensor: the kind of sensor (of `columns`) that the file's name names, for columns that are only named x, y, z.

    Raises:
        DataError: no acceleration and no angular rate can be found in it.
    """
    found = _layout(lines, options, sensor)
    if found is None:
        raise NoTableError(_nothing_found(lines))
    if found.delimiter != ";" and 2 * sum(line.rstrip().endswith(";") for line in lines) > len(lines):
        return replace(found, line_end=";")
    return found


def _layout(lines: Sequence[str], options: ReadOptions, sensor: str | None) -> Layout | None:
    if options.columns is not None:
        return _given_columns(lines, options.columns)
    if header := _find_header(lines):
        index, delimiter, cells, named = header
        return _with_rows(lines, index, delimiter, cells, named, sensor)
    return _empatica(lines) or _without_header(lines)


def fields_of(named: NamedColumns, sensor: str | None = None) -> Fields:
    """The sensors that a header names.

    Raises:
        DataError: it names them in part, or those of several devices.
    """
    sensors = dict(named.sensors)
    if BARE in sensors and sensor is not None:
        bare = sensors.pop(BARE)
        if sensor == GYROSCOPE and named.profile is not None:
            bare = replace(bare, unit=bare.unit or named.profile.gyro_unit)
        sensors.setdefault(sensor, bare)
    acc = next((kind for kind in (TOTAL, PLAIN, LINEAR, BARE) if kind in sensors), None)
    for kind, words in ((acc or PLAIN, "acceleration"), (GYROSCOPE, "angular rate")):
        if kind in named.several and kind not in sensors:
            groups = ", ".join(repr(clean(group)) for group in named.several[kind][:5])
            raise DataError(
                f"{words} of several devices in its header ({groups}): name the columns of one with "
                "columns=time,ax,ay,az,... (- for a column to skip)"
            )
    missing = [f"acc_{axis}" for kind in (TOTAL, PLAIN, BARE) if not acc for axis in named.partial.get(kind, ())]
    missing += [f"gyro_{axis}" for axis in named.partial.get(GYROSCOPE, ()) if GYROSCOPE not in sensors]
    if missing:
        raise DataError(
            f"no column {', '.join(missing)} in its header; a sensor needs all of x, y and z (all three of gyro may be "
            "missing)"
        )
    fields = Fields(label=named.label, counter=named.counter)
    if acc is not None:
        fields = replace(fields, acc=sensors[acc].cells, acc_unit=sensors[acc].unit)
        if acc == LINEAR:
            gravity = sensors.get(GRAVITY)
            fields = replace(fields, linear=gravity is None, gravity=None if gravity is None else gravity.cells)
        elif acc == PLAIN and GRAVITY in sensors:
            # Whether it is to be added only the rows can tell.
            fields = replace(fields, gravity=sensors[GRAVITY].cells)
    elif sensor == GRAVITY and GRAVITY in sensors:
        fields = replace(fields, acc=sensors[GRAVITY].cells, acc_unit=sensors[GRAVITY].unit, gravity_alone=True)
    if GYROSCOPE in sensors:
        fields = replace(fields, gyro=sensors[GYROSCOPE].cells, gyro_unit=sensors[GYROSCOPE].unit)
    if named.profile is not None:
        fields = replace(fields, apple_sign=named.profile.apple_sign, profile=named.profile.name)
    return fields


def _find_header(lines: Sequence[str]) -> tuple[int, str | None, list[str], NamedColumns] | None:
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


def _with_rows(
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
    comma = _has_decimal_comma([row for _, row in below], delimiter)
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
    fields = _with_time(fields, named, rows)
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
    acc, gravity = _values(rows, fields.acc), _values(rows, fields.gravity)
    kept = np.isfinite(acc).all(axis=1) & np.isfinite(gravity).all(axis=1)
    return fields if kept.any() and is_linear(acc[kept], gravity[kept]) else replace(fields, gravity=None)


def is_linear(acc: NDArray[np.float64], gravity: NDArray[np.float64]) -> bool:
    """Whether gravity, shape (n, 3), is not in the acceleration of the same time, shape (m, 3)."""
    down = gravity.mean(axis=0)
    power = float(down @ down)
    return power > 0 and float(acc.mean(axis=0) @ down) / power < 0.5


def _values(rows: Sequence[Sequence[str]], cells: Sequence[int]) -> NDArray[np.float64]:
    table = [[as_number(row[cell]) if cell < len(row) else None for cell in cells] for row in rows]
    values = [[np.nan if value is None else value for value in row] for row in table]
    return np.array(values, np.float64).reshape(len(rows), len(cells))


def _with_time(fields: Fields, named: NamedColumns, rows: Sequence[Sequence[str]]) -> Fields:
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
        # Without a row, or without a time in any, what is wrong is said elsewhere.
        empty = [time for time in named.times if not any(_held(row, time.cell) for row in rows)]
        return replace(fields, time=TimeField(empty[0].cell, TimeFormat(NUMBER), empty[0].unit)) if empty else fields
    best = max(growth for growth, _ in usable)
    chosen = next(time for growth, time in usable if growth >= best - 0.05)
    others = tuple(time for _, time in usable if time is not chosen)
    return replace(fields, time=chosen, other_times=others, date=date)


def _held(row: Sequence[str], cell: int) -> bool:
    return cell < len(row) and row[cell].strip().lower() not in MISSING


def _growth(cells: Sequence[str], form: TimeFormat) -> float:
    """The share of steps that go forward."""
    try:
        times = read_times(cells, form)
    except ValueError:
        return 0.0
    return float(np.mean(np.diff(times) > 0)) if len(times) > 1 else 0.0


def _has_decimal_comma(rows: Sequence[Sequence[str]], delimiter: str | None) -> bool:
    """Whether some cells are numbers with a decimal comma, and none has a decimal point."""
    commas = sum(1 for row in rows for cell in row if _DECIMAL_COMMA.fullmatch(cell))
    if not commas:
        return False
    points = sum(1 for row in rows for cell in row if "." in cell and as_number(cell) is not None)
    return points < commas


def _given_columns(lines: Sequence[str], names: tuple[str, ...]) -> Layout:
    """The layout of a file whose columns the user named."""
    named = named_columns(names)
    fields = fields_of(named)
    wanted = [cell for triple in (fields.acc, fields.gyro) if triple for cell in triple]
    for delimiter in DELIMITERS:
        rows = [(at, split_line(line.rstrip(";"), delimiter)) for at, line in enumerate(lines) if line.strip()]
        comma = _has_decimal_comma([row for _, row in rows], delimiter)
        rows = [(at, [cell.replace(",", ".") for cell in row] if comma else row) for at, row in rows]
        fits = [
            (at, row)
            for at, row in rows
            if len(row) > max(wanted) and all(as_number(row[cell]) is not None for cell in wanted)
        ]
        if fits and 2 * len(fits) > len(rows):
            found = _with_time(fields, named, [row for _, row in fits[:ROWS_LOOKED_AT]])
            return Layout(delimiter, comma, fits[0][0], (), fields=found)
    raise DataError(
        f"columns={clean(','.join(names))}: most of its lines have no numbers in these columns; a line reads "
        f"'{clean(_a_line(lines), 60)}'"
    )


def _empatica(lines: Sequence[str]) -> Layout | None:
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


def _without_header(lines: Sequence[str]) -> Layout | None:
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
    comma = _has_decimal_comma([row for _, row in numbered], delimiter)
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
    table = _values(rows, numbers)
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
    if len(channels) > 3 and not _is_gravity(table[:, list(columns.channels[:3])]) and len(columns.channels) == 6:
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
    fields = _with_time(fields, NamedColumns(len(rows[0]), {}, (time,) if time else ()), rows)
    first = next(at for at, row in numbered if all(as_number(row[cell]) is not None for cell in channels))
    return Layout(delimiter, comma, first, (), fields=fields)


def _is_gravity(acc: NDArray[np.float64]) -> bool:
    """Whether three columns may be acceleration: they stay near one size, as gravity does."""
    magnitude = np.linalg.norm(acc, axis=1)
    median = rest_magnitude(acc)
    return median is not None and median > 0 and float(np.mean(np.abs(magnitude / median - 1) < 0.5)) > 0.7


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


def _nothing_found(lines: Sequence[str]) -> str:
    """What the file has instead of what is needed."""
    needed = "it needs columns of acceleration, such as acc_x, acc_y, acc_z"
    for delimiter in DELIMITERS:
        for line in lines:
            cells = split_line(line, delimiter) if delimiter is None or delimiter in line else []
            if len(cells) >= 3 and all(as_number(cell) is None for cell in cells):
                names = ", ".join(clean(cell, 24) for cell in cells[:NAMES_SHOWN])
                more = ", ..." if len(cells) > NAMES_SHOWN else ""
                return (
                    f"no acceleration among its columns ({names}{more}); {needed}, or columns=time,ax,ay,az,gx,gy,gz "
                    "to name them in their order"
                )
    if not any(line.strip() for line in lines):
        return "no sample in it"
    return (
        f"no table in it: a line reads '{clean(_a_line(lines), 60)}'; {needed}, or columns=time,ax,ay,az,gx,gy,gz to "
        "name its columns in their order"
    )


def _a_line(lines: Sequence[str]) -> str:
    """A line to show: the one in the middle, without blank ones."""
    filled = [line.strip() for line in lines if line.strip()]
    return filled[len(filled) // 2] if filled else ""
