"""Stretches of one activity, hundreds of thousands of them in little memory."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one activity without a gap, within one local day."""

    activity: str
    """A label, a family, `UNKNOWN` or `NOT_WORN`."""
    start_unix_s: float
    end_unix_s: float
    seconds: float
    """Time of its windows; differs from end minus start if a recording was not replayed in real time."""


class Spans:
    """A list of spans in 26 bytes each, whose last one grows.

    >>> spans = Spans([Span("walking", 0.0, 1.0, 1.0)])
    >>> spans.extend_last(1.5, 0.5)
    >>> spans[-1], len(spans)
    (Span(activity='walking', start_unix_s=0.0, end_unix_s=1.5, seconds=1.5), 1)
    """

    def __init__(self, spans: Iterable[Span] = ()):
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._activities = array("H")
        """By their numbers in `_names`."""
        self._starts, self._ends, self._seconds = array("d"), array("d"), array("d")
        for span in spans:
            self.append(span)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, at: int) -> Span:
        return Span(self._names[self._activities[at]], self._starts[at], self._ends[at], self._seconds[at])

    def __iter__(self) -> Iterator[Span]:
        return map(self.__getitem__, range(len(self)))

    def longest(self, count: int) -> Iterator[Span]:
        """The longest spans, at most so many, in their order."""
        order = np.argsort(np.subtract(self._starts, self._ends), kind="stable")
        return map(self.__getitem__, np.sort(order[:count]).tolist())

    def append(self, span: Span) -> None:
        """Add a span at the end."""
        number = self._numbers.setdefault(span.activity, len(self._names))
        if number == len(self._names):
            self._names.append(span.activity)
        self._activities.append(number)
        self._starts.append(span.start_unix_s)
        self._ends.append(span.end_unix_s)
        self._seconds.append(span.seconds)

    def extend_last(self, end_unix_s: float, seconds: float) -> None:
        """Let the last span last until a time, if it did not yet, with so many seconds more."""
        self._ends[-1] = max(self._ends[-1], end_unix_s)
        self._seconds[-1] += seconds
