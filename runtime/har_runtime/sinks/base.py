"""What every sink is: it takes answers as they come.

Sinks are opened by the stream's own thread. From then on each is called by a thread of its own (`fan_out`), so that it
may block without delaying the sampling or another sink.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

from har_runtime.answer import Answer
from har_runtime.card import ModelCard
from har_runtime.sinks.sink_report import SinkReport
from har_runtime.sources.base import SourceReport

Record = TypeVar("Record")


@dataclass(frozen=True)
class StreamInfo:
    """What a sink may tell of where its answers come from."""

    card: ModelCard
    source: str
    """The source's description."""
    report: SourceReport
    """The source's own; it goes on counting."""
    sinks: list[SinkReport] = field(default_factory=list)
    """Of every sink that is open; they go on counting."""


class Sink(Protocol):
    """A place answers go to; where it is too slow, it misses the oldest."""

    def write(self, answer: Answer) -> None:
        """Take one answer.

        Raises:
            SourceError: not now; the same answer is offered again.
        """
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...


@runtime_checkable
class RecordSink(Protocol[Record]):
    """A place that keeps every answer: what it cannot take yet waits, as small records, for a long time."""

    capacity: int
    """Records that may wait; beyond it the oldest is dropped."""

    def encode(self, answer: Answer) -> Record:
        """What will be kept of an answer. Called by the stream's thread: quick, and never blocking."""
        ...

    def append(self, record: Record) -> None:
        """Take one record.

        Raises:
            SourceError: not now; the same record is offered again.
        """
        ...

    def close(self) -> int:
        """Flush and let go; returns how many of the records taken did not get through."""
        ...


AnySink = Sink | RecordSink[Any]
