"""Cells that hold three numbers in brackets, as programs in Python write a sensor: `0.02,"[0.1, -0.2, 9.8]"`."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from har_runtime.sources.column_names import AXES

LINES_LOOKED_AT: Final = 20
MIN_ROWS: Final = 3
_NUMBER: Final = r"([-+]?(?:\d+(?:\.\d*)?|\.\d+|nan)(?:e[-+]?\d+)?)"
_ARRAY: Final = re.compile(
    rf'"?[\[(]\s*{_NUMBER}(?:\s*,\s*|\s+){_NUMBER}(?:\s*,\s*|\s+){_NUMBER}\s*,?\s*[\])]"?', re.IGNORECASE
)
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
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in header), None)
    rows = [_ARRAY.sub(_MARK, line.rstrip("\r\n")) for line in head[1:LINES_LOOKED_AT] if line.strip()]
    if delimiter is None or len(rows) < MIN_ROWS:
        return None
    names = [name.strip().strip('"') for name in header.split(delimiter)]
    cells = [[cell.strip() == _MARK for cell in row.split(delimiter)] for row in rows]
    arrays = cells[0]
    if not any(arrays) or len(arrays) != len(names) or any(row != arrays for row in cells):
        return None
    longer = delimiter.join(
        delimiter.join(f"{name} {axis}" for axis in AXES) if is_array else name
        for name, is_array in zip(names, arrays, strict=True)
    )
    three = delimiter.join((r"\1", r"\2", r"\3"))

    def change(line: str) -> str:
        return line.replace(header, longer) if line.startswith(header) else _ARRAY.sub(three, line)

    return change
