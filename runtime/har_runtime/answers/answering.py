"""From predictions to answers: smoothing, honest doubt, whether the sensor is worn, events, and the day's totals."""

import time
from collections.abc import Callable

from har_runtime.answers.answer import UNKNOWN, Answer, Event, Reason, Totals
from har_runtime.answers.events import Happenings
from har_runtime.answers.rejection import Rejector
from har_runtime.answers.smoothing import SMOOTHERS, Smoothed, default_smoothing
from har_runtime.answers.totals import DayTotals, count
from har_runtime.answers.worn import WornDetector
from har_runtime.classify import Prediction
from har_runtime.model.card import ModelCard
from har_runtime.signal.resample import ResampleReport


class Answering:
    """Makes the answer of each prediction, in their order.

    Example:
        classifier = StreamingClassifier(load_model("waist"))
        answering = Answering(classifier.model.card)
        for times, acc, gyro in sensor:
            for prediction in classifier.push(times, acc, gyro):
                answer = answering.take(prediction, None, classifier.report)
                print(answer.activity, answer.confidence, answer.events)
    """

    def __init__(self, card: ModelCard, smoothing: str | None = None, clock: Callable[[], float] = time.time):
        """Args:
            smoothing: "hmm", "hysteresis" or "none"; None for what the card allows.
            clock: seconds since 1970.

        Raises:
            ModelError: "hmm", and a card without transitions.
        """
        self.smoothing = smoothing or default_smoothing(card)
        self.notes: list[str] = []
        """What the card does not allow, for people to know."""
        if smoothing is None and card.smoothing is None:
            self.notes.append(f"{card.name}: its card has no transitions; activities are not smoothed")
        if card.rejection is None:
            self.notes.append(f"{card.name}: its card has no thresholds; no activity is ever unknown for doubt")
        self._smoother = SMOOTHERS[self.smoothing](card)
        self._labels = card.labels
        self._rejector = card.rejection and Rejector(card.rejection)
        self._worn = WornDetector()
        self._happenings = Happenings()
        self._last_started: str | None = None
        self._clock = clock
        self._day = DayTotals(clock())
        self.overall = Totals(clock())
        """Since the beginning, midnights notwithstanding."""

    def take(
        self, prediction: Prediction, truth: str | None, report: ResampleReport, latency_s: float | None = None
    ) -> Answer:
        """The answer at the end of a window.

        Args:
            truth: what the source says the wearer did, if anything.
            report: of the classifier.
            latency_s: since the window's last samples came, if that was timed.
        """
        window, unix_s = prediction.window, self._clock()
        smoothed = self._smoother.step(prediction.probabilities, window.end_ns)
        worn = self._worn.step(window.imu, window.end_ns)
        reason: Reason | None = self._doubt(prediction, smoothed) if worn else "not worn"
        activity = UNKNOWN if reason else self._labels[smoothed.index]
        events = self._happenings.step(None if reason else activity, window.end_ns, unix_s, worn)
        changed = self._changed(events)
        count(self.overall, activity, reason, changed)
        return Answer(
            prediction=prediction,
            activity=activity,
            confidence=float(smoothed.probabilities.max() if reason else smoothed.probabilities[smoothed.index]),
            probabilities=smoothed.probabilities,
            reason=reason,
            events=events,
            totals=self._day.add(activity, reason, changed, unix_s),
            truth=truth,
            report=report,
            unix_s=unix_s,
            latency_s=latency_s,
        )

    def _doubt(self, prediction: Prediction, smoothed: Smoothed) -> Reason | None:
        if self._rejector is None:
            return None
        return self._rejector.judge(prediction.window.imu, smoothed, raw=self.smoothing != "hmm")

    def _changed(self, events: tuple[Event, ...]) -> bool:
        """Whether another activity has started than the last that did."""
        before = self._last_started
        for event in events:
            if event.kind == "started":
                self._last_started = event.activity
        return before not in (None, self._last_started)
