"""`replay:FILE?speed=N` - a recording from a CSV or Parquet file, at N times real time (`speed=max`: without waiting).

Its columns: time (s), acc_x, acc_y, acc_z (m/s^2 with gravity), gyro_x, gyro_y, gyro_z (rad/s) and, if known, label
(the true activity). Other columns are ignored. An empty cell is a lost sample, but a row may hold one sensor only, with
empty cells for the other, since phones record two sensors at different times. If the gyroscope's columns are missing or
empty throughout, the sensor has no gyroscope. A file named .parquet or .pq is Parquet, any other is CSV.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.errors import DataError, SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.units import rest_magnitude, unit_problem
from har_runtime.sources.base import Pace, SourceReport
from har_runtime.sources.replay.csv_rows import CsvRows
from har_runtime.uri import Uri, speed_option

CHUNK_ROWS = 512
"""Rows read at a time."""
UNIT_CHECK_ROWS = 10 * SAMPLE_RATE_HZ
"""The units are checked on this many rows at the beginning."""
MAX_ANGULAR_RATE = 70.0
"""rad/s; twice the usual full scale of gyroscopes, 2000 deg/s. Larger values are in degrees."""
PARQUET_SUFFIXES = (".parquet", ".pq")


def open_replay(uri: Uri) -> "Replay":
    """The source of a `replay:` URI."""
    uri.only("speed")
    if not uri.target:
        raise SourceError("replay: needs a file, such as replay:walk.csv")
    return Replay(Path(uri.target), uri.option("speed", speed_option, 1.0))


class Rows(Protocol):
    """A file of samples, read from beginning to end."""

    def read(self, count: int) -> SampleChunk | None:
        """The next rows, at most `count`; fewer only at the end of the file, None after it. A row that holds one sensor
        only has NaN for the other; without the gyroscope's columns there are no angular rates.

        Raises:
            DataError: a row is invalid.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def _open_rows(path: Path) -> Rows:
    if path.suffix.lower() in PARQUET_SUFFIXES:
        from har_runtime.sources.replay.parquet_rows import ParquetRows

        return ParquetRows(path)
    return CsvRows(path)


class Replay:
    """Samples of a file.

    Raises:
        DataError: the file or a column is missing, a cell is not a number, or the units are not SI.
    """

    def __init__(self, path: Path, speed: float = 1.0):
        self.path = path
        self._speed = speed
        self.description = f"recording {path.name}"
        self.report = SourceReport(can_wait=True)
        self._rows = _open_rows(path)
        try:
            self._first = self._rows.read(UNIT_CHECK_ROWS)
            if self._first is None:
                raise DataError(f"{path}: no sample in it")
            self.report.gyroscope = self._has_gyroscope(self._first)
            self._check_units(self._first)
        except DataError:
            self._rows.close()
            raise

    def __iter__(self) -> Iterator[SampleChunk]:
        pace = Pace(self._speed)
        # In real time, a chunk is a tenth of a second; without waiting, it is as many rows as are read at a time.
        step = CHUNK_ROWS if self._speed == float("inf") else max(1, round(self._speed * SAMPLE_RATE_HZ / 10))
        chunk = self._first
        while chunk is not None:
            for begin in range(0, len(chunk.times_ns), step):
                piece = chunk.part(begin, begin + step)
                pace.wait_until(int(piece.times_ns[-1]))
                yield from _by_sensor(piece if self.report.gyroscope else piece.without_gyroscope())
            chunk = self._rows.read(CHUNK_ROWS)
            if chunk is not None:
                self._check_units(chunk, gravity=False)

    def close(self) -> None:
        self._rows.close()

    def _has_gyroscope(self, first: SampleChunk) -> bool:
        """Whether there is an angular rate anywhere. If the rows at the beginning have none, look through them all:
        a recorder may keep the columns of a sensor that its phone lacks."""
        if first.gyro is None:
            return False
        if np.isfinite(first.gyro).any() or not self.path.is_file():  # A pipe cannot be read twice.
            return True
        rows = _open_rows(self.path)
        try:
            return any(
                chunk.gyro is not None and np.isfinite(chunk.gyro).any()
                for chunk in iter(lambda: rows.read(CHUNK_ROWS), None)
            )
        finally:
            rows.close()

    def _check_units(self, chunk: SampleChunk, gravity: bool = True) -> None:
        gyro = np.empty(0) if chunk.gyro is None else chunk.gyro
        fastest = float(np.fmax.reduce(np.abs(gyro), axis=None, initial=0.0))  # fmax ignores NaN.
        if fastest > MAX_ANGULAR_RATE:
            raise DataError(
                f"{self.path}: angular rates reach {fastest:.0f}, more than any gyroscope measures in rad/s; "
                "convert the gyro columns from deg/s to rad/s"
            )
        if not gravity:
            return
        magnitude = None if chunk.acc is None else rest_magnitude(chunk.acc)
        if magnitude is not None and (problem := unit_problem(magnitude)):
            raise DataError(f"{self.path}: {problem}")


def _by_sensor(chunk: SampleChunk) -> Sequence[SampleChunk]:
    """The chunk itself, or one chunk for each sensor if some rows hold one sensor only."""
    if chunk.acc is None or chunk.gyro is None:
        return [chunk]
    no_acc, no_gyro = np.isnan(chunk.acc).all(axis=1), np.isnan(chunk.gyro).all(axis=1)
    if np.array_equal(no_acc, no_gyro):
        return [chunk]
    acc, gyro = ~no_acc | no_gyro, ~no_gyro | no_acc  # A row with neither is lost for both.
    labels = None if chunk.labels is None else chunk.labels[acc]
    parts = [
        SampleChunk(chunk.times_ns[acc], chunk.acc[acc], None, labels),
        SampleChunk(chunk.times_ns[gyro], None, chunk.gyro[gyro]),
    ]
    return [part for part in parts if len(part.times_ns)]
