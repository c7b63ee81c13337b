"""The loop of `har-stream`: a source through a classifier into sinks, and what came of it."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from har_runtime.answers.answer import Answer
from har_runtime.answers.answering import Answering
from har_runtime.classify import Prediction, StreamingClassifier
from har_runtime.recording import LabelTrack
from har_runtime.samples import SampleChunk
from har_runtime.scores import Scores, score_confusion
from har_runtime.signal.resample import ResampleReport
from har_runtime.sinks.base import Sink


@dataclass(frozen=True)
class StreamResult:
    """What a stream amounted to."""

    windows: int
    smoothing: str
    """What made answers of predictions: "hmm", "hysteresis" or "none"."""
    seconds: dict[str, float]
    """Time in each activity that occurred, unknown among them: half a second for each window."""
    not_worn_s: float
    transitions: int
    """Changes from one activity to another."""
    report: ResampleReport
    scores: Scores | None
    """Of each window by itself, over those with a truth among the model's labels; None where the source knows none."""
    answered: Scores | None
    """Of the answers to the same windows, those left out that are unknown; None where there are none."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


def run_stream(
    classifier: StreamingClassifier,
    chunks: Iterable[SampleChunk],
    sinks: Sequence[Sink],
    answering: Answering | None = None,
) -> StreamResult:
    """Run until the chunks end; the sinks have every answer by then.

    Args:
        answering: a new one; None for what the model's card suggests.

    Raises:
        HarError: the source or a sink failed.
    """
    tally = _Tally(classifier, sinks, answering or Answering(classifier.model.card))
    for chunk in chunks:
        tally.arrived = time.perf_counter()
        if chunk.labels is not None:
            tally.track.add(chunk.times_ns, chunk.labels)
        tally.take(classifier.push(chunk.times_ns, chunk.acc, chunk.gyro))
    tally.take(classifier.finish())
    return tally.result()


class _Tally:
    """Hands answers to the sinks and counts them."""

    def __init__(self, classifier: StreamingClassifier, sinks: Sequence[Sink], answering: Answering):
        self._classifier, self._sinks, self._answering = classifier, sinks, answering
        self._index = {label: index for index, label in enumerate(classifier.model.card.labels)}
        self._windows = 0
        self._confusion = np.zeros((2, len(self._index), len(self._index)), np.int64)
        """Of the windows by themselves, and of the answers."""
        self.track = LabelTrack()
        self.arrived = time.perf_counter()

    def take(self, predictions: list[Prediction]) -> None:
        for prediction in predictions:
            truth = self.track.of(prediction.window)
            latency = time.perf_counter() - self.arrived
            answer = self._answering.take(prediction, truth, self._classifier.report, latency)
            self._count(answer)
            for sink in self._sinks:
                sink.write(answer)
        if predictions:
            self.track.forget_before(predictions[-1].window.start_ns)

    def _count(self, answer: Answer) -> None:
        self._windows += 1
        truth = answer.truth
        if truth in self._index:
            for table, guess in zip(self._confusion, (answer.prediction.label, answer.activity), strict=True):
                if guess in self._index:
                    table[self._index[truth], self._index[guess]] += 1

    def result(self) -> StreamResult:
        labels, totals = self._classifier.model.card.labels, self._answering.overall
        scores, answered = (score_confusion(table, labels) if table.any() else None for table in self._confusion)
        return StreamResult(
            windows=self._windows,
            smoothing=self._answering.smoothing,
            seconds=totals.seconds,
            not_worn_s=totals.not_worn_s,
            transitions=totals.transitions,
            report=self._classifier.report,
            scores=scores,
            answered=answered,
        )
