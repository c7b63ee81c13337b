"""The rows of a Parquet recording, read in parts of a row group.

Columns are found by their names as in a text table. Times are floating point numbers, whole numbers or timestamps; null
is a lost sample.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS as OWN_CHANNELS
from har_runtime.errors import DataError
from har_runtime.sources.columns import named_columns
from har_runtime.sources.replay.cells import DATE, INTEGER, NO_TIME, NUMBER, TimeFormat
from har_runtime.sources.replay.fields import Fields, TimeField, fields_of
from har_runtime.sources.replay.options import ReadOptions
from har_runtime.sources.replay.raw import RawRows

BATCH_ROWS = 512
"""Rows decoded at a time."""


class ParquetRows:
    """Reads a Parquet file from beginning to end.

    Raises:
        DataError: pyarrow is missing, the file is not a Parquet file, or a column is missing or of the wrong type.
    """

    def __init__(self, path: Path, options: ReadOptions, sensor: str | None = None):
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise DataError(f"{path}: Parquet needs pyarrow: pip install 'haredge[parquet]'") from error
        self._arrow, self._path = pyarrow, path
        self.lost: Counter[str] = Counter()
        self.dated_ns: int | None = None
        self._rows_read = 0
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else error
            raise DataError(f"{path}: cannot be read ({why}); give a recording") from error
        except pyarrow.ArrowException as error:
            raise DataError(f"{path}: not a Parquet file ({error})") from error
        try:
            self._names: list[str] = list(self._file.schema_arrow.names)
            self.fields = self._find_fields(options, sensor)
        except DataError:
            self._file.close()
            raise
        used = sorted({self._names[cell] for cell in self._used()})
        self._batches: Iterator[Any] = self._file.iter_batches(BATCH_ROWS, columns=used, use_threads=False)
        self._rest: Any = None

    def read(self, count: int) -> RawRows | None:
        parts = [] if self._rest is None else [self._rest]
        rows = sum(len(part) for part in parts)
        try:
            while rows < count and (part := next(self._batches, None)) is not None:
                parts.append(part)
                rows += len(part)
            if not rows:
                return None
            table = self._arrow.Table.from_batches(parts).combine_chunks()
            taken = table.slice(0, count)
            self._rows_read += len(taken)
            self._rest = next(iter(table.slice(count).to_batches()), None)
            fields = self.fields
            acc, gravity = self._values(taken, fields.acc), self._values(taken, fields.gravity)
            if acc is not None and gravity is not None:
                acc = acc + gravity
            counts = None
            if fields.counter is not None and fields.time is None:
                counts = self._numbers(taken.column(self._names[fields.counter]))
            return RawRows(self._times(taken), acc, self._values(taken, fields.gyro), self._labels(taken), counts)
        except (self._arrow.ArrowException, OSError) as error:
            raise DataError(f"{self._path}: damaged ({error})") from error

    @property
    def position(self) -> int:
        """Bytes read so far, about."""
        share = self._rows_read / max(1, self._file.metadata.num_rows)
        return round(share * self._path.stat().st_size)

    def close(self) -> None:
        self._file.close()

    def _used(self) -> list[int]:
        fields = self.fields
        used = [cell for triple in (fields.acc, fields.gravity, fields.gyro) if triple for cell in triple]
        used += [fields.time.cell] if fields.time else [fields.counter] if fields.counter is not None else []
        return used + ([fields.label] if fields.label is not None else [])

    def _find_fields(self, options: ReadOptions, sensor: str | None) -> Fields:
        names = self._names if options.columns is None else list(options.columns)
        named = named_columns(names)
        try:
            fields = fields_of(named, sensor)
            if fields.acc is None and fields.gyro is None:
                raise DataError(f"no acceleration among its columns ({', '.join(self._names[:8])})")
        except DataError as error:
            raise DataError(f"{self._path}: {error}") from error
        if fields.gravity is not None and "linear" not in named.sensors:
            fields = replace(fields, gravity=None)
        times = [(time, form) for time in named.times if (form := self._time_format(time.cell)) is not None]
        if times:
            time, form = times[0]
            fields = replace(fields, time=TimeField(time.cell, form, time.unit))
        elif named.times:
            kind = self._kind(named.times[0].cell)
            raise DataError(
                f"{self._path}: column {self._names[named.times[0].cell]} holds {kind}; it must hold numbers or "
                "timestamps"
            )
        wanted = [cell for triple in (fields.acc, fields.gravity, fields.gyro) if triple for cell in triple]
        types = self._arrow.types
        for cell in wanted:
            kind = self._kind(cell)
            if not (types.is_floating(kind) or types.is_integer(kind)):
                raise DataError(f"{self._path}: column {self._names[cell]} holds {kind}; it must hold numbers")
        if fields.label is not None and not self._is_text(fields.label):
            raise DataError(
                f"{self._path}: column {self._names[fields.label]} holds {self._kind(fields.label)}; it must hold text"
            )
        own = [self._names[cell] for cell in wanted] == list(OWN_CHANNELS[: len(wanted)])
        return replace(fields, own_header=own and fields.acc is not None)

    def _kind(self, cell: int) -> Any:
        return self._file.schema_arrow.field(self._names[cell]).type

    def _is_text(self, cell: int) -> bool:
        types, kind = self._arrow.types, self._kind(cell)
        text = kind.value_type if types.is_dictionary(kind) else kind
        return types.is_string(text) or types.is_large_string(text) or types.is_integer(text)

    def _time_format(self, cell: int) -> TimeFormat | None:
        types, kind = self._arrow.types, self._kind(cell)
        if types.is_timestamp(kind):
            return TimeFormat(DATE, zoned=kind.tz is not None)
        if types.is_floating(kind):
            return TimeFormat(NUMBER)
        return TimeFormat(INTEGER) if types.is_integer(kind) else None

    def _times(self, table: Any) -> NDArray[np.int64] | NDArray[np.float64] | None:
        if self.fields.time is None:
            return None
        column, form = table.column(self._names[self.fields.time.cell]), self.fields.time.form
        if form.kind == NUMBER:
            return self._numbers(column)
        if form.kind == DATE:
            column = column.cast(self._arrow.timestamp("ns", column.type.tz))
        return column.cast(self._arrow.int64()).fill_null(NO_TIME).to_numpy()

    def _values(self, table: Any, cells: tuple[int, int, int] | None) -> NDArray[np.float64] | None:
        if cells is None:
            return None
        return np.stack([self._numbers(table.column(self._names[cell])) for cell in cells], axis=1)

    def _numbers(self, column: Any) -> NDArray[np.float64]:
        return column.cast(self._arrow.float64()).fill_null(np.nan).to_numpy()

    def _labels(self, table: Any) -> list[str] | None:
        if self.fields.label is None:
            return None
        column = table.column(self._names[self.fields.label])
        return column.cast(self._arrow.string()).fill_null("").to_pylist()
