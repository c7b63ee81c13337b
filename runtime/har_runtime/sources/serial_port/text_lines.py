"""Turns bytes into rows of numbers, for sensors that print text.

It reads lines of `cells` with or without a header, which may be repeated when the board restarts (Arduino sketches, the
SparkFun Razor 10736 and 14001, the OpenLog Artemis), and lines with labels (`labelled_lines`), of which one reading may
take several (`reading_gatherer`). Units are found in `text_units`.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.sources.column_names import AXES, GRAVITY, GYROSCOPE, LINEAR
from har_runtime.sources.columns import Columns, columns_after, columns_by_name, columns_by_number
from har_runtime.sources.serial_port.cells import MAX_NUMBER, bracketed_cells, cell_numbers, split_cells
from har_runtime.sources.serial_port.device_lines import DeviceLines
from har_runtime.sources.serial_port.labelled_lines import LabelledLines, kind_of
from har_runtime.sources.serial_port.log_prefix import without_colours, without_log_prefix
from har_runtime.sources.serial_port.reading_gatherer import MAX_PAUSE_LINES, ReadingGatherer
from har_runtime.sources.serial_port.sentences import (
    RAZOR_ANGLES,
    SENTENCES,
    sentence_of,
    with_labels,
    without_checksum,
)
from har_runtime.text import clean

MAX_LINE_BYTES = 1024
"""Bytes; the OpenLog Artemis with every sensor attached prints about 300."""
PROBE_ROWS = 20
"""Lines without a header from which the columns are found."""
ROW_LENGTH = 7
"""Time, acceleration x, y, z, angular rate x, y, z."""
NO_GYROSCOPE = [math.nan] * 3
MAX_OF_ONE_SENSOR = 4
"""Numbers of a line that has one sensor and perhaps a time; a longer one may hold acceleration and angular rate."""
NO_ACCELERATION = ("", GYROSCOPE, LINEAR, GRAVITY)
"""What a label may say of three numbers that are not acceleration with gravity."""
MAX_QUOTE = 80
"""Characters of a line that are shown."""

_DIGIT = re.compile(r"\d")


class TextLines:
    """An incremental parser: however the bytes are cut up, the rows are the same.

    >>> lines = TextLines()
    >>> lines.push(b"t_ms,ax,ay,az,gx,gy,gz\\r\\n20,0,0,1,0,0,0.5\\r\\n40,0,")
    array([[20. ,  0. ,  0. ,  1. ,  0. ,  0. ,  0.5]])
    """

    def __init__(self, lost: Counter[str] | None = None, names: Sequence[str] | None = None, device: str | None = None):
        """A parser.

        Args:
            lost: where to count lines that gave no row, by reason.
            names: the columns, if known; headers are ignored then.
            device: the first word or number of the lines to read, if those of several devices take turns.
        """
        self.lost: Counter[str] = Counter() if lost is None else lost
        self.columns: Columns | None = columns_by_name(names) if names else None
        self._names_given = self.columns is not None
        self.readable = 0
        """Lines that contained only numbers, with any columns, or labels with readings."""
        self.text_lines = 0
        """Lines of printable text, whatever it says."""
        self._quoted = ""
        self.are_columns_guessed = False
        """Whether the columns are known by their number alone."""
        self.are_sensors_swapped = False
        """Whether `swap_sensors` was called."""
        self._has_rows = False
        self._problem: tuple[object, str] | None = None
        self._columns_problem = ""
        self._labels = LabelledLines()
        self._gatherer = ReadingGatherer(self.lost)
        self._line = self._row_line = 0
        """Number of the line, and of the newest one without labels that was a row."""
        self._gathered_line = 0
        """Number of the newest line with labelled readings."""
        self._rest = b""
        self._too_long = False
        self._first = True
        self._names: list[str] | None = None
        self._probe: list[list[float]] = []
        self._devices, self._words = DeviceLines(device), list[str]()

    def push(self, data: bytes) -> NDArray[np.float64]:
        """The rows completed by these bytes: sensor time and six channels, shape (n, 7).

        The time is NaN without a time column, as are the angular rates without a gyroscope. Numbers are as printed; a
        time of day (09:14:37.41) is in seconds.
        """
        rows: list[list[float]] = []
        *lines, rest = (self._rest + data.replace(b"\r", b"\n")).split(b"\n")
        for line in lines:
            self._line += 1
            if self._too_long:  # The rest of a line that was dropped and counted.
                self._too_long = False
            elif line.strip():
                self._parse(line, rows)
        if len(rest) > MAX_LINE_BYTES:
            if not self._too_long:
                self._lose("line too long")
            self._too_long, self._first = True, False
        self._rest = b"" if self._too_long else rest
        self._has_rows |= bool(rows)
        return np.array(rows, np.float64).reshape(-1, ROW_LENGTH)

    def reset(self) -> None:
        """Call after a lost connection: drops the unfinished line, and the next line may be incomplete."""
        self._lose("line cut off", unless=not self._rest)
        self._rest, self._too_long, self._first = b"", False, True
        self._labels = LabelledLines()
        self._gatherer.reset()

    def swap_sensors(self) -> Columns:
        """Read columns that are known by their number with the angular rate before acceleration from now on."""
        assert self.columns is not None and self.columns.gyroscope
        channels = self.columns.channels
        self.columns = replace(self.columns, channels=channels[3:] + channels[:3])
        self.are_columns_guessed, self.are_sensors_swapped = False, True
        return self.columns

    @property
    def choice(self) -> str:
        """Which of several devices is read; empty if only one shows."""
        columns = self.columns
        if columns is None:
            return ""
        if columns is self._gatherer.columns and (devices := self._gatherer.devices):
            names = ", ".join(repr(clean(device, 20)) for device in devices[:4])
            return f"the first of the devices {names} is read (device= or columns= for another)"
        if self._devices.names:
            return self._devices.choice
        if self.are_columns_guessed and columns.width >= len(columns.wanted) + len(AXES) * 2:
            first, last = min(columns.channels) + 1, max(columns.channels) + 1
            return f"columns {first} to {last} of {columns.width} are read (columns= for others)"
        return ""

    @property
    def held_bytes(self) -> int:
        """Bytes kept between two calls, at most `MAX_LINE_BYTES`."""
        return len(self._rest)

    @property
    def problem(self) -> str | None:
        """Why readable lines gave no rows, if known."""
        if self._has_rows or not self.text_lines:
            return None
        about = self._gatherer.understood or self._columns_problem or bool(self.readable)
        if self._problem is None or self._problem[0] != about:  # Else it would be the same with another line.
            self._problem = about, self._problem_text()
        return self._problem[1]

    def _problem_text(self) -> str:
        if self._gatherer.understood:
            return f'it sends labelled lines such as "{self.quote}": {self._gatherer.understood}'
        if self._columns_problem:
            return f'{self._columns_problem}; one line is "{self.quote}"'
        if self._devices.is_missed:
            return f'none of its lines begins with the device that was named; one line is "{self.quote}"'
        if not self.readable:
            return (
                f'it sends text without readings, such as "{self.quote}": let its program print lines such as '
                "ax,ay,az,gx,gy,gz with the numbers under them"
            )
        return (
            f'it sends text such as "{self.quote}", but hardly any readings so far; {MIN_RATE_HZ} a second are needed'
        )

    @property
    def held_values(self) -> int:
        """Labelled values and numbers kept until the columns are known."""
        return self._gatherer.held_values + sum(map(len, self._probe))

    def _parse(self, line: bytes, rows: list[list[float]]) -> None:
        first, self._first = self._first, False
        if len(line) > MAX_LINE_BYTES:
            self._lose("line too long")
            return
        try:
            printed = line.decode("utf-8")
        except UnicodeDecodeError:
            self._lose("line that is not text", unless=first)
            return
        self._note(printed)
        text = with_labels(without_checksum(without_log_prefix(printed)))
        if not text:
            self._line = self._gathered_line or self._line  # Between two sensors of a reading, and no pause.
            return
        if text.startswith(RAZOR_ANGLES):
            self.readable += 1
            self._columns_problem = "it sends angles alone; its firmware sends its sensors after the command #osct"
            return
        cells, are_named = split_cells(text)
        if not self._devices.is_read(text, cells):
            return
        if self.columns is None and (word := sentence_of(text)) and not self._use_header([word, *SENTENCES[word]]):
            self.readable += 1
            self._columns_problem = f'"{word}" has no acceleration with gravity, which is needed'
            return
        columns = self.columns
        if columns is not None and columns is not self._gatherer.columns and len(cells) == columns.width:
            # Once the columns are known, the others may hold anything, e.g. the OpenLog's date.
            numbers = cell_numbers([cells[index] for index in columns.wanted])
            if numbers is not None and (self._names_given or not are_named):
                self.readable += 1
                if not first:
                    self._row_line = self._line
                    rows.append(_row(columns, numbers))
                return
        labelled = None if self._names_given else self._labels.parse(text)
        if labelled is not None and labelled.readings:
            self.readable += 1
            self._gathered_line = self._line
            self._gather(labelled.readings, rows)
            return
        if labelled is not None and self._gatherer.is_gathering(self._line):
            return  # A temperature, for example.
        numbers = cell_numbers(cells)
        if numbers is None and (bare := bracketed_cells(text)):
            numbers = cell_numbers(bare)
        if numbers is None and labelled is not None:
            numbers = list(labelled.numbers) if len(labelled.numbers) >= len(AXES) else None
        if numbers is not None:
            label = labelled.label if labelled is not None else self._labels.sensor
            few = self.columns is None and len(numbers) <= MAX_OF_ONE_SENSOR
            if few and label and not self._may_be_acceleration(label, len(numbers), labelled is not None):
                self.readable += 1
                return
            self._parse_numbers(numbers, first, rows)
        elif not self._use_header(cells):
            is_heading = labelled is None and self._labels.heading(text)
            self._lose(
                "line that is not numbers", unless=first or is_heading or self._gatherer.is_gathering(self._line)
            )

    def _may_be_acceleration(self, named: str, numbers: int, is_label: bool) -> bool:
        """Whether a few numbers may be acceleration alone, after the label or under the heading that names them."""
        kind = kind_of(f"{named} x")
        if kind in NO_ACCELERATION:
            self._columns_problem = f'"{named}" does not name acceleration, which is needed'
        elif is_label:
            self._columns_problem = f'"{named}" has {numbers} numbers, but x, y, z are three'
        else:
            return True
        return False

    def _parse_numbers(self, numbers: list[float], first: bool, rows: list[list[float]]) -> None:
        if first:
            return  # The port may have been opened in the middle of a line.
        self.readable += 1
        columns = self.columns
        if columns is None:
            self._find_columns(numbers, rows)
        elif columns is not self._gatherer.columns:
            self._lose("line with other columns", unless=len(numbers) == columns.width)
            if len(numbers) == columns.width:
                self._row_line = self._line
                rows.append(_row(columns, [numbers[index] for index in columns.wanted]))
            elif not (self._row_line or self._names_given):  # A heading for each sensor, above lines of both.
                self._find_columns(numbers, rows)

    def _note(self, text: str) -> None:
        """Keep a line to be shown."""
        text = without_colours(text)
        if not text.replace("\t", " ").isprintable():
            return
        self.text_lines += 1
        if _DIGIT.search(text) or not _DIGIT.search(self._quoted):
            self._quoted = text

    @property
    def quote(self) -> str:
        """The newest line with a number in it or, before there is one, the newest line of text; fit to be shown."""
        shown = "".join(letter for letter in " ".join(self._quoted.split()) if letter.isprintable())
        return shown if len(shown) <= MAX_QUOTE else f"{shown[: MAX_QUOTE - 3]}..."

    def _gather(self, readings: dict[str, float], rows: list[list[float]]) -> None:
        if any(abs(value) > MAX_NUMBER for value in readings.values()):
            self._lose("line that is not numbers")
            return
        before = self._gatherer.columns
        found = self._gatherer.push(self._line, readings)
        columns = self._gatherer.columns
        if columns is not None and columns is not before:
            vanishes = self.columns is not None and self.columns.gyroscope and not columns.gyroscope
            if vanishes or (self._row_line and self._line - self._row_line <= MAX_PAUSE_LINES):
                self._gatherer = ReadingGatherer(self.lost)  # A gyroscope does not vanish, nor does another format.
                return
            self.columns, self._names, self._probe, self._columns_problem = columns, None, [], ""
            self.are_columns_guessed = self.are_sensors_swapped = False
        if columns is not None:
            rows += [row if columns.gyroscope else row + NO_GYROSCOPE for row in found]

    def _use_header(self, names: list[str]) -> bool:
        if names == self._names:
            return True
        whole = names
        if self._labels.sensor and all(len(name) == 1 for name in names):  # "Gyroscope in degrees/second", "X Y Z".
            whole = [f"{self._labels.sensor} {name}" for name in names]
        columns = columns_by_name(whole)
        if columns is None:
            return False
        if self.columns is not None and self.columns.gyroscope and not columns.gyroscope:
            return False  # A damaged header; a gyroscope does not vanish.
        if not self._names_given:
            self.columns, self._names, self._probe, self._columns_problem = columns, names, [], ""
            self.are_columns_guessed = self.are_sensors_swapped = False
            self._gatherer = ReadingGatherer(self.lost)
        return True

    def _find_columns(self, numbers: list[float], rows: list[list[float]]) -> None:
        if self._probe and len(numbers) != len(self._probe[0]):
            self._lose("line with other columns", count=len(self._probe))
            self._probe = []
        self._words = [*self._words[: len(self._probe)], self._devices.word]
        self._probe.append(numbers)
        if len(self._probe) < PROBE_ROWS:
            return
        probe, self._probe = self._probe, []
        if (own := self._devices.choose(self._words, probe)) is not None:
            probe = [probe[at] for at in own]
        self.columns = columns_after(1, probe) if self._devices.is_number else columns_by_number(probe)
        self.are_columns_guessed = self.columns is not None
        if self.columns is None:
            self._columns_problem = (
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
