"""Logs of a serial sensor's bytes as files: WitMotion's frames, and lines that are no table."""

from collections import Counter
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.sources.replay.cells import CLOCK, NO_TIME, NUMBER, TimeFormat
from har_runtime.sources.replay.fields import Fields, TimeField
from har_runtime.sources.replay.parts import OpenFile
from har_runtime.sources.replay.raw import RawRows
from har_runtime.sources.replay.text_lines import READ_ERRORS, reason
from har_runtime.sources.serial_port.text_lines import TextLines
from har_runtime.sources.serial_port.witmotion import FRAME_BYTES, FRAME_START, WitmotionParser

BLOCK_BYTES: Final = 65_536
MIN_FRAMES: Final = 5
"""Frames among the first bytes that show WitMotion's format."""
MIN_ROWS: Final = 20
"""Rows among the first lines that show a format."""


class Parser(Protocol):
    """Turns bytes into rows of time, acceleration and angular rate, shape (n, 7)."""

    def push(self, data: bytes) -> NDArray[np.float64]:
        """The rows completed by these bytes."""
        ...


def is_witmotion(file: OpenFile, name: str) -> bool:
    """Whether a file is a log of WitMotion's frames; nothing is read from it.

    Raises:
        DataError: it cannot be read.
    """
    try:
        head = file.stream.peek(BLOCK_BYTES)[:BLOCK_BYTES]
    except READ_ERRORS as error:
        file.close()
        raise DataError(f"{name}: {reason(error)}") from error
    if FRAME_START not in head[: 4 * FRAME_BYTES]:
        return False
    parser = WitmotionParser()
    parser.push(head)
    return parser.frames >= MIN_FRAMES


class ByteRows:
    """The rows of a log of bytes.

    Raises:
        DataError: no row among the first bytes.
    """

    def __init__(
        self,
        file: OpenFile,
        name: str,
        witmotion: bool,
        lost: Counter[str] | None = None,
        device: str | None = None,
    ):
        self._open, self._name = file, name
        self.lost: Counter[str] = Counter() if lost is None else lost
        self.dated_ns: int | None = None
        self._parser = WitmotionParser(self.lost) if witmotion else TextLines(self.lost, device=device)
        self._rows = np.empty((0, 7))
        self._ended = False
        while len(self._rows) < MIN_ROWS and not self._ended and file.position() < 4 * BLOCK_BYTES:
            self._fill()
        if not len(self._rows):
            file.close()
            problem = self._parser.problem if isinstance(self._parser, TextLines) else None
            raise DataError(f"{name}: {problem or 'no sample in it'}")
        self.fields = self._find_fields()

    @property
    def position(self) -> int:
        """Bytes read so far of the file as it lies on the disk."""
        return self._open.position()

    def read(self, count: int) -> RawRows | None:
        while len(self._rows) < count and not self._ended:
            self._fill()
        rows, self._rows = self._rows[:count], self._rows[count:]
        if not len(rows):
            return None
        times: NDArray[np.float64] | NDArray[np.int64] | None = rows[:, 0] if self.fields.time is not None else None
        if times is not None and self.fields.profile is not None:  # Milliseconds since midnight.
            known = np.isfinite(times)
            times = np.where(known, np.rint(np.where(known, times, 0.0) * 1e6), 0.0).astype(np.int64)
            times[~known] = NO_TIME
        return RawRows(times, rows[:, 1:4], None if self.fields.gyro is None else rows[:, 4:7], None)

    def close(self) -> None:
        self._open.close()

    def _fill(self) -> None:
        try:
            data = self._open.stream.read(BLOCK_BYTES)
        except READ_ERRORS as error:
            raise DataError(f"{self._name}: {reason(error)}") from error
        self._ended = not data
        # The last line may lack its end.
        self._rows = np.concatenate([self._rows, self._parser.push(data or b"\n")])

    def _find_fields(self) -> Fields:
        timed = np.count_nonzero(np.isfinite(self._rows[:, 0])) > len(self._rows) // 2
        if isinstance(self._parser, WitmotionParser):
            # The parser gives SI units.
            time = TimeField(0, TimeFormat(CLOCK)) if timed else None
            return Fields((1, 2, 3), None, (4, 5, 6), time, acc_unit="m/s2", gyro_unit="rad/s", profile="WitMotion")
        columns = self._parser.columns
        time = TimeField(0, TimeFormat(NUMBER), columns.time_unit if columns else None) if timed else None
        gyro = (4, 5, 6) if columns is None or columns.gyroscope else None
        return Fields(
            (1, 2, 3),
            None,
            gyro,
            time,
            acc_unit=columns.acc_unit if columns else None,
            gyro_unit=columns.gyro_unit if columns else None,
            note=self._parser.choice,
        )
