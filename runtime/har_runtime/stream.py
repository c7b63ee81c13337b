"""The loop of `har-stream`: a source through a recognizer into sinks, and the result."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from har_runtime.answers.answer import UNKNOWN, Answer
from har_runtime.contract import HOP_S
from har_runtime.model.card import ModelCard
from har_runtime.personal.drift import Drifted
from har_runtime.recognizer import Recognizer
from har_runtime.samples import SampleChunk
from har_runtime.scores import Scores, score_confusion
from har_runtime.signal.report import ResampleReport
from har_runtime.sinks.base import Sink
from har_runtime.sources.base import SourceReport

MAX_TRUTHS = 100
"""Labels of a source, none of them the model's, that are counted."""


@dataclass(frozen=True)
class FamilyAnswers:
    """Answers that are a family, to windows whose truth is one of the model's labels. They have no scores."""

    windows: int
    right: int
    """Those whose family contains the truth."""


@dataclass(frozen=True)
class StreamResult:
    """The result of a whole stream."""

    windows: int
    smoothing: str
    """What made answers of predictions: "hmm", "hysteresis" or "none"."""
    seconds: dict[str, float]
    """Time in each activity that occurred, including families and unknown: half a second for each window."""
    not_worn_s: float
    transitions: int
    """Changes from one activity to another."""
    report: ResampleReport
    scores: Scores | None
    """Of each window by itself, if its truth is one of the model's labels; None if the source knows no truth."""
    answered: Scores | None
    """Of the answers to the same windows, except families and unknown; None if there are none."""
    families: FamilyAnswers | None = None
    """Of the answers to the same windows, those that are a family; None if there are none."""
    other_truths: dict[str, int] = field(default_factory=dict)
    """Windows whose true label the model does not know, by that label; they have no scores."""
    places: dict[str, float] = field(default_factory=dict)
    """Time worn at each place, with `UNKNOWN` for the time in which it was not known; empty if the model tells none."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Windows whose activity is unknown, by the reason of their answers."""
    up_found: bool | None = None
    """Whether it was known at the end which way is up; None for models of the frame "device"."""
    drifted: tuple[Drifted, ...] = ()
    """The activities that have moved with `--adapt`."""
    gravity: tuple[float, float, float] | None = None
    """Mean acceleration of all windows, m/s^2, axes of the device; None without a window, and for models of the frame
    "upright"."""
    steps: int = 0
    effort: dict[str, float] = field(default_factory=dict)
    """Seconds of steps of each intensity that occurred."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


def begun(chunks: Iterable[SampleChunk]) -> Iterator[SampleChunk]:
    """The same chunks, once the first has arrived: from then on a source knows whether it has a gyroscope."""
    rest = iter(chunks)
    first = list(itertools.islice(rest, 1))
    return itertools.chain(first, rest)


def run_stream(
    recognizer: Recognizer, chunks: Iterable[SampleChunk], sinks: Sequence[Sink], source: SourceReport | None = None
) -> StreamResult:
    """Run until the chunks end; every sink has every answer by then.

    Args:
        source: of the source of the chunks, which is told when the next sample is due.

    Raises:
        HarError: the source or a sink failed.
    """
    tally = _Tally(recognizer.model.card)

    def write(answers: list[Answer]) -> None:
        for answer in answers:
            tally.step(answer)
            for sink in sinks:
                sink.write(answer)

    for chunk in chunks:
        write(recognizer.push(chunk))
        if source is not None:
            source.due_ns = recognizer.due_ns
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
        families=tally.families(),
        other_truths=dict(tally.other_truths.most_common()),
        places=tally.places,
        unknown=tally.unknown,
        up_found=tally.up_found,
        drifted=recognizer.drifted,
        gravity=tally.gravity,
        steps=totals.steps,
        effort=dict(totals.effort),
    )


class _Tally:
    """Counts answers, how often they are right, and where the sensor is worn."""

    def __init__(self, card: ModelCard):
        self.windows = 0
        self.places: dict[str, float] = {}
        self.unknown: dict[str, int] = {}
        self.up_found: bool | None = None
        self.other_truths: Counter[str] = Counter()
        self._acc = np.zeros(3)
        """Sum of the windows' mean accelerations."""
        self._labels, self._families = card.labels, card.families
        self._own, self._answered = np.zeros((2, len(card.labels), len(card.labels)), np.int64)
        """Of the windows by themselves, and of the answers: rows are the truth."""
        self._family_answers = self._right_families = 0

    def step(self, answer: Answer) -> None:
        self.windows += 1
        if answer.reason is not None:
            self.unknown[answer.reason] = self.unknown.get(answer.reason, 0) + 1
        window = answer.prediction.window
        if window.up is not None:
            self.up_found = window.up.found != "window"
        else:
            self._acc += window.imu[:, :3].mean(axis=0, dtype=np.float64)
        if answer.prediction.places is not None and answer.reason != "not worn":
            place = answer.place or UNKNOWN
            self.places[place] = self.places.get(place, 0.0) + HOP_S
        if answer.truth not in self._labels:
            if answer.truth and (answer.truth in self.other_truths or len(self.other_truths) < MAX_TRUTHS):
                self.other_truths[answer.truth] += 1
            return
        truth = self._labels.index(answer.truth)
        self._own[truth, self._labels.index(answer.prediction.label)] += 1
        if answer.activity in self._families:
            self._family_answers += 1
            self._right_families += answer.truth in self._families[answer.activity]
        elif answer.activity != UNKNOWN:
            self._answered[truth, self._labels.index(answer.activity)] += 1

    @property
    def gravity(self) -> tuple[float, float, float] | None:
        x, y, z = (self._acc / max(1, self.windows)).tolist()
        return (x, y, z) if self.windows and self.up_found is None else None

    def families(self) -> FamilyAnswers | None:
        return FamilyAnswers(self._family_answers, self._right_families) if self._family_answers else None

    def scores(self) -> list[Scores | None]:
        tables = self._own, self._answered
        return [score_confusion(table, self._labels) if table.any() else None for table in tables]
