"""The rows of a text table: CSV and its kin."""

import csv
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.sources.columns import named_columns
from har_runtime.sources.replay.cells import NUMBER, as_number, first_bad, lines_to_rows, read_times
from har_runtime.sources.replay.clock import date_of_cells
from har_runtime.sources.replay.layout import HEAD_LINES, NoTableError, find_layout
from har_runtime.sources.replay.options import ReadOptions
from har_runtime.sources.replay.parts import OpenFile
from har_runtime.sources.replay.raw import RawRows
from har_runtime.sources.replay.text_lines import READ_ERRORS, open_text, reason
from har_runtime.text import clean

HEAD_CHARACTERS: Final = 2_000_000
"""Of the first lines, which are held at once."""
BAD_LINES: Final = 10
"""Lines that give no row and are passed over; further ones only while they are few among the rows."""
BAD_SHARE: Final = 0.01


class TextTable:
    """Reads a text table from beginning to end.

    Args:
        file: as `parts.open_file` opens it.
        name: for messages.
        sensor: the kind of sensor that the file's name names.

    Raises:
        DataError: not text, or no sensor in it.
    """

    def __init__(self, file: OpenFile, name: str, options: ReadOptions, sensor: str | None = None):
        self._open, self._name = file, name
        self.lost: Counter[str] = Counter()
        self.dated_ns: int | None = None
        self._rows_read = self._bad = 0
        try:
            self._file = open_text(file.stream)
            head = self._head()
            self.layout = find_layout([line.rstrip("\r\n") for line in head], options, sensor)
        except (DataError, csv.Error, *READ_ERRORS) as error:
            file.close()
            kind = NoTableError if isinstance(error, NoTableError) else DataError
            raise kind(f"{name}: {reason(error)}") from error
        except BaseException:
            file.close()
            raise
        self.fields = self.layout.fields
        self._line = self.layout.first_row
        lines = itertools.chain(head[self.layout.first_row :], self._file)
        self._rows = lines_to_rows(self._ends_cut(lines), self.layout.delimiter, self.layout.decimal_comma)
        self._tag = self.fields.tag
        self._prepare()

    @property
    def position(self) -> int:
        """Bytes read so far of the file as it lies on the disk."""
        return self._open.position()

    def read(self, count: int) -> RawRows | None:
        while True:
            rows = self._next_rows(count)
            if not rows:
                return None
            first_line = self._line + 1
            self._line += len(rows)
            if self._tag is not None and not (rows := self._of_sensors(rows)):
                continue
            try:
                # All at once, for speed; the faulty line or cell is searched for only after an error.
                return self._raw(rows, self._numbers(rows))
            except (IndexError, ValueError, OverflowError):
                rows, numbers = self._usable(rows, first_line)
                if rows:
                    return self._raw(rows, numbers)

    def close(self) -> None:
        self._file.close()
        self._open.close()

    def _head(self) -> list[str]:
        """The first lines."""
        head: list[str] = []
        size = 0
        while len(head) < HEAD_LINES and size < HEAD_CHARACTERS and (line := self._file.readline()):
            head.append(line)
            size += len(line)
        return head

    def _ends_cut(self, lines: Iterator[str]) -> Iterator[str]:
        if not self.layout.line_end:
            return lines
        ends = self.layout.line_end + " ,\t\r\n"
        return (line.rstrip(ends) for line in lines)

    def _prepare(self) -> None:
        fields = self.fields
        plain = fields.time is not None and fields.time.form.kind == NUMBER
        self._cells = [fields.time.cell] if plain and fields.time else []
        for triple in (fields.acc, fields.gravity, None if fields.tag is not None else fields.gyro):
            self._cells += list(triple or ())
        if fields.counter is not None and fields.time is None:
            self._cells.append(fields.counter)
        self._cells_of: Callable[[list[str]], tuple[str, ...]] = operator.itemgetter(*self._cells)
        self._other_time = None if plain else fields.time
        used = [
            *self._cells,
            *([] if fields.tag is None else [fields.tag]),
            *([] if fields.label is None else [fields.label]),
        ]
        used += [self._other_time.cell] if self._other_time else []
        self._width = max(used) + 1
        self._comma_cells = self.layout.decimal_comma and self.layout.delimiter == ","

    def _next_rows(self, count: int) -> list[list[str]]:
        try:
            return list(itertools.islice(self._rows, count))
        except (csv.Error, DataError, *READ_ERRORS) as error:
            raise DataError(f"{self._name}: {reason(error)}, after line {self._line}") from error

    def _of_sensors(self, rows: list[list[str]]) -> list[list[str]]:
        """The rows of the sensors that are read, in a table that holds one sensor after the other."""
        tag = self._tag
        assert tag is not None
        wanted = (self.fields.acc_tag, self.fields.gyro_tag)
        return [row for row in rows if tag < len(row) and row[tag].strip() in wanted]

    def _numbers(self, rows: list[list[str]]) -> NDArray[np.float64]:
        cells = itertools.chain.from_iterable(map(self._cells_of, rows))
        if self._comma_cells:
            cells = (cell.replace(",", ".") for cell in cells)
        width = len(self._cells)
        return np.fromiter(map(float, cells), np.float64, len(rows) * width).reshape(-1, width)

    def _raw(self, rows: list[list[str]], numbers: NDArray[np.float64]) -> RawRows:
        fields, at = self.fields, 0
        times: NDArray[np.int64] | NDArray[np.float64] | None = None
        if self._other_time is not None:
            times = read_times([row[self._other_time.cell] for row in rows], self._other_time.form)
        elif fields.time is not None:
            times, at = numbers[:, 0], 1
        acc = gyro = counts = None
        if fields.acc is not None:
            acc, at = numbers[:, at : at + 3], at + 3
        if fields.gravity is not None and acc is not None:
            acc, at = acc + numbers[:, at : at + 3], at + 3
        if fields.tag is not None and acc is not None and fields.gyro is not None:
            is_acc = np.array([row[fields.tag].strip() == fields.acc_tag for row in rows])[:, None]
            acc, gyro = np.where(is_acc, acc, np.nan), np.where(is_acc, np.nan, acc)
        elif fields.gyro is not None:
            gyro, at = numbers[:, at : at + 3], at + 3
        if at < numbers.shape[1]:
            counts = numbers[:, at]
        labels = None
        if (label := fields.label) is not None:
            labels = list(map(operator.itemgetter(label), rows))
        if not self._rows_read and rows:
            self.dated_ns = date_of_cells(rows[0], fields)
        self._rows_read += len(rows)
        return RawRows(times, acc, gyro, labels, counts)

    def _usable(self, rows: list[list[str]], first_line: int) -> tuple[list[list[str]], NDArray[np.float64]]:
        """The rows that can be read, with NaN for an empty cell."""
        kept: list[list[str]] = []
        table: list[list[float]] = []
        for index, row in enumerate(rows):
            if not any(row) or self._is_header(row, first_line + index):
                continue
            numbers = self._row_numbers(row)
            if isinstance(numbers, list):
                kept.append(row)
                table.append(numbers)
            elif not self._is_cut_off(rows, index, numbers):
                self._bad += 1
                self.lost["line that is no sample"] += 1
                allowed = 0 if self.fields.own_header else BAD_LINES + BAD_SHARE * self._rows_read
                if self._bad > allowed:
                    raise DataError(f"{self._name}: line {first_line + index}{numbers}")
        return kept, np.array(table, np.float64).reshape(-1, len(self._cells))

    def _row_numbers(self, row: list[str]) -> list[float] | str:
        """The numbers of a row, or what is wrong with it."""
        if len(row) < self._width:
            return " has too few columns"
        numbers: list[float] = []
        for position, cell in zip(self._cells, self._cells_of(row), strict=True):
            number = as_number(cell.replace(",", ".") if self._comma_cells else cell)
            if number is None:
                return f", column {self._column(position)}: '{clean(cell)}' is not a number"
            numbers.append(number)
        time = self._other_time
        if time is not None and first_bad([row[time.cell]], time.form) is not None:
            return f", column {self._column(time.cell)}: '{clean(row[time.cell])}' is not a time"
        return numbers

    def _is_header(self, row: list[str], line: int) -> bool:
        """Whether a row is a header once more, as where two files were joined, or a comment."""
        if row[0].startswith(("#", "%", "//")):
            return True
        names = self.layout.names
        if not names or len(row) < 3 or any(as_number(cell) is not None for cell in row[:3] if cell):
            return False
        cells = [cell.strip() for cell in row]
        if cells == list(names) or tuple(cells[: len(names)]) == names[: len(cells)]:
            return True
        if named_columns(cells).acceleration is not None:
            raise DataError(
                f"{self._name}: line {line} is a header with other columns than the first; cut the file in two there"
            )
        return False

    def _is_cut_off(self, rows: list[list[str]], index: int, problem: str) -> bool:
        """Whether a faulty row is the last of the file, as after a power failure of the recorder."""
        if any(any(row) for row in rows[index + 1 :]) or "few" not in problem:
            return False
        rest = next(self._rows, None)
        if rest is not None:
            self._rows = itertools.chain([rest], self._rows)
        return rest is None

    def _column(self, cell: int) -> str:
        """A column by its name in the header, or by its number."""
        return clean(self.layout.names[cell]) if cell < len(self.layout.names) else str(cell + 1)
