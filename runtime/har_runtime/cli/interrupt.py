"""Ctrl-C and SIGTERM that never strike in the middle of an answer."""

import signal
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import TypeVar

Item = TypeVar("Item")


class Terminated(KeyboardInterrupt):
    """SIGTERM: whoever manages the program wants it to end, which is no failure."""


class Interruptible:
    """While it is entered, the first Ctrl-C or SIGTERM ends `items` and nothing else.

    Waiting for the next item is broken off at once, and so is whatever comes before the first; work on an item is
    finished, so that every sink has every answer. A second signal acts at once.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self._error: type[KeyboardInterrupt] = KeyboardInterrupt
        self._waiting = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "Interruptible":
        self._waiting = True
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._on_signal)
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

    def raise_if_interrupted(self) -> None:
        """Once all is flushed: end the program as the signal asked.

        Raises:
            KeyboardInterrupt: after Ctrl-C.
            Terminated: after SIGTERM.
        """
        if self.interrupted:
            raise self._error

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        at_once = self._waiting or self.interrupted
        self.interrupted = True
        self._error = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        if at_once:
            raise self._error
