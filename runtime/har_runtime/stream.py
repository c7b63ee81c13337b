"""The loop of `har-stream`: a source through a classifier into sinks, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from har_runtime.answering import Answering
from har_runtime.classify import Prediction, StreamingClassifier
from har_runtime.contract import HOP, SAMPLE_RATE_HZ
from har_runtime.recording import LabelTrack
from har_runtime.resample import ResampleReport
from har_runtime.samples import SampleChunk
from har_runtime.scores import Scores, score_confusion
from har_runtime.sinks.base import Sink


@dataclass(frozen=True)
class StreamResult:
    """What a stream amounted to."""

    windows: int
    seconds: dict[str, float]
    """Time in each activity: half a second for each window."""
    report: ResampleReport
    scores: Scores | None
    """Over the windows with a truth among the model's labels; None where the source knows no truth."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


def run_stream(classifier: StreamingClassifier, chunks: Iterable[SampleChunk], sinks: Sequence[Sink]) -> StreamResult:
    """Run until the chunks end; the sinks have every answer by then.

    Raises:
        HarError: the source or a sink failed.
    """
    tally = _Tally(classifier, sinks)
    for chunk in chunks:
        if chunk.labels is not None:
            tally.track.add(chunk.times_ns, chunk.labels)
        tally.take(classifier.push(chunk.times_ns, chunk.acc, chunk.gyro))
    tally.take(classifier.finish())
    return tally.result()


class _Tally:
    """Hands answers to the sinks and counts them."""

    def __init__(self, classifier: StreamingClassifier, sinks: Sequence[Sink]):
        self._classifier, self._sinks = classifier, sinks
        self._answering = Answering(classifier.model.card)
        self._index = {label: index for index, label in enumerate(classifier.model.card.labels)}
        self._counts = [0] * len(self._index)
        self._confusion = np.zeros((len(self._index), len(self._index)), np.int64)
        self.track = LabelTrack()

    def take(self, predictions: list[Prediction]) -> None:
        for prediction in predictions:
            truth = self.track.of(prediction.window)
            guess = self._index[prediction.label]
            self._counts[guess] += 1
            if truth in self._index:
                self._confusion[self._index[truth], guess] += 1
            answer = self._answering.take(prediction, truth, self._classifier.report)
            for sink in self._sinks:
                sink.write(answer)
        if predictions:
            self.track.forget_before(predictions[-1].window.start_ns)

    def result(self) -> StreamResult:
        labels = self._classifier.model.card.labels
        scores = score_confusion(self._confusion, labels) if self._confusion.any() else None
        return StreamResult(
            windows=sum(self._counts),
            seconds={label: self._counts[index] * HOP / SAMPLE_RATE_HZ for label, index in self._index.items()},
            report=self._classifier.report,
            scores=scores,
        )
