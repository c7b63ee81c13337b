"""How a text file is laid out: its delimiter, decimal mark, preamble, header and columns, by its first lines."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from har_runtime.errors import DataError
from har_runtime.sources.columns import named_columns
from har_runtime.sources.replay.cells import (
    DELIMITERS,
    as_number,
    split_line,
)
from har_runtime.sources.replay.fields import Layout, fields_of
from har_runtime.sources.replay.first_rows import ROWS_LOOKED_AT, has_decimal_comma, with_time
from har_runtime.sources.replay.header import find_header, with_rows
from har_runtime.sources.replay.headerless import NEEDED, empatica, no_acceleration, without_header
from har_runtime.sources.replay.options import ReadOptions
from har_runtime.sources.serial_port.sentences import sentence_of
from har_runtime.text import clean

HEAD_LINES: Final = 300
"""Lines that are looked at; GENEActiv's preamble has 100."""


class NoTableError(DataError):
    """A file whose lines are no table that is known; they may still be what a board prints."""


def find_layout(lines: Sequence[str], options: ReadOptions, sensor: str | None = None) -> Layout:
    """The layout of a file that begins with these lines.

    Args:
        lines: the first `HEAD_LINES`, without their ends.
        sensor: the kind of sensor (of `columns`) that the file's name names, for columns that are only named x, y, z.

    Raises:
        DataError: no acceleration and no angular rate can be found in it.
    """
    if any(map(sentence_of, lines)):
        raise NoTableError("no table, but sentences")
    found = _layout(lines, options, sensor)
    if found is None:
        raise NoTableError(_nothing_found(lines))
    if found.delimiter != ";" and 2 * sum(line.rstrip().endswith(";") for line in lines) > len(lines):
        return replace(found, line_end=";")
    return found


def _layout(lines: Sequence[str], options: ReadOptions, sensor: str | None) -> Layout | None:
    if options.columns is not None:
        return _given_columns(lines, options.columns)
    if header := find_header(lines):
        index, delimiter, cells, named = header
        return with_rows(lines, index, delimiter, cells, named, sensor)
    return empatica(lines) or without_header(lines, sensor, options.labels)


def _given_columns(lines: Sequence[str], names: tuple[str, ...]) -> Layout:
    """The layout of a file whose columns the user named."""
    named = named_columns(names)
    fields = fields_of(named)
    wanted = [cell for triple in (fields.acc, fields.gyro) if triple for cell in triple]
    for delimiter in DELIMITERS:
        rows = [(at, split_line(line.rstrip(";"), delimiter)) for at, line in enumerate(lines) if line.strip()]
        comma = has_decimal_comma([row for _, row in rows])
        rows = [(at, [cell.replace(",", ".") for cell in row] if comma else row) for at, row in rows]
        fits = [
            (at, row)
            for at, row in rows
            if len(row) > max(wanted) and all(as_number(row[cell]) is not None for cell in wanted)
        ]
        if fits and 2 * len(fits) > len(rows):
            found = with_time(fields, named, [row for _, row in fits[:ROWS_LOOKED_AT]])
            return Layout(delimiter, comma, fits[0][0], (), fields=found)
    raise DataError(
        f"columns={clean(','.join(names))}: most of its lines have no numbers in these columns; a line reads "
        f"'{clean(_a_line(lines), 60)}'"
    )


def _nothing_found(lines: Sequence[str]) -> str:
    """What the file has instead of what is needed."""
    for delimiter in DELIMITERS:
        for line in lines:
            cells = split_line(line, delimiter) if delimiter is None or delimiter in line else []
            if len(cells) >= 3 and all(as_number(cell) is None for cell in cells):
                return no_acceleration(cells)
    if not any(line.strip() for line in lines):
        return "no sample in it"
    return (
        f"no table in it: a line reads '{clean(_a_line(lines), 60)}'; {NEEDED}, or columns=time,ax,ay,az,gx,gy,gz to "
        "name its columns in their order"
    )


def _a_line(lines: Sequence[str]) -> str:
    """A line to show: the one in the middle, without blank ones."""
    filled = [line.strip() for line in lines if line.strip()]
    return filled[len(filled) // 2] if filled else ""
