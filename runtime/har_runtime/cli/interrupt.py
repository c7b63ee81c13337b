"""Ctrl-C, SIGTERM and SIGHUP without losing the answer being worked on."""

import logging
import signal
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import TypeVar

_LOG = logging.getLogger(__name__)
Item = TypeVar("Item")
SIGHUP = getattr(signal, "SIGHUP", None)
"""None on Windows."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, or SIGHUP: a service manager or a terminal that closes stops the program, which is not a failure."""


class Interruptible:
    """A context in which the first Ctrl-C, SIGTERM or SIGHUP ends `items` between two of them.

    The wait for an item, or anything before the first item, is interrupted at once; work on an item is completed, so
    that every sink gets every answer. A second signal interrupts at once. SIGHUP stays ignored if it is, as by nohup.

    Args:
        is_service: whether log rotators may send SIGHUP: then it ends nothing. There is nothing to open anew either,
            since files are found by their names at each write.
    """

    def __init__(self, is_service: bool = False) -> None:
        self._is_service = is_service
        self.interrupted = False
        self._error: type[KeyboardInterrupt] = KeyboardInterrupt
        self._waiting = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "Interruptible":
        self._waiting = True
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._on_signal)
        if SIGHUP is not None and signal.getsignal(SIGHUP) != signal.SIG_IGN:
            self._previous[SIGHUP] = signal.signal(SIGHUP, _on_hangup if self._is_service else self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]

    def items(self, source: Iterable[Item]) -> Iterator[Item]:
        """The items of `source` until it ends or a signal comes."""
        iterator = iter(source)
        while not self.interrupted:
            try:
                self._waiting = True
                item = next(iterator)
            except (StopIteration, KeyboardInterrupt):
                return
            finally:
                self._waiting = False
            yield item

    @property
    def was_terminated(self) -> bool:
        """Whether it was SIGTERM or SIGHUP that came, not Ctrl-C."""
        return self.interrupted and self._error is Terminated

    def raise_if_interrupted(self) -> None:
        """Once everything is flushed, end the program if a signal came.

        Raises:
            KeyboardInterrupt: after Ctrl-C.
            Terminated: after SIGTERM or SIGHUP.
        """
        if self.interrupted:
            raise self._error

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        at_once = self._waiting or self.interrupted
        self.interrupted = True
        self._error = KeyboardInterrupt if number == signal.SIGINT else Terminated
        if at_once:
            raise self._error


def _on_hangup(number: int, frame: FrameType | None) -> None:
    _LOG.info("SIGHUP: nothing to do, each line goes to the file that has the name")
