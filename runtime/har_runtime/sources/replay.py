"""`replay:FILE.csv?speed=N` - a recording from a CSV file, at N times real time (`speed=max`: as fast as possible).

The header names the columns: time (s), acc_x, acc_y, acc_z (m/s^2 with gravity), gyro_x, gyro_y, gyro_z (rad/s) and,
where there is truth, label. Other columns are passed over. An empty cell is a lost sample.
"""

import csv
import itertools
import operator
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, SAMPLE_RATE_HZ, to_ns
from har_runtime.errors import DataError, SourceError
from har_runtime.samples import ImuChunk
from har_runtime.sources.base import Pace, SourceReport
from har_runtime.uri import Uri, speed_option

CHUNK_ROWS = 512
"""Rows read at a time when nothing holds them back."""
UNIT_CHECK_ROWS = 10 * SAMPLE_RATE_HZ
"""The units are judged by this many first rows."""
MAX_ANGULAR_RATE = 70.0
"""rad/s; twice the full scale of 2000 deg/s that consumer gyroscopes have. More means degrees."""
COLUMNS = ("time", *CHANNELS)


def open_replay(uri: Uri) -> "Replay":
    """The source of a `replay:` URI."""
    uri.only("speed")
    if not uri.target:
        raise SourceError("replay: needs a file, such as replay:walk.csv")
    return Replay(Path(uri.target), uri.option("speed", speed_option, 1.0))


class Replay:
    """Samples of a CSV file.

    Raises:
        DataError: no such file, a missing column, a cell that is no number, or units that cannot be SI.
    """

    def __init__(self, path: Path, speed: float = 1.0):
        self.path = path
        self._speed = speed
        self.description = f"recording {path.name}"
        self.report = SourceReport()
        try:
            self._file = path.open(newline="", encoding="utf-8-sig")
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); give a CSV file to replay") from error
        try:
            self._rows = csv.reader(self._file)
            header = [name.strip() for name in next(self._rows, [])]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                raise DataError(
                    f"{path}: no column {', '.join(missing)} in its first line; needed are {', '.join(COLUMNS)} "
                    "(s, m/s^2, rad/s) and, if known, label"
                )
            columns = [header.index(name) for name in COLUMNS]
            self._cells_of = operator.itemgetter(*columns)
            self._label_column = header.index("label") if "label" in header else None
            self._width = max([*columns, self._label_column or 0]) + 1
            self._line = 1
            self._first = self._read(UNIT_CHECK_ROWS)
            if self._first is None:
                raise DataError(f"{path}: no sample in it")
            self._check_units(self._first)
        except (csv.Error, UnicodeDecodeError) as error:
            self._file.close()
            raise DataError(f"{path}: not a CSV file ({error})") from error
        except DataError:
            self._file.close()
            raise

    def __iter__(self) -> Iterator[ImuChunk]:
        pace = Pace(self._speed)
        # Held back, rows go out by the tenth of a second of the recording; else by as many as are read at a time.
        step = CHUNK_ROWS if self._speed == float("inf") else max(1, round(self._speed * SAMPLE_RATE_HZ / 10))
        chunk = self._first
        try:
            while chunk is not None:
                for begin in range(0, len(chunk.times_ns), step):
                    part = slice(begin, begin + step)
                    labels = None if chunk.labels is None else chunk.labels[part]
                    piece = ImuChunk(chunk.times_ns[part], chunk.acc[part], chunk.gyro[part], labels)
                    pace.wait_until(int(piece.times_ns[-1]))
                    yield piece
                chunk = self._read(CHUNK_ROWS)
                if chunk is not None:
                    self._check_units(chunk, gravity=False)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{self.path}: not a CSV file beyond line {self._line} ({error})") from error

    def close(self) -> None:
        self._file.close()

    def _read(self, count: int) -> ImuChunk | None:
        rows = list(itertools.islice(self._rows, count))
        if not rows:
            return None
        first_line = self._line + 1
        self._line += len(rows)
        try:
            # All at once, for speed; a line that is short or holds no number is looked for only where there is one.
            cells = map(float, itertools.chain.from_iterable(map(self._cells_of, rows)))
            table = np.fromiter(cells, np.float64, len(rows) * len(COLUMNS)).reshape(-1, len(COLUMNS))
            labels = self._labels(rows)
        except (IndexError, ValueError):
            rows = self._whole_rows(rows, first_line)
            if not rows:
                return None
            table = self._table_with_gaps(rows, first_line)
            labels = self._labels(rows)
        return ImuChunk(to_ns(table[:, 0]), table[:, 1:4], table[:, 4:7], labels)

    def _labels(self, rows: list[list[str]]) -> NDArray[np.str_] | None:
        if self._label_column is None:
            return None
        return np.array([row[self._label_column].strip() for row in rows], np.str_)

    def _whole_rows(self, rows: list[list[str]], first_line: int) -> list[list[str]]:
        """The rows but the last line of the file where it was cut off, as a recorder leaves it that lost power."""
        short = next((index for index, row in enumerate(rows) if len(row) < self._width), None)
        if short is None:
            return rows
        if any(rows[short + 1 :]) or next(self._rows, None) is not None:
            raise DataError(f"{self.path}: line {first_line + short} has too few columns")
        return rows[:short]

    def _table_with_gaps(self, rows: list[list[str]], first_line: int) -> NDArray[np.float64]:
        """The columns as numbers, with NaN for an empty cell and a clear word on one that is no number."""
        table = np.empty((len(rows), len(COLUMNS)))
        for index, row in enumerate(rows):
            for position, (name, cell) in enumerate(zip(COLUMNS, self._cells_of(row), strict=True)):
                try:
                    table[index, position] = float(cell) if cell.strip() else np.nan
                except ValueError:
                    raise DataError(
                        f"{self.path}: line {first_line + index}, column {name}: '{cell[:40]}' is no number"
                    ) from None
        return table

    def _check_units(self, chunk: ImuChunk, gravity: bool = True) -> None:
        fastest = float(np.fmax.reduce(np.abs(chunk.gyro), axis=None, initial=0.0))  # fmax passes over NaN.
        if fastest > MAX_ANGULAR_RATE:
            raise DataError(
                f"{self.path}: angular rates reach {fastest:.0f}, more than any gyroscope measures in rad/s; "
                "convert the gyro columns from deg/s to rad/s"
            )
        if not gravity:
            return
        magnitude = np.linalg.norm(chunk.acc, axis=1)
        magnitude = magnitude[np.isfinite(magnitude)]
        if not len(magnitude):
            return
        typical = float(np.median(magnitude))
        guesses = {"g": 1.0, "mg": 1000.0}
        unit = next((name for name, one in guesses.items() if 0.7 * one <= typical <= 1.5 * one), None)
        if unit is not None:
            raise DataError(
                f"{self.path}: acceleration is about {typical:.2f} at rest, so it is in {unit}; "
                f"convert it to m/s^2 (1 {unit} = {9.80665 / guesses[unit]:.5g} m/s^2)"
            )
        if not 6.0 <= typical <= 16.0:
            raise DataError(
                f"{self.path}: acceleration is about {typical:.2f} at rest, not 9.81; it must be m/s^2 with gravity"
            )
