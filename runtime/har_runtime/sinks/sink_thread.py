"""One sink with its thread and its bounded queue."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from har_runtime.answers.answer import Answer
from har_runtime.errors import HarError
from har_runtime.sinks.base import AnySink, RecordSink, SinkReport

WAITING = 256
"""Answers that may wait for a sink that keeps no records: two minutes."""
STALLED_S = 5.0
"""A sink that has taken nothing for so long is dead: no source waits for it."""
FIRST_RETRY_S = 0.25
LAST_RETRY_S = 5.0
"""Where a sink fails it is tried again, at first soon, then each time after twice as long, up to this."""
LOOK_S = 0.05
"""How often a lane that is ending is looked at."""

_LOG = logging.getLogger(__name__)


class Lane:
    """Hands answers to a sink, in order, on a thread of its own.

    A failure is told once, in the log, when it begins, and once when it is over; it never goes any further.
    """

    def __init__(self, name: str, sink: AnySink):
        self.report = SinkReport(name)
        self.broken_pipe = False
        """Whether the reader of the sink's pipe has left: it will never take anything again."""
        self._sink = sink
        self._encode: Callable[[Answer], Any]
        self._take: Callable[[Any], None]
        if isinstance(sink, RecordSink):
            self._encode, self._take, self._capacity = sink.encode, sink.append, sink.capacity
        else:
            self._encode, self._take, self._capacity = lambda answer: answer, sink.write, WAITING
        self._queue: deque[Any] = deque()
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name=f"sink {name}", daemon=True)
        self._thread.start()

    def put(self, answer: Answer, wait: bool) -> None:
        """Queue an answer.

        Args:
            answer: what the sink gets.
            wait: whether to wait while the queue is full and the sink gets on; without it the oldest is dropped.
        """
        if self.broken_pipe:
            self.report.dropped += 1
            return
        item = self._encode(answer)
        if wait and not self._wait_for_room():
            self._fail(f"{self.report.name}: has taken nothing for {STALLED_S:.0f} s")
        with self._changed:
            if len(self._queue) >= self._capacity:
                self._queue.popleft()
                self.report.dropped += 1
            self._queue.append(item)
            self._count_waiting()
            self._changed.notify_all()

    def end(self) -> None:
        """Have the thread take what is queued, close the sink and end."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()

    def join(self, hurry_until: float, until: float) -> None:
        """Wait for the end, and drop what the sink has not taken by then.

        Args:
            hurry_until: `time.monotonic()` up to which a sink in trouble is waited for.
            until: the same for one that gets on.
        """
        while self._thread.is_alive():
            left = (hurry_until if self.report.trouble else until) - time.monotonic()
            if left <= 0:
                break
            self._thread.join(min(LOOK_S, left))
        with self._changed:
            if self._thread.is_alive():
                self._abandoned = True
                self._drop_queue()
                self.report.trouble = self.report.trouble or "did not end in time"

    def _wait_for_room(self) -> bool:
        """Wait while the queue is full and the sink gets on; whether it still does, as far as is known."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._queue) < self._capacity or self.report.trouble is not None, STALLED_S
            )

    def _run(self) -> None:
        while self._wait_for_one():
            if self._take_first():
                continue
            with self._changed:
                self._drop_queue()
        self._close()

    def _wait_for_one(self) -> bool:
        """Whether there is something to take; not any more when ending."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ending.is_set())
            return bool(self._queue)

    def _take_first(self) -> bool:
        """Have the sink take the head of the queue, however often that has to be tried; False where it never will."""
        delay_s = FIRST_RETRY_S
        while True:
            # The head stays in the queue while it is tried: it may be dropped meanwhile, as the oldest.
            with self._changed:
                if not self._queue:
                    return True
                item = self._queue[0]
            ending = self._ending.is_set()
            try:
                self._take(item)
            except BrokenPipeError:
                self.broken_pipe = True
                return False
            except (HarError, OSError) as error:
                self._fail(error)
                if ending:
                    return False
                self._ending.wait(delay_s)
                delay_s = min(2 * delay_s, LAST_RETRY_S)
            except Exception as error:
                # A mistake in the sink: the next answer may not meet it, and the other sinks must not.
                _LOG.debug("%s", self.report.name, exc_info=True)
                self._fail(error)
                self._remove(item, taken=False)
                return True
            else:
                self._remove(item, taken=True)
                return True

    def _fail(self, error: Exception | str) -> None:
        why = " ".join(str(error).split()) or type(error).__name__
        with self._changed:
            begins = self.report.trouble is None
            self.report.trouble = why.removeprefix(f"{self.report.name}: ")
            self._changed.notify_all()  # Who waits for room need not any more.
        if begins:
            _LOG.warning("%s; trying again, %d answers may wait", why, self._capacity)

    def _remove(self, item: Any, taken: bool) -> None:
        with self._changed:
            if self._abandoned:
                return
            if self._queue and self._queue[0] is item:
                self._queue.popleft()
                self.report.written += taken
                self.report.dropped += not taken
            elif taken:  # It had been given up as the oldest while the sink took it.
                self.report.dropped -= 1
                self.report.written += 1
            self._count_waiting()
            recovered = taken and self.report.trouble is not None
            if recovered:
                self.report.trouble = None
            self._changed.notify_all()
        if recovered:
            _LOG.warning("%s: works again, %d answers dropped so far", self.report.name, self.report.dropped)

    def _close(self) -> None:
        try:
            lost = self._sink.close() or 0
        except (HarError, OSError) as error:
            self._fail(error)
            return
        except Exception as error:
            _LOG.debug("%s", self.report.name, exc_info=True)
            self._fail(error)
            return
        with self._changed:
            if not self._abandoned:
                self.report.written -= lost
                self.report.dropped += lost

    def _drop_queue(self) -> None:
        self.report.dropped += len(self._queue)
        self._queue.clear()
        self._count_waiting()
        self._changed.notify_all()

    def _count_waiting(self) -> None:
        self.report.waiting = len(self._queue)
