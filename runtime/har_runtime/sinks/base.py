"""What every sink is: it takes answers as they come.

Sinks are opened by the stream's own thread. From then on each is called by a thread of its own (`fan_out`), so that it
may block without delaying the sampling or another sink.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

from har_runtime.answers.answer import Answer
from har_runtime.model.card import ModelCard
from har_runtime.sources.base import SourceReport

Record = TypeVar("Record")


@dataclass
class SinkReport:
    """Counts of one sink; they go on while it runs."""

    name: str
    """Its URI without the options."""
    written: int = 0
    """Answers that have got through."""
    waiting: int = 0
    """Answers that still may."""
    dropped: int = 0
    """Answers it will never have."""
    trouble: str | None = None
    """Why nothing gets through at the moment."""

    def __str__(self) -> str:
        counts = {"written": self.written, "waiting": self.waiting, "dropped": self.dropped}
        text = ", ".join(f"{count} {what}" for what, count in counts.items() if count or what == "written")
        return f"{self.name.rstrip(':')}: {text}" + (f" ({self.trouble})" if self.trouble else "")


@dataclass
class StreamInfo:
    """What a sink may show about the stream that its answers come from.

    A live object: the counts in `report` and `sinks` change while the stream runs, on other threads. Copy a dict of it
    before you iterate over it.
    """

    card: ModelCard
    source: str
    """The source's description."""
    report: SourceReport
    """The source's own."""
    sinks: list[SinkReport] = field(default_factory=list)
    """Of every sink that is open."""


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
