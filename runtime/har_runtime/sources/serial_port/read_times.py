"""When to read a port next: as late as the next answer allows, because each time that a program wakes costs something.

A serial port collects bytes by itself. So the samples of a window are read together, right after the one that
completes it has arrived. When that will be follows from its time by the sensor's clock and from how far the computer's
clock is ahead of that, which is learnt on the way: exactly each time a read had to wait for its bytes, and otherwise
from above, by samples that were there already. Each estimate that proved late enough is made a little earlier, so that
some reads come too early and wait.
"""

from typing import Final

from har_runtime.contract import HOP_S

PERIOD_S: Final = 0.1
"""From one read to the next while it is not known when the next answer is due."""
LONGEST_S: Final = HOP_S
"""The longest time between two reads."""
MAX_BYTES: Final = 2048
"""No more should be waiting at a read; the kernel holds twice as much."""
LAG_S: Final = 0.003
"""A read comes this long after the sample that it waits for should have arrived, because arrivals have jitter."""
EARLIER_NS: Final = 500_000
"""How much earlier the next estimate is if the sample had arrived. Clocks differ by less in half a second."""
FIRST_EARLIER_NS: Final = 10_000_000
"""How much earlier the first estimate is: its sample may have waited for the read."""
OVERDUE_NS: Final = 100_000_000
"""A sample that is later than this by the sensor's clock is not one that others only wait for: something was lost."""


class ReadTimes:
    """Takes what was read from a port, and tells how long to wait until the next read."""

    def __init__(self) -> None:
        self._newest_ns: int | None = None
        self._ahead_ns = 0
        """Time of this computer at which a sample arrives, without its time by the sensor's clock."""
        self._bytes = self._seconds = 0.0
        """Of the last reads; each counts half as much as the next."""
        self._read_s: float | None = None

    def step(self, now_s: float, count: int, newest_ns: int | None, waited: bool) -> None:
        """Add a read.

        Args:
            now_s: when its bytes were there, by any clock of this computer.
            count: its bytes.
            newest_ns: time of the newest sample among them; None if they completed none.
            waited: whether there were none when it began.
        """
        if self._read_s is not None:
            self._bytes, self._seconds = self._bytes / 2 + count, self._seconds / 2 + now_s - self._read_s
        self._read_s = now_s
        if newest_ns is None:
            return
        ahead_ns = round(now_s * 1e9) - newest_ns
        if waited:
            self._ahead_ns = ahead_ns
        elif self._newest_ns is None or ahead_ns - self._ahead_ns > OVERDUE_NS:  # Or the sensor's clock was set back.
            self._ahead_ns = ahead_ns - FIRST_EARLIER_NS
        else:
            self._ahead_ns = min(self._ahead_ns - EARLIER_NS, ahead_ns)
        self._newest_ns = newest_ns

    def wait_s(self, now_s: float, due_ns: int | None) -> float:
        """Seconds until the next read should begin, 0 if it is due already: then it should wait for its bytes.

        Args:
            now_s: by the same clock.
            due_ns: time, by the sensor's clock, of the sample that the next answer needs; None if that is not known.
        """
        since_s = now_s - self._read_s if self._read_s is not None else 0.0
        if due_ns is None or self._newest_ns is None:
            wait_s = PERIOD_S - since_s
        elif due_ns <= self._newest_ns:
            wait_s = 0.0 if self._newest_ns - due_ns < OVERDUE_NS else PERIOD_S - since_s
        else:
            wait_s = (due_ns + self._ahead_ns) / 1e9 + LAG_S - now_s
            if wait_s < -OVERDUE_NS / 1e9:
                wait_s = PERIOD_S - since_s
        longest_s = LONGEST_S if self._bytes == 0 else min(LONGEST_S, MAX_BYTES * self._seconds / self._bytes)
        return max(0.0, min(wait_s, longest_s - since_s))
