"""Tables whose rows are of several devices in turn, which a column tells apart: those of one are read.

Nothing else would show it: the times of two devices are those of one that is twice as fast.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from har_runtime.errors import DataError
from har_runtime.sources.replay.cells import NO_TIME, as_number, split_line
from har_runtime.sources.replay.fields import Fields, Layout
from har_runtime.sources.replay.first_rows import values_of
from har_runtime.sources.replay.split_times import times_of
from har_runtime.sources.several_devices import MAX_DEVICES, readings_jump, take_turns, turns_of
from har_runtime.text import clean

MAX_CELLS: Final = 30
"""Columns among which one may tell devices apart."""
MIN_ROWS: Final = 5
"""Of each device."""
MIN_TURNS: Final = 3
"""Changes from one device to another at which time goes back or stands still."""
BACK_SHARE: Final = 0.3
"""Of the changes: those at which time does not go on."""
AHEAD_SHARE: Final = 0.95
"""Of the steps within a device."""
MAX_SHOWN: Final = 4


def rows_of_device(layout: Layout, lines: Sequence[str], device: str | None) -> tuple[int, str] | None:
    """The column that tells devices apart and what it says of the one to read; None for rows of one device.

    Args:
        lines: the first lines of the file, without their ends.
        device: the one that the user named, or a part of its name.

    Raises:
        DataError: there are several, and the user named none, or one that is not among them.
    """
    fields = layout.fields
    found = None
    if fields.tag is None and fields.sensor_cell is None:
        rows = [split_line(line, layout.delimiter) for line in lines[layout.first_row :] if line.strip()]
        if layout.decimal_comma:
            rows = [[cell.replace(",", ".") for cell in row] for row in rows]
        found = _devices_in(fields, rows)
    if found is None:
        if device is not None:
            raise DataError(f"device={clean(device)}: its first rows are not of several devices in turn: leave it out")
        return None
    cell, names = found
    shown = ", ".join(repr(clean(name, 40)) for name in names[:MAX_SHOWN]) + ", ..." * (len(names) > MAX_SHOWN)
    column = clean(layout.names[cell]) if cell < len(layout.names) else str(cell + 1)
    if device is None:
        raise DataError(
            f"its rows are of several devices, which column {column} tells apart ({shown}): add device= and one of them"
        )
    fits = [name for name in names if name == device] or [name for name in names if device.lower() in name.lower()]
    if len(fits) != 1:
        raise DataError(
            f"device={clean(device)}: {'several' if fits else 'none'} of its devices ({shown}) are named so"
        )
    return cell, fits[0]


def _devices_in(fields: Fields, rows: Sequence[Sequence[str]]) -> tuple[int, list[str]] | None:
    width = max(map(len, rows), default=0)
    times = () if fields.time is None else (fields.time, *fields.other_times)
    known = {cell for triple in (fields.acc, fields.gravity, fields.gyro) for cell in triple or ()}
    known |= {time.cell for time in times} | {time.rest[0] for time in times if time.rest is not None}
    known |= {cell for cell in (fields.label, fields.counter, fields.date) if cell is not None}
    channels = fields.acc or fields.gyro
    rows = [row for row in rows if len(row) == width]
    if channels is None or max(known, default=0) >= width:
        return None
    readings = values_of(rows, channels)
    for cell in range(min(MAX_CELLS, width)):
        names = [row[cell].strip() for row in rows]
        found = list(dict.fromkeys(names))
        if cell in known or not 2 <= len(found) <= MAX_DEVICES or min(map(names.count, found)) < MIN_ROWS:
            continue
        if "" in found:
            continue
        # A column of numbers may be a reading of its own, rounded, which jumps as the others do.
        may_jump = as_number(found[0]) is None or take_turns(names)
        if (may_jump and readings_jump(names, readings)) or _go_back(names, rows, fields):
            return cell, found
    return None


def _go_back(names: Sequence[str], rows: Sequence[Sequence[str]], fields: Fields) -> bool:
    """Whether the times of each device grow, and those of all together do not."""
    turns = turns_of(names)
    if fields.time is None or len(turns) < MIN_TURNS:
        return False
    try:
        read = times_of(rows, fields.time)
    except ValueError:
        return False
    times = np.where(read == NO_TIME, np.nan, read) if read.dtype == np.int64 else read
    at = np.array([turn[0] for turn in turns])
    with np.errstate(all="ignore"):
        back = float(np.mean(times[at] <= times[at - 1]))
        own = [np.diff(times[[place for place, one in enumerate(names) if one == name]]) > 0 for name in set(names)]
    return back >= BACK_SHARE and float(np.mean(np.concatenate(own))) >= AHEAD_SHARE
