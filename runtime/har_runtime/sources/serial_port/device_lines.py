"""Lines of several devices in turn, such as `A,0.1,0.2,...` and `B,...`, or `1 0.1 ...`: those of one are read."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.several_devices import MAX_DEVICES, readings_jump, take_turns
from har_runtime.text import clean

_WORD: Final = re.compile(r"\W*([A-Za-z][\w#-]{0,15})[\s,;:|>]+(?=[\W_]*\d)")
"""The first word of a line, with numbers after it."""
_DIGIT: Final = re.compile(r"\d")
MAX_NUMBER: Final = 255
"""Of devices that have numbers."""


class DeviceLines:
    """Which lines are those of the device that is read.

    >>> lines = DeviceLines("b")
    >>> lines.is_read("A,1,2", ["A", "1"]), lines.is_read("B,1,2", ["B", "1"])
    (False, True)
    """

    def __init__(self, device: str | None = None):
        """Of all lines, as long as nothing tells devices apart.

        Args:
            device: the one to read, if the user named it.
        """
        self.names: tuple[str, ...] = ()
        """The devices that were told apart, of which the first by name is read."""
        self.word = ""
        """The first word of the newest line."""
        self.is_missed = False
        """Whether there were lines, and none of the device that the user named."""
        self._found = False
        self._use(device)

    @property
    def is_number(self) -> bool:
        """Whether the first number of each line is that of the device, and no reading."""
        return self._device is not None and self._device.isdigit()

    def is_read(self, text: str, cells: Sequence[str]) -> bool:
        """Whether a line is one to read."""
        match = _WORD.match(text)
        self.word = match[1] if match else ""
        if self._device is None or not _DIGIT.search(text):  # A header is of all devices.
            return True
        is_device = self._device == cells[0].strip() if self.is_number else bool(self._begins.match(text))
        self._found |= is_device
        self.is_missed = not self._found
        return is_device

    def choose(self, words: Sequence[str], rows: Sequence[Sequence[float]]) -> list[int] | None:
        """The first lines that are of the first of several devices, by name; None if nothing tells any apart.

        Args:
            words: the first word of each of these lines, empty without one.
            rows: their numbers.
        """
        if self._device is not None:
            return None
        table = np.array(rows, np.float64)
        first = table[:, 0]
        numbers = [f"{value:.0f}" if value in range(MAX_NUMBER + 1) else "" for value in first.tolist()]
        for names, others in ((words, table), (numbers, table[:, 1:])):
            if not all(names) or not 2 <= len(set(names)) <= MAX_DEVICES:
                continue
            if take_turns(names) and readings_jump(names, _comparable(others)):
                self.names = tuple(sorted(set(names), key=lambda name: (len(name), name)))
                self._use(self.names[0])
                return [at for at, name in enumerate(names) if name == self._device]
        return None

    def _use(self, device: str | None) -> None:
        self._device = device
        self._begins = re.compile(rf"\W*{re.escape(device or '')}(?!\w)", re.IGNORECASE)

    @property
    def choice(self) -> str:
        """Which of several devices is read; empty if nothing tells any apart."""
        if not self.names:
            return ""
        names = ", ".join(repr(clean(name, 20)) for name in self.names[:4])
        return f"the first of the devices {names} is read (device= for another)"


def _comparable(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The columns that may be readings, each over its spread: no times, and nothing that stays the same."""
    with np.errstate(all="ignore"):
        steps, spread = np.diff(table, axis=0), table.std(axis=0)
        kept = np.isfinite(spread) & (spread > 0) & ~(steps >= 0).all(axis=0)
        return table[:, kept] / spread[kept]
