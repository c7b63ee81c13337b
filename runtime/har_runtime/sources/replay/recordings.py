"""Opens a recording: finds its tables, which sensor each holds, and joins them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from har_runtime.errors import DataError
from har_runtime.sources.column_names import GRAVITY, GYROSCOPE, LINEAR, PLAIN, TOTAL, sensor_named
from har_runtime.sources.replay.byte_stream import ByteRows, is_witmotion
from har_runtime.sources.replay.fields import Fields
from har_runtime.sources.replay.first_rows import is_linear
from har_runtime.sources.replay.json_table import as_table
from har_runtime.sources.replay.labels import Labels
from har_runtime.sources.replay.layout import NoTableError
from har_runtime.sources.replay.options import ReadOptions
from har_runtime.sources.replay.other_formats import HEAD_BYTES, format_of
from har_runtime.sources.replay.own_times import ACC, GYRO
from har_runtime.sources.replay.parts import OpenFile, Part, find_parts, sign_of
from har_runtime.sources.replay.raw import RawReader
from har_runtime.sources.replay.streams import JoinedStream, Stream, SummedStream, TableStream
from har_runtime.sources.replay.text_lines import READ_ERRORS, reason
from har_runtime.sources.replay.text_table import TextTable
from har_runtime.text import clean

MAX_TABLES: Final = 100
"""Tables of a folder or zip whose header is looked at."""
_ANSWERS = re.compile(rb'\{"unix_s": [\d.]+, "version": \d+, |unix_s,version,')
"""How files of answers begin."""
LOOK_ROWS: Final = 512
"""Rows that show whether acceleration holds gravity."""
RATES_ALONE: Final = "no acceleration in it, only angular rates; give the folder of both sensors"
SENSOR_LOGGER: Final = "Sensor Logger"
SENSOR_LOGGER_MESSAGE: Final = (
    "gravity is missing: Sensor Logger's Accelerometer is without it; record Gravity or Total Acceleration too, and "
    "give the folder or zip of all its tables"
)
LINEAR_MESSAGE: Final = (
    "gravity is missing in the acceleration, which its name says is linear: record the accelerometer with gravity"
)


@dataclass(frozen=True)
class OpenRecording:
    """A recording being read."""

    stream: Stream
    acc: Fields
    """The columns of acceleration."""
    gyro: Fields | None
    """The columns of angular rate; None without a gyroscope."""
    files: tuple[str, ...]
    """Names of its tables, if there are several; without their folder."""
    size: int | None
    """Bytes to be read, as `Stream.position` counts them; None if that is not known."""
    sign: str | None
    """A key of `units.SIGNS`, if a file beside the tables tells it."""
    again: bool
    """Whether it can be opened twice."""
    not_read: tuple[str, ...] = ()
    """Files that the user named and that are not needed, or hold no sensor."""


@dataclass(frozen=True)
class _Table:
    """A table of a folder or zip."""

    part: Part
    kind: str | None
    """The sensor that its name names."""
    fields: Fields

    @property
    def uncalibrated(self) -> bool:
        return "uncalibrated" in self.part.stem.lower()


def open_recording(
    path: Path, options: ReadOptions, labels: Labels, lost: Counter[str], more: Sequence[Path] = ()
) -> OpenRecording:
    """Open the recording at a path: a file, or the folder or zip of one recording.

    Args:
        lost: where lines that give no sample are counted.
        more: further files of the same recording.

    Raises:
        DataError: it cannot be read.
    """
    parts = [part for one in (path, *more) for part in find_parts(one)]
    if len(parts) == 1:
        return _single(parts[0], path, options, labels, lost)
    opened, used = _several(parts, path, options, labels, lost, is_named=bool(more))
    return replace(opened, not_read=tuple(part.name for part in parts if more and part not in used))


def _single(part: Part, path: Path, options: ReadOptions, labels: Labels, lost: Counter[str]) -> OpenRecording:
    sensor = sensor_named(part.stem)
    rows = open_rows(part, options, sensor, lost)
    if isinstance(rows, TextTable) and rows.fields.sensor_cell is not None and part.again and part.rows_of is None:
        # The rows that tell whether another sensor follows are read by looking.
        if found := _by_sensor(part, rows, rows.fields.sensor_cell):
            return _several(found, path, options, labels, lost)[0]
        rows = open_rows(part, options, sensor, lost)
    if rows.fields.gyro_time is not None and part.again:
        rows.close()
        return _several(_side_by_side(part), path, options, labels, lost)[0]
    stream = _stream(part, rows, options, sensor, labels)
    fields = stream.fields
    try:
        if is_sensor_logger_linear(part, sensor, fields):
            raise DataError(f"{part.name}: {SENSOR_LOGGER_MESSAGE}")
        if fields.acc is None:
            raise DataError(f"{part.name}: {RATES_ALONE}")
        if fields.gravity_alone:
            raise DataError(f"{part.name}: it is gravity alone, without the motion")
    except DataError:
        stream.close()
        raise
    gyro = fields if fields.gyro is not None else None
    return OpenRecording(stream, fields, gyro, (), part.size, sign_of(path) or sign_of(path.parent), part.again)


def _stream(part: Part, rows: RawReader, options: ReadOptions, sensor: str | None, labels: Labels) -> TableStream:
    # What the first pass loses is lost once more by the second, which counts it.
    again = (lambda: open_rows(part, options, sensor, Counter())) if part.again else None
    return TableStream(rows, part.name, options, labels, again)


def open_rows(part: Part, options: ReadOptions, sensor: str | None, lost: Counter[str]) -> RawReader:
    """Open the rows of a file, whatever its format.

    Args:
        sensor: the kind of sensor (of `columns`) that its name names.
        lost: where lines that give no row are counted.

    Raises:
        DataError: it cannot be read.
    """
    if part.parquet is not None:
        from har_runtime.sources.replay.parquet_rows import ParquetRows

        return ParquetRows(part.parquet, options, sensor)
    file = part.open()
    if options.columns is None and is_witmotion(file, part.name):
        return ByteRows(file, part.name, witmotion=True, lost=lost)
    _refuse_others(file, part.name)
    try:
        table = TextTable(_as_table(file, part), part.name, options, sensor, part.rows_of, part.only)
    except NoTableError:
        # Lines that are no table, as a sketch prints them, if they are such.
        if not part.again or (rows := _lines(part, lost, options.device)) is None:
            raise
        return rows
    table.lost = lost
    return table


def _refuse_others(file: OpenFile, name: str) -> None:
    """Raises DataError for a file of the sinks `jsonl:` and `csv:`, in whose numbers a sensor could be seen, and for
    files of other programs that are no tables."""
    try:
        head = file.stream.peek(HEAD_BYTES)[:HEAD_BYTES]
    except READ_ERRORS:
        return  # Reading says why.
    other = format_of(head)
    if _ANSWERS.match(head):
        other = "holds answers that har-stream has written, not samples of a sensor"
    if other:
        file.close()
        raise DataError(f"{name}: {other}")


def _by_sensor(part: Part, rows: TextTable, cell: int) -> list[Part]:
    """The sensors of a table that holds first all rows of one and then all of another; empty if it is no such table.

    Args:
        rows: of the table, which are read to their end and closed.
        cell: the column that names the sensor.

    Raises:
        DataError: the column says that all rows are of the gyroscope.
    """
    try:
        names = rows.values_of(cell, MAX_TABLES)
    except DataError:  # What is wrong is said when it is read.
        return []
    finally:
        rows.close()
    sensors = [name for name in names if sensor_named(name) is not None]
    if names and all(sensor_named(name) == GYROSCOPE for name in names):
        raise DataError(f"{part.name}: {RATES_ALONE}")
    if len(sensors) < 2:
        return []
    return [
        replace(part, name=f"{part.name}: {clean(name)}", stem=clean(name), rows_of=(cell, name)) for name in sensors
    ]


def _side_by_side(part: Part) -> list[Part]:
    """The two sensors of a table in which each has times of its own."""
    return [
        replace(part, name=f"{part.name}: {name}", stem=name, only=only)
        for name, only in (("accelerometer", ACC), ("gyroscope", GYRO))
    ]


def _as_table(file: OpenFile, part: Part) -> OpenFile:
    try:
        return as_table(file)
    except (DataError, *READ_ERRORS) as error:
        file.close()
        raise DataError(f"{part.name}: {reason(error)}") from error


def _lines(part: Part, lost: Counter[str], device: str | None) -> ByteRows | None:
    try:
        rows = ByteRows(part.open(), part.name, witmotion=False, lost=Counter(), device=device)
    except DataError:
        return None
    rows.lost = lost
    return rows


def _several(
    parts: list[Part], path: Path, options: ReadOptions, labels: Labels, lost: Counter[str], is_named: bool = False
) -> tuple[OpenRecording, list[Part]]:
    """Open the recording that several tables are; also returns those that are read.

    Args:
        is_named: whether the user has named them one by one.
    """
    if len(parts) > MAX_TABLES:
        raise DataError(f"{path}: {len(parts)} tables in it; name one, or the folder of one recording")
    tables, refused = _look_at(parts, options)
    acc, added = _acceleration(path, tables)
    gyro = next(iter(sorted((one for one in tables if one.kind == GYROSCOPE), key=lambda one: one.uncalibrated)), None)
    whole = [one for one in tables if one.fields.acc is not None and one.fields.gyro is not None]
    if acc is None and gyro is None and not whole:
        others = [one for one in tables if one.fields.acc is not None]
        if len(others) == 1:
            return _single(others[0].part, path, options, labels, lost), [others[0].part]
    if acc is None or acc in whole or (gyro is None and len(whole) == 1):
        if len(whole) == 1:
            return _single(whole[0].part, path, options, labels, lost), [whole[0].part]
        names = ", ".join(one.part.stem for one in (whole or tables)[:4])
        if is_named and len(whole) > 1:
            raise DataError(f"{names}: each is a whole recording; give one, or the tables of one recording's sensors")
        if whole or len(tables) > 1:
            raise DataError(f"{path}: several recordings in it ({names}, ...); name one of them")
        raise DataError(refused or f"{path}: no acceleration in it")
    chosen = [one for one in (acc, added, gyro) if one is not None]

    def stream_of(one: _Table) -> TableStream:
        return _stream(one.part, open_rows(one.part, options, one.kind, lost), options, one.kind, labels)

    opened: list[Stream] = []
    try:
        opened.append(stream_of(acc))
        if added is not None:
            opened.append(stream_of(added))
            opened = [SummedStream(opened[0], opened[1])]
        if gyro is not None:
            opened.append(stream_of(gyro))
            opened = [JoinedStream(opened[0], opened[1], (acc.part.stem, gyro.part.stem))]
    except DataError as error:
        for one in opened:
            one.close()
        text = str(error)
        raise DataError(text if text.startswith(str(path)) else f"{path}: {text}") from error
    sizes = [one.part.size for one in chosen]
    opened_all = OpenRecording(
        opened[0],
        acc.fields,
        None if gyro is None else gyro.fields,
        tuple(one.part.stem for one in chosen),
        sum(size for size in sizes if size is not None) if None not in sizes else None,
        sign_of(path),
        all(one.part.again for one in chosen),
    )
    return opened_all, [one.part for one in chosen]


def _look_at(parts: list[Part], options: ReadOptions) -> tuple[list[_Table], str | None]:
    """The tables that hold a sensor, and why the first of the others does not."""
    tables: list[_Table] = []
    refused: str | None = None
    for part in parts:
        kind = sensor_named(part.stem)
        try:
            reader = open_rows(part, options, kind, Counter())
        except DataError as error:
            refused = refused or str(error)
            continue
        fields = reader.fields
        reader.close()
        if kind is None and fields.acc is not None and fields.gyro is None and fields.linear:
            kind = LINEAR
        elif kind is None and fields.acc is None and fields.gyro is not None:
            kind = GYROSCOPE
        tables.append(_Table(part, kind, fields))
    return tables, refused


def _acceleration(path: Path, tables: list[_Table]) -> tuple[_Table | None, _Table | None]:
    """The table of acceleration to read, and the one of gravity to add to it.

    Raises:
        DataError: gravity is missing.
    """
    by_kind: dict[str, list[_Table]] = {}
    for one in tables:
        if one.kind is not None:
            by_kind.setdefault(one.kind, []).append(one)
    total = by_kind.get(TOTAL, [])
    plain = [one for one in by_kind.get(PLAIN, []) if not one.uncalibrated]
    raw = [one for one in by_kind.get(PLAIN, []) if one.uncalibrated]
    linear, gravity = by_kind.get(LINEAR, []), by_kind.get(GRAVITY, [])
    for kind, found in (("acceleration", total or plain or linear), ("gravity", gravity)):
        if len(found) > 1:
            names = ", ".join(one.part.stem for one in found[:4])
            raise DataError(f"{path}: several tables of {kind} ({names}); name the folder of one recording")
    if total:
        return total[0], None
    # Sensor Logger's Accelerometer is without gravity, phyphox's is with it: the tables themselves show which.
    if plain and gravity:
        return plain[0], gravity[0] if _is_linear(plain[0], gravity[0]) else None
    if raw and (not plain or plain[0].fields.profile == SENSOR_LOGGER):
        return raw[0], None
    if plain and is_sensor_logger_linear(plain[0].part, plain[0].kind, plain[0].fields):
        raise DataError(f"{path}: {SENSOR_LOGGER_MESSAGE}")
    if plain:
        return plain[0], None
    if linear and gravity:
        return linear[0], gravity[0]
    if linear and not any(one.fields.gyro is not None and one.fields.acc is not None for one in tables):
        raise DataError(f"{path}: {LINEAR_MESSAGE}")
    return None, None


def is_sensor_logger_linear(part: Part, sensor: str | None, fields: Fields) -> bool:
    """Whether a table is Sensor Logger's Accelerometer, which is without gravity (its UNITS.md)."""
    return fields.profile == SENSOR_LOGGER and sensor == PLAIN and part.stem.lower() == "accelerometer"


def _is_linear(acc: _Table, gravity: _Table) -> bool:
    first: list[np.ndarray] = []
    for one in (acc, gravity):
        rows = open_rows(one.part, ReadOptions(), one.kind, Counter())
        block = rows.read(LOOK_ROWS)
        rows.close()
        if block is None or block.acc is None:
            return False
        first.append(block.acc[np.isfinite(block.acc).all(axis=1)])
    return bool(len(first[0]) and len(first[1])) and is_linear(first[0], first[1])
