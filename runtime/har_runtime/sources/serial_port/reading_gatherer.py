"""Gathers labelled values, which may be spread over several lines, into one reading after the other.

The first readings show which labels come again and again, and after which pause a reading begins: many sketches print a
blank line or a temperature between two readings. From then on a reading begins with that label and ends as soon as it
is whole, so that a lost line costs its own reading and never mixes two.
"""

import math
import statistics
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from har_runtime.sources.column_names import AXES, GYROSCOPE, LINEAR
from har_runtime.sources.columns import Columns, columns_by_name, named_columns
from har_runtime.sources.serial_port.labelled_lines import TIME, kind_of

TIMES_SEEN = 5
"""How often a label is seen before the labels of a reading are settled."""
REGULAR = 3
"""A label that was seen less often by then is not part of a reading."""
MAX_LEARNING_VALUES = 1000
MAX_PAUSE_LINES = 50
"""Lines between two with readings; after more, lines without labels are read again."""
MAX_FRUITLESS_VALUES = 500
"""After so many values without a whole reading the labels are learned again: the board prints something else now."""


class ReadingGatherer:
    """Takes the labelled values of one line after the other.

    >>> gatherer = ReadingGatherer(Counter())
    >>> rows = []
    >>> for line in range(0, 12, 2):
    ...     rows += gatherer.push(line, {"ax": 0, "ay": 0, "az": 1})
    ...     rows += gatherer.push(line + 1, {"gx": 1, "gy": 2, "gz": line})
    >>> len(rows), rows[-1]
    (6, [nan, 0, 0, 1, 1, 2, 10])
    """

    def __init__(self, lost: Counter[str]):
        self.columns: Columns | None = None
        """What the values of a reading are, once that is known; a reading has no other cells than these."""
        self.understood = ""
        """What labels said that do not make a reading, and what is missing."""
        self.devices: tuple[str, ...] = ()
        """What tells the devices apart, if the values are those of several, of which the first is read."""
        self._lost = lost
        self._learning: list[tuple[int, str, float]] = []
        self._wanted: tuple[str, ...] = ()
        self._start = ""
        self._span = 0
        self._current: dict[str, float] = {}
        self._begun = 0
        self._fruitless = 0
        self._newest = 0
        """The newest line with values."""

    def is_gathering(self, line: int) -> bool:
        """Whether labelled values belong to this line's neighbours: a board that starts may print some only once."""
        return bool(self._newest) and line - self._newest <= MAX_PAUSE_LINES

    @property
    def held_values(self) -> int:
        """Values kept between two calls."""
        return len(self._learning) + len(self._current)

    def reset(self) -> None:
        """Call after a lost connection: drops what is not whole."""
        self._drop()
        self._learning = []

    def push(self, line: int, values: Mapping[str, float]) -> list[list[float]]:
        """The readings that are whole now: time (NaN if there is none) and the channels of `columns`.

        Args:
            line: its number; those of lines without values count too.
            values: its values by their names.
        """
        self._newest = line
        if self.columns is not None:
            return self._gather([(line, name, value) for name, value in values.items()])
        self._learning += [(line, name, value) for name, value in values.items()]
        seen = Counter(name for _, name, _ in self._learning)
        if max(seen.values(), default=0) < TIMES_SEEN and len(self._learning) < MAX_LEARNING_VALUES:
            return []
        learned, self._learning = self._learning, []
        self._settle(learned, seen)
        return self._gather(learned) if self.columns is not None else []

    def _settle(self, learned: list[tuple[int, str, float]], seen: Counter[str]) -> None:
        """Find the columns and the label that a reading begins with."""
        names = [name for name in seen if seen[name] >= REGULAR and not _is_no_time(name, learned)]
        columns = columns_by_name(names)
        if columns is None and (device := _first_device(names)):
            self.devices, names = device
            columns = columns_by_name(names)
        if columns is None:
            self.understood = _understood(names)
            self._lost["labelled lines that are no reading"] += len({line for line, _, _ in learned})
            return
        wanted = tuple(names[cell] for cell in columns.wanted)
        before = -1
        pauses: dict[str, list[int]] = {name: [] for name in wanted}
        for line, name, _ in learned:
            if name in pauses:
                if before >= 0:
                    pauses[name].append(line - before)
                before = line
        # The first of equals: times and acceleration stand first in `wanted`.
        self._start = max(wanted, key=lambda name: statistics.median_low(pauses[name]))
        self._span = _lines_of_a_reading(learned, wanted, self._start)
        self.understood, self._fruitless = "", 0
        self.columns, self._wanted = columns, wanted

    def _gather(self, values: list[tuple[int, str, float]]) -> list[list[float]]:
        rows: list[list[float]] = []
        for line, name, value in values:
            if name == self._start:
                self._drop()
                self._begun = line
            elif not self._current:
                continue
            elif line - self._begun > self._span:  # Between two readings lines were lost.
                self._drop()
                continue
            if name in self._wanted:
                self._current[name] = value
            if len(self._current) == len(self._wanted):
                rows.append(self._row())
                self._current = {}
        self._fruitless = 0 if rows else self._fruitless + len(values)
        if self._fruitless > MAX_FRUITLESS_VALUES:
            self._drop()
            self.columns, self._fruitless = None, 0
        return rows

    def _row(self) -> list[float]:
        assert self.columns is not None
        time = [] if self.columns.time is not None else [math.nan]
        return time + [self._current[name] for name in self._wanted]

    def _drop(self) -> None:
        if self._current:
            self._lost["reading with a line missing"] += 1
        self._current = {}


def _first_device(names: list[str]) -> tuple[tuple[str, ...], list[str]] | None:
    """What tells several devices apart, and the names of the first of them and of times; None if there is only one."""
    found = named_columns(names)
    devices = next(iter(found.several.values()), None)
    if devices is None:
        return None
    first = next(iter(devices))
    cells = {time.cell for time in found.times}
    for triple in found.sensors.values():
        cells |= set(triple.cells)
    for groups in found.several.values():
        if first in groups:
            cells |= set(groups[first].cells)
    return tuple(devices), [name for cell, name in enumerate(names) if cell in cells]


def _lines_of_a_reading(learned: list[tuple[int, str, float]], wanted: tuple[str, ...], start: str) -> int:
    """Lines from the one with the first label of a reading to the one with its last."""
    spans: list[int] = []
    begun, missing = 0, set[str]()
    for line, name, _ in learned:
        if name == start:
            begun, missing = line, set(wanted)
        if name in missing:
            missing.remove(name)
            if not missing:
                spans.append(line - begun)
    return statistics.median_high(spans) if spans else 0


def _is_no_time(name: str, learned: list[tuple[int, str, float]]) -> bool:
    """Whether a name that may be a time, such as T, is something else, because its values do not grow."""
    if kind_of(name) != TIME:
        return False
    values = [value for _, one, value in learned if one == name]
    return values[0] == values[-1] or any(not after >= before for before, after in pairwise(values))


def _understood(names: list[str]) -> str:
    """What these names say, and what is missing."""
    found = named_columns(names)
    parts: list[str] = []
    for kind, word in (("", "acceleration"), (GYROSCOPE, "angular rate")):
        whole = found.acceleration if not kind else (kind if kind in found.sensors else None)
        several = next((found.several[one] for one in found.several if (one == GYROSCOPE) == bool(kind)), None)
        if several:
            parts.append(f"{word} of several sensors ({', '.join(several)[:60]}), but it must be of one")
        elif whole == LINEAR:
            parts.append("acceleration without gravity, but it is needed with gravity")
        elif whole:
            parts.append(f"{word} x, y, z")
        else:
            axes = next((found.partial[one] for one in found.partial if (one == GYROSCOPE) == bool(kind)), AXES)
            have = [axis for axis in AXES if axis not in axes]
            parts.append(f"{word} {', '.join(have)} without {', '.join(axes)}" if have else f"no {word}")
    return f"{'; '.join(parts)}. Print acceleration x, y, z with gravity, and angular rate x, y, z if there is any"
