"""Gentle adaptation without labels: prototypes drift slowly towards confident windows, anchored to where they began.

Somebody who rests for an hour says the same thing 7,200 times, and one wrong belief can last as long. Therefore only
the first windows of a bout count, few in an hour, each moves the prototype a little, and none moves it far.
"""

from dataclasses import dataclass

import numpy as np

from har_runtime.answers.answer import Answer
from har_runtime.contract import HOP_S
from har_runtime.personal.drifting_head import DriftingHead
from har_runtime.personal.head import Pair

CONFIDENCE = 0.95
"""Of an answer, after smoothing, and of the window's own probability, from which it counts."""
RATE = 0.002
"""Share of the way to a window that a prototype moves."""
REACH = 2.0
"""How far a prototype may be from where it began, in standard deviations of a feature. The prototypes of two people
doing the same are further apart than that."""
BOUT_WINDOWS = 20
"""Windows of a bout that count: its first ten seconds."""
HOURLY_WINDOWS = 120
"""Windows of an activity that count in an hour: a minute."""


@dataclass(frozen=True)
class Drifted:
    """How far a prototype has moved."""

    label: str
    place: str | None
    windows: int
    """That have counted."""
    moved: float
    """Distance from where it began, in standard deviations of a feature."""


class Drift:
    """Takes the answers of a stream in order, and moves the prototypes of the head that made them.

    Args:
        head: of the model that answers.
        places: those of its card.
    """

    def __init__(self, head: DriftingHead, places: tuple[str, ...]):
        self._head, self._places = head, places
        self._counts: dict[Pair, int] = {}
        self._hour: dict[Pair, tuple[int, int]] = {}
        """Of each pair, the number of the hour and the windows counted in it."""
        self._bout: tuple[str, int] | None = None
        """The activity of the last answer, and how many windows it has lasted."""

    def step(self, answer: Answer) -> None:
        """Add an answer."""
        features, label = answer.prediction.features, answer.activity
        lasted = self._bout[1] + 1 if self._bout is not None and self._bout[0] == label else 1
        self._bout = label, lasted
        place = answer.place if self._places else None
        pair = place, label
        if features is None or answer.reason is not None or pair not in self._head.anchors:
            return
        index = self._head.labels.index(label)
        sure = min(answer.confidence, float(answer.prediction.probabilities[index]))
        hour = int(answer.prediction.end_s // 3600)
        counted = self._hour.get(pair, (hour, 0))
        counted = counted if counted[0] == hour else (hour, 0)
        if sure < CONFIDENCE or lasted > BOUT_WINDOWS or counted[1] >= HOURLY_WINDOWS:
            return
        self._hour[pair] = hour, counted[1] + 1
        self._counts[pair] = self._counts.get(pair, 0) + 1
        mean, anchor = self._head.means[pair], self._head.anchors[pair]
        moved = mean + RATE * (self._head.whiten(features) - mean) - anchor
        far = float(np.sqrt(moved @ moved))
        self._head.move(pair, anchor + moved * min(1.0, REACH / max(far, REACH)))

    def report(self) -> tuple[Drifted, ...]:
        """What has moved so far."""
        moved: list[Drifted] = []
        for pair, count in self._counts.items():
            place, label = pair
            far = float(np.linalg.norm(self._head.means[pair] - self._head.anchors[pair]))
            moved.append(Drifted(label, place, count, far))
        return tuple(moved)

    @property
    def seconds(self) -> float:
        """How long the windows lasted that have counted."""
        return HOP_S * sum(self._counts.values())
