"""What the live page shows, in bounded memory and without any web library.

The stream writes answers; any number of viewers read what is new to them. A viewer says which answer it has seen last,
so that nothing is kept for it, and one that never asks again costs nothing.
"""

import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import Answer, Event
from har_runtime.answers.families import Families
from har_runtime.answers.palette import NOT_WORN, activity_colours
from har_runtime.contract import HOP, HOP_S, PERIOD_NS, SAMPLE_RATE_HZ
from har_runtime.signal.window import Window
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
        self._answer: Answer | None = None
        self._silent_since_s: float | None = None
        """When the newest answer came, if none has come for too long, seconds since 1970."""
        self._families = Families(info.card.families)
        self._since_s: dict[str, float] = {}
        """When the current activity began, and those that contain it or that it contains, seconds since 1970."""
        self._steps: deque[_Step] = deque(maxlen=HISTORY_ROWS)
        self._timeline = Timeline()
        self._events: deque[Event] = deque(maxlen=EVENTS)

    def setup(self) -> dict[str, Any]:
        """Everything that stays the same while the stream runs, as JSON-able values."""
        card = self._info.card
        return {
            "labels": list(card.labels),
            "colours": activity_colours((*card.labels, *card.families)),
            "families": {family: list(labels) for family, labels in card.families.items()},
            "tells_places": bool(card.places),
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
        last, activity = self._answer, _activity(answer)
        missing = 0 if last is None else _missing_samples(last.prediction.window, answer.prediction.window)
        imu = answer.prediction.window.imu
        with self._lock:
            if last is None or last.totals.since_unix_s != answer.totals.since_unix_s:
                self._timeline = Timeline()
            self._since_s = self._begins(activity, answer.unix_s)
            self._number += 1
            self._answer, self._silent_since_s = answer, None
            new = imu if missing or last is None else imu[-HOP:]
            self._steps.append(_Step(self._number, missing, new, answer.probabilities))
            self._timeline.add(answer.unix_s - HOP_S, activity, HOP_S)
            self._events.extend(answer.events)

    def silence(self, since_unix_s: float) -> None:
        """Show that no answers come, until the next one."""
        with self._lock:
            self._silent_since_s = since_unix_s

    def since(self, run: str = "", number: int = 0) -> dict[str, Any]:
        """Everything that is new to a viewer, as JSON-able values.

        Args:
            run: the run that the viewer knows; if it is another one, everything is new.
            number: of the newest answer that the viewer has.

        Returns:
            `run`, `number`, `now_s` (seconds since 1970) and `utc_offset_s`, both of this computer's clock,
            `unavailable_since_unix_s`, when the newest answer came if none come any more, or None, and `trouble`, what
            keeps samples from coming, or None; if there is a new answer also `answer`, `steps` (each
            the number of samples missing before it, its samples of shape (n, 6), and its probabilities), `timeline`,
            `totals`, `events` (newest first) and `sensor`.
        """
        with self._lock:
            known = number if run == self._run and number <= self._number else 0
            now_s = time.time()
            news: dict[str, Any] = {
                "run": self._run,
                "number": self._number,
                "now_s": now_s,
                "utc_offset_s": time.localtime(now_s).tm_gmtoff,
                "unavailable_since_unix_s": self._silent_since_s,
                "trouble": self._info.report.trouble,
            }
            if known == self._number or self._answer is None:
                return news
            answer = self._answer
            since_s = self._since_s[_activity(answer)]
            steps = [step for step in self._steps if step.number > known]
            timeline, events = self._timeline.spans(), list(self._events)
        return news | {
            "answer": {
                "activity": _activity(answer),
                "reason": answer.reason,
                "confidence": round(answer.confidence, 3),
                "since_unix_s": since_s,
                "truth": answer.truth,
                "place": answer.place,
                "unix_s": answer.unix_s,
                "cadence": answer.cadence and round(answer.cadence, 1),
                "intensity": answer.intensity,
            },
            "steps": _to_lists(steps),
            "timeline": timeline,
            "totals": asdict(answer.totals),
            "events": [asdict(event) for event in reversed(events)],
            "sensor": _sensor(answer, self._info),
        }

    def _begins(self, activity: str, unix_s: float) -> dict[str, float]:
        """The new beginnings: a family lasts while its activities do, and an activity continues through its family."""
        covers = self._families.covers
        lasting = {
            name: since_s for name, since_s in self._since_s.items() if covers(name, activity) or covers(activity, name)
        }
        wider = [family for family in self._info.card.families if covers(family, activity)]
        return dict.fromkeys((activity, *wider), unix_s) | lasting


def _activity(answer: Answer) -> str:
    return NOT_WORN if answer.reason == "not worn" else answer.activity


def _missing_samples(last: Window, new: Window) -> int:
    """Samples of the 50 Hz grid missing between two windows; at least 1 if their segments differ."""
    if last.segment == new.segment:
        return 0
    missing = round((new.start_ns - last.end_ns) / PERIOD_NS) - 1
    return min(max(missing, 1), HISTORY_ROWS * HOP)  # The clock of a restarted sensor may be earlier.


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


def _sensor(answer: Answer, info: StreamInfo) -> dict[str, Any]:
    """Rate, Hz, whether there is a gyroscope, latency of the answer, ms, samples received, and losses by reason."""
    acc = answer.report.accelerometer
    missed = {f"answers that {sink.name} missed": sink.dropped for sink in info.sinks if sink.dropped}
    return {
        "rate_hz": acc.rate_hz,
        "gyroscope": info.report.gyroscope,
        "latency_ms": None if answer.latency_s is None else round(1000 * answer.latency_s, 1),
        "received": acc.received,
        "lost": info.losses(answer.report) | missed,
    }
