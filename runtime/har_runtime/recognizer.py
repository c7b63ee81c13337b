"""From samples to answers as they come: the way into `har_runtime` for a program of one's own."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from numpy.typing import ArrayLike

from har_runtime.answers.answer import Answer, Totals
from har_runtime.answers.answering import Answering
from har_runtime.answers.totals import EarlierToday
from har_runtime.classify import classify
from har_runtime.contract import HOP
from har_runtime.model.load import Model, check_gyroscope
from har_runtime.personal.drift import Drift, Drifted
from har_runtime.personal.model import drifting, personalised, usable_profile
from har_runtime.personal.profile import Profile
from har_runtime.recording import LabelTrack
from har_runtime.samples import SampleChunk
from har_runtime.signal.report import ResampleReport
from har_runtime.signal.resample import Resampler
from har_runtime.signal.upright import UprightTracker
from har_runtime.signal.window import Up, Window, Windower


class Recognizer:
    """Takes samples as they come and returns an answer for each window they complete, two a second.

    The answers do not depend on how the samples are cut into pushes.

    Args:
        model: from `load_model`.
        smoothing: "hmm", "hysteresis" or "none"; None for what the model's card allows.
        clock: seconds since 1970.
        place: where the sensor is worn: waist, hip, chest, pocket, thigh or wrist; None to find out, if the model can.
        coarse: whether an answer may be a family of activities ("still", "on_foot"), if only that is certain.
        gyroscope: False for a sensor that has none: then only the accelerometer is pushed.
        up: which way is up for the wearer, if it is known already; for cards of the frame "upright".
        place_belief: the belief in each place of the card, as `Answer.place_probabilities` of an earlier answer.
        earlier: what was answered today already, to which the totals of the answers are added.
        profile: what was learnt of the wearer, or the path of its file; one that cannot be used is a line of `notes`.
        adapt: whether the prototypes of the activities drift towards what the wearer does: see `personal.drift`.
        unix_offset_ns: added to samples' times gives nanoseconds since 1970, for recordings that know when they were
            made: then answers are dated by that, not by `clock`.

    Raises:
        ModelError: "hmm", and a card without transitions; a place, and a model that does not know it; a belief that
            does not fit the card's places; no gyroscope, and a card that requires one; or `adapt`, and a model that
            does not give its features.
        HarError: there is no such place.

    >>> import numpy as np
    >>> from har_runtime import Recognizer, load_model
    >>> recognizer = Recognizer(load_model("waist"))
    >>> times = np.arange(100) / 50  # 2 s at 50 Hz
    >>> answers = recognizer.push(times, np.tile([9.8, 0.0, 1.0], (100, 1)), np.zeros((100, 3)))
    >>> [(answer.prediction.end_s, answer.activity) for answer in answers + recognizer.finish()]
    [(0.98, 'unknown'), (1.48, 'unknown'), (1.98, 'unknown')]
    """

    def __init__(
        self,
        model: Model,
        smoothing: str | None = None,
        clock: Callable[[], float] = time.time,
        *,
        place: str | None = None,
        coarse: bool = True,
        gyroscope: bool = True,
        up: Up | None = None,
        place_belief: Sequence[float] | None = None,
        earlier: EarlierToday | None = None,
        unix_offset_ns: int | None = None,
        profile: Profile | Path | str | None = None,
        adapt: bool = False,
    ):
        check_gyroscope(model.card, gyroscope, "the sensor")
        usable, self._problem = usable_profile(profile, model.card)
        self._given, self._adapt = model if usable is None else personalised(model, usable), adapt
        self.model = model = self._given
        """With the profile, if there is one."""
        self._tracker = UprightTracker(up) if model.card.frame == "upright" else None
        self._make_answering = partial(
            Answering,
            model.card,
            smoothing,
            clock,
            place=place,
            coarse=coarse,
            place_belief=place_belief,
            earlier=earlier,
            unix_offset_ns=unix_offset_ns,
        )
        self._resampler, self._windower = Resampler(block=HOP, gyroscope=gyroscope), Windower()
        self.reset()

    def reset(self) -> None:
        """Start again, as if newly made."""
        self._resampler.reset()
        self._windower.reset()
        if self._tracker is not None:
            self._tracker.reset()
        self._truth = LabelTrack()
        self._answering = self._make_answering()
        self._drift: Drift | None = None
        if self._adapt:
            self.model, head = drifting(self._given)  # From where the prototypes began.
            self._drift = Drift(head, self.model.card.places)
        self._arrived = time.perf_counter()

    @property
    def smoothing(self) -> str:
        """What makes answers steady: "hmm", "hysteresis" or "none"."""
        return self._answering.smoothing

    @property
    def notes(self) -> list[str]:
        """What the model's card does not allow, one sentence each, for people to know."""
        return [*self._answering.notes, *([self._problem] if self._problem else [])]

    @property
    def drifted(self) -> tuple[Drifted, ...]:
        """What has moved with `adapt`."""
        return self._drift.report() if self._drift else ()

    @property
    def up(self) -> Up | None:
        """Which way is up for the wearer; None while it is unknown, and for cards of the frame "device"."""
        return None if self._tracker is None else self._tracker.up

    @property
    def due_ns(self) -> int | None:
        """Sensor time of the sample that the next answer needs, or a little before; None if that is not known. Whoever
        reads a sensor may push what comes before it together with it, without delaying the answer."""
        return self._resampler.expected_ns

    @property
    def report(self) -> ResampleReport:
        """What was received and lost so far."""
        return self._resampler.report

    @property
    def totals(self) -> Totals:
        """Everything since the beginning, across midnights; the totals of an answer are those of its day."""
        return self._answering.totals

    def push(
        self, times: ArrayLike | SampleChunk, acc: ArrayLike | None = None, gyro: ArrayLike | None = None
    ) -> list[Answer]:
        """Add samples of one sensor, or of both if they share their times.

        Args:
            times: shape (n,), float seconds or integer nanoseconds, of the sensor's own clock. Or, as the only
                argument, a chunk of a source, whose labels become the answers' `truth`.
            acc: shape (n, 3), m/s^2 with gravity, contract frame.
            gyro: shape (n, 3), rad/s, contract frame.

        Raises:
            DataError: shapes that do not fit, a time out of range, or angular rates for a sensor without a gyroscope.
                Samples that are NaN, repeated or out of order are no error: they are dropped and counted in `report`.
        """
        self._arrived = time.perf_counter()
        if isinstance(times, SampleChunk):
            if times.labels is not None:
                self._truth.push(times.times_ns, times.labels)
            times, acc, gyro = times.times_ns, times.acc, times.gyro
        return self._answers_to(self._windower.push(self._resampler.push(times, acc, gyro)))

    def finish(self) -> list[Answer]:
        """The input has ended: returns the answers that were waiting for a later sample."""
        return self._answers_to(self._windower.push(self._resampler.finish()))

    def _answers_to(self, windows: list[Window]) -> list[Answer]:
        if not windows:
            return []
        if self._tracker is not None:
            windows = self._tracker.push(windows)
        report = self.report
        answers: list[Answer] = []
        # What is learnt from a window counts for the next one, however the samples were cut into pushes.
        for part in [[window] for window in windows] if self._drift else [windows]:
            predictions = classify(self.model, part)
            latency_s = time.perf_counter() - self._arrived
            truths = [self._truth.of(window) for window in part]
            answers += self._answering.push(predictions, report, truths, latency_s)
            if self._drift:
                self._drift.step(answers[-1])
        self._truth.forget_before(windows[-1].start_ns)
        return answers
