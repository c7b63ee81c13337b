"""JSON as the lines of a table: records in an array or one after the other, lists of columns, or names and rows.

Apps and data tools write it so: Sensor Logger's JSON export, Edge Impulse's data acquisition format, pandas' `to_json`
in each of its orientations, and lines of objects. Records are turned one by one, in bounded memory.
"""

import codecs
import csv
import io
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from har_runtime.errors import DataError
from har_runtime.sources.column_names import AXES, sensor_named
from har_runtime.sources.replay.parts import OpenFile
from har_runtime.sources.replay.text_lines import HEAD_BYTES, buffered, encoding_of
from har_runtime.text import clean, has_control

MAX_VALUE: Final = 64_000_000
"""Characters of one value, which is held at once: columns of some hours."""
MAX_PARTS: Final = 2_000_000
"""Lists and objects in one value: the rows of ten hours."""
MAX_NUMBERS: Final = 12_000_000
"""Values in one value: six columns of eleven hours."""
FEW: Final = 4_000_000
"""Characters whose parts need not be counted."""
LOOK_RECORDS: Final = 200
"""Records whose names are the header."""
MAX_NAMES: Final = 300
MAX_TEXT: Final = 200
"""Characters of a name or of a text that are kept."""
MAX_DEPTH: Final = 6
MIN_COLUMN: Final = 20
"""Numbers of a list that is a column; a shorter one is the axes of a sensor."""
BAD_LINES: Final = 10
"""Lines that are not JSON and are passed over; further ones only while they are few."""
BAD_SHARE: Final = 0.01
MAX_LINE: Final = 1_000_000
"""Characters after a mistake in which the line must end."""
CUT: Final = 16
"""A mistake so near the end of what is held may only be a word or a number that is cut off there."""
TIME: Final = "time"
"""Name of a column that has none."""
_BEGINNING = re.compile(r'\s*(?:\{\s*"|\[\s*[{\[])')
_BETWEEN: Final = " \t\r\n,"
"""What may stand between two values."""
Record = dict[str, Any] | list[Any]
"""Values by their names, or a row of a table without names."""
Cells = dict[str, str] | list[str]
"""The same as text, bounded."""


def as_table(file: OpenFile) -> OpenFile:
    """The file as it is, or, if it begins as JSON, as the lines of a table.

    Raises:
        DataError: not text.
    """
    head = file.stream.peek(HEAD_BYTES)[:HEAD_BYTES]
    if b"{" not in head and b"[" not in head:
        return file
    encoding, mark = encoding_of(head)
    if not _BEGINNING.match(head[mark:].decode(encoding, "replace")):
        return file
    lines = _Lines(lambda: _table(_values(_Text(file.stream, encoding, mark))))
    return OpenFile(buffered(lines), file.position, file.close)


class _Lines(io.RawIOBase):
    """The bytes of lines that are made as they are read."""

    def __init__(self, make: Callable[[], Iterator[str]]):
        self._lines, self._held = make(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not self._held:
            self._held = next(self._lines, "").encode("utf-8", "replace")
        count = min(len(buffer), len(self._held))
        buffer[:count], self._held = self._held[:count], self._held[count:]
        return count


class _Text:
    """The text of a file, block by block."""

    def __init__(self, stream: io.BufferedReader, encoding: str, mark: int):
        stream.read(mark)
        self._stream, self._decoder = stream, codecs.getincrementaldecoder(encoding)()

    def read(self, size: int) -> str:
        """The text of the next bytes, with blanks for the zeros that a power failure leaves; empty at the end."""
        while data := self._stream.read(size):
            if text := self._decoder.decode(data):
                return text.replace("\0", " ")
        return ""  # The rest may be a part of a letter.


def _values(text: _Text) -> Iterator[Any]:
    """The elements of an array, or values one after the other.

    Raises:
        DataError: not JSON, or a value that is too long.
    """
    decoder = json.JSONDecoder()
    held, at, is_array, count, bad = text.read(HEAD_BYTES), 0, False, 0, 0
    if first := re.match(r"\s*\[\s*(?=[{\[])", held):
        is_array, at = True, first.end()
    while True:
        while at < len(held) and held[at] in _BETWEEN:
            at += 1
        problem, is_cut = "", True
        if at < len(held):
            if is_array and held[at] == "]":
                return
            if len(held) > FEW:
                _check_parts(held)
            try:
                value, at = decoder.raw_decode(held, at)
            except RecursionError as error:
                raise DataError("its JSON is nested too deeply") from error
            except ValueError as error:
                problem, is_cut = str(error), _is_cut(error, held)
            else:
                count += 1
                yield value
                continue
        held, at = held[at:], 0
        line_end = held.find("\n")
        if is_cut or (line_end < 0 and len(held) <= MAX_LINE):
            if len(held) > MAX_VALUE:
                raise DataError(f"a value of its JSON has more than {MAX_VALUE} characters: export it as CSV")
            # As much as is held, so that a long value is tried a few times only.
            if more := text.read(max(HEAD_BYTES, len(held))):
                held += more
                continue
            if (is_array and is_cut) or (line_end < 0 and not is_array):
                if problem and not count:
                    raise DataError(f"it begins as JSON, but is not: {problem}")
                return  # The end, or what a recorder that was stopped has left of it.
        if line_end < 0:
            after = f"its JSON is damaged after {count} records" if count else "it begins as JSON, but is not"
            raise DataError(f"{after}: {problem}")
        bad += 1
        if bad > BAD_LINES + BAD_SHARE * count:
            raise DataError(f"it begins as JSON, but {bad} of its lines are not: {problem}")
        at = line_end + 1


def _is_cut(error: ValueError, held: str) -> bool:
    """Whether more text may make JSON of what is held."""
    if not isinstance(error, json.JSONDecodeError):
        return False  # A number of thousands of digits.
    # A text does not go on in the next line.
    return error.msg.startswith("Unterminated string") or error.pos >= len(held) - CUT


def _check_parts(held: str) -> None:
    """Refuse what would take far more memory as values than as text."""
    if held.count("[") + held.count("{") > MAX_PARTS or held.count(",") > MAX_NUMBERS:
        raise DataError("a value of its JSON has too many parts: export it as CSV")


def _table(values: Iterator[Any]) -> Iterator[str]:
    """Lines of CSV: a header if there are names, and a line for each record."""
    records = (_cells(record) for value in values for record in records_of(value))
    first = list(itertools.islice(records, LOOK_RECORDS))
    names = list(dict.fromkeys(name for one in first if isinstance(one, dict) for name in one))[:MAX_NAMES]
    if names:
        yield _line(names)
    for record in itertools.chain(first, records):
        yield _line([record.get(name, "") for name in names] if isinstance(record, dict) else record)


def _cells(record: Record) -> Cells:
    """A record as text, so that what is held of it is bounded."""
    if isinstance(record, list):
        return [_text(value) for value in record[:MAX_NAMES]]
    return {_text(name): _text(value) for name, value in itertools.islice(record.items(), MAX_NAMES)}


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _text(value: Any) -> str:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    if isinstance(value, str):
        text = " ".join(value[:MAX_TEXT].split())
        return clean(text, MAX_TEXT) if has_control(text) else text
    return str(value) if isinstance(value, int) and abs(value) < 10**30 else ""


def records_of(value: Any) -> Iterator[Record]:
    """The records of a value.

    >>> list(records_of({"t": 1, "acc": {"x": 0.5}, "gyro": [1, 2, 3]}))
    [{'t': 1, 'acc_x': 0.5, 'gyro_x': 1, 'gyro_y': 2, 'gyro_z': 3}]
    >>> list(records_of({"columns": ["t", "ax"], "data": [[0, 1.5], [20, 2.5]]}))
    [{'t': 0, 'ax': 1.5}, {'t': 20, 'ax': 2.5}]
    """
    if isinstance(value, list):
        if all(isinstance(cell, (int, float, str)) or cell is None for cell in value):
            yield value
        return
    if not isinstance(value, dict):
        return
    payload = value.get("payload")  # Edge Impulse's.
    if (rows := _named_rows(payload if isinstance(payload, dict) else value)) is not None:
        yield from rows
    elif columns := _columns(value):
        yield from (dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
    elif len(sensors := {name: rows for name, one in value.items() if (rows := _list_of(one, dict))}) > 1 and (
        len(sensors := {name: rows for name, rows in sensors.items() if sensor_named(name)}) > 1
    ):
        # A list for each sensor.
        yield from ({"sensor": name, **flat(item)} for name, rows in sensors.items() for item in rows)
    elif items := next(filter(None, (_list_of(one, dict) for one in value.values())), None):
        # Sensor Logger's messages, and records inside a description of them.
        yield from (flat(item) for item in items)
    else:
        yield flat(value)


def _named_rows(value: dict[str, Any]) -> Iterator[Record] | None:
    """The rows of names and values, of pandas' "split" and "index", and of Edge Impulse; None if it has none."""
    sensors, samples = _list_of(value.get("sensors"), dict), _list_of(value.get("values"), list)
    if sensors and samples:
        names = [f"{one.get('name')} ({one.get('units')})" for one in sensors[:MAX_NAMES]]
        interval = value.get("interval_ms")
        if isinstance(interval, (int, float)):
            return (
                {"time (ms)": at * interval, **dict(zip(names, row, strict=False))} for at, row in enumerate(samples)
            )
        return (dict(zip(names, row, strict=False)) for row in samples)
    columns, rows = _list_of(value.get("columns"), str)[:MAX_NAMES], _list_of(value.get("data"), list)
    if columns and rows:
        records = (dict(zip(columns, row, strict=False)) for row in rows)
        index = value.get("index")
        return _with_index(index, records) if isinstance(index, list) and len(index) == len(rows) else records
    rows = list(value.values()) if len(value) >= MIN_COLUMN else []
    if rows and all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        return _with_index(list(value), (flat(row) for row in rows))
    return None


def _with_index(index: list[Any], rows: Iterator[Record]) -> Iterator[Record]:
    """Rows with what they are named by, unless it only counts them: pandas keeps times there."""
    if [str(name) for name in index] == [str(number) for number in range(len(index))]:
        return rows
    return (row if isinstance(row, list) else {TIME: name, **row} for name, row in zip(index, rows, strict=True))


def _columns(value: dict[str, Any]) -> dict[str, list[Any]]:
    """The columns of a table that is written column by column, as lists or by the name of each row; those of a sensor
    may stand in an object or a list of their own."""
    columns: dict[str, list[Any]] = {}
    index: list[str] | None = None
    for name, column in itertools.islice(value.items(), MAX_NAMES):
        if isinstance(column, dict):
            inner = list(column.values())
            if inner and all(isinstance(one, list) for one in inner):
                columns |= {f"{name}_{axis}": one for axis, one in column.items()}
            elif len(inner) >= MIN_COLUMN and not any(isinstance(one, (list, dict)) for one in inner):
                index = index or list(column)
                columns[name] = inner
        elif isinstance(column, list):
            if column and all(isinstance(row, list) and len(row) == len(AXES) for row in column):
                columns |= {f"{name}_{axis}": [row[at] for row in column] for at, axis in enumerate(AXES)}
            else:
                columns[name] = column
    lengths = {len(column) for column in columns.values()}
    if len(columns) < len(AXES) or len(lengths) != 1 or min(lengths) < MIN_COLUMN:
        return {}
    if index is not None and index != [str(number) for number in range(len(index))]:
        return {TIME: index, **columns}
    return columns


def _list_of(value: Any, kind: type) -> list[Any]:
    """A list of values of one kind; empty if it is none."""
    return value if isinstance(value, list) and all(isinstance(one, kind) for one in value) else []


def flat(value: dict[str, Any], before: str = "", depth: int = 0) -> dict[str, Any]:
    """A record without records in it; the three numbers of a list are the axes."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if len(found) >= MAX_NAMES:
            break
        name = f"{before}{key}"[:MAX_TEXT]
        if isinstance(inner, dict):
            found |= flat(inner, f"{name}_", depth + 1) if depth < MAX_DEPTH else {}
        elif isinstance(inner, list):
            if len(inner) == len(AXES):
                found |= {f"{name}_{axis}": one for axis, one in zip(AXES, inner, strict=True)}
        else:
            found[name] = inner
    return found
