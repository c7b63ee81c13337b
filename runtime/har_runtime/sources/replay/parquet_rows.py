"""The rows of a Parquet recording, for `replay:FILE.parquet`, read in parts of a row group.

Columns as in a CSV recording. `time` holds seconds as floating point numbers, nanoseconds as 64 bit integers, or
timestamps; null is a lost sample.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import to_ns
from har_runtime.errors import DataError
from har_runtime.samples import ImuChunk, SampleChunk
from har_runtime.sources.replay.csv_rows import COLUMNS, columns_of

BATCH_ROWS = 512
"""Rows decoded at a time."""


class ParquetRows:
    """Reads a Parquet file from beginning to end.

    Raises:
        DataError: pyarrow is missing, the file is not a Parquet file, or a column is missing or of the wrong type.
    """

    def __init__(self, path: Path):
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise DataError(f"{path}: Parquet needs pyarrow: pip install 'haredge[parquet]'") from error
        self._arrow, self._path = pyarrow, path
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else error
            raise DataError(f"{path}: cannot be read ({why}); give a recording") from error
        except pyarrow.ArrowException as error:
            raise DataError(f"{path}: not a Parquet file ({error})") from error
        try:
            self._labelled = "label" in self._file.schema_arrow.names
            self._columns = columns_of(path, self._file.schema_arrow.names, "schema")
            self._check_types()
        except DataError:
            self._file.close()
            raise
        names = [*self._columns, *(["label"] if self._labelled else [])]
        self._batches: Iterator[Any] = self._file.iter_batches(BATCH_ROWS, columns=names, use_threads=False)
        self._rest: Any = None

    def read(self, count: int) -> SampleChunk | None:
        """The next rows, at most `count`; fewer only at the end of the file, None after it.

        Raises:
            DataError: the file is damaged.
        """
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
            self._rest = next(iter(table.slice(count).to_batches()), None)
            times_ns, acc, labels = self._times(taken), self._values(taken, 1), self._labels(taken)
            if self._columns is COLUMNS:
                return ImuChunk(times_ns, acc, self._values(taken, 4), labels)
            return SampleChunk(times_ns, acc, None, labels)
        except (self._arrow.ArrowException, OSError) as error:
            raise DataError(f"{self._path}: damaged ({error})") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _check_types(self) -> None:
        types, schema = self._arrow.types, self._file.schema_arrow
        for name in self._columns:
            kind = schema.field(name).type
            if name == "time":
                fits = types.is_floating(kind) or types.is_timestamp(kind) or types.is_int64(kind)
                wanted = "seconds (floating point), nanoseconds (int64) or timestamps"
            else:
                fits, wanted = types.is_floating(kind) or types.is_integer(kind), "numbers"
            if not fits:
                raise DataError(f"{self._path}: column {name} holds {kind}; it must hold {wanted}")
        if self._labelled:
            kind = schema.field("label").type
            text = kind.value_type if types.is_dictionary(kind) else kind
            if not (types.is_string(text) or types.is_large_string(text)):
                raise DataError(f"{self._path}: column label holds {kind}; it must hold text")

    def _times(self, table: Any) -> NDArray[np.int64]:
        column = table.column("time")
        if self._arrow.types.is_floating(column.type):
            return to_ns(self._numbers(column))
        if self._arrow.types.is_timestamp(column.type):
            column = column.cast(self._arrow.timestamp("ns", column.type.tz)).cast(self._arrow.int64())
        return column.fill_null(np.iinfo(np.int64).min).to_numpy()

    def _values(self, table: Any, first: int) -> NDArray[np.float64]:
        return np.stack([self._numbers(table.column(name)) for name in COLUMNS[first : first + 3]], axis=1)

    def _numbers(self, column: Any) -> NDArray[np.float64]:
        return column.cast(self._arrow.float64()).fill_null(np.nan).to_numpy()

    def _labels(self, table: Any) -> NDArray[np.str_] | None:
        if not self._labelled:
            return None
        return np.array(table.column("label").cast(self._arrow.string()).fill_null("").to_pylist(), np.str_)
