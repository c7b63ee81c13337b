"""The loop of `har-stream`: a source through a recognizer into sinks, and the result."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from har_runtime.answers.answer import Answer
from har_runtime.recognizer import Recognizer
from har_runtime.samples import SampleChunk
from har_runtime.scores import Scores, score_confusion
from har_runtime.signal.report import ResampleReport
from har_runtime.sinks.base import Sink


@dataclass(frozen=True)
class StreamResult:
    """The result of a whole stream."""

    windows: int
    smoothing: str
    """What made answers of predictions: "hmm", "hysteresis" or "none"."""
    seconds: dict[str, float]
    """Time in each activity that occurred, including unknown: half a second for each window."""
    not_worn_s: float
    transitions: int
    """Changes from one activity to another."""
    report: ResampleReport
    scores: Scores | None
    """Of each window by itself, if its truth is one of the model's labels; None if the source knows no truth."""
    answered: Scores | None
    """Of the answers to the same windows, except the unknown ones; None if there are none."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


def begun(chunks: Iterable[SampleChunk]) -> Iterator[SampleChunk]:
    """The same chunks, once the first has arrived: from then on a source knows whether it has a gyroscope."""
    rest = iter(chunks)
    first = list(itertools.islice(rest, 1))
    return itertools.chain(first, rest)


def run_stream(recognizer: Recognizer, chunks: Iterable[SampleChunk], sinks: Sequence[Sink]) -> StreamResult:
    """Run until the chunks end; every sink has every answer by then.

    Raises:
        HarError: the source or a sink failed.
    """
    tally = _Tally(recognizer.model.card.labels)

    def write(answers: list[Answer]) -> None:
        for answer in answers:
            tally.step(answer)
            for sink in sinks:
                sink.write(answer)

    for chunk in chunks:
        write(recognizer.push(chunk))
    write(recognizer.finish())
    totals = recognizer.totals
    scores, answered = tally.scores()
    return StreamResult(
        windows=tally.windows,
        smoothing=recognizer.smoothing,
        seconds=dict(totals.seconds),
        not_worn_s=totals.not_worn_s,
        transitions=totals.transitions,
        report=recognizer.report,
        scores=scores,
        answered=answered,
    )


class _Tally:
    """Counts answers, and how often they are right."""

    def __init__(self, labels: tuple[str, ...]):
        self.windows = 0
        self._labels = labels
        self._confusion = np.zeros((2, len(labels), len(labels)), np.int64)
        """Of the windows by themselves, and of the answers."""

    def step(self, answer: Answer) -> None:
        self.windows += 1
        if answer.truth in self._labels:
            truth = self._labels.index(answer.truth)
            for table, guess in zip(self._confusion, (answer.prediction.label, answer.activity), strict=True):
                if guess in self._labels:
                    table[truth, self._labels.index(guess)] += 1

    def scores(self) -> list[Scores | None]:
        return [score_confusion(table, self._labels) if table.any() else None for table in self._confusion]
