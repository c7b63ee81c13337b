"""A table of samples with labels that is whole at every moment: lines are only appended, each with its label.

Taking a label back overwrites it with blanks in place, so that nothing has to be finished at the end, and a power cut
costs the samples since the last sync at most, and the part of a line.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import HarError
from har_runtime.files import PRIVATE
from har_runtime.samples import SampleChunk

SYNC_S: Final = 5.0
"""How often lines are forced to the disk."""
LONGEST_STEP_NS: Final = 1_000_000_000
"""Between two samples; the time of a longer gap belongs to no label."""
MAX_LABELS: Final = 100
"""Different labels whose seconds are counted; a source may have a new one for each sample."""
BLOCK: Final = 1 << 16
ACC = "acc_x,acc_y,acc_z"
GYRO = "gyro_x,gyro_y,gyro_z"


class LabelledTable:
    """A new file `time,acc_x,...,label` that `replay:` and the data set `csv-folder` read.

    Args:
        path: of the file, which must not exist.
        gyroscope: whether there are columns for angular rates.
        clock: seconds, for the syncs.

    Raises:
        HarError: it exists already, or cannot be written.
    """

    def __init__(self, path: Path, gyroscope: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.path, self._gyroscope, self._clock = path, gyroscope, clock
        self.samples = 0
        """Rows of the accelerometer."""
        self.newest_ns: int | None = None
        """Time of the newest of them."""
        self.seconds: dict[str, float] = {}
        """Of each label so far, of the first `MAX_LABELS`."""
        self.has_more_labels = False
        """Whether there are others."""
        self._size = 0
        self._label = ""
        self._begin = 0
        """Where the rows of the last label begin."""
        self._end = 0
        self._label_s = 0.0
        """Its seconds."""
        self._last = ""
        """The last label that was not empty."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
        except FileExistsError:
            raise HarError(f"{path}: exists already; give another --name") from None
        except OSError as error:
            raise self._failed(error) from error
        try:
            self._append(f"time,{ACC}{f',{GYRO}' if gyroscope else ''},label\n".encode())
        except HarError:
            os.close(self._handle)
            path.unlink(missing_ok=True)  # An empty table would be in the way of the next attempt.
            raise
        self._synced_s = clock()

    def write(self, chunk: SampleChunk, label: str) -> None:
        """Append the samples of a chunk that are numbers.

        Args:
            label: of all of them; "" for none.

        Raises:
            HarError: not possible; the file ends with its last whole line.
        """
        if label != self._label:
            self._label = label
            if label:
                self._last, self._begin, self._label_s = label, self._size, 0.0
        rows = self._rows(chunk, label)
        if rows:
            self._append("".join(rows).encode())
        if label:
            self._end = self._size
        if self._clock() - self._synced_s >= SYNC_S:
            self.sync()

    def undo(self) -> str:
        """Take the last label back: its samples stay, without it. Returns it; "" if there is none to take back.

        Raises:
            HarError: not possible.
        """
        taken, begin = self._last, self._begin
        if not taken:
            return ""
        try:
            while begin < self._end:
                block = os.pread(self._handle, min(BLOCK, self._end - begin), begin)
                block = block[: block.rfind(b"\n") + 1]
                if not block:
                    raise HarError(f"{self.path}: something else has changed it; labels cannot be taken back")
                os.pwrite(self._handle, b"".join(map(_without_label, block.splitlines(keepends=True))), begin)
                begin += len(block)
        except OSError as error:
            raise self._failed(error) from error
        self.seconds[taken] = max(0.0, self.seconds.get(taken, 0.0) - self._label_s)
        self._label = self._last = ""
        return taken

    def sync(self) -> None:
        """Force what was written to the disk."""
        self._synced_s = self._clock()
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Force what was written to the disk, and close the file."""
        try:
            self.sync()
        finally:
            os.close(self._handle)

    def _rows(self, chunk: SampleChunk, label: str) -> list[str]:
        acc, gyro = chunk.acc, chunk.gyro if self._gyroscope else None
        rows: list[str] = []
        for index, time_ns in enumerate(chunk.times_ns.tolist()):
            cells = [*_cells(acc, index), *(_cells(gyro, index) if self._gyroscope else ())]
            if "nan" in cells or time_ns == np.iinfo(np.int64).min or not any(cells):
                continue
            rows.append(f"{time_ns / 1e9:.6f},{','.join(cells)},{label}\n")
            if acc is not None:
                self._count(time_ns, label)
        return rows

    def _count(self, time_ns: int, label: str) -> None:
        self.samples += 1
        before, self.newest_ns = self.newest_ns, time_ns
        if label and label not in self.seconds and len(self.seconds) >= MAX_LABELS:
            self.has_more_labels = True
        elif label and before is not None and 0 < time_ns - before <= LONGEST_STEP_NS:
            self.seconds[label] = self.seconds.get(label, 0.0) + (time_ns - before) / 1e9
            self._label_s += (time_ns - before) / 1e9

    def _append(self, content: bytes) -> None:
        try:
            done = 0
            while done < len(content):
                done += os.pwrite(self._handle, content[done:], self._size + done)
        except OSError as error:
            os.ftruncate(self._handle, self._size)
            raise self._failed(error) from error
        self._size += len(content)

    def _failed(self, error: OSError) -> HarError:
        return HarError(f"{self.path}: cannot be written ({error.strerror or error})")


def _cells(values: NDArray[np.float64] | None, index: int) -> list[str]:
    """Three values; empty ones for the other sensor, and "nan" if the sensor failed."""
    if values is None:
        return ["", "", ""]
    row = values[index]
    return [f"{value:.6g}" for value in row.tolist()] if np.isfinite(row).all() else ["nan"]


def _without_label(line: bytes) -> bytes:
    """The same line, with blanks for its label."""
    at = line.rindex(b",") + 1
    return line[:at] + b" " * (len(line) - at - 1) + b"\n"
