"""What every sink is: it takes predictions as they come."""

from dataclasses import dataclass
from typing import Protocol

from har_runtime.card import ModelCard
from har_runtime.classify import Prediction
from har_runtime.resample import ResampleReport


@dataclass(frozen=True)
class StreamInfo:
    """What a sink may tell of where its answers come from."""

    card: ModelCard
    source: str
    """The source's description."""


class Sink(Protocol):
    """A place answers go to."""

    def write(self, prediction: Prediction, truth: str | None, report: ResampleReport) -> None:
        """Take one answer; `truth` is what the source says the wearer did, `report` what was received so far.

        Raises:
            SourceError: it cannot take any more.
        """
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...
