"""Turns bytes into rows of numbers, for sensors that print a line for each sample.

It reads the lines of Arduino sketches, the SparkFun Razor (10736, 14001) and the OpenLog Artemis: cells separated by
comma, tab, semicolon or spaces, with or without a header, which may be repeated when the board restarts;
`ax:0.1,ay:0.2,...` as for the Arduino plotter; `IMU: 0.1,0.2,...`. Units are handled in `decode`.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.columns import Columns, columns_by_name, columns_by_number

MAX_LINE_BYTES = 1024
"""Bytes; the OpenLog Artemis with every sensor attached prints about 300."""
PROBE_ROWS = 20
"""Lines without a header from which the columns are found."""
MAX_NUMBER = 1e30
"""A larger number is garbled, and would overflow later."""
ROW_LENGTH = 7
"""Time, acceleration x, y, z, angular rate x, y, z."""
NO_GYROSCOPE = [math.nan] * 3

_LABEL = re.compile(r"[A-Za-z#$][\w .]*[:=]\s*(?=[-+.\d])")
_DATE = re.compile(r"\d{1,4}/\d{1,2}/\d{1,4}")


class TextLines:
    """An incremental parser: however the bytes are cut up, the rows are the same.

    >>> lines = TextLines()
    >>> lines.push(b"t_ms,ax,ay,az,gx,gy,gz\\r\\n20,0,0,1,0,0,0.5\\r\\n40,0,")
    array([[20. ,  0. ,  0. ,  1. ,  0. ,  0. ,  0.5]])
    """

    def __init__(self, lost: Counter[str] | None = None, names: Sequence[str] | None = None):
        """A parser.

        Args:
            lost: where to count lines that gave no row, by reason.
            names: the columns, if known; headers are ignored then.
        """
        self.lost: Counter[str] = Counter() if lost is None else lost
        self.columns: Columns | None = columns_by_name(names) if names else None
        self._names_given = self.columns is not None
        self.readable = 0
        """Lines that contained only numbers, with any columns."""
        self.problem: str | None = None
        """Why readable lines gave no rows, if known."""
        self._rest = b""
        self._too_long = False
        self._first = True
        self._names: list[str] | None = None
        self._probe: list[list[float]] = []

    def push(self, data: bytes) -> NDArray[np.float64]:
        """The rows completed by these bytes: sensor time and six channels, shape (n, 7).

        The time is NaN without a time column, as are the angular rates without a gyroscope. Numbers are as printed; a
        time of day (09:14:37.41) is in seconds.
        """
        rows: list[list[float]] = []
        *lines, rest = (self._rest + data.replace(b"\r", b"\n")).split(b"\n")
        for line in lines:
            if self._too_long:  # The rest of a line that was dropped and counted.
                self._too_long = False
            elif line:
                self._parse(line, rows)
        if len(rest) > MAX_LINE_BYTES:
            if not self._too_long:
                self._lose("line too long")
            self._too_long, self._first = True, False
        self._rest = b"" if self._too_long else rest
        return np.array(rows, np.float64).reshape(-1, ROW_LENGTH)

    def reset(self) -> None:
        """Call after a lost connection: drops the unfinished line, and the next line may be incomplete."""
        self._lose("line cut off", unless=not self._rest)
        self._rest, self._too_long, self._first = b"", False, True

    @property
    def held_bytes(self) -> int:
        """Bytes kept between two calls, at most `MAX_LINE_BYTES`."""
        return len(self._rest)

    def _parse(self, line: bytes, rows: list[list[float]]) -> None:
        first, self._first = self._first, False
        if len(line) > MAX_LINE_BYTES:
            self._lose("line too long")
            return
        try:
            cells, names = _cells(line.decode("utf-8"))
        except UnicodeDecodeError:
            self._lose("line that is not text", unless=first)
            return
        if names is not None:
            self._use_header(names)
        columns = self.columns
        # Once the columns are known, the others may hold anything, e.g. the OpenLog's date.
        whole = columns is not None and len(cells) == columns.width
        numbers = _numbers([cells[index] for index in columns.wanted] if columns and whole else cells)
        if numbers is None:
            if not self._use_header(cells):
                self._lose("line that is not numbers", unless=first)
            return
        if first and names is None:
            return  # The port may have been opened in the middle of a line.
        self.readable += 1
        if columns is None:
            self._find_columns(numbers, rows)
        elif whole:
            rows.append(_row(columns, numbers))
        else:
            self._lose("line with other columns")

    def _use_header(self, names: list[str]) -> bool:
        if names == self._names:
            return True
        columns = columns_by_name(names)
        if columns is None:
            return False
        if self.columns is not None and self.columns.gyroscope and not columns.gyroscope:
            return False  # A damaged header; a gyroscope does not vanish.
        if not self._names_given:
            self.columns, self._names, self._probe, self.problem = columns, names, [], None
        return True

    def _find_columns(self, numbers: list[float], rows: list[list[float]]) -> None:
        if self._probe and len(numbers) != len(self._probe[0]):
            self._lose("line with other columns", count=len(self._probe))
            self._probe = []
        self._probe.append(numbers)
        if len(self._probe) < PROBE_ROWS:
            return
        probe, self._probe = self._probe, []
        self.columns = columns_by_number(probe)
        if self.columns is None:
            self.problem = (
                f"its lines have {len(numbers)} column{'s' * (len(numbers) != 1)}, but acceleration x, y, z and, if "
                "there is a gyroscope, angular rate x, y, z are needed, named by a header or by "
                "columns=ax,ay,az,gx,gy,gz"
            )
            self._lose("line with too few columns", count=len(probe))
            return
        rows += [_row(self.columns, [row[index] for index in self.columns.wanted]) for row in probe]

    def _lose(self, why: str, unless: bool = False, count: int = 1) -> None:
        if not unless:
            self.lost[why] += count


def _row(columns: Columns, wanted: list[float]) -> list[float]:
    """A whole row, with NaN for what the columns do not have."""
    time = [] if columns.time is not None else [math.nan]
    return [*time, *wanted, *([] if columns.gyroscope else NO_GYROSCOPE)]


def _cells(text: str) -> tuple[list[str], list[str] | None]:
    """The cells of a line, and their names if each cell has its own."""
    separator = next((mark for mark in (",", "\t", ";") if mark in text), None)
    cells = [cell.strip() for cell in text.split(separator)]
    if separator and cells[-1] == "":  # The OpenLog ends each line with a comma.
        cells.pop()
    if len(cells) > 1 and all(_LABEL.match(cell) for cell in cells):
        pairs = [re.split("[:=]", cell, maxsplit=1) for cell in cells]
        return [value for _, value in pairs], [name for name, _ in pairs]
    if label := _LABEL.match(text.lstrip()):
        return _cells(text.lstrip()[label.end() :])
    return cells, None


def _numbers(cells: list[str]) -> list[float] | None:
    """The cells as numbers: NaN for an empty cell or a date, seconds for a time of day. None for any other text."""
    try:
        numbers = [float(cell) if cell and ":" not in cell and "/" not in cell else _special(cell) for cell in cells]
    except (ValueError, OverflowError):
        return None
    return None if any(abs(number) > MAX_NUMBER for number in numbers) else numbers


def _special(cell: str) -> float:
    if not cell or _DATE.fullmatch(cell):
        return math.nan
    hours, minutes, seconds = cell.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
