"""What a person wrote while a recording was made: Sensor Logger's `Annotation.csv`, beside its tables.

Its columns are `time` (nanoseconds since 1970), `seconds_elapsed`, `text` and `millisecond_press_duration`. What is
written counts from its time until the next: an annotation without a text, or "stop", ends it.
"""

import csv
import io
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.base import Mark
from har_runtime.sources.replay.labels import Labels, annotated
from har_runtime.sources.replay.parts import text_beside
from har_runtime.tables import MAX_INTEGER

FILE: Final = "annotation.csv"
MAX_BYTES: Final = 1_000_000
MAX_MARKS: Final = 10_000
SINCE_1970_NS: Final = (900_000_000_000_000_000, 4_200_000_000_000_000_000)
"""Times of the years 1998 to 2103; others are no dates."""


def annotations_of(path: Path) -> list[Mark]:
    """The annotations of the recording at a path, ordered by time since 1970; those without a time are left out."""
    is_table = path.is_file() and not zipfile.is_zipfile(path)
    text = text_beside(path.parent if is_table else path, FILE, MAX_BYTES)
    marks: list[Mark] = []
    try:
        for row in csv.DictReader(io.StringIO(text, newline="")):
            named = {name.strip().lower(): cell for name, cell in row.items() if name and isinstance(cell, str)}
            time_ns = _time_ns(named.get("time", ""))
            if time_ns is not None and "text" in named:
                marks.append(Mark(time_ns, named["text"]))
            if len(marks) >= MAX_MARKS:
                break
    except csv.Error:  # What comes before it still counts.
        pass
    return sorted(marks, key=lambda mark: mark.time_ns)


class Annotations:
    """Gives samples the label that was written last before them.

    Args:
        marks: ordered by time.
        unix_offset_ns: added to samples' times gives nanoseconds since 1970.
        labels: our words.
    """

    def __init__(self, marks: list[Mark], unix_offset_ns: int, labels: Labels):
        # The first row says the date, and its own time may be anything.
        times = [mark.time_ns - unix_offset_ns for mark in marks]
        self._times = np.array([min(max(time, -MAX_INTEGER), MAX_INTEGER) for time in times], np.int64)
        words = labels.ours([annotated(mark.text) for mark in marks])
        self._words: NDArray[np.str_] = np.concatenate([np.array([""]), words])

    def at(self, times_ns: NDArray[np.int64]) -> NDArray[np.str_]:
        """The label of each sample, shape (n,); "" for none."""
        return self._words[np.searchsorted(self._times, times_ns, "right")]


def _time_ns(cell: str) -> int | None:
    try:
        value = int(cell.strip()[:30])
    except ValueError:
        return None
    return value if SINCE_1970_NS[0] <= value <= SINCE_1970_NS[1] else None
