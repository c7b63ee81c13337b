"""Whether a phone sends its gyroscope, which only its messages show: the first samples wait until it is known."""

from collections.abc import Iterator
from typing import Final

from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.message import MAX_TIME_NS
from har_runtime.sources.sensorlogger.session import ANGULAR_RATE, MAX_ROWS

DECIDE_NS: Final = 3_000_000_000
"""Acceleration alone for this long, by the phone's clock, means that there is no gyroscope. The app sends all sensors
in each message, and a message each second or more often."""


class GyroscopeGate:
    """Holds the first samples back until an angular rate comes, or acceleration alone for `DECIDE_NS`.

    What the first recording has is settled for the whole run, since answers before and after would not compare: a
    gyroscope that is switched on later is ignored, and its readings are counted as lost. If it is switched off later,
    there are no answers, and `MissingSensors` says so.
    """

    def __init__(self, report: SourceReport):
        """A gate.

        Args:
            report: its `gyroscope` is settled here.
        """
        self._report = report
        self._held: list[SampleChunk] = []
        self._settled = False
        self._restart()

    def begin(self) -> None:
        """Another recording begins."""
        if self._settled:
            self._restart()

    def push(self, chunk: SampleChunk) -> Iterator[SampleChunk]:
        """The samples that may pass, once this chunk of one sensor has come."""
        if chunk.acc is None:
            self._seen = True
        elif not self._seen:
            self._first_ns = min(self._first_ns, int(chunk.times_ns.min()))
            self._last_ns = max(self._last_ns, int(chunk.times_ns.max()))
            self._rows += len(chunk.times_ns)
        alone = not self._seen and (self._last_ns - self._first_ns >= DECIDE_NS or self._rows > MAX_ROWS)
        if not self._settled:
            self._held.append(chunk)
            if self._seen or alone:
                yield from self.flush()
            return
        if chunk.acc is None and not self._report.gyroscope:
            self._report.lost["reading of a gyroscope switched on too late"] += len(chunk.times_ns)
            return
        yield chunk

    def flush(self) -> Iterator[SampleChunk]:
        """All samples that wait, of which there is no more to come."""
        if self._held:
            self._settled, self._report.gyroscope = True, self._seen
            if not self._seen and self._report.units:
                self._report.units = self._report.units.removesuffix(ANGULAR_RATE)
        held, self._held = self._held, []
        yield from held

    def _restart(self) -> None:
        self._seen = False
        self._rows, self._first_ns, self._last_ns = 0, MAX_TIME_NS, 0
