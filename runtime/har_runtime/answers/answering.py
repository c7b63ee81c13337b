"""From predictions to answers: smoothing, doubt, whether the sensor is worn, events, and the day's totals."""

import time
from collections.abc import Callable

from har_runtime.answers.answer import UNKNOWN, Answer, Event, Reason, Totals
from har_runtime.answers.events import EventDetector
from har_runtime.answers.rejection import Rejector
from har_runtime.answers.smoothing import SMOOTHERS, Smoothed, default_smoothing
from har_runtime.answers.totals import DayTotals, RunningTotals
from har_runtime.answers.worn import WornDetector
from har_runtime.classify import Prediction
from har_runtime.model.card import ModelCard
from har_runtime.signal.report import ResampleReport

_NO_SAMPLES = ResampleReport()


class Answering:
    """Makes an answer of each prediction, in order.

    Args:
        smoothing: "hmm", "hysteresis" or "none"; None for what the card allows.
        clock: seconds since 1970.

    Raises:
        ModelError: "hmm", and a card without transitions.
    """

    def __init__(self, card: ModelCard, smoothing: str | None = None, clock: Callable[[], float] = time.time):
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
        self._events = EventDetector()
        self._last_started: str | None = None
        self._clock = clock
        self._day = DayTotals(clock())
        self._overall = RunningTotals(clock())

    @property
    def totals(self) -> Totals:
        """Everything since the beginning, across midnights."""
        return self._overall.snapshot()

    def step(
        self,
        prediction: Prediction,
        report: ResampleReport = _NO_SAMPLES,
        truth: str | None = None,
        latency_s: float | None = None,
    ) -> Answer:
        """The answer at the end of a window.

        Args:
            report: the samples received and lost so far.
            truth: what the source says the wearer did, if it says so.
            latency_s: since the window's last samples came, if that was timed.
        """
        window, unix_s = prediction.window, self._clock()
        smoothed = self._smoother.step(prediction.probabilities, window.end_ns)
        smoothed.probabilities.flags.writeable = False
        worn = self._worn.step(window.imu, window.end_ns)
        reason: Reason | None = self._doubt(prediction, smoothed) if worn else "not worn"
        activity = UNKNOWN if reason else self._labels[smoothed.index]
        events = self._events.step(None if reason else activity, window.end_ns, unix_s, worn)
        changed = self._changed(events)
        self._overall.step(activity, reason, changed)
        return Answer(
            prediction=prediction,
            activity=activity,
            confidence=float(smoothed.probabilities.max() if reason else smoothed.probabilities[smoothed.index]),
            probabilities=smoothed.probabilities,
            reason=reason,
            events=events,
            totals=self._day.step(activity, reason, changed, unix_s),
            truth=truth,
            report=report,
            unix_s=unix_s,
            latency_s=latency_s,
        )

    def _doubt(self, prediction: Prediction, smoothed: Smoothed) -> Reason | None:
        if self._rejector is None:
            return None
        return self._rejector.step(prediction.window.imu, smoothed, raw=self.smoothing != "hmm")

    def _changed(self, events: tuple[Event, ...]) -> bool:
        """Whether another activity has started than the one before."""
        before = self._last_started
        for event in events:
            if event.kind == "started":
                self._last_started = event.activity
        return before not in (None, self._last_started)
