"""The layout of tables without a header, by what their columns hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.signal.units import rest_magnitude
from har_runtime.sources.column_names import GYROSCOPE, TimeColumn
from har_runtime.sources.columns import Columns, NamedColumns, columns_by_number
from har_runtime.sources.replay.cells import (
    DELIMITERS,
    as_number,
    check_columns,
    split_line,
    time_format,
)
from har_runtime.sources.replay.fields import TAKEN, Fields, Layout, TimeField
from har_runtime.sources.replay.first_rows import (
    ROWS_LOOKED_AT,
    has_decimal_comma,
    is_gravity,
    rows_of_acceleration,
    values_of,
    with_tags,
    with_time,
)
from har_runtime.sources.replay.header import MAX_COLUMNS, STEADIER, STEADY, rate_in
from har_runtime.sources.replay.known_layouts import check_layout
from har_runtime.sources.replay.labels import WORDS
from har_runtime.sources.replay.numbered_sensors import with_numbered_sensors
from har_runtime.sources.replay.other_columns import gravity_in, with_others_passed, without_quaternion
from har_runtime.sources.replay.split_times import with_rest
from har_runtime.sources.serial_port.text_units import unsteadiness
from har_runtime.text import clean

COMMENTS: Final = ("#", "%", "//")
MAX_LINE: Final = 1000
"""Characters of a line that are searched for labels."""
MIN_GROWING: Final = 10
"""Rows in which a column that always grows is a time."""
MAX_WITH_STUCK: Final = 12
"""Columns among which one that stays 0 may be an axis that is stuck; of more, it is something else."""
MIN_WINDOW: Final = 40
"""Columns of a row that may be a window of readings."""
ALIKE: Final = 0.7
"""Cosine between the means of two accelerometers of one device."""
SAME_GRAVITY: Final = 0.1
"""Share by which two accelerometers at rest may differ, whichever way each is turned."""
NAMES_SHOWN: Final = 8
NEEDED: Final = "it needs columns of acceleration, such as acc_x, acc_y, acc_z"
_LABEL = re.compile(r"""[A-Za-z)\]}]["']?\s*(?:[:=]\s*[\[({<]*|[\[({<]+)\s*[-+]?\.?\d""")
_WORD = re.compile(r"[^\W\d]")
_NO_NAME = re.compile(r"(?:unnamed|column|col|field|var|val|value|v|c|f|x)?[ _:.]*\d+", re.IGNORECASE)
"""A name that only counts the columns."""
EMPATICA_COUNTS: Final = "64"
"""Empatica E4: acceleration in 1/64 g; the first line of ACC.csv is the time of the first sample in seconds since 1970,
the second the rate in Hz (E4 Connect, "Data export and formatting")."""


def no_acceleration(names: Sequence[str]) -> str:
    """What to do about names of which none is acceleration."""
    shown = ", ".join(clean(name, 24) for name in names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
    return (
        f"no acceleration among its columns ({shown}); {NEEDED}, or columns=time,ax,ay,az,gx,gy,gz to name them in "
        "their order"
    )


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


def without_header(
    lines: Sequence[str], sensor: str | None = None, given_labels: Mapping[str, str] | None = None
) -> Layout | None:
    """The layout of lines of numbers, which may hold dates and words as well.

    Args:
        sensor: the kind of sensor that the file's name names: three columns of a gyroscope's are no acceleration.
        given_labels: labels of activities that the user named.

    Raises:
        DataError: nothing shows which of its columns are which.
    """
    if are_labelled(lines):
        return None
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
        if found := _by_number(rows, delimiter, given_labels or {}):
            count = len(rows)
            if best is None or count > best[0]:
                best = count, found
    if best is None:
        return None
    found = best[1] if sensor != GYROSCOPE else _of_gyroscope(best[1])
    above = [line for line in lines[: found.first_row] if line.strip()][-1:]
    _check_names([split_line(line, found.delimiter) for line in above], max(found.fields.acc or (0,)))
    if found.fields.time is None and (rate := rate_in(lines[: found.first_row])):
        return replace(found, fields=replace(found.fields, rate_hz=rate))
    return found


def are_labelled(lines: Sequence[str]) -> bool:
    """Whether the numbers of many lines have labels before them, as boards print them for people: they are no cells."""
    filled = [line[:MAX_LINE] for line in lines if line.strip()]
    return 3 * sum(bool(_LABEL.search(line)) for line in filled) > len(filled)


def _of_gyroscope(found: Layout) -> Layout:
    """The layout of a file that its name says is a gyroscope's: the only three channels are angular rates."""
    fields = found.fields
    if fields.gyro is not None or fields.tag is not None:
        return found
    return replace(found, fields=replace(fields, acc=None, gyro=fields.acc, note=""))


def _by_number(
    numbered: list[tuple[int, list[str]]], delimiter: str | None, given_labels: Mapping[str, str]
) -> Layout | None:
    """The layout of rows of the same width, by what their columns hold."""
    comma = has_decimal_comma([row for _, row in numbered])
    if comma:
        numbered = [(at, [cell.replace(",", ".") for cell in row]) for at, row in numbered]
    # A first line may be a header of unknown words, and the last may be cut off.
    rows: Sequence[Sequence[str]] = [row for _, row in numbered[1 if len(numbered) > 2 else 0 :]]
    tags = _tags_of(rows)
    tagged = rows_of_acceleration(tags, rows)
    rows = tagged[:ROWS_LOOKED_AT]
    check_layout(rows)
    numbers, words, dates = _kinds_of(rows)
    split = _split_time(tagged, numbers, dates)
    if split is not None and split.rest is not None:
        numbers = [cell for cell in numbers if cell not in (split.cell, split.rest[0])]
    table = values_of(rows, numbers)
    kept = np.isfinite(table).all(axis=1)
    if len(numbers) < 3 or np.count_nonzero(kept) < max(2, len(rows) // 2):
        return None
    _check_windows(table[kept])
    numbers, table = _without_constants(numbers, table[kept], bool(words or dates))
    numbers, table = _without_more_times(numbers, table)
    left = without_quaternion(table, int(bool((np.diff(table[:, 0]) > 0).all())))
    without = len(left) < len(numbers)
    numbers, table = [numbers[cell] for cell in left], table[:, left]
    columns, swapped = _columns_in(table)
    if columns is None:
        return None
    if not swapped:
        columns = with_others_passed(table, columns)
    channels = [numbers[cell] for cell in columns.channels]
    first = next(at for at, row in numbered if all(as_number(row[cell]) is not None for cell in channels))
    _check_sensors(table, columns, numbers)
    time = TimeColumn(dates[0]) if dates else None if columns.time is None else TimeColumn(numbers[columns.time])
    fields = Fields(
        acc=(channels[0], channels[1], channels[2]),
        gyro=(channels[3], channels[4], channels[5]) if len(channels) == 6 else None,
        label=next((cell for cell in words if _are_labels([row[cell] for row in rows], given_labels)), None),
        note=_note_of(channels) if swapped or without or len(numbers) > len(columns.wanted) else "",
    )
    fields = with_time(fields, NamedColumns(len(rows[0]), {}, (time,) if time else ()), rows)
    fields = fields if split is None else replace(fields, time=split)
    if tags.tag is not None and fields.time is None:
        return None  # Lines of a board, which are one reading together.
    if tags.tag is not None and len(channels) == 3:
        gyro = fields.acc if tags.gyro_tag is not None else None
        fields = replace(fields, tag=tags.tag, acc_tag=tags.acc_tag, gyro_tag=tags.gyro_tag, gyro=gyro)
    return Layout(delimiter, comma, first, (), fields=fields)


def _split_time(rows: Sequence[Sequence[str]], numbers: Sequence[int], dates: Sequence[int]) -> TimeField | None:
    """The time in the first columns of whole seconds and of their parts, if there are such."""
    first = dates[0] if dates else numbers[0] if numbers else None
    form = None if first is None else time_format([row[first] for row in rows])
    if first is None or form is None or first + 1 not in numbers:
        return None
    found = with_rest(Fields(time=TimeField(first, form)), NamedColumns(len(rows[0]), {}), rows).time
    return found if found is not None and found.rest is not None else None


def _tags_of(rows: Sequence[Sequence[str]]) -> Fields:
    """The column that names or numbers the sensor of each row, if there is one."""
    named = with_tags(Fields(acc=(-1, -1, -1)), rows)
    width = len(rows[0])
    if named.tag is not None or width not in (4, 5):  # A number, x, y, z, and perhaps a time.
        return named
    return with_numbered_sensors(Fields(acc=(width - 3, width - 2, width - 1)), rows)


def _kinds_of(rows: Sequence[Sequence[str]]) -> tuple[list[int], list[int], list[int]]:
    """The columns of numbers, of words and of dates."""
    numbers: list[int] = []
    words: list[int] = []
    dates: list[int] = []
    for cell in range(len(rows[0])):
        column = [row[cell] for row in rows]
        values = [as_number(one) for one in column]
        held = [value for value in values if value is not None]
        if 10 * len(held) >= 9 * len(values) and 2 * np.count_nonzero(np.isfinite(held)) >= len(values):
            numbers.append(cell)
        elif time_format(column) is not None:
            dates.append(cell)
        else:
            words.append(cell)
    return numbers, words, dates


def _columns_in(table: NDArray[np.float64]) -> tuple[Columns | None, bool]:
    """The channels among columns of numbers, and whether the angular rate stands first."""
    grown = table.copy()
    if (np.diff(table[:, 0]) >= 0).all() and table[-1, 0] > table[0, 0]:
        grown[:, 0] = np.arange(len(table))  # Times may repeat.
    columns = columns_by_number(grown.tolist())
    if columns is None or not columns.gyroscope:
        return columns, False
    channels = columns.channels
    if not _may_turn(table[:, list(channels)]):
        return replace(columns, channels=channels[:3]), False
    if _is_gyroscope_first(table[:, list(channels)]):
        return replace(columns, channels=channels[3:] + channels[:3]), True
    # If the first three do not look like acceleration, nothing says that they are.
    return (columns if is_gravity(table[:, list(channels[:3])]) else None), False


def _is_gyroscope_first(table: NDArray[np.float64]) -> bool:
    """Whether only the last three of six columns read gravity, which stays about the same."""
    first, second = table[:, :3], table[:, 3:]
    steady = unsteadiness(second)
    if not (steady < STEADY and STEADIER * steady < unsteadiness(first)):
        return False
    return gravity_in(second) is not None and gravity_in(first) is None


def _without_constants(
    numbers: list[int], table: NDArray[np.float64], others: bool
) -> tuple[list[int], NDArray[np.float64]]:
    """The columns without numbers of a person, a device or a sensor, which stay the same."""
    still = (table == table[0]).all(axis=0)
    first = 0
    while first < len(numbers) - 3 and still[first] and float(table[0, first]).is_integer():
        if len(numbers) - first in (6, 7) and not others:
            break
        first += 1
    spare = int(np.count_nonzero(~still)) >= 6 and len(numbers) > MAX_WITH_STUCK
    keep = [
        cell for cell in range(first, len(numbers)) if not (still[cell] and (table[0, cell] or spare) and cell > first)
    ]
    if (moving := _time_and_three(table, still)) is not None:
        return [numbers[cell] for cell in moving], table[:, moving]
    if len(keep) < 6:  # A sensor that reads the same may be one that is stuck.
        keep = list(range(first, len(numbers)))
    return [numbers[cell] for cell in keep], table[:, keep]


def _time_and_three(table: NDArray[np.float64], still: NDArray[np.bool_]) -> list[int] | None:
    """The columns that change, if they are a time that always grows and three more: the others are a number of touches,
    an accuracy or the like."""
    moving = np.flatnonzero(~still).tolist()
    grows = len(table) >= MIN_GROWING and bool((np.diff(table[:, 0]) > 0).all())
    return moving if grows and len(moving) == 4 and len(still) - len(moving) < 3 else None


def _check_windows(table: NDArray[np.float64]) -> None:
    """Refuse rows that each hold many readings of one axis, as data sets that were cut into windows do.

    Raises:
        DataError: all of many columns have about the same mean and spread, and neighbours hardly differ.
    """
    if table.shape[1] < MIN_WINDOW or len(table) < 2:
        return
    spread = table.std(axis=0)
    total = float(table.std())
    alike = total > 0 and float(np.ptp(table.mean(axis=0))) < 2 * total and float(spread.max()) < 4 * spread.mean()
    turn = float(np.abs(table[1:, 0] - table[:-1, -1]).mean())
    if alike and not _has_time(table) and float(np.abs(np.diff(table, axis=1)).mean()) < total and np.isfinite(turn):
        raise DataError(
            f"each of its rows holds {table.shape[1]} numbers that look like a window of one axis, not one reading of "
            "all axes: give the recording that the windows were cut from"
        )


def _has_time(table: NDArray[np.float64]) -> bool:
    return bool((np.diff(table[:, 0]) > 0).all())


def _without_more_times(numbers: list[int], table: NDArray[np.float64]) -> tuple[list[int], NDArray[np.float64]]:
    """The columns without times after the first: each sensor may have its own."""
    grows: list[bool] = np.all(np.diff(table, axis=0) > 0, axis=0).tolist()
    keep = [cell for cell in range(len(numbers)) if cell == 0 or not grows[cell]]
    if len(table) < MIN_GROWING or not grows[0] or len(keep) < 4:
        return numbers, table
    return [numbers[cell] for cell in keep], table[:, keep]


def _check_sensors(table: NDArray[np.float64], columns: Columns, numbers: list[int]) -> None:
    """Refuse two accelerometers, of which the second would be taken for a gyroscope.

    Raises:
        DataError: both read gravity.
    """
    if not columns.gyroscope:
        return
    channels = list(columns.channels)
    first, second = table[:, channels[:3]], table[:, channels[3:]]
    one, other = first.mean(axis=0), second.mean(axis=0)
    sizes = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if not min(sizes) > 0.5 * max(sizes) or max(unsteadiness(first), unsteadiness(second)) > STEADY:
        return
    rest, other_rest = rest_magnitude(first) or 0.0, rest_magnitude(second) or 0.0
    same_gravity = abs(rest - other_rest) < SAME_GRAVITY * max(rest, other_rest)
    if same_gravity or float(one @ other) > ALIKE * sizes[0] * sizes[1]:
        places = [numbers[cell] + 1 for cell in channels]
        raise DataError(
            f"its columns {places[0]} to {places[2]} and {places[3]} to {places[5]} both look like acceleration: name "
            "its columns in their order with columns=time,ax,ay,az,gx,gy,gz (- for a column to skip)"
        )


def _check_names(above: Sequence[Sequence[str]], last: int) -> None:
    """Refuse numbers under names that name no sensor: what they are is not for their number to tell.

    Args:
        above: the line above the first row, if there is one.
        last: the last column of acceleration, which a header has.

    Raises:
        DataError: there are such names.
    """
    for row in above:
        names = [cell.strip() for cell in row]
        are_words = all(_WORD.search(name) and as_number(name) is None for name in names)
        is_header = are_words and last < len(names) == len(set(names))
        if is_header and not all(_NO_NAME.fullmatch(name) for name in names):
            raise DataError(no_acceleration(names))


def _note_of(channels: Sequence[int]) -> str:
    """Which columns were chosen."""
    parts = [
        f"columns {channels[first] + 1} to {channels[first + 2] + 1} are {what}"
        for first, what in ((0, TAKEN), (3, "taken for angular rate"))
        if first < len(channels)
    ]
    return f"{', '.join(parts)} (columns= for others)"


def _may_turn(table: NDArray[np.float64]) -> bool:
    """Whether the last three of six columns may be angular rates: none stays the same while the device moves, as light,
    a button and temperature do."""
    still = (np.diff(table, axis=0) == 0).all(axis=0)
    return bool(still[:3].any()) or not bool(still[3:].any())


def _are_labels(cells: Sequence[str], given: Mapping[str, str]) -> bool:
    """Whether words name activities: few different ones, of which one is known or was given by the user."""
    different = set(cells)
    known = not different.isdisjoint(given) or any(
        WORDS.get(re.sub(r"[^a-z0-9]", "", cell.lower())) for cell in different
    )
    return known and len(different) <= 50
