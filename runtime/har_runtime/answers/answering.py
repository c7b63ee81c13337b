"""From predictions to answers: smoothing, doubt, whether the sensor is worn, steps, events, and the day's totals."""

import time
from collections.abc import Callable, Sequence

from har_runtime.answers.answer import UNKNOWN, Answer, Totals
from har_runtime.answers.events import Changes, EventDetector
from har_runtime.answers.families import Choice, Chooser, Families
from har_runtime.answers.place import MIN_BELIEF, checked_belief, place_index
from har_runtime.answers.rejection import Rejector
from har_runtime.answers.smoothing import SMOOTHERS, Smoothed, default_smoothing, place_smoother
from har_runtime.answers.totals import DayTotals, EarlierToday, RunningTotals
from har_runtime.answers.worn import WornDetector
from har_runtime.classify import Prediction
from har_runtime.contract import FAMILIES
from har_runtime.model.card import ModelCard
from har_runtime.signal.report import ResampleReport
from har_runtime.signal.steps import StepCounter, Steps
from har_runtime.signal.window import Window, stacked

_NO_SAMPLES = ResampleReport()
_POSTURES = frozenset((*FAMILIES["still"], "still", "resting"))
"""Activities in which nobody takes steps."""


class Answering:
    """Makes an answer of each prediction, in order.

    Args:
        smoothing: "hmm", "hysteresis" or "none"; None for what the card allows.
        clock: seconds since 1970.
        unix_offset_ns: added to samples' times gives nanoseconds since 1970, if a recording knows when it was made: its
            answers are dated by that instead of by `clock`.
        place: where the sensor is worn, a key of `contract.PLACE_OF` or one of `contract.PLACES`; None to find out, if
            the model can.
        coarse: whether a family of the card may be an answer, if only that is certain.
        place_belief: the belief in each place of the card before the first window; None if nothing is known of it.
        earlier: what was answered today already, to which the day's totals are added; None if nothing was.

    Raises:
        ModelError: "hmm", and a card without transitions; a place, and a model that does not know it; or a belief that
            does not fit the places.
        HarError: there is no such place.
    """

    def __init__(
        self,
        card: ModelCard,
        smoothing: str | None = None,
        clock: Callable[[], float] = time.time,
        *,
        place: str | None = None,
        coarse: bool = True,
        place_belief: Sequence[float] | None = None,
        unix_offset_ns: int | None = None,
        earlier: EarlierToday | None = None,
    ):
        self.smoothing = smoothing or default_smoothing(card)
        self.notes: list[str] = []
        """What the card does not allow, for people to know."""
        if smoothing is None and card.smoothing is None:
            self.notes.append(f"{card.name}: its card has no transitions; activities are not smoothed")
        if card.rejection is None:
            self.notes.append(f"{card.name}: its card has no thresholds; no activity is ever unknown for doubt")
        if place is not None:
            place_index(card, place)  # Of a model without places too.
        if place_belief is not None:
            checked_belief(card, place_belief)  # Likewise.
        self._smoother = SMOOTHERS[self.smoothing](card)
        self._place_smoother = place_smoother(card, self.smoothing, place, place_belief) if card.places else None
        self._places = card.places
        rejection, is_belief = card.rejection, self.smoothing == "hmm"
        self._rejector = rejection and Rejector(rejection, card.frame)
        minimum = rejection and (rejection.confidence if is_belief else rejection.raw_confidence)
        self._chooser = Chooser(card, minimum, coarse)
        self._worn = WornDetector()
        self._steps = StepCounter()
        families = Families(card.families)
        self._events, self._changes = EventDetector(families), Changes(families, earlier and earlier.last)
        self._clock, self._unix_offset_ns = clock, unix_offset_ns
        self._earlier = earlier and earlier.totals
        self._count_from(clock(), self._earlier)
        self._is_dated = unix_offset_ns is None

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
        return self.push([prediction], report, [truth], latency_s)[0]

    def push(
        self,
        predictions: Sequence[Prediction],
        report: ResampleReport,
        truths: Sequence[str | None],
        latency_s: float | None,
    ) -> list[Answer]:
        """The answers at the ends of windows, one or more, that came together; the same as one after the other.

        Each part takes all windows before the next part begins, which takes less time.
        """
        windows = [prediction.window for prediction in predictions]
        together = [self._chooser.together(window) for window in windows]
        smoothed = [self._smoothed(*one) for one in zip(predictions, together, strict=True)]
        worn = [self._worn.step(window.imu, window.end_ns, window.up) for window in windows]
        unlike = [False] * len(windows) if self._rejector is None else self._rejector.are_unlike(stacked(windows))
        steps = [self._steps.step(window) for window in windows]
        choices = [self._choice(*one) for one in zip(smoothed, together, worn, unlike, strict=True)]
        return [
            self._answer(prediction, belief, choice, on, taken, truth, report, latency_s)
            for prediction, belief, choice, on, taken, truth in zip(
                predictions, smoothed, choices, worn, steps, truths, strict=True
            )
        ]

    def _choice(self, smoothed: Smoothed, together: Sequence[int], worn: bool, unlike: bool) -> Choice:
        if not worn:
            return Choice(UNKNOWN, float(smoothed.probabilities.max()), "not worn")
        if unlike:
            return Choice(UNKNOWN, float(smoothed.probabilities.max()), "unlike")
        return self._chooser.step(smoothed, together)

    def _answer(
        self,
        prediction: Prediction,
        smoothed: Smoothed,
        choice: Choice,
        worn: bool,
        taken: Steps,
        truth: str | None,
        report: ResampleReport,
        latency_s: float | None,
    ) -> Answer:
        smoothed.probabilities.flags.writeable = False
        if smoothed.place_probabilities is not None:
            smoothed.place_probabilities.flags.writeable = False
        unix_s = self._unix_s(prediction.window)
        activity, reason = choice.activity, choice.reason
        events = self._events.step(None if reason else activity, prediction.window.end_ns, unix_s, worn)
        changed = bool(self._changes.step(events))
        if activity in _POSTURES or reason in ("unlike", "not worn"):
            taken = Steps()  # Hands repeat themselves too, as in clapping: then the model knows better.
        self._overall.step(activity, reason, changed, taken.count, taken.cadence)
        return Answer(
            prediction=prediction,
            activity=activity,
            confidence=choice.confidence,
            probabilities=smoothed.probabilities,
            reason=reason,
            events=events,
            totals=self._day.step(activity, reason, changed, unix_s, taken.count, taken.cadence),
            truth=truth,
            report=report,
            unix_s=unix_s,
            latency_s=latency_s,
            place=self._place(smoothed),
            place_probabilities=smoothed.place_probabilities,
            steps=taken.count,
            cadence=taken.cadence,
        )

    def _count_from(self, unix_s: float, earlier: Totals | None = None) -> None:
        self._day, self._overall = DayTotals(unix_s, earlier), RunningTotals(unix_s)

    def _unix_s(self, window: Window) -> float:
        """When a window ended, in seconds since 1970."""
        if self._unix_offset_ns is None:
            return self._clock()
        if not self._is_dated:
            self._is_dated = True
            self._count_from((window.start_ns + self._unix_offset_ns) / 1e9, self._earlier)
        return (window.end_ns + self._unix_offset_ns) / 1e9

    def _smoothed(self, prediction: Prediction, together: Sequence[int]) -> Smoothed:
        end_ns = prediction.window.end_ns
        if self._place_smoother is None:
            return self._smoother.step(prediction.probabilities, end_ns, together)
        assert prediction.places is not None and prediction.by_place is not None
        return self._place_smoother.step(
            prediction.probabilities, prediction.places, prediction.by_place, end_ns, together
        )

    def _place(self, smoothed: Smoothed) -> str | None:
        """The place, if it is believed enough."""
        if smoothed.place is None or smoothed.place_probabilities is None:
            return None
        return self._places[smoothed.place] if smoothed.place_probabilities[smoothed.place] >= MIN_BELIEF else None
