"""The messages of a service to systemd: ready, alive, its status, stopping (sd_notify(3)).

The protocol is a datagram of NAME=value lines to the socket in $NOTIFY_SOCKET. Without that variable nothing is sent.

A sensor may be unplugged for days, and that is not a hang. So the watchdog is fed not by answers but by a timer signal,
which Python handles in the main thread: it is not handled while that thread is stuck in a system call or a library, and
the watchdog is not fed if one chunk of samples has been in work for longer than the watchdog's timeout.
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
from har_runtime.sinks.base import UNAVAILABLE

_LOG = logging.getLogger(__name__)
Item = TypeVar("Item")
TIMEOUT_S = 1.0
"""systemd reads at once unless it has problems itself."""


class Service:
    """This program as a service of systemd; also a sink, which shows the activity as the status.

    Args:
        address: of systemd's socket, None if there is none; with a leading @ in Linux's abstract namespace.
        timeout_s: of the watchdog; None if there is none.
    """

    def __init__(self, address: str | None, timeout_s: float | None):
        self._address = address and (f"\0{address[1:]}" if address.startswith("@") else address)
        self._timeout_s = timeout_s
        self._busy_since_s: float | None = None
        self._activity: str | None = None
        self._is_ready = False

    @classmethod
    def from_environment(cls) -> "Service":
        """From the variables that systemd sets."""
        address, timeout_us = os.environ.get("NOTIFY_SOCKET"), os.environ.get("WATCHDOG_USEC", "")
        for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(address, int(timeout_us) / 1e6 if address and for_us and timeout_us.isdecimal() else None)

    @property
    def is_managed(self) -> bool:
        """Whether systemd has started the program."""
        return self._address is not None

    def watched(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the same items; notify systemd that the service is ready, and from then on that it is alive.

        Iterate in the main thread, after everything that the work on an item needs has been set up.
        """
        self._is_ready = True
        if not self._notify("READY=1"):
            _LOG.warning("cannot reach systemd at its socket %s", self._address)
        if self._timeout_s:
            signal.signal(signal.SIGALRM, self._on_timer)
            signal.setitimer(signal.ITIMER_REAL, self._timeout_s / 2, self._timeout_s / 2)
        for item in items:
            self._busy_since_s = time.monotonic()
            yield item
            self._busy_since_s = None

    def write(self, answer: Answer) -> None:
        """Show a new activity in the status."""
        if answer.activity != self._activity:
            self._activity = answer.activity
            self._show(answer.activity, answer.unix_s)

    def silence(self, since_unix_s: float) -> None:
        """Show in the status that no answers come."""
        self._activity = None
        self._show(UNAVAILABLE, since_unix_s)

    def close(self) -> None:
        """Notify systemd that the service stops, if it was ever ready. Call it in the main thread."""
        if not self._is_ready:
            return
        if self._timeout_s:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self._notify("STOPPING=1")

    def _show(self, activity: str, since_unix_s: float) -> None:
        self._notify(f"STATUS={activity} since {time.strftime('%H:%M:%S', time.localtime(since_unix_s))}")

    def _on_timer(self, number: int, frame: FrameType | None) -> None:
        busy_since_s, timeout_s = self._busy_since_s, self._timeout_s or 0.0
        if busy_since_s is None or time.monotonic() - busy_since_s < timeout_s:
            self._notify("WATCHDOG=1")

    def _notify(self, message: str) -> bool:
        """Send one message; False if it did not arrive. A service continues without its manager."""
        if self._address is None:
            return True
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
                client.settimeout(TIMEOUT_S)
                client.sendto(message.encode(), self._address)
        except OSError:
            return False
        return True
