"""Several sinks at once: a slow or dead one delays neither the others nor the sampling nor the answering.

Each sink has a thread and a bounded queue. What happens where a queue is full depends on the source: a recording or a
simulation is held up for as long as the sink gets on, so that a file gets every answer however fast the replay; a
sensor cannot be held up, so the oldest answer is dropped and counted. A sink that fails is tried again, and ends
nothing.
"""

import time

from har_runtime.answers.answer import Answer
from har_runtime.sinks import open_sink
from har_runtime.sinks.base import StreamInfo
from har_runtime.sinks.sink_thread import Lane

HURRY_S = 0.8
"""Closing takes no longer than this when a signal has ended the program: a service is given one second."""
FINISH_S = 10.0
"""Closing takes no longer than this when the source has ended: a broker may have to catch up."""


class FanOut:
    """The sinks of a stream, as one sink."""

    def __init__(self, info: StreamInfo):
        self._info = info
        self._lanes: list[Lane] = []

    def open(self, uri: str) -> None:
        """Open one more sink.

        Raises:
            SourceError: no such sink, or one that cannot be opened.
        """
        lane = Lane(uri.partition("?")[0], open_sink(uri, self._info))
        self._lanes.append(lane)
        self._info.sinks.append(lane.report)

    def write(self, answer: Answer) -> None:
        """Give an answer to every sink.

        Raises:
            BrokenPipeError: the only sink was a pipe whose reader has left.
        """
        for lane in self._lanes:
            lane.put(answer, wait=self._info.report.can_wait)
        if self._lanes and all(lane.broken_pipe for lane in self._lanes):
            raise BrokenPipeError

    def close(self, hurry: bool = False) -> None:
        """Let every sink take what waits for it, and close it.

        Args:
            hurry: whether it is to take `HURRY_S` at most. A sink in trouble is not waited for any longer in any case.
        """
        now = time.monotonic()
        for lane in self._lanes:
            lane.end()
        for lane in self._lanes:
            lane.join(now + HURRY_S, now + (HURRY_S if hurry else FINISH_S))
