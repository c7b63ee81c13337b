"""What the live page shows, in bounded memory and without any web library.

The stream puts answers in; any number of viewers take out what is new to them. A viewer says which answer it saw
last, so nothing is kept for it, and one that never asks again costs nothing.
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
"""Samples of the signal that are shown: ten seconds."""
HISTORY_ROWS = round(120 / HOP_S)
"""Answers whose probabilities are shown: two minutes."""
EVENTS = 8
"""Events that are shown."""


@dataclass(frozen=True)
class _Step:
    """What one answer added to the charts."""

    number: int
    """Of the answer, from 1."""
    missing: int
    """Samples that are missing before it."""
    imu: NDArray[np.float32]
    """What the window added, shape (25 or 50, 6)."""
    probabilities: NDArray[np.float64]


class LiveState:
    """The newest answer and as much of the past as the page has room for.

    `take` and `since` may be called from different threads; both are short.
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
        """What stays the same while the stream runs, as JSON-able values."""
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

    def take(self, answer: Answer) -> None:
        """Note one answer."""
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
        """What a viewer does not know yet, as JSON-able values.

        Args:
            run: that the viewer was told last; where it is another one's, it is told everything.
            number: of the newest answer the viewer has.

        Returns:
            `run`, `number` and `now_s` (this computer's clock, seconds since 1970); where there is something new also
            `answer`, `steps` (each the samples missing before it, its samples of shape (n, 6), its probabilities),
            `timeline`, `totals`, `events` (newest first) and `sensor`.
        """
        with self._lock:
            known = number if run == self._run and number <= self._number else 0
            now_s = time.time()
            told = {
                "run": self._run,
                "number": self._number,
                "now_s": now_s,
                "utc_offset_s": time.localtime(now_s).tm_gmtoff,
            }
            if known == self._number:
                return told
            steps = [step for step in self._steps if step.number > known]
            timeline = self._timeline.spans()
            events = [
                {"kind": event.kind, "activity": event.activity, "unix_s": event.unix_s}
                for event in reversed(self._events)
            ]
            told |= {"answer": self._answer, "totals": self._totals, "sensor": self._sensor}
        return told | {"steps": _to_lists(steps), "timeline": timeline, "events": events}


def _missing_samples(last: Prediction | None, new: Prediction) -> int:
    """Samples of the 50 Hz grid between two windows; 1 or more wherever they are of different segments."""
    if last is None or last.window.segment == new.window.segment:
        return 0
    lost = round((new.window.start_ns - last.window.end_ns) / PERIOD_NS) - 1
    return min(max(lost, 1), HISTORY_ROWS * HOP)  # A sensor that was restarted may begin at an earlier time.


def _to_lists(steps: Sequence[_Step]) -> list[tuple[int, list[list[float]], list[float]]]:
    """Samples are left out of steps that are older than the signal chart is long."""
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
