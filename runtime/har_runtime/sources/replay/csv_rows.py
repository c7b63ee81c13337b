"""The rows of a CSV recording, for `replay:FILE.csv`.

The header names the columns. Those of the gyroscope may be missing, all three of them. An incomplete last line, as
after a power failure of the recorder, is skipped.
"""

import csv
import itertools
import operator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, to_ns
from har_runtime.errors import DataError
from har_runtime.samples import ImuChunk, SampleChunk

COLUMNS = ("time", *CHANNELS)
GYROSCOPE = COLUMNS[4:]
"""Of these a recording has all or none."""


def columns_of(path: Path, names: list[str], place: str) -> tuple[str, ...]:
    """The columns to read of a recording: `COLUMNS`, or those before `GYROSCOPE` if it has no gyroscope.

    Raises:
        DataError: a column is missing.
    """
    columns = COLUMNS if any(name in names for name in GYROSCOPE) else COLUMNS[:4]
    missing = [name for name in columns if name not in names]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)} in its {place}; it needs {', '.join(COLUMNS)} (s, m/s^2, rad/s; "
            "all three of gyro may be missing) and, if known, label"
        )
    return columns


class CsvRows:
    """Reads a CSV file from beginning to end.

    Raises:
        DataError: the file cannot be read, is not text, or lacks a column.
    """

    def __init__(self, path: Path):
        self._path, self._line = path, 0
        try:
            self._file = path.open(newline="", encoding="utf-8-sig")
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); give a recording") from error
        self._rows = csv.reader(self._file)
        try:
            self._find_columns()
        except DataError:
            self._file.close()
            raise

    def read(self, count: int) -> SampleChunk | None:
        """The next rows, at most `count`; fewer only at the end of the file, None after it.

        Raises:
            DataError: a line has too few columns, a cell is not a number, or the file is not text.
        """
        rows = self._next_rows(count)
        if not rows:
            return None
        first_line = self._line + 1
        self._line += len(rows)
        try:
            # All at once, for speed; the faulty line or cell is searched for only after an error.
            cells = map(float, itertools.chain.from_iterable(map(self._cells_of, rows)))
            width = len(self._columns)
            table = np.fromiter(cells, np.float64, len(rows) * width).reshape(-1, width)
            labels = self._labels(rows)
        except (IndexError, ValueError):
            rows = self._whole_rows(rows, first_line)
            if not rows:
                return None
            table = self._table_with_gaps(rows, first_line)
            labels = self._labels(rows)
        times_ns, acc = to_ns(table[:, 0]), table[:, 1:4]
        if self._columns is COLUMNS:
            return ImuChunk(times_ns, acc, table[:, 4:7], labels)
        return SampleChunk(times_ns, acc, None, labels)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _find_columns(self) -> None:
        header = [name.strip() for row in self._next_rows(1) for name in row]
        self._columns = columns_of(self._path, header, "first line")
        columns = [header.index(name) for name in self._columns]
        self._cells_of = operator.itemgetter(*columns)
        self._label_column = header.index("label") if "label" in header else None
        self._width = max([*columns, self._label_column or 0]) + 1
        self._line = 1

    def _next_rows(self, count: int) -> list[list[str]]:
        try:
            return list(itertools.islice(self._rows, count))
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{self._path}: not a CSV file after line {self._line} ({error})") from error

    def _labels(self, rows: list[list[str]]) -> NDArray[np.str_] | None:
        if self._label_column is None:
            return None
        return np.array([row[self._label_column].strip() for row in rows], np.str_)

    def _whole_rows(self, rows: list[list[str]], first_line: int) -> list[list[str]]:
        """The rows without an incomplete last line of the file."""
        short = next((index for index, row in enumerate(rows) if len(row) < self._width), None)
        if short is None:
            return rows
        if any(rows[short + 1 :]) or next(self._rows, None) is not None:
            raise DataError(f"{self._path}: line {first_line + short} has too few columns")
        return rows[:short]

    def _table_with_gaps(self, rows: list[list[str]], first_line: int) -> NDArray[np.float64]:
        """The columns as numbers, with NaN for an empty cell; an error names any other cell that is not a number."""
        table = np.empty((len(rows), len(self._columns)))
        for index, row in enumerate(rows):
            for position, (name, cell) in enumerate(zip(self._columns, self._cells_of(row), strict=True)):
                try:
                    table[index, position] = float(cell) if cell.strip() else np.nan
                except ValueError:
                    raise DataError(
                        f"{self._path}: line {first_line + index}, column {name}: '{cell[:40]}' is not a number"
                    ) from None
        return table
