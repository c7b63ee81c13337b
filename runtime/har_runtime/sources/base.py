"""What every source is: an iterator of sample chunks, which says what it is."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from har_runtime.samples import SampleChunk


@dataclass
class SourceReport:
    """What a source found out about its sensor, and what was lost before it became samples; filled as it goes."""

    rate_hz: float | None = None
    """Nominal, Hz, where the source sets or is told it."""
    units: str | None = None
    """As delivered and how that is known, "acceleration in g (by its rest of 0.99)" for one."""
    range: str | None = None
    """Full scale, where the source knows it."""
    lost: Counter[str] = field(default_factory=Counter)
    """Samples, frames, lines or requests that gave no sample, counted by reason ("wrong checksum")."""
    reconnections: int = 0
    can_wait: bool = False
    """Whether nothing is lost where it is held up: so with a recording, not with a sensor."""


class Source(Protocol):
    """A place samples come from."""

    description: str
    """One line for a person: what this is."""
    report: SourceReport

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
