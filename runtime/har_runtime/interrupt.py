"""Ctrl-C and SIGTERM that never strike in the middle of an answer."""

import signal
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import TypeVar

Item = TypeVar("Item")


class Interruptible:
    """While it is entered, the first Ctrl-C or SIGTERM ends `items` and nothing else.

    Waiting for the next item is broken off at once; work on an item is finished first, so that every sink has every
    answer. A second Ctrl-C acts as usual.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self._waiting = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "Interruptible":
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

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._waiting or self.interrupted:
            self.interrupted = True
            raise KeyboardInterrupt
        self.interrupted = True
