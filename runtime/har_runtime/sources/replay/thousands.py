"""Numbers whose thousands are marked, as spreadsheets write them beside a decimal comma: 1.005,2 or 1 005,2."""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Final

_DELIMITERS: Final = ";\t"
"""Between cells whose decimal mark is a comma."""
_MARKS: Final = ".'\u2019 \u00a0\u202f"
"""Point, apostrophes and spaces, of which some do not break a line."""
_WHOLE: Final = rf"[+-]?[1-9]\d{{0,2}}(?:[{_MARKS}]\d{{3}})+"
_MARKED: Final = re.compile(rf'(?:(?<=[{_DELIMITERS}"])|^)({_WHOLE})(?=,\d+"?\s*(?:[{_DELIMITERS}]|$))')
"""A cell that cannot be anything else."""
_ANY: Final = re.compile(rf'(?:(?<=[{_DELIMITERS}"])|^)({_WHOLE})(?=(?:,\d+)?"?\s*(?:[{_DELIMITERS}]|$))')
_GROUPS: Final = re.compile(_WHOLE)
_SMALL: Final = re.compile(r"[+-]?\d{1,3}")
_DECIMAL: Final = re.compile(r"[+-]?\d+,\d+")
_NO_MARKS: Final = str.maketrans("", "", _MARKS)


def without_thousands(head: Sequence[str]) -> Callable[[str], str] | None:
    """What takes the marks out of a line; None for a file that shows no such number in its first lines.

    >>> change = without_thousands(["t;az\\n", "0,02;1.005,2\\n"])
    >>> change("1.000;-1.005,2;0,5;02.10.2026\\n"), without_thousands(["t;az\\n", "0.02;1.005\\n"])
    ('1000;-1005,2;0,5;02.10.2026\\n', None)
    """
    lines = [line for line in head if any(mark in line for mark in _DELIMITERS)]
    if not (any(map(_MARKED.search, lines)) or any(_are_marked(lines, delimiter) for delimiter in _DELIMITERS)):
        return None
    return lambda line: _ANY.sub(lambda match: match[1].translate(_NO_MARKS), line)


def _are_marked(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a column holds whole numbers of which only the larger ones have marks, beside decimal commas in others:
    980 before 1.000. Decimals would stand in each of them."""
    rows = [line.strip().split(delimiter) for line in lines if delimiter in line]
    if not any(_DECIMAL.fullmatch(cell) for row in rows for cell in row):
        return False
    for column in itertools.zip_longest(*rows, fillvalue=""):
        numbers = [cell for cell in column if cell[-1:].isdigit()]
        large = sum(map(bool, map(_GROUPS.fullmatch, numbers)))
        if 0 < large < len(numbers) and all(_SMALL.fullmatch(cell) or _GROUPS.fullmatch(cell) for cell in numbers):
            return True
    return False
