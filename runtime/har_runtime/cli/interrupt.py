"""Ctrl-C and SIGTERM without losing the answer being worked on."""

import signal
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import TypeVar

Item = TypeVar("Item")


class Terminated(KeyboardInterrupt):
    """SIGTERM: a service manager stops the program, which is not a failure."""


class Interruptible:
    """A context in which the first Ctrl-C or SIGTERM ends `items` between two of them.

    The wait for an item, or anything before the first item, is interrupted at once; work on an item is completed, so
    that every sink gets every answer. A second signal interrupts at once.
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
        """Once everything is flushed, end the program if a signal came.

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
