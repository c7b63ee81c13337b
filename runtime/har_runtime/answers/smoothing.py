"""From windows' probabilities to a steady activity: a causal HMM filter, hysteresis, or nothing.

A smoother takes the windows in order and never looks ahead, so an answer never changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP_S
from har_runtime.errors import ModelError
from har_runtime.model.card import ModelCard, Smoothing

MAX_STEPS = 120
"""A gap counts as this many hops at most: after a minute the filter has almost forgotten what was before."""
MIN_PROBABILITY = 1e-6
"""Of a class in the filter: one window of an overconfident model must not rule out an activity for good."""
HOLD = 3
"""Windows in a row (1.5 s) that hysteresis needs to change the activity."""


@dataclass(frozen=True)
class Smoothed:
    """A smoother's result for a window."""

    index: int
    """Of the activity, in the card's labels."""
    probabilities: NDArray[np.float64]
    """Of every label, shape (classes,); the sum is 1 except for rounding."""


class Smoother(Protocol):
    """Takes windows in order."""

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        """Add the next window.

        Args:
            probabilities: of every label, shape (classes,).
            end_ns: sensor time of the window's last sample.
        """
        ...

    def reset(self) -> None:
        """Start again."""
        ...


class HmmFilter:
    """The forward algorithm (Rabiner 1989, section III): belief in each activity given all windows so far.

    A step of one hop carries the belief through the transition matrix; a gap of n hops through n steps. The model's
    probabilities, divided by the prior that they include, are the evidence of a window. The exponent
    corrects for windows that share half their samples.
    """

    def __init__(self, smoothing: Smoothing):
        self._transitions = np.array(smoothing.transitions)
        self._prior = np.array(smoothing.prior)
        self._evidence = smoothing.evidence
        self.reset()

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        for _ in range(self._steps(end_ns)):
            self._belief = self._belief @ self._transitions
        likelihood = np.maximum(probabilities, MIN_PROBABILITY, dtype=np.float64) / self._prior
        belief = self._belief * likelihood**self._evidence
        self._belief = belief / belief.sum()
        return Smoothed(int(self._belief.argmax()), self._belief)

    def reset(self) -> None:
        self._belief = self._prior
        self._end_ns: int | None = None

    def _steps(self, end_ns: int) -> int:
        before, self._end_ns = self._end_ns, end_ns
        hops = 1 if before is None else round((end_ns - before) / (HOP_S * 1e9))
        return min(max(hops, 1), MAX_STEPS)


class Hysteresis:
    """An activity lasts until another has been the likeliest for `hold` windows in a row."""

    def __init__(self, hold: int = HOLD):
        self._hold = hold
        self.reset()

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        likeliest = int(probabilities.argmax())
        if self._held is None or (self._end_ns is not None and end_ns - self._end_ns > self._hold * HOP_S * 1e9):
            self._held = likeliest  # After a gap, start from what is likeliest now.
        self._end_ns = end_ns
        self._repeats = self._repeats + 1 if likeliest == self._candidate else 1
        self._candidate = likeliest
        if self._repeats >= self._hold:
            self._held = likeliest
        return Smoothed(self._held, probabilities.astype(np.float64))

    def reset(self) -> None:
        self._held: int | None = None
        self._candidate, self._repeats = -1, 0
        self._end_ns: int | None = None


class NoSmoothing:
    """Each window by itself."""

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        return Smoothed(int(probabilities.argmax()), probabilities.astype(np.float64))

    def reset(self) -> None:
        """It keeps nothing."""


def _hmm_of(card: ModelCard) -> Smoother:
    if card.smoothing is None:
        raise ModelError(f"{card.name}: its card has no transitions for hmm; give --smoothing hysteresis or none")
    return HmmFilter(card.smoothing)


SMOOTHERS: dict[str, Callable[[ModelCard], Smoother]] = {
    "hmm": _hmm_of,
    "hysteresis": lambda card: Hysteresis(),
    "none": lambda card: NoSmoothing(),
}


def default_smoothing(card: ModelCard) -> str:
    """The default for a card: "hmm" if it has transitions, otherwise "none"."""
    return "hmm" if card.smoothing else "none"
