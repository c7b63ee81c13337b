"""From 50 Hz segments to the overlapping windows of a model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP, PERIOD_NS, WINDOW
from har_runtime.signal.resample import UniformChunk


@dataclass(frozen=True)
class Up:
    """Which way is up for the wearer, as seen from the device."""

    direction: tuple[float, float, float]
    """Unit vector in the device's axes: what the accelerometer reads while the wearer stands, divided by gravity."""
    found: Literal["window", "gait", "given"]
    """How: the window's own gravity, which says nothing about posture; the wearer's gait; or given from outside."""

    @property
    def shows_posture(self) -> bool:
        """Whether standing, sitting and lying differ in windows turned by it."""
        return self.found != "window"


@dataclass(frozen=True)
class Window:
    """One model input and its time."""

    segment: int
    """The segment it was cut from, counted from 0."""
    start_ns: int
    """Sensor time of its first sample."""
    imu: NDArray[np.float32]
    """Shape (50, 6), the contract's channel order and SI units; read-only."""
    up: "Up | None" = None
    """What was turned to +z; None if the axes are those of the device."""

    @property
    def end_ns(self) -> int:
        """Sensor time of its last sample."""
        return self.start_ns + (len(self.imu) - 1) * PERIOD_NS


def stacked(windows: Sequence[Window]) -> NDArray[np.float32]:
    """The samples of windows, one or more, shape (n, 50, 6)."""
    return windows[0].imu[None] if len(windows) == 1 else np.stack([window.imu for window in windows])


class Windower:
    """Cuts each segment into windows of `length` samples, `hop` samples apart. No window spans two segments.

    >>> import numpy as np
    >>> windows = list(Windower().push([UniformChunk(0, 0, np.zeros((110, 6), np.float32))]))
    >>> [window.start_ns / 1e9 for window in windows]
    [0.0, 0.5, 1.0]
    """

    def __init__(self, length: int = WINDOW, hop: int = HOP):
        self.length = length
        self.hop = hop
        self.reset()

    def reset(self) -> None:
        """Forget the samples of unfinished windows."""
        self._segment = -1
        self._start_ns = 0
        self._pending: NDArray[np.float32] = np.empty((0, 6), np.float32)

    def push(self, chunks: Iterable[UniformChunk]) -> list[Window]:
        """Add consecutive chunks; returns the windows they complete, in time order."""
        windows: list[Window] = []
        for chunk in chunks:
            if chunk.segment != self._segment:
                self._segment, self._start_ns, self._pending = chunk.segment, chunk.start_ns, chunk.imu
            else:
                self._pending = np.concatenate([self._pending, chunk.imu])
            count = max(0, (len(self._pending) - self.length) // self.hop + 1)
            for index in range(count):
                begin = index * self.hop
                imu = self._pending[begin : begin + self.length]
                imu.flags.writeable = False  # Neighbouring windows share half of it.
                windows.append(Window(self._segment, self._start_ns + begin * PERIOD_NS, imu))
            self._pending = self._pending[count * self.hop :]
            self._start_ns += count * self.hop * PERIOD_NS
        return windows
