"""What a service tells systemd: that it is ready, that it is alive, what it does, that it stops (sd_notify(3)).

The protocol is a datagram of NAME=value lines to the socket in $NOTIFY_SOCKET. Without one, nothing is sent.

A sensor may be silent for days, for it is unplugged, and that is no hang. So the watchdog is not fed by answers but by
a timer signal, which Python hands to the main thread: it stays away where that thread is stuck in a system call or in a
library, and it is not passed on where one piece of samples has been worked on for as long as the watchdog's patience.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TypeVar

from har_runtime.answers.answer import Answer

_LOG = logging.getLogger(__name__)
Item = TypeVar("Item")
TIMEOUT_S = 1.0
"""systemd reads at once, unless it is in trouble itself."""


class Service:
    """This program as a service of systemd. It is a sink too: the activity is its status.

    Args:
        address: of systemd's socket; None for none. One that begins with @ is in Linux's abstract namespace.
        patience_s: of the watchdog; None for none.
    """

    def __init__(self, address: str | None, patience_s: float | None):
        self._address = address and (f"\0{address[1:]}" if address.startswith("@") else address)
        self._patience_s = patience_s
        self._busy_since_s: float | None = None
        self._activity: str | None = None
        self._is_ready = False

    @classmethod
    def of_environment(cls) -> "Service":
        """What systemd has put into the environment."""
        address, patience_us = os.environ.get("NOTIFY_SOCKET"), os.environ.get("WATCHDOG_USEC", "")
        for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(address, int(patience_us) / 1e6 if address and for_us and patience_us.isdecimal() else None)

    def watched(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same items; systemd is told that the service is ready once the first is wanted, and then that it lives.

        To be consumed in the main thread, once all that the work on an item needs is there.
        """
        self._is_ready = True
        if not self._tell("READY=1"):
            _LOG.warning("systemd cannot be told anything at its socket %s", self._address)
        if self._patience_s:
            signal.signal(signal.SIGALRM, self._on_timer)
            signal.setitimer(signal.ITIMER_REAL, self._patience_s / 2, self._patience_s / 2)
        for item in items:
            self._busy_since_s = time.monotonic()
            yield item
            self._busy_since_s = None

    def write(self, answer: Answer) -> None:
        """Show a new activity in the status."""
        if answer.activity != self._activity:
            self._activity = answer.activity
            self._tell(f"STATUS={answer.activity} since {time.strftime('%H:%M:%S', time.localtime(answer.unix_s))}")

    def close(self) -> None:
        """Say that the service stops, if it was ever ready. In the main thread."""
        if not self._is_ready:
            return
        if self._patience_s:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self._tell("STOPPING=1")

    def _on_timer(self, number: int, frame: FrameType | None) -> None:
        busy_since_s, patience_s = self._busy_since_s, self._patience_s or 0.0
        if busy_since_s is None or time.monotonic() - busy_since_s < patience_s:
            self._tell("WATCHDOG=1")

    def _tell(self, message: str) -> bool:
        """Send one message; False where it did not arrive. A service goes on without its manager."""
        if self._address is None:
            return True
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as own:
                own.settimeout(TIMEOUT_S)
                own.sendto(message.encode(), self._address)
        except OSError:
            return False
        return True
