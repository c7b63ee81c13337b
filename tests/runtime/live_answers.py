"""Answers made by hand, as a stream would give them."""

from collections.abc import Sequence

import numpy as np

from har_runtime.answer import UNKNOWN, Answer, Event, Reason, Totals
from har_runtime.classify import Prediction
from har_runtime.contract import HOP, PERIOD_NS, WINDOW
from har_runtime.resample import ResampleReport
from har_runtime.window import Window

LABELS = ("walking", "stairs_up", "stairs_down", "sitting", "standing", "lying")
"""Those of `waist`."""
BEGIN_S = 1_800_000_000.0
"""When the first window of an answer stream begins, seconds since 1970."""
HOP_S = HOP * PERIOD_NS / 1e9


def answer(
    number: int,
    activity: str = "walking",
    *,
    confidence: float = 0.9,
    reason: Reason | None = None,
    segment: int = 0,
    late_s: float = 0.0,
    events: Sequence[Event] = (),
    totals: Totals | None = None,
    report: ResampleReport | None = None,
) -> Answer:
    """Answer `number` of a stream, from 0: its samples count on from those of the answer before.

    Args:
        number: half seconds since the beginning.
        activity: what the window was taken for.
        confidence: its probability.
        reason: makes it unknown.
        segment: that the window is of.
        late_s: how much later than its number says, on both clocks.
    """
    first = number * HOP
    imu = np.repeat(np.arange(first, first + WINDOW, dtype=np.float32)[:, None], 6, axis=1)
    window = Window(segment, first * PERIOD_NS + round(late_s * 1e9), imu)
    rest = (1 - confidence) / (len(LABELS) - 1)
    probabilities = np.array([confidence if label == activity else rest for label in LABELS])
    return Answer(
        prediction=Prediction(window, activity, confidence, probabilities.astype(np.float32)),
        activity=UNKNOWN if reason else activity,
        confidence=confidence,
        probabilities=probabilities,
        reason=reason,
        events=tuple(events),
        totals=totals or Totals(BEGIN_S),
        truth=None,
        report=report or ResampleReport(),
        unix_s=BEGIN_S + (number + 2) * HOP_S + late_s,
    )
