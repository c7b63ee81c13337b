"""Answers with a signal that counts its samples, so that tests notice a repeated or missing one."""

from dataclasses import replace

import numpy as np
from tests.runtime.sinks.made_answers import CARD, make_answer

from har_runtime.answers.answer import Answer
from har_runtime.contract import HOP, HOP_S, PERIOD_NS, WINDOW
from har_runtime.signal.window import Window

LABELS = CARD.labels
BEGIN_S = make_answer(0).unix_s


def live_answer(
    number: int, activity: str = "walking", segment: int = 0, late_s: float = 0.0, **changes: object
) -> Answer:
    """Answer `number` of a stream, from 0: its samples continue those of the answer before.

    Args:
        number: half seconds since the start.
        activity: of the answer.
        segment: of the window.
        late_s: delay against its number, on both clocks.
        changes: other fields of the answer.
    """
    first = number * HOP
    imu = np.repeat(np.arange(first, first + WINDOW, dtype=np.float32)[:, None], 6, axis=1)
    window = Window(segment, first * PERIOD_NS + round(late_s * 1e9), imu)
    made = make_answer(number, activity=activity, unix_s=BEGIN_S + number * HOP_S + late_s)
    return replace(made, prediction=replace(made.prediction, window=window), **changes)
