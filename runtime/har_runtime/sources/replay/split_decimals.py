"""Decimal commas between cells that are parted by commas too, as phones of half of Europe write them: `0,02,9,81,...`.

Each number is two cells, so that rows have twice as many as the line of names.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

LINES_LOOKED_AT: Final = 30
MIN_ROWS: Final = 3
MAX_CELLS: Final = 300
_PAIR: Final = r"\s*[-+]?\d+\s*,\d+(?:[eE][-+]?\d+)?\s*"
_LOST: Final = "?\n"
"""For a row that is written in another way, which is none then."""


def with_joined_decimals(head: Sequence[str]) -> Callable[[str], str] | None:
    """What joins the two parts of each number of a line; None for any other table.

    Args:
        head: the first lines of a file.

    >>> lines = ["time,ax", *(f"0,0{n},-9,8{n}" for n in range(4))]
    >>> change = with_joined_decimals(lines)
    >>> change(lines[0]), change(lines[2]), change("0,1,9")
    ('time,ax', '0.01,-9.81', '?\\n')
    """
    lines = [line.strip() for line in head[:LINES_LOOKED_AT]]
    for at, names in enumerate(lines):
        count = names.count(",") + 1
        below = [line for line in lines[at + 1 :] if line]
        if len(below) < MIN_ROWS:
            return None
        if not 2 <= count <= MAX_CELLS or any(character.isdigit() for character in names.split(",")[0]):
            continue
        row = re.compile(rf"{_PAIR}(?:,{_PAIR}){{{count - 1}}}")
        if all(map(row.fullmatch, below)):
            header = head[at]
            return lambda line: line if line == header or not line.strip() else _joined(line, row)
    return None


def _joined(line: str, row: re.Pattern[str]) -> str:
    if not row.fullmatch(line.strip()):
        return _LOST
    cells = line.split(",")
    return ",".join(f"{whole}.{part}" for whole, part in zip(cells[::2], cells[1::2], strict=True))
