"""Whether answers come: the one place that decides that a stream has fallen silent, and tells its sinks.

A source that waits for its sensor gives no chunk, and one whose samples cannot be used gives no window. On a broker or
a page both look the same: the activity of the last answer stays for ever. So silence is judged by answers, not by
samples, whatever keeps them from coming.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import Final

from har_runtime.answers.answer import Answer
from har_runtime.samples import SampleChunk
from har_runtime.signal.report import ResampleReport, SensorReport
from har_runtime.sinks.base import UNAVAILABLE, StateSink
from har_runtime.sources.base import SourceReport

LIMIT_S: Final = 4.5
"""After so long without an answer the activity is unavailable: every sink has half a second to show it within 5 s."""
NOTE_S: Final = 1.0
"""Answers come twice a second; nothing is noted of chunks while they do."""

_LOG = logging.getLogger(__name__)


class AnswerWatch:
    """Watches the answers of a stream, as one more sink of it; tells the others when none come any more.

    `write` belongs to the thread of the stream, which may wait for its source for as long as it takes: `start` has
    `check` called by another one.

    Args:
        sinks: to be told. Their `silence` must never block.
        source: what its report says was lost is named in the log.
        clock: seconds, for how long there was no answer.
        unix_clock: seconds since 1970, for when there was one.
    """

    def __init__(
        self,
        sinks: tuple[StateSink, ...],
        source: SourceReport,
        clock: Callable[[], float] = time.monotonic,
        unix_clock: Callable[[], float] = time.time,
    ):
        self._sinks, self._source, self._clock, self._unix_clock = sinks, source, clock, unix_clock
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_silent = False
        self._has_begun = not source.can_wait
        """Whether samples are due: a recording may take long to read before its first."""
        self._since_s, self._since_unix_s = clock(), unix_clock()
        """When the newest answer came, or the watch began."""
        self._received, self._lost = ResampleReport(), Counter(source.lost)
        """What was received, and lost at the source, until then."""
        self._received_since = ResampleReport()
        """What was received until the newest chunk."""

    def start(self) -> None:
        """Begin to check, on another thread."""
        self._thread = threading.Thread(target=self._run, name="answer watch", daemon=True)
        self._thread.start()

    def noted(self, chunks: Iterable[SampleChunk], received: Callable[[], ResampleReport]) -> Iterator[SampleChunk]:
        """The same chunks; notes what became of those that gave no answer.

        Args:
            received: what was received so far.
        """
        for chunk in chunks:
            if not self._has_begun:
                with self._lock:
                    self._has_begun = True
                    self._since_s, self._since_unix_s = self._clock(), self._unix_clock()
            yield chunk
            if self._clock() - self._since_s > NOTE_S:
                self._received_since = received()

    def write(self, answer: Answer) -> None:
        """Note that an answer has come."""
        with self._lock:
            now_s = self._clock()
            silent_s = now_s - self._since_s if self._is_silent else None
            self._is_silent = False
            self._since_s, self._since_unix_s = now_s, self._unix_clock()
            self._received = self._received_since = answer.report
            self._lost = Counter(self._source.lost)
        if silent_s is not None:
            _LOG.warning("answers come again, after %.0f s without one", silent_s)

    def check(self) -> float:
        """Tell the sinks if the stream has fallen silent; returns the seconds until it may have, or do so again."""
        with self._lock:
            left_s = LIMIT_S - (self._clock() - self._since_s)
            if self._is_silent or not self._has_begun:
                return LIMIT_S
            if left_s > 0:
                return left_s
            self._is_silent = True
            for sink in self._sinks:  # Within the lock, so that an answer that comes now ends the silence.
                sink.silence(self._since_unix_s)
        _LOG.warning("no answer for %g s, so the activity is %s: %s", LIMIT_S, UNAVAILABLE, self._why())
        return LIMIT_S

    def close(self) -> None:
        """Stop checking."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(self.check()):
            pass

    def _why(self) -> str:
        """What became of the samples since the newest answer, as far as that is known."""
        before, now = self._received, self._received_since
        sensors = {"accelerometer": _difference(before.accelerometer, now.accelerometer)}
        if self._source.gyroscope:
            sensors["gyroscope"] = _difference(before.gyroscope, now.gyroscope)
        lost = Counter(dict(self._source.lost)) - self._lost  # Another thread counts on: copied first.
        parts = [f"lost at the source: {count} x {reason}" for reason, count in lost.items()]
        if not any(counts.received for counts in sensors.values()):
            return "; ".join(["no sample came", *parts])
        return "; ".join([_what_came(name, counts) for name, counts in sensors.items()] + parts)


def _difference(before: SensorReport, now: SensorReport) -> SensorReport:
    """What was added to the counts of a sensor."""
    counts = [field.name for field in fields(SensorReport) if field.name != "rate_hz"]
    return SensorReport(**{name: getattr(now, name) - getattr(before, name) for name in counts})


def _what_came(name: str, counts: SensorReport) -> str:
    wrong = ", ".join(f"{count} {what}" for what, count in counts.named_counts().items() if count)
    return f"{counts.received or 'no'} samples of the {name}" + (f" ({wrong})" if wrong else "")
