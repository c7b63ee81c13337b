"""Cells with a unit after each number, as in `0.02 s;9.81 m/s²;0.1 rad/s`: the units belong to the names."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from har_runtime.sources.column_names import is_unit
from har_runtime.sources.replay.cells import DELIMITERS, MISSING, split_line

LINES_LOOKED_AT: Final = 30
MIN_ROWS: Final = 3
MAX_LINE: Final = 5000
"""Characters of a line; one of a sensor has some hundred."""
_NUMBER: Final = r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
_WITH_UNIT: Final = re.compile(rf"{_NUMBER}\s*([^\W\d_eE][^\d\s,;|]{{0,14}}\d?|[eE°µμ][^\d\s,;|]{{1,14}}\d?)")


def without_units(head: Sequence[str]) -> Callable[[str], str] | None:
    """What takes the units out of a line, and puts them into the line of names; None for lines without them.

    Args:
        head: the first lines of a file.

    >>> lines = ["t;ax", *(f"{n} ms;0.{n} g" for n in range(4))]
    >>> change = without_units(lines)
    >>> change(lines[0]), change(lines[2])
    ('t (ms);ax (g)', '1;0.1')
    """
    lines = [line.rstrip("\r\n") for line in head[:LINES_LOOKED_AT]]
    if any(len(line) > MAX_LINE for line in lines):
        return None
    for delimiter in filter(None, DELIMITERS):
        rows = [split_line(line, delimiter) for line in lines]
        first = next((at for at, row in enumerate(rows) if len(row) > 1 and any(map(_unit_of, row))), None)
        if first is None:
            continue
        width = len(rows[first])
        below = [row for row in rows[first:] if any(row)]
        if len(below) < MIN_ROWS or any(len(row) != width for row in below):
            continue
        units = [_unit_in([row[cell] for row in below]) for cell in range(width)]
        if not any(units):
            continue
        found = "|".join(sorted(map(re.escape, {unit for unit in units if unit}), key=len, reverse=True))
        mark = re.escape(delimiter)
        pattern = re.compile(rf'((?:^|{mark})\s*"?{_NUMBER})\s*(?:{found})(?="?\s*(?:{mark}|\r?\n?$))')
        names = rows[first - 1] if first and len(rows[first - 1]) == width else None
        above = lines[first - 1] if names else None
        whole = delimiter.join(
            f"{name} ({unit})" if unit and "(" not in name and "[" not in name else name
            for name, unit in zip(names or (), units, strict=False)
        )
        return lambda line: line.replace(above, whole) if above and line.startswith(above) else pattern.sub(r"\1", line)
    return None


def _unit_of(cell: str) -> str:
    """The unit after a number; empty if there is none that a sensor or a time may have."""
    match = _WITH_UNIT.fullmatch(cell)
    return match[1] if match and is_unit(match[1]) else ""


def _unit_in(column: Sequence[str]) -> str:
    """The unit that all cells have that hold something."""
    units = {_unit_of(cell) for cell in column if cell.lower() not in MISSING}
    return units.pop() if len(units) == 1 else ""
