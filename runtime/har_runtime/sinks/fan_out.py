"""Several sinks at once: a slow or failing one delays neither the other sinks nor the stream.

Each sink has a thread and a bounded queue. If a queue is full, a recording or a simulation waits as long as the sink
accepts answers, so that a file has every answer however fast the replay. A sensor cannot wait, so the oldest answer is
dropped and counted. A sink that fails is tried again, and the stream continues.
"""

import time

from har_runtime.answers.answer import Answer
from har_runtime.errors import SourceError
from har_runtime.sinks import open_sink
from har_runtime.sinks.base import StreamInfo
from har_runtime.sinks.sink_thread import SinkThread

HURRY_S = 0.8
"""How long closing may take after a signal: a service has one second."""
FINISH_S = 10.0
"""How long closing may take after the end of the source: a broker may have to catch up."""


class FanOut:
    """All sinks of a stream, as one sink."""

    def __init__(self, info: StreamInfo):
        self._info = info
        self._sinks: list[SinkThread] = []
        self._has_output = False
        """Whether a sink writes to standard output."""

    def open(self, uri: str) -> None:
        """Open another sink.

        Raises:
            SourceError: the sink does not exist or cannot be opened, or is the second one on standard output, where
                nobody could tell their lines apart.
        """
        if uri.partition("?")[0].endswith(":-"):
            if self._has_output:
                raise SourceError(f"{uri}: another sink writes to standard output; give one of the two a file")
            self._has_output = True
        sink = SinkThread(uri.partition("?")[0], open_sink(uri, self._info))
        self._sinks.append(sink)
        # Records first: a line in a file need not wait for a picture to be drawn.
        self._sinks.sort(key=lambda one: not one.keeps_records)
        self._info.sink_reports.append(lambda: sink.report)

    def write(self, answer: Answer) -> None:
        """Write an answer to every sink.

        Raises:
            BrokenPipeError: the only sink is a pipe whose reader has left.
        """
        for sink in self._sinks:
            sink.write(answer, wait=self._info.report.can_wait)
        if self._sinks and all(sink.broken_pipe for sink in self._sinks):
            raise BrokenPipeError

    def silence(self, since_unix_s: float) -> None:
        """Have every sink that shows what is now show that no answers come, until the next answer. Never blocks.

        Args:
            since_unix_s: when the newest answer came, seconds since 1970.
        """
        for sink in self._sinks:
            sink.silence(since_unix_s)

    def close(self, hurry: bool = False) -> None:
        """Let every sink write what is queued, and close it.

        Args:
            hurry: whether it may take `HURRY_S` at most. A sink in trouble never gets more time.
        """
        now = time.monotonic()
        for sink in self._sinks:
            sink.end()
        for sink in self._sinks:
            sink.join(now + HURRY_S, now + (HURRY_S if hurry else FINISH_S))
