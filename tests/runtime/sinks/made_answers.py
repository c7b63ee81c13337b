"""Made-up answers for sinks, and a way to wait for what the sinks do."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from har_runtime.answers.answer import Answer, Totals
from har_runtime.classify import Prediction
from har_runtime.model.load import load_model
from har_runtime.signal.report import ResampleReport
from har_runtime.signal.window import Window
from har_runtime.sinks import StreamInfo
from har_runtime.sources.base import SourceReport

CARD = load_model("waist").card
HOP_NS = 500_000_000
DEADLINE_S = 30.0


def stream_info(can_wait: bool = False) -> StreamInfo:
    """The stream of a sensor, or of a recording."""
    return StreamInfo(CARD, "a source of the test", SourceReport(can_wait=can_wait))


def make_answer(number: int, **changes: object) -> Answer:
    """The answer of the window of this number: its activity changes every ten windows."""
    label = CARD.labels[number // 10 % len(CARD.labels)]
    probabilities = np.full(len(CARD.labels), 0.02, np.float32)
    probabilities[CARD.labels.index(label)] = 0.9
    window = Window(0, number * HOP_NS, np.zeros((50, 6), np.float32))
    answer = Answer(
        prediction=Prediction(window, label, 0.9, probabilities),
        activity=label,
        confidence=0.9,
        probabilities=probabilities.astype(np.float64),
        reason=None,
        events=(),
        totals=Totals(1_700_000_000.0, {label: 90.0}, 30.0, 4),
        truth=None,
        report=ResampleReport(),
        unix_s=1_700_000_000.0 + number / 2,
    )
    return replace(answer, **changes)


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for something on another thread or in another program; fails after a deadline."""
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s, f"{what}: not within {DEADLINE_S:.0f} s"
        time.sleep(0.005)
