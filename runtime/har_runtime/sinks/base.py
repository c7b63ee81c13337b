"""What every sink is: it takes answers as they come."""

from dataclasses import dataclass
from typing import Protocol

from har_runtime.answer import Answer
from har_runtime.card import ModelCard
from har_runtime.sources.base import SourceReport


@dataclass(frozen=True)
class StreamInfo:
    """What a sink may tell of where its answers come from."""

    card: ModelCard
    source: str
    """The source's description."""
    report: SourceReport
    """The source's own; it goes on counting."""


class Sink(Protocol):
    """A place answers go to."""

    def write(self, answer: Answer) -> None:
        """Take one answer.

        Raises:
            SourceError: it cannot take any more.
        """
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...
