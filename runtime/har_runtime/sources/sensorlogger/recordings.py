"""Which messages of Sensor Logger are read: those of one phone at a time, in order.

The receiver's thread asks before it answers, so that a phone whose message is not used learns it.
"""

import queue
import threading
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

from har_runtime.sources.sensorlogger.message import Message
from har_runtime.sources.sensorlogger.session import MessageOrder
from har_runtime.sources.silence import SILENCE_NS

MAX_FORMER: Final = 32
"""Former recordings that are remembered, to recognise their late messages."""
MAX_WAITING: Final = 32
"""Messages received but not yet handled."""
TOO_MANY: Final = "message while too many wait"
TOO_LATE: Final = "message that came too late"
OTHER_PHONE: Final = "message of another phone"
FORMER: Final = "message of an earlier recording"


class Recordings:
    """The recordings of one phone at a time, one after the other. Any thread may call any method.

    Args:
        lost: counts the messages that are missing or came twice.
    """

    def __init__(self, lost: Counter[str]):
        self._lost = lost
        self._lock = threading.Lock()
        self._order: MessageOrder | None = None
        self._device = self._session = ""
        self._number = 0
        self._former: deque[tuple[str, str]] = deque(maxlen=MAX_FORMER)
        self._heard_ns: int | None = None
        self._ready: queue.SimpleQueue[tuple[int, Message] | None] = queue.SimpleQueue()

    @property
    def heard_ns(self) -> int | None:
        """When the latest message arrived that is used; None before the first."""
        return self._heard_ns

    @property
    def due_ns(self) -> int | None:
        """When `give_up` has messages."""
        with self._lock:
            return self._order.due_ns if self._order else None

    def push(self, message: Message, now_ns: int) -> str | None:
        """Add a message that arrives now; returns why it is not used, or None."""
        with self._lock:
            if self._ready.qsize() >= MAX_WAITING:
                return TOO_MANY
            if self._order is None or (message.device, message.session) != (self._device, self._session):
                if refusal := self._refuse_recording(message, now_ns):
                    return refusal
                self._begin(message)
            assert self._order is not None
            ready = self._order.push(message, now_ns)
            if ready is None:
                return TOO_LATE
            self._heard_ns = now_ns
            self._put(ready)
            return None

    def give_up(self, now_ns: int) -> None:
        """No longer wait for messages that others have waited for long enough."""
        with self._lock:
            if self._order:
                self._put(self._order.overdue(now_ns))

    def finish(self) -> None:
        """No more messages come."""
        with self._lock:
            if self._order:
                self._put(self._order.flush())
            self._ready.put(None)

    def take(self, timeout_s: float) -> tuple[int, Message] | None:
        """The next message, with the number of its recording, from 1; None after the last.

        Raises:
            queue.Empty: there is none within this time.
        """
        return self._ready.get(timeout=timeout_s)

    def _refuse_recording(self, message: Message, now_ns: int) -> str | None:
        if (message.device, message.session) in self._former:
            return FORMER
        is_other = self._heard_ns is not None and message.device != self._device
        return OTHER_PHONE if is_other and now_ns - (self._heard_ns or 0) < SILENCE_NS else None

    def _begin(self, message: Message) -> None:
        if self._order is not None:
            self._put(self._order.flush())
            self._former.append((self._device, self._session))
        self._device, self._session = message.device, message.session
        self._order = MessageOrder(self._lost)
        self._number += 1

    def _put(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._ready.put((self._number, message))
