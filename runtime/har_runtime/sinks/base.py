"""What every sink is: it accepts answers as they come.

The thread of the stream opens the sinks. Afterwards each has its own thread (`sink_thread`), so that it may block
without delaying the sampling or another sink.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

from har_runtime.answers.answer import Answer
from har_runtime.model.card import ModelCard
from har_runtime.signal.report import ResampleReport
from har_runtime.sources.base import SourceReport

Record = TypeVar("Record")
UNAVAILABLE: Final = "unavailable"
"""What sinks show for the activity while no answers come."""


@dataclass(frozen=True)
class SinkReport:
    """The counts of one sink, at one moment."""

    name: str
    """Its URI without the options."""
    written: int = 0
    """Answers that the sink has accepted."""
    waiting: int = 0
    """Answers in its queue."""
    dropped: int = 0
    """Answers that it will never get."""
    trouble: str | None = None
    """Why it does not accept answers at the moment; None if it does."""
    wants_all: bool = False
    """Whether it is to get every answer, as a file is; a view may miss some."""
    counted: str = "answers"
    """What the counts are of; lines if one may stand for many answers."""

    def __str__(self) -> str:
        counts = {"written": self.written, "waiting": self.waiting, "dropped": self.dropped}
        text = ", ".join(f"{count} {what}" for what, count in counts.items() if count or what == "written")
        return f"{self.name.rstrip(':')}: {text}" + (f" ({self.trouble})" if self.trouble else "")


@dataclass(frozen=True)
class StreamInfo:
    """What a sink may show about the stream that its answers come from."""

    card: ModelCard
    source: str
    """The source's description."""
    report: SourceReport
    """The source's own. Its counts change while the stream runs, on another thread: copy a dict before iterating."""
    uri: str = ""
    """The source's, which may hold a secret: it is never shown."""
    sink_reports: list[Callable[[], SinkReport]] = field(default_factory=list)
    """Of every open sink: returns its counts so far."""

    @property
    def sinks(self) -> list[SinkReport]:
        """The counts of every open sink so far."""
        return [report() for report in self.sink_reports]

    def losses(self, report: ResampleReport) -> dict[str, int]:
        """Everything that was lost or looked wrong before an answer, counted by reason.

        Args:
            report: of the answer.
        """
        counts = {**report.named_counts(), "reconnections": self.report.reconnections, **dict(self.report.lost)}
        return {reason: count for reason, count in counts.items() if count}


class Sink(Protocol):
    """A destination of answers. If it is too slow, it misses the oldest."""

    def write(self, answer: Answer) -> None:
        """Write one answer.

        Raises:
            SourceError: not possible now; the same answer is offered again.
        """
        ...

    def close(self) -> None:
        """Flush, and release files and connections."""
        ...


@runtime_checkable
class RecordSink(Protocol[Record]):
    """A destination that gets every answer: while it accepts none, they wait for a long time, as small records."""

    capacity: int
    """Records that may wait; beyond it the oldest is dropped."""

    def encode(self, answer: Answer) -> Record | None:
        """The record of an answer; None if there is nothing to write yet. Called by the stream's thread, so it must be
        quick and never block."""
        ...

    def append(self, record: Record) -> None:
        """Write one record.

        Raises:
            SourceError: not possible now; the same record is offered again.
        """
        ...

    def close(self) -> int:
        """Flush, and release files and connections; returns how many accepted records were lost."""
        ...


@runtime_checkable
class StateSink(Protocol):
    """A destination that shows what is now, so it has to show as well that nothing is known any more."""

    def silence(self, since_unix_s: float) -> None:
        """No answers come: show `UNAVAILABLE`, until the next answer.

        Of a `RecordSink` it is called like `encode`, so it must be quick and never block.

        Args:
            since_unix_s: when the newest answer came, or when the stream began if there was none, seconds since 1970.

        Raises:
            SourceError: not possible now; the next answer or silence is offered all the same.
        """
        ...


AnySink = Sink | RecordSink[Any]
