"""The rows of a text table: CSV and its kin."""

import csv
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.sources.columns import named_columns
from har_runtime.sources.replay.array_cells import without_arrays
from har_runtime.sources.replay.cells import NUMBER, as_number, first_bad, lines_to_rows
from har_runtime.sources.replay.clock_search import date_of_cells
from har_runtime.sources.replay.devices import rows_of_device
from har_runtime.sources.replay.emotibit import as_rows
from har_runtime.sources.replay.layout import HEAD_LINES, NoTableError, find_layout
from har_runtime.sources.replay.long_table import as_wide
from har_runtime.sources.replay.options import ReadOptions
from har_runtime.sources.replay.own_times import of_one_sensor, without_empty
from har_runtime.sources.replay.parts import OpenFile
from har_runtime.sources.replay.raw import RawRows
from har_runtime.sources.replay.split_decimals import with_joined_decimals
from har_runtime.sources.replay.split_times import times_of
from har_runtime.sources.replay.text_lines import READ_ERRORS, open_text, reason
from har_runtime.sources.replay.thousands import without_thousands
from har_runtime.sources.replay.topics import without_topics
from har_runtime.sources.replay.unit_cells import without_units
from har_runtime.sources.replay.yaml_records import as_lines
from har_runtime.text import clean

HEAD_CHARACTERS: Final = 2_000_000
"""Of the first lines, which are held at once."""
BAD_LINES: Final = 10
"""Lines that give no row and are passed over; further ones only while they are few among the rows."""
MAX_END_LINES: Final = 5
"""Lines after the last row that are no rows, such as "Total: 400 samples"."""
BAD_SHARE: Final = 0.01
BLOCK_LINES: Final = 8192
BLOCK_CHARACTERS: Final = 4_000_000
"""Of the lines that are held at once, which usually have some hundred each; a line may have a million."""
FEW_LINES: Final = 32
"""Lines that are read before their length counts."""
PLAIN_FAILURES: Final = 10
"""After so many pieces of a table that are not plain numbers, none is tried as such any more."""


class TextTable:
    """Reads a text table from beginning to end.

    Args:
        file: as `parts.open_file` opens it.
        name: for messages.
        sensor: the kind of sensor that the file's name names.
        rows_of: a column, and its value in the rows that are read; None for all rows.
        only: the sensor to read, if both have times of their own.

    Raises:
        DataError: not text, or no sensor in it.
    """

    def __init__(
        self,
        file: OpenFile,
        name: str,
        options: ReadOptions,
        sensor: str | None = None,
        rows_of: tuple[int, str] | None = None,
        only: str | None = None,
    ):
        self._open, self._name, self._only = file, name, only
        self.lost: Counter[str] = Counter()
        self.dated_ns: int | None = None
        self._rows_read = self._bad = 0
        try:
            self._file = open_text(file.stream)
            head, rest = self._head(), iter(self._file)
            if (widen := as_wide(head) or as_rows(head) or as_lines(head)) is not None:
                rest = widen(itertools.chain(head, rest))
                head = list(itertools.islice(rest, HEAD_LINES))
            for find_change in (without_topics, without_arrays, with_joined_decimals, without_units, without_thousands):
                if (change := find_change(head)) is not None:
                    head, rest = [change(line) for line in head], map(change, rest)
            lines = [line.rstrip("\r\n") for line in head]
            self.layout = find_layout(lines, options, sensor)
            self._rows_of_value = rows_of or rows_of_device(self.layout, lines, options.device)
        except (DataError, csv.Error, *READ_ERRORS) as error:
            file.close()
            kind = NoTableError if isinstance(error, NoTableError) else DataError
            raise kind(f"{name}: {reason(error)}") from error
        except BaseException:
            file.close()
            raise
        self.fields = self.layout.fields if only is None else of_one_sensor(self.layout.fields, only)
        self._line = self.layout.first_row
        self._lines = self._ends_cut(itertools.chain(head[self.layout.first_row :], rest))
        self._tag = self.fields.tag
        self._prepare()

    @property
    def position(self) -> int:
        """Bytes read so far of the file as it lies on the disk."""
        return self._open.position()

    def read(self, count: int) -> RawRows | None:
        rows = self._read(count)
        while self._only is not None and rows is not None and not len(rows := without_empty(rows)):
            rows = self._read(count)
        return rows

    def _read(self, count: int) -> RawRows | None:
        while True:
            lines = self._next_lines(count)
            if not lines:
                return None
            if (read := self._read_plain(lines)) is not None:
                self._line += len(lines)
                return read
            rows = self._split(lines)
            first_line = self._line + 1
            self._line += len(rows)
            if self._is_chosen and not (rows := self._of_sensors(rows)):
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
        if (other := self._other_time) is not None:
            used += [other.cell] if other.rest is None else [other.cell, other.rest[0]]
        self._width = max(used) + 1
        self._is_chosen = fields.tag is not None or self._rows_of_value is not None
        self._comma_cells = self.layout.decimal_comma and self.layout.delimiter == ","
        self._is_plain = not (self._is_chosen or self._comma_cells)
        self._plain_failures = 0
        texts = {*used} - {*self._cells}
        self._last_text = max(texts) if texts else None

    def _next_lines(self, count: int) -> list[str]:
        lines: list[str] = []
        size = 0
        try:
            while size < BLOCK_CHARACTERS and len(lines) < count:
                few = list(itertools.islice(self._lines, min(FEW_LINES, count - len(lines))))
                if not few:
                    break
                lines += few
                size += sum(map(len, few))
            return lines
        except (DataError, *READ_ERRORS) as error:
            raise self._failed(error) from error

    def values_of(self, cell: int, most: int) -> list[str]:
        """The values of a column, each once, in their order; no more than `most`. The rows are read by that.

        Raises:
            DataError: the file cannot be read.
        """
        values: dict[str, None] = {}
        while len(values) < most and (lines := self._next_lines(BLOCK_LINES)):
            values |= dict.fromkeys(row[cell].strip() for row in self._split(lines) if cell < len(row))
        return list(values)[:most]

    def _split(self, lines: list[str]) -> list[list[str]]:
        try:
            return list(lines_to_rows(lines, self.layout.delimiter, self.layout.decimal_comma))
        except csv.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> DataError:
        return DataError(f"{self._name}: {reason(error)}, after line {self._line}")

    def _read_plain(self, lines: list[str]) -> RawRows | None:
        """What `_split` and `_raw` make of lines without quotes, in half of the time; None if they are not that, or if
        nothing is known yet of the first of them."""
        if not self._is_plain or not self._rows_read or '"' in "".join(lines) or not lines[0].strip():
            return None
        delimiter = self.layout.delimiter
        if self.layout.decimal_comma:
            lines = [line.replace(",", ".") for line in lines]
        try:
            numbers = np.loadtxt(lines, comments=None, delimiter=delimiter, usecols=self._cells, ndmin=2, encoding=None)
            if len(numbers) < len(lines):  # Empty lines are passed over.
                return None
            if (last := self._last_text) is None:
                return self._raw_of(numbers, None)
            rows = [line.split(delimiter, last + 1) for line in lines]
            label, other = self.fields.label, self._other_time
            labels = None if label is None else [row[label].rstrip("\r\n").lstrip(" ") for row in rows]
            return self._raw_of(numbers, labels, None if other is None else times_of(rows, other))
        except (IndexError, ValueError):
            self._plain_failures += 1
            self._is_plain = self._plain_failures < PLAIN_FAILURES
            return None

    def _of_sensors(self, rows: list[list[str]]) -> list[list[str]]:
        """The rows of the sensors that are read, in a table that holds several."""
        if self._rows_of_value is not None:
            tag, *wanted = self._rows_of_value
        else:
            tag, wanted = self._tag, [self.fields.acc_tag, self.fields.gyro_tag]
        return [row for row in rows if tag is not None and tag < len(row) and row[tag].strip() in wanted]

    def _numbers(self, rows: list[list[str]]) -> NDArray[np.float64]:
        cells = itertools.chain.from_iterable(map(self._cells_of, rows))
        if self._comma_cells:
            cells = (cell.replace(",", ".") for cell in cells)
        width = len(self._cells)
        return np.fromiter(map(float, cells), np.float64, len(rows) * width).reshape(-1, width)

    def _raw(self, rows: list[list[str]], numbers: NDArray[np.float64]) -> RawRows:
        other = self._other_time
        times = None if other is None else times_of(rows, other)
        label = self.fields.label
        labels = None if label is None else list(map(operator.itemgetter(label), rows))
        if not self._rows_read and rows:
            self.dated_ns = date_of_cells(rows[0], self.fields)
        raw = self._raw_of(numbers, labels, times)
        if (tag := self._tag) is None or raw.acc is None or self.fields.gyro is None:
            return raw
        is_acc = np.array([row[tag].strip() == self.fields.acc_tag for row in rows])[:, None]
        return replace(raw, acc=np.where(is_acc, raw.acc, np.nan), gyro=np.where(is_acc, np.nan, raw.acc))

    def _raw_of(
        self,
        numbers: NDArray[np.float64],
        labels: list[str] | None,
        times: NDArray[np.int64] | NDArray[np.float64] | None = None,
    ) -> RawRows:
        """Rows by the numbers of their cells.

        Args:
            times: if they are not among the numbers.
        """
        fields, at = self.fields, 0
        if times is None and fields.time is not None:
            times, at = numbers[:, 0], 1
        acc = gyro = counts = None
        if fields.acc is not None:
            acc, at = numbers[:, at : at + 3], at + 3
        if fields.gravity is not None and acc is not None:
            acc, at = acc + numbers[:, at : at + 3], at + 3
        if fields.gyro is not None and fields.tag is None:
            gyro, at = numbers[:, at : at + 3], at + 3
        if at < numbers.shape[1]:
            counts = numbers[:, at]
        self._rows_read += len(numbers)
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
        if time is not None and time.rest is not None and as_number(row[cell := time.rest[0]]) is None:
            return f", column {self._column(cell)}: '{clean(row[cell])}' is not a number"
        return numbers

    def _is_header(self, row: list[str], line: int) -> bool:
        """Whether a row is a header once more, as where two files were joined, or a comment."""
        if row[0].startswith(("#", "%", "//")):
            return True
        names = self.layout.names
        if not names or len(row) < 3 or any(as_number(cell) is not None for cell in row[:3] if cell):
            return False
        cells = [cell.strip().removeprefix("\ufeff") for cell in row]
        if cells == list(names) or tuple(cells[: len(names)]) == names[: len(cells)]:
            return True
        if named_columns(cells).acceleration is not None:
            raise DataError(
                f"{self._name}: line {line} is a header with other columns than the first; cut the file in two there"
            )
        return False

    def _is_cut_off(self, rows: list[list[str]], index: int, problem: str) -> bool:
        """Whether a faulty row is among the last few of the file, which give no sample: a power failure of the recorder
        cut the file off, or a remark stands at its end."""
        later = [row for row in rows[index + 1 :] if any(row)]
        if "few" not in problem or len(later) >= MAX_END_LINES:
            return False
        if any(isinstance(self._row_numbers(row), list) for row in later):
            return False
        rest = next(self._lines, None)
        if rest is not None:
            self._lines = itertools.chain([rest], self._lines)
        return rest is None

    def _column(self, cell: int) -> str:
        """A column by its name in the header, or by its number."""
        return clean(self.layout.names[cell]) if cell < len(self.layout.names) else str(cell + 1)
