"""One sink with its thread and its bounded queue."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from har_runtime.answers.answer import Answer
from har_runtime.errors import HarError
from har_runtime.sinks.base import AnySink, RecordSink, SinkReport, StateSink

CAPACITY = 256
"""Answers that may wait for a sink that keeps no records: two minutes."""
STALLED_S = 5.0
"""A source stops waiting for a sink that has accepted nothing for this long."""
FIRST_RETRY_S = 0.25
LAST_RETRY_S = 5.0
"""A failing sink is tried again after the first delay, which doubles each time up to the last."""
POLL_S = 0.05
"""How often `join` checks whether the sink is in trouble."""

_LOG = logging.getLogger(__name__)


class SinkThread:
    """Writes answers to a sink, in order, on its own thread.

    A failure is logged once when it begins and once when it is over. It affects nothing else.
    """

    def __init__(self, name: str, sink: AnySink):
        self.broken_pipe = False
        """Whether the reader of the sink's pipe has left: the sink will never accept anything again."""
        self._name, self._sink = name, sink
        self._counted: str = getattr(sink, "counted", "answers")
        self._encode: Callable[[Answer], Any]
        self._write: Callable[[Any], None]
        self.keeps_records = isinstance(sink, RecordSink)
        if isinstance(sink, RecordSink):
            self._encode, self._write, self._capacity = sink.encode, sink.append, sink.capacity
        else:
            self._encode, self._write, self._capacity = lambda answer: answer, sink.write, CAPACITY
        self._silence: Callable[[float], None] | None = sink.silence if isinstance(sink, StateSink) else None
        self._silent_since_s: float | None = None
        """What the sink has yet to show: since when there is no answer; None if nothing of the kind."""
        self._queue: deque[Any] = deque()
        self._written = self._dropped = 0
        self._trouble: str | None = None
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name=f"sink {name}", daemon=True)
        self._thread.start()

    @property
    def report(self) -> SinkReport:
        """The counts so far. A snapshot: it does not change afterwards."""
        with self._changed:
            return SinkReport(
                self._name,
                self._written,
                len(self._queue),
                self._dropped,
                self._trouble,
                isinstance(self._sink, RecordSink),
                self._counted,
            )

    def write(self, answer: Answer, wait: bool) -> None:
        """Queue an answer.

        Args:
            answer: for the sink.
            wait: whether to wait while the queue is full and the sink accepts answers; otherwise the oldest is dropped.
        """
        if self.broken_pipe:
            with self._changed:
                self._dropped += 1
            return
        item = self._encode(answer)
        if item is None:
            return
        if wait and not self._wait_for_room():
            self._fail(f"{self._name}: has accepted nothing for {STALLED_S:.0f} s")
        with self._changed:
            self._silent_since_s = None
            if len(self._queue) >= self._capacity:
                self._queue.popleft()
                self._dropped += 1
            self._queue.append(item)
            self._changed.notify_all()

    def silence(self, since_unix_s: float) -> None:
        """Have the sink show, once it has every answer so far, that no more come; nothing if it shows no state.

        A sink of records knows every answer so far: it is told at once, since those may wait for hours.
        """
        if self._silence is None:
            return
        if isinstance(self._sink, RecordSink):
            self._show_silence(since_unix_s)
            return
        with self._changed:
            self._silent_since_s = since_unix_s
            self._changed.notify_all()

    def end(self) -> None:
        """Have the thread write what is queued, close the sink and end; does not wait for it."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()

    def join(self, until_if_in_trouble: float, until: float) -> None:
        """Wait for the end, and drop what the sink has not accepted by then.

        Args:
            until_if_in_trouble: `time.monotonic()` up to which to wait for a sink in trouble.
            until: the same for any other.
        """
        while self._thread.is_alive():
            left_s = (until_if_in_trouble if self._trouble else until) - time.monotonic()
            if left_s <= 0:
                break
            self._thread.join(min(POLL_S, left_s))
        with self._changed:
            if self._thread.is_alive():
                self._abandoned = True
                self._drop_queue()
                unconfirmed = min(getattr(self._sink, "unconfirmed", 0), self._written)
                self._written -= unconfirmed
                self._dropped += unconfirmed
                self._trouble = self._trouble or "did not end in time"

    def _wait_for_room(self) -> bool:
        """Wait while the queue is full; False if the sink accepts nothing, unless its trouble is known already."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._queue) < self._capacity or self._trouble is not None, STALLED_S
            )

    def _run(self) -> None:
        while self._wait_for_work():
            if not self._queue:
                self._show_queued_silence()
            elif not self._write_first():
                with self._changed:
                    self._drop_queue()
        self._close()

    def _wait_for_work(self) -> bool:
        """Whether there is an item to write or a silence to show; False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._silent_since_s is not None or self._ending.is_set())
            return bool(self._queue) or self._silent_since_s is not None

    def _show_queued_silence(self) -> None:
        with self._changed:
            since_s, self._silent_since_s = self._silent_since_s, None
        if since_s is not None:  # No answer has come in the meantime.
            self._show_silence(since_s)

    def _show_silence(self, since_unix_s: float) -> None:
        try:
            if self._silence is not None:
                self._silence(since_unix_s)
        except Exception as error:  # It may be a bug in the sink; the next answer may not trigger it.
            _LOG.debug("%s", self._name, exc_info=True)
            self._fail(error)

    def _write_first(self) -> bool:
        """Write the first item of the queue, with as many attempts as necessary; False if the sink never will."""
        delay_s = FIRST_RETRY_S
        while True:
            # The item stays in the queue during the attempt: meanwhile it may be dropped as the oldest.
            with self._changed:
                if not self._queue:
                    return True
                item = self._queue[0]
            ending = self._ending.is_set()
            try:
                self._write(item)
            except BrokenPipeError:
                with self._changed:
                    self._trouble = "its reader has left"
                self.broken_pipe = True
                return False
            except (HarError, OSError) as error:
                self._fail(error)
                if ending:
                    return False
                self._ending.wait(delay_s)
                delay_s = min(2 * delay_s, LAST_RETRY_S)
            except Exception as error:
                # A bug in the sink. The next answer may not trigger it, and the other sinks must not suffer.
                _LOG.debug("%s", self._name, exc_info=True)
                self._fail(error)
                self._remove(item, written=False)
                return True
            else:
                self._remove(item, written=True)
                return True

    def _fail(self, error: Exception | str) -> None:
        why = " ".join(str(error).split()) or type(error).__name__
        with self._changed:
            begins = self._trouble is None
            self._trouble = why.removeprefix(f"{self._name}: ")
            self._changed.notify_all()  # A source that waits for room need not wait any longer.
        if begins:
            _LOG.warning("%s; trying again, %d %s may wait", why, self._capacity, self._counted)

    def _remove(self, item: Any, written: bool) -> None:
        with self._changed:
            if self._abandoned:
                return
            if self._queue and self._queue[0] is item:
                self._queue.popleft()
                self._written += written
                self._dropped += not written
            elif written:  # It was dropped as the oldest during the attempt.
                self._dropped -= 1
                self._written += 1
            recovered = written and self._trouble is not None
            if recovered:
                self._trouble = None
            self._changed.notify_all()
        if recovered:
            _LOG.warning("%s: works again, %d %s dropped so far", self._name, self._dropped, self._counted)

    def _close(self) -> None:
        try:
            lost = self._sink.close() or 0
        except Exception as error:
            if not isinstance(error, (HarError, OSError)):
                _LOG.debug("%s", self._name, exc_info=True)  # A bug in the sink.
            self._fail(error)
            with self._changed:
                # What it still held, such as the line of the last answers.
                self._dropped += isinstance(self._sink, RecordSink) and not self._abandoned
            return
        with self._changed:
            if not self._abandoned:
                self._written -= lost
                self._dropped += lost

    def _drop_queue(self) -> None:
        self._dropped += len(self._queue)
        self._queue.clear()
        self._changed.notify_all()
