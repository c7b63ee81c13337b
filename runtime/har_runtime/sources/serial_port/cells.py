"""Splits a line into cells, and reads them as numbers."""

import math
import re

from har_runtime.sources.serial_port.clock_text import clock_seconds

MAX_NUMBER = 1e30
"""A larger number is garbled, and would overflow later."""

_LABEL = re.compile(r"[A-Za-z#$][\w .]*[:=]\s*(?=[-+.\d])")
_DATE = re.compile(r"\d{1,4}/\d{1,2}/\d{1,4}")
_BRACKETS = re.compile(r"[()\[\]{}<>]")
_CHECKSUM = re.compile(r"\*[0-9A-Fa-f]{2}$")
"""At the end of sentences in the style of NMEA 0183."""
_STAMPED = re.compile(r"\[?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?|\d\d:\d\d:\d\d\.\d+)\]?:?\s+([-+.\d]\S*)")
"""A cell with the time at which a terminal received the line before it."""
_NO_TEXT = re.compile(r"(?<=\d)[eE](?=[-+]?\d)|\b(?:nan|inf)\b", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"(?<![\d,])-?\d+,\d+(?![\d,])")


def split_cells(text: str) -> tuple[list[str], bool]:
    """The cells of a line, separated by comma, tab, semicolon, bar or spaces, and whether each has a label.

    A label is not part of its cell, nor is a label before all cells.

    >>> split_cells("ax:0.1,ay:0.2"), split_cells("IMU: 1 2"), split_cells("0,5;-0,25")
    ((['0.1', '0.2'], True), (['1', '2'], False), (['0.5', '-0.25'], False))
    """
    text = _CHECKSUM.sub("", text.strip().removeprefix("/*").removesuffix("*/").lstrip("$#>")).rstrip(";")
    if has_decimal_commas(text):
        text = text.replace(",", ".")
    separator = next((mark for mark in (",", "\t", ";", "|") if mark in text), None)
    cells = [cell.strip().strip("\"'") for cell in text.split(separator)]
    if separator and cells[-1] == "":  # The OpenLog ends each line with a comma.
        cells.pop()
    if separator and (stamped := _STAMPED.fullmatch(cells[0])):  # A terminal's log.
        cells[:1] = [stamped[1], stamped[2]]
    if len(cells) > 1 and all(_LABEL.match(cell) for cell in cells):
        return [re.split("[:=]", cell, maxsplit=1)[1] for cell in cells], True
    if label := _LABEL.match(text):
        return split_cells(text[label.end() :])
    return cells, False


def has_decimal_commas(text: str) -> bool:
    """Whether the commas of a line are decimal points.

    >>> has_decimal_commas("9,84;-2,49;0,93"), has_decimal_commas("ax: 1,2 ay: 3,4"), has_decimal_commas("1,2,3 4,5")
    (True, True, False)
    """
    if "," not in text or "." in text:
        return False
    commas = text.count(",")
    return len(_DECIMAL_COMMA.findall(text)) == commas and (commas > 1 or ";" in text or "\t" in text)


def bracketed_cells(text: str) -> list[str]:
    """The cells of tuples and lists, such as `(0.1, 0.2, 9.8), (1, 2, 3)`; none if there are no brackets, or is text.

    >>> bracketed_cells("[ 0.1  0.2 9.8] [1, 2, 3]")
    ['0.1', '0.2', '9.8', '1', '2', '3']
    """
    if not _BRACKETS.search(text) or any(letter.isalpha() for letter in _NO_TEXT.sub("", text)):
        return []
    return _BRACKETS.sub(" ", text).replace(",", " ").replace(";", " ").split()


def cell_numbers(cells: list[str]) -> list[float] | None:
    """The cells as numbers: NaN for an empty cell or a date, seconds for a time. None for any other text."""
    try:
        numbers = [float(cell) if cell and ":" not in cell and "/" not in cell else _special(cell) for cell in cells]
    except (ValueError, OverflowError):
        return None
    return None if not numbers or any(abs(number) > MAX_NUMBER for number in numbers) else numbers


def _special(cell: str) -> float:
    return math.nan if not cell or _DATE.fullmatch(cell) else clock_seconds(cell)
