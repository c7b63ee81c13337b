"""The interface of every source: an iterator of sample chunks with a description and a report."""

import logging
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from har_runtime.samples import SampleChunk

_LOG = logging.getLogger(__name__)
MAX_MARKS = 64
"""That wait for somebody to ask for them; of more, the newest."""


@dataclass(frozen=True)
class Mark:
    """What a person said at the sensor while it measured."""

    time_ns: int
    """On the clock of the samples."""
    text: str
    """As it came; bounded, and not cleaned."""


@dataclass
class SourceReport:
    """What is known of a source's sensor, and what was lost before it became samples; updated as the source runs."""

    rate_hz: float | None = None
    """Nominal rate, Hz, if the source sets it or was given it."""
    units: str | None = None
    """The units as delivered and how they are known, e.g. "acceleration in g (by its magnitude at rest, 0.99)"."""
    range: str | None = None
    """Full scale, if known."""
    lost: Counter[str] = field(default_factory=Counter)
    """Samples, frames, lines or requests that gave no sample, counted by reason (e.g. "wrong checksum")."""
    reconnections: int = 0
    gyroscope: bool = True
    """False once the source knows that its sensor has no gyroscope, before its first chunk at the latest. Then no chunk
    has angular rates. It never changes after the first chunk."""
    takes_units: bool = False
    """Whether the source has the options `unit` and `gyro`."""
    unix_offset_ns: int | None = None
    """Added to its samples' times gives nanoseconds since 1970, if it knows when they were measured: then its answers
    are dated by that. None for a sensor, whose answers are dated by this computer's clock."""
    speed: float = 1.0
    """Times real time at which its samples come; infinite for as fast as possible. 1 for a sensor."""
    labels: dict[str, str] = field(default_factory=dict)
    """Our words for those of its labels that are other words, as far as they have occurred."""
    can_wait: bool = False
    """Whether nothing is lost while the source is held up: true for a recording, false for a sensor."""
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=MAX_MARKS))
    """What a person said at the sensor, in the order of their times; whoever uses a mark takes it out."""
    trouble: str | None = None
    """What keeps samples from coming at the moment, one line with what to do; None if nothing is known to. `say` sets
    it, and views show it while it lasts."""

    due_ns: int | None = None
    """Sensor time of the sample that whoever reads the source waits for, set after each chunk: a source may keep what
    comes before it until then. None: it wants every sample at once."""

    def say(self, trouble: str | None) -> None:
        """Say what keeps samples from coming, or with None that nothing does any more; logged when it changes."""
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is not None:
            _LOG.warning("%s", trouble)
        else:
            _LOG.info("samples can come again")


class Source(Protocol):
    """Something that delivers samples."""

    description: str
    """One line for a person."""
    report: SourceReport

    def __iter__(self) -> Iterator[SampleChunk]:
        """Chunks as they arrive, until the source ends."""
        ...

    def close(self) -> None:
        """Release files and devices."""
        ...


class Pace:
    """Delays samples until they are due, at `speed` times real time (infinite: never)."""

    def __init__(self, speed: float):
        self._speed = speed
        self._start: tuple[float, int] | None = None

    def wait_until(self, sample_ns: int) -> None:
        """Sleep until a sample of this time is due."""
        if self._speed == float("inf"):
            return
        now = time.monotonic()
        if self._start is None:
            self._start = now, sample_ns
        due = self._start[0] + (sample_ns - self._start[1]) / 1e9 / self._speed
        if due > now:
            time.sleep(due - now)
