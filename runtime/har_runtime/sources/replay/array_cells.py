"""Cells that hold the three numbers of a sensor: `0.02,"[0.1, -0.2, 9.8]"`, `0.02,"{'x': 0.1, 'y': -0.2, 'z': 9.8}"`,
and `0.02,0.1;-0.2;9.8` under the name of a sensor."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from har_runtime.sources.column_names import AXES, sensor_named

LINES_LOOKED_AT: Final = 20
MIN_ROWS: Final = 3
MAX_NAMES: Final = 300
_NUMBER: Final = r"(?:np\.float\d+\()?([-+]?(?:\d+(?:\.\d*)?|\.\d+|nan)(?:e[-+]?\d+)?)\)?"
_KEYS: Final = tuple(rf"""(?:["']*\w*{axis}["']*\s*[:=]\s*)?""" for axis in AXES)
_BETWEEN: Final = r"(?:\s*[,;]\s*|\s+)"
_ARRAY: Final = re.compile(
    rf'"?[\[({{]\s*{_BETWEEN.join(key + _NUMBER for key in _KEYS)}\s*,?\s*[\])}}]"?', re.IGNORECASE
)
_BARE: Final = {
    mark: re.compile(
        rf'(?:^|(?<={mark}))\s*"?{_NUMBER}(\s*[{marks}]\s*|\s+){_NUMBER}\2{_NUMBER}"?\s*(?={mark}|$)', re.IGNORECASE
    )
    for mark, marks in (("\t", ";,|:"), (";", ",|:"), (",", ";|:"))
}
"""Without brackets, between marks that part no cells."""
_MARK: Final = "\0"


def without_arrays(head: Sequence[str]) -> Callable[[str], str] | None:
    """What makes three cells of each such cell, and three names of its name; None for lines without them.

    Args:
        head: the first lines of a file, of which the first is the header.

    >>> lines = ["time,acc", *(f'{n},"[0.1, 0.{n}, 9.8]"' for n in range(3))]
    >>> change = without_arrays(lines)
    >>> change(lines[0]), change(lines[2])
    ('time,acc x,acc y,acc z', '1,0.1,0.1,9.8')
    """
    if len(head) <= MIN_ROWS or "(" in head[0] or "[" in head[0]:
        return None
    header = head[0].rstrip("\r\n")
    delimiter = next((mark for mark in _BARE if mark in header), None)
    if delimiter is None or header.count(delimiter) > MAX_NAMES:
        return None
    names = [name.strip().strip('"') for name in header.split(delimiter)]
    lines = [line.rstrip("\r\n") for line in head[1:LINES_LOOKED_AT] if line.strip()]
    pattern, three, arrays = _ARRAY, (r"\1", r"\2", r"\3"), _arrays_in(lines, _ARRAY, delimiter)
    if arrays is None and any(map(sensor_named, names)):
        pattern, three = _BARE[delimiter], (r"\1", r"\3", r"\4")
        arrays = _arrays_in(lines, pattern, delimiter)
        if arrays and not all(sensor_named(name) for name, array in zip(names, arrays, strict=False) if array):
            return None
    if arrays is None or len(arrays) != len(names):
        return None
    longer = delimiter.join(
        delimiter.join(f"{name} {axis}" for axis in AXES) if is_array else name
        for name, is_array in zip(names, arrays, strict=True)
    )
    cells = delimiter.join(three)

    def change(line: str) -> str:
        return line.replace(header, longer) if line.startswith(header) else pattern.sub(cells, line)

    return change


def _arrays_in(lines: Sequence[str], pattern: re.Pattern[str], delimiter: str) -> list[bool] | None:
    """Which cells are three numbers in every line; None if that differs, or if none is."""
    rows = [pattern.sub(_MARK, line).split(delimiter) for line in lines]
    cells = [[cell.strip() == _MARK for cell in row] for row in rows]
    alike = len(cells) >= MIN_ROWS and any(cells[0]) and all(row == cells[0] for row in cells)
    return cells[0] if alike else None
