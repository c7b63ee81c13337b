"""Long tables, with a row for each number: `time,sensor,axis,value`. They are read as a row for each time."""

import csv
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from har_runtime.errors import DataError
from har_runtime.sources.column_names import LABEL_NAMES, split_name, time_of
from har_runtime.sources.columns import named_columns
from har_runtime.sources.replay.cells import DELIMITERS, split_line
from har_runtime.text import clean

VALUES: Final = frozenset(("value", "values", "val", "reading", "measurement", "data", "amplitude"))
KEYS: Final = frozenset(
    (
        *(
            "sensor",
            "sensorname",
            "sensortype",
            "type",
            "axis",
            "channel",
            "variable",
            "field",
            "measurement",
            "signal",
        ),
        *("name", "key", "parameter", "metric", "topic", "component", "quantity", "series", "dimension"),
    )
)
"""Names of columns that say what a value is."""
UNITS: Final = frozenset(("unit", "units"))
MAX_CHANNELS: Final = 100
HEADER_LINES: Final = 10
"""In which the header is looked for."""


@dataclass(frozen=True)
class _Long:
    """Where the parts of a long row are."""

    delimiter: str
    header: int
    width: int
    time: int
    value: int
    keys: tuple[int, ...]
    unit: int | None
    label: int | None

    def channel(self, row: Sequence[str]) -> str:
        """What the value of a row is."""
        name = " ".join(row[cell] for cell in self.keys)
        return f"{name} ({row[self.unit]})" if self.unit is not None and row[self.unit] else name


def as_wide(head: Sequence[str]) -> Callable[[Iterator[str]], Iterator[str]] | None:
    """What makes the lines of a usual table of those of a long one; None for any other table.

    Args:
        head: the first lines of the file.

    Raises:
        DataError: it holds all values of one axis before those of the next.

    >>> long = ["t,sensor,axis,value", *(f"{t},acc,{axis},{t}.5" for t in (1, 2) for axis in "xyz")]
    >>> list(as_wide(long)(iter(long)))
    ['t,acc x,acc y,acc z\\n', '1,1.5,1.5,1.5\\n', '2,2.5,2.5,2.5\\n']
    """
    found = next(filter(None, (_columns_in(line, at) for at, line in enumerate(head[:HEADER_LINES]))), None)
    if found is None:
        return None
    long, names = found
    rows = [split_line(line, long.delimiter) for line in head[long.header + 1 :]]
    channels = list(dict.fromkeys(long.channel(row) for row in rows if len(row) == long.width))[:MAX_CHANNELS]
    sensors = named_columns(channels, unknown=True)
    if not (sensors.acceleration or sensors.partial):
        return None
    if sensors.partial and len(channels) < 3:
        raise DataError(
            f"each of its rows holds one number, and all of '{clean(channels[0], 40)}' stand before the next: write a "
            "row for each time with a column for each axis (in pandas: pivot)"
        )
    time, label = names[long.time], [] if long.label is None else ["label"]
    header = _line([time, *channels, *label], long.delimiter)
    return lambda lines: itertools.chain([header], _wide(lines, long, channels))


def _columns_in(line: str, at: int) -> tuple[_Long, list[str]] | None:
    """The columns of a long table that a header names, and their names."""
    delimiter = next((mark for mark in DELIMITERS if mark and mark in line), None)
    if delimiter is None:
        return None
    names = split_line(line, delimiter)
    parts = [split_name(name) for name in names]
    plain = ["".join(words).lower() for words, _ in parts]
    times = [cell for cell, (words, unit) in enumerate(parts) if time_of(words, unit, cell) is not None]
    values = [cell for cell, name in enumerate(plain) if name in VALUES]
    values = values if len(values) == 1 else [cell for cell in values if plain[cell] == "value"]
    keys = tuple(cell for cell, name in enumerate(plain) if name in KEYS and cell not in values)
    if not (times and len(values) == 1 and keys) or named_columns(names).acceleration is not None:
        return None
    unit = next((cell for cell, name in enumerate(plain) if name in UNITS), None)
    label = next((cell for cell, name in enumerate(plain) if name in LABEL_NAMES), None)
    return _Long(delimiter, at, len(names), times[0], values[0], keys, unit, label), names


def _wide(lines: Iterator[str], long: _Long, channels: Sequence[str]) -> Iterator[str]:
    """A row for each time, which ends as soon as another time or a channel once more comes."""
    known = {name: place for place, name in enumerate(channels)}
    values: list[str] = [""] * len(channels)
    time: str | None = None
    label = ""
    rows = csv.reader(itertools.islice(lines, long.header + 1, None), delimiter=long.delimiter, skipinitialspace=True)
    for row in ([cell.strip() for cell in row] for row in rows if len(row) == long.width):
        place = known.get(long.channel(row))
        if place is None:
            continue
        if time is not None and (row[long.time] != time or values[place]):
            yield _line([time, *values, *([label] if long.label is not None else [])], long.delimiter)
            values = [""] * len(channels)
        time, values[place] = row[long.time], row[long.value]
        label = "" if long.label is None else row[long.label]
    if time is not None:
        yield _line([time, *values, *([label] if long.label is not None else [])], long.delimiter)


def _line(cells: Sequence[str], delimiter: str) -> str:
    return delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in cells) + "\n"
