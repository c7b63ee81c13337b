"""What the live page shows, in bounded memory and without any web library.

The stream writes answers; any number of viewers read what is new to them. A viewer says which answer it has seen last,
so that nothing is kept for it, and one that never asks again costs nothing.
"""

import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import Answer, Event, Totals
from har_runtime.answers.palette import NOT_WORN, activity_colours
from har_runtime.classify import Prediction
from har_runtime.contract import HOP, HOP_S, PERIOD_NS, SAMPLE_RATE_HZ
from har_runtime.sinks.base import StreamInfo
from har_runtime.sinks.live.timeline import Timeline

SIGNAL_ROWS = 10 * SAMPLE_RATE_HZ
"""Samples that are shown: ten seconds."""
HISTORY_ROWS = round(120 / HOP_S)
"""Answers with probabilities that are shown: two minutes."""
EVENTS = 8
"""Events that are shown."""


@dataclass(frozen=True)
class _Step:
    """What one answer adds to the charts."""

    number: int
    """Of the answer, from 1."""
    missing: int
    """Number of samples missing before it."""
    imu: NDArray[np.float32]
    """The new samples of its window, shape (25 or 50, 6)."""
    probabilities: NDArray[np.float64]


class LiveState:
    """The newest answer, and as much of the past as the page shows.

    `write` and `since` may be called from different threads; both are quick.
    """

    def __init__(self, info: StreamInfo):
        self._info = info
        self._lock = threading.Lock()
        self._run = secrets.token_hex(8)
        self._number = 0
        self._answer: dict[str, Any] | None = None
        self._steps: deque[_Step] = deque(maxlen=HISTORY_ROWS)
        self._last: Prediction | None = None
        self._shown: tuple[str, float] | None = None
        self._timeline = Timeline()
        self._day: float | None = None
        self._totals: dict[str, Any] = {}
        self._events: deque[Event] = deque(maxlen=EVENTS)
        self._sensor: dict[str, Any] = {}

    def setup(self) -> dict[str, Any]:
        """Everything that stays the same while the stream runs, as JSON-able values."""
        card = self._info.card
        return {
            "labels": list(card.labels),
            "colours": activity_colours(card.labels),
            "source": self._info.source,
            "model": card.name,
            "placement": card.placement,
            "sample_rate_hz": SAMPLE_RATE_HZ,
            "signal_rows": SIGNAL_ROWS,
            "history_rows": HISTORY_ROWS,
            "hop": HOP,
        }

    def write(self, answer: Answer) -> None:
        """Add one answer."""
        missing = _missing_samples(self._last, answer.prediction)
        window = answer.prediction.window.imu
        imu = window if missing or self._last is None else window[-HOP:]
        activity = NOT_WORN if answer.reason == "not worn" else answer.activity
        if self._shown is None or self._shown[0] != activity:
            self._shown = activity, answer.unix_s
        with self._lock:
            self._number += 1
            self._last = answer.prediction
            self._steps.append(_Step(self._number, missing, imu, answer.probabilities))
            self._answer = {
                "activity": activity,
                "reason": answer.reason,
                "confidence": round(answer.confidence, 3),
                "since_s": self._shown[1],
                "truth": answer.truth,
                "unix_s": answer.unix_s,
            }
            if self._day != answer.totals.since_unix_s:
                self._day, self._timeline = answer.totals.since_unix_s, Timeline()
            self._timeline.add(answer.unix_s - HOP_S, activity, HOP_S)
            self._totals = _totals(answer.totals)
            self._events.extend(answer.events)
            self._sensor = _sensor(answer, self._info)

    def since(self, run: str = "", number: int = 0) -> dict[str, Any]:
        """Everything that is new to a viewer, as JSON-able values.

        Args:
            run: the run that the viewer knows; if it is another one, everything is new.
            number: of the newest answer that the viewer has.

        Returns:
            `run`, `number`, `now_s` (seconds since 1970) and `utc_offset_s`, both of this computer's clock; if there is
            a new answer also `answer`, `steps` (each the number of samples missing before it, its samples of shape
            (n, 6), and its probabilities), `timeline`, `totals`, `events` (newest first) and `sensor`.
        """
        with self._lock:
            known = number if run == self._run and number <= self._number else 0
            now_s = time.time()
            news = {
                "run": self._run,
                "number": self._number,
                "now_s": now_s,
                "utc_offset_s": time.localtime(now_s).tm_gmtoff,
            }
            if known == self._number:
                return news
            steps = [step for step in self._steps if step.number > known]
            timeline = self._timeline.spans()
            events = [
                {"kind": event.kind, "activity": event.activity, "unix_s": event.unix_s}
                for event in reversed(self._events)
            ]
            news |= {"answer": self._answer, "totals": self._totals, "sensor": self._sensor}
        return news | {"steps": _to_lists(steps), "timeline": timeline, "events": events}


def _missing_samples(last: Prediction | None, new: Prediction) -> int:
    """Samples of the 50 Hz grid missing between two windows; at least 1 if their segments differ."""
    if last is None or last.window.segment == new.window.segment:
        return 0
    lost = round((new.window.start_ns - last.window.end_ns) / PERIOD_NS) - 1
    return min(max(lost, 1), HISTORY_ROWS * HOP)  # The clock of a restarted sensor may be earlier.


def _to_lists(steps: Sequence[_Step]) -> list[tuple[int, list[list[float]], list[float]]]:
    """Steps that are too old for the signal chart come without samples."""
    first_with_samples = len(steps) - SIGNAL_ROWS // HOP
    return [
        (
            step.missing,
            np.round(step.imu.astype(np.float64), 3).tolist() if index >= first_with_samples else [],
            np.round(step.probabilities, 3).tolist(),
        )
        for index, step in enumerate(steps)
    ]


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "since_s": totals.since_unix_s,
        "seconds": dict(totals.seconds),
        "not_worn_s": totals.not_worn_s,
        "transitions": totals.transitions,
    }


def _sensor(answer: Answer, info: StreamInfo) -> dict[str, Any]:
    """Rate, Hz, delay of the answer, ms, and what was lost, by its reason."""
    acc = answer.report.accelerometer
    counts = {
        **answer.report.named_counts(),
        "reconnections": info.report.reconnections,
        **dict(info.report.lost),
        **{f"answers that {sink.name} missed": sink.dropped for sink in info.sinks},
    }
    return {
        "rate_hz": acc.rate_hz,
        "latency_ms": None if answer.latency_s is None else round(1000 * answer.latency_s, 1),
        "received": acc.received,
        "lost": {reason: count for reason, count in counts.items() if count},
    }
