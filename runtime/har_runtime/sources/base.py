"""What every source is: an iterator of sample chunks, which says what it is."""

import time
from collections.abc import Iterator
from typing import Protocol

from har_runtime.samples import SampleChunk


class Source(Protocol):
    """A place samples come from."""

    description: str
    """One line for a person: what this is."""

    def __iter__(self) -> Iterator[SampleChunk]:
        """Chunks as they come, until the source ends."""
        ...

    def close(self) -> None:
        """Let go of files and devices."""
        ...


class Pace:
    """Holds samples back until their time has come, at `speed` times real time (infinite: never)."""

    def __init__(self, speed: float):
        self._speed = speed
        self._start: tuple[float, int] | None = None

    def wait_until(self, sample_ns: int) -> None:
        """Sleep until a sample of this time would have arrived."""
        if self._speed == float("inf"):
            return
        now = time.monotonic()
        if self._start is None:
            self._start = now, sample_ns
        due = self._start[0] + (sample_ns - self._start[1]) / 1e9 / self._speed
        if due > now:
            time.sleep(due - now)
